import PromisedInvariants
import PromisedModel

/// Forecasts put by operators: checked, and kept.
extension State {
  /// - Throws: COLUMN_LENGTH_MISMATCH, TOO_MANY_ROWS, KEY_INVALID, FIELD_OUT_OF_RANGE,
  ///   FORECASTS_FULL.
  func validate(forecasts rows: ForecastRows) throws(Refusal) {
    let count = rows.keys.count
    try checkCounts(
      count,
      [
        rows.regions.count, rows.issuedUnixSeconds.count, rows.startDays.count,
        rows.periodDays.count, rows.periods.count, rows.cumulative.count,
      ])
    try checkKeys(rows.keys, field: "item_keys")
    for name in rows.regionNames where !name.isEmpty && !isValid(name) {
      throw Refusal(
        .keyInvalid, "regions: \(name) must have 1 to 64 bytes of UTF-8 without controls")
    }
    try check(levels: rows.levels)
    var values = 0
    for row in 0..<count {
      try check(
        Int64(rows.regions[row]), 0, Int64(rows.regionNames.count) - 1, "region_indexes", row)
      try check(rows.issuedUnixSeconds[row], 0, 253_402_300_799, "issued_unix_s", row)
      try check(Int64(rows.startDays[row]), 0, 2_932_896, "start_days", row)
      try check(
        Int64(rows.periodDays[row]), 1, Int64(Limits.forecastPeriodDays), "period_days", row)
      try check(Int64(rows.periods[row]), 0, Int64(Limits.forecastPeriods), "periods", row)
      try check(Int64(rows.cumulative[row]), 0, 1, "cumulative", row)
      values += rows.valueCount(row)
    }
    if rows.valuesMilli.count != values {
      throw Refusal(
        .columnLengthMismatch,
        "values_milli has \(rows.valuesMilli.count) values; periods × levels of the rows make "
          + "\(values)")
    }
    for (index, value) in rows.valuesMilli.enumerated() {
      try check(value, 0, 1_000_000_000_000, "values_milli", index)
    }
    if forecasts.numberCount + values + count * rows.levels.count > Limits.forecastNumbers {
      throw Refusal(
        .forecastsFull,
        "\(forecasts.numberCount) levels and values are kept already: at most "
          + "\(Limits.forecastNumbers) are; take some back with periods 0")
    }
  }

  private func check(levels: [UInt16]) throws(Refusal) {
    if levels.isEmpty || levels.count > Limits.forecastLevels {
      throw Refusal(
        .fieldOutOfRange,
        "levels has \(levels.count) values: 1 to \(Limits.forecastLevels) are allowed")
    }
    for (index, level) in levels.enumerated() {
      let least = index == 0 ? 1 : Int64(levels[index - 1]) + 1
      try check(Int64(level), least, 9999, "levels", index)
    }
  }

  func apply(forecasts rows: ForecastRows) {
    let regions = rows.regionNames.map { regionKeys.insert($0) }
    rows.keys.withKeyColumn { keys in
      var (offset, start) = (0, 0)
      for row in 0..<keys.count {
        let token = itemKeys.insert(keys.key(row, at: &offset))
        _ = slotInserting(token)
        let isKept = rows.periods[row] > 0
        let forecast = Forecast(
          item: token, issuedUnixSeconds: rows.issuedUnixSeconds[row],
          startDay: rows.startDays[row], region: UInt32(regions[Int(rows.regions[row])]),
          periodDays: rows.periodDays[row], periods: rows.periods[row],
          isCumulative: rows.cumulative[row], levelCount: UInt8(isKept ? rows.levels.count : 0),
          start: 0, next: 0)
        let end = start + rows.valueCount(row)
        // What has no room is as if it had not been put: it was checked before, but for loads.
        _ = forecasts.put(
          forecast, levels: isKept ? rows.levels[...] : [], values: rows.valuesMilli[start..<end])
        start = end
        touch(item: token)
      }
    }
  }

  /// The forecasts of an item that are in use on `day`: of a region, if it is named and has one; else
  /// for the whole network, or else those of its regions, which add up. `isStale`: there are some,
  /// and none of them is.
  func forecastGrids(
    of token: UInt64, day: Int32, now: Int64, region: BorrowedBytes = .empty
  ) -> (grids: [ForecastGrid], isOfRegion: Bool, isStale: Bool) {
    var whole: ForecastGrid?
    var parts: [ForecastGrid] = []
    var isThere = false
    var next = forecasts.first(of: token)
    while let place = next {
      let row = forecasts.row(place)
      next = forecasts.next(after: place)
      if row.periods == 0 { continue }
      isThere = true
      guard let grid = ForecastGrid(forecasts, row, day: day, now: now) else { continue }
      let name = regionKeys.name(Int(row.region))
      if !region.isEmpty && same(name, region) { return ([grid], true, false) }
      if name.isEmpty { whole = grid } else { parts.append(grid) }
    }
    if let whole { return ([whole], false, false) }
    return (parts, false, isThere && parts.isEmpty)
  }
}
