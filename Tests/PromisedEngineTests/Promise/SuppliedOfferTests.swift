import PromisedModel
import Testing

@testable import PromisedEngine

/// What offers of units that come say of channels, chances, kits, overrides, silent nodes and
/// themselves.
@Suite struct SuppliedOfferTests {
  private let hour: Int64 = 3600
  private let day: Int64 = 86_400

  private func code(
    _ world: PromiseWorld, _ body: () throws(Refusal) -> Void
  ) -> OutcomeCode? { world.desk.refusal(body)?.code }

  private func explain(
    _ world: PromiseWorld, _ item: String, quantity: Int32 = 1, channel: String = "",
    supply: SupplyChoice = .whenNeeded
  ) throws -> Explanation {
    try world.desk.state.explain(
      OfferQuestion(
        item: Name(item), quantity: quantity, country: Name("US"), postcode: Name("98109"),
        level: .standard, confidence: .usual, channel: Name(channel), supply: supply),
      at: world.desk.now)
  }

  // MARK: Channels

  private func redeem(
    _ world: PromiseWorld, _ token: [UInt8], channel: String
  ) throws(Refusal) -> UInt64 {
    var command = world.command([token])
    if !channel.isEmpty { command.lines.channel = world.desk.lender.bytes(channel) }
    let event = try world.desk.state.decide(command, at: world.desk.now)
    return world.desk.apply(.held(event))
  }

