import PromisedModel
import Testing

@testable import PromisedEngine

/// Which of what is on hand and what comes is answered, and what an explanation says of the rest.
@Suite struct DatedDecisionTests {
  private let hour: Int64 = 3600
  private let day: Int64 = 86_400

  /// At seven in the evening FC2 has missed its departure of the day, FC1 has not, and units come to
  /// FC1 at eight.
  private func evening(_ room: PromiseWorld.Room = .init()) throws -> PromiseWorld {
    let world = try PromiseWorld.withInbound(room)
    world.desk.now = UnixMilliseconds(world.at(0, hour: 19) * 1000)
    try world.desk.put(
      Rows.inbound([("PO-0", "C", "FC1", 5, world.at(0, hour: 20), .shipped)]))
    return world
  }

  private func explain(
    _ world: PromiseWorld, _ item: String, quantity: Int32 = 1, supply: SupplyChoice = .whenNeeded
  ) throws -> Explanation {
    try world.desk.state.explain(
      OfferQuestion(
        item: Name(item), quantity: quantity, country: Name("US"), postcode: Name("98109"),
        level: .standard, confidence: .usual, supply: supply), at: world.desk.now)
  }

  @Test func aNodeThatIsForcedStaysChosen() throws {
    let world = try evening()
    try world.desk.put(Rows.positions([("C", "FC2", 3, 0, 0)]))
    #expect(try world.row("C", supply: .soonest).supply == .inbound)
    try world.overrule(.force, node: "FC2")
    let found = try world.row("C", supply: .soonest)
    #expect(found.supply == .onHand && found.node == "FC2")
    #expect(try explain(world, "C", supply: .soonest).node == Name("FC2"))
  }

  @Test func aRefusalOfWhatIsOnHandIsNotHiddenByWhatComesTooLate() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(
      Rows.inbound([
        ("PO-1", "C", "FC1", 0, 0, .working), ("PO-2", "C", "FC1", 0, 0, .working),
        ("PO-3", "C", "FC1", 7, world.at(40, hour: 10), .working),
        ("PO-4", "C", "FC2", 7, world.at(30, hour: 10), .working),
      ]))
    // The first of all nodes is named.
    let beyond = try world.row("C")
    #expect(beyond.code == .supplyBeyondHorizon && beyond.from == 30 * day + 10 * hour)
    try world.desk.put(Rows.positions([("C", "FC2", 3, 0, 0)]))
    try world.overrule(.block, node: "FC2")
    #expect(try world.row("C").code == .overrideBlocks)
  }

  /// An order for what comes at half past nine counts in that hour, or in the next when it is full. One
  /// at ten makes the evening's departure, one at eleven does not.
  @Test func anHourThatIsFullPutsOffWhatComesInIt() throws {
    let world = try PromiseWorld.withInbound(PromiseWorld.Room(hour: 4))
    try world.desk.put(
      Rows.inbound([("PO-1", "C", "FC1", 10, world.at(2, hour: 21) + 1800, .shipped)]))
    #expect(try world.row("C").to == 3 * day + 20 * hour)
    for hour: Int64 in [21, 22] {
      #expect(try world.row("C", quantity: 4).to == 3 * day + 20 * self.hour)
      try world.redeem([try world.suppliedToken("C", quantity: 4)])
      #expect(world.hour("FC1", 2 * 24 + hour) == 4)
    }
    let next = try world.row("C")
    #expect(next.from == 2 * day + 21 * hour + 1800 && next.to == 4 * day + 20 * hour)
  }

  @Test func thePathIsOfTheConfidenceThatIsPromised() throws {
    var world = try PromiseWorld.withInbound()
    var rows = PromiseWorld.network(PromiseWorld.Room())
    for index in rows.legs.indices where rows.legs[index].name == Name("F1-DS") {
      rows.legs[index].delays = [
        DelayOutcome(minutes: 0, probability: 45_000),
        DelayOutcome(minutes: 600, probability: 20_535),
      ]
    }
    try world.desk.put(.network(rows))
    world.publish()
    for confidence in ConfidenceLevel.allCases {
      let reply = try world.ask(["C"], confidence: confidence)
      let legs = Int(reply.legCounts[0])
      #expect(reply.codes[0] == 0 && legs > 0)
      var at = reply.availableFromUnixSeconds[0]
      for leg in 0..<legs {
        #expect(reply.legDepartureUnixSeconds[leg] >= at, "\(confidence), leg \(leg)")
        at = reply.legArrivalUnixSeconds[leg]
      }
      #expect(at <= reply.windowToUnixSeconds[0])
      #expect(try world.explainsItself(world.suppliedToken("C", confidence: confidence)))
    }
  }

  // MARK: Why

  @Test func whatWouldNotBeSoonerIsNotToldAsOnlyLater() throws {
    let world = try evening()
    try world.desk.put(
      Rows.inbound([("PO-9", "C", "FC2", 9, world.at(6, hour: 10), .shipped)]))
    let why = try explain(world, "C")
    #expect(why.node == Name("FC1") && why.supply == .inbound)
    // Its units would miss today's departure also if they were there.
    #expect(why.candidates.first { $0.node == Name("FC2") }?.fate == .slower)
    #expect(!why.counterfactuals.contains { $0.kind == .unitsThere })
  }

  @Test func unitsOnHandStayOnHandBesideOthersThatCome() throws {
    let world = try evening()
    try world.desk.put(Rows.positions([("C", "FC2", 3, 0, 0)]))
    try world.desk.put(
      Rows.inbound([("PO-9", "C", "FC2", 9, world.at(6, hour: 10), .shipped)]))
    let why = try explain(world, "C", quantity: 2, supply: .soonest)
    #expect(why.node == Name("FC1"))
    let there = try #require(why.candidates.first { $0.node == Name("FC2") })
    #expect(there.supply == .onHand && there.available == 3 && there.fate == .slower)
  }

  @Test func aSilentNodeWithTooFewUnitsIsNotWhatIsMissing() throws {
    var world = try PromiseWorld.withInbound()
    var rows = PromiseWorld.network(PromiseWorld.Room())
    rows.nodes[0].silence = SilenceRule(afterSeconds: 60, policy: .withhold, widenMinutes: 0)
    try world.desk.put(.network(rows))
    try world.desk.feed([("A", "FC1", .receipt, 1)], from: 1)
    world.publish()
    world.desk.now.milliseconds += 61_000
    for (quantity, isMissing): (Int32, Bool) in [(50, true), (51, false)] {
      let why = try explain(world, "B", quantity: quantity)
      #expect(why.code == .noStock)
      #expect(why.counterfactuals.contains { $0.kind == .nodeHeardOf } == isMissing)
    }
  }

  @Test func aKitIsExplainedFromItsComponents() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(Rows.kits([("K", "B", 2), ("K", "C", 3)]))
    let token = try world.suppliedToken("K", quantity: 2)
    #expect(try world.explainsItself(token))
    try world.desk.put(Rows.positions([("B", "FC1", 51, 0, 0)]))
    let column = world.desk.lender.column(token)
    let borrowed = BorrowedBytes(base: column.base, count: column.count)
    guard case .needsReplay = try world.desk.state.explain(token: borrowed) else {
      Issue.record("a component has changed since")
      return
    }
  }
}
