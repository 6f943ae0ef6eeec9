import PromisedModel

/// One way to reach the destination; its place in the sorted list is its id in the scan.
struct Final: Equatable {
  var node: UInt16
  var cutoff: Int32
  var window: DeliveryWindow
  var via: Via
  /// Of delivery by the window's end in 1/65535; 0 = certain.
  var chance: UInt16
  var windowIndex: UInt32 = 0
}

/// All ways to reach a destination, from the latest cutoff to the earliest, and their windows in
/// order of (end, start). The rows of a destination follow from them and the connections.
struct Finals: Equatable {
  private(set) var list: [Final] = []
  private(set) var windows: [DeliveryWindow] = []

  /// - Parameter confidence: what lanes promise, 1…65535.
  init(of destination: DestinationRow, _ departures: NetworkDepartures, confidence: UInt16) {
    if destination.station != .noIndex {
      let station = UInt16(destination.station)
      departures.forEachWave(station: destination.station) { cutoff, window in
        list.append(Final(node: station, cutoff: cutoff, window: window, via: .wave, chance: 0))
      }
    }
    departures.forEachPickup(zone: destination.zone, confidence: confidence) {
      lane, node, cutoff, window, chance in
      list.append(
        Final(
          node: node, cutoff: cutoff, window: window, via: .lane(UInt32(lane)), chance: chance))
    }
    numberWindows()
    list.sort {
      ($1.cutoff, $0.windowIndex, $0.via.rawValue) < ($0.cutoff, $1.windowIndex, $1.via.rawValue)
    }
  }

  private mutating func numberWindows() {
    list.sort {
      ($0.window.to, $0.window.from, $0.window.days, $0.window.offset)
        < ($1.window.to, $1.window.from, $1.window.days, $1.window.offset)
    }
    var kept = 0
    for index in list.indices {
      if windows.last != list[index].window {
        // An entry has 16 bits for its window: the latest ones of a vast zone are not promised.
        if windows.count == Int(UInt16.max) { break }
        windows.append(list[index].window)
      }
      list[index].windowIndex = UInt32(windows.count - 1)
      kept = index + 1
    }
    list.removeSubrange(kept...)
  }

  var hasChances: Bool { list.contains { $0.chance > 0 } }
}

/// Blocks in the making, destination after destination.
struct BlockBuild: ~Copyable {
  private let departures: NetworkDepartures
  private let frame: ProfileFrame
  private var scan: ConnectionScan
  private var rows = DestinationRows()
  private var arena = BlockArena()

  init(departures: NetworkDepartures, frame: ProfileFrame) {
    self.departures = departures
    self.frame = frame
    scan = ConnectionScan(nodeCount: frame.image.nodes.count)
  }

  /// The rows of one destination by the timetable. O(connections).
  ///
  /// - Parameters:
  ///   - isCertain: nothing but lanes is uncertain on the way there, so that the chance of a lane
  ///     is that of every path that ends with it.
  ///   - known: blocks of this destination, one of which is given back when it holds the same rows.
  ///   - kept: the rows of the same finals over departures that differ at `after` or before only:
  ///     what leaves later stays as it is and is not scanned.
  mutating func block(
    _ index: UInt32, _ finals: Finals, isCertain: Bool, sharing known: [DestinationBlock] = [],
    keeping kept: (block: DestinationBlock, after: Int32)? = nil
  ) -> DestinationBlock {
    let destination = frame.image.destinations[Int(index)]
    rows.removeAll(legCount: frame.image.legs.count)
    rows.windows = finals.windows
    let steps = finals.list.enumerated().map { index, final in
      FinalDeparture(
        node: UInt32(final.node), departure: UInt32(final.cutoff), value: final.windowIndex,
        id: UInt32(index))
    }
    steps.withUnsafeBufferPointer { steps in
      departures.feeders.withUnsafeBufferPointer { all in
        let feeders = UnsafeBufferPointer(rebasing: all[departures.feeders(of: destination)])
        scan.prepare(
          UnsafePointer(departures.departureCounts.base), feeders, steps,
          UInt32(finals.windows.count))
        if let kept { seed(kept.block, after: kept.after, steps) }
        scan.resume(
          connections: departures.connections, feeders: feeders, finals: steps,
          from: kept.map { UInt32($0.after) } ?? .max)
      }
    }
    for node in frame.rankedNodes { appendRow(node, finals, keeping: kept) }
    if isCertain, finals.hasChances { takeOverChances() }
    return block(rows, sharing: known)
  }

