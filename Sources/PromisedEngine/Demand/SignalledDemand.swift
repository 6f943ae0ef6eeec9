import PromisedModel

/// Units beyond the usual that a seller signalled for an item's coming months, as an input of the
/// item's demand.
///
/// A signal of a month is believed with its confidence times its seller's weight: then the units lie
/// anywhere in its range, evenly over the month's days; else there are none.
struct SignalledDemand {
  private struct Part {
    /// Days from today on, the end excluded.
    var from: Int32
    var to: Int32
    var monthDays: Int32
    var mean: Double
    var variance: Double
  }

  private var parts: [Part] = []
  /// What the seller's signals weigh, in thousandths.
  let weightPermille: Int64

  init(weightPermille: Int64) { self.weightPermille = weightPermille }

  var isEmpty: Bool { parts.isEmpty }

  /// - Parameter first: the first day of the month, in days from today.
  mutating func add(
    low: Int64, high: Int64, confidencePermille: UInt16, from first: Int32, monthDays: Int32
  ) {
    let belief = Double(confidencePermille) / 1000 * Double(weightPermille) / 1000
    let (middle, width) = ((Double(low) + Double(high)) / 2, Double(high) - Double(low))
    parts.append(
      Part(
        from: max(0, first), to: first + monthDays, monthDays: monthDays, mean: belief * middle,
        variance: belief * (middle * middle * (1 - belief) + width * width / 12)))
  }

  /// Of the next days.
  func units(days: Int32) -> (mean: Double, variance: Double) {
    var (mean, variance) = (0.0, 0.0)
    for part in parts {
      let covered = min(days, part.to) - part.from
      if covered <= 0 { continue }
      let share = Double(covered) / Double(part.monthDays)
      mean += share * part.mean
      variance += share * share * part.variance
    }
    return (mean, variance)
  }

  /// The demand of the next days with what was signalled of them.
  func added(to usual: HorizonDemand, days: Int32) -> HorizonDemand {
    let (mean, variance) = units(days: days)
    return mean == 0 && variance == 0 ? usual : usual.adding(mean: mean, variance: variance)
  }
}

extension HorizonDemand {
  /// With units of their own mean and variance, which may be fewer than none; its probabilities are
  /// taken as before.
  func adding(mean: Double, variance: Double) -> HorizonDemand {
    let usual = isNone ? 0 : demand.mean
    let total = max(1e-6, usual + mean)
    let spread = (isNone ? 0 : usual * demand.varianceRatio) + max(0, mean) + variance
    return HorizonDemand(
      DemandDistribution(mean: total, varianceRatio: min(1e6, max(1, spread / total))), map)
  }
}
