import PromisedModel
import Testing

@testable import PromisedEngine

/// Promises of holds that are amended, shipped or broken.
@Suite struct OrderPromiseTests {
  static let night: Int64 = 23 * 60

  @Test func whatIsAmendedAwayGivesItsRoomBack() throws {
    let world = try PromiseWorld()
    let id = try world.redeem(
      [try world.token("A", quantity: 5), try world.token("B", quantity: 2)],
      lines: [Line("A", "FC2", 1)])
    #expect(world.claimed("F1-DS", Self.night) == 7)
    try world.desk.change(id, .commit)
    // What grows is not promised: it is a line of its own before.
    try world.desk.amend(id, [Line("A", "FC1", 3), Line("B", "FC1", 4)])
    #expect(world.desk.told(id) == ["B@FC1 2", "A@FC1 3", "B@FC1 2"])
    #expect(world.claimed("F1-DS", Self.night) == 5 && world.wave(0, 24 * 60 + 300) == 5)
    #expect(world.shipments(id).map(\.firstLine) == [1, 2])
    #expect(world.shipments(id).map(\.lineCount) == [1, 1])
    #expect(world.desk.row("A", "FC2")?.reserved == 0)
    #expect(world.copied().digest() == world.desk.state.digest())
    // A shipment of which nothing is left is gone.
    try world.desk.amend(id, [Line("B", "FC1", 1)])
    #expect(world.desk.told(id) == ["B@FC1 1"] && world.shipments(id).count == 1)
    #expect(world.claimed("F1-DS", Self.night) == 1)
    #expect(world.copied().digest() == world.desk.state.digest())
    try world.desk.change(id, .release)
    #expect(world.claimed("F1-DS", Self.night) == 0)
  }

  @Test func hoursAreGivenUpFromTheLast() {
    func claim(_ kind: BucketKind, _ index: UInt32, _ units: Int32) -> BucketClaim {
      BucketClaim(kind: kind, index: index, atUnixSeconds: Int64(index), units: units)
    }
    let claims = [
      claim(.nodeHour, 1, 4), claim(.nodeHour, 2, 4), claim(.leg, 3, 8), claim(.wave, 4, 8),
    ]
    let smaller = State.claims(claims, without: 5)
    #expect(smaller.map(\.units) == [3, 3, 3] && smaller.map(\.index) == [1, 3, 4])
    #expect(State.claims(claims, without: 8).isEmpty)
  }

