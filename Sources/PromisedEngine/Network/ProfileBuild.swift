import PromisedModel

/// Builds the profiles of a network: a pure function of its image and the horizon, for a background
/// thread.
package enum ProfileBuild {
  /// The share of parcels, in 1/65535, that a lane's promise by the timetable counts on.
  package static var defaultConfidence: UInt16 { ConfidenceLevel.usual.probability }

  /// The profiles by the timetable alone, over every row.
  ///
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
    let frame = frame(departures)
    let reach = UncertainReach(image, tier: departures.tier)
    var build = BlockBuild(departures: departures, frame: frame)
    var blocks = Array(repeating: frame.emptyBlock, count: image.destinations.count)
    for index in destinations ?? Array(0..<UInt32(image.destinations.count)) {
      let destination = image.destinations[Int(index)]
      blocks[Int(index)] = build.block(
        index, Finals(of: destination, departures, confidence: confidence),
        isCertain: reach.isCertain(destination, departures))
    }
    return ProfileSet(frame: frame, blocks: blocks)
  }

  /// The profiles of every tier and confidence.
  ///
  /// - Parameters as in `build`.
  /// - Complexity: as `build` for each distinct tier, and again for each confidence at which lanes
  ///   of the destination deliver on other days.
  package static func catalogue(
    image: NetworkImage, horizonBase: Int64, destinations: [UInt32]? = nil
  ) -> ProfileCatalogue {
    catalogue(
      image: image, horizon: Horizon(base: horizonBase), confident: confidentScan,
      destinations: destinations)
  }

  /// The same over another number of days and with another scan.
  static func catalogue(
    image: NetworkImage, horizon: Horizon, confident: ConfidentScan? = confidentScan,
    destinations: [UInt32]? = nil
  ) -> ProfileCatalogue {
    if image.changes.isEmpty { return whole(image, horizon, confident, destinations) }
    // What would be without the changes is kept to say what they are to blame for; most of it is
    // the same.
    let unchanged = whole(image.unchanged(), horizon, confident, destinations)
    return patch(unchanged, image: image, confident: confident, destinations: destinations)
  }

  /// All layers from nothing but the image.
  static func whole(
    _ image: NetworkImage, _ horizon: Horizon, _ confident: ConfidentScan?,
    _ destinations: [UInt32]? = nil
  ) -> ProfileCatalogue {
    let distinct = NetworkTier.distinct(image)
    let wanted = destinations ?? Array(0..<UInt32(image.destinations.count))
    let departures = distinct.tiers.map {
      NetworkDepartures(image: image, horizon: horizon, tier: $0)
    }
    let shared = frame(departures[0])
    // By destination, so that equal rows of several tiers and layers are one block.
    var known: [[DestinationBlock]] = Array(repeating: [], count: image.destinations.count)
    let tiers = departures.map { departures in
      var build = TierBuild(departures, shared, confident)
      for destination in wanted { build.add(destination, &known[Int(destination)]) }
      return build.finish()
    }
    return ProfileCatalogue(
      image: image, frame: shared, tiers: tiers, indexes: distinct.indexes)
  }

  static func frame(_ departures: NetworkDepartures) -> ProfileFrame {
    ProfileFrame(
      image: departures.image, horizon: departures.horizon, clocks: departures.clocks,
      departs: departures.departs)
  }
}

/// The layers of one tier in the making.
struct TierBuild: ~Copyable {
  private let departures: NetworkDepartures
  private let frame: ProfileFrame
  /// Nil when an earlier build has said what is certain.
  private let reach: UncertainReach?
  private let scan: ConfidentScan?
  /// Prepared for the first destination that needs it: a patch mostly needs none.
  private var confident: ConfidentRows?
  private var build: BlockBuild
  private var isCertain: [Bool]
  /// With a patch: nothing differs that departs later than this minute, but the waves of stations.
  private let lastChange: Int32?
  private let changedStations: Set<UInt16>
  /// By layer, the schedule first, then by destination.
  private var layers: [[DestinationBlock]]

