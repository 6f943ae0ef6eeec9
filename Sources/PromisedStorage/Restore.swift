import PromisedBytes
import PromisedPlatform

/// How far a restore goes.
package enum RestorePoint: Equatable, Sendable {
  /// All that is there.
  case everything
  /// Up to the record at this position.
  case position(UInt64)
  /// Up to the last group logged no later than this, in milliseconds since 1970 UTC.
  case instant(timeMs: Int64)
}

/// What a restore wrote.
package struct RestoreSummary: Equatable, Sendable {
  /// The position of the snapshot it started from; 0 without one.
  package internal(set) var snapshotPosition: UInt64 = 0
  /// The records copied behind it.
  package internal(set) var recordCount: UInt64 = 0
  /// The last position of the new directory.
  package internal(set) var lastPosition: UInt64 = 0
  /// The logged time there, in milliseconds since 1970 UTC.
  package internal(set) var lastTimeMs: Int64 = 0
  /// The snapshots of the source that did not hold and were passed over.
  package internal(set) var damagedSnapshots: [Damage] = []
}

/// Fills the empty directory `target` from a data directory: its newest sound snapshot that does
/// not pass the point, and the log behind it up to the point.
///
/// The source is only read. The new directory has the same dataset and the next epoch; its log
/// starts behind the snapshot. It becomes a data directory with its very last write, so that a
/// restore cut short is never taken for one. Throws `notEmpty`, `locked`, `unreachable` when the
/// source does not reach back or forward to the point, `damaged` when the log on the way does not
/// hold.
package func restore<Store: FileStore>(
  from source: Store, into target: Store, until point: RestorePoint = .everything,
  options: StorageOptions = StorageOptions()
) throws(StorageError) -> RestoreSummary {
  let lock = try lockForReading(source)
  defer { withExtendedLifetime(lock) {} }
  guard let manifest = try ManifestFile.read(in: source) else {
    throw .unreachable(reason: "the source holds no manifest")
  }
  var summary = RestoreSummary()
  var start: SnapshotSummary?
  for entry in manifest.snapshots.reversed() where point.includes(entry) {
    do throws(StorageError) {
      start = try checkedSnapshot(
        entry, dataset: manifest.dataset, in: source, maximumBlockBytes: options.maximumBlockBytes)
      break
    } catch {
      guard case .damaged(let damage) = error else { throw error }
      summary.damagedSnapshots.append(damage)
    }
  }
  let position = start?.position ?? 0
  guard let first = manifest.segments.first, first.firstPosition <= position + 1 else {
    throw .unreachable(reason: "no snapshot at or before the point, and the log starts later")
  }
  let source = RestoreSource(
    replay: LogReplay(store: source, manifest: manifest, settlesLastSegment: false),
    start: start, point: point)
  // Read once before anything is written: the new log needs an epoch above all that were copied.
  let found = try source.read { _ in }
  if case .position(let last) = point, found.position < last {
    throw .unreachable(reason: "the log ends at position \(found.position)")
  }
  var log = try beginRestore(
    of: manifest.dataset, after: start, from: source.replay.store, into: target,
    epoch: found.epoch + 1, options: options)
  summary.snapshotPosition = position
  var batch = LogBatch()
  _ = try source.read { (group) throws(StorageError) in
    batch.clear()
    group.forEachRecord { record in
      if record.position > position, point.includes(position: record.position) {
        batch.append(payload: record.payload)
      }
    }
    guard batch.count > 0 else { return }
    let tail = log.writer.tail
    _ = try log.writer.append(
      &batch, expectedLast: tail.position, timeMs: max(tail.timeMs, group.header.timeMs))
    try log.writer.sync()
    summary.recordCount += UInt64(batch.count)
  }
  return try finishRestore(&log, in: target, summary)
}

/// Fills the empty directory `target` from the single snapshot file `name` of `source`.
///
/// For a snapshot that was carried away on its own; the log starts empty behind it.
package func restore<Store: FileStore>(
  snapshot name: String, of source: Store, into target: Store,
  options: StorageOptions = StorageOptions()
) throws(StorageError) -> RestoreSummary {
  let (start, dataset) = try looseSnapshot(name, in: source, options)
  // The epoch of its log is not in a snapshot. This bit keeps the new log's epochs above those of
  // any log that took fewer than 2^32 starts.
  var log = try beginRestore(
    of: dataset, after: start, from: source, named: name, into: target, epoch: 1 << 32,
    options: options)
  return try finishRestore(&log, in: target, RestoreSummary(snapshotPosition: start.position))
}

private func looseSnapshot<Store: FileStore>(
  _ name: String, in source: Store, _ options: StorageOptions
) throws(StorageError) -> (SnapshotSummary, DatasetIdentity) {
  var reader = try SnapshotReader(
    name, in: source, maximumBlockBytes: options.maximumBlockBytes)
  let summary = try reader.read(opensBlocks: true, dataset: nil)
  guard summary.position < .max else {
    throw .damaged(Damage(file: name, offset: 32, reason: "no log can follow the last position"))
  }
  return (summary, reader.dataset)
}

/// The log behind a snapshot, as far as the point.
private struct RestoreSource<Store: FileStore> {
  let replay: LogReplay<Store>
  let start: SnapshotSummary?
  let point: RestorePoint

