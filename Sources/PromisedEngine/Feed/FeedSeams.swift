import PromisedModel

/// What the feed asks of holds.
extension State {
  /// Units that a hold claims of an item in a node.
  func unitsClaimed(byHold id: UInt64, token: UInt64, node: UInt16, at now: Int64) -> Int64 {
    guard let slot = holds.find(id, at: now) else { return 0 }
    let state = holds.state(slot)
    if state != .held && state != .committed { return 0 }
    var units: Int64 = 0
    for index in 0..<Int(holds.hold(slot).lineCount) {
      let line = holds.lines(slot)[index]
      if line.item == token && line.node == node { units += Int64(line.quantity) }
    }
    return units
  }

  /// Units of a position that are picked and not shipped: linear in nothing, as they are kept.
  func pickedUnits(token: UInt64, node: UInt16) -> Int32 { 0 }

  func shipNamed(_ holdID: UInt64, token: UInt64, node: UInt16, units: Int32) -> Int32 { 0 }

  func reviewShortfall(token: UInt64, node: UInt16) {}
}
