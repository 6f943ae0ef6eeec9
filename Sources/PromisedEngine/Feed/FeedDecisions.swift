import PromisedInvariants
import PromisedModel

/// The update feed: rows that state what happened, each with a fate of its own.
extension State {
  /// The last sequence applied of a source; 0 = none.
  package func lastSequence(of source: Name) -> UInt64 {
    guard let index = sourceKeys.find(source) else { return 0 }
    observe(.source, UInt64(index))
    return sources[index].lastSequence
  }

  /// Decides a batch: `reply.codes` gets an outcome per row, the event the rows that change
  /// something.
  ///
  /// Refused whole, in this order: what `check(feed:)` names; a source too many
  /// (TOO_MANY_SOURCES); a gap after the high-water mark of a source that numbers its rows without
  /// gaps, unless it allows them (SEQUENCE_GAP); more rows to park than there is room for
  /// (PARKED_FULL), before the sequence moves. Per row: ALREADY_APPLIED, then KEY_INVALID,
  /// NODE_UNKNOWN for an index beyond the names, FIELD_OUT_OF_RANGE, FIELD_MISSING, ROW_PARKED,
  /// COUNT_TOO_OLD, ALREADY_COUNTED, QUANTITY_OVERFLOW, ON_HAND_NEGATIVE, INSUFFICIENT_STOCK. A row
  /// sees the rows before it. A refused row is consumed: the high-water mark moves past it. Two
  /// outcomes say that a row was taken, with less effect than it names: ALREADY_COUNTED and
  /// HOLD_NOT_CLAIMING. An event that `isNeeded` denies changes nothing and need not be logged.
  package func decide(
    _ rows: borrowing FeedRows, at now: UnixMilliseconds, reply: inout FeedReply
  ) throws(Refusal) -> FeedEvent {
    try check(feed: rows)
    let applied = lastSequence(of: rows.source)
    if sourceKeys.count >= Limits.feedSources && sourceKeys.find(rows.source) == nil {
      throw Refusal(
        .tooManySources, "there are \(Limits.feedSources) sources; \(rows.source) would be more",
        key: rows.source)
    }
    var event = FeedEvent()
    event.source = rows.source
    event.isSparse = !rows.details.sequences.isEmpty
    event.gaps = try gap(before: rows, after: applied)
    event.lastSequence = max(applied, rows.lastSequence)
    reply.lastSequence = event.lastSequence
    event.aliveNodes = rows.aliveNodes.compactMap { nodeIndex($0) }
    decide(rows, after: applied, at: now, event: &event, reply: &reply)
    try requireRoom(toPark: event.parked)
    return event
  }

  /// Whether an event of the source changes anything; one that does not is counted only.
  package func isNeeded(_ event: borrowing FeedEvent) -> Bool {
    guard let index = sourceKeys.find(event.source) else { return true }
    if event.lastSequence > sources[index].lastSequence || !event.aliveNodes.isEmpty {
      return true
    }
    repeatedBatches[index] += UInt64(event.repeatedRows)
    return false
  }

  private func gap(before rows: borrowing FeedRows, after applied: UInt64) throws(Refusal) -> UInt64
  {
    if rows.keys.count == 0 || !rows.details.sequences.isEmpty { return 0 }
    if rows.firstSequence <= applied + 1 { return 0 }
    if rows.allowsGap { return rows.firstSequence - applied - 1 }
    throw Refusal(
      .sequenceGap,
      "the first sequence is \(rows.firstSequence) but source \(rows.source) is at \(applied):"
        + " expected \(applied + 1) or less", key: rows.source)
  }

  private func requireRoom(toPark rows: [ParkedRow]) throws(Refusal) {
    if rows.isEmpty { return }
    let bytes = rows.reduce(parked.byteCount) { $0 + ParkedTable.bytes(of: $1) }
    if parked.count + rows.count <= Limits.parkedRows && bytes <= Limits.parkedBytes { return }
    throw Refusal(
      .parkedFull,
      "\(parked.count) rows wait for items or nodes that are not known, and \(rows.count) of this"
        + " batch would: at most \(Limits.parkedRows) rows and \(Limits.parkedBytes) bytes may")
  }

