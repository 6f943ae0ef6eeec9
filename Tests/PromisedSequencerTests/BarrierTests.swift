import PromisedModel
import Testing

@testable import PromisedSequencer

/// Rule 3: a reply leaves when the last change it saw is on disk, also a read, also a refusal.
@Suite("The barrier: reply after durable, for observers too")
struct BarrierTests {
  private func bench() throws -> (Workbench, Session, Session) {
    let bench = Workbench()
    try bench.stock(["A", "B"], onHand: 1)
    return (
      bench, bench.sequencer.openSession(slot: 1), bench.sequencer.openSession(slot: 2)
    )
  }

  @Test("a hold's reply waits for its own record")
  func holdWaits() throws {
    let (bench, alice, _) = try bench()
    #expect(bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 1), on: alice).isEmpty)
    #expect(alice.heldCount == 1)
    let released = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(released.count == 1 && released[0] === alice)
    let replies = Frame.take(from: alice)
    #expect(replies.count == 1 && !replies[0].isRefusal)
    #expect(alice.heldCount == 0)
  }

  @Test("a refusal that saw an unsynced hold waits for that hold")
  func refusalWaits() throws {
    let (bench, alice, bob) = try bench()
    _ = bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 1), on: alice)
    #expect(bench.send(Ask.hold(1, key: "k2", item: "A", quantity: 1), on: bob).isEmpty)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    let replies = Frame.take(from: bob)
    #expect(replies.count == 1 && replies[0].says("INSUFFICIENT_STOCK"))
  }

  @Test("a read of a touched row waits; a read of another does not")
  func readWaits() throws {
    let (bench, alice, bob) = try bench()
    _ = bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 1), on: alice)
    #expect(bench.send(Ask.availability(1, item: "A"), on: bob).isEmpty)
    #expect(bench.send(Ask.availability(3, item: "B"), on: bob).map(\.streamID) == [3])
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(Frame.take(from: bob).map(\.streamID) == [1])
  }

  @Test("a batch of the feed on its way to the disk holds up those who read its items, nobody else")
  func feedHoldsUpItsItems() throws {
    let bench = Workbench()
    let items = (0..<2000).map { "I\(100_000 + $0)" }
    try bench.stock(items, onHand: 1)
    let (feed, reader) = (
      bench.sequencer.openSession(slot: 1), bench.sequencer.openSession(slot: 2)
    )
    let batch = Ask.batch(Array(items[..<1000]), first: 1)
    #expect(bench.send(Ask.frame(1, "Inventory", "Apply", batch), on: feed).isEmpty)
    var answered = 0
    for (place, item) in items.enumerated() {
      let replies = bench.send(Ask.availability(UInt32(place * 2 + 1), item: item), on: reader)
      if place < 1000 {
        #expect(replies.isEmpty, "\(item) was changed and is not on disk")
      } else {
        answered += replies.count
      }
    }
    #expect(answered >= 999)
  }

  @Test("what a load or a feed goes on from is told once it is on disk")
  func statusWaits() throws {
    let (bench, feed, reader) = try bench()
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(bench.send(Ask.frame(1, "Admin", "Status", []), on: reader).count == 1)
    let batch = Ask.batch(["A"], first: 1)
    #expect(bench.send(Ask.frame(1, "Inventory", "Apply", batch), on: feed).isEmpty)
    #expect(bench.send(Ask.frame(3, "Admin", "Status", []), on: reader).isEmpty)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(Frame.take(from: reader).map(\.streamID) == [3])
  }

  @Test("a part of the log that became durable releases that part")
  func partialRelease() throws {
    let (bench, alice, _) = try bench()
    _ = bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 1), on: alice)
    let first = bench.sequencer.position
    _ = bench.send(Ask.hold(3, key: "k2", item: "B", quantity: 1), on: alice)
    _ = bench.sequencer.markDurable(upTo: first)
    #expect(Frame.take(from: alice).map(\.streamID) == [1])
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(Frame.take(from: alice).map(\.streamID) == [3])
  }

  @Test("the same key gets the same answer, after the first one is durable, and one effect")
  func repeatedKey() throws {
    let (bench, alice, bob) = try bench()
    let before = bench.records.count
    _ = bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 1), on: alice)
    #expect(bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 1), on: bob).isEmpty)
    #expect(bench.records.count == before + 1)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(Frame.take(from: bob).map(\.isRefusal) == [false])
  }

  @Test("the same key with another body is a conflict; a refusal is remembered too")
  func conflictAndRememberedRefusal() throws {
    let (bench, alice, _) = try bench()
    _ = bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 2), on: alice)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(Frame.take(from: alice)[0].says("INSUFFICIENT_STOCK"))
    let again = bench.send(Ask.hold(3, key: "k1", item: "A", quantity: 2), on: alice)
    #expect(again.count == 1 && again[0].says("INSUFFICIENT_STOCK"))
    let other = bench.send(Ask.hold(5, key: "k1", item: "A", quantity: 1), on: alice)
    #expect(other.count == 1 && other[0].says("IDEMPOTENCY_CONFLICT"))
  }

  @Test("a second request on a stream that waits closes the connection")
  func duplicateStream() throws {
    let (bench, alice, _) = try bench()
    _ = bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 1), on: alice)
    let frame = Ask.hold(1, key: "k2", item: "B", quantity: 1)
    let outcome = frame.withUnsafeBytes {
      bench.sequencer.receive(
        $0, on: alice,
        facts: ServerFacts(
          dataset: "", connections: 0, startedAtUnixSeconds: 0, residentBytes: 0, snapshots: []))
    }
    #expect(outcome.closes)
  }

  @Test("a deadline that was over when it was sent is refused and changes nothing")
  func deadline() throws {
    let (bench, alice, _) = try bench()
    let before = bench.sequencer.position
    let payload = Ask.text(2, "A") + Ask.packed(3, [1])
    let frame = Ask.frame(
      1, "Inventory", "Availability", payload, timeoutNano: UInt64(bitPattern: -1))
    let replies = bench.send(frame, on: alice)
    #expect(replies.count == 1 && replies[0].says("DEADLINE_PASSED"))
    #expect(bench.sequencer.position == before)
  }

  @Test("a draining service answers questions and takes no changes")
  func draining() throws {
    let (bench, alice, _) = try bench()
    #expect(bench.send(Ask.frame(1, "Admin", "Drain", []), on: alice).map(\.isRefusal) == [false])
    let hold = bench.send(Ask.hold(3, key: "k1", item: "A", quantity: 1), on: alice)
    #expect(hold.count == 1 && hold[0].says("DRAINING"))
    let read = bench.send(Ask.availability(5, item: "A"), on: alice)
    #expect(read.map(\.isRefusal) == [false])
  }

  @Test("a commit that claimed again says so when it is asked again")
  func reclaimed() throws {
    let (bench, alice, _) = try bench()
    _ = bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 1), on: alice)
    let id = bench.sequencer.position
    bench.now = UnixMilliseconds(bench.now.milliseconds + 600_000)
    var answers: [Frame] = []
    for stream: UInt32 in [3, 5] {
      answers += bench.send(Ask.commit(stream, key: "c1", holdID: id), on: alice)
      _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
      answers += Frame.take(from: alice).filter { $0.streamID == stream }
    }
    try #require(answers.count == 2)
    // Field 6 is reclaimed, field 7 repeated_answer; all else is the same.
    #expect(answers[0].data.suffix(2) == [6 << 3, 1])
    #expect(answers[1].data.suffix(4) == [6 << 3, 1, 7 << 3, 1])
    #expect(answers.allSatisfy { $0.says("cart") })
  }

  @Test("an expired hold blocks nobody, from the first read on")
  func expiry() throws {
    let (bench, alice, bob) = try bench()
    _ = bench.send(Ask.hold(1, key: "k1", item: "A", quantity: 1), on: alice)
    bench.now = UnixMilliseconds(bench.now.milliseconds + 600_000)
    _ = bench.send(Ask.hold(1, key: "k2", item: "A", quantity: 1), on: bob)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(Frame.take(from: bob).map(\.isRefusal) == [false])
  }
}

