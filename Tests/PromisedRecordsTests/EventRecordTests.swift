import PromisedBytes
import PromisedModel
import Testing

@testable import PromisedRecords

@Suite("Log records")
struct EventRecordTests {
  private static let time = UnixMilliseconds(1_795_262_400_123)

  /// Writes, reads back, and writes what was read: the bytes must be the same.
  private func roundTrip(_ event: borrowing Event) throws -> [UInt8] {
    var writer = EventWriter()
    writer.write(event, at: Self.time)
    let first = Array(writer.record)
    try first.withUnsafeBytes { bytes in
      let reader = EventReader()
      defer { withExtendedLifetime(reader) {} }
      let (time, back) = try reader.read(bytes)
      #expect(time == Self.time)
      var again = EventWriter()
      again.write(back, at: time)
      #expect(Array(again.record) == first)
    }
    return first
  }

  private func withHeld(_ body: (Event) throws -> Void) throws {
    var keys = PackedKeys()
    keys.append(Array("B000000001".utf8))
    keys.append(Array("a much longer key of an item".utf8))
    let key = Array("order-77".utf8)
    let owner = Array("cart-1".utf8)
    let nodes: [UInt16] = [3, 65_000]
    let quantities: [Int32] = [1, 2_000_000_000]
    try key.withUnsafeBufferPointer { key in
      try owner.withUnsafeBufferPointer { owner in
        try nodes.withUnsafeBufferPointer { nodes in
          try quantities.withUnsafeBufferPointer { quantities in
            try keys.bytes.withUnsafeBufferPointer { bytes in
              try keys.lengths.withUnsafeBufferPointer { lengths in
                let event = HeldEvent(
                  key: CommandKey(bytes: BorrowedBytes(key), bodyDigest: .max),
                  owner: BorrowedBytes(owner), expiresAt: UnixMilliseconds(1_795_263_000_123),
                  items: KeyColumn(bytes: Column(bytes), lengths: Column(lengths)),
                  nodes: Column(nodes), quantities: Column(quantities))
                try body(.held(event))
              }
            }
          }
        }
      }
    }
  }

  @Test("a hold says the same after the disk")
  func held() throws {
    try withHeld { event in
      let bytes = try roundTrip(event)
      try bytes.withUnsafeBytes { raw in
        // The columns live in the reader's scratch space, so it must outlive them.
        let reader = EventReader()
        defer { withExtendedLifetime(reader) {} }
        guard case .held(let held) = try reader.read(raw).event else {
          Issue.record("not a hold")
          return
        }
        #expect(held.owner.name == Name("cart-1"))
        #expect(held.nodes[1] == 65_000)
        #expect(held.quantities[1] == 2_000_000_000)
        var offset = 0
        #expect(held.items.key(0, at: &offset).name == Name("B000000001"))
        #expect(held.items.key(1, at: &offset).name == Name("a much longer key of an item"))
      }
    }
  }

  static func network() -> NetworkRows {
    var rows = NetworkRows()
    rows.timeZones = [TimeZoneFile(name: Name("Etc/UTC"), tzif: [1, 2, 3])]
    rows.marketplaces = [
      Marketplace(
        name: Name("US"), country: Name("US"), currency: Name("USD"), timeZone: Name("Etc/UTC"),
        postcodeDigits: 5)
    ]
    rows.calendars = [
      Calendar(
        name: Name("shift"),
        rules: [
          CalendarRule(weekdays: 31, date: nil, openMinute: 360, closeMinute: 1440),
          CalendarRule(weekdays: 0, date: LocalDate(days: -1), openMinute: 0, closeMinute: 0),
        ])
    ]
    rows.nodes = [
      Node(
        name: Name("BFI4"), title: Name("Kent, WA"), kind: .fulfilmentCentre,
        timeZone: Name("Etc/UTC"), calendar: Name("shift"), dwellMinutes: 0,
        processingMinutes: 120, country: Name("US"), postcode: Name("98032"),
        latitudeE6: 47_380_000, longitudeE6: -122_230_000)
    ]
    rows.waves = [
      Wave(station: Name("DSE1"), weekdays: 127, cutoffMinute: 270, fromMinute: 480, toMinute: 720)
    ]
    rows.zones = [
      ZonePrefix(
        country: Name("US"), prefix: Name("981"), zone: Name("SEA"), station: Name("DSE1"))
    ]
    rows.lanes = [
      Lane(
        origin: Name("BFI4"), service: Name("GROUND"), zone: Name("SEA"), mode: .air,
        pickupCalendar: Name("shift"), transitCalendar: Name("shift"),
        deliveryCalendar: Name("shift"), cutoffMinute: 1080,
        transit: [
          TransitOutcome(workingDays: 1, probability: 60_000),
          TransitOutcome(workingDays: 2, probability: 5535),
        ], deliveryTimeZone: Name("Etc/UTC"))
    ]
    rows.legs = [
      Leg(
        name: Name("BFI4-DSE1-2300"), origin: Name("BFI4"), destination: Name("DSE1"),
        mode: .road, weekdays: 127, departureMinute: 1380, durationMinutes: 45, calendar: .empty)
    ]
    rows.rates = [
      Rate(
        origin: Name("BFI4"), level: .expedited, zone: .empty, fixedCost: 45_000,
        breaks: [WeightBreak(grams: 500, cost: 0), WeightBreak(grams: 2000, cost: 12_500)],
        costPerFurtherKilogram: 5000, cubicMillimetresPerGram: 5000)
    ]
    return rows
  }

