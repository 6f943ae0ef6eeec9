import PromisedBytes
import PromisedPlatform

/// Bytes behind the last whole group that a crash left there: never acknowledged by a writer that
/// kept the rules, and cut off by recovery.
package struct TornTail: Equatable, Sendable {
  /// The segment.
  package let file: String
  /// Where the torn group starts.
  package let offset: UInt64
  /// The bytes up to the last one that is not zero.
  package let byteCount: UInt64
  /// The position its first record would have had.
  package let firstPosition: UInt64
  /// The records it held, when its header still says so.
  package let count: UInt32?
}

/// Where a walk over the log ended.
struct LogEnd {
  /// The last segment; nil when the log has none yet.
  var segment: SegmentHeader?
  /// Where the next group goes in it.
  var offset: UInt64
  var tail: LogTail
  var torn: TornTail?
  /// Whether the last group holds records.
  var needsCertification: Bool
  /// What was read.
  var segmentCount = 0
  var groupCount: UInt64 = 0
  var recordCount: UInt64 = 0
  var sealed = false
  /// Whether the records up to the snapshot's position ended in a group that was read.
  var passedSnapshot = false
  /// Whether a group that ends at the snapshot's position has the digest the snapshot names.
  var metChain = false

  /// Before the first segment.
  init(after position: UInt64, chain: Digest) {
    offset = 0
    tail = LogTail(position: position, timeMs: .min, digest: chain, epoch: 0)
    needsCertification = false
  }
}

/// Walks the log of a directory in order, and tells a torn tail from damage.
struct LogReplay<Store: FileStore> {
  let store: Store
  let manifest: Manifest
  /// Whether dirty pages of the last segment are written out first, so that the cache can be
  /// dropped and the disk itself is read (a killed process leaves dirty pages behind).
  let settlesLastSegment: Bool
  /// Reading ends with the group that holds this position.
  var until: UInt64 = .max

  /// Passes every group that holds records behind `position`, and every mark there.
  ///
  /// `chain` is the digest of the group that ended at `position`, or none when it is not known.
  func run(
    after position: UInt64, chain: Digest,
    group body: (LogGroup, String) throws(StorageError) -> Void
  ) throws(StorageError) -> LogEnd {
    var end = LogEnd(after: position, chain: chain)
    var number: UInt64 = 1
    if !manifest.segments.isEmpty {
      guard let first = manifest.segments.last(where: { $0.firstPosition <= position + 1 }) else {
        throw gap(from: position + 1, to: manifest.segments[0].firstPosition - 1)
      }
      number = first.number
    }
    try walk(from: &number, after: position, chain: chain, &end, body)
    let last = LogFormat.segmentName(max(number, 2) - 1)
    try checkHistory(end, chain, at: position, last)
    if end.tail.position < position {
      throw .damaged(
        Damage(
          file: last, offset: end.offset, position: end.tail.position + 1,
          reason: "the log ends at \(end.tail.position), before the snapshot at \(position)"))
    }
    return end
  }

  /// Walks the segments from `number` on; afterwards, also after a throw, `number` is the first
  /// one that was not walked whole.
  func walk(
    from number: inout UInt64, after position: UInt64, chain: Digest, _ end: inout LogEnd,
    _ body: (LogGroup, String) throws(StorageError) -> Void
  ) throws(StorageError) {
    let lastListed = manifest.segments.last?.number ?? 0
    let names = try disk { () throws(FileError) in try store.list() }
    var digests = DigestContext()
    // A segment may have its name and not yet its line in the manifest: the crash came between.
    while number <= lastListed || names.contains(LogFormat.segmentName(number)) {
      let isLast =
        number >= lastListed && !names.contains(LogFormat.segmentName(number + 1))
      try walk(number, isLast: isLast, after: position, chain: chain, &end, &digests, body)
      number += 1
      if end.tail.position >= until { break }
    }
  }

  /// The groups that end at the snapshot's position, its marks included, must hold its digest.
  private func checkHistory(
    _ end: LogEnd, _ chain: Digest, at position: UInt64, _ file: String
  ) throws(StorageError) {
    guard end.passedSnapshot, !end.metChain, chain != .none else { return }
    throw .damaged(
      Damage(
        file: file, offset: 0, position: position,
        reason: "the log is of another history than the snapshot"))
  }

  private func gap(from: UInt64, to: UInt64) -> StorageError {
    .damaged(
      Damage(
        file: Manifest.name, offset: 0, position: from,
        reason: "positions \(from) to \(to) are in no segment"))
  }

