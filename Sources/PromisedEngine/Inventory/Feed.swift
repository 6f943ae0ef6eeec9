import PromisedInvariants
import PromisedModel

/// The update feed: rows that state what happened, each with a fate of its own.
extension State {
  /// The last sequence applied of a source; 0 = none.
  package func lastSequence(of source: Name) -> UInt64 {
    guard let index = sourceKeys.find(source) else { return 0 }
    observe(.source, UInt64(index))
    return sourceSequences[index]
  }

  /// Decides a batch: `reply.codes` gets an outcome per row, the event the rows that change stock.
  ///
  /// Refused whole, in this order: no source (KEY_INVALID), columns of different lengths
  /// (COLUMN_LENGTH_MISMATCH), more rows than a batch holds (TOO_MANY_ROWS), a first sequence of 0
  /// or one whose last overflows (FIELD_OUT_OF_RANGE), a gap after the source's high-water mark
  /// (SEQUENCE_GAP). Per row: ALREADY_APPLIED, then KEY_INVALID, NODE_UNKNOWN, FIELD_OUT_OF_RANGE,
  /// QUANTITY_OVERFLOW, ON_HAND_NEGATIVE. A row sees the rows before it. A refused row is consumed:
  /// the high-water mark moves past it. An event whose `lastSequence` is the source's mark already
  /// changes nothing and need not be logged.
  package func decide(_ rows: borrowing FeedRows, reply: inout FeedReply) throws(Refusal)
    -> FeedEvent
  {
    let count = rows.keys.count
    try check(feed: rows)
    let applied = lastSequence(of: rows.source)
    if rows.firstSequence > applied + 1 {
      throw Refusal(
        .sequenceGap,
        "the first sequence is \(rows.firstSequence) but source \(rows.source) is at \(applied):"
          + " expected \(applied + 1) or less", key: rows.source)
    }
    var event = FeedEvent()
    event.source = rows.source
    event.lastSequence = max(applied, rows.firstSequence + UInt64(count) - 1)
    reply.lastSequence = event.lastSequence
    event.nodes.reserveCapacity(count)
    event.kinds.reserveCapacity(count)
    event.quantities.reserveCapacity(count)
    event.keys.bytes.reserveCapacity(rows.keys.bytes.count)
    event.keys.lengths.reserveCapacity(count)
    let nodes = rows.nodeNames.map { nodeIndex($0) }
    observeNetwork()
    scratch.overlay.removeAll()
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for index in 0..<count {
        let key = keys.key(index, at: &offset)
        if rows.firstSequence + UInt64(index) <= applied {
          reply.codes.append(UInt32(OutcomeCode.alreadyApplied.rawValue))
          continue
        }
        let code = decide(row: index, of: rows, key: key, nodes: nodes, into: &event)
        reply.codes.append(UInt32(code.rawValue))
      }
    }
    return event
  }

  private func check(feed rows: borrowing FeedRows) throws(Refusal) {
    let count = rows.keys.count
    if !isValid(rows.source) {
      throw Refusal(.keyInvalid, "source must have 1 to 64 bytes of UTF-8 without controls")
    }
    if rows.nodes.count != count || rows.kinds.count != count || rows.quantities.count != count {
      throw Refusal(.columnLengthMismatch, "every column of a feed must have \(count) rows")
    }
    if !areWithin(rows.keys) {
      throw Refusal(.columnLengthMismatch, "item key lengths must add up to the key bytes")
    }
    if count == 0 || count > Limits.batchRows {
      throw Refusal(.tooManyRows, "a feed has \(count) rows: 1 to \(Limits.batchRows) are allowed")
    }
    if rows.firstSequence == 0
      || rows.firstSequence.addingReportingOverflow(UInt64(count)).overflow
    {
      throw Refusal(
        .fieldOutOfRange, "first_sequence is \(rows.firstSequence): 1 or more, below 2^64")
    }
  }

  private func decide(
    row: Int, of rows: borrowing FeedRows, key: BorrowedBytes, nodes: [UInt16?],
    into event: inout FeedEvent
  ) -> OutcomeCode {
    if !Name.isValid(key.buffer) { return .keyInvalid }
    let nodeIndex = Int(rows.nodes[row])
    guard nodeIndex < nodes.count, let node = nodes[nodeIndex] else { return .nodeUnknown }
    guard let kind = MovementKind(rawValue: rows.kinds[row]) else { return .fieldOutOfRange }
    let known = itemKeys.token(key)
    let token = scratch.overlay.token(key, known: known)
    let slot: Int
    if let found = scratch.overlay.find(token, node) {
      slot = found
    } else {
      let stock =
        known == 0
        ? StockAmounts() : amounts(token: known, slot: positions.find(known), node: node)
      observe(item: known)
      slot = scratch.overlay.insert(token, node, stock)
    }
    let code = scratch.overlay.at(slot).pointee.move(kind, by: rows.quantities[row])
    if code != .ok { return code }
    event.keys.append(key.buffer)
    event.nodes.append(node)
    event.kinds.append(kind.rawValue)
    event.quantities.append(rows.quantities[row])
    return .ok
  }

  func apply(fed event: borrowing FeedEvent) {
    let source = sourceKeys.insert(event.source)
    if source == sourceSequences.count { sourceSequences.append(0) }
    invariant(event.lastSequence >= sourceSequences[source], "a source's sequence runs backwards")
    sourceSequences[source] = event.lastSequence
    touch(.source, UInt64(source))
    let kinds = event.kinds
    let nodes = event.nodes
    let quantities = event.quantities
    event.keys.withKeyColumn { keys in
      var offset = 0
      for index in 0..<keys.count {
        let token = itemKeys.insert(keys.key(index, at: &offset))
        let slot = slotInserting(token)
        guard let kind = MovementKind(rawValue: kinds[index]) else {
          invariant(false, "a feed event of an unknown kind")
          continue
        }
        var stock = amounts(token: token, slot: slot, node: nodes[index])
        let code = stock.move(kind, by: quantities[index])
        invariant(code == .ok, "a feed event moves stock out of range")
        setAmounts(stock, token: token, slot: slot, node: nodes[index])
      }
    }
  }

  func isValid(_ name: Name) -> Bool { name.bytes.withUnsafeBufferPointer { Name.isValid($0) } }

  /// Whether the lengths add up to the bytes.
  func areWithin(_ keys: PackedKeys) -> Bool {
    var total = 0
    for length in keys.lengths { total += Int(length) }
    return total == keys.bytes.count
  }
}
