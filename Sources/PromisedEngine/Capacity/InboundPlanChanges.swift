import PromisedInvariants
import PromisedModel

/// Plans admitted, received, closed and expired.
extension State {
  /// Looks the names of lines up.
  ///
  /// - Throws: FIELD_MISSING, TOO_MANY_ROWS, COLUMN_LENGTH_MISMATCH, KEY_INVALID, FIELD_OUT_OF_RANGE
  ///   for the form; NODE_UNKNOWN, ITEM_UNKNOWN; ROW_INVALID for an item that stands twice for one
  ///   building.
  func resolve(_ lines: PlanLines, needsETA: Bool) throws(Refusal) -> [ResolvedLine] {
    let count = lines.keys.count
    if count == 0 { throw Refusal(.fieldMissing, "item_keys is empty: name at least one item") }
    if count > Limits.linesPerPlan {
      throw Refusal(.tooManyRows, "\(count) lines: at most \(Limits.linesPerPlan)")
    }
    let hasNodes = !lines.nodes.isEmpty
    try checkCounts(count, [lines.quantities.count])
    if hasNodes { try checkCounts(count, [lines.nodes.count]) }
    if needsETA { try checkCounts(count, [lines.etaUnixSeconds.count]) }
    try checkKeys(lines.keys, field: "item_keys")
    var nodes: [UInt16] = []
    for name in lines.nodeNames {
      guard let node = nodeIndex(name) else { throw unknownNode(name) }
      nodes.append(node)
    }
    var resolved: [ResolvedLine] = []
    var seen = Set<ItemPlace>()
    for (row, item) in names(of: lines.keys).enumerated() {
      if hasNodes {
        try check(Int64(lines.nodes[row]), 0, Int64(nodes.count) - 1, "node_indexes", row)
      }
      try check(
        Int64(lines.quantities[row]), 1, Int64(Limits.unitsPerPosition), "quantities", row)
      let eta = needsETA ? lines.etaUnixSeconds[row] : 0
      try check(eta, 0, 253_402_300_799, "eta_unix_s", row)
      let token = token(of: item)
      observe(item: token)
      let slot = token == 0 ? -1 : positions.find(token)
      if slot < 0 { throw unknownItem(item, row: row) }
      let node = hasNodes ? nodes[Int(lines.nodes[row])] : .max
      if hasNodes && !seen.insert(ItemPlace(item: token, node: node)).inserted {
        throw Refusal(
          .rowInvalid, "item \(item) stands twice for one building: add the units up", key: item,
          row: Int32(row))
      }
      resolved.append(
        ResolvedLine(
          row: Int32(row), item: item, token: token, slot: slot, node: node,
          quantity: lines.quantities[row], etaUnixSeconds: eta))
    }
    return resolved
  }

  private func names(of keys: PackedKeys) -> [Name] {
    keys.withKeyColumn { keys in
      var offset = 0
      return (0..<keys.count).map { keys.key($0, at: &offset).name }
    }
  }

  /// The open inbound of a plan's line; nil = none is open.
  func inboundRow(of plan: Name, _ line: ResolvedLine) -> InboundRow? {
    inboundRow(of: plan, token: line.token, node: line.node)
  }

  func inboundRow(of plan: Name, token: UInt64, node: UInt16) -> InboundRow? {
    var found: Int?
    plan.bytes.withUnsafeBufferPointer {
      found = inbound.find(shipment: BorrowedBytes($0), item: token, node: node)
    }
    return found.map { inbound.row($0) }
  }

  private func setOpen(
    _ units: Int32, of plan: Name, token: UInt64, node: UInt16, like row: InboundRow
  ) {
    plan.bytes.withUnsafeBufferPointer {
      setInbound(
        shipment: BorrowedBytes($0), token: token, node: node, quantity: units,
        eta: row.etaUnixSeconds, stage: row.stage)
    }
  }

  // MARK: Admitted

