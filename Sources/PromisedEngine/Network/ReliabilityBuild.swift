import PromisedModel

/// Builds the confident rows of one destination after the other: for every confidence of the grid,
/// the latest order that is delivered by the end of each window with at least that probability.
///
/// The confidence is that of the whole way: handling, every leg with its delays and what is done
/// after a missed connection, and the carrier's transit. It is never split over stages.
///
/// Rows are those of `DestinationRows`, with `confidence` the chance of an order at `orderBy`,
/// rounded down, and `via` the first step of the policy, for who is through handling soonest. Where
/// handling is uncertain, `cutoff` is the minute by which the node's processing alone must have
/// passed: an order that needs x open minutes more must be in x open minutes earlier. Elsewhere it
/// is the departure, and `confidence` the chance of who waits for it: an order that is through at
/// closing time may do better by what leaves before.
package struct ReliabilityBuild: ~Copyable {
  /// Confidences in 1/65535, ascending.
  let levels: [UInt16]
  let departures: NetworkDepartures
  let frame: ProfileFrame
  /// By leg and by node.
  let delays: DelayTable
  let handling: DelayTable

  /// The pairs of nodes that connections join.
  private let links: [(from: UInt16, to: UInt16)]
  /// By node: the chance from which on no better one is asked for.
  private let enough: OwnedBuffer<UInt32>
  var scan: ReliabilityScan
  private var walk = HandlingWalk()
  private var policies: PolicyLegs
  var finals: [ChanceDeparture] = []
  /// By level and rank: the earliest departure that could still serve a later order than the
  /// windows before did.
  private var earliest: OwnedBuffer<UInt32>
  /// By level and rank: the key of the order-by of the windows before, for uncertain handling.
  private var keys: OwnedBuffer<Int32>
  private var found = OwnedBuffer<Found>()
  /// By level and rank: where its entries begin once they are sorted.
  private var starts: OwnedBuffer<UInt32>
  private var order = OwnedBuffer<UInt32>()

  /// By level: the rows of the destination filled last. Their legs are what any policy of any
  /// level uses.
  private(set) var rows: [DestinationRows]

  /// An entry before it has found its row. Not private: who destroys a build in another module
  /// names it.
  struct Found: BitwiseCopyable {
    var slot: UInt32
    var via: Via
    var entry: ProfileEntry
  }

  /// - Parameters:
  ///   - delays: by leg, in the order of the image.
  ///   - handling: by node, in open minutes on top of the processing.
  init(
    departures: NetworkDepartures, frame: ProfileFrame, delays: consuming DelayTable,
    handling: consuming DelayTable,
    levels: [UInt16] = ConfidenceLevel.allCases.map(\.probability)
  ) {
    let nodeCount = frame.image.nodes.count
    self.levels = levels
    self.departures = departures
    self.frame = frame
    links = departures.connections.links()
    let enough = OwnedBuffer(repeating: Chance.one, count: nodeCount)
    for node in frame.rankedNodes { enough.base[Int(node)] = Chance.exactly(levels.last ?? .max) }
    for link in links { enough.base[Int(link.to)] = Chance.one }
    for node in 0..<nodeCount where handling.outcomes(of: UInt32(node)).count > 0 {
      enough.base[node] = Chance.one
    }
    self.enough = enough
    self.delays = delays
    self.handling = handling
    scan = ReliabilityScan(nodeCount: nodeCount)
    policies = PolicyLegs(legCount: frame.image.legs.count)
    let slots = levels.count * frame.rankedNodes.count
    earliest = OwnedBuffer(repeating: 0, count: slots)
    keys = OwnedBuffer(repeating: 0, count: slots)
    starts = OwnedBuffer(repeating: 0, count: slots + 1)
    rows = Array(repeating: DestinationRows(), count: levels.count)
  }

  /// Fills the rows of a destination: one scan a window, from the last way of delivery back to
  /// where no row can gain any more. No path is too long for it.
  mutating func fill(_ destination: DestinationRow) {
    var ways = ReliabilityFinals(destination, departures: departures)
    let range = departures.feeders(of: destination)
    begin(ways, range)
    departures.feeders.withUnsafeBufferPointer { all in
      let feeders = UnsafeBufferPointer(rebasing: all[range])
      for window in ways.windows.indices {
        let earliest = self.earliest.buffer.min() ?? .max
        ways.departures(by: window, earliest: earliest, into: &finals)
        if finals.isEmpty { continue }
        finals.withUnsafeBufferPointer { finals in
          scan.scan(
            connections: departures.connections,
            departureCounts: UnsafePointer(departures.departureCounts.base), delays: delays,
            feeders: feeders, finals: finals, enough: UnsafePointer(enough.base),
            earliest: earliest)
        }
        policies.beginScan(scan)
        for (rank, node) in frame.rankedNodes.enumerated() where scan.stepCount(Int(node)) > 0 {
          if handling.outcomes(of: UInt32(node)).count > 0 {
            appendUncertain(rank, window, ways, feeders)
          } else {
            appendCertain(rank, window, ways, feeders)
          }
        }
      }
    }
    finish(ways)
  }

  private mutating func begin(_ ways: ReliabilityFinals, _ feeders: Range<Int>) {
    found.removeAll()
    policies.removeAll()
    keys.base.update(repeating: -1, count: keys.count)
    // Nodes without any way to the destination never gain.
    var reaches = Array(repeating: false, count: scan.nodeCount)
    for final in ways.finals { reaches[Int(final.node)] = true }
    for feeder in feeders { reaches[Int(departures.feeders[feeder].from)] = true }
    var changed = true
    while changed {
      changed = false
      for link in links where reaches[Int(link.to)] && !reaches[Int(link.from)] {
        reaches[Int(link.from)] = true
        changed = true
      }
    }
    for (rank, node) in frame.rankedNodes.enumerated() {
      let first: UInt32 = reaches[Int(node)] ? 0 : .max
      for level in levels.indices { earliest.base[slot(level, rank)] = first }
    }
  }

  private func slot(_ level: Int, _ rank: Int) -> Int { level * frame.rankedNodes.count + rank }

  /// For every level, the first step that reaches it: the cutoff of a node without uncertainty.
  private mutating func appendCertain(
    _ rank: Int, _ window: Int, _ ways: ReliabilityFinals,
    _ feeders: UnsafeBufferPointer<Connection>
  ) {
    let node = Int(frame.rankedNodes[rank])
    let count = scan.stepCount(node)
    let steps = scan.departures(node)
    let chances = scan.chances(node)
    var step = 0
    var orderBy: UInt16?
    for level in levels.indices {
      let before = step
      while step < count, chances[step] < Chance.exactly(levels[level]) { step += 1 }
      if step == count { break }
      if step != before { orderBy = nil }
      let slot = slot(level, rank)
      if steps[step] < earliest.base[slot] { continue }
      earliest.base[slot] = steps[step] + 1
      if orderBy == nil {
        // Without opening times nobody works on orders there.
        let latest = frame.openings.readyFunction(node: UInt16(node))?.latestOrder(
          for: Int32(steps[step]), processing: frame.openings.processing.base[node])
        orderBy = UInt16(clamping: max(latest ?? 0, Int32(ProfileEntry.never)))
        addPolicy(node, step, feeders)
      }
      append(
        slot, via(node, step, ways, feeders),
        ProfileEntry(
          cutoff: UInt16(steps[step]), window: UInt16(window),
          orderBy: orderBy ?? ProfileEntry.never, confidence: Chance.rounded(chances[step])))
    }
  }

  /// The same where the time of handling is uncertain.
  private mutating func appendUncertain(
    _ rank: Int, _ window: Int, _ ways: ReliabilityFinals,
    _ feeders: UnsafeBufferPointer<Connection>
  ) {
    let node = Int(frame.rankedNodes[rank])
    guard let ready = frame.openings.readyFunction(node: UInt16(node)) else { return }
    let processing = frame.openings.processing.base[node]
    let outcomes = handling.outcomes(of: UInt32(node))
    let chances = scan.chances(node)
    walk.begin(
      departures: scan.departures(node), count: scan.stepCount(node), ready: ready,
      processing: processing, outcomes: outcomes)
    var level = 0
    while level < levels.count,
      let place = walk.next(chances: chances, processing: processing, outcomes: outcomes)
    {
      var isNew = false
      while level < levels.count, place.chance >= Chance.exactly(levels[level]) {
        let slot = slot(level, rank)
        level += 1
        if place.key <= keys.base[slot] { continue }
        keys.base[slot] = place.key
        let orderBy = ready.latestOrder(key: place.key)
        // Who departs by then was ordered before.
        earliest.base[slot] = UInt32(orderBy) + 1
        let cutoff = ready.ready(at: orderBy, processing: processing) ?? orderBy
        append(
          slot, via(node, walk.stepsMade(0) - 1, ways, feeders),
          ProfileEntry(
            cutoff: UInt16(cutoff), window: UInt16(window), orderBy: UInt16(orderBy),
            confidence: Chance.rounded(place.chance)))
        isNew = true
      }
      if !isNew { continue }
      for index in outcomes.indices where walk.stepsMade(index) > 0 {
        addPolicy(node, walk.stepsMade(index) - 1, feeders)
      }
    }
  }

  private mutating func addPolicy(
    _ node: Int, _ step: Int, _ feeders: UnsafeBufferPointer<Connection>
  ) {
    policies.add(
      node, step, scan: scan, connections: departures.connections, delays: delays,
      feeders: feeders)
  }

  func via(
    _ node: Int, _ step: Int, _ ways: ReliabilityFinals,
    _ feeders: UnsafeBufferPointer<Connection>
  ) -> Via {
    switch scan.via(node, step, connections: departures.connections, feeders: feeders) {
    case .final(let id): ways.finals[Int(id)].via
    case .connection(let connection): .leg(connection.id)
    }
  }

  private mutating func append(_ slot: Int, _ via: Via, _ entry: ProfileEntry) {
    found.append(Found(slot: UInt32(slot), via: via, entry: entry))
  }

  /// Sorts what was found, by window so far, into rows.
  private mutating func finish(_ ways: ReliabilityFinals) {
    starts.base.update(repeating: 0, count: starts.count)
    for entry in found.buffer { starts.base[Int(entry.slot) + 1] += 1 }
    for slot in 1..<starts.count { starts.base[slot] += starts.base[slot - 1] }
    order.resize(to: found.count)
    for (index, entry) in found.buffer.enumerated() {
      order.base[Int(starts.base[Int(entry.slot)])] = UInt32(index)
      // Where the row's next entry goes: at last, where the row after begins.
      starts.base[Int(entry.slot)] += 1
    }
    var begin = 0
    for level in levels.indices {
      rows[level].removeAll(legCount: 0)
      rows[level].windows = ways.windows
      for rank in frame.rankedNodes.indices {
        let end = Int(starts.base[slot(level, rank)])
        for place in begin..<end {
          let found = found.base[Int(order.base[place])]
          var entry = found.entry
          // A window after the scan is a carrier's. What was not scanned could only raise its
          // chance, and so make an earlier window likely enough: the entry counts only if a later
          // departure that was scanned misses it.
          let isProven =
            ways.windows[Int(entry.window)].to <= frame.horizon.minutes
            || (place + 1 < end && Int32(entry.cutoff) < frame.horizon.promisedMinutes)
          if !isProven { entry.orderBy = ProfileEntry.unpublished }
          rows[level].append(entry, found.via)
        }
        begin = end
        rows[level].endRow()
      }
      rows[level].legs = policies.legs
      rows[level].isExact = false
    }
  }
}

extension ConnectionList {
  /// The distinct pairs of nodes that connections join, in order.
  fileprivate func links() -> [(from: UInt16, to: UInt16)] {
    var pairs: [UInt32] = []
    var known: [Bool] = []
    // A connection's name is that of a leg, which joins the same two nodes every day.
    for position in 0..<count {
      let id = Int(ids[position])
      if id >= known.count { known += Array(repeating: false, count: id + 1 - known.count) }
      if known[id] { continue }
      known[id] = true
      pairs.append(UInt32(ends[position].from) << 16 | UInt32(ends[position].to))
    }
    pairs.sort()
    var links: [(from: UInt16, to: UInt16)] = []
    for (index, pair) in pairs.enumerated() where index == 0 || pairs[index - 1] != pair {
      links.append((from: UInt16(pair >> 16), to: UInt16(truncatingIfNeeded: pair)))
    }
    return links
  }
}
