import PromisedModel

/// What the feed asks of holds.
extension State {
  /// Units of a committed hold of an item in a node, as `shipNamed` consumes them.
  func unitsClaimed(byHold id: UInt64, token: UInt64, node: UInt16, at now: Int64) -> Int64 {
    guard let slot = holds.find(id, at: now) else { return 0 }
    if holds.state(slot) != .committed { return 0 }
    var units: Int64 = 0
    for index in 0..<Int(holds.hold(slot).lineCount) {
      let line = holds.lines(slot)[index]
      if line.item == token && line.node == node && !line.isPool && !line.isHeading {
        units += Int64(line.quantity)
      }
    }
    return units
  }

  /// Units of a position that are picked and not shipped.
  func pickedUnits(token: UInt64, node: UInt16) -> Int32 {
    breakdowns.read(item: token, node: node).picked
  }
}
