import PromisedModel
import Testing

@testable import PromisedWire

/// What one encode appended, taken apart.
struct SentFrame {
  var streamID: UInt32
  var status: [ProtoField]?
  var payload: [ProtoField]
  var bytes: [UInt8]

  /// Nil unless the bytes are exactly one well-formed Response frame.
  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    var scanner = FrameScanner()
    var consumed = 0
    let parsed = bytes.withUnsafeBytes { raw -> (FrameHeader, [UInt8])? in
      guard case .frame(let header, let data) = scanner.next(raw, consumed: &consumed) else {
        return nil
      }
      return (header, Array(data.buffer))
    }
    guard let (header, data) = parsed, consumed == bytes.count, header.type == 2,
      header.flags == 0, let response = fields(data)
    else { return nil }
    streamID = header.streamID
    status = response[field: 1].flatMap { fields($0.bytes) }
    guard let inner = fields(response[field: 2]?.bytes ?? []) else { return nil }
    payload = inner
  }

  var asOf: [ProtoField] { fields(payload[field: 1]?.bytes ?? []) ?? [] }
}

let asOf = AsOf(position: 42, unixSeconds: 1_767_614_400)

func sent(
  _ encode: (inout ReplyEncoder, inout FrameBuffer) -> OutcomeCode
) -> (OutcomeCode, SentFrame?) {
  var encoder = ReplyEncoder()
  var output = FrameBuffer(capacity: 16)
  let code = encode(&encoder, &output)
  return (code, SentFrame(Array(output.bytes)))
}

func sent(_ refusal: Refusal) -> SentFrame? {
  sent { $0.encode(refusal, streamID: 3, into: &$1) }.1
}

/// Borrowed bytes that live as long as the program.
func lasting(_ text: StaticString) -> BorrowedBytes {
  BorrowedBytes(base: text.utf8Start, count: text.utf8CodeUnitCount)
}

/// The offer of Protocol/examples/offer-response.hex.
func exampleOffer() -> OfferReply {
  var reply = OfferReply()
  for code: UInt32 in [0, 60] { reply.codes.append(code) }
  for _ in 0..<2 { reply.nodes.append(0) }
  reply.nodeNames.append(lasting("SEA1"))
  reply.nodeTitles.append(lasting("Seattle"))
  for value: Int64 in [1_767_801_600, 0] { reply.windowFromUnixSeconds.append(value) }
  for value: Int64 in [1_767_844_800, 0] { reply.windowToUnixSeconds.append(value) }
  for value: Int32 in [-28_800, 0] { reply.windowUTCOffsetSeconds.append(value) }
  for value: Int32 in [20_460, 0] { reply.deliveryDays.append(value) }
  for value: Int64 in [1_767_657_600, 0] { reply.orderByUnixSeconds.append(value) }
  for value: Int32 in [-28_800, 0] { reply.orderByUTCOffsetSeconds.append(value) }
  for value: UInt32 in [65_000, 0] { reply.confidences.append(value) }
  for _ in 0..<2 { reply.postcodeExact.append(1) }
  reply.profileEpoch = 3
  return reply
}

@Suite struct ReplyTests {
  @Test func anOfferIsOneFrameWithItsColumns() throws {
    let (code, frame) = sent { $0.encode(exampleOffer(), streamID: 9, asOf: asOf, into: &$1) }
    let reply = try #require(frame)
    #expect(code == .ok && reply.streamID == 9 && reply.status == nil)
    #expect(reply.asOf[field: 1]?.value == 42)
    #expect(reply.asOf[field: 2]?.value == 1_767_614_400)
    #expect(reply.payload.numbers(2) == [0, 60])
    #expect(reply.payload.texts(4) == ["SEA1"] && reply.payload.texts(5) == ["Seattle"])
    #expect(reply.payload.numbers(8).map(unzigzag) == [-28_800, 0])
    #expect(reply.payload[field: 14]?.value == 3)
    #expect(reply.payload[field: 15] == nil)
  }

