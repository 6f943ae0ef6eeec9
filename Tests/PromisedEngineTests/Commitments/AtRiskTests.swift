import PromisedModel
import Testing

@testable import PromisedEngine

/// Promises that something has happened to.
@Suite struct AtRiskTests {
  @Test func nothingHappenedNothingIsAtRisk() throws {
    let world = try PromiseWorld()
    let id = try world.redeem([try world.token("A", quantity: 2)])
    try world.desk.change(id, .commit)
    let reply = try world.desk.state.answer(
      AtRiskQuery(node: .empty, limit: 10), at: world.desk.now)
    #expect(reply.rows.isEmpty && reply.promises == 1 && !reply.isTruncated)
  }

  @Test func aClosedLegWithAnotherWayIsNoRisk() throws {
    var world = try PromiseWorld()
    let id = try world.redeem([try world.token("B")])
    world.change("F1-DS", .closed)
    world.publish()
    #expect(try world.risks().isEmpty)
    // A rescue moves the claims to the way that is left.
    let decision = try world.rescue()
    #expect(decision.rows.isEmpty && decision.moves.count == 1)
    #expect(world.claimed("F1-DS", 23 * 60) == 0 && world.claimed("HUB-DS", 22 * 60) == 1)
    #expect(world.shipments(id)[0].node == world.desk.state.nodeIndex(Name("FC1")))
    #expect(try world.rescue().moves.isEmpty)
  }

  @Test func aClosedLegIsTheCauseAndTheNewDateIsStated() throws {
    var world = try PromiseWorld(PromiseWorld.Room(hasNightLeg: false))
    let id = try world.redeem([try world.token("B")])
    world.change("HUB-DS", .closed)
    world.publish()
    let row = try #require(try world.risks().first)
    #expect(row.holdID == id && row.cause == .legClosed && row.subject == Name("HUB-DS"))
    #expect(row.node == Name("FC1") && row.item == Name("B") && row.owner == Name("cart"))
    #expect(row.promisedToUnixSeconds == PromiseWorld.midnight + (24 + 20) * 3600)
    // By the night leg of the hub, in the evening of the same day.
    #expect(row.newToUnixSeconds == PromiseWorld.midnight + (24 + 22) * 3600)
    #expect(row.rescueNode.isEmpty && !row.isSaved)
    world.change("HUB-DS", .reopened)
    world.publish()
    #expect(try world.risks().isEmpty)
  }

  @Test func aDelayThatStillMakesTheWaveIsNoRisk() throws {
    var world = try PromiseWorld(PromiseWorld.Room(hasNightLeg: false))
    try world.redeem([try world.token("B")])
    world.change("HUB-DS", .delayed, delay: 60)
    world.publish()
    #expect(try world.risks().isEmpty)
    world.change("HUB-DS", .delayed, delay: 400)
    world.publish()
    let row = try #require(try world.risks().first)
    #expect(row.cause == .legDelayed && row.subject == Name("HUB-DS"))
  }

  /// What is under way goes on from where it is.
  @Test func whatHasLeftIsFollowedFromTheHub() throws {
    var world = try PromiseWorld(PromiseWorld.Room(hasNightLeg: false))
    let id = try world.redeem([try world.token("B")])
    try world.desk.change(id, .commit)
    world.desk.now = UnixMilliseconds((PromiseWorld.midnight + 20 * 3600) * 1000)
    world.change("HUB-DS", .closed)
    world.publish()
    let row = try #require(try world.risks().first)
    #expect(row.newToUnixSeconds == PromiseWorld.midnight + (24 + 22) * 3600)
    #expect(row.rescueNode.isEmpty)
  }

  @Test func theLatestCommitGivesWayFirst() throws {
    let world = try PromiseWorld()
    let token = try world.token("B", quantity: 10)
    let first = try world.redeem([token])
    let second = try world.redeem([token])
    let third = try world.redeem([token])
    try world.desk.change(second, .commit)
    try world.desk.change(first, .commit)
    // Fifteen are there of thirty: the open hold goes first, then the later commit.
    try world.desk.feed([("B", "FC1", .count, 15)], from: 1)
    let rows = try world.risks()
    #expect(rows.map(\.holdID) == [first, third])
    #expect(rows.allSatisfy { $0.cause == .stockShort && $0.subject == Name("B") })
    #expect(rows.allSatisfy { $0.newToUnixSeconds == 0 && !$0.isSaved })
    let eta = PromiseWorld.midnight + 2 * 86_400
    try world.desk.put(Rows.inbound([("PO", "B", "FC1", 100, eta, .shipped)]))
    #expect(try world.risks()[0].newToUnixSeconds == eta + (24 + 20) * 3600)
  }

