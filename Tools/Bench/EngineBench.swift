import Glibc
import PromisedEngine
import PromisedModel

/// The engine alone, on one thread and in thread CPU time: what a decision costs without network
/// and log. A line of JSON per case, with a digest of the work: equal digests did equal work.
struct EngineBench: ~Copyable {
  private var world: EngineWorld
  private let rounds: Int
  private let rows: Int
  private var isFigured = false
  private var counter: UInt64 = 0
  private var digest: UInt64 = 0
  private var sequence: UInt64 = 1
  private var now: UnixMilliseconds
  private let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 4096)

  static func run(items: Int, rows: Int, rounds: Int, only: String?) {
    do throws(Refusal) {
      var bench = EngineBench(
        world: try EngineWorld(itemCount: items), rows: rows, rounds: rounds)
      try bench.measure(only: only)
    } catch {
      print("refused: \(error.code) \(error.message)")
      exit(1)
    }
  }

  private init(world: EngineWorld, rows: Int, rounds: Int) {
    now = world.now
    self.world = world
    self.rows = rows
    self.rounds = rounds
  }

  deinit { memory.deallocate() }

  private mutating func measure(only: String?) throws(Refusal) {
    for kind in Case.allCases where only == nil || only == kind.rawValue {
      counter = 0
      digest = 0
      var times: [Double] = []
      // The first round warms up.
      for round in 0...rounds {
        let spent: UInt64
        switch kind {
        case .feed: spent = try feed()
        case .hold: spent = try hold()
        case .offer: spent = try offer()
        case .availability: spent = try availability()
        case .inStock: spent = try inStock()
        case .headroom: spent = try headroom(isOptimistic: false)
        case .optimisticHeadroom: spent = try headroom(isOptimistic: true)
        case .atp: spent = try availableToPromise()
        case .planFour: spent = plan(lines: 4)
        case .planEight: spent = plan(lines: 8)
        }
        if round > 0 { times.append(Double(spent) / Double(rows)) }
      }
      times.sort()
      let state = world.state.digest()
      let median = (times[times.count / 2] * 10).rounded() / 10
      let least = (times[0] * 10).rounded() / 10
      print(
        "{\"case\": \"\(kind.rawValue)\", \"ns_per_row\": \(median), \"least\": \(least),"
          + " \"rows\": \(rows), \"rounds\": \(rounds),"
          + " \"digest\": \"\(String(digest ^ state.high ^ state.low, radix: 16))\"}")
    }
  }

  private enum Case: String, CaseIterable {
    case offer, availability
    case inStock = "instock"
    /// Rows of a page of 10,000 sellers, of one month.
    case headroom
    /// The same of two months, with what is expected to be sold until the second.
    case optimisticHeadroom = "optimistic"
    /// Over the whole network by date, 4,096 pairs a call.
    case atp
    /// Sourcing alone: carts of four and of eight lines over ten centres.
    case planFour = "plan4"
    case planEight = "plan8"
    case feed, hold
  }

  private mutating func next() -> Int {
    counter += 1
    return Int(truncatingIfNeeded: draw(counter) >> 8)
  }

  private mutating func mix(_ value: UInt64) { digest = draw(digest ^ value) }

  private static func threadNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Batches of a thousand rows, decided and applied; building the batch is not counted.
  private mutating func feed() throws(Refusal) -> UInt64 {
    var spent: UInt64 = 0
    var reply = FeedReply()
    for first in stride(from: 0, to: rows, by: 1000) {
      var batch = FeedRows()
      batch.source = Name("wms")
      batch.firstSequence = sequence
      batch.nodeNames = world.nodeNames
      for _ in first..<min(first + 1000, rows) {
        let (item, place) = (next() % world.itemCount, next() % EngineWorld.nodesPerItem)
        batch.keys.append(world.key(item))
        batch.nodes.append(UInt32(world.node(item, place)))
        batch.kinds.append(
          (next() % 2 == 0 ? MovementKind.receipt : MovementKind.shipment).rawValue)
        batch.quantities.append(Int64(1 + next() % 9))
      }
      sequence += UInt64(batch.nodes.count)
      let begin = Self.threadNanoseconds()
      reply.removeAll()
      world.state.beginObservation()
      let event = try world.state.decide(batch, at: now, reply: &reply)
      world.apply(.fed(event), at: now)
      spent += Self.threadNanoseconds() - begin
      mix(reply.lastSequence &+ UInt64(event.keys.count))
    }
    return spent
  }

  /// A keyed hold of one line: expiry, recall, decide, apply, half a million a second by the clock.
  private mutating func hold() throws(Refusal) -> UInt64 {
    let names = world.nodeNames.map(\.bytes)
    let lengths = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    let quantity = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    let index = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    let name = UnsafeMutablePointer<BorrowedBytes>.allocate(capacity: rows)
    let keys = UnsafeMutablePointer<UInt8>.allocate(capacity: rows * 32)
    defer {
      lengths.deallocate()
      quantity.deallocate()
      index.deallocate()
      name.deallocate()
      keys.deallocate()
    }
    lengths.pointee = UInt32(EngineWorld.keyBytes)
    quantity.pointee = 1
    index.pointee = 0
    // Per row: the item's key, the node's name, the command's key of sixteen letters.
    for row in 0..<rows {
      let (item, place) = (next() % world.itemCount, next() % EngineWorld.nodesPerItem)
      let number = counter
      let node = names[world.node(item, place)]
      for (offset, byte) in (world.key(item) + node).enumerated() { keys[row * 32 + offset] = byte }
      for letter in 0..<16 {
        keys[row * 32 + 16 + letter] = 65 + UInt8((number >> UInt64(letter * 4)) & 15)
      }
      name[row] = BorrowedBytes(base: keys + row * 32 + EngineWorld.keyBytes, count: node.count)
    }
    let begin = Self.threadNanoseconds()
    for row in 0..<rows {
      let bytes = keys + row * 32
      now.milliseconds += row % 500 == 0 ? 1 : 0
      world.state.beginObservation()
      if let ids = world.state.expiredHolds(at: now) { world.apply(.holdsExpired(ids), at: now) }
      let key = CommandKey(
        bytes: BorrowedBytes(base: bytes + 16, count: 16), bodyDigest: UInt64(row))
      let command = HoldCommand(
        key: key, owner: BorrowedBytes(base: bytes + 16, count: 8), timeToLiveSeconds: 600,
        nodeNames: Column(base: name + row, count: 1),
        items: KeyColumn(
          bytes: Column(base: bytes, count: EngineWorld.keyBytes),
          lengths: Column(base: lengths, count: 1)),
        nodes: Column(base: index, count: 1), quantities: Column(base: quantity, count: 1))
      world.state.prefetch(command)
      if try world.state.recall(key, at: now) != nil { fatalError("a key was drawn twice") }
      let event = try world.state.decide(command, at: now)
      world.apply(.held(event), at: now)
    }
    let spent = Self.threadNanoseconds() - begin
    mix(world.state.observedPosition)
    return spent
  }

  /// Each cart is decided a hundred times.
  private mutating func plan(lines: Int) -> UInt64 {
    var plans = EnginePlan()
    var spent: UInt64 = 0
    for first in stride(from: 0, to: rows, by: 100) {
      plans.draw(lines: lines) { next() }
      var sum: UInt64 = 0
      let begin = Self.threadNanoseconds()
      for _ in first..<min(first + 100, rows) { sum &+= plans.decide() }
      spent += Self.threadNanoseconds() - begin
      mix(sum)
    }
    return spent
  }

  private mutating func offer() throws(Refusal) -> UInt64 {
    var reply = OfferReply()
    let postcode = UnsafeMutablePointer<BorrowedBytes>.allocate(capacity: 1)
    defer { postcode.deallocate() }
    postcode.pointee = borrowed(32, 5)
    write(Array("US".utf8), at: 48)
    var sum: UInt64 = 0
    let spent = try single { (bench, items, draw) throws(Refusal) in
      var rest = 10_000 + draw % (EngineWorld.postcodes * 100)
      for place in [36, 35, 34, 33, 32] {
        bench.memory[place] = 48 + UInt8(rest % 10)
        rest /= 10
      }
      reply.removeAll()
      try bench.world.state.answer(
        OfferQuery(
          items: items, quantities: .empty, country: bench.borrowed(48, 2),
          postcodes: Column(base: postcode, count: 1), withPath: false),
        at: bench.now, into: &reply)
      sum &+= UInt64(reply.codes[0]) &+ UInt64(reply.windowToUnixSeconds[0])
    }
    mix(sum)
    return spent
  }

  private mutating func headroom(isOptimistic: Bool) throws(Refusal) -> UInt64 {
    var reply = HeadroomReply()
    if counter == 0 { try world.announceLimits() }
    if isOptimistic && !isFigured {
      while !world.state.figureSellThrough(units: 4096, at: world.now) {}
      isFigured = true
    }
    counter += 1
    let begin = Self.threadNanoseconds()
    let sum = try world.headroom(rows: rows, isOptimistic: isOptimistic, into: &reply)
    let spent = Self.threadNanoseconds() - begin
    mix(sum)
    return spent
  }

  private mutating func availability() throws(Refusal) -> UInt64 {
    var reply = AvailabilityReply()
    var sum: UInt64 = 0
    let spent = try single { (bench, items, _) throws(Refusal) in
      reply.removeAll()
      try bench.world.state.answer(
        AvailabilityQuery(items: items, nodeNames: .empty), at: bench.now, into: &reply)
      sum &+= UInt64(reply.positionCounts[0]) &+ UInt64(reply.onHand[0])
    }
    mix(sum)
    return spent
  }

  private mutating func inStock() throws(Refusal) -> UInt64 {
    var reply = InStockReply()
    var sum: UInt64 = 0
    let spent = try single { (bench, items, draw) throws(Refusal) in
      reply.removeAll()
      try bench.world.state.answer(
        InStockQuery(items: items, horizonDays: Int32(1 + draw % 30)), at: bench.now, into: &reply)
      sum &+= UInt64(reply.demandMet[0]) &+ UInt64(reply.availableNow[0])
    }
    mix(sum)
    return spent
  }

  private mutating func availableToPromise() throws(Refusal) -> UInt64 {
    var reply = AtpReply()
    var sum: UInt64 = 0
    let pairs = Limits.atpPairs
    let lengths = UnsafeMutablePointer<UInt32>.allocate(capacity: pairs)
    let keys = drawKeys()
    defer {
      lengths.deallocate()
      keys.deallocate()
    }
    lengths.initialize(repeating: UInt32(EngineWorld.keyBytes), count: pairs)
    let begin = Self.threadNanoseconds()
    for first in stride(from: 0, to: rows, by: pairs) {
      let count = min(pairs, rows - first)
      world.state.beginObservation()
      reply.removeAll()
      try world.state.answer(
        AtpQuery(
          items: KeyColumn(
            bytes: Column(
              base: keys + first * EngineWorld.keyBytes, count: count * EngineWorld.keyBytes),
            lengths: Column(base: lengths, count: count))), at: now, into: &reply)
      for pair in 0..<count { sum &+= UInt64(bitPattern: reply.availableNow[pair]) }
    }
    let spent = Self.threadNanoseconds() - begin
    mix(sum)
    return spent
  }

  /// Asks `rows` times for one item each. Keys lie in the order of asking, as requests do.
  private mutating func single(
    _ ask: (borrowing EngineBench, KeyColumn, Int) throws(Refusal) -> Void
  ) throws(Refusal) -> UInt64 {
    let lengths = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    let keys = drawKeys()
    defer {
      lengths.deallocate()
      keys.deallocate()
    }
    lengths.pointee = UInt32(EngineWorld.keyBytes)
    let begin = Self.threadNanoseconds()
    for row in 0..<rows {
      world.state.beginObservation()
      try ask(
        self,
        KeyColumn(
          bytes: Column(base: keys + row * EngineWorld.keyBytes, count: EngineWorld.keyBytes),
          lengths: Column(base: lengths, count: 1)), next())
    }
    return Self.threadNanoseconds() - begin
  }

  private mutating func drawKeys() -> UnsafeMutablePointer<UInt8> {
    let keys = UnsafeMutablePointer<UInt8>.allocate(capacity: rows * EngineWorld.keyBytes)
    for row in 0..<rows {
      let item = next() % world.itemCount
      for place in 0..<EngineWorld.keyBytes {
        keys[row * EngineWorld.keyBytes + place] = world.keys[item * EngineWorld.keyBytes + place]
      }
    }
    return keys
  }

  private func borrowed(_ offset: Int, _ count: Int) -> BorrowedBytes {
    BorrowedBytes(base: memory + offset, count: count)
  }

  private func write(_ bytes: [UInt8], at offset: Int) {
    for place in 0..<bytes.count { memory[offset + place] = bytes[place] }
  }
}
