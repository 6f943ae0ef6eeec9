import CPromisedMessages
import CProtobufC
import PromisedModel

// The update feed.
extension RequestDecoder {
  func feed(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ApplyRequest.self)
    return .feed(try feedRows(message.pointee))
  }

  /// A batch, as `Apply` takes one and `ApplyStream` one after another.
  func feedRows(_ message: Promised__V1__ApplyRequest) throws(Refusal) -> FeedRows {
    var rows = FeedRows()
    rows.source = try FieldPath("source").name(message.source)
    let keys = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    rows.aliveNodes = try ownedNames(message.alive_nodes, message.n_alive_nodes, "alive_nodes")
    if keys.count == 0 && rows.aliveNodes.isEmpty {
      throw FieldPath("item_key_lengths").missing()
    }
    // The last row's sequence must be a number too.
    let last = UInt64.max - UInt64(Limits.batchRows)
    let isDense = message.n_sequences == 0 && keys.count > 0
    rows.firstSequence = try FieldPath("first_sequence").number(
      message.first_sequence, in: (isDense ? 1 : 0)...last)
    rows.keys = keys.owned
    rows.nodeNames = try ownedNames(message.nodes, message.n_nodes, "nodes")
    rows.nodes = try indexes(
      message.node_indexes, message.n_node_indexes, rows: keys.count, below: rows.nodeNames.count,
      "node_indexes", of: "nodes"
    ).owned
    try fillMovements(message, &rows)
    rows.allowsGap = message.allow_gap != 0
    rows.isNetOfAllocations = message.net_of_allocations != 0
    try fillDetails(message, &rows)
    return rows
  }

  private func fillMovements(
    _ message: Promised__V1__ApplyRequest, _ rows: inout FeedRows
  ) throws(Refusal) {
    let count = rows.keys.count
    try FieldPath("kinds").hasValues(message.n_kinds, for: count)
    try FieldPath("quantities").hasValues(message.n_quantities, for: count)
    if count == 0 { return }
    let (kinds, quantities) = (
      message.kinds.unsafelyUnwrapped, message.quantities.unsafelyUnwrapped
    )
    let most = Int64(Limits.unitsPerPosition)
    var isSound = true
    rows.kinds = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
      for row in 0..<count {
        let kind = kinds[row]
        let quantity = quantities[row]
        isSound =
          isSound && kind &- 1 < 17 && quantity <= most && quantity >= -most
          && (quantity >= 0 || kind == 3)
        target[row] = UInt8(truncatingIfNeeded: kind)
      }
      filled = count
    }
    if !isSound { try refuseMovement(message, count) }
    rows.quantities = Array(UnsafeBufferPointer(start: quantities, count: count))
  }

  /// Names the first row whose movement is out of range.
  @inline(never)
  private func refuseMovement(
    _ message: Promised__V1__ApplyRequest, _ count: Int
  ) throws(Refusal) {
    let most = Int64(Limits.unitsPerPosition)
    for row in 0..<count {
      let kind: UInt8 = try FieldPath("kinds", row: row).number(
        message.kinds.unsafelyUnwrapped[row], in: 1...MovementKind.shortPick.rawValue)
      // Only an adjustment has a sign.
      let least = kind == MovementKind.adjustment.rawValue ? -most : 0
      let _: Int64 = try FieldPath("quantities", row: row).number(
        message.quantities.unsafelyUnwrapped[row], in: least...most)
    }
  }

  private func fillDetails(
    _ message: Promised__V1__ApplyRequest, _ rows: inout FeedRows
  ) throws(Refusal) {
    let count = rows.keys.count
    let spread = Limits.arrivalSpreadSeconds
    rows.details.sequences = try optional(
      message.sequences, message.n_sequences, count,
      in: 1...(UInt64.max - UInt64(Limits.batchRows)), "sequences")
    rows.details.occurredMilliseconds = try optional(
      message.occurred_unix_ms, message.n_occurred_unix_ms, count,
      in: 0...(Self.lastInstant * 1000), "occurred_unix_ms")
    rows.details.references = try references(message, count)
    if message.n_destination_indexes > 0 {
      rows.details.destinations = try indexes(
        message.destination_indexes, message.n_destination_indexes, rows: count,
        below: rows.nodeNames.count, "destination_indexes", of: "nodes"
      ).owned
    }
    rows.details.etaUnixSeconds = try optional(
      message.eta_unix_s, message.n_eta_unix_s, count, in: 0...Self.lastInstant, "eta_unix_s")
    rows.details.earlyUnixSeconds = try optional(
      message.eta_early_unix_s, message.n_eta_early_unix_s, count, in: 0...Self.lastInstant,
      "eta_early_unix_s")
    rows.details.lateUnixSeconds = try optional(
      message.eta_late_unix_s, message.n_eta_late_unix_s, count,
      in: 0...(Self.lastInstant + spread), "eta_late_unix_s")
    rows.details.stages = try optional(
      message.stages, message.n_stages, count, in: 0...InboundStage.receiving.rawValue, "stages")
    rows.details.dispositions = try optional(
      message.dispositions, message.n_dispositions, count, in: 0...3, "dispositions")
    rows.details.fromDispositions = try optional(
      message.from_dispositions, message.n_from_dispositions, count, in: 0...3,
      "from_dispositions")
    rows.details.causes = try optional(
      message.causes, message.n_causes, count, in: 0...AdjustmentCause.other.rawValue, "causes")
    rows.details.holdIDs = try optional(
      message.hold_ids, message.n_hold_ids, count, in: 0...UInt64.max, "hold_ids")
  }

  /// The end of the year 9999.
  private static var lastInstant: Int64 { 253_402_300_799 }

  /// A column that may be empty.
  private func optional<Value: FixedWidthInteger, Target: FixedWidthInteger>(
    _ base: UnsafeMutablePointer<Value>?, _ count: Int, _ rows: Int,
    in range: ClosedRange<Target>, _ field: StaticString
  ) throws(Refusal) -> [Target] {
    count == 0 ? [] : try numbers(base, count, rows, in: range, field)
  }

  /// Names that may be empty.
  private func references(
    _ message: Promised__V1__ApplyRequest, _ count: Int
  ) throws(Refusal) -> PackedKeys {
    let bytes = BorrowedBytes(message.references)
    if message.n_reference_lengths == 0 && bytes.isEmpty { return PackedKeys() }
    try FieldPath("reference_lengths").hasValues(message.n_reference_lengths, for: count)
    var offset = 0
    for row in 0..<count {
      let length = Int(message.reference_lengths.unsafelyUnwrapped[row])
      guard length <= bytes.count - offset else { break }
      if length > 0 {
        let name = BorrowedBytes(base: bytes.base.map { $0 + offset }, count: length)
        _ = try FieldPath("references", row: row).optionalKey(name)
      }
      offset += length
    }
    let lengths = Array(
      UnsafeBufferPointer(start: message.reference_lengths, count: count))
    let total = lengths.reduce(0) { $0 + Int($1) }
    guard total == bytes.count else {
      throw Refusal(
        .columnLengthMismatch,
        "reference_lengths add up to \(total) for the \(bytes.count) bytes of references")
    }
    return PackedKeys(bytes: Array(bytes.buffer), lengths: lengths)
  }

  func reverseFeed(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ReverseFeedRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let source = try FieldPath("source").name(message.source)
    let last = UInt64.max - UInt64(Limits.batchRows)
    let from: UInt64 = try FieldPath("from_sequence").number(message.from_sequence, in: 1...last)
    let to: UInt64 = try FieldPath("to_sequence").number(message.to_sequence, in: 1...last)
    if to < from {
      throw FieldPath("to_sequence").outOfRange("\(to)", "from_sequence, \(from), or more")
    }
    return .reverseFeed(
      FeedReversal(key: key, source: source, fromSequence: from, toSequence: to))
  }
}
