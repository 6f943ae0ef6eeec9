import CPromisedMessages
import CProtobufC
import PromisedModel

// Holds, from the cart until the last unit left.
extension RequestDecoder {
  mutating func hold(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__HoldRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let owner = try FieldPath("owner").key(message.owner)
    let seconds = try timeToLive(message.ttl_s)
    let tokens = try tokens(message.tokens, message.n_tokens)
    let lines = try lines(
      LineColumns(
        nodes: message.nodes, nodeCount: message.n_nodes, groups: message.groups,
        groupCount: message.n_groups, keys: message.item_keys,
        keyLengths: message.item_key_lengths, count: message.n_item_key_lengths,
        indexes: message.node_indexes, indexCount: message.n_node_indexes,
        quantities: message.quantities, quantityCount: message.n_quantities,
        dues: message.due_unix_s, dueCount: message.n_due_unix_s, channel: message.channel))
    if lines.count == 0, tokens.isEmpty { throw FieldPath("item_key_lengths").missing() }
    let fill: UInt8 = try FieldPath("fill").number(
      message.fill, in: 0...HoldFillPolicy.fillAvailable.rawValue)
    return .hold(
      HoldCommand(
        key: key, owner: owner,
        name: try FieldPath("name").optionalKey(BorrowedBytes(message.name)),
        timeToLiveSeconds: seconds, fill: HoldFillPolicy(rawValue: fill) ?? .fillOrKill,
        replaces: message.replaces_hold_id, lines: lines, tokens: tokens,
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
    let hold = try reference(message.hold_id, message.name)
    return .holdTransition(
      HoldTransitionCommand(key: key, owner: owner, hold: hold, transition: transition))
  }

  func holdGet(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__GetHoldRequest.self).pointee
    return .holdGet(
      try reference(message.hold_id, message.name), minPosition: minPosition(message.read))
  }

  func extend(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ExtendRequest.self).pointee
    return .extend(
      ExtendCommand(
        key: try commandKey(message.idempotency_key, digest),
        owner: try FieldPath("owner").key(message.owner),
        hold: try reference(message.hold_id, message.name),
        timeToLiveSeconds: try timeToLive(message.ttl_s)))
  }

  mutating func amend(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__AmendRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let owner = try FieldPath("owner").key(message.owner)
    let hold = try reference(message.hold_id, message.name)
    let lines = try lines(
      LineColumns(
        nodes: message.nodes, nodeCount: message.n_nodes, groups: message.groups,
        groupCount: message.n_groups, keys: message.item_keys,
        keyLengths: message.item_key_lengths, count: message.n_item_key_lengths,
        indexes: message.node_indexes, indexCount: message.n_node_indexes,
        quantities: message.quantities, quantityCount: message.n_quantities,
        dues: message.due_unix_s, dueCount: message.n_due_unix_s, channel: message.channel))
    if lines.count == 0 { throw FieldPath("item_key_lengths").missing() }
    return .amend(AmendCommand(key: key, owner: owner, hold: hold, lines: lines))
  }

  mutating func pick(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PickRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let owner = try FieldPath("owner").key(message.owner)
    let hold = try reference(message.hold_id, message.name)
    let lines = try lines(
      LineColumns(
        nodes: message.nodes, nodeCount: message.n_nodes, keys: message.item_keys,
        keyLengths: message.item_key_lengths, count: message.n_item_key_lengths,
        indexes: message.node_indexes, indexCount: message.n_node_indexes,
        quantities: message.quantities, quantityCount: message.n_quantities), least: 0)
    if lines.count == 0 { throw FieldPath("item_key_lengths").missing() }
    let missing =
      message.n_missing == 0
      ? Column<Int32>.empty
      : try quantities(
        message.missing, message.n_missing, rows: lines.count, in: 0...Limits.unitsPerPosition,
        "missing")
    return .fulfil(
      FulfilCommand(
        key: key, owner: owner, hold: hold, step: .pick, lines: lines, missing: missing))
  }

