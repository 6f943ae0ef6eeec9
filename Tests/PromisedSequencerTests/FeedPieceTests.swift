import PromisedModel
import PromisedWire
import Testing

@testable import PromisedSequencer

/// A batch of the feed that is decided piece by piece beside those who ask for one thing.
@Suite("Batches of the feed in pieces")
struct FeedPieceTests {
  private static var items: [String] { (0..<1000).map { "I\(10_000 + $0)" } }

  private struct Bench {
    let bench = Workbench()
    let feed: Session
    let other: Session

    init(beside: Bool = true) throws {
      try bench.stock(FeedPieceTests.items, onHand: 5)
      (feed, other) = (bench.sequencer.openSession(slot: 1), bench.sequencer.openSession(slot: 2))
      bench.sequencer.isBesideOthers = beside
    }

    var isUnderway: Bool { bench.sequencer.hasFeedUnderway }

    /// Gives the feed its turns until its batch is answered; how many it took.
    func finish() -> Int {
      var turns = 0
      while isUnderway {
        bench.queue([], on: feed)
        turns += 1
      }
      return turns
    }

    func durable(_ session: Session) -> [Frame] {
      _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
      return Frame.take(from: session)
    }

    func apply(_ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
      Ask.frame(stream, "Inventory", "Apply", payload)
    }
  }

  private func answer(_ frame: Frame) throws -> FeedAnswer {
    try frame.data.withUnsafeBufferPointer {
      try StreamMethod.applyStream.decode(try ResponseEnvelope(BorrowedBytes($0)).payload)
    }
  }

  /// Receipts, shipments of too much, items that nobody knows, and rows whose item came before.
  private var mixed: [UInt8] {
    Ask.moves(
      (0..<1000).map { row in
        let item = row % 7 == 6 ? "U\(10_000 + row)" : Self.items[row % 300]
        return row % 3 == 0 ? (item, 2, 14) : (item, 1, 4)
      }, first: 1)
  }

