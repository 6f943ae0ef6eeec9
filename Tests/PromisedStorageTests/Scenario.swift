import PromisedBytes
import PromisedPlatform
import PromisedStorage

/// The state of a toy machine: every payload by position.
struct Journal: RecoveryVisitor {
  var records: [[UInt8]] = []
  var lastPosition: UInt64 = 0
  var times: [Int64] = []

  mutating func begin(_ snapshot: SnapshotSummary) throws(PayloadRejection) {
    records = []
    times = []
    lastPosition = snapshot.position
  }

  /// A block of a test is the payloads of its rows, each behind its length as one byte.
  mutating func block(_ block: SnapshotBlock) throws(PayloadRejection) {
    var reader = ByteReader(block.bytes)
    do throws(ByteError) {
      for _ in 0..<block.rowCount {
        let length = try reader.read(UInt8.self)
        records.append(Array(try reader.read(bytes: Int(length))))
        times.append(-1)
      }
    } catch {
      throw PayloadRejection("rows end early")
    }
  }

  mutating func record(_ record: LogRecord) throws(PayloadRejection) {
    guard record.position == lastPosition + 1 else {
      throw PayloadRejection("position \(record.position) after \(lastPosition)")
    }
    lastPosition = record.position
    records.append(Array(record.payload))
    times.append(record.timeMs)
  }
}

let dataset = DatasetIdentity(low: 0x0123_4567_89ab_cdef, high: 0xfedc_ba98_7654_3210)

func smallSegments(_ bytes: UInt64 = 1024) -> StorageOptions {
  var options = StorageOptions()
  options.segmentBytes = bytes
  return options
}

/// The payload that stands at a position in every test: its length varies, some are empty.
func payload(at position: UInt64) -> [UInt8] {
  (0..<(position % 5) * 7).map { UInt8(truncatingIfNeeded: position &* 31 &+ $0) }
}

func payloads(upTo position: UInt64) -> [[UInt8]] {
  position == 0 ? [] : (1...position).map(payload(at:))
}

extension LogBatch {
  mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append(payload: $0) }
  }
}

extension LogWriter {
  /// Appends the next `count` payloads as one group and syncs it.
  mutating func commit(_ count: UInt64, timeMs: Int64) throws {
    var batch = LogBatch(capacity: 64)
    let last = tail.position
    for offset in 0..<count { batch.append(payload(at: last + 1 + offset)) }
    guard try append(&batch, expectedLast: last, timeMs: timeMs) == .appended(last: last + count)
    else { throw StorageError.stopped }
    try sync()
  }
}

/// Opens and recovers a disk, and lets go of it again.
func recovered(
  _ disk: SimulatedDisk, _ options: StorageOptions = smallSegments()
) throws(StorageError) -> (Journal, RecoveryReport) {
  let directory = try DataDirectory.open(disk, newDataset: dataset, options: options)
  var journal = Journal()
  let recovery = try directory.recover(&journal)
  return (journal, recovery.report)
}

extension DataDirectory {
  /// Takes a snapshot of the test's machine at `position`, a few rows to a block.
  func snapshot(
    at position: UInt64, timeMs: Int64? = nil, chain: Digest = .none
  ) throws(StorageError) {
    var writer = try beginSnapshot(at: position, timeMs: timeMs ?? Int64(position / 5))
    var next: UInt64 = 1
    while next <= position {
      let end = min(position, next + 5)
      var rows = ByteBuffer()
      for row in next...end {
        let bytes = payload(at: row)
        rows.append(UInt8(bytes.count))
        bytes.withUnsafeBytes { rows.append(bytes: $0) }
      }
      try writer.addBlock(kind: 3, rowCount: UInt32(end - next + 1), rows.bytes)
      next = end + 1
    }
    _ = try writer.finish(chain: chain)
  }
}
