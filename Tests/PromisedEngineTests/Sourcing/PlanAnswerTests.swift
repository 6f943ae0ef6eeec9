import PromisedModel
import Testing

@testable import PromisedEngine

/// Carts asked of a state: FC1 and FC2 ship to station DS for the same wave.
@Suite struct PlanAnswerTests {
  /// Item A has five units in FC1 and two in FC2, B three in FC2 only, C none, but some on the way.
  private func desk() throws -> Desk {
    let desk = try StateOfferTests.desk()
    try desk.put(Rows.items([Rows.Item(key: "B"), Rows.Item(key: "C")]))
    try desk.put(Rows.positions([("B", "FC2", 3, 0, 0), ("C", "FC1", 0, 0, 0)]))
    StateOfferTests.publish(desk)
    return desk
  }

  private struct Ask {
    var items: [String]
    var quantities: [Int32] = []
    var postcode = "98109"
    var levels: [UInt8] = []
    var objective = PlanObjective.fewestShipments
    var policy = FillPolicy.fillOrKill
    var together = false
    var neededBy: Int32 = 0
    var shipments: Int32 = 0
  }

  private func plans(_ desk: Desk, _ ask: Ask) throws(Refusal) -> PlanReply {
    var reply = PlanReply()
    try desk.state.answer(
      PlanQuery(
        items: desk.lender.keys(ask.items),
        quantities: desk.lender.column(
          ask.quantities.isEmpty ? ask.items.map { _ in Int32(1) } : ask.quantities),
        country: desk.lender.bytes("US"), postcode: desk.lender.bytes(ask.postcode),
        levels: desk.lender.column(ask.levels), objective: ask.objective, policy: ask.policy,
        shipsTogether: ask.together, neededByDays: ask.neededBy,
        maximumShipments: ask.shipments), at: desk.now, into: &reply)
    return reply
  }

  private func nodes(_ desk: Desk, _ plan: CartPlan) -> [String] {
    plan.shipments.map { desk.state.network.nodeName($0.node).name.description }
  }

