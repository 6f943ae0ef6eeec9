import PromisedBytes
import PromisedInvariants

/// The records of one group commit, laid out as they go to disk.
///
/// The deciding thread fills one while the log thread writes another. Room for the group's header
/// is kept in front, so that a group is one write and no copy.
///
///     var batch = LogBatch()
///     batch.append { $0.appendVarint(41) }
///     try log.append(&batch, expectedLast: 0, timeMs: now)
///     try log.sync()
///     batch.clear()
package struct LogBatch: ~Copyable, Sendable {
  var buffer: ByteBuffer
  /// The records so far.
  package private(set) var count: UInt32 = 0

  /// The most bytes a batch may hold; a record that may pass it belongs in the next batch.
  package static var maximumByteCount: Int { LogFormat.maximumRecordBytes }

  /// Makes an empty batch with room for `capacity` bytes of records.
  package init(capacity: Int = 1 << 16) {
    buffer = ByteBuffer(capacity: capacity + LogFormat.groupHeaderBytes + 64)
    buffer.append(zeros: LogFormat.groupHeaderBytes)
  }

  /// The bytes the records take on disk, their lengths and checksums included.
  package var byteCount: Int { buffer.count - LogFormat.groupHeaderBytes }

  /// Appends one record; `encode` appends its payload to the buffer it is lent.
  @inline(__always)
  package mutating func append(_ encode: (inout ByteBuffer) -> Void) {
    let start = buffer.count
    buffer.append(UInt64(0))
    encode(&buffer)
    finishRecord(from: start)
  }

  /// Appends one record with this payload.
  package mutating func append(payload: UnsafeRawBufferPointer) {
    append { $0.append(bytes: payload) }
  }

  private mutating func finishRecord(from start: Int) {
    let payloadStart = start + LogFormat.recordHeaderBytes
    invariant(buffer.count >= payloadStart, "an encoder only appends")
    invariant(byteCount <= Self.maximumByteCount, "a batch stays below its byte limit")
    invariant(count < UInt32.max, "a batch counts its records in 32 bits")
    let payload = UnsafeRawBufferPointer(rebasing: buffer.bytes[payloadStart...])
    buffer.overwrite(at: start, with: UInt32(payload.count))
    buffer.overwrite(at: start + 4, with: checksum(payload))
    count += 1
  }

  /// Forgets the records and keeps the memory.
  package mutating func clear() {
    buffer.truncate(to: LogFormat.groupHeaderBytes)
    count = 0
  }
}