  /// Every column of a reply leaves in a field of its own: each is given another value.
  @Test func everyColumnHasItsField() throws {
    var availability = AvailabilityReply()
    for code: UInt32 in [1] { availability.codes.append(code) }
    availability.positionCounts.append(2)
    availability.nodeNames.append(lasting("N"))
    availability.nodes.append(4)
    availability.onHand.append(5)
    availability.fulfillable.append(-6)
    availability.unfulfillable.append(7)
    availability.researching.append(8)
    availability.inTransfer.append(9)
    availability.inProcessing.append(10)
    availability.held.append(11)
    availability.allocated.append(12)
    availability.picked.append(5)
    availability.withheld.append(13)
    availability.availableNow.append(-14)
    availability.inboundCounts.append(15)
    availability.inboundShipments.append(lasting("S"))
    availability.inboundNodes.append(17)
    availability.inboundQuantities.append(18)
    availability.inboundETAUnixSeconds.append(19)
    availability.inboundStages.append(20)
    availability.inboundETAUTCOffsetSeconds.append(-21)
    let frame = sent { $0.encode(availability, streamID: 1, asOf: asOf, into: &$1) }.1
    let payload = try #require(frame).payload
    for field: UInt64 in 2...21 where ![4, 7, 15, 17].contains(field) {
      #expect(payload.numbers(field) == [field - 1], "field \(field)")
    }
    #expect(payload.texts(4) == ["N"] && payload.texts(17) == ["S"])
    #expect(payload.numbers(7).map(unzigzag) == [-6])
    #expect(payload.numbers(15).map(unzigzag) == [-14])
    #expect(payload.numbers(22).map(unzigzag) == [-21])
  }

