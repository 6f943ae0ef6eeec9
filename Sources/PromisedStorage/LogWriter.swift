import PromisedBytes
import PromisedInvariants
import PromisedPlatform

/// What became of an append. A throw instead means that the outcome is unknown until the log has
/// been read again; only `noSpace` leaves it certainly unchanged.
package enum AppendOutcome: Equatable, Sendable {
  /// Written; durable once `sync` returns.
  case appended(last: UInt64)
  /// The log does not end where the caller thought; nothing was written.
  case conflict(last: UInt64)
}

/// The writing end of the log, used by one thread.
///
/// One group is in flight at most: `append` writes it, `sync` makes it durable, and only then may
/// the next be appended. That order is what lets recovery tell a torn write from damage: a group
/// behind another proves that the other was synced whole. A group is certified by the next group,
/// by the idle mark within 50 ms, by the seal, or by the header of the next segment.
///
/// A failure other than `noSpace` is final: the writer then refuses everything with `stopped`,
/// and the process recovers from disk.
package struct LogWriter<Store: FileStore>: ~Copyable, Sendable {
  private enum Phase { case synced, unsynced, sealed, failed }

  private let store: Store
  private let manifest: ManifestFile<Store>
  private let dataset: DatasetIdentity
  private let spare: SpareSegment<Store>
  private let epoch: UInt64
  private let segmentBytes: UInt64
  private var file: OpenFile<Store>
  private var segment: SegmentHeader
  /// Where the next group goes.
  private var offset: UInt64
  private var phase = Phase.synced
  private var digests = DigestContext()
  private var empty = LogBatch(capacity: 0)

  /// Where the log stands, the unsynced group included.
  package private(set) var tail: LogTail
  /// Whether the last group holds records that no later group certifies yet: when true and the
  /// log has been idle for 50 ms, the owner writes an idle mark.
  package private(set) var needsCertification: Bool

  /// Continues a log where recovery found its end.
  init(
    store: Store, manifest: ManifestFile<Store>, spare: SpareSegment<Store>,
    file: consuming OpenFile<Store>,
    segment: SegmentHeader, offset: UInt64, tail: LogTail, needsCertification: Bool,
    epoch: UInt64, segmentBytes: UInt64
  ) {
    self.store = store
    self.manifest = manifest
    self.spare = spare
    dataset = segment.dataset
    self.epoch = epoch
    self.segmentBytes = segmentBytes
    self.file = file
    self.segment = segment
    self.offset = offset
    self.tail = tail
    self.needsCertification = needsCertification
    checkInvariants()
  }

  private func checkInvariants() {
    invariant(offset >= UInt64(LogFormat.segmentHeaderBytes), "groups start behind the header")
    invariant(offset <= segment.byteCount, "groups end within their segment")
    invariant(tail.position >= segment.firstPosition - 1, "a segment starts before the tail")
    invariant(tail.epoch <= epoch, "no group comes from a later writer")
  }

  /// Writes the records of `batch` as one group behind position `expectedLast`.
  ///
  /// `timeMs` must not lie before the tail's time. The batch is left as it was, for the caller to
  /// clear. Rotates to a new segment when this one is full, which takes as long as zeroing and
  /// syncing `segmentBytes` unless `DataDirectory.prepareSpare` ran before.
  package mutating func append(
    _ batch: inout LogBatch, expectedLast: UInt64, timeMs: Int64
  ) throws(StorageError) -> AppendOutcome {
    guard expectedLast == tail.position else { return .conflict(last: tail.position) }
    try write(&batch, flags: 0, timeMs: timeMs)
    return .appended(last: tail.position)
  }

  /// Makes the appended group durable; afterwards all up to `tail.position` may be acknowledged.
  package mutating func sync() throws(StorageError) {
    switch phase {
    case .failed, .sealed: throw .stopped
    case .synced: return
    case .unsynced: break
    }
    do {
      try store.sync(file.reference)
    } catch {
      // Never again on this file: the kernel reports a lost page once and then calls it clean.
      phase = .failed
      throw .file(error)
    }
    phase = .synced
  }

  /// Writes and syncs an empty group: it certifies the group before it and carries the time.
  package mutating func idleMark(timeMs: Int64) throws(StorageError) {
    try writeEmpty(flags: LogFormat.flagIdleMark, timeMs: timeMs)
  }

  /// Writes and syncs the mark of a clean shutdown; the writer takes nothing afterwards.
  package mutating func seal(timeMs: Int64) throws(StorageError) {
    try sync()
    try writeEmpty(flags: LogFormat.flagSeal, timeMs: timeMs)
    phase = .sealed
  }

  private mutating func writeEmpty(flags: UInt16, timeMs: Int64) throws(StorageError) {
    // Taken out for the call: the batch and the writer must not be borrowed from one value twice.
    var batch = LogBatch(capacity: 0)
    swap(&batch, &empty)
    defer { swap(&batch, &empty) }
    try write(&batch, flags: flags, timeMs: timeMs)
    try sync()
  }

  private mutating func write(
    _ batch: inout LogBatch, flags: UInt16, timeMs: Int64
  ) throws(StorageError) {
    guard phase != .failed && phase != .sealed else { throw .stopped }
    invariant(phase == .synced, "one group is in flight at most")
    invariant(timeMs >= tail.timeMs, "logged time never goes back")
    let groupBytes = UInt64(batch.buffer.count + LogFormat.groupTrailerBytes)
    if segment.byteCount - offset < groupBytes { try rotate(for: groupBytes) }

    let header = GroupHeader(
      flags: flags, dataset: dataset, epoch: epoch, firstPosition: tail.position + 1,
      count: batch.count, byteCount: UInt32(batch.byteCount), timeMs: timeMs,
      previous: tail.digest)
    let recordsEnd = batch.buffer.count
    header.encode(at: 0, of: &batch.buffer)
    let digest = digests.digest(of: batch.buffer.bytes)
    batch.buffer.append(digest)
    batch.buffer.append(
      checksum(UnsafeRawBufferPointer(rebasing: batch.buffer.bytes[recordsEnd...])))
    defer { batch.buffer.truncate(to: recordsEnd) }
    do {
      try store.write(file.reference, batch.buffer.bytes, at: offset)
    } catch {
      // Part of the group may be on disk: only recovery can say.
      phase = .failed
      throw .file(error)
    }
    offset += groupBytes
    tail = LogTail(
      position: tail.position + UInt64(batch.count), timeMs: timeMs, digest: digest, epoch: epoch)
    needsCertification = batch.count > 0
    phase = .unsynced
    checkInvariants()
  }

  /// Whether the next segment's file is worth preparing now: the present one is half full. Another
  /// thread does it with `DataDirectory.prepareSpare`, and then rotation costs two small syncs.
  package var wantsSpare: Bool {
    offset >= segment.byteCount / 2 && spare.byteCount < segmentBytes
  }

  private mutating func rotate(for groupBytes: UInt64) throws(StorageError) {
    let needed = max(segmentBytes, UInt64(LogFormat.segmentHeaderBytes) + groupBytes)
    let spareBytes: UInt64
    do {
      spareBytes = try spare.take(atLeast: needed)
    } catch {
      if case .noSpace = error { throw error }
      phase = .failed
      throw error
    }
    let header = SegmentHeader(
      dataset: dataset, epoch: epoch, number: segment.number + 1, firstPosition: tail.position + 1,
      timeMs: tail.timeMs, previous: tail.digest, byteCount: spareBytes)
    do {
      file = try publishSegment(header, in: store, manifest: manifest)
    } catch {
      phase = .failed
      throw .file(error)
    }
    segment = header
    offset = UInt64(LogFormat.segmentHeaderBytes)
    // The new header continues the last group's digest and is on disk: that certifies it.
    needsCertification = false
    checkInvariants()
  }
}

/// Turns the spare file into a segment: header synced, then named, then listed in the manifest.
/// A group may go into it, and be acknowledged, only after this returns.
func publishSegment<Store: FileStore>(
  _ header: SegmentHeader, in store: Store, manifest: ManifestFile<Store>
) throws(FileError) -> OpenFile<Store> {
  let name = LogFormat.segmentName(header.number)
  var buffer = ByteBuffer(capacity: LogFormat.segmentHeaderBytes)
  header.encode(into: &buffer)
  let file = try OpenFile(LogFormat.spareName, in: store, forWriting: true)
  try store.write(file.reference, buffer.bytes, at: 0)
  try store.sync(file.reference)
  try store.rename(LogFormat.spareName, to: name)
  try store.syncDirectory()
  try manifest.update {
    $0.segments.append(.init(number: header.number, firstPosition: header.firstPosition))
  }
  return try OpenFile(name, in: store, forWriting: true)
}