  mutating func consume(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ConsumeRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let owner = try FieldPath("owner").key(message.owner)
    let hold = try reference(message.hold_id, message.name)
    let lines = try lines(
      LineColumns(
        nodes: message.nodes, nodeCount: message.n_nodes, keys: message.item_keys,
        keyLengths: message.item_key_lengths, count: message.n_item_key_lengths,
        indexes: message.node_indexes, indexCount: message.n_node_indexes,
        quantities: message.quantities, quantityCount: message.n_quantities))
    return .fulfil(FulfilCommand(key: key, owner: owner, hold: hold, step: .ship, lines: lines))
  }

  func shortfalls(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ShortfallsRequest.self).pointee
    let size: Int32 = try FieldPath("page_size").number(
      message.page_size, in: 0...Int32(Limits.shortfallRows))
    let query = ShortfallQuery(
      item: try FieldPath("item").optionalKey(BorrowedBytes(message.item)),
      node: try FieldPath("node").optionalKey(BorrowedBytes(message.node)),
      hold: HoldReference(
        id: message.hold_id,
        name: try FieldPath("name").optionalKey(BorrowedBytes(message.name))),
      pageToken: BorrowedBytes(message.page_token), pageSize: size == 0 ? 1000 : size)
    return .shortfalls(query, minPosition: minPosition(message.read))
  }

  // MARK: Parts

  /// A hold by its id, by its name, or by both, which must then be of the same hold.
  private func reference(
    _ id: UInt64, _ name: ProtobufCBinaryData
  ) throws(Refusal) -> HoldReference {
    let name = try FieldPath("name").optionalKey(BorrowedBytes(name))
    if id == 0 && name.isEmpty { throw FieldPath("hold_id").missing() }
    return HoldReference(id: id, name: name)
  }

  private func timeToLive(_ seconds: UInt64) throws(Refusal) -> Int64 {
    try FieldPath("ttl_s").number(seconds, in: 0...Limits.holdMaximumSeconds)
  }

  /// Lines as several requests name them.
  private struct LineColumns {
    var nodes: UnsafeMutablePointer<ProtobufCBinaryData>?
    var nodeCount: Int
    var groups: UnsafeMutablePointer<ProtobufCBinaryData>?
    var groupCount = 0
    var keys: ProtobufCBinaryData
    var keyLengths: UnsafeMutablePointer<UInt32>?
    var count: Int
    var indexes: UnsafeMutablePointer<UInt32>?
    var indexCount: Int
    var quantities: UnsafeMutablePointer<UInt64>?
    var quantityCount: Int
    var dues: UnsafeMutablePointer<Int64>?
    var dueCount = 0
    var channel = ProtobufCBinaryData()
  }

  private mutating func lines(
    _ columns: LineColumns, least: Int32 = 1
  ) throws(Refusal) -> HoldRequestLines {
    let nodeNames = try names(columns.nodes, columns.nodeCount, "nodes")
    let groupNames = try names(columns.groups, columns.groupCount, "groups")
    let items = try keys(
      columns.keys, columns.keyLengths, columns.count, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.linesPerHold)
    let nodes = try indexes(
      columns.indexes, columns.indexCount, rows: items.count,
      below: nodeNames.count + groupNames.count, "node_indexes", of: "nodes")
    let quantities = try quantities(
      columns.quantities, columns.quantityCount, rows: items.count,
      in: least...Limits.unitsPerPosition, "quantities")
    if columns.dueCount > 0 {
      try FieldPath("due_unix_s").hasValues(columns.dueCount, for: items.count)
      for row in 0..<columns.dueCount {
        let _: Int64 = try FieldPath("due_unix_s", row: row).number(
          columns.dues.unsafelyUnwrapped[row], in: 0...Int64(UInt32.max))
      }
    }
    return HoldRequestLines(
      nodeNames: nodeNames, groupNames: groupNames, items: items, nodes: nodes,
      quantities: quantities,
      dues: Column(base: UnsafePointer(columns.dues), count: columns.dueCount),
      channel: try FieldPath("channel").optionalKey(BorrowedBytes(columns.channel)))
  }
}
