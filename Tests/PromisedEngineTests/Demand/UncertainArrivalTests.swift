import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

/// Stock against demand of independent days, with shipments whose day is not certain: exact dynamic
/// programming over units sold and shipments come, day by day, which shares nothing with the product.
@Suite struct UncertainArrivalTests {
  private struct Shipment {
    var units: Int
    /// P(comes on day 1, 2, …); what is missing to 1 never comes.
    var chances: [Double]
    var arrival: ArrivalDistribution
  }

  private struct Case {
    var available: Int
    var perDayMilli: Int64
    var ratioMilli: Int32
    var days: Int32
    var shipments: [Shipment]

    func demand(_ day: Int32) -> HorizonDemand {
      HorizonDemand(
        DemandDistribution(perDayMilli: perDayMilli, varianceRatioMilli: ratioMilli, days: day))
    }
  }

  private static var day: Int64 { 86_400 }
  private static var now: Int64 { 1_800_000_000 }

  /// The day's chances by the three points themselves: straight lines, from what has not come yet.
  private func shipment(_ units: Int, median: Int64, early: Int64, late: Int64) -> Shipment {
    let points: [(Double, Double)] = [
      (Double(early) - Double(median - early) / 4, 0), (Double(early), 0.1),
      (Double(median), 0.5), (Double(late), 0.9),
      (Double(late) + Double(late - median) / 4, 1),
    ]
    func chance(_ time: Double) -> Double {
      if time >= points[4].0 { return 1 }
      var found = 0.0
      for (from, to) in zip(points, points.dropFirst()) where time >= from.0 {
        found =
          time >= to.0 || to.0 == from.0
          ? to.1 : from.1 + (to.1 - from.1) * (time - from.0) / (to.0 - from.0)
      }
      return found
    }
    let gone = chance(Double(Self.now))
    var chances: [Double] = []
    var before = gone
    for day in 1...40 {
      let come = chance(Double(Self.now + Int64(day) * Self.day))
      chances.append(gone >= 1 ? 0 : (come - before) / (1 - gone))
      before = come
    }
    return Shipment(
      units: units, chances: chances,
      arrival: ArrivalDistribution(median: median, early: early, late: late))
  }

  private func random(_ numbers: inout Counter, shipments: Int, spread: UInt64) -> Case {
    func draw(_ below: UInt64) -> Int64 { Int64(numbers.next(below: below)) }
    return Case(
      available: Int(draw(16)), perDayMilli: 100 + draw(3000),
      ratioMilli: 1000 + Int32(draw(2) * draw(3000)), days: Int32(1 + draw(14)),
      shipments: (0..<shipments).map { _ in
        // A few are overdue.
        let median = Self.now + draw(12 * 86_400) - 2 * Self.day
        let early = median - draw(spread)
        return shipment(
          Int(1 + draw(14)), median: median, early: early, late: median + draw(spread))
      })
  }

  /// P(never out) until each day is over, P(demand ≤ supply) and P(demand < supply) at the end.
  private func exact(_ given: Case) -> (never: [Double], met: Double, left: Double) {
    let shipments = given.shipments.filter { $0.chances.reduce(0, +) > 0.5 }
    let most = given.available + shipments.map(\.units).reduce(0, +) + 1
    let mean = Double(given.perDayMilli) / 1000
    let ratio = Double(given.ratioMilli) / 1000
    let daily = (0...most).map { units -> Double in
      let count = Double(units)
      let permutations: Double = lgamma(count + 1)
      if ratio <= 1 { return exp(count * log(mean) - mean - permutations) }
      let size: Double = mean / (ratio - 1)
      let ways: Double = lgamma(size + count) - lgamma(size) - permutations
      return exp(ways - size * log(ratio) + count * log(1 - 1 / ratio))
    }
    // By which shipments have come, then by units sold; more than there can be are left out.
    let sets = 1 << shipments.count
    var path = Array(repeating: Array(repeating: 0.0, count: most), count: sets)
    path[0][0] = 1
    var free = path
    func there(_ set: Int) -> Int {
      shipments.indices.reduce(given.available) {
        $0 + (set >> $1 & 1 == 1 ? shipments[$1].units : 0)
      }
    }
    func sold(_ rows: [[Double]]) -> [[Double]] {
      rows.map { row in
        var next = Array(repeating: 0.0, count: most)
        for (before, chance) in row.enumerated() where chance > 0 {
          for units in 0..<(most - before) { next[before + units] += chance * daily[units] }
        }
        return next
      }
    }
    var never: [Double] = []
    for day in 0..<Int(given.days) {
      path = sold(path)
      free = sold(free)
      for set in 0..<sets {
        for units in max(0, there(set))..<max(0, there(set), most) { path[set][units] = 0 }
      }
      never.append(path.joined().reduce(0, +))
      for (index, shipment) in shipments.enumerated() {
        let left = 1 - shipment.chances[..<day].reduce(0, +)
        let hazard = left > 1e-12 ? min(1, shipment.chances[day] / left) : 0
        for set in 0..<sets where set >> index & 1 == 0 {
          for units in 0..<most {
            let (moved, movedFree) = (path[set][units] * hazard, free[set][units] * hazard)
            path[set][units] -= moved
            path[set | 1 << index][units] += moved
            free[set][units] -= movedFree
            free[set | 1 << index][units] += movedFree
          }
        }
      }
    }
    var (met, left) = (0.0, 0.0)
    for set in 0..<sets {
      for (units, chance) in free[set].enumerated() {
        if units <= there(set) { met += chance }
        if units < there(set) { left += chance }
      }
    }
    return (never, met, left)
  }

