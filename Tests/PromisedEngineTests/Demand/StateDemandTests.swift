import PromisedModel
import Testing

@testable import PromisedEngine

/// Demand as the state keeps it: from its own shipments, day by day, across restarts.
@Suite struct StateDemandTests {
  private static var day: Int64 { 86_400_000 }

  /// A desk at a UTC midnight with two items of a category and one of none.
  private func opened() throws -> Desk {
    let desk = Desk()
    desk.now = UnixMilliseconds(20_718 * Self.day)
    try desk.put(Rows.nodes(["F1", "F2"]))
    try desk.put(Rows.sellers(["S1"]))
    guard case .items(var rows) = Rows.items(["A", "B", "C"].map { Rows.Item(key: $0) }) else {
      throw Refusal(.rowInvalid, "no items")
    }
    rows.categories = [1, 1, 0]
    rows.categoryNames = [.empty, Name("toys")]
    try desk.put(.items(rows))
    try desk.put(
      Rows.positions([("A", "F1", 100, 0, 0), ("A", "F2", 50, 0, 0), ("B", "F1", 10, 0, 0)]))
    return desk
  }

  private func history(_ desk: Desk, _ item: String, days: Int32 = 28) throws -> HistoryReply {
    var reply = HistoryReply()
    try desk.state.answer(
      HistoryQuery(items: desk.lender.keys([item]), days: days), at: desk.now, into: &reply)
    return reply
  }

  @Test func daysAreClosedWithWhatWasThere() throws {
    let desk = try opened()
    desk.now.milliseconds += Self.day / 4
    try desk.feed([("A", "F1", .shipment, 7), ("A", "F2", .shipment, 3)], from: 1)
    #expect(try history(desk, "A").dayCounts[0] == 0)
    #expect(try history(desk, "A").today[0] == 10)
    // The next day: what comes in then is not what was there at the end of the day before.
    desk.now.milliseconds += Self.day
    try desk.feed([("A", "F1", .receipt, 500)], from: 3)
    var reply = try history(desk, "A")
    #expect(reply.dayCounts[0] == 1 && reply.days[0] == 20_718 && reply.today[0] == 0)
    #expect(reply.onHand[0] == 140 && reply.demand[0] == 10 && reply.inStock[0] == 65_535)
    // Three days without anything.
    desk.now.milliseconds += 3 * Self.day
    try desk.feed([("A", "F1", .shipment, 1)], from: 4)
    reply = try history(desk, "A")
    #expect(reply.dayCounts[0] == 4 && reply.demand[3] == 0 && reply.onHand[3] == 640)
    #expect(try history(desk, "A", days: 2).days[0] == 20_720)
    #expect(try history(desk, "C").dayCounts[0] == 0)
  }

  /// Out of stock from noon on: half a day. Claims take what is available, too.
  @Test func timeInStockIsCountedToTheSecond() throws {
    let desk = try opened()
    try desk.feed([("B", "F1", .shipment, 4)], from: 1)
    desk.now.milliseconds += Self.day / 2
    try desk.feed([("B", "F1", .shipment, 6)], from: 2)
    desk.now.milliseconds += Self.day / 4
    try desk.feed([("B", "F1", .receipt, 2)], from: 3)
    desk.now.milliseconds += Self.day / 8
    try desk.hold([Line("B", "F1", 2)], seconds: 86_400)
    desk.now.milliseconds += Self.day
    try desk.feed([("B", "F1", .count, 2)], from: 4)
    let reply = try history(desk, "B")
    #expect(reply.dayCounts[0] == 1 && reply.demand[0] == 10)
    // 12 hours and 3 of 24; in steps of 1/255.
    #expect(abs(Int(reply.inStock[0]) - 65_535 * 5 / 8) <= 257)
  }

