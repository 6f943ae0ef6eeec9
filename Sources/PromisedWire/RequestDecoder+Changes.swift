import CPromisedMessages
import CProtobufC
import PromisedModel

// The feed: it changes stock.
extension RequestDecoder {
  func commandKey(
    _ data: ProtobufCBinaryData, _ digest: UInt64
  ) throws(Refusal) -> CommandKey {
    CommandKey(bytes: try FieldPath("idempotency_key").key(data), bodyDigest: digest)
  }

  func feed(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ApplyRequest.self).pointee
    var rows = FeedRows()
    rows.source = try FieldPath("source").name(message.source)
    let keys = try someKeys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    // The last row's sequence must be a number too.
    rows.firstSequence = try FieldPath("first_sequence").number(
      message.first_sequence, in: 1...(UInt64.max - UInt64(Limits.batchRows)))
    rows.keys = keys.owned
    rows.nodeNames = try ownedNames(message.nodes, message.n_nodes, "nodes")
    rows.nodes = try indexes(
      message.node_indexes, message.n_node_indexes, rows: keys.count, below: rows.nodeNames.count,
      "node_indexes", of: "nodes"
    ).owned
    try FieldPath("kinds").hasValues(message.n_kinds, for: keys.count)
    try FieldPath("quantities").hasValues(message.n_quantities, for: keys.count)
    rows.kinds.reserveCapacity(keys.count)
    rows.quantities.reserveCapacity(keys.count)
    let most = Int64(Limits.unitsPerPosition)
    for row in 0..<keys.count {
      let kind: UInt8 = try FieldPath("kinds", row: row).number(
        message.kinds.unsafelyUnwrapped[row], in: 1...UInt8(MovementKind.allCases.count))
      // Only an adjustment has a sign.
      let least = kind == MovementKind.adjustment.rawValue ? -most : 0
      let quantity: Int64 = try FieldPath("quantities", row: row).number(
        message.quantities.unsafelyUnwrapped[row], in: least...most)
      rows.kinds.append(kind)
      rows.quantities.append(quantity)
    }
    return .feed(rows)
  }

  /// An owned copy of a column of names.
  func ownedNames(
    _ data: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int, _ field: StaticString
  ) throws(Refusal) -> [Name] {
    try names(data, count, field).buffer.map(\.name)
  }
}

extension Column {
  /// An owned copy.
  var owned: [Element] { Array(buffer) }
}

extension KeyColumn {
  /// An owned copy.
  var owned: PackedKeys { PackedKeys(bytes: bytes.owned, lengths: lengths.owned) }
}
