import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ExportTests {
  /// Every block of an export, with `between` called after each.
  private func export(_ state: State, between: (Int) throws -> Void = { _ in }) throws
    -> [StateBlock]
  {
    state.beginExport()
    var blocks: [StateBlock] = []
    while let block = state.nextExportBlock() {
      blocks.append(block)
      try between(blocks.count)
    }
    return blocks
  }

  private func imported(_ blocks: [StateBlock], at desk: Desk) -> State {
    let state = State()
    for block in blocks { state.importBlock(block) }
    state.finishImport(position: desk.position, time: desk.now)
    return state
  }

  /// A state with something in every table.
  private func full(positions: Int = 300) throws -> Desk {
    let desk = try Desk.small()
    let rows = (0..<positions).map { (index: Int) -> (String, String, Int32, Int32, Int32) in
      let node = index % 2 == 0 ? "F1" : "F2"
      return ("item \(index / 2)", node, Int32(index), Int32(index % 5 / 4), Int32(index % 7 / 6))
    }
    for start in stride(from: 0, to: positions, by: 60_000) {
      try desk.put(Rows.positions(Array(rows[start..<min(positions, start + 60_000)])))
    }
    try desk.put(
      Rows.inbound([
        ("I1", "A", "F1", 5, 900, .working), ("I2", "A", "F2", 5, 800, .draft),
        ("I1", "only inbound", "F1", 5, 900, .working),
      ]))
    try desk.put(Rows.inbound([("I1", "A", "F1", 0, 900, .working)]))
    try desk.put(
      Rows.limits([
        ("S2", .standard, 202_609, .confirmed, 5), ("S1", .apparel, 202_610, .noLimit, 0),
        ("S1", .apparel, 202_610, .estimated, 9),
      ]), key: "limits")
    try desk.put(Rows.rates([("F1", .twoHour, "", 7)], breaks: [WeightBreak(grams: 1, cost: 2)]))
    // Slots that are used again, so that the tables' order is not that of their keys.
    try desk.put(Rows.kits([("K1", "A", 1), ("a kit with a long key", "B", 2), ("K3", "A", 3)]))
    try desk.put(Rows.kits([("K1", "A", 0)]))
    try desk.put(Rows.kits([("K4", "a part with a long key", 4), ("K4", "A", 5)]))
    try desk.put(Rows.opportunity([("A", "F1", 5), ("B", "F1", -5), ("A", "F2", 1)]))
    try desk.put(Rows.opportunity([("A", "F1", 0), ("B", "F2", 9)]))
    guard case .items(var described) = Rows.items([Rows.Item(key: "B", volume: 500_000)]) else {
      throw Refusal(.rowInvalid, "no items")
    }
    described.releaseUnixSeconds = [1_800_000_000]
    described.restrictions = [2]
    described.volumesCubicMillimetres = [77]
    try desk.put(.items(described))
    try desk.feed([("A", "F3", .receipt, 4), ("A", "F3", .researching, 2)], source: "z", from: 1)
    try desk.feed([("A", "F3", .receipt, 4)], source: "b", from: 1)
    try desk.hold([Line("A", "F1", 2), Line("B", "F1", 1)], owner: "x", key: "h1")
    try desk.change(desk.hold([Line("A", "F1", 1)], key: "h2"), .commit, key: "c2")
    try desk.change(desk.hold([Line("A", "F1", 1)]), .release)
    let lapsed = try desk.hold([Line("A", "F1", 1)], seconds: 1)
    try desk.hold([Line("A", "F1", 1)], seconds: 1)
    desk.now.milliseconds += 1500
    desk.expire()
    try desk.change(lapsed, .commit, key: "reclaimed")
    desk.apply(.profilePublished(ProfilePublication(epoch: 7, horizonBaseUnixSeconds: 86_400)))
    let decision = try desk.state.decide(
      begin: LoadDescription(id: Name("L"), mode: .merge, chunkCount: 2, force: false), at: desk.now
    )
    if let event = decision.event { desk.apply(event) }
    let chunk = try desk.state.decide(chunk: 0, of: Name("L"), Rows.nodes(["F4"]))
    if let event = chunk.event { desk.apply(event) }
    return desk
  }

  @Test func anExportComesBackAndExportsTheSame() throws {
    let desk = try full()
    let digest = desk.state.digest()
    let blocks = try export(desk.state)
    let copy = imported(blocks, at: desk)
    #expect(copy.digest() == digest)
    #expect(copy.counters == desk.state.counters)
    let again = try export(copy)
    #expect(String(describing: again) == String(describing: blocks))
    // Both go on alike: a claim, an expiry, a load that was open.
    for state in [desk.state, copy] {
      let twin = Desk(state: state)
      twin.position = desk.position
      twin.now = desk.now
      try twin.hold([Line("A", "F1", 1)], key: "after")
      #expect(try state.recall(twin.command("h1"), at: twin.now) != nil)
      #expect(try state.recall(twin.command("reclaimed"), at: twin.now)?.outcome.reclaimed == true)
      #expect(try state.recall(twin.command("c2"), at: twin.now)?.outcome.reclaimed == false)
      let chunk = try state.decide(
        chunk: 1, of: Name("L"), Rows.positions([("A", "F4", 1, 0, 0)]))
      if let event = chunk.event { twin.apply(event) }
      let commit = try state.decide(commitLoad: Name("L"))
      if let event = commit.event { twin.apply(event) }
      twin.now.milliseconds += 700_000
      twin.expire()
    }
    #expect(copy.digest() == desk.state.digest())
    #expect(copy.digest() != digest)
    #expect(copy.holds.count == desk.state.holds.count)
  }

  @Test func anExportIsAPointInTimeWhileTheStateChanges() throws {
    let desk = try full(positions: 6_000)
    desk.state.chunkRows = 200
    if let abort = try desk.state.decide(abortLoad: Name("L")).event { desk.apply(abort) }
    let digest = desk.state.digest()
    let position = desk.position
    let time = desk.now
    var random = Counter(seed: 5)
    var sequence: UInt64 = 1
    var calls = 0
    let blocks = try export(desk.state) { count in
      calls = count
      for _ in 0..<8 {
        let item = "item \(random.next(below: 3_000))"
        let fresh = "fresh \(random.next())"
        try desk.feed(
          [(item, "F1", .count, 3), (item, "F3", .receipt, 2), (fresh, "F2", .receipt, 1)],
          source: "during", from: sequence)
        sequence += 3
      }
      try desk.put(Rows.items([Rows.Item(key: "A", seller: "S2", volume: Int64(count))]))
      if count < 5 { try desk.hold([Line("A", "F3", 1)]) }
    }
    #expect(calls > 40, "the export must have been cut into chunks")
    let copy = State()
    for block in blocks { copy.importBlock(block) }
    copy.finishImport(position: position, time: time)
    #expect(copy.digest() == digest)
    #expect(desk.state.digest() != digest && !desk.state.isExporting)
  }

  @Test func aTableThatGrowsFinishesTheSweepFirst() throws {
    let desk = try full(positions: 3_000)
    desk.state.chunkRows = 500
    let digest = desk.state.digest()
    let (position, time) = (desk.position, desk.now)
    let blocks = try export(desk.state) { count in
      if count != 2 { return }
      let buckets = desk.state.positions.bucketCount
      let rows = (0..<9_000).map { ("more \($0)", "F1", Int32(1), Int32(0), Int32(0)) }
      try desk.put(Rows.positions(rows))
      #expect(desk.state.positions.bucketCount > buckets)
    }
    let copy = State()
    for block in blocks { copy.importBlock(block) }
    copy.finishImport(position: position, time: time)
    #expect(copy.digest() == digest)
  }

  @Test func aCancelledExportLeavesNothing() throws {
    let desk = try full()
    desk.state.beginExport()
    _ = desk.state.nextExportBlock()
    desk.state.cancelExport()
    #expect(!desk.state.isExporting && desk.state.nextExportBlock() == nil)
    desk.state.beginExport()
    #expect(desk.state.nextExportBlock() != nil)
  }

  @Test func replayOfTheSameEventsGivesTheSameState() throws {
    let first = try full()
    let second = try full()
    #expect(first.state.digest() == second.state.digest())
  }
}
