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
  ///   - destinations: those to build, each below the image's count; the rows of the others stay
  ///     empty. Nil = all.
  /// - Complexity: destinations × connections; 4 to 10 ns for each pair.
  package static func build(
    image: NetworkImage, horizonBase: Int64, confidence: UInt16 = defaultConfidence,
    destinations: [UInt32]? = nil
  ) -> ProfileSet {
    build(
      image: image, horizon: Horizon(base: horizonBase), confidence: confidence,
      destinations: destinations)
  }

  /// The same over another number of days.
  package static func build(
    image: NetworkImage, horizon: Horizon, confidence: UInt16 = defaultConfidence,
    destinations: [UInt32]? = nil
  ) -> ProfileSet {
    let departures = NetworkDepartures(image: image, horizon: horizon)
    let frame = ProfileFrame(
      image: image, horizon: horizon, clocks: departures.clocks, departs: departures.departs)
    var build = BlockBuild(departures: departures, frame: frame, confidence: confidence)
    if let destinations {
      var blocks = Array(repeating: frame.emptyBlock, count: image.destinations.count)
      for destination in destinations { blocks[Int(destination)] = build.block(destination) }
      return ProfileSet(frame: frame, blocks: blocks)
    }
    let all = image.destinations.indices.map { build.block(UInt32($0)) }
    return ProfileSet(frame: frame, blocks: all)
  }
}

/// Blocks in the making, destination after destination.
struct BlockBuild: ~Copyable {
  private let departures: NetworkDepartures
  private let frame: ProfileFrame
  private let confidence: UInt16
  private var scan: ConnectionScan
  private var rows = DestinationRows()
  private var arena = BlockArena()
  /// One way to reach the destination; its place in the sorted list is its id in the scan.
  struct Final {
    var node: UInt16
    var cutoff: Int32
    var window: DeliveryWindow
    var via: Via
    var chance: UInt16
    var windowIndex: UInt32 = 0
  }

  init(departures: NetworkDepartures, frame: ProfileFrame, confidence: UInt16) {
    self.departures = departures
    self.frame = frame
    self.confidence = confidence
    scan = ConnectionScan(nodeCount: frame.image.nodes.count)
  }

  /// The rows of one destination. O(connections).
  mutating func block(_ index: UInt32) -> DestinationBlock {
    let destination = frame.image.destinations[Int(index)]
    rows.removeAll(legCount: frame.image.legs.count)
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
    steps.withUnsafeBufferPointer { steps in
      departures.feeders.withUnsafeBufferPointer { all in
        scan.scan(
          connections: departures.connections,
          departureCounts: UnsafePointer(departures.departureCounts.base),
          feeders: UnsafeBufferPointer(rebasing: all[departures.feeders(of: destination)]),
          finals: steps, valueCount: UInt32(windowCount))
      }
    }
    for node in frame.rankedNodes { appendRow(node, finals) }
    return DestinationBlock(rows, withHeads: frame.withHeads, in: &arena)
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
        rows.windows.append(finals[index].window)
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
    let ready = frame.openings.readyFunction(node: node)
    let processing = frame.openings.processing.base[Int(node)]
    for index in stride(from: profile.count - 1, through: 0, by: -1) {
      let step = profile[index]
      var via = Via.leg(step.id)
      var chance: UInt16 = 0
      if step.isFinal {
        via = finals[Int(step.id)].via
        chance = finals[Int(step.id)].chance
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
}
