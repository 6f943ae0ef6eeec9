import PromisedModel
import PromisedWire
import Testing

@testable import PromisedSequencer

/// Where a watch must say nothing yet, and where it must say something although nothing changed.
@Suite("Watches at their limits")
struct WatchEdgeTests {
  private func bench(
    _ items: [String] = ["A", "B"], changes: Int = 1 << 16
  ) throws -> (bench: Workbench, watcher: Session, writer: Session) {
    let bench = Workbench(changes: changes)
    try bench.stock(items, onHand: 10)
    return (bench, bench.sequencer.openSession(slot: 1), bench.sequencer.openSession(slot: 2))
  }

  private func hold(_ bench: Workbench, _ number: Int, _ item: String, on writer: Session) {
    bench.put(
      Ask.hold(UInt32(2 * number + 1), key: "k\(number)", item: item, quantity: 1), on: writer)
  }

  private func ping(_ stream: UInt32, bytes: Int) -> [UInt8] {
    Ask.frame(stream, "Admin", "Ping", Ask.bytes(1, [UInt8](repeating: 7, count: bytes)))
  }

  @Test("while a frame waits for the disk no other is made; then one tells all that came")
  func behindTheDisk() throws {
    let (bench, watcher, writer) = try bench()
    bench.put(Ask.watch(1, WatchWishes()), on: watcher)
    bench.settle()
    hold(bench, 0, "A", on: writer)
    let first = bench.sequencer.position
    bench.pass(milliseconds: 10)
    _ = bench.sequencer.serveWatches()
    for number in 1...3 {
      hold(bench, number, "B", on: writer)
      bench.pass(milliseconds: 10)
      _ = bench.sequencer.serveWatches()
    }
    #expect(watcher.heldCount == 1)
    // The disk moves on, and nothing else: what came meanwhile is told all the same.
    _ = bench.sequencer.markDurable(upTo: first)
    _ = bench.sequencer.serveWatches()
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    let batches = try Frame.take(from: watcher).map { try $0.batch() }
    #expect(batches.map { $0.items.map(\.item) } == [["A"], ["B"]])
    #expect(batches.last?.items.first?.positions.first?.held == 3)
  }

  @Test("a frame that says nothing but where the log is waits for that place to be on disk")
  func emptyFrame() throws {
    let (bench, watcher, writer) = try bench()
    var wishes = WatchWishes()
    wishes.itemPrefix = "Z"
    wishes.heartbeatMilliseconds = 1000
    bench.put(Ask.watch(1, wishes), on: watcher)
    bench.settle()
    hold(bench, 0, "A", on: writer)
    bench.pass(milliseconds: 999)
    _ = bench.sequencer.serveWatches()
    #expect(watcher.pendingOutputBytes == 0)
    // At its very instant.
    bench.pass(milliseconds: 1)
    _ = bench.sequencer.serveWatches()
    #expect(Frame.take(from: watcher).isEmpty && watcher.heldCount == 1)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    let beat = Frame.take(from: watcher)
    #expect(try beat.map { try $0.batch().position } == [bench.sequencer.position])
  }

  @Test("so does a poll's answer that has nothing to tell")
  func emptyPoll() throws {
    let (bench, watcher, writer) = try bench()
    hold(bench, 0, "A", on: writer)
    bench.put(Ask.poll(1, position: 0, prefix: "Z"), on: watcher)
    _ = bench.sequencer.serveWatches()
    #expect(Frame.take(from: watcher).isEmpty && watcher.heldCount == 1)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    let answer = Frame.take(from: watcher)
    #expect(try answer.map { try $0.polled().position } == [bench.sequencer.position])
  }

  /// A frame of a large event carries what a threshold saw after it.
  @Test("a crossing waits for its own change, also in a frame of older ones")
  func crossingBehindAnOlderFrame() throws {
    let items = (0..<2500).map { "I\($0)" }
    let (bench, watcher, writer) = try bench(items + ["Z"])
    var wishes = WatchWishes()
    wishes.thresholds = [.below("Z", units: 10)]
    bench.put(Ask.watch(1, wishes), on: watcher)
    #expect(try bench.told(watcher).crossings().map(\.after) == [10])
    bench.put(Ask.frame(101, "Inventory", "Apply", Ask.batch(items, first: 1)), on: writer)
    let large = bench.sequencer.position
    hold(bench, 0, "Z", on: writer)
    bench.pass(milliseconds: 10)
    _ = bench.sequencer.serveWatches()
    _ = bench.sequencer.markDurable(upTo: large)
    #expect(try Frame.take(from: watcher).crossings().isEmpty)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(try Frame.take(from: watcher).crossings().map(\.after) == [9])
  }

