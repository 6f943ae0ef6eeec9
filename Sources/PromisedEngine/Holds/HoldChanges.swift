import PromisedInvariants
import PromisedModel

/// Claims: events made true.
extension State {
  func apply(held event: HeldEvent) {
    if event.replaces != 0 {
      guard let replaced = holds.find(event.replaces) else {
        return invariant(false, "replacing a hold that does not exist")
      }
      giveUp(replaced)
    }
    // The name passes on from what is replaced, or from what ended.
    if !event.name.isEmpty, let bearer = holds.find(name: event.name) { holds.dropName(bearer) }
    let id = appliedPosition
    let count = event.quantities.count
    let slot = holds.insert(
      id: id, owner: event.owner, name: event.name, expiresAt: event.expiresAt.milliseconds,
      state: .held, lineCount: count)
    let lines = holds.lines(slot)
    let details = event.extras.flatMap { $0.details.isEmpty ? nil : $0.details }
    var offset = 0
    for index in 0..<count {
      let token = itemKeys.token(event.items.key(index, at: &offset))
      invariant(token != 0, "a hold names an item that does not exist")
      var line = HoldLine(
        item: token, quantity: event.quantities[index], node: event.nodes[index])
      if let details { line.add(details, row: index) }
      lines[index] = line
      claim(line, line.quantity, allocated: 0)
    }
    if details != nil { holds.awaitDue(slot) }
    if !event.promises.isEmpty { keep(event.promises, of: slot) }
    touch(.hold, id)
    remember(
      event.key,
      RememberedOutcome(
        code: .ok, holdID: id, expiresAtMilliseconds: event.expiresAt.milliseconds,
        holdState: HoldState.held.rawValue), event.extras?.grants,
      shipmentsOf: slot)
  }

  func apply(holdChanged event: HoldChangedEvent) {
    guard let slot = holds.find(event.holdID) else {
      return invariant(false, "a change of a hold that does not exist")
    }
    let before = holds.state(slot)
    switch event.transition {
    case .commit:
      invariant(event.reclaimed == (before == .expired), "reclaimed without having expired")
      invariant(before == .held || before == .expired, "committing an ended hold")
      if before == .expired { forgetPastDues(of: slot) }
      move(linesOf: slot, reserved: before == .expired ? 1 : 0, allocated: 1)
      if before == .expired { claimPromises(of: slot) }
      holds.change(slot, to: .committed, forgetAt: 0, committedAt: appliedPosition)
      if before == .expired { holds.awaitDue(slot) }
      indexAllocations(of: slot)
      reviewShortfalls(of: slot)
    case .release: giveUp(slot)
    }
    remember(event.key, outcome(slot, reclaimed: event.reclaimed), shipmentsOf: slot)
  }

  func apply(holdExtended event: HoldExtendedEvent) {
    guard let slot = holds.find(event.holdID) else {
      return invariant(false, "a hold that does not exist is extended")
    }
    let before = holds.state(slot)
    invariant(event.reclaimed == (before == .expired), "reclaimed without having expired")
    invariant(before == .held || before == .expired, "an ended hold is extended")
    holds.setExpiry(slot, event.expiresAt.milliseconds)
    if before == .expired {
      forgetPastDues(of: slot)
      move(linesOf: slot, reserved: 1, allocated: 0)
      claimPromises(of: slot)
      holds.change(slot, to: .held, forgetAt: 0)
      holds.awaitDue(slot)
    }
    touch(.hold, event.holdID)
    remember(event.key, outcome(slot, reclaimed: event.reclaimed), shipmentsOf: slot)
  }

  func apply(holdsExpired ids: Column<UInt64>) {
    for index in 0..<ids.count {
      guard let slot = holds.find(ids[index]), holds.state(slot) == .held else {
        return invariant(false, "expiry of a hold that is not held")
      }
      move(linesOf: slot, reserved: -1, allocated: 0)
      releasePromises(of: slot)
      end(slot, as: .expired)
    }
  }

  /// Gives back what of a hold has not left.
  private func giveUp(_ slot: Int) {
    let before = holds.state(slot)
    invariant(before == .held || before == .committed, "releasing an ended hold")
    dropAllocations(of: slot)
    move(linesOf: slot, reserved: -1, allocated: before == .committed ? -1 : 0)
    reviewShortfalls(of: slot)
    if holds.hold(slot).promises != 0 && hasShipped(slot) {
      keepShipments(shippedPart(of: slot), of: slot)
      return end(slot, as: .released, waits: isAwaitingDelivery(slot))
    }
    releasePromises(of: slot)
    end(slot, as: .released)
  }

  /// Adds the lines of a hold to what is reserved and allocated, by a sign for each; what was picked
  /// goes with what was allocated.
  private func move(linesOf slot: Int, reserved: Int32, allocated: Int32) {
    for index in 0..<Int(holds.hold(slot).lineCount) {
      let line = holds.lines(slot)[index]
      claim(
        line, line.quantity * reserved, allocated: line.quantity * allocated,
        picked: line.picked * allocated)
    }
    touch(.hold, holds.hold(slot).id)
  }

  /// - Parameter waits: it is kept until a delivery of it can be told.
  private func end(_ slot: Int, as state: HoldState, waits: Bool = false) {
    holds.change(
      slot, to: state,
      forgetAt: forgetTime(
        after: waits ? Limits.shippedHoldMilliseconds : Limits.endedHoldMilliseconds),
      list: waits ? .shipped : .ended)
  }

  /// What is remembered of a command that moved a hold on.
  func outcome(_ slot: Int, reclaimed: Bool = false) -> RememberedOutcome {
    let hold = holds.hold(slot)
    return RememberedOutcome(
      code: .ok, holdID: hold.id, expiresAtMilliseconds: hold.expiresAt, reclaimed: reclaimed,
      holdState: hold.state)
  }
}

extension HoldLine {
  mutating func add(_ details: HoldLineDetails, row: Int) {
    dueUnixSeconds = details.dues[row]
    channel = details.channels[row]
    flags = details.flags[row]
  }
}
