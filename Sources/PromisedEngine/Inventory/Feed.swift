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
    let nodes = rows.nodeNames.map { nodeIndex($0) }
    observeNetwork()
    scratch.overlay.removeAll()
    scratch.nodes.resize(to: count)
    scratch.accepted.removeAll()
    rows.withColumns { columns in
      var offset = 0
      var group = FeedGroup()
      for index in 0..<count {
        if index == group.end { group = prepare(columns.keys, from: index, at: offset) }
        let key = columns.keys.key(index, at: &offset)
        if rows.firstSequence + UInt64(index) <= applied {
          reply.codes.append(UInt32(OutcomeCode.alreadyApplied.rawValue))
          continue
        }
        let code = decide(row: index, of: columns, key: key, nodes: nodes, in: group)
        if code == .ok { scratch.accepted.append(UInt32(index)) }
        reply.codes.append(UInt32(code.rawValue))
      }
    }
    keepAccepted(of: rows, in: &event)
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
    row: Int, of columns: borrowing FeedColumns, key: BorrowedBytes, nodes: [UInt16?],
    in group: FeedGroup
  ) -> OutcomeCode {
    let known = scratch.tokens[row - group.start]
    // A key that packs has nothing in it that a name may not have.
    if !ItemKeys.isPacked(known) && !Name.isValid(key.buffer) { return .keyInvalid }
    let nodeIndex = Int(columns.nodes[row])
    guard nodeIndex < nodes.count, let node = nodes[nodeIndex] else { return .nodeUnknown }
    guard let kind = MovementKind(rawValue: columns.kinds[row]) else { return .fieldOutOfRange }
    let token = scratch.overlay.token(key, known: known)
    let slot: Int
    if let found = scratch.overlay.find(token, node) {
      slot = found
    } else {
      let stock =
        known == 0
        ? StockAmounts()
        : amounts(token: known, slot: scratch.slots[row - group.start], node: node)
      observe(item: known)
      slot = scratch.overlay.insert(token, node, stock)
    }
    scratch.nodes[row] = node
    return scratch.overlay.at(slot).pointee.move(kind, by: columns.quantities[row])
  }

  /// Looks up the next rows of a batch, all at a time: their buckets are read together, then what
  /// the buckets lead to.
  private func prepare(_ keys: KeyColumn, from start: Int, at offset: Int) -> FeedGroup {
    let group = FeedGroup(start: start, end: min(start + FeedGroup.rows, keys.count))
    let count = group.end - start
    scratch.tokens.resize(to: count)
    scratch.slots.resize(to: count)
    var offset = offset
    for place in 0..<count {
      let token = itemKeys.token(keys.key(start + place, at: &offset))
      scratch.tokens[place] = token
      prefetch(item: token)
    }
    for place in 0..<count {
      let token = scratch.tokens[place]
      let slot = token == 0 ? -1 : positions.find(token)
      scratch.slots[place] = slot
      prefetch(slot: slot)
    }
    return group
  }

  /// The rows of an event: nearly always all that were sent, which are then shared.
  private func keepAccepted(of rows: borrowing FeedRows, in event: inout FeedEvent) {
    let count = scratch.accepted.count
    if count == rows.keys.count {
      event.keys = rows.keys
      event.kinds = rows.kinds
      event.quantities = rows.quantities
      event.nodes = Array(UnsafeBufferPointer(start: scratch.nodes.base, count: count))
      return
    }
    event.nodes.reserveCapacity(count)
    event.kinds.reserveCapacity(count)
    event.quantities.reserveCapacity(count)
    rows.keys.withKeyColumn { keys in
      var (offset, next) = (0, 0)
      for index in 0..<keys.count where next < count {
        let key = keys.key(index, at: &offset)
        if Int(scratch.accepted[next]) != index { continue }
        next += 1
        event.keys.append(key.buffer)
        event.nodes.append(scratch.nodes[index])
        event.kinds.append(rows.kinds[index])
        event.quantities.append(rows.quantities[index])
      }
    }
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
      var group = FeedGroup()
      for index in 0..<keys.count {
        if index == group.end { group = prepare(keys, from: index, at: offset) }
        let key = keys.key(index, at: &offset)
        guard let kind = MovementKind(rawValue: kinds[index]) else {
          invariant(false, "a feed event of an unknown kind")
          continue
        }
        let place = index - group.start
        move(
          kind, by: quantities[index], key: key, known: scratch.tokens[place],
          slot: scratch.slots[place], node: nodes[index])
      }
    }
  }

  /// - Parameter slot: where the item stood when its group was looked up; an item that was added
  ///   since may have moved it.
  private func move(
    _ kind: MovementKind, by quantity: Int64, key: BorrowedBytes, known: UInt64, slot hint: Int,
    node: UInt16
  ) {
    movements.cause = kind.rawValue
    var (token, slot) = (known, hint)
    if hint < 0 || positions.key(hint) != known {
      token = itemKeys.insert(key)
      slot = slotInserting(token)
    }
    if kind.movesOnHandOnly, let row = positions.row(slot, node: node) {
      var stock = StockAmounts(onHand: row.pointee.onHand)
      let code = stock.move(kind, by: quantity)
      invariant(code == .ok, "a feed event moves stock out of range")
      setOnHand(stock.onHand, of: row, token: token, slot: slot, node: node)
      return
    }
    var stock = amounts(token: token, slot: slot, node: node)
    let code = stock.move(kind, by: quantity)
    invariant(code == .ok, "a feed event moves stock out of range")
    setAmounts(stock, token: token, slot: slot, node: node)
  }

  func isValid(_ name: Name) -> Bool { name.bytes.withUnsafeBufferPointer { Name.isValid($0) } }

  /// Whether the lengths add up to the bytes.
  func areWithin(_ keys: PackedKeys) -> Bool {
    var total = 0
    for length in keys.lengths { total += Int(length) }
    return total == keys.bytes.count
  }
}

/// Rows of a batch that are looked up together: enough to keep the memory busy, few enough that
/// what was read is still near when its row's turn comes.
private struct FeedGroup {
  var start = 0
  var end = 0

  static var rows: Int { 64 }
}

/// The columns of a batch, lent once instead of for each row.
private struct FeedColumns {
  var keys: KeyColumn
  var nodes: Column<UInt32>
  var kinds: Column<UInt8>
  var quantities: Column<Int64>
}

extension FeedRows {
  fileprivate func withColumns(_ body: (FeedColumns) -> Void) {
    keys.withKeyColumn { keys in
      nodes.withUnsafeBufferPointer { nodes in
        kinds.withUnsafeBufferPointer { kinds in
          quantities.withUnsafeBufferPointer { quantities in
            body(
              FeedColumns(
                keys: keys, nodes: Column(nodes), kinds: Column(kinds),
                quantities: Column(quantities)))
          }
        }
      }
    }
  }
}

extension MovementKind {
  /// The conditions stay as they are.
  fileprivate var movesOnHandOnly: Bool {
    switch self {
    case .receipt, .shipment, .adjustment, .count: true
    case .unfulfillable, .researching, .inTransfer, .inProcessing, .withheld: false
    }
  }
}
