/// The levels that are judged, and what forecasts at them were worth.
enum Levels {
  /// The nine of the M5 competition, then .95.
  static var all: [Double] {
    [0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995, 0.95]
  }
  static var nine: Range<Int> { 0..<9 }
  static var ninetyFive: Int { 9 }
}

/// Pinball losses and coverage of one method.
struct Score: Equatable {
  private var losses = Array(repeating: 0.0, count: Levels.all.count)
  private var demand = 0.0
  private var covered = 0
  private(set) var cases = 0

  /// Counts a case: what was sold, and the quantiles that had been forecast.
  mutating func add(_ sold: Int64, _ quantiles: [Int64]) {
    for (index, level) in Levels.all.enumerated() {
      losses[index] += Self.pinball(Double(sold), Double(quantiles[index]), level)
    }
    demand += Double(sold)
    if sold <= quantiles[Levels.ninetyFive] { covered += 1 }
    cases += 1
  }

  static func pinball(_ outcome: Double, _ quantile: Double, _ level: Double) -> Double {
    outcome >= quantile
      ? level * (outcome - quantile) : (1 - level) * (quantile - outcome)
  }

  /// The sum of losses at .95 over the sum of demand.
  var scaledPinball95: Double { losses[Levels.ninetyFive] / max(1, demand) }

  /// The same, the mean of the nine levels.
  var scaledPinball: Double {
    losses[Levels.nine].reduce(0, +) / Double(Levels.nine.count) / max(1, demand)
  }

  /// The share of cases that sold no more than the quantile at .95.
  var coverage95: Double { Double(covered) / Double(max(1, cases)) }
}
