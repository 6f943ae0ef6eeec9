import PromisedBytes

/// The numbers of the log's format; FileFormats.md draws the bytes.
enum LogFormat {
  static let version: UInt16 = 1
  /// "promlog" and a zero.
  static let segmentMagic: UInt64 = 0x0067_6f6c_6d6f_7270
  static let segmentHeaderBytes = 96
  /// "PGRP".
  static let groupMagic: UInt32 = 0x5052_4750
  static let groupHeaderBytes = 80
  static let groupTrailerBytes = 20
  static let recordHeaderBytes = 8
  /// The records of a group, so that lengths from disk stay small numbers.
  static let maximumRecordBytes = 256 << 20
  static let maximumSegmentBytes: UInt64 = 1 << 30

  static let flagIdleMark: UInt16 = 1
  static let flagSeal: UInt16 = 2

  static let spareName = "log.spare"

  static func segmentName(_ number: UInt64) -> String { "log-" + padded(number) + ".seg" }
}

/// Twenty decimal digits, so that names sort as their numbers do.
func padded(_ number: UInt64) -> String {
  let digits = String(number)
  return String(repeating: "0", count: 20 - digits.count) + digits
}

/// The first bytes of a segment file: on disk, with the zeros behind them, before the file has its
/// name, so that a named segment with a wrong header is always damage.
struct SegmentHeader: Equatable {
  var dataset: DatasetIdentity
  var epoch: UInt64
  var number: UInt64
  /// The position of the first record this segment will hold.
  var firstPosition: UInt64
  /// The last logged time before this segment.
  var timeMs: Int64
  /// The digest of the last group before this segment.
  var previous: Digest
  /// The size of the whole file.
  var byteCount: UInt64

  func encode(into buffer: inout ByteBuffer) {
    let start = buffer.count
    buffer.append(LogFormat.segmentMagic)
    buffer.append(LogFormat.version)
    buffer.append(zeros: 6)
    buffer.append(dataset)
    buffer.append(epoch)
    buffer.append(number)
    buffer.append(firstPosition)
    buffer.append(timeMs)
    buffer.append(previous)
    buffer.append(byteCount)
    buffer.append(zeros: 4)
    buffer.append(checksum(UnsafeRawBufferPointer(rebasing: buffer.bytes[start...])))
  }

  /// Reads the header of `file` and checks all that it says about itself.
  static func decode(
    _ bytes: UnsafeRawBufferPointer, file: String
  ) throws(StorageError) -> SegmentHeader {
    func damaged(_ reason: String) -> StorageError {
      .damaged(Damage(file: file, offset: 0, reason: reason))
    }
    guard let (header, magic, version, reserved, crc) = try? parse(bytes) else {
      throw damaged("shorter than a segment header")
    }
    guard magic == LogFormat.segmentMagic else { throw damaged("no segment magic") }
    guard crc == checksum(UnsafeRawBufferPointer(rebasing: bytes[..<92])) else {
      throw damaged("the segment header's checksum does not hold")
    }
    guard version == LogFormat.version else { throw .unknownVersion(file: file, version: version) }
    guard reserved == 0 else { throw damaged("reserved bytes of the header are not zero") }
    guard header.firstPosition > 0 else { throw damaged("positions start at 1") }
    guard header.epoch < .max else { throw damaged("no epoch can follow the segment's") }
    return header
  }

  private static func parse(
    _ bytes: UnsafeRawBufferPointer
  ) throws(ByteError) -> (SegmentHeader, magic: UInt64, version: UInt16, UInt32, crc: UInt32) {
    var reader = ByteReader(bytes)
    let magic: UInt64 = try reader.read()
    let version: UInt16 = try reader.read()
    let short: UInt16 = try reader.read()
    let long: UInt32 = try reader.read()
    let header = SegmentHeader(
      dataset: try reader.readDataset(), epoch: try reader.read(), number: try reader.read(),
      firstPosition: try reader.read(), timeMs: try reader.read(),
      previous: try reader.readDigest(), byteCount: try reader.read())
    let filler: UInt32 = try reader.read()
    return (header, magic, version, UInt32(short) | long | filler, try reader.read())
  }
}

/// The first bytes of a group.
struct GroupHeader: Equatable {
  var flags: UInt16
  var dataset: DatasetIdentity
  var epoch: UInt64
  /// The position of the first record; with no records, of the next one to come.
  var firstPosition: UInt64
  var count: UInt32
  /// The bytes of the records, without header and trailer.
  var byteCount: UInt32
  var timeMs: Int64
  var previous: Digest

  func encode(at start: Int, of buffer: inout ByteBuffer) {
    buffer.overwrite(at: start, with: LogFormat.groupMagic)
    buffer.overwrite(at: start + 4, with: LogFormat.version)
    buffer.overwrite(at: start + 6, with: flags)
    buffer.overwrite(at: start + 8, with: dataset.low)
    buffer.overwrite(at: start + 16, with: dataset.high)
    buffer.overwrite(at: start + 24, with: epoch)
    buffer.overwrite(at: start + 32, with: firstPosition)
    buffer.overwrite(at: start + 40, with: count)
    buffer.overwrite(at: start + 44, with: byteCount)
    buffer.overwrite(at: start + 48, with: timeMs)
    buffer.overwrite(at: start + 56, with: previous.low)
    buffer.overwrite(at: start + 64, with: previous.high)
    buffer.overwrite(at: start + 72, with: UInt32(0))
    let covered = UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<start + 76])
    buffer.overwrite(at: start + 76, with: checksum(covered))
  }

  /// Reads a header; nil when the bytes are none. Its lengths are believed only after its checksum.
  static func decode(_ bytes: UnsafeRawBufferPointer) -> (header: GroupHeader, version: UInt16)? {
    var reader = ByteReader(bytes)
    do throws(ByteError) {
      guard try reader.read(UInt32.self) == LogFormat.groupMagic else { return nil }
      let version: UInt16 = try reader.read()
      let header = GroupHeader(
        flags: try reader.read(), dataset: try reader.readDataset(), epoch: try reader.read(),
        firstPosition: try reader.read(), count: try reader.read(), byteCount: try reader.read(),
        timeMs: try reader.read(), previous: try reader.readDigest())
      let reserved: UInt32 = try reader.read()
      let crc: UInt32 = try reader.read()
      guard crc == checksum(UnsafeRawBufferPointer(rebasing: bytes[..<76])), reserved == 0 else {
        return nil
      }
      return (header, version)
    } catch {
      return nil
    }
  }
}

/// Where a log stands after a group: what the next group continues.
package struct LogTail: Equatable, Sendable {
  /// The position of the last record; 0 before the first.
  package internal(set) var position: UInt64
  /// The time of the last group, in milliseconds since 1970 UTC.
  package internal(set) var timeMs: Int64
  /// The digest of the last group.
  package internal(set) var digest: Digest
  /// The number of the writer that wrote the last group; each opening of the log takes the next.
  package internal(set) var epoch: UInt64
}
