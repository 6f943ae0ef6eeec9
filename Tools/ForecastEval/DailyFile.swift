import PromisedData
import PromisedImport

/// Sold units by item and day: a row per item, its name first, then a column per day.
struct DailyFile: Equatable {
  /// Columns of days.
  private(set) var days = 0
  private(set) var names: [String] = []
  /// Row by row; −1 = not known.
  private(set) var units: [Int64] = []

  /// What a cell without a value holds.
  static var missing: Int64 { -1 }

  /// Reads a CSV file with a header, plain or gzip.
  ///
  /// A cell is a number up to 10^9, rounded to whole units; less than nothing was sold (more came
  /// back) counts as nothing; an empty cell, NA or NaN is not known.
  ///
  /// - Throws: the file, line, column and reason of what is not readable as this.
  static func read(_ path: String) throws(DataFault) -> DailyFile {
    let bytes = try DataFile.read(path)
    var file = DailyFile()
    var fault: DataFault?
    bytes.withUnsafeBufferPointer { buffer in
      do throws(DataFault) {
        try file.parse(buffer, path)
      } catch {
        fault = error
      }
    }
    if let fault { throw fault }
    return file
  }

  private mutating func parse(
    _ buffer: UnsafeBufferPointer<UInt8>, _ path: String
  ) throws(DataFault) {
    var csv = CSVReader(buffer)
    guard try Self.next(&csv, path), csv.cellCount >= 2 else {
      throw DataFault(path: path, line: 1, reason: "a header with an item and days is needed")
    }
    days = csv.cellCount - 1
    while try Self.next(&csv, path) {
      if csv.cellCount != days + 1 {
        throw DataFault(
          path: path, line: csv.line,
          reason: "\(csv.cellCount) cells; the header has \(days + 1)")
      }
      names.append(String(decoding: csv.cell(0).buffer, as: UTF8.self))
      for day in 1...days {
        let text = String(decoding: csv.cell(day).buffer, as: UTF8.self)
        guard let value = Self.value(text) else {
          throw DataFault(
            path: path, line: csv.line, column: "\(day + 1)",
            reason: "\"\(text.prefix(64))\": a number of units up to 10^9 is needed")
        }
        units.append(value)
      }
    }
  }

  private static func next(_ csv: inout CSVReader, _ path: String) throws(DataFault) -> Bool {
    do throws(CSVFault) {
      return try csv.nextRow()
    } catch {
      throw DataFault(path: path, line: csv.line, reason: error.allowed)
    }
  }

  private static func value(_ text: String) -> Int64? {
    if text.isEmpty || text == "NA" || text == "NaN" || text == "nan" { return missing }
    guard let number = Double(text), number.isFinite, abs(number) <= 1e9 else { return nil }
    return max(0, Int64(number.rounded()))
  }

  /// The days of a series.
  func series(_ row: Int) -> ArraySlice<Int64> { units[row * days..<(row + 1) * days] }
}
