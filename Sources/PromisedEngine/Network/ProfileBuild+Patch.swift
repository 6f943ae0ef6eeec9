import PromisedModel

extension ProfileBuild {
  /// The profiles of an image that differs from that of `previous` in what happened to departures:
  /// only destinations whose rows that might change are built, the others share their blocks. The
  /// result has the rows of a full build.
  ///
  /// Where rows of the network differ as well (another revision), everything is built.
  ///
  /// - Complexity: a copy of the departures, a look at each destination for each change, and a scan
  ///   of the destinations that are affected.
  package static func patch(
    _ previous: ProfileCatalogue, image: NetworkImage
  ) -> ProfileCatalogue {
    patch(previous, image: image, confident: confidentScan)
  }

  static func patch(
    _ previous: ProfileCatalogue, image: NetworkImage, confident: ConfidentScan?,
    destinations: [UInt32]? = nil
  ) -> ProfileCatalogue {
    guard image.revision == previous.image.revision else {
      return catalogue(
        image: image, horizon: previous.horizon, confident: confident, destinations: destinations)
    }
    let delta = DepartureDelta(
      previous.tiers[0].departures, from: previous.image.changes, to: image.changes)
    let wanted = destinations.map { Set($0) }
    var known: [UInt32: [DestinationBlock]] = [:]
    let tiers = previous.tiers.map { tier in
      let own = delta.admitted(by: tier.departures.tier, image)
      if own.isEmpty { return tier }
      let departures = NetworkDepartures(tier.departures, image: image, own)
      var build = TierBuild(patching: tier, departures, own, confident)
      for destination in tier.affected(by: own) where wanted?.contains(destination) ?? true {
        var blocks = known[destination] ?? previous.tiers.flatMap { $0.blocks(Int(destination)) }
        build.add(destination, &blocks)
        known[destination] = blocks
      }
      return build.finish()
    }
    return ProfileCatalogue(
      image: image, frame: previous.frame, tiers: tiers, indexes: previous.indexes,
      unchanged: image.changes.isEmpty ? nil : previous.unchanged ?? previous)
  }
}

extension PendingChanges {
  /// What the network's changes might have made impossible in published profiles; nil if they take
  /// nothing away that the profiles do not know of.
  ///
  /// The profiles are of a network whose legs and nodes have the same indexes: of this one since it
  /// was last replaced as a whole.
  ///
  /// - Complexity: a look at each block for each departure taken away.
  package convenience init?(_ published: ProfileCatalogue, _ network: borrowing NetworkTables) {
    let delta = DepartureDelta(
      published.tiers[0].departures, from: published.image.changes,
      to: network.resolvedChanges(through: network.lastChange))
    if delta.removed.isEmpty, delta.removedWaves.isEmpty { return nil }
    let destinations = published.frame.image.destinations
    var barriers = Array(repeating: UInt16(0), count: destinations.count)
    for (index, destination) in destinations.enumerated() {
      for wave in delta.removedWaves where UInt32(wave.station) == destination.station {
        barriers[index] = max(barriers[index], UInt16(clamping: wave.cutoff))
      }
    }
    var seen: Set<ObjectIdentifier> = []
    for tier in published.tiers {
      for layer in tier.layers where seen.insert(ObjectIdentifier(layer)).inserted {
        for (index, block) in layer.blocks.enumerated() {
          for departure in delta.removed where departure.departure > Int32(barriers[index]) {
            if block.isAffected(removing: departure, published.frame) {
              barriers[index] = UInt16(clamping: departure.departure)
            }
          }
        }
      }
    }
    self.init(barriers: barriers)
  }
}
