import PromisedInvariants
import PromisedModel

/// A hold that was granted goes on: decisions. Guards stand in the order of their precedence.
extension State {
  /// Moves a hold on, or refuses.
  ///
  /// - Throws: HOLD_UNKNOWN, then NOT_OWNER, then HOLD_RELEASED, HOLD_CONSUMED; committing:
  ///   HOLD_COMMITTED, and INSUFFICIENT_STOCK when the hold had expired and its units are gone;
  ///   releasing: HOLD_EXPIRED.
  package func decide(_ command: HoldTransitionCommand, at now: UnixMilliseconds) throws(Refusal)
    -> HoldChangedEvent
  {
    let slot = try livingHold(command.hold, of: command.owner, at: now)
    let (id, state) = (holds.hold(slot).id, holds.state(slot))
    switch command.transition {
    case .commit:
      if state == .committed {
        throw Refusal(.holdCommitted, "hold \(id) is committed already")
      }
      if state == .expired { try checkReclaim(of: slot, at: now) }
    case .release:
      if state == .expired {
        throw Refusal(.holdExpired, "hold \(id) has expired: nothing is held")
      }
    }
    return HoldChangedEvent(
      key: command.key, holdID: id, transition: command.transition,
      reclaimed: state == .expired)
  }

  /// Holds for longer, or refuses. An expired hold claims its units again.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE, HOLD_UNKNOWN, NOT_OWNER, HOLD_RELEASED, HOLD_CONSUMED,
  ///   HOLD_COMMITTED: an allocation does not expire; of an expired hold what a commit throws.
  package func decide(_ command: ExtendCommand, at now: UnixMilliseconds) throws(Refusal)
    -> HoldExtendedEvent
  {
    try checkTimeToLive(command.timeToLiveSeconds)
    let expiresAt = try expiry(after: command.timeToLiveSeconds, at: now)
    let slot = try livingHold(command.hold, of: command.owner, at: now)
    let (hold, state) = (holds.hold(slot), holds.state(slot))
    if state == .committed {
      throw Refusal(.holdCommitted, "hold \(hold.id) is committed: it does not expire")
    }
    if state == .expired { try checkReclaim(of: slot, at: now) }
    return HoldExtendedEvent(
      key: command.key, holdID: hold.id,
      expiresAt: max(expiresAt, UnixMilliseconds(hold.expiresAt)), reclaimed: state == .expired)
  }

  /// Picks or ships units of a committed hold, or refuses.
  ///
  /// Rows name units by item and node; several lines that claim there are served in their order.
  /// No rows: all that is left is shipped.
  ///
  /// - Throws: what the form of a hold's lines throws, FIELD_MISSING (picking nothing);
  ///   HOLD_UNKNOWN, NOT_OWNER, HOLD_RELEASED, HOLD_CONSUMED, HOLD_EXPIRED, HOLD_NOT_COMMITTED;
  ///   then, for the first row concerned, FIELD_OUT_OF_RANGE, NODE_UNKNOWN, ITEM_UNKNOWN,
  ///   LINE_NOT_SOURCED (units of a group have no node yet), LINE_QUANTITY_EXCEEDED (with what is
  ///   left of it), ON_HAND_NEGATIVE (with what is on hand).
  package func decide(_ command: FulfilCommand, at now: UnixMilliseconds) throws(Refusal)
    -> HoldFulfilledEvent
  {
    try checkForm(of: command.lines)
    let rows = command.lines.count
    if !command.missing.isEmpty && command.missing.count != rows {
      throw Refusal(.columnLengthMismatch, "every column of a pick must have \(rows) rows")
    }
    if rows == 0 && command.step == .pick {
      throw Refusal(.fieldMissing, "a pick needs at least one line")
    }
    let slot = try livingHold(command.hold, of: command.owner, at: now)
    let (id, state) = (holds.hold(slot).id, holds.state(slot))
    if state == .expired {
      throw Refusal(.holdExpired, "hold \(id) has expired: commit it first")
    }
    if state == .held {
      throw Refusal(.holdNotCommitted, "hold \(id) is not committed: nothing of it is an order")
    }
    var event = HoldFulfilledEvent(key: command.key, holdID: id, step: command.step)
    var asked: [Int] = []
    if rows == 0 {
      try shipAll(of: slot, into: &event)
    } else {
      asked = try serve(command, of: slot, into: &event, at: now)
    }
    try checkOnHand(event, of: slot, asked: asked)
    return event
  }

