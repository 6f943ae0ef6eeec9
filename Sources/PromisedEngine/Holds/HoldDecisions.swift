import PromisedInvariants
import PromisedModel

/// Claims: who gets a hold. Guards stand in the order of their precedence.
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

  /// Has read what a decision over a hold begins with; called before its key is looked for, so that
  /// the misses of both are waited for together.
  @inline(__always)
  package func prefetch(_ command: HoldCommand) {
    let items = command.lines.items
    var offset = 0
    for row in 0..<min(items.count, 8) {
      prefetch(item: itemKeys.packed(items.key(row, at: &offset)))
    }
    // Granted, it is remembered in the next event.
    holds.prefetch(appliedPosition + 1, owner: command.owner)
  }

  /// Grants a hold, by the command's fill policy, or refuses it.
  ///
  /// - Throws: KEY_INVALID, FIELD_MISSING, TOO_MANY_ROWS, COLUMN_LENGTH_MISMATCH,
  ///   FIELD_OUT_OF_RANGE; NAME_TAKEN; of the hold that is replaced NOT_OWNER, HOLD_COMMITTED; then,
  ///   for the first row concerned, FIELD_OUT_OF_RANGE, NODE_UNKNOWN, GROUP_UNKNOWN, ITEM_UNKNOWN,
  ///   and CHANNEL_UNKNOWN; then INSUFFICIENT_STOCK for the first row at which the units asked for
  ///   so far exceed what is available, with the row, the available units and the time of the next
  ///   supply. What the owner's own holds have of it is said.
  ///
  /// The event borrows the command and scratch memory: apply it before the next decision.
  package func decide(_ command: HoldCommand, at now: UnixMilliseconds) throws(Refusal)
    -> HeldEvent
  {
    try checkForm(of: command)
    let expiresAt = try expiry(after: command.timeToLiveSeconds, at: now)
    try checkName(of: command, at: now)
    let replaced =
      command.replaces == 0 ? nil : try replacedHold(command.replaces, by: command.owner, at: now)
    if command.tokens.count > 0 {
      return try decideRedeeming(command, expiresAt: expiresAt, replacing: replaced, at: now)
    }
    if command.isPlain, let event = try decidePlain(command, expiresAt: expiresAt, at: now) {
      return event
    }
    return try decideFilling(command, expiresAt: expiresAt, replacing: replaced, at: now)
  }

  // MARK: Whole lines of plain items

  /// The common hold, without an allocation; nil when more than stock decides about one of its
  /// items.
  private func decidePlain(
    _ command: HoldCommand, expiresAt: UnixMilliseconds, at now: UnixMilliseconds
  ) throws(Refusal) -> HeldEvent? {
    let lines = command.lines
    let count = lines.count
    scratch.nodes.resize(to: count)
    scratch.tokens.resize(to: count)
    scratch.slots.resize(to: count)
    observeNetwork()
    var offset = 0
    for row in 0..<count {
      try resolve(row, of: lines, key: lines.items.key(row, at: &offset))
    }
    for row in 0..<count where !isPlain(scratch.slots[row]) { return nil }
    for row in 0..<count { try checkStock(row, of: command, at: now) }
    // From here on the hold is granted.
    return HeldEvent(
      key: command.key, owner: command.owner, name: command.name, expiresAt: expiresAt,
      items: lines.items,
      nodes: Column(base: UnsafePointer(scratch.nodes.base), count: count),
      quantities: lines.quantities)
  }

  private func resolve(
    _ row: Int, of lines: HoldRequestLines, key: BorrowedBytes
  ) throws(Refusal) {
    try checkQuantity(lines.quantities[row], key: key, row: row)
    let index = Int(lines.nodes[row])
    if index >= lines.nodeNames.count { throw unnamedPlace(lines, row: row) }
    guard let node = network.nodeIndex(lines.nodeNames[index]) else {
      throw unknownNode(lines.nodeNames[index].name, row: row)
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
    let quantities = command.lines.quantities
    var wanted = Int64(quantities[row])
    for other in 0..<row where scratch.tokens[other] == token && scratch.nodes[other] == node {
      wanted += Int64(quantities[other])
    }
    let available =
      positions.row(scratch.slots[row], node: node).map { offerable($0.pointee, node, at: now) }
      ?? 0
    if wanted > available {
      throw insufficientStock(
        ClaimWish(item: token, units: wanted, place: node), available: available, row: row,
        owner: command.owner, at: now)
    }
  }

  // MARK: By a policy, a due, a channel, a group, or in place of another hold

  private func decideFilling(
    _ command: HoldCommand, expiresAt: UnixMilliseconds, replacing replaced: Int?,
    at now: UnixMilliseconds
  ) throws(Refusal) -> HeldEvent {
    let wishes = try resolve(command.lines, at: now)
    beginTaking()
    if let replaced { giveBack(linesOf: replaced) }
    let first = scratch.wishes.count
    var lines = TakenLines()
    var grants = GrantRows()
    var granted = false
    for (row, wish) in wishes.enumerated() {
      let grant = try fill(wish, command.fill, row: row, of: command, into: &lines, at: now)
      grants.append(grant)
      granted = granted || grant.granted[0] > 0 || grant.later[0] > 0 || grant.backordered[0] > 0
    }
    if !granted {
      throw insufficientStock(
        wishes[0], available: 0, row: 0, owner: command.owner, at: now)
    }
    if scratch.wishes.count - first > Limits.linesPerHold || lines.count > Limits.linesPerHold {
      throw Refusal(
        .tooManyRows, "the hold would have \(lines.count) lines: at most \(Limits.linesPerHold)")
    }
    let keepsGrants = command.fill != .fillOrKill || grants.backordered.contains { $0 > 0 }
    return event(
      of: command, lines, expiresAt: expiresAt, replacing: replaced,
      grants: keepsGrants ? grants : GrantRows())
  }

  /// An event with the lines that were taken, in scratch memory.
  func event(
    of command: HoldCommand, _ lines: TakenLines, expiresAt: UnixMilliseconds,
    replacing replaced: Int?, grants: GrantRows = GrantRows(),
    promises: [PromisedShipment] = []
  ) -> HeldEvent {
    scratch.nodes.removeAll()
    scratch.quantities.removeAll()
    scratch.lengths.removeAll()
    scratch.lineBytes.removeAll()
    for line in lines.lines {
      scratch.nodes.append(line.node)
      scratch.quantities.append(line.quantity)
      let key = itemKeys.name(line.item)
      scratch.lengths.append(UInt32(key.bytes.count))
      for byte in key.bytes { scratch.lineBytes.append(byte) }
    }
    let held = replaced.map { holds.state($0) == .held } ?? false
    return HeldEvent(
      key: command.key, owner: command.owner, name: command.name, expiresAt: expiresAt,
      replaces: held ? command.replaces : 0,
      items: KeyColumn(
        bytes: Column(base: UnsafePointer(scratch.lineBytes.base), count: scratch.lineBytes.count),
        lengths: Column(base: UnsafePointer(scratch.lengths.base), count: lines.count)),
      nodes: Column(base: UnsafePointer(scratch.nodes.base), count: lines.count),
      quantities: Column(base: UnsafePointer(scratch.quantities.base), count: lines.count),
      details: lines.details, grants: grants, promises: promises)
  }

  // MARK: Before the lines

  private func checkName(of command: HoldCommand, at now: UnixMilliseconds) throws(Refusal) {
    if command.name.isEmpty { return }
    guard let slot = holds.find(name: command.name) else { return }
    let hold = holds.hold(slot)
    observe(.hold, hold.id)
    // What it replaces passes its name on; what is forgotten has none.
    if hold.id == command.replaces || isForgotten(slot, at: now) { return }
    throw Refusal(
      .nameTaken,
      "hold \(hold.id) is named \(command.name.name): name it in replaces_hold_id to replace it, or"
        + " choose another name", key: command.name.name)
  }

  func isForgotten(_ slot: Int, at now: UnixMilliseconds) -> Bool {
    let forgetAt = holds.hold(slot).forgetAt
    return forgetAt != 0 && forgetAt <= now.milliseconds
  }

  /// The hold that a command replaces; nil when it is forgotten: then it claims nothing that could
  /// stand in the way.
  private func replacedHold(
    _ id: UInt64, by owner: BorrowedBytes, at now: UnixMilliseconds
  ) throws(Refusal) -> Int? {
    observe(.hold, id)
    guard let slot = holds.find(id, at: now.milliseconds) else { return nil }
    if !same(owner, holds.owner(slot)) {
      throw Refusal(.notOwner, "hold \(id) belongs to another owner")
    }
    if holds.state(slot) == .committed {
      throw Refusal(
        .holdCommitted, "hold \(id), which is to be replaced, is committed: amend it instead")
    }
    return slot
  }

  /// Counts what a hold claims as free from here on.
  func giveBack(linesOf slot: Int) {
    if holds.state(slot).isEnded { return }
    for index in 0..<Int(holds.hold(slot).lineCount) {
      let line = holds.lines(slot)[index]
      if line.quantity > 0 { giveBack(ClaimWish(line)) }
    }
  }
}

extension ClaimWish {
  /// What a line claims.
  init(_ line: HoldLine, units: Int32? = nil) {
    self.init(
      item: line.item, units: Int64(units ?? line.quantity), due: line.dueUnixSeconds,
      place: line.node, channel: line.channel, isPool: line.isPool,
      part: line.isHeading
        ? .kit : line.flags & HoldLineFlag.component != 0 ? .component : .none)
  }
}