  private func plan(_ given: Case, _ passage: inout FirstPassage) {
    passage.begin(available: Int64(given.available), at: Self.now)
    for shipment in given.shipments {
      passage.plan.add(Int64(shipment.units), shipment.arrival)
    }
  }

  /// Certain days, and one or two shipments of a few uncertain days: every combination is looked at.
  /// Chances of arrival are in 1/65535.
  @Test func agreesWithExactDynamicProgrammingOnTwoThousandCases() {
    var numbers = Counter(seed: 44)
    var passage = FirstPassage()
    var (between, uncertain) = (0, 0)
    for number in 0..<2000 {
      let given = random(
        &numbers, shipments: number % 4,
        spread: number % 4 == 1 ? 200_000 : number % 3 == 0 ? 1 : 30_000)
      let expected = exact(given)
      plan(given, &passage)
      let exactly = expected.never[Int(given.days) - 1]
      let end = passage.atTheEnd(of: given.days, given.demand(given.days))
      let never = passage.neverOut(days: given.days, of: Days(given.demand))
      #expect(abs(end.met - expected.met) < 1e-4, "\(number): \(end.met) \(expected.met)")
      #expect(abs(end.stillBuyable - expected.left) < 1e-4)
      #expect(abs(never - exactly) < 1e-3, "\(number): \(never) \(exactly)")
      if abs(expected.left - exactly) > 0.01 { between += 1 }
      if passage.plan.uncertain.count > 0 { uncertain += 1 }
    }
    #expect(between > 300 && uncertain > 500, "\(between) \(uncertain)")
  }

  /// One to three shipments whose days are spread over weeks, taken apart at a few points: within two
  /// hundredths for one, four for several, at the horizon.
  @Test func manyUncertainDaysAreCloseToExact() {
    var numbers = Counter(seed: 45)
    var passage = FirstPassage()
    var worst = [0.0, 0.0, 0.0, 0.0]
    for number in 0..<300 {
      let count = 1 + number % 3
      let given = random(&numbers, shipments: count, spread: 700_000)
      let expected = exact(given)
      plan(given, &passage)
      let end = passage.atTheEnd(of: given.days, given.demand(given.days))
      #expect(abs(end.met - expected.met) < 1e-4)
      let never = passage.neverOut(days: given.days, of: Days(given.demand))
      worst[count] = max(worst[count], abs(never - expected.never[Int(given.days) - 1]))
    }
    #expect(worst[1] < 0.02 && worst[2] < 0.04 && worst[3] < 0.04, "\(worst)")
  }

