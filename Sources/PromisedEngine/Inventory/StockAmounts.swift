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

  /// What is wrong with a movement by itself; nil when nothing is.
  @inline(__always)
  static func form(_ kind: MovementKind, _ quantity: Int64) -> OutcomeCode? {
    let limit = Int64(Limits.unitsPerPosition)
    if kind != .adjustment && quantity < 0 { return .fieldOutOfRange }
    return quantity > limit || quantity < -limit ? .quantityOverflow : nil
  }

  /// Makes a movement, or answers why not and changes nothing.
  mutating func move(_ kind: MovementKind, by quantity: Int64) -> OutcomeCode {
    let limit = Int64(Limits.unitsPerPosition)
    if let code = Self.form(kind, quantity) { return code }
    var moved = self
    let units = Int32(truncatingIfNeeded: quantity)
    var onHand = Int64(self.onHand)
    switch kind {
    case .receipt, .adjustment, .transferIn, .returned, .inboundReceipt: onHand += quantity
    case .shipment, .transferOut, .shortPick: onHand -= quantity
    case .count, .countWithoutPicked: onHand = quantity
    case .unfulfillable: moved.unfulfillable = units
    case .researching: moved.researching = units
    case .inTransfer: moved.inTransfer = units
    case .inProcessing: moved.inProcessing = units
    case .withheld: moved.withheld = units
    case .inspected, .inbound: break
    }
    if onHand < 0 { return .onHandNegative }
    if onHand > limit || moved.encumbered > limit { return .quantityOverflow }
    moved.onHand = Int32(truncatingIfNeeded: onHand)
    self = moved
    return .ok
  }

  /// As above, with dispositions; on hand stays where it is when `keepsOnHand`, because it was
  /// counted since.
  mutating func move(
    _ kind: MovementKind, by quantity: Int64, to: UInt8, from: UInt8, keepsOnHand: Bool
  ) -> OutcomeCode {
    var moved = self
    let code = moved.move(kind, by: quantity)
    if keepsOnHand {
      if StockAmounts.form(kind, quantity) != nil { return code }
      moved = self
    } else if code != .ok {
      return code
    }
    if kind == .returned || kind == .inspected {
      if kind == .inspected && moved.units(in: from) < quantity { return .insufficientStock }
      if kind == .inspected { moved.add(-quantity, to: from) }
      moved.add(quantity, to: to)
      if !moved.isWithinLimits { return .quantityOverflow }
    }
    self = moved
    return .ok
  }

  /// Units in a disposition; of the sellable ones what no condition covers.
  private func units(in disposition: UInt8) -> Int64 {
    switch Disposition(rawValue: disposition) {
    case .unfulfillable: Int64(unfulfillable)
    case .researching: Int64(researching)
    case .inProcessing: Int64(inProcessing)
    case .sellable, nil: Int64(onHand) - encumbered
    }
  }

  private mutating func add(_ units: Int64, to disposition: UInt8) {
    let units = Int32(clamping: units)
    switch Disposition(rawValue: disposition) {
    case .unfulfillable: unfulfillable = Int32(clamping: Int64(unfulfillable) + Int64(units))
    case .researching: researching = Int32(clamping: Int64(researching) + Int64(units))
    case .inProcessing: inProcessing = Int32(clamping: Int64(inProcessing) + Int64(units))
    case .sellable, nil: break
    }
  }

  /// One amount, as the journal names it.
  subscript(_ amount: JournalAmount) -> Int32 {
    get {
      switch amount {
      case .onHand: onHand
      case .unfulfillable: unfulfillable
      case .researching: researching
      case .inTransfer: inTransfer
      case .inProcessing: inProcessing
      case .withheld: withheld
      case .inbound, .received: 0
      }
    }
    set {
      switch amount {
      case .onHand: onHand = newValue
      case .unfulfillable: unfulfillable = newValue
      case .researching: researching = newValue
      case .inTransfer: inTransfer = newValue
      case .inProcessing: inProcessing = newValue
      case .withheld: withheld = newValue
      case .inbound, .received: break
      }
    }
  }
}
