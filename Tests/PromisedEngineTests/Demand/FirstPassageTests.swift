import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

/// Never out of stock: against exact dynamic programming over single days, and simulation.
@Suite struct FirstPassageTests {
  private struct Case {
    var perDay: Double
    /// Size of the Pólya process; demand up to a day has excess 1/size.
    var size: Double
    var days: Int32
    var supply: [SupplyStep]

    func demand(_ day: Int32) -> HorizonDemand {
      let mean = perDay * Double(day)
      return HorizonDemand(DemandDistribution(mean: mean, varianceRatio: 1 + mean / size))
    }
  }

  private func random(_ random: inout Counter, most: UInt64) -> Case {
    var supply = [SupplyStep(day: 0, units: Int64(random.next(below: most / 2)) + 1)]
    for _ in 0..<random.next(below: 4) {
      let last = supply[supply.count - 1]
      supply.append(
        SupplyStep(
          day: last.day + 1 + Int32(random.next(below: 5)),
          units: last.units + 1 + Int64(random.next(below: most / 2))))
    }
    return Case(
      perDay: 0.1 + Double(random.next(below: most)) / 12,
      size: exp(Double(random.next(below: 600)) / 100 - 1),
      days: Int32(1 + random.next(below: 16)), supply: supply)
  }

  /// Day by day, unit by unit, with sums of probabilities from lgamma: nothing of the product's.
  private func exact(_ given: Case) -> Double {
    var alive: [Double] = [1]
    for day in 1...given.days {
      let before = given.perDay * Double(day - 1)
      let share = given.perDay / (given.size + before + given.perDay)
      // What is there until this day is over.
      let units = given.supply.last { $0.day < day || $0.day == 0 }?.units ?? 0
      var next = [Double](repeating: 0, count: Int(max(0, units)))
      for (sold, chance) in alive.enumerated() where chance > 0 {
        for total in sold..<max(sold, next.count) {
          let more = Double(total - sold)
          let shape = given.size + Double(sold)
          let log =
            lgamma(shape + more) - lgamma(shape) - lgamma(more + 1) + more * Glibc.log(share)
            + shape * log1p(-share)
          next[total] += chance * exp(log)
        }
      }
      alive = next
    }
    return alive.reduce(0, +)
  }

  @Test func agreesWithExactDynamicProgrammingOnTwoThousandCases() {
    var numbers = Counter(seed: 20)
    var passage = FirstPassage()
    var differing = 0
    for _ in 0..<2000 {
      let given = random(&numbers, most: 30)
      let found = passage.neverOut(supply: given.supply, days: given.days, of: given.demand)
      let expected = exact(given)
      #expect(abs(found - expected) < 5e-5, "\(given): \(found), exactly \(expected)")
      let atTheEnd = given.demand(given.days).cumulative(
        (given.supply.last { $0.day < given.days || $0.day == 0 }?.units ?? 0) - 1)
      if abs(atTheEnd - expected) > 0.01 { differing += 1 }
    }
    // Many of the cases must be such that being out in between matters.
    #expect(differing > 300, "\(differing)")
  }

  /// Supply counted in larger steps: within 0.02 of 4,000 simulated paths (whose own standard error
  /// is below 0.008).
  @Test func agreesWithSimulationWhereSupplyIsLarge() {
    var numbers = Counter(seed: 21)
    var passage = FirstPassage()
    for _ in 0..<25 {
      let given = random(&numbers, most: 6000)
      let found = passage.neverOut(supply: given.supply, days: given.days, of: given.demand)
      var kept = 0
      for _ in 0..<4000 where survives(given, &numbers) { kept += 1 }
      let simulated = Double(kept) / 4000
      #expect(abs(found - simulated) < 0.03, "\(given): \(found), simulated \(simulated)")
    }
  }

