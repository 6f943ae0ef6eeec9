// Demand forecasts that are made elsewhere.

/// Columns of forecasts: a row per (item, region), each a grid of quantiles by period and level.
package struct ForecastRows: Sendable, Equatable {
  package var keys = PackedKeys()
  /// Distinct regions of this batch; an empty name is the whole network.
  package var regionNames: [Name] = []
  package var regions: [UInt32] = []
  package var issuedUnixSeconds: [Int64] = []
  /// The first day forecast, days since 1970 where the item's seller is.
  package var startDays: [Int32] = []
  /// 1…28.
  package var periodDays: [UInt8] = []
  /// 1…53.
  package var periods: [UInt8] = []
  /// 1 = period n stands for the sum of the periods up to it.
  package var cumulative: [UInt8] = []
  /// The levels of every row, in 1/10,000, ascending, 1…16 of them.
  package var levels: [UInt16] = []
  /// Row by row, period by period, level by level: thousandths of a unit, 0…10^12.
  package var valuesMilli: [Int64] = []

  package init() {}

  /// Values of a row.
  package func valueCount(_ row: Int) -> Int { Int(periods[row]) * levels.count }
}

/// Columns of known seasons and events: in these days a category sells by a factor more or less. Key:
/// (category, first day, last day).
package struct FactorRows: Sendable, Equatable {
  /// Distinct categories of this batch; an empty name is every item.
  package var categoryNames: [Name] = []
  package var categories: [UInt32] = []
  /// Days since 1970 where the item's seller is; both included.
  package var fromDays: [Int32] = []
  package var toDays: [Int32] = []
  /// In thousandths, 0…100,000; 1000 removes the row.
  package var factorsMilli: [Int32] = []

  package init() {}
}
