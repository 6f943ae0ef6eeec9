import PromisedInvariants
import PromisedModel

/// Feed events, made true.
extension State {
  func apply(fed event: borrowing FeedEvent) {
    let index = sourceInserting(event.source)
    let source = sources.at(index)
    invariant(
      event.lastSequence >= source.pointee.lastSequence, "a source's sequence runs backwards")
    source.pointee.lastSequence = event.lastSequence
    source.pointee.isSparse = event.isSparse
    source.pointee.gaps &+= event.gaps
    source.pointee.applied &+= UInt64(event.nodes.count)
    source.pointee.refused &+= UInt64(event.refusedRows)
    source.pointee.repeated &+= UInt64(event.repeatedRows)
    source.pointee.lastApplied = appliedTime.milliseconds
    let occurred =
      event.lastOccurredMilliseconds == 0
      ? appliedTime.milliseconds : event.lastOccurredMilliseconds
    source.pointee.lastOccurred = max(source.pointee.lastOccurred, occurred)
    touch(.source, UInt64(index))
    applyRows(of: event, source: UInt16(index))
    for node in event.aliveNodes { heardAt[Int(node)] = appliedTime.milliseconds }
    for row in event.parked { park(row, number: nil) }
  }

  /// The rows of an event, those of a source or those that waited.
  func applyRows(of event: borrowing FeedEvent, source: UInt16) {
    let count = event.nodes.count
    if heardAt.count < network.nodeIndexCount { heardAt.resize(to: network.nodeIndexCount) }
    let isPlain = event.isPlain
    makeJournalRoom(isPlain ? count : count * Self.journalEntriesPerRow)
    if !isPlain { return applyDetailed(event, source: source) }
    let now = appliedTime.milliseconds
    let dense = event.details.sequences.isEmpty
    let first = event.lastSequence &- UInt64(count) &+ 1
    event.withColumns { columns, sequences in
      var offset = 0
      var group = FeedGroup()
      for index in 0..<count {
        if index == group.end {
          group = prepare(columns.keys, from: index, at: offset)
          prefetchSales(of: group)
        }
        let key = columns.keys.key(index, at: &offset)
        guard let kind = MovementKind(rawValue: columns.kinds[index]) else {
          invariant(false, "a feed event of an unknown kind")
          continue
        }
        let place = index - group.start
        let node = columns.nodes[index]
        move(
          kind, by: columns.quantities[index], key: key, known: scratch.tokens[place],
          slot: scratch.slots[place], node: node,
          JournalEntry(
            item: 0, when: JournalEntry.bits(kind, at: now),
            sequence: dense ? first &+ UInt64(index) : sequences[index], delta: 0, node: node,
            source: source))
        heardAt[Int(node)] = now
      }
    }
  }

  /// Has read what rows of a group change beside their stock: where watchers look, and the demand
  /// of items that sell.
  @inline(__always)
  private func prefetchSales(of group: FeedGroup) {
    for place in 0..<group.end - group.start {
      let slot = scratch.slots.base[place]
      changes.prefetch(mix(scratch.tokens.base[place]))
      let attribute = slot < 0 ? 0 : Int(positions.attribute(slot))
      if attribute == 0 { continue }
      let selling = Int(attributes.at(attribute).pointee.selling.place)
      if selling != 0 { demand.items.prefetch(selling - 1) }
    }
  }

  /// More entries no row makes: six amounts of a position, one of inbound and one of a plan.
  static var journalEntriesPerRow: Int { 8 }

  /// Forgets what is too old or too much, and makes room for entries of now.
  func makeJournalRoom(_ wanted: Int) {
    let now = appliedTime.milliseconds
    let tooOld = journal.index(before: floorDivide(now, 1000) - Limits.journalSeconds)
    forgetJournal(before: max(tooOld, journal.overflow(for: wanted)))
    counts.forget(toldBefore: now - Limits.journalSeconds * 1000)
    journal.reserve(wanted)
    journal.begin(floorDivide(now, 1000))
  }

