import PromisedModel
import PromisedWire
import Testing

@testable import PromisedSequencer

@Suite("Streams, and the feed through one")
struct StreamTests {
  private func bench() throws -> (Workbench, Session) {
    let bench = Workbench()
    try bench.stock(["A", "B"], onHand: 10)
    return (bench, bench.sequencer.openSession(slot: 1))
  }

  private func durable(_ bench: Workbench, _ session: Session) -> [Frame] {
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    return Frame.take(from: session)
  }

  @Test("each batch is answered in order, once it is durable; then the stream ends as asked")
  func order() throws {
    let (bench, session) = try bench()
    bench.put(Ask.open(1, "ApplyStream"), on: session)
    var positions: [Position] = []
    for first in 1...3 as ClosedRange<UInt64> {
      bench.put(Ask.data(1, Ask.batch(["A"], first: first)), on: session)
      positions.append(bench.sequencer.position)
    }
    #expect(Frame.take(from: session).isEmpty)
    _ = bench.sequencer.markDurable(upTo: positions[1])
    let two = Frame.take(from: session)
    #expect(try two.map { try $0.applied().lastSequence } == [1, 2])
    #expect(two.allSatisfy { $0.isData && $0.streamID == 1 })
    #expect(try two[0].applied().asOf.position == positions[0])
    #expect(try two[0].applied().credit == 64)
    // The client is done; what it asked for is answered before the end.
    bench.put(Ask.close(1), on: session)
    #expect(Frame.take(from: session).isEmpty)
    let rest = durable(bench, session)
    try #require(rest.count == 2)
    #expect(try rest[0].applied().lastSequence == 3)
    #expect(rest[1].isEnd && session.streams.count == 0 && session.clientStreams.isEmpty)
  }

  @Test("a stream decides and logs what Apply does")
  func sameDecision() throws {
    let (one, first) = try bench()
    let (other, second) = try bench()
    let rows = Ask.moves([("A", 2, 6), ("B", 2, 200), ("C", 1, 2)], first: 1)
    one.put(Ask.open(1, "ApplyStream"), Ask.data(1, rows), on: first)
    other.put(Ask.frame(1, "Inventory", "Apply", rows), on: second)
    #expect(one.records == other.records)
    let streamed = try durable(one, first)[0].applied()
    let unary = durable(other, second)[0]
    // The same message but for the credit, tag 15.
    let credit: [UInt8] = [15 << 3, 64]
    #expect(streamed.outcomes.map(\.reason) == ["OK", "ON_HAND_NEGATIVE", "ROW_PARKED"])
    one.put(Ask.data(1, rows), on: first)
    other.put(Ask.frame(3, "Inventory", "Apply", rows), on: second)
    let again = durable(one, first)[0].data
    let plain = durable(other, second)[0].data
    #expect(again == Array(plain.dropFirst(2)) + credit && !unary.isRefusal)
  }

  @Test("an answer that saw only durable rows does not overtake one that waits")
  func noOvertaking() throws {
    let (bench, session) = try bench()
    bench.receive(["A"], on: session)
    bench.put(Ask.open(1, "ApplyStream"), on: session)
    bench.put(Ask.data(1, Ask.batch(["A"], first: 2)), on: session)
    // Known already: this one has nothing to wait for.
    bench.put(Ask.data(1, Ask.batch(["B"], source: "wms", first: 1)), on: session)
    bench.put(Ask.close(1), on: session)
    #expect(Frame.take(from: session).isEmpty)
    let frames = durable(bench, session)
    try #require(frames.count == 3)
    #expect(try frames[0].applied().outcomes.map(\.reason) == ["OK"])
    #expect(try frames[1].applied().outcomes.map(\.reason) == ["ALREADY_APPLIED"])
    #expect(frames[2].isEnd)
  }

