import Glibc

/// What is sold of a demand when no more than so many units are there: mean and variance of
/// min(D, units).
struct CappedDemand: Equatable {
  var mean: Double
  /// The part of the variance that items do not share, at most that of a Poisson.
  var noise: Double
  /// The rest: how far the level itself may be off.
  var excess: Double

  /// Both moments by partial expectations: k·P(D = k) of a negative binomial of size r is its mean
  /// times the probability of k − 1 under size r + 1, and so on once more for the square. O(1) where
  /// the cap is far above the demand, else three cumulative probabilities.
  init(_ demand: DemandDistribution, cap units: Int64) {
    let (mean, ratio) = (demand.mean, demand.varianceRatio)
    let cap = Double(max(0, units))
    if units <= 0 {
      (self.mean, noise, excess) = (0, 0, 0)
      return
    }
    if cap > mean + 10 * (mean * ratio).squareRoot() + 10 * ratio {
      (self.mean, noise, excess) = (mean, mean, mean * (ratio - 1))
      return
    }
    func raised(_ by: Double) -> DemandDistribution {
      DemandDistribution(mean: mean + by * (ratio - 1), varianceRatio: ratio)
    }
    let beyond = 1 - demand.cumulative(units)
    let first = mean * raised(1).cumulative(units - 1)
    let second = mean * (mean + ratio - 1) * raised(2).cumulative(units - 2)
    let sold = min(cap, first + cap * beyond)
    let variance = max(0, second + first + cap * cap * beyond - sold * sold)
    self.mean = sold
    noise = min(variance, sold)
    excess = variance - noise
  }
}

/// What several items sell together.
///
/// The level of each may be off by its own error, or all by one: the variance of the levels lies
/// between the sum of their variances and the square of the sum of their deviations, geometrically
/// at γ, as with the days of one item (γ = 1: independent, γ = 0: one common error). γ is a half,
/// which is what is believed of days before anything is known; nothing has measured it for items.
struct JointDemand: BitwiseCopyable {
  private(set) var mean = 0.0
  private var noise = 0.0
  private var apart = 0.0
  private var together = 0.0

  static var exponent: Double { 0.5 }

  /// Adds an item of which every unit counts `weight`.
  mutating func add(_ demand: CappedDemand, weight: Double) {
    mean += weight * demand.mean
    noise += weight * weight * demand.noise
    apart += weight * weight * demand.excess
    together += weight * demand.excess.squareRoot()
  }

  var variance: Double {
    noise + pow(apart, Self.exponent) * pow(together * together, 1 - Self.exponent)
  }

  /// The 10 % quantile of a gamma with this mean and variance, by Wilson and Hilferty's cube root
  /// (1931); 0 where that is negative.
  var p10: Double {
    if mean <= 0 { return 0 }
    let shape = mean * mean / max(variance, mean * mean * 1e-18)
    let root = 1 - 1 / (9 * shape) - 1.281_551_565_545 / (3 * shape.squareRoot())
    return root <= 0 ? 0 : mean * root * root * root
  }
}
