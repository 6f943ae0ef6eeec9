import CPromisedMessages
import CProtobufC
import PromisedInvariants
import PromisedModel

/// Turns a method's payload into a checked `Request`.
///
/// One decoder serves one thread, request after request. A payload passes the linear pre-scan, is
/// unpacked by libprotobuf-c into the decoder's arena, and then every field is checked. Questions
/// and holds borrow the arena, so that a steady stream of them allocates nothing; what a request
/// borrows holds until the next `decode`.
package struct RequestDecoder: ~Copyable {
  var arena = MessageArena()
  /// The schema of each decoded method's request, by the method's number.
  private let schemas: UnsafeMutablePointer<Prescan.Descriptor?>

  package init() {
    // An unpacked `repeated string` is read in place as a column of borrowed bytes.
    invariant(
      MemoryLayout<BorrowedBytes>.stride == MemoryLayout<ProtobufCBinaryData>.stride
        && MemoryLayout<BorrowedBytes>.offset(of: \.count)
          == MemoryLayout<ProtobufCBinaryData>.offset(of: \.len)
        && MemoryLayout<BorrowedBytes>.offset(of: \.base)
          == MemoryLayout<ProtobufCBinaryData>.offset(of: \.data),
      "BorrowedBytes and ProtobufCBinaryData differ in layout")
    schemas = .allocate(capacity: 256)
    schemas.initialize(repeating: nil, count: 256)
    for method in Method.allCases {
      schemas[Int(method.rawValue)] = Self.schema(method)
    }
  }

  deinit { schemas.deallocate() }

  /// Decodes a request. What is not built is refused before, by its name.
  ///
  /// - Throws: `messageMalformed`, `tooManyFields`, `messageTooCostly` for bytes that are no such
  ///   message; `fieldOutOfRange`, `fieldMissing`, `columnLengthMismatch`, `keyInvalid`,
  ///   `tooManyRows` for a field, which the message names.
  /// - Complexity: linear in the payload.
  package mutating func decode(
    _ method: Method, _ payload: BorrowedBytes
  ) throws(Refusal) -> Request {
    let message = try unpack(method, payload)
    switch method {
    case .offer: return try offer(message)
    case .availability: return try availability(message)
    case .inStock: return try inStock(message)
    case .history: return try history(message)
    case .headroom: return try headroom(message)
    case .usage: return try usage(message)
    case .list: return try list(message)
    case .plan: return try plan(message)
    case .atRisk: return try atRisk(message)
    case .rescue: return try rescue(message, digest(method, payload))
    case .accuracy: return try accuracy(message)
    case .explain: return try explain(message)
    case .changed: return try changed(message)
    case .observe: return try observe(message, digest(method, payload))
    case .closeLeg: return try closeLeg(message, digest(method, payload))
    case .reopenLeg: return try reopenLeg(message, digest(method, payload))
    case .putOverride: return try putOverride(message, digest(method, payload))
    case .listOverrides: return listOverrides(message)
    case .networkGet: return networkGet(message)
    case .holdGet: return try holdGet(message)
    case .hold: return try hold(message, digest(method, payload))
    case .holdCommit: return try holdTransition(message, .commit, digest(method, payload))
    case .holdRelease: return try holdTransition(message, .release, digest(method, payload))
    case .apply, .applyStream: return try feed(message)
    case .watch: return .watch(try watch(message))
    case .watchPoll: return .watchPoll(try watchPoll(message))
    case .holdExtend: return try extend(message, digest(method, payload))
    case .holdAmend: return try amend(message, digest(method, payload))
    case .pick: return try pick(message, digest(method, payload))
    case .holdConsume: return try consume(message, digest(method, payload))
    case .shortfalls: return try shortfalls(message)
    case .reverseFeed: return try reverseFeed(message, digest(method, payload))
    case .putItems: return try putItems(message, digest(method, payload))
    case .putPositions: return try putPositions(message, digest(method, payload))
    case .putInbound: return try putInbound(message, digest(method, payload))
    case .putKits: return try putKits(message, digest(method, payload))
    case .putOpportunity: return try putOpportunity(message, digest(method, payload))
    case .atp: return try atp(message)
    case .putGroups: return try putGroups(message, digest(method, payload))
    case .putChannelStock: return try putChannelStock(message, digest(method, payload))
    case .putBackorders: return try putBackorders(message, digest(method, payload))
    case .putForecasts: return try putForecasts(message, digest(method, payload))
    case .putFactors: return try putFactors(message, digest(method, payload))
    case .putSellers: return try putSellers(message, digest(method, payload))
    case .putLimits: return try putLimits(message, digest(method, payload))
    case .capacityAdmit: return try admit(message, digest(method, payload))
    case .capacityReceive: return try receive(message, digest(method, payload))
    case .capacityClose: return try closePlan(message, digest(method, payload))
    case .capacityBid: return try bid(message, digest(method, payload))
    case .capacityClear: return try clear(message, digest(method, payload))
    case .capacityRemove: return try remove(message, digest(method, payload))
    case .capacityWhatIf: return try whatIf(message)
    case .capacityReport: return try report(message)
    case .utilization: return try utilization(message)
    case .putPolicies: return try putPolicies(message, digest(method, payload))
    case .putBuildings: return try putBuildings(message, digest(method, payload))
    case .putSignals: return try putSignals(message, digest(method, payload))
    case .networkPut: return try putNetwork(message, digest(method, payload))
    case .beginLoad: return try beginLoad(message)
    case .commitLoad: return .commitLoad(id: try loadID(message))
    case .abortLoad: return .abortLoad(id: try loadID(message))
    case .status: return .status
    case .audit: return .audit
    case .takeSnapshot: return .takeSnapshot
    case .listSnapshots: return .listSnapshots
    case .drain: return .drain
    case .ping: return ping(message)
    case .setTime: return try setTime(message)
    case .hello: return try hello(message)
    case .getDescriptorSet: return .descriptorSet
    case .healthCheck: return try health(message)
    case .cancel, .authenticate:
      throw Refusal(.methodNotBuilt, "\(method.fullName) is not built yet")
    }
  }

  /// Checks the payload's form and unpacks it into the arena.
  private mutating func unpack(
    _ method: Method, _ payload: BorrowedBytes
  ) throws(Refusal) -> UnsafeRawPointer {
    guard let schema = schemas[Int(method.rawValue)] else {
      throw Refusal(.methodNotBuilt, "\(method.fullName) is not built yet")
    }
    try Prescan.check(payload, schema)
    arena.reset(payloadBytes: payload.count)
    guard
      let message = protobuf_c_message_unpack(
        schema, arena.allocator, payload.count, payload.base)
    else {
      throw arena.isExhausted
        ? tooCostly()
        : Refusal(.messageMalformed, "the payload is no request of \(method.fullName)")
    }
    return UnsafeRawPointer(message)
  }

  func tooCostly() -> Refusal {
    Refusal(
      .messageTooCostly,
      "the message needs more than \(Limits.arenaBytesPerFrameByte) times its size in memory")
  }

  private func digest(_ method: Method, _ payload: BorrowedBytes) -> UInt64 {
    bodyDigest(of: UnsafeRawBufferPointer(payload.buffer), seed: UInt64(method.rawValue))
  }
}

