import PromisedModel

/// How a source of the feed stands.
struct FeedSource: BitwiseCopyable {
  var lastSequence: UInt64 = 0
  var gaps: UInt64 = 0
  var applied: UInt64 = 0
  var refused: UInt64 = 0
  var repeated: UInt64 = 0
  var driven: UInt64 = 0
  var failed: UInt64 = 0
  /// Rows that wait now.
  var parked: UInt64 = 0
  var lastApplied: Int64 = 0
  var lastOccurred: Int64 = 0
  /// The highest sequence of which the journal has forgotten a row.
  var forgotten: UInt64 = 0
  var isSparse = false
}

extension State {
  /// The index of a source, added when it is new.
  func sourceInserting(_ name: Name) -> Int {
    let source = sourceKeys.insert(name)
    if source == sources.count {
      sources.append(FeedSource())
      repeatedBatches.append(0)
    }
    return source
  }

  /// Every source, by name.
  package var feedSources: [FeedSourceFacts] {
    (0..<sourceKeys.count).map { facts(ofSource: $0) }.sorted { $0.name < $1.name }
  }

  private func facts(ofSource index: Int) -> FeedSourceFacts {
    let source = sources[index]
    var facts = FeedSourceFacts()
    facts.name = sourceKeys.name(index).name
    facts.lastSequence = source.lastSequence
    facts.isSparse = source.isSparse
    facts.gaps = source.gaps
    facts.appliedRows = source.applied
    facts.refusedRows = source.refused
    facts.parkedRows = source.parked
    facts.repeatedRows = source.repeated + repeatedBatches[index]
    facts.drivenRows = source.driven
    facts.failedRows = source.failed
    facts.lastAppliedMilliseconds = source.lastApplied
    facts.lastOccurredMilliseconds = source.lastOccurred
    return facts
  }

  func exportSources() -> SourceRows {
    let order = (0..<sourceKeys.count).map { (sourceKeys.name($0).name, $0) }.sorted {
      $0.0 < $1.0
    }
    var rows = SourceRows()
    for (name, index) in order {
      let source = sources[index]
      rows.sources.append(name)
      rows.lastSequences.append(source.lastSequence)
      rows.sparse.append(source.isSparse ? 1 : 0)
      rows.gaps.append(source.gaps)
      rows.applied.append(source.applied)
      rows.refused.append(source.refused)
      rows.repeated.append(source.repeated)
      rows.driven.append(source.driven)
      rows.failed.append(source.failed)
      rows.lastAppliedMilliseconds.append(source.lastApplied)
      rows.lastOccurredMilliseconds.append(source.lastOccurred)
      rows.forgottenSequences.append(source.forgotten)
    }
    return rows
  }

  func importSources(_ rows: SourceRows) {
    for (row, name) in rows.sources.enumerated() {
      sources[sourceInserting(name)] = FeedSource(
        lastSequence: rows.lastSequences[row], gaps: rows.gaps[row], applied: rows.applied[row],
        refused: rows.refused[row], repeated: rows.repeated[row], driven: rows.driven[row],
        failed: rows.failed[row], lastApplied: rows.lastAppliedMilliseconds[row],
        lastOccurred: rows.lastOccurredMilliseconds[row], forgotten: rows.forgottenSequences[row],
        isSparse: rows.sparse[row] == 1)
    }
  }
}
