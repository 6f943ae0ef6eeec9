import PromisedInvariants
import PromisedModel

/// Pages of everything there is, as text cells in a fixed order.
extension State {
  /// A page of up to `size` rows of a kind, from where the page with `token` as its
  /// `nextPageToken` ended; an empty token is the beginning.
  ///
  /// Items come in the order of their hash, holds by id, sellers and the network's rows as they
  /// first came in, kits and opportunity values in the order of their table. Rows added meanwhile may or may not appear; none appears twice. Linear in the
  /// page, for holds in all of them.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE for a token that no page gave, or a size beyond 1…10,000.
  package func list(
    _ kind: ListKind, token: BorrowedBytes, size: Int, into reply: inout ListReply
  ) throws(Refusal) {
    if size < 1 || size > 10_000 {
      throw Refusal(.fieldOutOfRange, "page_size is \(size): 1 to 10000")
    }
    if !token.isEmpty && token.count != 8 {
      throw Refusal(.fieldOutOfRange, "page_token is not one that a page gave")
    }
    observeEverything()
    var after: UInt64 = 0
    for byte in token.buffer { after = after << 8 | UInt64(byte) }
    switch kind {
    case .items: listItems(after: after, isFirst: token.isEmpty, size: size, into: &reply)
    case .holds: listHolds(after: after, size: size, into: &reply)
    case .sellers: listSellers(from: after, size: size, into: &reply)
    case .nodes: listNodes(from: after, size: size, into: &reply)
    case .zones: listZones(from: after, size: size, into: &reply)
    case .lanes: listLanes(from: after, size: size, into: &reply)
    case .legs: listLegs(from: after, size: size, into: &reply)
    case .marketplaces: listMarketplaces(from: after, size: size, into: &reply)
    case .calendars: listCalendars(from: after, size: size, into: &reply)
    case .rates: listRates(from: after, size: size, into: &reply)
    case .kits: listKits(from: after, size: size, into: &reply)
    case .opportunity: listOpportunity(from: after, size: size, into: &reply)
    case .groups: listGroups(from: after, size: size, into: &reply)
    case .channelStock: listChannels(from: after, size: size, into: &reply)
    case .backorders: listBackorders(from: after, size: size, into: &reply)
    case .parked: listParked(after: after, size: size, into: &reply)
    case .parkedFailures: listParkedFailures(from: after, size: size, into: &reply)
    case .movements: listMovements(before: after, size: size, into: &reply)
    }
  }

  private func listItems(after: UInt64, isFirst: Bool, size: Int, into reply: inout ListReply) {
    reply.columns = [
      "item", "seller", "storage_type", "volume_micro_cubic_feet", "weight_g",
      "handling_minutes", "demand_per_day_milli", "demand_variance_ratio_milli", "nodes",
      "on_hand", "available_now", "release_unix_s", "restrictions", "volume_cubic_mm",
    ]
    var rows = 0
    var slot = isFirst ? 0 : positions.firstSlot(after: after)
    while slot < positions.totalSlots {
      let token = positions.key(slot)
      if token != 0 {
        if rows == size { return }
        appendItem(token, slot, into: &reply)
        rows += 1
        if rows == size { reply.setToken(mix(token)) }
      }
      slot += 1
    }
    reply.nextPageToken = []
  }

