import PromisedClient
import PromisedModel
import Testing

@testable import PromisedWire

private func append(_ text: StaticString, to column: inout GrowableColumn<BorrowedBytes>) {
  column.append(BorrowedBytes(base: text.utf8Start, count: text.utf8CodeUnitCount))
}

/// The answers of a server that knows one world; requests are told by description.
func answerWorld(_ request: Request, _ exchange: inout Exchange) {
  let id = exchange.streamID
  let asOf = Exchange.asOf
  switch request {
  case .offer(let query, let position):
    var reply = offerReply(query)
    reply.profileEpoch = position
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .availability(let query, _):
    let reply = availabilityReply(query)
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .inStock(let query, _):
    var reply = InStockReply()
    for _ in 0..<query.items.count {
      reply.codes.append(0)
      reply.availableNow.append(-3)
      reply.inboundInHorizon.append(40)
      reply.nextSupplyUnixSeconds.append(1_797_800_000)
      reply.nextSupplyUTCOffsetSeconds.append(-28_800)
      reply.nextSupplyQuantities.append(40)
      reply.demandSources.append(1)
      reply.demandMet.append(65_535)
      reply.stillBuyable.append(32_768)
      reply.demandPerDayMilli.append(2500)
      reply.neverOut.append(30_000)
      reply.stockOutP10UnixSeconds.append(1_797_900_000)
      reply.stockOutP50UnixSeconds.append(1_798_000_000)
      reply.stockOutP90UnixSeconds.append(0)
      reply.daysOfCoverMilli.append(-1)
      reply.demandAgeSeconds.append(-1)
      reply.sampleDaysMilli.append(66_000)
      reply.reasons.append(4)
      reply.inStockShares.append(50_000)
      reply.historyDays.append(28)
      if query.asksFastTrack { reply.fastTrack.append(13_107) }
    }
    (reply.rateByDemand, reply.rateByTime, reply.rateByViews) = (50_000, 49_000, 48_000)
    reply.ratedItems = UInt32(query.items.count)
    _ = exchange.encoder.encode(
      reply, horizonDays: query.horizonDays, streamID: id, asOf: asOf, into: &exchange.output)
  case .history(let query, _):
    var reply = HistoryReply()
    for row in 0..<query.items.count {
      reply.codes.append(row == 0 ? 0 : 1)
      reply.dayCounts.append(row == 0 ? 2 : 0)
      reply.today.append(row == 0 ? 3 : 0)
    }
    for day: Int64 in [20_808, 20_809] {
      reply.days.append(day)
      reply.onHand.append(90)
      reply.demand.append(day - 20_800)
      reply.inStock.append(65_535)
    }
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .headroom(let query, _):
    let reply = headroomReply(query.sellers.count, units: query.item.isEmpty ? -1 : 12)
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .usage(let sellers, _):
    let reply = headroomReply(sellers.count, units: -1)
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  default: answerOperation(request, &exchange)
  }
}

private func offerReply(_ query: OfferQuery) -> OfferReply {
  var reply = OfferReply()
  append("SEA1", to: &reply.nodeNames)
  append("STA1", to: &reply.nodeNames)
  append("Seattle, WA", to: &reply.nodeTitles)
  append("", to: &reply.nodeTitles)
  for row in 0..<query.items.count * query.postcodes.count {
    let isOffer = row == 0
    reply.codes.append(isOffer ? 0 : UInt32(OutcomeCode.noStock.rawValue))
    reply.nodes.append(0)
    reply.windowFromUnixSeconds.append(isOffer ? 1_797_872_400 : 0)
    reply.windowToUnixSeconds.append(isOffer ? 1_797_912_000 : 0)
    reply.windowUTCOffsetSeconds.append(isOffer ? -28_800 : 0)
    reply.deliveryDays.append(isOffer ? 20_808 : 0)
    reply.orderByUnixSeconds.append(isOffer ? 1_797_801_120 : 0)
    reply.orderByUTCOffsetSeconds.append(isOffer ? -28_800 : 0)
    reply.confidences.append(isOffer ? 62_258 : 0)
    reply.postcodeExact.append(isOffer ? 1 : 0)
    if !query.withPath { continue }
    reply.legCounts.append(isOffer ? 2 : 0)
    if !isOffer { continue }
    for (from, to) in [(UInt32(0), UInt32(1)), (1, 2)] {
      reply.legFrom.append(from)
      reply.legTo.append(to)
      reply.legModes.append(1)
      append("L1", to: &reply.legNames)
      reply.legDepartureUnixSeconds.append(1_797_832_800)
      reply.legArrivalUnixSeconds.append(1_797_835_500)
      reply.legDepartureUTCOffsetSeconds.append(-28_800)
      reply.legArrivalUTCOffsetSeconds.append(-28_800)
    }
  }
  return reply
}

