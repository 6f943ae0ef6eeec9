/// Units of one line of a cart in one box.
public struct PlanLine: Sendable, Equatable {
  /// The line of the request, from 0.
  public var line: Int
  /// How many of its units.
  public var quantity: Int64
}

/// Items that leave one node together.
public struct PlanShipment: Sendable, Equatable {
  /// Where it leaves.
  public var node: String
  /// The node's title.
  public var nodeTitle: String
  /// 1 economy, 2 standard, 3 expedited, 4 two-hour.
  public var level: UInt32
  /// What is in it.
  public var lines: [PlanLine]
  /// The delivery window begins, UTC seconds.
  public var windowFromUnixSeconds: Int64
  /// Delivered no later than this, UTC seconds.
  public var windowToUnixSeconds: Int64
  /// Seconds east of UTC at the destination in the window.
  public var windowUTCOffsetSeconds: Int32
  /// The window's local date, days since 1970-01-01.
  public var deliveryDay: Int32
  /// Order no later than this and the window holds, UTC seconds.
  public var orderByUnixSeconds: Int64
  /// It leaves the node no later than this, UTC seconds.
  public var shipByUnixSeconds: Int64
  /// Chance of delivery by the window's end in 1/65535.
  public var confidence: UInt32
  /// In 1/10,000 of the currency.
  public var cost: Int64
  /// The silence of the node: 0 none, 1 warn, 3 the promise is later for it.
  public var silence: UInt32 = 0
}

/// A line of a cart that cannot be filled, or not whole.
public struct PlanShortLine: Sendable, Equatable {
  /// The line of the request, from 0.
  public var line: Int
  /// Why.
  public var outcome: RowOutcome
  /// Units that are there.
  public var availableUnits: Int64
  /// When more will be there, UTC seconds; 0 = not known.
  public var nextSupplyUnixSeconds: Int64
}

/// The plan of a cart at one service level.
public struct Plan: Sendable, Equatable {
  /// 1 economy, 2 standard, 3 expedited, 4 two-hour.
  public var level: UInt32
  /// Whether there is a plan, or why not.
  public var outcome: RowOutcome
  /// The boxes.
  public var shipments: [PlanShipment]
  /// What is not in them.
  public var shortLines: [PlanShortLine]
  /// In 1/10,000 of the currency.
  public var cost: Int64
  /// No plan costs less.
  public var costLowerBound: Int64
  /// The cost is the lowest there is.
  public var isExact: Bool
  /// Of the first shipment, days since 1970-01-01.
  public var firstDeliveryDay: Int32
  /// Of the last shipment.
  public var lastDeliveryDay: Int32
  /// How long a page may show the plan, UTC seconds.
  public var cacheUntilUnixSeconds: Int64
  /// How long its token can be redeemed, UTC seconds.
  public var expiresUnixSeconds: Int64
  /// What `hold` redeems; empty = none.
  public var token: [UInt8]
}

/// The answer to a plan request, a plan per level asked for.
public struct PlanAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The epoch of the delivery profiles that answered.
  public var profileEpoch: UInt64
  /// Whether the postcode itself is known, not only a prefix of it.
  public var isPostcodeExact: Bool
  /// In the order of the levels.
  public var plans: [Plan]
}

/// A promise that will be missed, and what would save it.
public struct PromiseAtRisk: Sendable, Equatable {
  /// The hold that carries it.
  public var holdID: UInt64
  /// The shipment of the hold, from 0.
  public var shipment: UInt32
  /// Who holds.
  public var owner: String
  /// The item.
  public var item: String
  /// Where it was to leave.
  public var node: String
  /// 1 leg closed, 2 leg delayed, 3 stock short, 4 inbound late, 5 capacity cut, 6 node closed.
  public var cause: UInt32
  /// The leg, item, inbound shipment or node that is the cause.
  public var subject: String
  /// Promised no later than this, UTC seconds.
  public var promisedToUnixSeconds: Int64
  /// The promised date, days since 1970-01-01.
  public var promisedDay: Int32
  /// When it will arrive as it stands, UTC seconds; 0 = not within the horizon.
  public var newToUnixSeconds: Int64
  /// The date of that.
  public var newDay: Int32
  /// The node that could ship it instead; empty = none.
  public var rescueNode: String
  /// When that would arrive, UTC seconds.
  public var rescueToUnixSeconds: Int64
  /// The date of that.
  public var rescueDay: Int32
  /// The rescue keeps the promise.
  public var isSaved: Bool
}

/// Promises that will be missed.
public struct AtRiskAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// A row per promise.
  public var rows: [PromiseAtRisk]
  /// Promises looked at.
  public var promises: UInt64
  /// There are more than the limit.
  public var isTruncated: Bool
}

/// What a rescue did, or would do.
public struct RescueAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// A row per promise at risk.
  public var rows: [PromiseAtRisk]
  /// Promises moved.
  public var moved: UInt64
}

/// How the promises of one group turned out; chances in 1/65535.
public struct AccuracyGroup: Sendable, Equatable {
  /// The lane, node, weekday, month or band.
  public var group: String
  /// Promises delivered.
  public var delivered: UInt64
  /// Of those, by the promised date.
  public var onTime: UInt64
  /// Mean of the chances stated.
  public var meanConfidence: UInt32
  /// The share on time.
  public var coverage: UInt32
  /// The lower end of its 95 % interval.
  public var coverageLow: UInt32
  /// The upper end.
  public var coverageHigh: UInt32
  /// Promised minus delivered date, thousandths of a day.
  public var meanDaysEarlyMilli: Int64
  /// Past their window and not reported delivered.
  public var overdue: UInt64
}

/// Promised against delivered.
public struct AccuracyAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// A row per group.
  public var groups: [AccuracyGroup]
}

/// A promise that another network epoch changed.
public struct ChangedPromise: Sendable, Equatable {
  /// The item.
  public var item: String
  /// The zone.
  public var zone: String
  /// The promised date before, days since 1970-01-01; 0 = no promise.
  public var dayBefore: Int32
  /// The promised date after; 0 = no promise.
  public var dayAfter: Int32
  /// The end of the window before, UTC seconds; 0 = no promise.
  public var windowToBeforeUnixSeconds: Int64
  /// The end of the window after; 0 = no promise.
  public var windowToAfterUnixSeconds: Int64
}

/// A page of promises that another network epoch changed.
public struct ChangedAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The epoch compared with.
  public var fromEpoch: UInt64
  /// The epoch that answers.
  public var toEpoch: UInt64
  /// Changed pairs on all pages.
  public var pairCount: UInt64
  /// Pairs that exist.
  public var pairsCompared: UInt64
  /// This page's.
  public var promises: [ChangedPromise]
  /// Where the next page begins; empty = the end.
  public var nextPageToken: [UInt8]
}