  func apply(planAdmitted plan: PlanRow, key: CommandKey) {
    var plan = plan
    plan.id = appliedPosition
    for line in plan.lines {
      plan.name.bytes.withUnsafeBufferPointer {
        setInbound(
          shipment: BorrowedBytes($0), token: token(of: line.item), node: line.node,
          quantity: line.admitted, eta: line.etaUnixSeconds, stage: InboundStage.working.rawValue)
      }
    }
    inboundPlans.append(plan)
    nextCapacityDay = min(nextCapacityDay, plan.expiresUnixSeconds)
    remember(
      key,
      RememberedOutcome(
        code: .ok, holdID: plan.id, expiresAtMilliseconds: plan.expiresUnixSeconds * 1000))
  }

  // MARK: Received

  /// Takes units of a plan in, also more than were admitted, also items it did not name, also late:
  /// what is there is there. nil = the receipt was taken before.
  ///
  /// - Throws: INBOUND_PLAN_UNKNOWN; what `resolve` does; QUANTITY_OVERFLOW when a position cannot
  ///   count that many; TOO_MANY_ROWS for too many receipts.
  package func decide(
    _ command: ReceiveCommand, at now: UnixMilliseconds
  ) throws(Refusal) -> Event? {
    observeEverything()
    let plan = try knownPlan(command.plan)
    if !command.receipt.isEmpty && !isValid(command.receipt) {
      throw invalidKey("receipt", row: -1)
    }
    if !command.receipt.isEmpty && plan.receipts.contains(command.receipt) { return nil }
    if plan.receipts.count >= Limits.linesPerPlan {
      throw Refusal(.tooManyRows, "plan \(plan.name) has \(plan.receipts.count) receipts")
    }
    if command.lines.nodes.isEmpty {
      throw Refusal(.fieldMissing, "node_indexes is empty: say where the units are")
    }
    let lines = try resolve(command.lines, needsETA: false)
    var event = PlanReceivedEvent()
    event.id = plan.id
    event.receipt = command.receipt
    for line in lines {
      var stock = amounts(token: line.token, slot: line.slot, node: line.node)
      let sum = Int64(stock.onHand) + Int64(line.quantity)
      stock.onHand = Int32(clamping: sum)
      if sum > Int64(Limits.unitsPerPosition) || !stock.isWithinLimits {
        throw Refusal(
          .quantityOverflow, "\(sum) units of item \(line.item) are more than a position counts",
          key: line.item, row: line.row)
      }
      event.lines.append(
        PlanLineRow(
          item: line.item, node: line.node, admitted: 0, received: Int64(line.quantity),
          etaUnixSeconds: 0))
    }
    return .planReceived(command.key, event)
  }

  func apply(planReceived event: PlanReceivedEvent, key: CommandKey) {
    guard let place = inboundPlans.place(of: event.id) else {
      return invariant(false, "units are received for a plan that does not exist")
    }
    let name = inboundPlans.rows[place].name
    movements.cause = MovementKind.receipt.rawValue
    for line in event.lines {
      let token = token(of: line.item)
      let slot = slotInserting(token)
      if let open = inboundRow(of: name, token: token, node: line.node) {
        var row = open
        row.stage = InboundStage.receiving.rawValue
        let left = Int64(open.quantity) - min(Int64(open.quantity), line.received)
        setOpen(Int32(left), of: name, token: token, node: line.node, like: row)
      }
      var stock = amounts(token: token, slot: slot, node: line.node)
      stock.onHand += Int32(line.received)
      setAmounts(stock, token: token, slot: slot, node: line.node)
      note(token: token, node: line.node, onHand: Int32(line.received))
    }
    if !event.receipt.isEmpty {
      inboundPlans.change(place) { $0.receipts.append(event.receipt) }
    }
    for line in event.lines { _ = inboundPlans.receive(place, line) }
    endWhenAllHasCome(place)
    remember(key, RememberedOutcome(code: .ok, holdID: event.id))
  }

