import PromisedModel
import Testing

@testable import PromisedEngine

extension Rows {
  /// (kit, component, units)
  static func kits(_ list: [(String, String, Int32)]) -> PutRows {
    var rows = KitRows()
    for (kit, component, units) in list {
      rows.kits.append(Array(kit.utf8))
      rows.components.append(Array(component.utf8))
      rows.units.append(units)
    }
    return .kits(rows)
  }

  /// (item, node, value)
  static func opportunity(_ list: [(String, String, Money)]) -> PutRows {
    var rows = OpportunityRows()
    for (item, node, value) in list {
      rows.keys.append(Array(item.utf8))
      if !rows.nodeNames.contains(Name(node)) { rows.nodeNames.append(Name(node)) }
      rows.nodes.append(UInt32(rows.nodeNames.firstIndex(of: Name(node)) ?? 0))
      rows.values.append(value)
    }
    return .opportunity(rows)
  }

  /// (origin, level, zone, fixed cost)
  static func rates(
    _ list: [(String, ServiceLevel, String, Money)], zones: [String] = [],
    breaks: [WeightBreak] = []
  ) -> PutRows {
    var rows = NetworkRows()
    rows.zones = zones.map {
      ZonePrefix(country: Name("US"), prefix: Name($0), zone: Name($0), station: .empty)
    }
    rows.rates = list.map {
      Rate(
        origin: Name($0.0), level: $0.1, zone: Name($0.2), fixedCost: $0.3, breaks: breaks,
        costPerFurtherKilogram: 7, cubicMillimetresPerGram: 8)
    }
    return .network(rows)
  }
}

@Suite struct SourcingRowTests {
  private func components(_ desk: Desk, _ kit: String) -> [String] {
    let token = desk.state.itemKeys.token(desk.lender.bytes(kit))
    return desk.state.kits.components(of: token).map {
      "\($0.units) x \(desk.state.itemKeys.name($0.item))"
    }
  }

  private func value(_ desk: Desk, _ item: String, _ node: String) -> Money {
    desk.state.opportunity.value(
      item: desk.state.itemKeys.token(desk.lender.bytes(item)),
      node: desk.state.nodeIndex(Name(node)) ?? 0)
  }

  private func cells(_ desk: Desk, _ kind: ListKind) throws -> [String] {
    var reply = ListReply()
    try desk.state.list(kind, token: .empty, size: 100, into: &reply)
    var start = 0
    return (0..<reply.cellLengths.count).map { cell in
      let length = Int(reply.cellLengths[cell])
      defer { start += length }
      return String(decoding: (start..<start + length).map { reply.cells[$0] }, as: UTF8.self)
    }
  }

  @Test func theRowsOfAKitReplaceWhatItWasMadeOf() throws {
    let desk = try Desk.small()
    try desk.put(Rows.kits([("K", "A", 2), ("K", "a long component", 1), ("K2", "A", 3)]))
    #expect(components(desk, "K") == ["2 x A", "1 x a long component"])
    try desk.put(Rows.kits([("K", "B", 5)]))
    #expect(components(desk, "K") == ["5 x B"] && components(desk, "K2") == ["3 x A"])
    #expect(components(desk, "A").isEmpty && desk.state.kits.count == 2)
    #expect(try cells(desk, .kits).sorted() == ["3 x A", "5 x B", "K", "K2"])
    try desk.put(Rows.kits([("K", "B", 0)]))
    #expect(components(desk, "K").isEmpty && desk.state.kits.count == 1)
    #expect(try cells(desk, .kits) == ["K2", "3 x A"])
    // Kits and components are items from then on.
    #expect(desk.state.positions.find(desk.state.itemKeys.token(desk.lender.bytes("K2"))) >= 0)
  }

  @Test func kitsThatMakeNoSenseAreRefused() throws {
    let desk = try Desk.small()
    let before = desk.state.digest()
    let many = (0...Limits.componentsPerKit).map { ("K", "part\($0)", Int32(1)) }
    let refused: [(PutRows, OutcomeCode, Int32, String)] = [
      (Rows.kits([("K", "A", 1), ("K", "K", 1)]), .rowInvalid, 1, "is the kit itself"),
      (Rows.kits([("K", "A", 1), ("K", "A", 1)]), .rowInvalid, 1, "is in the kit already"),
      (
        Rows.kits([("K", "A", 1), ("L", "A", 1), ("K", "B", 1)]), .rowInvalid, 2,
        "comes again after another kit"
      ),
      (Rows.kits([("K", "A", 1), ("K", "B", 0)]), .rowInvalid, 1, "0 units in one of several"),
      (Rows.kits([("K", "A", 0), ("K", "B", 1)]), .rowInvalid, 0, "0 units in one of several"),
      (Rows.kits(many), .rowInvalid, Int32(Limits.componentsPerKit), "more than 64 components"),
      (Rows.kits([("K", "A", 10_001)]), .fieldOutOfRange, 0, "units[0] is 10001"),
      (Rows.kits([("K", "A", -1)]), .fieldOutOfRange, 0, "units[0] is -1"),
      (Rows.kits([("K", "", 1)]), .keyInvalid, 0, "component_keys[0]"),
      (Rows.opportunity([("A", "F9", 1)]), .nodeUnknown, -1, "F9"),
      (
        Rows.opportunity([("A", "F1", 1_000_000_000_001)]), .fieldOutOfRange, 0, "values[0] is"
      ),
    ]
    for (rows, code, row, message) in refused {
      let refusal = desk.refusal { () throws(Refusal) in try desk.put(rows) }
      #expect(refusal?.code == code && refusal?.row == row, "\(String(describing: refusal))")
      #expect(refusal?.message.contains(message) == true, "\(refusal?.message ?? "")")
    }
    #expect(desk.state.digest() == before)
    try desk.put(Rows.kits(Array(many.dropLast())))
    #expect(components(desk, "K").count == Limits.componentsPerKit)
  }

