import Glibc
import PromisedModel

/// The demand of the next days of one item: for any horizon a negative binomial with the learned
/// correction of its probabilities.
///
/// Days hang together: D(1…h) has size r·(M² / Σμ²)^γ, where γ = 1 would be independent days and
/// γ = 0 one common error of the level. Up to 28 days the size of each length is learned outright;
/// beyond, it grows from the 28 days' by the γ that lies between 7 and 28 days, believed to be a
/// half before anything is known.
struct DemandForecast {
  private let learner: Borrowed
  private let means: DemandMeans
  private let category: Int
  /// The first day forecast.
  private let day: Int32
  /// The factors of the first seven days, added up.
  private let week: InlineArray<8, Int64>
  /// The factors of the next days added up, where events are known; else empty.
  private let events: [Int64]
  /// γ: how fast the size grows with the horizon, by what 7 and 28 days were learned to be.
  private let exponent: Double

  /// What is read of a learner; it stays unchanged while a forecast is used.
  private typealias Borrowed = (classes: [DemandClasses], categories: DemandCategories)

  /// The forecast of an item from a day on, its open day on when none is said; what it sold on the
  /// open day so far is left out. `exponent` saves working it out again.
  init(
    _ learner: borrowing DemandLearner, item index: Int, from first: Int32? = nil,
    exponent: Double? = nil
  ) {
    let item = learner.items.at(index).pointee
    let category = Int(item.category)
    self.init(
      learner, category, item.rate.means(prior: learner.categories.rate(category)),
      first ?? item.day, exponent)
  }

  /// The forecast of an item of which nothing is known but its category.
  init(
    _ learner: borrowing DemandLearner, category: Int, from day: Int32, exponent: Double? = nil
  ) {
    let means = DemandRate().means(prior: learner.categories.rate(category))
    self.init(learner, category, means, day, exponent)
  }

  private init(
    _ learner: borrowing DemandLearner, _ category: Int, _ means: DemandMeans, _ day: Int32,
    _ exponent: Double?
  ) {
    self.category = category
    self.means = means
    self.day = day
    self.learner = (learner.classes, learner.categories)
    self.exponent = exponent ?? learner.sizeExponent
    var week = InlineArray<8, Int64>(repeating: 0)
    for ahead in 0..<7 {
      week[ahead + 1] =
        week[ahead] + learner.categories.factor(category, on: day + Int32(ahead))
    }
    self.week = week
    events = Self.events(learner, category, day)
  }

  private static func events(
    _ learner: borrowing DemandLearner, _ category: Int, _ day: Int32
  ) -> [Int64] {
    let known = learner.factors.of(category, from: day, to: day + 364)
    if known.rows.isEmpty { return [] }
    var sums: [Int64] = [0]
    sums.reserveCapacity(366)
    for ahead in Int32(0)..<365 {
      let factor = DemandScale.product(
        learner.categories.factor(category, on: day + ahead),
        known.factor(category, on: day + ahead))
      sums.append(sums[sums.count - 1] + factor)
    }
    return sums
  }

  /// The demand of the next 1…365 days.
  func demand(days: Int32) -> HorizonDemand {
    guard let window = window(days) else { return HorizonDemand() }
    let map = LevelMap(learner.classes[window.upper], at: window.place)
    if window.weight >= 1 { return HorizonDemand(window.mean, window.excess, map) }
    let lower = LevelMap(learner.classes[window.upper - 1], at: window.lowerPlace)
    return HorizonDemand(
      window.mean, window.excess, lower.blended(with: map, weight: window.weight))
  }

  /// Its distribution, before what its probabilities were worth.
  func distribution(days: Int32) -> DemandDistribution {
    guard let window = window(days) else { return HorizonDemand().demand }
    return DemandDistribution(mean: window.mean, varianceRatio: 1 + window.excess * window.mean)
  }

  /// What is predicted of a horizon, and from which classes of which learned lengths.
  private struct Window {
    var mean: Double
    var excess: Double
    var upper: Int
    var place: (index: Int, fraction: Int64)
    /// Of the length before it, where the horizon lies between the two.
    var lowerPlace: (index: Int, fraction: Int64)
    /// How much of the upper length counts.
    var weight: Double
  }

