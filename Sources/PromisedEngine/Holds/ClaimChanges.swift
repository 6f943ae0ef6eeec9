import PromisedInvariants
import PromisedModel

/// What lines of holds claim: the only places that claim it, give it back or ship it.
extension State {
  /// Adds to what a line claims, to the allocated units among them and to the picked ones of those.
  ///
  /// - Parameters:
  ///   - instant: when it happened, in milliseconds; 0 = now.
  ///   - isNoted: false where a snapshot is read, whose journal has it.
  func claim(
    _ line: HoldLine, _ units: Int32, allocated: Int32, picked: Int32 = 0, at instant: Int64 = 0,
    isNoted: Bool = true
  ) {
    if line.isHeading { return }
    if line.isAtPosition {
      if isNoted {
        note(
          token: line.item, node: line.node, allocated: allocated, picked: picked, at: instant)
      }
      reserve(
        units, allocated: allocated, picked: picked,
        backordered: line.isBackordered ? allocated - picked : 0, token: line.item,
        node: line.node)
    } else {
      claimBeyondRows(ClaimRow(line), units, allocated: allocated)
    }
    if line.channel != 0 && !line.isPool && units != 0 {
      claimOfChannel(units, item: line.item, node: line.node, channel: line.channel)
    }
  }

  /// Reviews every position where a hold's lines claim.
  func reviewShortfalls(of slot: Int) {
    for index in 0..<Int(holds.hold(slot).lineCount) {
      let line = holds.lines(slot)[index]
      if line.isAtPosition { reviewShortfall(token: line.item, node: line.node) }
    }
  }

  /// Consumes the allocation of a shipment that names it: what left is claimed no more. Answers the
  /// units that did; 0 when the hold is not committed or claims nothing of the item in the node.
  ///
  /// The units leave on hand by the shipment itself, before this is called, so that nothing seems to
  /// be there again in between.
  ///
  /// - Parameter instant: when they left, in milliseconds; 0 = now.
  func shipNamed(
    _ holdID: UInt64, token: UInt64, node: UInt16, units: Int32, at instant: Int64 = 0
  ) -> Int32 {
    guard units > 0, let slot = holds.find(holdID), holds.state(slot) == .committed else {
      return 0
    }
    var left = units
    for line in 0..<Int(holds.hold(slot).lineCount) where left > 0 {
      let held = holds.lines(slot)[line]
      if held.item != token || held.node != node || held.quantity == 0 { continue }
      if held.isPool || held.isHeading { continue }
      let taken = min(left, held.quantity)
      ship(taken, line, of: slot, at: instant)
      left -= taken
    }
    if left == units { return 0 }
    reviewShortfall(token: token, node: node)
    endIfShipped(slot)
    touch(.hold, holdID)
    return units - left
  }

  /// Units of a committed line leave: picked ones first. On hand is the caller's business, and so
  /// is the review.
  func ship(_ units: Int32, _ line: Int, of slot: Int, at instant: Int64 = 0) {
    let held = holds.lines(slot)[line]
    invariant(units > 0 && units <= held.quantity, "more units leave than are claimed")
    let picked = min(units, held.picked)
    // An empty line is in no list.
    if units == held.quantity { unlink(line, of: slot) }
    claim(held, -units, allocated: -units, picked: -picked, at: instant)
    useSetAside(units, of: held)
    holds.lines(slot)[line].quantity -= units
    holds.lines(slot)[line].picked -= picked
    holds.lines(slot)[line].shipped += units
  }

  /// Ends a committed hold of which nothing is left to ship.
  func endIfShipped(_ slot: Int) {
    for index in 0..<Int(holds.hold(slot).lineCount) {
      let line = holds.lines(slot)[index]
      if line.quantity > 0 && !line.isHeading { return }
    }
    dropAllocations(of: slot)
    let committedAt = holds.hold(slot).committedAt
    let waits = isAwaitingDelivery(slot)
    holds.change(
      slot, to: .consumed,
      forgetAt: forgetTime(
        after: waits ? Limits.shippedHoldMilliseconds : Limits.endedHoldMilliseconds),
      committedAt: committedAt, list: waits ? .shipped : .ended)
  }

  /// A promise of the hold has not been reported delivered.
  func isAwaitingDelivery(_ slot: Int) -> Bool {
    var block = holds.hold(slot).promises
    while block != 0 {
      let record = promises.record(block).pointee
      if record.deliveredAtUnixSeconds == 0 { return true }
      block = record.next
    }
    return false
  }

  /// When what ends now is forgotten, in milliseconds.
  func forgetTime(after milliseconds: Int64) -> Int64 {
    let time = appliedTime.milliseconds.addingReportingOverflow(milliseconds)
    return time.overflow ? Int64.max : time.partialValue
  }

  /// Drops ended holds whose time to be forgotten has come. What has left and still takes room in a
  /// bucket that has not, takes none any more.
  func forgetHolds() {
    while let slot = holds.forgettable(at: appliedTime.milliseconds) {
      auditForgets(slot)
      let promised = holds.hold(slot).promises
      if promised != 0 {
        if keepsRoom(slot) { releasePromises(of: slot) }
        promises.remove(from: promised)
      }
      holds.remove(slot)
    }
  }
}
