import Glibc
import PromisedData
import Testing

@testable import promised_timetable_check

/// A file under the temporary folder, gone with the test.
private final class Scratch {
  let path: String

  init(_ text: String) {
    var template = Array("/tmp/promised-timetable-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  deinit { unlink(path) }
}

private struct Row {
  var departure: Int
  var arrival: Int
  var from: Int
  var to: Int
}

/// Splitmix64 from a fixed seed.
private struct Numbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// Earliest arrivals by relaxing every row until nothing changes: slow, and nothing like the scan.
private func relaxed(_ rows: [Row], from origin: Int, at second: Int, stations: Int) -> [Int?] {
  var best = [Int?](repeating: nil, count: stations)
  best[origin] = second
  var changed = true
  while changed {
    changed = false
    for row in rows {
      guard let ready = best[row.from], ready <= row.departure else { continue }
      if best[row.to].map({ row.arrival < $0 }) ?? true {
        best[row.to] = row.arrival
        changed = true
      }
    }
  }
  return best
}

private func text(_ rows: [Row]) -> String {
  "dep_s,arr_s,from,to,trip\n"
    + rows.map { "\($0.departure),\($0.arrival),s\($0.from),s\($0.to),t\n" }.joined()
}

@Suite struct TimetableTests {
  /// Columns in another order, stations of any text, no dwell, and a trip whose rows of no duration
  /// stand against its order.
  static let connections = """
    trip,to,from,arr_s,dep_s
    7,"Cours, la Reine",B,300,300
    7,B,A,300,300
    7,D,"Cours, la Reine",360,300
    8,D,A,350,301
    9,E,D,500,350
    9,E,D,450,359

    """

  @Test func zeroDurationsChainInAnyOrderOfRows() throws {
    let file = Scratch(Self.connections)
    var timetable = try Timetable(file.path)
    #expect(timetable.connectionCount == 6)
    #expect(timetable.stationCount == 5)
    #expect(timetable.earliestArrival(from: "A", at: 300, to: "Cours, la Reine") == 300)
    #expect(timetable.earliestArrival(from: "A", at: 301, to: "Cours, la Reine") == nil)
    #expect(timetable.earliestArrival(from: "A", at: 0, to: "D") == 350)
    #expect(timetable.earliestArrival(from: "B", at: 300, to: "D") == 360)
    // Who arrives at 350 boards at 350 or at 359; the later departure is the earlier arrival.
    #expect(timetable.earliestArrival(from: "A", at: 301, to: "E") == 450)
    #expect(timetable.earliestArrival(from: "E", at: 7, to: "E") == 7)
    #expect(timetable.earliestArrival(from: "E", at: 7, to: "A") == nil)
    #expect(timetable.earliestArrival(from: "A", at: 7, to: "Nowhere") == nil)
  }

  /// Random days on few stations and few seconds, so that ties and rows of no duration abound.
  @Test func agreesWithPlainRelaxation() throws {
    var numbers = Numbers(state: 11)
    for _ in 0..<60 {
      let stations = Int.random(in: 2...9, using: &numbers)
      var rows: [Row] = []
      for _ in 0..<Int.random(in: 1...60, using: &numbers) {
        let departure = Int.random(in: 0...12, using: &numbers)
        rows.append(
          Row(
            departure: departure,
            arrival: departure + max(0, Int.random(in: -3...4, using: &numbers)),
            from: Int.random(in: 0..<stations, using: &numbers),
            to: Int.random(in: 0..<stations, using: &numbers)))
      }
      let file = Scratch(text(rows))
      var timetable = try Timetable(file.path)
      for target in 0..<stations {
        for origin in 0..<stations {
          for second in stride(from: 0, through: 13, by: 3) {
            let expected = relaxed(rows, from: origin, at: second, stations: stations)[target]
            let found = timetable.earliestArrival(
              from: "s\(origin)", at: UInt32(second), to: "s\(target)")
            #expect(found.map(Int.init) == expected)
          }
        }
      }
    }
  }

  @Test func theFirstDifferenceOfTheFileIsNamed() throws {
    let connections = Scratch(Self.connections)
    let golden = Scratch(
      "origin,depart_s,dest,earliest_arrival_s\n"
        + "A,0,D,350\nA,301,E,449\nB,0,A,12\nA,301,\"Cours, la Reine\",-1\n")
    let verdict = try GoldenRows.compare(connections: connections.path, golden: golden.path)
    #expect(verdict.rows == 4)
    #expect(verdict.differences == 2)
    #expect(
      verdict.first?.description
        == "\(golden.path):3: from A at 301 to E: golden 449, found 450")
  }

  @Test(arguments: [
    ("dep_s,arr_s,from,to\n1,2,a,b\n", 1, "trip"),
    ("dep_s,arr_s,from,to,trip\n5,4,a,b,1\n", 2, "arr_s"),
    ("dep_s,arr_s,from,to,trip\n1,2,a,b,1\nx,2,a,b,1\n", 3, "dep_s"),
    ("dep_s,arr_s,from,to,trip\n-1,2,a,b,1\n", 2, "dep_s"),
    ("dep_s,arr_s,from,to,trip\n1,4294967295,a,b,1\n", 2, "arr_s"),
    ("dep_s,arr_s,from,to,trip\n1,2,a,b\n", 2, ""),
    ("", 0, ""),
  ])
  func unreadableFilesNameThePlace(_ text: String, _ line: Int, _ column: String) throws {
    let file = Scratch(text)
    do {
      _ = try Timetable(file.path)
      Issue.record("\(text) was read")
    } catch {
      #expect(error.line == line)
      #expect(error.column == column)
      #expect(!error.reason.isEmpty)
    }
  }

  @Test func aGoldenFileWithoutRowsProvesNothing() {
    let file = Scratch("origin,depart_s,dest,earliest_arrival_s\n")
    #expect(throws: DataFault.self) { try GoldenRows.read(file.path) }
  }

  /// Both real networks, where PROMISED_DATA names the evaluation data.
  @Test(
    .enabled(if: getenv("PROMISED_DATA") != nil, "not run: PROMISED_DATA is not set"),
    arguments: [("gtfs_nyc_subway_2018-09-12", 1000), ("gtfs_berlin_sbahn_2021-03-03", 1500)])
  func realTimetablesAgree(_ name: String, _ rows: Int) throws {
    let root = try #require(getenv("PROMISED_DATA").map { String(cString: $0) })
    let verdict = try GoldenRows.compare(
      connections: "\(root)/network/\(name)_connections.csv.gz",
      golden: "\(root)/network/\(name)_earliest_arrival_golden.csv.gz")
    #expect(verdict.first == nil)
    #expect(verdict.rows == rows)
  }
}
