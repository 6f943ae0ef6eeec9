// Answers as columns. Each reply is kept by the sequencer and reset between requests, so that a
// steady stream of answers allocates nothing. Borrowed names point into the state's tables and are
// valid until the state next changes.

/// Items × postcodes × levels rows: by item, then postcode, then level. Columns of a row that is no
/// offer hold 0. The columns from `levels` to `tokenLengths` have a value per row, or none.
package struct OfferReply: ~Copyable {
  package var codes = GrowableColumn<UInt32>()
  /// Index into `nodeNames` of the fulfilment centre.
  package var nodes = GrowableColumn<UInt32>()
  package var nodeNames = GrowableColumn<BorrowedBytes>()
  package var nodeTitles = GrowableColumn<BorrowedBytes>()
  package var windowFromUnixSeconds = GrowableColumn<Int64>()
  package var windowToUnixSeconds = GrowableColumn<Int64>()
  package var windowUTCOffsetSeconds = GrowableColumn<Int32>()
  /// Local date of the window, days since 1970-01-01.
  package var deliveryDays = GrowableColumn<Int32>()
  package var orderByUnixSeconds = GrowableColumn<Int64>()
  package var orderByUTCOffsetSeconds = GrowableColumn<Int32>()
  /// Chance of delivery by the window's end in 1/65535; 0 = not stated.
  package var confidences = GrowableColumn<UInt32>()
  /// 1 when the postcode itself is a row of the zone table, 0 when only a prefix of it is.
  package var postcodeExact = GrowableColumn<UInt32>()

  /// `ServiceLevel` of the row.
  package var levels = GrowableColumn<UInt32>()
  /// `ConfidenceSource` of the confidence, and how many observations it rests on, in thousandths
  /// (the least along the way; 0 = declared).
  package var confidenceSources = GrowableColumn<UInt32>()
  package var sampleSizesMilli = GrowableColumn<UInt32>()
  /// Chance of delivery by the date asked for, in 1/65535; 0 in rows without and when not asked.
  package var dateConfidences = GrowableColumn<UInt32>()
  /// When it leaves the fulfilment centre at the latest.
  package var shipByUnixSeconds = GrowableColumn<Int64>()
  /// How long a page may show the offer, and how long its token can be redeemed.
  package var cacheUntilUnixSeconds = GrowableColumn<Int64>()
  package var expiresUnixSeconds = GrowableColumn<Int64>()
  /// The tokens one after another, with a length per row (0 = no offer, or not asked).
  package var tokenBytes = GrowableColumn<UInt8>()
  package var tokenLengths = GrowableColumn<UInt32>()

  // The path, when asked for: `legCounts` per row, then the legs of all rows one after another.
  package var legCounts = GrowableColumn<UInt32>()
  package var legFrom = GrowableColumn<UInt32>()
  package var legTo = GrowableColumn<UInt32>()
  package var legModes = GrowableColumn<UInt32>()
  package var legNames = GrowableColumn<BorrowedBytes>()
  package var legDepartureUnixSeconds = GrowableColumn<Int64>()
  package var legArrivalUnixSeconds = GrowableColumn<Int64>()
  package var legDepartureUTCOffsetSeconds = GrowableColumn<Int32>()
  package var legArrivalUTCOffsetSeconds = GrowableColumn<Int32>()

  // What the offers rest on: a value per row, or none at all when every offer is of units on hand.
  /// `SupplySource`; 0 in rows that nothing is known to supply.
  package var supplies = GrowableColumn<UInt32>()
  /// From when the units are there; 0 = now.
  package var availableFromUnixSeconds = GrowableColumn<Int64>()
  /// Units that a claim for then may take while every later claim keeps its supply.
  package var suppliedUnits = GrowableColumn<Int64>()
  /// `SilencePolicy` of the fulfilment centre when it is silent; a value per row, or none at all
  /// when no node has a rule for its silence.
  package var silence = GrowableColumn<UInt32>()

  package var profileEpoch: UInt64 = 0

  package init() {}

  package mutating func removeAll() {
    supplies.removeAll()
    availableFromUnixSeconds.removeAll()
    suppliedUnits.removeAll()
    silence.removeAll()
    codes.removeAll()
    nodes.removeAll()
    nodeNames.removeAll()
    nodeTitles.removeAll()
    windowFromUnixSeconds.removeAll()
    windowToUnixSeconds.removeAll()
    windowUTCOffsetSeconds.removeAll()
    deliveryDays.removeAll()
    orderByUnixSeconds.removeAll()
    orderByUTCOffsetSeconds.removeAll()
    confidences.removeAll()
    levels.removeAll()
    confidenceSources.removeAll()
    sampleSizesMilli.removeAll()
    dateConfidences.removeAll()
    shipByUnixSeconds.removeAll()
    cacheUntilUnixSeconds.removeAll()
    expiresUnixSeconds.removeAll()
    tokenBytes.removeAll()
    tokenLengths.removeAll()
    postcodeExact.removeAll()
    legCounts.removeAll()
    legFrom.removeAll()
    legTo.removeAll()
    legModes.removeAll()
    legNames.removeAll()
    legDepartureUnixSeconds.removeAll()
    legArrivalUnixSeconds.removeAll()
    legDepartureUTCOffsetSeconds.removeAll()
    legArrivalUTCOffsetSeconds.removeAll()
    profileEpoch = 0
  }
}

