import PromisedModel

/// Quantile forecasts of demand: a row of the file is a period, the rows of a forecast stand one
/// after another.
enum ForecastFiles {
  /// Values of a chunk, so that it stays below 3 MiB.
  private static var chunkValueLimit: Int { 200_000 }

  static func forecasts<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let answers: [(String, UInt8)] = [("yes", 1), ("no", 0), ("", 0)]
    var chunk = ForecastChunk()
    while table.nextRow() {
      let item = table.name(0)
      if let item, let references, references.items.number(item) == nil { table.refuse(0) }
      let issued = table.value(1, Cell.instant)
      let start = table.value(2, Cell.date)
      let length = table.integer(3, 1...Int64(Limits.forecastPeriodDays))
      let period = table.integer(4, 1...Int64(Limits.forecastPeriods))
      let grid = table.value(5) { Cell.quantiles($0, limit: Limits.forecastLevels) }
      let region = table.optionalName(6)
      let cumulative = table.word(7, answers)
      guard let item, let issued, let start, let length, let period, let grid, let region,
        let cumulative
      else { continue }
      if period == 1 {
        if chunk.mustClose(before: grid.levels, chunkValueLimit) {
          try chunk.close(emit)
        }
        chunk.begin(
          item, region, issued: issued, start: start.days, length: UInt8(length),
          cumulative: cumulative, levels: grid.levels)
      } else if !chunk.goesOn(item, region, period: period) {
        table.refuse(4)
        continue
      } else if chunk.rows.levels != grid.levels {
        table.refuse(5, allowed: "the same levels in every period of a forecast")
        continue
      }
      chunk.add(grid.values)
    }
    try chunk.close(emit)
  }
}

/// Forecasts that go together: they share their levels.
private struct ForecastChunk: ~Copyable {
  private(set) var rows = ForecastRows()
  private var regions = ChunkNames()
  private var item = Name.empty
  private var region = Name.empty
  private var lineCount = 0

  func mustClose(before levels: [UInt16], _ limit: Int) -> Bool {
    if rows.keys.count == 0 { return false }
    return rows.levels != levels || rows.valuesMilli.count >= limit || regions.isFull
      || rows.keys.count == StockFiles.chunkRowLimit
  }

  mutating func begin(
    _ item: BorrowedBytes, _ region: BorrowedBytes, issued: Int64, start: Int32, length: UInt8,
    cumulative: UInt8, levels: [UInt16]
  ) {
    (self.item, self.region) = (item.name, region.name)
    rows.levels = levels
    rows.keys.add(item)
    rows.regions.append(regions.index(region))
    rows.issuedUnixSeconds.append(issued)
    rows.startDays.append(start)
    rows.periodDays.append(length)
    rows.periods.append(0)
    rows.cumulative.append(cumulative)
  }

  /// Whether a row is the next period of the forecast that is open.
  func goesOn(_ item: BorrowedBytes, _ region: BorrowedBytes, period: Int64) -> Bool {
    guard let last = rows.periods.last else { return false }
    return item.name == self.item && region.name == self.region && period == Int64(last) + 1
  }

  mutating func add(_ values: [Int64]) {
    rows.periods[rows.periods.count - 1] += 1
    rows.valuesMilli += values
    lineCount += 1
  }

  mutating func close<Failure: Error>(
    _ emit: (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    rows.regionNames = regions.names
    if rows.keys.count > 0 { try emit(.forecasts(rows), lineCount) }
    rows = ForecastRows()
    regions.removeAll()
    lineCount = 0
  }
}
