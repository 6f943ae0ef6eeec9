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
  /// Cells in quotes may hold commas, ends of line and doubled quotes. A cell is a number up to 10^9, rounded to whole units; less than nothing was sold (more came
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
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var rows = CSVRows(buffer.starts(with: mark) ? buffer.dropFirst(3) : buffer[...], path)
    while let cells = try rows.next() {
      // A line without anything on it.
      if cells == [""] { continue }
      if days == 0 {
        days = cells.count - 1
        if days > 0 { continue }
        break
      }
      if cells.count != days + 1 {
        throw DataFault(
          path: path, line: rows.line,
          reason: "\(cells.count) cells; the header has \(days + 1)")
      }
      names.append(cells[0])
      for (column, text) in cells.enumerated().dropFirst() {
        guard let value = Self.value(text) else {
          throw DataFault(
            path: path, line: rows.line, column: "\(column + 1)",
            reason: "\"\(text.prefix(64))\": a number of units up to 10^9 is needed")
        }
        units.append(value)
      }
    }
    if days == 0 {
      throw DataFault(path: path, line: 1, reason: "a header with an item and days is needed")
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

/// The rows of a file of comma-separated values (RFC 4180).
private struct CSVRows {
  /// The line on which the last row began, from 1.
  private(set) var line = 0
  private var rest: Slice<UnsafeBufferPointer<UInt8>>
  private var nextLine = 1
  private let path: String

  init(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ path: String) {
    rest = bytes
    self.path = path
  }

  /// The cells of the next row, without the blanks around them; nil at the end.
  ///
  /// - Throws: the line and column of a quote that is not closed, or with something behind it.
  mutating func next() throws(DataFault) -> [String]? {
    if rest.isEmpty { return nil }
    line = nextLine
    var cells: [String] = []
    var cell: [UInt8] = []
    var (isQuoted, wasQuoted) = (false, false)
    while let byte = rest.popFirst() {
      if isQuoted {
        if byte == 0x0A { nextLine += 1 }
        if byte != 0x22 {
          cell.append(byte)
        } else if rest.first == 0x22 {
          cell.append(0x22)
          rest.removeFirst()
        } else {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case 0x22 where !wasQuoted && cell.allSatisfy { $0 == 0x20 }:
        cell.removeAll()
        (isQuoted, wasQuoted) = (true, true)
      case 0x2C:
        cells.append(Self.text(cell, wasQuoted))
        cell.removeAll(keepingCapacity: true)
        wasQuoted = false
      case 0x0A:
        nextLine += 1
        cells.append(Self.text(cell, wasQuoted))
        return cells
      case 0x0D where rest.isEmpty || rest.first == 0x0A: continue
      case 0x20 where wasQuoted: continue
      default:
        if wasQuoted { throw fault(cells, "something stands behind the closing quote") }
        cell.append(byte)
      }
    }
    if isQuoted { throw fault(cells, "a quote is not closed") }
    cells.append(Self.text(cell, wasQuoted))
    return cells
  }

  private func fault(_ cells: [String], _ reason: String) -> DataFault {
    DataFault(path: path, line: line, column: "\(cells.count + 1)", reason: reason)
  }

  private static func text(_ bytes: [UInt8], _ isQuoted: Bool) -> String {
    if isQuoted { return String(decoding: bytes, as: UTF8.self) }
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    var cell = bytes[...].drop(while: isBlank)
    while let last = cell.last, isBlank(last) { cell.removeLast() }
    return String(decoding: cell, as: UTF8.self)
  }
}
