import Glibc

/// The standard normal distribution, of one and of two correlated values.
enum NormalPair {
  /// P(X ≤ x).
  static func cumulative(_ x: Double) -> Double { 0.5 * erfc(-x * 0.707_106_781_186_547_524_4) }

  /// The x with P(X ≤ x) = p, good to 10^−9; p is taken within 10^−16…1 − 10^−16.
  ///
  /// Source: P. J. Acklam's rational approximation (2003), with one step of Halley's method.
  static func quantile(_ p: Double) -> Double {
    let p = min(max(p, 1e-16), 1 - 1e-16)
    let x = p < 0.5 ? -tail(p) : tail(1 - p)
    let error = (cumulative(x) - p) * 2.506_628_274_631_000_5 * exp(x * x / 2)
    return x - error / (1 + x * error / 2)
  }

  /// −x for a p below a half.
  private static func tail(_ p: Double) -> Double {
    if p < 0.02425 {
      let q = (-2 * log(p)).squareRoot()
      let above =
        ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q
          - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783
      let below =
        (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q
          + 3.754408661907416) * q + 1
      return -above / below
    }
    let q = p - 0.5
    let r = q * q
    let above =
      (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r
        + 1.383577518672690e+02) * r - 3.066479806614716e+01) * r + 2.506628277459239) * q
    let below =
      ((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r
        + 6.680131188771972e+01) * r - 1.328068155288572e+01) * r + 1
    return -above / below
  }

  /// P(X ≤ h, Y ≤ k) where the two correlate by 0…1.
  ///
  /// Plackett's integral over the correlation's angle, by Gauss's rule of six points in panels that
  /// shrink towards its end, where the integrand may be steep. Good to 10^−6.
  ///
  /// Source: Z. Drezner and G. O. Wesolowsky, "On the computation of the bivariate normal integral"
  /// (1990).
  static func bothBelow(_ h: Double, _ k: Double, correlation: Double) -> Double {
    let apart = cumulative(h) * cumulative(k)
    let whole = asin(min(max(correlation, 0), 1 - 1e-12))
    if whole <= 0 { return apart }
    var (sum, from) = (0.0, 0.0)
    var left = 1.0
    for _ in 0..<6 {
      left *= 0.35
      let to = left < 0.002 ? whole : whole * (1 - left)
      sum += panel(h, k, from, to)
      from = to
    }
    let joint = apart + (sum + panel(h, k, from, whole)) / (2 * Double.pi)
    return min(max(0, joint), min(cumulative(h), cumulative(k)))
  }

  private static func panel(_ h: Double, _ k: Double, _ from: Double, _ to: Double) -> Double {
    let half = (to - from) / 2
    if half <= 0 { return 0 }
    func height(_ place: Double) -> Double {
      let angle = from + half * (1 + place)
      let (sine, cosine) = (sin(angle), cos(angle))
      return exp(-(h * h + k * k - 2 * h * k * sine) / (2 * cosine * cosine))
    }
    return half
      * (0.467_913_934_572_691 * (height(-0.238_619_186_083_197) + height(0.238_619_186_083_197))
        + 0.360_761_573_048_139 * (height(-0.661_209_386_466_265) + height(0.661_209_386_466_265))
        + 0.171_324_492_379_170 * (height(-0.932_469_514_203_152) + height(0.932_469_514_203_152)))
  }
}
