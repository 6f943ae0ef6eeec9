import Glibc
import Testing

@testable import PromisedEngine

/// Earliest arrivals and profiles by the very scan that builds delivery profiles: reaching the
/// destination is a final departure at each arrival time there, with that time as the value.
struct Timetable: ~Copyable {
  let connections: ConnectionList
  let counts: OwnedBuffer<Int32>
  let arrivals: [Int: [UInt32]]
  var scan: ConnectionScan

  init(_ rows: [Connection], nodeCount: Int) {
    connections = ConnectionList(rows)
    counts = OwnedBuffer(repeating: 0, count: nodeCount)
    for row in rows { counts.base[Int(row.from)] += 1 }
    arrivals = Dictionary(grouping: rows, by: { Int($0.to) }).mapValues { group in
      Set(group.map(\.ready)).sorted(by: >)
    }
    scan = ConnectionScan(nodeCount: nodeCount)
  }

  mutating func scan(to destination: Int) {
    let finals = (arrivals[destination] ?? []).map {
      FinalDeparture(node: UInt32(destination), departure: $0, value: $0, id: 0)
    }
    finals.withUnsafeBufferPointer { finals in
      scan.scan(
        connections: connections, departureCounts: UnsafePointer(counts.base),
        feeders: UnsafeBufferPointer(start: nil, count: 0), finals: finals, valueCount: .max)
    }
  }

  func entry(from node: Int, ready: UInt32) -> ScanEntry? { scan.entry(from: node, ready: ready) }

  /// (departure, value) ascending.
  func profile(_ node: Int) -> [[UInt32]] {
    scan.profile(node).reversed().map { [$0.departure, $0.value] }
  }
}

func connections(_ rows: [(UInt32, UInt32, UInt32, UInt32)]) -> [Connection] {
  rows.enumerated().map { index, row in
    Connection(from: row.0, to: row.1, departure: row.2, ready: row.3, id: UInt32(index))
  }
}

@Suite struct ConnectionScanTests {
  let challenge = connections([
    (1, 3, 2000, 10_000), (1, 2, 3600, 7200), (2, 3, 4000, 5000), (2, 3, 8000, 9000),
    (1, 3, 5000, 10_000),
  ])

  @Test(
    "S1: earliest arrivals of the challenge timetable",
    arguments: [(1, 2, 3000, 7200), (1, 3, 3000, 9000), (1, 3, 4000, 10_000), (5, 3, 4000, nil)]
      as [(Int, Int, UInt32, UInt32?)])
  func earliestArrival(from: Int, to: Int, at: UInt32, expected: UInt32?) {
    var timetable = Timetable(challenge, nodeCount: 6)
    timetable.scan(to: to)
    let answer = timetable.entry(from: from, ready: at)
    #expect(answer?.value == expected)
  }

  @Test("S1: the journey is 1-2, 2-3")
  func journey() {
    var timetable = Timetable(challenge, nodeCount: 6)
    timetable.scan(to: 3)
    let first = timetable.entry(from: 1, ready: 3000)
    #expect(first?.id == 1 && first?.isFinal == false)
    let second = timetable.entry(from: 2, ready: 7200)
    #expect(second?.id == 3)

    var readme = Timetable(connections([(1, 2, 3600, 7200), (2, 3, 7800, 9000)]), nodeCount: 4)
    readme.scan(to: 3)
    let arrival = readme.entry(from: 1, ready: 3000)?.value
    #expect(arrival == 9000)
  }

  @Test("S2: profiles to stop 3, the dominated departure left out")
  func profiles() {
    var timetable = Timetable(challenge, nodeCount: 6)
    timetable.scan(to: 3)
    let profile1 = timetable.profile(1)
    #expect(profile1 == [[3600, 9000], [5000, 10_000]])
    let profile2 = timetable.profile(2)
    #expect(profile2 == [[4000, 5000], [8000, 9000]])
  }

