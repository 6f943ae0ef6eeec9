import PromisedData
import PromisedEngine

/// The names of stations, whatever text they are, numbered in the order in which they are met.
struct StationNumbers {
  private var numbers: [String: UInt32] = [:]

  var count: Int { numbers.count }

  mutating func number(_ name: String) -> UInt32 {
    if let known = numbers[name] { return known }
    let number = UInt32(numbers.count)
    numbers[name] = number
    return number
  }

  /// The number of a station that was met.
  func known(_ name: String) -> UInt32? { numbers[name] }
}

/// A day of departures, read from a file and searched with the service's own Connection Scan.
///
/// There is no dwell: what arrives at a second may leave in the same second. Connections that take
/// no time may be chained in any order of the rows, since the scan goes over equal departures until
/// nothing changes; so the order within a trip needs no column of its own.
package struct Timetable: ~Copyable {
  /// Station numbers of the scan have 16 bits.
  package static var stationLimit: Int { 65_535 }

  private var stations = StationNumbers()
  private let connections: ConnectionList
  private var departureCounts: [Int32]
  /// Per station, the distinct instants at which something arrives, ascending.
  private var arrivals: [[UInt32]]
  private var scan: ConnectionScan
  /// The destination the scan holds the profiles of.
  private var destination: UInt32?

  package var stationCount: Int { stations.count }
  package var connectionCount: Int { connections.count }

  /// Reads `dep_s, arr_s, from, to, trip`: whole seconds, at most 2^32 − 2. Throws where a row is
  /// not that, or arrives before it departs. O(rows log rows).
  package init(_ path: String) throws(DataFault) {
    var table = try DataTable(path, needing: ["dep_s", "arr_s", "from", "to", "trip"])
    var rows: [Connection] = []
    while try table.nextRow() {
      let departure = try Self.second(&table, 0)
      let arrival = try Self.second(&table, 1)
      if arrival < departure {
        throw table.fault(1, "arrives before it departs, at \(departure)")
      }
      let from = stations.number(table.text(2))
      let to = stations.number(table.text(3))
      if stations.count > Self.stationLimit {
        throw table.fault(3, "more than \(Self.stationLimit) stations")
      }
      rows.append(
        Connection(
          from: from, to: to, departure: departure, ready: arrival, id: UInt32(rows.count)))
    }
    departureCounts = [Int32](repeating: 0, count: stations.count)
    arrivals = [[UInt32]](repeating: [], count: stations.count)
    for row in rows {
      departureCounts[Int(row.from)] += 1
      arrivals[Int(row.to)].append(row.ready)
    }
    for station in arrivals.indices {
      arrivals[station].sort()
      var distinct: [UInt32] = []
      for arrival in arrivals[station] where distinct.last != arrival { distinct.append(arrival) }
      arrivals[station] = distinct
    }
    connections = ConnectionList(rows)
    scan = ConnectionScan(nodeCount: stations.count)
  }

  /// A second of the day, or of the days after it.
  static func second(_ table: inout DataTable, _ column: Int) throws(DataFault) -> UInt32 {
    let value = try table.integer(column)
    guard value >= 0, value < Int64(UInt32.max) else {
      throw table.fault(column, "0 to \(UInt32.max - 1) seconds are possible")
    }
    return UInt32(value)
  }

  /// When who is at `origin` at `second` reaches `target` at the earliest; nil = never. Who is
  /// there already has arrived. Stations no row names are reached by nothing.
  ///
  /// One scan per change of `target`: ask for one after another.
  package mutating func earliestArrival(
    from origin: String, at second: UInt32, to target: String
  ) -> UInt32? {
    if origin == target { return second }
    guard let from = stations.known(origin), let to = stations.known(target) else { return nil }
    if destination != to { search(to) }
    guard let entry = scan.entry(from: Int(from), ready: second) else { return nil }
    return arrivals[Int(to)][Int(entry.value)]
  }

  private mutating func search(_ to: UInt32) {
    // Being there at an arrival is what the scan works towards; the earlier one has the smaller
    // number.
    let instants = arrivals[Int(to)]
    let finals = instants.indices.reversed().map { index in
      FinalDeparture(
        node: to, departure: instants[index], value: UInt32(index), id: UInt32(index))
    }
    departureCounts.withUnsafeBufferPointer { counts in
      finals.withUnsafeBufferPointer { finals in
        guard let base = counts.baseAddress else { return }
        scan.scan(
          connections: connections, departureCounts: base,
          feeders: UnsafeBufferPointer(start: nil, count: 0), finals: finals,
          valueCount: UInt32(instants.count + 1))
      }
    }
    destination = to
  }
}
