import PromisedInvariants
import PromisedModel

/// Profiles that answered before those of now, for comparison.
struct PreviousProfiles {
  var profiles: ProfileCatalogue
  var publication: ProfilePublication
}

extension State {
  /// Which (item, destination) pairs got another promise of one unit with the last publication, at
  /// one level and confidence: items with a unit to sell, by destination, then in the order of the
  /// position table (by the hash of the key).
  ///
  /// Stock and overrides are those of now, and so is the time; pages that follow keep the time of
  /// the first one. A promise is its window; a pair that is promised from another node in the same
  /// window has not changed.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE; EPOCH_NOT_KEPT unless `sinceEpoch` is the epoch before the one
  ///   that answers and both were published since the start; NETWORK_NOT_READY as offers;
  ///   MESSAGE_TOO_COSTLY above `Limits.comparedItems` items.
  /// - Complexity: O(positions) to group the stock; then, for every destination on the first page,
  ///   which counts all pairs, and only until the page is full on others, O(nodes with stock) and
  ///   the groups that hold a node whose own answer changed.
  package func answer(
    _ query: ChangedQuery, at now: UnixMilliseconds, into reply: inout ChangedReply
  ) throws(Refusal) {
    if query.pageSize < 1 || query.pageSize > 100_000 {
      throw Refusal(.fieldOutOfRange, "page_size is \(query.pageSize): 1 to 100000")
    }
    observeEverything()
    let after = try answeringCatalogue(at: now)
    guard let previous, previous.publication.epoch == query.sinceEpoch else {
      throw Refusal(
        .epochNotKept,
        "since_epoch is \(query.sinceEpoch): "
          + (previous.map { "only \($0.publication.epoch) is kept" }
            ?? "none is kept since the start"))
    }
    if positions.itemCount > Limits.comparedItems {
      throw Refusal(
        .messageTooCostly,
        "\(positions.itemCount) items: at most \(Limits.comparedItems) are compared")
    }
    reply.fromEpoch = previous.publication.epoch
    reply.toEpoch = publication.epoch
    var page = ChangedPage(epoch: publication.epoch, at: now)
    if !query.pageToken.isEmpty { try page.read(query.pageToken, epoch: publication.epoch, now) }
    let groups = stockGroups(at: page.at)
    var search = ChangeSearch(
      state: self, groups: groups, before: previous.profiles, after: after,
      level: query.level, confidence: query.confidence, at: page.at)
    if query.pageToken.isEmpty {
      page.pairsCompared = UInt64(groups.itemCount) * UInt64(network.destinations.count)
    }
    fill(&reply, &page, &search, size: Int(query.pageSize), counts: query.pageToken.isEmpty)
    reply.pairCount = page.pairCount
    reply.pairsCompared = page.pairsCompared
  }

  private func fill(
    _ reply: inout ChangedReply, _ page: inout ChangedPage, _ search: inout ChangeSearch,
    size: Int, counts: Bool
  ) {
    var changed: [ChangedGroup] = []
    var isFull = false
    var from = (destination: page.destination, after: page.afterItem)
    let end = max(UInt32(network.destinations.count), page.destination)
    for destination in page.destination..<end {
      if isFull && !counts { break }
      changed.removeAll(keepingCapacity: true)
      search.find(destination, into: &changed)
      if changed.isEmpty { continue }
      if counts {
        for one in changed { page.pairCount += UInt64(search.groups.size(one.group)) }
      }
      if isFull { continue }
      let after = destination == from.destination ? from.after : nil
      if let last = append(
        changed, search.groups, destination, after: after, size: size, to: &reply)
      {
        isFull = true
        from = (destination, last)
      }
    }
    if isFull {
      page.destination = from.destination
      page.afterItem = from.after
      reply.nextPageToken = page.token
    }
  }

  /// Appends the items of changed groups after an item, until the page is full: then the item it
  /// ended with.
  private func append(
    _ changed: [ChangedGroup], _ groups: StockGroups, _ destination: UInt32, after: UInt64?,
    size: Int, to reply: inout ChangedReply
  ) -> UInt64? {
    var rows: [(item: UInt32, change: Int)] = []
    for (change, one) in changed.enumerated() {
      let range = groups.itemStarts[Int(one.group)]..<groups.itemStarts[Int(one.group) + 1]
      for item in groups.items[range] { rows.append((item, change)) }
    }
    rows.sort { $0.item < $1.item }
    var last: UInt64?
    for row in rows {
      let token = positions.key(Int(groups.slots[Int(row.item)]))
      if let after, mix(token) <= after { continue }
      // There is more to say than fits.
      if reply.items.count == size { return last ?? after ?? 0 }
      append(token, destination, changed[row.change], to: &reply)
      last = mix(token)
    }
    return nil
  }