  @Test func aCartShipsFromTheNodeThatHoldsAllOfIt() throws {
    let desk = try desk()
    let reply = try plans(desk, Ask(items: ["A", "B"]))
    let plan = reply.plans[0]
    #expect(reply.plans.count == 1 && plan.code == .ok && plan.level == .standard)
    #expect(reply.profileEpoch == 3 && !reply.postcodeExact)
    #expect(nodes(desk, plan) == ["FC2"] && plan.isExact)
    #expect(
      plan.shipments[0].lines
        == [PlannedLine(line: 0, quantity: 1), PlannedLine(line: 1, quantity: 1)])
    #expect(plan.shortLines.isEmpty && plan.cost == plan.costLowerBound)
  }

  @Test func aPlannedShipmentPromisesWhatAnOfferOfItsNodePromises() throws {
    let desk = try desk()
    let shipment = try plans(desk, Ask(items: ["B"])).plans[0].shipments[0]
    var offers = OfferReply()
    try desk.state.answer(
      OfferQuery(
        items: desk.lender.keys(["B"]), quantities: .empty, country: desk.lender.bytes("US"),
        postcodes: desk.lender.names(["98109"]), withPath: false),
      at: desk.now, into: &offers)
    #expect(shipment.windowFromUnixSeconds == offers.windowFromUnixSeconds[0])
    #expect(shipment.windowToUnixSeconds == offers.windowToUnixSeconds[0])
    #expect(shipment.deliveryDays == offers.deliveryDays[0])
    #expect(shipment.orderByUnixSeconds == offers.orderByUnixSeconds[0])
    #expect(shipment.shipByUnixSeconds > shipment.orderByUnixSeconds)
  }

  @Test func aLineThatNoNodeHoldsWholeIsSplit() throws {
    let desk = try desk()
    let plan = try plans(desk, Ask(items: ["A"], quantities: [7])).plans[0]
    #expect(plan.code == .ok && nodes(desk, plan) == ["FC1", "FC2"])
    #expect(plan.shipments.map { $0.lines[0].quantity } == [5, 2])
  }

  @Test func twoLinesOfOneItemShareItsUnits() throws {
    let desk = try desk()
    let plan = try plans(desk, Ask(items: ["A", "A"], quantities: [4, 2])).plans[0]
    #expect(plan.code == .ok && nodes(desk, plan) == ["FC1", "FC2"])
    let none = try plans(desk, Ask(items: ["A", "A"], quantities: [4, 4])).plans[0]
    #expect(none.code == .noStock && none.shipments.isEmpty)
    // A hold takes units away from both.
    try desk.hold([Line("A", "FC2", 2)])
    let after = try plans(desk, Ask(items: ["A", "A"], quantities: [4, 2])).plans[0]
    #expect(after.code == .noStock)
  }

  @Test func shortLinesSayWhatThereIsAndWhatComes() throws {
    let desk = try desk()
    let eta = desk.now.seconds + 86_400
    try desk.put(Rows.inbound([("I", "C", "FC1", 3, eta, .shipped)]))
    let refused = try plans(desk, Ask(items: ["A", "C", "B"], quantities: [1, 2, 9])).plans[0]
    #expect(refused.code == .noStock && refused.shipments.isEmpty)
    #expect(refused.shortLines.map(\.line) == [1, 2])
    #expect(refused.shortLines.map(\.available) == [0, 3])
    #expect(refused.shortLines.map(\.nextSupplyUnixSeconds) == [eta, 0])
    #expect(refused.shortLines.allSatisfy { $0.code == .noStock })
    let some = try plans(
      desk, Ask(items: ["A", "C", "B"], quantities: [1, 2, 9], policy: .fillAvailable)
    ).plans[0]
    #expect(some.code == .ok && nodes(desk, some) == ["FC2"])
    #expect(some.shipments[0].lines.map(\.quantity) == [1, 3])
    #expect(some.shortLines == refused.shortLines)
  }

  @Test func aDateThatIsMissedIsNamed() throws {
    let desk = try desk()
    let days = try plans(desk, Ask(items: ["A"])).plans[0].shipments[0].deliveryDays
    #expect(try plans(desk, Ask(items: ["A"], neededBy: days)).plans[0].code == .ok)
    let missed = try plans(desk, Ask(items: ["A"], neededBy: days - 1)).plans[0]
    #expect(missed.code == .neededByMissed)
    #expect(missed.shortLines.map(\.code) == [.neededByMissed])
    #expect(missed.shortLines.map(\.available) == [7])
  }

  @Test func whatShipsTogetherShipsFromOneNodeOrNot() throws {
    let desk = try desk()
    let plan = try plans(
      desk, Ask(items: ["A", "B"], quantities: [3, 1], together: true)
    ).plans[0]
    #expect(plan.code == .tooManyShipments && plan.shipments.isEmpty)
    let limited = try plans(
      desk, Ask(items: ["A", "B"], quantities: [3, 1], shipments: 2)
    ).plans[0]
    #expect(limited.code == .ok && limited.shipments.count == 2)
  }

  @Test func everyLevelAskedForHasAPlan() throws {
    let desk = try desk()
    let reply = try plans(desk, Ask(items: ["A"], levels: [2, 4]))
    #expect(reply.plans.map(\.level) == [.standard, .twoHour])
    #expect(reply.plans.map(\.code) == [.ok, .ok])
  }

  @Test func aPlanLapsesAndItsTokenIsThePlan() throws {
    let desk = try desk()
    let plan = try plans(desk, Ask(items: ["A", "B"])).plans[0]
    #expect(plan.cacheUntilUnixSeconds > desk.now.seconds)
    #expect(plan.cacheUntilUnixSeconds <= plan.expiresUnixSeconds)
    #expect(plan.expiresUnixSeconds <= plan.shipments[0].orderByUnixSeconds)
    #expect(!plan.token.isEmpty)
  }

  @Test func questionsThatAreNoneAreRefusedByName() throws {
    let desk = try desk()
    func refusal(_ ask: Ask) -> Refusal? {
      desk.refusal { () throws(Refusal) in _ = try plans(desk, ask) }
    }
    #expect(refusal(Ask(items: []))?.code == .fieldMissing)
    #expect(refusal(Ask(items: ["A"], postcode: ""))?.code == .fieldMissing)
    #expect(refusal(Ask(items: ["A"], postcode: "10001"))?.code == .postcodeUnknown)
    let unknown = refusal(Ask(items: ["A", "X"]))
    #expect(unknown?.code == .itemUnknown && unknown?.row == 1)
    #expect(refusal(Ask(items: ["A"], quantities: [0]))?.row == 0)
    #expect(refusal(Ask(items: ["A"], quantities: [1, 1]))?.code == .columnLengthMismatch)
    #expect(refusal(Ask(items: ["A"], levels: [2, 2]))?.code == .fieldOutOfRange)
    #expect(refusal(Ask(items: ["A"], levels: [200]))?.code == .fieldOutOfRange)
    #expect(refusal(Ask(items: ["A"], neededBy: -1))?.code == .fieldOutOfRange)
    #expect(refusal(Ask(items: ["A"], shipments: 257))?.code == .fieldOutOfRange)
    let many = Array(repeating: "A", count: 257)
    #expect(refusal(Ask(items: many))?.code == .tooManyRows)
  }

  @Test func beforeProfilesThereIsNoPlan() throws {
    let desk = try StateOfferTests.desk()
    let early = desk.refusal { () throws(Refusal) in _ = try plans(desk, Ask(items: ["A"])) }
    #expect(early?.code == .networkNotReady)
  }

  @Test func aCartOfTwoHundredLinesIsPlannedAndBounded() throws {
    let desk = try desk()
    let keys = (0..<200).map { "K\($0)" }
    try desk.put(Rows.items(keys.map { Rows.Item(key: $0) }))
    try desk.put(
      Rows.positions(
        keys.enumerated().map { ($0.element, $0.offset % 3 == 0 ? "FC1" : "FC2", 2, 0, 0) }))
    let plan = try plans(desk, Ask(items: keys, objective: .earliest)).plans[0]
    #expect(plan.code == .ok && nodes(desk, plan) == ["FC1", "FC2"] && !plan.isExact)
    #expect(plan.shipments.reduce(0) { $0 + $1.lines.count } == 200)
    #expect(plan.costLowerBound <= plan.cost)
  }

  private func rate(
    _ origin: String, fixed: Money, _ breaks: [WeightBreak] = [], furtherKilogram: Money = 0,
    divisor: Int32 = 0
  ) -> Rate {
    Rate(
      origin: Name(origin), level: .standard, zone: .empty, fixedCost: fixed, breaks: breaks,
      costPerFurtherKilogram: furtherKilogram, cubicMillimetresPerGram: divisor)
  }

  @Test func theCheaperNodeShipsByTheRatesOfItsBoxes() throws {
    let desk = try desk()
    var rows = NetworkRows()
    // Items weigh 100 g each.
    rows.rates = [
      rate(
        "FC1", fixed: 50, [WeightBreak(grams: 100, cost: 5), WeightBreak(grams: 900, cost: 40)]),
      rate("FC2", fixed: 60, [WeightBreak(grams: 900, cost: 7)]),
    ]
    try desk.put(.network(rows))
    StateOfferTests.publish(desk)
    let one = try plans(desk, Ask(items: ["A"], objective: .cost)).plans[0]
    #expect(nodes(desk, one) == ["FC1"] && one.cost == 55 && one.shipments[0].cost == 55)
    let two = try plans(desk, Ask(items: ["A"], quantities: [2], objective: .cost)).plans[0]
    #expect(nodes(desk, two) == ["FC2"] && two.cost == 67 && two.costLowerBound == 67)
    // What a unit is worth in FC2 sends the order to FC1 after all.
    var values = OpportunityRows()
    values.keys.append(Array("A".utf8))
    values.nodeNames = [Name("FC2")]
    values.nodes = [0]
    values.values = [20]
    try desk.put(.opportunity(values))
    let worth = try plans(desk, Ask(items: ["A"], quantities: [2], objective: .cost)).plans[0]
    #expect(nodes(desk, worth) == ["FC1"] && worth.cost == 90)
  }

  @Test func theVolumeIsBilledWhereItIsMoreThanTheWeight() throws {
    let desk = try desk()
    var rows = NetworkRows()
    // A millionth of a million cubic feet: 28,316,847 mm³ are 5,664 g at 5,000 mm³ a gram.
    rows.rates = [
      rate("", fixed: 0, [WeightBreak(grams: 5663, cost: 10)], furtherKilogram: 3, divisor: 5000)
    ]
    try desk.put(.network(rows))
    StateOfferTests.publish(desk)
    #expect(try plans(desk, Ask(items: ["B"])).plans[0].cost == 13)
    #expect(try plans(desk, Ask(items: ["B"], quantities: [2])).plans[0].cost == 28)
  }

  @Test func aKitShipsFromWhereItsComponentsAreAndSharesThem() throws {
    let desk = try desk()
    try desk.put(Rows.items([Rows.Item(key: "K")]))
    var rows = KitRows()
    for (component, units) in [("A", Int32(2)), ("B", Int32(1))] {
      rows.kits.append(Array("K".utf8))
      rows.components.append(Array(component.utf8))
      rows.units.append(units)
    }
    try desk.put(.kits(rows))
    let one = try plans(desk, Ask(items: ["K"])).plans[0]
    #expect(nodes(desk, one) == ["FC2"])
    // FC2 holds two of A: a kit takes both, and a third line of A finds none there.
    let both = try plans(desk, Ask(items: ["K", "A"])).plans[0]
    #expect(nodes(desk, both) == ["FC1", "FC2"])
    #expect(both.shipments[0].lines == [PlannedLine(line: 1, quantity: 1)])
    let two = try plans(desk, Ask(items: ["K"], quantities: [2])).plans[0]
    #expect(two.code == .noStock && two.shortLines[0].available == 1)
  }

  @Test func anItemThatIsNotReleasedIsPromisedFromThenOn() throws {
    let desk = try desk()
    let before = try plans(desk, Ask(items: ["B"])).plans[0].shipments[0]
    guard case .items(var rows) = Rows.items([Rows.Item(key: "B")]) else { return }
    rows.releaseUnixSeconds = [desk.now.seconds + 5 * 86_400]
    try desk.put(.items(rows))
    let after = try plans(desk, Ask(items: ["B"])).plans[0].shipments[0]
    #expect(after.deliveryDays == before.deliveryDays + 5)
  }

  @Test func overridesBlockAndForceLines() throws {
    let desk = try desk()
    func put(_ action: OverrideAction, _ node: String) throws -> UInt64 {
      var row = Override()
      row.action = action
      row.node = Name(node)
      row.reason = Name("test")
      row.author = Name("me")
      row.expiresUnixSeconds = desk.now.seconds + 3600
      return desk.apply(
        try desk.state.decide(
          OverrideCommand(key: desk.command(""), override: row), at: desk.now))
    }
    _ = try put(.force, "FC2")
    #expect(nodes(desk, try plans(desk, Ask(items: ["A"])).plans[0]) == ["FC2"])
    _ = try put(.block, "FC2")
    #expect(nodes(desk, try plans(desk, Ask(items: ["A"])).plans[0]) == ["FC1"])
    let blocked = try plans(desk, Ask(items: ["B"])).plans[0]
    #expect(blocked.code == .overrideBlocks)
  }

  @Test func aCartTravelsOnlyWhereAllOfItMay() throws {
    let desk = try desk()
    // The way from FC2 is made one by air, which never takes hazmat.
    guard case .network(var rows) = Rows.nodes([]) else { return }
    rows.legs = [
      Leg(
        name: Name("leg-FC2"), origin: Name("FC2"), destination: Name("DS"), mode: .air,
        weekdays: 127, departureMinute: 1260, durationMinutes: 120, calendar: .empty)
    ]
    try desk.put(.network(rows))
    StateOfferTests.publish(desk)
    #expect(nodes(desk, try plans(desk, Ask(items: ["B"])).plans[0]) == ["FC2"])
    guard case .items(var items) = Rows.items([Rows.Item(key: "B")]) else { return }
    items.restrictions = [ItemRestrictions.hazmat.rawValue]
    try desk.put(.items(items))
    let plan = try plans(desk, Ask(items: ["B"])).plans[0]
    #expect(plan.code == .restrictionForbids && plan.shipments.isEmpty)
    #expect(plan.shortLines.map(\.code) == [.restrictionForbids])
  }
}
