import PromisedModel
import Testing

@testable import PromisedWire

/// What a client reads of a reply.
func answer<Answer>(
  _ call: Call<Answer>,
  _ encode: (inout ReplyEncoder, inout FrameBuffer) -> OutcomeCode
) throws -> Answer {
  let (code, frame) = sent(encode)
  #expect(code == .ok)
  let whole = try #require(frame)
  let response = try #require(fields(Array(whole.bytes.dropFirst(10))))
  return try (response[field: 2]?.bytes ?? []).borrowed { try call.decode($0) }
}

private func name(_ node: UInt16) -> (name: BorrowedBytes, title: BorrowedBytes) {
  node == 4 ? (lasting("SEA1"), lasting("Seattle")) : (lasting("PDX1"), lasting("Portland"))
}

/// Every reply by the client's own reading: each field has another value.
@Suite struct PromiseReplyTests {
  @Test func offerTerms() throws {
    var reply = exampleOffer()
    for value: UInt32 in [2, 3] { reply.levels.append(value) }
    for value: UInt32 in [4, 0] { reply.confidenceSources.append(value) }
    for value: UInt32 in [1500, 0] { reply.sampleSizesMilli.append(value) }
    for value: UInt32 in [7, 0] { reply.dateConfidences.append(value) }
    for value: Int64 in [8, 0] { reply.shipByUnixSeconds.append(value) }
    for value: Int64 in [9, 0] { reply.cacheUntilUnixSeconds.append(value) }
    for value: Int64 in [10, 0] { reply.expiresUnixSeconds.append(value) }
    for value: UInt8 in [1, 0, 255] { reply.tokenBytes.append(value) }
    for value: UInt32 in [3, 0] { reply.tokenLengths.append(value) }
    for value: UInt32 in [2, 4] { reply.supplies.append(value) }
    for value: Int64 in [11, 12] { reply.availableFromUnixSeconds.append(value) }
    for value: Int64 in [13, 14] { reply.suppliedUnits.append(value) }
    for value: UInt32 in [3, 0] { reply.silence.append(value) }
    let call = Call.offer(items: ["A"], postcodes: ["98109"], levels: [2, 3])
    let offers = try answer(call) { $0.encode(reply, streamID: 1, asOf: asOf, into: &$1) }.offers
    #expect(offers.map(\.level) == [2, 3] && offers[0].confidenceSource == 4)
    #expect(offers[0].sampleSizeMilli == 1500 && offers[0].dateConfidence == 7)
    #expect(offers[0].shipByUnixSeconds == 8 && offers[0].cacheUntilUnixSeconds == 9)
    #expect(offers[0].expiresUnixSeconds == 10 && offers[0].token == [1, 0, 255])
    #expect(offers.map(\.supply) == [2, 4] && offers.map(\.suppliedUnits) == [13, 14])
    #expect(offers.map(\.availableFromUnixSeconds) == [11, 12] && offers[0].silence == 3)
    #expect(offers[1].token == [] && offers[1].outcome.reason == "NO_STOCK")
  }

