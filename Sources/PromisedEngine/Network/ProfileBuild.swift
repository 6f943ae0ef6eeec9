import PromisedInvariants
import PromisedModel

/// Builds the profiles of a network: a pure function of its image and the horizon, for a background
/// thread.
package enum ProfileBuild {
  /// The share of parcels, in 1/65535, that a lane's promise counts on: 0.95, rounded up.
  package static var defaultConfidence: UInt16 { 62_259 }

  /// - Parameters:
  ///   - horizonBase: a UTC midnight, normally `Horizon.base(at:)`.
  ///   - confidence: what lanes promise, 1…65535.
  /// - Complexity: destinations × connections; 4 to 10 ns for each pair.
  package static func build(
    image: NetworkImage, horizonBase: Int64, confidence: UInt16 = defaultConfidence
  ) -> ProfileSet {
    build(image: image, horizon: Horizon(base: horizonBase), confidence: confidence)
  }

  /// The same over another number of days.
  package static func build(
    image: NetworkImage, horizon: Horizon, confidence: UInt16 = defaultConfidence
  ) -> ProfileSet {
    var rows = ProfileRows(
      departures: NetworkDepartures(image: image, horizon: horizon), confidence: confidence)
    for destination in image.destinations { rows.append(destination) }
    return rows.finish()
  }
}

/// The profile set in the making, destination after destination.
private struct ProfileRows: ~Copyable {
  let departures: NetworkDepartures
  let confidence: UInt16
  let openings: NodeOpenings
  let ranks: OwnedBuffer<UInt16>
  /// The node of each rank.
  var rankedNodes: [UInt16] = []
  var scan: ConnectionScan

  var rows = OwnedBuffer<UInt32>(repeating: 0, count: 1)
  var entries = OwnedBuffer<ProfileEntry>()
  var vias = OwnedBuffer<Via>()
  var windowStarts = OwnedBuffer<UInt32>(repeating: 0, count: 1)
  var windows = OwnedBuffer<DeliveryWindow>()

  /// One way to reach the destination; its place in the sorted list is its id in the scan.
  struct Final {
    var node: UInt16
    var cutoff: Int32
    var window: DeliveryWindow
    var via: Via
    var chance: UInt16
    var windowIndex: UInt32 = 0
  }

  init(departures: consuming NetworkDepartures, confidence: UInt16) {
    let image = departures.image
    self.confidence = confidence
    openings = NodeOpenings(image: image, clocks: departures.clocks)
    ranks = OwnedBuffer(repeating: ProfileSet.noRank, count: image.nodes.count)
    for (index, departs) in departures.departs.enumerated() where departs {
      ranks.base[index] = UInt16(rankedNodes.count)
      rankedNodes.append(UInt16(index))
    }
    scan = ConnectionScan(nodeCount: image.nodes.count)
    self.departures = departures
  }

  mutating func append(_ destination: DestinationRow) {
    var finals = finals(of: destination)
    let windowCount = numberWindows(&finals)
    finals.sort {
      ($1.cutoff, $0.windowIndex, $0.via.rawValue) < ($0.cutoff, $1.windowIndex, $1.via.rawValue)
    }
    let steps = finals.enumerated().map { index, final in
      FinalDeparture(
        node: UInt32(final.node), departure: UInt32(final.cutoff), value: final.windowIndex,
        id: UInt32(index))
    }
    var feeders = 0..<0
    if destination.station != .noIndex, !departures.departs[Int(destination.station)] {
      let station = Int(destination.station)
      feeders = departures.feederStarts[station]..<departures.feederStarts[station + 1]
    }
    steps.withUnsafeBufferPointer { steps in
      departures.feeders.withUnsafeBufferPointer { all in
        scan.scan(
          connections: departures.connections,
          departureCounts: UnsafePointer(departures.departureCounts.base),
          feeders: UnsafeBufferPointer(rebasing: all[feeders]), finals: steps,
          valueCount: UInt32(windowCount))
      }
    }
    for node in rankedNodes { appendRow(node, finals) }
    windowStarts.append(UInt32(windows.count))
  }

  private func finals(of destination: DestinationRow) -> [Final] {
    var finals: [Final] = []
    if destination.station != .noIndex {
      let station = UInt16(destination.station)
      departures.forEachWave(station: destination.station) { cutoff, window in
        finals.append(
          Final(node: station, cutoff: cutoff, window: window, via: .wave, chance: 0))
      }
    }
    departures.forEachPickup(zone: destination.zone, confidence: confidence) {
      lane, node, cutoff, window, chance in
      finals.append(
        Final(
          node: node, cutoff: cutoff, window: window, via: .lane(UInt32(lane)), chance: chance))
    }
    return finals
  }

  /// Appends the distinct windows in order of (end, start) and numbers the finals by them.
  private mutating func numberWindows(_ finals: inout [Final]) -> Int {
    finals.sort {
      ($0.window.to, $0.window.from, $0.window.days, $0.window.offset)
        < ($1.window.to, $1.window.from, $1.window.days, $1.window.offset)
    }
    var count = 0
    var kept = 0
    for index in finals.indices {
      if index == 0 || finals[index].window != finals[index - 1].window {
        // An entry has 16 bits for its window: the latest ones of a vast zone are not promised.
        if count == Int(UInt16.max) { break }
        windows.append(finals[index].window)
        count += 1
      }
      finals[index].windowIndex = UInt32(count - 1)
      kept = index + 1
    }
    finals.removeSubrange(kept...)
    return count
  }

  private mutating func appendRow(_ node: UInt16, _ finals: [Final]) {
    let profile = scan.profile(Int(node))
    let firstWindow = Int(windowStarts.base[windowStarts.count - 1])
    let ready = openings.readyFunction(node: node)
    let processing = openings.processing.base[Int(node)]
    for index in stride(from: profile.count - 1, through: 0, by: -1) {
      let step = profile[index]
      var via = Via.leg(step.id)
      var chance: UInt16 = 0
      if step.isFinal {
        via = finals[Int(step.id)].via
        chance = finals[Int(step.id)].chance
      }
      let window = windows.base[firstWindow + Int(step.value)]
      // A window after the scan is a carrier's. It counts only if a later departure that was
      // scanned misses it: otherwise an unscanned one might still make it.
      let isProven =
        window.to <= departures.horizon.minutes
        || (index > 0 && Int32(step.departure) < departures.horizon.promisedMinutes)
      var orderBy = ProfileEntry.unpublished
      if isProven {
        // Without opening times nobody works on orders there.
        let latest = ready?.latestOrder(for: Int32(step.departure), processing: processing)
        orderBy = UInt16(clamping: max(latest ?? 0, 0))
      }
      entries.append(
        ProfileEntry(
          cutoff: UInt16(step.departure), window: UInt16(step.value), orderBy: orderBy,
          confidence: chance))
      vias.append(via)
    }
    invariant(entries.count <= Int(UInt32.max), "more profile entries than a row can point to")
    rows.append(UInt32(entries.count))
  }

  consuming func finish() -> ProfileSet {
    let image = departures.image
    return ProfileSet(
      image: image, horizon: departures.horizon, ranks: ranks, rankCount: rankedNodes.count,
      rows: rows, entries: entries, vias: vias, windowStarts: windowStarts, windows: windows,
      openings: openings, offsets: ZoneOffsets(image: image, clocks: departures.clocks))
  }
}
