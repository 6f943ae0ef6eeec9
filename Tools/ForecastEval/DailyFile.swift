import PromisedData

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
    var line = 0
    var rest = buffer[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
      let cells = Self.cells(rest[..<end])
      rest = rest[min(rest.endIndex, end + 1)...]
      line += 1
      if cells == [""] { continue }
      if days == 0 {
        days = cells.count - 1
        if days > 0 { continue }
        break
      }
      if cells.count != days + 1 {
        throw DataFault(
          path: path, line: line, reason: "\(cells.count) cells; the header has \(days + 1)")
      }
      names.append(cells[0])
      for (column, text) in cells.enumerated().dropFirst() {
        guard let value = Self.value(text) else {
          throw DataFault(
            path: path, line: line, column: "\(column + 1)",
            reason: "\"\(text.prefix(64))\": a number of units up to 10^9 is needed")
        }
        units.append(value)
      }
    }
    if days == 0 {
      throw DataFault(path: path, line: 1, reason: "a header with an item and days is needed")
    }
  }

  /// The cells of a line; one in quotes may hold commas.
  private static func cells(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> [String] {
    var cells: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    for byte in line {
      if byte == 0x22 {
        isQuoted.toggle()
      } else if byte == 0x2C && !isQuoted {
        cells.append(text(cell))
        cell.removeAll(keepingCapacity: true)
      } else {
        cell.append(byte)
      }
    }
    cells.append(text(cell))
    return cells
  }

  /// A cell, without the carriage return of its line.
  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.last == 0x0D ? bytes.dropLast() : bytes[...], as: UTF8.self)
  }

  private static func value(_ text: String) -> Int64? {
    if text.isEmpty || text == "NA" || text == "NaN" || text == "nan" { return missing }
    guard let number = Double(text), number.isFinite, abs(number) <= 1e9 else { return nil }
    return max(0, Int64(number.rounded()))
  }

  /// The days of a series.
  func series(_ row: Int) -> ArraySlice<Int64> { units[row * days..<(row + 1) * days] }
}
