import PromisedModel

// The stored fields of the feed: its events, and what a snapshot holds of it.

/// Which parts of a feed event are there, so that a plain batch stores one byte for all that it
/// does not say. The numbers are the format.
private struct FeedParts: OptionSet {
  var rawValue: UInt32

  static let sequences = FeedParts(rawValue: 1)
  static let occurred = FeedParts(rawValue: 2)
  static let references = FeedParts(rawValue: 4)
  static let destinations = FeedParts(rawValue: 8)
  static let arrivals = FeedParts(rawValue: 16)
  static let stages = FeedParts(rawValue: 32)
  static let dispositions = FeedParts(rawValue: 64)
  static let causes = FeedParts(rawValue: 128)
  static let holds = FeedParts(rawValue: 256)
  static let flags = FeedParts(rawValue: 512)
  static let counts = FeedParts(rawValue: 1024)
  static let parked = FeedParts(rawValue: 2048)
  static let alive = FeedParts(rawValue: 4096)

  static let all = FeedParts(rawValue: 8191)

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(_ event: FeedEvent) {
    self.init()
    let details = event.details
    func keep(_ part: FeedParts, if isThere: Bool) {
      if isThere { insert(part) }
    }
    keep(.sequences, if: !details.sequences.isEmpty)
    keep(.occurred, if: !details.occurredMilliseconds.isEmpty)
    keep(.references, if: details.references.count > 0)
    keep(.destinations, if: !details.destinations.isEmpty)
    keep(
      .arrivals,
      if: !details.etaUnixSeconds.isEmpty || !details.earlyUnixSeconds.isEmpty
        || !details.lateUnixSeconds.isEmpty)
    keep(.stages, if: !details.stages.isEmpty)
    keep(
      .dispositions, if: !details.dispositions.isEmpty || !details.fromDispositions.isEmpty)
    keep(.causes, if: !details.causes.isEmpty)
    keep(.holds, if: !details.holdIDs.isEmpty)
    keep(.flags, if: !event.flags.isEmpty)
    keep(
      .counts,
      if: event.gaps > 0 || event.refusedRows > 0 || event.repeatedRows > 0 || event.isSparse
        || event.lastOccurredMilliseconds != 0)
    keep(.parked, if: !event.parked.isEmpty)
    keep(.alive, if: !event.aliveNodes.isEmpty)
  }
}

extension FieldCoder where Self: ~Copyable {
  mutating func feed(_ event: inout FeedEvent) throws(RecordError) {
    try name(&event.source)
    try number(&event.lastSequence)
    try keys(&event.keys)
    try column(&event.nodes)
    try column(&event.kinds)
    try column(&event.quantities)
    var parts = FeedParts(event)
    try number(&parts.rawValue)
    if parts.isEmpty { return }
    if !parts.isSubset(of: .all) { throw .malformed("feed parts") }
    if parts.contains(.sequences) { try column(&event.details.sequences) }
    if parts.contains(.occurred) { try column(&event.details.occurredMilliseconds) }
    if parts.contains(.references) { try keys(&event.details.references) }
    if parts.contains(.destinations) { try column(&event.details.destinations) }
    if parts.contains(.arrivals) {
      try column(&event.details.etaUnixSeconds)
      try column(&event.details.earlyUnixSeconds)
      try column(&event.details.lateUnixSeconds)
    }
    if parts.contains(.stages) { try column(&event.details.stages) }
    if parts.contains(.dispositions) {
      try column(&event.details.dispositions)
      try column(&event.details.fromDispositions)
    }
    if parts.contains(.causes) { try column(&event.details.causes) }
    if parts.contains(.holds) { try column(&event.details.holdIDs) }
    if parts.contains(.flags) { try column(&event.flags) }
    if parts.contains(.counts) {
      try number(&event.gaps)
      try number(&event.refusedRows)
      try number(&event.repeatedRows)
      try flag(&event.isSparse)
      try number(&event.lastOccurredMilliseconds)
    }
    if parts.contains(.parked) { try parkedRows(&event.parked) }
    if parts.contains(.alive) { try column(&event.aliveNodes) }
  }

  mutating func parkedRows(_ rows: inout [ParkedRow]) throws(RecordError) {
    try list(&rows, blank: ParkedRow()) { (row, coder) throws(RecordError) in
      try coder.name(&row.source)
      try coder.number(&row.sequence)
      try coder.name(&row.item)
      try coder.name(&row.node)
      try coder.number(&row.kind)
      try coder.number(&row.quantity)
      try coder.number(&row.occurredMilliseconds)
      try coder.name(&row.reference)
      try coder.name(&row.destination)
      try coder.number(&row.etaUnixSeconds)
      try coder.number(&row.earlyUnixSeconds)
      try coder.number(&row.lateUnixSeconds)
      try coder.number(&row.stage)
      try coder.number(&row.disposition)
      try coder.number(&row.fromDisposition)
      try coder.number(&row.cause)
      try coder.number(&row.holdID)
      try coder.flag(&row.isNetOfAllocations)
    }
  }