  static func everyPut() -> [PutRows] {
    var items = ItemRows()
    items.keys.append(Array("B0".utf8))
    items.sellerNames = [Name("S1")]
    items.sellers = [0]
    items.storageTypes = [1]
    items.volumesMicroCubicFeet = [250_000]
    items.weightsGrams = [900]
    items.handlingMinutes = [0]
    items.demandPerDayMilli = [1500]
    items.demandVarianceRatioMilli = [2500]
    items.releaseUnixSeconds = [1_800_000_000]
    items.restrictions = [3]
    items.volumesCubicMillimetres = [7_000_000]
    var positions = PositionRows()
    positions.keys.append(Array("B0".utf8))
    positions.nodeNames = [Name("BFI4")]
    positions.nodes = [0]
    positions.onHand = [.max]
    positions.unfulfillable = [1]
    positions.researching = [2]
    positions.inTransfer = [3]
    positions.inProcessing = [4]
    positions.withheld = [5]
    var inbound = InboundRows()
    inbound.shipments.append(Array("FBA1".utf8))
    inbound.keys.append(Array("B0".utf8))
    inbound.nodeNames = [Name("BFI4")]
    inbound.nodes = [0]
    inbound.quantities = [7]
    inbound.etaUnixSeconds = [-1]
    inbound.stages = [3]
    var limits = LimitRows()
    limits.sellerNames = [Name("S1")]
    limits.sellers = [0]
    limits.storageTypes = [7]
    limits.months = [202_612]
    limits.kinds = [2]
    limits.limitsMicroCubicFeet = [5_000_000_000]
    limits.causes = [7]
    limits.announcedUnixSeconds = [1_795_262_400]
    limits.windowEndUnixSeconds = [1_798_761_600]
    limits.forced = [1]
    limits.notices.append(Array("flood".utf8))
    var kits = KitRows()
    kits.kits.append(Array("KIT".utf8))
    kits.components.append(Array("B0".utf8))
    kits.units = [2]
    var opportunity = OpportunityRows()
    opportunity.keys.append(Array("B0".utf8))
    opportunity.nodeNames = [Name("BFI4")]
    opportunity.nodes = [0]
    opportunity.values = [-12_345]
    var groups = GroupRows()
    groups.names = [Name("west"), Name("none")]
    groups.counts = [1, 0]
    groups.nodeNames = [Name("BFI4")]
    groups.nodes = [0]
    var channels = ChannelStockRows()
    channels.channelNames = [Name("app")]
    channels.channels = [0]
    channels.keys.append(Array("B0".utf8))
    channels.nodeNames = [Name("BFI4")]
    channels.nodes = [0]
    channels.buffers = [2]
    channels.setAsides = [3]
    var backorders = BackorderRows()
    backorders.keys.append(Array("B0".utf8))
    backorders.nodeNames = [Name("BFI4")]
    backorders.nodes = [0]
    backorders.kinds = [2]
    backorders.caps = [9]
    backorders.fromUnixSeconds = [1_797_789_600]
    backorders.untilUnixSeconds = [0]
    let seller = Seller(
      name: Name("S1"), title: Name("One"), marketplace: Name("US"), startDays: 20_000,
      isIndividual: true)
    return [
      .network(network()), .items(items), .sellers([seller]), .positions(positions),
      .inbound(inbound), .limits(limits), .kits(kits), .opportunity(opportunity),
      .groups(groups), .channelStock(channels), .backorders(backorders),
    ] + CapacityRecords.everyPut()
  }

  static func everyOwnedEvent() -> [Event] {
    let noKey = CommandKey(bytes: .empty, bodyDigest: 9)
    var fed = FeedEvent()
    fed.source = Name("wms-1")
    fed.lastSequence = 12
    fed.keys.append(Array("B0".utf8))
    fed.nodes = [1]
    fed.kinds = [3]
    fed.quantities = [-4]
    let load = LoadDescription(id: Name("abc"), mode: .replace, chunkCount: 3, force: true)
    var outcome = RememberedOutcome(code: .insufficientStock, row: 4)
    outcome.availableUnits = -7
    outcome.reclaimed = true
    return [
      .holdChanged(
        HoldChangedEvent(key: noKey, holdID: 5, transition: .release, reclaimed: true)),
      .refused(noKey, outcome), .fed(fed), .fed(Self.detailedFeed()),
      .feedReversed(
        FeedReversal(key: noKey, source: Name("wms"), fromSequence: 3, toSequence: 9)),
      .loadBegan(load), .loadCommitted, .loadAborted,
      .profilePublished(ProfilePublication(epoch: 3, horizonBaseUnixSeconds: 1_795_132_800)),
    ] + everyPut().map { .put(noKey, $0) } + everyPut().map { .loadChunk(number: 8, $0) }
      + [.overridePut(noKey, override(id: 0)), .overrideRemoved(noKey, 77)]
      + HoldRecordTests.orderEvents()
      + CapacityRecords.everyEvent(noKey)
  }

