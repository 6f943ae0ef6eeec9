import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct InStockRateTests {
  /// Known answer S21: velocity 2 in stock half the time, velocity 3 all the time.
  @Test func knownAnswerS21() {
    var rates = InStockRates()
    rates.add(StockHistory(days: 28, share: 0.5, velocity: 2), views: 1)
    rates.add(StockHistory(days: 28, share: 1, velocity: 3), views: 3)
    rates.add(StockHistory(), views: 1000)
    #expect(abs(rates.rates.demand - 0.8) < 1e-12)
    #expect(abs(rates.rates.time - 0.75) < 1e-12)
    #expect(abs(rates.rates.views - 0.875) < 1e-12)
  }

  @Test func noHistoryHasNoRate() {
    let rates = InStockRates().rates
    #expect(rates.demand == 0 && rates.time == 0 && rates.views == 0)
  }

  /// The same through the state: an item that is out half of each day, and one that is not.
  @Test func ratesComeFromTheDaysThatWereKept() throws {
    let desk = Desk()
    desk.now = UnixMilliseconds(20_718 * 86_400_000)
    try desk.put(Rows.nodes(["F1"]))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A"), Rows.Item(key: "B"), Rows.Item(key: "C")]))
    var sequence: UInt64 = 1
    for _ in 0..<10 {
      try desk.feed(
        [
          ("A", "F1", .receipt, 1), ("A", "F1", .shipment, 0), ("B", "F1", .count, 9),
          ("B", "F1", .shipment, 3),
        ], from: sequence)
      desk.now.milliseconds += 43_200_000
      try desk.feed([("A", "F1", .shipment, 1)], from: sequence + 4)
      desk.now.milliseconds += 43_200_000
      sequence += 5
    }
    try desk.feed([("A", "F1", .receipt, 1), ("B", "F1", .count, 9)], from: sequence)
    var reply = InStockReply()
    let query = InStockQuery(
      items: desk.lender.keys(["A", "B", "C"]), horizonDays: 7,
      views: desk.lender.column([UInt64(9), 1, 5]))
    try desk.state.answer(query, at: desk.now, into: &reply)
    #expect(reply.ratedItems == 2 && reply.historyDays[2] == 0)
    #expect(abs(Int(reply.inStockShares[1]) - 65_535) < 400)
    // A sells 2 a day while it is there and is there half the time; B 3 and always. Its first day
    // began with its first sale.
    #expect(abs(Double(reply.rateByDemand) / 65_535 - 0.8) < 0.025, "\(reply.rateByDemand)")
    #expect(abs(Double(reply.rateByTime) / 65_535 - 0.75) < 0.03)
    #expect(abs(Double(reply.rateByViews) / 65_535 - 0.55) < 0.05)
    let wrong = desk.refusal { () throws(Refusal) in
      try desk.state.answer(
        InStockQuery(
          items: desk.lender.keys(["A", "B"]), horizonDays: 7,
          views: desk.lender.column([UInt64(1)])), at: desk.now, into: &reply)
    }
    #expect(wrong?.code == .columnLengthMismatch)
  }

  /// Cover, dates and reasons of an item with a declared rate.
  @Test func datesAndCoverSayWhenItIsSoldOut() throws {
    let desk = Desk()
    try desk.put(Rows.nodes(["F1"]))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(
      Rows.items([Rows.Item(key: "A", demandMilli: 2000), Rows.Item(key: "B", demandMilli: 2000)]))
    try desk.put(Rows.positions([("A", "F1", 20, 0, 0), ("B", "F1", 0, 0, 0)]))
    try desk.put(
      Rows.inbound([
        ("I1", "A", "F1", 900, desk.now.seconds + 12 * 86_400, .shipped),
        ("I2", "B", "F1", 5, desk.now.seconds - 60, .shipped),
      ]))
    var reply = InStockReply()
    try desk.state.answer(
      InStockQuery(items: desk.lender.keys(["A", "B"]), horizonDays: 14), at: desk.now,
      into: &reply)
    #expect(reply.daysOfCoverMilli[0] == 10_000 && reply.reasons[0] == 0)
    #expect(reply.reasons[1] == InStockReason.inboundOverdue.rawValue)
    // At the end nearly surely there; in between it ran out with a good half.
    #expect(reply.stillBuyable[0] > 65_000 && reply.neverOut[0] < 26_000)
    let day = { (instant: Int64) in (instant - desk.now.seconds) / 86_400 }
    #expect(day(reply.stockOutP10UnixSeconds[0]) == 8)
    #expect((9...11).contains(day(reply.stockOutP50UnixSeconds[0])))
    #expect(day(reply.stockOutP90UnixSeconds[0]) > 300 || reply.stockOutP90UnixSeconds[0] == 0)
    #expect(reply.neverOut[1] == 0 && day(reply.stockOutP10UnixSeconds[1]) == 1)
    #expect(reply.demandAgeSeconds[0] == -1)
  }
}
