import PromisedModel
import Testing

@testable import PromisedEngine

/// Room on departures, in waves and in hours of work.
@Suite struct BucketTests {
  @Test func aFullDepartureIsClosedToNewOffersAndHeldByTokens() throws {
    var world = try PromiseWorld(PromiseWorld.Room(nightLeg: 40, hasNightLeg: true))
    let token = try world.token("B", quantity: 5)
    // So many units claimed at once are a rate that closes it below the half.
    for _ in 0..<5 { try world.redeem([token]) }
    let changes = world.desk.state.network.changes
    #expect(changes.last?.change.kind == .full && changes.last?.change.name == Name("F1-DS"))
    #expect(changes.last?.change.fromDays == Int32(PromiseWorld.midnight / 86_400))
    world.publish()
    let offer = try world.offer("B")
    #expect(offer.shipByUnixSeconds[0] == PromiseWorld.midnight + 18 * 3600)
    // What was offered before is held with its own departure, until that is really full.
    for _ in 0..<3 { try world.redeem([token]) }
    #expect(world.claimed("F1-DS", 23 * 60) == 40)
    // Then another way makes the same window.
    let id = try world.redeem([token])
    #expect(world.shipments(id)[0].shipByUnixSeconds == PromiseWorld.midnight + 18 * 3600)
    #expect(world.claimed("F1-DS", 23 * 60) == 40)
  }

  @Test func whatIsFullIsNamed() throws {
    let world = try PromiseWorld(PromiseWorld.Room(hubLeg: 10, hasNightLeg: false))
    let token = try world.token("B", quantity: 6)
    try world.redeem([token])
    let refusal = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(refusal?.code == .capacityFull && refusal?.key == Name("HUB-DS"))
    #expect(refusal?.availableUnits == 4 && world.desk.row("B", "FC1")?.reserved == 6)
    let both = world.desk.refusal { () throws(Refusal) in
      try world.redeem([try world.token("A", quantity: 2), try world.token("B", quantity: 3)])
    }
    #expect(both?.code == .capacityFull)
  }

  @Test func aWaveHasRoomToo() throws {
    let world = try PromiseWorld(PromiseWorld.Room(wave: 7))
    let token = try world.token("A", quantity: 4)
    try world.redeem([token])
    let refusal = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(refusal?.code == .capacityFull && refusal?.key == Name("DS"))
    let last = world.desk.state.network.changes.last?.change
    #expect(last?.subject == .wave && last?.kind == .full && last?.minute == 300)
  }

  @Test func roomThatComesFreeOpensItAgain() throws {
    let world = try PromiseWorld(PromiseWorld.Room(nightLeg: 20))
    let token = try world.token("A", quantity: 10)
    let first = try world.redeem([token])
    let second = try world.redeem([token])
    #expect(world.desk.state.network.changes.map(\.change.kind) == [.full])
    try world.desk.change(second, .release)
    // Not yet: half of it is free, twice the margin is more.
    #expect(world.desk.state.network.changes.map(\.change.kind) == [.full])
    try world.desk.change(first, .release)
    #expect(world.desk.state.network.changes.map(\.change.kind) == [.full, .roomAgain])
    #expect(world.desk.state.buckets.closedCount == 0)
  }

  /// After as long as an offer lives nobody holds what was shown before: what is left is offered.
  @Test func aMarginThatNobodyTookIsOfferedAgain() throws {
    let world = try PromiseWorld(PromiseWorld.Room(nightLeg: 20))
    let id = try world.redeem([try world.token("A", quantity: 15)], seconds: 7200)
    #expect(world.desk.state.network.changes.map(\.change.kind) == [.full])
    world.desk.now.milliseconds += 899_000
    try world.desk.feed([("B", "FC1", .receipt, 1)], from: 1)
    #expect(world.desk.state.network.changes.count == 1)
    world.desk.now.milliseconds += 1_000
    try world.desk.feed([("B", "FC1", .receipt, 1)], from: 2)
    #expect(world.desk.state.network.changes.map(\.change.kind) == [.full, .roomAgain])
    try world.desk.change(id, .release)
    #expect(world.desk.state.network.changes.count == 2)
  }