  static func override(id: UInt64) -> Override {
    var row = Override()
    row.id = id
    row.action = .force
    row.item = Name("B0")
    row.node = Name("F1")
    row.leg = Name("L1")
    row.zone = Name("west")
    row.seller = Name("S1")
    row.reason = Name("quarantine")
    row.author = Name("ann")
    row.createdUnixSeconds = 1_795_262_400
    row.expiresUnixSeconds = 1_795_348_800
    return row
  }

  @Test("every event says the same after the disk")
  func everyEvent() throws {
    for event in Self.everyOwnedEvent() { _ = try roundTrip(event) }
    let ids: [UInt64] = [9, 4, .max]
    try ids.withUnsafeBufferPointer { _ = try roundTrip(.holdsExpired(Column($0))) }
    try ids.withUnsafeBufferPointer { _ = try roundTrip(.linesDue(Column($0))) }
  }

  @Test("a record cut anywhere is refused, and no flip makes it trap")
  func damage() throws {
    var records: [[UInt8]] = []
    for event in Self.everyOwnedEvent() { records.append(try roundTrip(event)) }
    try withHeld { records.append(try roundTrip($0)) }
    let reader = EventReader()
    for record in records {
      for length in 0..<record.count {
        _ = record[..<length].withUnsafeBytes { bytes in
          #expect(throws: RecordError.self) { _ = try reader.read(bytes) }
        }
      }
      for index in record.indices {
        for bit in 0..<8 {
          var flipped = record
          flipped[index] ^= 1 << bit
          flipped.withUnsafeBytes { bytes in _ = try? reader.read(bytes) }
        }
      }
      _ = (record + [0]).withUnsafeBytes { bytes in
        #expect(throws: RecordError.self) { _ = try reader.read(bytes) }
      }
    }
  }

  @Test("state blocks say the same after the disk")
  func blocks() throws {
    var positions = PositionBlock()
    positions.keys.append(Array("B0".utf8))
    positions.counts = [2]
    positions.nodes = [1, 9]
    positions.onHand = [5, 0]
    positions.unfulfillable = [0, 0]
    positions.researching = [0, 0]
    positions.inTransfer = [1, 0]
    positions.inProcessing = [0, 0]
    positions.withheld = [0, 2]
    var sources = SourceRows()
    sources.sources = [Name("wms-1")]
    sources.lastSequences = [77]
    sources.sparse = [1]
    sources.gaps = [2]
    sources.applied = [3]
    sources.refused = [4]
    sources.repeated = [5]
    sources.driven = [6]
    sources.failed = [7]
    sources.lastAppliedMilliseconds = [8]
    sources.lastOccurredMilliseconds = [9]
    sources.forgottenSequences = [1]
    let blocks: [StateBlock] =
      Self.everyPut().map { .put($0) } + [
        .positions(positions), .holds(HoldRows()), .commands(CommandRows()), .sources(sources),
        .publication(
          ProfilePublication(epoch: 1, horizonBaseUnixSeconds: 0), isOfNetwork: true),
        .load(LoadDescription(id: Name("abc"), mode: .replace, chunkCount: 2, force: false)),
        .lastLoad(
          CommittedLoad(
            description: LoadDescription(
              id: Name("abc"), mode: .replace, chunkCount: 2, force: true),
            committedAt: UnixMilliseconds(-5))), .sizes(items: 3, positions: 9),
        .overrides([Self.override(id: 4), Self.override(id: 9)]),
        .shortfalls(ShortfallRows(holdIDs: [7], lines: [2], sinceMilliseconds: [5])),
      ] + Self.everyFeedBlock() + Self.everyPut().map { .loadChunk($0) }
      + CapacityRecords.everyBlock()
    for block in blocks {
      let kind = block.recordKind
      var writer = FieldWriter()
      block.write(to: &writer)
      let bytes = Array(writer.buffer.bytes)
      try bytes.withUnsafeBytes { raw in
        let back = try StateBlock(kind: kind, raw)
        #expect(back.recordKind == kind)
        var again = FieldWriter()
        back.write(to: &again)
        #expect(Array(again.buffer.bytes) == bytes)
      }
      for length in 0..<bytes.count {
        _ = bytes[..<length].withUnsafeBytes { raw in
          #expect(throws: RecordError.self) { _ = try StateBlock(kind: kind, raw) }
        }
      }
    }
  }
}