  /// Decides rows behind a sequence; also those that were parked, behind none.
  func decide(
    _ rows: borrowing FeedRows, after applied: UInt64, at now: UnixMilliseconds,
    event: inout FeedEvent, reply: inout FeedReply
  ) {
    let count = rows.keys.count
    let nodes = rows.nodeNames.map { nodeIndex($0) }
    observeNetwork()
    scratch.overlay.removeAll()
    scratch.nodes.resize(to: count)
    scratch.accepted.removeAll()
    let isPlain = rows.isPlain
    var context = FeedContext(nodes: nodes, applied: applied, now: now.milliseconds)
    if !isPlain { beginDetails(of: rows, context) }
    rows.withColumns { columns, references in
      var (offset, referenceOffset) = (0, 0)
      var group = FeedGroup()
      for index in 0..<count {
        if index == group.end { group = prepare(columns.keys, from: index, at: offset) }
        let key = columns.keys.key(index, at: &offset)
        let reference =
          references.count == 0 ? .empty : references.key(index, at: &referenceOffset)
        if rows.sequence(index) <= applied {
          event.repeatedRows += 1
          reply.codes.append(UInt32(OutcomeCode.alreadyApplied.rawValue))
          continue
        }
        let code: OutcomeCode
        if isPlain {
          code = decide(row: index, of: columns, key: key, nodes: nodes, in: group)
          if code == .ok { scratch.accepted.append(UInt32(index)) }
        } else {
          code = decide(
            detailed: rows.row(index, key: key, reference: reference), of: rows, in: group,
            &context)
        }
        if code == .rowParked {
          event.parked.append(rows.parkedRow(index, key: key, reference: reference))
        } else if code != .ok && code != .alreadyCounted && code != .holdNotClaiming {
          event.refusedRows += 1
        }
        reply.codes.append(UInt32(code.rawValue))
      }
    }
    event.lastOccurredMilliseconds = context.lastOccurred
    if isPlain { keepAccepted(of: rows, in: &event) } else { keepDetailed(of: rows, in: &event) }
  }

  private func decide(
    row: Int, of columns: borrowing FeedColumns, key: BorrowedBytes, nodes: [UInt16?],
    in group: FeedGroup
  ) -> OutcomeCode {
    let known = scratch.tokens[row - group.start]
    // A key that packs has nothing in it that a name may not have.
    if !ItemKeys.isPacked(known) && !Name.isValid(key.buffer) { return .keyInvalid }
    let nodeIndex = Int(columns.nodes[row])
    if nodeIndex >= nodes.count { return .nodeUnknown }
    guard let kind = MovementKind(rawValue: columns.kinds[row]) else { return .fieldOutOfRange }
    let found = scratch.slots[row - group.start]
    observe(item: known)
    guard found >= 0, let node = nodes[nodeIndex] else {
      return StockAmounts.form(kind, columns.quantities[row]) ?? .rowParked
    }
    let slot: Int
    if let there = scratch.overlay.find(known, node) {
      slot = there
    } else {
      slot = scratch.overlay.insert(known, node, onHand(slot: found, node: node))
    }
    scratch.nodes[row] = node
    let stock = scratch.overlay.at(slot)
    if !kind.movesOnHandOnly && stock.pointee.unfulfillable < 0 {
      var read = amounts(token: known, slot: found, node: node)
      read.onHand = stock.pointee.onHand
      stock.pointee = read
    }
    return stock.pointee.move(kind, by: columns.quantities[row])
  }

  /// What is on hand, its conditions not looked up where there are some: −1 unfulfillable says so.
  /// Nearly every row moves what is on hand and asks for nothing else.
  @inline(__always)
  private func onHand(slot: Int, node: UInt16) -> StockAmounts {
    guard let row = positions.row(slot, node: node) else { return StockAmounts() }
    return StockAmounts(
      onHand: row.pointee.onHand, unfulfillable: row.pointee.encumbered == 0 ? 0 : -1)
  }

  /// Looks up the next rows of a batch, all at a time: their buckets are read together, then what
  /// the buckets lead to.
  func prepare(_ keys: KeyColumn, from start: Int, at offset: Int) -> FeedGroup {
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
        event.details.sequences.append(rows.sequence(index))
      }
    }
  }
}

/// What a batch is decided with.
struct FeedContext {
  /// The nodes of the batch's names; nil = not known.
  let nodes: [UInt16?]
  let applied: UInt64
  /// Milliseconds.
  let now: Int64
  /// The latest instant at which a row happened; 0 = none said.
  var lastOccurred: Int64 = 0

  /// When a row happened that says `occurred`, 0 = as it is told.
  func instant(_ occurred: Int64) -> Int64 { occurred == 0 ? now : min(occurred, now) }
}

/// Rows of a batch that are looked up together: enough to keep the memory busy, few enough that
/// what was read is still near when its row's turn comes.
struct FeedGroup {
  var start = 0
  var end = 0

  static var rows: Int { 64 }
}

/// The columns of a batch, lent once instead of for each row.
struct FeedColumns {
  var keys: KeyColumn
  var nodes: Column<UInt32>
  var kinds: Column<UInt8>
  var quantities: Column<Int64>
}