  init(_ departures: NetworkDepartures, _ frame: ProfileFrame, _ confident: ConfidentScan?) {
    let count = departures.image.destinations.count
    self.departures = departures
    self.frame = frame
    reach = UncertainReach(departures.image, tier: departures.tier)
    scan = confident
    build = BlockBuild(departures: departures, frame: frame)
    isCertain = Array(repeating: true, count: count)
    lastChange = nil
    changedStations = []
    layers = Array(
      repeating: Array(repeating: frame.emptyBlock, count: count),
      count: 1 + ConfidenceLevel.allCases.count)
  }

  /// Begins with all layers of a tier, whose departures have changed by a delta.
  init(
    patching tier: ProfileTier, _ departures: NetworkDepartures, _ delta: DepartureDelta,
    _ confident: ConfidentScan?
  ) {
    changedStations = delta.stations
    lastChange = (delta.removed + delta.added).map(\.departure).max() ?? -1
    self.departures = departures
    frame = tier.schedule.frame
    reach = nil
    scan = confident
    build = BlockBuild(departures: departures, frame: frame)
    isCertain = tier.isCertain
    layers = tier.layers.map(\.blocks)
  }

  /// Builds a destination's blocks in all layers.
  ///
  /// - Parameter known: blocks of the destination that are shared where rows are equal; those that
  ///   are new are appended.
  mutating func add(_ index: UInt32, _ known: inout [DestinationBlock]) {
    let destination = departures.image.destinations[Int(index)]
    let certain = reach?.isCertain(destination, departures) ?? isCertain[Int(index)]
    isCertain[Int(index)] = certain
    let usual = Finals(
      of: destination, departures, confidence: ProfileBuild.defaultConfidence)
    let schedule = build.block(
      index, usual, isCertain: certain, sharing: known, keeping: kept(0, index, usual))
    keep(schedule, layer: 0, index, &known)
    if !certain {
      if confident == nil { confident = scan.map { [departures, frame] in $0(departures, frame) } }
      guard let rows = confident?(index) else { return }
      for (level, rows) in rows.enumerated() {
        keep(build.block(rows, sharing: known), layer: 1 + level, index, &known)
      }
      return
    }
    // Where lanes deliver on the same days at another confidence, so does everything.
    var built = [(finals: usual, block: schedule)]
    for level in ConfidenceLevel.allCases {
      let finals = Finals(of: destination, departures, confidence: level.probability)
      var block = built.first { $0.finals == finals }?.block
      if block == nil {
        let made = build.block(
          index, finals, isCertain: true, sharing: known,
          keeping: kept(1 + Int(level.rawValue), index, finals))
        built.append((finals: finals, block: made))
        block = made
      }
      keep(block ?? schedule, layer: 1 + Int(level.rawValue), index, &known)
    }
  }

  /// What a layer holds of a destination, if the ways to be delivered there are the same; before
  /// another block takes its place.
  private func kept(
    _ layer: Int, _ index: UInt32, _ finals: Finals
  ) -> (block: DestinationBlock, after: Int32)? {
    let block = layers[layer][Int(index)]
    let station = departures.image.destinations[Int(index)].station
    guard let lastChange, lastChange >= 0, block !== frame.emptyBlock, block.isExact,
      station == .noIndex || !changedStations.contains(UInt16(station)),
      block.hasWindows(finals.windows)
    else { return nil }
    return (block: block, after: lastChange)
  }

  private mutating func keep(
    _ block: DestinationBlock, layer: Int, _ index: UInt32, _ known: inout [DestinationBlock]
  ) {
    layers[layer][Int(index)] = block
    if !known.contains(where: { $0 === block }) { known.append(block) }
  }

  consuming func finish() -> ProfileTier {
    // Layers whose blocks are all the same are one set.
    var sets: [ProfileSet] = []
    for blocks in layers {
      let same = sets.first { $0.blocks.elementsEqual(blocks) { $0 === $1 } }
      sets.append(same ?? ProfileSet(frame: frame, blocks: blocks))
    }
    return ProfileTier(
      departures: departures, schedule: sets[0], confident: Array(sets[1...]),
      isCertain: isCertain)
  }
}
