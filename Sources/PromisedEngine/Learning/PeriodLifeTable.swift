import PromisedInvariants

/// The distribution of scores (how late against the prediction) from all orders on their way, the
/// open ones with it: a life table of the recent past rather than of finished orders.
///
/// An order moves through the bins as it ages. Each bin it enters is a trial, its delivery an event
/// in the bin where it stands; the share of events is the bin's hazard, and P(score ≤ s) the product
/// of what survives. So an order not yet delivered counts as late by what it has waited, no more,
/// and a slow week is in the table in the week itself. Orders that never arrive make the hazards
/// end short of one; the table speaks of those that arrive. Trials and events fade by the day they
/// happened, which is the recency weighting of conformal ranks under drift.
///
/// Sources: Kaplan and Meier (1958); Barber, Candès, Ramdas and Tibshirani, "Conformal Prediction
/// Beyond Exchangeability" (2023).
package struct PeriodLifeTable: Sendable {
  /// The width of a bin: 2^12 of the 2^16 of an octave.
  private static var shift: Int64 { 12 }
  private static var lowest: Int64 { -7 * BinaryPower.octave / 2 }
  package static var bins: Int { 128 }
  private static var unit: Int64 { 1 << 20 }

  private var trials: [Int64] = Array(repeating: 0, count: bins)
  private var events: [Int64] = Array(repeating: 0, count: bins)
  private let halfLifeDays: Int64
  /// All events.
  private var eventTotal: Int64 = 0

  /// Cumulative shares of the scores up to the upper edge of each bin, in 1/2^30, as of the last
  /// day closed.
  package private(set) var cumulative: [Int64] = Array(repeating: 0, count: bins)

  package init(halfLifeDays: Int64) {
    invariant(halfLifeDays > 0, "a table fades")
    self.halfLifeDays = halfLifeDays
  }

  /// The bin of a score in octaves (1/2^16).
  package static func bin(_ score: Int64) -> Int {
    Int(min(max((score - lowest) >> shift, 0), Int64(bins - 1)))
  }

  /// How many deliveries the table stands on, weighed, in thousandths.
  package var sizeMilli: Int64 { (eventTotal * 1000) >> 20 }

  /// An order begins to wait in `bin`.
  package mutating func enter(_ bin: Int) { trials[bin] += Self.unit }

  /// An order has aged from `start` to `end` within the day, and was delivered at its end or not.
  package mutating func age(from start: Int, to end: Int, delivered: Bool) {
    if end > start { for bin in start + 1...end { trials[bin] += Self.unit } }
    if delivered {
      events[end] += Self.unit
      eventTotal += Self.unit
    }
  }

  /// Ends a day: states the shares, then lets everything fade by a day.
  package mutating func closeDay() {
    var surviving = BinaryPower.one
    for bin in 0..<Self.bins {
      if trials[bin] > 0 {
        let hazard = BinaryPower.ratio(events[bin], of: trials[bin])
        surviving -= (surviving * hazard) >> 30
      }
      cumulative[bin] = BinaryPower.one - surviving
    }
    let arriving = cumulative[Self.bins - 1]
    if arriving > 0 {
      for bin in 0..<Self.bins {
        cumulative[bin] = BinaryPower.ratio(cumulative[bin], of: arriving)
      }
    }
    let kept = BinaryPower.half(1, of: halfLifeDays)
    for bin in 0..<Self.bins {
      trials[bin] = BinaryPower.scale(trials[bin], by: kept)
      events[bin] = BinaryPower.scale(events[bin], by: kept)
    }
    eventTotal = BinaryPower.scale(eventTotal, by: kept)
  }

  /// P(score ≤ `score`) in 1/2^30, straight within a bin.
  package func chance(_ score: Int64) -> Int64 {
    let offset = score - Self.lowest
    if offset <= 0 { return 0 }
    let bin = Int(min(offset >> Self.shift, Int64(Self.bins - 1)))
    let below = bin == 0 ? 0 : cumulative[bin - 1]
    let inside = min(offset - (Int64(bin) << Self.shift), 1 << Self.shift)
    return below + (((cumulative[bin] - below) * inside) >> Self.shift)
  }
}
