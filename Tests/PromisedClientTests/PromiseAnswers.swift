import PromisedModel
import PromisedWire

/// 2026-12-20T18:00:00Z, a Sunday morning in Seattle.
private let now: Int64 = 1_797_789_600
private let hour: Int64 = 3600

/// A made-up trace: from New Jersey to Seattle by air, while a centre near Seattle holds none.
func traceOfFarAway(_ question: OfferQuestion) -> Explanation {
  var trace = Explanation(question: question)
  trace.origin = .replayed
  trace.agreesWithToken = true
  trace.position = 62
  trace.decidedAt = UnixMilliseconds(now * 1000)
  trace.profileEpoch = 3
  trace.networkRevision = 8
  trace.zone = Name("sea")
  trace.station = Name("DSEA")
  trace.destinationLatitudeE6 = 47_633_900
  trace.destinationLongitudeE6 = -122_347_600
  trace.node = Name("ABE8")
  trace.windowFromUnixSeconds = now + 46 * hour
  trace.windowToUnixSeconds = now + 50 * hour
  trace.windowUTCOffsetSeconds = -28_800
  trace.deliveryDays = 20_809
  trace.orderByUnixSeconds = now + 2 * hour
  trace.orderByUTCOffsetSeconds = -18_000
  trace.shipByUnixSeconds = now + 5 * hour
  trace.chance = 63_800
  trace.confidenceSource = .learned
  trace.sampleSizeMilli = 418_300
  trace.candidates = candidates
  trace.steps = [
    step(
      "ABE8-SEWR-1750", .road, ("ABE8", "Florence, NJ", 40_118_000, -74_805_500),
      ("KBWI", "Baltimore Airport", 39_175_400, -76_668_400), from: 5, to: 8, slack: 95),
    step(
      "KBWI-KSEA-2345", .air, ("KBWI", "Baltimore Airport", 39_175_400, -76_668_400),
      ("DSEA", "Seattle, WA", 47_633_900, -122_347_600), from: 11, to: 17, slack: 105, left: 112),
    step(
      "", .road, ("DSEA", "Seattle, WA", 47_633_900, -122_347_600), ("", "", 0, 0), from: 46,
      to: 50, slack: 1700),
  ]
  trace.constraint = .stock
  trace.constraintSubject = Name("BFI4")
  trace.counterfactuals = counterfactuals
  trace.overrides = [812]
  return trace
}

private var candidates: [CandidateTrace] {
  var chosen = CandidateTrace()
  chosen.node = Name("ABE8")
  chosen.title = Name("Florence, NJ")
  chosen.latitudeE6 = 40_118_000
  chosen.longitudeE6 = -74_805_500
  chosen.available = 60
  chosen.fate = .chosen
  chosen.readyUnixSeconds = now + 3 * hour
  chosen.windowToUnixSeconds = now + 50 * hour
  chosen.chance = 63_800
  chosen.utcOffsetSeconds = -18_000
  var near = CandidateTrace()
  near.node = Name("BFI4")
  near.title = Name("Kent <script>alert(1)</script> & Co")
  near.latitudeE6 = 47_377_600
  near.longitudeE6 = -122_285_400
  near.fate = .noStock
  near.windowToUnixSeconds = now + 26 * hour
  var slow = CandidateTrace()
  slow.node = Name("DFW7")
  slow.title = Name("Fort Worth, TX")
  slow.latitudeE6 = 32_944_800
  slow.longitudeE6 = -97_312_400
  slow.available = 3
  slow.fate = .slower
  slow.byMinutes = 1440
  slow.windowToUnixSeconds = now + 74 * hour
  slow.chance = 62_300
  var later = near
  later.node = Name("MIA1")
  later.windowToUnixSeconds = now + 98 * hour
  return [chosen, near, slow, later]
}

private typealias Stop = (name: String, title: String, latitude: Int32, longitude: Int32)

