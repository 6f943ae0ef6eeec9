import PromisedModel
import Testing

@testable import PromisedEngine

/// In stock where nothing is left, where supply is due this second, and at the limits of forecasts.
@Suite struct InStockEdgeTests {
  private func answer(_ desk: Desk, _ item: String, days: Int32 = 4) throws(Refusal) -> InStockReply
  {
    var reply = InStockReply()
    try desk.state.answer(
      InStockQuery(items: desk.lender.keys([item]), horizonDays: days), at: desk.now, into: &reply)
    return reply
  }

  @Test func nothingLeftIsSaid() throws {
    let desk = try Desk.small()
    try desk.put(Rows.items([Rows.Item(key: "A", demandMilli: 2000)]))
    try desk.put(Rows.positions([("A", "F1", 1, 0, 0)]))
    #expect(try answer(desk, "A").reasons[0] == InStockReason.none.rawValue)
    try desk.hold([Line("A", "F1", 1)])
    let out = try answer(desk, "A")
    #expect(out.reasons[0] == InStockReason.outNow.rawValue && out.availableNow[0] == 0)
    #expect(out.neverOut[0] == 0 && out.stillBuyable[0] == 0)
  }

  /// Supply of this very second is not to come any more: nobody has said when it does.
  @Test func theNextSupplyIsAfterNow() throws {
    let desk = try Desk.small()
    try desk.put(
      Rows.inbound([
        ("S0", "A", "F1", 5, desk.now.seconds, .shipped),
        ("S1", "A", "F2", 6, desk.now.seconds + 9, .shipped),
      ]))
    let reply = try answer(desk, "A")
    #expect(reply.nextSupplyUnixSeconds[0] == desk.now.seconds + 9)
    #expect(reply.nextSupplyQuantities[0] == 6)
    let refusal = desk.refusal { () throws(Refusal) in try desk.hold([Line("A", "F1", 11)]) }
    #expect(refusal?.nextSupplyUnixSeconds == 0)
  }

  @Test func horizonsAndSharesHaveTheirEnds() throws {
    let desk = try Desk.small()
    func code(_ days: Int32, _ share: Int32) -> OutcomeCode? {
      desk.code { () throws(Refusal) in
        var reply = InStockReply()
        try desk.state.answer(
          InStockQuery(items: desk.lender.keys(["A"]), horizonDays: days, demandShareMilli: share),
          at: desk.now, into: &reply)
      }
    }
    #expect(code(1, 1) == nil && code(365, 1000) == nil)
    #expect(code(0, 1000) == .fieldOutOfRange && code(366, 1000) == .fieldOutOfRange)
    #expect(code(1, 0) == .fieldOutOfRange && code(1, 1001) == .fieldOutOfRange)
  }

  @Test func levelsOfAForecastAscend() throws {
    let desk = try Desk.small()
    func code(_ levels: [UInt16]) -> OutcomeCode? {
      var rows = ForecastRows()
      rows.keys.append(Array("A".utf8))
      rows.levels = levels
      rows.regionNames = [.empty]
      rows.regions = [0]
      rows.issuedUnixSeconds = [desk.now.seconds]
      rows.startDays = [Int32(desk.now.seconds / 86_400)]
      rows.periodDays = [7]
      rows.periods = [1]
      rows.cumulative = [0]
      rows.valuesMilli = levels.indices.map { Int64($0) * 1000 }
      return desk.code { () throws(Refusal) in try desk.state.validate(.forecasts(rows)) }
    }
    #expect(code([1, 5000, 9999]) == nil && code([5000, 5001]) == nil)
    for levels: [UInt16] in [[], [0], [5000, 5000], [5000, 4999], [10_000]] {
      #expect(code(levels) == .fieldOutOfRange, "\(levels)")
    }
  }

  /// A rate of tens of millions of units a day is learned as it is.
  @Test func aVeryQuickItemHasItsRate() {
    var learner = DemandLearner()
    guard let place = learner.begin(item: 1, category: 0, day: 0) else {
      Issue.record("no room")
      return
    }
    for _ in 0..<300 {
      learner.sell(place, units: 50_000_000)
      learner.close(place, inStock: 255, onHand: 9)
    }
    let rate = learner.items.at(place).pointee.rate.means(prior: 1 << 20).slow >> 20
    #expect(abs(rate - 50_000_000) < 2_000_000, "\(rate)")
  }

  /// How wide outcomes of a size are is believed by how unevenly its items sell, as far as all do; never
  /// wider than all are before any were seen to be.
  @Test func whatIsSeldomSeenIsBelievedNoWiderThanTheRest() {
    func prediction(_ units: Int64, own: Int64) -> DemandPrediction {
      let mean = units << 20
      let place = DemandClasses.place(of: mean)
      return DemandPrediction(
        expected: mean, mean: mean, excess: 1 << 18, ownExcess: own << 20, fast: mean, slow: mean,
        place: place, slowPlace: place)
    }
    // Large items come out a half off. Two small ones were seen, more uneven than those or less.
    for (large, small, most) in [
      (Int64(1) << 14, Int64(1) << 16, Int64(1) << 18), (1 << 24, 0, 1 << 16),
    ] {
      var classes = DemandClasses()
      classes.begin(0)
      for day in 0..<200 {
        classes.observe(day % 2 == 0 ? 2048 : 6144, prediction(4096, own: large))
      }
      for _ in 0..<2 { classes.observe(16, prediction(16, own: small)) }
      classes.begin(1)
      func excess(_ units: Int64) -> Int64 {
        classes.read(DemandClasses.Reading.excess, at: DemandClasses.place(of: units << 20))
      }
      #expect(abs(excess(4096) - 1 << 18) < 1 << 15, "\(excess(4096))")
      #expect(excess(16) > 0 && excess(16) <= most, "\(excess(16))")
    }
  }
}
