import PromisedInvariants

/// Distributions over bins, each drawn towards its parent's as far as it has seen little itself.
///
/// Cumulative shares are in 1/2^30 and the last is 2^30. Levels are blended from the widest (all)
/// to the narrowest (the leg): p = (n·p_own + m·p_parent) / (n + m), with n the level's weight and
/// m the weight its parent has, both in 1/2^20 of an observation.
package enum Shrinkage {
  /// The parent's weight unless something else is known: 40 observations.
  @inlinable
  package static var usualStrength: Int64 { 40 * DecayedHistogram.unit }

  /// The whole of a distribution.
  @inlinable
  package static var one: Int64 { BinaryPower.one }

  /// Cumulative shares of `weights` (0 or more each, sum below 2^62) drawn towards `parent`.
  ///
  /// With nothing observed the result is the parent. O(bins).
  package static func blend(
    weights: [Int64], towards parent: [Int64], strength: Int64 = usualStrength
  ) -> [Int64] {
    invariant(weights.count == parent.count && strength >= 0, "one share a bin")
    var total: Int64 = 0
    for weight in weights { total += weight }
    if total + strength == 0 { return parent }
    var result = parent
    var running: Int64 = 0
    for bin in weights.indices {
      running += weights[bin]
      result[bin] = share(running, strength, parent[bin], of: total + strength)
    }
    return result
  }

  /// (own · 2^30 + strength · parent) / whole, rounded to the nearest.
  private static func share(
    _ own: Int64, _ strength: Int64, _ parent: Int64, of whole: Int64
  ) -> Int64 {
    let left = own.multipliedFullWidth(by: one)
    let right = strength.multipliedFullWidth(by: parent)
    let (low, carry) = left.low.addingReportingOverflow(right.low)
    let (rounded, carryOfHalf) = low.addingReportingOverflow(UInt64(whole) / 2)
    let high = left.high + right.high + (carry ? 1 : 0) + (carryOfHalf ? 1 : 0)
    return Int64(UInt64(whole).dividingFullWidth((UInt64(high), rounded)).quotient)
  }

  /// Blends a chain of histograms, the widest first, on a day.
  ///
  /// `prior` is what holds where nothing was observed at all. A level's weight is taken as of
  /// `day`, so that what it saw long ago gives way to its parent.
  package static func blend(
    chain: [DecayedHistogram], prior: [Int64], on day: Int32,
    strength: Int64 = usualStrength
  ) -> [Int64] {
    var result = prior
    for level in chain {
      let now = level.weight(on: day)
      if now == 0 || level.total == 0 { continue }
      // Less of everything on a later day: the parent weighs more by as much.
      let ratio = strength.multipliedFullWidth(by: level.total)
      let (grown, isOver) =
        ratio.high >= now
        ? (UInt64.max, true)
        : (UInt64(now).dividingFullWidth((UInt64(ratio.high), ratio.low)).quotient, false)
      if isOver || grown > UInt64(Int64.max) >> 2 { continue }
      result = blend(weights: level.weights, towards: result, strength: Int64(grown))
    }
    return result
  }

  /// The first bin whose cumulative share reaches `level` in 1/2^30; the last bin at most.
  package static func quantile(_ cumulative: [Int64], level: Int64) -> Int {
    for bin in cumulative.indices where cumulative[bin] >= level { return bin }
    return cumulative.count - 1
  }
}
