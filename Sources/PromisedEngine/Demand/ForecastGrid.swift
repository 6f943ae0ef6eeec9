import Glibc
import PromisedModel

/// Mean and spread of a period's demand.
struct PeriodDemand: Equatable {
  var mean: Double
  /// Squared coefficient of variation beyond Poisson, 0.0001 or more: a size of its inverse.
  var excess: Double

  /// The negative binomial with the mean and variance of a quantile grid, `levels` and `values`
  /// ascending.
  ///
  /// The quantile function is taken straight between levels, straight on to 0 below the first, and
  /// exponential above the last with the slope it ends in: so an outlying level weighs what it
  /// stands for. A single level is taken for the mean of a Poisson.
  init(levels: [Double], values: [Double]) {
    let count = levels.count
    if count < 2 {
      self.init(mean: max(1e-6, values.first ?? 0), variance: 0)
      return
    }
    var (mean, square) = (0.0, 0.0)
    func add(_ width: Double, _ from: Double, _ to: Double) {
      mean += width * (from + to) / 2
      square += width * (from * from + from * to + to * to) / 3
    }
    let rise = (values[1] - values[0]) / (levels[1] - levels[0])
    add(levels[0], max(0, values[0] - rise * levels[0]), values[0])
    for index in 1..<count {
      add(levels[index] - levels[index - 1], values[index - 1], values[index])
    }
    let rest = 1 - levels[count - 1]
    let slope =
      (values[count - 1] - values[count - 2]) / log((1 - levels[count - 2]) / rest)
    mean += rest * (values[count - 1] + slope)
    let last = values[count - 1]
    square += rest * (last * last + 2 * last * slope + 2 * slope * slope)
    self.init(mean: max(1e-6, mean), variance: max(0, square - mean * mean))
  }

  init(mean: Double, variance: Double) {
    self.mean = mean
    excess = max(0.0001, (variance - mean) / (mean * mean))
  }

  init(mean: Double, excess: Double) {
    self.mean = mean
    self.excess = max(0.0001, excess)
  }

  /// The sum of periods: size r·(M² / Σμ²)^γ, r the periods' size weighed by μ².
  ///
  /// γ = 1: independent periods; γ = 0: one common error of the level (a gamma frailty). Moments
  /// and quantiles of a sum follow from no marginals alone; this has the right limits and one
  /// closed form.
  static func sum(_ periods: [PeriodDemand], exponent: Double) -> PeriodDemand {
    var total = PeriodSums()
    for period in periods { total.add(period, share: 1) }
    return total.demand(exponent)
  }

  /// Two regions' demand, independent of each other beyond their means.
  func adding(_ other: PeriodDemand) -> PeriodDemand {
    let total = mean + other.mean
    let variance = mean * mean * excess + other.mean * other.mean * other.excess
    return PeriodDemand(mean: total, excess: variance / (total * total))
  }

  var distribution: DemandDistribution {
    DemandDistribution(mean: mean, varianceRatio: 1 + excess * mean)
  }

  var horizon: HorizonDemand { HorizonDemand(distribution) }
}

/// What the demand of a sum of periods follows from.
struct PeriodSums: Equatable {
  private var mean = 0.0
  /// Of squared means, and of these times the excess.
  private var squares = 0.0
  private var excess = 0.0

  /// Adds a period, with a share of its mean, some times over.
  mutating func add(_ period: PeriodDemand, share: Double, times: Double = 1) {
    let part = period.mean * share
    mean += times * part
    squares += times * part * part
    excess += times * part * part * period.excess
  }

  mutating func add(_ more: PeriodSums, less: PeriodSums) {
    mean += more.mean - less.mean
    squares += more.squares - less.squares
    excess += more.excess - less.excess
  }