  /// Holds that promise nothing have their place in the order.
  @Test func plainHoldsGiveWayToo() throws {
    let world = try PromiseWorld()
    let promised = try world.redeem([try world.token("B", quantity: 10)])
    try world.desk.change(promised, .commit)
    let plain = try world.desk.hold([Line("B", "FC1", 10)])
    try world.desk.change(plain, .commit)
    try world.desk.feed([("B", "FC1", .count, 12)], from: 1)
    #expect(try world.risks().isEmpty)
    try world.desk.feed([("B", "FC1", .count, 9)], from: 2)
    #expect(try world.risks().map(\.holdID) == [promised])
  }

  @Test func aSmallerTruckThrowsOutTheLatestCommit() throws {
    var world = try PromiseWorld(PromiseWorld.Room(nightLeg: 100))
    let token = try world.token("A", quantity: 10)
    let ids = [try world.redeem([token]), try world.redeem([token]), try world.redeem([token])]
    for id in ids { try world.desk.change(id, .commit) }
    try world.desk.put(.network(PromiseWorld.network(PromiseWorld.Room(nightLeg: 20))))
    world.publish()
    let rows = try world.risks()
    #expect(rows.map(\.holdID) == [ids[2]])
    #expect(rows.first?.cause == .capacityCut && rows.first?.subject == Name("F1-DS"))
  }

  // MARK: Rescue

