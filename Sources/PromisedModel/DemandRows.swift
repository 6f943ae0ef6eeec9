// What sells, as a snapshot keeps it. The forms are those of Sources/PromisedEngine/Demand.

/// What items have in common.
package struct DemandPoolRows: Sendable, Equatable {
  /// The names of the categories 1, 2, …; category 0 has none.
  package var categories: [Name] = []
  /// 25 of each category, 0 first.
  package var categoryValues: [Int64] = []
  /// Of each window length the day it has faded to, then 256 sums, 1,089 shares and 128 readings.
  package var days: [Int32] = []
  package var sums: [Int64] = []
  package var shares: [Int64] = []
  package var tables: [Int64] = []
  /// Where the pass stands that closes days, and when it began.
  package var cursor: UInt64 = 0
  package var passBeganUnixSeconds: Int64 = 0

  package init() {}
}

/// Items that sell, by their place; the key of a free place is empty.
package struct DemandItemRows: Sendable, Equatable {
  package var keys = PackedKeys()
  /// Of each item six: units, exposure and squares, of the quick rate and of the slow one.
  package var rates: [Int64] = []
  /// Of the open day.
  package var units: [Int64] = []
  package var dayEndsUnixSeconds: [Int64] = []
  package var countedToUnixSeconds: [Int64] = []
  package var days: [Int32] = []
  package var inStockSeconds: [Int32] = []
  package var lastSales: [Int32] = []
  package var categories: [UInt16] = []
  /// 1 = something is available.
  package var inStock: [UInt8] = []
  /// Closed days that follow below, 0…28; oldest first.
  package var keptDays: [UInt8] = []
  package var dayOnHand: [UInt32] = []
  package var dayUnits: [UInt32] = []
  package var dayExposures: [UInt16] = []
  package var dayInStock: [UInt8] = []

  package init() {}
}
