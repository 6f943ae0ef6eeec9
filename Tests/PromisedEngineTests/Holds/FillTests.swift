import PromisedModel
import Testing

@testable import PromisedEngine

/// `Desk.small` has 10 of A and 3 of B in F1, and nothing in F2.
@Suite struct FillTests {
  @Test func whatIsThereIsGrantedPerLine() throws {
    let desk = try Desk.small()
    let (id, grants) = try desk.order(
      [Line("A", "F1", 4), Line("B", "F1", 9), Line("A", "F1", 9), Line("A", "F2", 1)],
      .fillAvailable, key: "k")
    #expect(grants.granted == [4, 3, 6, 0] && grants.backordered == [0, 0, 0, 0])
    #expect(desk.told(id) == ["A@F1 4", "B@F1 3", "A@F1 6"])
    #expect(desk.available("A", "F1") == 0 && desk.available("B", "F1") == 0)
    // Nothing at all is a refusal, with the first row.
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.order([Line("A", "F1", 1), Line("B", "F1", 1)], .fillAvailable, owner: "other")
    }
    #expect(refusal?.code == .insufficientStock && refusal?.row == 0)
    #expect(refusal?.availableUnits == 0)
    // The same key, the same answer, also through a snapshot.
    var repeated = HoldReply()
    desk.state.appendGrants(of: desk.command("k"), to: &repeated)
    #expect((0..<repeated.granted.count).map { repeated.granted[$0] } == [4, 3, 6, 0])
    var restored = HoldReply()
    try desk.restored().appendGrants(of: desk.command("k"), to: &restored)
    #expect((0..<restored.granted.count).map { restored.granted[$0] } == [4, 3, 6, 0])
  }

  @Test func theRestClaimsSupplyThatComes() throws {
    let desk = try Desk.small()
    let eta = desk.now.seconds + 86_400
    try desk.put(
      Rows.inbound([
        ("S1", "A", "F1", 5, eta, .shipped), ("S2", "A", "F1", 5, eta + 3600, .shipped),
      ]))
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.order([Line("A", "F1", 21)], .fillAll)
    }
    #expect(refusal?.code == .insufficientStock && refusal?.row == 0)
    #expect(refusal?.nextSupplyUnixSeconds == eta)
    // All or nothing still is.
    #expect(
      desk.code { () throws(Refusal) in try desk.order([Line("A", "F1", 11)]) }
        == .insufficientStock)
    let (id, grants) = try desk.order([Line("A", "F1", 17), Line("B", "F1", 1)], .fillAll)
    #expect(grants.granted == [10, 1] && grants.later == [7, 0])
    #expect(grants.laterDues == [UInt32(eta + 3600), 0] && grants.backordered == [0, 0])
    #expect(desk.told(id) == ["A@F1 10", "A@F1 7", "B@F1 1"])
    // What comes later is claimed from then on, not from the shelf.
    #expect(desk.row("A", "F1")?.reserved == 10)
    try desk.change(id, .commit)
    #expect(desk.broken() == [])
    _ = try desk.restored()
    try desk.consume(id, [Line("A", "F1", 10)])
    try desk.feed(1, [("A", "F1", .receipt, 10)])
    try desk.consume(id)
    #expect(desk.holdState(id) == .consumed && desk.row("A", "F1")?.onHand == 3)
    #expect(desk.state.claims.count == 0)
    _ = try desk.restored()
  }

  @Test func whatMayBeBackorderedIsSaidAndBreaksNothing() throws {
    let desk = try Desk.small()
    try desk.put(Rows.backorders([("A", "F1", .backorder, 5, 0, 0)]))
    let (id, grants) = try desk.order([Line("A", "F1", 13)], .fillAll)
    #expect(grants.granted == [10] && grants.backordered == [3])
    #expect(desk.told(id) == ["A@F1 10", "A@F1 3"])
    try desk.change(id, .commit)
    // No supply is known for three: that is no shortfall, a count below the ten is.
    #expect(desk.broken() == [] && desk.available("A", "F1") == -3)
    try desk.feed(1, [("A", "F1", .count, 8)])
    #expect(desk.broken().map(\.units) == [2])
    #expect(desk.broken(of: try desk.restored()) == desk.broken())
    try desk.feed(2, [("A", "F1", .count, 13)])
    #expect(desk.broken() == [])
    try desk.pick(id, [Line("A", "F1", 12)])
    #expect(desk.told(id) == ["A@F1 10 picked 10", "A@F1 3 picked 2"])
    _ = try desk.restored()
    // Picked units are missed when they are gone.
    try desk.feed(3, [("A", "F1", .count, 11)])
    #expect(desk.broken().map(\.units) == [1])
    try desk.feed(4, [("A", "F1", .count, 13)])
    try desk.consume(id)
    #expect(desk.holdState(id) == .consumed && desk.available("A", "F1") == 0)
    #expect(
      desk.code { () throws(Refusal) in try desk.order([Line("A", "F1", 6)], .fillAll) }
        == .insufficientStock)
  }

  @Test func unitsOfAGroupBecomeUnitsOfItsNodes() throws {
    let desk = try Desk.small()
    try desk.put(Rows.positions([("A", "F1", 10, 0, 0), ("A", "F2", 5, 0, 0)]))
    try desk.put(Rows.groups([("WEST", ["F1", "F2"])]))
    var lines = desk.lines([Line("A", "F1", 12)])
    lines.nodeNames = .empty
    lines.groupNames = desk.lender.names(["WEST"])
    let event = try desk.state.decide(
      HoldCommand(
        key: desk.command(""), owner: desk.lender.bytes("cart"), timeToLiveSeconds: 0,
        lines: lines), at: desk.now)
    let id = desk.apply(.held(event))
    #expect(desk.told(id) == ["A@WEST 12"])
    #expect(desk.claimable("A", "WEST", pool: true) == 3)
    try desk.change(id, .commit)
    let refusal = desk.refusal { () throws(Refusal) in try desk.consume(id) }
    #expect(refusal?.code == .lineNotSourced && refusal?.row == 0)
    #expect(
      desk.code { () throws(Refusal) in try desk.pick(id, [Line("A", "F1", 1)]) }
        == .lineNotSourced)
    // Its own units count as free where they are sourced.
    try desk.amend(id, [Line("A", "F1", 8), Line("A", "F2", 4)])
    #expect(desk.told(id) == ["A@F1 8", "A@F2 4"])
    #expect(desk.available("A", "F1") == 2 && desk.available("A", "F2") == 1)
    #expect(desk.claimable("A", "WEST", pool: true) == 3)
    _ = try desk.restored()
    try desk.consume(id)
    #expect(desk.holdState(id) == .consumed)
  }

  @Test func kitsAreMadeOfTheirComponentsAndLeaveWithThem() throws {
    let desk = try Desk.small()
    try desk.put(Rows.items([Rows.Item(key: "K")]))
    try desk.put(Rows.kits([("K", "A", 2), ("K", "B", 1)]))
    let id = try desk.hold([Line("K", "F1", 2)])
    #expect(desk.told(id) == ["K@F1 2", "A@F1 4", "B@F1 2"])
    #expect(desk.available("A", "F1") == 6 && desk.available("B", "F1") == 1)
    #expect(
      desk.code { () throws(Refusal) in try desk.hold([Line("K", "F1", 2)], owner: "other") }
        == .insufficientStock)
    // One kit less: its parts come back. One more: they are taken.
    try desk.amend(id, [Line("K", "F1", 1)])
    #expect(desk.told(id) == ["K@F1 1", "A@F1 2", "B@F1 1"])
    try desk.amend(id, [Line("K", "F1", 3), Line("A", "F1", 1)])
    #expect(desk.told(id) == ["K@F1 3", "A@F1 6", "B@F1 3", "A@F1 1"])
    try desk.amend(id, [Line("K", "F1", 3)])
    try desk.change(id, .commit)
    _ = try desk.restored()
    try desk.pick(id, [Line("A", "F1", 1)])
    #expect(
      desk.code { () throws(Refusal) in try desk.amend(id, [Line("K", "F1", 2)]) }
        == .linePicked)
    try desk.consume(id)
    #expect(desk.holdState(id) == .consumed && desk.row("A", "F1")?.onHand == 4)
  }

  @Test func aNameIsOfOneHold() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 2)], name: "order-1")
    let taken = desk.refusal { () throws(Refusal) in
      try desk.order([Line("A", "F1", 2)], name: "order-1")
    }
    #expect(taken?.code == .nameTaken && taken?.key == Name("order-1"))
    var reply = HoldReply()
    try desk.state.answer(
      HoldReference(id: 0, name: desk.lender.bytes("order-1")), at: desk.now, into: &reply)
    #expect(reply.holdID == id && reply.name.name == Name("order-1"))
    let copy = try desk.restored()
    #expect(copy.holds.find(name: desk.lender.bytes("order-1")) != nil)
    // An ended hold keeps its name until it is forgotten.
    try desk.change(id, .release)
    #expect(
      desk.code { () throws(Refusal) in try desk.order([Line("A", "F1", 2)], name: "order-1") }
        == .nameTaken)
    desk.now.milliseconds += Limits.endedHoldMilliseconds
    let (next, _) = try desk.order([Line("A", "F1", 2)], name: "order-1")
    #expect(desk.holdState(next) == .held && desk.holdState(id) == nil)
    let unknown = desk.refusal { () throws(Refusal) in
      try desk.state.answer(
        HoldReference(id: 0, name: desk.lender.bytes("nobody")), at: desk.now, into: &reply)
    }
    #expect(unknown?.code == .holdUnknown)
  }

  /// Complaint 16: a shopper is blocked by their own abandoned hold.
  @Test func complaint16AnOwnHoldNeverBlocks() throws {
    let desk = try Desk.small()
    let (first, _) = try desk.order([Line("A", "F1", 8)], name: "cart-1")
    let blocked = desk.refusal { () throws(Refusal) in
      try desk.order([Line("A", "F1", 9)])
    }
    #expect(blocked?.code == .insufficientStock && blocked?.availableUnits == 2)
    #expect(blocked?.message.contains("hold \(first) of the same owner has 8") == true)
    // Another owner's units are nobody else's business, and more than all cannot be cured.
    for (owner, units) in [("other", Int32(9)), ("cart", 11)] {
      let told = desk.refusal { () throws(Refusal) in
        try desk.order([Line("A", "F1", units)], owner: owner)
      }
      #expect(told?.message.contains("same owner") == false)
    }
    // The changed cart takes the place of the one before, with its name.
    let (second, _) = try desk.order([Line("A", "F1", 9)], name: "cart-1", replaces: first)
    #expect(desk.holdState(first) == .released && desk.available("A", "F1") == 1)
    #expect(
      desk.code { () throws(Refusal) in
        try desk.order([Line("A", "F1", 9)], owner: "other", replaces: second)
      } == .notOwner)
    // Refused, nothing of it has happened.
    #expect(
      desk.code { () throws(Refusal) in
        try desk.order([Line("A", "F1", 11)], replaces: second)
      } == .insufficientStock)
    #expect(desk.holdState(second) == .held && desk.available("A", "F1") == 1)
    // Expired, forgotten or released it is no obstacle, committed it is one.
    desk.now.milliseconds += Limits.holdDefaultSeconds * 1000
    let (third, _) = try desk.order([Line("A", "F1", 10)], replaces: second)
    #expect(desk.holdState(second) == .expired)
    let (fourth, _) = try desk.order([Line("A", "F1", 9)], replaces: third)
    try desk.change(fourth, .commit)
    #expect(
      desk.code { () throws(Refusal) in
        try desk.order([Line("A", "F1", 1)], replaces: fourth)
      } == .holdCommitted)
    try desk.order([Line("A", "F1", 1)], replaces: 999_999)
    _ = try desk.restored()
  }

  @Test func refusalsComeInTheirOrder() throws {
    let desk = try Desk.small()
    let (held, _) = try desk.order([Line("A", "F1", 1)], name: "n")
    func code(
      _ lines: [Line], _ fill: HoldFillPolicy = .fillAvailable, owner: String = "cart",
      name: String = "", replaces: UInt64 = 0, due: Int64 = 0
    ) -> OutcomeCode? {
      desk.code { () throws(Refusal) in
        try desk.order(
          lines, fill, owner: owner, name: name, replaces: replaces, due: due)
      }
    }
    #expect(code([], owner: "") == .keyInvalid)
    #expect(code([], name: "bad\u{7}") == .keyInvalid)
    #expect(code([], name: "n") == .fieldMissing)
    #expect(code([Line("A", "F9", 0)], name: "n") == .nameTaken)
    #expect(code([Line("A", "F9", 0)], owner: "eve", replaces: held) == .notOwner)
    #expect(code([Line("A", "F9", 0)]) == .fieldOutOfRange)
    #expect(code([Line("A", "F9", 1)], due: -1) == .fieldOutOfRange)
    #expect(code([Line("Z", "F9", 1)]) == .nodeUnknown)
    #expect(code([Line("Z", "F1", 1)]) == .itemUnknown)
    #expect(code([Line("A", "F2", 1)]) == .insufficientStock)
    var command = HoldCommand(
      key: desk.command(""), owner: desk.lender.bytes("cart"), timeToLiveSeconds: 0,
      fill: .fillAll, lines: desk.lines([Line("A", "F1", 1)], channel: "nowhere"))
    #expect(
      desk.code { () throws(Refusal) in
        _ = try desk.state.decide(command, at: desk.now)
      } == .channelUnknown)
    command.lines.channel = .empty
    command.lines.nodes = desk.lender.column([1])
    #expect(
      desk.code { () throws(Refusal) in
        _ = try desk.state.decide(command, at: desk.now)
      } == .fieldOutOfRange)
    command.lines.groupNames = desk.lender.names(["nowhere"])
    #expect(
      desk.code { () throws(Refusal) in
        _ = try desk.state.decide(command, at: desk.now)
      } == .groupUnknown)
  }
}
