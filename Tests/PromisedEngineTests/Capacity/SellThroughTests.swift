import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

/// The optimistic headroom: P10 of what is sold until a month begins.
@Suite struct SellThroughTests {
  /// S1 may store 1,000 ft³ in March and April; 300 A and 300 B (½ ft³) are in F1.
  private func desk(_ items: [Rows.Item], units: Int32 = 300) throws -> Desk {
    let desk = try Desk.storage(at: "2026-03-02")
    try desk.put(Rows.items(items))
    try desk.put(
      Rows.positions(items.map { ($0.key, "F1", units, 0, 0) }))
    try desk.announce(
      Rows.limits([
        ("S1", .standard, 202_603, .confirmed, 1000 * cubicFoot),
        ("S1", .standard, 202_604, .confirmed, 1000 * cubicFoot),
        ("S1", .standard, 202_605, .confirmed, 1000 * cubicFoot),
      ]))
    return desk
  }

  /// What the answer of a month subtracts, in cubic feet, and what from.
  private func sold(_ desk: Desk, by month: UInt32) throws -> (Double, sources: UInt32, age: Int64)
  {
    let row = try #require(try desk.room(month, optimistic: true))
    return (
      Double(row.optimistic - row.headroom) / 1_000_000, row.optimisticSource, row.optimisticAge
    )
  }

  private func forecast(_ item: String, _ desk: Desk, perWeek: [Int64]) -> PutRows {
    var rows = ForecastRows()
    rows.keys.append(Array(item.utf8))
    rows.levels = [1000, 5000, 9000]
    rows.regionNames = [.empty]
    rows.regions = [0]
    rows.issuedUnixSeconds = [desk.now.seconds - 3600]
    rows.startDays = [Int32(desk.now.seconds / 86_400)]
    rows.periodDays = [7]
    rows.periods = [12]
    rows.cumulative = [0]
    for _ in 0..<12 { rows.valuesMilli += perWeek.map { $0 * 1000 } }
    return .forecasts(rows)
  }

  @Test func aForecastIsTakenBeforeTheDeclaredRateAndSaysSo() throws {
    let desk = try desk([Rows.Item(key: "A", demandMilli: 1000)])
    let declared = try sold(desk, by: 202_604)
    #expect(declared.sources == SellThroughSources.declaredRates && declared.age == -1)
    // Four weeks and two days at 30…42…54 a week: about 180, spread by what the weeks share.
    try desk.put(forecast("A", desk, perWeek: [30, 42, 54]))
    desk.figure()
    let (volume, sources, age) = try sold(desk, by: 202_604)
    #expect(sources == SellThroughSources.forecasts && age == 3600)
    #expect(volume > 130 && volume < 180, "\(volume)")
    #expect(try sold(desk, by: 202_605).0 <= 300, "no more than there is")
    #expect(try sold(desk, by: 202_603).sources == 0, "nothing of the running month")
    // The clock shows in the age, and what is too old is not used.
    desk.now.milliseconds += 86_400_000
    #expect(try sold(desk, by: 202_604).age == 90_000)
    desk.now.milliseconds += 2 * 86_400_000
    #expect(try sold(desk, by: 202_604).sources == SellThroughSources.declaredRates)
    // A stale forecast gives way.
    desk.now.milliseconds += 12 * 86_400_000
    desk.figure()
    #expect(try sold(desk, by: 202_604).sources == SellThroughSources.declaredRates)
  }

  @Test func whatTheServiceLearnedIsTakenWhereNothingElseIsKnown() throws {
    let desk = try desk([Rows.Item(key: "A"), Rows.Item(key: "B", volume: 500_000)])
    desk.figure()
    #expect(try sold(desk, by: 202_604).sources == 0)
    for day in 3...20 {
      desk.go(to: "2026-03-\(day < 10 ? "0" : "")\(day)")
      try desk.feed([("A", "F1", .shipment, 5)], from: UInt64(day - 2))
    }
    desk.go(to: "2026-03-21")
    desk.figure()
    let (volume, sources, age) = try sold(desk, by: 202_604)
    #expect(sources == SellThroughSources.embedded && age >= 0 && age < 2 * 86_400)
    // 11 days at about 5.
    #expect(volume > 10 && volume < 55, "\(volume)")
    // The seller's signal raises it, and is named.
    try desk.signal([("A", 202_603, 200, 200, 1000)])
    desk.figure()
    let signalled = try sold(desk, by: 202_604)
    #expect(signalled.sources == SellThroughSources.embedded | SellThroughSources.signals)
    // A restart works it out from the same state again: at the same instant the same.
    let copy = desk.restarted()
    copy.figure()
    #expect(try sold(copy, by: 202_604) == signalled)
    #expect(copy.state.digest() == desk.state.digest())
  }

  @Test func onlyWhatIsThereCanBeSold() throws {
    let desk = try desk(
      [
        Rows.Item(key: "A", demandMilli: 100_000),
        Rows.Item(key: "B", volume: 500_000, demandMilli: 1_000_000),
      ], units: 40)
    desk.figure()
    #expect(abs(try sold(desk, by: 202_604).0 - 60) < 0.01, "40 A and 40 B of half a foot")
    // Since then most of it was sold: no more than what is left.
    try desk.feed([("A", "F1", .shipment, 40), ("B", "F1", .shipment, 30)], from: 1)
    #expect(try sold(desk, by: 202_604).0 == 5)
    desk.figure()
    #expect(abs(try sold(desk, by: 202_604).0 - 5) < 0.01)
    // Sold out: nothing is expected, and nothing said.
    try desk.feed([("B", "F1", .shipment, 10)], from: 3)
    desk.figure()
    #expect(try sold(desk, by: 202_604) == (0, 0, -1))
  }

