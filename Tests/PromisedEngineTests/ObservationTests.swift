import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ObservationTests {
  private func observed(_ desk: Desk, _ body: () throws -> Void) rethrows -> Position {
    desk.state.beginObservation()
    try body()
    return desk.state.observedPosition
  }

  private func stock(_ desk: Desk, _ item: String) throws -> Position {
    try observed(desk) {
      var reply = InStockReply()
      try desk.state.answer(
        InStockQuery(items: desk.lender.keys([item]), horizonDays: 1), at: desk.now, into: &reply)
    }
  }

  @Test func aReadWaitsForTheRowsItReadAndNoOthers() throws {
    let desk = try Desk.small()
    let a = try desk.hold([Line("A", "F1", 1)])
    let b = try desk.hold([Line("B", "F1", 1)])
    #expect(try stock(desk, "A") == a && stock(desk, "B") == b)
    try desk.feed([("A", "F1", .receipt, 1)], from: 1)
    #expect(try stock(desk, "A") == desk.position && stock(desk, "B") == b)
    let released = try desk.hold([Line("B", "F1", 1)], seconds: 1)
    desk.now.milliseconds += 1000
    desk.expire()
    #expect(try stock(desk, "B") == released + 1)
  }

  /// Items of which very many share a stamp: 65,536 stamps are fewer than they.
  private func crowd(_ count: Int) throws -> (Desk, [UInt64]) {
    let desk = Desk()
    return (
      desk,
      (0..<count).map {
        desk.state.itemKeys.insert(desk.lender.bytes("I\($0)"))
      }
    )
  }

  private func seen(_ desk: Desk, _ token: UInt64) -> Position {
    observed(desk) { desk.state.observe(item: token) }
  }

  @Test func whatIsOnItsWayToTheDiskHoldsUpNobodyElse() throws {
    let (desk, tokens) = try crowd(200_000)
    for (place, token) in tokens[..<1000].enumerated() {
      desk.state.appliedPosition = Position(place + 1)
      desk.state.touch(item: token)
    }
    // By 16 bits of hash alone about 3,000 others would wait; two changed ones in one stamp make
    // some wait.
    #expect(tokens[1000...].count { seen(desk, $0) != 0 } < 100)
    for (place, token) in tokens[..<1000].enumerated() {
      #expect(seen(desk, token) >= Position(place + 1))
    }
  }

  @Test func aStampNeverHidesAChangeThatIsNotOnDisk() throws {
    let (desk, tokens) = try crowd(300_000)
    // Twice, so that stamps are taken over by others, with a disk that stays 50,000 behind.
    var last = [Position](repeating: 0, count: tokens.count)
    for step in 0..<400_000 {
      let place = step * 7919 % tokens.count
      desk.state.appliedPosition = Position(step + 1)
      desk.state.durablePosition = Position(max(0, step - 50_000))
      desk.state.touch(item: tokens[place])
      last[place] = Position(step + 1)
    }
    for (place, token) in tokens.enumerated() where last[place] > desk.state.durablePosition {
      if seen(desk, token) < last[place] {
        Issue.record("a change at \(last[place]) is not seen")
        break
      }
    }
  }

  @Test func refusalsWaitToo() throws {
    let desk = try Desk.small()
    let id = try desk.hold([Line("A", "F1", 10)])
    let refused = observed(desk) {
      _ = desk.refusal { () throws(Refusal) in
        _ = try desk.state.decide(desk.holdCommand([Line("A", "F1", 1)]), at: desk.now)
      }
    }
    #expect(refused == id)
    try desk.change(id, .release)
    let released = desk.position
    let ended = observed(desk) {
      _ = desk.refusal { () throws(Refusal) in
        _ = try desk.state.decide(
          HoldTransitionCommand(
            key: desk.command(""), owner: desk.lender.bytes("cart"), holdID: id,
            transition: .release), at: desk.now)
      }
    }
    #expect(ended == released)
    var hold = HoldReply()
    #expect(
      try observed(desk) { try desk.state.answer(HoldReference(id: id), at: desk.now, into: &hold) }
        == released)
  }

  @Test func capacityTheFeedCommandsAndListingsWait() throws {
    let desk = try Desk.small()
    try desk.feed([("A", "F1", .receipt, 1)], from: 1)
    let fed = desk.position
    try desk.hold([Line("A", "F1", 1)], key: "k")
    let held = desk.position
    func headroom(_ seller: String) throws -> Position {
      try observed(desk) {
        var reply = HeadroomReply()
        try desk.state.answer(
          HeadroomQuery(sellers: desk.lender.names([seller]), item: .empty, monthCount: 1),
          at: desk.now, into: &reply)
      }
    }
    #expect(try headroom("S1") == held)
    #expect(try headroom("S2") < fed)
    #expect(
      try observed(desk) { _ = try desk.state.recall(desk.command("k"), at: desk.now) } == held)
    #expect(observed(desk) { _ = desk.state.lastSequence(of: Name("wms")) } == fed)
    var list = ListReply()
    #expect(
      try observed(desk) { try desk.state.list(.items, token: .empty, size: 1, into: &list) }
        == desk.position)
  }
}
