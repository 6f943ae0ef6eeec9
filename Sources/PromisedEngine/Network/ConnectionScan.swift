import PromisedInvariants

/// One elementary connection: leave `from` at `departure`, be ready to go on from `to` at `ready`
/// (arrival plus the dwell there). Times are whole ticks of any unit, `departure <= ready`.
package struct Connection: BitwiseCopyable, Sendable, Equatable {
  package var from: UInt32
  package var to: UInt32
  package var departure: UInt32
  package var ready: UInt32
  /// What the caller calls it, below 2^31.
  package var id: UInt32

  package init(from: UInt32, to: UInt32, departure: UInt32, ready: UInt32, id: UInt32) {
    self.from = from
    self.to = to
    self.departure = departure
    self.ready = ready
    self.id = id
  }
}

/// Reaching the destination from a node: what is ready there by `departure` gets `value`, of which
/// the smaller one is the better. A delivery wave, a carrier's pickup, or an arrival.
package struct FinalDeparture: BitwiseCopyable, Sendable, Equatable {
  package var node: UInt32
  package var departure: UInt32
  package var value: UInt32
  package var id: UInt32

  package init(node: UInt32, departure: UInt32, value: UInt32, id: UInt32) {
    self.node = node
    self.departure = departure
    self.value = value
    self.id = id
  }
}

/// One step of a node's profile: who is ready by `departure` reaches `value` by taking `via`.
package struct ScanEntry: BitwiseCopyable, Sendable, Equatable {
  package var departure: UInt32
  package var value: UInt32
  /// The id of a connection or of a final departure, told apart by `isFinal`.
  package var via: UInt32

  static var finalBit: UInt32 { 0x8000_0000 }
  package var isFinal: Bool { via & Self.finalBit != 0 }
  package var id: UInt32 { via & ~Self.finalBit }
}

