import PromisedModel
import Testing

@testable import PromisedEngine

/// Holds at the edges of what is allowed; `Desk.small` has 10 of A and 3 of B in F1.
@Suite struct HoldEdgeTests {
  private func code(
    _ desk: Desk, _ lines: [Line], seconds: Int64 = 0, owner: String = "cart"
  ) -> OutcomeCode? {
    desk.code { () throws(Refusal) in try desk.hold(lines, owner: owner, seconds: seconds) }
  }

  @Test func theMostOfAFieldIsTakenAndOneMoreIsNot() throws {
    let desk = try Desk.small()
    let most = Limits.unitsPerPosition
    #expect(code(desk, [Line("A", "F1", most)]) == .insufficientStock)
    #expect(code(desk, [Line("A", "F1", most + 1)]) == .fieldOutOfRange)
    #expect(code(desk, [Line("A", "F1", 1)], seconds: -1) == .fieldOutOfRange)
    #expect(code(desk, [Line("A", "F1", 1)], seconds: Limits.holdMaximumSeconds) == nil)
    let (id, _) = try desk.order([Line("B", "F1", 2)])
    #expect(
      desk.code { () throws(Refusal) in try desk.extend(id, seconds: -1) } == .fieldOutOfRange)
    #expect(
      desk.code { () throws(Refusal) in
        try desk.extend(id, seconds: Limits.holdMaximumSeconds + 1)
      } == .fieldOutOfRange)
  }

  /// Four kits of 64 components are 260 lines with their headings, one kit less is 195.
  @Test func kitsCountWithTheLinesTheyAreMadeOf() throws {
    let desk = try Desk.small()
    let parts = (0..<Limits.componentsPerKit).map { "P\($0)" }
    let kits = (0..<4).map { "KIT\($0)" }
    try desk.put(Rows.items((parts + kits).map { Rows.Item(key: $0) }))
    try desk.put(Rows.positions(parts.map { ($0, "F1", 20, 0, 0) }))
    for kit in kits { try desk.put(Rows.kits(parts.map { (kit, $0, 1) })) }
    func lines(_ count: Int) -> [Line] { kits[..<count].map { Line($0, "F1", 1) } }
    let refusal = desk.refusal { () throws(Refusal) in try desk.order(lines(4)) }
    #expect(refusal?.code == .tooManyRows)
    #expect(refusal?.message.contains("260 lines: at most 256") == true)
    let (id, _) = try desk.order(lines(3))
    #expect(desk.told(id).count == 195)
    #expect(desk.code { () throws(Refusal) in try desk.amend(id, lines(4)) } == .tooManyRows)
    #expect(desk.told(id).count == 195 && desk.available("P0", "F1") == 17)
    try desk.amend(id, lines(2) + [Line("A", "F1", 1)])
    #expect(desk.told(id).count == 131 && desk.available("P0", "F1") == 18)
  }

  @Test func picksThatSayNothingOrLessAreRefused() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 5)])
    try desk.change(id, .commit)
    for (units, missing) in [(Int32(2), Int32(-1)), (0, 0), (-1, 2)] {
      #expect(
        desk.code { () throws(Refusal) in
          try desk.pick(id, [Line("A", "F1", units)], missing: [missing])
        } == .fieldOutOfRange, "\(units) and \(missing) missing")
    }
    #expect(desk.told(id) == ["A@F1 5"] && desk.row("A", "F1")?.onHand == 10)
  }

  /// A row names its node, also where the item is claimed in several.
  @Test func whatIsServedIsOfTheNodeThatIsNamed() throws {
    let desk = try Desk.small()
    try desk.put(Rows.positions([("A", "F2", 10, 0, 0)]))
    let (id, _) = try desk.order([Line("A", "F1", 3), Line("A", "F2", 3)])
    try desk.change(id, .commit)
    try desk.pick(id, [Line("A", "F2", 1)])
    try desk.consume(id, [Line("A", "F2", 2)])
    #expect(desk.told(id) == ["A@F1 3", "A@F2 1 shipped 2"])
    let beyond = desk.refusal { () throws(Refusal) in try desk.consume(id, [Line("A", "F2", 2)]) }
    #expect(beyond?.code == .lineQuantityExceeded && beyond?.availableUnits == 1)
    #expect(desk.row("A", "F1")?.onHand == 10 && desk.row("A", "F2")?.onHand == 8)
  }

  /// Each line of an expired hold alone would find its units: together they do not.
  @Test func linesOfAnExpiredHoldClaimAgainTogether() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 4), Line("A", "F1", 4)], seconds: 1)
    desk.now.milliseconds += 1000
    let (other, _) = try desk.order([Line("A", "F1", 3)], owner: "other")
    let refusal = desk.refusal { () throws(Refusal) in try desk.change(id, .commit) }
    #expect(refusal?.code == .insufficientStock && refusal?.row == 1)
    #expect(refusal?.availableUnits == 7)
    #expect(
      desk.code { () throws(Refusal) in try desk.extend(id, seconds: 9) } == .insufficientStock)
    try desk.amend(other, [Line("A", "F1", 2)], owner: "other")
    #expect(try desk.change(id, .commit).reclaimed)
    #expect(desk.available("A", "F1") == 0)
  }

  /// A group and a node may have the same index: units of a group are in no node yet.
  @Test func aNamedShipmentTakesNothingOfAGroup() throws {
    let desk = try Desk.small()
    try desk.put(Rows.groups([("WEST", ["F1", "F2"])]))
    #expect(desk.state.groups.find(Name("WEST")) == desk.state.nodeIndex(Name("F1")))
    var lines = desk.lines([Line("A", "F1", 4)])
    lines.nodeNames = .empty
    lines.groupNames = desk.lender.names(["WEST"])
    let event = try desk.state.decide(
      HoldCommand(
        key: desk.command(""), owner: desk.lender.bytes("cart"), timeToLiveSeconds: 0,
        lines: lines), at: desk.now)
    let id = desk.apply(.held(event))
    try desk.change(id, .commit)
    #expect(
      try desk.tell(Told("A", "F1", .shipment, 2).with { $0.hold = id }) == [.holdNotClaiming])
    #expect(desk.told(id) == ["A@WEST 4"] && desk.onHand("A", "F1") == 8)
    #expect(desk.holdState(id) == .committed)
  }

  @Test func ownHoldsAreToldExactlyWhereGivingThemBackWouldDo() throws {
    let desk = try Desk.small()
    let (own, _) = try desk.order([Line("A", "F1", 8)])
    func told(_ units: Int32) -> Bool? {
      desk.refusal { () throws(Refusal) in try desk.order([Line("A", "F1", units)]) }
        .map { $0.message.contains("hold \(own) of the same owner") }
    }
    #expect(told(3) == true && told(10) == true && told(11) == false)
    // Of an owner with very many holds the first 64 are looked at.
    try desk.put(Rows.positions([("A", "F2", 100, 0, 0)]))
    for _ in 0..<70 { try desk.order([Line("A", "F2", 1)], owner: "many") }
    for (units, isTold) in [(Int32(94), true), (95, false)] {
      let refusal = desk.refusal { () throws(Refusal) in
        try desk.order([Line("A", "F2", units)], owner: "many")
      }
      #expect(refusal?.code == .insufficientStock)
      #expect(refusal?.message.contains("same owner") == isTold, "\(units)")
    }
  }

  /// For a backordered line no supply was known: nothing is missing to it. Of one hold the last line
  /// gives way first.
  @Test func whichLinesOfAHoldAreShort() throws {
    let desk = try Desk.small()
    try desk.put(Rows.backorders([("A", "F1", .backorder, 5, 0, 0)]))
    let (id, _) = try desk.order([Line("A", "F1", 13)], .fillAll)
    try desk.change(id, .commit)
    #expect(desk.told(id) == ["A@F1 10", "A@F1 3"])
    try desk.feed(1, [("A", "F1", .count, 8)])
    #expect(desk.told(id) == ["A@F1 10 short 2", "A@F1 3"])

    let other = try Desk.small()
    let (two, _) = try other.order([Line("A", "F1", 4), Line("B", "F1", 1), Line("A", "F1", 4)])
    try other.change(two, .commit)
    try other.feed(1, [("A", "F1", .count, 6)])
    #expect(other.told(two) == ["A@F1 4", "B@F1 1", "A@F1 4 short 2"])
    try other.feed(2, [("A", "F1", .count, 3)])
    #expect(other.told(two) == ["A@F1 4 short 1", "B@F1 1", "A@F1 4 short 4"])
    #expect(other.broken(of: try other.restored()) == other.broken())
  }

  @Test func whatIsDueThisVerySecondIsOfNow() throws {
    let desk = try Desk.small()
    try desk.order([Line("A", "F1", 4)], due: desk.now.seconds)
    #expect(desk.row("A", "F1")?.reserved == 4 && desk.state.claims.count == 0)
    try desk.order([Line("A", "F1", 4)], due: desk.now.seconds + 1)
    #expect(desk.row("A", "F1")?.reserved == 4 && desk.state.claims.count == 1)
    desk.now.milliseconds += 1000
    desk.expire()
    #expect(desk.row("A", "F1")?.reserved == 8 && desk.state.claims.count == 0)
  }

  /// What is awaited of holds that ended is dropped when there is much of it, and nothing else is.
  @Test func aDueIsAwaitedHoweverManyOthersComeAndGo() throws {
    let desk = try Desk.small()
    let (kept, _) = try desk.order(
      [Line("A", "F1", 2)], due: desk.now.seconds + 5000, seconds: 9000)
    desk.isAudited = false
    for round in 0..<1100 {
      let (id, _) = try desk.order([Line("A", "F1", 1)], due: desk.now.seconds + 3000)
      try desk.change(id, .release)
      if round % 100 == 0 { desk.now.milliseconds += 1000 }
    }
    #expect(desk.state.holds.dues.count < 1024)
    desk.isAudited = true
    desk.now.milliseconds += 5_000_000
    #expect(desk.state.dueHolds(at: desk.now).map { Array($0.buffer) } == [kept])
    desk.expire()
    #expect(desk.row("A", "F1")?.reserved == 2 && desk.state.claims.count == 0)
  }

  @Test func aHoldThatIsNamedTwiceMustBeOneHold() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 1)], name: "one")
    let (other, _) = try desk.order([Line("A", "F1", 1)], name: "two")
    func find(_ id: UInt64, _ name: String) -> OutcomeCode? {
      var reply = HoldReply()
      return desk.code { () throws(Refusal) in
        try desk.state.answer(
          HoldReference(id: id, name: desk.lender.bytes(name)), at: desk.now, into: &reply)
      }
    }
    #expect(find(id, "one") == nil && find(other, "two") == nil)
    #expect(find(id, "two") == .holdUnknown && find(other, "one") == .holdUnknown)
  }

  /// What is granted for later is of the supply that comes then, never of what may be backordered.
  @Test func aLaterGrantRestsOnSupplyAlone() throws {
    let desk = try Desk.small()
    let eta = desk.now.seconds + 86_400
    try desk.put(Rows.inbound([("S", "A", "F1", 5, eta, .shipped)]))
    try desk.put(Rows.backorders([("A", "F1", .backorder, 5, 0, 0)]))
    #expect(
      desk.code { () throws(Refusal) in try desk.order([Line("A", "F1", 18)], .fillAll) }
        == .insufficientStock)
    let (_, grants) = try desk.order([Line("A", "F1", 15)], .fillAll)
    #expect(grants.granted == [10] && grants.later == [5] && grants.backordered == [0])
  }

  /// Units that the command takes for later are no part of what is wanted of now.
  @Test func aRefusedLineIsToldWithTheLinesOfItsOwnTime() throws {
    let desk = try Desk.small()
    let eta = desk.now.seconds + 86_400
    try desk.put(Rows.inbound([("S", "A", "F1", 5, eta, .shipped)]))
    var lines = desk.lines([Line("A", "F1", 5), Line("A", "F1", 4), Line("A", "F1", 8)])
    lines.dues = desk.lender.column([eta, 0, 0])
    let refusal = desk.refusal { () throws(Refusal) in
      _ = try desk.state.decide(
        HoldCommand(
          key: desk.command(""), owner: desk.lender.bytes("cart"), timeToLiveSeconds: 0,
          lines: lines), at: desk.now)
    }
    #expect(refusal?.code == .insufficientStock && refusal?.row == 2)
    #expect(refusal?.availableUnits == 10)
    #expect(refusal?.message.hasPrefix("12 of item A are wanted in node F1, 10 are") == true)
  }

  /// To the millisecond, in the same way for whoever asks for it and whoever replaces it.
  @Test func aForgottenHoldIsInNobodysWay() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 1)], name: "mine")
    try desk.change(id, .release)
    func code() -> OutcomeCode? {
      desk.code { () throws(Refusal) in
        _ = try desk.state.decide(
          HoldCommand(
            key: desk.command(""), owner: desk.lender.bytes("other"),
            name: desk.lender.bytes("mine"), timeToLiveSeconds: 0, replaces: id,
            lines: desk.lines([Line("A", "F1", 1)])), at: desk.now)
      }
    }
    desk.now.milliseconds += Limits.endedHoldMilliseconds - 1
    #expect(code() == .notOwner)
    desk.now.milliseconds += 1
    #expect(code() == nil)
  }
}
