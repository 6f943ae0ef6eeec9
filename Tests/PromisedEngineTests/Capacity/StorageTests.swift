import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct StorageTests {
  @Test func unitsOrderedToLeaveCountNoMore() throws {
    let desk = try Desk.storage()
    try desk.announce(Rows.limit(202_603, .confirmed, 100 * cubicFoot))
    try desk.put(Rows.positions([("A", "F1", 80, 30, 0)]))
    try desk.remove("R", .order, [SentLine("A", "F1", 40)])
    #expect(try desk.room(202_603)?.headroom == 60 * cubicFoot)
    #expect(try desk.room(202_603)?.pendingRemoval == 40 * cubicFoot)
    #expect(
      desk.refusal { () throws(Refusal) in
        try desk.remove("R2", .order, [SentLine("A", "F1", 41)])
      }?.availableUnits == 40)
    try desk.remove("R", .cancel, [SentLine("A", "F1", 5)])
    try desk.remove("R", .ship, [SentLine("A", "F1", 32)])
    // What cannot be sold left first.
    #expect(desk.row("A", "F1")?.onHand == 48 && desk.available("A", "F1") == 48)
    #expect(try desk.room(202_603)?.headroom == 55 * cubicFoot)
    #expect(desk.state.pendingUnits(ofRemoval: Name("R")) == 3)
    #expect(
      desk.refusal { () throws(Refusal) in
        try desk.remove("R", .ship, [SentLine("A", "F1", 4)])
      }?.code == .insufficientStock)
    let copy = desk.restarted()
    #expect(copy.state.digest() == desk.state.digest())
    #expect(copy.state.pendingUnits(ofRemoval: Name("R")) == 3)
    try copy.remove("R", .ship, [SentLine("A", "F1", 3)])
    #expect(copy.state.removals.rows.isEmpty && copy.state.storageDifferences().isEmpty)
  }

  @Test func buildingsFillAndSaySo() throws {
    let desk = try Desk.storage()
    try desk.put(
      Rows.buildings([
        ("F1", .standard, 100 * cubicFoot), ("F1", .oversize, 0),
        ("F2", .standard, 100 * cubicFoot),
      ]))
    try desk.put(Rows.positions([("A", "F1", 50, 0, 0), ("C", "F1", 35, 0, 0)]))
    func row(_ node: String) throws -> UtilizationRow? {
      try desk.state.utilization(of: []).first {
        $0.node == Name(node) && $0.storageType == StorageType.standard.rawValue
      }
    }
    #expect(try row("F1")?.permille == 850 && row("F1")?.band == 1)
    try desk.put(Rows.inbound([("I", "C", "F1", 10, 0, .shipped), ("D", "C", "F1", 9, 0, .draft)]))
    #expect(try row("F1")?.permille == 950 && row("F1")?.band == 2 && row("F2")?.band == 0)
    #expect(try row("F1")?.inbound == 10 * cubicFoot, "a draft takes no space")
    try desk.feed([("A", "F1", .shipment, 30)], from: 1)
    #expect(try row("F1")?.stored == 55 * cubicFoot)
    // The free room of all, as advice to a seller.
    try desk.announce(Rows.limit(202_603, .confirmed, 1000 * cubicFoot))
    let room = try #require(try desk.room(202_603, item: "A"))
    #expect(room.networkAdvice == 135 * cubicFoot && room.binding == .network)
    #expect(room.admissibleUnits == 980, "advice bounds nothing")
    let there = try #require(try desk.room(202_603, item: "A", node: "F1"))
    #expect(there.admissibleUnits == 35 && there.binding == .building)
    // An item that changes its volume takes its space along.
    try desk.put(Rows.items([Rows.Item(key: "C", seller: "S2", volume: 2 * cubicFoot)]))
    #expect(try row("F1")?.stored == 90 * cubicFoot && row("F1")?.inbound == 20 * cubicFoot)
    let copy = desk.restarted()
    #expect(try copy.state.utilization(of: []) == desk.state.utilization(of: []))
    #expect(
      desk.refusal { () throws(Refusal) in _ = try desk.state.utilization(of: [Name("F9")]) }?
        .code == .nodeUnknown)
  }

  @Test func theOptimisticAnswerSubtractsLittleSales() throws {
    let desk = try Desk.storage(at: "2026-03-16")
    try desk.put(
      Rows.items([Rows.Item(key: "A", demandMilli: 20_000, ratioMilli: 2000), Rows.Item(key: "B")]))
    try desk.put(Rows.positions([("A", "F1", 900, 0, 0)]))
    try desk.announce(
      Rows.limits([
        ("S1", .standard, 202_603, .confirmed, 1000 * cubicFoot),
        ("S1", .standard, 202_604, .confirmed, 1000 * cubicFoot),
        ("S1", .standard, 202_612, .confirmed, 1000 * cubicFoot),
      ]))
    let now = try #require(try desk.room(202_603, optimistic: true))
    #expect(now.optimistic == now.headroom && now.optimisticSource == 0)
    // 15.5 days at 20 ± √40: the mean is 310, and P10 1.28 deviations below.
    let april = try #require(try desk.room(202_604, optimistic: true))
    let sold = april.optimistic - april.headroom
    let expected = 310 - 1.281_551_565_545 * (15.5 * 40).squareRoot()
    #expect(abs(Double(sold) / 1_000_000 - expected) < 0.01)
    #expect(april.optimisticSource == SellThroughSources.declaredRates && april.optimisticAge == -1)
    // By December more would be sold than there is.
    let december = try #require(try desk.room(202_612, optimistic: true))
    #expect(december.optimistic == 1000 * cubicFoot)
  }

  @Test func laterSignalsWeighWhatEarlierOnesDeserve() throws {
    let desk = try Desk.storage(at: "2026-03-01")
    try desk.put(
      Rows.items([
        Rows.Item(key: "A", demandMilli: 10_000), Rows.Item(key: "B"), Rows.Item(key: "C"),
      ]))
    try desk.put(Rows.positions([("A", "F1", 100_000, 0, 0), ("C", "F1", 100_000, 0, 0)]))
    // A sells 310 in March without any; 400 more are signalled of A, 500 of C.
    try desk.signal([("A", 202_603, 400, 500, 1000), ("C", 202_603, 500, 500, 1000)])
    try desk.feed([("A", "F1", .shipment, 760), ("C", "F1", .shipment, 100)], from: 1)
    desk.go(to: "2026-04-02")
    try desk.feed([("A", "F1", .shipment, 999)], from: 3)
    // 455 beyond the usual of 30½ days lies in the range, which is a fifth of its end wide: 900. 100
    // of 500: 1000 − 400 / 500 = 200.
    #expect(desk.state.signals.rows.map { desk.state.score(of: $0) } == [900, 200])
    let april = try #require(Month(yyyymm: 202_604))
    #expect(desk.state.signalWeight(of: 0, before: april) == (2000 + 1100) / 6)
    #expect(desk.state.signalWeight(of: 1, before: april) == 500)
    let march = try #require(Month(yyyymm: 202_603))
    #expect(desk.state.signalWeight(of: 0, before: march) == 500, "not before the month is over")
    let copy = desk.restarted()
    #expect(copy.state.digest() == desk.state.digest())
    #expect(copy.state.signals.rows.map(\.sold) == [760, 100])
    // Taken back before its month, it is as if it had never been said.
    try desk.signal([("A", 202_605, -5, 20, 500)])
    try desk.signal([("A", 202_605, 0, 0, 0)])
    #expect(desk.state.signals.rows.count == 2)
  }

  @Test func aPageOfTenThousandSellersFitsOneAnswer() throws {
    let desk = Desk()
    desk.now = UnixMilliseconds(noon("2026-03-05") * 1000)
    try desk.put(Rows.nodes(["F1"]))
    let names = (0..<10_050).map { "seller \($0)" }
    try desk.put(Rows.sellers(names))
    var limits = LimitRows()
    limits.sellerNames = names.map { Name($0) }
    for place in names.indices {
      limits.sellers.append(UInt32(place))
      limits.storageTypes.append(StorageType.standard.rawValue)
      limits.months.append(202_603)
      limits.kinds.append(LimitKind.confirmed.rawValue)
      limits.limitsMicroCubicFeet.append(5000 * cubicFoot)
    }
    try desk.put(.limits(limits))
    var reply = HeadroomReply()
    func ask(_ token: [UInt8]) throws {
      reply.removeAll()
      let column = desk.lender.column(token)
      try desk.state.answer(
        HeadroomQuery(
          sellers: .empty, item: .empty, monthCount: 1,
          pageToken: BorrowedBytes(base: column.base, count: column.count), pageSize: 10_000),
        at: desk.now, into: &reply)
    }
    try ask([])
    #expect(reply.sellerLengths.count == 10_000 && reply.months.count == 10_000)
    try ask(reply.nextPageToken)
    #expect(reply.sellerLengths.count == 50 && reply.nextPageToken.isEmpty)
    #expect(reply.headroom[49] == 5000 * cubicFoot)
  }

  @Test func reportsArePaged() throws {
    let desk = try Desk.storage()
    try desk.announce(Rows.limit(202_603, .confirmed, 100 * cubicFoot))
    try desk.announce(Rows.limit(202_604, .confirmed, 90 * cubicFoot))
    // With the plans 89.5 ft³: April's 90 hold for what comes in March, too.
    try desk.put(Rows.positions([("A", "F1", 87, 0, 0)]))
    for index in 0..<5 {
      try desk.admit("P\(index)", [SentLine("B", "F1", 1, eta: noon("2026-03-20"))])
    }
    try desk.put(.policies([CapacityPolicy(marketplace: Name("US"))]))
    try desk.put(Rows.signals([("A", 202_603, 1, 2, 3)]))
    try desk.remove("R", .order, [SentLine("A", "F1", 1)])
    try desk.bid("S1", 5, fee: 5, month: 202_603)
    try desk.clear(5, month: 202_603)
    for report in CapacityReport.allCases {
      var rows = 0
      var token: [UInt8] = []
      repeat {
        var reply = ListReply()
        let column = desk.lender.column(token)
        var query = ReportQuery(report: report, pageSize: 2)
        query.pageToken = BorrowedBytes(base: column.base, count: column.count)
        try desk.state.report(query, at: desk.now, into: &reply)
        #expect(reply.cellLengths.count % reply.columns.count == 0)
        rows += reply.cellLengths.count / reply.columns.count
        token = reply.nextPageToken
      } while !token.isEmpty
      let expected: [CapacityReport: Int] = [
        .nearLimits: 2, .plans: 5, .limitChanges: 2, .bids: 1, .clearings: 1, .signals: 1,
        .removals: 1, .policies: 1,
      ]
      #expect(rows == expected[report] ?? 0, "\(report)")
    }
  }
}
