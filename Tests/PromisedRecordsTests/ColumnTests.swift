import PromisedBytes
import PromisedModel
import Testing

@testable import PromisedRecords

/// Columns that do not fit one another are refused, whatever digest they come under.
@Suite("Columns")
struct ColumnTests {
  private func refusal(_ block: StateBlock) -> RecordError? {
    var writer = FieldWriter()
    let kind = block.recordKind
    block.write(to: &writer)
    do throws(RecordError) {
      _ = try StateBlock(kind: kind, writer.buffer.bytes)
    } catch { return error }
    return nil
  }

  private func refusal(_ event: Event) -> RecordError? {
    var writer = EventWriter()
    writer.write(event, at: UnixMilliseconds(1))
    do throws(RecordError) {
      _ = try EventReader().read(writer.record)
    } catch { return error }
    return nil
  }

  private func keys(_ texts: String...) -> PackedKeys {
    var keys = PackedKeys()
    for text in texts { keys.append(Array(text.utf8)) }
    return keys
  }

  /// `good` is read back; each change of it is refused as `what`.
  private func check<Rows>(
    _ good: Rows, _ what: String, _ block: (Rows) -> StateBlock, _ changes: [(inout Rows) -> Void]
  ) {
    #expect(refusal(block(good)) == nil)
    for (index, change) in changes.enumerated() {
      var bad = good
      change(&bad)
      #expect(refusal(block(bad)) == .malformed(what), "change \(index) of \(what)")
    }
  }

  @Test("override blocks")
  func overrideBlocks() {
    let rows = [EventRecordTests.override(id: 4), EventRecordTests.override(id: 9)]
    check(rows, "override ids", { .overrides($0) }, [{ $0[1].id = 4 }, { $0.reverse() }])
  }

  @Test("position blocks")
  func positionBlocks() {
    var rows = PositionBlock()
    rows.keys = keys("A", "B")
    rows.counts = [2, 1]
    rows.nodes = [1, 9, 1]
    rows.onHand = [5, 0, 1]
    rows.unfulfillable = [0, 0, 0]
    rows.researching = [0, 0, 0]
    rows.inTransfer = [0, 0, 0]
    rows.inProcessing = [0, 0, 0]
    rows.withheld = [0, 0, 0]
    check(
      rows, "position columns", { .positions($0) },
      [
        { $0.onHand.removeLast() }, { $0.unfulfillable.append(0) }, { $0.researching = [] },
        { $0.inTransfer.removeLast() }, { $0.inProcessing.removeLast() },
        { $0.withheld.removeLast() }, { $0.nodes.append(1) },
      ])
    check(
      rows, "position counts", { .positions($0) },
      [
        { $0.counts = [2, 2] }, { $0.counts = [1, 1] }, { $0.counts = [3] },
        { $0.keys = PackedKeys() },
      ])
  }

  @Test("holds")
  func holds() {
    var rows = HoldRows()
    rows.ids = [7, 8]
    rows.states = [1, 4]
    rows.owners = keys("x", "y")
    rows.expiresAtMilliseconds = [1, 2]
    rows.forgetAtMilliseconds = [0, 3]
    rows.commitPositions = [0, 9]
    rows.lineCounts = [2, 1]
    rows.lineKeys = keys("A", "B", "A")
    rows.lineNodes = [1, 1, 2]
    rows.lineQuantities = [1, 1, 3]
    rows.linePicked = [0, 1, 2]
    rows.lineShipped = [0, 0, 7]
    rows.lineDues = [0, 0, 1_800_000_000]
    rows.lineChannels = [0, 0, 3]
    rows.lineFlags = [0, 1, 3]
    rows.names = keys("", "order-7")
    rows.areShipped = [0, 1]
    check(
      rows, "hold columns", { .holds($0) },
      [
        { $0.ids.append(9) }, { $0.states.removeLast() }, { $0.owners = keys("x") },
        { $0.expiresAtMilliseconds = [] }, { $0.forgetAtMilliseconds.append(1) },
        { $0.lineCounts = [3] }, { $0.commitPositions = [1] }, { $0.names = keys("n") },
        { $0.areShipped = [0] },
      ])
    check(
      rows, "hold lines", { .holds($0) },
      [
        { $0.lineCounts = [2, 2] }, { $0.lineCounts = [2, 0] }, { $0.lineKeys = keys("A") },
        { $0.lineNodes.removeLast() }, { $0.lineQuantities.append(1) },
        { $0.linePicked.removeLast() }, { $0.lineShipped.append(1) }, { $0.lineDues = [] },
        { $0.lineChannels.removeLast() }, { $0.lineFlags.append(0) },
      ])
    check(
      rows, "hold line", { .holds($0) },
      [
        { $0.linePicked[2] = 4 }, { $0.linePicked[0] = -1 }, { $0.lineShipped[0] = -1 },
        { $0.lineFlags[0] = 16 },
      ])
    check(rows, "hold shipped", { .holds($0) }, [{ $0.areShipped = [0, 2] }])
    check(rows, "hold state", { .holds($0) }, [{ $0.states = [1, 6] }, { $0.states = [0, 1] }])
    check(
      ShortfallRows(holdIDs: [1], lines: [0], sinceMilliseconds: [9]), "shortfall columns",
      { .shortfalls($0) }, [{ $0.lines = [] }, { $0.sinceMilliseconds.append(1) }])
  }

