import PromisedInvariants
import PromisedModel

/// Receipts that the feed tells of inbound plans: a row of kind inbound receipt whose reference is the
/// plan's name.
extension State {
  /// Counts units that the feed has put on hand for the plan of this name, if there is one, and ends
  /// a plan of which nothing is open any more.
  ///
  /// The row's own rules keep it from counting twice. Units that came late, beyond what was admitted,
  /// or of items that were not planned count too, as with `ReceiveCommand`; of items not planned as
  /// long as the plan has room for another line.
  func countReceipt(
    _ units: Int64, plan name: BorrowedBytes, token: UInt64, node: UInt16,
    _ entry: borrowing JournalEntry
  ) {
    if inboundPlans.rows.isEmpty { return }
    guard let place = inboundPlans.place(of: name.name) else { return }
    let receipt = PlanLineRow(
      item: itemKeys.name(token), node: node, admitted: 0, received: units, etaUnixSeconds: 0)
    if !inboundPlans.receive(place, receipt) { return }
    var entry = copy entry
    entry.when |= UInt64(JournalAmount.received.rawValue) << 5 | JournalEntry.continuing
    entry.delta = Int32(clamping: units)
    entry.node = node
    entry.sequence = UInt64(inbound.shipmentIndex(name))
    journal.append(entry)
    endWhenAllHasCome(place)
  }

  /// Ends an open plan when nothing of it is under way any more.
  func endWhenAllHasCome(_ place: Int) {
    let plan = inboundPlans.rows[place]
    if plan.state != .open { return }
    let isDone = inboundPlans.isDone(place) { line in
      inboundRow(of: plan.name, token: token(of: line.item), node: line.node) != nil
    }
    if isDone { end(place, .received, reason: .empty) }
  }

  // MARK: Undone

  /// Takes back what a row of the feed counted for a plan; a plan that was received whole is open
  /// again.
  func undoReceipt(_ entry: JournalEntry) {
    guard let place = planPlace(of: entry) else { return }
    let item = itemKeys.name(entry.item)
    inboundPlans.change(place) { plan in
      guard
        let line = plan.lines.firstIndex(where: { $0.item == item && $0.node == entry.node })
      else { return invariant(false, "a receipt is undone that no line counted") }
      plan.lines[line].received -= Int64(entry.delta)
      invariant(plan.lines[line].received >= 0, "more is undone than a plan received")
      if plan.lines[line].admitted == 0 && plan.lines[line].received == 0 {
        plan.lines.remove(at: line)
      }
    }
    reopen(place)
  }

  /// Puts units back under way whose row is gone: when they were expected, their plan knows.
  func reopenInbound(_ entry: JournalEntry) {
    if entry.delta == 0 { return }
    guard let line = plannedLine(of: entry) else {
      return invariant(false, "inbound is undone that is not there")
    }
    setInbound(
      shipment: inbound.shipmentName(UInt32(truncatingIfNeeded: entry.sequence)),
      token: entry.item, node: entry.node, quantity: -entry.delta, eta: line.etaUnixSeconds,
      stage: InboundStage.working.rawValue)
  }

  /// The line of a plan, open or received, that an entry of inbound or of a receipt is about.
  func plannedLine(of entry: JournalEntry) -> PlanLineRow? {
    guard entry.delta < 0, let place = planPlace(of: entry) else { return nil }
    let plan = inboundPlans.rows[place]
    if plan.state != .open && plan.state != .received { return nil }
    let item = itemKeys.name(entry.item)
    return plan.lines.first {
      $0.item == item && $0.node == entry.node && $0.admitted > 0
    }
  }

  private func planPlace(of entry: JournalEntry) -> Int? {
    let name = inbound.shipmentName(UInt32(truncatingIfNeeded: entry.sequence)).name
    return inboundPlans.place(of: name)
  }

  private func reopen(_ place: Int) {
    let plan = inboundPlans.rows[place]
    if plan.state != .received { return }
    let isDone = inboundPlans.isDone(place) { line in
      inboundRow(of: plan.name, token: token(of: line.item), node: line.node) != nil
    }
    if isDone { return }
    inboundPlans.change(place) { plan in
      plan.state = .open
      plan.endedUnixSeconds = 0
    }
    nextCapacityDay = min(nextCapacityDay, plan.expiresUnixSeconds)
  }
}
