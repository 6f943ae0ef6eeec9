import PromisedModel

/// Distributions that profiles are built with in place of the declared ones: what was learned by
/// the time of the last adoption. By index; an empty list means that the declared one holds.
package struct AdoptedDistributions: Sendable, Equatable {
  package var legs: [AdoptedDelays] = []
  package var nodes: [AdoptedDelays] = []
  package var lanes: [AdoptedTransit] = []
  /// By service level and asked confidence: the confidence to promise at, so that the asked one is
  /// kept. Never below the one asked for.
  package var calibration: [UInt8] = AdoptedDistributions.uncalibrated

  private static var confidences: Int { 5 }

  static var uncalibrated: [UInt8] {
    ServiceLevel.allCases.flatMap { _ in ConfidenceLevel.allCases.map(\.rawValue) }
  }

  package init() {}

  var isEmpty: Bool {
    legs.isEmpty && nodes.isEmpty && lanes.isEmpty && calibration == Self.uncalibrated
  }

  func calibrated(_ level: ServiceLevel, _ confidence: ConfidenceLevel) -> ConfidenceLevel {
    // On the way of every offer: `allCases` would allocate.
    let place = (Int(level.rawValue) - 1) * Self.confidences + Int(confidence.rawValue)
    return ConfidenceLevel(rawValue: calibration[place]) ?? confidence
  }
}

/// A learned delay distribution, and what it rests on.
package struct AdoptedDelays: Sendable, Equatable {
  package var outcomes: [DelayOutcome] = []
  package var sampleMilli: UInt32 = 0
  package var source: ConfidenceSource = .declared

  package init() {}
}

package struct AdoptedTransit: Sendable, Equatable {
  package var outcomes: [TransitOutcome] = []
  package var sampleMilli: UInt32 = 0
  package var source: ConfidenceSource = .declared

  package init() {}
}

extension State {
  /// Whether something was observed in an hour that has ended and profiles do not know it yet.
  package func isAdoptionDue(at now: UnixMilliseconds) -> Bool {
    firstUnadopted > 0 && now.seconds / 3600 > firstUnadopted / 3600
  }

  /// Takes what was learned so far into the network: a change of it like any other.
  func applyLearningAdopted() {
    firstUnadopted = 0
    let day = Int32(clamping: floorDivide(appliedTime.seconds, 86_400))
    var adopted = AdoptedDistributions()
    adopted.legs = network.legs.indices.map { adoptedDelays(leg: $0, day) }
    adopted.nodes = network.nodes.map { node in
      node.map { adoptedHandling($0, day) } ?? AdoptedDelays()
    }
    adopted.lanes = network.lanes.indices.map { adoptedTransit(lane: $0, day) }
    adopted.calibration = calibration.adopted
    network.adopt(adopted)
    stamps.network = appliedPosition
  }

  /// A leg of its own is drawn towards what is declared for it; without that towards
  /// its parents: its mode in the country, and all legs.
  private func adoptedDelays(leg index: Int, _ day: Int32) -> AdoptedDelays {
    let leg = network.legs[index]
    let name = network.legNames.name(index)
    let own = learned.histogram(SeriesKey(kind: .leg, subject: name))
    var chain: [DecayedHistogram?] = []
    let declared = network.delays[
      Int(leg.delays.start)..<Int(leg.delays.start + leg.delays.count)]
    if declared.isEmpty {
      chain.append(learned.histogram(SeriesKey(kind: .allLegs)))
      chain.append(learned.histogram(modeKey(of: leg)))
    }
    chain.append(own)
    return adopted(chain.compactMap { $0 }, own, declared: declared, day)
  }

  private func adoptedHandling(_ node: Node, _ day: Int32) -> AdoptedDelays {
    if node.calendar.isEmpty { return AdoptedDelays() }
    let own = learned.histogram(SeriesKey(kind: .node, subject: node.name))
    let all = learned.histogram(SeriesKey(kind: .allNodes))
    let chain = node.handling.isEmpty ? [all, own] : [own]
    return adopted(chain.compactMap { $0 }, own, declared: node.handling[...], day)
  }

  private func adopted(
    _ chain: [DecayedHistogram], _ own: DecayedHistogram?, declared: ArraySlice<DelayOutcome>,
    _ day: Int32
  ) -> AdoptedDelays {
    var adopted = AdoptedDelays()
    if chain.isEmpty { return adopted }
    let shares = Shrinkage.blend(
      chain: chain, prior: DelayBins.cumulative(of: declared), on: day)
    adopted.outcomes = DelayBins.outcomes(shares)
    adopted.sampleMilli = UInt32(clamping: own?.effectiveSizeMilli ?? 0)
    adopted.source = source(own, day)
    return adopted
  }

  private func adoptedTransit(lane index: Int, _ day: Int32) -> AdoptedTransit {
    let lane = network.lanes[index]
    var adopted = AdoptedTransit()
    let key = SeriesKey(
      kind: .lane, subject: network.nodeNames.name(Int(lane.key.origin)),
      service: network.serviceNames.name(Int(lane.key.service)),
      zone: network.zoneNames.name(Int(lane.key.zone)))
    guard let own = learned.histogram(key) else { return adopted }
    var weights = Array(repeating: Int64(0), count: SeriesKind.lane.bins)
    let start = Int(lane.transitStart)
    for outcome in network.transits[start..<(start + Int(lane.transitCount))] {
      weights[Int(outcome.workingDays)] += Int64(outcome.probability)
    }
    let shares = Shrinkage.blend(
      chain: [own], prior: Learned.cumulative(of: weights), on: day)
    adopted.outcomes = Learned.probabilities(shares).map {
      TransitOutcome(workingDays: UInt8($0.bin), probability: $0.probability)
    }
    adopted.sampleMilli = UInt32(clamping: own.effectiveSizeMilli)
    adopted.source = source(own, day)
    return adopted
  }

  /// Its own word counts for half or more from as many observations as its parent weighs.
  private func source(_ own: DecayedHistogram?, _ day: Int32) -> ConfidenceSource {
    (own?.weight(on: day) ?? 0) >= Shrinkage.usualStrength ? .learned : .learnedParent
  }

  func modeKey(of leg: LegRow) -> SeriesKey {
    let country = network.nodes[Int(leg.origin)]?.country ?? .empty
    return SeriesKey(
      kind: .modeInCountry, subject: country, mode: leg.mode.rawValue)
  }
}
