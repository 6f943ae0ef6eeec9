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

  /// What there is now, then what there will have been by the end of each day on which something
  /// comes, within a year; from the sixteenth such day on, what comes is taken together when the
  /// last of it comes, which errs towards too little.
  func supplySteps(of token: UInt64, available: Int64, now: Int64) -> [SupplyStep] {
    var steps = [SupplyStep(day: 0, units: available)]
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if !row.isExpected(after: now, upTo: now + 365 * 86_400) { continue }
      let wait = max(0, row.etaUnixSeconds - now)
      steps.append(
        SupplyStep(day: Int32(max(1, (wait + 86_399) / 86_400)), units: Int64(row.quantity)))
    }
    if steps.count == 1 { return steps }
    steps[1...].sort { $0.day < $1.day }
    var result = [steps[0]]
    for step in steps.dropFirst() {
      let last = result[result.count - 1]
      let units = last.units + step.units
      if last.day == step.day || result.count > 16 {
        result[result.count - 1] = SupplyStep(day: step.day, units: units)
      } else {
        result.append(SupplyStep(day: step.day, units: units))
      }
    }
    return result
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
