import PromisedModel

/// A season or an event: in these days a category sells by a factor more or less.
struct DemandFactor: BitwiseCopyable, Equatable {
  /// 0 = every item.
  var category: UInt16
  /// Days since 1970, both included.
  var fromDay: Int32
  var toDay: Int32
  /// In thousandths.
  var milli: Int32
}

/// Seasons and events, as operators know them. A day's factor counts when the day is learned from
/// and when it is forecast, so that a sale does not look like a new level, and the next one is seen
/// coming. Where several meet they multiply.
struct DemandFactors: Equatable {
  private(set) var rows: [DemandFactor] = []

  /// Adds a row, replaces the one of its category and days, or removes that at 1000. False when there
  /// is no room.
  mutating func put(_ row: DemandFactor) -> Bool {
    let place = rows.firstIndex {
      $0.category == row.category && $0.fromDay == row.fromDay && $0.toDay == row.toDay
    }
    if row.milli == 1000 {
      if let place { rows.remove(at: place) }
      return true
    }
    if let place {
      rows[place] = row
      return true
    }
    if rows.count >= Limits.demandFactors { return false }
    rows.append(row)
    return true
  }

  /// The factor of a day in 1/2^20, at most 2^10.
  func factor(_ category: Int, on day: Int32) -> Int64 {
    var factor = DemandScale.one
    for row in rows
    where row.fromDay <= day && day <= row.toDay
      && (row.category == 0 || Int(row.category) == category)
    {
      factor = min(1 << 30, factor * Int64(row.milli) / 1000)
    }
    return factor
  }
}

extension State {
  /// - Throws: COLUMN_LENGTH_MISMATCH, TOO_MANY_ROWS, KEY_INVALID, FIELD_OUT_OF_RANGE,
  ///   FORECASTS_FULL.
  func validate(factors rows: FactorRows) throws(Refusal) {
    let count = rows.categories.count
    try checkCounts(count, [rows.fromDays.count, rows.toDays.count, rows.factorsMilli.count])
    for name in rows.categoryNames where !name.isEmpty && !isValid(name) {
      throw Refusal(
        .keyInvalid,
        "categories: \(name) must have 1 to 64 bytes of UTF-8 without controls")
    }
    for row in 0..<count {
      try check(
        Int64(rows.categories[row]), 0, Int64(rows.categoryNames.count) - 1,
        "category_indexes", row)
      try check(Int64(rows.fromDays[row]), 0, 2_932_896, "from_days", row)
      try check(
        Int64(rows.toDays[row]), Int64(rows.fromDays[row]), 2_932_896, "to_days", row)
      try check(Int64(rows.factorsMilli[row]), 0, 100_000, "factors_milli", row)
    }
    if demand.factors.rows.count + count > Limits.demandFactors {
      throw Refusal(
        .forecastsFull,
        "\(demand.factors.rows.count) factors are kept already: at most "
          + "\(Limits.demandFactors) are; one of 1000 takes a row back")
    }
  }

  func apply(factors rows: FactorRows) {
    let categories = rows.categoryNames.map { categoryIndex($0) }
    stamps.demand = appliedPosition
    for row in rows.categories.indices {
      // What has no room is as if it had not been put: it was checked before, but for loads.
      _ = demand.factors.put(
        DemandFactor(
          category: categories[Int(rows.categories[row])], fromDay: rows.fromDays[row],
          toDay: rows.toDays[row], milli: rows.factorsMilli[row]))
    }
  }

  func exportFactors() -> [StateBlock] {
    var rows = FactorRows()
    rows.categoryNames = [.empty]
    for factor in demand.factors.rows {
      let name = categoryName(factor.category).name
      let known = rows.categoryNames.firstIndex(of: name)
      if known == nil { rows.categoryNames.append(name) }
      rows.categories.append(UInt32(known ?? rows.categoryNames.count - 1))
      rows.fromDays.append(factor.fromDay)
      rows.toDays.append(factor.toDay)
      rows.factorsMilli.append(factor.milli)
    }
    return rows.categories.isEmpty ? [] : [.put(.factors(rows))]
  }

  func digestFactors(_ sum: inout DigestSum) {
    for factor in demand.factors.rows {
      sum.begin(63)
      sum.add(categoryName(factor.category))
      sum.add(factor.fromDay)
      sum.add(factor.toDay)
      sum.add(factor.milli)
      sum.end()
    }
  }
}