/// A code and a count of positions per item, then the positions of all items; the same for inbound.
package struct AvailabilityReply: ~Copyable {
  package var codes = GrowableColumn<UInt32>()
  package var positionCounts = GrowableColumn<UInt32>()
  package var nodeNames = GrowableColumn<BorrowedBytes>()
  package var nodes = GrowableColumn<UInt32>()
  package var onHand = GrowableColumn<Int64>()
  package var fulfillable = GrowableColumn<Int64>()
  package var unfulfillable = GrowableColumn<Int64>()
  package var researching = GrowableColumn<Int64>()
  package var inTransfer = GrowableColumn<Int64>()
  package var inProcessing = GrowableColumn<Int64>()
  package var held = GrowableColumn<Int64>()
  package var allocated = GrowableColumn<Int64>()
  /// Of the allocated units.
  package var picked = GrowableColumn<Int64>()
  package var withheld = GrowableColumn<Int64>()
  /// May be negative after a count fell short of what is reserved.
  package var availableNow = GrowableColumn<Int64>()
  /// The three columns below are 0 everywhere, and left out on the wire.
  package var isPlain = true
  /// Claimed there for a date of their own.
  package var claimedLater = GrowableColumn<Int64>()
  /// Kept from the channel that asks.
  package var withheldFromChannel = GrowableColumn<Int64>()
  /// Per item: claimed of groups, and of no node yet.
  package var unsourced = GrowableColumn<Int64>()

  package var inboundCounts = GrowableColumn<UInt32>()
  package var inboundShipments = GrowableColumn<BorrowedBytes>()
  package var inboundNodes = GrowableColumn<UInt32>()
  package var inboundQuantities = GrowableColumn<Int64>()
  package var inboundETAUnixSeconds = GrowableColumn<Int64>()
  package var inboundETAUTCOffsetSeconds = GrowableColumn<Int32>()
  package var inboundStages = GrowableColumn<UInt32>()
  package var inboundEarlyUnixSeconds = GrowableColumn<Int64>()
  package var inboundLateUnixSeconds = GrowableColumn<Int64>()
  /// `SilencePolicy` of a node that is silent now; a value per position, or none.
  package var silence = GrowableColumn<UInt32>()

  package init() {}

  package mutating func removeAll() {
    codes.removeAll()
    positionCounts.removeAll()
    nodeNames.removeAll()
    nodes.removeAll()
    onHand.removeAll()
    fulfillable.removeAll()
    unfulfillable.removeAll()
    researching.removeAll()
    inTransfer.removeAll()
    inProcessing.removeAll()
    held.removeAll()
    allocated.removeAll()
    picked.removeAll()
    withheld.removeAll()
    availableNow.removeAll()
    isPlain = true
    claimedLater.removeAll()
    withheldFromChannel.removeAll()
    unsourced.removeAll()
    inboundCounts.removeAll()
    inboundShipments.removeAll()
    inboundNodes.removeAll()
    inboundQuantities.removeAll()
    inboundETAUnixSeconds.removeAll()
    inboundETAUTCOffsetSeconds.removeAll()
    inboundStages.removeAll()
    inboundEarlyUnixSeconds.removeAll()
    inboundLateUnixSeconds.removeAll()
    silence.removeAll()
  }
}

