import PromisedClient
import PromisedImport
import PromisedLinux
import PromisedModel

/// Reads a file of observations: a header, then a row each.
enum ObservationFile {
  static let columns = [
    "kind", "subject", "service", "zone", "date", "minutes", "hold", "shipment", "at",
  ]

  /// The rows, or the first thing that is wrong with them. Columns come in any order; those that no
  /// row uses may be absent.
  static func read(
    _ name: String, _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(ImportProblem) -> [Observation] {
    var csv = CSVReader(bytes)
    var places: [Int?] = []
    var rows: [Observation] = []
    var width = 0
    while try next(&csv, name) {
      if places.isEmpty {
        places = try header(csv, name)
        width = csv.cellCount
        continue
      }
      if csv.cellCount != width {
        throw ImportProblem(
          file: name, line: csv.line, column: "", value: "\(csv.cellCount) cells",
          allowed: "\(width) cells, as in the header")
      }
      rows.append(try Row(csv, places, name).observation())
    }
    if places.isEmpty {
      throw ImportProblem(
        file: name, line: 1, column: "", value: "",
        allowed: "a header row of \(columns.joined(separator: ","))")
    }
    return rows
  }

  private static func next(
    _ csv: inout CSVReader, _ name: String
  ) throws(ImportProblem) -> Bool {
    do throws(CSVFault) {
      return try csv.nextRow()
    } catch {
      throw ImportProblem(
        file: name, line: csv.line, column: "", value: "", allowed: error.allowed)
    }
  }

  private static func header(
    _ csv: borrowing CSVReader, _ name: String
  ) throws(ImportProblem) -> [Int?] {
    var places = [Int?](repeating: nil, count: columns.count)
    for index in 0..<csv.cellCount {
      let text = String(decoding: csv.cell(index).buffer, as: UTF8.self)
      guard let column = columns.firstIndex(of: text), places[column] == nil else {
        throw ImportProblem(
          file: name, line: csv.line, column: text, value: text,
          allowed: "the columns \(columns.joined(separator: ",")), each once")
      }
      places[column] = index
    }
    if places[0] == nil {
      throw ImportProblem(
        file: name, line: csv.line, column: "kind", value: "", allowed: "this column is needed")
    }
    return places
  }

  /// One row's cells by column.
  private struct Row {
    let name: String
    let line: Int
    let cells: [String]

    init(_ csv: borrowing CSVReader, _ places: [Int?], _ name: String) {
      self.name = name
      line = csv.line
      var cells: [String] = []
      for place in places {
        cells.append(place.map { String(decoding: csv.cell($0).buffer, as: UTF8.self) } ?? "")
      }
      self.cells = cells
    }

    func problem(_ column: Int, _ allowed: String) -> ImportProblem {
      ImportProblem(
        file: name, line: line, column: columns[column], value: cells[column], allowed: allowed)
    }

    func text(_ column: Int) throws(ImportProblem) -> String {
      let isName = Array(cells[column].utf8).withUnsafeBufferPointer { Name.isValid($0) }
      if isName { return cells[column] }
      throw problem(column, "1 to 64 bytes of UTF-8, no control characters")
    }

    func number(_ column: Int, _ range: ClosedRange<UInt64>) throws(ImportProblem) -> UInt64 {
      guard let number = UInt64(cells[column]), range.contains(number) else {
        throw problem(
          column, "a whole number, \(grouped(range.lowerBound))…\(grouped(range.upperBound))")
      }
      return number
    }

    func date() throws(ImportProblem) -> Int32 {
      guard let day = localDay(cells[4]) else { throw problem(4, "a date such as 2026-12-24") }
      return day
    }

    func observation() throws(ImportProblem) -> Observation {
      switch cells[0] {
      case "leg":
        return .legDelay(
          leg: try text(1), day: try date(), minutesLate: Int32(try number(5, 0...10_080)))
      case "handling":
        return .handling(node: try text(1), minutesBeyond: Int32(try number(5, 0...20_160)))
      case "transit":
        return .transit(
          origin: try text(1), service: try text(2), zone: try text(3), day: try date(),
          workingDays: Int32(try number(5, 0...60)))
      case "delivery":
        guard let at = instantSeconds(cells[8]) else {
          throw problem(8, "RFC 3339 with Z or an offset, such as 2026-12-20T18:00:00Z")
        }
        return .delivery(
          holdID: try number(6, 1...UInt64(Int64.max)),
          shipment: cells[7].isEmpty ? 0 : UInt32(try number(7, 0...255)), atUnixSeconds: at)
      default: throw problem(0, "leg, handling, transit or delivery")
      }
    }
  }
}

extension Session {
  /// Rows of one request, within what a batch may hold.
  private static var observationsPerCall: Int { 20_000 }

  func observe() throws(Failure) -> Int32 {
    let path = arguments.operands[0]
    let rows = try observations(path)
    let key = key
    var counts: [(reason: String, count: Int, line: Int)] = []
    var learned = 0
    var stamp: AnswerStamp?
    for (part, start) in stride(from: 0, to: rows.count, by: Self.observationsPerCall).enumerated()
    {
      let batch = Array(rows[start..<min(start + Self.observationsPerCall, rows.count)])
      let answer = try perform(
        .observe(batch, key: part == 0 ? key : "\(key.prefix(52))-\(part)"))
      stamp = answer.asOf
      for (index, outcome) in answer.outcomes.enumerated() {
        if outcome.isOK {
          learned += 1
        } else if let known = counts.firstIndex(where: { $0.reason == outcome.reason }) {
          counts[known].count += 1
        } else {
          counts.append((outcome.reason, 1, start + index + 1))
        }
      }
    }
    if isJSON {
      json { json in
        if let stamp { json.stamp(stamp) }
        json.member("rows", rows.count)
        json.member("learned", learned)
        json.rows("refused", counts) { json, row in
          json.member("reason", row.reason)
          json.member("count", row.count)
          json.member("first_row", row.line)
        }
      }
    } else {
      write("\(grouped(learned)) of \(counted(rows.count, "observation")) learned.\n")
      for row in counts {
        write("\(row.reason): \(counted(row.count, "row")), the first is row \(row.line).\n")
      }
    }
    return counts.isEmpty ? ExitCode.yes : ExitCode.no
  }

  private func observations(_ path: String) throws(Failure) -> [Observation] {
    let name = String(path.split(separator: "/").last ?? "")
    let box: MappedFile.Box
    do throws(SocketFailure) {
      box = try MappedFile.Box(path: path)
    } catch { throw .local(error.reason, code: ExitCode.unreadable) }
    do throws(ImportProblem) {
      return try ObservationFile.read(name, box.file.bytes)
    } catch { throw .local(error.description, code: ExitCode.no) }
  }
}
