import PromisedBytes
import PromisedInvariants
import PromisedPlatform

/// Takes the state back in: first the newest sound snapshot, then the records behind it.
package protocol RecoveryVisitor: ~Copyable {
  /// Takes the start of a snapshot: what came before, if anything, is to be forgotten.
  mutating func begin(_ snapshot: SnapshotSummary) throws(PayloadRejection)
  /// Takes one block of it, in the order in which it was written.
  mutating func block(_ block: SnapshotBlock) throws(PayloadRejection)
  /// Takes one record; called in order of position, without a gap.
  mutating func record(_ record: LogRecord) throws(PayloadRejection)
}

/// What recovery found and did.
package struct RecoveryReport: Equatable, Sendable {
  /// The position the log was read behind: the snapshot's, or 0.
  package internal(set) var snapshotPosition: UInt64 = 0
  /// The snapshots that did not hold, newest first.
  package internal(set) var damagedSnapshots: [Damage] = []
  /// What was cut off, if anything.
  package internal(set) var tornTail: TornTail?
  /// The records passed to the visitor.
  package internal(set) var recordCount: UInt64 = 0
  /// Whether the log ended with the mark of a clean shutdown.
  package internal(set) var wasSealed = false

  /// Nothing was there.
  package init() {}
}

/// A recovered log: its writing end, and what was found.
package struct Recovery<Store: FileStore>: ~Copyable, Sendable {
  /// The writing end.
  package var writer: LogWriter<Store>
  /// What was found and done.
  package let report: RecoveryReport

  /// Gives up the report for the writer.
  package consuming func takeWriter() -> LogWriter<Store> { writer }
}

extension DataDirectory {
  /// Reads the directory into `visitor` and returns the log's writing end.
  ///
  /// Writes only after all of it was found sound: a torn tail is zeroed, left-over temporary files
  /// are removed, a segment that the manifest does not list yet is listed. Doing it again, or being
  /// cut short and doing it again, gives the same bytes.
  package func recover<Visitor: RecoveryVisitor & ~Copyable>(
    _ visitor: inout Visitor
  ) throws(StorageError) -> Recovery<Store> {
    var report = RecoveryReport()
    let known = manifest.current
    let snapshot = try newestSoundSnapshot(known, &report)
    if let snapshot {
      report.snapshotPosition = snapshot.position
      try load(snapshot, into: &visitor)
    }
    let replay = LogReplay(store: store, manifest: known, settlesLastSegment: true)
    let end = try replay.run(after: report.snapshotPosition, chain: snapshot?.chain ?? .none) {
      (group, file) throws(StorageError) in
      try deliver(group, file: file, after: report.snapshotPosition, to: &visitor, &report)
    }
    report.tornTail = end.torn
    report.wasSealed = end.sealed && end.torn == nil
    let writer = try resume(end)
    try setAside(report.damagedSnapshots.map(\.file), known)
    try removeLeftovers()
    return Recovery(writer: writer, report: report)
  }

  /// The newest snapshot that holds; nil when the log alone reaches back to the first record.
  private func newestSoundSnapshot(
    _ manifest: Manifest, _ report: inout RecoveryReport
  ) throws(StorageError) -> SnapshotSummary? {
    for entry in manifest.snapshots.reversed() {
      do throws(StorageError) {
        return try checkedSnapshot(
          entry, dataset: manifest.dataset, in: store,
          maximumBlockBytes: options.maximumBlockBytes)
      } catch {
        guard case .damaged(let damage) = error else { throw error }
        report.damagedSnapshots.append(damage)
      }
    }
    if let newest = report.damagedSnapshots.first, manifest.segments[0].firstPosition > 1 {
      throw .damaged(newest)
    }
    return nil
  }

  func load<Visitor: RecoveryVisitor & ~Copyable>(
    _ snapshot: SnapshotSummary, into visitor: inout Visitor
  ) throws(StorageError) {
    let name = SnapshotFormat.name(snapshot.position)
    do throws(PayloadRejection) {
      try visitor.begin(snapshot)
    } catch {
      throw .damaged(Damage(file: name, offset: 0, reason: error.reason))
    }
    var reader = try SnapshotReader(
      name, in: store, maximumBlockBytes: options.maximumBlockBytes)
    let read = try reader.read(opensBlocks: true, dataset: dataset) {
      (block) throws(PayloadRejection) in
      try visitor.block(block)
    }
    guard read == snapshot else {
      throw .damaged(Damage(file: name, offset: 0, reason: "the snapshot changed while read"))
    }
  }

  /// Takes damaged snapshots out of the manifest and keeps their files for whoever looks into it.
  private func setAside(_ names: [String], _ known: Manifest) throws(StorageError) {
    guard !names.isEmpty else { return }
    try disk { () throws(FileError) in
      for name in names {
        do throws(FileError) {
          try store.rename(name, to: name + ".damaged")
        } catch {
          guard isAbsent(error) else { throw error }
        }
      }
      try store.syncDirectory()
      try manifest.update { $0.snapshots.removeAll { names.contains($0.name) } }
    }
  }