private func availabilityReply(_ query: AvailabilityQuery) -> AvailabilityReply {
  var reply = AvailabilityReply()
  append("SEA1", to: &reply.nodeNames)
  for item in 0..<query.items.count {
    reply.codes.append(item == 0 ? 0 : UInt32(OutcomeCode.itemUnknown.rawValue))
    reply.positionCounts.append(item == 0 ? 1 : 0)
    reply.inboundCounts.append(item == 0 ? 1 : 0)
  }
  reply.nodes.append(0)
  reply.onHand.append(10)
  reply.fulfillable.append(-2)
  reply.unfulfillable.append(12)
  reply.researching.append(0)
  reply.inTransfer.append(0)
  reply.inProcessing.append(0)
  reply.held.append(1)
  reply.allocated.append(0)
  reply.picked.append(0)
  reply.withheld.append(0)
  reply.availableNow.append(-3)
  append("X1", to: &reply.inboundShipments)
  reply.inboundNodes.append(0)
  reply.inboundQuantities.append(40)
  reply.inboundETAUnixSeconds.append(1_797_800_000)
  reply.inboundETAUTCOffsetSeconds.append(-28_800)
  reply.inboundStages.append(3)
  return reply
}

private func headroomReply(_ sellers: Int, units: Int64) -> HeadroomReply {
  var reply = HeadroomReply()
  for _ in 0..<sellers {
    reply.sellerCodes.append(0)
    reply.rowCounts.append(1)
    reply.storageTypes.append(1)
    reply.months.append(202_612)
    reply.limitKinds.append(1)
    reply.limits.append(1_200_500_000)
    reply.available.append(100_000_000)
    reply.unfulfillable.append(0)
    reply.reserved.append(500_000)
    reply.openInbound.append(0)
    reply.drafts.append(0)
    reply.headroom.append(1_100_000_000)
    reply.headroomUnits.append(units)
    reply.pendingRemoval.append(0)
    reply.granted.append(0)
    reply.inboundLater.append(0)
    reply.admissible.append(900_000_000)
    reply.admissibleUnits.append(units < 0 ? -1 : 10)
    reply.bindings.append(2)
    reply.networkAdvice.append(-1)
    reply.causes.append(1)
    reply.announcedUnixSeconds.append(0)
  }
  reply.announcementFromDays = 20_807
  reply.announcementToDays = 20_813
  return reply
}

private func answerOperation(_ request: Request, _ exchange: inout Exchange) {
  let id = exchange.streamID
  let asOf = Exchange.asOf
  switch request {
  case .hold(let command): hold(id: 9, .held, command.owner, &exchange)
  case .holdTransition(let command):
    hold(
      id: command.hold.id, command.transition == .commit ? .committed : .released, command.owner,
      &exchange)
  case .holdGet(let asked, _):
    let holdID = asked.id
    if holdID == 404 {
      exchange.refuse(
        Refusal(.holdUnknown, "no hold 404", key: Name("404"), row: 3, availableUnits: 2))
    } else {
      hold(id: holdID, .held, .empty, &exchange)
    }
  case .feed(let rows):
    var reply = FeedReply()
    for kind in rows.kinds { reply.codes.append(kind == 3 ? 0 : 46) }
    reply.lastSequence = rows.firstSequence + UInt64(rows.kinds.count) - 1
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .list(let query, _):
    var reply = ListReply()
    reply.columns = ["key", "size"]
    reply.appendCell("k\(query.pageToken.count)".utf8)
    reply.appendCell("\(query.pageSize)".utf8)
    reply.nextPageToken = query.pageToken.isEmpty ? [1, 2, 3] : []
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .networkGet:
    var reply = NetworkReply()
    reply.legs = 5
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .status:
    var reply = StatusReply()
    reply.serverVersion = "1.2.3"
    reply.profileIsCurrent = true
    reply.positions = 300_000
    var source = FeedSourceFacts()
    (source.name, source.lastSequence, source.failedRows) = (Name("wms"), 12, 4)
    reply.sources = [source]
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .put(let rows, _, _): exchange.answer(PutReply(rows: UInt64(rows.count)))
  case .beginLoad(let load): exchange.answer(LoadReply(nextChunk: UInt64(load.chunkCount)))
  case .commitLoad: exchange.answer(LoadReply(committed: true, positionsChanged: 4))
  case .abortLoad: exchange.answer(LoadReply())
  case .takeSnapshot:
    let taken = SnapshotDescription(
      name: "s1", position: 77, takenAtUnixSeconds: 5, bytes: 4096, milliseconds: 8)
    _ = exchange.encoder.encode(taken: taken, streamID: id, asOf: asOf, into: &exchange.output)
  case .listSnapshots:
    let kept = SnapshotDescription(name: "s1", position: 77, takenAtUnixSeconds: 5, bytes: 4096)
    _ = exchange.encoder.encode(snapshots: [kept], streamID: id, into: &exchange.output)
  case .drain: _ = exchange.encoder.encodeDrained(streamID: id, asOf: asOf, into: &exchange.output)
  case .setTime:
    _ = exchange.encoder.encodeTimeSet(streamID: id, asOf: asOf, into: &exchange.output)
  case .ping(let payload): exchange.pong(payload)
  case .hello:
    let reply = HelloReply(
      serverVersion: "1.2.3", features: ["a", "b"], serverUnixSeconds: 7, isSandbox: true)
    _ = exchange.encoder.encode(reply, streamID: id, into: &exchange.output)
  case .health:
    _ = exchange.encoder.encode(health: .serving, streamID: id, into: &exchange.output)
  default:
    if answerPromises(request, &exchange) { return }
    exchange.refuse(Refusal(.methodNotBuilt, "the fake server does not know it"))
  }
}

