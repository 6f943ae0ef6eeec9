import PromisedBytes

/// What a load generator sends: bytes of one request, and how replies are told apart.
protocol Workload {
  /// Decisions (rows) one request asks for.
  var rowsPerRequest: Int { get }
  /// Appends request number `index` of connection `connection`, on `streamID`.
  mutating func append(streamID: UInt32, connection: Int, index: UInt64, to out: inout ByteBuffer)
  /// Finds the next whole reply in `bytes` from `offset`: its end and stream, nil when incomplete.
  func reply(in bytes: UnsafeRawBufferPointer, from offset: Int) -> Reply?
}

struct Reply {
  let end: Int
  /// 0 where the protocol answers in order.
  let streamID: UInt32
  let isRefusal: Bool
}

/// Counter-based randomness: the same run asks the same questions (splitmix64, Steele et al. 2014).
func draw(_ counter: UInt64) -> UInt64 { mixed(counter) }

func mixed(_ counter: UInt64) -> UInt64 {
  var z = counter &* 0x9e37_79b9_7f4a_7c15
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}

enum WorkloadKind: String, CaseIterable {
  case offer, availability, instock, hold, apply, ping
}

/// The keys of a world that questions are drawn from.
struct World {
  var items: [[UInt8]] = []
  var postcodes: [[UInt8]] = []
  /// Item and node of every position.
  var positionItems: [UInt32] = []
  var positionNodes: [UInt16] = []
  var nodes: [[UInt8]] = []
}

/// Requests of promised over ttRPC.
struct PromisedWorkload: Workload {
  let kind: WorkloadKind
  let world: World
  let batch: Int
  /// Distinguishes the idempotency keys and feed sources of one run from another's.
  let run: UInt64
  private var payload = ByteBufferBox()
  private var service: [UInt8]
  private var method: [UInt8]
  private var sequences: [UInt64] = []

  init(kind: WorkloadKind, world: World, batch: Int, run: UInt64, connections: Int) {
    self.kind = kind
    self.world = world
    self.batch = batch
    self.run = run
    sequences = Array(repeating: 1, count: connections)
    let names: (String, String)
    switch kind {
    case .offer: names = ("promised.v1.Promises", "Offer")
    case .availability: names = ("promised.v1.Inventory", "Availability")
    case .instock: names = ("promised.v1.Inventory", "InStock")
    case .hold: names = ("promised.v1.Holds", "Hold")
    case .apply: names = ("promised.v1.Inventory", "Apply")
    case .ping: names = ("promised.v1.Admin", "Ping")
    }
    service = Array(names.0.utf8)
    method = Array(names.1.utf8)
  }

  var rowsPerRequest: Int { kind == .ping ? 1 : batch }

  mutating func append(streamID: UInt32, connection: Int, index: UInt64, to out: inout ByteBuffer) {
    let box = payload
    box.clear()
    let seed = draw(index &* 64 &+ UInt64(connection) &+ run)
    switch kind {
    case .offer:
      appendItems(keys: 2, lengths: 3, seed, box)
      box.field(6, world.postcodes[Int(draw(seed &+ 7) % UInt64(world.postcodes.count))])
    case .availability, .instock: appendItems(keys: 2, lengths: 3, seed, box)
    case .hold: appendHold(seed, connection: connection, index: index, box)
    case .apply: appendFeed(seed, connection: connection, box)
    case .ping: box.field(1, [1, 2, 3, 4])
    }
    let envelope =
      2 + service.count + 2 + method.count + 1 + ByteBufferBox.varintCount(box.count) + box.count
    out.append(UInt32(envelope).bigEndian)
    out.append(streamID.bigEndian)
    out.append(UInt8(1))
    out.append(UInt8(0))
    out.append(UInt8(0x0a))
    out.append(UInt8(service.count))
    service.withUnsafeBytes { out.append(bytes: $0) }
    out.append(UInt8(0x12))
    out.append(UInt8(method.count))
    method.withUnsafeBytes { out.append(bytes: $0) }
    out.append(UInt8(0x1a))
    out.appendVarint(UInt64(box.count))
    box.copy(to: &out)
  }

  private func appendItems(keys: Int, lengths: Int, _ seed: UInt64, _ box: ByteBufferBox) {
    let indexes = (0..<batch).map { row in
      Int(draw(seed &+ UInt64(row)) % UInt64(world.items.count))
    }
    box.bytesField(keys, count: indexes.reduce(0) { $0 + world.items[$1].count })
    for index in indexes { box.append(world.items[index]) }
    box.packed(lengths, indexes.map { UInt64(world.items[$0].count) })
  }

  private func position(_ seed: UInt64, _ row: Int) -> Int {
    Int(draw(seed &+ UInt64(row)) % UInt64(world.positionItems.count))
  }

