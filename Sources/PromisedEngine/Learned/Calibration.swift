import PromisedModel

/// How often promises were kept, per service level and the confidence they were made at, as an
/// adaptive level: what to aim at so that the share kept is the one promised.
package struct Calibration: Sendable, Equatable {
  /// By level and confidence.
  package var cells: [AdaptiveLevel]
  /// Outcomes seen, by level and confidence.
  package var outcomes: [UInt64]

  /// Fewer outcomes than this change nothing: a run of bad luck is no evidence.
  static var leastOutcomes: UInt64 { 200 }

  package init() {
    cells = ServiceLevel.allCases.flatMap { _ in
      ConfidenceLevel.allCases.map { confidence in
        AdaptiveLevel(wantedMisses: Self.misses(confidence))
      }
    }
    outcomes = Array(repeating: 0, count: cells.count)
  }

  static func misses(_ confidence: ConfidenceLevel) -> Int64 {
    AdaptiveLevel.one - Int64(confidence.probability) * AdaptiveLevel.one / 65_535
  }

  private static func place(_ level: ServiceLevel, _ confidence: ConfidenceLevel) -> Int {
    (Int(level.rawValue) - 1) * ConfidenceLevel.allCases.count + Int(confidence.rawValue)
  }

  /// What a snapshot kept, a row per cell.
  mutating func restore(misses: [Int64], outcomes: [UInt64]) {
    for place in cells.indices where place < misses.count && place < outcomes.count {
      cells[place] = AdaptiveLevel(wantedMisses: cells[place].wantedMisses, misses: misses[place])
      self.outcomes[place] = outcomes[place]
    }
  }

  mutating func observe(_ level: ServiceLevel, _ confidence: ConfidenceLevel, missed: Bool) {
    let place = Self.place(level, confidence)
    cells[place].observe(missed: missed)
    outcomes[place] += 1
  }

  /// By level and confidence, the grid's level to promise at: the one that aims at about as many
  /// misses as the adaptive level does, never a lower one than asked for.
  var adopted: [UInt8] {
    var result = AdoptedDistributions.uncalibrated
    for place in cells.indices where outcomes[place] >= Self.leastOutcomes {
      let asked = result[place]
      let wanted = cells[place].misses
      for level in ConfidenceLevel.allCases where level.rawValue > asked {
        let chosen = ConfidenceLevel(rawValue: result[place]) ?? .nearlyCertain
        if abs(Self.misses(level) - wanted) < abs(Self.misses(chosen) - wanted) {
          result[place] = level.rawValue
        }
      }
    }
    return result
  }
}