  @Test func anOpportunityValueOfZeroIsNone() throws {
    let desk = try Desk.small()
    try desk.put(Rows.opportunity([("A", "F1", 5), ("A", "F2", -6), ("new", "F1", 7)]))
    #expect(value(desk, "A", "F1") == 5 && value(desk, "A", "F2") == -6)
    #expect(value(desk, "A", "F3") == 0 && value(desk, "new", "F1") == 7)
    let digest = desk.state.digest()
    try desk.put(Rows.opportunity([("A", "F2", 0)]))
    #expect(value(desk, "A", "F2") == 0 && desk.state.opportunity.count == 2)
    #expect(try cells(desk, .opportunity) == ["A", "F1", "5", "new", "F1", "7"])
    #expect(desk.state.digest() != digest)
  }

  @Test func theMostExactRateWins() throws {
    let desk = try Desk.small()
    let all: [(String, ServiceLevel, String, Money)] = [
      ("F1", .standard, "Z1", 1), ("F1", .standard, "", 2), ("", .standard, "Z1", 3),
      ("", .standard, "", 4), ("F1", .twoHour, "Z1", 5),
    ]
    try desk.put(Rows.rates(all, zones: ["Z1", "Z2"]))
    func cost(_ origin: UInt16, _ level: ServiceLevel, _ zone: UInt32) -> Money? {
      desk.state.network.rate(origin: origin, level: level, zone: zone).map {
        desk.state.network.rate($0).fixedCost
      }
    }
    let (first, second) = (UInt32(0), UInt32(1))
    #expect(cost(0, .standard, first) == 1 && cost(0, .standard, second) == 2)
    #expect(cost(1, .standard, first) == 3 && cost(1, .standard, second) == 4)
    #expect(cost(0, .twoHour, first) == 5 && cost(0, .twoHour, second) == nil)
    #expect(cost(0, .economy, first) == nil)
    // The same key again is the same row.
    try desk.put(Rows.rates([("", .standard, "Z1", 9)]))
    #expect(cost(1, .standard, first) == 9 && desk.state.network.rateCount == 5)
    #expect(try cells(desk, .rates).prefix(7) == ["F1", "standard", "Z1", "1", "", "7", "8"])
  }

  @Test func ratesThatMakeNoSenseAreRefused() throws {
    let desk = try Desk.small()
    func breaks(_ list: [(Int32, Money)]) -> PutRows {
      Rows.rates([("F1", .standard, "", 1)], breaks: list.map { WeightBreak(grams: $0, cost: $1) })
    }
    let refused: [(PutRows, OutcomeCode, String)] = [
      (Rows.rates([("F9", .standard, "", 1)]), .nodeUnknown, "origin is \"F9\""),
      (Rows.rates([("F1", .standard, "Z", 1)]), .zoneUnknown, "zone is \"Z\""),
      (Rows.rates([("", .standard, "", -1)]), .fieldOutOfRange, "fixed_cost is -1"),
      (Rows.rates([("", .standard, "", 1_000_000_000_001)]), .fieldOutOfRange, "fixed_cost is"),
      (breaks([(0, 1)]), .fieldOutOfRange, "break_grams[0] is 0"),
      (breaks([(5, 1), (5, 1)]), .fieldOutOfRange, "breaks[1] is 1 up to 5 g after 1 up to 5 g"),
      (breaks([(5, 2), (6, 1)]), .fieldOutOfRange, "breaks[1] is"),
      (breaks([(1_000_000_000, 0), (1, 0)]), .fieldOutOfRange, "breaks[1] is"),
      (
        breaks((1...257).map { (Int32($0), 0) }), .fieldOutOfRange,
        "breaks is 257; allowed: 0 to 256"
      ),
    ]
    for (rows, code, message) in refused {
      let refusal = desk.refusal { () throws(Refusal) in try desk.put(rows) }
      #expect(refusal?.code == code && refusal?.message.contains(message) == true, "\(message)")
    }
    #expect(desk.state.network.rateCount == 0)
  }

