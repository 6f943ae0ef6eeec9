import PromisedModel
import Testing

@testable import PromisedEngine

/// Lines for later whose time has come.
@Suite struct DueLineTests {
  private let day: Int64 = 86_400

  private func go(_ desk: Desk, days: Int64) {
    desk.now.milliseconds += days * day * 1000
    desk.expire()
  }

  private func committed(
    _ desk: Desk, _ units: Int32, inDays days: Int64, owner: String = "cart"
  ) throws -> UInt64 {
    let id = try desk.order(
      [Line("A", "F1", units)], owner: owner, due: desk.now.seconds + days * day
    ).id
    try desk.change(id, .commit, owner: owner)
    return id
  }

  private func due(_ desk: Desk, _ id: UInt64) throws -> [Int64] {
    var reply = HoldReply()
    try desk.state.answer(HoldReference(id: id), at: desk.now, into: &reply)
    return (0..<reply.dueUnixSeconds.count).map { reply.dueUnixSeconds[$0] }
  }

  @Test func aDueLineClaimsWhatIsOnHand() throws {
    let desk = try Desk.small()
    try desk.put(Rows.inbound([("S", "A", "F1", 6, desk.day(3), .shipped)]))
    let id = try committed(desk, 6, inDays: 4)
    #expect(desk.row("A", "F1")?.reserved == 0 && desk.available("A", "F1") == 10)
    try desk.tell(Told("A", "F1", .inboundReceipt, 6).with { $0.reference = "S" })
    // Its supply is there, and is not for others.
    #expect(desk.claimable("A", "F1") == 10)
    go(desk, days: 4)
    #expect(desk.row("A", "F1")?.reserved == 6 && desk.available("A", "F1") == 10)
    #expect(
      desk.parts("A", "F1")?.allocated == 6 && desk.state.claims.count(of: desk.token("A")) == 0)
    #expect(try due(desk, id) == [0] && desk.told(id) == ["A@F1 6"])
    #expect(desk.copied().digest() == desk.state.digest())
    // From here on it is an order like any other.
    try desk.pick(id, [Line("A", "F1", 6)])
    try desk.consume(id)
    #expect(desk.onHand("A", "F1") == 10 && desk.available("A", "F1") == 10)
    #expect(desk.state.holds.dues.next == nil)
  }

  @Test func lateSupplyNamesWhomItBreaks() throws {
    let desk = try Desk.small()
    try desk.put(Rows.inbound([("S", "A", "F1", 8, desk.day(3), .shipped)]))
    let first = try committed(desk, 10, inDays: 4, owner: "ann")
    let second = try committed(desk, 6, inDays: 4, owner: "bob")
    // Two units are left: the later promises keep their supply.
    #expect(desk.claimable("A", "F1") == 2)
    #expect(desk.broken() == [])
    // The ship does not come. On the day the latest commit is short, by what did not come.
    go(desk, days: 4)
    #expect(desk.row("A", "F1")?.available == -6)
    #expect(desk.told(first) == ["A@F1 10"] && desk.told(second) == ["A@F1 6 short 6"])
    #expect(desk.claimable("A", "F1") == -6)
    let copy = desk.copied()
    #expect(copy.digest() == desk.state.digest())
    #expect(copy.brokenLines().map(\.holdID) == [second])
    // It comes at last.
    try desk.tell(Told("A", "F1", .inboundReceipt, 8).with { $0.reference = "S" })
    #expect(desk.told(second) == ["A@F1 6"] && desk.available("A", "F1") == 2)
  }

  @Test func noTwoClaimsTakeTheSameUnit() throws {
    let desk = try Desk.small()
    try desk.put(Rows.inbound([("S", "A", "F1", 5, desk.day(2), .shipped)]))
    _ = try committed(desk, 12, inDays: 3)
    _ = try desk.hold([Line("A", "F1", 3)], seconds: 86_400)
    #expect(desk.code { () throws(Refusal) in _ = try desk.hold([Line("A", "F1", 1)]) } != nil)
    go(desk, days: 3)
    // The hold of now has expired; ten are there, twelve are due.
    #expect(desk.claimable("A", "F1") == -2)
    #expect(desk.code { () throws(Refusal) in _ = try desk.hold([Line("A", "F1", 1)]) } != nil)
    try desk.tell(Told("A", "F1", .receipt, 5))
    #expect(desk.claimable("A", "F1") == 3)
    _ = try desk.hold([Line("A", "F1", 3)])
    #expect(desk.code { () throws(Refusal) in _ = try desk.hold([Line("A", "F1", 1)]) } != nil)
  }

  @Test func theyAreSweptInTheirOrderAndOnce() throws {
    let desk = try Desk.small()
    let late = try committed(desk, 1, inDays: 3)
    let early = try committed(desk, 1, inDays: 1)
    let same = try committed(desk, 1, inDays: 1)
    let gone = try committed(desk, 1, inDays: 1)
    try desk.change(gone, .release)
    desk.now.milliseconds += day * 1000 - 1
    #expect(desk.state.dueHolds(at: desk.now) == nil)
    desk.now.milliseconds += 1
    #expect(desk.state.dueHolds(at: desk.now).map { Array($0.buffer) } == [early, same])
    desk.now.milliseconds += 2 * day * 1000
    #expect(desk.state.dueHolds(at: desk.now).map { Array($0.buffer) } == [early, same, late])
    desk.expire()
    #expect(desk.state.dueHolds(at: desk.now) == nil)
    #expect(desk.row("A", "F1")?.reserved == 3)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func aCopyFromASnapshotAwaitsThemToo() throws {
    let desk = try Desk.small()
    let id = try committed(desk, 4, inDays: 2)
    let copy = Desk(state: desk.copied())
    (copy.now, copy.position) = (desk.now, desk.position)
    go(copy, days: 2)
    go(desk, days: 2)
    #expect(copy.told(id) == ["A@F1 4"] && copy.row("A", "F1")?.reserved == 4)
    #expect(copy.state.digest() == desk.state.digest())
  }

  @Test func linesOfOneHoldComeDueOneAfterAnother() throws {
    let desk = try Desk.small()
    let soon = desk.now.seconds + day
    let event = try desk.state.decide(
      HoldCommand(
        key: desk.command(""), owner: desk.lender.bytes("cart"), timeToLiveSeconds: 0,
        lines: HoldRequestLines(
          nodeNames: desk.lender.names(["F1"]), items: desk.lender.keys(["A", "A", "B"]),
          nodes: desk.lender.column([0, 0, 0]), quantities: desk.lender.column([2, 3, 1]),
          dues: desk.lender.column([soon, soon + day, 0]))), at: desk.now)
    let id = desk.apply(.held(event))
    try desk.change(id, .commit)
    #expect(desk.row("A", "F1")?.reserved == 0)
    go(desk, days: 1)
    #expect(desk.row("A", "F1")?.reserved == 2)
    #expect(try due(desk, id) == [0, soon + day, 0])
    go(desk, days: 1)
    #expect(desk.row("A", "F1")?.reserved == 5)
    #expect(try due(desk, id) == [0, 0, 0])
  }

  @Test func anExpiredHoldThatClaimsAgainAfterItsDueClaimsOfNow() throws {
    let desk = try Desk.small()
    for extends in [false, true] {
      let id = try desk.order([Line("A", "F1", 4)], due: desk.now.seconds + day).id
      go(desk, days: 2)
      #expect(desk.holdState(id) == .expired && desk.claimable("A", "F1") == 10)
      if extends { try desk.extend(id, seconds: 60) } else { try desk.change(id, .commit) }
      #expect(try due(desk, id) == [0] && desk.row("A", "F1")?.reserved == 4)
      #expect(desk.state.dueHolds(at: desk.now) == nil)
      #expect(desk.copied().digest() == desk.state.digest())
      try desk.change(id, .release)
    }
  }

  @Test func whatIsDueIsAmendedByItsPlaceAlone() throws {
    let desk = try Desk.small()
    let id = try committed(desk, 4, inDays: 1)
    go(desk, days: 1)
    try desk.amend(id, [Line("A", "F1", 3)])
    #expect(desk.told(id) == ["A@F1 3"] && desk.row("A", "F1")?.reserved == 3)
  }

  @Test func pickedUnitsAreNobodyElsesWheneverTheyWereWanted() throws {
    let desk = try Desk.small()
    try desk.put(Rows.inbound([("S", "A", "F1", 6, desk.day(3), .shipped)]))
    let id = try committed(desk, 6, inDays: 4)
    #expect(desk.claimable("A", "F1") == 10)
    try desk.pick(id, [Line("A", "F1", 2)])
    #expect(desk.claimable("A", "F1") == 4 && desk.parts("A", "F1")?.picked == 2)
    #expect(try due(desk, id) == [0])
    go(desk, days: 5)
    #expect(desk.told(id) == ["A@F1 6 picked 2"] && desk.row("A", "F1")?.reserved == 6)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func aClaimOfAGroupForLaterIsOneOfNowWhenItsTimeHasCome() throws {
    let desk = try Desk.small()
    try desk.put(Rows.groups([("west", ["F1", "F2"])]))
    let due = desk.now.seconds + day
    let event = try desk.state.decide(
      HoldCommand(
        key: desk.command(""), owner: desk.lender.bytes("cart"), timeToLiveSeconds: 0,
        lines: HoldRequestLines(
          nodeNames: .empty, groupNames: desk.lender.names(["west"]),
          items: desk.lender.keys(["A"]), nodes: desk.lender.column([0]),
          quantities: desk.lender.column([3]), dues: desk.lender.column([due]))), at: desk.now)
    let id = desk.apply(.held(event))
    try desk.change(id, .commit)
    let before = desk.claimable("A", "west", pool: true)
    go(desk, days: 1)
    #expect(try self.due(desk, id) == [0])
    #expect(desk.claimable("A", "west", pool: true) == before)
    #expect(desk.copied().digest() == desk.state.digest())
    // It is sourced by its place alone.
    try desk.amend(id, [Line("A", "F1", 3)])
    #expect(desk.told(id) == ["A@F1 3"] && desk.row("A", "F1")?.reserved == 3)
    #expect(desk.state.claims.count(of: desk.token("A")) == 0)
  }

  @Test func whatIsForLaterNeverReservesMoreThanAPositionCounts() throws {
    let desk = try Desk.small()
    let most = Limits.unitsPerPosition
    for number in 0..<3 {
      try desk.put(
        Rows.inbound([("S\(number)", "A", "F1", most, desk.day(1), .shipped)]))
    }
    #expect(desk.claimable("A", "F1", due: desk.day(2)) == Int64(most))
    _ = try committed(desk, most - 5, inDays: 2)
    #expect(desk.claimable("A", "F1", due: desk.day(3)) == 5)
    #expect(desk.claimable("A", "F1") == 5)
    go(desk, days: 2)
    #expect(desk.row("A", "F1")?.reserved == most - 5)
  }

  @Test func holdsThatComeAndGoLeaveNothingBehind() throws {
    let desk = try Desk.small()
    desk.isAudited = false
    for _ in 0..<3000 {
      let id = try desk.order([Line("A", "F1", 1)], due: desk.now.seconds + 300 * day).id
      try desk.change(id, .release)
      desk.now.milliseconds += 1000
    }
    let kept = try desk.order([Line("A", "F1", 2)], due: desk.now.seconds + day).id
    #expect(desk.state.holds.dues.count < 2048)
    go(desk, days: 1)
    #expect(desk.holdState(kept) == .expired)
  }
}
