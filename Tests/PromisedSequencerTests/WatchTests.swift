import PromisedModel
import Testing

@testable import PromisedSequencer
@testable import PromisedWire

@Suite("Watches and polls")
struct WatchTests {
  private func bench(
    _ items: [String] = ["A", "B"], changes: Int = 1 << 16
  ) throws -> (bench: Workbench, watcher: Session, writer: Session) {
    let bench = Workbench(changes: changes)
    try bench.stock(items, onHand: 10)
    return (bench, bench.sequencer.openSession(slot: 1), bench.sequencer.openSession(slot: 2))
  }

  @Test("a change is told once it is durable, with the stock as it is then")
  func change() throws {
    let (bench, watcher, writer) = try bench()
    bench.put(Ask.watch(1, WatchWishes()), on: watcher)
    #expect(bench.told(watcher).isEmpty)
    bench.put(Ask.hold(1, key: "k", item: "A", quantity: 3), on: writer)
    bench.pass(milliseconds: 10)
    #expect(bench.sequencer.serveWatches().count == 1)
    #expect(Frame.take(from: watcher).isEmpty)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    let frames = Frame.take(from: watcher)
    try #require(frames.count == 1 && frames[0].isData)
    let batch = try frames[0].batch()
    #expect(batch.sequence == 1 && batch.position == bench.sequencer.position)
    #expect(batch.asOf.position == batch.position && !batch.isLost && batch.part == 0)
    #expect(
      batch.items == [
        ChangedItem(
          item: "A", changedAt: batch.position, cause: 4, inboundUnits: 0,
          positions: [
            WatchedPosition(
              node: "N1", onHand: 10, fulfillable: 10, held: 3, allocated: 0, availableNow: 7)
          ])
      ])
    #expect(bench.told(watcher).isEmpty)
  }

  @Test("what changed several times is told once, as it is now")
  func coalesced() throws {
    let (bench, watcher, writer) = try bench()
    bench.put(Ask.watch(1, WatchWishes()), on: watcher)
    bench.settle()
    for _ in 0..<3 { bench.receive(["A", "B", "A"], on: writer) }
    bench.receive(["A"], on: writer)
    let frames = bench.told(watcher)
    try #require(frames.count == 1)
    let batch = try frames[0].batch()
    #expect(batch.items.map(\.item) == ["A", "B"])
    #expect(batch.items.map { $0.positions[0].onHand } == [17, 13])
    #expect(batch.items.map(\.changedAt) == [batch.position, batch.position - 1])
  }

  @Test("never more frames than the credit are unacknowledged, and acknowledging gives it back")
  func credit() throws {
    let (bench, watcher, writer) = try bench()
    var wishes = WatchWishes()
    wishes.credit = 2
    bench.put(Ask.watch(1, wishes), on: watcher)
    var told: [UInt64] = []
    for _ in 0..<5 {
      bench.receive(["A"], on: writer)
      told += try bench.told(watcher).map { try $0.batch().sequence }
    }
    #expect(told == [1, 2])
    #expect(watcher.pendingOutputBytes == 0 && watcher.heldCount == 0)
    bench.put(Ask.acknowledge(1, 1), on: watcher)
    let third = bench.told(watcher)
    try #require(third.count == 1)
    #expect(try third[0].batch().sequence == 3)
    // The three changes that were not told then are one.
    #expect(try third[0].batch().items[0].positions[0].onHand == 15)
    // An old acknowledgement gives nothing; one of what was never sent ends the watch.
    bench.put(Ask.acknowledge(1, 0), on: watcher)
    bench.receive(["A"], on: writer)
    #expect(bench.told(watcher).isEmpty)
    bench.put(Ask.acknowledge(1, 4), on: watcher)
    let end = bench.told(watcher)
    #expect(end.count == 1 && end[0].says("sequence is 4; allowed: 0 to 3"))
    #expect(bench.sequencer.watchCounts.watches == 0)
  }

  @Test("a watch that gives no credit for a minute is ended, if there is something to tell")
  func stalled() throws {
    let (bench, watcher, writer) = try bench()
    var wishes = WatchWishes()
    wishes.credit = 1
    wishes.heartbeatMilliseconds = 600_000
    bench.put(Ask.watch(1, wishes), on: watcher)
    bench.receive(["A"], on: writer)
    #expect(bench.told(watcher).count == 1)
    // Nothing more to tell: nobody is waiting for this client.
    bench.pass(milliseconds: 100_000)
    #expect(bench.told(watcher).isEmpty)
    bench.receive(["B"], on: writer)
    #expect(bench.told(watcher).isEmpty)
    bench.pass(milliseconds: 59_000)
    #expect(bench.told(watcher).isEmpty)
    bench.pass(milliseconds: 1_000)
    let frames = bench.told(watcher)
    try #require(frames.count == 1)
    #expect(frames[0].kind == 2 && frames[0].says("WATCH_TOO_SLOW"))
    #expect(frames[0].says("go on from position \(bench.sequencer.position - 1), part 0"))
    #expect(bench.told(watcher).isEmpty && watcher.clientStreams.isEmpty)
  }

  @Test("only items of the prefix are told")
  func prefix() throws {
    let long = "item with a long key"
    let (bench, watcher, writer) = try bench(["AB1", "AB", "A", "B1", "AB0", long, "AB é"])
    for (stream, prefix) in [(1, "AB"), (3, "AB1"), (5, ""), (7, "item with"), (9, "AB0000000000")]
      as [(UInt32, String)]
    {
      var wishes = WatchWishes()
      wishes.itemPrefix = prefix
      bench.put(Ask.watch(stream, wishes), on: watcher)
    }
    bench.receive(["AB1", "AB", "A", "B1", "AB0", long, "AB é"], on: writer)
    var told: [UInt32: [String]] = [:]
    for frame in bench.told(watcher) { told[frame.streamID] = try frame.batch().items.map(\.item) }
    #expect(
      told == [
        1: ["AB1", "AB", "AB0", "AB é"], 3: ["AB1"],
        5: ["AB1", "AB", "A", "B1", "AB0", long, "AB é"], 7: [long],
      ])
  }

  @Test("a large event comes in parts, and can be resumed within")
  func parts() throws {
    let items = (0..<2500).map { "I\($0)" }
    let (bench, watcher, writer) = try bench(items)
    bench.put(Ask.watch(1, WatchWishes()), on: watcher)
    bench.settle()
    let before = bench.sequencer.position
    bench.receive(items, on: writer)
    let batches = try bench.told(watcher).map { try $0.batch() }
    #expect(batches.map { $0.items.count } == [1000, 1000, 500])
    #expect(batches.map(\.position) == [before, before, before + 1])
    #expect(batches.map(\.part) == [1000, 2000, 0])
    #expect(batches.flatMap(\.items).map(\.item) == items)
    // Again, from the middle, on another connection.
    let other = bench.sequencer.openSession(slot: 3)
    var wishes = WatchWishes()
    (wishes.position, wishes.part) = (batches[0].position, batches[0].part)
    bench.put(Ask.watch(1, wishes), on: other)
    let rest = try bench.told(other).map { try $0.batch() }
    #expect(rest.flatMap(\.items).map(\.item) == Array(items[1000...]))
    #expect(rest.map(\.sequence) == [1, 2])
  }

  @Test("a watch that was lapped is told that it is lost, and goes on")
  func lapped() throws {
    let items = (0..<40).map { "I\($0)" }
    let (bench, watcher, writer) = try bench(items, changes: 16)
    var wishes = WatchWishes()
    wishes.credit = 1
    bench.put(Ask.watch(1, wishes), on: watcher)
    bench.receive(["I0"], on: writer)
    let first = try #require(try bench.told(watcher).first?.batch())
    for item in items { bench.receive([item], on: writer) }
    bench.put(Ask.acknowledge(1, 1), on: watcher)
    let lost = bench.told(watcher)
    try #require(lost.count == 1)
    let batch = try lost[0].batch()
    #expect(batch.isLost && batch.items.isEmpty && batch.sequence == 2)
    #expect(batch.position == bench.sequencer.position)
    bench.put(Ask.acknowledge(1, 2), on: watcher)
    bench.receive(["I7"], on: writer)
    let next = bench.told(watcher)
    try #require(next.count == 1)
    let found = try next[0].batch()
    #expect(found.items.map(\.item) == ["I7"] && !found.isLost)
    // So is one that comes back too late.
    let other = bench.sequencer.openSession(slot: 3)
    wishes.position = first.position
    bench.put(Ask.watch(1, wishes), on: other)
    #expect(try bench.told(other).map { try $0.batch().isLost } == [true])
  }

  @Test("a watch of a group tells of its nodes, and is lost when they change")
  func group() throws {
    let (bench, watcher, writer) = try bench()
    var network = Workbench.network()
    var other = network.nodes[0]
    other.name = Name("N2")
    network.nodes = [other]
    try bench.sequencer.put(.network(network))
    func put(_ members: [String]) throws {
      var rows = GroupRows()
      rows.names = [Name("west")]
      rows.counts = [UInt32(members.count)]
      rows.nodeNames = members.map { Name($0) }
      rows.nodes = members.indices.map { UInt32($0) }
      try bench.sequencer.put(.groups(rows))
    }
    try put(["N2"])
    var wishes = WatchWishes()
    wishes.group = "west"
    wishes.thresholds = [.below("A", units: 5)]
    bench.put(Ask.watch(1, wishes), on: watcher)
    #expect(try bench.told(watcher).flatMap { try $0.batch().crossings }.map(\.after) == [0])
    bench.receive(["A"], on: writer)
    #expect(bench.told(watcher).isEmpty)
    try put(["N1", "N2"])
    let lost = try bench.told(watcher).map { try $0.batch() }
    try #require(lost.count == 1)
    #expect(lost[0].isLost && lost[0].position == bench.sequencer.position)
    #expect(lost[0].crossings.map(\.after) == [11])
    bench.receive(["A"], on: writer)
    let told = try bench.told(watcher).map { try $0.batch() }
    #expect(told.flatMap(\.items).map(\.item) == ["A"] && told.allSatisfy { !$0.isLost })
    // Who comes back from before the change has lost what the group was.
    wishes.position = lost[0].position - 1
    let again = bench.sequencer.openSession(slot: 3)
    bench.put(Ask.watch(1, wishes), on: again)
    #expect(try bench.told(again).first?.batch().isLost == true)
  }

  @Test("a place ahead of the log is refused, so that nothing is skipped in silence")
  func ahead() throws {
    let (bench, watcher, _) = try bench()
    var wishes = WatchWishes()
    wishes.position = bench.sequencer.position + 1
    bench.put(Ask.watch(1, wishes), Ask.poll(3, position: wishes.position), on: watcher)
    #expect(bench.told(watcher).map { $0.says("POSITION_NOT_REACHED") } == [true, true])
  }

  @Test("after a restart the changes of the log are there again, with the same places")
  func replayed() throws {
    let items = (0..<30).map { "I\($0)" }
    let (bench, watcher, writer) = try bench(items)
    let from = bench.sequencer.position
    bench.receive(items, on: writer)
    bench.put(Ask.hold(1, key: "k", item: "I3", quantity: 1), on: writer)
    bench.receive(["I5", "I6"], on: writer)
    let other = Workbench()
    for (index, record) in bench.records.enumerated() {
      try record.withUnsafeBytes { try other.sequencer.replay($0, at: Position(index + 1)) }
    }
    other.sequencer.finishRecovery(time: bench.now)
    let again = other.sequencer.openSession(slot: 1)
    for part in [0, 7, 29, 30] as [UInt64] {
      for (bench, session) in [(bench, watcher), (other, again)] {
        bench.put(Ask.poll(1, position: from, part: part), on: session)
      }
      let live = bench.told(watcher)
      #expect(live == other.told(again) && live.count == 1)
      // The rest of the large event, and what changed after it.
      let rest = Set(items[Int(part)...] + ["I3", "I5", "I6"])
      let told = try live[0].polled().items.map(\.item)
      #expect(Set(told) == rest && told.count == rest.count)
    }
  }

  @Test("an empty batch says that the watch lives, and where it stands")
  func heartbeat() throws {
    let (bench, watcher, writer) = try bench()
    var wishes = WatchWishes()
    wishes.itemPrefix = "Z"
    wishes.credit = 2
    wishes.heartbeatMilliseconds = 1000
    bench.put(Ask.watch(1, wishes), on: watcher)
    #expect(bench.told(watcher).isEmpty)
    bench.receive(["A"], on: writer)
    bench.pass(milliseconds: 970)
    #expect(bench.told(watcher).isEmpty)
    #expect((bench.sequencer.watchesWakeAt ?? 0) > bench.sequencer.uptimeNanoseconds)
    bench.pass(milliseconds: 20)
    let beat = bench.told(watcher)
    try #require(beat.count == 1)
    let empty = try beat[0].batch()
    #expect(empty.items.isEmpty && empty.position == bench.sequencer.position)
    for _ in 0..<5 {
      bench.pass(milliseconds: 1000)
      _ = bench.told(watcher)
    }
    // Beats need credit like any other frame.
    #expect(watcher.clientStreams[0].watch?.sent == 2)
  }

  @Test("messages that make no sense end the watch with what was wrong")
  func senseless() throws {
    let create = StreamMessage.create(WatchWishes()).payload ?? []
    let messages: [(String, [[UInt8]])] = [
      ("was created", [create, create]),
      ("the first message creates a watch", [StreamMessage.acknowledge(1).payload ?? []]),
      ("kind is 9; allowed: 1 to 3", [Ask.number(1, 9)]),
      ("kind is 0; allowed: 1 to 3", [[]]),
      ("MESSAGE_MALFORMED", [[0xff, 0xff]]),
      ("no node is named N9", [Ask.number(1, 1) + Ask.text(3, "N9")]),
      ("credit is 65; allowed: 0 to 64", [Ask.number(1, 1) + Ask.number(6, 65)]),
      ("heartbeat_ms is 99", [Ask.number(1, 1) + Ask.number(8, 99)]),
    ]
    for (words, payloads) in messages {
      let (bench, watcher, writer) = try bench()
      bench.put(Ask.open(1, "Watch"), on: watcher)
      for payload in payloads { bench.put(Ask.data(1, payload), on: watcher) }
      bench.receive(["A"], on: writer)
      let frames = bench.told(watcher)
      #expect(frames.count == 1 && frames[0].kind == 2, "\(words)")
      #expect(frames.first?.says(words) == true, "\(words)")
      #expect(bench.sequencer.watchCounts.watches == 0)
    }
  }

  @Test("a watch is cancelled by a message or by closing the client's half")
  func cancelled() throws {
    for goodbye in [Ask.data(1, Ask.number(1, 3)), Ask.close(1)] {
      let (bench, watcher, writer) = try bench()
      bench.put(Ask.watch(1, WatchWishes()), on: watcher)
      bench.receive(["A"], on: writer)
      #expect(bench.told(watcher).map(\.isData) == [true])
      bench.put(goodbye, on: watcher)
      bench.receive(["A"], on: writer)
      #expect(bench.told(watcher).map(\.isEnd) == [true])
      bench.receive(["A"], on: writer)
      #expect(bench.told(watcher).isEmpty && bench.sequencer.watchCounts.watches == 0)
    }
  }

  @Test("a draining server ends watches and answers polls")
  func drain() throws {
    let (bench, watcher, _) = try bench()
    bench.put(Ask.watch(1, WatchWishes()), Ask.poll(3, position: 0, wait: 30_000), on: watcher)
    #expect(bench.told(watcher).isEmpty)
    bench.put(Ask.frame(5, "Admin", "Drain", []), on: watcher)
    let frames = bench.told(watcher).sorted { $0.streamID < $1.streamID }
    try #require(frames.map(\.streamID) == [1, 3, 5])
    #expect(frames[0].says("DRAINING"))
    #expect(try frames[1].polled().items.isEmpty)
  }

  @Test("a thousand watches are all told, a bounded number of them in a turn")
  func manyWatches() throws {
    let (bench, _, writer) = try bench()
    let sessions = (0..<20).map { bench.sequencer.openSession(slot: 10 + $0) }
    for session in sessions {
      for stream in 0..<50 as Range<UInt32> {
        bench.put(Ask.watch(2 * stream + 1, WatchWishes()), on: session)
      }
    }
    bench.settle()
    bench.receive(["A"], on: writer)
    bench.pass(milliseconds: 10)
    var turns = 0
    var told = 0
    while told < 1000, turns < 100 {
      turns += 1
      let served = bench.sequencer.serveWatches().count
      #expect(served <= 256)
      told += served
    }
    #expect(turns == 4 && told == 1000)
    for session in sessions {
      let streams = Frame.take(from: session).map(\.streamID)
      #expect(Set(streams).count == 50 && streams.count == 50)
    }
  }

  @Test("a watch that reads everything leaves the others their turn")
  func fair() throws {
    let items = (0..<30_000).map { "I\($0)" }
    let (bench, watcher, writer) = try bench(items)
    var behind = WatchWishes()
    behind.position = bench.sequencer.position
    behind.itemPrefix = "none"
    bench.receive(items, on: writer)
    for stream in 0..<60 as Range<UInt32> {
      bench.put(Ask.watch(2 * stream + 1, behind), on: watcher)
    }
    var wishes = WatchWishes()
    wishes.itemPrefix = "I1"
    bench.put(Ask.watch(501, wishes), on: watcher)
    bench.settle()
    bench.receive(["I1"], on: writer)
    bench.pass(milliseconds: 10)
    var turns = 0
    while watcher.pendingOutputBytes == 0, turns < 1000 {
      turns += 1
      _ = bench.sequencer.serveWatches()
    }
    // 61 visits of one change each.
    #expect(turns == 1)
  }

  @Test("every change reaches a reader that comes and goes: what it has is what a fresh read gives")
  func resumed() throws {
    let items = (0..<12).map { "I\($0)" }
    for seed in 1...6 as ClosedRange<UInt64> {
      var random = Draws(state: seed)
      let (bench, _, writer) = try bench(items, changes: seed % 2 == 0 ? 1 << 16 : 16)
      var reader = try Reader(bench: bench, items: items)
      var key = 0
      for step in 0..<400 {
        switch random.below(8) {
        case 0, 1, 2:
          let some = (0...random.below(20)).map { _ in items[random.below(items.count)] }
          bench.receive(some, on: writer)
        case 3, 4:
          key += 1
          bench.put(
            Ask.hold(
              1, key: "k\(key)", item: items[random.below(items.count)],
              quantity: UInt64(1 + random.below(4))), on: writer)
        case 5: bench.now.milliseconds += Int64(random.below(300)) * 1000
        case 6: try reader.read(acknowledges: random.below(3) > 0)
        default: try reader.comeAgain(credit: UInt64(1 + random.below(3)), random.below(2) == 0)
        }
        bench.settle()
        _ = Frame.take(from: writer)
        if step % 40 == 39 {
          for _ in 0..<20 { try reader.read(acknowledges: true) }
          let fresh = try bench.stock(of: items, on: writer)
          #expect(reader.stock == fresh, "seed \(seed), step \(step)")
        }
      }
      #expect(reader.batches > 50)
      #expect(seed % 2 == 0 ? reader.losses == 0 : reader.losses > 0)
    }
  }
}

