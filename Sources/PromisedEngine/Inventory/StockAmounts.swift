import PromisedModel

/// What a feed or an operator states about an item in a node: on hand, and how much of it is in a
/// condition that keeps it from being sold.
struct StockAmounts: BitwiseCopyable, Equatable {
  var onHand: Int32 = 0
  var unfulfillable: Int32 = 0
  var researching: Int32 = 0
  var inTransfer: Int32 = 0
  var inProcessing: Int32 = 0
  var withheld: Int32 = 0

  /// The sum of the conditions; within Int32 for amounts that `isWithinLimits`.
  @inline(__always)
  var encumbered: Int64 {
    Int64(unfulfillable) + Int64(researching) + Int64(inTransfer) + Int64(inProcessing)
      + Int64(withheld)
  }

  /// Every amount is 0 or more; on hand and the sum of the conditions are at most
  /// `Limits.unitsPerPosition`.
  var isWithinLimits: Bool {
    min(unfulfillable, researching, inTransfer, min(inProcessing, withheld, onHand)) >= 0
      && onHand <= Limits.unitsPerPosition && encumbered <= Int64(Limits.unitsPerPosition)
  }

  /// Makes a movement, or answers why not and changes nothing.
  mutating func move(_ kind: MovementKind, by quantity: Int64) -> OutcomeCode {
    let limit = Int64(Limits.unitsPerPosition)
    if kind != .adjustment && quantity < 0 { return .fieldOutOfRange }
    if quantity > limit || quantity < -limit { return .quantityOverflow }
    var moved = self
    let units = Int32(truncatingIfNeeded: quantity)
    var onHand = Int64(self.onHand)
    switch kind {
    case .receipt, .adjustment: onHand += quantity
    case .shipment: onHand -= quantity
    case .count: onHand = quantity
    case .unfulfillable: moved.unfulfillable = units
    case .researching: moved.researching = units
    case .inTransfer: moved.inTransfer = units
    case .inProcessing: moved.inProcessing = units
    case .withheld: moved.withheld = units
    }
    if onHand < 0 { return .onHandNegative }
    if onHand > limit || moved.encumbered > limit { return .quantityOverflow }
    moved.onHand = Int32(truncatingIfNeeded: onHand)
    self = moved
    return .ok
  }
}
