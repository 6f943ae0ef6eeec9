import PromisedModel

/// A column of a feed file.
private enum FeedColumn: Int, CaseIterable {
  case item, node, kind, quantity, sequence, occurred, reference, destination
  case eta, etaEarly, etaLate, stage, disposition, fromDisposition, cause, hold

  var name: String {
    switch self {
    case .etaEarly: "eta_early"
    case .etaLate: "eta_late"
    case .fromDisposition: "from_disposition"
    default: "\(self)"
    }
  }

  var isNeeded: Bool { rawValue <= FeedColumn.quantity.rawValue }

  var allowed: String {
    switch self {
    case .item, .node: "1 to 64 bytes of UTF-8, no control characters"
    case .kind: MovementKind.allCases.map(\.label).joined(separator: ", ")
    case .quantity: "a whole number, 0…2,000,000,000; an adjustment also below 0"
    case .sequence: "a whole number, above that of the row before"
    case .occurred: "RFC 3339 with Z or an offset, Unix milliseconds, or empty"
    case .eta, .etaEarly, .etaLate:
      "RFC 3339 with Z or an offset, such as 2026-12-20T18:00:00Z, or empty"
    case .reference, .destination: "at most 64 bytes of UTF-8, no control characters"
    case .stage: "draft, working, shipped, receiving or empty"
    case .disposition, .fromDisposition:
      Disposition.allCases.map(\.label).joined(separator: ", ") + " or empty"
    case .cause: "damaged, lost, found, theft, expired, correction, other or empty"
    case .hold: "a hold's id, or empty"
    }
  }
}

/// What a cell may say, and what it means.
private typealias FeedWords = [(text: [UInt8], value: UInt8)]

/// Rows of a feed file on their way to the server.
package struct FeedBatch: Sendable {
  package var rows = FeedRows()
  /// The line each row stands on, and its text.
  package var lines: [Int] = []
  package var texts: [String] = []

  package init() {}

  package var count: Int { lines.count }
  package var firstSequence: UInt64 { rows.details.sequences.first ?? rows.firstSequence }
}

