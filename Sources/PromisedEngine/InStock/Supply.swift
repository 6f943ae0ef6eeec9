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
    var eta = Int64.max
    var quantity: Int64 = 0
    var lowest = UInt16.max
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if row.isDraft || row.etaUnixSeconds <= now || row.etaUnixSeconds > eta { continue }
      if let node, row.node != node { continue }
      if row.etaUnixSeconds < eta { (quantity, lowest) = (0, .max) }
      eta = row.etaUnixSeconds
      quantity += Int64(row.quantity)
      lowest = min(lowest, row.node)
    }
    return eta == Int64.max ? (0, 0, 0) : (eta, quantity, lowest)
  }

  /// Lists in scratch memory what there is now, then what there will have been by the end of each
  /// day on which something comes, within a year. From the sixteenth such day on, what comes is
  /// taken together when the last of it comes, which errs towards too little.
  func listSupply(of token: UInt64, available: Int64, now: Int64) {
    scratch.supply.removeAll()
    scratch.supply.append(SupplyStep(day: 0, units: available))
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if !row.isExpected(after: now, upTo: now + 365 * 86_400) { continue }
      let wait = max(0, row.etaUnixSeconds - now)
      insert(
        SupplyStep(day: Int32(max(1, (wait + 86_399) / 86_400)), units: Int64(row.quantity)))
    }
    var units = available
    for step in 1..<max(1, scratch.supply.count) {
      units += scratch.supply[step].units
      scratch.supply.at(step).pointee.units = units
    }
  }

  /// Puts units that come into the ascending list of days.
  private func insert(_ step: SupplyStep) {
    var place = scratch.supply.count
    while place > 1 && scratch.supply[place - 1].day > step.day { place -= 1 }
    if place > 1 && scratch.supply[place - 1].day == step.day {
      scratch.supply.at(place - 1).pointee.units += step.units
      return
    }
    scratch.supply.append(step)
    var last = scratch.supply.count - 1
    while last > place {
      scratch.supply[last] = scratch.supply[last - 1]
      last -= 1
    }
    scratch.supply[place] = step
    if scratch.supply.count <= 17 { return }
    let latest = scratch.supply.removeLast()
    let before = scratch.supply.at(16)
    before.pointee = SupplyStep(day: latest.day, units: before.pointee.units + latest.units)
  }

  /// Whether inbound should have come, and nobody has said when it does.
  func hasOverdue(_ token: UInt64, now: Int64) -> Bool {
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if !row.isDraft && row.etaUnixSeconds <= now
        && row.stage != InboundStage.receiving.rawValue
      {
        return true
      }
    }
    return false
  }

  /// Units that can be counted on up to `horizon`. Linear in the item's open inbound.
  func expectedSupply(of token: UInt64, after now: Int64, upTo horizon: Int64) -> Int64 {
    var units: Int64 = 0
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if row.isExpected(after: now, upTo: horizon) { units += Int64(row.quantity) }
    }
    return units
  }
}
