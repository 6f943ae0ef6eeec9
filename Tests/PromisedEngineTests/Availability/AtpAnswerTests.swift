import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct AtpAnswerTests {
  /// Item A in F1 with 30 on hand and receipts of 40 on days 3 and 5 (of periods that begin with
  /// day 1, which is now), and claims due in the periods.
  private func textbook(orders: [Int64]) throws -> Desk {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F1", 30, 0, 0)]))
    try desk.put(
      Rows.inbound([
        ("S3", "A", "F1", 40, desk.day(2), .shipped), ("S5", "A", "F1", 40, desk.day(4), .shipped),
      ]))
    let node = desk.state.nodeIndex(Name("F1")) ?? 0
    for (period, units) in orders.enumerated() {
      if period == 0 {
        try desk.hold([Line("A", "F1", Int32(units))])
        continue
      }
      desk.state.claimBeyondRows(
        ClaimRow(
          item: desk.token("A"), place: node, isPool: false, due: UInt32(desk.day(Int64(period))),
          channel: 0), Int32(units), allocated: 0)
    }
    return desk
  }

  /// The figures of a receipt's period in the textbook: what it adds to what may be promised.
  private func perReceipt(_ steps: [Int64: Int64]) -> [Int64] {
    var before: Int64 = 0
    return [Int64(0), 2, 4].map { day in
      let units = steps[day] ?? before
      defer { before = units }
      return units - before
    }
  }

  /// S16b: period 1 is now. A step is the cumulative figure with look-ahead; what a receipt adds to
  /// it is the period's figure.
  @Test("S16b: ATP by the textbook, period and cumulative, with look-ahead")
  func knownAnswerS16b() throws {
    let first = try textbook(orders: [10, 5, 12, 9, 20, 8]).atp("A", nodes: ["F1"])
    #expect(first.steps == [0: 15, 2: 34, 4: 46])
    #expect(perReceipt(first.steps) == [15, 19, 12])
    #expect(first.availableNow == 15)
    // The orders of periods 3 and 4 become 30 and 15: more than the receipt between them.
    let second = try textbook(orders: [10, 5, 30, 15, 20, 8]).atp("A", nodes: ["F1"])
    #expect(second.steps == [0: 10, 4: 22])
    #expect(perReceipt(second.steps) == [10, 0, 12])
  }

  @Test func theFirstInstantAndItsSource() throws {
    let desk = try Desk.unaudited()
    try desk.put(
      Rows.inbound([
        ("S1", "A", "F1", 40, desk.day(5), .shipped), ("S2", "A", "F1", 9, desk.day(2), .draft),
      ]))
    func first(_ quantity: Int32) throws -> [String] {
      let row = try desk.atp("A", nodes: ["F1"], quantity: quantity)
      return ["\(row.firstDay ?? -1)", row.source.map { "\($0)" } ?? "none"]
    }
    #expect(try first(10) == ["0", "onHand"] && first(11) == ["5", "inbound"])
    #expect(try first(51) == ["-1", "none"])
    try desk.put(
      Rows.backorders([("A", "F1", .preorder, 20, desk.day(3), 0)]))
    #expect(try first(11) == ["3", "preorder"] && first(31) == ["5", "inbound"])
    #expect(try first(70) == ["5", "preorder"] && first(71) == ["-1", "none"])
    try desk.put(Rows.backorders([("A", "F1", .backorder, 20, 0, 0)]))
    #expect(try first(30) == ["5", "inbound"] && first(51) == ["-1", "none"])
    try desk.put(Rows.inbound([("S1", "A", "F1", 0, desk.day(5), .shipped)]))
    #expect(try first(30) == ["0", "backorder"] && first(31) == ["-1", "none"])
    #expect(try desk.atp("A", nodes: ["F1"]).backorderLeft == 20)
    // Until then, and no longer.
    try desk.put(Rows.backorders([("A", "F1", .backorder, 20, 0, desk.now.seconds)]))
    #expect(try first(30) == ["-1", "none"])
  }

  /// More steps than an answer has room for: the last ones are left out, which is never too many units.
  @Test func stepsBeyondTheLimitAreLeftOut() throws {
    let desk = try Desk.unaudited()
    try desk.put(
      Rows.inbound((1...80).map { ("S\($0)", "A", "F1", 2, desk.day(Int64($0)), .shipped) }))
    let row = try desk.atp("A", nodes: ["F1"])
    #expect(row.steps.count == Limits.atpSteps && row.steps[63] == 10 + 2 * 63)
    #expect(row.steps[64] == nil)
  }

  @Test func overdueSupplyCountsOnlyWhileItIsReceived() throws {
    let desk = try Desk.unaudited()
    try desk.put(
      Rows.inbound([
        ("S1", "A", "F1", 40, desk.day(-2), .shipped),
        ("S2", "A", "F1", 7, desk.day(-2), .receiving),
      ]))
    #expect(try desk.atp("A", nodes: ["F1"]).steps == [0: 10, 1: 17])
  }

  @Test func placesAreNodesGroupsAndTheNetwork() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F2", 5, 0, 0)]))
    try desk.put(Rows.groups([("west", ["F1", "F3"]), ("all", ["F1", "F2", "F3"])]))
    try desk.put(Rows.inbound([("S1", "A", "F3", 4, desk.day(1), .shipped)]))
    #expect(try desk.atp("A", groups: ["west"]).steps == [0: 10, 1: 14])
    #expect(try desk.atp("A", groups: ["all"]).steps == [0: 15, 1: 19])
    #expect(try desk.atp("A").steps == [0: 15, 1: 19])
    #expect(try desk.atp("A", nodes: ["F3"]).steps == [0: 0, 1: 4])
    #expect(try desk.atp("A", nodes: ["F3"], horizon: 1).firstDay == 1)
    desk.now = UnixMilliseconds(desk.now.milliseconds - 86_400_001)
    #expect(try desk.atp("A", nodes: ["F3"], horizon: 1).firstDay == nil)
    // A node short of what it owes takes nothing from another's stock.
    desk.now = UnixMilliseconds(desk.now.milliseconds + 86_400_001)
    try desk.hold([Line("A", "F2", 5)])
    try desk.feed([("A", "F2", .count, 2)], from: 1)
    #expect(try desk.atp("A", nodes: ["F2"]).availableNow == -3)
    #expect(try desk.atp("A").availableNow == 10)
  }

  @Test func whatIsAskedIsCheckedAndNamed() throws {
    let desk = try Desk.unaudited()
    func code(_ query: AtpQuery) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in
        var reply = AtpReply()
        try desk.state.answer(query, at: desk.now, into: &reply)
      }?.code
    }
    let lender = desk.lender
    let items = lender.keys(["A", "B"])
    #expect(code(AtpQuery(items: lender.keys([]))) == .fieldMissing)
    #expect(code(AtpQuery(items: lender.keys(["Z"]))) == .itemUnknown)
    #expect(code(AtpQuery(items: items, groupNames: lender.names(["g"]))) == .groupUnknown)
    #expect(code(AtpQuery(items: items, nodeNames: lender.names(["N9"]))) == .nodeUnknown)
    #expect(code(AtpQuery(items: items, channel: lender.bytes("c"))) == .channelUnknown)
    #expect(code(AtpQuery(items: items, horizonDays: 366)) == .fieldOutOfRange)
    #expect(
      code(AtpQuery(items: items, quantities: lender.column([1]))) == .columnLengthMismatch)
    #expect(
      code(AtpQuery(items: items, quantities: lender.column([1, 0]))) == .fieldOutOfRange)
    #expect(
      code(
        AtpQuery(items: items, pairItems: lender.column([0]), pairPlaces: lender.column([1])))
        == .fieldOutOfRange)
    #expect(code(AtpQuery(items: items, pairItems: lender.column([0]))) == .columnLengthMismatch)
    let many = lender.column(Array(repeating: UInt32(0), count: Limits.atpPairs + 1))
    #expect(code(AtpQuery(items: items, pairItems: many, pairPlaces: many)) == .tooManyRows)
    var reply = AtpReply()
    try desk.state.answer(
      AtpQuery(
        items: lender.keys(["A", "Z", "B"]), nodeNames: lender.names(["F1", "F2"]),
        pairItems: lender.column([2, 1, 0]), pairPlaces: lender.column([0, 0, 1])),
      at: desk.now, into: &reply)
    #expect((0..<3).map { reply.codes[$0] } == [0, UInt32(OutcomeCode.itemUnknown.rawValue), 0])
    #expect((0..<3).map { reply.availableNow[$0] } == [3, 0, 0])
  }

  @Test func anAnswerThatWouldTakeTooLongIsRefused() throws {
    let desk = try Desk.unaudited()
    let nodes = (0..<200).map { "N\($0)" }
    try desk.put(Rows.nodes(nodes))
    try desk.put(Rows.positions(nodes.map { ("A", $0, 10, 0, 0) }))
    try desk.put(
      Rows.groups((0..<Limits.poolDemands).map { group in ("g\(group)", nodes) }))
    for group in 0..<UInt16(Limits.poolDemands) {
      desk.state.claimBeyondRows(
        ClaimRow(item: desk.token("A"), place: group, isPool: true, due: 0, channel: 0), 1,
        allocated: 0)
    }
    #expect(try desk.atp("A").availableNow == 2010 - Int64(Limits.poolDemands))
    let pairs = desk.lender.column(Array(repeating: UInt32(0), count: 4096))
    var reply = AtpReply()
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.state.answer(
        AtpQuery(items: desk.lender.keys(["A"]), pairItems: pairs, pairPlaces: pairs),
        at: desk.now, into: &reply)
    }
    #expect(refusal?.code == .tooManyRows)
  }
}
