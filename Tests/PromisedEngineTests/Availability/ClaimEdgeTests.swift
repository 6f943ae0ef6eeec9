import PromisedModel
import Testing

@testable import PromisedEngine

/// Claims where a channel's buffer, a group's demand and a limit meet; A has ten units in F1.
@Suite struct ClaimEdgeTests {
  @Test func aBufferIsKeptFromItsChannelWhereverItClaims() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.groups([("west", ["F1"])]))
    try desk.put(Rows.channels([("app", "A", "F1", 3, 0), ("web", "A", "F1", 0, 0)]))
    #expect(desk.claimable("A", "west", channel: "app", pool: true) == 7)
    #expect(desk.claimable("A", "west", channel: "web", pool: true) == 10)
    // Two units are owed to the group: the node keeps them beside the buffer.
    try desk.take([desk.wish("A", "west", 2, pool: true)])
    #expect(desk.claimable("A", "F1", channel: "app") == 5 && desk.claimable("A", "F1") == 8)
    #expect(desk.claimable("A", "west", channel: "app", pool: true) == 5)
    #expect(try desk.takeAlone([desk.wish("A", "F1", 6, channel: "app")]).map(\.granted) == [0])
    #expect(try desk.takeAlone([desk.wish("A", "F1", 5, channel: "app")]).map(\.granted) == [5])
  }

  /// More may leave than was kept for the channel: what is kept is used up, and no less than that.
  @Test func whatIsSetAsideIsUsedUpToNothingAndForgotten() throws {
    let desk = try Desk.small()
    try desk.put(Rows.channels([("b2b", "A", "F1", 0, 2)]))
    let event = try desk.state.decide(
      HoldCommand(
        key: desk.command(""), owner: desk.lender.bytes("cart"), timeToLiveSeconds: 0,
        lines: desk.lines([Line("A", "F1", 5)], channel: "b2b")), at: desk.now)
    let id = desk.apply(.held(event))
    try desk.change(id, .commit)
    #expect(!desk.state.isPlain(desk.state.positions.find(desk.token("A"))))
    try desk.consume(id)
    #expect(desk.state.isPlain(desk.state.positions.find(desk.token("A"))))
    #expect(desk.state.channels.rows.first(of: desk.token("A")) == nil)
    #expect(desk.claimable("A", "F1") == 5 && desk.claimable("A", "F1", channel: "b2b") == 5)
    _ = try desk.restored()
  }

  private static var most: Int64 { Int64(Limits.unitsPerPosition) }

  /// A position counts as many units as it can hold, whatever may be backordered or comes.
  @Test func aPositionReservesNoMoreThanItCounts() throws {
    let desk = try Desk.unaudited()
    let (most, half) = (Self.most, Self.most / 2)
    try desk.put(Rows.positions([("A", "F1", Limits.unitsPerPosition, 0, 0)]))
    try desk.put(Rows.backorders([("A", "F1", .backorder, Limits.unitsPerPosition, 0, 0)]))
    #expect(desk.claimable("A", "F1") == most)
    try desk.take([desk.wish("A", "F1", half + 7)])
    #expect(desk.claimable("A", "F1") == half - 7)

    let other = try Desk.unaudited()
    try other.put(Rows.positions([("A", "F1", Limits.unitsPerPosition, 0, 0)]))
    try other.put(
      Rows.inbound([("S", "A", "F1", Limits.unitsPerPosition, other.day(1), .shipped)]))
    // Lines of one command for several days, which all become claims of the same row.
    let wishes = [
      other.wish("A", "F1", half + 7, due: other.day(1)),
      other.wish("A", "F1", half, due: other.day(2)),
    ]
    #expect(
      try other.takeAlone(wishes) == [
        TakenClaim(granted: half + 7, available: most), TakenClaim(granted: 0, available: half - 7),
      ])
  }

  /// What an amendment gives back makes room for what it takes, up to the last unit that counts.
  @Test func whatIsGivenBackIsRoomToTheLastUnit() throws {
    let desk = try Desk.small()
    try desk.put(Rows.positions([("A", "F1", Limits.unitsPerPosition, 0, 0)]))
    try desk.put(Rows.channels([("web", "A", "F1", 0, 0), ("app", "A", "F1", 1, 0)]))
    let (id, _) = try desk.order([Line("A", "F1", Limits.unitsPerPosition)])
    let event = try desk.state.decide(
      AmendCommand(
        key: desk.command(""), owner: desk.lender.bytes("cart"), hold: HoldReference(id: id),
        lines: desk.lines([Line("A", "F1", Limits.unitsPerPosition)], channel: "web")),
      at: desk.now)
    desk.apply(.holdAmended(event))
    #expect(desk.row("A", "F1")?.reserved == Limits.unitsPerPosition)
    #expect(desk.available("A", "F1") == 0)
  }

  /// Claims that the same command makes count towards what can be told apart.
  @Test func claimsOfOneCommandCountTowardsTheLimit() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F1", 10_000, 0, 0)]))
    for index in 1..<Limits.datedClaims {
      desk.state.claimBeyondRows(
        ClaimRow(
          item: desk.token("A"), place: 0, isPool: false, due: UInt32(desk.day(1)) + UInt32(index),
          channel: 0), 1, allocated: 0)
    }
    let (first, second) = (
      desk.wish("A", "F1", 1, due: desk.day(2)), desk.wish("A", "F1", 1, due: desk.day(3))
    )
    #expect(try desk.takeAlone([first]).map(\.granted) == [1])
    #expect(
      desk.code { () throws(Refusal) in try desk.takeAlone([first, second]) } == .datedClaimLimit)
  }

  /// What a command's first line takes of what is kept for its channel is kept no more for it.
  @Test func linesOfOneCommandUseUpWhatIsSetAside() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.channels([("b2b", "A", "F1", 0, 6)]))
    let (own, any) = (desk.wish("A", "F1", 4, channel: "b2b"), desk.wish("A", "F1", 4))
    #expect(try desk.takeAlone([own, any]).map(\.granted) == [4, 4])
    #expect(try desk.takeAlone([any, desk.wish("A", "F1", 1)]).map(\.granted) == [4, 0])
  }
}
