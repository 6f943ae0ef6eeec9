import PromisedInvariants

/// Counts of outcomes that fade: an observation weighs half after `halfLifeDays`.
///
/// One observation of the newest day weighs `unit`. The weights are as of `day`, the newest day
/// observed; reading on a later day changes their size and not their proportions. O(bins) for the
/// first observation of a day, O(1) for the others.
package struct DecayedHistogram: Sendable, Equatable {
  /// The weight of one observation on the day it is made.
  @inlinable
  package static var unit: Int64 { 1 << 20 }

  /// By bin, in 1/2^20 of an observation.
  package private(set) var weights: [Int64]
  /// Sum of the squared weights of all observations, in 1/2^20.
  package private(set) var squares: Int64 = 0
  /// Sum of `weights`.
  package private(set) var total: Int64 = 0
  /// The newest day observed, days since 1970; `Int32.min` = none.
  package private(set) var day: Int32 = .min
  package let halfLifeDays: Int32

  /// `bins` and `halfLifeDays` are 1 or more.
  package init(bins: Int, halfLifeDays: Int32) {
    invariant(bins > 0 && halfLifeDays > 0, "a histogram has bins and fades")
    weights = Array(repeating: 0, count: bins)
    self.halfLifeDays = halfLifeDays
  }

  /// What was kept of one: its weights, their squares and its newest day.
  package init(weights: [Int64], squares: Int64, day: Int32, halfLifeDays: Int32) {
    self.init(bins: weights.count, halfLifeDays: halfLifeDays)
    self.weights = weights
    self.squares = squares
    self.day = day
    total = weights.reduce(0, &+)
  }

  /// Counts an outcome of `day`. Days may come in any order: an older one enters faded.
  package mutating func observe(bin: Int, day: Int32) {
    if day > self.day { fade(to: day) }
    let age = Int64(self.day) - Int64(day)
    let kept = BinaryPower.half(age, of: Int64(halfLifeDays))
    let weight = (Self.unit * kept) >> 30
    weights[bin] += weight
    total += weight
    squares += weight * weight / Self.unit
  }

  private mutating func fade(to day: Int32) {
    defer { self.day = day }
    if self.day == .min { return }
    let kept = BinaryPower.half(Int64(day) - Int64(self.day), of: Int64(halfLifeDays))
    total = 0
    for bin in weights.indices {
      weights[bin] = BinaryPower.scale(weights[bin], by: kept)
      total += weights[bin]
    }
    squares = BinaryPower.scale(BinaryPower.scale(squares, by: kept), by: kept)
  }

  /// The weight of everything observed, as it stands on `day`, in 1/2^20 of an observation.
  package func weight(on day: Int32) -> Int64 {
    if day <= self.day || self.day == .min { return total }
    return BinaryPower.scale(
      total, by: BinaryPower.half(Int64(day) - Int64(self.day), of: Int64(halfLifeDays)))
  }

  /// How many equally weighed observations would say as much: (Σw)² / Σw², in thousandths.
  ///
  /// It does not depend on the day of asking.
  package var effectiveSizeMilli: Int64 {
    if squares == 0 { return 0 }
    let product = total.multipliedFullWidth(by: total)
    let quotient = UInt64(squares).dividingFullWidth((UInt64(product.high), product.low))
    return (Int64(quotient.quotient) * 1000) >> 20
  }
}