  @Test("exactly the credit may be unanswered; one batch more ends the stream and nothing is lost")
  func credit() throws {
    let (bench, session) = try bench()
    bench.put(Ask.open(1, "ApplyStream"), on: session)
    for round in 0..<2 as Range<UInt64> {
      for batch in 1...64 as ClosedRange<UInt64> {
        bench.put(Ask.data(1, Ask.batch(["A"], first: round * 64 + batch)), on: session)
      }
      #expect(durable(bench, session).allSatisfy { $0.isData })
    }
    for batch in 129...192 as ClosedRange<UInt64> {
      bench.put(Ask.data(1, Ask.batch(["A"], first: batch)), on: session)
    }
    let before = bench.sequencer.position
    bench.put(Ask.data(1, Ask.batch(["A"], first: 193)), on: session)
    #expect(bench.sequencer.position == before)
    bench.put(Ask.data(1, Ask.batch(["A"], first: 194)), on: session)
    let frames = durable(bench, session)
    try #require(frames.count == 65)
    #expect(try frames[63].applied().lastSequence == 192)
    let end = frames[64]
    #expect(end.kind == 2 && end.says("CREDIT_EXCEEDED"))
    #expect(end.says("the last sequence applied of wms is 192"))
    #expect(bench.sequencer.counters.ignoredFrames == 1)
    #expect(try bench.stock(of: ["A"], on: session)["A@N1"]?[0] == 10 + 192)
  }

  @Test("a batch that is refused as a whole ends the stream, behind the answers before it")
  func refusedBatch() throws {
    let (bench, session) = try bench()
    bench.put(Ask.open(1, "ApplyStream"), on: session)
    bench.put(Ask.data(1, Ask.batch(["A"], first: 1)), on: session)
    bench.put(Ask.data(1, Ask.batch(["A"], first: 9)), on: session)
    bench.put(Ask.data(1, Ask.batch(["A"], first: 2)), on: session)
    #expect(Frame.take(from: session).isEmpty)
    let frames = durable(bench, session)
    try #require(frames.count == 2)
    #expect(frames[0].isData && frames[1].kind == 2 && frames[1].says("SEQUENCE_GAP"))
    // The id is free again.
    bench.put(Ask.open(1, "ApplyStream"), Ask.close(1), on: session)
    #expect(durable(bench, session).map(\.isEnd) == [true])
  }

  @Test("data for no stream, and after the end of one, is ignored and counted")
  func strayData() throws {
    let (bench, session) = try bench()
    bench.put(Ask.data(7, [1, 2]), on: session)
    bench.put(Ask.open(1, "ApplyStream"), Ask.close(1), on: session)
    #expect(Frame.take(from: session).map(\.isEnd) == [true])
    bench.put(Ask.data(1, Ask.batch(["A"], first: 1)), Ask.close(1), on: session)
    // A unary request waits on 3: it takes no messages.
    bench.put(Ask.hold(3, key: "k", item: "A", quantity: 1), Ask.data(3, [1]), on: session)
    #expect(bench.sequencer.counters.ignoredFrames == 4)
    #expect(durable(bench, session).map(\.streamID) == [3])
    #expect(bench.sequencer.counters.streamMessages == 0)
  }

  @Test("a second request on the id of an open stream closes the connection")
  func doubleOpen() throws {
    let (bench, session) = try bench()
    bench.put(Ask.open(1, "ApplyStream"), on: session)
    #expect(bench.queue(Ask.open(1, "Watch"), on: session).closes)
  }

  @Test("a message that is too long ends its stream and no other")
  func oversized() throws {
    let (bench, session) = try bench()
    bench.put(Ask.open(1, "ApplyStream"), Ask.open(3, "ApplyStream"), on: session)
    bench.put(Ask.data(1, Ask.batch(["A"], first: 1)), on: session)
    bench.put(
      Ask.raw(1, kind: 3, 0, [UInt8](repeating: 0, count: 4_194_305)), on: session)
    bench.put(Ask.data(3, Ask.batch(["A"], source: "other", first: 1)), on: session)
    let frames = durable(bench, session)
    #expect(frames.map(\.streamID) == [1, 1, 3])
    #expect(frames[0].isData && frames[1].says("FRAME_TOO_LARGE") && frames[2].isData)
    #expect(frames[1].says("the last sequence applied of wms is 1"))
  }

