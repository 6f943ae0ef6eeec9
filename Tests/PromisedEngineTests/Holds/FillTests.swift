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
    try desk.put(Rows.inbound([("S1", "A", "F1", 5, eta, .shipped), ("S2", "A", "F1", 5, eta + 3600, .shipped)]))
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.order([Line("A", "F1", 21)], .fillAll)
    }
    #expect(refusal?.code == .insufficientStock && refusal?.row == 0)
    #expect(refusal?.nextSupplyUnixSeconds == eta)
    // All or nothing still is.
    #expect(desk.code { () throws(Refusal) in try desk.order([Line("A", "F1", 11)]) }
      == .insufficientStock)
    #expect(desk.available("A", "F1") == 10)
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
    #expect(desk.code { () throws(Refusal) in
      try desk.order([Line("A", "F1", 9)], owner: "other", replaces: second)
    } == .notOwner)
    // Refused, nothing of it has happened.
    #expect(desk.code { () throws(Refusal) in
      try desk.order([Line("A", "F1", 11)], replaces: second)
    } == .insufficientStock)
    #expect(desk.holdState(second) == .held && desk.available("A", "F1") == 1)
    // Expired, forgotten or released it is no obstacle, committed it is one.
    desk.now.milliseconds += Limits.holdDefaultSeconds * 1000
    let (third, _) = try desk.order([Line("A", "F1", 10)], replaces: second)
    #expect(desk.holdState(second) == .expired)
    let (fourth, _) = try desk.order([Line("A", "F1", 9)], replaces: third)
    try desk.change(fourth, .commit)
    #expect(desk.code { () throws(Refusal) in
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
    #expect(desk.code { () throws(Refusal) in
      _ = try desk.state.decide(command, at: desk.now)
    } == .channelUnknown)
    command.lines.channel = .empty
    command.lines.nodes = desk.lender.column([1])
    #expect(desk.code { () throws(Refusal) in
      _ = try desk.state.decide(command, at: desk.now)
    } == .fieldOutOfRange)
    command.lines.groupNames = desk.lender.names(["nowhere"])
    #expect(desk.code { () throws(Refusal) in
      _ = try desk.state.decide(command, at: desk.now)
    } == .groupUnknown)
  }
}
