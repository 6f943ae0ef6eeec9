import PromisedPlatform

// The past of a data directory: what is kept of it, and how a state of then is read again.

extension [Manifest.Snapshot] {
  /// What stays of an ascending list: the newest for recovery; and for history the last one before
  /// it begins, then one in every stretch.
  func kept(_ options: StorageOptions) -> [Manifest.Snapshot] {
    guard let newest = last, count > options.snapshotsKept else { return self }
    let recent = suffix(options.snapshotsKept)
    guard options.historyMilliseconds > 0 else { return Array(recent) }
    let begin = newest.timeMs - options.historyMilliseconds
    let older = dropLast(options.snapshotsKept)
    let base = older.lastIndex { $0.timeMs <= begin } ?? older.startIndex
    var kept: [Manifest.Snapshot] = []
    for snapshot in older[base...] {
      if let last = kept.last,
        snapshot.timeMs - last.timeMs < options.historySpacingMilliseconds
      {
        continue
      }
      kept.append(snapshot)
    }
    return kept + recent
  }
}

/// What reading the past came to.
package struct HistoryReport: Equatable, Sendable {
  /// The snapshot it began with; 0 = the beginning of the log.
  package internal(set) var snapshotPosition: UInt64 = 0
  package internal(set) var recordCount: UInt64 = 0
}

extension DataDirectory {
  /// Reads the state of a past position into `visitor`, beside the live log: the newest sound
  /// snapshot at or before `begin`, and every record behind it through `end`.
  ///
  /// `begin` names where the first state is wanted: the visitor sees the state pass through every
  /// position from there to `end`. Reads only; writes nothing; safe while the log is written, as
  /// long as `end` is durable.
  ///
  /// - Throws: `unreachable` when the log or the snapshots do not go back that far (also when they
  ///   were trimmed meanwhile), `damaged` when they do and do not hold.
  /// - Complexity: O(snapshot + records between).
  @discardableResult
  package func readHistory<Visitor: RecoveryVisitor & ~Copyable>(
    from begin: UInt64, through end: UInt64, into visitor: inout Visitor
  ) throws(StorageError) -> HistoryReport {
    let known = manifest.current
    var report = HistoryReport()
    var chain = Digest.none
    if let entry = known.snapshots.last(where: { $0.position <= begin }) {
      let snapshot = try present(known) { () throws(StorageError) in
        try checkedSnapshot(
          entry, dataset: known.dataset, in: store, maximumBlockBytes: options.maximumBlockBytes)
      }
      report.snapshotPosition = snapshot.position
      chain = snapshot.chain
      try load(snapshot, into: &visitor)
    } else if known.segments.first?.firstPosition != 1 {
      throw .unreachable(reason: "the log begins after position \(begin)")
    }
    guard end > report.snapshotPosition else { return report }
    var replay = LogReplay(store: store, manifest: known, settlesLastSegment: false)
    replay.until = end
    let start = report.snapshotPosition
    var count: UInt64 = 0
    var failure: StorageError?
    var last = start
    do throws(StorageError) {
      let reached = try replay.run(after: start, chain: chain) {
        (group, file) throws(StorageError) in
        try group.forEachRecord { (record) throws(StorageError) in
          guard record.position > start, record.position <= end else { return }
          do throws(PayloadRejection) {
            try visitor.record(record)
          } catch {
            throw .damaged(
              Damage(
                file: file, offset: UInt64(group.offset), position: record.position,
                reason: error.reason))
          }
          count += 1
        }
      }
      last = reached.tail.position
    } catch {
      failure = error
    }
    if let failure { throw manifest.current == known ? failure : trimmed(begin) }
    guard last >= end else {
      throw .unreachable(reason: "the log ends at position \(last), before \(end)")
    }
    report.recordCount = count
    return report
  }

  /// A file that is gone because the past was trimmed meanwhile is no damage.
  private func present<Result>(
    _ known: Manifest, _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    do throws(StorageError) {
      return try body()
    } catch {
      throw manifest.current == known ? error : trimmed(0)
    }
  }

  private func trimmed(_ position: UInt64) -> StorageError {
    .unreachable(reason: "the history at position \(position) was trimmed while it was read")
  }
}
