import PromisedModel

/// What an item sold, fading by the day: the two parameters of a discounted Gamma-Poisson rate, and
/// the squares that tell how unevenly it sells.
///
/// A day of `units` during an exposure of `f` days moves a ← δa + units, b ← δb + f; the rate is
/// Gamma(a, b) and the demand of a further exposure F negative binomial with size a and mean
/// aF / b. The exposure of a day is its factor times the share of it that the item was in stock, so
/// that a day that sold out counts for as long as there was something to sell.
struct DecayedDemand: BitwiseCopyable, Equatable {
  /// a, in 1/2^20 unit.
  var units: Int64 = 0
  /// b, in 1/2^20 day.
  var exposure: Int64 = 0
  /// Squares of a day's units over the day's exposure, in 1/2^16.
  var squares: Int64 = 0

  /// - Parameter kept: δ in 1/2^20.
  @inline(__always)
  mutating func observe(units sold: Int64, exposure day: Int64, kept: Int64) {
    units = DemandScale.product(units, kept) + sold << 20
    exposure = DemandScale.product(exposure, kept) + day
    squares = min(
      DemandScale.most, DemandScale.product(squares, kept) + Self.square(sold, over: day))
  }

  /// Takes the last day observed back, but for rounding.
  @inline(__always)
  mutating func retract(units sold: Int64, exposure day: Int64, kept: Int64) {
    units = DemandScale.quotient(max(0, units - sold << 20), kept)
    exposure = DemandScale.quotient(max(0, exposure - day), kept)
    squares = DemandScale.quotient(max(0, squares - Self.square(sold, over: day)), kept)
  }

  /// A day of a quarter or less is taken for a quarter: a short day says little of how uneven.
  @inline(__always)
  private static func square(_ sold: Int64, over day: Int64) -> Int64 {
    DemandScale.clamped((Int128(sold * sold) << 36) / Int128(max(day, DemandScale.one / 4)))
  }
}

/// An item's demand at two speeds: what it did lately, and what it does as a rule. How much of
/// either counts is learned over all items of its rate (`DemandClasses`).
struct DemandRate: BitwiseCopyable, Equatable {
  var fast = DecayedDemand()
  var slow = DecayedDemand()

  /// A day counts half after 4.3 days; after 46 days.
  static var fastKept: Int64 { 891_290 }
  static var slowKept: Int64 { 1_032_847 }
  /// The exposure that the prior rate counts for: two days.
  static var priorExposure: Int64 { 2 << 20 }
  /// Units of an item in a day that statistics tell apart.
  static var unitsPerDay: Int64 { 1 << 26 }

  mutating func observe(units: Int64, exposure: Int64) {
    let units = min(units, Self.unitsPerDay)
    fast.observe(units: units, exposure: exposure, kept: Self.fastKept)
    slow.observe(units: units, exposure: exposure, kept: Self.slowKept)
  }

  mutating func retract(units: Int64, exposure: Int64) {
    let units = min(units, Self.unitsPerDay)
    fast.retract(units: units, exposure: exposure, kept: Self.fastKept)
    slow.retract(units: units, exposure: exposure, kept: Self.slowKept)
  }

  /// Rates and mean squares of a day of exposure one.
  ///
  /// - Parameter prior: the rate of the item's category, in 1/2^20 unit a day.
  func means(prior: Int64) -> DemandMeans {
    let k = Self.priorExposure
    let slowMean = DemandScale.quotient(
      slow.units + DemandScale.product(k, prior), slow.exposure + k)
    let fastMean = DemandScale.quotient(
      fast.units + DemandScale.product(k, slowMean), fast.exposure + k)
    return DemandMeans(
      fast: fastMean, slow: slowMean,
      fastSquare: Self.mean(fast.squares, over: fast.exposure + k),
      slowSquare: Self.mean(slow.squares, over: slow.exposure + k))
  }

  /// Squares in 1/2^16 over an exposure, in 1/2^20.
  private static func mean(_ squares: Int64, over exposure: Int64) -> Int64 {
    DemandScale.clamped((Int128(squares) << 24) / Int128(exposure))
  }
}

/// Units a day, and squared units a day, in 1/2^20.
struct DemandMeans: Equatable {
  var fast: Int64
  var slow: Int64
  var fastSquare: Int64
  var slowSquare: Int64
}