  @Test func aCartThatChangesTakesItsRoomAlong() throws {
    let world = try PromiseWorld(PromiseWorld.Room(nightLeg: 8))
    let first = try world.redeem([try world.token("A", quantity: 3)])
    #expect(world.claimed("F1-DS", Self.night) == 3)
    var command = world.command([try world.token("A", quantity: 6)])
    command.replaces = first
    world.desk.apply(.held(try world.desk.state.decide(command, at: world.desk.now)))
    #expect(world.desk.holdState(first) == .released)
    #expect(world.claimed("F1-DS", Self.night) == 6 && world.desk.row("A", "FC1")?.reserved == 6)
    var odd = world.command([try world.token("A")])
    odd.fill = .fillAvailable
    #expect(
      world.desk.code { () throws(Refusal) in
        _ = try world.desk.state.decide(odd, at: world.desk.now)
      } == .fieldOutOfRange)
  }

  @Test func whatLeftIsNoLongerAtRiskAndWaitsForItsDelivery() throws {
    let world = try PromiseWorld()
    let id = try world.redeem([try world.token("A", quantity: 2)])
    let other = try world.redeem([try world.token("A", quantity: 2)])
    try world.desk.change(id, .commit)
    try world.desk.change(other, .commit)
    try world.desk.consume(id)
    #expect(world.desk.holdState(id) == .consumed)
    // What left took its room; it is not for others.
    #expect(world.claimed("F1-DS", Self.night) == 4)
    world.change("F1-DS", .closed)
    world.change("F1-HUB", .closed)
    #expect(try world.risks().map(\.holdID) == [other])
    #expect(world.copied().digest() == world.desk.state.digest())
    world.desk.now.milliseconds += 2 * Limits.endedHoldMilliseconds
    world.desk.expire()
    #expect(world.desk.told(id).count == 1 && world.desk.told(id) != ["holdUnknown"])
    #expect(world.desk.state.promise(of: id, shipment: 0) != nil)
    world.desk.state.markDelivered(id, shipment: 0, at: world.desk.now.seconds)
    #expect(world.copied().digest() == world.desk.state.digest())
    world.desk.now.milliseconds += 2 * Limits.endedHoldMilliseconds
    #expect(world.desk.told(id) == ["holdUnknown"])
  }

  @Test func aReleaseGivesBackOnlyTheRoomOfWhatHasNotLeft() throws {
    let world = try PromiseWorld()
    let id = try world.redeem([
      try world.token("A", quantity: 5), try world.token("B", quantity: 2),
    ])
    try world.desk.change(id, .commit)
    #expect(world.claimed("F1-DS", Self.night) == 7)
    try world.desk.consume(id, [Line("A", "FC1", 3)])
    #expect(world.claimed("F1-DS", Self.night) == 7)
    try world.desk.change(id, .release)
    // Three units are on the truck; four will not be.
    #expect(world.claimed("F1-DS", Self.night) == 3 && world.wave(0, 24 * 60 + 300) == 3)
    #expect(world.desk.row("A", "FC1")?.reserved == 0 && world.desk.onHand("A", "FC1") == 97)
    #expect(world.shipments(id).map(\.lineCount) == [1])
    #expect(world.copied().digest() == world.desk.state.digest())
    // The units that left are waited for, and what they took is given back when they are told of.
    world.desk.now.milliseconds += 2 * Limits.endedHoldMilliseconds
    world.desk.expire()
    #expect(world.desk.holdState(id) == .released)
    #expect(world.desk.state.promise(of: id, shipment: 0) != nil)
    world.desk.state.markDelivered(id, shipment: 0, at: world.desk.now.seconds)
    #expect(world.copied().digest() == world.desk.state.digest())
    world.desk.now.milliseconds += 2 * Limits.endedHoldMilliseconds
    try world.desk.put(Rows.sellers(["S1"]))
    #expect(world.desk.told(id) == ["holdUnknown"])
    #expect(world.claimed("F1-DS", Self.night) == 0)
  }

  @Test func ofAReleasedKitTheRoomOfWhatHasBegunToLeaveStays() throws {
    let world = try PromiseWorld()
    try world.desk.put(Rows.items([Rows.Item(key: "KIT")]))
    try world.desk.put(Rows.kits([("KIT", "A", 2), ("KIT", "B", 1)]))
    let id = try world.redeem([try world.token("KIT", quantity: 4)])
    try world.desk.change(id, .commit)
    #expect(world.claimed("F1-DS", Self.night) == 4)
    // Three of A: one kit and a half. Of two kits nothing has left.
    try world.desk.consume(id, [Line("A", "FC1", 3)])
    try world.desk.change(id, .release)
    #expect(world.claimed("F1-DS", Self.night) == 2)
    #expect(world.copied().digest() == world.desk.state.digest())
  }

  @Test func aBrokenAllocationPutsItsPromiseAtRisk() throws {
    let world = try PromiseWorld()
    let first = try world.redeem([try world.token("B", quantity: 30)])
    let second = try world.redeem([try world.token("B", quantity: 15)])
    try world.desk.change(second, .commit)
    try world.desk.change(first, .commit)
    try world.desk.pick(second, [Line("B", "FC1", 10)], missing: [5])
    #expect(world.desk.broken() == [])
    try world.desk.feed(1, [("B", "FC1", .count, 41)])
    let risks = try world.risks()
    #expect(risks.map(\.holdID) == [first] && risks.map(\.cause) == [.stockShort])
    #expect(risks.map(\.item) == [Name("B")])
    try world.desk.amend(first, [Line("B", "FC1", 26)])
    #expect(try world.risks().isEmpty)
  }
}
