import Glibc

/// A share on time with its 95 % interval.
struct Coverage: Equatable {
  var count: Int
  var share: Double
  var low: Double
  var high: Double

  /// The share of the orders that were on time, by day of purchase.
  ///
  /// Orders of the same weeks meet the same strikes and storms: they are no independent trials, and
  /// an interval that took them for such would be too narrow. So the orders are taken together by
  /// week of purchase, and weeks up to four apart, whose orders were on the road together, are let
  /// be alike (the variance of Newey and West, 1987, Bartlett weights). The interval is that one or
  /// Wilson's, whichever is wider.
  init(_ outcomes: [(day: Int32, onTime: Bool)]) {
    count = outcomes.count
    let hits = outcomes.count { $0.onTime }
    guard count > 0, let first = outcomes.map(\.day).min(), let last = outcomes.map(\.day).max()
    else {
      (share, low, high) = (0, 0, 1)
      return
    }
    share = Double(hits) / Double(count)
    (low, high) = Self.wilson(hits: hits, of: count)
    // By how much each week had more on time than its share.
    var excess = [Double](repeating: 0, count: Int(last - first) / 7 + 1)
    for outcome in outcomes {
      excess[Int(outcome.day - first) / 7] += (outcome.onTime ? 1 : 0) - share
    }
    let weeks = excess.count
    guard weeks >= 4 else { return }
    var variance = excess.reduce(0) { $0 + $1 * $1 }
    for lag in 1...4 where lag < weeks {
      var product = 0.0
      for week in lag..<weeks { product += excess[week] * excess[week - lag] }
      variance += 2 * (1 - Double(lag) / 5) * product
    }
    variance *= Double(weeks) / Double(weeks - 1)
    let spread = Self.t(weeks - 1) * max(0, variance).squareRoot() / Double(count)
    low = max(0, min(low, share - spread))
    high = min(1, max(high, share + spread))
  }

  /// Wilson's interval at 95 %, for independent trials.
  static func wilson(hits: Int, of count: Int) -> (low: Double, high: Double) {
    let z = 1.959_963_984_540_054
    let n = Double(count)
    let share = Double(hits) / n
    let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return (max(0, middle - half), min(1, middle + half))
  }

  /// The 97.5 % quantile of Student's t by its expansion around the normal one (Cornish and Fisher,
  /// 1938), within 0.02 from 3 degrees of freedom on.
  private static func t(_ degrees: Int) -> Double {
    let z = 1.959_963_984_540_054
    let v = Double(degrees)
    let (z3, z5, z7) = (pow(z, 3), pow(z, 5), pow(z, 7))
    return z + (z3 + z) / (4 * v) + (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v)
      + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v)
  }
}

/// The loss of a stated quantile: `level` for each day too soon, the rest for each day too late.
enum Pinball {
  static func mean(_ outcomes: [Double], _ quantiles: [Double], level: Double) -> Double {
    var sum = 0.0
    for (outcome, quantile) in zip(outcomes, quantiles) {
      let gap = outcome - quantile
      sum += gap > 0 ? level * gap : (level - 1) * gap
    }
    return outcomes.isEmpty ? 0 : sum / Double(outcomes.count)
  }
}