  @Test("commands and sources")
  func commandsAndSources() {
    var rows = CommandRows()
    rows.keys = keys("k")
    rows.bodyDigests = [1]
    rows.rememberedAtMilliseconds = [1]
    rows.positions = [1]
    rows.codes = [0]
    rows.rows = [-1]
    rows.holdIDs = [1]
    rows.expiresAtMilliseconds = [1]
    rows.availableUnits = [-1]
    rows.nextSupplyUnixSeconds = [0]
    rows.reclaimed = [1]
    rows.holdStates = [1]
    rows.grantCounts = [2]
    rows.grants.append(granted: 1)
    rows.grants.append(granted: 0, later: 2, laterDue: 3, backordered: 4)
    rows.shipmentCounts = [1]
    rows.shipments.append(
      AnsweredShipment(
        windowFromUnixSeconds: 1, windowToUnixSeconds: 2, shipByUnixSeconds: 3, deliveryDays: 4,
        node: 5, lineCount: 6, chance: 7, level: 1))
    check(
      rows, "answered shipments", { .commands($0) },
      [
        { $0.shipmentCounts = [2] }, { $0.shipments.nodes = [] }, { $0.shipments.levels = [] },
        { $0.shipments.deliveryDays.append(1) }, { $0.shipments.chances = [] },
      ])
    check(
      rows, "command grants", { .commands($0) },
      [{ $0.grantCounts = [1] }, { $0.grants.append(granted: 1) }])
    check(rows, "grant columns", { .commands($0) }, [{ $0.grants.later.removeLast() }])
    check(
      rows, "command columns", { .commands($0) },
      [
        { $0.keys = keys("k", "l") }, { $0.bodyDigests = [] }, { $0.rememberedAtMilliseconds = [] },
        { $0.positions = [] }, { $0.codes = [] }, { $0.rows = [] }, { $0.holdIDs = [] },
        { $0.expiresAtMilliseconds = [] }, { $0.availableUnits = [] },
        { $0.nextSupplyUnixSeconds = [] }, { $0.reclaimed = [] }, { $0.shipmentCounts = [] },
      ])
    check(rows, "command reclaimed", { .commands($0) }, [{ $0.reclaimed = [2] }])
    var sources = SourceRows()
    sources.sources = [Name("wms")]
    sources.lastSequences = [7]
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
    check(
      sources, "source columns", { .sources($0) },
      [
        { $0.lastSequences = [] }, { $0.sources.append(Name("b")) }, { $0.sparse = [] },
        { $0.gaps = [] }, { $0.applied = [] }, { $0.refused = [] }, { $0.repeated = [] },
        { $0.driven = [] }, { $0.failed = [] }, { $0.lastAppliedMilliseconds = [] },
        { $0.lastOccurredMilliseconds = [] }, { $0.forgottenSequences = [] },
      ])
    check(sources, "sparse source", { .sources($0) }, [{ $0.sparse = [2] }])
  }