  /// Passes the groups up to the point, and returns the last position and epoch met.
  ///
  /// Damage behind the point does not matter: going back to before it is what a point is for.
  func read(
    _ body: (LogGroup) throws(StorageError) -> Void
  ) throws(StorageError) -> (position: UInt64, epoch: UInt64) {
    let position = start?.position ?? 0
    var last = position
    // Without a group to tell, above every epoch of a log with fewer than 2^32 starts.
    var epoch: UInt64 = 0
    var isReached = point.isReached(position: position)
    do throws(StorageError) {
      let end = try replay.run(after: position, chain: start?.chain ?? .none) {
        (group, _) throws(StorageError) in
        epoch = group.header.epoch
        guard point.includes(timeMs: group.header.timeMs) else {
          isReached = true
          return
        }
        if !isReached { try body(group) }
        last = max(last, group.lastPosition)
        isReached = isReached || point.isReached(position: last)
      }
      epoch = end.tail.epoch
    } catch {
      guard isReached, case .damaged = error else { throw error }
      epoch = max(epoch, 1 << 32)
    }
    return (last, epoch)
  }
}

/// The name of the manifest until a restore is complete.
private let unfinishedName = "manifest.restoring"

private struct RestoredLog<Store: FileStore>: ~Copyable {
  var writer: LogWriter<Store>
  let lock: OpenFile<Store>
}

private func beginRestore<Store: FileStore>(
  of dataset: DatasetIdentity, after start: SnapshotSummary?, from source: Store,
  named name: String? = nil, into target: Store, epoch: UInt64, options: StorageOptions
) throws(StorageError) -> RestoredLog<Store> {
  let there = try disk { () throws(FileError) in try target.list() }
  if let file = there.first { throw .notEmpty(file: file) }
  let lock = try DataDirectory.takeLock(target)
  let manifest = ManifestFile(Manifest(dataset: dataset), in: target, name: unfinishedName)
  let header = SegmentHeader(
    dataset: dataset, epoch: epoch, number: 1, firstPosition: (start?.position ?? 0) + 1,
    timeMs: start?.timeMs ?? 0, previous: start?.chain ?? .none,
    byteCount: options.segmentBytes)
  try writeSpare(byteCount: header.byteCount, in: target)
  let file = try disk { () throws(FileError) in
    try publishSegment(header, in: target, manifest: manifest)
  }
  if let start {
    try copySnapshot(
      named: name ?? SnapshotFormat.name(start.position), start, dataset, from: source,
      into: target, options)
    try disk { () throws(FileError) in
      try manifest.update {
        $0.snapshots = [
          .init(
            position: start.position, timeMs: start.timeMs, byteCount: start.byteCount,
            digest: start.digest)
        ]
      }
    }
  }
  let writer = LogWriter(
    store: target, manifest: manifest, spare: SpareSegment(in: target), file: file,
    segment: header,
    offset: UInt64(LogFormat.segmentHeaderBytes),
    tail: LogTail(
      position: header.firstPosition - 1, timeMs: header.timeMs, digest: header.previous,
      epoch: epoch),
    needsCertification: false, epoch: epoch, segmentBytes: options.segmentBytes)
  return RestoredLog(writer: writer, lock: lock)
}

private func copySnapshot<Store: FileStore>(
  named name: String, _ start: SnapshotSummary, _ dataset: DatasetIdentity, from source: Store,
  into target: Store, _ options: StorageOptions
) throws(StorageError) {
  let newName = SnapshotFormat.name(start.position)
  try disk { () throws(FileError) in
    let old = try OpenFile(name, in: source)
    let new = try OpenFile(creating: newName, in: target)
    let buffer = FileContents(count: 1 << 20)
    var offset: UInt64 = 0
    while true {
      let got = try source.read(old.reference, into: buffer.mutableBytes, at: offset)
      if got == 0 { break }
      let part = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<got])
      try target.write(new.reference, part, at: offset)
      offset += UInt64(got)
    }
    try target.sync(new.reference)
    try target.syncDirectory()
  }
  // Read back through the same check as any snapshot before it is listed.
  let entry = Manifest.Snapshot(
    position: start.position, timeMs: start.timeMs, byteCount: start.byteCount,
    digest: start.digest)
  _ = try checkedSnapshot(
    entry, dataset: dataset, in: target, maximumBlockBytes: options.maximumBlockBytes)
}

private func finishRestore<Store: FileStore>(
  _ log: inout RestoredLog<Store>, in target: Store, _ summary: RestoreSummary
) throws(StorageError) -> RestoreSummary {
  try log.writer.seal(timeMs: log.writer.tail.timeMs)
  try disk { () throws(FileError) in
    try target.rename(unfinishedName, to: Manifest.name)
    try target.syncDirectory()
  }
  var summary = summary
  summary.lastPosition = log.writer.tail.position
  summary.lastTimeMs = log.writer.tail.timeMs
  return summary
}

extension RestorePoint {
  func includes(_ snapshot: Manifest.Snapshot) -> Bool {
    includes(position: snapshot.position) && includes(timeMs: snapshot.timeMs)
  }

  func isReached(position: UInt64) -> Bool {
    if case .position(let last) = self { position >= last } else { false }
  }

  func includes(position: UInt64) -> Bool {
    if case .position(let last) = self { position <= last } else { true }
  }

  func includes(timeMs: Int64) -> Bool {
    if case .instant(let last) = self { timeMs <= last } else { true }
  }
}
