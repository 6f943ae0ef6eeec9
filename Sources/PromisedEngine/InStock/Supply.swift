import PromisedModel

extension State {
  /// Has the stock and the inbound of an item read.
  @inline(__always)
  func prefetchSupply(of key: BorrowedBytes) {
    let token = itemKeys.packed(key)
    prefetch(item: token)
    inbound.prefetch(token)
  }

  /// The earliest dated supply after `now` that is not a draft, to one node or to any, with all
  /// units of that instant and the lowest index of the nodes they come to; all 0 when there is
  /// none. Linear in the item's open inbound.
  func nextSupply(of token: UInt64, node: UInt16?, after now: Int64) -> (
    eta: Int64, quantity: Int64, node: UInt16
  ) {
    nextSupply(of: token, after: now) { node == nil || node == $0 }
  }

  /// The same to the nodes that are asked for.
  @inline(__always)
  func nextSupply(of token: UInt64, after now: Int64, isMember: (UInt16) -> Bool) -> (
    eta: Int64, quantity: Int64, node: UInt16
  ) {
    var eta = Int64.max
    var quantity: Int64 = 0
    var lowest = UInt16.max
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if row.isDraft || row.etaUnixSeconds <= now || row.etaUnixSeconds > eta { continue }
      if !isMember(row.node) { continue }
      if row.etaUnixSeconds < eta { (quantity, lowest) = (0, .max) }
      eta = row.etaUnixSeconds
      quantity += Int64(row.quantity)
      lowest = min(lowest, row.node)
    }
    return eta == Int64.max ? (0, 0, 0) : (eta, quantity, lowest)
  }

  /// Lists in `scratch.passage` what there is now at a place and what comes to it within a year, each
  /// shipment by its distribution, given that it has not come yet. What is being received comes
  /// within a day; drafts never; nor what should long have come: nobody has said when it does.
  /// Linear in the item's open inbound.
  ///
  /// - Returns: units that will more likely than not have come by `horizon`, and whether something
  ///   is overdue that counts for nothing.
  func planSupply(
    of token: UInt64, available: Int64, at place: AtpPlace, now: Int64, horizon: Int64
  ) -> (expected: Int64, hasOverdue: Bool) {
    scratch.passage.begin(available: available, at: now)
    var expected: Int64 = 0
    var hasOverdue = false
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if row.isDraft || !isMember(row.node, of: place) { continue }
      let units = Int64(row.quantity)
      if row.etaUnixSeconds <= now && row.stage == InboundStage.receiving.rawValue {
        scratch.passage.plan.add(units, onDay: 1)
        expected += units
        continue
      }
      let arrival = row.arrival
      if arrival.lastUnixSeconds <= now { hasOverdue = true }
      scratch.passage.plan.add(units, arrival)
      if arrival.probability(by: horizon, notBy: now) >= ArrivalDistribution.half {
        expected += units
      }
    }
    return (expected, hasOverdue)
  }

  /// What a claim of now may take of an item at a place, for a channel; as Atp says.
  func availableNow(
    of token: UInt64, _ slot: Int, at place: AtpPlace, channel: UInt16, now: UnixMilliseconds
  ) -> Int64 {
    if case .network = place, channel == 0, isPlain(slot) {
      return availableEverywhere(slot, at: now)
    }
    scratch.wishes.removeAll()
    if !kits.components(of: token).isEmpty {
      let subject = AtpSubject(
        token: token, slot: slot, place: place, quantity: 1, channel: channel, now: now.seconds,
        horizon: now.seconds)
      return kitSteps(subject, .none)[0].units
    }
    fillModel(of: token, slot, node: nil, backorders: .none, at: now.seconds)
    return scratch.model.poolLimit(due: UInt32(clamping: now.seconds), channel: channel) {
      isMember($0, of: place)
    }
  }
}