  /// Days end where the item's seller is: late on a New York evening it is tomorrow in UTC.
  @Test func daysEndWhereTheSellerIs() throws {
    let desk = Desk()
    desk.now = UnixMilliseconds(20_718 * Self.day + 2 * 3_600_000)
    guard case .network(var rows) = Rows.nodes(["F1"]) else { return }
    rows.timeZones.append(hostZone("America/New_York"))
    rows.marketplaces[0].timeZone = Name("America/New_York")
    try desk.put(.network(rows))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A")]))
    try desk.put(Rows.positions([("A", "F1", 100, 0, 0)]))
    try desk.feed([("A", "F1", .shipment, 1)], from: 1)
    // Two hours later it is midnight there, and four in the morning in UTC.
    desk.now.milliseconds += 3 * 3_600_000
    try desk.feed([("A", "F1", .shipment, 1)], from: 2)
    let reply = try history(desk, "A")
    #expect(reply.dayCounts[0] == 1 && reply.days[0] == 20_717 && reply.demand[0] == 1)
  }

  /// Items that nothing happens to are closed by the events of others.
  @Test func quietItemsAreClosedToo() throws {
    let desk = try opened()
    try desk.feed([("A", "F1", .shipment, 1), ("B", "F1", .shipment, 1)], from: 1)
    for day in 1...3 {
      desk.now.milliseconds += Self.day
      for step in 0..<3 {
        try desk.feed([("A", "F1", .shipment, 1)], from: UInt64(day * 3 + step))
      }
    }
    #expect(try history(desk, "B").dayCounts[0] == 3)
    #expect(try history(desk, "B").demand[2] == 0)
  }

  @Test func adjustmentsAndCountsAreNoDemand() throws {
    let desk = try opened()
    try desk.feed(
      [("A", "F1", .adjustment, -5), ("A", "F1", .count, 20), ("A", "F2", .unfulfillable, 3)],
      from: 1)
    #expect(try history(desk, "A").today[0] == 0)
    #expect(desk.state.demand.count == 0)
    try desk.feed([("A", "F1", .shipment, 2)], from: 4)
    #expect(try history(desk, "A").today[0] == 2 && desk.state.demand.count == 1)
    // An item without attributes has no seller and no day.
    try desk.feed([("unknown", "F1", .receipt, 5), ("unknown", "F1", .shipment, 2)], from: 5)
    #expect(desk.state.demand.count == 1)
  }

  /// An order that is shipped by its name is demand, once; units a picker did not find are not.
  @Test func consumedOrdersAreDemand() throws {
    let desk = try opened()
    let id = try desk.hold([Line("A", "F1", 6)])
    try desk.change(id, .commit)
    #expect(desk.state.demand.count == 0)
    try desk.consume(id)
    #expect(try history(desk, "A").today[0] == 6)
    #expect(desk.row("A", "F1")?.onHand == 94)
  }

  /// Random days; then a copy from a snapshot, which goes on like the original.
  @Test func aCopyFromASnapshotGoesOnAlike() throws {
    let desk = try opened()
    try desk.put(forecasts(item: "C", issued: desk.now.seconds))
    try desk.put(factors([("toys", 20_730, 20_735, 2500), ("", 20_740, 20_741, 0)]))
    var numbers = Counter(seed: 41)
    var sequence: UInt64 = 1
    try run(desk, days: 40, &numbers, &sequence)
    #expect(desk.state.demand.count == 2)
    let digest = desk.state.digest()
    desk.state.beginExport()
    var blocks: [StateBlock] = []
    while let block = desk.state.nextExportBlock() { blocks.append(block) }
    let copy = State()
    for block in blocks { copy.importBlock(block) }
    copy.finishImport(position: desk.position, time: desk.now)
    #expect(copy.digest() == digest)
    let twin = Desk(state: copy)
    twin.now = desk.now
    twin.position = desk.position
    var (left, right) = (numbers, numbers)
    var (first, second) = (sequence, sequence)
    try run(desk, days: 20, &left, &first)
    try run(twin, days: 20, &right, &second)
    #expect(copy.digest() == desk.state.digest() && copy.digest() != digest)
    for item in ["A", "B"] {
      let (first, second) = (try chances(desk.state, item, desk), try chances(copy, item, desk))
      #expect(first == second && first[1] == Int64(DemandSource.embedded.rawValue))
      #expect(first[2] > 20_000)
    }
  }