private func hold(
  id: UInt64, _ state: HoldState, _ owner: BorrowedBytes, _ exchange: inout Exchange
) {
  var reply = HoldReply()
  reply.holdID = id
  reply.state = state
  reply.owner = owner
  reply.expiresAt = UnixMilliseconds(1_797_790_200_000)
  append("B1", to: &reply.items)
  append("SEA1", to: &reply.nodes)
  reply.quantities.append(2)
  reply.picked.append(1)
  reply.shipped.append(3)
  reply.short.append(1)
  reply.dueUnixSeconds.append(0)
  append("web", to: &reply.channels)
  reply.flags.append(2)
  reply.append(granted: 2, later: 4, laterDue: 9, backordered: 1)
  _ = exchange.encoder.encode(
    reply, streamID: exchange.streamID, asOf: Exchange.asOf, into: &exchange.output)
}

extension PutRows {
  fileprivate var count: Int {
    switch self {
    case .network(let rows):
      rows.marketplaces.count + rows.calendars.count + rows.nodes.count + rows.waves.count
        + rows.zones.count + rows.lanes.count + rows.legs.count + rows.rates.count
    case .items(let rows): rows.keys.count
    case .sellers(let rows): rows.count
    case .positions(let rows): rows.keys.count
    case .inbound(let rows): rows.keys.count
    case .limits(let rows): rows.months.count
    case .kits(let rows): rows.units.count
    case .opportunity(let rows): rows.values.count
    case .groups(let rows): rows.names.count
    case .channelStock(let rows): rows.buffers.count
    case .backorders(let rows): rows.caps.count
    case .forecasts(let rows): rows.keys.count
    case .factors(let rows): rows.factorsMilli.count
    case .policies(let rows): rows.count
    case .buildings(let rows): rows.nodes.count
    case .signals(let rows): rows.months.count
    }
  }
}