// MARK: - Columns

extension RequestDecoder {
  /// Keys packed one after another: lengths of 1 to 64 that add up, each a valid key.
  func keys(
    _ data: ProtobufCBinaryData, _ lengths: UnsafeMutablePointer<UInt32>?, _ count: Int,
    _ field: StaticString, lengthsField: StaticString, atMost limit: Int
  ) throws(Refusal) -> KeyColumn {
    try FieldPath(field).isAtMost(limit, rows: count)
    let bytes = BorrowedBytes(data)
    // Printable ASCII, the common case, is checked once for all keys; else key by key.
    let isPlain = bytes.isPlainASCII
    var offset = 0
    for row in 0..<count {
      let length = Int(lengths.unsafelyUnwrapped[row])
      guard length <= bytes.count - offset else {
        throw Refusal(
          .columnLengthMismatch,
          "\(lengthsField) add up to more than the \(bytes.count) bytes of \(field)",
          row: Int32(clamping: row))
      }
      let key = UnsafeBufferPointer(start: bytes.base.map { $0 + offset }, count: length)
      guard isPlain ? (1...Name.maximumByteCount).contains(length) : Name.isValid(key) else {
        throw FieldPath(field, row: row).keyInvalid(length)
      }
      offset += length
    }
    guard offset == bytes.count else {
      throw Refusal(
        .columnLengthMismatch,
        "\(lengthsField) add up to \(offset) for the \(bytes.count) bytes of \(field)")
    }
    return KeyColumn(
      bytes: Column(base: bytes.base, count: bytes.count),
      lengths: Column(base: UnsafePointer(lengths), count: count))
  }

  /// As `keys`, with at least one.
  func someKeys(
    _ data: ProtobufCBinaryData, _ lengths: UnsafeMutablePointer<UInt32>?, _ count: Int,
    _ field: StaticString, lengthsField: StaticString, atMost limit: Int
  ) throws(Refusal) -> KeyColumn {
    let keys = try keys(
      data, lengths, count, field, lengthsField: lengthsField, atMost: limit)
    guard keys.count > 0 else { throw FieldPath(lengthsField).missing() }
    return keys
  }

  /// A `repeated string` of keys or names, read where it was unpacked.
  func names(
    _ data: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int, _ field: StaticString
  ) throws(Refusal) -> Column<BorrowedBytes> {
    for row in 0..<count {
      _ = try FieldPath(field, row: row).key(data.unsafelyUnwrapped[row])
    }
    return Column(
      base: UnsafeRawPointer(data)?.assumingMemoryBound(to: BorrowedBytes.self), count: count)
  }

  /// Indexes of rows into a column of `limit` names.
  func indexes(
    _ base: UnsafeMutablePointer<UInt32>?, _ count: Int, rows: Int, below limit: Int,
    _ field: StaticString, of names: StaticString
  ) throws(Refusal) -> Column<UInt32> {
    try FieldPath(field).hasValues(count, for: rows)
    for row in 0..<count where base.unsafelyUnwrapped[row] >= UInt32(clamping: limit) {
      throw FieldPath(field, row: row).outOfRange(
        "\(base.unsafelyUnwrapped[row])",
        limit == 0 ? "none, as \(names) is empty" : "0 to \(limit - 1), an index into \(names)")
    }
    return Column(base: UnsafePointer(base), count: count)
  }

  /// Quantities, narrowed to 32 bits in the arena.
  mutating func quantities(
    _ base: UnsafeMutablePointer<UInt64>?, _ count: Int, rows: Int, in range: ClosedRange<Int32>,
    _ field: StaticString
  ) throws(Refusal) -> Column<Int32> {
    try FieldPath(field).hasValues(count, for: rows)
    guard let target = arena.allocate(Int32.self, count: count) else { throw tooCostly() }
    for row in 0..<count {
      target[row] = try FieldPath(field, row: row).number(
        base.unsafelyUnwrapped[row], in: range)
    }
    return Column(base: UnsafePointer(target), count: count)
  }
}
