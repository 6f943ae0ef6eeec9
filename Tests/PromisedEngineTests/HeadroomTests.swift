import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct HeadroomTests {
  private func ask(_ desk: Desk, _ sellers: [String], item: String = "", months: Int32 = 1)
    throws(Refusal) -> HeadroomReply
  {
    var reply = HeadroomReply()
    try desk.state.answer(
      HeadroomQuery(
        sellers: desk.lender.names(sellers), item: item.isEmpty ? .empty : desk.lender.bytes(item),
        monthCount: months), at: desk.now, into: &reply)
    return reply
  }

  /// September 2026.
  private var month: UInt32 { 202_609 }
  private var cubicFoot: Int64 { 1_000_000 }

  @Test func knownAnswerS35() throws {
    let desk = Desk()
    try desk.put(Rows.nodes(["F1"]))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A", volume: cubicFoot)]))
    try desk.put(Rows.positions([("A", "F1", 3600, 100, 0)]))
    let eta = desk.now.seconds + 1000
    try desk.put(
      Rows.inbound([
        ("I1", "A", "F1", 900, eta, .shipped), ("I2", "A", "F1", 100, eta, .draft),
      ]))
    try desk.put(Rows.limits([("S1", .standard, month, .confirmed, 5000 * cubicFoot)]))
    let reply = try ask(desk, ["S1"])
    #expect(reply.headroom[0] == 400 * cubicFoot)
    #expect(reply.available[0] == 3500 * cubicFoot && reply.unfulfillable[0] == 100 * cubicFoot)
    #expect(reply.openInbound[0] == 900 * cubicFoot && reply.drafts[0] == 100 * cubicFoot)
    #expect(reply.limitKinds[0] == 1 && reply.months[0] == month)
    // A hold moves volume from available to reserved; the headroom stays.
    try desk.hold([Line("A", "F1", 500)])
    let held = try ask(desk, ["S1"], item: "A")
    #expect(held.headroom[0] == 400 * cubicFoot && held.reserved[0] == 500 * cubicFoot)
    #expect(held.headroomUnits[0] == 400)
  }

  @Test func limitsByMonthAndKind() throws {
    let desk = try Desk.small()
    try desk.put(
      Rows.limits([
        ("S1", .standard, 202_609, .estimated, 7), ("S1", .standard, 202_610, .estimated, 8),
        ("S1", .standard, 202_609, .confirmed, 90_000_000), ("S1", .oversize, 202_611, .noLimit, 0),
      ]))
    let reply = try ask(desk, ["S1", "S2", "S9"], months: 3)
    #expect(reply.rowCounts[0] == 6 && reply.rowCounts[1] == 0 && reply.rowCounts[2] == 0)
    #expect(reply.sellerCodes[2] == UInt32(OutcomeCode.sellerUnknown.rawValue))
    let kinds = (0..<6).map { reply.limitKinds[$0] }
    #expect(kinds == [1, 2, 0, 0, 0, 3])
    #expect(
      (0..<6).map { reply.months[$0] } == [202_609, 202_610, 202_611, 202_609, 202_610, 202_611])
    // 10 units of one cubic foot and 4 of half one.
    #expect((0..<6).map { reply.headroom[$0] } == [78_000_000, 0, 0, 0, 0, -1])
    #expect(reply.headroomUnits[0] == -1)
    try desk.put(Rows.limits([("S1", .standard, 202_609, .noLimit, 0)]))
    #expect(try ask(desk, ["S1"], item: "B").headroom[0] == -1)
    #expect(try ask(desk, ["S1"], item: "B").headroomUnits[0] == -1)
    // What was published is lowered only by an operator who says why.
    try desk.put(Rows.limits([("S1", .standard, 202_609, .confirmed, 12_900_000)]))
    #expect(try ask(desk, ["S1"], item: "B").headroom[0] == -1)
    try desk.put(
      Rows.limit(
        202_609, .confirmed, 12_900_000, cause: .operatorCut, forced: true, notice: "flood"))
    #expect(try ask(desk, ["S1"], item: "B").headroom[0] == 900_000)
    #expect(try ask(desk, ["S1"], item: "B").headroomUnits[0] == 1)
  }

  @Test func refusals() throws {
    let desk = try Desk.small()
    try desk.feed([("raw", "F1", .receipt, 1)], from: 1)
    func code(_ sellers: [String], item: String = "", months: Int32 = 1) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in _ = try ask(desk, sellers, item: item, months: months) }?
        .code
    }
    #expect(code([]) == .fieldMissing)
    #expect(code(["S9"]) == .sellerUnknown)
    #expect(code(["S1"], months: 13) == .fieldOutOfRange)
    #expect(code(["S1"], item: "Q") == .itemUnknown)
    #expect(code(["S1"], item: "raw") == .itemUnknown)
    #expect(code(["S1"], item: "A") == nil)
  }

  @Test func usageFollowsTheItemToItsSellerTypeAndVolume() throws {
    let desk = try Desk.small()
    try desk.hold([Line("A", "F1", 3)])
    try desk.put(Rows.inbound([("I", "A", "F2", 5, 9, .working)]))
    try desk.put(Rows.items([Rows.Item(key: "A", seller: "S2", type: .apparel, volume: 7)]))
    let moved = desk.state.usage.read(seller: 1, type: StorageType.apparel.rawValue)
    #expect(moved.available == 49 && moved.reserved == 21 && moved.openInbound == 35)
    let left = desk.state.usage.read(seller: 0, type: StorageType.standard.rawValue)
    #expect(left.total == 4 * 500_000)
  }

  @Test func volumesBeyondSixtyFourBitsAreClampedNotWrapped() throws {
    let desk = Desk()
    try desk.put(Rows.nodes(["F1"]))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A", volume: 1_000_000_000_000)]))
    try desk.put(Rows.positions([("A", "F1", 2_000_000_000, 0, 0)]))
    let reply = try ask(desk, ["S1"])
    #expect(reply.available[0] == Int64.max && reply.headroom[0] == 0)
  }
}
