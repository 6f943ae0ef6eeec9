import PromisedModel

extension NetworkTables {
  /// Has profiles built with what was learned from now on.
  mutating func adopt(_ distributions: AdoptedDistributions) {
    adopted = distributions
    revision += 1
  }
}

/// Rows of an image with learned distributions in place of the declared ones.
struct Adopting {
  private(set) var delays: [DelayOutcome]
  private(set) var transits: [TransitOutcome]

  init(delays: [DelayOutcome], transits: [TransitOutcome]) {
    self.delays = delays
    self.transits = transits
  }

  mutating func legs(_ rows: [LegRow], _ adopted: [AdoptedDelays]) -> [LegRow] {
    var rows = rows
    for index in 0..<min(rows.count, adopted.count) where !adopted[index].outcomes.isEmpty {
      rows[index].delays = append(adopted[index].outcomes)
    }
    return rows
  }

  mutating func handling(_ spans: [DelaySpan], _ adopted: [AdoptedDelays]) -> [DelaySpan] {
    var spans = spans
    for index in 0..<min(spans.count, adopted.count) where !adopted[index].outcomes.isEmpty {
      spans[index] = append(adopted[index].outcomes)
    }
    return spans
  }

  mutating func lanes(_ rows: [LaneRow], _ adopted: [AdoptedTransit]) -> [LaneRow] {
    var rows = rows
    for index in 0..<min(rows.count, adopted.count) where !adopted[index].outcomes.isEmpty {
      rows[index].transitStart = UInt32(transits.count)
      rows[index].transitCount = UInt32(adopted[index].outcomes.count)
      transits += adopted[index].outcomes
    }
    return rows
  }

  private mutating func append(_ outcomes: [DelayOutcome]) -> DelaySpan {
    let span = DelaySpan(start: UInt32(delays.count), count: UInt32(outcomes.count))
    delays += outcomes
    return span
  }
}
