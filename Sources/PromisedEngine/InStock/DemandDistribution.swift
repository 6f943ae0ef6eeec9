import Glibc
import PromisedModel

/// Demand over a horizon: negative binomial with a given mean and a constant ratio of variance to
/// mean, Poisson when that ratio is 1.
///
/// With size r = mean / (ratio − 1) and p = 1 / ratio, P(D ≤ k) is the regularised incomplete beta
/// I_p(r, k + 1); for Poisson it is the regularised upper gamma Q(k + 1, mean). Few units are summed,
/// each term from the one before; of more, both come from their continued fractions, which need about √(r + k) steps near the mean and few elsewhere, so
/// that a mean of millions costs microseconds where a sum over the probabilities would cost
/// milliseconds. The tests hold them against that sum.
///
/// Independent periods of one ratio add up to the same ratio, so weekly figures scale by the mean.
///
/// Sources: W. J. Lentz, Applied Optics 15 (1976), with the start of I. J. Thompson and
/// A. R. Barnett (1986), for the fractions; C. Loader, "Fast and accurate computation of binomial
/// probabilities" (2000), for a density without cancellation.
struct DemandDistribution {
  /// Above 0, at most 4·10^8.
  let mean: Double
  /// Variance over mean, 1…1000.
  let varianceRatio: Double

  init(mean: Double, varianceRatio: Double) {
    self.mean = mean
    self.varianceRatio = varianceRatio
  }

  /// The demand of `days` days at a rate and a ratio in thousandths.
  init(perDayMilli: Int64, varianceRatioMilli: Int32, days: Int32) {
    mean = Double(perDayMilli) / 1000 * Double(days)
    varianceRatio = Double(varianceRatioMilli) / 1000
  }

  /// A share of it, 0…1, drawn unit by unit: the size stays.
  func thinned(to share: Double) -> DemandDistribution {
    DemandDistribution(mean: mean * share, varianceRatio: 1 + (varianceRatio - 1) * share)
  }

  /// P(D ≤ k); 0 for a negative k.
  func cumulative(_ k: Int64) -> Double {
    if k < 0 { return 0 }
    if let few = sum(k) { return few.cumulative }
    let result =
      varianceRatio > 1
      ? negativeBinomialCumulative(Double(k), density: negativeBinomialDensity(Double(k)))
      : poissonCumulative(Double(k))
    return min(1, max(0, result))
  }

  /// P(D ≤ k) and P(D = k), which have most of their work in common; 0 for a negative k.
  func cumulativeAndProbability(_ k: Int64) -> (cumulative: Double, probability: Double) {
    if k < 0 { return (0, 0) }
    if let few = sum(k) { return few }
    if varianceRatio <= 1 { return (cumulative(k), probability(k)) }
    let density = negativeBinomialDensity(Double(k))
    let cumulative = negativeBinomialCumulative(Double(k), density: density)
    return (min(1, max(0, cumulative)), density)
  }

  /// The sum of P(D = 0)…P(D = k), and its last term, where the terms are few and the first of them
  /// is no less than a double can hold; about a nanosecond a term.
  private func sum(_ k: Int64) -> (cumulative: Double, probability: Double)? {
    if k > 256 { return nil }
    let ratio = varianceRatio - 1
    let logarithm = ratio > 0 ? mean / ratio * log1p(ratio) : mean
    if logarithm > 650 { return nil }
    var density = exp(-logarithm)
    var total = density
    if k == 0 { return (total, density) }
    // P(n) / P(n − 1) = (a + b n) / n
    let a = ratio > 0 ? (mean - ratio) / varianceRatio : mean
    let b = ratio > 0 ? ratio / varianceRatio : 0
    for n in 1...Int(k) {
      let count = Double(n)
      density *= (a + b * count) / count
      total += density
    }
    return (min(1, total), density)
  }

  /// P(D = k); 0 for a negative k.
  func probability(_ k: Int64) -> Double {
    if k < 0 { return 0 }
    if varianceRatio > 1 {
      return negativeBinomialDensity(Double(k))
    }
    return Self.poissonDensity(Double(k), mean: mean)
  }

  /// The fewest units k with P(D ≤ k) ≥ level; `level` is 0…0.99999. O(log k) sums.
  func quantile(_ level: Double) -> Int64 {
    if cumulative(0) >= level { return 0 }
    var (low, high) = (Int64(0), Int64(max(1, mean)))
    while cumulative(high) < level && high < 1 << 60 { (low, high) = (high, high * 2) }
    while high - low > 1 {
      let middle = (low + high) / 2
      if cumulative(middle) < level { low = middle } else { high = middle }
    }
    return high
  }

