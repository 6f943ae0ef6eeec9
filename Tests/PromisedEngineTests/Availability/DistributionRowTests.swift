import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct DistributionRowTests {
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

  /// A desk with something of everything.
  private func full() throws -> Desk {
    let desk = try Desk.small()
    try desk.put(Rows.groups([("west", ["F1", "F2"]), ("old", ["F1"]), ("east", ["F3", "F2"])]))
    try desk.put(Rows.groups([("old", [])]))
    try desk.put(
      Rows.channels([
        ("app", "A", "F1", 2, 0), ("b2b", "A", "F1", 0, 3), ("app", "a long item key", "F2", 1, 1),
      ]))
    try desk.put(
      Rows.backorders([
        ("A", "F2", .backorder, 5, 0, desk.day(9)), ("B", "F3", .preorder, 7, desk.day(3), 0),
      ]))
    return desk
  }

  @Test func groupsAreReplacedAsAWhole() throws {
    let desk = try full()
    #expect(try cells(desk, .groups) == ["west", "2", "F1 F2", "east", "2", "F2 F3"])
    try desk.put(Rows.groups([("west", ["F3"])]))
    let west = desk.state.groups.find(Name("west")) ?? 9
    let nodes = ["F1", "F2", "F3"].map { desk.state.nodeIndex(Name($0)) ?? 99 }
    #expect(nodes.map { desk.state.groups.contains(west, node: $0) } == [false, false, true])
    #expect(desk.state.groups.liveCount == 2 && desk.state.groups.count == 3)
  }

  @Test func rowsOfZerosAreRemovedAndAnItemIsPlainAgain() throws {
    let desk = try full()
    let slot = desk.state.positions.find(desk.token("A"))
    #expect(!desk.state.isPlain(slot))
    #expect(try cells(desk, .channelStock).count == 18 && cells(desk, .backorders).count == 14)
    try desk.put(Rows.channels([("app", "A", "F1", 0, 0), ("b2b", "A", "F1", 0, 0)]))
    #expect(!desk.state.isPlain(slot))
    try desk.put(Rows.backorders([("A", "F2", .backorder, 0, 0, 0)]))
    #expect(desk.state.isPlain(slot))
    #expect(try cells(desk, .channelStock).count == 6 && cells(desk, .backorders).count == 7)
    #expect(desk.state.channels.count == 2)
  }

  @Test func attributesKeepAnItemSpecial() throws {
    let desk = try full()
    try desk.put(Rows.items([Rows.Item(key: "A", volume: 2)]))
    let slot = desk.state.positions.find(desk.token("A"))
    #expect(!desk.state.isPlain(slot))
    #expect(
      desk.state.attributes[Int(desk.state.positions.attribute(slot))]
        .volumeMicroCubicFeet == 2)
    // The table grows and moves its rows.
    try desk.put(Rows.items((0..<300).map { Rows.Item(key: "X\($0)") }))
    #expect(!desk.state.isPlain(desk.state.positions.find(desk.token("A"))))
    #expect(desk.state.isPlain(desk.state.positions.find(desk.token("X7"))))
  }

  @Test func rowsAreCheckedBeforeAnyIsPut() throws {
    let desk = try full()
    func code(_ rows: PutRows) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in try desk.put(rows) }?.code
    }
    #expect(code(Rows.groups([("g", ["F9"])])) == .nodeUnknown)
    #expect(code(Rows.groups([("g", ["F1"]), ("g", ["F2"])])) == .rowInvalid)
    #expect(code(Rows.groups([("", ["F1"])])) == .keyInvalid)
    var short = GroupRows()
    short.names = [Name("g")]
    short.counts = [2]
    short.nodeNames = [Name("F1")]
    short.nodes = [0]
    #expect(code(.groups(short)) == .columnLengthMismatch)
    #expect(code(Rows.groups((0..<499).map { ("n\($0)", ["F1"]) })) == .tooManyRows)
    #expect(code(Rows.groups((0..<498).map { ("n\($0)", ["F1"]) })) == nil)
    #expect(code(Rows.groups([("one more", [])])) == nil)
    #expect(code(Rows.groups([("one more", ["F1"])])) == .tooManyRows)
    #expect(code(Rows.channels([("app", "A", "F9", 1, 0)])) == .nodeUnknown)
    #expect(code(Rows.channels([("app", "A", "F1", -1, 0)])) == .fieldOutOfRange)
    #expect(code(Rows.channels([("app", "A", "F1", 0, -1)])) == .fieldOutOfRange)
    #expect(
      code(Rows.channels((0..<999).map { ("c\($0)", "A", "F1", 1, 0) })) == .tooManyRows)
    #expect(code(Rows.backorders([("A", "F1", .backorder, 1, 5, 0)])) == .fieldOutOfRange)
    #expect(code(Rows.backorders([("A", "F1", .preorder, 1, 0, 0)])) == .fieldOutOfRange)
    #expect(code(Rows.backorders([("A", "F1", .preorder, -1, 9, 0)])) == .fieldOutOfRange)
    #expect(code(Rows.backorders([("A", "F1", .backorder, 1, 0, -1)])) == .fieldOutOfRange)
  }

  @Test func onlyABackorderHasALeadTime() throws {
    let desk = try full()
    func code(_ kind: BackorderKind, _ leadDays: [Int32]) -> OutcomeCode? {
      guard
        case .backorders(var rows) = Rows.backorders([
          ("A", "F1", kind, 1, kind == .preorder ? 9 : 0, 0)
        ])
      else { return .ok }
      rows.leadDays = leadDays
      return desk.refusal { () throws(Refusal) in try desk.put(.backorders(rows)) }?.code
    }
    let most = Limits.leadDays
    #expect(code(.backorder, []) == nil && code(.backorder, [most]) == nil)
    #expect(code(.backorder, [most + 1]) == .fieldOutOfRange)
    #expect(code(.preorder, [0]) == nil && code(.preorder, [1]) == .fieldOutOfRange)
    #expect(code(.backorder, [1, 1]) == .columnLengthMismatch)
  }

  @Test func namesOfGroupsAreNotForgottenAndSoAreFew() throws {
    let desk = try Desk.small()
    for round in 0..<10 {
      let names = (0..<500).map { ("\(round)-\($0)", ["F1"]) }
      try desk.put(Rows.groups(names))
      try desk.put(Rows.groups(names.map { ($0.0, []) }))
    }
    let refusal = desk.refusal { () throws(Refusal) in try desk.put(Rows.groups([("x", [])])) }
    #expect(refusal?.code == .tooManyRows)
  }

  @Test func aSnapshotBringsEverythingBack() throws {
    let desk = try full()
    let node = desk.state.nodeIndex(Name("F1")) ?? 0
    desk.state.beginExport()
    let copy = State()
    while let block = desk.state.nextExportBlock() { copy.importBlock(block) }
    copy.finishImport(position: desk.position, time: desk.now)
    #expect(copy.digest() == desk.state.digest())
    #expect(copy.groups.find(Name("east")) == desk.state.groups.find(Name("east")))
    #expect(!copy.isPlain(copy.positions.find(desk.token("A"))))
    #expect(copy.channels.find(Name("b2b")) == 2 && copy.backorders.count == 2)
    let before = desk.state.digest()
    try desk.put(Rows.channels([("app", "A", "F1", 2, 1)]))
    #expect(desk.state.digest() != before)
    #expect(node == copy.nodeIndex(Name("F1")))
  }

  @Test func aReplacingLoadTakesAwayWhatItDoesNotName() throws {
    let desk = try full()
    let load = LoadDescription(id: Name("L"), mode: .replace, chunkCount: 2, force: true)
    desk.apply(.loadBegan(load))
    desk.apply(.loadChunk(number: 0, Rows.nodes(["F1", "F2", "F3"])))
    let chunk = Rows.groups([("west", ["F2"])])
    _ = try desk.state.decide(chunk: 1, of: Name("L"), chunk)
    desk.apply(.loadChunk(number: 1, chunk))
    desk.apply(.loadCommitted)
    #expect(try cells(desk, .groups) == ["west", "1", "F2"])
    #expect(try cells(desk, .channelStock).isEmpty && cells(desk, .backorders).isEmpty)
    #expect(desk.state.isPlain(desk.state.positions.find(desk.token("A"))))
    #expect(desk.state.groups.count == 3 && desk.state.channels.count == 2)
  }

  @Test func aLoadCountsTheNamesItBrings() throws {
    let desk = try Desk.small()
    desk.apply(
      .loadBegan(LoadDescription(id: Name("L"), mode: .merge, chunkCount: 3, force: true)))
    let first = Rows.groups((0..<400).map { ("a\($0)", ["F1"]) })
    _ = try desk.state.decide(chunk: 0, of: Name("L"), first)
    desk.apply(.loadChunk(number: 0, first))
    let second = Rows.groups((0..<101).map { ("b\($0)", ["F1"]) })
    let refusal = desk.refusal { () throws(Refusal) in
      _ = try desk.state.decide(chunk: 1, of: Name("L"), second)
    }
    #expect(refusal?.code == .tooManyRows)
  }
}