  @Test("it is answered as a whole batch is, row by row, and leaves the same stock")
  func sameAnswers() throws {
    let (whole, pieces) = (try Bench(beside: false), try Bench())
    for (round, payload) in [mixed, mixed, Ask.batch(Self.items, first: 901)].enumerated() {
      var answers: [FeedAnswer] = []
      for one in [whole, pieces] {
        one.bench.put(one.apply(UInt32(round * 2 + 1), payload), on: one.feed)
        let turns = one.finish()
        #expect(turns == (one.bench === pieces.bench ? 7 : 0))
        let frames = one.durable(one.feed)
        try #require(frames.count == 1)
        answers.append(try answer(frames[0]))
      }
      #expect(answers[0].outcomes == answers[1].outcomes)
      #expect(answers[0].outcomes.count == 1000)
      #expect(answers[0].lastSequence == answers[1].lastSequence)
      #expect(answers[1].asOf.position == pieces.bench.sequencer.position)
    }
    #expect(
      try whole.bench.stock(of: Self.items, on: whole.other)
        == pieces.bench.stock(of: Self.items, on: pieces.other))
    let (one, other) = (
      whole.bench.sequencer.state.feedSources, pieces.bench.sequencer.state.feedSources
    )
    #expect(one.map(\.appliedRows) == other.map(\.appliedRows))
    #expect(one.map(\.refusedRows) == other.map(\.refusedRows))
    #expect(one.map(\.parkedRows) == other.map(\.parkedRows))
    #expect(one.map(\.repeatedRows) == other.map(\.repeatedRows))
    #expect(other.map(\.gaps) == [0])
  }

  @Test("replay of its pieces gives the same state")
  func replay() throws {
    let pieces = try Bench()
    pieces.bench.put(pieces.apply(1, mixed), on: pieces.feed)
    #expect(pieces.finish() == 7)
    let copy = Workbench()
    for (index, record) in pieces.bench.records.enumerated() {
      try record.withUnsafeBytes { try copy.sequencer.replay($0, at: UInt64(index + 1)) }
    }
    #expect(copy.sequencer.state.digest() == pieces.bench.sequencer.state.digest())
  }

  @Test("others are served between its pieces, and wait for the disk of what they read")
  func between() throws {
    let one = try Bench()
    one.bench.put(one.apply(1, Ask.batch(Self.items, first: 1)), on: one.feed)
    #expect(one.isUnderway && one.feed.heldCount == 0)
    // The first row is applied and not on disk; the last has yet to be decided.
    #expect(one.bench.send(Ask.availability(1, item: Self.items[0]), on: one.other).isEmpty)
    let last = one.bench.send(Ask.availability(3, item: Self.items[999]), on: one.other)
    #expect(last.map(\.streamID) == [3])
    one.bench.put(Ask.hold(5, key: "k", item: Self.items[999], quantity: 5), on: one.other)
    #expect(one.finish() == 7)
    #expect(one.durable(one.other).map(\.streamID) == [1, 5])
    #expect(Frame.take(from: one.feed).map(\.streamID) == [1])
    let stock = try one.bench.stock(of: [Self.items[0], Self.items[999]], on: one.other)
    #expect(stock["\(Self.items[0])@N1"] == [6, 0, 0, 6])
    #expect(stock["\(Self.items[999])@N1"] == [6, 5, 0, 1])
  }

  @Test("what its sender asks behind it is decided behind it")
  func order() throws {
    let one = try Bench()
    let question = Ask.availability(3, item: Self.items[999])
    let bytes = one.apply(1, Ask.batch(Self.items, first: 1)) + question
    let first = one.bench.queue(bytes, on: one.feed)
    #expect(first.isOutOfTurn && first.consumed == bytes.count - question.count)
    while one.isUnderway {
      // The loop offers again what was not used.
      #expect(one.bench.queue(question, on: one.feed).consumed == 0)
    }
    #expect(one.bench.queue(question, on: one.feed).consumed == question.count)
    let frames = one.durable(one.feed)
    #expect(frames.map(\.streamID) == [1, 3])
    let stock = try one.bench.stock(of: [Self.items[999]], on: one.other)
    #expect(stock["\(Self.items[999])@N1"]?[0] == 6)
  }

  @Test("its answer waits for the disk of every piece")
  func waitsForAll() throws {
    let one = try Bench()
    one.bench.put(one.apply(1, Ask.batch(Self.items, first: 1)), on: one.feed)
    #expect(one.finish() == 7)
    _ = one.bench.sequencer.markDurable(upTo: one.bench.sequencer.position - 1)
    #expect(Frame.take(from: one.feed).isEmpty)
    #expect(one.durable(one.feed).count == 1)
  }

  @Test("when its sender goes away, all of it is decided all the same")
  func closed() throws {
    let one = try Bench()
    one.bench.put(one.apply(1, Ask.batch(Self.items, first: 1)), on: one.feed)
    #expect(one.isUnderway)
    one.bench.sequencer.closeSession(one.feed)
    #expect(!one.isUnderway)
    #expect(one.bench.sequencer.state.lastSequence(of: Name("wms")) == 1000)
  }

  @Test("another's batch finishes it first: one at most is under way")
  func another() throws {
    let one = try Bench()
    one.bench.put(one.apply(1, Ask.batch(Self.items, first: 1)), on: one.feed)
    let second = Ask.batch(Self.items, source: "erp", first: 1)
    one.bench.put(one.apply(1, second), on: one.other)
    #expect(one.bench.sequencer.hasFeedUnderway(one.other))
    #expect(one.bench.sequencer.state.lastSequence(of: Name("wms")) == 1000)
    #expect(one.durable(one.feed).map(\.isRefusal) == [false])
    while one.isUnderway { one.bench.queue([], on: one.other) }
    let frames = one.durable(one.other)
    #expect(frames.map(\.isRefusal) == [false])
    #expect(try answer(frames[0]).outcomes.allSatisfy { $0.reason == "OK" })
  }

  @Test("a stream's batch too; the end that came with it follows its answer")
  func streamed() throws {
    let one = try Bench()
    one.bench.put(Ask.open(1, "ApplyStream"), on: one.feed)
    one.bench.put(Ask.raw(1, kind: 3, 1, Ask.batch(Self.items, first: 1)), on: one.feed)
    #expect(one.isUnderway && one.feed.clientStreams.count == 1)
    #expect(one.finish() == 7)
    let frames = one.durable(one.feed)
    #expect(frames.map(\.isData) == [true, false] && frames.last?.isEnd == true)
    #expect(try frames[0].applied().lastSequence == 1000)
    #expect(one.feed.clientStreams.isEmpty)
  }

  @Test("what refuses a batch refuses it before its first piece")
  func refusedWhole() throws {
    let one = try Bench()
    let before = one.bench.sequencer.position
    one.bench.put(one.apply(1, Ask.batch(Self.items, first: 5)), on: one.feed)
    #expect(!one.isUnderway)
    #expect(one.durable(one.feed).map { $0.says("SEQUENCE_GAP") } == [true])
    // The last length is missing: nothing of the rest is taken either.
    let short = Ask.moves(Self.items.dropLast().map { ($0, 1, 2) }, first: 1)
    let uneven = Ask.packed(8, [2])
    one.bench.put(one.apply(3, short + uneven), on: one.feed)
    #expect(one.durable(one.feed).map { $0.says("COLUMN_LENGTH_MISMATCH") } == [true])
    #expect(one.bench.sequencer.position == before)
  }

  @Test("a batch with more said of its rows is one piece, and a large one has sixteen at most")
  func sizes() throws {
    let one = try Bench()
    // Column 11 says when each row happened.
    let when = Ask.packed(11, Self.items.map { _ in 1_795_262_399_000 })
    let before = one.bench.records.count
    one.bench.put(one.apply(1, Ask.batch(Self.items, first: 1) + when), on: one.feed)
    #expect(!one.isUnderway && one.bench.records.count == before + 1)
    let large = (0..<4).flatMap { _ in Self.items }
    one.bench.put(one.apply(3, Ask.batch(large, first: 1001)), on: one.feed)
    #expect(one.finish() == 15)
    #expect(one.bench.records.count == before + 17)
    #expect(one.durable(one.feed).map(\.isRefusal) == [false, false])
  }
}
