import PromisedModel

/// The form of a batch: what is refused whole.
extension State {
  /// Refused, in this order: no source (KEY_INVALID), columns of different lengths
  /// (COLUMN_LENGTH_MISMATCH), more rows than a batch holds, or none and no node that is alive
  /// (TOO_MANY_ROWS), a first sequence of 0 or one whose last overflows, or sequences that do not
  /// ascend from 1 (FIELD_OUT_OF_RANGE).
  func check(feed rows: borrowing FeedRows) throws(Refusal) {
    let count = rows.keys.count
    if !isValid(rows.source) {
      throw Refusal(.keyInvalid, "source must have 1 to 64 bytes of UTF-8 without controls")
    }
    var isEven =
      rows.nodes.count == count && rows.kinds.count == count && rows.quantities.count == count
    if !rows.details.isEmpty {
      for column in rows.details.columnCounts where column != 0 && column != count {
        isEven = false
      }
    }
    if !isEven {
      throw Refusal(.columnLengthMismatch, "every column of a feed must have \(count) rows")
    }
    if !areWithin(rows.keys) || !areWithin(rows.details.references) {
      throw Refusal(.columnLengthMismatch, "key lengths must add up to the key bytes")
    }
    if count > Limits.batchRows || (count == 0 && rows.aliveNodes.isEmpty) {
      throw Refusal(.tooManyRows, "a feed has \(count) rows: 1 to \(Limits.batchRows) are allowed")
    }
    if count > 0 { try checkSequences(rows) }
  }

  /// Whether a batch may be decided in pieces, as smaller batches one behind another would be:
  /// nothing is said of its rows but their movements, and there is room to park all of them, so that
  /// no later piece is refused. Throws what refuses its form.
  package func mayTakeInPieces(_ rows: borrowing FeedRows) throws(Refusal) -> Bool {
    try check(feed: rows)
    let (count, names) = (rows.keys.count, 4 * Name.maximumByteCount)
    return rows.isPlain && parked.count + count <= Limits.parkedRows
      && parked.byteCount + count * (Limits.parkedRowBytes + names) <= Limits.parkedBytes
  }

  private func checkSequences(_ rows: borrowing FeedRows) throws(Refusal) {
    let last = UInt64.max - UInt64(Limits.batchRows)
    if rows.details.sequences.isEmpty {
      if rows.firstSequence >= 1 && rows.firstSequence <= last { return }
      throw Refusal(
        .fieldOutOfRange, "first_sequence is \(rows.firstSequence): 1 to \(last) are allowed")
    }
    var before: UInt64 = 0
    for (row, sequence) in rows.details.sequences.enumerated() {
      if sequence <= before || sequence > last {
        throw Refusal(
          .fieldOutOfRange,
          "sequences[\(row)] is \(sequence) after \(before): they ascend, 1 to \(last)",
          row: Int32(row))
      }
      before = sequence
    }
  }

  func isValid(_ name: Name) -> Bool { name.bytes.withUnsafeBufferPointer { Name.isValid($0) } }

  /// Whether the lengths add up to the bytes.
  func areWithin(_ keys: PackedKeys) -> Bool {
    var total = 0
    for length in keys.lengths { total += Int(length) }
    return total == keys.bytes.count
  }

  /// What is wrong with a row by itself, whatever the stock is; nil when nothing is.
  func formFault(of row: FeedRow, _ kind: MovementKind) -> OutcomeCode? {
    if let code = StockAmounts.form(kind, row.quantity) { return code }
    if row.disposition > 3 || row.from > 3 || row.cause > 7 { return .fieldOutOfRange }
    if row.reference.count > 0 && !Name.isValid(row.reference.buffer) { return .keyInvalid }
    switch kind {
    case .transferOut:
      if row.reference.isEmpty || row.destination < 0 { return .fieldMissing }
      if row.destination == row.node { return .fieldOutOfRange }
    case .transferIn, .inboundReceipt:
      if row.reference.isEmpty { return .fieldMissing }
    case .inbound:
      if row.reference.isEmpty || (row.quantity > 0 && row.eta == 0) { return .fieldMissing }
      if row.stage > InboundStage.receiving.rawValue { return .fieldOutOfRange }
    case .inspected:
      if row.disposition == row.from { return .fieldOutOfRange }
    case .shortPick:
      if row.holdID == 0 { return .fieldMissing }
    default: break
    }
    let spread = Limits.arrivalSpreadSeconds
    if row.eta < 0 || row.eta > 253_402_300_799 { return .fieldOutOfRange }
    if row.early != 0 && (row.early > row.eta || row.early < row.eta - spread) {
      return .fieldOutOfRange
    }
    if row.late != 0 && (row.late < row.eta || row.late - spread > row.eta) {
      return .fieldOutOfRange
    }
    return nil
  }
}
