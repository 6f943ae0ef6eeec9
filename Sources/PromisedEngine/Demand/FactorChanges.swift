import PromisedModel

/// Seasons and events put by operators: checked, and kept.
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
