import PromisedInvariants
import PromisedModel

/// What a snapshot holds of the feed.
extension State {
  func exportStanding() -> FeedStanding {
    var standing = FeedStanding()
    standing.journalSinceSeconds = journal.sinceSecond
    standing.serviceJournalSinceSeconds = serviceJournal.sinceSecond
    standing.stockLoadedAtMilliseconds = stockLoadedAt
    journal.eachMark { second, count in
      standing.markSeconds.append(second)
      standing.markCounts.append(count)
    }
    standing.heardAtMilliseconds = (0..<heardAt.count).map { heardAt[$0] }
    for (row, code) in parkedFailures.rows {
      standing.failures.append(row)
      standing.failureCodes.append(code)
    }
    return standing
  }

  func importStanding(_ standing: FeedStanding) {
    journal.restore(
      since: standing.journalSinceSeconds, marks: zip(standing.markSeconds, standing.markCounts))
    serviceJournal.restore(since: standing.serviceJournalSinceSeconds)
    stockLoadedAt = standing.stockLoadedAtMilliseconds
    heardAt.resize(to: standing.heardAtMilliseconds.count)
    for (node, instant) in standing.heardAtMilliseconds.enumerated() { heardAt[node] = instant }
    for (row, code) in zip(standing.failures, standing.failureCodes) {
      parkedFailures.append(row, code)
    }
  }