/// Where the probability of an in-stock answer comes from.
package enum DemandSource: UInt32, Sendable, CaseIterable {
  /// No rate is known: no probability is stated.
  case none = 0
  /// The declared rate and variance ratio of the item, as a negative binomial.
  case declaredRate = 1
  /// A quantile forecast that was put.
  case forecast = 2
  /// The service's own forecaster, fed by its shipments.
  case embedded = 3
  /// Nothing but what the item's seller signalled.
  case signals = 4
}

/// What an in-stock answer must be told with.
package enum InStockReason: UInt32, Sendable, CaseIterable {
  case none = 0
  /// No demand is known, so no probability is stated.
  case demandUnknown = 1
  /// There is a forecast, and it is stale: the answer rests on the next best.
  case forecastStale = 2
  /// The item has sold nothing yet: the answer rests on its category.
  case categoryOnly = 3
  /// Inbound is overdue and counts for nothing.
  case inboundOverdue = 4
  /// There was nothing to sell today already.
  case outNow = 5
  /// A group was asked for, and the demand is that of the whole network.
  case wholeNetwork = 6
}

/// The last closed days of items, oldest first, one item after another.
package struct HistoryReply: ~Copyable {
  package var codes = GrowableColumn<UInt32>()
  package var dayCounts = GrowableColumn<UInt32>()
  /// Days since 1970 where the item's seller is.
  package var days = GrowableColumn<Int64>()
  package var onHand = GrowableColumn<Int64>()
  package var demand = GrowableColumn<Int64>()
  /// In 1/65535 of the day.
  package var inStock = GrowableColumn<UInt32>()
  /// Units shipped so far on the open day, per item.
  package var today = GrowableColumn<Int64>()

  package init() {}

  package mutating func removeAll() {
    codes.removeAll()
    dayCounts.removeAll()
    days.removeAll()
    onHand.removeAll()
    demand.removeAll()
    inStock.removeAll()
    today.removeAll()
  }
}

