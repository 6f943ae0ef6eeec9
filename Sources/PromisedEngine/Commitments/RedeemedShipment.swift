import PromisedModel

/// The lines of a hold in the making: the command's, then its tokens'.
struct HeldLines {
  var keys: [Name] = []
  var nodes: [UInt16] = []
  var quantities: [Int32] = []
  var tokens: [UInt64] = []
  var channels: [UInt16] = []
  /// What the units of a line come from; nil = of what there is, as any claim takes them.
  var rests: [LineSupply?] = []

  var count: Int { keys.count }

  /// The explicit lines; their nodes are resolved later.
  init(_ command: HoldCommand, channel: UInt16) {
    var offset = 0
    let lines = command.lines
    for row in 0..<lines.count {
      append(
        lines.items.key(row, at: &offset).name, node: 0, quantity: lines.quantities[row],
        channel: channel, rest: nil)
    }
  }

  mutating func append(
    _ key: Name, node: UInt16, quantity: Int32, channel: UInt16, rest: LineSupply?
  ) {
    keys.append(key)
    nodes.append(node)
    quantities.append(quantity)
    channels.append(channel)
    rests.append(rest)
  }
}

/// What a promised line's units are: on hand, or what comes by an instant.
struct LineSupply {
  var source: SupplySource
  /// 0 = they are on hand.
  var fromUnixSeconds: UInt32 = 0
  /// With which chance they are there by then.
  var confidence: ConfidenceLevel = .usual
  var decidedAt = UnixMilliseconds(0)

  static var onHand: LineSupply { LineSupply(source: .onHand) }

  /// Which units beyond the supply it may take: none but those that were offered.
  var use: BackorderUse {
    switch source {
    case .onHand, .inbound: .none
    case .preorder: .preorders
    case .backorder: .all
    }
  }
}

/// One shipment that a token promises.
struct RedeemedShipment {
  var position: Position
  var expiresUnixSeconds: Int64
  var orderByUnixSeconds: Int64
  var country: Name
  var postcode: Name
  var level: ServiceLevel
  /// Of the profiles its way is of.
  var confidence: ConfidenceLevel
  /// It leaves no earlier: its units come then; 0 = they are on hand.
  var fromUnixSeconds: Int64 = 0
  var node: UInt16
  var windowFromUnixSeconds: Int64
  var windowToUnixSeconds: Int64
  var firstLine: Int
  var lineCount: Int

  init(_ offer: OfferToken, firstLine: Int) {
    position = offer.position
    expiresUnixSeconds = offer.expiresUnixSeconds
    orderByUnixSeconds = offer.orderByUnixSeconds
    country = offer.country.name
    postcode = offer.postcode.name
    level = offer.level
    confidence = offer.rest?.layer ?? offer.confidence
    fromUnixSeconds = Int64(offer.rest?.fromUnixSeconds ?? 0)
    node = offer.node
    windowFromUnixSeconds = offer.windowFromUnixSeconds
    windowToUnixSeconds = offer.windowToUnixSeconds
    self.firstLine = firstLine
    lineCount = 1
  }

  private init(_ plan: PlanToken, _ shipment: PlannedShipment, firstLine: Int) {
    position = plan.position
    expiresUnixSeconds = plan.expiresUnixSeconds
    orderByUnixSeconds = shipment.orderByUnixSeconds
    country = plan.country
    postcode = plan.postcode
    level = shipment.level
    confidence = plan.confidence
    node = shipment.node
    windowFromUnixSeconds = shipment.windowFromUnixSeconds
    windowToUnixSeconds = shipment.windowToUnixSeconds
    self.firstLine = firstLine
    lineCount = shipment.lines.count
  }

  /// The shipments of a plan, whose lines are appended in their order.
  static func shipments(
    of plan: PlanToken, channel: UInt16, into lines: inout HeldLines
  ) -> [RedeemedShipment] {
    var starts: [Int] = []
    var start = 0
    for length in plan.items.lengths {
      starts.append(start)
      start += Int(length)
    }
    var shipments: [RedeemedShipment] = []
    for shipment in plan.shipments {
      shipments.append(RedeemedShipment(plan, shipment, firstLine: lines.count))
      for line in shipment.lines {
        let index = Int(line.line)
        let end = starts[index] + Int(plan.items.lengths[index])
        lines.append(
          Name(Array(plan.items.bytes[starts[index]..<end])), node: shipment.node,
          quantity: line.quantity, channel: channel, rest: .onHand)
      }
    }
    return shipments
  }
}
