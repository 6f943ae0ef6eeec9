import PromisedModel
import PromisedWire
import Testing

@testable import PromisedSequencer

@Suite("Long polls")
struct PollTests {
  private func bench(
    _ items: [String] = ["A", "B"]
  ) throws -> (bench: Workbench, reader: Session, writer: Session) {
    let bench = Workbench()
    try bench.stock(items, onHand: 10)
    return (bench, bench.sequencer.openSession(slot: 1), bench.sequencer.openSession(slot: 2))
  }

  @Test("what changed behind the place is answered at once, the rest by the next poll")
  func atOnce() throws {
    let items = (0..<7).map { "I\($0)" }
    let (bench, reader, writer) = try bench(items)
    var place = (position: bench.sequencer.position, part: UInt64(0))
    bench.receive(items, on: writer)
    var told: [[String]] = []
    for _ in 0..<3 {
      bench.put(
        Ask.poll(1, position: place.position, part: place.part, wait: 30_000, limit: 3),
        on: reader)
      let frames = bench.told(reader)
      try #require(frames.count == 1)
      let batch = try frames[0].polled()
      told.append(batch.items.map(\.item))
      place = (batch.position, batch.part)
      #expect(batch.sequence == 0)
    }
    #expect(told == [["I0", "I1", "I2"], ["I3", "I4", "I5"], ["I6"]])
    #expect(place.position == bench.sequencer.position && place.part == 0)
  }

  @Test("a poll waits for a change of what it asks for, and counts as in flight")
  func waits() throws {
    let (bench, reader, writer) = try bench()
    bench.put(
      Ask.poll(1, position: bench.sequencer.position, wait: 30_000, prefix: "B"), on: reader)
    #expect(bench.told(reader).isEmpty)
    #expect(reader.streams.count == 1 && reader.heldCount == 0)
    bench.receive(["A"], on: writer)
    #expect(bench.told(reader).isEmpty)
    bench.receive(["B"], on: writer)
    let frames = bench.told(reader)
    try #require(frames.count == 1)
    #expect(try frames[0].polled().items.map(\.item) == ["B"])
    #expect(reader.streams.count == 0 && bench.sequencer.watchesWakeAt == nil)
  }

  @Test("a change is answered once it is durable")
  func durable() throws {
    let (bench, reader, writer) = try bench()
    bench.put(Ask.poll(1, position: bench.sequencer.position, wait: 30_000), on: reader)
    bench.settle()
    bench.put(Ask.hold(1, key: "k", item: "A", quantity: 1), on: writer)
    _ = bench.sequencer.serveWatches()
    #expect(Frame.take(from: reader).isEmpty && reader.heldCount == 1)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(Frame.take(from: reader).count == 1)
  }

  @Test("a wait that is over is answered empty, with where to go on")
  func waitIsOver() throws {
    let (bench, reader, writer) = try bench()
    bench.put(Ask.poll(1, position: 0, wait: 1000, prefix: "B"), on: reader)
    #expect(bench.told(reader).isEmpty)
    bench.receive(["A"], on: writer)
    let wakesAt = try #require(bench.sequencer.watchesWakeAt)
    bench.settle()
    #expect(Frame.take(from: reader).isEmpty)
    let left = (wakesAt - bench.sequencer.uptimeNanoseconds) / 1_000_000
    #expect(left <= 1000)
    bench.pass(milliseconds: 979)
    #expect(bench.told(reader).isEmpty)
    let frames = bench.told(reader)
    try #require(frames.count == 1)
    let batch = try frames[0].polled()
    #expect(batch.items.isEmpty && batch.position == bench.sequencer.position)
    // No wait at all tells where the log is.
    bench.put(Ask.poll(3, position: 0), on: reader)
    #expect(try bench.told(reader).map { try $0.polled().position } == [bench.sequencer.position])
  }

  @Test("the call's own deadline is kept")
  func deadline() throws {
    let (bench, reader, _) = try bench()
    bench.put(
      Ask.poll(1, position: 0, wait: 30_000, timeoutNano: 200_000_000), on: reader)
    bench.pass(milliseconds: 180)
    #expect(bench.told(reader).isEmpty)
    let frames = bench.told(reader)
    #expect(frames.count == 1 && frames[0].says("DEADLINE_PASSED"))
    #expect(reader.streams.count == 0)
  }

  @Test("polls that wait fill the requests in flight, and no more")
  func inFlight() throws {
    let (bench, reader, _) = try bench()
    for poll in 0..<4096 as Range<UInt32> {
      bench.put(Ask.poll(2 * poll + 1, position: 0, wait: 30_000), on: reader)
    }
    bench.put(Ask.poll(9001, position: 0, wait: 30_000), on: reader)
    let refused = Frame.take(from: reader)
    #expect(refused.count == 1 && refused[0].says("TOO_MANY_IN_FLIGHT"))
    #expect(bench.sequencer.watchCounts.watches == 4096)
    // And of the server as a whole there is a limit too.
    for slot in 0..<2 {
      let other = bench.sequencer.openSession(slot: 50 + slot)
      for poll in 0..<3000 as Range<UInt32> {
        bench.put(Ask.poll(2 * poll + 1, position: 0, wait: 30_000), on: other)
      }
    }
    #expect(bench.sequencer.watchCounts.watches == 10_000)
    bench.sequencer.closeSession(reader)
    #expect(bench.sequencer.watchCounts.watches == 10_000 - 4096)
    bench.pass(milliseconds: 30_000)
    bench.settle()
    #expect(bench.sequencer.watchCounts.watches == 0)
  }

  @Test("fields out of range are refused")
  func fields() throws {
    let (bench, reader, _) = try bench()
    bench.put(
      Ask.poll(1, position: 0, wait: 30_001), Ask.poll(3, position: 0, limit: 1001), on: reader)
    bench.put(Ask.poll(5, position: .max), on: reader)
    let frames = Frame.take(from: reader)
    #expect(frames.map { $0.says("FIELD_OUT_OF_RANGE") } == [true, true, true])
    #expect(frames[0].says("max_wait_ms is 30001; allowed: 0 to 30000"))
  }
}
