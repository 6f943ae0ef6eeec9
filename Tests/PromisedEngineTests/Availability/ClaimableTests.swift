import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ClaimableTests {
  /// Pools west (F1, F2) and south (F2, F3) share F2. In MSI two claims of pools with a shared
  /// source could take its units twice.
  @Test("complaint 2: a source in two pools is sold once, whoever asks where")
  func complaint2PoolsThatShareASource() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.groups([("west", ["F1", "F2"]), ("south", ["F2", "F3"])]))
    try desk.put(Rows.positions([("A", "F1", 2, 0, 0), ("A", "F2", 5, 0, 0)]))
    #expect(desk.claimable("A", "west", pool: true) == 7)
    #expect(desk.claimable("A", "south", pool: true) == 5)
    let taken = try desk.take([desk.wish("A", "south", 4, pool: true)])
    #expect(taken.map(\.granted) == [4])
    // Of F2 one unit is left for west, and for F2 itself.
    #expect(desk.claimable("A", "west", pool: true) == 3)
    #expect(desk.claimable("A", "F2") == 1 && desk.claimable("A", "F1") == 2)
    let more = try desk.take([
      desk.wish("A", "west", 3, pool: true), desk.wish("A", "F2", 1), desk.wish("A", "F1", 1),
    ])
    #expect(more.map(\.granted) == [3, 0, 0])
    #expect(more.map(\.available) == [3, 0, 0])
    // A count that falls short is a negative figure and no more.
    try desk.feed([("A", "F2", .count, 1)], from: 1)
    #expect(desk.claimable("A", "south", pool: true) == -4)
    #expect(try desk.atp("A", groups: ["south"]).unsourced == 7)
  }

  @Test("complaint 21: a buffer of a channel keeps the last units from it, not from others")
  func complaint21BufferPerChannel() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.channels([("app", "A", "F1", 3, 0), ("web", "A", "F1", 0, 0)]))
    #expect(desk.claimable("A", "F1", channel: "app") == 7)
    #expect(desk.claimable("A", "F1", channel: "web") == 10 && desk.claimable("A", "F1") == 10)
    try desk.take([desk.wish("A", "F1", 8, channel: "web")])
    #expect(desk.claimable("A", "F1", channel: "app") == -1)
    #expect(desk.claimable("A", "F1") == 2)
  }

  @Test func whatIsSetAsideIsForOneChannelAndUsedUpByIt() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.channels([("b2b", "A", "F1", 0, 6), ("web", "A", "F1", 1, 0)]))
    #expect(desk.claimable("A", "F1") == 4 && desk.claimable("A", "F1", channel: "web") == 3)
    #expect(desk.claimable("A", "F1", channel: "b2b") == 10)
    try desk.take([desk.wish("A", "F1", 4, channel: "b2b")])
    // Two of its six are left to it; the others see what they saw.
    #expect(desk.claimable("A", "F1") == 4)
    try desk.take([desk.wish("A", "F1", 3, channel: "b2b")])
    #expect(desk.claimable("A", "F1") == 3 && desk.claimable("A", "F1", channel: "b2b") == 3)
    // Five of them leave: one is kept for it yet, which its two other claims use.
    desk.state.makeTrue(desk.wish("A", "F1", 5, channel: "b2b"), givesBack: true)
    try desk.feed([("A", "F1", .shipment, 5)], from: 1)
    desk.state.useSetAside(
      5, of: HoldLine(item: desk.token("A"), quantity: 5, node: 0, channel: 1))
    #expect(desk.claimable("A", "F1") == 3 && desk.claimable("A", "F1", channel: "b2b") == 3)
    desk.state.makeTrue(desk.wish("A", "F1", 2, channel: "b2b"), givesBack: true)
    #expect(desk.claimable("A", "F1") == 4 && desk.claimable("A", "F1", channel: "b2b") == 5)
  }

  /// "In stock" of a backorder is how far below zero claims may go: what is claimed beyond the stock
  /// is counted once, and stock that comes gives it back.
  @Test("complaint 20: backorders count once, so that nothing is undersold")
  func complaint20BackordersCountOnce() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.backorders([("A", "F1", .backorder, 5, 0, 0)]))
    try desk.take([desk.wish("A", "F1", 12)])
    #expect(desk.claimable("A", "F1") == 3)
    #expect(try desk.atp("A", nodes: ["F1"]).availableNow == -2)
    #expect(try desk.atp("A", nodes: ["F1"]).backorderLeft == 3)
    try desk.feed([("A", "F1", .receipt, 20)], from: 1)
    #expect(desk.claimable("A", "F1") == 23)
    #expect(try desk.atp("A", nodes: ["F1"]).availableNow == 18)
    #expect(try desk.atp("A", nodes: ["F1"]).backorderLeft == 5)
  }

  @Test("complaint 22: backorders and pre-orders have a cap and a date")
  func complaint22CapsAndDates() throws {
    let desk = try Desk.unaudited()
    let release = desk.day(10)
    try desk.put(
      Rows.backorders([
        ("A", "F2", .preorder, 3, release, desk.day(5)), ("A", "F3", .backorder, 2, 0, desk.day(1)),
      ]))
    #expect(desk.claimable("A", "F2") == 0 && desk.claimable("A", "F2", due: release - 1) == 0)
    #expect(desk.claimable("A", "F2", due: release) == 3 && desk.claimable("A", "F3") == 2)
    let taken = try desk.take([
      desk.wish("A", "F2", 2, due: release), desk.wish("A", "F2", 2, due: release + 60),
      desk.wish("A", "F3", 2), desk.wish("A", "F3", 1),
    ])
    #expect(taken.map(\.granted) == [2, 0, 2, 0])
    desk.now = UnixMilliseconds(desk.day(5) * 1000)
    #expect(desk.claimable("A", "F2", due: release) == -2 && desk.claimable("A", "F3") == -2)
  }

  @Test("complaint 3: lines of kits and components share what they are made of")
  func complaint3KitsShareComponents() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.kits([("K", "A", 2), ("K", "B", 1), ("K2", "A", 3)]))
    // A 10, B 3: three K by B; then A has 4 left, which is one K2.
    #expect(try desk.takeAlone([desk.wish("K", "F1", 3)]).map(\.granted) == [3])
    #expect(try desk.takeAlone([desk.wish("K", "F1", 4)]).map(\.available) == [3])
    #expect(
      try desk.takeAlone([desk.wish("K", "F1", 3), desk.wish("K2", "F1", 2)]).map(\.available)
        == [3, 1])
    #expect(
      try desk.takeAlone([
        desk.wish("K", "F1", 2), desk.wish("A", "F1", 7), desk.wish("K2", "F1", 1),
      ]).map(\.available) == [3, 6, 2])
    // What is assembled goes first and takes no component.
    try desk.put(Rows.positions([("K", "F1", 2, 0, 0)]))
    let lines = try desk.takeAlone([desk.wish("K", "F1", 5)])
    #expect(lines.map(\.granted) == [5])
    let made = (0..<desk.state.scratch.wishes.count).map { desk.state.scratch.wishes[$0] }
    #expect(made.map(\.units) == [2, 3, 6, 3])
    #expect(made.map(\.part) == [.none, .kit, .component, .component])
    #expect(try desk.atp("K", nodes: ["F1"]).availableNow == 5)
    #expect(try desk.atp("K").steps == [0: 5])
    try desk.put(Rows.inbound([("S", "B", "F1", 9, desk.day(2), .shipped)]))
    #expect(try desk.atp("K", quantity: 7).steps == [0: 5, 2: 7])
    #expect(try desk.atp("K", quantity: 7).source == .inbound)
    try desk.put(Rows.groups([("west", ["F1"])]))
    let refusal = desk.refusal { () throws(Refusal) in
      _ = try desk.takeAlone([desk.wish("K", "west", 1, pool: true)])
    }
    #expect(refusal?.code == .kitNeedsNode)
  }

  @Test("complaint 8: what is offered over places can be claimed over places, node by node")
  func complaint8SumOverLocations() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F1", 1, 0, 0), ("A", "F2", 1, 0, 0)]))
    try desk.put(Rows.groups([("west", ["F1", "F2"])]))
    // The group says two, its first node says one, and two are granted whoever asks for what.
    #expect(try desk.atp("A", groups: ["west"]).availableNow == 2)
    #expect(desk.claimable("A", "F1") == 1)
    let taken = try desk.take([desk.wish("A", "west", 2, pool: true)])
    #expect(taken.map(\.granted) == [2])
    #expect(desk.claimable("A", "F1") == 0 && desk.claimable("A", "F2") == 0)
  }

  @Test("complaint 9: two nodes with one unit each fill a claim of two")
  func complaint9OneUnitInEachOfTwoNodes() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F1", 1, 0, 0), ("A", "F2", 1, 0, 0)]))
    try desk.put(Rows.groups([("west", ["F1", "F2"])]))
    #expect(try desk.take([desk.wish("A", "west", 2, pool: true)]).map(\.granted) == [2])
    #expect(try desk.take([desk.wish("A", "west", 1, pool: true)]).map(\.granted) == [0])
  }

  @Test("complaint 11: the caller names the node, and no other is touched")
  func complaint11TheCallerNamesTheNode() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F2", 9, 0, 0)]))
    #expect(try desk.take([desk.wish("A", "F2", 9)]).map(\.granted) == [9])
    #expect(desk.claimable("A", "F1") == 10 && desk.claimable("A", "F2") == 0)
    #expect(try desk.take([desk.wish("A", "F2", 1)]).map(\.granted) == [0])
  }

  @Test func openDemandOfManyGroupsIsRefusedClearly() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F1", 100, 0, 0)]))
    try desk.put(Rows.groups((0...Limits.poolDemands).map { ("g\($0)", ["F1"]) }))
    for group in 0..<Limits.poolDemands {
      try desk.take([desk.wish("A", "g\(group)", 1, pool: true)])
    }
    try desk.take([desk.wish("A", "g0", 2, pool: true)])
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.take([desk.wish("A", "g\(Limits.poolDemands)", 1, pool: true)])
    }
    #expect(refusal?.code == .poolDemandLimit)
  }

  @Test func claimsForVeryManyDatesAreRefusedClearly() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F1", 10_000, 0, 0)]))
    let node = desk.state.nodeIndex(Name("F1")) ?? 0
    for index in 0..<Limits.datedClaims {
      desk.state.claimBeyondRows(
        ClaimRow(
          item: desk.token("A"), place: node, isPool: false,
          due: UInt32(desk.day(1)) + UInt32(index),
          channel: 0), 1, allocated: 0)
    }
    #expect(try desk.take([desk.wish("A", "F1", 1, due: desk.day(1))]).map(\.granted) == [1])
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.take([desk.wish("A", "F1", 1, due: desk.day(2))])
    }
    #expect(refusal?.code == .datedClaimLimit)
    #expect(try desk.take([desk.wish("A", "F1", 1)]).map(\.granted) == [1])
  }

  @Test func aClaimGivenBackDoesNotStandInItsOwnWay() throws {
    let desk = try Desk.unaudited()
    try desk.take([desk.wish("A", "F1", 10)])
    desk.state.beginTaking()
    desk.state.giveBack(desk.wish("A", "F1", 10))
    let taken = try desk.state.take(
      desk.wish("A", "F1", 8), whole: true, row: 0, at: desk.now)
    #expect(taken == TakenClaim(granted: 8, available: 10))
    let more = try desk.state.take(desk.wish("A", "F1", 3), whole: false, row: 1, at: desk.now)
    #expect(more == TakenClaim(granted: 2, available: 2))
  }
}

