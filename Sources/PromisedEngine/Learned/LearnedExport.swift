import PromisedInvariants
import PromisedModel

/// What was learned, into blocks and back, and its part of the digest.
extension State {
  func exportLearned() -> [StateBlock] {
    var blocks: [StateBlock] = []
    if !learned.keys.isEmpty || outcomes.count > 0 || !network.adopted.isEmpty {
      blocks.append(.learned(learnedRows()))
    }
    let kept = outcomes.rows
    for start in stride(from: 0, to: kept.count, by: Self.blockRows) {
      blocks.append(.outcomes(OutcomeRows(kept[start..<min(kept.count, start + Self.blockRows)])))
    }
    return blocks
  }

  private func learnedRows() -> LearnedRows {
    var rows = LearnedRows()
    for (key, histogram) in zip(learned.keys, learned.histograms) {
      rows.kinds.append(key.kind.rawValue)
      rows.subjects.append(key.subject.bytes)
      rows.services.append(key.service.bytes)
      rows.zones.append(key.zone.bytes)
      rows.modes.append(key.mode)
      rows.days.append(histogram.day)
      rows.squares.append(histogram.squares)
      rows.weights += histogram.weights
    }
    rows.legs = AdoptedRows(network.adopted.legs)
    rows.nodes = AdoptedRows(network.adopted.nodes)
    rows.lanes = AdoptedRows(network.adopted.lanes)
    rows.calibration = network.adopted.calibration
    rows.adaptiveMisses = calibration.cells.map(\.misses)
    rows.calibrationOutcomes = calibration.outcomes
    rows.firstUnadoptedUnixSeconds = firstUnadopted
    return rows
  }

  func importLearned(_ rows: LearnedRows) {
    let (subjects, services, zones) = (rows.subjects.names, rows.services.names, rows.zones.names)
    var start = 0
    for row in 0..<rows.kinds.count {
      guard let kind = SeriesKind(rawValue: rows.kinds[row]) else { continue }
      let end = min(rows.weights.count, start + kind.bins)
      invariant(end - start == kind.bins, "a series without its bins")
      learned.insert(
        SeriesKey(
          kind: kind, subject: subjects[row], service: services[row], zone: zones[row],
          mode: rows.modes[row]),
        DecayedHistogram(
          weights: Array(rows.weights[start..<end]), squares: rows.squares[row],
          day: rows.days[row], halfLifeDays: LearnedTable.halfLifeDays))
      start = end
    }
    var adopted = AdoptedDistributions()
    adopted.legs = rows.legs.delays
    adopted.nodes = rows.nodes.delays
    adopted.lanes = rows.lanes.transits
    adopted.calibration = rows.calibration
    if !adopted.isEmpty { network.adopt(adopted) }
    calibration.restore(misses: rows.adaptiveMisses, outcomes: rows.calibrationOutcomes)
    firstUnadopted = rows.firstUnadoptedUnixSeconds
  }

  func importOutcomes(_ rows: OutcomeRows) {
    for row in 0..<rows.nodes.count {
      outcomes.append(
        PromiseOutcome(
          promisedDays: rows.promisedDays[row], deliveredDays: rows.deliveredDays[row],
          node: rows.nodes[row], lane: rows.lanes[row], chance: rows.chances[row],
          level: rows.levels[row], confidence: rows.confidences[row],
          isOnTime: rows.onTime[row] == 1))
    }
  }

  func digestLearned(_ sum: inout DigestSum) {
    let rows = learnedRows()
    sum.begin(30)
    for names in [rows.subjects, rows.services, rows.zones] {
      for name in names.names { sum.add(name) }
    }
    for (kind, day) in zip(rows.kinds, rows.days) {
      sum.add(kind)
      sum.add(day)
    }
    for value in rows.squares + rows.weights + rows.adaptiveMisses { sum.add(value) }
    for adopted in [rows.legs, rows.nodes, rows.lanes] {
      for value in adopted.counts { sum.add(value) }
      for value in adopted.values { sum.add(value) }
      for value in adopted.probabilities { sum.add(value) }
      for value in adopted.samplesMilli { sum.add(value) }
      for value in adopted.sources { sum.add(value) }
    }
    for value in rows.calibration { sum.add(value) }
    for value in rows.calibrationOutcomes { sum.add(value) }
    sum.add(firstUnadopted)
    sum.end()
    outcomes.forEach { outcome in
      sum.begin(31)
      sum.add(outcome.promisedDays)
      sum.add(outcome.deliveredDays)
      sum.add(outcome.node)
      sum.add(outcome.lane)
      sum.add(outcome.chance)
      sum.add(outcome.level)
      sum.add(outcome.confidence)
      sum.add(outcome.isOnTime ? 1 : 0)
      sum.end()
    }
  }
}

extension OutcomeRows {
  fileprivate init(_ outcomes: ArraySlice<PromiseOutcome>) {
    self.init()
    for outcome in outcomes {
      promisedDays.append(outcome.promisedDays)
      deliveredDays.append(outcome.deliveredDays)
      nodes.append(outcome.node)
      lanes.append(outcome.lane)
      chances.append(outcome.chance)
      levels.append(outcome.level)
      confidences.append(outcome.confidence)
      onTime.append(outcome.isOnTime ? 1 : 0)
    }
  }
}

extension AdoptedRows {
  fileprivate init(_ rows: [AdoptedDelays]) {
    self.init()
    for row in rows {
      counts.append(UInt8(row.outcomes.count))
      values += row.outcomes.map(\.minutes)
      probabilities += row.outcomes.map(\.probability)
      samplesMilli.append(row.sampleMilli)
      sources.append(row.source.rawValue)
    }
  }

  fileprivate init(_ rows: [AdoptedTransit]) {
    self.init()
    for row in rows {
      counts.append(UInt8(row.outcomes.count))
      values += row.outcomes.map { Int32($0.workingDays) }
      probabilities += row.outcomes.map(\.probability)
      samplesMilli.append(row.sampleMilli)
      sources.append(row.source.rawValue)
    }
  }

  fileprivate var delays: [AdoptedDelays] {
    spans.enumerated().map { row, span in
      var delays = AdoptedDelays()
      delays.outcomes = span.map {
        DelayOutcome(minutes: values[$0], probability: probabilities[$0])
      }
      delays.sampleMilli = samplesMilli[row]
      delays.source = ConfidenceSource(rawValue: sources[row]) ?? .declared
      return delays
    }
  }

  fileprivate var transits: [AdoptedTransit] {
    spans.enumerated().map { row, span in
      var transit = AdoptedTransit()
      transit.outcomes = span.map {
        TransitOutcome(
          workingDays: UInt8(clamping: values[$0]), probability: probabilities[$0])
      }
      transit.sampleMilli = samplesMilli[row]
      transit.source = ConfidenceSource(rawValue: sources[row]) ?? .declared
      return transit
    }
  }

  private var spans: [Range<Int>] {
    var start = 0
    return counts.map { count in
      defer { start += Int(count) }
      return start..<(start + Int(count))
    }
  }
}
