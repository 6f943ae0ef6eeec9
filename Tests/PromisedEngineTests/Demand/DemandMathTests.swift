import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

/// The whole-number parts of the forecaster against floating point.
@Suite struct DemandMathTests {
  /// Known answer S29: a prior of Gamma(2, 1), three sold in four days in stock, seven days to come;
  /// and the discounted one.
  @Test func knownAnswerS29() {
    let one = DemandScale.one
    var demand = DecayedDemand(units: 2 << 20, exposure: one)
    for units: Int64 in [1, 0, 2, 0] { demand.observe(units: units, exposure: one, kept: one) }
    #expect(demand.units == 5 << 20 && demand.exposure == 5 << 20)
    // NB(5, 5/12): mean 7, variance over mean 12/5.
    let week = DemandDistribution(mean: 7, varianceRatio: 12.0 / 5)
    #expect(abs(week.cumulative(10) - 0.8192981026) < 1e-9)
    #expect([0.1, 0.5, 0.9, 0.95].map(week.quantile) == [2, 6, 12, 15])

    var discounted = DecayedDemand(units: 2 << 20, exposure: one)
    for units: Int64 in [0, 1, 0, 2] {
      discounted.observe(units: units, exposure: one, kept: 943_718)
    }
    #expect(abs(Double(discounted.units) / Double(one) - 4.1222) < 1e-4)
    #expect(abs(Double(discounted.exposure) / Double(one) - 4.0951) < 1e-4)
  }

  @Test func retractingTheLastDaysGivesTheRateBefore() {
    var random = Counter(seed: 3)
    var rate = DemandRate()
    var days: [(Int64, Int64)] = []
    for _ in 0..<200 {
      days.append((Int64(random.next(below: 40)), Int64(random.next(below: 3 << 20))))
      rate.observe(units: days[days.count - 1].0, exposure: days[days.count - 1].1)
    }
    let before = rate.means(prior: 1 << 20)
    var later = rate
    for _ in 0..<28 {
      days.append((Int64(random.next(below: 40)), Int64(random.next(below: 3 << 20))))
      later.observe(units: days[days.count - 1].0, exposure: days[days.count - 1].1)
    }
    for day in days.suffix(28).reversed() { later.retract(units: day.0, exposure: day.1) }
    let after = later.means(prior: 1 << 20)
    for (left, right) in [
      (before.fast, after.fast), (before.slow, after.slow),
      (before.fastSquare, after.fastSquare), (before.slowSquare, after.slowSquare),
    ] {
      #expect(abs(Double(left - right)) < 0.002 * Double(left) + 200, "\(left) \(right)")
    }
  }

  @Test func absurdAmountsStayWithinTheirRange() {
    var rate = DemandRate()
    for _ in 0..<2000 { rate.observe(units: .max / 4, exposure: DemandScale.one) }
    let means = rate.means(prior: 1 << 40)
    #expect(means.slow > 0 && means.slow <= 2 * DemandRate.unitsPerDay << 20)
    #expect(means.slowSquare > 0)
    let classes = DemandClasses()
    let predicted = classes.predict(means, exposure: 365 << 20)
    #expect(predicted.mean > 0 && predicted.excess <= 10_000 << 20)
    let bounds = NegativeBinomialCells.bounds(
      of: 1 << 40, mean: predicted.mean, excess: predicted.excess)
    #expect(bounds.below <= bounds.upTo && bounds.upTo <= 1 << 30)
  }

  @Test func squareRootsAreRoundedDown() {
    var random = Counter(seed: 9)
    for _ in 0..<5000 {
      let value = Int128(random.next() >> random.next(below: 60)) << Int128(random.next(below: 50))
      let root = DemandScale.squareRoot(value)
      #expect(root * root <= value && (root + 1) * (root + 1) > value)
    }
    #expect(DemandScale.squareRoot(-5) == 0 && DemandScale.squareRoot(1) == 1)
  }

  /// Exact where units are their own cells; within 0.02 where they are not, and 0.1 near 0.
  @Test func cellsAgreeWithTheDistribution() {
    var random = Counter(seed: 11)
    for _ in 0..<4000 {
      let mean = exp(Double(random.next(below: 1400)) / 100 - 3)
      let excess = exp(Double(random.next(below: 700)) / 100 - 5)
      let spread = (mean + excess * mean * mean).squareRoot()
      let units = Int64(max(0, mean + spread * (Double(random.next(below: 500)) / 100 - 1.5)))
      let exact = DemandDistribution(mean: mean, varianceRatio: 1 + excess * mean)
      let found = NegativeBinomialCells.bounds(
        of: units, mean: Int64(mean * 1_048_576), excess: Int64(excess * 1_048_576))
      let below = Double(found.below) / Double(1 << 30)
      let upTo = Double(found.upTo) / Double(1 << 30)
      let isFine = spread <= 32
      // A coarse lattice smears what stands at 0.
      let isLow = units * 8 < Int64(mean)
      if !isFine && isLow && excess > 1 { continue }
      let tolerance = isFine ? 2e-4 : isLow ? 0.1 : 0.02
      #expect(
        abs(below - exact.cumulative(units - 1)) < tolerance
          && abs(upTo - exact.cumulative(units)) < tolerance,
        "mean \(mean) excess \(excess) units \(units): \(below) \(upTo)")
    }
  }

  @Test func levelsMapForthAndBack() {
    let plain = LevelMap()
    for share in stride(from: 0.0, through: 0.999, by: 0.001) {
      #expect(abs(plain.truth(of: share) - share) < 1e-12)
      #expect(abs(plain.predicted(for: share) - share) < 1e-12)
    }
    // Outcomes of a class that lie too high: half of them above the predicted .9.
    var shares = [Int64](repeating: 0, count: DemandClasses.sizes.shares)
    for index in 0...DemandClasses.count {
      shares[index * DemandLevels.bins + 10] = 50_000 << 16
      shares[index * DemandLevels.bins + 30] = 50_000 << 16
    }
    let blank = DemandClasses()
    let skewed = DemandClasses(
      sums: blank.sums, shares: shares, table: blank.table, day: 5)
    guard let skewed else {
      Issue.record("classes of the right form were refused")
      return
    }
    let map = LevelMap(skewed, at: (index: 4, fraction: 0))
    #expect(map.truth(of: 0.9) < 0.51 && map.truth(of: 0.9) > 0.49)
    #expect(map.predicted(for: 0.9) > 0.98)
    #expect(map.truth(of: 1) == 1 && map.truth(of: 0) == 0)
  }
}