package struct InStockReply: ~Copyable {
  package var codes = GrowableColumn<UInt32>()
  package var availableNow = GrowableColumn<Int64>()
  /// Open inbound expected up to the end of the horizon.
  package var inboundInHorizon = GrowableColumn<Int64>()
  /// 0 = none known.
  package var nextSupplyUnixSeconds = GrowableColumn<Int64>()
  package var nextSupplyUTCOffsetSeconds = GrowableColumn<Int32>()
  package var nextSupplyQuantities = GrowableColumn<Int64>()
  package var demandSources = GrowableColumn<UInt32>()
  /// P(demand to the horizon <= supply) in 1/65535.
  package var demandMet = GrowableColumn<UInt32>()
  /// P(demand to the horizon < supply) in 1/65535: a unit is left.
  package var stillBuyable = GrowableColumn<UInt32>()
  package var demandPerDayMilli = GrowableColumn<Int64>()
  /// P(a unit is left all the time until the horizon) in 1/65535.
  package var neverOut = GrowableColumn<UInt32>()
  // When all is sold with a chance of .1, .5 and .9; 0 = not within a year, or no demand is known.
  package var stockOutP10UnixSeconds = GrowableColumn<Int64>()
  package var stockOutP50UnixSeconds = GrowableColumn<Int64>()
  package var stockOutP90UnixSeconds = GrowableColumn<Int64>()
  /// Days that what is available lasts at the mean demand, in thousandths; −1 = no demand is known.
  package var daysOfCoverMilli = GrowableColumn<Int64>()
  /// Seconds since what the demand rests on was made; −1 = declared, or not known.
  package var demandAgeSeconds = GrowableColumn<Int64>()
  /// Days of demand that it rests on, in thousandths; 0 where nobody counted.
  package var sampleDaysMilli = GrowableColumn<Int64>()
  /// Units of the horizon's demand that the item's seller signalled, at the weight that its earlier
  /// signals deserve, in thousandths; and that weight. Empty when no item has any.
  package var signalledMilli = GrowableColumn<Int64>()
  package var signalWeightsPermille = GrowableColumn<UInt32>()
  /// `InStockReason`.
  package var reasons = GrowableColumn<UInt32>()
  /// The share of the last days that something was available, in 1/65535, and how many days they
  /// are; 0 days = no history.
  package var inStockShares = GrowableColumn<UInt32>()
  package var historyDays = GrowableColumn<UInt32>()
  /// The share of zones that can have a unit within a day now, in 1/65535; empty = not asked for.
  package var fastTrack = GrowableColumn<UInt32>()
  /// Zones that were asked.
  package var fastTrackZones: UInt32 = 0
  /// In-stock rates of the asked items that have a history, in 1/65535, weighed by demand, evenly and
  /// by views; and how many items they are of.
  package var rateByDemand: UInt32 = 0
  package var rateByTime: UInt32 = 0
  package var rateByViews: UInt32 = 0
  package var ratedItems: UInt32 = 0

  package init() {}

  package mutating func removeAll() {
    codes.removeAll()
    availableNow.removeAll()
    inboundInHorizon.removeAll()
    nextSupplyUnixSeconds.removeAll()
    nextSupplyUTCOffsetSeconds.removeAll()
    nextSupplyQuantities.removeAll()
    demandSources.removeAll()
    demandMet.removeAll()
    stillBuyable.removeAll()
    demandPerDayMilli.removeAll()
    neverOut.removeAll()
    stockOutP10UnixSeconds.removeAll()
    stockOutP50UnixSeconds.removeAll()
    stockOutP90UnixSeconds.removeAll()
    daysOfCoverMilli.removeAll()
    demandAgeSeconds.removeAll()
    sampleDaysMilli.removeAll()
    signalledMilli.removeAll()
    signalWeightsPermille.removeAll()
    reasons.removeAll()
    inStockShares.removeAll()
    historyDays.removeAll()
    fastTrack.removeAll()
    (fastTrackZones, ratedItems) = (0, 0)
    (rateByDemand, rateByTime, rateByViews) = (0, 0, 0)
  }
}

