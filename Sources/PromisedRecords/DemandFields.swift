import PromisedModel

// What sells.

extension FieldCoder where Self: ~Copyable {
  mutating func demandPool(_ rows: inout DemandPoolRows) throws(RecordError) {
    try names(&rows.categories)
    try column(&rows.categoryValues)
    try column(&rows.days)
    try column(&rows.sums)
    try column(&rows.shares)
    try column(&rows.tables)
    try number(&rows.cursor)
    try number(&rows.passBeganUnixSeconds)
  }

  mutating func demandItems(_ rows: inout DemandItemRows) throws(RecordError) {
    try keys(&rows.keys)
    try column(&rows.rates)
    try column(&rows.units)
    try column(&rows.dayEndsUnixSeconds)
    try column(&rows.countedToUnixSeconds)
    try column(&rows.days)
    try column(&rows.inStockSeconds)
    try column(&rows.lastSales)
    try column(&rows.categories)
    try column(&rows.inStock)
    try column(&rows.keptDays)
    try column(&rows.dayOnHand)
    try column(&rows.dayUnits)
    try column(&rows.dayExposures)
    try column(&rows.dayInStock)
  }
}

extension DemandPoolRows {
  /// Window lengths, and the values of each: part of the format.
  private static var lengths: Int { 6 }
  private static var most: Int64 { 1 << 61 }

  func checkColumns() throws(RecordError) {
    try require([categoryValues.count], rows: 25 * (categories.count + 1), "category values")
    try require([days.count], rows: Self.lengths, "demand lengths")
    try require([sums.count], rows: Self.lengths * 256, "demand sums")
    try require([shares.count], rows: Self.lengths * 1089, "demand shares")
    try require([tables.count], rows: Self.lengths * 128, "demand readings")
    // A table of learned values divides and multiplies by them.
    for values in [categoryValues, sums] {
      for value in values where value > Self.most || value < -Self.most {
        throw .malformed("demand sums")
      }
    }
    for values in [shares, tables] {
      for value in values where value < 0 || value > Self.most { throw .malformed("demand values") }
    }
  }
}

extension DemandItemRows {
  func checkColumns() throws(RecordError) {
    let rows = keys.count
    try require(
      [
        units.count, dayEndsUnixSeconds.count, countedToUnixSeconds.count, days.count,
        inStockSeconds.count, lastSales.count, categories.count, inStock.count, keptDays.count,
      ], rows: rows, "demand columns")
    try require([rates.count], rows: rows * 6, "demand rates")
    var kept = 0
    for count in keptDays {
      if count > 28 { throw .malformed("demand days") }
      kept += Int(count)
    }
    try require(
      [dayOnHand.count, dayUnits.count, dayExposures.count, dayInStock.count], rows: kept,
      "demand days")
    for value in rates + units where value < 0 || value > 1 << 61 {
      throw .malformed("demand rates")
    }
    for flag in inStock where flag > 1 { throw .malformed("demand in stock") }
  }
}
