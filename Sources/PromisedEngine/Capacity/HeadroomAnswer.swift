import Glibc
import PromisedInvariants
import PromisedModel

/// What a headroom answer is about besides the seller.
private struct HeadroomFrame {
  var item: ItemAttributes?
  var node: UInt16?
  var monthCount: Int
  var isOptimistic: Bool
  var now: UnixMilliseconds
}

extension State {
  /// How much each seller may still send in, per storage type and month from this month on in its
  /// marketplace's zone.
  ///
  /// A row for each storage type that has usage, or a limit in one of the months, or is the asked
  /// item's; ascending by storage type, then month. The limit is what was decided for the month
  /// (confirmed, or no limit), else what a policy fixes, else its estimate; without any the kind is 0
  /// and the headroom 0. Usage of a month is what is on hand today, less what is ordered to leave,
  /// and what is due by its end. Headroom = max(0, limit + granted − usage), −1 with no limit; units
  /// are rounded down. `admissible` is what `decide(AdmitCommand)` would take.
  ///
  /// Without sellers and with a page size it is a page of all of them, which ends early when the
  /// answer would not fit a frame.
  ///
  /// - Throws: FIELD_MISSING, TOO_MANY_ROWS, FIELD_OUT_OF_RANGE; ITEM_UNKNOWN when the item is not
  ///   known or has no volume; NODE_UNKNOWN; SELLER_UNKNOWN when the only seller is not known. In a
  ///   larger batch an unknown seller gets that code and no rows.
  package func answer(
    _ query: HeadroomQuery, at now: UnixMilliseconds, into reply: inout HeadroomReply
  ) throws(Refusal) {
    if query.sellers.count == 0 && query.pageSize == 0 {
      throw Refusal(.fieldMissing, "sellers is empty: name one, or ask for a page of all")
    }
    if query.sellers.count > Limits.queryItems {
      throw Refusal(.tooManyRows, "\(query.sellers.count) sellers: at most \(Limits.queryItems)")
    }
    if query.monthCount < 1 || query.monthCount > 12 {
      throw Refusal(.fieldOutOfRange, "months is \(query.monthCount): 1 to 12")
    }
    var frame = HeadroomFrame(
      monthCount: Int(query.monthCount), isOptimistic: query.isOptimistic, now: now)
    if !query.item.isEmpty { frame.item = try attributes(ofAsked: query.item) }
    observeNetwork()
    if !query.node.isEmpty {
      frame.node = network.nodeIndex(query.node)
      if frame.node == nil { throw unknownNode(query.node.name) }
    }
    for type in 0..<8 { scratch.networkFree[type] = -2 }
    if query.sellers.count == 0 { return try answerPage(query, frame, into: &reply) }
    for index in 0..<query.sellers.count {
      guard let seller = sellerKeys.find(query.sellers[index]) else {
        if query.sellers.count == 1 { throw unknownSeller(query.sellers[index].name) }
        reply.sellerCodes.append(UInt32(OutcomeCode.sellerUnknown.rawValue))
        reply.rowCounts.append(0)
        continue
      }
      observe(.seller, UInt64(seller))
      reply.sellerCodes.append(0)
      appendRows(of: seller, frame, into: &reply)
    }
  }

  /// Bytes of a row's columns at most, but for volumes beyond 2^42 micro-cubic-feet.
  private static var rowBytes: Int { 100 }

  private func answerPage(
    _ query: HeadroomQuery, _ frame: HeadroomFrame, into reply: inout HeadroomReply
  ) throws(Refusal) {
    if query.pageSize < 1 || Int(query.pageSize) > Limits.headroomSellers {
      throw Refusal(
        .fieldOutOfRange, "page_size is \(query.pageSize): 1 to \(Limits.headroomSellers)")
    }
    if !query.pageToken.isEmpty && query.pageToken.count != 8 {
      throw Refusal(.fieldOutOfRange, "page_token is not one that a page gave")
    }
    observeEverything()
    var start: UInt64 = 0
    for byte in query.pageToken.buffer { start = start << 8 | UInt64(byte) }
    var seller = min(sellers.count, Int(clamping: start))
    let end = min(sellers.count, seller + Int(query.pageSize))
    while seller < end {
      let bytes = reply.months.count * Self.rowBytes + reply.sellerBytes.count
      if bytes > Limits.frameBytes - 200_000 { break }
      let name = sellerKeys.name(seller)
      reply.sellerLengths.append(UInt32(name.count))
      reply.sellerBytes.append(contentsOf: Column(name.buffer))
      reply.sellerCodes.append(0)
      appendRows(of: seller, frame, into: &reply)
      seller += 1
    }
    if seller < sellers.count {
      let next = UInt64(seller)
      reply.nextPageToken = (0..<8).map { UInt8(truncatingIfNeeded: next >> (56 - 8 * $0)) }
    }
  }

  private func attributes(ofAsked key: BorrowedBytes) throws(Refusal) -> ItemAttributes {
    let token = itemKeys.token(key)
    observe(item: token)
    let slot = token == 0 ? -1 : positions.find(token)
    if slot < 0 { throw unknownItem(key.name) }
    let index = positions.attribute(slot)
    if index == 0 {
      throw Refusal(
        .itemUnknown, "item \(key.name) has stock but no volume yet: put it first", key: key.name)
    }
    return attributes[Int(index)]
  }