  /// A block of rows that were made elsewhere.
  mutating func block(
    _ rows: DestinationRows, sharing known: [DestinationBlock]
  ) -> DestinationBlock {
    if !known.isEmpty {
      let digest = rows.digest
      if let same = known.first(where: { $0.holds(rows, digest: digest) }) { return same }
    }
    return DestinationBlock(rows, withHeads: frame.withHeads, in: &arena)
  }

  /// Gives the scan what leaves later than a minute, as a block holds it.
  private func seed(
    _ block: DestinationBlock, after: Int32, _ steps: UnsafeBufferPointer<FinalDeparture>
  ) {
    let view = block.view
    for (rank, node) in frame.rankedNodes.enumerated() {
      let row = view.row(rank: UInt16(rank))
      var index = row.end - 1
      while index >= row.start, Int32(view.entries[index].cutoff) > after {
        let entry = view.entries[index]
        scan.seed(
          Int(node), departure: UInt32(entry.cutoff), value: UInt32(entry.window), via: 0)
        index -= 1
      }
    }
    // A station from which nothing departs has no row.
    for step in steps where Int32(step.departure) > after {
      if frame.rank(of: UInt16(step.node)) == ProfileFrame.noRank {
        scan.seed(Int(step.node), departure: step.departure, value: step.value, via: 0)
      }
    }
  }

  private mutating func appendRow(
    _ node: UInt16, _ finals: Finals, keeping kept: (block: DestinationBlock, after: Int32)?
  ) {
    let profile = scan.profile(Int(node))
    let old = kept?.block.view.row(rank: frame.rank(of: node))
    let ready = frame.openings.readyFunction(node: node)
    let processing = frame.openings.processing.base[Int(node)]
    for index in stride(from: profile.count - 1, through: 0, by: -1) {
      let step = profile[index]
      if let kept, let old, Int32(step.departure) > kept.after {
        let place = old.end - 1 - index
        rows.append(kept.block.view.entries[place], kept.block.view.vias[place])
        continue
      }
      var via = Via.leg(step.id)
      var chance: UInt16 = 0
      if step.isFinal {
        via = finals.list[Int(step.id)].via
        chance = finals.list[Int(step.id)].chance
      }
      let window = rows.windows[Int(step.value)]
      // A window after the scan is a carrier's. It counts only if a later departure that was
      // scanned misses it: otherwise an unscanned one might still make it.
      let isProven =
        window.to <= frame.horizon.minutes
        || (index > 0 && Int32(step.departure) < frame.horizon.promisedMinutes)
      var orderBy = ProfileEntry.unpublished
      if isProven {
        // Without opening times nobody works on orders there.
        let latest = ready?.latestOrder(for: Int32(step.departure), processing: processing)
        orderBy = UInt16(clamping: max(latest ?? 0, 0))
      }
      rows.append(
        ProfileEntry(
          cutoff: UInt16(step.departure), window: UInt16(step.value), orderBy: orderBy,
          confidence: chance), via)
    }
    rows.endRow()
  }

  /// Gives every path that ends with a lane the lane's chance. O(entries × steps of their paths).
  private mutating func takeOverChances() {
    for index in rows.entries.indices where rows.vias[index].isLeg {
      var (at, entry) = (index, rows.entries[index])
      while rows.vias[at].isLeg {
        let leg = frame.image.legs[rows.vias[at].index]
        let dwell = frame.image.nodes[Int(leg.destination)]?.dwellMinutes ?? 0
        let ready = Int32(entry.cutoff) + leg.durationMinutes + dwell
        // A station from which nothing departs has no row: it delivers.
        guard
          let next = rows.row(rank: frame.rank(of: leg.destination)).first(where: {
            Int32(rows.entries[$0].cutoff) >= ready
          })
        else { break }
        (at, entry) = (next, rows.entries[next])
      }
      if rows.vias[at].isLane { rows.setChance(entry.confidence, of: index) }
    }
  }
}