private func step(
  _ name: String, _ mode: TransportMode, _ from: Stop, _ to: Stop, from start: Int64,
  to end: Int64, slack: Int64, left: Int64 = -1
) -> StepTrace {
  var step = StepTrace()
  step.name = Name(name)
  step.mode = mode
  step.from = Name(from.name)
  step.fromTitle = Name(from.title)
  (step.fromLatitudeE6, step.fromLongitudeE6) = (from.latitude, from.longitude)
  step.to = Name(to.name)
  step.toTitle = Name(to.title)
  (step.toLatitudeE6, step.toLongitudeE6) = (to.latitude, to.longitude)
  step.departureUnixSeconds = now + start * hour
  step.arrivalUnixSeconds = now + end * hour
  step.departureUTCOffsetSeconds = from.longitude > -100_000_000 ? -18_000 : -28_800
  step.arrivalUTCOffsetSeconds = to.longitude > -100_000_000 ? -18_000 : -28_800
  step.slackMinutes = slack
  step.unitsLeft = left
  return step
}

private var counterfactuals: [Counterfactual] {
  var stock = Counterfactual()
  stock.kind = .stockThere
  stock.subject = Name("BFI4")
  stock.windowFromUnixSeconds = now + 22 * hour
  stock.windowToUnixSeconds = now + 26 * hour
  stock.deliveryDays = 20_808
  stock.gainMinutes = 1440
  var earlier = stock
  earlier.kind = .orderedEarlier
  earlier.subject = .empty
  earlier.minutes = 134
  earlier.atUnixSeconds = now - 134 * 60
  var faster = stock
  faster.kind = .fasterLevel
  faster.level = .expedited
  return [stock, earlier, faster]
}

/// Two boxes for a cart of two lines, and a level that is not served.
private func planOfTwoBoxes(_ query: PlanQuery) -> PlanReply {
  var boxes: [PlannedShipment] = []
  for line in 0..<min(query.items.count, 2) {
    var box = PlannedShipment()
    box.node = UInt16(line)
    box.level = line == 0 ? .standard : .economy
    box.lines = [PlannedLine(line: UInt16(line), quantity: query.quantities[line])]
    box.windowFromUnixSeconds = now + 22 * hour
    box.windowToUnixSeconds = now + 26 * hour
    box.windowUTCOffsetSeconds = -28_800
    box.deliveryDays = 20_808
    box.orderByUnixSeconds = now + 90 * 60
    box.shipByUnixSeconds = now + 5 * hour
    box.chance = 63_000
    box.cost = 45_600
    boxes.append(box)
  }
  var plan = CartPlan(level: .standard, code: .ok)
  plan.shipments = boxes
  plan.cost = 91_200
  plan.costLowerBound = 80_000
  plan.isExact = false
  plan.expiresUnixSeconds = now + 900
  plan.token = [1, 2, 3, 250, 251]
  var none = CartPlan(level: .twoHour, code: .levelNotServed)
  var short = ShortLine()
  short.available = 1
  short.nextSupplyUnixSeconds = now + 48 * hour
  none.shortLines = [short]
  var reply = PlanReply()
  reply.plans = query.levels.count == 2 ? [plan, none] : [plan]
  reply.profileEpoch = 3
  reply.postcodeExact = true
  return reply
}

private var risks: [RiskRow] {
  var saved = RiskRow()
  saved.holdID = 4711
  saved.owner = Name("cart-17")
  saved.item = Name("B1")
  saved.node = Name("SEA1")
  saved.cause = .legClosed
  saved.subject = Name("SEA1-STA1-2200")
  saved.promisedDays = 20_808
  saved.promisedToUnixSeconds = now + 26 * hour
  saved.newDays = 20_810
  saved.newToUnixSeconds = now + 74 * hour
  saved.rescueNode = Name("PDX9")
  saved.rescueToUnixSeconds = now + 26 * hour
  saved.rescueDays = 20_808
  saved.isSaved = true
  var lost = saved
  lost.holdID = 4712
  lost.shipment = 1
  lost.cause = .stockShort
  lost.subject = Name("B1")
  lost.newToUnixSeconds = 0
  lost.rescueNode = .empty
  lost.isSaved = false
  return [saved, lost]
}

