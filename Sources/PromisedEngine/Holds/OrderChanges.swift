import PromisedInvariants
import PromisedModel

/// A hold that was granted goes on: events made true.
extension State {
  func apply(holdFulfilled event: HoldFulfilledEvent) {
    guard let slot = holds.find(event.holdID), holds.state(slot) == .committed else {
      return invariant(false, "what is not committed is picked or shipped")
    }
    for row in 0..<event.lines.count {
      let (index, units) = (Int(event.lines[row]), event.units[row])
      let line = holds.lines(slot)[index]
      switch event.step {
      case .pick:
        // What is not found is gone, and nobody asked for it.
        movements.cause = MovementKind.adjustment.rawValue
        takeFromHand(event.missing[row], of: line)
        if units == 0 { continue }
        // Units in somebody's hands are nobody else's, whenever they were wanted for.
        if line.dueUnixSeconds != 0 { makeDue(index, of: slot) }
        claim(holds.lines(slot)[index], 0, allocated: 0, picked: units)
        holds.lines(slot)[index].picked += units
      case .ship:
        // First on hand: what leaves must not seem to be there for others in between. It is demand.
        movements.cause = MovementKind.shipment.rawValue
        takeFromHand(units, of: line)
        ship(units, index, of: slot)
      }
    }
    reviewShortfalls(of: slot)
    if event.step == .ship { endIfShipped(slot) } else { holds.awaitDue(slot) }
    touch(.hold, event.holdID)
    remember(event.key, outcome(slot), shipmentsOf: slot)
  }

  /// Units of a line's item leave its node, or are not found there.
  private func takeFromHand(_ units: Int32, of line: HoldLine) {
    if units == 0 { return }
    let slot = slotInserting(line.item)
    let row = positions.rowInserting(slot, node: line.node)
    invariant(row.pointee.onHand >= units, "more units leave than are on hand")
    setOnHand(
      row.pointee.onHand - units, of: row, token: line.item, slot: slot, node: line.node)
    note(token: line.item, node: line.node, onHand: -units)
  }

  func apply(holdAmended event: HoldAmendedEvent) {
    guard let slot = holds.find(event.holdID), !holds.state(slot).isEnded else {
      return invariant(false, "an ended hold is amended")
    }
    let isCommitted = holds.state(slot) == .committed
    let before = (0..<Int(holds.hold(slot).lineCount)).map { holds.lines(slot)[$0] }
    let since = isCommitted ? shortSince(slot) : []
    dropAllocations(of: slot)
    for line in before { claim(line, -line.quantity, isCommitted, picked: -line.picked) }
    replaceLines(of: slot, by: event)
    for index in 0..<event.nodes.count {
      let line = holds.lines(slot)[index]
      claim(line, line.quantity, isCommitted, picked: line.picked)
    }
    if isCommitted { indexAllocations(of: slot) }
    holds.awaitDue(slot)
    for line in before where line.isAtPosition {
      reviewShortfall(token: line.item, node: line.node)
    }
    reviewShortfalls(of: slot)
    restore(since, of: slot)
    keepShipments(event.promises, of: slot)
    // What was left to ship may have been amended away.
    if isCommitted { endIfShipped(slot) }
    touch(.hold, event.holdID)
    remember(event.key, outcome(slot), shipmentsOf: slot)
  }

  private func claim(_ line: HoldLine, _ units: Int32, _ isCommitted: Bool, picked: Int32) {
    claim(line, units, allocated: isCommitted ? units : 0, picked: isCommitted ? picked : 0)
  }

  private func replaceLines(of slot: Int, by event: HoldAmendedEvent) {
    holds.resizeLines(slot, to: event.nodes.count)
    event.items.withKeyColumn { items in
      var offset = 0
      for index in 0..<items.count {
        var line = HoldLine(
          item: itemKeys.insert(items.key(index, at: &offset)),
          quantity: event.quantities[index], picked: event.picked[index],
          shipped: event.shipped[index], node: event.nodes[index])
        if !event.details.isEmpty { line.add(event.details, row: index) }
        holds.lines(slot)[index] = line
      }
    }
  }

  /// Since when units are missing to a hold's lines, by place.
  private func shortSince(_ slot: Int) -> [(item: UInt64, node: UInt16, since: Int64)] {
    let hold = holds.hold(slot)
    var rows: [(item: UInt64, node: UInt16, since: Int64)] = []
    for index in 0..<Int(hold.lineCount) {
      let entry = allocations.at(AllocationTable.entry(of: index, in: hold.allocations)).pointee
      let line = holds.lines(slot)[index]
      if entry.short > 0 { rows.append((line.item, line.node, entry.sinceMilliseconds)) }
    }
    return rows
  }

  /// What was short before an amendment and still is has been since then.
  private func restore(_ rows: [(item: UInt64, node: UInt16, since: Int64)], of slot: Int) {
    if rows.isEmpty { return }
    let hold = holds.hold(slot)
    for index in 0..<Int(hold.lineCount) {
      let entry = allocations.at(AllocationTable.entry(of: index, in: hold.allocations))
      let line = holds.lines(slot)[index]
      if entry.pointee.short == 0 { continue }
      for row in rows where row.item == line.item && row.node == line.node {
        entry.pointee.sinceMilliseconds = min(entry.pointee.sinceMilliseconds, row.since)
      }
    }
  }
}
