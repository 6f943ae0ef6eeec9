import PromisedInvariants

/// A prediction that is a base and one effect for each of several factors (the destination, the
/// distance, the seller's pace, ...): by how much each level of each factor moves it.
///
/// A level seen little keeps near zero: its effect is shrunk by the weight of `strength`
/// observations. Fitted by backfitting (Gauss-Seidel on the normal equations of ridge regression),
/// in whole numbers and a fixed order. Fit: O(sweeps · rows · factors).
package struct AdditiveEffects: Sendable, Equatable {
  /// The weight of an observation that has not faded.
  @inlinable
  package static var unit: Int64 { 1 << 10 }
  private static var strength: Int64 { 20 * unit }
  private static var sweeps: Int { 8 }

  /// Effects of all levels of all factors, one after another.
  private var effects: [Int64]
  private let starts: [Int]
  package private(set) var base: Int64 = 0

  /// `levels` are the sizes of the factors.
  package init(levels: [Int]) {
    var starts: [Int] = []
    var count = 0
    for size in levels {
      invariant(size > 0, "a factor has levels")
      starts.append(count)
      count += size
    }
    self.starts = starts
    effects = Array(repeating: 0, count: count)
  }

  /// What to fit: one row an observation.
  package struct Rows: Sendable {
    /// The factors' levels, row after row.
    package var levels: [UInt16] = []
    package var targets: [Int64] = []
    /// In 1/2^10, 0…2^10.
    package var weights: [Int64] = []

    package init() {}
  }

  /// The prediction for the levels of one row.
  package func predict(_ levels: some Sequence<UInt16>) -> Int64 {
    var sum = base
    for (factor, level) in levels.enumerated() { sum += effects[starts[factor] + Int(level)] }
    return sum
  }

  /// The effect of a level of a factor.
  package func effect(factor: Int, level: Int) -> Int64 { effects[starts[factor] + level] }

  /// Fits to the rows, beginning from the effects it has. Targets are at most 2^24 in size and rows
  /// at most 2^24, so that no sum overflows.
  package mutating func fit(_ rows: Rows) {
    let count = rows.targets.count
    let factors = starts.count
    var weightTotal: Int64 = 0
    var sum: Int64 = 0
    for row in 0..<count {
      weightTotal += rows.weights[row]
      sum += rows.weights[row] * rows.targets[row]
    }
    if weightTotal == 0 { return }
    base = sum / weightTotal
    var left = rows.targets
    for row in 0..<count {
      left[row] -= predict(rows.levels[row * factors..<(row + 1) * factors])
    }
    var weights = Array(repeating: Int64(0), count: effects.count)
    for row in 0..<count {
      for factor in 0..<factors {
        weights[starts[factor] + Int(rows.levels[row * factors + factor])] += rows.weights[row]
      }
    }
    var sums = Array(repeating: Int64(0), count: effects.count)
    for _ in 0..<Self.sweeps {
      for factor in 0..<factors {
        let start = starts[factor]
        let end = factor + 1 < factors ? starts[factor + 1] : effects.count
        for place in start..<end { sums[place] = effects[place] * weights[place] }
        for row in 0..<count {
          sums[start + Int(rows.levels[row * factors + factor])] += rows.weights[row] * left[row]
        }
        for place in start..<end {
          let fitted = sums[place] / (weights[place] + Self.strength)
          sums[place] = fitted - effects[place]
          effects[place] = fitted
        }
        for row in 0..<count {
          left[row] -= sums[start + Int(rows.levels[row * factors + factor])]
        }
      }
    }
  }
}
