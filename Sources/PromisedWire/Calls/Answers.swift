import CPromisedMessages
import PromisedModel

/// The log position and the instant an answer reflects.
public struct AnswerStamp: Sendable, Equatable {
  /// The log position.
  public var position: UInt64 = 0
  /// UTC seconds.
  public var unixSeconds: Int64 = 0

  init(_ message: UnsafeMutablePointer<Promised__V1__AsOf>?) {
    guard let message else { return }
    position = message.pointee.position
    unixSeconds = message.pointee.unix_s
  }
}

/// The outcome of one row of a batch: 0 = yes, else why not.
public struct RowOutcome: Sendable, Equatable, CustomStringConvertible {
  /// The outcome's number, which never changes its meaning.
  public let number: UInt32

  /// Makes an outcome of its number.
  public init(number: UInt32) { self.number = number }

  /// Whether the row was answered with yes.
  public var isOK: Bool { number == 0 }

  /// The outcome's name, such as NO_STOCK; `OUTCOME_n` for one newer than this client.
  public var reason: String {
    UInt16(exactly: number).flatMap { OutcomeCode(rawValue: $0) }?.reason ?? "OUTCOME_\(number)"
  }

  /// The outcome's name.
  public var description: String { reason }

  package var code: OutcomeCode? {
    UInt16(exactly: number).flatMap { OutcomeCode(rawValue: $0) }
  }
}

/// A scheduled movement on the way to the customer.
public struct OfferLeg: Sendable, Equatable {
  /// Where it leaves.
  public var from: String
  /// Where it arrives; empty for the customer.
  public var to: String
  /// 1 = road, 2 = air.
  public var mode: UInt32
  /// The leg's or the carrier service's name.
  public var name: String
  /// UTC seconds.
  public var departureUnixSeconds: Int64
  /// Seconds east of UTC at the origin then.
  public var departureUTCOffsetSeconds: Int32
  /// UTC seconds.
  public var arrivalUnixSeconds: Int64
  /// Seconds east of UTC at the destination then.
  public var arrivalUTCOffsetSeconds: Int32
}

/// When an item can reach a postcode, or why it cannot.
public struct Offer: Sendable, Equatable {
  /// The item asked for.
  public var item: String
  /// The postcode asked for.
  public var postcode: String
  /// Whether there is an offer; the other fields hold 0 where there is none.
  public var outcome: RowOutcome
  /// The fulfilment centre.
  public var node = ""
  /// The fulfilment centre's title.
  public var nodeTitle = ""
  /// The delivery window begins, UTC seconds.
  public var windowFromUnixSeconds: Int64 = 0
  /// Delivered no later than this, UTC seconds.
  public var windowToUnixSeconds: Int64 = 0
  /// Seconds east of UTC at the destination in the window.
  public var windowUTCOffsetSeconds: Int32 = 0
  /// The window's local date, days since 1970-01-01.
  public var deliveryDay: Int32 = 0
  /// Order no later than this and the window holds, UTC seconds.
  public var orderByUnixSeconds: Int64 = 0
  /// Seconds east of UTC at the fulfilment centre then.
  public var orderByUTCOffsetSeconds: Int32 = 0
  /// Chance of delivery by the window's end in 1/65535; 0 = not stated.
  public var confidence: UInt32 = 0
  /// Whether the postcode itself is known, not only a prefix of it.
  public var isPostcodeExact = false
  /// The way, when it was asked for.
  public var legs: [OfferLeg] = []
  /// The service level: 1 economy, 2 standard, 3 expedited, 4 two-hour; 0 = not stated.
  public var level: UInt32 = 0
  /// Where the confidence comes from: 0 nothing is uncertain, 1 declared, 2 learned, 3 learned mostly
  /// from parents, 4 calibrated by outcomes.
  public var confidenceSource: UInt32 = 0
  /// Observations behind it, in thousandths; 0 = declared.
  public var sampleSizeMilli: UInt32 = 0
  /// Chance of delivery by the date asked for, in 1/65535.
  public var dateConfidence: UInt32 = 0
  /// It leaves the fulfilment centre no later than this, UTC seconds; 0 = not stated.
  public var shipByUnixSeconds: Int64 = 0
  /// How long a page may show the offer, UTC seconds; 0 = not stated.
  public var cacheUntilUnixSeconds: Int64 = 0
  /// How long its token can be redeemed, UTC seconds.
  public var expiresUnixSeconds: Int64 = 0
  /// What `hold` redeems; empty = none.
  public var token: [UInt8] = []
  /// What it rests on: 1 on hand, 2 inbound, 3 backorder, 4 pre-order; without an offer, what comes
  /// first, 0 = nothing.
  public var supply: UInt32 = 0
  /// From when its units are there, UTC seconds; 0 = now.
  public var availableFromUnixSeconds: Int64 = 0
  /// Units that a claim for then may take; 0 = not stated.
  public var suppliedUnits: Int64 = 0
  /// The silence of the fulfilment centre: 0 none, 1 warn, 3 its promises are later for it.
  public var silence: UInt32 = 0
}