  /// Dates: the first day on which the chance to have run out is as said, against the exact one.
  @Test func datesAreWithinADayOfTheExactOnes() {
    var numbers = Counter(seed: 46)
    var passage = FirstPassage()
    var (exactly, judged) = (0, 0)
    for number in 0..<60 {
      var given = random(&numbers, shipments: number % 3, spread: 50_000)
      given.available += 3
      given.days = 30
      let chances = exact(given).never
      plan(given, &passage)
      let found = passage.stockOutDays(of: Days(given.demand))
      for (level, day) in [(0.1, found.early), (0.5, found.middle), (0.9, found.late)] {
        let expected = (1...30).first { 1 - chances[$0 - 1] >= level }
        guard let expected else { continue }
        judged += 1
        #expect(
          abs((day ?? 400) - Int32(expected)) <= 1, "\(number) \(level): \(day ?? 0) \(expected)")
        if day == Int32(expected) { exactly += 1 }
      }
    }
    #expect(judged > 80 && Double(exactly) > 0.95 * Double(judged), "\(exactly) of \(judged)")
  }

  /// What should have come and has not counts by what is left of its distribution; when nothing is
  /// left, for nothing.
  @Test func whatIsOverdueCountsAsFarAsItMayStillCome() {
    let median = Self.now - Self.day
    let arrival = ArrivalDistribution(
      median: median, early: median - Self.day, late: median + 4 * Self.day)
    var passage = FirstPassage()
    passage.begin(available: 0, at: Self.now)
    passage.plan.add(50, arrival)
    let demand = { (_: Int32) in
      HorizonDemand(DemandDistribution(mean: 10, varianceRatio: 1))
    }
    // 60 % had come by a day after the median; of the rest, three quarters within three days.
    let end = passage.atTheEnd(of: 3, demand(3))
    #expect(abs(end.met - 0.75) < 0.001, "\(end.met)")
    passage.begin(available: 0, at: arrival.lastUnixSeconds)
    passage.plan.add(50, arrival)
    #expect(passage.atTheEnd(of: 30, demand(30)).met < 1e-4)
    #expect(arrival.quantile(32_767, notBy: arrival.lastUnixSeconds) == nil)
    let sure = arrival.quantile(49_151, notBy: Self.now)
    #expect(sure.map { abs($0 - Self.now - 3 * Self.day) < 60 } == true)
  }

  /// Sizes that shrink from one instant to the next are of no such demand: the later one holds.
  @Test func sizesThatDoNotAgreeGiveWay() {
    var numbers = Counter(seed: 47)
    var joint = StagedDemand()
    for _ in 0..<500 {
      func draw(_ below: UInt64) -> Double { Double(numbers.next(below: below)) + 1 }
      let units = Int64(draw(40))
      let mean = draw(40)
      joint.stages.removeAll()
      joint.stages.append(DemandStage(mean: mean, size: draw(4000) / 100, units: units))
      joint.stages.append(
        DemandStage(mean: mean + draw(30), size: draw(2000) / 100, units: units + Int64(draw(50))))
      let late = joint.stages[1]
      let found = joint.allBelow(exactCells: 1)
      let early = joint.stages[0]
      #expect(found <= late.chance + 1e-9 && found <= early.chance + 1e-9)
      #expect(found >= late.chance + early.chance - 1 - 1e-9)
      #expect(
        early.size <= late.size && early.size * late.mean >= late.size * early.mean * 0.999_999)
    }
  }

  /// More shipments than are told apart: the latest come together, never more than there are.
  @Test func manyShipmentsStayWithinTheirBounds() {
    var passage = FirstPassage()
    passage.begin(available: 5, at: Self.now)
    for index in 0..<40 {
      let median = Self.now + Int64(index) * 40_000
      passage.plan.add(
        3, ArrivalDistribution(median: median, early: median - 90_000, late: median + 90_000))
      passage.plan.add(2, onDay: Int32(index + 1))
    }
    passage.plan.mix(days: 365)
    let total = (0..<passage.plan.mixture.count).reduce(0.0) {
      $0 + passage.plan.mixture[$1].chance * Double(passage.plan.mixture[$1].units)
    }
    #expect(abs(total - 204) < 1.5, "\(total)")
    // Sums that join keep their mean: that of the shipments' own chances.
    passage.plan.mix(days: 3)
    let (found, expected) = (
      (0..<passage.plan.mixture.count).reduce(0.0) {
        $0 + passage.plan.mixture[$1].chance * Double(passage.plan.mixture[$1].units)
      },
      (0..<40).reduce(5.0 + 3 * 2) { sum, index in
        let median = Self.now + Int64(index) * 40_000
        let arrival = ArrivalDistribution(
          median: median, early: median - 90_000, late: median + 90_000)
        let chance = arrival.probability(by: Self.now + 3 * Self.day, notBy: Self.now)
        return sum + 3 * Double(chance) / 65_535
      }
    )
    #expect(passage.plan.mixture.count == 32 && abs(found - expected) < 0.1, "\(found) \(expected)")
    let demand = Days { day in
      HorizonDemand(DemandDistribution(mean: 2.5 * Double(day), varianceRatio: 3))
    }
    let never = passage.neverOut(days: 60, of: demand)
    #expect(never > 0 && never < 1)
    #expect(passage.stockOutDays(of: demand).middle != nil)
  }
}

/// Values that correlate, against the plain integral.
@Suite struct NormalPairTests {
  @Test func quantilesAreTheInverse() {
    for x in stride(from: -7.5, through: 7.5, by: 0.25) {
      let p = NormalPair.cumulative(x)
      #expect(abs(NormalPair.quantile(p) - x) < 1e-6 * max(1, exp(x * x / 2) * 1e-9), "\(x)")
    }
    #expect(abs(NormalPair.quantile(0.975) - 1.959_963_984_54) < 1e-9)
  }

  /// P(X ≤ h, Y ≤ k) = ∫ φ(x) Φ((k − ρx) / √(1 − ρ²)) up to h, by Simpson's rule.
  @Test func pairsAgreeWithTheIntegral() {
    for correlation in [0.0, 0.1, 0.5, 0.9, 0.97, 0.999] {
      for h in [-2.0, -0.3, 0, 1.4] {
        for k in [-1.5, 0, 0.1, 2] {
          let steps = 20_000
          let width = (h + 9) / Double(steps)
          var sum = 0.0
          for step in 0...steps {
            let x = -9 + Double(step) * width
            let weight = step == 0 || step == steps ? 1.0 : step % 2 == 1 ? 4 : 2
            let rest = (1 - correlation * correlation).squareRoot()
            sum +=
              weight * exp(-x * x / 2) / 2.506_628_274_631
              * NormalPair.cumulative((k - correlation * x) / rest)
          }
          let expected = sum * width / 3
          let found = NormalPair.bothBelow(h, k, correlation: correlation)
          #expect(abs(found - expected) < 2e-5, "\(correlation) \(h) \(k): \(found) \(expected)")
        }
      }
    }
    #expect(abs(NormalPair.bothBelow(0.7, 0.7, correlation: 1) - NormalPair.cumulative(0.7)) < 1e-5)
  }
}