  private func chances(_ state: State, _ item: String, _ desk: Desk) throws -> [Int64] {
    var reply = InStockReply()
    try state.answer(
      InStockQuery(items: desk.lender.keys([item]), horizonDays: 9), at: desk.now, into: &reply)
    return [
      Int64(reply.demandMet[0]), Int64(reply.demandSources[0]), reply.sampleDaysMilli[0],
      Int64(reply.neverOut[0]), reply.stockOutP50UnixSeconds[0],
    ]
  }

  private func run(
    _ desk: Desk, days: Int, _ numbers: inout Counter, _ sequence: inout UInt64
  ) throws {
    for _ in 0..<(days * 6) {
      desk.now.milliseconds += Self.day / 6
      let item = numbers.next(below: 2) == 0 ? "A" : "B"
      let units = Int64(numbers.next(below: 4))
      let available = desk.row(item, "F1").map { Int64($0.onHand) } ?? 0
      let kind: MovementKind = available < 12 ? .receipt : .shipment
      try desk.feed([(item, "F1", kind, kind == .receipt ? 60 : units)], from: sequence)
      sequence += 1
    }
  }

  private func forecasts(item: String, issued: Int64) -> PutRows {
    var rows = ForecastRows()
    rows.keys.append(Array(item.utf8))
    rows.regionNames = [.empty]
    rows.regions = [0]
    rows.issuedUnixSeconds = [issued]
    rows.startDays = [Int32(issued / 86_400)]
    rows.periodDays = [7]
    rows.periods = [4]
    rows.cumulative = [0]
    rows.levels = [5000, 9000]
    rows.valuesMilli = [20_000, 40_000, 20_000, 40_000, 20_000, 40_000, 20_000, 40_000]
    return .forecasts(rows)
  }

  private func factors(_ given: [(String, Int32, Int32, Int32)]) -> PutRows {
    var rows = FactorRows()
    for (index, row) in given.enumerated() {
      rows.categoryNames.append(Name(row.0))
      rows.categories.append(UInt32(index))
      rows.fromDays.append(row.1)
      rows.toDays.append(row.2)
      rows.factorsMilli.append(row.3)
    }
    return .factors(rows)
  }

  @Test func factorsAreCheckedReplacedAndTakenBack() throws {
    let desk = try opened()
    for (row, field) in [
      (("toys", Int32(9), Int32(8), Int32(5)), "to_days[0]"), (("", -1, 8, 5), "from_days[0]"),
      (("", 1, 8, 100_001), "factors_milli[0]"), (("", 1, 8, -1), "factors_milli[0]"),
    ] {
      let found = desk.refusal { () throws(Refusal) in try desk.put(factors([row])) }
      #expect(found?.message.contains(field) == true, "\(field)")
    }
    try desk.put(factors([("", 1, 8, 500), ("new", 1, 8, 2000)]))
    try desk.put(factors([("", 1, 8, 700)]))
    #expect(desk.state.demand.factors.rows.count == 2)
    #expect(desk.state.demand.factors.factor(0, on: 8) == 700 * (1 << 20) / 1000)
    #expect(desk.state.demand.factors.factor(2, on: 1) == 1400 * (1 << 20) / 1000)
    #expect(desk.state.demand.factors.factor(2, on: 9) == 1 << 20)
    try desk.put(factors([("", 1, 8, 1000), ("new", 1, 8, 1000)]))
    #expect(desk.state.demand.factors.rows.isEmpty)
    let many = (0..<257).map { ("", Int32($0), Int32($0), Int32(5)) }
    let full = desk.refusal { () throws(Refusal) in try desk.put(factors(many)) }
    #expect(full?.code == .forecastsFull)
  }