  private func shipAll(of slot: Int, into event: inout HoldFulfilledEvent) throws(Refusal) {
    for index in 0..<Int(holds.hold(slot).lineCount) {
      let line = holds.lines(slot)[index]
      if line.quantity == 0 || line.isHeading { continue }
      if line.isPool { throw notSourced(line, row: index) }
      event.append(index, units: line.quantity)
    }
  }

  private func serve(
    _ command: FulfilCommand, of slot: Int, into event: inout HoldFulfilledEvent,
    at now: UnixMilliseconds
  ) throws(Refusal) -> [Int] {
    var rows: [Int] = []
    let wishes = try resolve(command.lines, least: 0, at: now)
    let lines = holds.lines(slot)
    let count = Int(holds.hold(slot).lineCount)
    var left = (0..<count).map { index in
      let line = lines[index]
      return line.isHeading
        ? 0 : command.step == .pick ? line.quantity - line.picked : line.quantity
    }
    for (row, wish) in wishes.enumerated() {
      let missing = command.missing.isEmpty ? 0 : command.missing[row]
      if missing < 0 || missing > Limits.unitsPerPosition || (wish.units == 0 && missing == 0) {
        throw Refusal(
          .fieldOutOfRange,
          "\(wish.units) units and \(missing) missing of item \(itemKeys.name(wish.item)): together"
            + " 1 or more, each 0 to \(Limits.unitsPerPosition)",
          key: itemKeys.name(wish.item), row: Int32(row))
      }
      var (units, lost) = (wish.units, Int64(missing))
      var served: Int64 = 0
      for index in 0..<count where lines[index].item == wish.item && left[index] > 0 {
        let line = lines[index]
        if line.isPool || wish.isPool || line.node != wish.place { continue }
        let taken = min(units, Int64(left[index]))
        let gone = min(lost, Int64(left[index]) - taken)
        units -= taken
        lost -= gone
        served += taken + gone
        left[index] -= Int32(taken + gone)
        if taken + gone > 0 {
          event.append(index, units: Int32(taken), missing: Int32(gone))
          rows.append(row)
        }
      }
      if units > 0 || lost > 0 {
        throw notServed(wish, served: served, missing: missing, slot, row: row, command.step)
      }
    }
    return rows
  }

  private func notServed(
    _ wish: ClaimWish, served: Int64, missing: Int32, _ slot: Int, row: Int, _ step: FulfilmentStep
  ) -> Refusal {
    let lines = holds.lines(slot)
    for index in 0..<Int(holds.hold(slot).lineCount)
    where lines[index].item == wish.item && lines[index].isPool && lines[index].quantity > 0 {
      return notSourced(lines[index], row: row)
    }
    let key = itemKeys.name(wish.item)
    return Refusal(
      .lineQuantityExceeded,
      "\(wish.units + Int64(missing)) of item \(key) in"
        + " \(placeName(wish.place, isPool: wish.isPool).name) are more than the \(served) that are"
        + " left to \(step == .pick ? "pick" : "ship")", key: key, row: Int32(row),
      availableUnits: served)
  }

  private func notSourced(_ line: HoldLine, row: Int) -> Refusal {
    let key = itemKeys.name(line.item)
    return Refusal(
      .lineNotSourced,
      "item \(key) is claimed of group \(placeName(line.node, isPool: true).name): amend the hold"
        + " with the nodes it leaves from", key: key, row: Int32(row))
  }

