import PromisedModel
import Testing

@testable import PromisedEngine

/// Which units that come an offer rests on, and from when they count as there.
@Suite struct DatedSupplyTests {
  private let hour: Int64 = 3600
  private let day: Int64 = 86_400

  private func supplies(
    _ world: PromiseWorld, quantity: Int64, _ confidence: ConfidenceLevel = .usual
  ) -> [DatedSupply] {
    let state = world.desk.state
    state.beginTaking()
    state.findDatedSupply(
      of: state.itemKeys.token(world.desk.lender.bytes("C")), quantity: quantity, channel: 0,
      confidence: confidence, at: world.desk.now)
    return (0..<state.scratch.dated.supplies.count).map { state.scratch.dated.supplies[$0] }
  }

  @Test func aShipmentThatMayBeLateWaitsBehindOneThatIsSure() throws {
    let world = try PromiseWorld.withInbound()
    let eta = world.at(1, hour: 10)
    try world.spread("PO-0", 10, eta: eta, early: eta, late: world.at(8, hour: 10))
    #expect(try world.row("C").from == 2 * day + 10 * hour)
    // More than the sure ones bring waits for it.
    #expect(try world.row("C", quantity: 31).from > 8 * day)
  }

  @Test func whatIsBeingReceivedIsThereWithinItsTime() throws {
    let world = try PromiseWorld.withInbound()
    let now = world.desk.now.seconds
    try world.desk.put(Rows.inbound([("PO-0", "C", "FC1", 5, now - hour, .receiving)]))
    #expect(
      try world.row("C").from == now - PromiseWorld.midnight + Limits.receivingSeconds)
    // Overdue and not there: nobody knows when.
    try world.desk.put(Rows.inbound([("PO-0", "C", "FC1", 5, now - hour, .shipped)]))
    #expect(try world.row("C").from == 2 * day + 10 * hour)
    #expect(try world.row("C", quantity: 31).code == .noStock)
  }

  @Test func aKitIsMadeOfItsScarcestComponent() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(Rows.items([Rows.Item(key: "D"), Rows.Item(key: "L")]))
    try world.desk.put(
      Rows.inbound([("PO-3", "D", "FC1", 3, world.at(2, hour: 10), .shipped)]))
    try world.desk.put(
      Rows.kits([("K", "C", 1), ("K", "D", 1), ("L", "D", 1), ("L", "C", 1)]))
    for kit in ["K", "L"] {
      #expect(try world.row(kit, quantity: 3).units == 3)
      #expect(try world.row(kit, quantity: 4).code == .noStock)
    }
  }

  /// What is said of several shipments together is nowhere earlier than any of them, and the instant
  /// that is named has the chance that was asked for.
  @Test func severalShipmentsAreNoSurerThanAnyOfThem() throws {
    let world = try PromiseWorld.withInbound()
    let first = ArrivalDistribution(
      median: world.at(2, hour: 10), early: world.at(2, hour: 0), late: world.at(5, hour: 10))
    let second = ArrivalDistribution(
      median: world.at(4, hour: 10), early: world.at(4, hour: 9), late: world.at(4, hour: 11))
    for (name, arrival) in [("PO-1", first), ("PO-2", second)] {
      try world.spread(
        name, 10, eta: arrival.medianUnixSeconds, early: arrival.earlyUnixSeconds,
        late: arrival.lateUnixSeconds)
    }
    for confidence in ConfidenceLevel.allCases {
      let both = try #require(supplies(world, quantity: 15, confidence).first)
      #expect(both.units == 20)
      for minutes in stride(from: Int64(0), to: 7 * 1440, by: 7) {
        let instant = world.at(0, hour: 0) + minutes * 60
        let least = min(first.probability(by: instant), second.probability(by: instant))
        #expect(both.arrival.probability(by: instant) <= least, "\(confidence) \(minutes)")
      }
      #expect(both.arrival.probability(by: both.fromUnixSeconds) >= confidence.probability)
    }
  }

  @Test func whatMayBeSoldBeyondTheSupplyIsNotOfAShipment() throws {
    let world = try PromiseWorld.withInbound()
    guard case .backorders(var rows) = Rows.backorders([("C", "FC1", .backorder, 5, 0, 0)]) else {
      return
    }
    rows.leadDays = [6]
    try world.desk.put(.backorders(rows))
    let now = world.desk.now.seconds - PromiseWorld.midnight
    #expect(try world.row("C", quantity: 30).supply == .inbound)
    let beyond = try world.row("C", quantity: 31)
    #expect(beyond.supply == .backorder && beyond.from == now + 6 * day && beyond.units == 35)
  }

  @Test func ofEqualWindowsWhatIsKnownToComeIsChosenThenTheFirstNode() throws {
    let world = try PromiseWorld.withInbound()
    let eta = world.at(2, hour: 10)
    try world.desk.put(Rows.inbound([("PO-3", "C", "FC2", 10, eta, .shipped)]))
    #expect(try world.row("C").node == "FC1")
    // The same window from the first node would rest on what may only be sold.
    try world.desk.put(
      Rows.inbound([("PO-1", "C", "FC1", 0, 0, .working), ("PO-2", "C", "FC1", 0, 0, .working)]))
    try world.desk.put(Rows.backorders([("C", "FC1", .preorder, 5, eta, 0)]))
    let found = try world.row("C")
    #expect(found.node == "FC2" && found.supply == .inbound)
    // What is there earlier is not what is delivered earlier.
    #expect(try world.row("C", quantity: 10).node == "FC2")
  }

  @Test func aReleaseAndHandlingHoldBackWhatComes() throws {
    let world = try PromiseWorld.withInbound()
    guard case .items(var rows) = Rows.items([Rows.Item(key: "C")]) else { return }
    // Thirteen hours of handling: the evening of its day is missed.
    rows.handlingMinutes = [13 * 60]
    try world.desk.put(.items(rows))
    #expect(try world.row("C").to == 4 * day + 20 * hour)
    rows.handlingMinutes = [0]
    rows.releaseUnixSeconds = [world.at(6, hour: 10)]
    try world.desk.put(.items(rows))
    let found = try world.row("C")
    #expect(found.to == 7 * day + 20 * hour && found.from == 2 * day + 10 * hour)
    let days = Int32(PromiseWorld.midnight / day)
    #expect(try world.ask(["C"], byDays: days + 7).dateConfidences[0] == 65_535)
    #expect(try world.ask(["C"], byDays: days + 6).dateConfidences[0] == 0)
  }

  /// Until the profiles follow a closure, nothing that may go by the closed departure is promised.
  @Test func aClosureThatIsNotPublishedYetIsHeeded() throws {
    let world = try PromiseWorld.withInbound()
    let before = try world.row("C")
    let byThen = Int32(PromiseWorld.midnight / day) + 3
    #expect(try world.ask(["C"], byDays: byThen).dateConfidences[0] == 65_535)
    world.change("F1-DS", .closed, days: 2)
    world.change("F1-HUB", .closed, days: 2)
    let found = try world.row("C")
    #expect(found.code == .ok && found.to > before.to)
    #expect(try world.ask(["C"], byDays: byThen).dateConfidences[0] == 0)
  }

  @Test func theEarliestInstantsAreLookedAt() throws {
    let world = try PromiseWorld.withInbound()
    let first = world.at(1, hour: 0)
    let most = Limits.datedInstants
    try world.desk.put(
      Rows.inbound(
        [("PO-1", "C", "FC1", 0, 0, .working), ("PO-2", "C", "FC1", 0, 0, .working)]
          + (0...most).map {
            ("S\($0)", "C", "FC1", 1, first + Int64(most - $0) * 600, .shipped)
          }))
    let last = try world.row("C", quantity: Int32(most))
    #expect(last.from == first + Int64(most - 1) * 600 - PromiseWorld.midnight)
    #expect(try world.row("C", quantity: Int32(most) + 1).code == .noStock)
  }
}