@Suite("Snapshots")
struct SnapshotTests {
  @Test("a snapshot given up half way leaves room for the next, which is whole")
  func givenUp() throws {
    let bench = Workbench()
    try bench.stock(["A", "B"], onHand: 5)
    bench.sequencer.beginSnapshot()
    #expect(bench.sequencer.nextSnapshotBlock() != nil)
    bench.sequencer.cancelSnapshot()
    #expect(bench.sequencer.nextSnapshotBlock() == nil)
    bench.sequencer.beginSnapshot()
    var positions = 0
    while let block = bench.sequencer.nextSnapshotBlock() {
      if case .positions(let rows) = block.block { positions += rows.nodes.count }
    }
    #expect(positions == 2)
  }
}

@Suite("Replay")
struct ReplayTests {
  @Test("the records alone rebuild the state, at every prefix")
  func replay() throws {
    let bench = Workbench()
    try bench.stock(["A", "B", "a-key-too-long-to-pack"], onHand: 5)
    let alice = bench.sequencer.openSession(slot: 1)
    for index in 0..<20 {
      let item = ["A", "B", "a-key-too-long-to-pack"][index % 3]
      _ = bench.send(
        Ask.hold(UInt32(index * 2 + 1), key: "k\(index)", item: item, quantity: 1), on: alice)
      bench.now = UnixMilliseconds(bench.now.milliseconds + 90_000)
    }
    let copy = Workbench()
    for (index, record) in bench.records.enumerated() {
      try record.withUnsafeBytes {
        try copy.sequencer.replay($0, at: UInt64(index + 1))
      }
    }
    copy.sequencer.finishRecovery(time: bench.sequencer.now)
    #expect(copy.sequencer.position == bench.sequencer.position)
    #expect(copy.sequencer.state.digest() == bench.sequencer.state.digest())
    #expect(copy.records.isEmpty)
  }
}
