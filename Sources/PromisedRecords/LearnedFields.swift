import PromisedModel

// Observations, what was learned of them, and outcomes.

extension FieldCoder where Self: ~Copyable {
  mutating func observations(_ rows: inout ObservationRows) throws(RecordError) {
    try column(&rows.kinds)
    try keys(&rows.subjects)
    try keys(&rows.services)
    try keys(&rows.zones)
    try column(&rows.days)
    try column(&rows.minutes)
    try column(&rows.holdIDs)
    try column(&rows.shipments)
    try column(&rows.atUnixSeconds)
  }

  mutating func learned(_ rows: inout LearnedRows) throws(RecordError) {
    try column(&rows.kinds)
    try keys(&rows.subjects)
    try keys(&rows.services)
    try keys(&rows.zones)
    try column(&rows.modes)
    try column(&rows.days)
    try column(&rows.squares)
    try column(&rows.weights)
    try adopted(&rows.legs)
    try adopted(&rows.nodes)
    try adopted(&rows.lanes)
    try column(&rows.calibration)
    try column(&rows.adaptiveMisses)
    try column(&rows.calibrationOutcomes)
    try number(&rows.firstUnadoptedUnixSeconds)
  }

  private mutating func adopted(_ rows: inout AdoptedRows) throws(RecordError) {
    try column(&rows.counts)
    try column(&rows.values)
    try column(&rows.probabilities)
    try column(&rows.samplesMilli)
    try column(&rows.sources)
  }

  mutating func outcomes(_ rows: inout OutcomeRows) throws(RecordError) {
    try column(&rows.promisedDays)
    try column(&rows.deliveredDays)
    try column(&rows.nodes)
    try column(&rows.lanes)
    try column(&rows.chances)
    try column(&rows.levels)
    try column(&rows.confidences)
    try column(&rows.onTime)
  }
}

extension ObservationRows {
  func checkColumns() throws(RecordError) {
    try require(
      [
        subjects.count, services.count, zones.count, days.count, minutes.count, holdIDs.count,
        shipments.count, atUnixSeconds.count,
      ], rows: kinds.count, "observation columns")
    try require(kinds, are: ObservationKind.init, "observation kind")
  }
}

extension LearnedRows {
  /// The bins of a series of each kind: part of the format.
  private static func bins(_ kind: UInt8) -> Int? {
    switch kind {
    case 2...6: 14
    case 7: 61
    default: nil
    }
  }

  func checkColumns() throws(RecordError) {
    try require(
      [
        subjects.count, services.count, zones.count, modes.count, days.count, squares.count,
      ], rows: kinds.count, "learned columns")
    var bins = 0
    for kind in kinds {
      guard let count = Self.bins(kind) else { throw .malformed("series kind") }
      bins += count
    }
    try require([weights.count], rows: bins, "learned weights")
    if weights.contains(where: { $0 < 0 || $0 > Int64.max / 128 })
      || squares.contains(where: { $0 < 0 })
    {
      throw .malformed("learned weights")
    }
    try require(
      [calibration.count, adaptiveMisses.count, calibrationOutcomes.count], rows: 20,
      "calibration")
    try require(calibration, are: ConfidenceLevel.init, "calibration level")
    try legs.checkColumns(within: 0...10_080)
    try nodes.checkColumns(within: 0...10_080)
    try lanes.checkColumns(within: 0...60)
  }
}

extension AdoptedRows {
  fileprivate func checkColumns(within range: ClosedRange<Int32>) throws(RecordError) {
    let total = counts.reduce(0) { $0 + Int($1) }
    try require([samplesMilli.count, sources.count], rows: counts.count, "adopted columns")
    try require([values.count, probabilities.count], rows: total, "adopted outcomes")
    try require(sources, are: ConfidenceSource.init, "adopted source")
    if values.contains(where: { !range.contains($0) }) { throw .malformed("adopted outcomes") }
  }
}

extension OutcomeRows {
  func checkColumns() throws(RecordError) {
    try require(
      [
        promisedDays.count, deliveredDays.count, lanes.count, chances.count, levels.count,
        confidences.count, onTime.count,
      ], rows: nodes.count, "outcome columns")
    try require(levels, are: ServiceLevel.init, "outcome level")
    try require(confidences, are: ConfidenceLevel.init, "outcome confidence")
  }
}
