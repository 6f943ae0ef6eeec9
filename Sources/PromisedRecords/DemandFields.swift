import PromisedModel

// What sells.

extension FieldCoder where Self: ~Copyable {
  mutating func forecasts(_ rows: inout ForecastRows) throws(RecordError) {
    try keys(&rows.keys)
    try names(&rows.regionNames)
    try column(&rows.regions)
    try column(&rows.issuedUnixSeconds)
    try column(&rows.startDays)
    try column(&rows.periodDays)
    try column(&rows.periods)
    try column(&rows.cumulative)
    try column(&rows.levels)
    try column(&rows.valuesMilli)
  }

  mutating func factors(_ rows: inout FactorRows) throws(RecordError) {
    try names(&rows.categoryNames)
    try column(&rows.categories)
    try column(&rows.fromDays)
    try column(&rows.toDays)
    try column(&rows.factorsMilli)
  }

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

extension ForecastRows {
  func checkColumns() throws(RecordError) {
    try require(
      [
        regions.count, issuedUnixSeconds.count, startDays.count, periodDays.count,
        periods.count, cumulative.count,
      ], rows: keys.count, "forecast columns")
    try require(regions, below: regionNames.count, "forecast region")
    var values = 0
    for row in 0..<keys.count {
      values += valueCount(row)
      if periodDays[row] == 0 || cumulative[row] > 1 { throw .malformed("forecast periods") }
    }
    try require([valuesMilli.count], rows: values, "forecast values")
    for (index, level) in levels.enumerated()
    where level >= 10_000 || level <= (index == 0 ? 0 : levels[index - 1]) {
      throw .malformed("forecast levels")
    }
    for value in valuesMilli where value < 0 || value > 1_000_000_000_000 {
      throw .malformed("forecast values")
    }
  }
}

extension FactorRows {
  func checkColumns() throws(RecordError) {
    try require(
      [fromDays.count, toDays.count, factorsMilli.count], rows: categories.count,
      "factor columns")
    try require(categories, below: categoryNames.count, "factor category")
    for value in factorsMilli where value < 0 || value > 100_000 {
      throw .malformed("factors")
    }
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