  /// What a server leaves out is not said, and costs no bytes.
  @Test func offersWithoutTerms() throws {
    let call = Call.offer(items: ["A", "B"], postcodes: ["98109"])
    let (_, frame) = sent { $0.encode(exampleOffer(), streamID: 1, asOf: asOf, into: &$1) }
    let whole = try #require(frame)
    for field: UInt64 in 24...36 { #expect(whole.payload[field: field] == nil) }
    let offers = try answer(call) {
      $0.encode(exampleOffer(), streamID: 1, asOf: asOf, into: &$1)
    }.offers
    // What says nothing of its supply is on hand.
    #expect(offers.map(\.supply) == [1, 0] && offers[0].availableFromUnixSeconds == 0)
    #expect(offers[0].level == 0 && offers[0].token == [] && offers[0].expiresUnixSeconds == 0)
    var broken = exampleOffer()
    broken.levels.append(1)
    #expect(throws: MalformedAnswer.self) {
      try answer(call) { $0.encode(broken, streamID: 1, asOf: asOf, into: &$1) }
    }
    var lengths = exampleOffer()
    for value: UInt32 in [1, 1] { lengths.tokenLengths.append(value) }
    lengths.tokenBytes.append(1)
    #expect(throws: MalformedAnswer.self) {
      try answer(call) { $0.encode(lengths, streamID: 1, asOf: asOf, into: &$1) }
    }
  }

  @Test func offersStandByItemThenPostcodeThenLevel() throws {
    var reply = OfferReply()
    for row in 0..<8 {
      reply.codes.append(60)
      reply.nodes.append(0)
      reply.windowFromUnixSeconds.append(0)
      reply.windowToUnixSeconds.append(0)
      reply.windowUTCOffsetSeconds.append(0)
      reply.deliveryDays.append(0)
      reply.orderByUnixSeconds.append(0)
      reply.orderByUTCOffsetSeconds.append(0)
      reply.confidences.append(0)
      reply.postcodeExact.append(0)
      reply.levels.append(UInt32(row % 2 + 1))
    }
    let call = Call.offer(items: ["A", "B"], postcodes: ["1", "2"], levels: [1, 2])
    let offers = try answer(call) { $0.encode(reply, streamID: 1, asOf: asOf, into: &$1) }.offers
    #expect(
      offers.map { "\($0.item)\($0.postcode)\($0.level)" }
        == ["A11", "A12", "A21", "A22", "B11", "B12", "B21", "B22"])
  }

  @Test func promisedShipmentsOfAHold() throws {
    var hold = HoldReply()
    hold.holdID = 7
    for value: UInt32 in [1, 2] { hold.shipmentLineCounts.append(value) }
    hold.shipmentNodes.append(lasting("SEA1"))
    hold.shipmentNodes.append(lasting("PDX1"))
    for value: Int64 in [3, 4] { hold.shipmentWindowFromUnixSeconds.append(value) }
    for value: Int64 in [5, 6] { hold.shipmentWindowToUnixSeconds.append(value) }
    for value: Int32 in [7, 8] { hold.shipmentDeliveryDays.append(value) }
    for value: Int64 in [9, 10] { hold.shipmentShipByUnixSeconds.append(value) }
    for value: UInt32 in [11, 12] { hold.shipmentConfidences.append(value) }
    for value: UInt32 in [3, 4] { hold.shipmentLevels.append(value) }
    let read = try answer(.getHold(7)) { $0.encode(hold, streamID: 1, asOf: asOf, into: &$1) }
    #expect(
      read.shipments == [
        HoldShipment(
          lineCount: 1, node: "SEA1", windowFromUnixSeconds: 3, windowToUnixSeconds: 5,
          deliveryDay: 7, shipByUnixSeconds: 9, confidence: 11, level: 3),
        HoldShipment(
          lineCount: 2, node: "PDX1", windowFromUnixSeconds: 4, windowToUnixSeconds: 6,
          deliveryDay: 8, shipByUnixSeconds: 10, confidence: 12, level: 4),
      ])
    hold.removeAll()
    hold.shipmentNodes.append(lasting("SEA1"))
    #expect(throws: MalformedAnswer.self) {
      try answer(.getHold(7)) { $0.encode(hold, streamID: 1, asOf: asOf, into: &$1) }
    }
    hold.removeAll()
    #expect(
      try answer(.getHold(7)) {
        $0.encode(hold, streamID: 1, asOf: asOf, into: &$1)
      }.shipments == [])
  }

  private func shipment(node: UInt16, day: Int32) -> PlannedShipment {
    var shipment = PlannedShipment()
    shipment.node = node
    shipment.level = .expedited
    shipment.lines = [PlannedLine(line: 3, quantity: 4), PlannedLine(line: 5, quantity: 6)]
    shipment.windowFromUnixSeconds = 7
    shipment.windowToUnixSeconds = 8
    shipment.windowUTCOffsetSeconds = -9
    shipment.deliveryDays = day
    shipment.orderByUnixSeconds = 11
    shipment.shipByUnixSeconds = 12
    shipment.chance = 13
    shipment.cost = -14
    return shipment
  }

  @Test func aPlan() throws {
    var plan = CartPlan(level: .twoHour, code: .ok)
    plan.shipments = [
      shipment(node: 9, day: 21), shipment(node: 4, day: 20), shipment(node: 9, day: 22),
    ]
    plan.cost = 15
    plan.costLowerBound = 16
    plan.isExact = true
    plan.cacheUntilUnixSeconds = 17
    plan.expiresUnixSeconds = 18
    plan.token = [0, 255]
    var none = CartPlan(level: .economy, code: .neededByMissed)
    var short = ShortLine()
    short.line = 1
    short.code = .noStock
    short.available = 2
    short.nextSupplyUnixSeconds = 3
    none.shortLines = [short]
    var reply = PlanReply()
    reply.plans = [plan, none]
    reply.profileEpoch = 5
    reply.postcodeExact = true
    let read = try answer(.plan(items: ["A"], postcode: "98109")) {
      $0.encode(reply, streamID: 1, asOf: asOf, into: &$1, node: name)
    }
    #expect(read.asOf.position == 42 && read.profileEpoch == 5 && read.isPostcodeExact)
    let first = try #require(read.plans.first)
    #expect(first.shipments.map(\.node) == ["PDX1", "SEA1", "PDX1"])
    #expect(first.shipments.map(\.nodeTitle) == ["Portland", "Seattle", "Portland"])
    #expect(
      first.shipments[1]
        == PlanShipment(
          node: "SEA1", nodeTitle: "Seattle", level: 3,
          lines: [PlanLine(line: 3, quantity: 4), PlanLine(line: 5, quantity: 6)],
          windowFromUnixSeconds: 7, windowToUnixSeconds: 8, windowUTCOffsetSeconds: -9,
          deliveryDay: 20, orderByUnixSeconds: 11, shipByUnixSeconds: 12, confidence: 13,
          cost: -14))
    #expect(first.level == 4 && first.outcome.isOK && first.isExact && first.shortLines == [])
    #expect(first.cost == 15 && first.costLowerBound == 16 && first.token == [0, 255])
    #expect(first.firstDeliveryDay == 20 && first.lastDeliveryDay == 22)
    #expect(first.cacheUntilUnixSeconds == 17 && first.expiresUnixSeconds == 18)
    #expect(read.plans[1].outcome.reason == "NEEDED_BY_MISSED" && read.plans[1].token == [])
    #expect(
      read.plans[1].shortLines == [
        PlanShortLine(
          line: 1, outcome: RowOutcome(number: 60), availableUnits: 2, nextSupplyUnixSeconds: 3)
      ])
  }

  /// The encoder's memory is used again: nothing of the reply before is left.
  @Test func oneReplyAfterAnother() throws {
    var reply = PlanReply()
    var plan = CartPlan(level: .standard, code: .ok)
    plan.shipments = [shipment(node: 4, day: 20)]
    reply.plans = [plan]
    var encoder = ReplyEncoder()
    func encoded() -> [UInt8] {
      var output = FrameBuffer(capacity: 16)
      encoder.encode(reply, streamID: 1, asOf: asOf, into: &output, node: name)
      return Array(output.bytes)
    }
    let first = encoded()
    reply.plans = [plan, plan]
    #expect(encoded() != first)
    reply.plans = [plan]
    #expect(encoded() == first)
  }

  @Test func risksAndRescues() throws {
    var row = RiskRow()
    row.holdID = 1
    row.shipment = 2
    row.owner = Name("o")
    row.item = Name("i")
    row.node = Name("n")
    row.cause = .inboundLate
    row.subject = Name("s")
    row.promisedToUnixSeconds = 5
    row.promisedDays = 6
    row.newToUnixSeconds = 7
    row.newDays = 8
    row.rescueNode = Name("r")
    row.rescueToUnixSeconds = 9
    row.rescueDays = 10
    row.isSaved = true
    let wanted = PromiseAtRisk(
      holdID: 1, shipment: 2, owner: "o", item: "i", node: "n", cause: 4, subject: "s",
      promisedToUnixSeconds: 5, promisedDay: 6, newToUnixSeconds: 7, newDay: 8, rescueNode: "r",
      rescueToUnixSeconds: 9, rescueDay: 10, isSaved: true)
    let atRisk = try answer(.atRisk()) {
      $0.encode(
        atRisk: [row, row], promises: 11, truncated: true, streamID: 1, asOf: asOf, into: &$1)
    }
    #expect(atRisk.rows == [wanted, wanted] && atRisk.promises == 11 && atRisk.isTruncated)
    let rescued = try answer(.rescue(applies: true, key: "k")) {
      $0.encode(rescued: [row], moved: 12, streamID: 1, asOf: asOf, into: &$1)
    }
    #expect(rescued.rows == [wanted] && rescued.moved == 12 && rescued.asOf.position == 42)
  }

  @Test func accuracy() throws {
    var row = AccuracyRow()
    row.group = Name("g")
    row.delivered = 1
    row.onTime = 2
    row.meanChance = 3
    row.coverage = 4
    row.coverageLow = 5
    row.coverageHigh = 6
    row.meanDaysEarlyMilli = -7
    row.overdue = 8
    let read = try answer(.accuracy()) {
      $0.encode(accuracy: [row], streamID: 1, asOf: asOf, into: &$1)
    }
    #expect(
      read.groups == [
        AccuracyGroup(
          group: "g", delivered: 1, onTime: 2, meanConfidence: 3, coverage: 4, coverageLow: 5,
          coverageHigh: 6, meanDaysEarlyMilli: -7, overdue: 8)
      ])
  }

  @Test func changedPromises() throws {
    var reply = ChangedReply()
    reply.fromEpoch = 1
    reply.toEpoch = 2
    reply.pairCount = 3
    reply.pairsCompared = 4
    for key in ["A", "BB"] { reply.items.append(Array(key.utf8)) }
    reply.zones = [Name("Y"), Name("Z")]
    reply.zoneIndexes = [1, 0]
    reply.daysBefore = [5, 0]
    reply.daysAfter = [6, 7]
    reply.windowToBefore = [8, 0]
    reply.windowToAfter = [9, 10]
    reply.nextPageToken = [11]
    let read = try answer(.changed(sinceEpoch: 1)) {
      $0.encode(reply, streamID: 1, asOf: asOf, into: &$1)
    }
    #expect(read.fromEpoch == 1 && read.toEpoch == 2 && read.nextPageToken == [11])
    #expect(read.pairCount == 3 && read.pairsCompared == 4)
    #expect(
      read.promises == [
        ChangedPromise(
          item: "A", zone: "Z", dayBefore: 5, dayAfter: 6, windowToBeforeUnixSeconds: 8,
          windowToAfterUnixSeconds: 9),
        ChangedPromise(
          item: "BB", zone: "Y", dayBefore: 0, dayAfter: 7, windowToBeforeUnixSeconds: 0,
          windowToAfterUnixSeconds: 10),
      ])
  }

  @Test func aPageThatIsNoFrameIsRefused() {
    var reply = ChangedReply()
    let key = [UInt8](repeating: 65, count: 64)
    for _ in 0..<Limits.changedPairs {
      reply.items.append(key)
      reply.zoneIndexes.append(0)
    }
    let (code, frame) = sent { $0.encode(reply, streamID: 1, asOf: asOf, into: &$1) }
    #expect(code == .replyTooLarge && frame?.status?[field: 1]?.value == 8)
  }

  /// Messages that would outgrow the arena are refused before they are packed.
  @Test func aReplyThatOutgrowsTheArenaIsRefused() {
    let rows = [RiskRow](repeating: RiskRow(), count: 400_000)
    let (code, frame) = sent {
      $0.encode(
        atRisk: rows, promises: 0, truncated: false, streamID: 1, asOf: asOf, into: &$1)
    }
    #expect(code == .replyTooLarge && frame?.status?[field: 1]?.value == 8)
  }

  @Test func operators() throws {
    let rows = [Observation.handling(node: "N", minutesBeyond: 1)]
    let observed = try answer(.observe(rows + rows, key: "k")) {
      $0.encode(observed: [0, 12], streamID: 1, asOf: asOf, into: &$1)
    }
    #expect(observed.outcomes.map(\.reason) == ["OK", "LEG_UNKNOWN"])
    for (call, kind) in [
      (Call.closeLeg("L", key: "k"), DepartureChangeKind.delayed),
      (.reopenLeg("L", key: "k"), .reopened),
    ] {
      let read = try answer(call) {
        $0.encode(departures: kind, destinationsAffected: 5, streamID: 1, asOf: asOf, into: &$1)
      }
      #expect(read.destinationsAffected == 5 && read.asOf.position == 42)
    }
    #expect(
      try answer(.removeOverride(id: 6, key: "k")) {
        $0.encode(overrideID: 6, streamID: 1, asOf: asOf, into: &$1)
      }.id == 6)
    var row = OverrideRow()
    row.override.id = 1
    row.override.action = .force
    row.override.item = Name("i")
    row.override.node = Name("n")
    row.override.leg = Name("l")
    row.override.zone = Name("z")
    row.override.seller = Name("s")
    row.override.reason = Name("why")
    row.override.author = Name("who")
    row.override.createdUnixSeconds = 2
    row.override.expiresUnixSeconds = 3
    row.consulted = 4
    row.differed = 5
    let listed = try answer(.overrides()) {
      $0.encode(overrides: [row, OverrideRow()], streamID: 1, asOf: asOf, into: &$1)
    }
    var wanted = OverrideEntry(action: 2, reason: "why", author: "who")
    wanted.id = 1
    wanted.item = "i"
    wanted.node = "n"
    wanted.leg = "l"
    wanted.zone = "z"
    wanted.seller = "s"
    wanted.createdUnixSeconds = 2
    wanted.expiresUnixSeconds = 3
    wanted.consulted = 4
    wanted.differed = 5
    #expect(listed.overrides.count == 2 && listed.overrides[0] == wanted)
  }
}