  /// Units still expected of each line.
  func openUnits(of plan: PlanRow) -> [Int64] {
    plan.lines.map { line in
      let open = inboundRow(of: plan.name, token: token(of: line.item), node: line.node)
      return Int64(open?.quantity ?? 0)
    }
  }

  // MARK: Ended

  /// - Throws: INBOUND_PLAN_UNKNOWN, INBOUND_PLAN_ENDED when it was closed or has expired.
  package func decide(_ command: CloseCommand, at now: UnixMilliseconds) throws(Refusal) -> Event {
    observeEverything()
    let plan = try knownPlan(command.plan)
    if !command.reason.isEmpty && !isValid(command.reason) { throw invalidKey("reason", row: -1) }
    if plan.state == .closed || plan.state == .expired {
      throw Refusal(
        .inboundPlanEnded, "plan \(plan.name) is \(plan.state.label) already", key: plan.name)
    }
    return .planClosed(command.key, id: plan.id, reason: command.reason)
  }

  func apply(planClosed id: UInt64, reason: Name, key: CommandKey) {
    guard let place = inboundPlans.place(of: id) else {
      return invariant(false, "a plan is closed that does not exist")
    }
    end(place, .closed, reason: reason)
    remember(key, RememberedOutcome(code: .ok, holdID: id))
  }

  /// Open units of the plan come no more.
  func end(_ place: Int, _ state: PlanState, reason: Name) {
    let plan = inboundPlans.rows[place]
    for line in plan.lines {
      let token = token(of: line.item)
      guard let open = inboundRow(of: plan.name, token: token, node: line.node) else { continue }
      setOpen(0, of: plan.name, token: token, node: line.node, like: open)
    }
    inboundPlans.change(place) { plan in
      plan.state = state
      plan.endedUnixSeconds = appliedTime.seconds
      if !reason.isEmpty { plan.reason = reason }
    }
  }

  /// Nothing of it was received, and nothing is said to be on its way.
  private func isUnsent(_ plan: PlanRow) -> Bool {
    for line in plan.lines {
      if line.received > 0 { return false }
      let open = inboundRow(of: plan.name, token: token(of: line.item), node: line.node)
      if let open, open.stage > InboundStage.working.rawValue { return false }
      if open?.quantity ?? 0 < line.admitted { return false }
    }
    return true
  }

  func expirePlans() {
    let now = appliedTime.seconds
    if inboundPlans.earliestExpiry > now { return }
    for place in inboundPlans.rows.indices {
      let plan = inboundPlans.rows[place]
      if plan.state != .open || plan.expiresUnixSeconds > now { continue }
      if isUnsent(plan) { end(place, .expired, reason: .empty) }
    }
    reviewPlanExpiry()
  }

  /// Plans that were sent do not expire; those whose time is over were looked at.
  func reviewPlanExpiry() {
    inboundPlans.reviewExpiry { $0.expiresUnixSeconds > appliedTime.seconds }
  }

  // MARK: Answers

  private func knownPlan(_ name: Name) throws(Refusal) -> PlanRow {
    guard let place = inboundPlans.place(of: name) else {
      throw Refusal(.inboundPlanUnknown, "plan \(name) is not known, or was forgotten", key: name)
    }
    return inboundPlans.rows[place]
  }

  /// The plan as it stands.
  ///
  /// - Throws: INBOUND_PLAN_UNKNOWN.
  package func planStatus(_ name: Name) throws(Refusal) -> PlanStatusReply {
    observeEverything()
    var reply = PlanStatusReply()
    reply.plan = try knownPlan(name)
    reply.open = openUnits(of: reply.plan)
    reply.nodeNames = reply.plan.lines.map { network.nodeName($0.node).name }
    return reply
  }
}

/// An item in a building.
private struct ItemPlace: Hashable {
  var item: UInt64
  var node: UInt16
}
