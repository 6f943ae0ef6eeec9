import CPromisedMessages
import CProtobufC
import PromisedModel

// Holds and the feed: they change stock.
extension RequestDecoder {
  func commandKey(
    _ data: ProtobufCBinaryData, _ digest: UInt64
  ) throws(Refusal) -> CommandKey {
    CommandKey(bytes: try FieldPath("idempotency_key").key(data), bodyDigest: digest)
  }

  mutating func hold(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__HoldRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let owner = try FieldPath("owner").key(message.owner)
    let seconds: Int64 = try FieldPath("ttl_s").number(
      message.ttl_s, in: 0...Limits.holdMaximumSeconds)
    let nodeNames = try names(message.nodes, message.n_nodes, "nodes")
    let tokens = try tokens(message.tokens, message.n_tokens)
    let items = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.linesPerHold)
    if items.count == 0, tokens.isEmpty { throw FieldPath("item_key_lengths").missing() }
    let nodes = try indexes(
      message.node_indexes, message.n_node_indexes, rows: items.count, below: nodeNames.count,
      "node_indexes", of: "nodes")
    let quantities = try quantities(
      message.quantities, message.n_quantities, rows: items.count,
      in: 1...Limits.unitsPerPosition, "quantities")
    return .hold(
      HoldCommand(
        key: key, owner: owner, timeToLiveSeconds: seconds, nodeNames: nodeNames, items: items,
        nodes: nodes, quantities: quantities, tokens: tokens,
        wantsUpgrade: message.wants_upgrade != 0))
  }

  /// Tokens to redeem, read where they were unpacked.
  private func tokens(
    _ data: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int
  ) throws(Refusal) -> Column<BorrowedBytes> {
    try FieldPath("tokens").isAtMost(Limits.tokensPerHold, rows: count)
    for row in 0..<count {
      _ = try token(data.unsafelyUnwrapped[row], FieldPath("tokens", row: row))
    }
    return Column(
      base: UnsafeRawPointer(data)?.assumingMemoryBound(to: BorrowedBytes.self), count: count)
  }

  func holdTransition(
    _ raw: UnsafeRawPointer, _ transition: HoldTransition, _ digest: UInt64
  ) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__HoldChangeRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let owner = try FieldPath("owner").key(message.owner)
    guard message.hold_id > 0 else { throw FieldPath("hold_id").missing() }
    return .holdTransition(
      HoldTransitionCommand(
        key: key, owner: owner, holdID: message.hold_id, transition: transition))
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
