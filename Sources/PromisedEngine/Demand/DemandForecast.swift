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

  /// What is read of a learner; it stays unchanged while a forecast is used.
  private typealias Borrowed = (
    classes: [DemandClasses], categories: DemandCategories, factors: DemandFactors
  )

  /// The forecast of an item from a day on, its open day on when none is said; what it sold on the
  /// open day so far is left out.
  init(_ learner: borrowing DemandLearner, item index: Int, from first: Int32? = nil) {
    let item = learner.items.at(index).pointee
    category = Int(item.category)
    means = item.rate.means(prior: learner.categories.rate(category))
    day = first ?? item.day
    self.learner = (learner.classes, learner.categories, learner.factors)
  }

  /// The forecast of an item of which nothing is known but its category.
  init(_ learner: borrowing DemandLearner, category: Int, from day: Int32) {
    self.category = category
    means = DemandRate().means(prior: learner.categories.rate(category))
    self.day = day
    self.learner = (learner.classes, learner.categories, learner.factors)
  }

  /// The demand of the next 1…365 days.
  func demand(days: Int32) -> HorizonDemand {
    let exposure = exposure(days: days)
    if exposure < 1 { return HorizonDemand() }
    var upper = 0
    while upper < DemandLearner.lengthCount - 1 && DemandLearner.length(upper) < days {
      upper += 1
    }
    let (high, highMap) = predict(upper, exposure)
    let length = DemandLearner.length(upper)
    if length == days || upper == 0 { return HorizonDemand(high.mean, high.excess, highMap) }
    if length < days {
      let growth = pow(Double(days) / Double(length), sizeExponent)
      return HorizonDemand(high.mean, high.excess / growth, highMap)
    }
    let shorter = DemandLearner.length(upper - 1)
    let (low, lowMap) = predict(upper - 1, exposure)
    let weight =
      log(Double(days) / Double(shorter)) / log(Double(length) / Double(shorter))
    return HorizonDemand(
      low.mean + weight * (high.mean - low.mean),
      exp(log(low.excess) + weight * (log(high.excess) - log(low.excess))),
      lowMap.blended(with: highMap, weight: weight))
  }

  /// The next days, each by its factors, in 1/2^20.
  private func exposure(days: Int32) -> Int64 {
    // Where no event is known, whole weeks are alike.
    let alike = learner.factors.rows.isEmpty ? days / 7 : 0
    var exposure: Int64 = 0
    if alike > 0 { for ahead in Int32(0)..<7 { exposure += factor(day + ahead) } }
    exposure *= Int64(alike)
    for ahead in (alike * 7)..<days { exposure += factor(day + ahead) }
    return exposure
  }

  private func factor(_ day: Int32) -> Int64 {
    DemandScale.product(
      learner.categories.factor(category, on: day), learner.factors.factor(category, on: day))
  }

  private func predict(_ length: Int, _ exposure: Int64) -> (
    demand: (mean: Double, excess: Double), map: LevelMap
  ) {
    let classes = learner.classes[length]
    let found = classes.predict(means, exposure: exposure)
    let one = Double(DemandScale.one)
    return (
      (mean: Double(found.mean) / one, excess: Double(found.excess) / one),
      LevelMap(classes, at: found.place)
    )
  }

  /// γ: how fast the size grows with the horizon, by what 7 and 28 days were learned to be.
  private var sizeExponent: Double {
    DemandLearner.sizeExponent(learner.classes[3], learner.classes[5])
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