  /// A path: a gamma level, then Poisson days (normal where they are many).
  private func survives(_ given: Case, _ numbers: inout Counter) -> Bool {
    let level = gamma(given.size, &numbers) / given.size
    var sold = 0.0
    for day in 1...given.days {
      sold += poisson(given.perDay * level, &numbers)
      let units = given.supply.last { $0.day < day || $0.day == 0 }?.units ?? 0
      if sold >= Double(units) { return false }
    }
    return true
  }

  private func uniform(_ numbers: inout Counter) -> Double {
    (Double(numbers.next() >> 11) + 0.5) / 9_007_199_254_740_992
  }

  private func normal(_ numbers: inout Counter) -> Double {
    (-2 * log(uniform(&numbers))).squareRoot() * cos(2 * Double.pi * uniform(&numbers))
  }

  private func poisson(_ mean: Double, _ numbers: inout Counter) -> Double {
    if mean > 40 { return max(0, (mean + mean.squareRoot() * normal(&numbers)).rounded()) }
    var (count, product) = (0.0, uniform(&numbers))
    let limit = exp(-mean)
    while product > limit {
      count += 1
      product *= uniform(&numbers)
    }
    return count
  }

  /// Marsaglia and Tsang (2000); a shape below 1 through the next one.
  private func gamma(_ shape: Double, _ numbers: inout Counter) -> Double {
    if shape < 1 {
      return gamma(shape + 1, &numbers) * pow(uniform(&numbers), 1 / shape)
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal(&numbers)
      let v = pow(1 + c * x, 3)
      if v > 0 && log(uniform(&numbers)) < x * x / 2 + d - d * v + d * log(v) { return d * v }
    }
  }

  /// Known answer S17c through the passage: no inbound, ten units, weeks as days.
  @Test func knownAnswerS17c() {
    let weeks = { (count: Int32) in
      PeriodDemand.sum(
        Array(repeating: PeriodDemand(mean: 2, variance: 5), count: Int(count)), exponent: 1
      ).horizon
    }
    var passage = FirstPassage()
    let supply = [SupplyStep(day: 0, units: 10)]
    passage.plan(supply)
    let found = passage.stockOutDays(of: Days(weeks))
    #expect(found == StockOutDays(early: 3, middle: 6, late: 9))
  }

  /// In stock at the end is likelier than never out until then, and both are named apart.
  @Test func neverOutIsLessThanInStockAtTheEnd() {
    let given = Case(
      perDay: 4, size: 3, days: 14,
      supply: [SupplyStep(day: 0, units: 20), SupplyStep(day: 9, units: 90)])
    var once = FirstPassage()
    let never = once.neverOut(
      supply: given.supply, days: 14, of: given.demand)
    let atTheEnd = given.demand(14).cumulative(89)
    #expect(never > 0.05 && atTheEnd - never > 0.3, "\(never) \(atTheEnd)")
    #expect(
      once.neverOut(supply: [SupplyStep(day: 0, units: 0)], days: 3, of: given.demand)
        == 0)
  }
}

/// What there is, then what will have come by a day, counted from the start.
struct SupplyStep {
  var day: Int32
  var units: Int64
}

extension FirstPassage {
  mutating func plan(_ supply: [SupplyStep]) {
    begin(available: supply[0].units, at: 0)
    for (before, step) in zip(supply, supply.dropFirst()) {
      plan.add(step.units - before.units, onDay: step.day)
    }
  }

  mutating func neverOut(
    supply: [SupplyStep], days: Int32, of demand: @escaping (Int32) -> HorizonDemand
  ) -> Double {
    plan(supply)
    return neverOut(days: days, of: Days(demand))
  }
}

/// A function as demand.
struct Days: DemandByDays {
  let function: (Int32) -> HorizonDemand

  init(_ function: @escaping (Int32) -> HorizonDemand) { self.function = function }

  func demand(days: Int32) -> HorizonDemand { function(days) }
  func distribution(days: Int32) -> DemandDistribution { function(days).demand }
}