  @Test func headroomInStockAndFeedColumns() throws {
    var headroom = HeadroomReply()
    headroom.sellerCodes.append(1)
    headroom.rowCounts.append(2)
    headroom.storageTypes.append(3)
    headroom.months.append(4)
    headroom.limitKinds.append(5)
    headroom.limits.append(6)
    headroom.available.append(7)
    headroom.unfulfillable.append(8)
    headroom.reserved.append(9)
    headroom.openInbound.append(10)
    headroom.drafts.append(11)
    headroom.headroom.append(-1)
    headroom.headroomUnits.append(13)
    headroom.pendingRemoval.append(14)
    headroom.granted.append(15)
    headroom.inboundLater.append(16)
    headroom.admissible.append(-17)
    headroom.admissibleUnits.append(-18)
    headroom.bindings.append(19)
    headroom.networkAdvice.append(-20)
    headroom.optimistic.append(-21)
    headroom.optimisticSources.append(22)
    headroom.optimisticAges.append(23)
    headroom.causes.append(23)
    headroom.announcedUnixSeconds.append(24)
    headroom.sellerBytes.append(65)
    headroom.sellerLengths.append(1)
    headroom.nextPageToken = [1, 2]
    headroom.announcementFromDays = 28
    headroom.announcementToDays = 34
    let first = sent { $0.encode(headroom, streamID: 1, asOf: asOf, into: &$1) }.1
    let rows = try #require(first).payload
    for field: UInt64 in 2...12 { #expect(rows.numbers(field) == [field - 1]) }
    #expect(rows.numbers(13).map(unzigzag) == [-1] && rows.numbers(14).map(unzigzag) == [13])
    for field: UInt64 in [15, 16, 17, 20, 23, 24, 25] {
      #expect(rows.numbers(field) == [field - 1])
    }
    for field: UInt64 in [18, 19, 21, 22] {
      #expect(rows.numbers(field).map(unzigzag) == [1 - Int64(field)])
    }
    #expect(rows.text(26) == "A" && rows.numbers(27) == [1])
    #expect(rows[field: 28]?.bytes == [1, 2])
    #expect(unzigzag(rows[field: 29]?.value ?? 0) == 28)
    #expect(unzigzag(rows[field: 30]?.value ?? 0) == 34)

    var inStock = InStockReply()
    inStock.codes.append(1)
    inStock.availableNow.append(-2)
    inStock.inboundInHorizon.append(3)
    inStock.nextSupplyUnixSeconds.append(4)
    inStock.nextSupplyQuantities.append(5)
    inStock.demandSources.append(6)
    inStock.demandMet.append(7)
    inStock.stillBuyable.append(8)
    inStock.demandPerDayMilli.append(9)
    inStock.nextSupplyUTCOffsetSeconds.append(-11)
    inStock.neverOut.append(12)
    inStock.stockOutP10UnixSeconds.append(13)
    inStock.stockOutP50UnixSeconds.append(14)
    inStock.stockOutP90UnixSeconds.append(15)
    inStock.daysOfCoverMilli.append(-16)
    inStock.demandAgeSeconds.append(-1)
    inStock.sampleDaysMilli.append(18)
    inStock.reasons.append(19)
    inStock.inStockShares.append(20)
    inStock.historyDays.append(21)
    inStock.fastTrack.append(22)
    inStock.fastTrackZones = 24
    (inStock.rateByDemand, inStock.rateByTime, inStock.rateByViews) = (25, 26, 27)
    inStock.ratedItems = 28
    let second = sent {
      $0.encode(inStock, horizonDays: 14, streamID: 1, asOf: asOf, into: &$1)
    }.1
    let stock = try #require(second).payload
    for field: UInt64 in 4...10 { #expect(stock.numbers(field) == [field - 1]) }
    #expect(stock.numbers(3).map(unzigzag) == [-2] && stock[field: 11]?.value == 14)
    #expect(stock.numbers(12).map(unzigzag) == [-11])
    for field: UInt64 in [13, 14, 15, 16, 19, 20, 21, 22, 23] {
      #expect(stock.numbers(field) == [field - 1])
    }
    #expect(stock.numbers(17).map(unzigzag) == [-16] && stock.numbers(18).map(unzigzag) == [-1])
    for field: UInt64 in 24...28 { #expect(stock[field: field]?.value == field) }

    var history = HistoryReply()
    history.codes.append(1)
    history.dayCounts.append(2)
    history.days.append(3)
    history.onHand.append(4)
    history.demand.append(5)
    history.inStock.append(6)
    history.today.append(7)
    let closed = sent { $0.encode(history, streamID: 1, asOf: asOf, into: &$1) }.1
    let days = try #require(closed).payload
    for field: UInt64 in 2...8 { #expect(days.numbers(field) == [field - 1]) }

    var feed = FeedReply()
    feed.codes.append(48)
    feed.lastSequence = 7
    let third = sent { $0.encode(feed, streamID: 1, asOf: asOf, into: &$1) }.1
    let applied = try #require(third).payload
    #expect(applied.numbers(2) == [48] && applied[field: 3]?.value == 7)
  }

  @Test func aHold() throws {
    var hold = HoldReply()
    hold.holdID = 7
    hold.state = .expired
    hold.owner = lasting("cart-9")
    hold.expiresAt = UnixMilliseconds(1_767_615_000_999)
    hold.reclaimed = true
    hold.repeated = true
    hold.items.append(lasting("A"))
    hold.nodes.append(lasting("SEA1"))
    hold.quantities.append(2)
    let frame = sent { $0.encode(hold, streamID: 1, asOf: asOf, into: &$1) }.1
    let payload = try #require(frame).payload
    #expect(payload[field: 2]?.value == 7 && payload[field: 3]?.value == 4)
    #expect(payload.text(4) == "cart-9" && payload[field: 5]?.value == 1_767_615_000)
    #expect(payload[field: 6]?.value == 1 && payload[field: 7]?.value == 1)
    #expect(payload.texts(8) == ["A"] && payload.texts(9) == ["SEA1"])
    #expect(payload.numbers(10) == [2])
  }

  @Test func aListing() throws {
    var list = ListReply()
    list.columns = ["key", "seller"]
    list.appendCell(Array("A".utf8))
    list.appendCell([UInt8]())
    list.nextPageToken = [0, 1]
    let frame = sent { $0.encode(list, streamID: 1, asOf: asOf, into: &$1) }.1
    let payload = try #require(frame).payload
    #expect(payload.texts(2) == ["key", "seller"] && payload.text(3) == "A")
    #expect(payload.numbers(4) == [1, 0] && payload[field: 5]?.bytes == [0, 1])
  }

  @Test func statusSnapshotsAndTheRest() throws {
    var status = StatusReply()
    status.serverVersion = "1.0"
    status.dataset = "d"
    status.items = 6
    status.isSandbox = true
    status.loadID = Name("load")
    var (wms, erp) = (FeedSourceFacts(), FeedSourceFacts())
    (wms.name, wms.lastSequence, wms.gaps, wms.isSparse) = (Name("wms"), 9, 3, true)
    (erp.name, erp.lastSequence, erp.parkedRows) = (Name("erp"), .max, 5)
    (erp.lastAppliedMilliseconds, erp.lastOccurredMilliseconds) = (70, 60)
    status.sources = [wms, erp]
    status.parkedRows = 5
    var frame = try #require(
      sent { $0.encode(status, streamID: 1, asOf: asOf, into: &$1) }.1)
    #expect(frame.payload.text(2) == "1.0" && frame.payload.text(3) == "d")
    #expect(frame.payload[field: 6]?.value == 6 && frame.payload[field: 21]?.value == 1)
    #expect(frame.payload.text(22) == "load" && frame.payload.texts(24) == ["wms", "erp"])
    #expect(frame.payload.numbers(25) == [9, .max] && frame.payload.numbers(26) == [1, 0])
    #expect(frame.payload.numbers(27) == [3, 0] && frame.payload.numbers(30) == [0, 5])
    #expect(frame.payload.numbers(34) == [0, 70] && frame.payload.numbers(35) == [0, 60])
    #expect(frame.payload[field: 36]?.value == 5)

    let snapshot = SnapshotDescription(
      name: "0042.snapshot", position: 42, takenAtUnixSeconds: 5, bytes: 6, milliseconds: 7)
    frame = try #require(
      sent { $0.encode(taken: snapshot, streamID: 1, asOf: asOf, into: &$1) }.1)
    #expect(frame.payload.text(2) == "0042.snapshot" && frame.payload[field: 4]?.value == 7)
    frame = try #require(
      sent { $0.encode(snapshots: [snapshot, snapshot], streamID: 1, into: &$1) }.1)
    #expect(frame.payload.texts(1).count == 2 && frame.payload.numbers(2) == [42, 42])
    #expect(frame.payload.numbers(3) == [5, 5] && frame.payload.numbers(4) == [6, 6])
    frame = try #require(sent { $0.encode(snapshots: [], streamID: 1, into: &$1) }.1)
    #expect(frame.payload.isEmpty && frame.bytes.count == 10)

    let hello = HelloReply(
      serverVersion: "1.0", features: ["a", "b"], serverUnixSeconds: 8, isSandbox: false)
    frame = try #require(sent { $0.encode(hello, streamID: 1, into: &$1) }.1)
    #expect(frame.payload.texts(2) == ["a", "b"] && frame.payload[field: 3]?.value == 4_194_304)

    frame = try #require(
      sent {
        $0.encode(
          LoadReply(nextChunk: 3, committed: true, positionsChanged: 4), streamID: 1, asOf: asOf,
          into: &$1)
      }.1)
    #expect(frame.payload[field: 2]?.value == 3 && frame.payload[field: 4]?.value == 4)
    frame = try #require(
      sent { $0.encode(PutReply(rows: 12), streamID: 1, asOf: asOf, into: &$1) }.1)
    #expect(frame.payload[field: 2]?.value == 12)
    frame = try #require(
      sent { $0.encode(ping: lasting("abc"), streamID: 1, asOf: asOf, into: &$1) }.1)
    #expect(frame.payload.text(2) == "abc" && frame.asOf[field: 1]?.value == 42)
    var network = NetworkReply()
    network.profileEntries = 13
    frame = try #require(sent { $0.encode(network, streamID: 1, asOf: asOf, into: &$1) }.1)
    #expect(frame.payload[field: 13]?.value == 13)
    frame = try #require(sent { $0.encodeDrained(streamID: 1, asOf: asOf, into: &$1) }.1)
    #expect(frame.asOf[field: 1]?.value == 42)
    frame = try #require(sent { $0.encodeTimeSet(streamID: 1, asOf: asOf, into: &$1) }.1)
    #expect(frame.asOf[field: 1]?.value == 42)
    frame = try #require(sent { $0.encode(health: .notServing, streamID: 1, into: &$1) }.1)
    #expect(frame.payload[field: 1]?.value == 2)
  }
}

