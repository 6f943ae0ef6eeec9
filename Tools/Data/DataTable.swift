import PromisedImport
import PromisedModel

/// The rows of a CSV file with a header (plain or gzip), its columns found by name.
///
///     var table = try DataTable(path, needing: ["dep_s", "arr_s"])
///     while try table.nextRow() { use(try table.integer(0), try table.integer(1)) }
///
/// Columns are numbered as in `needing`; further columns of the file are passed over. Cells are
/// borrowed and hold until the next row. One pass, O(bytes).
package struct DataTable: ~Copyable {
  package let path: String
  private let names: [String]
  private var places: [Int] = []
  private var width = 0
  private let bytes: UnsafeMutableBufferPointer<UInt8>
  private var csv: CSVReader

  /// Reads the file and its header. Throws when it cannot be read or a column is missing.
  package init(_ path: String, needing names: [String]) throws(DataFault) {
    // Thrown only once everything is initialised: a value that cannot be copied wants it so.
    var contents: [UInt8] = []
    var fault: DataFault?
    do throws(DataFault) { contents = try DataFile.read(path) } catch { fault = error }
    self.path = path
    self.names = names
    bytes = .allocate(capacity: contents.count)
    _ = bytes.initialize(from: contents)
    csv = CSVReader(UnsafeBufferPointer(bytes))
    if let fault { throw fault }
    try readHeader()
  }

  deinit { bytes.deallocate() }

  private mutating func readHeader() throws(DataFault) {
    guard try nextCells() else {
      throw DataFault(path: path, reason: "is empty; a header row is needed")
    }
    width = csv.cellCount
    let header = (0..<width).map { String(decoding: csv.cell($0).buffer, as: UTF8.self) }
    for name in names {
      guard let place = header.firstIndex(of: name) else {
        throw DataFault(path: path, line: csv.line, column: name, reason: "the column is missing")
      }
      places.append(place)
    }
  }

  private mutating func nextCells() throws(DataFault) -> Bool {
    do throws(CSVFault) {
      return try csv.nextRow()
    } catch {
      throw DataFault(path: path, line: csv.line, reason: error.allowed)
    }
  }

  /// The line of the current row, from 1.
  package var line: Int { csv.line }

  /// Goes to the next row; false at the end. Throws on a row that is no CSV or has not as many
  /// cells as the header.
  package mutating func nextRow() throws(DataFault) -> Bool {
    guard try nextCells() else { return false }
    if csv.cellCount != width {
      throw DataFault(
        path: path, line: csv.line,
        reason: "\(csv.cellCount) cells; the header has \(width)")
    }
    return true
  }

  package func cell(_ column: Int) -> BorrowedBytes { csv.cell(places[column]) }

  package func text(_ column: Int) -> String {
    String(decoding: cell(column).buffer, as: UTF8.self)
  }

  /// A whole number, also below zero; throws on anything else.
  package func integer(_ column: Int) throws(DataFault) -> Int64 {
    let cell = cell(column)
    let isNegative = cell.buffer.first == UInt8(ascii: "-")
    let digits = BorrowedBytes(
      UnsafeBufferPointer(rebasing: cell.buffer.dropFirst(isNegative ? 1 : 0)))
    guard let size = Cell.integer(digits) else { throw fault(column, "a whole number is needed") }
    return isNegative ? -size : size
  }

  /// The fault of the current row's cell in `column`, its value shown.
  package func fault(_ column: Int, _ reason: String) -> DataFault {
    DataFault(
      path: path, line: csv.line, column: names[column],
      reason: "\"\(text(column).prefix(64))\": \(reason)")
  }
}
