import PromisedModel

/// Inbound plans in order of their ids, open and ended.
struct InboundPlanTable {
  private(set) var rows: [PlanRow] = []
  /// Beside the rows: a line that was open when the plan's lines were looked through last. Only a
  /// place to begin at.
  private var openLines: [Int] = []
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
    openLines.append(0)
    if plan.state != .open { return }
    openCount += 1
    earliestExpiry = min(earliestExpiry, plan.expiresUnixSeconds)
  }

  mutating func change(_ place: Int, _ body: (inout PlanRow) -> Void) {
    let wasOpen = rows[place].state == .open
    body(&rows[place])
    let isOpen = rows[place].state == .open
    if wasOpen && !isOpen { openCount -= 1 }
    if isOpen && !wasOpen {
      openCount += 1
      earliestExpiry = min(earliestExpiry, rows[place].expiresUnixSeconds)
    }
  }

  /// Adds what a receipt brought; an item that was not planned gets a line of its own. False, and
  /// nothing is added, when there are as many lines as may be. Amortised constant time while units
  /// come in the order of the lines.
  mutating func receive(_ place: Int, _ receipt: PlanLineRow) -> Bool {
    let (first, count) = (openLines[place], rows[place].lines.count)
    for step in 0..<count {
      let line = (first + step) % count
      let found = rows[place].lines[line]
      if found.node != receipt.node || found.item != receipt.item { continue }
      rows[place].lines[line].received += receipt.received
      openLines[place] = line
      return true
    }
    if count >= Limits.linesPerPlan { return false }
    rows[place].lines.append(receipt)
    return true
  }

  /// Whether no line `isOpen`. Amortised constant time while lines are received one after another.
  mutating func isDone(_ place: Int, _ isOpen: (PlanLineRow) -> Bool) -> Bool {
    let lines = rows[place].lines
    let first = openLines[place]
    for step in 0..<lines.count {
      let line = (first + step) % lines.count
      if !isOpen(lines[line]) { continue }
      openLines[place] = line
      return false
    }
    return true
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
    openLines = Array(repeating: 0, count: rows.count)
    byName.removeAll(keepingCapacity: true)
    for (place, plan) in rows.enumerated() { byName[plan.name] = place }
  }
}