  @Test func aForecastIsUsedUntilItIsStale() throws {
    let desk = try opened()
    let issued = desk.now.seconds
    try desk.put(forecasts(item: "A", issued: issued))
    func answer(_ source: DemandSource? = nil) throws -> InStockReply {
      var reply = InStockReply()
      try desk.state.answer(
        InStockQuery(items: desk.lender.keys(["A"]), horizonDays: 14, source: source),
        at: desk.now, into: &reply)
      return reply
    }
    var reply = try answer()
    #expect(reply.demandSources[0] == DemandSource.forecast.rawValue)
    #expect(reply.demandAgeSeconds[0] == 0)
    // Two weeks of a mean of about 22: a hundred and fifty are enough.
    #expect(reply.demandMet[0] > 65_000 && reply.demandPerDayMilli[0] > 2500)
    // An older issue does not replace it; a newer one does, for a region it does not.
    try desk.put(forecasts(item: "A", issued: issued - 5))
    #expect(try answer().demandAgeSeconds[0] == 0)
    // Two periods later it is stale; then what the service saw itself counts.
    desk.now.milliseconds += 14 * Self.day
    #expect(try answer().demandSources[0] == DemandSource.forecast.rawValue)
    #expect(try answer().demandAgeSeconds[0] == 14 * 86_400)
    try desk.feed([("A", "F1", .shipment, 5)], from: 1)
    desk.now.milliseconds += 1000
    reply = try answer()
    #expect(reply.demandSources[0] == DemandSource.embedded.rawValue)
    #expect(reply.reasons[0] == InStockReason.forecastStale.rawValue)
    #expect(try answer(.forecast).demandSources[0] == DemandSource.none.rawValue)
    // Periods of 0 take it back.
    guard case .forecasts(var gone) = forecasts(item: "A", issued: issued + 9) else { return }
    gone.periods = [0]
    gone.valuesMilli = []
    try desk.put(.forecasts(gone))
    #expect(try answer().reasons[0] != InStockReason.forecastStale.rawValue)
  }

  @Test func absurdForecastsAreRefusedByName() throws {
    let desk = try opened()
    func refusal(_ change: (inout ForecastRows) -> Void) -> String {
      guard case .forecasts(var rows) = forecasts(item: "A", issued: 5) else { return "" }
      change(&rows)
      let found = desk.refusal { () throws(Refusal) in try desk.put(.forecasts(rows)) }
      return found.map { "\($0.code) \($0.message)" } ?? "accepted"
    }
    #expect(refusal { $0.valuesMilli[3] = -1 }.contains("values_milli[3] is -1"))
    #expect(refusal { $0.valuesMilli[0] = .max }.contains("values_milli[0]"))
    #expect(refusal { $0.valuesMilli.removeLast() }.contains("columnLengthMismatch"))
    #expect(refusal { $0.levels = [9000, 5000] }.contains("levels[1]"))
    #expect(refusal { $0.levels = [5000, 10_000] }.contains("levels[1]"))
    #expect(refusal { $0.levels = [] }.contains("1 to 16"))
    #expect(refusal { $0.periodDays = [0] }.contains("period_days[0]"))
    #expect(refusal { $0.periods = [54] }.contains("periods[0]"))
    #expect(refusal { $0.regions = [1] }.contains("region_indexes[0]"))
    #expect(refusal { _ in } == "accepted")
  }

  /// Regions add up where there is no forecast of the whole network.
  @Test func regionsAddUp() throws {
    let desk = try opened()
    func answer() throws -> Int64 {
      var reply = InStockReply()
      try desk.state.answer(
        InStockQuery(items: desk.lender.keys(["A"]), horizonDays: 7), at: desk.now, into: &reply)
      return reply.demandPerDayMilli[0]
    }
    guard case .forecasts(var rows) = forecasts(item: "A", issued: desk.now.seconds) else { return }
    rows.regionNames = [Name("east")]
    try desk.put(.forecasts(rows))
    let one = try answer()
    rows.regionNames = [Name("west")]
    try desk.put(.forecasts(rows))
    #expect(abs(try answer() - 2 * one) <= 1)
    rows.regionNames = [.empty]
    try desk.put(.forecasts(rows))
    #expect(try answer() == one)
  }
}