/// The answer to an offer request, a row per item, postcode and level.
public struct OfferAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The epoch of the delivery profiles that answered.
  public var profileEpoch: UInt64
  /// Items × postcodes × levels: by item, then postcode, then level.
  public var offers: [Offer]
}

/// Units of an item at a node.
public struct StockPosition: Sendable, Equatable {
  /// Where.
  public var node: String
  /// Units physically there, sellable or not.
  public var onHand: Int64
  /// On hand less unfulfillable, researching, in transfer and in processing.
  public var fulfillable: Int64
  /// On hand, not sellable.
  public var unfulfillable: Int64
  /// Misplaced or in dispute.
  public var researching: Int64
  /// On the way between own nodes.
  public var inTransfer: Int64
  /// Being put away.
  public var inProcessing: Int64
  /// Claimed by holds.
  public var held: Int64
  /// Claimed by orders.
  public var allocated: Int64
  /// Picked, of what is claimed by orders.
  public var picked: Int64
  /// Kept out of availability by rule.
  public var withheld: Int64
  /// What can be sold now; negative after a count fell short.
  public var availableNow: Int64
  /// Claimed there for a date of their own; no part of held and allocated.
  public var claimedLater: Int64 = 0
  /// Kept from the channel that asked.
  public var withheldFromChannel: Int64 = 0
  /// What its node's silence means now: 0 it is not silent, 1 warn, 2 withheld, 3 later.
  public var silence: UInt32 = 0
}

/// Units of an item on their way in.
public struct InboundSupply: Sendable, Equatable {
  /// The shipment.
  public var shipment: String
  /// Where it arrives.
  public var node: String
  /// Units.
  public var quantity: Int64
  /// Expected, UTC seconds.
  public var etaUnixSeconds: Int64
  /// Seconds east of UTC at the node then.
  public var etaUTCOffsetSeconds: Int32
  /// 1 = draft, 2 = working, 3 = shipped, 4 = receiving, 5 = transfer.
  public var stage: UInt32
  /// By then it has come with a chance of 10 and of 90 %; the ETA is the median.
  public var earlyUnixSeconds: Int64
  /// As above.
  public var lateUnixSeconds: Int64
}

/// What is known of one item's stock.
public struct ItemAvailability: Sendable, Equatable {
  /// The item asked for.
  public var item: String
  /// Whether it is known.
  public var outcome: RowOutcome
  /// A row per node that has one.
  public var positions: [StockPosition]
  /// A row per shipment and node.
  public var inbound: [InboundSupply]
  /// Claimed of groups, and of no node yet.
  public var unsourced: Int64 = 0
}

/// The answer to an availability request, in the order of the request.
public struct AvailabilityAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// An entry per item asked for.
  public var items: [ItemAvailability]
}

/// Whether an item will be in stock.
public struct InStock: Sendable, Equatable {
  /// The item asked for.
  public var item: String
  /// Whether it is known.
  public var outcome: RowOutcome
  /// Units that can be sold now, over all nodes.
  public var availableNow: Int64
  /// Open inbound up to the end of the horizon.
  public var inboundInHorizon: Int64
  /// When supply arrives next, UTC seconds; 0 = none known.
  public var nextSupplyUnixSeconds: Int64
  /// Seconds east of UTC then at the node it arrives at.
  public var nextSupplyUTCOffsetSeconds: Int32
  /// How much arrives then.
  public var nextSupplyQuantity: Int64
  /// 0 = no rate known, so no probability is stated; 1 = the item's declared rate, 2 = a forecast,
  /// 3 = the service's own forecaster, 4 = only what the item's seller signalled.
  public var demandSource: UInt32
  /// P(demand to the horizon <= supply) in 1/65535.
  public var demandMet: UInt32
  /// P(demand to the horizon < supply), a unit is left, in 1/65535.
  public var stillBuyable: UInt32
  /// Mean units a day, in thousandths.
  public var demandPerDayMilli: Int64
  /// P(a unit is left all the time until the horizon) in 1/65535.
  public var neverOut: UInt32
  /// By when all is sold with a chance of .1, UTC seconds; 0 = not within a year, or not known.
  public var stockOutP10UnixSeconds: Int64
  /// With a chance of .5.
  public var stockOutP50UnixSeconds: Int64
  /// With a chance of .9.
  public var stockOutP90UnixSeconds: Int64
  /// How long what is available lasts at the mean demand, in 1/1000 day; −1 = not known.
  public var daysOfCoverMilli: Int64
  /// Seconds since what the demand rests on was made; −1 = declared, or nothing was seen yet.
  public var demandAgeSeconds: Int64
  /// Days of demand that it rests on, in 1/1000; 0 where nobody counted.
  public var sampleDaysMilli: Int64
  /// 0 none, 1 demand unknown, 2 forecast stale, 3 category only, 4 inbound overdue, 5 out now.
  public var reason: UInt32
  /// The share of the last `historyDays` that something was available, in 1/65535.
  public var inStockShare: UInt32
  /// Days that this rests on; 0 = not known.
  public var historyDays: UInt32
  /// The share of zones that can have a unit within a day now, in 1/65535; nil = not asked for.
  public var fastTrack: UInt32?
  /// Units of the horizon's demand that the item's seller signalled, in 1/1000, with their weight.
  public var signalledMilli: Int64 = 0
  /// What the seller's signals weigh by how earlier ones came true, in 1/1000.
  public var signalWeightPermille: UInt32 = 0
}