  @Test func anHourOfWorkThatIsFullMovesTheOrder() throws {
    let world = try PromiseWorld(PromiseWorld.Room(hour: 10))
    // 14:13 now: the hour from 14:00 takes ten, the next one the rest.
    let id = try world.redeem([try world.token("A", quantity: 4)])
    #expect(world.hour("FC1", 14) == 4)
    let more = try world.redeem([try world.token("A", quantity: 9)])
    #expect(world.hour("FC1", 14) == 10 && world.hour("FC1", 15) == 3)
    #expect(world.shipments(more)[0].claims.filter { $0.kind == 2 }.map(\.units) == [6, 3])
    #expect(world.desk.state.buckets.closedHourCount == 1)
    // New orders count from the next hour with room.
    let node = world.desk.state.nodeIndex(Name("FC1")) ?? 0
    let profiles = try #require(world.desk.state.profiles)
    let from = world.desk.state.admittedFrom(node, profiles.schedule(.whole), at: world.desk.now)
    #expect(from == PromiseWorld.midnight + 15 * 3600)
    try world.desk.change(id, .release)
    try world.desk.change(more, .release)
    #expect(world.hour("FC1", 14) == 0 && world.desk.state.buckets.closedHourCount == 0)
  }

  /// A day's worth of hours is the most that one shipment is spread over.
  @Test func workThatNoDayTakesIsRefused() throws {
    let world = try PromiseWorld(PromiseWorld.Room(hour: 2))
    let token = try world.token("A", quantity: 60)
    let refusal = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(refusal?.code == .capacityFull && refusal?.key == Name("FC1"))
  }

  @Test func anEmptyBucketOfAnySizeIsOpen() throws {
    for size: Int32 in [1, 2, 3, 10] {
      let world = try PromiseWorld(PromiseWorld.Room(nightLeg: size))
      let id = try world.redeem([try world.token("A", quantity: size)])
      #expect(world.desk.state.buckets.closedCount == 1)
      try world.desk.change(id, .release)
      #expect(world.desk.state.buckets.closedCount == 0, "size \(size)")
    }
  }

  @Test func theRateIsThatOfTheLastMinutes() {
    var bucket = Bucket(
      key: BucketKey(kind: 1, index: 0, atUnixSeconds: 1_000_000), claimed: 0, stretchStart: 0,
      current: 0, previous: 0, closedAtUnixSeconds: 0)
    bucket.count(30, at: 600)
    #expect(bucket.ratePerSecondMilli(at: 600) == 100)
    bucket.count(60, at: 900)
    // Ninety units in the 330 seconds since 600.
    #expect(bucket.ratePerSecondMilli(at: 930) == 90 * 1000 / 330)
    #expect(bucket.ratePerSecondMilli(at: 1230) == 60 * 1000 / 330)
    #expect(bucket.ratePerSecondMilli(at: 1500) == 0)
  }

  /// Legs have other indexes in another network; what was promised on them stays claimed.
  @Test func claimsSurviveAReplacedNetwork() throws {
    var world = try PromiseWorld(PromiseWorld.Room(nightLeg: 50))
    let id = try world.redeem([try world.token("A", quantity: 4)])
    var rows = PromiseWorld.network(PromiseWorld.Room(nightLeg: 50))
    rows.legs.reverse()
    rows.waves.reverse()
    let load = LoadDescription(id: Name("load"), mode: .replace, chunkCount: 2, force: true)
    func send(_ decision: LoadDecision) {
      if let event = decision.event { world.desk.apply(event) }
    }
    send(try world.desk.state.decide(begin: load, at: world.desk.now))
    send(try world.desk.state.decide(chunk: 0, of: load.id, .network(rows)))
    send(
      try world.desk.state.decide(
        chunk: 1, of: load.id, Rows.positions([("A", "FC1", 100, 0, 0)])))
    send(try world.desk.state.decide(commitLoad: load.id))
    world.publish()
    #expect(world.claimed("F1-DS", 23 * 60) == 4 && world.wave(1, 24 * 60 + 300) == 4)
    #expect(world.copied().digest() == world.desk.state.digest())
    try world.desk.change(id, .release)
    #expect(world.claimed("F1-DS", 23 * 60) == 0 && world.wave(1, 24 * 60 + 300) == 0)
  }
}
