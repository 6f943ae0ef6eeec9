/// A node that could ship, and what it would have promised.
public struct ExplainedCandidate: Sendable, Equatable {
  /// The node.
  public var node: String
  /// Its title.
  public var title: String
  /// Degrees × 1,000,000.
  public var latitudeE6: Int32
  /// Degrees × 1,000,000.
  public var longitudeE6: Int32
  /// Units of the item there now.
  public var available: Int64
  /// 1 chosen, 2 no stock, 3 cut-off passed, 4 leg closed, 5 node full, 6 level, 7 restriction,
  /// 8 override, 9 costlier, 10 slower, 11 no route, 12 node closed, 13 tie, 14 its units come too
  /// late, 15 silent and withheld.
  public var fate: UInt32
  /// What its fate is about: a leg or an override.
  public var subject: String
  /// How much later, or how long ago.
  public var byMinutes: Int64
  /// How much dearer, in 1/10,000 of the currency.
  public var byCost: Int64
  /// When an order is at its dock, UTC seconds; 0 = not within the horizon.
  public var readyUnixSeconds: Int64
  /// It would leave no later than this, UTC seconds; 0 = never.
  public var shipByUnixSeconds: Int64
  /// Its own order-by, UTC seconds.
  public var orderByUnixSeconds: Int64
  /// It would arrive no later than this, UTC seconds.
  public var windowToUnixSeconds: Int64
  /// The date of that, days since 1970-01-01.
  public var deliveryDay: Int32
  /// The chance of that in 1/65535.
  public var confidence: UInt32
  /// Seconds east of UTC at the node.
  public var utcOffsetSeconds: Int32
  /// 1 on hand, 2 inbound, 3 backorder, 4 pre-order; 0 = it has no units and none come.
  public var supply: UInt32
  /// From when its units are there, UTC seconds; 0 = now.
  public var availableFromUnixSeconds: Int64
  /// Units that a claim for then may take; 0 on hand.
  public var suppliedUnits: Int64
  /// 0 heard of, 1 silent (warn), 2 silent and withheld, 3 silent and later.
  public var silence: UInt32
}

/// A step of the chosen way, with what it has to spare.
public struct ExplainedStep: Sendable, Equatable {
  /// The leg's or the carrier service's name.
  public var name: String
  /// Who carries it; may be empty.
  public var carrier: String
  /// 1 = road, 2 = air.
  public var mode: UInt32
  /// Where it leaves.
  public var from: String
  /// That node's title.
  public var fromTitle: String
  /// Where it arrives; empty = the customer.
  public var to: String
  /// That node's title.
  public var toTitle: String
  /// Degrees × 1,000,000.
  public var fromLatitudeE6: Int32
  /// Degrees × 1,000,000.
  public var fromLongitudeE6: Int32
  /// Degrees × 1,000,000.
  public var toLatitudeE6: Int32
  /// Degrees × 1,000,000.
  public var toLongitudeE6: Int32
  /// UTC seconds.
  public var departureUnixSeconds: Int64
  /// UTC seconds.
  public var arrivalUnixSeconds: Int64
  /// Seconds east of UTC at the origin then.
  public var departureUTCOffsetSeconds: Int32
  /// Seconds east of UTC at the destination then.
  public var arrivalUTCOffsetSeconds: Int32
  /// Minutes between being ready and leaving.
  public var slackMinutes: Int64
  /// Units of its capacity left; −1 = no limit.
  public var unitsLeft: Int64
}

/// A smallest change that would have given an earlier window.
public struct ExplainedAlternative: Sendable, Equatable {
  /// 1 ordered earlier, 2 stock there, 3 leg open, 4 lower confidence, 5 faster level, 6 room
  /// there, 7 without the override, 8 its units there now, 9 the silent node heard of.
  public var kind: UInt32
  /// The node, leg or override it is about.
  public var subject: String
  /// How much earlier the order.
  public var minutes: Int64
  /// Before this, UTC seconds.
  public var atUnixSeconds: Int64
  /// The chance that would have been enough, in 1/65535.
  public var confidence: UInt32
  /// The level that would have been faster.
  public var level: UInt32
  /// The window it would have given begins, UTC seconds.
  public var windowFromUnixSeconds: Int64
  /// And ends.
  public var windowToUnixSeconds: Int64
  /// Its local date, days since 1970-01-01.
  public var deliveryDay: Int32
  /// How much earlier, by the ends of the windows.
  public var gainMinutes: Int64
}

/// The whole trace of one decision.
public struct ExplainAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// 1 = nothing has changed since, 2 = computed again from the archived log.
  public var origin: UInt32
  /// What was asked for.
  public var item: String
  /// Units of it.
  public var quantity: UInt64
  /// ISO 3166-1 alpha-2.
  public var country: String
  /// The postcode asked for.
  public var postcode: String
  /// The service level asked for.
  public var level: UInt32
  /// The confidence asked for in 1/65535.
  public var confidenceAsked: UInt32
  /// The log position the decision was made at.
  public var position: UInt64
  /// When it was made, UTC milliseconds.
  public var decidedUnixMilliseconds: Int64
  /// The epoch of the delivery profiles that answered.
  public var profileEpoch: UInt64
  /// The network's revision then.
  public var networkRevision: UInt64
  /// The destination's zone.
  public var zone: String
  /// The station that delivers there; may be empty.
  public var station: String
  /// Whether the postcode itself is known, not only a prefix of it.
  public var isPostcodeExact: Bool
  /// Degrees × 1,000,000.
  public var destinationLatitudeE6: Int32
  /// Degrees × 1,000,000.
  public var destinationLongitudeE6: Int32
  /// Whether there was an offer, or why not.
  public var outcome: RowOutcome
  /// The fulfilment centre.
  public var node: String
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
  /// Seconds east of UTC at the fulfilment centre then.
  public var orderByUTCOffsetSeconds: Int32
  /// It leaves the fulfilment centre no later than this, UTC seconds.
  public var shipByUnixSeconds: Int64
  /// Chance of delivery by the window's end in 1/65535.
  public var confidence: UInt32
  /// 0 certain, 1 declared, 2 learned, 3 learned from parents, 4 calibrated.
  public var confidenceSource: UInt32
  /// Observations behind it, in thousandths.
  public var sampleSizeMilli: UInt32
  /// Every node that could ship.
  public var candidates: [ExplainedCandidate]
  /// The chosen way.
  public var steps: [ExplainedStep]
  /// 0 none, 1 cut-off, 2 stock, 3 leg closed, 4 node full, 5 confidence, 6 level, 7 restriction,
  /// 8 override, 9 network, 10 release, 11 supply, 12 silence.
  public var constraint: UInt32
  /// What the constraint is about.
  public var constraintSubject: String
  /// What would have made it earlier, the largest gain first.
  public var alternatives: [ExplainedAlternative]
  /// Overrides that were consulted.
  public var overrides: [UInt64]
  /// A token was given and its decision is this one, bit for bit.
  public var agreesWithToken: Bool
  /// What the offer rests on: 1 on hand, 2 inbound, 3 backorder, 4 pre-order; 0 without an offer.
  public var supply: UInt32
  /// From when its units are there, UTC seconds, 0 = now; without an offer, what comes first.
  public var availableFromUnixSeconds: Int64
  /// Units that a claim for then may take; 0 on hand.
  public var suppliedUnits: Int64
  /// The silence of the chosen node: 0 none, 1 warn, 3 later.
  public var silence: UInt32
  /// Who asked; empty = no channel.
  public var channel: String
  /// What the offer might rest on, as it was asked.
  public var supplyChoice: UInt32
}
