// What was observed, as a snapshot holds it.

/// Adopted distributions of one kind of row, by index.
package struct AdoptedRows: Sendable, Equatable {
  /// Outcomes of each row; 0 = the declared distribution holds.
  package var counts: [UInt8] = []
  /// Minutes (legs, nodes) or working days (lanes) of all outcomes.
  package var values: [Int32] = []
  package var probabilities: [UInt16] = []
  package var samplesMilli: [UInt32] = []
  /// `ConfidenceSource`.
  package var sources: [UInt8] = []

  package init() {}
}

/// Series of observations, what was adopted of them, and how promises were kept.
package struct LearnedRows: Sendable, Equatable {
  package var kinds: [UInt8] = []
  package var subjects = PackedKeys()
  package var services = PackedKeys()
  package var zones = PackedKeys()
  package var modes: [UInt8] = []
  /// Newest day observed.
  package var days: [Int32] = []
  package var squares: [Int64] = []
  /// The bins of all series one after another, as many as the series' kind has.
  package var weights: [Int64] = []

  package var legs = AdoptedRows()
  package var nodes = AdoptedRows()
  package var lanes = AdoptedRows()
  /// By service level and confidence, 20 rows each.
  package var calibration: [UInt8] = []
  package var adaptiveMisses: [Int64] = []
  package var calibrationOutcomes: [UInt64] = []
  package var firstUnadoptedUnixSeconds: Int64 = 0

  package init() {}
}

/// Outcomes of promises, oldest first.
package struct OutcomeRows: Sendable, Equatable {
  package var promisedDays: [Int32] = []
  package var deliveredDays: [Int32] = []
  package var nodes: [UInt16] = []
  package var lanes: [UInt32] = []
  package var chances: [UInt16] = []
  package var levels: [UInt8] = []
  package var confidences: [UInt8] = []
  /// 1 = on time.
  package var onTime: [UInt8] = []

  package init() {}
}