  private func append(
    _ token: UInt64, _ destination: UInt32, _ change: ChangedGroup, to reply: inout ChangedReply
  ) {
    let zone = network.zoneName(of: destination).name
    if reply.zones.last != zone { reply.zones.append(zone) }
    reply.zoneIndexes.append(UInt32(reply.zones.count - 1))
    reply.items.append(itemKeys.name(token).bytes)
    reply.daysBefore.append(change.before?.days ?? 0)
    reply.daysAfter.append(change.after?.days ?? 0)
    reply.windowToBefore.append(change.before?.toUnixSeconds ?? 0)
    reply.windowToAfter.append(change.after?.toUnixSeconds ?? 0)
  }

  // MARK: Items by what decides their promises

  /// The stock of every item with a unit to sell. O(positions).
  func stockGroups(at now: UnixMilliseconds) -> StockGroups {
    var groups = StockGroups()
    let scope = overrides.namedScopes(at: now)
    var nodes: [UInt16] = []
    for slot in 0..<positions.totalSlots {
      let token = positions.key(slot)
      if token == 0 { continue }
      nodes.removeAll(keepingCapacity: true)
      for place in 0..<positions.rowCount(slot) where positions.rows(slot)[place].available >= 1 {
        nodes.append(positions.nodes(slot)[place])
      }
      if nodes.isEmpty { continue }
      let key = stockClass(slot, token, scope, at: now)
      nodes.withUnsafeBufferPointer { groups.add(slot: slot, $0, key) }
    }
    groups.finish()
    return groups
  }

  private func stockClass(
    _ slot: Int, _ token: UInt64, _ scope: NamedScopes, at now: UnixMilliseconds
  ) -> StockClass {
    var key = StockClass()
    let index = Int(positions.attribute(slot))
    if index != 0 {
      key.handlingMinutes = attributes[index].handlingMinutes
      key.restrictions = attributes[index].restrictions
      let release = attributes[index].releaseUnixSeconds
      if release > now.seconds { key.releaseUnixSeconds = release }
      if scope.hasSellers { key.seller = attributes[index].seller }
    }
    if !scope.items.isEmpty && scope.items.contains(token) { key.item = token }
    return key
  }
}

extension OfferSubject {
  /// One unit of an item of a class, to a destination.
  init(
    _ key: StockClass, _ destination: UInt32, _ level: ServiceLevel, _ confidence: ConfidenceLevel
  ) {
    self.init(
      item: key.item, seller: key.seller, destination: destination,
      terms: PromiseTerms(
        level: level, restrictions: key.restrictions, confidence: confidence,
        handlingMinutes: key.handlingMinutes, releaseUnixSeconds: key.releaseUnixSeconds))
  }
}

/// Where a comparison stands between two pages.
struct ChangedPage {
  let epoch: UInt64
  var at: UnixMilliseconds
  var destination: UInt32 = 0
  /// The hash of the last item of `destination` that was answered; nil = none yet.
  var afterItem: UInt64?
  var pairCount: UInt64 = 0
  var pairsCompared: UInt64 = 0

  /// How long pages can be asked for.
  private static var lifetimeMilliseconds: Int64 { 3_600_000 }
  private static var byteCount: Int { 48 }

  init(epoch: UInt64, at: UnixMilliseconds) {
    self.epoch = epoch
    self.at = at
  }

  var token: [UInt8] {
    var bytes: [UInt8] = []
    func append(_ value: UInt64) {
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: value >> shift))
      }
    }
    append(epoch)
    append(UInt64(bitPattern: at.milliseconds))
    append(UInt64(destination))
    append(afterItem ?? 0)
    append(pairCount)
    append(pairsCompared)
    return bytes
  }

  mutating func read(
    _ token: BorrowedBytes, epoch: UInt64, _ now: UnixMilliseconds
  ) throws(Refusal) {
    var words: [UInt64] = []
    for (index, byte) in token.buffer.enumerated() {
      if index % 8 == 0 { words.append(0) }
      words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    }
    guard token.count == Self.byteCount, words[2] <= UInt64(UInt32.max) else {
      throw Refusal(.fieldOutOfRange, "page_token is not one that a page gave")
    }
    if words[0] != epoch {
      throw Refusal(
        .epochNotKept, "the pages are of epoch \(words[0]), and epoch \(epoch) answers now")
    }
    let time = Int64(bitPattern: words[1])
    if time > now.milliseconds || time < now.milliseconds - Self.lifetimeMilliseconds {
      throw Refusal(.fieldOutOfRange, "page_token is not of the last hour: begin anew")
    }
    at = UnixMilliseconds(time)
    destination = UInt32(words[2])
    afterItem = words[3]
    pairCount = words[4]
    pairsCompared = words[5]
  }
}