  @Test func aTokenRedeemsForTheChannelItWasMadeFor() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(
      Rows.channels([("app", "B", "FC1", 0, 48), ("web", "B", "FC1", 1, 0)]))
    // Two are left to all others; the channel takes its own.
    #expect(try world.row("B", quantity: 3).code == .noStock)
    #expect(try world.row("B", quantity: 1, channel: "web").node == "FC1")
    #expect(try world.row("B", quantity: 2, channel: "web").code == .noStock)
    let app = try world.suppliedToken("B", quantity: 40, channel: "app")
    let plain = try world.suppliedToken("B", quantity: 2)
    #expect(
      code(world) { () throws(Refusal) in _ = try redeem(world, app, channel: "web") }
        == .channelMismatch)
    #expect(
      code(world) { () throws(Refusal) in _ = try redeem(world, plain, channel: "app") }
        == .channelMismatch)
    let named = try redeem(world, app, channel: "app")
    try world.desk.change(named, .release)
    let id = try redeem(world, app, channel: "")
    let held = world.desk.state.holds.find(id)
    let line = world.desk.state.holds.lines(try #require(held))[0]
    let channel = world.desk.state.channels.name(line.channel).name
    #expect(channel == Name("app"))
    // Of its set-aside eight are left, and two for all.
    #expect(try world.row("B", quantity: 10, channel: "app").node == "FC1")
    #expect(try world.row("B", quantity: 11, channel: "app").code == .noStock)
    #expect(world.copied().digest() == world.desk.state.digest())
    _ = try redeem(world, plain, channel: "")
    #expect(
      code(world) { () throws(Refusal) in _ = try redeem(world, plain, channel: "") }
        == .insufficientStock)
    let why = try explain(world, "B", quantity: 8, channel: "app")
    #expect(why.code == .ok && why.question.channel == Name("app"))
    #expect(try explain(world, "B", quantity: 8).code == .noStock)
    #expect(
      world.desk.refusal { () throws(Refusal) in
        _ = try world.desk.state.explain(
          OfferQuestion(
            item: Name("B"), quantity: 1, country: Name("US"), postcode: Name("98109"),
            level: .standard, confidence: .usual, channel: Name("nobody")), at: world.desk.now)
      }?.code == .channelUnknown)
  }

  @Test func whatComesIsKeptForChannelsToo() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(Rows.channels([("app", "C", "FC1", 0, 8)]))
    #expect(try world.row("C", quantity: 2).from == 2 * day + 10 * hour)
    #expect(try world.row("C", quantity: 3).from == 4 * day + 10 * hour)
    let token = try world.suppliedToken("C", quantity: 10, channel: "app")
    try world.redeem([token])
    #expect(try world.row("C").from == 4 * day + 10 * hour)
  }

  // MARK: Chances

  /// FC1's night leg is late with a chance of 3 %, and then misses the morning; a shipment that is
  /// there by ten in the evening of its day with 96 % meets it. Both are surer than asked for, and
  /// together they are not: the morning is not promised, the evening is, and with 96 %.
  @Test func chancesOfTheArrivalAndOfTheWayAreOne() throws {
    var world = try PromiseWorld.withInbound()
    var rows = PromiseWorld.network(PromiseWorld.Room())
    let late: UInt16 = 1966
    for index in rows.legs.indices where rows.legs[index].name == Name("F1-DS") {
      rows.legs[index].delays = [
        DelayOutcome(minutes: 0, probability: 65_535 - late),
        DelayOutcome(minutes: 120, probability: late),
      ]
    }
    // The other way leaves too early to be of help.
    for index in rows.legs.indices where rows.legs[index].name == Name("F1-HUB") {
      rows.legs[index].departureMinute = 360
    }
    try world.desk.put(.network(rows))
    world.publish()
    let eta = world.at(2, hour: 12) + 48 * 60
    try world.spread("PO-1", 10, eta: eta, early: eta, late: eta + 8 * hour)
    let found = try world.row("C")
    #expect(found.supply == .inbound && found.to == 3 * day + 22 * hour)
    #expect(abs(Int32(found.chance) - 62_913) <= 8, "\(found)")
    // Content with less, the morning is promised, with the chance of both.
    let morning = try world.row("C", confidence: .high)
    #expect(morning.to == 3 * day + 20 * hour)
    #expect(abs(Int32(morning.chance) - 62_913 * 97 / 100) <= 12, "\(morning)")
    // By date: on the third day both windows count.
    let days = Int32(PromiseWorld.midnight / day) + 3
    let reply = try world.ask(["C"], byDays: days)
    #expect(abs(Int32(reply.dateConfidences[0]) - 62_913) <= 8)
    #expect(try world.ask(["C"], byDays: days - 1).dateConfidences[0] == 0)
    // What is redeemed is what was said, and the way of a lower confidence will do.
    let id = try world.redeem([try world.suppliedToken("C")])
    #expect(world.shipments(id).first.map { UInt32($0.chance) } == found.chance)
    #expect(try world.explainsItself(try world.suppliedToken("C", confidence: .high)))
  }

  @Test func aSurerArrivalIsPromisedLater() throws {
    let world = try PromiseWorld.withInbound()
    let eta = world.at(2, hour: 10)
    try world.spread("PO-1", 10, eta: eta, early: eta - 4 * hour, late: eta + 20 * hour)
    var last: Int64 = 0
    for confidence in ConfidenceLevel.allCases {
      let found = try world.row("C", confidence: confidence)
      // 0: by then it has come for certain.
      #expect(found.chance == 0 || found.chance >= confidence.probability)
      #expect(found.from >= last)
      last = found.from
    }
    #expect(try world.row("C", confidence: .even).from / 60 == (2 * day + 10 * hour) / 60)
    #expect(last > 3 * day)
  }

  // MARK: Kits and batches

  @Test func aKitWaitsForItsLastComponent() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(Rows.kits([("K", "B", 2), ("K", "C", 3)]))
    let found = try world.row("K", quantity: 3)
    #expect(found.supply == .inbound && found.from == 2 * day + 10 * hour && found.units == 3)
    #expect(try world.row("K", quantity: 4).from == 4 * day + 10 * hour)
    #expect(try world.row("K", quantity: 11).code == .noStock)
    try world.redeem([try world.suppliedToken("K", quantity: 3)])
    // Nine of C are taken: one comes on the third day, and of B there are 44.
    #expect(try world.row("C", quantity: 2).from == 4 * day + 10 * hour)
    #expect(try world.row("K").from == 4 * day + 10 * hour)
    #expect(world.copied().digest() == world.desk.state.digest())
  }

  @Test func manyAskedTogetherAreToldAsEachAlone() throws {
    let world = try PromiseWorld.withInbound()
    var random = Counter(seed: 41)
    var items: [String] = []
    for index in 0..<24 {
      let item = "I\(index)"
      items.append(item)
      try world.desk.put(Rows.items([Rows.Item(key: item)]))
      for node in ["FC1", "FC2"] where random.next(below: 3) == 0 {
        try world.desk.put(Rows.positions([(item, node, Int32(random.next(below: 4)), 0, 0)]))
      }
      for shipment in 0..<random.next(below: 4) {
        let eta = world.at(Int64(random.next(below: 20)), hour: Int64(16 + random.next(below: 8)))
        try world.desk.put(
          Rows.inbound([
            (
              "S\(shipment)", item, random.next(below: 2) == 0 ? "FC1" : "FC2",
              Int32(1 + random.next(below: 5)), eta, .shipped
            )
          ]))
      }
      if random.next(below: 4) == 0 {
        try world.desk.put(
          Rows.backorders([(item, "FC2", .preorder, 3, world.at(5, hour: 0), 0)]))
      }
    }
    var sources: Set<SupplySource> = []
    for quantity: Int32 in [1, 3] {
      for choice in SupplyChoice.allCases {
        let together = PromiseWorld.rows(try world.ask(items, quantity: quantity, supply: choice))
        for (item, row) in zip(items, together) {
          #expect(try world.row(item, quantity: quantity, supply: choice) == row, "\(item)")
          if let source = row.supply { sources.insert(source) }
          guard row.code == .ok else { continue }
          // What is offered is held, once for each unit there is.
          let token = try world.suppliedToken(item, quantity: quantity, supply: choice)
          #expect(try world.explainsItself(token), "\(item) \(row)")
          let id = try world.redeem([token])
          try world.desk.change(id, .release)
        }
      }
    }
    #expect(sources == [.onHand, .inbound, .preorder])
    #expect(world.copied().digest() == world.desk.state.digest())
  }

  // MARK: Overrides

  @Test func overridesHoldForWhatComes() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(
      Rows.inbound([("PO-9", "C", "FC2", 5, world.at(5, hour: 10), .shipped)]))
    #expect(try world.row("C").node == "FC1")
    try world.overrule(.block, node: "FC1")
    let found = try world.row("C")
    #expect(found.node == "FC2" && found.from == 5 * day + 10 * hour)
    try world.overrule(.block, node: "FC2")
    #expect(try world.row("C").code == .overrideBlocks)
    #expect(try explain(world, "C").code == .overrideBlocks)
  }

  // MARK: Why

  @Test func anExplanationTellsTheSupplyAndWhatItWaitsFor() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(Rows.positions([("C", "FC2", 2, 0, 0)]))
    let why = try explain(world, "C", quantity: 4)
    #expect(why.code == .ok && why.supply == .inbound && why.suppliedUnits == 10)
    #expect(why.availableFromUnixSeconds == world.at(2, hour: 10))
    #expect(why.constraint == .supply && why.constraintSubject == Name("FC1"))
    let there = try #require(why.counterfactuals.first { $0.kind == .unitsThere })
    #expect(there.subject == Name("FC1") && there.atUnixSeconds == world.at(2, hour: 10))
    #expect(there.windowToUnixSeconds == world.at(1, hour: 20) && there.gainMinutes == 2880)
    #expect(there.minutes == (world.at(2, hour: 10) - world.desk.now.seconds + 59) / 60)
    // It is as it would be with the units there.
    try world.desk.put(Rows.positions([("C", "FC1", 4, 0, 0)]))
    #expect(try world.row("C", quantity: 4).to == day + 20 * hour)
    try world.desk.put(Rows.positions([("C", "FC1", 0, 0, 0)]))
    let chosen = try #require(why.candidates.first { $0.fate == .chosen })
    #expect(chosen.node == Name("FC1") && chosen.available == 0 && chosen.supply == .inbound)
    let other = try #require(why.candidates.first { $0.node == Name("FC2") })
    #expect(other.fate == .noStock && other.available == 2 && other.supply == .onHand)
    #expect(why.steps.first?.departureUnixSeconds == world.at(2, hour: 23))
    #expect(why.steps[0].slackMinutes == 720)
    // A candidate that would be better, were its units there.
    try world.desk.put(
      Rows.inbound([("PO-9", "C", "FC2", 9, world.at(6, hour: 10), .shipped)]))
    let second = try explain(world, "C", quantity: 4)
    #expect(second.node == Name("FC1"))
    let later = try #require(second.candidates.first { $0.node == Name("FC2") })
    #expect(later.fate == .supplyLater && later.suppliedUnits == 11)
    #expect(later.availableFromUnixSeconds == world.at(6, hour: 10))
    // Refused, it says what comes first.
    try world.desk.put(
      Rows.inbound([
        ("PO-1", "C", "FC1", 0, 0, .working), ("PO-2", "C", "FC1", 0, 0, .working),
        ("PO-9", "C", "FC2", 9, world.at(40, hour: 0), .shipped),
      ]))
    let beyond = try explain(world, "C", quantity: 4)
    #expect(beyond.code == .supplyBeyondHorizon)
    #expect(beyond.availableFromUnixSeconds == world.at(40, hour: 0))
    #expect(beyond.counterfactuals.contains { $0.kind == .unitsThere })
  }

  @Test func aTokenOfWhatComesIsExplainedBitForBit() throws {
    let world = try PromiseWorld.withInbound()
    for (supply, quantity): (SupplyChoice, Int32) in [(.whenNeeded, 2), (.soonest, 12)] {
      let token = try world.suppliedToken("C", quantity: quantity, supply: supply)
      #expect(try world.explainsItself(token))
      try world.desk.put(
        Rows.inbound([("PO-7", "C", "FC1", quantity, world.at(1, hour: 10), .shipped)]))
      let column = world.desk.lender.column(token)
      let borrowed = BorrowedBytes(base: column.base, count: column.count)
      guard case .needsReplay = try world.desk.state.explain(token: borrowed) else {
        Issue.record("it depends on what comes")
        continue
      }
    }
  }

  // MARK: Silent nodes

  private func silent(_ policy: SilencePolicy) throws -> PromiseWorld {
    var world = try PromiseWorld.withInbound()
    var rows = PromiseWorld.network(PromiseWorld.Room())
    rows.nodes[0].silence = SilenceRule(afterSeconds: 60, policy: policy, widenMinutes: 600)
    try world.desk.put(.network(rows))
    try world.desk.feed([("A", "FC1", .receipt, 1)], from: 1)
    world.publish()
    #expect(try world.row("B").silence == 0)
    world.desk.now.milliseconds += 61_000
    return world
  }

  @Test func aSilentNodeIsWarnedOfInOffersPlansAndExplanations() throws {
    for policy in [SilencePolicy.warn, .widen] {
      let world = try silent(policy)
      try world.desk.put(
        Rows.inbound([("PO-1", "C", "FC1", 10, world.at(2, hour: 13), .shipped)]))
      let found = try world.row("B")
      #expect(found.silence == UInt32(policy.rawValue) && found.code == .ok)
      // Ten hours later the night leg is missed, and it is the next morning.
      let isLater = policy == .widen
      #expect(found.to == (isLater ? 2 : 1) * day + 20 * hour)
      let why = try explain(world, "B")
      #expect(why.silence == policy && why.windowToUnixSeconds - PromiseWorld.midnight == found.to)
      #expect(why.candidates.first { $0.fate == .chosen }?.silence == policy)
      #expect((why.constraint == .silence) == isLater)
      let heard = why.counterfactuals.first { $0.kind == .nodeHeardOf }
      #expect((heard != nil) == isLater)
      if isLater { #expect(heard?.windowToUnixSeconds == world.at(1, hour: 20)) }
      var plan = PlanReply()
      try world.desk.state.answer(
        PlanQuery(
          items: world.desk.lender.keys(["B"]), quantities: world.desk.lender.column([1]),
          country: world.desk.lender.bytes("US"), postcode: world.desk.lender.bytes("98109")),
        at: world.desk.now, into: &plan)
      let shipment = try #require(plan.plans[0].shipments.first)
      #expect(shipment.silence == policy)
      #expect(shipment.windowToUnixSeconds - PromiseWorld.midnight == found.to)
      // What comes to it is later as well.
      let coming = try world.row("C")
      #expect(coming.silence == UInt32(policy.rawValue) && coming.supply == .inbound)
      #expect(coming.to == (isLater ? 4 : 3) * day + 20 * hour)
      // What was decided while it was silent is explained as it was, also once it is heard of.
      let token = try world.suppliedToken("B")
      #expect(try world.explainsItself(token))
      try world.desk.feed([("A", "FC1", .receipt, 1)], from: 2)
      #expect(try world.row("B").silence == 0 && !world.explainsItself(token))
    }
  }

  @Test func aNodeThatIsWithheldIsNamedAsExcluded() throws {
    let world = try silent(.withhold)
    #expect(try world.row("B").code == .noStock && world.row("C").code == .noStock)
    let why = try explain(world, "B")
    #expect(why.code == .noStock && why.constraint == .silence)
    let trace = try #require(why.candidates.first { $0.node == Name("FC1") })
    #expect(trace.fate == .silent && trace.available == 50 && trace.silence == .withhold)
    let heard = why.counterfactuals.first { $0.kind == .nodeHeardOf }
    #expect(heard?.subject == Name("FC1") && heard?.windowToUnixSeconds == world.at(1, hour: 20))
    // Where another node ships, the silent one is told of beside it.
    let other = try explain(world, "A")
    #expect(other.node == Name("FC2"))
    #expect(other.candidates.first { $0.node == Name("FC1") }?.fate == .silent)
  }
}

extension PromiseWorld {
  /// Whether a token is explained from the state as it is, and as it was decided.
  func explainsItself(_ token: [UInt8]) throws(Refusal) -> Bool {
    let column = desk.lender.column(token)
    let borrowed = BorrowedBytes(base: column.base, count: column.count)
    guard case .live(let found) = try desk.state.explain(token: borrowed) else { return false }
    return found.agreesWithToken
  }
}