  private func appendHold(
    _ seed: UInt64, connection: Int, index: UInt64, _ box: ByteBufferBox
  ) {
    box.field(1, Array("b\(run)-\(connection)-\(index)".utf8))
    box.field(2, Array("cart-\(index)".utf8))
    let rows = (0..<batch).map { position(seed, $0) }
    for row in rows { box.field(4, world.nodes[Int(world.positionNodes[row])]) }
    let keys = rows.map { world.items[Int(world.positionItems[$0])] }
    box.bytesField(5, count: keys.reduce(0) { $0 + $1.count })
    for key in keys { box.append(key) }
    box.packed(6, keys.map { UInt64($0.count) })
    box.packed(7, (0..<batch).map { UInt64($0) })
    box.packed(8, (0..<batch).map { _ in 1 })
  }

  private mutating func appendFeed(_ seed: UInt64, connection: Int, _ box: ByteBufferBox) {
    box.field(1, Array("bench-\(run)-\(connection)".utf8))
    box.varintField(2, sequences[connection])
    sequences[connection] += UInt64(batch)
    let rows = (0..<batch).map { position(seed, $0) }
    let keys = rows.map { world.items[Int(world.positionItems[$0])] }
    box.bytesField(3, count: keys.reduce(0) { $0 + $1.count })
    for key in keys { box.append(key) }
    box.packed(4, keys.map { UInt64($0.count) })
    for node in world.nodes { box.field(5, node) }
    box.packed(6, rows.map { UInt64(world.positionNodes[$0]) })
    // Receipts and adjustments that keep the world about as it was: +2, then −2 in zigzag.
    box.packed(7, (0..<batch).map { $0 % 2 == 0 ? 1 : 3 })
    box.packed(8, (0..<batch).map { $0 % 2 == 0 ? 4 : 3 })
  }

  func reply(in bytes: UnsafeRawBufferPointer, from offset: Int) -> Reply? {
    guard bytes.count - offset >= 10 else { return nil }
    let length = Int(
      UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    guard bytes.count - offset >= 10 + length else { return nil }
    let streamID = UInt32(
      bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
    // A status (field 1) comes first where there is one.
    let isRefusal = length > 0 && bytes[offset + 10] == 0x0a
    return Reply(end: offset + 10 + length, streamID: streamID, isRefusal: isRefusal)
  }
}

/// GET of 16-byte values from Redis, the peer.
struct RedisGetWorkload: Workload {
  let keyCount: UInt64
  let run: UInt64
  var rowsPerRequest: Int { 1 }

  static func key(_ index: UInt64) -> [UInt8] {
    let digits = String(index)
    return Array(("B0" + String(repeating: "0", count: 8 - digits.count) + digits).utf8)
  }

  mutating func append(streamID: UInt32, connection: Int, index: UInt64, to out: inout ByteBuffer) {
    let key = Self.key(draw(index &* 64 &+ UInt64(connection) &+ run) % keyCount)
    Array("*2\r\n$3\r\nGET\r\n$10\r\n".utf8).withUnsafeBytes { out.append(bytes: $0) }
    key.withUnsafeBytes { out.append(bytes: $0) }
    out.append(UInt8(13))
    out.append(UInt8(10))
  }

  func reply(in bytes: UnsafeRawBufferPointer, from offset: Int) -> Reply? {
    // "$16\r\n" + 16 bytes + "\r\n"
    guard bytes.count - offset >= 5 else { return nil }
    if bytes[offset + 1] == UInt8(ascii: "-") {
      return Reply(end: offset + 5, streamID: 0, isRefusal: true)
    }
    guard bytes.count - offset >= 23 else { return nil }
    return Reply(end: offset + 23, streamID: 0, isRefusal: false)
  }
}

/// A payload under construction; a class, so that the workload can keep and reuse it.
final class ByteBufferBox {
  private var buffer = ByteBuffer(capacity: 4096)

  var count: Int { buffer.count }
  func clear() { buffer.clear() }
  func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { buffer.append(bytes: $0) } }
  func copy(to out: inout ByteBuffer) { out.append(bytes: buffer.bytes) }

  func bytesField(_ number: Int, count: Int) {
    buffer.appendVarint(UInt64(number << 3 | 2))
    buffer.appendVarint(UInt64(count))
  }

  func field(_ number: Int, _ bytes: [UInt8]) {
    bytesField(number, count: bytes.count)
    append(bytes)
  }

  func varintField(_ number: Int, _ value: UInt64) {
    buffer.appendVarint(UInt64(number << 3))
    buffer.appendVarint(value)
  }

  func packed(_ number: Int, _ values: [UInt64]) {
    bytesField(number, count: values.reduce(0) { $0 + Self.varintCount(Int($1)) })
    for value in values { buffer.appendVarint(value) }
  }

  static func varintCount(_ value: Int) -> Int {
    var rest = value
    var count = 1
    while rest >= 128 {
      rest >>= 7
      count += 1
    }
    return count
  }
}
