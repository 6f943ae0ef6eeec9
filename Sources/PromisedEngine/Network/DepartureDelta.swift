import PromisedModel

/// One departure of a leg within the horizon, with the minute from which its load can leave the far
/// node.
struct LegDeparture: Equatable {
  var leg: UInt32
  var departure: Int32
  var ready: Int32
}

/// What changes of departures take away from a network with the same rows, and what they add. A
/// delay takes the departure away and adds a later one.
struct DepartureDelta {
  private(set) var removed: [LegDeparture] = []
  private(set) var added: [LegDeparture] = []
  /// Cutoffs of waves that deliver no more, by station.
  private(set) var removedWaves: [(station: UInt16, cutoff: Int32)] = []
  /// Stations with other waves than before.
  private(set) var stations: Set<UInt16> = []

  /// - Parameters:
  ///   - departures: of the rows, of any tier; legs and nodes that it does not know are passed
  ///     over.
  ///   - old, new: all changes that held before and that hold now.
  init(_ departures: NetworkDepartures, from old: [ResolvedChange], to new: [ResolvedChange]) {
    let image = departures.image
    let (then, now) = (DepartureChanges(old), DepartureChanges(new))
    for changed in DepartureChanges.differing(old, new) {
      let (before, after) = (then.list(changed), now.list(changed))
      switch changed {
      case .leg(let leg):
        guard Int(leg) < image.legs.count else { continue }
        addLeg(
          leg, departures.departures(of: Int(leg), before),
          departures.departures(of: Int(leg), after))
      case .wave(let station, let cutoffMinute):
        departures.forEachWaveDate(station, cutoffMinute) { days, cutoff in
          let was = DepartureChanges.status(before, days: days).isGone
          let isNow = DepartureChanges.status(after, days: days).isGone
          if was != isNow { stations.insert(station) }
          if isNow, !was { removedWaves.append((station: station, cutoff: cutoff)) }
        }
      }
    }
  }

  private init() {}

  var isEmpty: Bool { removed.isEmpty && added.isEmpty && stations.isEmpty }

  /// Both ascend by departure; what stands in both stays.
  private mutating func addLeg(
    _ leg: UInt32, _ before: [LegDeparture], _ after: [LegDeparture]
  ) {
    var (old, new) = (before[...], after[...])
    while let departure = old.first ?? new.first {
      if let first = old.first, let second = new.first, first == second {
        old.removeFirst()
        new.removeFirst()
      } else if departure.departure <= new.first?.departure ?? .max, !old.isEmpty {
        removed.append(old.removeFirst())
      } else {
        added.append(new.removeFirst())
      }
    }
  }

  /// The part that a tier can see. Waves are left as they are: a station's are looked at together.
  func admitted(by tier: NetworkTier, _ image: NetworkImage) -> DepartureDelta {
    var own = DepartureDelta()
    own.removed = removed.filter { tier.admits(image.legs[Int($0.leg)]) }
    own.added = added.filter { tier.admits(image.legs[Int($0.leg)]) }
    own.removedWaves = removedWaves
    own.stations = stations
    return own
  }
}

extension NetworkDepartures {
  /// A leg's departures in the scan under some changes, ascending.
  func departures(of leg: Int, _ changes: [ResolvedChange]) -> [LegDeparture] {
    var found: [LegDeparture] = []
    Self.forEachDeparture(of: image.legs[leg], changes, image, clocks, calendars, horizon) {
      found.append(LegDeparture(leg: UInt32(leg), departure: $0, ready: $1))
    }
    return found.sorted { $0.departure < $1.departure }
  }

  /// The dates on which a wave is in the timetable, whatever happened to it.
  func forEachWaveDate(
    _ station: UInt16, _ cutoffMinute: Int16, _ body: (_ days: Int32, _ cutoff: Int32) -> Void
  ) {
    guard Int(station) < image.nodes.count, let node = image.nodes[Int(station)] else { return }
    let clock = clocks[Int(node.timeZone)]
    for wave in image.waves
    where wave.station == station && wave.cutoffMinute == cutoffMinute {
      for index in 0..<horizon.scannedDateCount
      where Self.runs(wave.weekdays, index, horizon) {
        let cutoff = clock.minute(index, cutoffMinute, .first)
        if cutoff >= 0 { body(horizon.firstDate.days + Int32(index), cutoff) }
      }
    }
  }
}
