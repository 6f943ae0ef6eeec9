import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ArrivalTests {
  @Test func chancesLieOnTheLinesBetweenTheQuantiles() {
    let arrival = ArrivalDistribution(median: 10_000, early: 6000, late: 18_000)
    #expect(arrival.firstUnixSeconds == 5000 && arrival.lastUnixSeconds == 20_000)
    let wanted: [(Int64, UInt16)] = [
      (4999, 0), (5000, 0), (5500, 3276), (6000, 6553), (8000, 19_660), (10_000, 32_767),
      (14_000, 45_874), (18_000, 58_982), (19_000, 62_258), (19_999, 65_531), (20_000, 65_535),
      (.max, 65_535), (0, 0),
    ]
    for (instant, chance) in wanted { #expect(arrival.probability(by: instant) == chance) }
  }

  @Test func chancesNeverFallAndQuantilesInvertThem() {
    var random = Counter(seed: 11)
    for _ in 0..<400 {
      let median = Int64(random.next(below: 4_000_000_000))
      let early = median - Int64(random.next(below: 500_000))
      let late = median + Int64(random.next(below: 500_000))
      let arrival = ArrivalDistribution(median: median, early: early, late: late)
      var before: UInt16 = 0
      let step = max(1, (arrival.lastUnixSeconds - arrival.firstUnixSeconds) / 50)
      var instant = arrival.firstUnixSeconds - step
      while instant < arrival.lastUnixSeconds + step {
        let chance = arrival.probability(by: instant)
        #expect(chance >= before)
        before = chance
        instant += step
      }
      #expect(before == 65_535)
      for chance: UInt16 in [1, 6553, 20_000, 32_767, 58_982, 65_535] {
        let instant = arrival.quantile(chance)
        #expect(arrival.probability(by: instant) >= chance)
        #expect(arrival.probability(by: instant - 1) < chance)
      }
    }
  }

  @Test func aCertainArrivalStepsAndAnOverdueOneSaysNothing() {
    let certain = ArrivalDistribution(median: 500)
    #expect(certain.probability(by: 499) == 0 && certain.probability(by: 500) == 65_535)
    #expect(certain.probability(by: 900, notBy: 499) == 65_535)
    #expect(certain.probability(by: 900, notBy: 500) == 0)
    let spread = ArrivalDistribution(median: 1000, early: 600, late: 1400)
    // Half of it had its chance: the rest is twice as likely.
    #expect(spread.probability(by: 1400, notBy: 1000) == 52_429)
    #expect(spread.probability(by: 1000, notBy: 1000) == 0)
    // Sides that are wrong are the median.
    #expect(
      ArrivalDistribution(median: 100, early: 200, late: 50) == ArrivalDistribution(median: 100))
  }

  @Test func theSpreadSurvivesPutsAndSnapshots() throws {
    let desk = try Desk.small()
    guard case .inbound(var rows) = Rows.inbound([("I", "A", "F1", 5, 9000, .shipped)]) else {
      return
    }
    (rows.earlyUnixSeconds, rows.lateUnixSeconds) = ([8000], [0])
    try desk.put(.inbound(rows))
    let row = try #require(desk.inbound("I", "A", "F1"))
    #expect(row.arrival == ArrivalDistribution(median: 9000, early: 8000, late: 9000))
    #expect(desk.copied().digest() == desk.state.digest())
    for (early, late): (Int64, Int64) in [(9001, 0), (0, 8999), (0, 400_000_000)] {
      (rows.earlyUnixSeconds, rows.lateUnixSeconds) = ([early], [late])
      let refusal = desk.refusal { () throws(Refusal) in try desk.put(.inbound(rows)) }
      #expect(refusal?.code == .fieldOutOfRange)
    }
    rows.earlyUnixSeconds = [1, 2]
    let refusal = desk.refusal { () throws(Refusal) in try desk.put(.inbound(rows)) }
    #expect(refusal?.code == .columnLengthMismatch)
  }
}
