import PromisedModel
import Testing

@testable import PromisedEngine

/// Headroom of a seller who owes more than there is.
@Suite struct HeadroomEdgeTests {
  /// A figure of sales that is older than a shortfall adds nothing, and takes nothing away.
  @Test func whatIsOwedIsNoRoomLess() throws {
    let desk = try Desk.storage(at: "2026-03-02")
    try desk.put(Rows.items([Rows.Item(key: "A", demandMilli: 100_000)]))
    try desk.put(Rows.positions([("A", "F1", 40, 0, 0)]))
    try desk.announce(
      Rows.limits([
        ("S1", .standard, 202_603, .confirmed, 1000 * cubicFoot),
        ("S1", .standard, 202_604, .confirmed, 1000 * cubicFoot),
      ]))
    desk.figure()
    let before = try #require(try desk.room(202_604, optimistic: true))
    #expect(before.optimistic > before.headroom)
    let id = try desk.hold([Line("A", "F1", 40)])
    try desk.change(id, .commit)
    try desk.feed([("A", "F1", .count, 10)], from: 1)
    let owed = try #require(try desk.room(202_604, optimistic: true))
    #expect(owed.headroom == 990 * cubicFoot && owed.optimistic == owed.headroom)
  }

  /// More may be ordered to leave than a count finds: what is not there makes no room.
  @Test func whatIsOrderedToLeaveMakesNoMoreRoomThanItTakes() throws {
    let desk = try Desk.storage(at: "2026-03-02")
    try desk.put(Rows.items([Rows.Item(key: "A")]))
    try desk.put(Rows.positions([("A", "F1", 40, 0, 0)]))
    try desk.announce(
      Rows.limits([("S1", .standard, 202_603, .confirmed, 100 * cubicFoot)]))
    try desk.remove("R", .order, [SentLine("A", "F1", 30)])
    #expect(try desk.room(202_603)?.headroom == 90 * cubicFoot)
    try desk.feed([("A", "F1", .count, 10)], from: 1)
    #expect(try desk.room(202_603)?.headroom == 100 * cubicFoot)
  }
}