  @Test("who leaves what was sent unread is made no frame, and is told when it has read")
  func unread() throws {
    let (bench, watcher, writer) = try bench()
    bench.put(Ask.watch(1, WatchWishes()), on: watcher)
    bench.put(ping(3, bytes: 300_000), on: watcher)
    bench.settle()
    let unread = watcher.pendingOutputBytes
    #expect(unread > 262_144)
    bench.receive(["A"], on: writer)
    bench.pass(milliseconds: 10)
    bench.settle()
    #expect(watcher.pendingOutputBytes == unread)
    #expect(Frame.take(from: watcher).map(\.streamID) == [3])
    #expect(try bench.told(watcher).flatMap { try $0.batch().items.map(\.item) } == ["A"])
  }

  @Test("frames that are not full keep ten milliseconds between them")
  func gap() throws {
    let (bench, watcher, writer) = try bench()
    bench.put(Ask.watch(1, WatchWishes()), on: watcher)
    bench.receive(["A"], on: writer)
    #expect(bench.told(watcher).count == 1)
    bench.receive(["A"], on: writer)
    bench.pass(milliseconds: 9)
    bench.settle()
    #expect(Frame.take(from: watcher).isEmpty)
    bench.pass(milliseconds: 1)
    bench.settle()
    #expect(Frame.take(from: watcher).count == 1)
  }

  @Test("credit that came back begins the minute anew")
  func stalledAnew() throws {
    let (bench, watcher, writer) = try bench()
    var wishes = WatchWishes()
    wishes.credit = 1
    wishes.heartbeatMilliseconds = 600_000
    bench.put(Ask.watch(1, wishes), on: watcher)
    bench.receive(["A"], on: writer)
    #expect(bench.told(watcher).count == 1)
    bench.receive(["B"], on: writer)
    #expect(bench.told(watcher).isEmpty)
    bench.pass(milliseconds: 50_000)
    bench.put(Ask.acknowledge(1, 1), on: watcher)
    #expect(bench.told(watcher).count == 1)
    bench.receive(["A"], on: writer)
    #expect(bench.told(watcher).isEmpty)
    bench.pass(milliseconds: 30_000)
    #expect(bench.told(watcher).isEmpty && bench.sequencer.watchCounts.watches == 1)
    bench.pass(milliseconds: 30_000)
    #expect(bench.told(watcher).map { $0.says("WATCH_TOO_SLOW") } == [true])
  }

  @Test("an old acknowledgement takes no credit back")
  func oldAcknowledgement() throws {
    let (bench, watcher, writer) = try bench()
    var wishes = WatchWishes()
    wishes.credit = 2
    bench.put(Ask.watch(1, wishes), on: watcher)
    for _ in 0..<2 {
      bench.receive(["A"], on: writer)
      #expect(bench.told(watcher).count == 1)
    }
    bench.put(Ask.acknowledge(1, 2), Ask.acknowledge(1, 1), on: watcher)
    for _ in 0..<2 {
      bench.receive(["A"], on: writer)
      #expect(bench.told(watcher).count == 1)
    }
    bench.receive(["A"], on: writer)
    #expect(bench.told(watcher).isEmpty)
  }

  /// The bits of a missing character are those of "0".
  @Test("a key that is shorter than the prefix does not begin with it")
  func shortKey() throws {
    let (bench, watcher, writer) = try bench(["AB", "AB0", "AB00", "AB01"])
    var wishes = WatchWishes()
    wishes.itemPrefix = "AB0"
    bench.put(Ask.watch(1, wishes), on: watcher)
    bench.receive(["AB", "AB0", "AB00", "AB01"], on: writer)
    let told = try bench.told(watcher).flatMap { try $0.batch().items.map(\.item) }
    #expect(told == ["AB0", "AB00", "AB01"])
  }

