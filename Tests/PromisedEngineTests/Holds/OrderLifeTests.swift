import PromisedModel
import Testing

@testable import PromisedEngine

/// `Desk.small` has 10 of A and 3 of B in F1, and nothing in F2.
@Suite struct OrderLifeTests {
  // MARK: Extend

  /// Complaint 17: hold length and renewal unclear.
  @Test func complaint18ACheckoutIsReservedUntilItIsPaidOrGivenUp() throws {
    let desk = try Desk.small()
    let paid = try desk.hold([Line("A", "F1", 6)], owner: "ann", seconds: 60)
    _ = try desk.hold([Line("A", "F1", 4)], owner: "bob", seconds: 60)
    // Nobody else gets them while they are at the checkout, and a page says so.
    #expect(desk.available("A", "F1") == 0)
    #expect(
      desk.code { () throws(Refusal) in try desk.hold([Line("A", "F1", 1)], owner: "eve") }
        == .insufficientStock)
    try desk.change(paid, .commit, owner: "ann")
    // What was given up is there again, what was paid is not.
    desk.now.milliseconds += 60_000
    desk.expire()
    #expect(desk.available("A", "F1") == 4)
    try desk.hold([Line("A", "F1", 4)], owner: "eve")
    #expect(
      desk.code { () throws(Refusal) in try desk.hold([Line("A", "F1", 1)], owner: "eve") }
        == .insufficientStock)
    try desk.consume(paid, owner: "ann")
    #expect(desk.onHand("A", "F1") == 4 && desk.available("A", "F1") == 0)
  }

  @Test func aRefusedAmendmentTellsTheRowAsItWasAsked() throws {
    let desk = try Desk.small()
    let id = try desk.hold([Line("A", "F1", 2)])
    _ = try desk.hold([Line("A", "F1", 3)], owner: "other")
    let refusal = desk.refusal { () throws(Refusal) in try desk.amend(id, [Line("A", "F1", 8)]) }
    #expect(refusal?.code == .insufficientStock && refusal?.availableUnits == 7)
    #expect(refusal?.message.contains("8 of item A") == true)
    #expect(refusal?.message.contains("replaces_hold_id") == false)
    // Another hold of the owner that stands in the way is named.
    let mine = try desk.hold([Line("A", "F1", 4)])
    let again = desk.refusal { () throws(Refusal) in try desk.amend(id, [Line("A", "F1", 6)]) }
    #expect(again?.message.contains("hold \(mine) of the same owner has 4") == true)
    #expect(again?.availableUnits == 3)
  }

  @Test func complaint17ExtendingIsFromNowAndNeverNearer() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 8)], seconds: 100)
    let start = desk.now.milliseconds
    desk.now.milliseconds += 50_000
    #expect(try desk.extend(id, seconds: 20).expiresAt.milliseconds == start + 100_000)
    #expect(try desk.extend(id, seconds: 600).expiresAt.milliseconds == start + 650_000)
    desk.now.milliseconds = start + 649_000
    desk.expire()
    #expect(desk.holdState(id) == .held)
    _ = try desk.restored()
    #expect(
      desk.code { () throws(Refusal) in try desk.extend(id, seconds: 9, owner: "eve") }
        == .notOwner)
    #expect(
      desk.code { () throws(Refusal) in try desk.extend(id, seconds: 86_401) }
        == .fieldOutOfRange)
    // Expired it claims again, or says why not.
    desk.now.milliseconds = start + 650_000
    desk.expire()
    #expect(desk.holdState(id) == .expired && desk.available("A", "F1") == 10)
    let (other, _) = try desk.order([Line("A", "F1", 3)], owner: "other")
    let gone = desk.refusal { () throws(Refusal) in try desk.extend(id, seconds: 60) }
    #expect(gone?.code == .insufficientStock && gone?.row == 0 && gone?.availableUnits == 7)
    try desk.change(other, .release, owner: "other")
    #expect(try desk.extend(id, seconds: 60).reclaimed)
    #expect(desk.available("A", "F1") == 2 && desk.holdState(id) == .held)
    try desk.change(id, .commit)
    #expect(desk.code { () throws(Refusal) in try desk.extend(id, seconds: 60) } == .holdCommitted)
    try desk.change(id, .release)
    #expect(desk.code { () throws(Refusal) in try desk.extend(id, seconds: 60) } == .holdReleased)
    #expect(
      desk.code { () throws(Refusal) in try desk.extend(77_777, seconds: 60) }
        == .holdUnknown)
  }

  // MARK: Pick and ship

  @Test func anOrderIsPickedAndShippedInParts() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 4), Line("B", "F1", 2), Line("A", "F1", 2)])
    #expect(
      desk.code { () throws(Refusal) in try desk.pick(id, [Line("A", "F1", 1)]) }
        == .holdNotCommitted)
    #expect(desk.code { () throws(Refusal) in try desk.consume(id) } == .holdNotCommitted)
    try desk.change(id, .commit)
    // Two lines claim A: the first is served first.
    try desk.pick(id, [Line("A", "F1", 5)])
    #expect(desk.told(id) == ["A@F1 4 picked 4", "B@F1 2", "A@F1 2 picked 1"])
    #expect(desk.state.breakdowns.read(item: desk.token("A"), node: desk.node("F1")).picked == 5)
    #expect(desk.available("A", "F1") == 4)
    let tooMany = desk.refusal { () throws(Refusal) in try desk.pick(id, [Line("A", "F1", 2)]) }
    #expect(tooMany?.code == .lineQuantityExceeded && tooMany?.availableUnits == 1)
    #expect(tooMany?.row == 0)
    _ = try desk.restored()
    try desk.consume(id, [Line("A", "F1", 3), Line("B", "F1", 1)])
    #expect(
      desk.told(id) == ["A@F1 1 picked 1 shipped 3", "B@F1 1 shipped 1", "A@F1 2 picked 1"])
    #expect(desk.row("A", "F1")?.onHand == 7 && desk.available("A", "F1") == 4)
    #expect(desk.row("B", "F1")?.onHand == 3 && desk.available("B", "F1") == 1)
    #expect(desk.holdState(id) == .committed)
    try desk.consume(id)
    #expect(desk.holdState(id) == .consumed && desk.available("A", "F1") == 4)
    #expect(desk.row("A", "F1")?.reserved == 0 && desk.row("A", "F1")?.onHand == 4)
    let copy = try desk.restored()
    #expect(copy.counters.allocations == 0)
    for code in [
      desk.code { () throws(Refusal) in try desk.consume(id) },
      desk.code { () throws(Refusal) in try desk.pick(id, [Line("A", "F1", 1)]) },
      desk.code { () throws(Refusal) in try desk.amend(id, [Line("A", "F1", 1)]) },
      desk.code { () throws(Refusal) in try desk.change(id, .commit) },
      desk.code { () throws(Refusal) in try desk.extend(id, seconds: 5) },
    ] {
      #expect(code == .holdConsumed)
    }
    desk.now.milliseconds += Limits.endedHoldMilliseconds
    #expect(desk.told(id) == ["holdUnknown"])
  }

  /// Complaint 7: quantities go negative with no way back.
  @Test func complaint7WhatIsNotOnHandCannotLeave() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 4)])
    try desk.change(id, .commit)
    try desk.feed(1, [("A", "F1", .count, 3)])
    let refusal = desk.refusal { () throws(Refusal) in try desk.consume(id) }
    #expect(refusal?.code == .onHandNegative && refusal?.availableUnits == 3 && refusal?.row == 0)
    #expect(desk.told(id) == ["A@F1 4 short 1"])
    try desk.consume(id, [Line("A", "F1", 3)])
    #expect(desk.told(id) == ["A@F1 1 shipped 3 short 1"])
    try desk.feed(2, [("A", "F1", .receipt, 1)])
    try desk.consume(id)
    #expect(desk.holdState(id) == .consumed && desk.available("A", "F1") == 0)
  }

  @Test func aShortPickLowersOnHandAndBreaksTheLatestCommit() throws {
    let desk = try Desk.small()
    let (first, _) = try desk.order([Line("A", "F1", 5)])
    let (second, _) = try desk.order([Line("A", "F1", 5)])
    try desk.change(first, .commit)
    try desk.change(second, .commit)
    let since = desk.now.milliseconds
    try desk.pick(first, [Line("A", "F1", 2)], missing: [2])
    #expect(desk.row("A", "F1")?.onHand == 8)
    #expect(desk.broken() == [Broken(hold: second, line: 0, units: 2, since: since)])
    // What was picked is secured: the rest of an order gives way before.
    try desk.pick(second, [Line("A", "F1", 4)])
    #expect(
      desk.broken() == [
        Broken(hold: first, line: 0, units: 1, since: since),
        Broken(hold: second, line: 0, units: 1, since: since),
      ])
    _ = try desk.restored()
    let tooMany = desk.refusal { () throws(Refusal) in
      try desk.pick(first, [Line("A", "F1", 2)], missing: [2])
    }
    #expect(tooMany?.code == .lineQuantityExceeded && tooMany?.availableUnits == 3)
    #expect(
      desk.code { () throws(Refusal) in
        try desk.pick(first, [Line("A", "F1", 0)], missing: [0])
      } == .fieldOutOfRange)
    #expect(
      desk.code { () throws(Refusal) in
        try desk.pick(first, [Line("A", "F1", 1)], missing: [0, 1])
      } == .columnLengthMismatch)
    #expect(desk.code { () throws(Refusal) in try desk.pick(first, []) } == .fieldMissing)
    #expect(
      desk.code { () throws(Refusal) in
        try desk.pick(first, [Line("B", "F1", 1)])
      } == .lineQuantityExceeded)
  }

  @Test func whatIsReleasedComesBackAlsoWhenItWasPicked() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 6)])
    try desk.change(id, .commit)
    try desk.pick(id, [Line("A", "F1", 4)])
    try desk.consume(id, [Line("A", "F1", 1)])
    try desk.change(id, .release)
    #expect(desk.row("A", "F1")?.onHand == 9 && desk.available("A", "F1") == 9)
    #expect(desk.state.breakdowns.read(item: desk.token("A"), node: desk.node("F1")).isZero)
    _ = try desk.restored()
  }

  // MARK: Amend

  @Test func anAmendedHoldKeepsWhatItHasAndClaimsWhatGrows() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 9), Line("B", "F1", 1)])
    // Nine of ten are its own: ten are free for it.
    try desk.amend(id, [Line("B", "F1", 3), Line("A", "F1", 10)])
    #expect(desk.told(id) == ["A@F1 10", "B@F1 3"])
    #expect(desk.available("A", "F1") == 0 && desk.available("B", "F1") == 0)
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.amend(id, [Line("B", "F1", 1), Line("A", "F1", 11)])
    }
    #expect(refusal?.code == .insufficientStock && refusal?.row == 1)
    #expect(refusal?.availableUnits == 10)
    #expect(desk.told(id) == ["A@F1 10", "B@F1 3"])
    try desk.change(id, .commit)
    try desk.amend(id, [Line("A", "F1", 2), Line("A", "F1", 2)])
    #expect(desk.told(id) == ["A@F1 4"] && desk.available("B", "F1") == 3)
    #expect(
      desk.state.breakdowns.read(item: desk.token("A"), node: desk.node("F1")).allocated == 4)
    _ = try desk.restored()
    #expect(desk.code { () throws(Refusal) in try desk.amend(id, []) } == .fieldMissing)
    #expect(
      desk.code { () throws(Refusal) in
        try desk.amend(id, [Line("A", "F1", 1)], owner: "eve")
      } == .notOwner)
  }

  @Test func whatIsPickedOrShippedCannotBeAmendedAway() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 6), Line("B", "F1", 2)])
    try desk.change(id, .commit)
    try desk.pick(id, [Line("A", "F1", 3)])
    try desk.consume(id, [Line("A", "F1", 1)])
    // One shipped, two picked, three neither.
    for lines in [[Line("A", "F1", 2), Line("B", "F1", 2)], [Line("B", "F1", 2)]] {
      let refusal = desk.refusal { () throws(Refusal) in try desk.amend(id, lines) }
      #expect(refusal?.code == .linePicked && refusal?.availableUnits == 3)
    }
    try desk.amend(id, [Line("A", "F1", 3)])
    #expect(desk.told(id) == ["A@F1 2 picked 2 shipped 1"] && desk.available("B", "F1") == 3)
    try desk.consume(id)
    #expect(desk.holdState(id) == .consumed && desk.row("A", "F1")?.onHand == 7)
  }

  /// What is all that is left of an order is no order that waits for anything.
  @Test func anOrderAmendedToWhatHasLeftIsConsumed() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 5), Line("B", "F1", 2)])
    try desk.change(id, .commit)
    try desk.consume(id, [Line("A", "F1", 3)])
    try desk.amend(id, [Line("A", "F1", 3)])
    #expect(desk.holdState(id) == .consumed && desk.available("A", "F1") == 7)
    #expect(
      desk.code { () throws(Refusal) in try desk.change(id, .release) } == .holdConsumed)
    // It is forgotten as any other.
    desk.now.milliseconds += Int64(Limits.endedHoldMilliseconds)
    #expect(
      desk.code { () throws(Refusal) in try desk.change(id, .release) } == .holdUnknown)
    _ = try desk.restored()
  }

  @Test func aShortAllocationIsAmendedWithoutForgettingSinceWhen() throws {
    let desk = try Desk.small()
    let (id, _) = try desk.order([Line("A", "F1", 8), Line("B", "F1", 1)])
    try desk.change(id, .commit)
    try desk.feed(1, [("A", "F1", .count, 5)])
    let since = desk.now.milliseconds
    desk.now.milliseconds += 5000
    // Shrinking needs nothing that is not there.
    try desk.amend(id, [Line("A", "F1", 6)])
    #expect(desk.broken() == [Broken(hold: id, line: 0, units: 1, since: since)])
    #expect(desk.broken(of: try desk.restored()) == desk.broken())
    #expect(
      desk.code { () throws(Refusal) in try desk.amend(id, [Line("A", "F1", 7)]) }
        == .insufficientStock)
    try desk.amend(id, [Line("A", "F1", 5)])
    #expect(desk.broken() == [])
  }

  /// Complaint 15: setting on hand while reservations are open breaks shipping, or is refused.
  @Test func complaint15ACountUnderOpenAllocationsIsTakenAndTold() throws {
    let desk = try Desk.small()
    let (first, _) = try desk.order([Line("A", "F1", 6)], name: "order-1")
    let (second, _) = try desk.order([Line("A", "F1", 4)], name: "order-2")
    try desk.change(first, .commit)
    try desk.change(second, .commit)
    #expect(try desk.feed([("A", "F1", .count, 7)], from: 1) == [.ok])
    var reply = ShortfallReply()
    try desk.state.answer(Self.query(desk), at: desk.now, into: &reply)
    #expect(reply.holdIDs.count == 1 && reply.holdIDs[0] == second && reply.units[0] == 3)
    #expect(reply.names[0].name == Name("order-2") && reply.claimed[0] == 4)
    #expect(reply.shortUnits == 3 && reply.shortPositions == 1)
    // The order that is covered ships; the other one ships what is there.
    try desk.consume(first)
    try desk.consume(second, [Line("A", "F1", 1)])
    try desk.feed(2, [("A", "F1", .receipt, 3)])
    try desk.consume(second)
    #expect(desk.broken() == [] && desk.available("A", "F1") == 0)
  }

  @Test func shortfallsComeInPagesByItemNodeAndHold() throws {
    let desk = try Desk.small()
    var ids: [UInt64] = []
    for _ in 0..<3 {
      let (id, _) = try desk.order([Line("A", "F1", 2), Line("B", "F1", 1)])
      try desk.change(id, .commit)
      ids.append(id)
    }
    try desk.feed(1, [("A", "F1", .count, 0), ("B", "F1", .count, 0)])
    var all: [String] = []
    var token: [UInt8] = []
    repeat {
      var reply = ShortfallReply()
      try desk.state.answer(Self.query(desk, size: 4, token: token), at: desk.now, into: &reply)
      for row in 0..<reply.holdIDs.count {
        all.append("\(reply.holdIDs[row])/\(reply.lines[row]) \(reply.items[row].name)")
      }
      token = reply.nextPageToken
    } while !token.isEmpty
    #expect(all == ids.flatMap { ["\($0)/0 A", "\($0)/1 B"] })
    func count(_ query: ShortfallQuery) throws(Refusal) -> Int {
      var reply = ShortfallReply()
      try desk.state.answer(query, at: desk.now, into: &reply)
      return reply.holdIDs.count
    }
    #expect(try count(Self.query(desk, item: "B")) == 3)
    #expect(try count(Self.query(desk, node: "F2")) == 0)
    #expect(try count(Self.query(desk, hold: ids[1])) == 2)
    for (query, code) in [
      (Self.query(desk, item: "ZZ"), OutcomeCode.itemUnknown),
      (Self.query(desk, node: "ZZ"), .nodeUnknown), (Self.query(desk, hold: 99_999), .holdUnknown),
      (Self.query(desk, size: 0), .fieldOutOfRange),
      (Self.query(desk, token: [1]), .fieldOutOfRange),
    ] {
      #expect(desk.code { () throws(Refusal) in _ = try count(query) } == code)
    }
  }

  static func query(
    _ desk: Desk, item: String = "", node: String = "", hold: UInt64 = 0, size: Int32 = 100,
    token: [UInt8] = []
  ) -> ShortfallQuery {
    let column = desk.lender.column(token)
    return ShortfallQuery(
      item: item.isEmpty ? .empty : desk.lender.bytes(item),
      node: node.isEmpty ? .empty : desk.lender.bytes(node), hold: HoldReference(id: hold),
      pageToken: BorrowedBytes(base: column.base, count: column.count), pageSize: size)
  }
}

extension Desk {
  func node(_ name: String) -> UInt16 { state.nodeIndex(Name(name)) ?? 9999 }
}
