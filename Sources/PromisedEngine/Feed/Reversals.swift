import PromisedInvariants
import PromisedModel

/// Undoing a source's range of rows by opposite changes, newest first.
extension State {
  /// Decides a reversal: its event, which undoes what can be undone.
  ///
  /// - Throws: KEY_INVALID; FIELD_OUT_OF_RANGE for a range that is empty or begins at 0;
  ///   FEED_NOT_KEPT when the source has no such rows, or the journal has forgotten some of them:
  ///   then the sentence names the first sequence that can be undone.
  package func decide(reversal: FeedReversal) throws(Refusal) -> FeedReversal {
    if !isValid(reversal.source) {
      throw Refusal(.keyInvalid, "source must have 1 to 64 bytes of UTF-8 without controls")
    }
    if reversal.fromSequence == 0 || reversal.toSequence < reversal.fromSequence {
      throw Refusal(
        .fieldOutOfRange,
        "from_sequence is \(reversal.fromSequence) and to_sequence \(reversal.toSequence): 1 or"
          + " more, and not descending")
    }
    guard let index = sourceKeys.find(reversal.source) else {
      throw Refusal(
        .feedNotKept, "source \(reversal.source) has sent nothing", key: reversal.source)
    }
    observe(.source, UInt64(index))
    observeEverything()
    let forgotten = sources[index].forgotten
    if reversal.fromSequence > forgotten { return reversal }
    throw Refusal(
      .feedNotKept,
      "rows of \(reversal.source) up to \(forgotten) are not kept any more: from_sequence"
        + " \(forgotten + 1) is the first that can be undone", key: reversal.source)
  }

  func apply(reversed reversal: FeedReversal) {
    var reply = FeedReversalReply()
    guard let index = sourceKeys.find(reversal.source) else {
      return invariant(false, "rows of an unknown source are undone")
    }
    // The export under way holds the journal as it was.
    copyJournal(upTo: journal.end)
    var recounted: [CountedPlace] = []
    var place = journal.end
    while place > journal.first {
      place -= 1
      var head = place
      while journal[head].continues { head -= 1 }
      let entry = journal[head]
      let isMeant =
        Int(entry.source) == index && entry.sequence >= reversal.fromSequence
        && entry.sequence <= reversal.toSequence
      if isMeant { undo(head...place, &reply, &recounted) }
      place = head
    }
    restoreCounts(recounted)
    touch(.source, UInt64(index))
    reply.keptSequences.reverse()
    reply.keptCodes.reverse()
    lastReversal = reply
    remember(
      reversal.key,
      RememberedOutcome(
        code: .ok, row: Int32(clamping: reply.keptRows),
        availableUnits: Int64(clamping: reply.reversedRows)))
  }

  /// What the reversal applied last did, for its answer. No part of the state.
  package var reversalAnswer: FeedReversalReply { lastReversal }

  /// Undoes the entries of one row, or none of them.
  private func undo(
    _ entries: ClosedRange<UInt64>, _ reply: inout FeedReversalReply,
    _ recounted: inout [CountedPlace]
  ) {
    let head = journal[entries.lowerBound]
    if head.isReversed { return }
    if let code = fault(undoing: entries) {
      reply.keptRows += 1
      if reply.keptSequences.count < Limits.batchRows {
        reply.keptSequences.append(head.sequence)
        reply.keptCodes.append(UInt32(code.rawValue))
      }
      return
    }
    movements.cause = head.kind
    let slot = positions.find(head.item)
    var stock = amounts(token: head.item, slot: slot, node: head.node)
    let before = stock
    for index in entries {
      let entry = journal[index]
      journal.at(index).pointee.when |= JournalEntry.reversed
      if entry.isInbound {
        undoInbound(entry)
      } else if entry.isReceived {
        undoReceipt(entry)
      } else {
        stock[entry.amount] = stock[entry.amount] &- entry.delta
      }
    }
    if stock != before { setAmounts(stock, token: head.item, slot: slot, node: head.node) }
    if head.kind == MovementKind.count.rawValue {
      recounted.append(CountedPlace(item: head.item, node: head.node))
    }
    reply.reversedRows += 1
  }

  private func undoInbound(_ entry: JournalEntry) {
    let name = inbound.shipmentName(UInt32(truncatingIfNeeded: entry.sequence))
    guard let found = inbound.find(shipment: name, item: entry.item, node: entry.node) else {
      return reopenInbound(entry)
    }
    let row = inbound.row(found)
    let terms = InboundTerms(row)
    setInbound(
      shipment: name, token: entry.item, node: entry.node, quantity: row.quantity &- entry.delta,
      eta: terms.eta, stage: terms.stage, early: terms.early, late: terms.late)
  }

  /// Why the entries of a row cannot be undone; nil when they can.
  private func fault(undoing entries: ClosedRange<UInt64>) -> OutcomeCode? {
    let head = journal[entries.lowerBound]
    if head.isFinal { return .cannotBeUndone }
    let slot = positions.find(head.item)
    var stock = amounts(token: head.item, slot: slot, node: head.node)
    for index in entries {
      let entry = journal[index]
      if entry.isReceived { continue }
      if entry.isInbound {
        let name = inbound.shipmentName(UInt32(truncatingIfNeeded: entry.sequence))
        let row = inbound.find(shipment: name, item: entry.item, node: entry.node)
        // Terms that were only restated are not remembered.
        if head.kind == MovementKind.inbound.rawValue && entry.delta == 0 {
          return .cannotBeUndone
        }
        // Nobody but its plan remembers when the units of a row that is gone were expected.
        guard let row else {
          if entry.delta == 0 || plannedLine(of: entry) != nil { continue }
          return .cannotBeUndone
        }
        let units = Int64(inbound.row(row).quantity) - Int64(entry.delta)
        if units < 0 || units > Int64(Limits.unitsPerPosition) { return .cannotBeUndone }
        continue
      }
      let units = Int64(stock[entry.amount]) - Int64(entry.delta)
      if units < 0 { return entry.isOnHand ? .onHandNegative : .cannotBeUndone }
      if units > Int64(Limits.unitsPerPosition) { return .quantityOverflow }
      stock[entry.amount] = Int32(units)
    }
    return stock.isWithinLimits ? nil : .quantityOverflow
  }

  /// The last counts of positions of which one was undone: those that still stand.
  private func restoreCounts(_ places: [CountedPlace]) {
    if places.isEmpty { return }
    var open = Set(places)
    for place in places { counts.remove(place.item, place.node) }
    var index = journal.end
    while index > journal.first && !open.isEmpty {
      index -= 1
      let entry = journal[index]
      if !entry.isCountOfInstant || entry.isReversed || entry.continues { continue }
      let place = CountedPlace(item: entry.item, node: entry.node)
      if open.remove(place) == nil { continue }
      counts.put(
        entry.item, entry.node, instant: entry.occurredMilliseconds,
        toldAt: appliedTime.milliseconds)
    }
  }
}

private struct CountedPlace: Hashable {
  var item: UInt64
  var node: UInt16
}