  private func appendItem(_ token: UInt64, _ slot: Int, into reply: inout ListReply) {
    beginKeys(maximum: 1)
    reply.appendCell(borrowedKey(token).buffer)
    let index = Int(positions.attribute(slot))
    if index == 0 {
      for _ in 0..<7 { reply.appendCell("".utf8) }
    } else {
      let item = attributes[index]
      reply.appendCell(sellerKeys.name(Int(item.seller)).buffer)
      reply.appendCell((StorageType(rawValue: item.storageType)?.label ?? "").utf8)
      reply.appendNumber(item.volumeMicroCubicFeet)
      reply.appendNumber(Int64(item.weightGrams))
      reply.appendNumber(Int64(item.handlingMinutes))
      reply.appendNumber(item.demandPerDayMilli)
      reply.appendNumber(Int64(item.demandVarianceRatioMilli))
    }
    var (onHand, available): (Int64, Int64) = (0, 0)
    for place in 0..<positions.rowCount(slot) {
      onHand += Int64(positions.rows(slot)[place].onHand)
      available += positions.rows(slot)[place].available
    }
    reply.appendNumber(Int64(positions.rowCount(slot)))
    reply.appendNumber(onHand)
    reply.appendNumber(available)
    if index == 0 {
      for _ in 0..<3 { reply.appendCell("".utf8) }
    } else {
      reply.appendNumber(attributes[index].releaseUnixSeconds)
      reply.appendCell(attributes[index].restrictions.label.utf8)
      reply.appendNumber(attributes[index].volumeCubicMillimetres)
    }
  }

  private func listSellers(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["seller", "title", "marketplace"]
    reply.page(from: start, of: sellers.count, size: size) { index, reply in
      reply.appendCell(sellers[index].name.bytes)
      reply.appendCell(sellers[index].title.bytes)
      reply.appendCell(sellers[index].marketplace.bytes)
    }
  }

  /// The lowest ids above `after`, kept in a heap whose top is the highest of them.
  private func listHolds(after: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["hold_id", "state", "owner", "expires_at_unix_s", "lines", "units"]
    scratch.words.removeAll()
    var more = false
    for slot in 0..<holds.slotCount where holds.isInUse(slot) {
      let id = holds.hold(slot).id
      if id <= after { continue }
      if scratch.words.count < size {
        scratch.words.append(id)
        if scratch.words.count == size {
          heapSort(scratch.words.base, count: size, by: >)
        }
      } else {
        more = true
        if id < scratch.words[0] {
          scratch.words[0] = id
          siftDown(scratch.words.base, root: 0, count: size, by: <)
        }
      }
    }
    heapSort(scratch.words.base, count: scratch.words.count, by: <)
    for index in 0..<scratch.words.count { appendHold(scratch.words[index], into: &reply) }
    reply.nextPageToken = []
    if more { reply.setToken(scratch.words[scratch.words.count - 1]) }
  }

  private func appendHold(_ id: UInt64, into reply: inout ListReply) {
    guard let slot = holds.find(id) else { return invariant(false, "a listed hold is gone") }
    let hold = holds.hold(slot)
    var units: Int64 = 0
    for line in 0..<Int(hold.lineCount) { units += Int64(holds.lines(slot)[line].quantity) }
    reply.appendCell(String(id).utf8)
    reply.appendCell(holds.state(slot).label.utf8)
    reply.appendCell(holds.owner(slot).buffer)
    reply.appendNumber(UnixMilliseconds(hold.expiresAt).seconds)
    reply.appendNumber(Int64(hold.lineCount))
    reply.appendNumber(units)
  }
}

extension HoldState {
  var label: String {
    switch self {
    case .held: "held"
    case .committed: "committed"
    case .released: "released"
    case .expired: "expired"
    case .consumed: "consumed"
    }
  }
}

extension ListReply {
  mutating func appendNumber(_ value: Int64) { appendCell(String(value).utf8) }

  /// The next page begins after this: 8 bytes, most significant first.
  mutating func setToken(_ value: UInt64) {
    nextPageToken = (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
  }

  /// Rows `start..<start + size` of `count`, and the token of the next page.
  mutating func page(
    from start: UInt64, of count: Int, size: Int, row: (Int, inout ListReply) -> Void
  ) {
    let first = min(count, Int(clamping: start))
    let end = min(count, first + size)
    for index in first..<end { row(index, &self) }
    nextPageToken = []
    if end < count { setToken(UInt64(end)) }
  }
}