@Suite struct RefusalTests {
  @Test(arguments: OutcomeCode.allCases.filter { $0 != .ok })
  func aRefusalIsAStatusWithErrorInfo(_ code: OutcomeCode) throws {
    let refused = Refusal(
      code, "no", key: Name("K"), row: 2, availableUnits: 5, nextSupplyUnixSeconds: 6)
    let frame = try #require(sent(refused))
    let status = try #require(frame.status)
    #expect(frame.payload.isEmpty)
    #expect(status[field: 1]?.value == UInt64(code.canonicalCode.rawValue))
    #expect(status.text(2) == "no")
    let detail = try #require(fields(status[field: 3]?.bytes ?? []))
    #expect(detail.text(1) == "type.googleapis.com/promised.v1.ErrorInfo")
    let info = try #require(fields(detail[field: 2]?.bytes ?? []))
    #expect(info.text(1) == code.reason)
    #expect(info[field: 2]?.value == UInt64(code.rawValue))
    #expect((info[field: 3]?.value ?? 0) == (code.isRetryable ? 1 : 0))
    #expect((info[field: 4]?.value ?? 0) == code.retryAfterMilliseconds)
    #expect(code.isRetryable || code.retryAfterMilliseconds == 0)
    #expect(info.text(5) == "K" && unzigzag(info[field: 6]?.value ?? 0) == 2)
    #expect(unzigzag(info[field: 7]?.value ?? 0) == 5 && info[field: 8]?.value == 6)
  }