  /// Rows travel in three places, and each place checks them.
  private func checkPut<Rows>(
    _ good: Rows, _ what: String, _ put: (Rows) -> PutRows, _ changes: [(inout Rows) -> Void]
  ) {
    check(good, what, { .put(put($0)) }, changes)
    check(good, what, { .loadChunk(put($0)) }, changes)
    let noKey = CommandKey(bytes: .empty, bodyDigest: 0)
    #expect(refusal(Event.put(noKey, put(good))) == nil)
    for (index, change) in changes.enumerated() {
      var bad = good
      change(&bad)
      #expect(refusal(Event.put(noKey, put(bad))) == .malformed(what), "put, change \(index)")
      #expect(
        refusal(Event.loadChunk(number: 0, put(bad))) == .malformed(what), "chunk, change \(index)")
    }
  }

  @Test("items")
  func items() {
    var rows = ItemRows()
    rows.keys = keys("A")
    rows.sellerNames = [Name("S")]
    rows.sellers = [0]
    rows.storageTypes = [1]
    rows.volumesMicroCubicFeet = [1]
    rows.weightsGrams = [1]
    rows.handlingMinutes = [0]
    rows.demandPerDayMilli = [0]
    rows.demandVarianceRatioMilli = [1000]
    checkPut(
      rows, "item columns", { .items($0) },
      [
        { $0.keys = PackedKeys() }, { $0.sellers = [] }, { $0.storageTypes = [] },
        { $0.volumesMicroCubicFeet = [] }, { $0.weightsGrams = [] }, { $0.handlingMinutes = [] },
        { $0.demandPerDayMilli = [] }, { $0.demandVarianceRatioMilli = [] },
      ])
    checkPut(
      rows, "item columns", { .items($0) },
      [
        { $0.releaseUnixSeconds = [1, 2] }, { $0.restrictions = [1, 2] },
        { $0.volumesCubicMillimetres = [1, 2] },
      ])
    checkPut(rows, "item restrictions", { .items($0) }, [{ $0.restrictions = [4] }])
    checkPut(rows, "item seller", { .items($0) }, [{ $0.sellers = [1] }, { $0.sellerNames = [] }])
    checkPut(
      rows, "item storage type", { .items($0) },
      [{ $0.storageTypes = [0] }, { $0.storageTypes = [8] }])
  }

  @Test("positions; the columns of conditions may be absent")
  func positions() {
    var rows = PositionRows()
    rows.keys = keys("A", "B")
    rows.nodeNames = [Name("N")]
    rows.nodes = [0, 0]
    rows.onHand = [1, 2]
    checkPut(
      rows, "position columns", { .positions($0) },
      [
        { $0.onHand = [1] }, { $0.nodes = [0] }, { $0.keys = keys("A") },
        { $0.unfulfillable = [1] }, { $0.researching = [1] }, { $0.inTransfer = [1, 1, 1] },
        { $0.inProcessing = [1] }, { $0.withheld = [1] },
      ])
    checkPut(rows, "position node", { .positions($0) }, [{ $0.nodes = [0, 1] }])
  }

  @Test("inbound and limits")
  func inboundAndLimits() {
    var rows = InboundRows()
    rows.shipments = keys("I")
    rows.keys = keys("A")
    rows.nodeNames = [Name("N")]
    rows.nodes = [0]
    rows.quantities = [1]
    rows.etaUnixSeconds = [9]
    rows.stages = [4]
    checkPut(
      rows, "inbound columns", { .inbound($0) },
      [
        { $0.shipments = PackedKeys() }, { $0.keys = PackedKeys() }, { $0.nodes = [] },
        { $0.quantities = [] }, { $0.etaUnixSeconds = [] }, { $0.stages = [] },
      ])
    checkPut(
      rows, "inbound columns", { .inbound($0) },
      [{ $0.earlyUnixSeconds = [1, 2] }, { $0.lateUnixSeconds = [1, 2] }])
    checkPut(rows, "inbound node", { .inbound($0) }, [{ $0.nodes = [1] }])
    checkPut(rows, "inbound stage", { .inbound($0) }, [{ $0.stages = [6] }])
    var limits = LimitRows()
    limits.sellerNames = [Name("S")]
    limits.sellers = [0]
    limits.storageTypes = [7]
    limits.months = [202_612]
    limits.kinds = [3]
    limits.limitsMicroCubicFeet = [0]
    checkPut(
      limits, "limit columns", { .limits($0) },
      [
        { $0.sellers = [] }, { $0.storageTypes = [] }, { $0.months = [] }, { $0.kinds = [] },
        { $0.limitsMicroCubicFeet = [] },
      ])
    checkPut(limits, "limit seller", { .limits($0) }, [{ $0.sellers = [1] }])
    checkPut(limits, "limit storage type", { .limits($0) }, [{ $0.storageTypes = [0] }])
    checkPut(limits, "limit kind", { .limits($0) }, [{ $0.kinds = [0] }])
  }

  @Test("groups, channel stock and backorders")
  func distribution() {
    var groups = GroupRows()
    groups.names = [Name("W"), Name("E")]
    groups.counts = [1, 1]
    groups.nodeNames = [Name("N")]
    groups.nodes = [0, 0]
    checkPut(
      groups, "group columns", { .groups($0) }, [{ $0.counts = [1] }, { $0.names = [Name("W")] }])
    checkPut(groups, "group nodes", { .groups($0) }, [{ $0.counts = [1, 2] }, { $0.nodes = [0] }])
    checkPut(groups, "group node", { .groups($0) }, [{ $0.nodes = [0, 1] }])
    var channels = ChannelStockRows()
    channels.channelNames = [Name("C")]
    channels.channels = [0]
    channels.keys = keys("A")
    channels.nodeNames = [Name("N")]
    channels.nodes = [0]
    channels.buffers = [1]
    channels.setAsides = [2]
    checkPut(
      channels, "channel columns", { .channelStock($0) },
      [
        { $0.channels = [] }, { $0.keys = PackedKeys() }, { $0.nodes = [] }, { $0.buffers = [] },
        { $0.setAsides = [] },
      ])
    checkPut(channels, "channel", { .channelStock($0) }, [{ $0.channels = [1] }])
    checkPut(channels, "channel node", { .channelStock($0) }, [{ $0.nodes = [1] }])
    var backorders = BackorderRows()
    backorders.keys = keys("A")
    backorders.nodeNames = [Name("N")]
    backorders.nodes = [0]
    backorders.kinds = [1]
    backorders.caps = [5]
    backorders.fromUnixSeconds = [0]
    backorders.untilUnixSeconds = [9]
    checkPut(
      backorders, "backorder columns", { .backorders($0) },
      [
        { $0.keys = PackedKeys() }, { $0.nodes = [] }, { $0.kinds = [] }, { $0.caps = [] },
        { $0.fromUnixSeconds = [] }, { $0.untilUnixSeconds = [] },
      ])
    checkPut(backorders, "backorder node", { .backorders($0) }, [{ $0.nodes = [1] }])
    checkPut(backorders, "backorder kind", { .backorders($0) }, [{ $0.kinds = [3] }])
  }

  @Test("kits and opportunity values")
  func kitsAndOpportunity() {
    var kits = KitRows()
    kits.kits = keys("K", "K")
    kits.components = keys("A", "B")
    kits.units = [1, 2]
    checkPut(
      kits, "kit columns", { .kits($0) },
      [{ $0.kits = keys("K") }, { $0.components = keys("A") }, { $0.units = [1, 2, 3] }])
    var opportunity = OpportunityRows()
    opportunity.keys = keys("A")
    opportunity.nodeNames = [Name("N")]
    opportunity.nodes = [0]
    opportunity.values = [-1]
    checkPut(
      opportunity, "opportunity columns", { .opportunity($0) },
      [{ $0.keys = PackedKeys() }, { $0.nodes = [] }, { $0.values = [1, 2] }])
    checkPut(
      opportunity, "opportunity node", { .opportunity($0) },
      [{ $0.nodes = [1] }, { $0.nodeNames = [] }])
  }

  @Test("feed")
  func feed() {
    var good = FeedEvent()
    good.source = Name("wms")
    good.lastSequence = 1
    good.keys = keys("A")
    good.nodes = [1]
    good.kinds = [3]
    good.quantities = [-1]
    #expect(refusal(Event.fed(good)) == nil)
    let changes: [(inout FeedEvent) -> Void] = [
      { $0.keys = PackedKeys() }, { $0.nodes = [] }, { $0.kinds = [] }, { $0.quantities = [] },
    ]
    for change in changes {
      var bad = good
      change(&bad)
      #expect(refusal(Event.fed(bad)) == .malformed("feed columns"))
    }
    for change: (inout FeedEvent) -> Void in [
      { $0.details.sequences = [1, 2] }, { $0.details.occurredMilliseconds = [1, 2] },
      { $0.details.references = keys("a", "b") }, { $0.details.destinations = [1, 2] },
      { $0.details.etaUnixSeconds = [1, 2] }, { $0.details.stages = [1, 2] },
      { $0.details.dispositions = [1, 2] }, { $0.details.causes = [1, 2] },
      { $0.details.holdIDs = [1, 2] }, { $0.flags = [1, 1] },
    ] {
      var bad = good
      change(&bad)
      #expect(refusal(Event.fed(bad)) == .malformed("feed columns"))
    }
    var flagged = good
    flagged.flags = [2]
    #expect(refusal(Event.fed(flagged)) == .malformed("feed flags"))
    flagged = good
    flagged.details.destinations = [65_536]
    #expect(refusal(Event.fed(flagged)) == .malformed("feed destination"))
    good.kinds = [18]
    #expect(refusal(Event.fed(good)) == .malformed("feed kind"))
  }
}
