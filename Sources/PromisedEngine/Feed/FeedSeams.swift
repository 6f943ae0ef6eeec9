import PromisedModel

/// What the feed asks of holds.
extension State {
  /// What shipments of so many units that name a hold consume of it, as `shipNamed` does; of these,
  /// the units that the position counts as allocated, and as picked.
  func consumption(
    _ units: Int64, _ from: ShippedFrom, at now: Int64
  ) -> (units: Int64, allocated: Int64, picked: Int64) {
    guard let slot = holds.find(from.holdID, at: now), holds.state(slot) == .committed else {
      return (0, 0, 0)
    }
    var (left, allocated, picked) = (units, Int64(0), Int64(0))
    for index in 0..<Int(holds.hold(slot).lineCount) where left > 0 {
      let line = holds.lines(slot)[index]
      if line.item != from.item || line.node != from.node { continue }
      if line.isPool || line.isHeading { continue }
      let taken = min(left, Int64(line.quantity))
      left -= taken
      if !line.isAtPosition { continue }
      allocated += taken
      picked += min(taken, Int64(line.picked))
    }
    return (units - left, allocated, picked)
  }
}