  /// By the size's exponent γ; see `PeriodDemand.sum`.
  func demand(_ exponent: Double) -> PeriodDemand {
    if squares <= 0 { return PeriodDemand(mean: 1e-6, excess: 0) }
    let growth = pow(mean * mean / squares, exponent)
    return PeriodDemand(mean: mean, excess: excess / squares / growth)
  }
}

/// A forecast read for answers: its periods' demand, from a day on.
struct ForecastGrid {
  private var periods: [PeriodDemand] = []
  private let isCumulative: Bool
  /// Over the first 0, 1, … periods.
  private var sums = [PeriodSums()]
  private let periodDays: Double
  /// Days of the first periods that are over.
  private let elapsed: Double
  let issuedUnixSeconds: Int64

  /// The forecast as of `day`; nil when it is stale: issued more than two of its periods ago, not
  /// begun, or over.
  init?(_ table: borrowing ForecastTable, _ row: Forecast, day: Int32, now: Int64) {
    let length = Int64(row.periodDays)
    if now - row.issuedUnixSeconds > 2 * length * 86_400 { return nil }
    let past = Int64(day) - Int64(row.startDay)
    if past < 0 || past >= length * Int64(row.periods) { return nil }
    issuedUnixSeconds = row.issuedUnixSeconds
    isCumulative = row.isCumulative == 1
    periodDays = Double(length)
    elapsed = Double(past)
    let levels = (0..<Int(row.levelCount)).map { table.level(row, $0) }
    var values = levels
    for period in 0..<Int(row.periods) {
      for index in levels.indices { values[index] = table.value(row, period, index) }
      let demand = PeriodDemand(levels: levels, values: values)
      periods.append(demand)
      var sum = sums[period]
      sum.add(demand, share: 1)
      sums.append(sum)
    }
  }

  /// The demand of the next days. Days beyond the last period sell like those of the last. Periods
  /// that are covered in part count with their share of the mean. Constant time.
  func demand(days: Double, exponent: Double) -> PeriodDemand {
    if isCumulative { return cumulativeDemand(days) }
    var total = PeriodSums()
    var from = elapsed
    let end = elapsed + days
    let last = periods.count - 1
    let lastStart = Double(last) * periodDays
    if from < lastStart {
      let first = Int(from / periodDays)
      let border = min(end, Double(first + 1) * periodDays)
      total.add(periods[first], share: (border - from) / periodDays)
      from = border
      let target = min(end, lastStart)
      let whole = Int(target / periodDays)
      if whole > first + 1 {
        total.add(sums[whole], less: sums[first + 1])
        from = Double(whole) * periodDays
      }
      if from < target { total.add(periods[whole], share: (target - from) / periodDays) }
      from = max(from, target)
    }
    if from < end {
      let count = (end - from) / periodDays
      total.add(periods[last], share: 1, times: count.rounded(.down))
      total.add(periods[last], share: count - count.rounded(.down))
    }
    return total.demand(exponent)
  }

  /// From cumulative horizons: between two of them by the days, less what is over already.
  private func cumulativeDemand(_ days: Double) -> PeriodDemand {
    let whole = at(elapsed + days)
    if elapsed == 0 { return whole }
    let over = at(elapsed)
    return PeriodDemand(mean: max(1e-6, whole.mean - over.mean), excess: whole.excess)
  }

  private func at(_ days: Double) -> PeriodDemand {
    let place = days / periodDays
    let first = periods[0]
    if place <= 1 { return PeriodDemand(mean: first.mean * place, excess: first.excess) }
    let last = periods[periods.count - 1]
    if place >= Double(periods.count) {
      let rate = last.mean / Double(periods.count)
      return PeriodDemand(
        mean: last.mean + (place - Double(periods.count)) * rate, excess: last.excess)
    }
    let index = Int(place)
    let part = place - Double(index)
    let (from, to) = (periods[index - 1], periods[index])
    return PeriodDemand(
      mean: from.mean + part * (to.mean - from.mean),
      excess: exp(log(from.excess) + part * (log(to.excess) - log(from.excess))))
  }
}