  private func forgetJournal(before wanted: UInt64) {
    if wanted == journal.first { return }
    // A row is kept or forgotten whole.
    var end = wanted
    while end < journal.end && journal[end].continues { end += 1 }
    copyJournal(upTo: end)
    for index in journal.first..<end {
      let entry = journal[index]
      if entry.continues { continue }
      let source = sources.at(Int(entry.source))
      source.pointee.forgotten = max(source.pointee.forgotten, entry.sequence)
    }
    journal.forget(before: end)
  }

  /// - Parameter slot: where the item stood when its group was looked up; an item that was added
  ///   since may have moved it.
  @inline(__always)
  private func move(
    _ kind: MovementKind, by quantity: Int64, key: BorrowedBytes, known: UInt64, slot hint: Int,
    node: UInt16, _ entry: consuming JournalEntry
  ) {
    movements.cause = kind.rawValue
    var (token, slot) = (known, hint)
    if hint < 0 || positions.key(hint) != known {
      token = itemKeys.insert(key)
      slot = slotInserting(token)
    }
    entry.item = token
    if kind.movesOnHandOnly, let row = positions.row(slot, node: node) {
      var stock = StockAmounts(onHand: row.pointee.onHand)
      let code = stock.move(kind, by: quantity)
      invariant(code == .ok, "a feed event moves stock out of range")
      entry.delta = stock.onHand &- row.pointee.onHand
      journal.append(entry)
      setOnHand(stock.onHand, of: row, token: token, slot: slot, node: node)
      return
    }
    let before = amounts(token: token, slot: slot, node: node)
    var stock = before
    let code = stock.move(kind, by: quantity)
    invariant(code == .ok, "a feed event moves stock out of range")
    setAmounts(stock, token: token, slot: slot, node: node)
    record(from: before, to: stock, entry)
  }

  /// An entry for each amount that changed, one at least.
  func record(from before: StockAmounts, to after: StockAmounts, _ first: JournalEntry) {
    var entry = first
    var isFirst = true
    func append(_ amount: JournalAmount, _ delta: Int32) {
      entry.when = first.when | UInt64(amount.rawValue) << 5
      if !isFirst { entry.when |= JournalEntry.continuing }
      entry.delta = delta
      journal.append(entry)
      isFirst = false
    }
    let onHand = after.onHand &- before.onHand
    if onHand != 0 { append(.onHand, onHand) }
    if after.encumbered != 0 || before.encumbered != 0 {
      for raw in JournalAmount.unfulfillable.rawValue...JournalAmount.withheld.rawValue {
        guard let amount = JournalAmount(rawValue: raw) else { continue }
        let delta = after[amount] &- before[amount]
        if delta != 0 { append(amount, delta) }
      }
    }
    if isFirst { append(.onHand, 0) }
  }
}

extension FeedEvent {
  /// Nothing but movements of single amounts, as they are told.
  fileprivate var isPlain: Bool {
    if !flags.isEmpty { return false }
    var others = details
    others.sequences = []
    if !others.isEmpty { return false }
    var highest: UInt8 = 0
    for kind in kinds { highest = max(highest, kind) }
    return highest <= MovementKind.withheld.rawValue
  }

  fileprivate func withColumns(_ body: (FeedEventColumns, Column<UInt64>) -> Void) {
    keys.withKeyColumn { keys in
      nodes.withUnsafeBufferPointer { nodes in
        kinds.withUnsafeBufferPointer { kinds in
          quantities.withUnsafeBufferPointer { quantities in
            details.sequences.withUnsafeBufferPointer { sequences in
              body(
                FeedEventColumns(
                  keys: keys, nodes: Column(nodes), kinds: Column(kinds),
                  quantities: Column(quantities)), Column(sequences))
            }
          }
        }
      }
    }
  }
}

private struct FeedEventColumns {
  var keys: KeyColumn
  var nodes: Column<UInt16>
  var kinds: Column<UInt8>
  var quantities: Column<Int64>
}
