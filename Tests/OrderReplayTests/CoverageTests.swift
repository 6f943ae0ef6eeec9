import PromisedEngine
import Testing

@testable import promised_order_replay

@Suite("Scores of promises") struct CoverageTests {
  /// S9.
  @Test(
    "pinball loss",
    arguments: [
      ([0, 2, 3], 0.1, 0.1 / 3), ([1, 2, 4], 0.1, 0.3), ([0, 2, 3], 0.9, 0.3),
      ([1, 2, 4], 0.9, 0.1 / 3),
    ] as [([Double], Double, Double)])
  func pinball(quantiles: [Double], level: Double, expected: Double) {
    #expect(abs(Pinball.mean([1, 2, 3], quantiles, level: level) - expected) < 1e-12)
  }

  @Test("Wilson's interval")
  func wilson() {
    let interval = Coverage.wilson(hits: 95, of: 100)
    #expect(abs(interval.low - 0.888_250) < 1e-5)
    #expect(abs(interval.high - 0.978_462) < 1e-5)
    #expect(Coverage.wilson(hits: 10, of: 10).high > 0.999_999)
  }

  @Test("weeks in which everything is late widen the interval")
  func dependence() {
    // The same 95 %: spread evenly, and in whole weeks.
    var even: [(day: Int32, onTime: Bool)] = []
    var weekly = even
    for number in 0..<4000 {
      let day = Int32(number / 10)
      even.append((day, number % 20 != 0))
      weekly.append((day, day / 7 % 20 != 3))
    }
    let independent = Coverage(even)
    let dependent = Coverage(weekly)
    #expect(independent.count == 4000)
    #expect(independent.share == 0.95)
    let wilson = Coverage.wilson(hits: 3800, of: 4000)
    #expect(independent.low == wilson.low && independent.high == wilson.high)
    #expect(dependent.high - dependent.low > 4 * (wilson.high - wilson.low))
    #expect(Coverage([]).high == 1)
  }

  private func orders(_ rows: [(day: Int32, delivered: Int, estimated: Int)]) -> [JudgedOrder] {
    // A curve in tenths: within d days with chance d / 10.
    let curve = ChanceCurve(chances: (0...10).map { Int32($0 << 30 / 10) })
    return rows.map {
      JudgedOrder(
        purchasedOn: $0.day, delivered: $0.delivered, estimated: $0.estimated, service: curve,
        lane: ChanceCurve(chances: [0, 1 << 29, 1 << 30]))
    }
  }

  @Test("a tie is the lowest confidence that is on time as often")
  func tie() {
    // The marketplace says 9 days always and is on time with three of four.
    let some = orders([(0, 2, 9), (0, 4, 9), (0, 6, 9), (0, 12, 9)])
    let tie = Judgement.tie(some, applied: some) { $0.service }
    #expect(tie.service.onTimeRate == 0.75)
    #expect(tie.service.meanDays == 6)
    #expect(tie.service.medianDays == 6)
    // Six days are promised just above the chance of five.
    #expect(tie.confidence > 0.5 && tie.confidence < 0.5 + 1e-8)
    #expect(tie.meanDifference == 3)
    #expect(tie.daysSooner == 3)
    // Applied to others, their rates differ: 6 days keep one of two, 9 days both. Five days of the
    // marketplace would have kept one as well.
    let others = orders([(9, 5, 9), (9, 8, 9)])
    let ahead = Judgement.tie(some, applied: others) { $0.service }
    #expect(ahead.service.onTimeRate == 0.5)
    #expect(ahead.marketplace.onTimeRate == 1)
    #expect(ahead.meanDifference == 3)
    #expect(ahead.daysSooner == -1)
  }

  @Test("months and halves of a window are told apart")
  func halves() {
    // 2017-07-31 and 2017-08-01.
    let rows = orders([(17_378, 2, 5), (17_379, 8, 5)])
    let judgement = Judgement(rows, from: 17_378, to: 17_379)
    #expect(judgement.months.map(\.yyyymm) == [201_707, 201_708])
    #expect(judgement.months.map(\.marketplace.share) == [1, 0])
    // At 0.95 the curve says 10 days.
    #expect(judgement.service.meanDays == 10)
    #expect(judgement.coverage.share == 1)
    #expect(judgement.ahead.marketplace.onTimeRate == 0)
    #expect(judgement.lane.meanDays == 2)
    // The loss at 0.5 of saying 5 and 5 for 2 and 8 days.
    #expect(judgement.losses.marketplace[0] == 1.5)
  }
}
