import PromisedInvariants

/// A chance in 1/(65535 · 65536), so that certainty is a whole number below 2^32 and sums of
/// products with probabilities in 1/65535 stay exact in 64 bits.
package enum Chance {
  package static var one: UInt32 { 65_535 << 16 }
  /// The same chance in 1/65535, rounded down.
  package static func rounded(_ chance: UInt32) -> UInt16 { UInt16(chance >> 16) }
  /// A probability in 1/65535 as a chance, exactly.
  package static func exactly(_ probability: UInt16) -> UInt32 { UInt32(probability) << 16 }
}

/// Reaching the destination from a node: what is ready there by `departure` is delivered in time
/// with this chance. A delivery wave (certain) or a carrier's pickup.
package struct ChanceDeparture: BitwiseCopyable, Sendable, Equatable {
  package var node: UInt32
  package var departure: UInt32
  package var chance: UInt32
  package var id: UInt32

  package init(node: UInt32, departure: UInt32, chance: UInt32, id: UInt32) {
    self.node = node
    self.departure = departure
    self.chance = chance
    self.id = id
  }
}

/// How a step of a reliability profile goes on.
package enum ReliabilityVia: Sendable, Equatable {
  case final(id: UInt32)
  case connection(Connection)
}

/// Backward scan of the stochastic on-time arrival problem, one (destination, deadline) at a time:
/// u(v, t) = the largest probability of being delivered by the deadline when ready at node v at t,
/// where whoever misses a connection goes on with what is best from then on.
///
/// Connections are scanned from the latest departure to the earliest. Taking one that is ready at
/// `ready` without delay is worth Σ p(δ) · u(to, ready + δ) over its delay outcomes; what it leads
/// to departs later and so is final already. u(v, ·) is a step function that does not ascend with
/// t; a step (departure, chance) is added at the early end, and only if it is strictly better.
///
/// Chances are rounded down, by less than 1 unit of `Chance` (2.4e-10) at each connection; as a sum
/// weighted with probabilities never makes an error larger, a stated chance is at most
/// n · 2.4e-10 below the truth for a policy of at most n connections in a row, and never above it.
/// Certain connections, certain delivery and a carrier's chance behind certain connections are
/// exact.
///
/// Source: the scan of Dibbelt, Pajor, Strasser, Wagner, "Connection Scan Algorithm",
/// arXiv 1703.05997, section 5 (minimum expected arrival time), with the on-time probability of
/// Fan, Nie 2006 in the place of the expected arrival.
package struct ReliabilityScan: ~Copyable {
  let nodeCount: Int
  /// The best chance so far of each node; `saturated` = the node takes no more steps.
  private let best: UnsafeMutablePointer<UInt32>
  private let counts: UnsafeMutablePointer<Int32>
  let starts: UnsafeMutablePointer<Int>
  private var departures: UnsafeMutablePointer<UInt32>
  private var chances: UnsafeMutablePointer<UInt32>
  /// Position of a connection, or with `feederBit` of a feeder, or with `finalBit` a final's id.
  private var vias: UnsafeMutablePointer<UInt32>
  /// Room for steps.
  private(set) var capacity: Int

  private static var finalBit: UInt32 { 0x8000_0000 }
  private static var feederBit: UInt32 { 0x4000_0000 }
  private static var saturated: UInt32 { .max }

  package init(nodeCount: Int) {
    self.nodeCount = nodeCount
    best = .allocate(capacity: max(nodeCount, 1))
    counts = .allocate(capacity: max(nodeCount, 1))
    starts = .allocate(capacity: nodeCount + 1)
    capacity = 1024
    departures = .allocate(capacity: capacity)
    chances = .allocate(capacity: capacity)
    vias = .allocate(capacity: capacity)
    counts.initialize(repeating: 0, count: max(nodeCount, 1))
    starts.initialize(repeating: 0, count: nodeCount + 1)
  }

  deinit {
    best.deallocate()
    counts.deallocate()
    starts.deallocate()
    departures.deallocate()
    chances.deallocate()
    vias.deallocate()
  }

  /// Scans what departs at `earliest` or later; the profiles stay until the next scan and are the
  /// exact step functions from `earliest` on: no bound on the length of a path is assumed.
  ///
  /// - Parameters:
  ///   - connections: what every destination shares; fewer than 2^30.
  ///   - departureCounts: per node, how many of `connections` leave it.
  ///   - delays: of connections and feeders, by their id.
  ///   - feeders: connections that matter to this destination only, by departure from late to
  ///     early; none takes no time.
  ///   - finals: the ways to be delivered in time, by departure from late to early.
  ///   - enough: per node, the chance from which on no better one is asked for; nil = certainty.
  ///     Below certainty only where no connection leads to.
  /// - Complexity: about 1 ns a connection passed over, 20 to 60 ns one that is looked at.
  package mutating func scan(
    connections: borrowing ConnectionList, departureCounts: UnsafePointer<Int32>,
    delays: borrowing DelayTable, feeders: UnsafeBufferPointer<Connection>,
    finals: UnsafeBufferPointer<ChanceDeparture>, enough: UnsafePointer<UInt32>? = nil,
    earliest: UInt32 = 0
  ) {
    prepare(departureCounts, feeders, finals)
    guard let latest = finals.first?.departure else { return }
    // What departs after the last way of delivery is worth nothing.
    var position = connections.firstPosition(atOrBefore: latest)
    let end =
      earliest == 0 ? connections.count : connections.firstPosition(atOrBefore: earliest - 1)
    var feeder = 0
    while feeder < feeders.count, feeders[feeder].departure > latest { feeder += 1 }
    var final = 0
    while feeder < feeders.count || final < finals.count {
      // At equal departures the final one is first: what arrives in that very minute makes it.
      let takesFinal =
        feeder == feeders.count
        || (final < finals.count && finals[final].departure >= feeders[feeder].departure)
      let departure = takesFinal ? finals[final].departure : feeders[feeder].departure
      if departure < earliest { break }
      if takesFinal {
        let step = finals[final]
        final += 1
        // A best chance only grows: this one would add nothing at its turn either.
        if step.chance <= best[Int(step.node)] { continue }
        let next = max(position, connections.position(atOrBefore: departure, from: position))
        scan(connections, delays, position, next, enough)
        position = next
        if step.chance > best[Int(step.node)] {
          add(
            Int(step.node), departure: departure, chance: step.chance,
            via: step.id | Self.finalBit, enough)
        }
      } else {
        let step = feeders[feeder]
        if best[Int(step.to)] > best[Int(step.from)] {
          let next = max(position, connections.position(atOrBefore: departure, from: position))
          scan(connections, delays, position, next, enough)
          position = next
        }
        if best[Int(step.to)] > best[Int(step.from)] {
          relax(
            Int(step.from), Int(step.to), departure, step.ready, delays.outcomes(of: step.id),
            via: UInt32(feeder) | Self.feederBit, enough)
        }
        feeder += 1
      }
    }
    if position < end { scan(connections, delays, position, end, enough) }
  }

  // MARK: Profiles

  /// How many steps a node's profile has, valid like the other answers until the next scan.
  package func stepCount(_ node: Int) -> Int { Int(counts[node]) }

  /// The departures of a node's steps, from late to early, and their chances, which strictly grow.
  package func departures(_ node: Int) -> UnsafePointer<UInt32> {
    UnsafePointer(departures + starts[node])
  }
  package func chances(_ node: Int) -> UnsafePointer<UInt32> {
    UnsafePointer(chances + starts[node])
  }

  /// The step that answers being ready at a node at a time: the first that departs no earlier.
  package func step(from node: Int, ready: UInt32) -> Int? {
    let step = Self.step(departures + starts[node], Int(counts[node]), ready)
    return step < 0 ? nil : step
  }

  /// u(node, ready).
  package func chance(from node: Int, ready: UInt32) -> UInt32 {
    step(from: node, ready: ready).map { chances[starts[node] + $0] } ?? 0
  }

  /// How a step goes on; the arguments are those of the scan.
  package func via(
    _ node: Int, _ step: Int, connections: borrowing ConnectionList,
    feeders: UnsafeBufferPointer<Connection>
  ) -> ReliabilityVia {
    let via = vias[starts[node] + step]
    if via & Self.finalBit != 0 { return .final(id: via & ~Self.finalBit) }
    if via & Self.feederBit != 0 { return .connection(feeders[Int(via & ~Self.feederBit)]) }
    return .connection(connections.connection(at: Int(via)))
  }

  // MARK: The scan

  private mutating func prepare(
    _ departureCounts: UnsafePointer<Int32>, _ feeders: UnsafeBufferPointer<Connection>,
    _ finals: UnsafeBufferPointer<ChanceDeparture>
  ) {
    best.update(repeating: 0, count: nodeCount)
    counts.update(from: departureCounts, count: nodeCount)
    for feeder in feeders { counts[Int(feeder.from)] += 1 }
    for final in finals { counts[Int(final.node)] += 1 }
    var total = 0
    for node in 0..<nodeCount {
      starts[node] = total
      total += Int(counts[node])
    }
    starts[nodeCount] = total
    counts.update(repeating: 0, count: nodeCount)
    if total > capacity {
      departures.deallocate()
      chances.deallocate()
      vias.deallocate()
      capacity = total
      departures = .allocate(capacity: total)
      chances = .allocate(capacity: total)
      vias = .allocate(capacity: total)
    }
  }

  private func scan(
    _ connections: borrowing ConnectionList, _ delays: borrowing DelayTable, _ from: Int,
    _ to: Int, _ enough: UnsafePointer<UInt32>?
  ) {
    if connections.hasInstant {
      scanUntilStable(connections, delays, from, to, enough)
      return
    }
    let ends = connections.ends
    var position = from
    while position < to {
      let (from, to) = ends[position]
      // Nothing known at `to`, or nothing better than what `from` has: most connections end here.
      if best[Int(to)] > best[Int(from)] {
        relax(
          Int(from), Int(to), connections.departures[position], connections.readies[position],
          delays.outcomes(of: connections.ids[position]), via: UInt32(position), enough)
      }
      position += 1
    }
  }

  /// Within equal departures, connections without duration may be chained in any order. A cycle of
  /// them never improves on its own beginning, so this ends.
  private func scanUntilStable(
    _ connections: borrowing ConnectionList, _ delays: borrowing DelayTable, _ from: Int,
    _ to: Int, _ enough: UnsafePointer<UInt32>?
  ) {
    var start = from
    while start < to {
      var end = start
      while end < to, connections.departures[end] == connections.departures[start] { end += 1 }
      var changed = true
      while changed {
        changed = false
        for position in start..<end {
          let (from, to) = connections.ends[position]
          if best[Int(to)] > best[Int(from)],
            relax(
              Int(from), Int(to), connections.departures[position],
              connections.readies[position], delays.outcomes(of: connections.ids[position]),
              via: UInt32(position), enough)
          {
            changed = true
          }
        }
      }
      start = end
    }
  }

  /// The last step that departs no earlier than `ready`, −1 if none.
  @inline(__always)
  private static func step(
    _ departures: UnsafePointer<UInt32>, _ count: Int, _ ready: UInt32
  ) -> Int {
    // It departs soon after `ready`, often close to the early end.
    var high = count
    let near = max(count - 6, 0)
    while high > near {
      if departures[high - 1] >= ready { return high - 1 }
      high -= 1
    }
    var low = 0
    while low < high {
      let middle = (low + high) / 2
      if departures[middle] >= ready { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  @discardableResult
  @inline(__always)
  private func relax(
    _ from: Int, _ to: Int, _ departure: UInt32, _ ready: UInt32,
    _ outcomes: UnsafeBufferPointer<DelayAtom>, via: UInt32, _ enough: UnsafePointer<UInt32>?
  ) -> Bool {
    let profile = UnsafePointer(departures + starts[to])
    let profileChances = chances + starts[to]
    var step = Self.step(profile, Int(counts[to]), ready)
    if step < 0 { return false }
    var chance = profileChances[step]
    // Even without delay no better than what `from` has.
    if chance <= best[from] { return false }
    if outcomes.count > 0 {
      var sum: UInt64 = 0
      for outcome in outcomes {
        let late = ready + outcome.minutes
        while step >= 0, profile[step] < late { step -= 1 }
        if step < 0 { break }
        sum += UInt64(outcome.probability) * UInt64(profileChances[step])
      }
      chance = UInt32(sum / 65_535)
      if chance <= best[from] { return false }
    }
    add(from, departure: departure, chance: chance, via: via, enough)
    return true
  }

  @inline(__always)
  private func add(
    _ node: Int, departure: UInt32, chance: UInt32, via: UInt32, _ enough: UnsafePointer<UInt32>?
  ) {
    let isEnough = chance >= (enough.map { $0[node] } ?? Chance.one)
    best[node] = isEnough ? Self.saturated : chance
    let start = starts[node]
    var count = Int(counts[node])
    // A better way at the same departure takes the place of the one before.
    if count > 0, departures[start + count - 1] == departure { count -= 1 }
    invariant(start + count < starts[node + 1], "a profile outgrew its room")
    departures[start + count] = departure
    chances[start + count] = chance
    vias[start + count] = via
    counts[node] = Int32(count + 1)
  }
}

extension ConnectionList {
  /// As `firstPosition`, for departures that are close behind a position.
  fileprivate func position(atOrBefore departure: UInt32, from start: Int) -> Int {
    var low = start
    var step = 16
    while low + step < count, departures[low + step] > departure {
      low += step
      step *= 2
    }
    var high = min(low + step, count)
    while low < high {
      let middle = (low + high) / 2
      if departures[middle] > departure { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func connection(at position: Int) -> Connection {
    Connection(
      from: UInt32(ends[position].from), to: UInt32(ends[position].to),
      departure: departures[position], ready: readies[position], id: ids[position])
  }
}