  func exportCounts() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = CountRows()
    counts.each { count in
      rows.keys.append(itemKeys.name(count.item).bytes)
      rows.nodes.append(count.node)
      rows.instants.append(count.instant)
      rows.toldAtMilliseconds.append(count.toldAt)
      if rows.nodes.count == Self.blockRows {
        blocks.append(.countInstants(rows))
        rows = CountRows()
      }
    }
    if !rows.nodes.isEmpty { blocks.append(.countInstants(rows)) }
    return blocks
  }

  func importCounts(_ rows: CountRows) {
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        counts.put(
          itemKeys.insert(keys.key(row, at: &offset)), rows.nodes[row],
          instant: rows.instants[row], toldAt: rows.toldAtMilliseconds[row])
      }
    }
  }

  func exportParked() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows: [ParkedRow] = []
    for number in parked.numbers {
      guard let row = parked.rows[number] else { continue }
      rows.append(row)
      if rows.count == Self.blockRows {
        blocks.append(.parked(rows))
        rows = []
      }
    }
    if !rows.isEmpty { blocks.append(.parked(rows)) }
    return blocks
  }

  // MARK: The journal

  /// Entries of the journal, in order.
  func exportJournal(_ range: Range<UInt64>) -> JournalRows {
    var rows = JournalRows()
    var places: [UInt16: UInt32] = [:]
    rows.nodes.reserveCapacity(range.count)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ItemKeys.maximumByteCount) { key in
      guard let base = key.baseAddress else { return }
      for index in range {
        let entry = journal[index]
        let count = itemKeys.write(entry.item, to: base)
        rows.keys.append(UnsafeBufferPointer(start: base, count: count))
        rows.nodes.append(entry.node)
        if places[entry.source] == nil {
          places[entry.source] = UInt32(rows.sourceNames.count)
          rows.sourceNames.append(sourceKeys.name(Int(entry.source)).name)
        }
        rows.sources.append(places[entry.source] ?? 0)
        rows.when.append(entry.when)
        rows.deltas.append(entry.delta)
        if entry.namesShipment {
          rows.sequences.append(0)
          let name = inbound.shipmentName(UInt32(truncatingIfNeeded: entry.sequence))
          rows.references.append(name.buffer)
        } else {
          rows.sequences.append(entry.sequence)
        }
      }
    }
    return rows
  }

  func importJournal(_ rows: JournalRows) {
    let sources = rows.sourceNames.map { UInt16(sourceInserting($0)) }
    journal.reserve(rows.nodes.count)
    rows.keys.withKeyColumn { keys in
      rows.references.withKeyColumn { references in
        var (offset, referenceOffset, reference) = (0, 0, 0)
        for row in 0..<keys.count {
          var entry = JournalEntry(
            item: itemKeys.insert(keys.key(row, at: &offset)), when: rows.when[row],
            sequence: rows.sequences[row], delta: rows.deltas[row], node: rows.nodes[row],
            source: sources[Int(rows.sources[row])])
          if entry.namesShipment {
            let name = references.key(reference, at: &referenceOffset)
            entry.sequence = UInt64(inbound.shipmentIndex(name))
            reference += 1
          }
          journal.append(entry)
        }
      }
    }
  }

  /// Copies what an export under way still wants of the entries before `end`.
  func copyJournal(upTo end: UInt64) {
    guard let sweep else { return }
    while sweep.journal.lowerBound < min(end, sweep.journal.upperBound) {
      sweep.tail.append(takeJournalBlock(of: sweep))
    }
  }

  /// The next block of the journal that an export wants.
  func takeJournalBlock(of sweep: Sweep) -> StateBlock {
    let start = sweep.journal.lowerBound
    let end = min(sweep.journal.upperBound, start + UInt64(Self.blockRows))
    sweep.journal = end..<sweep.journal.upperBound
    return .journal(exportJournal(start..<end))
  }

  // MARK: The digest

  func digestFeed(_ sum: inout DigestSum) {
    for index in 0..<sourceKeys.count {
      let source = sources[index]
      sum.begin(9)
      sum.add(sourceKeys.name(index))
      for value in [
        source.lastSequence, source.gaps, source.applied, source.refused, source.repeated,
        source.driven, source.failed, source.parked, source.forgotten,
      ] { sum.add(value) }
      sum.add(source.lastApplied)
      sum.add(source.lastOccurred)
      sum.add(source.isSparse ? 1 : 0)
      sum.end()
    }
    digestJournal(&sum)
    digestServiceJournal(&sum)
    var age = 0
    counts.each { count in
      sum.begin(41)
      sum.add(age)
      sum.add(count.item)
      sum.add(count.node)
      sum.add(count.instant)
      sum.add(count.toldAt)
      sum.end()
      age += 1
    }
    for (age, number) in parked.numbers.enumerated() {
      if let row = parked.rows[number] { digest(42, age, row, &sum) }
    }
    for (age, failure) in parkedFailures.rows.enumerated() {
      digest(43, age &* 65_536 &+ Int(failure.code), failure.row, &sum)
    }
    for node in 0..<heardAt.count where heardAt[node] != 0 {
      sum.begin(44)
      sum.add(node)
      sum.add(heardAt[node])
      sum.end()
    }
  }

  private func digestJournal(_ sum: inout DigestSum) {
    sum.begin(39)
    sum.add(journal.sinceSecond)
    journal.eachMark { second, count in
      sum.add(second)
      sum.add(count)
    }
    sum.end()
    for index in journal.first..<journal.end {
      let entry = journal[index]
      sum.begin(40)
      sum.add(index - journal.first)
      sum.add(entry.item)
      sum.add(entry.when)
      sum.add(entry.delta)
      sum.add(entry.node)
      sum.add(sourceKeys.name(Int(entry.source)))
      if entry.namesShipment {
        sum.add(inbound.shipmentName(UInt32(truncatingIfNeeded: entry.sequence)))
      } else {
        sum.add(entry.sequence)
      }
      sum.end()
    }
  }

  private func digest(_ table: UInt64, _ age: Int, _ row: ParkedRow, _ sum: inout DigestSum) {
    sum.begin(table)
    sum.add(age)
    for name in [row.source, row.item, row.node, row.reference, row.destination] { sum.add(name) }
    sum.add(row.sequence)
    sum.add(row.kind)
    sum.add(row.quantity)
    for value in [
      row.occurredMilliseconds, row.etaUnixSeconds, row.earlyUnixSeconds, row.lateUnixSeconds,
    ] { sum.add(value) }
    for value in [row.stage, row.disposition, row.fromDisposition, row.cause] { sum.add(value) }
    sum.add(row.holdID)
    sum.add(row.isNetOfAllocations ? 1 : 0)
    sum.end()
  }
}
