import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct HoldTests {
  @Test func aHoldLowersAvailabilityAndReleaseGivesBack() throws {
    let desk = try Desk.small()
    let id = try desk.hold([Line("A", "F1", 4)])
    #expect(id == desk.position)
    #expect(desk.available("A", "F1") == 6)
    try desk.change(id, .release)
    #expect(desk.available("A", "F1") == 10)
  }

  /// Complaint 1: two checkouts of the last unit both succeed.
  @Test func complaint1TheLastUnitIsGrantedOnce() throws {
    let desk = try Desk.small()
    try desk.hold([Line("A", "F1", 9)])
    // Both were asked at the same time: the second sees the first, whatever the order of replies.
    try desk.hold([Line("A", "F1", 1)], owner: "one")
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.hold([Line("A", "F1", 1)], owner: "two")
    }
    #expect(refusal?.code == .insufficientStock)
    #expect(refusal?.availableUnits == 0 && refusal?.row == 0)
    #expect(desk.available("A", "F1") == 0)
  }

  /// Complaint 3: two lines on the same component are each checked against all there is.
  @Test func complaint3LinesOfOneItemInOneNodeAreJudgedTogether() throws {
    let desk = try Desk.small()
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.hold([Line("A", "F1", 6), Line("B", "F1", 1), Line("A", "F1", 5)])
    }
    #expect(refusal?.code == .insufficientStock && refusal?.row == 2)
    #expect(refusal?.availableUnits == 10)
    #expect(desk.available("A", "F1") == 10 && desk.available("B", "F1") == 3)
    try desk.hold([Line("A", "F1", 6), Line("A", "F1", 4)])
    #expect(desk.available("A", "F1") == 0)
  }

  @Test func refusalsNameTheRowInOrderOfPrecedence() throws {
    let desk = try Desk.small()
    func code(_ lines: [Line], owner: String = "cart", seconds: Int64 = 0) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in try desk.hold(lines, owner: owner, seconds: seconds) }?
        .code
    }
    #expect(code([]) == .fieldMissing)
    #expect(code([Line("A", "F1", 1)], owner: "") == .keyInvalid)
    #expect(code([Line("A", "F1", 0)]) == .fieldOutOfRange)
    #expect(code([Line("A", "F1", 1)], seconds: 86_401) == .fieldOutOfRange)
    #expect(code([Line("A", "F9", 1)]) == .nodeUnknown)
    #expect(code([Line("Z", "F1", 1)]) == .itemUnknown)
    #expect(code([Line("a key that is long", "F1", 1)]) == .itemUnknown)
    #expect(code([Line("A", "F2", 1)]) == .insufficientStock)
    #expect(
      code((0...Limits.linesPerHold).map { _ in Line("A", "F1", 1) }) == .tooManyRows)
    var command = desk.holdCommand([Line("A", "F1", 1)])
    command.lines.nodes = desk.lender.column([7])
    let refusal = desk.refusal { () throws(Refusal) in
      _ = try desk.state.decide(command, at: desk.now)
    }
    #expect(refusal?.code == .fieldOutOfRange)
    command.lines.nodes = .empty
    let mismatch = desk.refusal { () throws(Refusal) in
      _ = try desk.state.decide(command, at: desk.now)
    }
    #expect(mismatch?.code == .columnLengthMismatch)
  }

  /// Nothing may have happened in the log since its time to be forgotten came.
  @Test func aHoldWhoseTimeIsOverIsUnknownAlsoBeforeItIsForgotten() throws {
    let desk = try Desk.small()
    let id = try desk.hold([Line("A", "F1", 1)], seconds: 5)
    desk.now.milliseconds += 5000
    try desk.hold([Line("B", "F1", 1)])
    desk.now.milliseconds += Limits.endedHoldMilliseconds - 1
    let command = HoldTransitionCommand(
      key: desk.command(""), owner: desk.lender.bytes("cart"), holdID: id, transition: .commit)
    #expect(try desk.state.decide(command, at: desk.now).reclaimed)
    desk.now.milliseconds += 1
    let refusal = desk.refusal { () throws(Refusal) in try desk.change(id, .commit) }
    #expect(refusal?.code == .holdUnknown)
  }

  @Test func anAbandonedHoldBlocksNobody() throws {
    let desk = try Desk.small()
    let id = try desk.hold([Line("A", "F1", 10)], seconds: 5)
    desk.now.milliseconds += 4999
    #expect(
      desk.refusal { () throws(Refusal) in try desk.hold([Line("A", "F1", 1)]) }?.code
        == .insufficientStock)
    desk.now.milliseconds += 1
    try desk.hold([Line("A", "F1", 10)])
    #expect(desk.available("A", "F1") == 0)
    var reply = HoldReply()
    try desk.state.answer(HoldReference(id: id), at: desk.now, into: &reply)
    #expect(reply.state == .expired && reply.quantities[0] == 10)
    #expect(reply.items[0].name == Name("A") && reply.nodes[0].name == Name("F1"))
  }

  @Test func holdsExpireInOrderOfExpiryThenId() throws {
    let desk = try Desk.small()
    let late = try desk.hold([Line("A", "F1", 1)], seconds: 7)
    let first = try desk.hold([Line("A", "F1", 1)], seconds: 3)
    let second = try desk.hold([Line("A", "F1", 1)], seconds: 3)
    let never = try desk.hold([Line("A", "F1", 1)], seconds: 86_400)
    #expect(desk.state.expiredHolds(at: desk.now) == nil)
    desk.now.milliseconds += 7000
    let ids = desk.state.expiredHolds(at: desk.now).map { Array($0.buffer) }
    #expect(ids == [first, second, late])
    desk.expire()
    #expect(desk.state.expiredHolds(at: desk.now) == nil)
    // A clock that jumps by more than the wheel turns still finds everything.
    desk.now.milliseconds += 400_000_000
    #expect(desk.state.expiredHolds(at: desk.now).map { Array($0.buffer) } == [never])
    desk.expire()
    #expect(desk.available("A", "F1") == 10)
  }

  @Test func onlyTheOwnerMayChangeAHold() throws {
    let desk = try Desk.small()
    let id = try desk.hold([Line("A", "F1", 1)], owner: "one")
    for transition in [HoldTransition.commit, .release] {
      let refusal = desk.refusal { () throws(Refusal) in
        try desk.change(id, transition, owner: "two")
      }
      #expect(refusal?.code == .notOwner)
    }
    let unknown = desk.refusal { () throws(Refusal) in try desk.change(99, .commit) }
    #expect(unknown?.code == .holdUnknown)
  }

  @Test func transitionsOfAHold() throws {
    let desk = try Desk.small()
    func code(_ id: UInt64, _ transition: HoldTransition) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in try desk.change(id, transition) }?.code
    }
    let committed = try desk.hold([Line("A", "F1", 2)])
    #expect(try desk.change(committed, .commit).reclaimed == false)
    #expect(desk.available("A", "F1") == 8)
    #expect(code(committed, .commit) == .holdCommitted)
    try desk.change(committed, .release)
    #expect(desk.available("A", "F1") == 10)
    #expect(code(committed, .release) == .holdReleased)
    #expect(code(committed, .commit) == .holdReleased)

    let expired = try desk.hold([Line("A", "F1", 6)], seconds: 1)
    desk.now.milliseconds += 1000
    #expect(code(expired, .release) == .holdExpired)
    let blocking = try desk.hold([Line("A", "F1", 5)])
    #expect(code(expired, .commit) == .insufficientStock)
    try desk.change(blocking, .release)
    #expect(try desk.change(expired, .commit, key: "again").reclaimed)
    let recalled = try desk.state.recall(desk.command("again"), at: desk.now)
    #expect(recalled?.outcome.reclaimed == true)
    #expect(desk.available("A", "F1") == 4)
    #expect(desk.state.breakdowns.count == 2)
  }

  @Test func endedHoldsAreForgottenByLoggedTime() throws {
    let desk = try Desk.small()
    let id = try desk.hold([Line("A", "F1", 1)])
    try desk.change(id, .release)
    desk.now.milliseconds += Limits.endedHoldMilliseconds - 1
    try desk.hold([Line("A", "F1", 1)])
    var reply = HoldReply()
    #expect(throws: Never.self) {
      try desk.state.answer(HoldReference(id: id), at: desk.now, into: &reply)
    }
    desk.now.milliseconds += 1
    try desk.hold([Line("A", "F1", 1)])
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.state.answer(HoldReference(id: id), at: desk.now, into: &reply)
    }
    #expect(refusal?.code == .holdUnknown)
  }

  @Test func refusalSaysWhenMoreComes() throws {
    let desk = try Desk.small()
    let eta = desk.now.seconds + 86_400
    try desk.put(
      Rows.inbound([
        ("X", "A", "F1", 5, eta + 100, .shipped), ("Y", "A", "F1", 5, eta, .working),
        ("Z", "A", "F1", 5, eta - 50, .draft), ("W", "A", "F2", 5, eta - 60, .shipped),
      ]))
    let refusal = desk.refusal { () throws(Refusal) in try desk.hold([Line("A", "F1", 11)]) }
    #expect(refusal?.nextSupplyUnixSeconds == eta)
    #expect(refusal?.key == Name("A"))
  }

  @Test func commandsAreRememberedForTenMinutes() throws {
    let desk = try Desk.small()
    let id = try desk.hold([Line("A", "F1", 1)], key: "k1")
    let found = try desk.state.recall(desk.command("k1"), at: desk.now)
    #expect(found?.outcome.holdID == id && found?.position == id)
    #expect(found?.outcome.code == OutcomeCode.ok.rawValue)
    let conflict = desk.refusal { () throws(Refusal) in
      _ = try desk.state.recall(desk.command("k1", digest: 2), at: desk.now)
    }
    #expect(conflict?.code == .idempotencyConflict)
    #expect(try desk.state.recall(desk.command("k2"), at: desk.now) == nil)
    #expect(try desk.state.recall(desk.command(""), at: desk.now) == nil)
    desk.apply(
      .refused(desk.command("k2"), RememberedOutcome(code: .insufficientStock, availableUnits: 3)))
    #expect(try desk.state.recall(desk.command("k2"), at: desk.now)?.outcome.availableUnits == 3)
    desk.now.milliseconds += Limits.idempotencyMilliseconds
    #expect(try desk.state.recall(desk.command("k1"), at: desk.now) == nil)
    try desk.hold([Line("A", "F1", 1)], key: "k1")
    #expect(desk.state.commands.count == 1)
  }

  @Test func aFullWindowRefusesAndEmptiesWithTime() throws {
    let desk = Desk(state: State(idempotencyKeys: 3))
    for index in 0..<3 {
      desk.apply(.refused(desk.command("k\(index)"), RememberedOutcome(code: .itemUnknown)))
      desk.now.milliseconds += 1000
    }
    let full = desk.refusal { () throws(Refusal) in
      _ = try desk.state.recall(desk.command("new"), at: desk.now)
    }
    #expect(full?.code == .idempotencyWindowFull)
    #expect(try desk.state.recall(desk.command("k0"), at: desk.now) != nil)
    desk.now.milliseconds += Limits.idempotencyMilliseconds - 3000
    #expect(try desk.state.recall(desk.command("new"), at: desk.now) == nil)
    desk.apply(.refused(desk.command("new"), RememberedOutcome(code: .itemUnknown)))
    #expect(desk.state.commands.count == 3)
  }
}
