import PromisedModel

extension ProfileBuild {
  /// Fills the confident layers of destinations that something uncertain but a lane can touch.
  static var confidentScan: ConfidentScan? {
    { departures, frame in
      let rows = ReliabilityRows(departures: departures, frame: frame)
      return { rows.rows(of: $0) }
    }
  }
}

/// The reliability build of a tier, kept from destination to destination for its memory.
private final class ReliabilityRows {
  private var build: ReliabilityBuild

  init(departures: NetworkDepartures, frame: ProfileFrame) {
    build = ReliabilityBuild(departures: departures, frame: frame)
  }

  func rows(of destination: UInt32) -> [DestinationRows] {
    build.fill(destination)
    return build.rows
  }
}

extension ReliabilityBuild {
  /// The build of a tier with the delays and handling times of its image, at every confidence of
  /// the grid.
  init(departures: NetworkDepartures, frame: ProfileFrame) {
    let image = departures.image
    var delays = DelayTable()
    for leg in image.legs { delays.append(image.outcomes(leg.delays)) }
    var handling = DelayTable()
    for node in image.nodes { handling.append(node.map { image.outcomes($0.handling) } ?? []) }
    self.init(departures: departures, frame: frame, delays: delays, handling: handling)
  }

  /// The build of all rows of an image: the widest tier.
  ///
  /// - Parameter horizonBase: a UTC midnight, normally `Horizon.base(at:)`.
  package init(image: NetworkImage, horizonBase: Int64) {
    let departures = NetworkDepartures(image: image, horizon: Horizon(base: horizonBase))
    self.init(departures: departures, frame: ProfileBuild.frame(departures))
  }

  /// Fills the rows of the destination with an index of the image.
  package mutating func fill(_ destination: UInt32) {
    fill(frame.image.destinations[Int(destination)])
  }

  /// Entries of the destination filled last, of all levels.
  package var entryCount: Int { rows.reduce(0) { $0 + $1.entries.count } }
  /// Legs that its policies use.
  package var legCount: Int { rows.first?.legs.words.reduce(0) { $0 + $1.nonzeroBitCount } ?? 0 }
}

extension DelayTable {
  /// Appends the distribution of the next id, as rows state it.
  fileprivate mutating func append(_ outcomes: ArraySlice<DelayOutcome>) {
    append(
      outcomes.map {
        DelayAtom(minutes: UInt32($0.minutes), probability: UInt32($0.probability))
      })
  }
}