/// The answer to an in-stock request, in the order of the request.
public struct InStockAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// How far the answer looks.
  public var horizonDays: UInt64
  /// A row per item.
  public var rows: [InStock]
  /// Zones that were asked for fast track.
  public var fastTrackZones: UInt64
  /// In-stock rates of the items with a history, in 1/65535: weighed by units a day while in stock,
  public var rateByDemand: UInt64
  /// evenly,
  public var rateByTime: UInt64
  /// and by views;
  public var rateByViews: UInt64
  /// and how many items they are of.
  public var ratedItems: UInt64
}

/// A closed day of an item.
public struct HistoryDay: Sendable, Equatable {
  /// Days since 1970 where the item's seller is.
  public var day: Int64
  /// Units in all nodes when it ended.
  public var onHand: Int64
  /// Units that were shipped.
  public var demand: Int64
  /// The share of the day that something was available, in 1/65535.
  public var inStock: UInt32
}

/// The last days of an item.
public struct ItemHistory: Sendable, Equatable {
  /// The item asked for.
  public var item: String
  /// Whether it is known.
  public var outcome: RowOutcome
  /// Closed days, oldest first.
  public var days: [HistoryDay]
  /// Units shipped so far on the open day.
  public var today: Int64
}

/// The answer to a history request, in the order of the request.
public struct HistoryAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// A row per item.
  public var items: [ItemHistory]
}

/// A seller's room for one storage type in one month; volumes in micro-cubic-feet.
public struct HeadroomRow: Sendable, Equatable {
  /// 1…7: standard, oversize, extra-large, apparel, footwear, aerosol, flammable.
  public var storageType: UInt32
  /// yyyymm in the marketplace's zone.
  public var month: UInt32
  /// 1 = confirmed, 2 = estimated, 3 = no limit, 0 = none announced.
  public var limitKind: UInt32
  /// The limit.
  public var limit: Int64
  /// Used by sellable units.
  public var available: Int64
  /// Used by unsellable units.
  public var unfulfillable: Int64
  /// Used by reserved units.
  public var reserved: Int64
  /// Used by open inbound.
  public var openInbound: Int64
  /// Used by drafts.
  public var drafts: Int64
  /// max(0, limit − usage); −1 = no limit.
  public var headroom: Int64
  /// The same in units of the item asked for; −1 = not asked, or no limit.
  public var headroomUnits: Int64
  /// On hand and ordered to leave.
  public var pendingRemoval: Int64 = 0
  /// Extra capacity by bids.
  public var granted: Int64 = 0
  /// Open inbound and drafts due after the month, not counted in it.
  public var inboundLater: Int64 = 0
  /// What an admission due in the month takes; −1 = no limit.
  public var admissible: Int64 = 0
  /// The same in units of the item asked for; −1 = not asked, or no limit.
  public var admissibleUnits: Int64 = -1
  /// What bounds it: 0 nothing, 1 the seller's limit, 2 the building, 3 the network (advice), 4 the
  /// building does not take the type, 5 no limit is confirmed.
  public var binding: UInt32 = 0
  /// The seller's share of the free room of all buildings, as advice; −1 = none declared.
  public var networkAdvice: Int64 = -1
  /// headroom after P10 of the sales expected until the month begins; −1 = no limit; nil = not asked.
  public var optimistic: Int64?
  /// Where those sales come from, a sum: 0 nothing known, 1 declared rates, 2 forecasts, 4 the
  /// service's own forecaster, 8 the seller's signals.
  public var optimisticSource: UInt32 = 0
  /// Seconds since the oldest of that was made; −1 = declared, or nothing is known.
  public var optimisticAgeSeconds: Int64 = -1
  /// Why the limit is what it is, 0…7; see `Capacity.PutLimits`.
  public var cause: UInt32 = 0
  /// When it was announced, UTC seconds; 0 = by policy, or not known.
  public var announcedUnixSeconds: Int64 = 0
}

/// A seller's room.
public struct SellerHeadroom: Sendable, Equatable {
  /// The seller asked for.
  public var seller: String
  /// Whether it is known.
  public var outcome: RowOutcome
  /// Rows by storage type and month.
  public var rows: [HeadroomRow]
}

/// The answer to a headroom or usage request, in the order of the request.
public struct HeadroomAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// An entry per seller asked for, or of the page.
  public var sellers: [SellerHeadroom]
  /// Where the next page begins; empty = the end.
  public var nextPageToken: [UInt8] = []
  /// The third full week of this month, as days since 1970-01-01: when the next limits are announced.
  public var announcementDays: ClosedRange<Int64> = 0...0
}
