import PromisedModel
import Testing

@testable import PromisedEngine

/// S32, S34, S35 and the rules of the auction, as the reference documents state them.
@Suite struct CapacityKnownAnswerTests {
  private let march = Month(yyyymm: 202_603)

  @Test func knownAnswerS32MeanOverageAndFee() throws {
    let month = try #require(march)
    let excess = (4 * 100 + 27 * 20) * cubicFoot
    #expect(Overage.mean(excessDays: excess, of: month) / 10_000 == 3032)
    let fee = Overage.fee(excessDays: excess, of: month, perCubicFoot: 100_000)
    #expect(fee == 3_032_258, "303.2258")
  }

  /// The same through the service: 1,100 on days 1 to 4, 1,020 on days 5 to 31.
  @Test func knownAnswerS32CountedDayByDay() throws {
    let desk = try Desk.storage(at: "2026-02-28")
    var policy = CapacityPolicy(marketplace: Name("US"))
    policy.chargesOverage = true
    try desk.put(.policies([policy]))
    try desk.put(Rows.limits([("S1", .standard, 202_603, .confirmed, 1000 * cubicFoot)]))
    // Before March there is no limit that could be exceeded.
    try desk.put(Rows.positions([("A", "F1", 1100, 0, 0)]))
    // Open inbound counts to the limit, not to overage.
    try desk.put(Rows.inbound([("I", "A", "F1", 500, noon("2026-03-20"), .shipped)]))
    for day in 1...31 {
      desk.go(to: "2026-03-\(day < 10 ? "0" : "")\(day)")
      if day == 5 { try desk.put(Rows.positions([("A", "F1", 1020, 0, 0)])) }
    }
    desk.go(to: "2026-04-01")
    let row = try #require(desk.state.overage.rows.first)
    #expect(row.month == 202_603 && row.days == 31)
    #expect(row.excessDays == 940 * cubicFoot)
    let copy = desk.restarted()
    #expect(copy.state.overage.rows == desk.state.overage.rows)
    #expect(copy.state.nextCapacityDay == desk.state.nextCapacityDay)
    // Days that pass while nothing runs are counted with what is there then.
    copy.go(to: "2026-04-03")
    #expect(copy.state.overage.rows.count == 1, "April has no limit")
  }

  @Test func knownAnswerS34NetAfterCredit() {
    func net(_ sales: Int64) -> Int64 {
      16_000_000 - Auction.credit(fee: 16_000_000, sales: sales * 10_000, permille: 150)
    }
    #expect(net(8000) == 4_000_000 && net(12_000) == 0)
    #expect(Auction.credit(fee: 100, sales: .max, permille: 1000) == 100)
  }

  @Test func knownAnswerS35ThirdFullWeek() throws {
    for (month, from, to) in [
      (202_603, "2026-03-15", "2026-03-21"), (202_610, "2026-10-18", "2026-10-24"),
      (202_611, "2026-11-15", "2026-11-21"),
    ] as [(UInt32, String, String)] {
      let week = try #require(Month(yyyymm: month)).announcementWeek
      #expect(Int64(week.from.days) == noon(from) / 86_400)
      #expect(Int64(week.to.days) == noon(to) / 86_400)
    }
    for year in 1999...2030 {
      for number in 1...12 {
        let month = try #require(Month(yyyymm: UInt32(year * 100 + number)))
        let (from, to) = month.announcementWeek
        #expect(from.weekday == 6 && to.weekday == 5)
        #expect(Month(from) == month && Month(to) == month)
        // Two full weeks and no third lie before.
        let before = from.days - month.firstDay.days
        #expect(before >= 14 && before < 21)
      }
    }
  }
}
