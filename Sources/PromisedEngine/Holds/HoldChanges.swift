import PromisedInvariants
import PromisedModel

/// Claims: events made true, and the answer to who asks for a hold.
extension State {
  func apply(held event: HeldEvent) {
    let id = appliedPosition
    let count = event.quantities.count
    let slot = holds.insert(
      id: id, owner: event.owner, expiresAt: event.expiresAt.milliseconds, state: .held,
      lineCount: count)
    let lines = holds.lines(slot)
    var offset = 0
    for index in 0..<count {
      let token = itemKeys.token(event.items.key(index, at: &offset))
      invariant(token != 0, "a hold names an item that does not exist")
      let line = HoldLine(
        item: token, quantity: event.quantities[index], node: event.nodes[index])
      lines[index] = line
      claim(line, line.quantity, allocated: 0)
    }
    if !event.promises.isEmpty { keep(event.promises, of: slot) }
    touch(.hold, id)
    remember(
      event.key,
      RememberedOutcome(
        code: .ok, holdID: id, expiresAtMilliseconds: event.expiresAt.milliseconds))
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
      move(linesOf: slot, reserved: before == .expired ? 1 : 0, allocated: 1)
      if before == .expired { claimPromises(of: slot) }
      holds.change(slot, to: .committed, forgetAt: 0, committedAt: appliedPosition)
      indexAllocations(of: slot)
      reviewShortfalls(of: slot)
    case .release:
      invariant(before == .held || before == .committed, "releasing an ended hold")
      dropAllocations(of: slot)
      move(linesOf: slot, reserved: -1, allocated: before == .committed ? -1 : 0)
      reviewShortfalls(of: slot)
      releasePromises(of: slot)
      end(slot, as: .released)
    }
    remember(
      event.key,
      RememberedOutcome(
        code: .ok, holdID: event.holdID, expiresAtMilliseconds: holds.hold(slot).expiresAt,
        reclaimed: event.reclaimed))
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

  private func end(_ slot: Int, as state: HoldState) {
    holds.change(slot, to: state, forgetAt: forgetTime(after: Limits.endedHoldMilliseconds))
  }

  /// Answers a hold with its lines.
  ///
  /// - Throws: HOLD_UNKNOWN.
  package func answer(holdID: UInt64, into reply: inout HoldReply) throws(Refusal) {
    observe(.hold, holdID)
    guard let slot = holds.find(holdID) else { throw unknownHold(holdID) }
    let hold = holds.hold(slot)
    reply.holdID = holdID
    reply.state = holds.state(slot)
    reply.owner = holds.owner(slot)
    reply.expiresAt = UnixMilliseconds(hold.expiresAt)
    beginKeys(maximum: Int(hold.lineCount))
    let lines = holds.lines(slot)
    for index in 0..<Int(hold.lineCount) {
      reply.items.append(borrowedKey(lines[index].item))
      reply.nodes.append(network.nodeName(lines[index].node))
      reply.quantities.append(Int64(lines[index].quantity))
    }
    appendShipments(of: slot, to: &reply)
  }

  /// What was promised with a hold, for the answer to the hold itself.
  package func appendShipments(ofHold id: UInt64, to reply: inout HoldReply) {
    if let slot = holds.find(id) { appendShipments(of: slot, to: &reply) }
  }

  private func appendShipments(of slot: Int, to reply: inout HoldReply) {
    var block = holds.hold(slot).promises
    while block != 0 {
      let record = promises.record(block).pointee
      reply.shipmentLineCounts.append(UInt32(record.lineCount))
      reply.shipmentNodes.append(network.nodeName(record.node))
      reply.shipmentWindowFromUnixSeconds.append(record.windowFromUnixSeconds)
      reply.shipmentWindowToUnixSeconds.append(record.windowToUnixSeconds)
      reply.shipmentDeliveryDays.append(record.deliveryDays)
      reply.shipmentShipByUnixSeconds.append(record.shipByUnixSeconds)
      reply.shipmentConfidences.append(UInt32(record.chance))
      reply.shipmentLevels.append(UInt32(record.level))
      block = record.next
    }
  }

  /// Makes room for `maximum` keys in this answer; keys of the answer before become invalid.
  func beginKeys(maximum: Int) {
    scratch.keyBytes.removeAll()
    scratch.keyBytes.reserve(maximum * ItemKeys.maximumByteCount)
  }

  /// An item's key in scratch memory, valid until the next `beginKeys`.
  func borrowedKey(_ token: UInt64) -> BorrowedBytes {
    let start = scratch.keyBytes.count
    invariant(
      start + ItemKeys.maximumByteCount <= scratch.keyBytes.capacity, "an answer has too many keys")
    scratch.keyBytes.resize(to: start + ItemKeys.maximumByteCount)
    let target = scratch.keyBytes.base + start
    let count = itemKeys.write(token, to: target)
    scratch.keyBytes.resize(to: start + count)
    return BorrowedBytes(base: UnsafePointer(target), count: count)
  }
}
