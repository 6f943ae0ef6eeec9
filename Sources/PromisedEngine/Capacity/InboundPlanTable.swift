import PromisedModel

/// Inbound plans in order of their ids, open and ended.
struct InboundPlanTable {
  private(set) var rows: [PlanRow] = []
  // Places in `rows`. Looked up, never walked.
  private var byName: [Name: Int] = [:]
  private(set) var openCount = 0
  /// No open plan that nothing was sent of expires before, UTC seconds.
  private(set) var earliestExpiry = Int64.max

  func place(of name: Name) -> Int? { byName[name] }

  /// The place of an id, by bisection.
  func place(of id: UInt64) -> Int? {
    var (low, high) = (0, rows.count)
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < rows.count && rows[low].id == id ? low : nil
  }

  /// Adds a plan with an id above all others.
  mutating func append(_ plan: PlanRow) {
    byName[plan.name] = rows.count
    rows.append(plan)
    if plan.state != .open { return }
    openCount += 1
    earliestExpiry = min(earliestExpiry, plan.expiresUnixSeconds)
  }

  mutating func change(_ place: Int, _ body: (inout PlanRow) -> Void) {
    let wasOpen = rows[place].state == .open
    body(&rows[place])
    if wasOpen && rows[place].state != .open { openCount -= 1 }
  }

  /// States anew when the next plan expires, among those that `mayExpire`. Linear.
  mutating func reviewExpiry(_ mayExpire: (PlanRow) -> Bool) {
    earliestExpiry = .max
    for plan in rows where plan.state == .open && plan.expiresUnixSeconds < earliestExpiry {
      if mayExpire(plan) { earliestExpiry = plan.expiresUnixSeconds }
    }
  }

  /// Forgets plans that ended before an instant. Linear when there are any.
  mutating func forget(endedBefore seconds: Int64) {
    func isPast(_ plan: PlanRow) -> Bool {
      plan.endedUnixSeconds != 0 && plan.endedUnixSeconds < seconds && plan.state != .open
    }
    if !rows.contains(where: isPast) { return }
    rows.removeAll(where: isPast)
    byName.removeAll(keepingCapacity: true)
    for (place, plan) in rows.enumerated() { byName[plan.name] = place }
  }
}
