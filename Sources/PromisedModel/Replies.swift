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

  package var profileEpoch: UInt64 = 0

  package init() {}

  package mutating func removeAll() {
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
  package var withheld = GrowableColumn<Int64>()
  /// May be negative after a count fell short of what is reserved.
  package var availableNow = GrowableColumn<Int64>()
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
    withheld.removeAll()
    availableNow.removeAll()
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
  }
}

package struct HoldReply: ~Copyable {
  package var holdID: UInt64 = 0
  package var state = HoldState.held
  package var owner = BorrowedBytes.empty
  package var expiresAt = UnixMilliseconds(0)
  /// The claim had expired and was made again by this commit.
  package var reclaimed = false
  /// This is the remembered answer to an earlier request with the same key.
  package var repeated = false
  package var items = GrowableColumn<BorrowedBytes>()
  package var nodes = GrowableColumn<BorrowedBytes>()
  package var quantities = GrowableColumn<Int64>()

  // The promised shipments: all columns have a value per shipment, or none.
  /// Lines of each; together the lines of the hold that are promised, in their order.
  package var shipmentLineCounts = GrowableColumn<UInt32>()
  package var shipmentNodes = GrowableColumn<BorrowedBytes>()
  package var shipmentWindowFromUnixSeconds = GrowableColumn<Int64>()
  package var shipmentWindowToUnixSeconds = GrowableColumn<Int64>()
  package var shipmentDeliveryDays = GrowableColumn<Int32>()
  package var shipmentShipByUnixSeconds = GrowableColumn<Int64>()
  /// In 1/65535.
  package var shipmentConfidences = GrowableColumn<UInt32>()
  /// `ServiceLevel`.
  package var shipmentLevels = GrowableColumn<UInt32>()

  package init() {}

  package mutating func removeAll() {
    holdID = 0
    state = .held
    owner = .empty
    expiresAt = UnixMilliseconds(0)
    reclaimed = false
    repeated = false
    items.removeAll()
    nodes.removeAll()
    quantities.removeAll()
    shipmentLineCounts.removeAll()
    shipmentNodes.removeAll()
    shipmentWindowFromUnixSeconds.removeAll()
    shipmentWindowToUnixSeconds.removeAll()
    shipmentDeliveryDays.removeAll()
    shipmentShipByUnixSeconds.removeAll()
    shipmentConfidences.removeAll()
    shipmentLevels.removeAll()
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