  private func appendRows(
    of seller: Int, _ frame: HeadroomFrame, into reply: inout HeadroomReply
  ) {
    let today = localDate(at: frame.now.seconds, marketplace: sellers[seller].marketplace)
    let first = Month(today)
    if reply.announcementFromDays == 0 {
      let week = first.announcementWeek
      (reply.announcementFromDays, reply.announcementToDays) = (week.from.days, week.to.days)
    }
    let policy = policies.policy(of: sellers[seller])
    let before = reply.months.count
    for type: UInt8 in 1...7 {
      if let item = frame.item, item.storageType != type { continue }
      if frame.item == nil
        && !isRelevant(type, of: seller, from: first, count: frame.monthCount)
      {
        continue
      }
      fillRooms(of: seller, type: type, policy, from: first, today: today)
      var month = first
      for index in 0..<frame.monthCount {
        append(
          (seller, type, month, index), policy, today: today, frame, into: &reply)
        month = month.next
      }
    }
    reply.rowCounts.append(UInt32(reply.months.count - before))
  }

  private func isRelevant(_ type: UInt8, of seller: Int, from first: Month, count: Int) -> Bool {
    if usage.read(seller: seller, type: type) != Usage() { return true }
    var month = first
    for _ in 0..<count {
      if limits.find(seller: UInt32(seller), type: type, month: month.yyyymm) != nil {
        return true
      }
      month = month.next
    }
    return false
  }

  private func append(
    _ place: (seller: Int, type: UInt8, month: Month, index: Int), _ policy: CapacityPolicy,
    today: LocalDate, _ frame: HeadroomFrame, into reply: inout HeadroomReply
  ) {
    let used = usage.read(seller: place.seller, type: place.type)
    let due = usage.due(seller: place.seller, type: place.type, upTo: place.month.yyyymm)
    let row = limits.find(
      seller: UInt32(place.seller), type: place.type, month: place.month.yyyymm)
    let limit = effectiveLimit(row, policy, of: place.seller, in: place.month, today: today)
    let granted = row?.granted ?? 0
    let isUnlimited = limit.kind == LimitKind.noLimit.rawValue
    let room = Int128(limit.limit) + Int128(granted) - used.onHand - due.open - due.drafts
    let headroom = isUnlimited ? -1 : Usage.clamped(max(0, room))
    reply.storageTypes.append(UInt32(place.type))
    reply.months.append(place.month.yyyymm)
    reply.limitKinds.append(UInt32(limit.kind))
    reply.limits.append(limit.limit)
    reply.available.append(Usage.clamped(used.available))
    reply.unfulfillable.append(Usage.clamped(used.unfulfillable))
    reply.reserved.append(Usage.clamped(used.reserved))
    reply.openInbound.append(Usage.clamped(due.open))
    reply.drafts.append(Usage.clamped(due.drafts))
    reply.headroom.append(headroom)
    reply.headroomUnits.append(units(headroom, frame))
    reply.pendingRemoval.append(Usage.clamped(used.pendingRemoval))
    reply.granted.append(granted)
    reply.inboundLater.append(Usage.clamped(due.later))
    reply.causes.append(UInt32(limit.cause))
    reply.announcedUnixSeconds.append(limit.announcedUnixSeconds)
    appendAdmissible(place.type, place.index, policy, frame, into: &reply)
    if !frame.isOptimistic { return }
    let expected = expectedSales(
      seller: place.seller, type: place.type, before: place.month, at: frame.now)
    let left = room + min(expected.volume, max(0, used.available))
    reply.optimistic.append(isUnlimited ? -1 : Usage.clamped(max(0, left)))
    reply.optimisticSources.append(expected.sources)
    reply.optimisticAges.append(expected.ageSeconds)
  }

  private func units(_ volume: Int64, _ frame: HeadroomFrame) -> Int64 {
    guard let item = frame.item, volume >= 0 else { return -1 }
    return volume / item.volumeMicroCubicFeet
  }

  private func appendAdmissible(
    _ type: UInt8, _ index: Int, _ policy: CapacityPolicy, _ frame: HeadroomFrame,
    into reply: inout HeadroomReply
  ) {
    var least = admissible(from: index)
    var binding = least == nil ? Binding.nothing : .sellerLimit
    if scratch.rooms[index].kind == .notConfirmed { (least, binding) = (0, .notConfirmed) }
    if let node = frame.node {
      observeEverything()
      let space = buildings.read(node: node, type: type)
      if let free = space.free, free < least ?? .max {
        least = free
        binding = space.usable == 0 ? .restriction : .building
      }
    }
    let advice = networkAdvice(type, policy)
    if advice >= 0, binding == .nothing || binding == .sellerLimit, Int128(advice) < least ?? .max {
      binding = .network
    }
    let volume = least.map { Usage.clamped($0) } ?? -1
    reply.admissible.append(volume)
    reply.admissibleUnits.append(units(volume, frame))
    reply.bindings.append(binding.rawValue)
    reply.networkAdvice.append(advice)
  }

  /// The seller's share of the free room of all buildings; −1 = no building declares the type.
  private func networkAdvice(_ type: UInt8, _ policy: CapacityPolicy) -> Int64 {
    if scratch.networkFree[Int(type)] == -2 {
      scratch.networkFree[Int(type)] =
        buildings.networkFree(type: type).map { Usage.clamped($0) } ?? -1
    }
    let free = scratch.networkFree[Int(type)]
    if free < 0 { return -1 }
    // It rests on the stock of everybody.
    observeEverything()
    return Usage.clamped(Int128(free) * Int128(policy.networkSharePermille) / 1000)
  }
}
