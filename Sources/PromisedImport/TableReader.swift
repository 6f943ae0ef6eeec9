import PromisedModel

/// Reads the rows of one import file, cell by cell in canonical order, and collects what is wrong.
///
///     var table = TableReader(.positions, bytes)
///     while table.nextRow() {
///       guard let item = table.name(0), let node = table.name(1) else { continue }
///     }
///
/// Every accessor returns nil after recording the problem, so that one pass finds all of them.
struct TableReader: ~Copyable {
  let file: ImportFile
  private let columns: [ImportColumn]
  private var csv: CSVReader
  /// Per canonical column, its cell in this file; −1 = the file has no such column.
  private let places: UnsafeMutablePointer<Int>
  private var headerCount = 0
  private(set) var problems = ProblemList()
  private(set) var rowCount = 0
  private var isUsable = true

  init(_ file: ImportFile, _ bytes: UnsafeBufferPointer<UInt8>) {
    self.file = file
    columns = file.columns
    csv = CSVReader(bytes)
    places = .allocate(capacity: columns.count)
    places.initialize(repeating: -1, count: columns.count)
    readHeader()
  }

  deinit { places.deallocate() }

  /// The bytes consumed so far.
  var offset: Int { csv.offset }

  private mutating func readHeader() {
    let allowed = columns.map(\.name).joined(separator: ",")
    do {
      guard try csv.nextRow() else {
        record(line: 1, column: "", value: "", allowed: "a header row of \(allowed)")
        isUsable = false
        return
      }
    } catch {
      record(line: csv.line, column: "", value: "", allowed: error.allowed)
      isUsable = false
      return
    }
    headerCount = csv.cellCount
    for index in 0..<csv.cellCount {
      let text = String(decoding: csv.cell(index).buffer, as: UTF8.self)
      guard let column = columns.firstIndex(where: { $0.name == text }) else {
        record(
          line: csv.line, column: shown(csv.cell(index)), value: shown(csv.cell(index)),
          allowed: "the columns \(allowed)")
        isUsable = false
        continue
      }
      if places[column] >= 0 {
        record(line: csv.line, column: text, value: text, allowed: "each column once")
        isUsable = false
      }
      places[column] = index
    }
    for (index, column) in columns.enumerated() where places[index] < 0 && column.isNeeded {
      record(line: csv.line, column: column.name, value: "", allowed: "this column is needed")
      isUsable = false
    }
  }

  /// Whether the header has the column.
  func has(_ column: Int) -> Bool { places[column] >= 0 }

  /// Goes to the next row with as many cells as the header; false at the end. A file whose header
  /// is wrong has no rows: every cell would only repeat the same mistake.
  @inline(__always)
  mutating func nextRow() -> Bool {
    if !isUsable { return false }
    while true {
      do {
        guard try csv.nextRow() else { return false }
      } catch {
        fault(error)
        continue
      }
      rowCount &+= 1
      if csv.cellCount == headerCount { return true }
      ragged()
    }
  }

  @inline(never)
  private mutating func ragged() {
    record(
      line: csv.line, column: "", value: "\(csv.cellCount) cells",
      allowed: "\(headerCount) cells, as in the header")
  }

  @inline(never)
  private mutating func fault(_ fault: CSVFault) {
    rowCount += 1
    var name = ""
    for (index, column) in columns.enumerated() where places[index] == fault.cell {
      name = column.name
    }
    record(line: csv.line, column: name, value: "", allowed: fault.allowed)
  }

  @inline(__always)
  func cell(_ column: Int) -> BorrowedBytes {
    let place = places[column]
    return place < 0 ? .empty : csv.cell(place)
  }

  /// Records that the cell of `column` is not what the column allows.
  @inline(never)
  mutating func refuse(_ column: Int, allowed: String? = nil) {
    record(
      line: csv.line, column: columns[column].name, value: shown(cell(column)),
      allowed: allowed ?? columns[column].allowed)
  }

  private mutating func record(line: Int, column: String, value: String, allowed: String) {
    problems.append(
      ImportProblem(
        file: file.fileName, line: line, column: column, value: value, allowed: allowed))
  }

  /// A key or name.
  @inline(__always)
  mutating func name(_ column: Int) -> BorrowedBytes? {
    let cell = cell(column)
    if Name.isValid(cell.buffer) { return cell }
    refuse(column)
    return nil
  }

  /// A key or name, or nothing.
  mutating func optionalName(_ column: Int) -> BorrowedBytes? {
    cell(column).isEmpty ? .empty : name(column)
  }

  /// A whole number within `range`.
  @inline(__always)
  mutating func integer(_ column: Int, _ range: ClosedRange<Int64>) -> Int64? {
    if let value = Cell.integer(cell(column)), value >= range.lowerBound, value <= range.upperBound
    {
      return value
    }
    refuse(column)
    return nil
  }

  /// A whole number within `range`; an empty cell or a missing column is 0.
  mutating func optionalInteger(_ column: Int, _ range: ClosedRange<Int64>) -> Int64? {
    cell(column).isEmpty ? 0 : integer(column, range)
  }

  /// What `read` makes of a cell, which may be empty.
  mutating func value<Value>(_ column: Int, _ read: (BorrowedBytes) -> Value?) -> Value? {
    if let value = read(cell(column)) { return value }
    refuse(column)
    return nil
  }

  /// A service level; an empty cell or a missing column is economy.
  mutating func level(_ column: Int) -> ServiceLevel? {
    if cell(column).isEmpty { return .economy }
    return value(column) { cell in
      ServiceLevel.allCases.first { cell.buffer.elementsEqual($0.label.utf8) }
    }
  }

  /// A whole number of units, 0…2·10^9; a missing column is 0.
  @inline(__always)
  mutating func units(_ column: Int) -> Int32? {
    if places[column] < 0 { return 0 }
    return integer(column, 0...Int64(Limits.unitsPerPosition)).map { Int32(truncatingIfNeeded: $0) }
  }

  /// A decimal number times 10^`digits` within `range`.
  mutating func decimal(
    _ column: Int, digits: Int, rounding: DecimalRounding, _ range: ClosedRange<Int64>
  ) -> Int64? {
    let value = Cell.decimal(
      cell(column), digits: digits, rounding: rounding, signed: range.lowerBound < 0)
    if let value, range.contains(value) { return value }
    refuse(column)
    return nil
  }

  mutating func minute(_ column: Int, through last: Int16 = 1440) -> Int16? {
    if let minute = Cell.minuteOfDay(cell(column)), minute <= last { return minute }
    refuse(column)
    return nil
  }

  mutating func weekdays(_ column: Int) -> UInt8? {
    if let mask = Cell.weekdays(cell(column)) { return mask }
    refuse(column)
    return nil
  }

  /// `count` capital letters.
  mutating func letters(_ column: Int, _ count: Int) -> BorrowedBytes? {
    let cell = cell(column)
    if cell.count == count, cell.buffer.allSatisfy({ (0x41...0x5A).contains($0) }) { return cell }
    refuse(column)
    return nil
  }

  /// The number of the word in the cell.
  mutating func word(_ column: Int, _ words: [(String, UInt8)]) -> UInt8? {
    let cell = cell(column)
    for (word, number) in words where cell.buffer.elementsEqual(word.utf8) { return number }
    refuse(column)
    return nil
  }
}
