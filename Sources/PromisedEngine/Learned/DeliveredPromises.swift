import PromisedModel

/// The promises that deliveries are told of.
extension State {
  /// The shipment of a hold that waits for its delivery; nil when there is none such.
  func promise(of holdID: UInt64, shipment number: UInt16) -> PromisedShipment? {
    promiseBlock(holdID, number).map { promises.shipment($0) }
  }

  func markDelivered(_ holdID: UInt64, shipment number: UInt16, at unixSeconds: Int64) {
    guard let block = promiseBlock(holdID, number) else { return }
    promises.record(block).pointee.deliveredAtUnixSeconds = max(1, unixSeconds)
    touch(.hold, holdID)
    guard let slot = holds.find(holdID), holds.state(slot).isEnded else { return }
    if isAwaitingDelivery(slot) { return }
    holds.change(
      slot, to: holds.state(slot), forgetAt: forgetTime(after: Limits.endedHoldMilliseconds),
      committedAt: holds.hold(slot).committedAt)
  }

  private func promiseBlock(_ holdID: UInt64, _ number: UInt16) -> UInt32? {
    guard let slot = holds.find(holdID), isOrdered(slot) else { return nil }
    let blocks = promises.blocks(from: holds.hold(slot).promises)
    guard Int(number) < blocks.count else { return nil }
    let block = blocks[Int(number)]
    return promises.record(block).pointee.deliveredAtUnixSeconds == 0 ? block : nil
  }

  /// Committed, or already on its way.
  private func isOrdered(_ slot: Int) -> Bool {
    let state = holds.state(slot)
    return state == .committed || (state.isEnded && keepsRoom(slot))
  }

  /// Promises of committed holds, also of shipped ones, that are not reported delivered, in the order of their slots.
  func forEachLivePromise(_ body: (PromisedShipment) -> Void) {
    for slot in 0..<holds.slotCount where holds.isInUse(slot) && holds.hold(slot).promises != 0 {
      if !isOrdered(slot) { continue }
      for block in promises.blocks(from: holds.hold(slot).promises)
      where promises.record(block).pointee.deliveredAtUnixSeconds == 0 {
        body(promises.shipment(block))
      }
    }
  }
}