  @Test("an empty message is a message; without data means none")
  func emptyMessages() throws {
    let (bench, session) = try bench()
    bench.put(Ask.open(1, "ApplyStream"), Ask.raw(1, kind: 3, 4, []), on: session)
    #expect(session.clientStreams.count == 1)
    bench.put(Ask.data(1, []), on: session)
    let frames = durable(bench, session)
    #expect(frames.count == 1 && frames[0].says("source is missing"))
  }

  @Test("the request may carry the first message, and the last may close")
  func firstAndLast() throws {
    let (bench, session) = try bench()
    bench.put(
      Ask.frame(1, "Inventory", "ApplyStream", Ask.batch(["A"], first: 1), flags: 2), on: session)
    bench.put(Ask.raw(1, kind: 3, 1, Ask.batch(["A"], first: 2)), on: session)
    let frames = durable(bench, session)
    #expect(frames.map(\.isData) == [true, true, false] && frames[2].isEnd)
  }

  @Test("a connection has so many streams, and a closed one makes room")
  func streamLimit() throws {
    let (bench, session) = try bench()
    for stream in 0..<64 as Range<UInt32> {
      bench.put(Ask.open(2 * stream + 1, "ApplyStream"), on: session)
    }
    bench.put(Ask.open(201, "ApplyStream"), on: session)
    let refused = Frame.take(from: session)
    #expect(refused.count == 1 && refused[0].streamID == 201 && refused[0].says("STREAM_LIMIT"))
    bench.put(Ask.close(5), Ask.open(201, "ApplyStream"), on: session)
    #expect(Frame.take(from: session).map(\.isEnd) == [true])
    #expect(session.clientStreams.count == 64)
  }

  @Test("a stream's own time limit ends it; a drain takes no more batches")
  func deadlineAndDrain() throws {
    let (bench, session) = try bench()
    bench.put(Ask.open(1, "ApplyStream", timeoutNano: 5_000_000), on: session)
    bench.put(Ask.open(3, "ApplyStream"), on: session)
    bench.put(Ask.data(1, Ask.batch(["A"], first: 1)), on: session)
    #expect(durable(bench, session).allSatisfy { $0.isData })
    bench.pass(milliseconds: 5)
    bench.put(Ask.data(1, Ask.batch(["A"], first: 2)), on: session)
    #expect(durable(bench, session).map { $0.says("DEADLINE_PASSED") } == [true])
    bench.put(Ask.data(3, Ask.batch(["A"], first: 2)), on: session)
    #expect(durable(bench, session).allSatisfy { $0.isData })
    bench.put(Ask.frame(5, "Admin", "Drain", []), on: session)
    _ = Frame.take(from: session)
    bench.put(Ask.data(3, Ask.batch(["A"], first: 3)), Ask.open(7, "Watch"), on: session)
    #expect(durable(bench, session).map { $0.says("DRAINING") } == [true, true])
  }

  @Test("a client that goes away leaves nothing")
  func goneClient() throws {
    let (bench, session) = try bench()
    bench.put(Ask.open(1, "ApplyStream"), on: session)
    bench.put(Ask.data(1, Ask.batch(["A"], first: 1)), on: session)
    bench.put(Ask.watch(3, WatchWishes()), on: session)
    bench.put(Ask.poll(5, position: 0, wait: 30_000), on: session)
    #expect(bench.sequencer.watchCounts.watches == 2)
    bench.sequencer.closeSession(session)
    #expect(bench.sequencer.watchCounts.watches == 0 && session.clientStreams.isEmpty)
    #expect(bench.sequencer.watchesWakeAt == nil)
    bench.settle()
  }
}