/// Answers of the methods around promises; false when the request is another.
func answerPromises(_ request: Request, _ exchange: inout Exchange) -> Bool {
  let id = exchange.streamID
  let asOf = Exchange.asOf
  switch request {
  case .explain(.token(let token), _):
    let question = OfferQuestion(
      item: Name("B1"), quantity: 2, country: Name("US"), postcode: Name("98109"),
      level: .standard, confidence: .usual)
    var trace = traceOfFarAway(question)
    trace.agreesWithToken = token.count != 1
    _ = exchange.encoder.encode(trace, streamID: id, asOf: asOf, into: &exchange.output)
  case .explain(.now(let question), _):
    var trace = traceOfFarAway(question)
    if question.level == .twoHour {
      trace = Explanation(question: question)
      trace.code = .levelNotServed
      trace.constraint = .level
    }
    _ = exchange.encoder.encode(trace, streamID: id, asOf: asOf, into: &exchange.output)
  case .plan(let query, _):
    let names: [StaticString] = ["SEA1", "PDX9"]
    _ = exchange.encoder.encode(
      planOfTwoBoxes(query), streamID: id, asOf: asOf, into: &exchange.output
    ) { node in
      let name = names[Int(node)]
      return (
        BorrowedBytes(base: name.utf8Start, count: name.utf8CodeUnitCount), .empty
      )
    }
  case .atRisk(let query, _):
    let rows = query.node.isEmpty ? risks : []
    _ = exchange.encoder.encode(
      atRisk: rows, promises: 9, truncated: false, streamID: id, asOf: asOf,
      into: &exchange.output)
  case .rescue(let command):
    let rows = command.holdID == 4711 ? [risks[0]] : risks
    _ = exchange.encoder.encode(
      rescued: rows, moved: command.applies ? 1 : 0, streamID: id, asOf: asOf,
      into: &exchange.output)
  case .accuracy(let query, _):
    var row = AccuracyRow()
    row.group = Name(query.grouping == .node ? "SEA1" : "")
    row.delivered = 1200
    row.onTime = 1147
    row.meanChance = 62_259
    row.coverage = 62_641
    row.coverageLow = 61_800
    row.coverageHigh = 63_300
    row.meanDaysEarlyMilli = 412
    row.overdue = 3
    _ = exchange.encoder.encode(
      accuracy: [row], streamID: id, asOf: asOf, into: &exchange.output)
  default: return answerOperators(request, &exchange)
  }
  return true
}

private func answerOperators(_ request: Request, _ exchange: inout Exchange) -> Bool {
  let id = exchange.streamID
  let asOf = Exchange.asOf
  switch request {
  case .observe(let rows, _):
    let outcomes = rows.kinds.map { $0 == 4 ? UInt32(OutcomeCode.holdUnknown.rawValue) : 0 }
    _ = exchange.encoder.encode(
      observed: outcomes, streamID: id, asOf: asOf, into: &exchange.output)
  case .changed(let query, _):
    var reply = ChangedReply()
    reply.fromEpoch = query.sinceEpoch
    reply.toEpoch = query.sinceEpoch + 1
    reply.pairCount = 2
    reply.pairsCompared = 1_000_000
    reply.items = PackedKeys()
    for key in query.pageToken.isEmpty ? ["B1"] : ["B2"] {
      reply.items.bytes += Array(key.utf8)
      reply.items.lengths.append(UInt32(key.utf8.count))
    }
    reply.zones = [Name("sea")]
    reply.zoneIndexes = [0]
    reply.daysBefore = [20_808]
    reply.daysAfter = [query.pageToken.isEmpty ? 20_809 : 0]
    reply.windowToBefore = [now + 26 * hour]
    reply.windowToAfter = [query.pageToken.isEmpty ? now + 50 * hour : 0]
    reply.nextPageToken = query.pageToken.isEmpty ? [7] : []
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .departures(let command, _):
    _ = exchange.encoder.encode(
      departures: command.change.kind,
      destinationsAffected: UInt64(command.change.toDays - command.change.fromDays),
      streamID: id, asOf: asOf, into: &exchange.output)
  case .putOverride(let command):
    _ = exchange.encoder.encode(
      overrideID: command.removesID == 0 ? 812 : command.removesID, streamID: id, asOf: asOf,
      into: &exchange.output)
  case .listOverrides:
    var row = OverrideRow()
    row.override.id = 812
    row.override.action = .block
    row.override.node = Name("SEA1")
    row.override.zone = Name("west")
    row.override.reason = Name("flood")
    row.override.author = Name("ada")
    row.override.expiresUnixSeconds = now + 24 * hour
    row.consulted = 1200
    row.differed = 7
    _ = exchange.encoder.encode(
      overrides: [row], streamID: id, asOf: asOf, into: &exchange.output)
  default: return false
  }
  return true
}
