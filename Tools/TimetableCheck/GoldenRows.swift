import PromisedData

/// A golden answer: who is at `origin` at `second` reaches `destination` at `expected` at the
/// earliest; nil = never.
package struct GoldenRow: Sendable, Equatable {
  package var line: Int
  package var origin: String
  package var second: UInt32
  package var destination: String
  package var expected: UInt32?
}

/// A golden row on which the search disagrees.
package struct TimetableDifference: Sendable, Equatable, CustomStringConvertible {
  package var path: String
  package var row: GoldenRow
  package var found: UInt32?

  package var description: String {
    func shown(_ second: UInt32?) -> String { second.map(String.init) ?? "-1" }
    return "\(path):\(row.line): from \(row.origin) at \(row.second) to \(row.destination): "
      + "golden \(shown(row.expected)), found \(shown(found))"
  }
}

/// What a comparison found.
package struct TimetableVerdict: Sendable, Equatable {
  package var rows = 0
  package var differences = 0
  /// The one that comes first in the file.
  package var first: TimetableDifference?
}

package enum GoldenRows {
  /// Reads `origin, depart_s, dest, earliest_arrival_s`, the last −1 where there is no way.
  package static func read(_ path: String) throws(DataFault) -> [GoldenRow] {
    var table = try DataTable(
      path, needing: ["origin", "depart_s", "dest", "earliest_arrival_s"])
    var rows: [GoldenRow] = []
    while try table.nextRow() {
      let second = try Timetable.second(&table, 1)
      var expected: UInt32?
      if table.text(3) != "-1" {
        expected = try Timetable.second(&table, 3)
      }
      rows.append(
        GoldenRow(
          line: table.line, origin: table.text(0), second: second, destination: table.text(2),
          expected: expected))
    }
    if rows.isEmpty { throw DataFault(path: path, reason: "has no rows to agree with") }
    return rows
  }

  /// Compares every row of the golden file with the timetable's answer. One scan per destination.
  package static func compare(
    connections: String, golden path: String
  ) throws(DataFault) -> TimetableVerdict {
    var timetable = try Timetable(connections)
    let rows = try read(path)
    // By destination, so that each is scanned once; the first difference is still the file's first.
    let order = rows.indices.sorted {
      (rows[$0].destination, $0) < (rows[$1].destination, $1)
    }
    var verdict = TimetableVerdict(rows: rows.count)
    for index in order {
      let row = rows[index]
      let found = timetable.earliestArrival(
        from: row.origin, at: row.second, to: row.destination)
      if found == row.expected { continue }
      verdict.differences += 1
      if verdict.first.map({ row.line < $0.row.line }) ?? true {
        verdict.first = TimetableDifference(path: path, row: row, found: found)
      }
    }
    return verdict
  }
}
