import PromisedModel

/// The profiles of every service level, item restriction and confidence. Immutable, shared between
/// threads.
///
/// Levels and restrictions that may use the same rows are one *tier*. A tier has a *layer* by the
/// timetable (legs on time, lanes at .95) and one per confidence of the grid; layers, and blocks of
/// them, that are equal are the same object.
package final class ProfileCatalogue: Sendable {
  /// What it was built from, changes of departures included.
  package let image: NetworkImage
  let frame: ProfileFrame
  let tiers: [ProfileTier]
  /// By `NetworkTier.index`, which of `tiers`.
  let indexes: [Int]
  /// The same network with every departure as the timetable says; nil when this is that.
  package let unchanged: ProfileCatalogue?

  init(
    image: NetworkImage, frame: ProfileFrame, tiers: [ProfileTier], indexes: [Int],
    unchanged: ProfileCatalogue? = nil
  ) {
    self.image = image
    self.frame = frame
    self.tiers = tiers
    self.indexes = indexes
    self.unchanged = unchanged
  }

  package var horizon: Horizon { frame.horizon }
  package var horizonBaseUnixSeconds: Int64 { frame.horizon.base }
  package var destinationCount: Int { frame.image.destinations.count }
  /// Distinct sets of profiles.
  package var tierCount: Int { tiers.count }

  /// The profiles by the timetable: legs on time, lanes at .95.
  package func schedule(_ tier: NetworkTier) -> ProfileSet { tiers[indexes[tier.index]].schedule }

  /// The profiles whose windows are made with a confidence.
  /// Where promises of the tier's level have been missed more often than their confidence allows,
  /// these are the windows of a higher one.
  package func layer(_ tier: NetworkTier, _ confidence: ConfidenceLevel) -> ProfileSet {
    let kept = image.adopted.calibrated(tier.level, confidence)
    return tiers[indexes[tier.index]].confident[Int(kept.rawValue)]
  }

  /// Distinct blocks of all layers, each once.
  private var blocks: [DestinationBlock] {
    var seen: Set<ObjectIdentifier> = []
    return tiers.flatMap { $0.layers }.flatMap(\.blocks).filter {
      seen.insert(ObjectIdentifier($0)).inserted
    }
  }

  package var entryCount: Int { blocks.reduce(0) { $0 + $1.entryCount } }
  /// Memory held, without images and departures.
  package var byteCount: Int { blocks.reduce(0) { $0 + $1.byteCount } }

  /// A digest of all rows of all layers: equal networks give equal digests.
  package var digest: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for tier in tiers {
      for layer in tier.layers { hash = (hash ^ layer.digest) &* 0x100_0000_01b3 }
    }
    return hash
  }
}

/// The profiles of those who may use the same rows.
final class ProfileTier: Sendable {
  let departures: NetworkDepartures
  let schedule: ProfileSet
  /// By confidence level.
  let confident: [ProfileSet]
  /// By destination: nothing but lanes is uncertain on the way there.
  let isCertain: [Bool]

  init(
    departures: NetworkDepartures, schedule: ProfileSet, confident: [ProfileSet],
    isCertain: [Bool]
  ) {
    self.departures = departures
    self.schedule = schedule
    self.confident = confident
    self.isCertain = isCertain
  }

  /// The schedule and then every confidence.
  var layers: [ProfileSet] { [schedule] + confident }
}

/// The rows of an uncertain destination, given by its index, at every confidence of the grid in its
/// order, with the legs they count on.
typealias ConfidentRows = (_ destination: UInt32) -> [DestinationRows]

/// Prepares the scan that fills the confident layers where legs or handling are uncertain: with the
/// departures of a tier, and the ranks by which rows are appended.
typealias ConfidentScan = @Sendable (NetworkDepartures, ProfileFrame) -> ConfidentRows
