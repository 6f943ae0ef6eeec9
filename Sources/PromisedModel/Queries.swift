// What a client asks. Columns borrow the request's memory.

/// When can each item reach each postcode at each service level: items × postcodes × levels rows,
/// item by item, then postcode by postcode.
package struct OfferQuery {
  package var items: KeyColumn
  /// Per item, 1…2·10^9; empty = 1 each.
  package var quantities: Column<Int32>
  package var country: BorrowedBytes
  package var postcodes: Column<BorrowedBytes>
  /// Also answer the legs of each offer.
  package var withPath: Bool
  /// The service levels to answer, each 1…4 (`ServiceLevel`) and once; empty = standard only.
  package var levels: Column<UInt8>
  /// The least chance that a promised window must have.
  package var confidence: ConfidenceLevel
  /// Also answer the chance of delivery by the end of this local date, days since 1970-01-01;
  /// 0 = not asked.
  package var byDays: Int32
  /// Leave the tokens out: for pages that show many offers and hold none.
  package var omitsTokens: Bool
  /// Who asks; empty = no channel.
  package var channel: BorrowedBytes
  /// When units that are not there yet are offered.
  package var supply: SupplyChoice

  package init(
    items: KeyColumn, quantities: Column<Int32>, country: BorrowedBytes,
    postcodes: Column<BorrowedBytes>, withPath: Bool, levels: Column<UInt8> = .empty,
    confidence: ConfidenceLevel = .usual, byDays: Int32 = 0, omitsTokens: Bool = false,
    channel: BorrowedBytes = .empty, supply: SupplyChoice = .whenNeeded
  ) {
    self.items = items
    self.quantities = quantities
    self.country = country
    self.postcodes = postcodes
    self.withPath = withPath
    self.levels = levels
    self.confidence = confidence
    self.byDays = byDays
    self.omitsTokens = omitsTokens
    self.channel = channel
    self.supply = supply
  }
}

/// Which supply an offer may rest on.
package enum SupplyChoice: UInt8, Sendable, CaseIterable {
  /// What is on hand; only where nothing on hand can be offered, what comes, pre-orders and
  /// backorders.
  case whenNeeded = 0
  /// Whatever gives the earliest window; of equal ones, what is on hand.
  case soonest = 1
  /// Only what is on hand.
  case onHand = 2
}

package struct AvailabilityQuery {
  package var items: KeyColumn
  /// Only these nodes; empty = all that have a row.
  package var nodeNames: Column<BorrowedBytes>
  /// And those of these groups.
  package var groupNames: Column<BorrowedBytes>
  /// Who asks; empty = no channel.
  package var channel: BorrowedBytes

  package init(
    items: KeyColumn, nodeNames: Column<BorrowedBytes>, groupNames: Column<BorrowedBytes> = .empty,
    channel: BorrowedBytes = .empty
  ) {
    self.items = items
    self.nodeNames = nodeNames
    self.groupNames = groupNames
    self.channel = channel
  }
}

package struct InStockQuery {
  package var items: KeyColumn
  /// 1…365.
  package var horizonDays: Int32
  /// Views of each item, for the rate that is weighed by them; empty = one each.
  package var views: Column<UInt64>
  /// Only this source of demand; nil = the best there is.
  package var source: DemandSource?
  /// Ask the delivery profiles which zones can have a unit within a day now.
  package var asksFastTrack: Bool
  /// The supply of a group's nodes; empty = of all.
  package var group: BorrowedBytes
  /// For whom it is; empty = no channel.
  package var channel: BorrowedBytes
  /// How much of the demand is asked there, 1…1000.
  package var demandShareMilli: Int32

  package init(
    items: KeyColumn, horizonDays: Int32, views: Column<UInt64> = .empty,
    source: DemandSource? = nil, asksFastTrack: Bool = false, group: BorrowedBytes = .empty,
    channel: BorrowedBytes = .empty, demandShareMilli: Int32 = 1000
  ) {
    self.group = group
    self.channel = channel
    self.demandShareMilli = demandShareMilli
    self.items = items
    self.horizonDays = horizonDays
    self.views = views
    self.source = source
    self.asksFastTrack = asksFastTrack
  }
}

/// The last closed days of items.
package struct HistoryQuery {
  package var items: KeyColumn
  /// 1…28.
  package var days: Int32

  package init(items: KeyColumn, days: Int32) {
    self.items = items
    self.days = days
  }
}

/// How much may these sellers still send in: a row per seller, storage type and month.
package struct HeadroomQuery {
  package var sellers: Column<BorrowedBytes>
  /// Answer also in units of this item; empty = volume only. Then only its storage type is answered.
  package var item: BorrowedBytes
  /// This month and the following ones, 1…12.
  package var monthCount: Int32
  /// Answer what can be admitted to this building; empty = to any.
  package var node: BorrowedBytes
  /// Also answer what is left if sales go on at least at their P10.
  package var isOptimistic: Bool
  /// Where a page of all sellers begins, when no sellers are named; from the answer before.
  package var pageToken: BorrowedBytes
  /// Sellers of a page of all, 1…10,000; 0 = `sellers` are named.
  package var pageSize: Int32

  package init(
    sellers: Column<BorrowedBytes>, item: BorrowedBytes, monthCount: Int32,
    node: BorrowedBytes = .empty, isOptimistic: Bool = false,
    pageToken: BorrowedBytes = .empty, pageSize: Int32 = 0
  ) {
    self.sellers = sellers
    self.item = item
    self.monthCount = monthCount
    self.node = node
    self.isOptimistic = isOptimistic
    self.pageToken = pageToken
    self.pageSize = pageSize
  }
}

/// What of a kind to list, page by page, in a fixed order.
package enum ListKind: UInt8, Sendable, CaseIterable {
  case items = 1
  case nodes = 2
  case sellers = 3
  case zones = 4
  case lanes = 5
  case legs = 6
  case marketplaces = 7
  case calendars = 8
  case holds = 9
  case rates = 10
  case kits = 11
  case opportunity = 12
  case groups = 13
  case channelStock = 14
  case backorders = 15
  /// Feed rows that wait for an item or node, and those that failed when they were driven again.
  case parked = 20
  case parkedFailures = 21
  /// The recent changes of stock, newest first.
  case movements = 22
}