  /// Removes what a crash left behind: temporary files, and files that the manifest dropped or
  /// never listed.
  private func removeLeftovers() throws(StorageError) {
    let known = manifest.current
    try disk { () throws(FileError) in
      for name in try store.list() {
        let isSnapshot = name.hasPrefix("snapshot-") && name.hasSuffix(".snap")
        let isSegment = name.hasPrefix("log-") && name.hasSuffix(".seg")
        let listed =
          known.snapshots.contains { $0.name == name }
          || known.segments.contains { LogFormat.segmentName($0.number) == name }
        if name.hasSuffix(".tmp") || ((isSnapshot || isSegment) && !listed) {
          try removeIfPresent(name, in: store)
        }
      }
    }
  }

  private func deliver<Visitor: RecoveryVisitor & ~Copyable>(
    _ group: LogGroup, file: String, after position: UInt64, to visitor: inout Visitor,
    _ report: inout RecoveryReport
  ) throws(StorageError) {
    try group.forEachRecord { (record) throws(StorageError) in
      guard record.position > position else { return }
      do throws(PayloadRejection) {
        try visitor.record(record)
      } catch {
        throw .damaged(
          Damage(
            file: file, offset: UInt64(group.offset), position: record.position,
            reason: error.reason))
      }
      report.recordCount += 1
    }
  }

  private func resume(_ end: LogEnd) throws(StorageError) -> LogWriter<Store> {
    try disk { () throws(FileError) in try removeIfPresent(LogFormat.spareName, in: store) }
    guard let segment = end.segment else { return try startLog() }
    if !manifest.current.segments.contains(where: { $0.number == segment.number }) {
      try disk { () throws(FileError) in
        try store.syncDirectory()
        try manifest.update {
          $0.segments.append(
            .init(number: segment.number, firstPosition: segment.firstPosition))
        }
      }
    }
    let file = try disk { () throws(FileError) in
      try OpenFile(LogFormat.segmentName(segment.number), in: store, forWriting: true)
    }
    if let torn = end.torn {
      // Zeroed, not left: what a later group does not cover must read as the end of the log.
      try disk { () throws(FileError) in
        try writeZeros(file.reference, from: torn.offset, count: torn.byteCount)
        try store.sync(file.reference)
      }
    }
    return LogWriter(
      store: store, manifest: manifest, spare: spare, file: file, segment: segment,
      offset: end.offset,
      tail: end.tail, needsCertification: end.needsCertification, epoch: end.tail.epoch + 1,
      segmentBytes: options.segmentBytes)
  }

  /// The first segment of a dataset, at its first boot.
  private func startLog() throws(StorageError) -> LogWriter<Store> {
    let header = SegmentHeader(
      dataset: dataset, epoch: 1, number: 1, firstPosition: 1, timeMs: 0, previous: .none,
      byteCount: options.segmentBytes)
    try writeSpare(byteCount: header.byteCount, in: store)
    let file = try disk { () throws(FileError) in
      try publishSegment(header, in: store, manifest: manifest)
    }
    return LogWriter(
      store: store, manifest: manifest, spare: spare, file: file, segment: header,
      offset: UInt64(LogFormat.segmentHeaderBytes),
      tail: LogTail(position: 0, timeMs: 0, digest: .none, epoch: 1), needsCertification: false,
      epoch: 1, segmentBytes: options.segmentBytes)
  }

  private func writeZeros(
    _ file: FileReference, from offset: UInt64, count: UInt64
  ) throws(FileError) {
    let zeros = FileContents(count: Int(min(count, 1 << 20)))
    zeros.mutableBytes.initializeMemory(as: UInt8.self, repeating: 0)
    var done: UInt64 = 0
    while done < count {
      let step = Int(min(UInt64(zeros.bytes.count), count - done))
      let part = UnsafeRawBufferPointer(rebasing: zeros.bytes[..<step])
      try store.write(file, part, at: offset + done)
      done += UInt64(step)
    }
  }
}

/// Checks a snapshot whole against its line in the manifest.
func checkedSnapshot<Store: FileStore>(
  _ entry: Manifest.Snapshot, dataset: DatasetIdentity, in store: Store, maximumBlockBytes: Int
) throws(StorageError) -> SnapshotSummary {
  var reader = try SnapshotReader(entry.name, in: store, maximumBlockBytes: maximumBlockBytes)
  let found = try reader.read(opensBlocks: false, dataset: dataset)
  guard found.position == entry.position, found.timeMs == entry.timeMs,
    found.byteCount == entry.byteCount, found.digest == entry.digest
  else {
    throw .damaged(
      Damage(file: entry.name, offset: 0, reason: "not the snapshot that the manifest lists"))
  }
  return found
}
