import PromisedBytes

/// The numbers of the snapshot's format; FileFormats.md draws the bytes.
enum SnapshotFormat {
  static let version: UInt16 = 1
  /// "promsnp" and a zero.
  static let magic: UInt64 = 0x0070_6e73_6d6f_7270
  static let headerBytes = 64
  /// "PBLK".
  static let blockMagic: UInt32 = 0x4b4c_4250
  static let blockHeaderBytes = 32
  /// "PEND".
  static let trailerMagic: UInt32 = 0x444e_4550
  static let trailerBytes = 64

  static func name(_ position: UInt64) -> String { "snapshot-" + padded(position) + ".snap" }
}

/// What a snapshot is of.
package struct SnapshotSummary: Equatable, Sendable {
  /// The log position whose state it holds: the last record already in it.
  package let position: UInt64
  /// The logged time at that position, in milliseconds since 1970 UTC.
  package let timeMs: Int64
  /// The size of its file.
  package let byteCount: UInt64
  /// The digest over its file.
  package let digest: Digest
  /// Its blocks.
  package let blockCount: UInt32
  /// The rows of all blocks.
  package let rowCount: UInt64
  /// The digest of the log's group that ended at its position, or none.
  package let chain: Digest
}

/// One block of a snapshot, as it was before compression.
package struct SnapshotBlock {
  /// What its rows are; storage gives it no meaning.
  package let kind: UInt16
  /// The rows its writer declared.
  package let rowCount: UInt32
  /// Its bytes, valid during the call they are passed to.
  package let bytes: UnsafeRawBufferPointer
}

struct SnapshotHeader: Equatable {
  var dataset: DatasetIdentity
  var position: UInt64
  var timeMs: Int64

  func encode(into buffer: inout ByteBuffer) {
    let start = buffer.count
    buffer.append(SnapshotFormat.magic)
    buffer.append(SnapshotFormat.version)
    buffer.append(zeros: 6)
    buffer.append(dataset)
    buffer.append(position)
    buffer.append(timeMs)
    buffer.append(zeros: 12)
    buffer.append(checksum(UnsafeRawBufferPointer(rebasing: buffer.bytes[start...])))
  }

  /// Reads a header and its version; nil when the bytes are none.
  static func decode(
    _ bytes: UnsafeRawBufferPointer
  ) -> (header: SnapshotHeader, version: UInt16)? {
    var reader = ByteReader(bytes)
    do throws(ByteError) {
      guard try reader.read(UInt64.self) == SnapshotFormat.magic else { return nil }
      let version: UInt16 = try reader.read()
      _ = try reader.read(bytes: 6)
      let header = SnapshotHeader(
        dataset: try reader.readDataset(), position: try reader.read(),
        timeMs: try reader.read())
      _ = try reader.read(bytes: 12)
      let crc: UInt32 = try reader.read()
      guard crc == checksum(UnsafeRawBufferPointer(rebasing: bytes[..<60])) else { return nil }
      return (header, version)
    } catch {
      return nil
    }
  }
}

struct SnapshotBlockHeader: Equatable {
  var kind: UInt16
  var rowCount: UInt32
  var byteCount: UInt32
  var compressedCount: UInt32
  /// Of the compressed bytes.
  var checksum: UInt32

  func encode(into buffer: inout ByteBuffer) {
    let start = buffer.count
    buffer.append(SnapshotFormat.blockMagic)
    buffer.append(kind)
    buffer.append(UInt16(0))
    buffer.append(rowCount)
    buffer.append(byteCount)
    buffer.append(compressedCount)
    buffer.append(checksum)
    buffer.append(zeros: 4)
    buffer.append(
      PromisedBytes.checksum(UnsafeRawBufferPointer(rebasing: buffer.bytes[start...])))
  }

  /// Reads a block header; nil when the bytes are none.
  static func decode(_ bytes: UnsafeRawBufferPointer) -> SnapshotBlockHeader? {
    var reader = ByteReader(bytes)
    do throws(ByteError) {
      guard try reader.read(UInt32.self) == SnapshotFormat.blockMagic else { return nil }
      let kind: UInt16 = try reader.read()
      let flags: UInt16 = try reader.read()
      let header = SnapshotBlockHeader(
        kind: kind, rowCount: try reader.read(), byteCount: try reader.read(),
        compressedCount: try reader.read(), checksum: try reader.read())
      let reserved: UInt32 = try reader.read()
      let crc: UInt32 = try reader.read()
      let covered = UnsafeRawBufferPointer(rebasing: bytes[..<28])
      guard crc == PromisedBytes.checksum(covered), flags == 0, reserved == 0 else { return nil }
      return header
    } catch {
      return nil
    }
  }
}

/// The last bytes of a snapshot, in front of the digest of all before it.
struct SnapshotTrailer: Equatable {
  var blockCount: UInt32 = 0
  var rowCount: UInt64 = 0
  /// Of all blocks before compression.
  var contentCount: UInt64 = 0
  var chain = Digest.none
  /// The whole file's size.
  var byteCount: UInt64 = 0

  func encode(into buffer: inout ByteBuffer) {
    buffer.append(SnapshotFormat.trailerMagic)
    buffer.append(blockCount)
    buffer.append(rowCount)
    buffer.append(contentCount)
    buffer.append(chain)
    buffer.append(byteCount)
  }

  /// Reads a trailer without its digest; nil when the bytes are none.
  static func decode(_ bytes: UnsafeRawBufferPointer) -> SnapshotTrailer? {
    var reader = ByteReader(bytes)
    do throws(ByteError) {
      guard try reader.read(UInt32.self) == SnapshotFormat.trailerMagic else { return nil }
      return SnapshotTrailer(
        blockCount: try reader.read(), rowCount: try reader.read(),
        contentCount: try reader.read(), chain: try reader.readDigest(),
        byteCount: try reader.read())
    } catch {
      return nil
    }
  }
}