/// A row per seller, storage type and month that has a limit, usage or was asked for.
package struct HeadroomReply: ~Copyable {
  package var sellerCodes = GrowableColumn<UInt32>()
  package var rowCounts = GrowableColumn<UInt32>()
  package var storageTypes = GrowableColumn<UInt32>()
  package var months = GrowableColumn<UInt32>()
  /// `LimitKind`, or 0 when no limit is known for the month (then headroom is 0 and says so).
  package var limitKinds = GrowableColumn<UInt32>()
  package var limits = GrowableColumn<Int64>()
  package var available = GrowableColumn<Int64>()
  package var unfulfillable = GrowableColumn<Int64>()
  package var reserved = GrowableColumn<Int64>()
  package var openInbound = GrowableColumn<Int64>()
  package var drafts = GrowableColumn<Int64>()
  /// Micro-cubic-feet; −1 = no limit.
  package var headroom = GrowableColumn<Int64>()
  /// Units of the item asked for; −1 = not asked or no limit.
  package var headroomUnits = GrowableColumn<Int64>()
  /// Of what is on hand, ordered to leave: it counts no more.
  package var pendingRemoval = GrowableColumn<Int64>()
  /// Extra capacity of the month.
  package var granted = GrowableColumn<Int64>()
  /// Open inbound and drafts due after the month; not counted in it.
  package var inboundLater = GrowableColumn<Int64>()
  /// What an admission due in the month would take; −1 = no limit.
  package var admissible = GrowableColumn<Int64>()
  package var admissibleUnits = GrowableColumn<Int64>()
  /// `Binding`: what `admissible` is bounded by.
  package var bindings = GrowableColumn<UInt32>()
  /// The seller's share of the free room of all buildings; −1 = none declared.
  package var networkAdvice = GrowableColumn<Int64>()
  /// Headroom after P10 of expected sales until the month begins; −1 = no limit.
  package var optimistic = GrowableColumn<Int64>()
  /// `SellThroughSources`, and the seconds since the oldest of them was made; −1 = declared, or none.
  package var optimisticSources = GrowableColumn<UInt32>()
  package var optimisticAges = GrowableColumn<Int64>()
  /// `LimitCause`, and when the limit was announced; 0 = by policy, or not known.
  package var causes = GrowableColumn<UInt32>()
  package var announcedUnixSeconds = GrowableColumn<Int64>()
  /// Names of the sellers, packed; of a page only.
  package var sellerBytes = GrowableColumn<UInt8>()
  package var sellerLengths = GrowableColumn<UInt32>()
  /// Where the next page begins; empty = the end.
  package var nextPageToken: [UInt8] = []
  /// The third full week of this month, Sunday and Saturday as days since 1970-01-01: when the
  /// limits of the next months are announced.
  package var announcementFromDays: Int32 = 0
  package var announcementToDays: Int32 = 0

  package init() {}

  package mutating func removeAll() {
    sellerCodes.removeAll()
    rowCounts.removeAll()
    storageTypes.removeAll()
    months.removeAll()
    limitKinds.removeAll()
    limits.removeAll()
    available.removeAll()
    unfulfillable.removeAll()
    reserved.removeAll()
    openInbound.removeAll()
    drafts.removeAll()
    headroom.removeAll()
    headroomUnits.removeAll()
    pendingRemoval.removeAll()
    granted.removeAll()
    inboundLater.removeAll()
    admissible.removeAll()
    admissibleUnits.removeAll()
    bindings.removeAll()
    networkAdvice.removeAll()
    optimistic.removeAll()
    optimisticSources.removeAll()
    optimisticAges.removeAll()
    causes.removeAll()
    announcedUnixSeconds.removeAll()
    sellerBytes.removeAll()
    sellerLengths.removeAll()
    if !nextPageToken.isEmpty { nextPageToken.removeAll() }
    announcementFromDays = 0
    announcementToDays = 0
  }
}

/// The fate of each row of a feed batch.
package struct FeedReply: ~Copyable {
  package var codes = GrowableColumn<UInt32>()
  package var lastSequence: UInt64 = 0

  package init() {}

  package mutating func removeAll() {
    codes.removeAll()
    lastSequence = 0
  }
}

/// A page of a listing as text cells: `columns.count` cells per row, in a fixed order.
package struct ListReply: ~Copyable {
  package var columns: [String] = []
  package var cells = GrowableColumn<UInt8>()
  package var cellLengths = GrowableColumn<UInt32>()
  /// Where the next page begins; empty = the end.
  package var nextPageToken: [UInt8] = []

  package init() {}

  package mutating func removeAll() {
    columns.removeAll()
    cells.removeAll()
    cellLengths.removeAll()
    nextPageToken.removeAll()
  }

  package mutating func appendCell(_ bytes: some Sequence<UInt8>) {
    var count: UInt32 = 0
    for byte in bytes {
      cells.append(byte)
      count += 1
    }
    cellLengths.append(count)
  }
}