  /// What leaves, or is not found, must be on hand.
  ///
  /// - Parameter asked: the request's row of each line of the event, which a refusal names; empty when
  ///   the request names none.
  private func checkOnHand(
    _ event: HoldFulfilledEvent, of slot: Int, asked: [Int]
  ) throws(Refusal) {
    let lines = holds.lines(slot)
    for row in 0..<event.lines.count {
      let line = lines[Int(event.lines[row])]
      var leaving: Int64 = 0
      for other in 0...row {
        let there = lines[Int(event.lines[other])]
        if there.item != line.item || there.node != line.node { continue }
        leaving +=
          event.step == .ship ? Int64(event.units[other]) : Int64(event.missing[other])
      }
      let position = positions.find(line.item)
      let onHand =
        position < 0 ? 0 : Int64(positions.row(position, node: line.node)?.pointee.onHand ?? 0)
      if leaving > onHand {
        let key = itemKeys.name(line.item)
        throw Refusal(
          .onHandNegative,
          "\(leaving) of item \(key) would leave \(network.nodeName(line.node).name), where"
            + " \(onHand) are on hand: count it first", key: key,
          row: Int32(asked.isEmpty ? row : asked[row]), availableUnits: onHand)
      }
    }
  }

  // MARK: Guards

  /// The hold that a command is about, which may have expired.
  ///
  /// - Throws: HOLD_UNKNOWN, NOT_OWNER, HOLD_RELEASED, HOLD_CONSUMED.
  func livingHold(
    _ hold: HoldReference, of owner: BorrowedBytes, at now: UnixMilliseconds
  ) throws(Refusal) -> Int {
    let slot = try find(hold, at: now)
    let id = holds.hold(slot).id
    if !same(owner, holds.owner(slot)) {
      throw Refusal(.notOwner, "hold \(id) belongs to another owner")
    }
    switch holds.state(slot) {
    case .released: throw Refusal(.holdReleased, "hold \(id) was released")
    case .consumed:
      throw Refusal(.holdConsumed, "hold \(id) is shipped: nothing of it is left")
    case .held, .committed, .expired: return slot
    }
  }

  /// The slot of a hold by its id or name.
  ///
  /// - Throws: HOLD_UNKNOWN.
  func find(_ hold: HoldReference, at now: UnixMilliseconds) throws(Refusal) -> Int {
    let slot = hold.id == 0 ? holds.find(name: hold.name) : holds.find(hold.id)
    guard let slot else {
      // Who bore a name before may have lost it a moment ago.
      if hold.id == 0 { observeEverything() } else { observe(.hold, hold.id) }
      throw unknownHold(hold)
    }
    observe(.hold, holds.hold(slot).id)
    if isForgotten(slot, at: now) { throw unknownHold(hold) }
    if hold.id != 0 && !hold.name.isEmpty && !same(hold.name, holds.name(slot)) {
      throw Refusal(
        .holdUnknown, "hold \(hold.id) does not bear the name \(hold.name.name)",
        key: hold.name.name)
    }
    return slot
  }

  /// Whether an expired hold can claim again all that it claimed.
  ///
  /// - Throws: INSUFFICIENT_STOCK with the line, OFFER_EXPIRED, OFFER_CHANGED, CAPACITY_FULL.
  private func checkReclaim(of slot: Int, at now: UnixMilliseconds) throws(Refusal) {
    beginTaking()
    for row in 0..<Int(holds.hold(slot).lineCount) {
      let line = holds.lines(slot)[row]
      observe(item: line.item)
      if line.isHeading || line.quantity == 0 { continue }
      let wish = ClaimWish(line)
      let available = claimable(wish, at: now)
      if available < wish.units {
        throw insufficientStock(
          wish, beside: available, row: row, owner: holds.owner(slot), at: now)
      }
      scratch.wishes.append(wish)
    }
    try checkPromises(of: slot, at: now)
  }
}

extension HoldFulfilledEvent {
  fileprivate mutating func append(_ line: Int, units: Int32, missing: Int32 = 0) {
    lines.append(UInt16(line))
    self.units.append(units)
    self.missing.append(missing)
  }
}
