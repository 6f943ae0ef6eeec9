import PromisedModel
import Testing

@testable import PromisedEngine

/// What sellers signal: an input of the item's demand, scored against what happened.
@Suite struct SignalTests {
  /// A of S1 sells 10 a day as declared; 400 of it and of B are in F1.
  private func desk(at date: String = "2026-03-16") throws -> Desk {
    let desk = try Desk.storage(at: date)
    try desk.put(
      Rows.items([Rows.Item(key: "A", demandMilli: 10_000), Rows.Item(key: "B")]))
    try desk.put(Rows.positions([("A", "F1", 400, 0, 0), ("B", "F1", 400, 0, 0)]))
    return desk
  }

  private func inStock(
    _ desk: Desk, _ items: [String], days: Int32 = 46, source: DemandSource? = nil
  ) throws -> [InStockRow] {
    var reply = InStockReply()
    try desk.state.answer(
      InStockQuery(
        items: desk.lender.keys(items), horizonDays: days, source: source), at: desk.now,
      into: &reply)
    return items.indices.map { InStockRow(reply, $0) }
  }

  @Test func aSignalEntersTheForecastLabelledAndWeighed() throws {
    let desk = try desk()
    try desk.put(Rows.positions([("A", "F1", 600, 0, 0)]))
    let before = try inStock(desk, ["A", "B"])
    #expect(before[0].met > 0 && before[0].signalled == nil && before[1].source == .none)
    // 500 more in April, for sure; a seller that nothing is known of weighs one half.
    try desk.signal([("A", 202_604, 500, 500, 1000)])
    let after = try inStock(desk, ["A", "B"])
    #expect(after[0].source == .declaredRate && after[0].weight == 500)
    #expect(after[0].signalled == 250_000, "30 of 30 days of April are within 46 days")
    #expect(after[0].met < before[0].met && after[0].neverOut < before[0].neverOut)
    #expect(after[1].signalled == 0 && after[1].weight == 0, "B has none")
    #expect(try inStock(desk, ["A"], days: 15)[0].signalled == 0, "April has not begun by then")
    #expect(try inStock(desk, ["A"], days: 31)[0].signalled == 125_000, "half of April")
    // One source alone is that source alone.
    #expect(try inStock(desk, ["A"], source: .declaredRate)[0].met == before[0].met)
    #expect(try inStock(desk.restarted(), ["A", "B"]) == after)
  }

  /// A launch: nothing is known of the item but what its seller says.
  @Test func aLaunchThatNoModelKnowsHasADemand() throws {
    let desk = try desk()
    try desk.signal([("B", 202_604, 300, 500, 1000)])
    let row = try inStock(desk, ["B"])[0]
    #expect(row.source == .signals && row.signalled == 200_000)
    // With one half 300 to 500 are wanted, else nothing: 400 are enough for most of it.
    #expect(row.met > 32_768 && row.met < 65_535)
    try desk.put(Rows.positions([("B", "F1", 100, 0, 0)]))
    #expect(try inStock(desk, ["B"])[0].met < row.met)
    // Of another seller's item nothing is taken.
    try desk.signal([("C", 202_604, 300, 500, 1000)])
    #expect(try inStock(desk, ["C"])[0].source == .none)
  }

  /// What is scored is what was said before the month began.
  @Test func aSignalIsScoredByWhatWasSaidInAdvance() throws {
    var desk = try desk(at: "2026-02-20")
    try desk.signal([("A", 202_603, 100, 100, 1000), ("B", 202_603, 90, 90, 1000)])
    // Said anew before the month: that counts.
    try desk.signal([("B", 202_603, 100, 100, 1000)])
    desk.go(to: "2026-03-15")
    try desk.feed([("A", "F1", .shipment, 310), ("B", "F1", .shipment, 50)], from: 1)
    // When it turns out otherwise, the forecast follows and the score does not.
    try desk.signal([("A", 202_603, 0, 0, 1), ("B", 202_603, 50, 50, 1000)])
    try desk.signal([("B", 202_603, 0, 0, 0)])
    desk = desk.restarted()
    desk.go(to: "2026-04-01")
    let scores = desk.state.signals.rows.map { desk.state.score(of: $0) }
    // A sold as usual, 310 of 310: 100 were said. B sold 50 of 100.
    #expect(scores == [0, 500])
    let april = try #require(Month(yyyymm: 202_604))
    #expect(desk.state.signalWeight(of: 0, before: april) == (2000 + 500) / 6)
    // And it is what the next one weighs.
    try desk.signal([("A", 202_604, 500, 500, 1000)])
    #expect(try inStock(desk, ["A"])[0].weight == 416)
  }

  /// Who says that anything may happen has said nothing; afterwards nothing is said at all.
  @Test func weightIsNotToBeHadForNothing() throws {
    let desk = try desk(at: "2026-02-20")
    try desk.signal([("B", 202_603, -1_000_000, 1_000_000, 1000)])
    let march = try #require(Month(yyyymm: 202_603))
    desk.go(to: "2026-04-01")
    #expect(desk.state.score(of: desk.state.signals.rows[0]) == 0)
    for month: UInt32 in [202_603, 202_602] {
      let no = desk.refusal { () throws(Refusal) in try desk.signal([("A", month, 0, 9, 1000)]) }
      #expect(no?.code == .fieldOutOfRange && no?.message.contains("202604") == true)
    }
    // A load, which nobody can refuse a row of, drops it.
    try desk.put(Rows.signals([("A", 202_603, 0, 9, 1000)]))
    #expect(desk.state.signals.rows.count == 1)
    #expect(desk.state.signalWeight(of: 0, before: march) == 500)
  }

  /// It began when the month was half over: it is held against the rest of it.
  @Test func aSignalOfTheRunningMonthIsHeldAgainstTheRestOfIt() throws {
    let desk = try desk()
    try desk.feed([("A", "F1", .shipment, 150)], from: 1)
    try desk.signal([("A", 202_603, 100, 100, 1000)])
    try desk.feed([("A", "F1", .shipment, 250)], from: 2)
    desk.go(to: "2026-04-01")
    // 15½ days at 10: 155, and 95 more.
    #expect(desk.state.score(of: desk.state.signals.rows[0]) == 950)
  }

  /// The baseline is what was known of the item, wherever from.
  @Test func aSignalIsHeldAgainstWhatWasLearned() throws {
    let desk = try desk(at: "2026-01-05")
    for day in 6...31 {
      desk.go(to: "2026-01-\(day < 10 ? "0" : "")\(day)")
      try desk.feed([("B", "F1", .shipment, 4)], from: UInt64(day - 5))
    }
    desk.go(to: "2026-02-01")
    try desk.signal([("B", 202_603, 10, 20, 500)])
    let rate = desk.state.signals.rows[0].baselinePerDayMilli
    #expect(rate > 3_000 && rate < 5_000, "\(rate)")
    #expect(desk.restarted().state.digest() == desk.state.digest())
  }
}

private struct InStockRow: Equatable {
  var source: DemandSource
  var met: UInt32
  var neverOut: UInt32
  /// nil = the column is absent.
  var signalled: Int64?
  var weight: UInt32?

  init(_ reply: borrowing InStockReply, _ row: Int) {
    source = DemandSource(rawValue: reply.demandSources[row]) ?? .none
    met = reply.demandMet[row]
    neverOut = reply.neverOut[row]
    if reply.signalledMilli.count == 0 { return }
    signalled = reply.signalledMilli[row]
    weight = reply.signalWeightsPermille[row]
  }
}