  /// Complaint 12: routing names a node that is down, and there is total failure in place of a
  /// fallback.
  @Test func aNodeThatIsDownFallsBackToAnother() throws {
    var world = try PromiseWorld()
    // The evening window, which FC2 makes as well.
    world.desk.now = UnixMilliseconds((PromiseWorld.midnight + 22 * 3600 + 1800) * 1000)
    let id = try world.redeem([try world.token("A", quantity: 2)])
    let before = world.shipments(id)[0]
    // FC1 is closed from now on.
    guard case .network(var rows) = Rows.nodes([]) else { return }
    rows.calendars = [
      Calendar(
        name: Name("shut"),
        rules: [CalendarRule(weekdays: 0, date: LocalDate(days: 0), openMinute: 0, closeMinute: 60)]
      )
    ]
    let node = world.desk.state.network.nodeName(before.node).name
    var shut = PromiseWorld.node("\(node)", .fulfilmentCentre, hour: 0)
    shut.calendar = Name("shut")
    rows.nodes = [shut]
    try world.desk.put(.network(rows))
    world.publish()
    let row = try #require(try world.risks().first)
    #expect(row.cause == .nodeClosed && row.subject == node && row.newToUnixSeconds == 0)
    let other = node == Name("FC1") ? "FC2" : "FC1"
    #expect(row.rescueNode == Name(other) && row.isSaved)
    let decision = try world.rescue()
    #expect(decision.moves.count == 1 && decision.rows.count == 1)
    let after = world.shipments(id)[0]
    #expect(after.windowToUnixSeconds <= before.windowToUnixSeconds)
    #expect(
      world.desk.row("A", "\(node)")?.reserved == 0 && world.desk.row("A", other)?.reserved == 2)
    #expect(try world.risks().isEmpty)
  }

  /// Complaint 23: a promise relied on units that were moved away; the order was stuck past its date
  /// and never looked at again.
  @Test func anOrderStuckPastItsDateIsReevaluated() throws {
    let world = try PromiseWorld()
    let id = try world.redeem([try world.token("B", quantity: 5)])
    try world.desk.change(id, .commit)
    try world.desk.feed([("B", "FC1", .inTransfer, 48)], from: 1)
    let eta = PromiseWorld.midnight + 3 * 86_400
    try world.desk.put(Rows.inbound([("PO", "B", "FC1", 60, eta, .shipped)]))
    let row = try #require(try world.risks().first)
    #expect(row.cause == .stockShort && row.newToUnixSeconds > row.promisedToUnixSeconds)
    // The date passes, the units are still not there: it is still listed, with a date to come.
    world.desk.now = UnixMilliseconds((PromiseWorld.midnight + 2 * 86_400 + 3600) * 1000)
    let late = try #require(try world.risks().first)
    #expect(late.holdID == id && late.newToUnixSeconds > world.desk.now.seconds)
    // Units in transfer are not promised to anybody else either: only what comes is, less what is
    // missing.
    let found = try world.row("B")
    #expect(found.supply == .inbound && found.from == 3 * 86_400 && found.units == 57)
    #expect(try world.row("B", supply: .onHand) == OfferRow(code: .noStock))
  }

  @Test func aRescueTakesNoUnitTwice() throws {
    let world = try PromiseWorld()
    try world.desk.feed([("A", "FC2", .count, 15)], from: 1)
    world.desk.now = UnixMilliseconds((PromiseWorld.midnight + 22 * 3600 + 1800) * 1000)
    var ids: [UInt64] = []
    for _ in 0..<3 {
      let id = try world.redeem([try world.token("A", quantity: 10)])
      try world.desk.change(id, .commit)
      ids.append(id)
    }
    let node = world.shipments(ids[0])[0].node
    guard node == world.desk.state.nodeIndex(Name("FC1")) else {
      Issue.record("the world has changed: the promise is not from FC1")
      return
    }
    try world.desk.feed([("A", "FC1", .count, 0)], from: 2)
    #expect(try world.risks().filter(\.isSaved).count == 3)
    let decision = try world.rescue()
    // Fifteen units in FC2 save one of three.
    #expect(decision.rows.count == 3 && decision.moves.count == 1)
    #expect(world.desk.available("A", "FC2") == 5)
    #expect(try world.rescue(ids[2]).moves.isEmpty)
  }

  @Test func aRescueIsRememberedByItsKey() throws {
    let world = try PromiseWorld()
    let key = world.desk.command("rescue-1", digest: 7)
    world.desk.apply(.promisesMoved(key, []))
    let recalled = try world.desk.state.recall(key, at: world.desk.now)
    #expect(recalled?.outcome.code == 0 && recalled?.outcome.availableUnits == 0)
    let unknown = world.desk.refusal { () throws(Refusal) in
      _ = try world.desk.state.decide(
        RescueCommand(key: key, holdID: 99, applies: true), at: world.desk.now)
    }
    #expect(unknown?.code == .holdUnknown)
  }

  @Test func theAnswerIsBoundedAndInOrder() throws {
    let world = try PromiseWorld()
    let token = try world.token("B")
    let ids = try (0..<8).map { _ in try world.redeem([token]) }
    try world.desk.feed([("B", "FC1", .count, 0)], from: 1)
    let reply = try world.desk.state.answer(
      AtRiskQuery(node: world.desk.lender.bytes("FC1"), limit: 5), at: world.desk.now)
    #expect(reply.rows.map(\.holdID) == Array(ids[..<5]) && reply.isTruncated)
    let other = try world.desk.state.answer(
      AtRiskQuery(node: world.desk.lender.bytes("FC2"), limit: 5), at: world.desk.now)
    #expect(other.rows.isEmpty && other.promises == 8)
    let wrong = world.desk.refusal { () throws(Refusal) in
      _ = try world.desk.state.answer(
        AtRiskQuery(node: world.desk.lender.bytes("XX"), limit: 5), at: world.desk.now)
    }
    #expect(wrong?.code == .nodeUnknown)
  }

  @Test("Changes of departures are forgotten a month after their last date, not before")
  func changesAreForgotten() throws {
    var world = try PromiseWorld()
    world.change("F1-DS", .closed)
    world.change("HUB-DS", .closed, days: 1)
    let horizonLag = Int64(1)
    let day = Int64(Limits.departureChangeDays) + horizonLag
    world.desk.now = UnixMilliseconds((PromiseWorld.midnight + day * 86_400) * 1000)
    world.publish()
    #expect(world.desk.state.network.changes.map(\.number) == [1, 2])
    world.desk.now = UnixMilliseconds((PromiseWorld.midnight + (day + 1) * 86_400) * 1000)
    world.publish()
    #expect(world.desk.state.network.changes.map(\.number) == [2])
    #expect(world.desk.state.network.lastChange == 2)
    #expect(world.copied().digest() == world.desk.state.digest())
  }
}
