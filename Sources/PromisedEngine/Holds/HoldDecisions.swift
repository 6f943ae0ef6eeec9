import PromisedInvariants
import PromisedModel

/// Claims: decisions. Guards stand in the order of their precedence.
extension State {
  /// Holds whose expiry is reached, in order of (expiry, id), or nil when there are none.
  ///
  /// The caller applies `Event.holdsExpired` with them before it reads anything at that time, so
  /// that an abandoned hold never blocks anybody, its own owner least of all. The column is valid
  /// until the next call.
  package func expiredHolds(at now: UnixMilliseconds) -> Column<UInt64>? {
    let ids = holds.expired(at: now.milliseconds)
    return ids.isEmpty ? nil : ids
  }

  /// Grants a hold on all lines or refuses it.
  ///
  /// - Throws: KEY_INVALID, FIELD_MISSING, TOO_MANY_ROWS, COLUMN_LENGTH_MISMATCH,
  ///   FIELD_OUT_OF_RANGE; then, for the first row concerned, FIELD_OUT_OF_RANGE, NODE_UNKNOWN,
  ///   ITEM_UNKNOWN; then INSUFFICIENT_STOCK for the first row at which the units asked for so far
  ///   of its item in its node exceed what is available, with the row, the available units and the
  ///   time of the next supply.
  ///
  /// The event borrows the command and scratch memory: apply it before the next decision.
  package func decide(_ command: HoldCommand, at now: UnixMilliseconds) throws(Refusal)
    -> HeldEvent
  {
    let count = command.quantities.count
    try checkForm(of: command)
    let seconds =
      command.timeToLiveSeconds == 0 ? Limits.holdDefaultSeconds : command.timeToLiveSeconds
    let expiry = now.milliseconds.addingReportingOverflow(seconds * 1000)
    if expiry.overflow { throw Refusal(.fieldOutOfRange, "the hold would expire after all time") }
    if command.tokens.count > 0 {
      return try decideRedeeming(
        command, expiresAt: UnixMilliseconds(expiry.partialValue), at: now)
    }
    scratch.nodes.resize(to: count)
    scratch.tokens.resize(to: count)
    scratch.slots.resize(to: count)
    observeNetwork()
    var offset = 0
    for row in 0..<count { prefetch(item: itemKeys.packed(command.items.key(row, at: &offset))) }
    // Granted, it is remembered in the next event.
    holds.prefetch(appliedPosition + 1)
    offset = 0
    for row in 0..<count {
      try resolve(row, of: command, key: command.items.key(row, at: &offset))
    }
    for row in 0..<count { try checkStock(row, of: command, at: now) }
    // From here on the hold is granted.
    return HeldEvent(
      key: command.key, owner: command.owner, expiresAt: UnixMilliseconds(expiry.partialValue),
      items: command.items,
      nodes: Column(base: UnsafePointer(scratch.nodes.base), count: count),
      quantities: command.quantities)
  }

  private func checkForm(of command: HoldCommand) throws(Refusal) {
    let count = command.quantities.count
    if !Name.isValid(command.owner.buffer) {
      throw Refusal(.keyInvalid, "owner must have 1 to 64 bytes of UTF-8 without controls")
    }
    if count == 0 && command.tokens.isEmpty {
      throw Refusal(.fieldMissing, "a hold needs at least one line or token")
    }
    if count > Limits.linesPerHold {
      throw Refusal(.tooManyRows, "a hold has \(count) lines: at most \(Limits.linesPerHold)")
    }
    if command.nodes.count != count || command.items.count != count
      || !areWithin(command.items)
    {
      throw Refusal(.columnLengthMismatch, "every column of a hold must have \(count) rows")
    }
    if command.timeToLiveSeconds < 0 || command.timeToLiveSeconds > Limits.holdMaximumSeconds {
      throw Refusal(
        .fieldOutOfRange,
        "ttl_s is \(command.timeToLiveSeconds): 1 to \(Limits.holdMaximumSeconds), or 0 for"
          + " \(Limits.holdDefaultSeconds)")
    }
  }

  private func resolve(_ row: Int, of command: HoldCommand, key: BorrowedBytes) throws(Refusal) {
    let quantity = command.quantities[row]
    if quantity < 1 || quantity > Limits.unitsPerPosition {
      throw Refusal(
        .fieldOutOfRange, "quantity is \(quantity): 1 to \(Limits.unitsPerPosition)",
        key: key.name, row: Int32(row))
    }
    let index = Int(command.nodes[row])
    if index >= command.nodeNames.count {
      throw Refusal(
        .fieldOutOfRange,
        "node index is \(index): the request names \(command.nodeNames.count) nodes",
        row: Int32(row))
    }
    guard let node = network.nodeIndex(command.nodeNames[index]) else {
      throw unknownNode(command.nodeNames[index].name, row: row)
    }
    let token = itemKeys.token(key)
    let slot = token == 0 ? -1 : positions.find(token)
    observe(item: token)
    if slot < 0 { throw unknownItem(key.name, row: row) }
    prefetch(slot: slot)
    scratch.nodes[row] = node
    scratch.tokens[row] = token
    scratch.slots[row] = slot
  }

