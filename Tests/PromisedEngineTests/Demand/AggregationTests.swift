import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

/// Sums of periods: known answers, and the limits of the correlation exponent.
@Suite struct AggregationTests {
  /// Known answer S17 through the aggregation: independent weeks of mean 2 and variance 5.
  @Test func knownAnswerS17ByAggregation() {
    let week = PeriodDemand(mean: 2, variance: 5)
    #expect(abs(1 / week.excess - 4.0 / 3) < 1e-12)
    let expected = [
      (1, 0.9929458368), (2, 0.9578439930), (4, 0.7470788956), (8, 0.1958760738),
    ]
    for (count, probability) in expected {
      let sum = PeriodDemand.sum(Array(repeating: week, count: count), exponent: 1)
      #expect(abs(sum.horizon.cumulative(10) - probability) < 1e-9)
    }
    let four = PeriodDemand.sum(Array(repeating: week, count: 4), exponent: 1).horizon
    #expect([0.5, 0.9, 0.95].map(four.quantile) == [7, 14, 16])
  }

  /// Known answer S18: four weeks of N(50, 8), as far as a negative binomial follows a normal: its
  /// skewness is small when the mean is large against the spread.
  @Test func knownAnswerS18Limits() {
    // In thousandths of a unit, so that the Poisson part is nothing.
    let week = PeriodDemand(mean: 50_000, variance: 64_000_000)
    let weeks = Array(repeating: week, count: 4)
    for (exponent, expected) in [(0.0, 252_635.3), (1.0, 226_317.7)] {
      let sum = PeriodDemand.sum(weeks, exponent: exponent)
      let deviation = (sum.excess * sum.mean * sum.mean).squareRoot()
      #expect(abs(deviation - (exponent == 0 ? 32_000 : 16_000)) < 40)
      let p95 = Double(sum.horizon.quantile(0.95))
      #expect(abs(p95 - expected) < 0.012 * expected, "\(exponent): \(p95)")
    }
    // Between the limits it lies between them, and ascends with the dependence.
    let quantiles = [1, 0.7, 0.5, 0.3, 0].map {
      PeriodDemand.sum(weeks, exponent: $0).horizon.quantile(0.95)
    }
    #expect(quantiles == quantiles.sorted() && Set(quantiles).count == 5)
  }

  /// Known answer S18 by its four numbers: a correlation ρ of the weeks is the exponent
  /// 2 − log₄(4 + 12ρ), and the normal quantile of the sum's deviation. In millionths of a unit.
  @Test func knownAnswerS18ByCorrelation() {
    let week = PeriodDemand(mean: 50e6, variance: 64e12)
    let weeks = Array(repeating: week, count: 4)
    let normal = NormalPair.quantile(0.95)
    #expect(abs(normal - 1.644_853_626_951) < 1e-9)
    for (correlation, expected) in [
      (1.0, 252.6353), (0.5, 241.6119), (0.3, 236.2764), (0.0, 226.3177),
    ] {
      let sum = PeriodDemand.sum(
        weeks, exponent: 2 - Glibc.log(4 + 12 * correlation) / Glibc.log(4))
      let deviation = (sum.mean + sum.excess * sum.mean * sum.mean).squareRoot() / 1e6
      #expect(abs(200 + normal * deviation - expected) < 1e-4, "\(correlation)")
    }
  }

  /// Known answer S30: a grid read between its levels, and one that crosses.
  @Test func knownAnswerS30() {
    let (levels, values) = ([0.5, 0.7, 0.9], [56.0, 65, 81])
    let ratio = 0.70 / 0.88
    let index = levels.lastIndex { $0 <= ratio } ?? 0
    let part = (ratio - levels[index]) / (levels[index + 1] - levels[index])
    let stock = values[index] + part * (values[index + 1] - values[index])
    #expect(abs(stock - 72.6363636) < 1e-6)

    var table = ForecastTable()
    let forecast = Forecast(
      item: 7, issuedUnixSeconds: 0, startDay: 0, region: 0, periodDays: 7, periods: 1,
      isCumulative: 0, levelCount: 4, start: 0, next: 0)
    let isKept = table.put(
      forecast, levels: [1000, 3000, 5000, 7000], values: [10_000, 14_000, 13_000, 20_000])
    #expect(isKept)
    let row = table.row(0)
    #expect((0..<4).map { table.value(row, 0, $0) } == [10, 13, 14, 20])
  }

  /// A grid of a negative binomial gives back its mean, and its spread within a tenth.
  @Test func aGridGivesBackItsDistribution() {
    for (mean, ratio) in [(40.0, 3.0), (400, 20), (7, 2), (3000, 60), (25, 1.2)] {
      let truth = DemandDistribution(mean: mean, varianceRatio: ratio)
      let levels = [0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98]
      let values = levels.map { Double(truth.quantile($0)) }
      let found = PeriodDemand(levels: levels, values: values)
      #expect(abs(found.mean - mean) < 0.03 * mean + 0.5, "\(mean) \(found.mean)")
      let variance = found.mean + found.excess * found.mean * found.mean
      #expect(abs(variance / (mean * ratio) - 1) < 0.2, "\(mean): \(variance / mean)")
    }
    #expect(PeriodDemand(levels: [0.5], values: [12]).mean == 12)
    #expect(PeriodDemand(levels: [0.5, 0.9], values: [0, 0]).mean <= 1e-6)
  }

  /// "Multi-period quantiles don't aggregate": four weeks' ninetieth percentiles are no month's.
  @Test func complaintWeeklyQuantilesDoNotAddUp() {
    let week = PeriodDemand(mean: 2, variance: 5)
    let month = PeriodDemand.sum(Array(repeating: week, count: 4), exponent: 1).horizon
    #expect(4 * week.horizon.quantile(0.9) == 20 && month.quantile(0.9) == 14)
  }
}
