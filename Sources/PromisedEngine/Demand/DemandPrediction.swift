/// What is expected of a window of demand before it is known; amounts in 1/2^20 unit.
struct DemandPrediction {
  /// By the rates alone.
  var expected: Int64
  /// What is predicted: expected times how far expectations of this size have been off.
  var mean: Int64
  /// Squared coefficient of variation beyond Poisson, in 1/2^20.
  var excess: Int64
  /// The item's own variance beyond Poisson.
  var ownExcess: Int64
  /// By the quick and by the slow rate alone.
  var fast: Int64
  var slow: Int64
  var place: (index: Int, fraction: Int64)
  var slowPlace: (index: Int, fraction: Int64)
}

extension DemandClasses {
  /// How much of an item's own unevenness counts beside its class's: two fifths.
  private static var ownShare: Int64 { (4 << 20) / 10 }

  /// Predicts the demand of an exposure in days (1/2^20), above 0. O(1).
  func predict(_ means: DemandMeans, exposure: Int64) -> DemandPrediction {
    let slow = DemandScale.product(means.slow, exposure)
    let fast = DemandScale.product(means.fast, exposure)
    let slowPlace = Self.place(of: slow)
    let quick = read(Reading.quick, at: slowPlace)
    let rate = means.slow + DemandScale.product(quick, means.fast - means.slow)
    let square =
      means.slowSquare + DemandScale.product(quick, means.fastSquare - means.slowSquare)
    let expected = max(1 << 10, DemandScale.product(rate, exposure))
    let place = Self.place(of: expected)
    let variance = DemandScale.product(
      max(0, square - DemandScale.product(rate, rate)), exposure)
    let own = max(0, variance - expected)
    // The own excess against what is usual in the class; 2^20 when it is the same.
    let cell = max(1, DemandScale.product(expected, expected))
    let relative = DemandScale.quotient(
      min(DemandScale.quotient(own, cell), 1 << 36), read(Reading.ownExcess, at: place))
    let weight = DemandScale.one - Self.ownShare + DemandScale.product(Self.ownShare, relative)
    let excess = DemandScale.product(read(Reading.excess, at: place), weight)
    return DemandPrediction(
      expected: expected,
      mean: max(1, DemandScale.product(expected, read(Reading.bias, at: place))),
      excess: min(max(105, excess), 10_000 << 20), ownExcess: own, fast: fast, slow: slow,
      place: place, slowPlace: slowPlace)
  }
}
