import PromisedInvariants
import PromisedModel

/// Feed rows of which more is said than their movement, made true.
extension State {
  func applyDetailed(_ event: borrowing FeedEvent, source: UInt16) {
    let count = event.nodes.count
    let first = event.lastSequence &- UInt64(count) &+ 1
    let details = event.details
    let (kinds, nodes, quantities, flags) =
      (event.kinds, event.nodes, event.quantities, event.flags)
    event.keys.withKeyColumn { keys in
      details.references.withKeyColumn { references in
        var (offset, referenceOffset) = (0, 0)
        for index in 0..<count {
          let key = keys.key(index, at: &offset)
          guard let kind = MovementKind(rawValue: kinds[index]) else {
            invariant(false, "a feed event of an unknown kind")
            continue
          }
          let saidAt =
            details.occurredMilliseconds.isEmpty ? 0 : details.occurredMilliseconds[index]
          var row = DetailedRow(
            kind: kind, token: itemKeys.insert(key), node: nodes[index],
            quantity: quantities[index], saidAt: saidAt, index: index,
            flags: flags.isEmpty ? 0 : flags[index], source: source)
          row.sequence =
            details.sequences.isEmpty ? first &+ UInt64(index) : details.sequences[index]
          if references.count > 0 {
            row.reference = references.key(index, at: &referenceOffset)
          }
          apply(row, details)
          heardAt[Int(row.node)] = appliedTime.milliseconds
        }
      }
    }
  }

  private func apply(_ row: DetailedRow, _ details: FeedDetails) {
    movements.cause = row.kind.rawValue
    let slot = slotInserting(row.token)
    let before = amounts(token: row.token, slot: slot, node: row.node)
    var after = before
    let code = after.move(
      row.kind, by: row.quantity, to: details.dispositions.value(row.index),
      from: details.fromDispositions.value(row.index),
      keepsOnHand: row.flags & FeedRowFlags.isCounted != 0)
    invariant(code == .ok, "a feed event moves stock out of range")
    var entry = JournalEntry(
      item: row.token,
      when: JournalEntry.bits(
        row.kind, at: row.saidAt == 0 ? appliedTime.milliseconds : row.saidAt),
      sequence: row.sequence, delta: 0, node: row.node, source: row.source)
    entry.when |= UInt64(details.causes.value(row.index) & 7) << 8
    if row.kind == .count && row.saidAt != 0 { entry.when |= JournalEntry.ofInstant }
    if after != before { setAmounts(after, token: row.token, slot: slot, node: row.node) }
    let holdID = details.holdIDs.value(row.index)
    if row.kind == .shipment && holdID != 0 {
      // The units have left; what is claimed of them leaves with them.
      let shipped = shipNamed(
        holdID, token: row.token, node: row.node, units: Int32(clamping: row.quantity),
        at: row.saidAt)
      if shipped > 0 { entry.when |= JournalEntry.final }
    }
    record(from: before, to: after, entry)
    moveInbound(row, details, entry)
    if row.kind == .count && row.saidAt != 0 {
      counts.put(
        row.token, row.node, instant: row.saidAt, toldAt: appliedTime.milliseconds)
    }
  }

  /// What is under way: never in both places, and received once.
  private func moveInbound(
    _ row: DetailedRow, _ details: FeedDetails, _ entry: JournalEntry
  ) {
    let index = row.index
    switch row.kind {
    case .inbound:
      let stage = details.stages.value(index)
      changeInbound(
        row, to: row.node, units: row.quantity, entry,
        InboundTerms(
          eta: details.etaUnixSeconds.value(index), early: details.earlyUnixSeconds.value(index),
          late: details.lateUnixSeconds.value(index),
          stage: stage == 0 ? InboundStage.working.rawValue : stage))
    case .transferOut:
      let node = UInt16(truncatingIfNeeded: details.destinations.value(index))
      let there = inboundRow(row, to: node)
      let eta = details.etaUnixSeconds.value(index)
      // What is said of a part holds for the whole transfer from then on.
      let terms =
        eta == 0 && there != nil
        ? nil
        : InboundTerms(
          eta: eta, early: details.earlyUnixSeconds.value(index),
          late: details.lateUnixSeconds.value(index), stage: InboundStage.transfer.rawValue)
      changeInbound(
        row, to: node, units: Int64(there?.quantity ?? 0) + row.quantity, entry, terms)
    case .transferIn, .inboundReceipt:
      // More may come than was announced; less than nothing is never under way.
      if let there = inboundRow(row, to: row.node) {
        changeInbound(
          row, to: row.node, units: max(0, Int64(there.quantity) - row.quantity), entry, nil)
      }
      if row.kind == .inboundReceipt {
        countReceipt(
          row.quantity, plan: row.reference, token: row.token, node: row.node, entry)
      }
    default: return
    }
  }

  private func inboundRow(_ row: DetailedRow, to node: UInt16) -> InboundRow? {
    inbound.find(shipment: row.reference, item: row.token, node: node).map { inbound.row($0) }
  }

  /// - Parameter terms: nil = as they are.
  private func changeInbound(
    _ row: DetailedRow, to node: UInt16, units: Int64, _ entry: JournalEntry,
    _ terms: InboundTerms?
  ) {
    let there = inboundRow(row, to: node)
    guard let terms = terms ?? there.map({ InboundTerms($0) }) else { return }
    let units = Int32(clamping: min(units, Int64(Limits.unitsPerPosition)))
    setInbound(
      shipment: row.reference, token: row.token, node: node, quantity: units, eta: terms.eta,
      stage: terms.stage, early: terms.early, late: terms.late)
    var entry = entry
    entry.when |= UInt64(JournalAmount.inbound.rawValue) << 5 | JournalEntry.continuing
    entry.delta = units &- (there?.quantity ?? 0)
    entry.node = node
    entry.sequence = UInt64(inbound.shipmentIndex(row.reference))
    journal.append(entry)
  }
}

private struct DetailedRow {
  var kind: MovementKind
  var token: UInt64
  var node: UInt16
  var quantity: Int64
  /// When it happened, in milliseconds; 0 = as it is told.
  var saidAt: Int64
  var index: Int
  var flags: UInt8
  var source: UInt16
  var sequence: UInt64 = 0
  var reference = BorrowedBytes.empty
}

/// What is said of units under way besides how many.
struct InboundTerms {
  var eta: Int64
  var early: Int64
  var late: Int64
  var stage: UInt8

  init(eta: Int64, early: Int64, late: Int64, stage: UInt8) {
    self.eta = eta
    self.early = early
    self.late = late
    self.stage = stage
  }

  init(_ row: InboundRow) {
    eta = row.etaUnixSeconds
    early = row.earlySeconds == 0 ? 0 : row.etaUnixSeconds - Int64(row.earlySeconds)
    late = row.lateSeconds == 0 ? 0 : row.etaUnixSeconds + Int64(row.lateSeconds)
    stage = row.stage
  }
}

extension Array where Element: FixedWidthInteger {
  /// The value of a row; 0 where the column is absent.
  @inline(__always)
  func value(_ row: Int) -> Element { isEmpty ? 0 : self[row] }
}
