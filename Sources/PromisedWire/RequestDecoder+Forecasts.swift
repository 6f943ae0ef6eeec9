import CPromisedMessages
import CProtobufC
import PromisedModel

// Demand forecasts that are put.
extension RequestDecoder {
  func putForecasts(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutForecastsRequest.self).pointee
    let keys = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    var rows = ForecastRows()
    rows.keys = keys.owned
    rows.regionNames = try optionalNames(message.regions, message.n_regions, "regions")
    if message.n_region_indexes == 0 && message.n_regions == 0 {
      rows.regionNames = [.empty]
      rows.regions = [UInt32](repeating: 0, count: keys.count)
    } else {
      rows.regions = try indexes(
        message.region_indexes, message.n_region_indexes, rows: keys.count,
        below: rows.regionNames.count, "region_indexes", of: "regions"
      ).owned
    }
    rows.issuedUnixSeconds = try numbers(
      message.issued_unix_s, message.n_issued_unix_s, keys.count, in: Self.instants,
      "issued_unix_s")
    rows.startDays = try numbers(
      message.start_days, message.n_start_days, keys.count, in: 0...2_932_896, "start_days")
    rows.periodDays = try numbers(
      message.period_days, message.n_period_days, keys.count, in: 1...Limits.forecastPeriodDays,
      "period_days")
    rows.periods = try numbers(
      message.periods, message.n_periods, keys.count, in: 0...Limits.forecastPeriods, "periods")
    rows.cumulative = try numbers(
      message.cumulative, message.n_cumulative, keys.count, in: 0...1, "cumulative", whenEmpty: 0)
    try FieldPath("levels").isAtMost(Limits.forecastLevels, rows: message.n_levels)
    rows.levels = try numbers(
      message.levels, message.n_levels, message.n_levels, in: 1...9999, "levels")
    rows.valuesMilli = try numbers(
      message.values_milli, message.n_values_milli, message.n_values_milli,
      in: 0...1_000_000_000_000, "values_milli")
    return try put(.forecasts(rows), message.idempotency_key, message.load, digest)
  }

  /// Seasons and events.
  func putFactors(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutFactorsRequest.self).pointee
    let count = message.n_factors_milli
    try FieldPath("factors_milli").isAtMost(Limits.demandFactors, rows: count)
    var rows = FactorRows()
    rows.categoryNames = try optionalNames(
      message.categories, message.n_categories, "categories")
    rows.categories = try indexes(
      message.category_indexes, message.n_category_indexes, rows: count,
      below: rows.categoryNames.count, "category_indexes", of: "categories"
    ).owned
    rows.fromDays = try numbers(
      message.from_days, message.n_from_days, count, in: 0...2_932_896,
      "from_days")
    rows.toDays = try numbers(
      message.to_days, message.n_to_days, count, in: 0...2_932_896,
      "to_days")
    rows.factorsMilli = try numbers(
      message.factors_milli, count, count, in: 0...100_000, "factors_milli")
    return try put(.factors(rows), message.idempotency_key, message.load, digest)
  }

  /// Names that may be empty.
  func optionalNames(
    _ base: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int, _ field: StaticString
  ) throws(Refusal) -> [Name] {
    var names: [Name] = []
    names.reserveCapacity(count)
    for row in 0..<count {
      names.append(try FieldPath(field, row: row).optionalName(base.unsafelyUnwrapped[row]))
    }
    return names
  }
}
