import PromisedModel
import PromisedWire
import Testing

@testable import PromisedSequencer

@Suite("Thresholds")
struct ThresholdTests {
  private func bench(
    _ items: [String] = ["A", "B"], onHand: Int32 = 10
  ) throws -> (bench: Workbench, watcher: Session, writer: Session) {
    let bench = Workbench()
    try bench.stock(items, onHand: onHand)
    return (bench, bench.sequencer.openSession(slot: 1), bench.sequencer.openSession(slot: 2))
  }

  @Test("its side is told at creation, and then only when it is crossed, with the reason")
  func crossed() throws {
    let (bench, watcher, writer) = try bench()
    let created = bench.sequencer.position
    bench.put(
      Ask.watch(1, .crossings([.below("A", units: 8), .below("B", units: 11)])), on: watcher)
    let sides = try bench.told(watcher).crossings()
    #expect(sides.map(\.isBeyond) == [false, true] && sides.map(\.after) == [10, 10])
    #expect(sides.map(\.cause) == [0, 0] && sides.map(\.position) == [created, created])
    bench.put(Ask.hold(1, key: "1", item: "A", quantity: 2), on: writer)
    #expect(bench.told(watcher).isEmpty)
    bench.put(Ask.hold(3, key: "2", item: "A", quantity: 5), on: writer)
    let position = bench.sequencer.position
    let fell = try bench.told(watcher).crossings()
    try #require(fell.count == 1)
    #expect(fell[0].threshold == 0 && fell[0].isBeyond && fell[0].before == 8)
    #expect(fell[0].after == 3 && fell[0].position == position && fell[0].subject == "N1")
    #expect(
      fell[0].reason
        == "8 units are now 3, below 8: N1 fell from 8 to 3 by a hold at position \(position)")
    bench.put(Ask.hold(5, key: "3", item: "A", quantity: 1), on: writer)
    #expect(bench.told(watcher).isEmpty)
    // Ten minutes later the holds expire.
    bench.now.milliseconds += 600_000
    bench.sequencer.beginBatch(realtime: bench.now)
    let rose = try bench.told(watcher).crossings()
    try #require(rose.count == 1)
    #expect(!rose[0].isBeyond && rose[0].before == 2 && rose[0].after == 10)
    #expect(rose[0].reason.contains("no longer below 8: N1 rose from 2 to 10 by an expiry"))
  }

  @Test("a crossing is told once it is durable")
  func durable() throws {
    let (bench, watcher, writer) = try bench()
    bench.put(Ask.watch(1, .crossings([.below("A", units: 8)])), on: watcher)
    _ = bench.told(watcher)
    bench.put(Ask.hold(1, key: "1", item: "A", quantity: 5), on: writer)
    bench.pass(milliseconds: 10)
    _ = bench.sequencer.serveWatches()
    #expect(Frame.take(from: watcher).isEmpty && watcher.heldCount == 1)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(try Frame.take(from: watcher).crossings().count == 1)
  }

  @Test("what goes over and comes back while nothing can be told is not told")
  func cameBack() throws {
    let (bench, watcher, writer) = try bench()
    var few = WatchWishes.crossings([.below("A", units: 8), .below("B", units: 8)])
    few.credit = 1
    bench.put(Ask.watch(1, few), on: watcher)
    #expect(try bench.told(watcher).crossings().count == 2)
    let adjust = { (item: String, units: UInt64, first: UInt64) in
      Ask.frame(1, "Inventory", "Apply", Ask.moves([(item, 4, 2 * units)], first: first))
    }
    bench.put(adjust("A", 1, 1), on: writer)
    bench.settle()
    bench.put(adjust("B", 2, 2), on: writer)
    bench.settle()
    bench.put(adjust("A", 9, 3), on: writer)
    #expect(bench.told(watcher).isEmpty)
    bench.put(Ask.acknowledge(1, 1), on: watcher)
    let told = try bench.told(watcher).crossings()
    #expect(told.map(\.threshold) == [1] && told.map(\.after) == [2])
  }

  @Test("over a random run, every crossing and only crossings, by a naive recomputation")
  func random() throws {
    let items = (0..<5).map { "I\($0)" }
    for seed in 1...4 as ClosedRange<UInt64> {
      var random = Draws(state: seed)
      let (bench, watcher, writer) = try bench(items)
      var rows: [WatchThreshold] = []
      for _ in 0..<25 {
        rows.append(.below(items[random.below(5)], units: UInt64(1 + random.below(25))))
      }
      bench.put(Ask.watch(1, .crossings(rows)), on: watcher)
      var sides = [Bool?](repeating: nil, count: rows.count)
      for step in 0..<300 {
        let item = items[random.below(5)]
        switch random.below(4) {
        case 0:
          bench.put(
            Ask.hold(1, key: "\(step)", item: item, quantity: UInt64(1 + random.below(6))),
            on: writer)
        case 1: bench.receive([item, item], on: writer)
        case 2:
          let count = UInt64(random.below(26))
          let first = bench.sequencer.state.lastSequence(of: Name("counter")) + 1
          bench.put(
            Ask.frame(
              1, "Inventory", "Apply",
              Ask.moves([(item, 4, 2 * count)], source: "counter", first: first)), on: writer)
        default: bench.now.milliseconds += Int64(random.below(300)) * 1000
        }
        bench.sequencer.beginBatch(realtime: bench.now)
        let told = try bench.told(watcher).crossings()
        bench.put(Ask.acknowledge(1, watcher.clientStreams[0].watch?.sent ?? 0), on: watcher)
        let stock = try bench.stock(of: items, on: writer)
        var expected: [Int: Bool] = [:]
        for (row, threshold) in rows.enumerated() {
          let units = max(0, stock["\(threshold.item)@N1"]?[3] ?? 0)
          let side = units < Int64(threshold.units)
          if side != sides[row] { expected[row] = side }
          sides[row] = side
        }
        let found = Dictionary(uniqueKeysWithValues: told.map { ($0.threshold, $0.isBeyond) })
        #expect(found == expected, "seed \(seed), step \(step)")
      }
    }
  }

  @Test("thousands on one item are looked at a part in a turn, each once")
  func busyItem() throws {
    let (bench, watcher, writer) = try bench()
    let rows = (1...1000).map { WatchThreshold.below("A", units: UInt64($0)) }
    for stream in 0..<5 as Range<UInt32> {
      bench.put(Ask.watch(2 * stream + 1, .crossings(rows)), on: watcher)
    }
    bench.pass(milliseconds: 10)
    #expect(bench.settle() >= 5000 / 512)
    // What was looked at after a watch's first frame follows in the next.
    var sides = try Frame.take(from: watcher).crossings().count
    for _ in 0..<4 { sides += try bench.told(watcher).crossings().count }
    #expect(sides == 5000)
    bench.receive((0..<90).map { _ in "A" }, on: writer)
    var told: [ThresholdCrossing] = []
    for _ in 0..<4 { told += try bench.told(watcher).crossings() }
    // 11 to 100 units are no longer more than there are, on each of the five.
    #expect(told.count == 5 * 90)
    #expect(told.allSatisfy { !$0.isBeyond && $0.after == 100 })
    bench.sequencer.closeSession(watcher)
    #expect(bench.sequencer.watchCounts == (0, 0))
    bench.receive(["A"], on: writer)
    bench.settle()
  }

  @Test("thresholds have a limit for a watch and one for the server")
  func limits() throws {
    let (bench, watcher, _) = try bench()
    let rows = (0...1000).map { WatchThreshold.below("A", units: UInt64($0 + 1)) }
    bench.put(Ask.watch(1, .crossings(rows)), on: watcher)
    let refused = Frame.take(from: watcher)
    #expect(refused.count == 1 && refused[0].says("threshold_kinds has 1001 rows"))
    for slot in 0..<2 {
      let session = bench.sequencer.openSession(slot: 20 + slot)
      for stream in 0..<60 as Range<UInt32> where slot == 0 || stream < 40 {
        bench.put(Ask.watch(2 * stream + 1, .crossings(Array(rows.dropLast()))), on: session)
      }
      #expect(Frame.take(from: session).isEmpty)
    }
    #expect(bench.sequencer.watchCounts.thresholds == 100_000)
    bench.put(Ask.watch(3, .crossings([.below("A", units: 1)])), on: watcher)
    let full = Frame.take(from: watcher)
    #expect(full.count == 1 && full[0].says("STREAM_LIMIT"))
  }

  @Test("what does not exist is refused by its row")
  func unknown() throws {
    let (bench, watcher, _) = try bench()
    let rows: [(WatchThreshold, String)] = [
      (.below("nothing of that name", units: 1), "ITEM_UNKNOWN"),
      (.later("B", to: "98109"), "POSTCODE_UNKNOWN"),
      (.below("B", units: 0), "threshold_units[1] is 0"),
      (.later("B", to: "98109", level: 5), "threshold_levels[1] is 5"),
    ]
    for (index, (row, words)) in rows.enumerated() {
      let stream = UInt32(2 * index + 1)
      bench.put(Ask.watch(stream, .crossings([.below("A", units: 1), row])), on: watcher)
      let frames = bench.told(watcher)
      #expect(frames.count == 1 && frames[0].says(words), "\(words)")
    }
    #expect(bench.sequencer.watchCounts == (0, 0))
  }

  // MARK: Promises

  /// N1 delivers in one day, N2 in three.
  private func network() -> NetworkRows {
    var rows = Workbench.network()
    var far = rows.nodes[0]
    far.name = Name("N2")
    rows.nodes.append(far)
    rows.zones = [
      ZonePrefix(country: Name("US"), prefix: Name("981"), zone: Name("SEA"), station: .empty)
    ]
    rows.lanes = [("N1", UInt8(1)), ("N2", 3)].map { node, days in
      Lane(
        origin: Name(node), service: Name("GROUND"), zone: Name("SEA"), mode: .road,
        pickupCalendar: Name("always"), transitCalendar: Name("always"),
        deliveryCalendar: Name("always"), cutoffMinute: 1080,
        transit: [TransitOutcome(workingDays: days, probability: 65_535)],
        deliveryTimeZone: Name("Etc/UTC"))
    }
    return rows
  }

  private func promising() throws -> (bench: Workbench, watcher: Session, writer: Session) {
    let (bench, watcher, writer) = try bench(["A"], onHand: 3)
    try bench.sequencer.put(.network(network()))
    guard case .positions(var rows) = Workbench.positions(["A"], 5) else { fatalError() }
    rows.nodeNames = [Name("N2")]
    try bench.sequencer.put(.positions(rows))
    return (bench, watcher, writer)
  }

  private func publish(_ bench: Workbench) throws {
    bench.sequencer.publish(try #require(bench.sequencer.nextProfileJob()).run())
  }

  @Test("a promise that gets later is told with what binds it, and when it is as it was")
  func promiseLater() throws {
    let (bench, watcher, writer) = try promising()
    bench.put(Ask.watch(1, .crossings([.later("A", to: "98109")])), on: watcher)
    // Nothing can be said before profiles are there.
    #expect(bench.told(watcher).isEmpty)
    try publish(bench)
    let first = try bench.told(watcher).crossings()
    try #require(first.count == 1)
    #expect(!first[0].isBeyond && first[0].cause == 0 && first[0].after > bench.now.seconds)
    bench.put(Ask.hold(1, key: "1", item: "A", quantity: 2), on: writer)
    #expect(bench.told(watcher).isEmpty)
    bench.put(Ask.hold(1, key: "2", item: "A", quantity: 1), on: writer)
    let later = try bench.told(watcher).crossings()
    try #require(later.count == 1)
    #expect(later[0].isBeyond && later[0].before == first[0].after)
    #expect(later[0].after == first[0].after + 2 * 86_400)
    #expect(later[0].cause == 4 && later[0].subject == "N1")
    #expect(later[0].constraint == UInt32(BindingConstraint.stock.rawValue))
    #expect(
      later[0].reason == "the promise ends 48 hours later: there is no stock in N1; by a hold at "
        + "position \(bench.sequencer.position)")
    bench.receive(["A"], on: writer)
    let earlier = try bench.told(watcher).crossings()
    #expect(earlier.map(\.isBeyond) == [false] && earlier.map(\.after) == [first[0].after])
  }

  @Test("later than an instant; no promise at all is later; a closure is heard of too")
  func promiseLaterThan() throws {
    let (bench, watcher, writer) = try promising()
    try publish(bench)
    bench.put(Ask.watch(1, .crossings([.later("A", to: "98109")])), on: watcher)
    let end = try #require(try bench.told(watcher).crossings().first).after
    let rows: [WatchThreshold] = [
      .later("A", to: "98109", thanUnixSeconds: end - 1),
      .later("A", to: "98109", thanUnixSeconds: end),
      .later("A", to: "98109", thanUnixSeconds: end + 2 * 86_400),
      .later("A", to: "98109", units: 4, thanUnixSeconds: end),
    ]
    let other = bench.sequencer.openSession(slot: 5)
    bench.put(Ask.watch(1, .crossings(rows)), on: other)
    let sides = try bench.told(other).crossings()
    #expect(sides.map(\.isBeyond) == [true, false, false, true])
    // All of N1 is taken, then all of N2: the second and then the third are crossed.
    bench.put(Ask.hold(1, key: "1", item: "A", quantity: 3), on: writer)
    #expect(try bench.told(other).crossings().map(\.threshold) == [1])
    let count = Ask.moves([("A", 4, 0)], source: "counter", first: 1)
    bench.put(
      Ask.frame(
        3, "Inventory", "Apply",
        count.map { $0 }.replacing(Ask.text(5, "N1"), with: Ask.text(5, "N2"))), on: writer)
    let gone = try bench.told(other).crossings()
    #expect(gone.map(\.threshold) == [2, 3].filter { gone.map(\.threshold).contains($0) })
    #expect(gone.first { $0.threshold == 2 }?.after == 0)
    #expect(gone.first?.reason.hasPrefix("no promise can be made any more: NO_STOCK; by") == true)
  }

  @Test("a promise moves with the network: new profiles have every promise looked at")
  func networkMoves() throws {
    let (bench, watcher, _) = try promising()
    try publish(bench)
    bench.put(Ask.watch(1, .crossings([.later("A", to: "98109")])), on: watcher)
    let end = try #require(try bench.told(watcher).crossings().first).after
    var slower = network()
    slower.lanes[0].transit = [TransitOutcome(workingDays: 2, probability: 65_535)]
    try bench.sequencer.put(.network(slower))
    try publish(bench)
    let moved = try bench.told(watcher).crossings()
    #expect(moved.map(\.isBeyond) == [true] && moved.map(\.after) == [end + 86_400])
    #expect(moved.map(\.cause) == [UInt32(ChangeCause.published.rawValue)])
    #expect(moved[0].reason.hasPrefix("the promise ends 24 hours later"))
  }

  @Test("a cut-off that passes is heard of within a minute")
  func timePasses() throws {
    let (bench, watcher, _) = try promising()
    try publish(bench)
    bench.put(Ask.watch(1, .crossings([.later("A", to: "98109")])), on: watcher)
    let end = try #require(try bench.told(watcher).crossings().first).after
    bench.now.milliseconds += 86_400_000
    bench.sequencer.beginBatch(realtime: bench.now)
    try publish(bench)
    _ = bench.told(watcher)
    bench.now.milliseconds += 23 * 3_600_000
    bench.sequencer.beginBatch(realtime: bench.now)
    #expect(bench.told(watcher).isEmpty)
    bench.pass(milliseconds: 60_000)
    let moved = try bench.told(watcher).crossings()
    #expect(moved.map(\.isBeyond) == [true] && moved[0].after > end)
    #expect(moved.map(\.cause) == [UInt32(ChangeCause.time.rawValue)])
  }
}

extension Array where Element: Equatable {
  /// The array with the first run of `old` replaced.
  fileprivate func replacing(_ old: [Element], with new: [Element]) -> [Element] {
    for start in 0...(count - old.count) where Array(self[start..<(start + old.count)]) == old {
      return Array(self[..<start]) + new + Array(self[(start + old.count)...])
    }
    return self
  }
}
