import PromisedBytes
import PromisedInvariants
import PromisedPlatform

/// Takes the state back in: first the newest sound snapshot, then the records behind it.
package protocol RecoveryVisitor: ~Copyable {
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
    let replay = LogReplay(store: store, manifest: manifest.current, settlesLastSegment: true)
    let end = try replay.run(after: report.snapshotPosition, chain: .none) {
      (group, file) throws(StorageError) in
      try deliver(group, file: file, after: report.snapshotPosition, to: &visitor, &report)
    }
    report.tornTail = end.torn
    report.wasSealed = end.sealed && end.torn == nil
    let writer = try resume(end)
    return Recovery(writer: writer, report: report)
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
      store: store, manifest: manifest, file: file, segment: segment, offset: end.offset,
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
      store: store, manifest: manifest, file: file, segment: header,
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
