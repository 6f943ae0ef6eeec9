// What was promised to a customer, as holds and allocations carry it.

/// What a promise takes room in.
package enum BucketKind: UInt8, Sendable, CaseIterable {
  /// A departure of a leg; `index` is the leg's.
  case leg = 1
  /// An hour of work of a node; `index` is the node's.
  case nodeHour = 2
  /// A wave of a station; `index` is the wave's.
  case wave = 3
}

/// Units claimed of one bucket.
package struct BucketClaim: BitwiseCopyable, Sendable, Equatable {
  package var kind: BucketKind.RawValue
  package var index: UInt32
  /// The departure (leg), the beginning of the hour (node), the cut-off (wave), UTC.
  package var atUnixSeconds: Int64
  package var units: Int32

  package init(kind: BucketKind, index: UInt32, atUnixSeconds: Int64, units: Int32) {
    self.kind = kind.rawValue
    self.index = index
    self.atUnixSeconds = atUnixSeconds
    self.units = units
  }
}

/// One planned shipment of a hold: some of its lines, from one node, promised by one window.
package struct PromisedShipment: Sendable, Equatable {
  package var node: UInt16
  package var level: ServiceLevel
  package var restrictions: ItemRestrictions
  package var confidence: ConfidenceLevel
  /// Lines of the hold, first and count.
  package var firstLine: UInt16
  package var lineCount: UInt16
  package var country: Name
  package var postcode: Name
  package var windowFromUnixSeconds: Int64
  package var windowToUnixSeconds: Int64
  /// Local date of the window.
  package var deliveryDays: Int32
  /// The stated chance in 1/65535.
  package var chance: UInt16
  /// When it leaves the node at the latest.
  package var shipByUnixSeconds: Int64
  /// The lane's index when a carrier brings it to the customer, else `UInt32.max`.
  package var lane: UInt32
  package var claims: [BucketClaim]
  /// Moved to an earlier window when room comes free.
  package var wantsUpgrade: Bool

  package init(
    node: UInt16, level: ServiceLevel, restrictions: ItemRestrictions,
    confidence: ConfidenceLevel, firstLine: UInt16, lineCount: UInt16, country: Name,
    postcode: Name, windowFromUnixSeconds: Int64, windowToUnixSeconds: Int64,
    deliveryDays: Int32, chance: UInt16, shipByUnixSeconds: Int64, lane: UInt32,
    claims: [BucketClaim], wantsUpgrade: Bool
  ) {
    self.node = node
    self.level = level
    self.restrictions = restrictions
    self.confidence = confidence
    self.firstLine = firstLine
    self.lineCount = lineCount
    self.country = country
    self.postcode = postcode
    self.windowFromUnixSeconds = windowFromUnixSeconds
    self.windowToUnixSeconds = windowToUnixSeconds
    self.deliveryDays = deliveryDays
    self.chance = chance
    self.shipByUnixSeconds = shipByUnixSeconds
    self.lane = lane
    self.claims = claims
    self.wantsUpgrade = wantsUpgrade
  }
}

/// A promise as a snapshot holds it.
package struct PromiseRow: Sendable, Equatable {
  package var holdID: UInt64
  package var orderedAtUnixSeconds: Int64
  /// 0 = not reported.
  package var deliveredAtUnixSeconds: Int64
  package var shipment: PromisedShipment

  package init(
    holdID: UInt64, orderedAtUnixSeconds: Int64, deliveredAtUnixSeconds: Int64 = 0,
    shipment: PromisedShipment
  ) {
    self.holdID = holdID
    self.orderedAtUnixSeconds = orderedAtUnixSeconds
    self.deliveredAtUnixSeconds = deliveredAtUnixSeconds
    self.shipment = shipment
  }
}

/// A bucket as a snapshot holds it: by how fast it was claimed, and since when it is closed to new
/// offers (0 = open). Its units follow from the promises.
package struct BucketRow: Sendable, Equatable {
  package var kind: BucketKind
  package var index: UInt32
  package var atUnixSeconds: Int64
  package var stretchStart: Int64
  package var current: Int64
  package var previous: Int64
  package var closedAtUnixSeconds: Int64

  package init(
    kind: BucketKind, index: UInt32, atUnixSeconds: Int64, stretchStart: Int64, current: Int64,
    previous: Int64, closedAtUnixSeconds: Int64
  ) {
    self.kind = kind
    self.index = index
    self.atUnixSeconds = atUnixSeconds
    self.stretchStart = stretchStart
    self.current = current
    self.previous = previous
    self.closedAtUnixSeconds = closedAtUnixSeconds
  }
}

// MARK: Broken promises

/// Why a promise will be missed.
package enum RiskCause: UInt8, Sendable, CaseIterable {
  case legClosed = 1
  case legDelayed = 2
  /// Fewer units are there than are promised.
  case stockShort = 3
  case inboundLate = 4
  /// The node or the wave has less room than was promised.
  case capacityCut = 5
  case nodeClosed = 6
}

package struct AtRiskQuery {
  /// Only promises shipped from this node; empty = all.
  package var node: BorrowedBytes
  /// 1…10,000.
  package var limit: Int32

  package init(node: BorrowedBytes, limit: Int32) {
    self.node = node
    self.limit = limit
  }
}

/// One promise that will be missed, and what would save it.
package struct RiskRow: Sendable, Equatable {
  package var holdID: UInt64 = 0
  package var shipment: UInt16 = 0
  package var owner: Name = .empty
  package var item: Name = .empty
  package var node: Name = .empty
  package var cause: RiskCause = .legClosed
  /// The leg, item, inbound shipment or node that is the cause.
  package var subject: Name = .empty
  package var promisedToUnixSeconds: Int64 = 0
  package var promisedDays: Int32 = 0
  /// When it will arrive as it stands; 0 = not at all within the horizon.
  package var newToUnixSeconds: Int64 = 0
  package var newDays: Int32 = 0
  /// The node that could ship it instead, and when that arrives; empty = none.
  package var rescueNode: Name = .empty
  package var rescueToUnixSeconds: Int64 = 0
  package var rescueDays: Int32 = 0
  /// The rescue is no later than the promise.
  package var isSaved: Bool = false

  package init() {}
}

/// Re-source promises that will be missed: all of them, or of one hold.
package struct RescueCommand {
  package var key: CommandKey
  /// 0 = every promise at risk.
  package var holdID: UInt64
  /// False: only say what would be done.
  package var applies: Bool

  package init(key: CommandKey, holdID: UInt64, applies: Bool) {
    self.key = key
    self.holdID = holdID
    self.applies = applies
  }
}

package enum MoveCause: UInt8, Sendable, CaseIterable {
  case rescue = 1
  /// Room came free and the owner wanted an earlier window.
  case upgrade = 2
}

/// A promise got another shipment in place of an old one; its units move with it.
package struct PromiseMovedEvent: Sendable, Equatable {
  package var holdID: UInt64
  package var shipment: UInt16
  package var cause: MoveCause
  package var moved: PromisedShipment

  package init(holdID: UInt64, shipment: UInt16, cause: MoveCause, moved: PromisedShipment) {
    self.holdID = holdID
    self.shipment = shipment
    self.cause = cause
    self.moved = moved
  }
}