/// Every call against the server's own decoder and encoder.
@Suite struct CallTests {
  @Test func questions() throws {
    try withServer(answerWorld) { (connection) throws in
      let offers = try connection.perform(
        .offer(
          items: ["B1", "B2"], quantities: [1, 2], postcodes: ["98109"], withPath: true,
          minimumPosition: 5))
      #expect(offers.asOf.position == 77)
      #expect(offers.profileEpoch == 5)
      #expect(offers.offers.map(\.item) == ["B1", "B2"])
      #expect(offers.offers.map(\.outcome.reason) == ["OK", "NO_STOCK"])
      #expect(offers.offers[0].nodeTitle == "Seattle, WA")
      #expect(offers.offers[0].windowUTCOffsetSeconds == -28_800)
      #expect(offers.offers[0].legs.map(\.to) == ["STA1", ""])
      #expect(offers.offers[1].node == "")
      #expect(try connection.perform(.offer(items: ["B1"], postcodes: ["9"])).offers[0].legs == [])

      let availability = try connection.perform(.availability(items: ["B1", "B9"]))
      #expect(availability.items[0].positions.map(\.availableNow) == [-3])
      #expect(availability.items[0].inbound.map(\.shipment) == ["X1"])
      #expect(availability.items[0].inbound.map(\.etaUTCOffsetSeconds) == [-28_800])
      #expect(availability.items[1].outcome.reason == "ITEM_UNKNOWN")
      #expect(availability.items[1].positions == [])

      let inStock = try connection.perform(.inStock(items: ["B1"], horizonDays: 30))
      #expect(inStock.horizonDays == 30)
      #expect(inStock.rows[0].stillBuyable == 32_768)
      #expect(inStock.rows[0].availableNow == -3)
      #expect(inStock.rows[0].nextSupplyUTCOffsetSeconds == -28_800)
      #expect(inStock.rows[0].neverOut == 30_000 && inStock.rows[0].fastTrack == nil)
      #expect(inStock.rows[0].stockOutP50UnixSeconds == 1_798_000_000)
      #expect(inStock.rows[0].sampleDaysMilli == 66_000 && inStock.rateByViews == 48_000)
      let fast = try connection.perform(
        .inStock(items: ["B1", "B2"], views: [5, 9], demandSource: 3, fastTrack: true))
      #expect(fast.rows[1].fastTrack == 13_107 && fast.ratedItems == 2)
      let history = try connection.perform(.history(items: ["B1", "B2"], days: 2))
      #expect(history.items.map(\.days.count) == [2, 0] && history.items[0].today == 3)
      #expect(history.items[0].days[1].demand == 9 && !history.items[1].outcome.isOK)

      let headroom = try connection.perform(.headroom(sellers: ["S1", "S2"], item: "B1"))
      #expect(headroom.sellers.map(\.seller) == ["S1", "S2"])
      #expect(headroom.sellers[1].rows[0].headroomUnits == 12)
      #expect(
        try connection.perform(.usage(sellers: ["S1"])).sellers[0].rows[0].headroomUnits == -1)
      #expect(try connection.perform(.network()).counts[6].count == 5)
    }
  }

  @Test func changes() throws {
    try withServer(answerWorld) { (connection) throws in
      let lines = [
        HoldLine(item: "B1", node: "SEA1", quantity: 2),
        HoldLine(item: "B2", node: "SEA1", quantity: 1),
      ]
      let held = try connection.perform(.hold(lines, owner: "cart", key: "k1"))
      #expect(held.holdID == 9)
      #expect(held.state == 1)
      #expect(held.owner == "cart")
      #expect(held.lines.map(\.item) == ["B1"] && held.lines.map(\.node) == ["SEA1"])
      #expect(held.lines.map(\.quantity) == [2] && held.lines.map(\.picked) == [1])
      #expect(held.lines.map(\.shipped) == [3] && held.lines.map(\.short) == [1])
      #expect(held.lines.map(\.channel) == ["web"] && held.lines.map(\.isBackordered) == [true])
      #expect(held.grants.map(\.granted) == [2] && held.grants.map(\.later) == [4])
      #expect(held.grants.map(\.laterDueUnixSeconds) == [9])
      #expect(held.grants.map(\.backordered) == [1])
      #expect(
        try connection.perform(.commit(holdID: 9, owner: "cart", key: "k2")).state == 2)
      #expect(
        try connection.perform(.release(holdID: 9, owner: "cart", key: "k3")).state == 3)
      #expect(try connection.perform(.getHold(9)).expiresAtUnixSeconds == 1_797_790_200)
      let fed = try connection.perform(
        .apply(
          source: "wms", firstSequence: 7,
          [
            Movement(item: "B1", node: "SEA1", type: .adjustment, quantity: -2),
            Movement(item: "B1", node: "STA1", type: .count, quantity: 5),
          ]))
      #expect(fed.outcomes.map(\.reason) == ["OK", "ON_HAND_NEGATIVE"])
      #expect(fed.lastSequence == 8)
    }
  }

  @Test func operations() throws {
    try withServer(answerWorld) { (connection) throws in
      let status = try connection.perform(.status())
      #expect(status.serverVersion == "1.2.3")
      #expect(status.positions == 300_000)
      var mark = SourceMark(source: "wms", lastSequence: 12)
      mark.failedRows = 4
      #expect(status.sources == [mark])
      #expect(try connection.perform(.takeSnapshot()).bytes == 4096)
      #expect(try connection.perform(.listSnapshots()).map(\.name) == ["s1"])
      #expect(try connection.perform(.ping([1, 0, 2])).payload == [1, 0, 2])
      #expect(try connection.perform(.ping()).payload == [])
      #expect(try connection.perform(.drain()).asOf.position == 77)
      #expect(try connection.perform(.setTime(unixSeconds: 5)).asOf.unixSeconds == 1_797_789_600)
      let hello = try connection.perform(.hello(clientName: "test", wantedFeatures: ["x"]))
      #expect(hello.features == ["a", "b"])
      #expect(hello.maxFrameBytes == 4_194_304)
      #expect(try connection.perform(.health()) == .serving)
      let list = try connection.perform(.list(.items, pageSize: 20))
      #expect(list.columns == ["key", "size"])
      #expect(list.rows == [["k0", "20"]])
      #expect(list.nextPageToken == [1, 2, 3])
      let load = LoadDescription(id: Name("ab"), mode: .replace, chunkCount: 3, force: true)
      #expect(try connection.perform(.beginLoad(load)).nextChunk == 3)
      #expect(try connection.perform(.commitLoad("ab")).positionsChanged == 4)
      #expect(try connection.perform(.abortLoad("ab")).isCommitted == false)
    }
  }
}