  @Test("items in very many nodes come in frames of so many positions, each once")
  func manyPositions() throws {
    let items = (0..<500).map { "I\($0)" }
    let bench = Workbench()
    var network = Workbench.network()
    let one = network.nodes[0]
    network.nodes = (0..<40).map {
      var node = one
      node.name = Name("N\($0)")
      return node
    }
    try bench.sequencer.put(.network(network))
    var rows = PositionRows()
    rows.nodeNames = network.nodes.map(\.name)
    for item in items {
      for node in 0..<40 {
        rows.keys.append(Array(item.utf8))
        rows.nodes.append(UInt32(node))
        rows.onHand.append(1)
        for path in [
          \PositionRows.unfulfillable, \.researching, \.inTransfer, \.inProcessing, \.withheld,
        ] { rows[keyPath: path].append(0) }
      }
    }
    let watcher = bench.sequencer.openSession(slot: 1)
    bench.put(Ask.watch(1, WatchWishes()), on: watcher)
    bench.settle()
    try bench.sequencer.put(.positions(rows))
    let batches = try bench.told(watcher).map { try $0.batch() }
    #expect(batches.flatMap(\.items).map(\.item) == items)
    // A visit looks at so many changes, rows counted: not at a thousand items.
    for batch in batches { #expect(batch.items.reduce(0) { $0 + $1.positions.count } < 8192) }
  }

  @Test("a crossing that nobody could be told says what there was before it, not in between")
  func before() throws {
    let (bench, watcher, writer) = try bench()
    var few = WatchWishes.crossings([.below("A", units: 8)])
    few.credit = 1
    bench.put(Ask.watch(1, few), on: watcher)
    #expect(try bench.told(watcher).crossings().map(\.after) == [10])
    for number in 0..<5 {
      hold(bench, number, "A", on: writer)
      bench.settle()
    }
    bench.put(Ask.acknowledge(1, 1), on: watcher)
    let told = try bench.told(watcher).crossings()
    #expect(told.map(\.before) == [8] && told.map(\.after) == [5])
  }

  @Test("an item that changes while its many thresholds are looked at is looked at again")
  func changedMeanwhile() throws {
    let (bench, watcher, writer) = try bench()
    let rows = [WatchThreshold](repeating: .below("A", units: 8), count: 700)
    bench.put(Ask.watch(1, .crossings(rows)), on: watcher)
    #expect(try (0..<3).flatMap { _ in try bench.told(watcher).crossings() }.count == 700)
    let adjust = { (units: UInt64, first: UInt64) in
      Ask.frame(
        UInt32(2 * first + 1), "Inventory", "Apply",
        Ask.moves([("A", 4, 2 * units)], first: first))
    }
    bench.put(adjust(3, 1), on: writer)
    bench.pass(milliseconds: 10)
    // A turn looks at 512 of them.
    _ = bench.sequencer.serveWatches()
    bench.put(adjust(9, 2), on: writer)
    var sides = [Bool](repeating: false, count: rows.count)
    var fell = 0
    for _ in 0..<5 {
      for crossing in try bench.told(watcher).crossings() {
        sides[Int(crossing.threshold)] = crossing.isBeyond
        fell += crossing.isBeyond ? 1 : 0
      }
    }
    #expect(fell == 512)
    #expect(sides.allSatisfy { !$0 }, "nine units are there")
  }

  @Test("thresholds whose changes were overwritten before they were read are looked at again")
  func lappedThresholds() throws {
    let items = (0..<40).map { "I\($0)" }
    let (bench, watcher, writer) = try bench(items, changes: 16)
    bench.put(Ask.watch(1, .crossings([.below("I0", units: 10)])), on: watcher)
    #expect(try bench.told(watcher).crossings().map(\.isBeyond) == [false])
    hold(bench, 0, "I0", on: writer)
    bench.receive(Array(items[1...]), on: writer)
    #expect(try bench.told(watcher).crossings().map(\.after) == [9])
  }

  @Test("a watch that ends before its thresholds were looked at leaves one place, not two")
  func endedAtOnce() throws {
    let (bench, watcher, writer) = try bench(["A", "B", "C", "D"])
    bench.put(Ask.watch(7, .crossings([.below("D", units: 10)])), on: watcher)
    bench.settle()
    bench.put(Ask.watch(1, .crossings([.below("A", units: 5)])), Ask.close(1), on: watcher)
    bench.settle()
    bench.put(Ask.watch(3, .crossings([.below("B", units: 10)])), on: watcher)
    bench.put(Ask.watch(5, .crossings([.below("C", units: 10)])), on: watcher)
    _ = bench.told(watcher)
    hold(bench, 0, "B", on: writer)
    let told = bench.told(watcher)
    #expect(told.map(\.streamID) == [3])
    #expect(try told.crossings().map(\.after) == [9])
  }

  @Test("what has every threshold looked at is not narrowed to promises by what comes after")
  func sweeps() throws {
    let (bench, watcher, _) = try bench()
    func put(_ members: [String]) throws {
      var rows = GroupRows()
      rows.names = [Name("west")]
      rows.counts = [UInt32(members.count)]
      rows.nodeNames = members.map { Name($0) }
      rows.nodes = members.indices.map { UInt32($0) }
      try bench.sequencer.put(.groups(rows))
    }
    try put(["N1"])
    var wishes = WatchWishes.crossings([.below("A", units: 5)])
    wishes.group = "west"
    bench.put(Ask.watch(1, wishes), on: watcher)
    #expect(try bench.told(watcher).crossings().map(\.after) == [10])
    try put([])
    try bench.sequencer.put(.network(Workbench.network()))
    #expect(try bench.told(watcher).crossings().map(\.after) == [0])
  }
}