/// Numbers from a seed.
struct Draws: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// A client that keeps a copy of the stock by watching, and loses its connection now and then.
private struct Reader {
  let bench: Workbench
  let items: [String]
  var session: Session
  var slot = 100
  var stock: [String: [Int64]]
  var place = (position: UInt64(0), part: UInt64(0))
  var sequence: UInt64 = 0
  var batches = 0
  var losses = 0

  init(bench: Workbench, items: [String]) throws {
    self.bench = bench
    self.items = items
    session = bench.sequencer.openSession(slot: slot)
    stock = try bench.stock(of: items, on: session)
    place.position = bench.sequencer.position
    try comeAgain(credit: 2, true)
  }

  /// Loses the connection, with what was on its way, and resumes.
  mutating func comeAgain(credit: UInt64, _ readsFirst: Bool) throws {
    if readsFirst { try read(acknowledges: false) }
    bench.sequencer.closeSession(session)
    slot += 1
    session = bench.sequencer.openSession(slot: slot)
    sequence = 0
    var wishes = WatchWishes()
    (wishes.position, wishes.part, wishes.credit) = (place.position, place.part, credit)
    bench.put(Ask.watch(1, wishes), on: session)
  }

  mutating func read(acknowledges: Bool) throws {
    for frame in bench.told(session) where frame.streamID == 1 {
      guard frame.isData else {
        Issue.record("the watch ended: \(String(decoding: frame.data, as: UTF8.self))")
        return
      }
      let batch = try frame.batch()
      #expect(batch.sequence == sequence + 1)
      sequence = batch.sequence
      batches += 1
      if batch.isLost {
        losses += 1
        stock = try bench.stock(of: items, on: session)
      }
      for item in batch.items {
        for row in item.positions {
          stock["\(item.item)@\(row.node)"] = [
            row.onHand, row.held, row.allocated, row.availableNow,
          ]
        }
      }
      place = (batch.position, batch.part)
    }
    if acknowledges, sequence > 0 { bench.put(Ask.acknowledge(1, sequence), on: session) }
  }
}