extension Desk {
  /// Takes the wishes one after another as one command, all units or none of each, without making
  /// them true.
  @discardableResult
  func takeAlone(_ wishes: [ClaimWish]) throws(Refusal) -> [TakenClaim] {
    state.beginTaking()
    var taken: [TakenClaim] = []
    for (row, wish) in wishes.enumerated() {
      taken.append(try state.take(wish, whole: true, row: row, at: now))
    }
    return taken
  }

  /// Takes the wishes and makes the lines they come to true.
  @discardableResult
  func take(_ wishes: [ClaimWish]) throws(Refusal) -> [TakenClaim] {
    let taken = try takeAlone(wishes)
    for index in 0..<state.scratch.wishes.count { state.makeTrue(state.scratch.wishes[index]) }
    return taken
  }
}

extension State {
  /// A claim as a line of a hold makes it.
  func makeTrue(_ wish: ClaimWish, givesBack: Bool = false) {
    if wish.part == .kit { return }
    let units = Int32(givesBack ? -wish.units : wish.units)
    if wish.channel != 0 && !wish.isPool {
      claimOfChannel(units, item: wish.item, node: wish.place, channel: wish.channel)
    }
    if !wish.isPool && wish.due == 0 {
      reserve(units, allocated: 0, token: wish.item, node: wish.place)
    } else {
      claimBeyondRows(
        ClaimRow(
          item: wish.item, place: wish.place, isPool: wish.isPool, due: wish.due,
          channel: wish.channel), units, allocated: 0)
    }
  }
}