  private func walk(
    _ number: UInt64, isLast: Bool, after position: UInt64, chain: Digest,
    _ end: inout LogEnd, _ digests: inout DigestContext,
    _ body: (LogGroup, String) throws(StorageError) -> Void
  ) throws(StorageError) {
    let name = LogFormat.segmentName(number)
    let memory = try read(name, settles: isLast && settlesLastSegment)
    let header = try checkedHeader(memory.bytes, number: number, previous: end)
    var scan = SegmentScan(memory.bytes, header: header)
    end.segment = header
    end.segmentCount += 1
    end.needsCertification = false
    loop: while true {
      let step = scan.next(&digests)
      switch step {
      case .group(let group):
        if group.lastPosition == position {
          if group.header.count > 0 { end.passedSnapshot = true }
          if group.digest == chain { end.metChain = true }
        } else if group.lastPosition > position {
          try checkHistory(end, chain, at: position, name)
        }
        end.groupCount += 1
        end.recordCount += UInt64(group.header.count)
        end.needsCertification = group.header.count > 0
        end.sealed = group.header.flags & LogFormat.flagSeal != 0
        if group.lastPosition > position || group.header.count == 0 { try body(group, name) }
        if group.lastPosition >= until { break loop }
      case .end:
        break loop
      case .unknownVersion(let version):
        throw .unknownVersion(file: name, version: version)
      case .broken(let reason):
        end.torn = try classify(scan, reason: reason, file: name, isLast: isLast)
        break loop
      }
    }
    end.tail = scan.tail
    end.offset = UInt64(scan.offset)
  }

  private func read(_ name: String, settles: Bool) throws(StorageError) -> FileContents {
    do throws(StorageError) {
      let file = try disk { () throws(FileError) in
        try OpenFile(name, in: store, forWriting: settles)
      }
      if settles { try disk { () throws(FileError) in try store.sync(file.reference) } }
      store.dropCache(file.reference)
      return try contents(of: file, limit: LogFormat.maximumSegmentBytes)
    } catch {
      if case .file(let reason) = error, isAbsent(reason) {
        throw .damaged(Damage(file: name, offset: 0, reason: "the segment is missing"))
      }
      throw error
    }
  }

  /// Decodes a segment's header and checks it against its name, its size, the manifest and the
  /// segment before it.
  private func checkedHeader(
    _ bytes: UnsafeRawBufferPointer, number: UInt64, previous end: LogEnd
  ) throws(StorageError) -> SegmentHeader {
    let name = LogFormat.segmentName(number)
    let header = try SegmentHeader.decode(bytes, file: name)
    func damaged(_ offset: UInt64, _ reason: String) -> StorageError {
      .damaged(
        Damage(file: name, offset: offset, position: header.firstPosition, reason: reason))
    }
    guard header.dataset == manifest.dataset else {
      throw damaged(16, "the segment belongs to another dataset")
    }
    guard header.number == number else {
      throw damaged(40, "the segment is number \(header.number)")
    }
    guard header.byteCount == UInt64(bytes.count) else {
      throw damaged(
        UInt64(bytes.count), "the segment is \(bytes.count) bytes, not \(header.byteCount)")
    }
    if let listed = manifest.segments.first(where: { $0.number == number }),
      listed.firstPosition != header.firstPosition
    {
      throw damaged(48, "the segment starts at another position than the manifest says")
    }
    if end.segment != nil {
      guard header.firstPosition == end.tail.position + 1, header.previous == end.tail.digest,
        header.timeMs == end.tail.timeMs, header.epoch >= end.tail.epoch
      else { throw damaged(48, "the segment does not continue the one before it") }
    }
    return header
  }

  private func classify(
    _ scan: SegmentScan, reason: String, file: String, isLast: Bool
  ) throws(StorageError) -> TornTail {
    func damaged(_ evidence: String) -> StorageError {
      .damaged(
        Damage(
          file: file, offset: UInt64(scan.offset), position: scan.tail.position + 1,
          reason: "\(reason); certified by \(evidence)"))
    }
    guard isLast else { throw damaged("the next segment") }
    if let later = scan.laterGroupOffset() { throw damaged("the group at \(later)") }
    return TornTail(
      file: file, offset: UInt64(scan.offset), byteCount: UInt64(scan.usedCount - scan.offset),
      firstPosition: scan.tail.position + 1, count: scan.claimedCount)
  }
}