  private func window(_ days: Int32) -> Window? {
    let exposure = exposure(days: days)
    if exposure < 1 { return nil }
    var upper = 0
    while upper < DemandLearner.lengthCount - 1 && DemandLearner.length(upper) < days {
      upper += 1
    }
    let one = Double(DemandScale.one)
    let high = learner.classes[upper].predict(means, exposure: exposure)
    var window = Window(
      mean: Double(high.mean) / one, excess: Double(high.excess) / one, upper: upper,
      place: high.place, lowerPlace: high.place, weight: 1)
    let length = DemandLearner.length(upper)
    if length == days || upper == 0 { return window }
    if length < days {
      window.excess /= pow(Double(days) / Double(length), exponent)
      return window
    }
    let shorter = DemandLearner.length(upper - 1)
    let low = learner.classes[upper - 1].predict(means, exposure: exposure)
    let (mean, excess) = (Double(low.mean) / one, Double(low.excess) / one)
    let weight =
      log(Double(days) / Double(shorter)) / log(Double(length) / Double(shorter))
    window.mean = mean + weight * (window.mean - mean)
    window.excess = exp(log(excess) + weight * (log(window.excess) - log(excess)))
    window.lowerPlace = low.place
    window.weight = weight
    return window
  }

  /// The next days, each by its factors, in 1/2^20. Where no event is known, weeks are alike.
  private func exposure(days: Int32) -> Int64 {
    if !events.isEmpty { return events[Int(days)] }
    return Int64(days / 7) * week[7] + week[Int(days % 7)]
  }
}

/// The demand of a horizon: its distribution, and how its probabilities are to be taken.
struct HorizonDemand {
  let demand: DemandDistribution
  /// Nil = they are true.
  let map: LevelMap?
  /// Nothing can be sold.
  let isNone: Bool

  init() {
    demand = DemandDistribution(mean: 1e-9, varianceRatio: 1)
    map = nil
    isNone = true
  }

  init(_ mean: Double, _ excess: Double, _ map: LevelMap) {
    demand = DemandDistribution(mean: mean, varianceRatio: 1 + excess * mean)
    self.map = map
    isNone = false
  }

  /// The same of a share of the demand, 0…1, drawn unit by unit: the level is as uncertain as it was.
  func thinned(to share: Double) -> HorizonDemand {
    HorizonDemand(self, demand.thinned(to: share))
  }

  private init(_ other: HorizonDemand, _ demand: DemandDistribution) {
    self.demand = demand
    map = other.map
    isNone = other.isNone
  }

  /// A distribution that is taken as it is, or as the map says.
  init(_ demand: DemandDistribution, _ map: LevelMap? = nil) {
    self.demand = demand
    self.map = map
    isNone = false
  }

  /// P(D ≤ units); 0 for negative units.
  func cumulative(_ units: Int64) -> Double {
    if units < 0 { return 0 }
    return isNone ? 1 : truth(of: demand.cumulative(units))
  }

  /// A probability of the distribution, corrected by what such probabilities were worth.
  func truth(of predicted: Double) -> Double { map?.truth(of: predicted) ?? predicted }

  /// The fewest units with P(D ≤ units) ≥ level, for a level of 0…1.
  func quantile(_ level: Double) -> Int64 {
    isNone ? 0 : demand.quantile(map?.predicted(for: level) ?? min(level, 0.99999))
  }
}

extension DemandLearner {
  /// Quantiles of the total demand of the next 1…365 days of an item, from its open day on.
  ///
  /// - Parameter levels: 0…1 each. Ascending levels get ascending quantiles.
  package func quantiles(ofItem index: Int, days: Int32, levels: [Double]) -> [Int64] {
    let demand = DemandForecast(self, item: index).demand(days: days)
    return levels.map { demand.quantile($0) }
  }

  /// γ as learned; see `DemandForecast`.
  var sizeExponent: Double { Self.sizeExponent(classes[3], classes[5]) }

  fileprivate static func sizeExponent(_ week: DemandClasses, _ month: DemandClasses) -> Double {
    // A belief of a half, worth fifty outcomes.
    var (sum, weight) = (0.5 * 50 * 65_536, 50.0 * 65_536)
    for index in 0..<(DemandClasses.count - 2) {
      let seen = Double(min(week.outcomes(index), month.outcomes(index + 2)))
      if seen == 0 { continue }
      let start = index * DemandClasses.Reading.count + DemandClasses.Reading.excess
      let shrinks = log2(
        Double(week.table[start]) / Double(month.table[start + 2 * DemandClasses.Reading.count]))
      sum += seen * min(1, max(0, shrinks / 2))
      weight += seen
    }
    return sum / weight
  }
}