  private func checkStock(_ row: Int, of command: HoldCommand, at now: UnixMilliseconds)
    throws(Refusal)
  {
    let (token, node) = (scratch.tokens[row], scratch.nodes[row])
    var wanted = Int64(command.quantities[row])
    for other in 0..<row where scratch.tokens[other] == token && scratch.nodes[other] == node {
      wanted += Int64(command.quantities[other])
    }
    let available =
      positions.row(scratch.slots[row], node: node).map { offerable($0.pointee, node, at: now) }
      ?? 0
    if wanted > available {
      throw insufficientStock(
        token: token, node: node, wanted: wanted, available: available, row: row, at: now)
    }
  }

  /// Moves a hold on, or refuses.
  ///
  /// - Throws: HOLD_UNKNOWN, then NOT_OWNER, then HOLD_RELEASED; committing: HOLD_COMMITTED, and
  ///   INSUFFICIENT_STOCK when the hold had expired and its units are gone; releasing:
  ///   HOLD_EXPIRED.
  package func decide(_ command: HoldTransitionCommand, at now: UnixMilliseconds) throws(Refusal)
    -> HoldChangedEvent
  {
    observe(.hold, command.holdID)
    guard let slot = holds.find(command.holdID, at: now.milliseconds) else {
      throw unknownHold(command.holdID)
    }
    if !same(holds.owner(slot), command.owner) {
      throw Refusal(.notOwner, "hold \(command.holdID) belongs to another owner")
    }
    let state = holds.state(slot)
    if state == .released {
      throw Refusal(.holdReleased, "hold \(command.holdID) was released")
    }
    if state == .consumed {
      throw Refusal(.holdConsumed, "hold \(command.holdID) is shipped: nothing of it is left")
    }
    var reclaimed = false
    switch command.transition {
    case .commit:
      if state == .committed {
        throw Refusal(.holdCommitted, "hold \(command.holdID) is committed already")
      }
      if state == .expired {
        try checkReclaim(of: slot, at: now)
        try checkPromises(of: slot, at: now)
        reclaimed = true
      }
    case .release:
      if state == .expired {
        throw Refusal(.holdExpired, "hold \(command.holdID) has expired: nothing is held")
      }
    }
    return HoldChangedEvent(
      key: command.key, holdID: command.holdID, transition: command.transition,
      reclaimed: reclaimed)
  }

  private func checkReclaim(of slot: Int, at now: UnixMilliseconds) throws(Refusal) {
    let lines = holds.lines(slot)
    for row in 0..<Int(holds.hold(slot).lineCount) {
      let line = lines[row]
      observe(item: line.item)
      var wanted: Int64 = 0
      for other in 0...row where lines[other].item == line.item && lines[other].node == line.node {
        wanted += Int64(lines[other].quantity)
      }
      let position = positions.find(line.item)
      let available =
        position < 0
        ? 0
        : positions.row(position, node: line.node).map {
          offerable($0.pointee, line.node, at: now)
        } ?? 0
      if wanted > available {
        throw insufficientStock(
          token: line.item, node: line.node, wanted: wanted, available: available, row: row,
          at: now)
      }
    }
  }

  func insufficientStock(
    token: UInt64, node: UInt16, wanted: Int64, available: Int64, row: Int,
    at now: UnixMilliseconds
  ) -> Refusal {
    let key = itemKeys.name(token)
    let next = nextSupply(of: token, node: node, after: now.seconds)
    return Refusal(
      .insufficientStock,
      "\(wanted) of item \(key) are wanted in node \(network.nodeName(node).name),"
        + " \(max(0, available)) are available",
      key: key, row: Int32(row), availableUnits: max(0, available),
      nextSupplyUnixSeconds: next.eta)
  }

  /// Whether the lengths add up to the bytes.
  func areWithin(_ keys: KeyColumn) -> Bool {
    var total = 0
    for index in 0..<keys.count { total += Int(keys.lengths[index]) }
    return total == keys.bytes.count
  }

  func unknownItem(_ key: Name, row: Int = -1) -> Refusal {
    Refusal(.itemUnknown, "item \(key) is not known", key: key, row: Int32(row))
  }

  func unknownNode(_ name: Name, row: Int = -1) -> Refusal {
    Refusal(.nodeUnknown, "node \(name) is not known", key: name, row: Int32(row))
  }

  func unknownHold(_ id: UInt64) -> Refusal {
    Refusal(.holdUnknown, "hold \(id) is not known, or was forgotten", key: Name("\(id)"))
  }
}