  mutating func sources(_ rows: inout SourceRows) throws(RecordError) {
    try names(&rows.sources)
    try column(&rows.lastSequences)
    try column(&rows.sparse)
    try column(&rows.gaps)
    try column(&rows.applied)
    try column(&rows.refused)
    try column(&rows.repeated)
    try column(&rows.driven)
    try column(&rows.failed)
    try column(&rows.lastAppliedMilliseconds)
    try column(&rows.lastOccurredMilliseconds)
    try column(&rows.forgottenSequences)
  }

  mutating func journal(_ rows: inout JournalRows) throws(RecordError) {
    try keys(&rows.keys)
    try column(&rows.nodes)
    try names(&rows.sourceNames)
    try column(&rows.sources)
    try column(&rows.when)
    try column(&rows.sequences)
    try column(&rows.deltas)
    try keys(&rows.references)
  }

  mutating func serviceJournal(_ rows: inout ServiceJournalRows) throws(RecordError) {
    try keys(&rows.keys)
    try column(&rows.nodes)
    try column(&rows.occurredMilliseconds)
    try column(&rows.loggedSeconds)
    try column(&rows.onHand)
    try column(&rows.allocated)
    try column(&rows.picked)
    try column(&rows.stated)
  }

  mutating func countInstants(_ rows: inout CountRows) throws(RecordError) {
    try keys(&rows.keys)
    try column(&rows.nodes)
    try column(&rows.instants)
    try column(&rows.toldAtMilliseconds)
  }

  mutating func feedStanding(_ standing: inout FeedStanding) throws(RecordError) {
    try number(&standing.journalSinceSeconds)
    try number(&standing.serviceJournalSinceSeconds)
    try number(&standing.stockLoadedAtMilliseconds)
    try column(&standing.markSeconds)
    try column(&standing.markCounts)
    try column(&standing.heardAtMilliseconds)
    try parkedRows(&standing.failures)
    try column(&standing.failureCodes)
  }
}

extension FeedEvent {
  func checkColumns() throws(RecordError) {
    let rows = keys.count
    try require([nodes.count, kinds.count, quantities.count], rows: rows, "feed columns")
    try require(kinds, are: MovementKind.init, "feed kind")
    for count in details.columnCounts + [flags.count] where count > 0 && count != rows {
      throw .malformed("feed columns")
    }
    for flags in flags where flags & ~FeedRowFlags.all != 0 { throw .malformed("feed flags") }
    for node in details.destinations where node > UInt32(UInt16.max) {
      throw .malformed("feed destination")
    }
    try require(parked.map(\.kind), are: MovementKind.init, "parked kind")
  }
}

extension SourceRows {
  func checkColumns() throws(RecordError) {
    try require(
      [
        lastSequences.count, sparse.count, gaps.count, applied.count, refused.count,
        repeated.count, driven.count, failed.count, lastAppliedMilliseconds.count,
        lastOccurredMilliseconds.count, forgottenSequences.count,
      ], rows: sources.count, "source columns")
    for flag in sparse where flag > 1 { throw .malformed("sparse source") }
  }
}

extension JournalRows {
  /// A change of inbound has a reference; a change that continues a row follows another.
  func checkColumns() throws(RecordError) {
    try require(
      [nodes.count, sources.count, when.count, sequences.count, deltas.count], rows: keys.count,
      "journal columns")
    try require(sources, below: sourceNames.count, "journal source")
    try require(
      [when.reduce(0) { $0 + ($1 >> 5 & 7 >= 6 ? 1 : 0) }], rows: references.count,
      "journal references")
    for bits in when where bits & 31 == 0 || bits & 31 > 17 || bits >> 5 & 7 > 6 {
      throw .malformed("journal kind")
    }
  }
}

extension ServiceJournalRows {
  func checkColumns() throws(RecordError) {
    try require(
      [
        nodes.count, occurredMilliseconds.count, loggedSeconds.count, onHand.count,
        allocated.count, picked.count, stated.count,
      ], rows: keys.count, "service journal columns")
    for flag in stated where flag > 1 { throw .malformed("stated stock") }
  }
}

extension CountRows {
  func checkColumns() throws(RecordError) {
    try require(
      [nodes.count, instants.count, toldAtMilliseconds.count], rows: keys.count, "count columns")
  }
}

extension FeedStanding {
  func checkColumns() throws(RecordError) {
    try require([markCounts.count], rows: markSeconds.count, "journal marks")
    try require([failureCodes.count], rows: failures.count, "parked failures")
    try require(failures.map(\.kind), are: MovementKind.init, "parked kind")
  }
}