  @Test func aLongMessageIsCutBetweenCharacters() throws {
    for padding in 0..<4 {
      let message = String(repeating: "x", count: padding) + String(repeating: "€", count: 1000)
      let status = try #require(sent(Refusal(.rowInvalid, message))?.status)
      let cut = try #require(status[field: 2]?.bytes)
      #expect(cut.count <= 1024 && cut.count > 1020)
      #expect(String(validating: cut, as: UTF8.self) != nil)
      #expect(message.hasPrefix(String(decoding: cut, as: UTF8.self)))
    }
    #expect(sent(Refusal(.rowInvalid, ""))?.status?[field: 2] == nil)
  }

  @Test func aReplyOverTheLimitBecomesARefusal() throws {
    func list(_ cellBytes: Int) -> (OutcomeCode, SentFrame?) {
      var list = ListReply()
      let cell = [UInt8](repeating: 65, count: cellBytes)
      cell.withUnsafeBufferPointer { list.cells.append(contentsOf: Column($0)) }
      return sent { $0.encode(list, streamID: 1, asOf: asOf, into: &$1) }
    }
    let overhead = try #require(list(4_000_000).1).bytes.count - 10 - 4_000_000
    let most = list(Limits.frameBytes - overhead)
    #expect(most.0 == .ok && most.1?.bytes.count == Limits.frameBytes + 10)
    let more = list(Limits.frameBytes - overhead + 1)
    #expect(more.0 == .replyTooLarge && more.1?.status?[field: 1]?.value == 8)
  }
}