  /// A probability in 1/65535, rounded to the nearest.
  static func fixed(_ probability: Double) -> UInt32 {
    UInt32((min(1, max(0, probability)) * 65_535).rounded())
  }

  // MARK: Negative binomial

  private var size: Double { mean / (varianceRatio - 1) }

  private func negativeBinomialDensity(_ k: Double) -> Double {
    let p = 1 / varianceRatio
    let binomial = Self.binomialDensity(size, of: k + size, p: p, q: 1 - p)
    return size / (size + k) * binomial
  }

  private func negativeBinomialCumulative(_ k: Double, density: Double) -> Double {
    let (a, b) = (size, k + 1)
    let p = 1 / varianceRatio
    let q = 1 - p
    // x^a (1 − x)^b / B(a, b): with b = k + 1 this is q (a + k) times the density of k.
    let front = density * q * (a + k)
    if p < (a + 1) / (a + b + 2) { return front * Self.betaFraction(a, b, p) / a }
    return 1 - front * Self.betaFraction(b, a, q) / b
  }

  /// The continued fraction of the incomplete beta.
  private static func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < tiny ? tiny : d)
    var result = d
    var step = 1.0
    while step < 2_000_000 {
      let even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
      d = 1 + even * d
      c = 1 + even / c
      d = 1 / (abs(d) < tiny ? tiny : d)
      if abs(c) < tiny { c = tiny }
      result *= d * c
      let odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
      d = 1 + odd * d
      c = 1 + odd / c
      d = 1 / (abs(d) < tiny ? tiny : d)
      if abs(c) < tiny { c = tiny }
      result *= d * c
      if abs(d * c - 1) < 1e-14 { break }
      step += 1
    }
    return result
  }

  // MARK: Poisson

  private func poissonCumulative(_ k: Double) -> Double {
    let a = k + 1
    if mean < a + 1 {
      // P(a, mean) by its series; the terms fall by mean / (a + n).
      var (term, sum, n) = (1.0, 1.0, a + 1)
      while true {
        term *= mean / n
        sum += term
        if term < sum * 1e-16 { break }
        n += 1
      }
      return 1 - Self.poissonDensity(a, mean: mean) * sum
    }
    let tiny = 1e-300
    var b = mean + 1 - a
    var c = 1 / tiny
    var d = 1 / (abs(b) < tiny ? tiny : b)
    var result = d
    var step = 1.0
    while step < 2_000_000 {
      let factor = -step * (step - a)
      b += 2
      d = factor * d + b
      if abs(d) < tiny { d = tiny }
      c = b + factor / c
      if abs(c) < tiny { c = tiny }
      d = 1 / d
      result *= d * c
      if abs(d * c - 1) < 1e-14 { break }
      step += 1
    }
    return Self.poissonDensity(a, mean: mean) * a * result
  }

  // MARK: Densities

  /// e^−mean · mean^x / Γ(x + 1), x 0 or more, without cancellation.
  static func poissonDensity(_ x: Double, mean: Double) -> Double {
    if x == 0 { return exp(-mean) }
    return exp(-stirlingError(x) - deviance(x, mean)) / sqrt(2 * Double.pi * x)
  }

  /// Γ(n + 1) / (Γ(x + 1) Γ(n − x + 1)) · p^x · q^(n − x), x within 0…n.
  static func binomialDensity(_ x: Double, of n: Double, p: Double, q: Double) -> Double {
    let y = n - x
    if x == 0 { return exp(n * (p < 0.1 ? log1p(-p) : log(q))) }
    if y == 0 { return exp(n * (q < 0.1 ? log1p(-q) : log(p))) }
    let exponent =
      stirlingError(n) - stirlingError(x) - stirlingError(y) - deviance(x, n * p)
      - deviance(y, n * q)
    return exp(exponent) * sqrt(n / (2 * Double.pi * x * y))
  }

  /// log Γ(x + 1) − log(√(2πx) (x/e)^x), x above 0.
  private static func stirlingError(_ x: Double) -> Double {
    if x <= 15 {
      var sign: Int32 = 0
      return lgamma_r(x + 1, &sign) - (x + 0.5) * log(x) + x - 0.918_938_533_204_672_741_8
    }
    let square = x * x
    return
      (1.0 / 12
      - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / square) / square) / square) / square)
      / x
  }

  /// x log(x / m) + m − x, also where x is close to m.
  private static func deviance(_ x: Double, _ m: Double) -> Double {
    if abs(x - m) < 0.1 * (x + m) {
      let v = (x - m) / (x + m)
      var sum = (x - m) * v
      var term = 2 * x * v
      let square = v * v
      var odd = 3.0
      while true {
        term *= square
        let next = sum + term / odd
        if next == sum { return sum }
        sum = next
        odd += 2
      }
    }
    return x * log(x / m) + m - x
  }
}
