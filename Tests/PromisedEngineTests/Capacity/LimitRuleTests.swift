import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct LimitRuleTests {
  private func code(_ desk: Desk, _ rows: PutRows) -> OutcomeCode? {
    desk.refusal { () throws(Refusal) in try desk.announce(rows) }?.code
  }

  @Test func aPublishedEstimateIsNotLoweredWithinItsWindow() throws {
    let desk = try Desk.storage()
    let window = noon("2026-04-10")
    try desk.announce(
      Rows.limit(202_605, .estimated, 900 * cubicFoot, windowEnd: window))
    #expect(code(desk, Rows.limit(202_605, .estimated, 899 * cubicFoot)) == .limitPublished)
    #expect(code(desk, Rows.limit(202_605, .confirmed, 899 * cubicFoot)) == .limitPublished)
    #expect(
      code(desk, Rows.limit(202_605, .estimated, 950 * cubicFoot, windowEnd: window)) == nil)
    #expect(try desk.room(202_605)?.limit == 950 * cubicFoot)
    // The refused ones left no trace; an end of the window lets it move.
    desk.go(to: "2026-04-11")
    #expect(code(desk, Rows.limit(202_605, .estimated, 500 * cubicFoot)) == nil)
    #expect(desk.state.limitChanges.rows.map(\.after) == [900, 950, 500].map { $0 * cubicFoot })
    #expect(desk.state.limitChanges.rows.allSatisfy { $0.cause == LimitCause.forecast.rawValue })
  }

  @Test func aConfirmedLimitHoldsThroughItsMonth() throws {
    let desk = try Desk.storage()
    try desk.announce(Rows.limit(202_604, .confirmed, 900 * cubicFoot))
    #expect(code(desk, Rows.limit(202_604, .confirmed, 800 * cubicFoot)) == .limitPublished)
    try desk.announce(Rows.limit(202_604, .noLimit, 0))
    #expect(
      code(desk, Rows.limit(202_604, .confirmed, .max / 1_000)) == .fieldOutOfRange
        || code(desk, Rows.limit(202_604, .confirmed, 1000 * cubicFoot)) == .limitPublished)
    #expect(try desk.room(202_604)?.headroom == -1)
  }

  @Test func anOperatorCutsWithCauseAndNotice() throws {
    let desk = try Desk.storage()
    try desk.announce(Rows.limit(202_604, .confirmed, 900 * cubicFoot))
    let low = 100 * cubicFoot
    #expect(
      code(desk, Rows.limit(202_604, .confirmed, low, forced: true, notice: "flood"))
        == .fieldMissing)
    #expect(
      code(desk, Rows.limit(202_604, .confirmed, low, cause: .operatorCut, forced: true))
        == .fieldMissing)
    try desk.announce(
      Rows.limit(
        202_604, .confirmed, low, cause: .operatorCut, forced: true, notice: "flood in F1"))
    let change = try #require(desk.state.limitChanges.rows.last)
    #expect(change.isForced && change.notice == Name("flood in F1"))
    #expect(change.before == 900 * cubicFoot && change.after == low)
    #expect(try desk.room(202_604)?.limit == low)
  }

  @Test func aLimitLoweredAlthoughSalesRoseIsFlagged() throws {
    let desk = try Desk.storage()
    try desk.put(Rows.positions([("A", "F1", 1000, 0, 0), ("C", "F1", 1000, 0, 0)]))
    try desk.announce(Rows.limit(202_604, .confirmed, 900 * cubicFoot))
    try desk.announce(Rows.limit(202_604, .confirmed, 900 * cubicFoot, seller: "S2"))
    try desk.feed([("A", "F1", .shipment, 10), ("C", "F1", .shipment, 30)], from: 1)
    desk.go(to: "2026-04-05")
    try desk.feed([("A", "F1", .shipment, 20), ("C", "F1", .shipment, 20)], from: 3)
    desk.go(to: "2026-05-02")
    // Last month S1 sold more than the month before, S2 less; both get less than they had.
    try desk.announce(Rows.limit(202_605, .confirmed, 800 * cubicFoot))
    try desk.announce(Rows.limit(202_605, .confirmed, 800 * cubicFoot, seller: "S2"))
    let flagged = desk.restarted().state.limitChanges.rows.filter(\.isQuestionable)
    #expect(flagged.map(\.seller) == [Name("S1")] && flagged.map(\.month) == [202_605])
    var reply = ListReply()
    try desk.state.report(ReportQuery(report: .questionableChanges), at: desk.now, into: &reply)
    #expect(reply.cellLengths.count == reply.columns.count)
  }

  @Test func monthsAreThoseOfTheMarketplaceAlsoWhenClocksChange() throws {
    let rows = try #require(Rows.nodes(["F1", "F2"], zone: "America/New_York"))
    let desk = try Desk.storage(at: "2026-03-01")
    try desk.put(rows)
    try desk.announce(
      Rows.limits([
        ("S1", .standard, 202_603, .confirmed, 10 * cubicFoot),
        ("S1", .standard, 202_604, .confirmed, 20 * cubicFoot),
        ("S1", .standard, 202_610, .confirmed, 20 * cubicFoot),
        ("S1", .standard, 202_611, .confirmed, 10 * cubicFoot),
      ]))
    // New York is at UTC−4 at the end of March (from the 8th on) and at UTC−5 from 1 November on.
    let april = noon("2026-04-01") - 43_200 + 4 * 3600
    let november = noon("2026-11-01") - 43_200 + 4 * 3600
    try desk.put(Rows.inbound([("last of March", "A", "F1", 3, april - 1, .shipped)]))
    #expect(try desk.room(202_603)?.openInbound == 3 * cubicFoot)
    try desk.put(Rows.inbound([("last of March", "A", "F1", 3, april, .shipped)]))
    #expect(try desk.room(202_603)?.openInbound == 0)
    #expect(try desk.room(202_604)?.openInbound == 3 * cubicFoot)
    #expect(
      desk.refusal { () throws(Refusal) in
        try desk.admit("P", [SentLine("A", "F1", 8, eta: november)])
      }?.code == .sellerLimitReached)
    #expect(
      desk.state.start(of: try #require(Month(yyyymm: 202_611)), marketplace: Name("US"))
        == november)
    // The running month changes at midnight there.
    desk.now = UnixMilliseconds(april * 1000 - 1)
    #expect(try desk.room(202_603) != nil)
    desk.now = UnixMilliseconds(april * 1000)
    #expect(try desk.room(202_603) == nil && desk.room(202_604) != nil)
    // A marketplace that moves to another zone moves what is due.
    try desk.put(Rows.inbound([("edge", "A", "F1", 3, november - 1, .shipped)]))
    #expect(try desk.room(202_610)?.openInbound == 6 * cubicFoot)
    try desk.put(Rows.nodes(["F1", "F2"]))
    #expect(try desk.room(202_610)?.openInbound == 3 * cubicFoot, "it is November in UTC")
    #expect(desk.state.storageDifferences().isEmpty)
  }

  @Test func policiesDecideWhereNothingIsAnnounced() throws {
    let desk = try Desk.storage()
    try desk.put(
      .sellers([
        Seller(
          name: Name("S1"), title: .empty, marketplace: Name("US"),
          startDays: Int32(noon("2026-03-01") / 86_400)),
        Seller(
          name: Name("S2"), title: .empty, marketplace: Name("US"), isIndividual: true),
      ]))
    try desk.put(Rows.positions([("A", "F1", 5, 0, 0), ("C", "F1", 5, 0, 0)]))
    // 39 weeks from 1 March end on 29 November.
    #expect(try desk.room(202_603)?.headroom == -1 && desk.room(202_611)?.headroom == -1)
    #expect(try desk.room(202_612)?.kind == 0)
    #expect(try desk.room(202_603, seller: "S2")?.headroom == 10 * cubicFoot)
    #expect(try desk.room(202_702, seller: "S2")?.admissible == 10 * cubicFoot)
    try desk.admit("P", [SentLine("A", "F1", 100_000, eta: noon("2026-04-01"))])
    #expect(
      desk.refusal { () throws(Refusal) in
        try desk.admit("Q", [SentLine("C", "F1", 11, eta: 0)], seller: "S2")
      }?.code == .sellerLimitReached)
    // A seller's own policy replaces that of its marketplace; what is announced goes first.
    var policy = CapacityPolicy(seller: Name("S2"))
    policy.individualLimit = 40 * cubicFoot
    policy.typeNames = (1...7).map { Name("t\($0)") }
    try desk.put(.policies([policy]))
    #expect(try desk.room(202_603, seller: "S2")?.headroom == 35 * cubicFoot)
    try desk.announce(Rows.limit(202_603, .confirmed, 7 * cubicFoot, seller: "S2"))
    #expect(try desk.room(202_603, seller: "S2")?.headroom == 2 * cubicFoot)
    let copy = desk.restarted()
    #expect(copy.state.digest() == desk.state.digest())
    #expect(try copy.room(202_603, seller: "S2") == desk.room(202_603, seller: "S2"))
    let words = desk.refusal { () throws(Refusal) in
      try desk.admit("Q", [SentLine("C", "F1", 11, eta: 0)], seller: "S2")
    }
    #expect(words?.message.contains("t1 storage") == true)
  }

  @Test func aLimitOfZeroIsNotNoLimit() throws {
    let desk = try Desk.storage()
    try desk.announce(Rows.limit(202_603, .confirmed, 0))
    #expect(try desk.room(202_603)?.headroom == 0 && desk.room(202_603)?.kind == 1)
    try desk.announce(Rows.limit(202_603, .noLimit, 0))
    #expect(try desk.room(202_603)?.headroom == -1)
  }
}