/// Reads a feed file piece by piece: `item,node,kind,quantity` and the other columns by name.
///
/// A row's sequence is its number among the rows, from 1, unless there is a column of sequences. A
/// column `outcome`, which files of refused rows have, is passed over, and texts leave it out. Names have no line breaks, so a piece may end at any line's end.
package struct FeedFileReader {
  private let file: String
  private var places = [Int](repeating: -1, count: FeedColumn.allCases.count)
  private var cellCount = 0
  private var outcomePlace = -1
  private var hasHeader = false
  /// Lines before the piece that is read.
  private var linesBefore = 0
  private var rest: [UInt8] = []
  private var lastSequence: UInt64 = 0
  private var nodes: [Name: UInt32] = [:]
  private let kindWords = Self.words(MovementKind.allCases.map { ($0.label, $0.rawValue) })
  private let stageWords = Self.words(
    InboundStage.allCases.filter { $0 != .transfer }.map { ("\($0)", $0.rawValue) })
  private let dispositionWords = Self.words(Disposition.allCases.map { ($0.label, $0.rawValue) })
  private let causeWords = Self.words(AdjustmentCause.allCases.map { ($0.label, $0.rawValue) })
  private var batch = FeedBatch()
  /// The header as it stands in the file, without the column of outcomes.
  package private(set) var header = ""
  package private(set) var rowCount = 0
  package private(set) var problems = ProblemList()

  package init(file: String) { self.file = file }

  private static func words(_ words: [(String, UInt8)]) -> FeedWords {
    words.map { (Array($0.0.utf8), $0.1) }
  }

  /// Whether each row has a sequence of its own.
  package var isSparse: Bool { places[FeedColumn.sequence.rawValue] >= 0 }

  /// Whether the file was written of rows that were refused.
  package var hasOutcomes: Bool { outcomePlace >= 0 }

  /// Reads what is whole of `bytes` and what was left before; calls for each full batch.
  ///
  /// - Parameter after: rows up to this sequence are passed over.
  package mutating func read<Failure: Error>(
    _ bytes: [UInt8], after: UInt64, limit: Int,
    _ emit: (FeedBatch) throws(Failure) -> Void
  ) throws(Failure) {
    var whole = rest + bytes
    let end = whole.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    rest = Array(whole[end...])
    whole.removeSubrange(end...)
    // A line without an end is no line.
    if rest.count > CSVReader.rowByteLimit { rest.append(0x0A) }
    try parse(whole, after, limit, emit)
  }

  /// Reads what is left at the end.
  package mutating func finish<Failure: Error>(
    after: UInt64, limit: Int, _ emit: (FeedBatch) throws(Failure) -> Void
  ) throws(Failure) {
    let last = rest
    rest = []
    try parse(last, after, limit, emit)
    if !hasHeader { refuse(1, "", "", "a header row of item,node,kind,quantity") }
    if batch.count > 0 { try emit(takeBatch()) }
  }

  private mutating func parse<Failure: Error>(
    _ bytes: [UInt8], _ after: UInt64, _ limit: Int,
    _ emit: (FeedBatch) throws(Failure) -> Void
  ) throws(Failure) {
    var failure: Failure?
    bytes.withUnsafeBufferPointer { buffer in
      var csv = CSVReader(buffer)
      do throws(Failure) { try rows(&csv, buffer, after, limit, emit) } catch { failure = error }
    }
    if let failure { throw failure }
    for byte in bytes where byte == 0x0A { linesBefore += 1 }
  }

  private mutating func rows<Failure: Error>(
    _ csv: inout CSVReader, _ bytes: UnsafeBufferPointer<UInt8>, _ after: UInt64, _ limit: Int,
    _ emit: (FeedBatch) throws(Failure) -> Void
  ) throws(Failure) {
    while true {
      let start = csv.offset
      do throws(CSVFault) {
        if try !csv.nextRow() { return }
      } catch {
        rowCount += 1
        refuse(linesBefore + csv.line, "", "", error.allowed)
        continue
      }
      let line = bytes[start..<csv.offset]
      if !hasHeader {
        readHeader(csv, Self.text(line))
        continue
      }
      rowCount += 1
      if csv.cellCount != cellCount {
        refuse(linesBefore + csv.line, "", "\(csv.cellCount) cells", "\(cellCount) cells")
        continue
      }
      if append(csv, after, line), batch.count == limit {
        try emit(takeBatch())
      }
    }
  }

  private mutating func readHeader(_ csv: borrowing CSVReader, _ line: String) {
    hasHeader = true
    header = line
    cellCount = csv.cellCount
    for cell in 0..<csv.cellCount {
      let text = String(decoding: csv.cell(cell).buffer, as: UTF8.self)
      if text == "outcome" && outcomePlace < 0 {
        outcomePlace = cell
        continue
      }
      guard let column = FeedColumn.allCases.first(where: { $0.name == text }) else {
        let known = FeedColumn.allCases.map(\.name).joined(separator: ",")
        refuse(1, text, text, "the columns \(known)")
        continue
      }
      if places[column.rawValue] >= 0 { refuse(1, text, text, "each column once") }
      places[column.rawValue] = cell
    }
    for column in FeedColumn.allCases where column.isNeeded && places[column.rawValue] < 0 {
      refuse(1, column.name, "", "this column is needed")
    }
    header = withoutOutcome(csv, line)
  }

  /// A line without the cell of its outcome.
  private func withoutOutcome(_ csv: borrowing CSVReader, _ line: String) -> String {
    if outcomePlace < 0 { return line }
    var cells: [String] = []
    for cell in 0..<csv.cellCount where cell != outcomePlace {
      let text = String(decoding: csv.cell(cell).buffer, as: UTF8.self)
      let isPlain = !text.contains { $0 == "," || $0 == "\"" }
      cells.append(
        isPlain
          ? text
          : "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\"")
    }
    return cells.joined(separator: ",")
  }

  /// Adds a row that is sound and not passed over; true when it was added.
  private mutating func append(
    _ csv: borrowing CSVReader, _ after: UInt64, _ bytes: Slice<UnsafeBufferPointer<UInt8>>
  ) -> Bool {
    // Of a wrong header every cell would only repeat the same mistake.
    if problems.kept.first?.line == 1 { return false }
    let line = linesBefore + csv.line
    let before = problems.count
    let sequence = sequence(csv, line)
    let row = parked(csv, line)
    if problems.count == before { lastSequence = sequence }
    // Nothing behind a mistake is sent: the source's rows would have a hole.
    if problems.count > 0 || sequence <= after { return false }
    if batch.count == 0 && !isSparse { batch.rows.firstSequence = sequence }
    var told = row
    told.sequence = sequence
    add(told)
    batch.lines.append(line)
    batch.texts.append(withoutOutcome(csv, Self.text(bytes)))
    return true
  }

  private static func text(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> String {
    let text = line.drop { $0 == 0x0A || $0 == 0x0D }
    return String(decoding: text, as: UTF8.self).trimmedEnd
  }

  private mutating func sequence(_ csv: borrowing CSVReader, _ line: Int) -> UInt64 {
    if !isSparse { return UInt64(rowCount) }
    let cell = cell(.sequence, csv)
    guard let number = Cell.integer(cell), UInt64(number) > lastSequence else {
      refuse(line, .sequence, cell)
      return lastSequence
    }
    return UInt64(number)
  }

  /// A row's cells; a wrong one is recorded.
  private mutating func parked(_ csv: borrowing CSVReader, _ line: Int) -> ParkedRow {
    var row = ParkedRow()
    row.item = name(.item, csv, line)
    row.node = name(.node, csv, line)
    row.reference = name(.reference, csv, line)
    row.destination = name(.destination, csv, line)
    row.kind = word(.kind, csv, line, kindWords)
    row.quantity = quantity(csv, line, row.kind)
    // Unix milliseconds too, which are finer.
    let occurred = Cell.integer(cell(.occurred, csv))
    row.occurredMilliseconds = occurred ?? instant(.occurred, csv, line) * 1000
    row.etaUnixSeconds = instant(.eta, csv, line)
    row.earlyUnixSeconds = instant(.etaEarly, csv, line)
    row.lateUnixSeconds = instant(.etaLate, csv, line)
    row.stage = word(.stage, csv, line, stageWords)
    row.disposition = word(.disposition, csv, line, dispositionWords)
    row.fromDisposition = word(.fromDisposition, csv, line, dispositionWords)
    row.cause = word(.cause, csv, line, causeWords)
    let hold = cell(.hold, csv)
    if !hold.isEmpty {
      if let id = Cell.integer(hold) { row.holdID = UInt64(id) } else { refuse(line, .hold, hold) }
    }
    return row
  }

  private mutating func name(
    _ column: FeedColumn, _ csv: borrowing CSVReader, _ line: Int
  ) -> Name {
    let cell = cell(column, csv)
    if cell.isEmpty && !column.isNeeded { return .empty }
    if !Name.isValid(cell.buffer) { refuse(line, column, cell) }
    return cell.name
  }

  private mutating func quantity(
    _ csv: borrowing CSVReader, _ line: Int, _ kind: UInt8
  ) -> Int64 {
    let cell = cell(.quantity, csv)
    let isNegative = cell.buffer.first == 0x2D
    let digits =
      isNegative
      ? BorrowedBytes(base: cell.base.map { $0 + 1 }, count: cell.count - 1) : cell
    guard let units = Cell.integer(digits), units <= Int64(Limits.unitsPerPosition),
      !isNegative || kind == MovementKind.adjustment.rawValue
    else {
      refuse(line, .quantity, cell)
      return 0
    }
    return isNegative ? -units : units
  }

  private mutating func instant(
    _ column: FeedColumn, _ csv: borrowing CSVReader, _ line: Int
  ) -> Int64 {
    let cell = cell(column, csv)
    if cell.isEmpty { return 0 }
    guard let instant = Cell.instant(cell), instant >= 0 else {
      refuse(line, column, cell)
      return 0
    }
    return instant
  }

  private mutating func word(
    _ column: FeedColumn, _ csv: borrowing CSVReader, _ line: Int, _ words: FeedWords
  ) -> UInt8 {
    let cell = cell(column, csv)
    if cell.isEmpty && !column.isNeeded { return 0 }
    for (word, value) in words where word.elementsEqual(cell.buffer) { return value }
    refuse(line, column, cell)
    return 0
  }

  private func cell(_ column: FeedColumn, _ csv: borrowing CSVReader) -> BorrowedBytes {
    let place = places[column.rawValue]
    return place < 0 ? .empty : csv.cell(place)
  }

  // MARK: The batch

  private mutating func add(_ row: ParkedRow) {
    batch.rows.keys.append(row.item.bytes)
    batch.rows.nodes.append(index(of: row.node))
    batch.rows.kinds.append(row.kind)
    batch.rows.quantities.append(row.quantity)
    func has(_ column: FeedColumn) -> Bool { places[column.rawValue] >= 0 }
    if isSparse { batch.rows.details.sequences.append(row.sequence) }
    if has(.occurred) {
      batch.rows.details.occurredMilliseconds.append(row.occurredMilliseconds)
    }
    if has(.reference) { batch.rows.details.references.append(row.reference.bytes) }
    if has(.destination) {
      batch.rows.details.destinations.append(
        row.destination.isEmpty ? 0 : index(of: row.destination))
    }
    if has(.eta) { batch.rows.details.etaUnixSeconds.append(row.etaUnixSeconds) }
    if has(.etaEarly) { batch.rows.details.earlyUnixSeconds.append(row.earlyUnixSeconds) }
    if has(.etaLate) { batch.rows.details.lateUnixSeconds.append(row.lateUnixSeconds) }
    if has(.stage) { batch.rows.details.stages.append(row.stage) }
    if has(.disposition) { batch.rows.details.dispositions.append(row.disposition) }
    if has(.fromDisposition) { batch.rows.details.fromDispositions.append(row.fromDisposition) }
    if has(.cause) { batch.rows.details.causes.append(row.cause) }
    if has(.hold) { batch.rows.details.holdIDs.append(row.holdID) }
  }

  private mutating func index(of name: Name) -> UInt32 {
    if let known = nodes[name] { return known }
    let index = UInt32(batch.rows.nodeNames.count)
    nodes[name] = index
    batch.rows.nodeNames.append(name)
    return index
  }

  fileprivate var pendingCount: Int { batch.count }

  fileprivate mutating func takeBatch() -> FeedBatch {
    let full = batch
    batch = FeedBatch()
    nodes.removeAll(keepingCapacity: true)
    return full
  }

  private mutating func refuse(_ line: Int, _ column: FeedColumn, _ cell: BorrowedBytes) {
    refuse(line, column.name, shown(cell), column.allowed)
  }

  private mutating func refuse(
    _ line: Int, _ column: String, _ value: String, _ allowed: String
  ) {
    problems.append(
      ImportProblem(file: file, line: line, column: column, value: value, allowed: allowed))
  }
}

extension String {
  fileprivate var trimmedEnd: String {
    var text = self[...]
    while let last = text.last, last.isNewline { text = text.dropLast() }
    return String(text)
  }
}

extension FeedFileReader {
  /// Hands over the rows that wait for a batch to fill.
  package mutating func flush(_ emit: (FeedBatch) -> Void) {
    if pendingCount > 0 { emit(takeBatch()) }
  }
}
