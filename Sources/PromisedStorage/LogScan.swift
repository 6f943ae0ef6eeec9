import PromisedBytes

/// One record of the log.
package struct LogRecord {
  /// Its place in the log, from 1.
  package let position: UInt64
  /// The time of its group, in milliseconds since 1970 UTC.
  package let timeMs: Int64
  /// Its payload, valid during the call it is passed to.
  package let payload: UnsafeRawBufferPointer
}

/// A group found whole: header, digest, chain and every record hold.
struct LogGroup {
  let offset: Int
  let header: GroupHeader
  let records: UnsafeRawBufferPointer
  let digest: Digest

  var byteCount: Int {
    LogFormat.groupHeaderBytes + records.count + LogFormat.groupTrailerBytes
  }
  /// The position of the last record, or of the last record before a group without any.
  var lastPosition: UInt64 { header.firstPosition + UInt64(header.count) - 1 }

  /// Passes the records in order. Only for groups that `SegmentScan` accepted.
  func forEachRecord<Failure: Error>(
    _ body: (LogRecord) throws(Failure) -> Void
  ) throws(Failure) {
    var at = 0
    for index in 0..<UInt64(header.count) {
      let length = Int(
        UInt32(littleEndian: records.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
      let start = at + LogFormat.recordHeaderBytes
      try body(
        LogRecord(
          position: header.firstPosition + index, timeMs: header.timeMs,
          payload: UnsafeRawBufferPointer(rebasing: records[start..<start + length])))
      at = start + length
    }
  }
}

/// Walks the groups of one segment held in memory. Reads nothing, writes nothing, never traps.
struct SegmentScan {
  enum Step {
    case group(LogGroup)
    /// Only zeros follow: the log ends here, or goes on in the next segment.
    case end
    /// What stands here is no valid next group.
    case broken(reason: String)
    /// A group of a format this program does not know.
    case unknownVersion(UInt16)
  }

  private let bytes: UnsafeRawBufferPointer
  private let dataset: DatasetIdentity
  /// The next byte to look at.
  private(set) var offset: Int
  /// What the next group must continue.
  private(set) var tail: LogTail
  /// The bytes up to the last one that is not zero.
  let usedCount: Int

  /// Scans a segment whose header has been checked.
  init(_ bytes: UnsafeRawBufferPointer, header: SegmentHeader) {
    self.bytes = bytes
    dataset = header.dataset
    offset = LogFormat.segmentHeaderBytes
    tail = LogTail(
      position: header.firstPosition - 1, timeMs: header.timeMs, digest: header.previous,
      epoch: header.epoch)
    usedCount = countWithoutTrailingZeros(bytes)
  }

  /// The next group, or why there is none. After anything but a group the scan stays where it is.
  mutating func next(_ digests: inout DigestContext) -> Step {
    if offset >= usedCount { return .end }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
    guard let (header, version) = GroupHeader.decode(rest) else {
      return .broken(reason: "no group header, or its checksum does not hold")
    }
    guard version == LogFormat.version else { return .unknownVersion(version) }
    if let reason = mismatch(header) { return .broken(reason: reason) }
    let recordsStart = LogFormat.groupHeaderBytes
    let recordsEnd = recordsStart + Int(header.byteCount)
    guard recordsEnd + LogFormat.groupTrailerBytes <= rest.count else {
      return .broken(reason: "the group is longer than its segment")
    }
    var trailer = ByteReader(UnsafeRawBufferPointer(rebasing: rest[recordsEnd...]))
    guard let stored = try? trailer.readDigest(), let crc = try? trailer.read(UInt32.self) else {
      return .broken(reason: "the group's trailer ends early")
    }
    let storedBytes = rest[recordsEnd..<recordsEnd + Digest.byteCount]
    guard crc == checksum(UnsafeRawBufferPointer(rebasing: storedBytes)) else {
      return .broken(reason: "the checksum of the group's trailer does not hold")
    }
    let covered = UnsafeRawBufferPointer(rebasing: rest[..<recordsEnd])
    guard digests.digest(of: covered) == stored else {
      return .broken(reason: "the group's digest does not hold")
    }
    let records = UnsafeRawBufferPointer(rebasing: rest[recordsStart..<recordsEnd])
    guard recordsHold(records, count: header.count) else {
      return .broken(reason: "a record's length or checksum does not hold")
    }
    let group = LogGroup(offset: offset, header: header, records: records, digest: stored)
    offset += group.byteCount
    tail = LogTail(
      position: group.lastPosition, timeMs: header.timeMs, digest: stored, epoch: header.epoch)
    return .group(group)
  }

  /// Why a header with a valid checksum cannot be the next group's; nil when it can.
  private func mismatch(_ header: GroupHeader) -> String? {
    if header.dataset != dataset { return "the group belongs to another dataset" }
    if header.firstPosition == 0 || header.firstPosition != tail.position &+ 1 {
      return "the group starts at position \(header.firstPosition), not \(tail.position &+ 1)"
    }
    if header.firstPosition.addingReportingOverflow(UInt64(header.count)).overflow {
      return "the group's positions pass the last number"
    }
    if header.previous != tail.digest { return "the group continues another history" }
    if header.epoch < tail.epoch { return "the group's epoch goes back" }
    if header.epoch == .max { return "no epoch can follow the group's" }
    if header.timeMs < tail.timeMs { return "the group's time goes back" }
    if header.byteCount > UInt32(LogFormat.maximumRecordBytes) { return "the group is too long" }
    return nil
  }

  private func recordsHold(_ records: UnsafeRawBufferPointer, count: UInt32) -> Bool {
    var reader = ByteReader(records)
    for _ in 0..<count {
      guard let length = try? reader.read(UInt32.self), let crc = try? reader.read(UInt32.self),
        let payload = try? reader.read(bytes: Int(length)), checksum(payload) == crc
      else { return false }
    }
    return reader.remaining == 0
  }

  /// Whether a group was written behind the broken one at `offset`.
  ///
  /// A group is written only after the one before it was synced. So a later header proves that
  /// the broken group was once whole and may have been acknowledged: damage, not a torn write.
  func laterGroupOffset() -> Int? {
    var at = offset + 1
    if let (header, _) = GroupHeader.decode(UnsafeRawBufferPointer(rebasing: bytes[offset...])),
      mismatch(header) == nil
    {
      // The payloads of a group whose extent is known are not searched: they may say anything.
      at = offset + LogFormat.groupHeaderBytes + Int(header.byteCount) + LogFormat.groupTrailerBytes
    }
    let firstByte = UInt8(truncatingIfNeeded: LogFormat.groupMagic)
    while at + LogFormat.groupHeaderBytes <= bytes.count, at < usedCount {
      if bytes[at] == firstByte,
        let (header, _) = GroupHeader.decode(UnsafeRawBufferPointer(rebasing: bytes[at...])),
        header.dataset == dataset, header.firstPosition > tail.position, header.epoch >= tail.epoch
      {
        return at
      }
      at += 1
    }
    return nil
  }

  /// The position range the broken group claims, when its header still says so.
  var claimedCount: UInt32? {
    guard offset < bytes.count,
      let (header, _) = GroupHeader.decode(UnsafeRawBufferPointer(rebasing: bytes[offset...])),
      mismatch(header) == nil
    else { return nil }
    return header.count
  }
}

/// The bytes up to and including the last one that is not zero. O(zeros behind it).
private func countWithoutTrailingZeros(_ bytes: UnsafeRawBufferPointer) -> Int {
  var count = bytes.count
  while count >= 8, bytes.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self) == 0 {
    count -= 8
  }
  while count > 0, bytes[count - 1] == 0 { count -= 1 }
  return count
}