  /// Slices of one item, with the table growing in between, come to the same as a pass at once.
  @Test func slicesMakeTheSameAsOnePass() throws {
    func built() throws -> Desk {
      let desk = try desk([Rows.Item(key: "A", demandMilli: 7000, ratioMilli: 3000)])
      var items: [Rows.Item] = []
      for number in 0..<600 {
        items.append(
          Rows.Item(
            key: "I\(number)", seller: number % 3 == 0 ? "S2" : "S1",
            volume: Int64(1000 * (number + 1)), demandMilli: Int64(number % 50) * 20,
            ratioMilli: 2000))
      }
      try desk.put(Rows.items(items))
      try desk.put(Rows.positions(items.map { ($0.key, "F1", 12, 0, 0) }))
      return desk
    }
    let (sliced, whole) = (try built(), try built())
    while !sliced.state.figureSellThrough(units: 1, at: sliced.now) {}
    whole.figure(units: .max)
    #expect(try sold(sliced, by: 202_604) == sold(whole, by: 202_604))
    #expect(try sold(whole, by: 202_604).0 > 10)
    // What is put while a pass is under way is found by that pass or the next.
    _ = sliced.state.figureSellThrough(units: 50, at: sliced.now)
    try sliced.put(Rows.items((0..<3000).map { Rows.Item(key: "N\($0)") }))
    sliced.figure(units: 7)
    #expect(sliced.state.isSellThroughDue(at: sliced.now))
    sliced.figure()
    #expect(try sold(sliced, by: 202_604).0 == sold(whole, by: 202_604).0)
  }

  @Test func aPassIsDueWhenSomethingWasPutAndOnceAnHour() throws {
    let desk = try desk([Rows.Item(key: "A", demandMilli: 1000)])
    #expect(desk.state.isSellThroughDue(at: desk.now))
    desk.state.figureSmallSellThrough(at: desk.now)
    #expect(!desk.state.isSellThroughDue(at: desk.now))
    try desk.put(Rows.positions([("A", "F1", 10, 0, 0)]))
    #expect(desk.state.isSellThroughDue(at: desk.now))
    desk.figure()
    desk.now.milliseconds += 3_599_000
    #expect(!desk.state.isSellThroughDue(at: desk.now))
    desk.now.milliseconds += 1000
    #expect(desk.state.isSellThroughDue(at: desk.now))
  }
}

/// The sums that the figures are made of.
@Suite struct JointDemandTests {
  /// Against the sum over all probabilities.
  @Test func cappedMomentsAreTheSums() {
    for mean in [0.02, 0.7, 3, 40, 700] {
      for ratio in [1, 1.3, 4, 60] {
        let demand = DemandDistribution(mean: mean, varianceRatio: ratio)
        for cap: Int64 in [0, 1, 2, 9, 50, 690, 5000] {
          var (sum, squares, below) = (0.0, 0.0, 0.0)
          for units in 0..<max(1, cap) {
            let chance = demand.probability(units)
            below += chance
            sum += chance * Double(units)
            squares += chance * Double(units) * Double(units)
          }
          let beyond = max(0, 1 - below)
          if cap > 0 {
            sum += beyond * Double(cap)
            squares += beyond * Double(cap) * Double(cap)
          } else {
            (sum, squares) = (0, 0)
          }
          let capped = CappedDemand(demand, cap: cap)
          let what = "mean \(mean), ratio \(ratio), cap \(cap)"
          #expect(abs(capped.mean - sum) < 1e-6 * max(1, sum), "\(what)")
          let variance = max(0, squares - sum * sum)
          let got = capped.noise + capped.excess
          #expect(abs(got - variance) < 1e-4 * max(1, variance + sum * sum), "\(what)")
        }
      }
    }
  }

  /// Against drawn demand: of a hundred items that have nothing in common, and of a hundred whose
  /// levels err together. The answer lies between, and is never above what items apart would sell.
  @Test func theTenthOfASumIsBetweenApartAndTogether() {
    var random = Counter(seed: 11)
    func uniform() -> Double { (Double(random.next() >> 11) + 0.5) / 9_007_199_254_740_992 }
    let demand = DemandDistribution(mean: 6, varianceRatio: 4)
    var joint = JointDemand()
    for _ in 0..<100 { joint.add(CappedDemand(demand, cap: 1000), weight: 2) }
    #expect(abs(joint.mean - 1200) < 1e-9)
    let quantiles = (0..<1000).map { demand.quantile((Double($0) + 0.5) / 1000) }
    var apart: [Double] = []
    for _ in 0..<4000 {
      var sum: Int64 = 0
      for _ in 0..<100 { sum += quantiles[Int(uniform() * 1000)] }
      apart.append(Double(2 * sum))
    }
    apart.sort()
    let together = 200 * Double(demand.quantile(0.1))
    #expect(joint.p10 < apart[400] && joint.p10 > together, "\(joint.p10)")
    // One item alone: the gamma is the item's own distribution but for its whole numbers.
    var alone = JointDemand()
    alone.add(
      CappedDemand(DemandDistribution(mean: 50, varianceRatio: 5), cap: 10_000), weight: 1)
    let own = DemandDistribution(mean: 50, varianceRatio: 5).quantile(0.1)
    #expect(abs(alone.p10 - Double(own)) < 1.5, "\(alone.p10), \(own)")
    var certain = JointDemand()
    certain.add(CappedDemand(DemandDistribution(mean: 900, varianceRatio: 2), cap: 3), weight: 7)
    #expect(abs(certain.p10 - 21) < 1e-6)
    #expect(JointDemand().p10 == 0)
  }
}
