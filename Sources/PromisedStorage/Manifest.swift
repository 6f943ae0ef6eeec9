import PromisedBytes
import PromisedInvariants

/// What a data directory holds: the root from which every other file is found.
struct Manifest: Equatable, Sendable {
  struct Segment: Equatable, Sendable {
    var number: UInt64
    var firstPosition: UInt64
  }

  struct Snapshot: Equatable, Sendable {
    var position: UInt64
    var timeMs: Int64
    var byteCount: UInt64
    var digest: Digest

    var name: String { SnapshotFormat.name(position) }
  }

  static let name = "manifest"
  static let version: UInt16 = 1
  /// "promman" and a zero.
  static let magic: UInt64 = 0x006e_616d_6d6f_7270
  static let headerBytes = 40
  static let maximumBytes: UInt64 = 16 << 20

  var dataset: DatasetIdentity
  /// Ascending; numbers consecutive.
  var segments: [Segment] = []
  /// Ascending by position.
  var snapshots: [Snapshot] = []

  /// What does not hold of the lists; nil when all does. Checked before writing and after reading.
  var flaw: String? {
    for (one, next) in zip(segments, segments.dropFirst()) {
      if one.number == .max || next.number != one.number + 1 {
        return "segment numbers are not consecutive"
      }
      if next.firstPosition < one.firstPosition { return "segment positions go back" }
    }
    for (one, next) in zip(snapshots, snapshots.dropFirst()) where next.position <= one.position {
      return "snapshot positions do not rise"
    }
    if segments.contains(where: { $0.firstPosition == 0 }) { return "positions start at 1" }
    if segments.last?.number == .max { return "no segment can follow the last one" }
    if snapshots.last?.position == .max { return "a snapshot at the last position" }
    if segments.isEmpty && !snapshots.isEmpty { return "snapshots without a log" }
    return nil
  }

  func encode(into buffer: inout ByteBuffer, digests: inout DigestContext) {
    invariant(flaw == nil, "a manifest's lists hold: \(flaw ?? "")")
    buffer.append(Self.magic)
    buffer.append(Self.version)
    buffer.append(zeros: 6)
    buffer.append(dataset)
    buffer.append(UInt32(segments.count))
    buffer.append(UInt32(snapshots.count))
    for segment in segments {
      buffer.append(segment.number)
      buffer.append(segment.firstPosition)
    }
    for snapshot in snapshots {
      buffer.append(snapshot.position)
      buffer.append(snapshot.timeMs)
      buffer.append(snapshot.byteCount)
      buffer.append(snapshot.digest)
    }
    buffer.append(digests.digest(of: buffer.bytes))
  }

  static func decode(
    _ bytes: UnsafeRawBufferPointer, digests: inout DigestContext
  ) throws(StorageError) -> Manifest {
    func damaged(_ reason: String) -> StorageError {
      .damaged(Damage(file: name, offset: 0, reason: reason))
    }
    let covered = bytes.count - Digest.byteCount
    guard covered >= headerBytes else { throw damaged("shorter than a manifest") }
    var trailer = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[covered...]))
    let digest = digests.digest(of: UnsafeRawBufferPointer(rebasing: bytes[..<covered]))
    guard (try? trailer.readDigest()) == digest else { throw damaged("its digest does not hold") }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[..<covered]))
    let manifest: Manifest
    let version: UInt16
    do throws(ByteError) {
      guard try reader.read(UInt64.self) == magic else { throw ByteError.outOfRange }
      version = try reader.read()
      _ = try reader.read(bytes: 6)
      manifest = try readLists(&reader)
    } catch {
      throw damaged("its fields do not hold")
    }
    guard version == Self.version else { throw .unknownVersion(file: name, version: version) }
    if let flaw = manifest.flaw { throw damaged(flaw) }
    return manifest
  }

  private static func readLists(_ reader: inout ByteReader) throws(ByteError) -> Manifest {
    var manifest = Manifest(dataset: try reader.readDataset())
    let segmentCount: UInt32 = try reader.read()
    let snapshotCount: UInt32 = try reader.read()
    for _ in 0..<segmentCount {
      manifest.segments.append(
        Segment(number: try reader.read(), firstPosition: try reader.read()))
    }
    for _ in 0..<snapshotCount {
      manifest.snapshots.append(
        Snapshot(
          position: try reader.read(), timeMs: try reader.read(), byteCount: try reader.read(),
          digest: try reader.readDigest()))
    }
    guard reader.remaining == 0 else { throw .outOfRange }
    return manifest
  }
}
