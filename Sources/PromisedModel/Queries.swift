// What a client asks. Columns borrow the request's memory.

/// When can each item reach each postcode: items × postcodes rows, item by item.
package struct OfferQuery {
  package var items: KeyColumn
  /// Per item, 1…2·10^9; empty = 1 each.
  package var quantities: Column<Int32>
  package var country: BorrowedBytes
  package var postcodes: Column<BorrowedBytes>
  /// Also answer the legs of each offer.
  package var withPath: Bool

  package init(
    items: KeyColumn, quantities: Column<Int32>, country: BorrowedBytes,
    postcodes: Column<BorrowedBytes>, withPath: Bool
  ) {
    self.items = items
    self.quantities = quantities
    self.country = country
    self.postcodes = postcodes
    self.withPath = withPath
  }
}

package struct AvailabilityQuery {
  package var items: KeyColumn
  /// Only these nodes; empty = all that have a row.
  package var nodeNames: Column<BorrowedBytes>

  package init(items: KeyColumn, nodeNames: Column<BorrowedBytes>) {
    self.items = items
    self.nodeNames = nodeNames
  }
}

package struct InStockQuery {
  package var items: KeyColumn
  /// 1…365.
  package var horizonDays: Int32

  package init(items: KeyColumn, horizonDays: Int32) {
    self.items = items
    self.horizonDays = horizonDays
  }
}

/// How much may these sellers still send in: a row per seller, storage type and month.
package struct HeadroomQuery {
  package var sellers: Column<BorrowedBytes>
  /// Answer also in units of this item; empty = volume only. Then only its storage type is answered.
  package var item: BorrowedBytes
  /// This month and the following ones, 1…12.
  package var monthCount: Int32

  package init(sellers: Column<BorrowedBytes>, item: BorrowedBytes, monthCount: Int32) {
    self.sellers = sellers
    self.item = item
    self.monthCount = monthCount
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
}