  /// Tables against dictionaries, with removals and enough rows that memory is used again.
  @Test func tablesAgreeWithDictionaries() {
    var random = Counter(seed: 11)
    var kits = KitTable()
    var wantedKits: [UInt64: [KitComponent]] = [:]
    var values = OpportunityTable()
    var wantedValues: [UInt64: Money] = [:]
    for _ in 0..<20_000 {
      let item = random.next(below: 300) + 1
      let parts = (0..<random.next(below: 6)).map {
        KitComponent(item: $0 + 1, units: Int32(random.next(below: 9)) + 1)
      }
      kits.put(item, parts)
      wantedKits[item] = parts.isEmpty ? nil : parts
      let node = UInt16(random.next(below: 5))
      let value = Money(random.next(below: 4))
      values.put(item: item, node: node, value: value)
      wantedValues[item << 8 | UInt64(node)] = value == 0 ? nil : value
    }
    #expect(kits.count == wantedKits.count && values.count == wantedValues.count)
    for item in 1...UInt64(300) {
      #expect(Array(kits.components(of: item)) == wantedKits[item] ?? [])
      for node in 0..<UInt16(5) {
        #expect(
          values.value(item: item, node: node) == wantedValues[item << 8 | UInt64(node)] ?? 0)
      }
    }
  }

  @Test func itemsKeepTheirReleaseRestrictionsAndVolume() throws {
    let desk = try Desk.small()
    guard case .items(var rows) = Rows.items([Rows.Item(key: "A"), Rows.Item(key: "C")]) else {
      return
    }
    rows.releaseUnixSeconds = [0, 1_800_000_000]
    rows.restrictions = [1, 3]
    rows.volumesCubicMillimetres = [5, 0]
    try desk.put(.items(rows))
    func item(_ key: String) -> ItemAttributes {
      let slot = desk.state.positions.find(desk.state.itemKeys.token(desk.lender.bytes(key)))
      return desk.state.attributes[Int(desk.state.positions.attribute(slot))]
    }
    #expect(item("A").releaseUnixSeconds == 0 && item("C").releaseUnixSeconds == 1_800_000_000)
    #expect(item("A").restrictions == .hazmat && item("C").restrictions == .all)
    #expect(item("A").volumeCubicMillimetres == 5 && item("B").restrictions == [])
    #expect(try cells(desk, .items).contains("hazmat;oversize"))
    // Columns left out say 0 again.
    try desk.put(Rows.items([Rows.Item(key: "A")]))
    #expect(item("A").restrictions == [] && item("A").volumeCubicMillimetres == 0)
    for change: (inout ItemRows) -> Void in [
      { $0.restrictions = [4, 0] }, { $0.releaseUnixSeconds = [-1, 0] },
      { $0.volumesCubicMillimetres = [10_000_000_000_001, 0] }, { $0.restrictions = [1] },
    ] {
      var bad = rows
      change(&bad)
      #expect(desk.refusal { () throws(Refusal) in try desk.put(.items(bad)) } != nil)
    }
  }

  @Test func aReplacingLoadRemovesWhatItDoesNotName() throws {
    let desk = try Desk.small()
    try desk.put(Rows.kits([("K", "A", 2)]))
    try desk.put(Rows.opportunity([("A", "F1", 5)]))
    try desk.put(Rows.rates([("F1", .standard, "", 1)]))
    let description = LoadDescription(id: Name("L"), mode: .replace, chunkCount: 3, force: true)
    let chunks = [
      Rows.nodes(["F1"]), Rows.kits([("K2", "B", 1)]), Rows.opportunity([("B", "F1", 6)]),
    ]
    func take(_ decision: LoadDecision) { if let event = decision.event { desk.apply(event) } }
    take(try desk.state.decide(begin: description, at: desk.now))
    for (number, rows) in chunks.enumerated() {
      take(try desk.state.decide(chunk: UInt32(number), of: Name("L"), rows))
      #expect(components(desk, "K") == ["2 x A"] && components(desk, "K2").isEmpty)
    }
    take(try desk.state.decide(commitLoad: Name("L")))
    #expect(components(desk, "K").isEmpty && components(desk, "K2") == ["1 x B"])
    #expect(value(desk, "A", "F1") == 0 && value(desk, "B", "F1") == 6)
    #expect(desk.state.network.rateCount == 0)
  }

  /// A reply that read a kit or a value must not leave before the change that it saw.
  @Test func changesAreObserved() throws {
    let desk = try Desk.small()
    func observed(_ item: String) -> Position {
      desk.state.beginObservation()
      desk.state.observe(item: desk.state.itemKeys.token(desk.lender.bytes(item)))
      return desk.state.observedPosition
    }
    try desk.put(Rows.kits([("K", "A", 2)]))
    #expect(observed("K") == desk.position)
    try desk.put(Rows.opportunity([("A", "F1", 5)]))
    #expect(observed("A") == desk.position)
  }
}
