import PromisedModel

/// What one histogram is about. Narrow series have wider parents: a leg (which is one slot of the
/// weekly timetable), its mode in its country, all legs.
package enum SeriesKind: UInt8, Sendable, CaseIterable {
  case leg = 2
  case modeInCountry = 3
  case allLegs = 4
  case node = 5
  case allNodes = 6
  case lane = 7

  var bins: Int {
    switch self {
    case .leg, .modeInCountry, .allLegs, .node, .allNodes: DelayBins.count
    case .lane: Limits.transitDays + 1
    }
  }
}

/// Names, not indexes: what was learned outlives a network that is loaded anew.
package struct SeriesKey: Hashable, Sendable {
  package var kind: SeriesKind
  package var subject: Name
  package var service: Name
  package var zone: Name
  /// The transport mode of `modeInCountry`, else 0.
  package var mode: UInt8

  package init(
    kind: SeriesKind, subject: Name = .empty, service: Name = .empty, zone: Name = .empty,
    mode: UInt8 = 0
  ) {
    self.kind = kind
    self.subject = subject
    self.service = service
    self.zone = zone
    self.mode = mode
  }
}

/// How late: bins by their upper ends, so that a delay is never learned shorter than it was.
enum DelayBins {
  static var count: Int { 14 }

  static func minutes(_ bin: Int) -> Int32 {
    switch bin {
    case 0: 0
    case 1: 15
    case 2: 30
    case 3: 45
    case 4: 60
    case 5: 90
    case 6: 120
    case 7: 180
    case 8: 240
    case 9: 360
    case 10: 720
    case 11: 1440
    case 12: 2880
    default: Limits.delayMinutes
    }
  }

  /// The first bin that holds a delay of 0…10,080 minutes.
  static func bin(_ minutes: Int32) -> Int {
    var bin = 0
    while bin < count - 1, Self.minutes(bin) < minutes { bin += 1 }
    return bin
  }

  /// Cumulative shares, in 1/2^30, of outcomes; without any, never late.
  static func cumulative(of outcomes: ArraySlice<DelayOutcome>) -> [Int64] {
    var weights = Array(repeating: Int64(0), count: count)
    for outcome in outcomes { weights[bin(outcome.minutes)] += Int64(outcome.probability) }
    if outcomes.isEmpty { weights[0] = 65_535 }
    return Learned.cumulative(of: weights)
  }

  /// Outcomes from cumulative shares, each rounded down: later never becomes less likely by it.
  static func outcomes(_ cumulative: [Int64]) -> [DelayOutcome] {
    Learned.probabilities(cumulative).map {
      DelayOutcome(minutes: minutes($0.bin), probability: $0.probability)
    }
  }
}

enum Learned {
  /// Cumulative shares in 1/2^30 of weights that add up to 65535.
  static func cumulative(of weights: [Int64]) -> [Int64] {
    var running: Int64 = 0
    return weights.map {
      running += $0
      return running * Shrinkage.one / 65_535
    }
  }

  /// The bins that have a probability, in 1/65535, adding up to 65535.
  static func probabilities(_ cumulative: [Int64]) -> [(bin: Int, probability: UInt16)] {
    var result: [(bin: Int, probability: UInt16)] = []
    var before: Int64 = 0
    for bin in cumulative.indices {
      let isLast = bin == cumulative.count - 1
      let reached = isLast ? 65_535 : max(before, (cumulative[bin] * 65_535) >> 30)
      if reached > before {
        result.append((bin: bin, probability: UInt16(reached - before)))
      }
      before = reached
    }
    return result
  }
}

/// Every series that something was observed in, in the order in which they first were.
struct LearnedTable: ~Copyable {
  /// Looked up only.
  private var places: [SeriesKey: Int] = [:]
  private(set) var keys: [SeriesKey] = []
  private(set) var histograms: [DecayedHistogram] = []

  static var halfLifeDays: Int32 { 14 }

  func histogram(_ key: SeriesKey) -> DecayedHistogram? { places[key].map { histograms[$0] } }

  mutating func observe(_ key: SeriesKey, bin: Int, day: Int32) {
    histograms[place(of: key)].observe(bin: bin, day: day)
  }

  /// Puts a histogram that a snapshot kept.
  mutating func insert(_ key: SeriesKey, _ histogram: DecayedHistogram) {
    histograms[place(of: key)] = histogram
  }

  private mutating func place(of key: SeriesKey) -> Int {
    if let place = places[key] { return place }
    let place = keys.count
    places[key] = place
    keys.append(key)
    histograms.append(
      DecayedHistogram(bins: key.kind.bins, halfLifeDays: Self.halfLifeDays))
    return place
  }
}