/// Connections in the order of the scan: by departure from late to early, ties as they were given.
package struct ConnectionList: ~Copyable {
  /// Apart from the times, so that most connections are passed over by 4 bytes of memory traffic.
  let ends: UnsafeMutablePointer<(from: UInt16, to: UInt16)>
  let departures: UnsafeMutablePointer<UInt32>
  let readies: UnsafeMutablePointer<UInt32>
  let ids: UnsafeMutablePointer<UInt32>
  package let count: Int
  /// Whether some connection takes no time at all, so that ties must be scanned until nothing
  /// changes.
  let hasInstant: Bool

  /// Nodes are below 65,536. O(n log n).
  package init(_ connections: [Connection]) {
    let order = Self.order(connections)
    count = connections.count
    ends = .allocate(capacity: max(count, 1))
    departures = .allocate(capacity: max(count, 1))
    readies = .allocate(capacity: max(count, 1))
    ids = .allocate(capacity: max(count, 1))
    var instant = false
    for (slot, index) in order.enumerated() {
      let connection = connections[index]
      invariant(connection.departure <= connection.ready, "a connection goes back in time")
      ends[slot] = (from: UInt16(connection.from), to: UInt16(connection.to))
      departures[slot] = connection.departure
      readies[slot] = connection.ready
      ids[slot] = connection.id
      if connection.departure == connection.ready { instant = true }
    }
    hasInstant = instant
  }

  /// Room for connections that the caller sets, all of them, in the order of the scan.
  init(room: Int, hasInstant: Bool) {
    count = room
    self.hasInstant = hasInstant
    ends = .allocate(capacity: max(room, 1))
    departures = .allocate(capacity: max(room, 1))
    readies = .allocate(capacity: max(room, 1))
    ids = .allocate(capacity: max(room, 1))
  }

  func set(_ connection: Connection, at slot: Int) {
    ends[slot] = (from: UInt16(connection.from), to: UInt16(connection.to))
    departures[slot] = connection.departure
    readies[slot] = connection.ready
    ids[slot] = connection.id
  }

  /// Positions from the latest departure to the earliest, ties as they were given. Times of a horizon
  /// are few, so they are counted instead of compared.
  private static func order(_ connections: [Connection]) -> [Int] {
    let latest = Int(connections.map(\.departure).max() ?? 0)
    if latest > 1 << 20 {
      return connections.indices.sorted {
        (connections[$1].departure, $0) < (connections[$0].departure, $1)
      }
    }
    var starts = Array(repeating: 0, count: latest + 2)
    for connection in connections { starts[latest - Int(connection.departure) + 1] += 1 }
    for slot in 0...latest { starts[slot + 1] += starts[slot] }
    var order = Array(repeating: 0, count: connections.count)
    for (index, connection) in connections.enumerated() {
      let slot = latest - Int(connection.departure)
      order[starts[slot]] = index
      starts[slot] += 1
    }
    return order
  }

  deinit {
    ends.deallocate()
    departures.deallocate()
    readies.deallocate()
    ids.deallocate()
  }

  /// The first position of a departure at or before `departure`.
  func firstPosition(atOrBefore departure: UInt32) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if departures[middle] > departure { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Backward profile Connection Scan for one destination at a time.
///
/// Connections are scanned from the latest departure to the earliest; every node keeps a profile
/// of (departure, value) steps, and a step is added only at its early end and only if its value is
/// strictly better than the last one. So a profile is sorted without effort, and the answer for a
/// ready time is its first step that departs no earlier.
///
/// Source: Dibbelt, Pajor, Strasser, Wagner, "Connection Scan Algorithm", arXiv 1703.05997,
/// section 4, without trips: a parcel is handed over at every node, which costs its dwell.
package struct ConnectionScan: ~Copyable {
  private let nodeCount: Int
  /// The best value so far of each node; all ones = none.
  private let best: UnsafeMutablePointer<UInt32>
  private let counts: UnsafeMutablePointer<Int32>
  private let starts: UnsafeMutablePointer<Int>
  private var entries: UnsafeMutablePointer<ScanEntry>
  private var entryCapacity: Int

  package init(nodeCount: Int) {
    self.nodeCount = nodeCount
    best = .allocate(capacity: max(nodeCount, 1))
    counts = .allocate(capacity: max(nodeCount, 1))
    starts = .allocate(capacity: nodeCount + 1)
    entryCapacity = 1024
    entries = .allocate(capacity: entryCapacity)
    counts.initialize(repeating: 0, count: max(nodeCount, 1))
    starts.initialize(repeating: 0, count: nodeCount + 1)
  }

  deinit {
    best.deallocate()
    counts.deallocate()
    starts.deallocate()
    entries.deallocate()
  }

  /// Scans all of it for one destination; the profiles stay until the next scan.
  ///
  /// - Parameters:
  ///   - connections: what every destination shares.
  ///   - departureCounts: per node, how many of `connections` leave it.
  ///   - feeders: connections that matter to this destination only, by departure from late to
  ///     early; none takes no time.
  ///   - finals: the ways to reach the destination, by departure from late to early.
  ///   - valueCount: no value reaches it; bounds the memory, as profiles hold each value once.
  package mutating func scan(
    connections: borrowing ConnectionList, departureCounts: UnsafePointer<Int32>,
    feeders: UnsafeBufferPointer<Connection>, finals: UnsafeBufferPointer<FinalDeparture>,
    valueCount: UInt32
  ) {
    prepare(departureCounts, feeders, finals, valueCount)
    resume(connections: connections, feeders: feeders, finals: finals, from: .max)
  }

  /// Scans what departs at `departure` or before, on top of steps that have been seeded: all of the
  /// profiles later than it.
  mutating func resume(
    connections: borrowing ConnectionList, feeders: UnsafeBufferPointer<Connection>,
    finals: UnsafeBufferPointer<FinalDeparture>, from departure: UInt32
  ) {
    var position = connections.firstPosition(atOrBefore: departure)
    var feeder = 0
    var final = 0
    while feeder < feeders.count, feeders[feeder].departure > departure { feeder += 1 }
    while final < finals.count, finals[final].departure > departure { final += 1 }
    while feeder < feeders.count || final < finals.count {
      // At equal departures the final one is first: what arrives in that very minute makes it.
      let takesFinal =
        feeder == feeders.count
        || (final < finals.count && finals[final].departure >= feeders[feeder].departure)
      let departure = takesFinal ? finals[final].departure : feeders[feeder].departure
      let next = max(position, connections.firstPosition(atOrBefore: departure))
      scan(connections, position, next)
      position = next
      if takesFinal {
        let step = finals[final]
        add(
          Int(step.node), departure: step.departure, value: step.value,
          via: step.id | ScanEntry.finalBit)
        final += 1
      } else {
        let step = feeders[feeder]
        relax(Int(step.from), Int(step.to), step.departure, step.ready, step.id)
        feeder += 1
      }
    }
    scan(connections, position, connections.count)
  }

  /// A node's profile, from the latest departure to the earliest; valid until the next scan.
  package func profile(_ node: Int) -> UnsafeBufferPointer<ScanEntry> {
    UnsafeBufferPointer(start: entries + starts[node], count: Int(counts[node]))
  }

  /// The answer to being ready at a node at a time: the first step that departs no earlier.
  package func entry(from node: Int, ready: UInt32) -> ScanEntry? {
    profile(node).last { $0.departure >= ready }
  }

  /// Adds a step that is known, later ones first, between `prepare` and `resume`.
  func seed(_ node: Int, departure: UInt32, value: UInt32, via: UInt32) {
    add(node, departure: departure, value: value, via: via)
  }

  /// Forgets the profiles and makes room for new ones.
  mutating func prepare(
    _ departureCounts: UnsafePointer<Int32>, _ feeders: UnsafeBufferPointer<Connection>,
    _ finals: UnsafeBufferPointer<FinalDeparture>, _ valueCount: UInt32
  ) {
    best.update(repeating: .max, count: nodeCount)
    counts.update(from: departureCounts, count: nodeCount)
    for feeder in feeders { counts[Int(feeder.from)] += 1 }
    for final in finals { counts[Int(final.node)] += 1 }
    var total = 0
    for node in 0..<nodeCount {
      starts[node] = total
      total += min(Int(counts[node]), Int(valueCount))
    }
    starts[nodeCount] = total
    counts.update(repeating: 0, count: nodeCount)
    if total > entryCapacity {
      entries.deallocate()
      entryCapacity = total
      entries = .allocate(capacity: total)
    }
  }

  private func scan(_ connections: borrowing ConnectionList, _ from: Int, _ to: Int) {
    if connections.hasInstant {
      scanUntilStable(connections, from, to)
      return
    }
    let ends = connections.ends
    var position = from
    while position < to {
      let (from, to) = ends[position]
      // Nothing known at `to`, or nothing better than what `from` has: most connections end here.
      if best[Int(to)] < best[Int(from)] {
        relax(
          Int(from), Int(to), connections.departures[position], connections.readies[position],
          connections.ids[position])
      }
      position += 1
    }
  }

  /// Within equal departures, connections without duration may be chained in any order.
  private func scanUntilStable(_ connections: borrowing ConnectionList, _ from: Int, _ to: Int) {
    var start = from
    while start < to {
      var end = start
      while end < to, connections.departures[end] == connections.departures[start] { end += 1 }
      var changed = true
      while changed {
        changed = false
        for position in start..<end {
          let (from, to) = connections.ends[position]
          if best[Int(to)] < best[Int(from)],
            relax(
              Int(from), Int(to), connections.departures[position],
              connections.readies[position], connections.ids[position])
          {
            changed = true
          }
        }
      }
      start = end
    }
  }

  @discardableResult
  private func relax(
    _ from: Int, _ to: Int, _ departure: UInt32, _ ready: UInt32, _ id: UInt32
  ) -> Bool {
    // The wanted step departs soon after `ready`, close to the early end.
    let profile = entries + starts[to]
    var step = Int(counts[to]) - 1
    while step >= 0, profile[step].departure < ready { step -= 1 }
    if step < 0 { return false }
    return add(from, departure: departure, value: profile[step].value, via: id)
  }

  @discardableResult
  private func add(_ node: Int, departure: UInt32, value: UInt32, via: UInt32) -> Bool {
    guard value < best[node] else { return false }
    best[node] = value
    let profile = entries + starts[node]
    var count = Int(counts[node])
    // A better way at the same departure takes the place of the one before.
    if count > 0, profile[count - 1].departure == departure { count -= 1 }
    invariant(starts[node] + count < starts[node + 1], "a profile outgrew its room")
    profile[count] = ScanEntry(departure: departure, value: value, via: via)
    counts[node] = Int32(count + 1)
    return true
  }
}
