import PromisedModel
import Testing

@testable import PromisedWire

/// What the server's decoder makes of a client's call.
func asked<Answer>(
  _ call: Call<Answer>, _ body: (Request) throws -> Void
) throws {
  try decode(call.method, try #require(call.payload), body)
}

func report(_ what: Comment) { Issue.record(what) }

/// Every call's request, by the server's own decoder.
@Suite struct PromiseCallTests {
  private func keys(_ column: KeyColumn) -> [String] {
    var offset = 0
    return (0..<column.count).map { column.key($0, at: &offset).name.description }
  }

  @Test func offersAndHolds() throws {
    let offer = Call.offer(
      items: ["A"], postcodes: ["98109"], levels: [4, 1], confidence: 60_000, byDay: 20_460,
      omitsTokens: true, channel: "app", supplyChoice: 1)
    try asked(offer) {
      guard case .offer(let query, _) = $0 else { return report("no offer") }
      #expect(Array(query.levels.buffer) == [4, 1] && query.confidence == .usual)
      #expect(query.byDays == 20_460 && query.omitsTokens)
      #expect(query.channel.name == Name("app") && query.supply == .soonest)
    }
    let hold = Call.hold([], owner: "o", key: "k", tokens: [[1], [2, 3]], wantsUpgrade: true)
    try asked(hold) {
      guard case .hold(let command) = $0 else { return report("no hold") }
      #expect(command.tokens.buffer.map { Array($0.buffer) } == [[1], [2, 3]])
      #expect(command.wantsUpgrade && command.lines.items.count == 0)
    }
  }

  @Test func aCart() throws {
    var wishes = PlanWishes()
    wishes.levels = [2, 3]
    wishes.confidence = 32_768
    wishes.objective = 3
    wishes.policy = 2
    wishes.shipsTogether = true
    wishes.neededByDay = 20_461
    wishes.maximumShipments = 9
    wishes.mixesLevels = true
    let plan = Call.plan(
      items: ["A", "BB"], quantities: [3, 4], country: "BR", postcode: "01310", wishes: wishes,
      minimumPosition: 6)
    try asked(plan) {
      guard case .plan(let query, 6) = $0 else { return report("no plan") }
      #expect(keys(query.items) == ["A", "BB"] && Array(query.quantities.buffer) == [3, 4])
      #expect(query.country.name == Name("BR") && query.postcode.name == Name("01310"))
      #expect(Array(query.levels.buffer) == [2, 3] && query.confidence == .even)
      #expect(query.objective == .fewestShipments && query.policy == .fillAvailable)
      #expect(query.shipsTogether && query.mixesLevels)
      #expect(query.neededByDays == 20_461 && query.maximumShipments == 9)
    }
    try asked(Call.plan(items: ["A", "BB"], postcode: "98109")) {
      guard case .plan(let query, 0) = $0 else { return report("no plan") }
      #expect(Array(query.quantities.buffer) == [1, 1] && query.levels.isEmpty)
      #expect(query.country.name == Name("US") && query.confidence == .usual)
      #expect(query.objective == .earliest && query.policy == .fillOrKill)
      #expect(!query.shipsTogether && !query.mixesLevels && query.maximumShipments == 0)
    }
  }

  @Test func promisesAtRiskAndTheirAccuracy() throws {
    try asked(Call.atRisk(node: "N", limit: 5, minimumPosition: 8)) {
      guard case .atRisk(let query, 8) = $0 else { return report("no question") }
      #expect(query.node.name == Name("N") && query.limit == 5)
    }
    try asked(Call.atRisk()) {
      guard case .atRisk(let query, 0) = $0 else { return report("no question") }
      #expect(query.node.isEmpty && query.limit == 1000)
    }
    try asked(Call.rescue(holdID: 7, applies: true, key: "k")) {
      guard case .rescue(let command) = $0 else { return report("no rescue") }
      #expect(command.holdID == 7 && command.applies && command.key.bytes.name == Name("k"))
      #expect(command.key.bodyDigest != 0)
    }
    try asked(Call.accuracy(grouping: 5, fromDay: 3, toDay: 4)) {
      guard case .accuracy(let query, 0) = $0 else { return report("no question") }
      #expect(query == AccuracyQuery(grouping: .band, fromDays: 3, toDays: 4))
    }
    try asked(Call.changed(sinceEpoch: 6, level: 3, confidence: 1, pageToken: [9], pageSize: 5)) {
      guard case .changed(let query, 0) = $0 else { return report("no question") }
      #expect(query.sinceEpoch == 6 && query.level == .expedited && query.confidence == .even)
      #expect(Array(query.pageToken.buffer) == [9] && query.pageSize == 5)
    }
    try asked(Call.changed(sinceEpoch: 6)) {
      guard case .changed(let query, 0) = $0 else { return report("no question") }
      #expect(query.level == .standard && query.confidence == .usual && query.pageSize == 10_000)
    }
  }

  @Test func explanations() throws {
    try asked(Call.explain(token: [1, 0], minimumPosition: 3)) {
      guard case .explain(.token(let token), 3) = $0 else { return report("no token") }
      #expect(Array(token.buffer) == [1, 0])
    }
    try asked(Call.explain(item: "A", postcode: "98109")) {
      guard case .explain(.now(let question), 0) = $0 else { return report("no question") }
      #expect(
        question
          == OfferQuestion(
            item: Name("A"), quantity: 1, country: Name("US"), postcode: Name("98109"),
            level: .standard, confidence: .usual))
    }
    try asked(
      Call.explain(
        item: "A", quantity: 2, country: "BR", postcode: "01310", level: 4, confidence: 64_880,
        channel: "app", supplyChoice: 2)
    ) {
      guard case .explain(.now(let question), 0) = $0 else { return report("no question") }
      #expect(
        question
          == OfferQuestion(
            item: Name("A"), quantity: 2, country: Name("BR"), postcode: Name("01310"),
            level: .twoHour, confidence: .nearlyCertain, channel: Name("app"), supply: .onHand))
    }
  }

  @Test func observations() throws {
    let rows = [
      Observation.legDelay(leg: "L1", day: 20_460, minutesLate: 30),
      .handling(node: "SEA1", minutesBeyond: 20_160),
      .transit(origin: "SEA1", service: "ground", zone: "Z", day: 20_461, workingDays: 3),
      .delivery(holdID: 9, shipment: 2, atUnixSeconds: 1_800_000_000),
    ]
    try asked(Call.observe(rows, key: "k")) {
      guard case .observe(let rows, let key) = $0 else { return report("no rows") }
      #expect(key.bytes.name == Name("k"))
      #expect(rows.kinds == [1, 2, 3, 4] && rows.days == [20_460, 0, 20_461, 0])
      #expect(rows.subjects.lengths == [2, 4, 4, 0] && rows.services.lengths == [0, 0, 6, 0])
      #expect(rows.subjects.bytes == Array("L1SEA1SEA1".utf8))
      #expect(rows.zones.bytes == Array("Z".utf8) && rows.minutes == [30, 20_160, 3, 0])
      #expect(rows.holdIDs == [0, 0, 0, 9] && rows.shipments == [0, 0, 0, 2])
      #expect(rows.atUnixSeconds == [0, 0, 0, 1_800_000_000])
    }
    // Columns that no row uses may be left out.
    let payload = Proto {
      $0.text(1, "k")
      $0.packed(2, [4, 4])
      $0.packed(11, [7, 8])
      $0.packed(13, [5, 6])
    }.bytes
    try decode(.observe, payload) {
      guard case .observe(let rows, _) = $0 else { return report("no rows") }
      #expect(rows.subjects.lengths == [0, 0] && rows.days == [0, 0] && rows.shipments == [0, 0])
      #expect(rows.holdIDs == [7, 8])
    }
  }

  @Test func departures() throws {
    try asked(
      Call.closeLeg("L", days: 3...4, delayMinutes: 60, reason: "snow", author: "ops", key: "k")
    ) {
      guard case .departures(let command, let key) = $0 else { return report("no change") }
      #expect(
        command.change
          == DepartureChange(
            subject: .leg, name: Name("L"), fromDays: 3, toDays: 4, kind: .delayed,
            delayMinutes: 60, reason: Name("snow"), author: Name("ops")))
      #expect(key.bytes.name == Name("k"))
    }
    try asked(Call.reopenLeg("L", days: 3...4, reason: "thaw", author: "ops", key: "k")) {
      guard case .departures(let command, _) = $0 else { return report("no change") }
      #expect(
        command.change
          == DepartureChange(
            subject: .leg, name: Name("L"), fromDays: 3, toDays: 4, kind: .reopened,
            reason: Name("thaw"), author: Name("ops")))
    }
  }

  @Test func overrides() throws {
    var entry = OverrideEntry(action: 2, reason: "why", author: "who")
    entry.item = "A"
    entry.node = "N"
    entry.leg = "L"
    entry.zone = "Z"
    entry.seller = "S"
    entry.expiresUnixSeconds = 1_800_000_000
    try asked(Call.putOverride(entry, key: "k")) {
      guard case .putOverride(let command) = $0 else { return report("no override") }
      var wanted = Override()
      wanted.action = .force
      wanted.item = Name("A")
      wanted.node = Name("N")
      wanted.leg = Name("L")
      wanted.zone = Name("Z")
      wanted.seller = Name("S")
      wanted.reason = Name("why")
      wanted.author = Name("who")
      wanted.expiresUnixSeconds = 1_800_000_000
      #expect(command.override == wanted && command.removesID == 0)
    }
    try asked(Call.removeOverride(id: 12, key: "k")) {
      guard case .putOverride(let command) = $0 else { return report("no override") }
      #expect(command.removesID == 12 && command.override == Override())
    }
    try asked(Call.overrides(withExpired: true, minimumPosition: 4)) {
      guard case .listOverrides(true, 4) = $0 else { return report("no question") }
    }
  }

  /// Rows of every kind arrive as they were put.
  @Test func rows() throws {
    var network = NetworkRows()
    network.nodes = [
      Node(
        name: Name("N"), title: .empty, kind: .fulfilmentCentre, timeZone: Name("Etc/UTC"),
        calendar: Name("c"), dwellMinutes: 1, processingMinutes: 2, country: Name("US"),
        postcode: .empty, latitudeE6: -3, longitudeE6: 4,
        handling: [
          DelayOutcome(minutes: 0, probability: 65_000),
          DelayOutcome(minutes: 9, probability: 535),
        ], unitsPerHour: 7)
    ]
    network.waves = [
      Wave(
        station: Name("S"), weekdays: 1, cutoffMinute: 2, fromMinute: 3, toMinute: 4,
        level: .twoHour, capacityUnits: 5)
    ]
    network.lanes = [
      Lane(
        origin: Name("N"), service: Name("s"), zone: Name("Z"), mode: .air,
        pickupCalendar: Name("a"), transitCalendar: Name("b"), deliveryCalendar: Name("c"),
        cutoffMinute: 6, transit: [TransitOutcome(workingDays: 1, probability: 65_535)],
        deliveryTimeZone: Name("Etc/UTC"), carrier: Name("who"), level: .expedited,
        refuses: .oversize)
    ]
    network.legs = [
      Leg(
        name: Name("L"), origin: Name("N"), destination: Name("S"), mode: .road, weekdays: 3,
        departureMinute: 4, durationMinutes: 5, calendar: .empty, level: .standard,
        refuses: .all, capacityUnits: 6, delays: [DelayOutcome(minutes: 7, probability: 65_535)])
    ]
    network.rates = [
      Rate(
        origin: Name("N"), level: .economy, zone: .empty, fixedCost: 1,
        breaks: [WeightBreak(grams: 2, cost: 3), WeightBreak(grams: 4, cost: 3)],
        costPerFurtherKilogram: 5, cubicMillimetresPerGram: 6)
    ]
    var items = ItemRows()
    items.keys.append(Array("A".utf8))
    items.sellerNames = [Name("S")]
    items.sellers = [0]
    items.storageTypes = [1]
    items.volumesMicroCubicFeet = [2]
    items.weightsGrams = [3]
    items.handlingMinutes = [4]
    items.demandPerDayMilli = [5]
    items.demandVarianceRatioMilli = [1006]
    items.releaseUnixSeconds = [7]
    items.restrictions = [3]
    items.volumesCubicMillimetres = [9]
    var kits = KitRows()
    for (kit, component) in [("K", "A"), ("K", "BB")] {
      kits.kits.append(Array(kit.utf8))
      kits.components.append(Array(component.utf8))
    }
    kits.units = [1, 2]
    var opportunity = OpportunityRows()
    opportunity.keys.append(Array("A".utf8))
    opportunity.nodeNames = [Name("N")]
    opportunity.nodes = [0]
    opportunity.values = [-5]
    let puts: [PutRows] =
      [.network(network), .items(items), .kits(kits), .opportunity(opportunity)]
      + DistributionRows.puts
    for put in puts {
      try asked(Call.put(put, load: LoadPlace(id: Name("L"), number: 3), key: "k")) {
        guard case .put(let rows, let key, let load) = $0 else { return report("no rows") }
        #expect(rows == put && key.bytes.name == Name("k"))
        #expect(load == LoadChunkKey(loadID: Name("L"), number: 3))
      }
    }
  }
}
