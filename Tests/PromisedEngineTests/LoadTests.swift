import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct LoadTests {
  private func description(
    _ id: String, _ mode: LoadMode = .merge, chunks: UInt32, force: Bool = false
  ) -> LoadDescription {
    LoadDescription(id: Name(id), mode: mode, chunkCount: chunks, force: force)
  }

  @discardableResult
  private func send(_ desk: Desk, _ body: (State) throws(Refusal) -> LoadDecision)
    throws(Refusal) -> LoadDecision
  {
    let decision = try body(desk.state)
    if let event = decision.event { desk.apply(event) }
    return decision
  }

  private func code(_ desk: Desk, _ body: (State) throws(Refusal) -> LoadDecision) -> OutcomeCode? {
    desk.refusal { () throws(Refusal) in _ = try body(desk.state) }?.code
  }

  @Test func aLoadIsWholeOrInvisible() throws {
    let desk = Desk()
    let id = Name("L")
    let chunks = [
      Rows.nodes(["F1"]), Rows.sellers(["S1"]), Rows.items([Rows.Item(key: "A")]),
      Rows.positions([("A", "F1", 5, 0, 0)]),
      Rows.inbound([("I", "A", "F1", 2, 9, .working)]),
      Rows.limits([("S1", .standard, 202_609, .confirmed, 5)]),
    ]
    let empty = desk.state.counters
    try send(desk) { (state) throws(Refusal) in
      try state.decide(begin: description("L", chunks: 6), at: desk.now)
    }
    for (number, rows) in chunks.enumerated() {
      let decision = try send(desk) { (state) throws(Refusal) in
        try state.decide(chunk: UInt32(number), of: id, rows)
      }
      #expect(decision.nextChunk == UInt32(number + 1))
      #expect(desk.state.counters == empty)
      #expect(desk.state.nodeIndex(Name("F1")) == nil)
    }
    let commit = try send(desk) { (state) throws(Refusal) in try state.decide(commitLoad: id) }
    #expect(commit.committed && commit.positionsChanged == 1)
    #expect(desk.available("A", "F1") == 5)
    #expect(desk.state.counters.inboundRows == 1 && desk.state.openLoad == nil)
    // The answer to a repeated commit, whose first answer was lost.
    let again = try send(desk) { (state) throws(Refusal) in try state.decide(commitLoad: id) }
    #expect(again.committed && again.event == nil)
  }

  @Test func anOpenLoadTakesOverForceAndKeepsItsChunks() throws {
    let desk = try Desk.small()
    let id = Name("L")
    func begin(_ chunks: UInt32, _ mode: LoadMode = .merge, force: Bool)
      throws(Refusal) -> LoadDecision
    {
      try send(desk) { (state) throws(Refusal) in
        try state.decide(begin: description("L", mode, chunks: chunks, force: force), at: desk.now)
      }
    }
    _ = try begin(1, force: false)
    try send(desk) { (state) throws(Refusal) in
      try state.decide(chunk: 0, of: id, Rows.positions([("A", "F1", 99, 0, 0)]))
    }
    #expect(
      code(desk) { (state) throws(Refusal) in try state.decide(commitLoad: id) }
        == .loadChangesTooMuch)
    let before = desk.state.digest()
    let forced = try begin(1, force: true)
    #expect(forced.event != nil && forced.nextChunk == 1 && !forced.committed)
    #expect(desk.state.digest() != before && desk.state.openLoad?.description.force == true)
    #expect(try begin(1, force: true).event == nil)
    // Another mode or another number of chunks is another load.
    #expect(
      desk.refusal { () throws(Refusal) in _ = try begin(2, force: true) }?.code == .loadInProgress)
    #expect(
      desk.refusal { () throws(Refusal) in _ = try begin(1, .replace, force: true) }?.code
        == .loadInProgress)
    try send(desk) { (state) throws(Refusal) in try state.decide(commitLoad: id) }
    #expect(desk.available("A", "F1") == 99)
  }

  @Test func aLoadJustCommittedIsNotLoadedOver() throws {
    let desk = try Desk.small()
    func begin(_ id: String, _ mode: LoadMode = .merge, chunks: UInt32 = 1)
      throws(Refusal) -> LoadDecision
    {
      try state(desk).decide(
        begin: description(id, mode, chunks: chunks, force: true), at: desk.now)
    }
    func state(_ desk: Desk) -> State { desk.state }
    func load(_ id: String) throws {
      let event = try #require(try begin(id).event)
      desk.apply(event)
      try send(desk) { (state) throws(Refusal) in
        try state.decide(chunk: 0, of: Name(id), Rows.positions([("A", "F1", 50, 0, 0)]))
      }
      try send(desk) { (state) throws(Refusal) in try state.decide(commitLoad: Name(id)) }
    }
    try load("L")
    try desk.feed([("A", "F1", .shipment, 10)], from: 1)
    desk.now.milliseconds += Limits.idempotencyMilliseconds - 1
    let again = try begin("L")
    #expect(again.committed && again.event == nil)
    // Another mode, another form, another id: another load.
    for other in [try begin("L", .replace), try begin("L", chunks: 2), try begin("M")] {
      #expect(!other.committed && other.event != nil)
    }
    // While another load is open, that is what is told.
    desk.apply(try #require(try begin("M").event))
    #expect(desk.refusal { () throws(Refusal) in _ = try begin("L") }?.code == .loadInProgress)
    try send(desk) { (state) throws(Refusal) in try state.decide(abortLoad: Name("M")) }
    #expect(try begin("L").committed)
    #expect(desk.available("A", "F1") == 40)
    desk.now.milliseconds += 1
    try load("L")
    #expect(desk.available("A", "F1") == 50)
    // Only the load committed last is known.
    try load("N")
    #expect(try begin("L").event != nil)
  }

  @Test func anAbortedLoadLeavesNothing() throws {
    let desk = try Desk.small()
    let before = desk.state.digest()
    try send(desk) { (state) throws(Refusal) in
      try state.decide(begin: description("L", .replace, chunks: 2), at: desk.now)
    }
    try send(desk) { (state) throws(Refusal) in
      try state.decide(chunk: 0, of: Name("L"), Rows.nodes(["F1", "F7"]))
    }
    #expect(desk.state.digest() != before)
    try send(desk) { (state) throws(Refusal) in try state.decide(abortLoad: Name("L")) }
    #expect(desk.state.digest() == before)
    #expect(
      code(desk) { (state) throws(Refusal) in try state.decide(abortLoad: Name("L")) }
        == .loadUnknown)
  }

  @Test func chunksComeInOrderAndTheLoadGoesOnWhereItWasCut() throws {
    let desk = try Desk.small()
    let id = Name("L")
    #expect(
      code(desk) { (state) throws(Refusal) in
        try state.decide(chunk: 0, of: id, Rows.sellers(["S3"]))
      } == .loadUnknown)
    let begin = description("L", chunks: 2)
    try send(desk) { (state) throws(Refusal) in try state.decide(begin: begin, at: desk.now) }
    func chunk(_ number: UInt32) throws(Refusal) -> LoadDecision {
      try send(desk) { (state) throws(Refusal) in
        try state.decide(chunk: number, of: id, Rows.sellers(["S\(3 + number)"]))
      }
    }
    #expect(desk.refusal { () throws(Refusal) in _ = try chunk(1) }?.code == .loadChunkOutOfOrder)
    #expect(desk.refusal { () throws(Refusal) in _ = try chunk(2) }?.code == .fieldOutOfRange)
    #expect(try chunk(0).nextChunk == 1)
    let repeated = try chunk(0)
    #expect(repeated.event == nil && repeated.nextChunk == 1)
    let resumed = try send(desk) { (state) throws(Refusal) in
      try state.decide(begin: begin, at: desk.now)
    }
    #expect(resumed.event == nil && resumed.nextChunk == 1)
    #expect(
      code(desk) { (state) throws(Refusal) in try state.decide(commitLoad: id) }
        == .loadChunkOutOfOrder)
    #expect(
      code(desk) { (state) throws(Refusal) in
        try state.decide(begin: description("other", chunks: 1), at: desk.now)
      } == .loadInProgress)
    let put = desk.refusal { () throws(Refusal) in try desk.put(Rows.nodes(["F8"])) }
    #expect(put?.code == .loadInProgress)
    _ = try chunk(1)
    try send(desk) { (state) throws(Refusal) in try state.decide(commitLoad: id) }
    #expect(desk.state.counters.sellers == 4)
    #expect(
      code(desk) { (state) throws(Refusal) in
        try state.decide(begin: description("", chunks: 1), at: desk.now)
      }
        == .keyInvalid)
    #expect(
      code(desk) { (state) throws(Refusal) in
        try state.decide(begin: description("x", chunks: 0), at: desk.now)
      }
        == .fieldOutOfRange)
  }

  @Test func chunksAreCheckedAgainstWhatTheLoadBrings() throws {
    let desk = try Desk.small()
    let id = Name("L")
    try send(desk) { (state) throws(Refusal) in
      try state.decide(begin: description("L", .replace, chunks: 9), at: desk.now)
    }
    // In a replacing load the nodes of the old network are gone.
    let stock = Rows.positions([("A", "F1", 1, 0, 0)])
    #expect(
      code(desk) { (state) throws(Refusal) in try state.decide(chunk: 0, of: id, stock) }
        == .nodeUnknown)
    try send(desk) { (state) throws(Refusal) in
      try state.decide(chunk: 0, of: id, Rows.nodes(["F1"]))
    }
    try send(desk) { (state) throws(Refusal) in try state.decide(chunk: 1, of: id, stock) }
    #expect(
      code(desk) { (state) throws(Refusal) in
        try state.decide(chunk: 2, of: id, Rows.items([Rows.Item(key: "Z", seller: "S9")]))
      } == .sellerUnknown)
  }

  @Test func replacingStatesWhatIsAbsentAsNothing() throws {
    let desk = try Desk.small()
    try desk.put(Rows.positions([("A", "F2", 7, 1, 1)]))
    try desk.put(Rows.inbound([("I", "A", "F1", 5, 9, .working)]))
    try desk.put(Rows.limits([("S1", .standard, 202_609, .confirmed, 5)]))
    let id = try desk.hold([Line("A", "F1", 4)])
    try send(desk) { (state) throws(Refusal) in
      try state.decide(begin: description("L", .replace, chunks: 2, force: true), at: desk.now)
    }
    try send(desk) { (state) throws(Refusal) in
      try state.decide(chunk: 0, of: Name("L"), Rows.nodes(["F9", "F1"]))
    }
    try send(desk) { (state) throws(Refusal) in
      try state.decide(chunk: 1, of: Name("L"), Rows.positions([("B", "F9", 3, 0, 0)]))
    }
    let commit = try send(desk) { (state) throws(Refusal) in
      try state.decide(commitLoad: Name("L"))
    }
    #expect(commit.positionsChanged == 4)
    #expect(desk.row("A", "F1")?.onHand == 0 && desk.row("A", "F1")?.reserved == 4)
    #expect(desk.row("B", "F9")?.onHand == 3 && desk.row("B", "F1")?.onHand == 0)
    #expect(desk.state.nodeIndex(Name("F2")) == nil && desk.state.nodeIndex(Name("F1")) == 0)
    #expect(desk.state.counters.inboundRows == 0 && desk.state.limits.count == 0)
    #expect(desk.state.counters.sellers == 2 && desk.state.counters.items == 2)
    var reply = HoldReply()
    try desk.state.answer(HoldReference(id: id), at: desk.now, into: &reply)
    #expect(reply.state == .held)
    let kept = desk.state.usageRows()
    desk.state.recomputeUsage()
    #expect(kept == desk.state.usageRows())
    try desk.change(id, .release)
  }

  @Test func moreThanFivePercentNeedsForce() throws {
    let desk = try Desk.small()
    let all = (0..<100).map { ("item\($0)", "F1", Int32(10), Int32(0), Int32(0)) }
    try desk.put(Rows.positions(all))
    #expect(desk.state.counters.positions == 102)
    func load(_ id: String, changing count: Int, mode: LoadMode = .merge, force: Bool = false)
      throws(Refusal)
    {
      try send(desk) { (state) throws(Refusal) in
        try state.decide(begin: description(id, mode, chunks: 2, force: force), at: desk.now)
      }
      try send(desk) { (state) throws(Refusal) in
        try state.decide(chunk: 0, of: Name(id), Rows.nodes(["F1", "F2", "F3"]))
      }
      // Rows that state what is there already change nothing, new ones change no live position.
      let rows =
        all.enumerated().map { index, row in
          (row.0, row.1, index < count ? Int32(11) : Int32(10), Int32(0), Int32(0))
        } + [("A", "F1", 10, 0, 0), ("B", "F1", 4, 1, 0), ("new-\(id)", "F1", 5, 0, 0)]
      try send(desk) { (state) throws(Refusal) in
        try state.decide(chunk: 1, of: Name(id), Rows.positions(rows))
      }
      do {
        try send(desk) { (state) throws(Refusal) in try state.decide(commitLoad: Name(id)) }
      } catch {
        try send(desk) { (state) throws(Refusal) in try state.decide(abortLoad: Name(id)) }
        throw error
      }
    }
    let refusal = desk.refusal { () throws(Refusal) in try load("six", changing: 6) }
    #expect(refusal?.code == .loadChangesTooMuch)
    #expect(refusal?.message.contains("6 of 102 positions") == true)
    #expect(desk.refusal { () throws(Refusal) in try load("five", changing: 5) } == nil)
    #expect(desk.row("item4", "F1")?.onHand == 11 && desk.row("item5", "F1")?.onHand == 10)
    // In a replacing load absent positions count too: new-five is one.
    try desk.put(Rows.positions((0..<5).map { ("extra\($0)", "F2", 1, 0, 0) }))
    let replace = desk.refusal { () throws(Refusal) in
      try load("r", changing: 5, mode: .replace)
    }
    #expect(replace?.code == .loadChangesTooMuch && replace?.message.contains("6 of 108") == true)
    #expect(
      desk.refusal { () throws(Refusal) in
        try load("f", changing: 5, mode: .replace, force: true)
      } == nil)
    #expect(desk.row("extra0", "F2")?.onHand == 0)
  }

  @Test func putsAreRefusedByRowAndField() throws {
    let desk = try Desk.small()
    func code(_ rows: PutRows) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in try desk.state.validate(rows) }?.code
    }
    #expect(code(Rows.items([Rows.Item(key: "A", seller: "S9")])) == .sellerUnknown)
    #expect(code(Rows.items([Rows.Item(key: "A", volume: 0)])) == .fieldOutOfRange)
    #expect(code(Rows.items([Rows.Item(key: "A", ratioMilli: 999)])) == .fieldOutOfRange)
    #expect(code(Rows.items([Rows.Item(key: "")])) == .keyInvalid)
    #expect(code(Rows.items([Rows.Item(key: "a\u{7}")])) == .keyInvalid)
    #expect(code(Rows.positions([("A", "F9", 1, 0, 0)])) == .nodeUnknown)
    #expect(code(Rows.positions([("A", "F1", -1, 0, 0)])) == .fieldOutOfRange)
    #expect(code(Rows.positions([("A", "F1", 1, 2_000_000_000, 1)])) == .fieldOutOfRange)
    #expect(code(Rows.inbound([("I", "A", "F1", -1, 9, .working)])) == .fieldOutOfRange)
    #expect(code(Rows.inbound([("", "A", "F1", 1, 9, .working)])) == .keyInvalid)
    #expect(code(Rows.limits([("S1", .standard, 202_613, .confirmed, 1)])) == .fieldOutOfRange)
    #expect(code(Rows.limits([("S1", .standard, 202_612, .noLimit, 1)])) == .fieldOutOfRange)
    #expect(code(Rows.limits([("S9", .standard, 202_612, .noLimit, 0)])) == .sellerUnknown)
    #expect(
      code(.sellers([Seller(name: Name("S"), title: .empty, marketplace: Name("XX"))]))
        == .marketplaceUnknown)
    #expect(
      code(.sellers([Seller(name: .empty, title: .empty, marketplace: Name("US"))])) == .keyInvalid)
    var rows = PositionRows()
    rows.keys.append(Array("A".utf8))
    #expect(code(.positions(rows)) == .columnLengthMismatch)
    rows.nodes = [0]
    rows.onHand = [1]
    rows.nodeNames = []
    #expect(code(.positions(rows)) == .fieldOutOfRange)
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.state.validate(Rows.items([Rows.Item(key: "A"), Rows.Item(key: "B", volume: 0)]))
    }
    #expect(refusal?.row == 1)
    #expect(
      refusal?.message
        == "volumes_micro_cubic_feet[1] is 0: 1 to 1000000000000 are allowed")
    var many = PositionRows()
    many.keys = PackedKeys(
      bytes: Array(repeating: 65, count: Limits.batchRows + 1),
      lengths: Array(repeating: 1, count: Limits.batchRows + 1))
    #expect(code(.positions(many)) == .tooManyRows)
  }
}