  @Test("Connections without duration chain in any order")
  func instants() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
      let rows =
        [(1, 2, 100, 100), (2, 3, 100, 100), (3, 4, 100, 100)]
        as [(UInt32, UInt32, UInt32, UInt32)]
      var timetable = Timetable(connections(order.map { rows[$0] }), nodeCount: 5)
      timetable.scan(to: 4)
      let profile1 = timetable.profile(1)
      #expect(profile1 == [[100, 100]], "order \(order)")
    }
  }

  @Test("Of equal departures the better one stays, whichever comes first")
  func equalDepartures() {
    for rows in [
      [(1, 2, 100, 300), (1, 2, 100, 200)], [(1, 2, 100, 200), (1, 2, 100, 300)],
    ] as [[(UInt32, UInt32, UInt32, UInt32)]] {
      var timetable = Timetable(connections(rows), nodeCount: 3)
      timetable.scan(to: 2)
      let profile1 = timetable.profile(1)
      #expect(profile1 == [[100, 200]])
    }
  }

  /// Minutes from midnight of day 0. Nodes: 0 FC, 1 SC, 2 HUB, 3 DS.
  func s4(days: Int) -> (rows: [Connection], waves: [(cutoff: UInt32, window: UInt32)]) {
    let daily: [(UInt32, UInt32, UInt32, UInt32, UInt32)] = [
      (0, 1, 1200, 120, 60), (0, 1, 1380, 120, 60), (0, 2, 1260, 90, 75),
      (1, 3, 1410, 210, 60), (1, 3, 150, 210, 60), (2, 3, 30, 135, 60),
    ]
    var rows: [Connection] = []
    for day in 0..<UInt32(days) {
      for (index, leg) in daily.enumerated() {
        let departure = day * 1440 + leg.2
        rows.append(
          Connection(
            from: leg.0, to: leg.1, departure: departure, ready: departure + leg.3 + leg.4,
            id: UInt32(index)))
      }
    }
    return (rows, (0..<UInt32(days)).map { (cutoff: $0 * 1440 + 270, window: $0) })
  }

  @Test("S4: minute profile and window profile")
  func deliveryDay() {
    let (rows, waves) = s4(days: 4)
    var timetable = Timetable(rows, nodeCount: 4)
    timetable.scan(to: 3)
    // The arrival is an hour before being ready at the station.
    let arrivals = timetable.profile(0).map { [$0[0], $0[1] - 60] }
    #expect(arrivals.prefix(2) == [[1260, 1440 + 165], [1380, 1440 + 360]])
    // Dominated on every day but the last one, where the better legs of the next day are missing:
    // an artefact of the horizon.
    let dominated = arrivals.filter { $0[0] % 1440 == 1200 }
    #expect(dominated.map { $0[0] / 1440 } == [3])

    let finals = waves.reversed().map {
      FinalDeparture(node: 3, departure: $0.cutoff, value: $0.window, id: 0)
    }
    finals.withUnsafeBufferPointer {
      timetable.scan.scan(
        connections: timetable.connections,
        departureCounts: UnsafePointer(timetable.counts.base),
        feeders: UnsafeBufferPointer(start: nil, count: 0), finals: $0, valueCount: 4)
    }
    let profile0 = timetable.profile(0)
    #expect(profile0 == [[1260, 1], [2700, 2], [4140, 3]])
  }

  @Test(
    "Golden earliest arrivals of real timetables",
    arguments: [
      ("gtfs_berlin_sbahn_2021-03-03", 1500), ("gtfs_nyc_subway_2018-09-12", 1000),
    ])
  func golden(name: String, count: Int) throws {
    guard let data = getenv("PROMISED_DATA").map({ String(cString: $0) }) else {
      print("NOT RUN: golden earliest arrivals of \(name), because PROMISED_DATA is not set")
      return
    }
    let path = "\(data)/network/\(name)"
    let rows = try table("\(path)_connections.csv.gz")
    var timetable = Timetable(
      rows.enumerated().map { index, row in
        Connection(
          from: UInt32(row[2]), to: UInt32(row[3]), departure: UInt32(row[0]),
          ready: UInt32(row[1]), id: UInt32(index))
      }, nodeCount: 1 + (rows.map { max($0[2], $0[3]) }.max() ?? 0))
    let queries = try table("\(path)_earliest_arrival_golden.csv.gz").sorted { $0[2] < $1[2] }
    #expect(queries.count == count)
    var scanned = -1
    for query in queries {
      if query[2] != scanned {
        scanned = query[2]
        timetable.scan(to: scanned)
      }
      let found = timetable.entry(from: query[0], ready: UInt32(query[1]))?.value
      // Who is there already needs no connection.
      let answer = query[0] == query[2] ? query[1] : found.map { Int($0) } ?? -1
      #expect(answer == query[3], "\(name): \(query)")
    }
  }

  /// The rows of a compressed file of integers, without its header.
  private func table(_ path: String) throws -> [[Int]] {
    let pipe = try #require(popen("zcat '\(path)'", "r"))
    defer { pclose(pipe) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, pipe)
      if count == 0 { break }
      text.append(contentsOf: chunk[..<count])
    }
    return text.split(separator: 0x0a).dropFirst().map { line in
      line.split(separator: 0x2c).map { Int(String(decoding: $0, as: UTF8.self)) ?? .min }
    }
  }
}
