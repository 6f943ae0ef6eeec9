import PromisedBytes
import PromisedInvariants
import PromisedPlatform

/// Writes one snapshot, by any one thread, while the log goes on.
///
///     var snapshot = try directory.beginSnapshot(at: position, timeMs: time)
///     try snapshot.addBlock(kind: 1, rowCount: 65536, columns.bytes)
///     let summary = try snapshot.finish(chain: tail.digest)
///
/// Until `finish` returns nothing of it counts; given up before, its file is removed. A failure is
/// final for this snapshot and no harm to the log; whether the process stops is the owner's choice,
/// except that a failed sync (`file` with operation `sync` or `syncDirectory`) must stop it.
package struct SnapshotWriter<Store: FileStore>: ~Copyable, Sendable {
  private enum Phase { case open, published, failed }

  private let directory: DataDirectory<Store>
  private let position: UInt64
  private let temporary: String
  private let file: OpenFile<Store>
  private var offset: UInt64 = 0
  private var trailer = SnapshotTrailer()
  private var phase = Phase.open
  private var digests = DigestContext()
  private let compressor = Compressor()
  private var output = ByteBuffer(capacity: 1 << 16)
  private var frame = ByteBuffer(capacity: 1 << 16)

  fileprivate init(
    _ directory: DataDirectory<Store>, position: UInt64, timeMs: Int64, temporary: String,
    file: consuming OpenFile<Store>
  ) {
    self.directory = directory
    self.position = position
    self.temporary = temporary
    self.file = file
    SnapshotHeader(dataset: directory.dataset, position: position, timeMs: timeMs)
      .encode(into: &output)
  }

  deinit {
    // The name is left over if this fails too; recovery removes it.
    if phase != .published { try? directory.store.remove(temporary) }
  }

  /// Compresses and writes one block. `bytes` is at most the directory's `maximumBlockBytes`.
  package mutating func addBlock(
    kind: UInt16, rowCount: UInt32, _ bytes: UnsafeRawBufferPointer
  ) throws(StorageError) {
    guard phase == .open else { throw .stopped }
    invariant(bytes.count <= directory.options.maximumBlockBytes, "a block keeps to its limit")
    frame.clear()
    compressor.compress(bytes, into: &frame)
    let header = SnapshotBlockHeader(
      kind: kind, rowCount: rowCount, byteCount: UInt32(bytes.count),
      compressedCount: UInt32(frame.count), checksum: checksum(frame.bytes))
    header.encode(into: &output)
    output.append(bytes: frame.bytes)
    trailer.blockCount += 1
    trailer.rowCount += UInt64(rowCount)
    trailer.contentCount += UInt64(bytes.count)
    try flush()
  }

  /// Syncs the file, reads it back whole, gives it its name, and lists it in the manifest; then
  /// drops what is older than the snapshots kept.
  ///
  /// Only when the log is durable up to the snapshot's position. `chain` is the digest of the
  /// log's tail when it stood at that position, or none when it is not known.
  package mutating func finish(chain: Digest) throws(StorageError) -> SnapshotSummary {
    guard phase == .open else { throw .stopped }
    trailer.chain = chain
    trailer.byteCount = offset + UInt64(SnapshotFormat.trailerBytes)
    trailer.encode(into: &output)
    digests.update(output.bytes)
    output.append(digests.finish())
    try flush(digesting: false)
    let store = directory.store
    let reference = file.reference
    phase = .failed
    try disk { () throws(FileError) in try store.sync(reference) }
    var reader = try SnapshotReader(
      temporary, in: store, maximumBlockBytes: directory.options.maximumBlockBytes)
    let summary = try reader.read(opensBlocks: true, dataset: directory.dataset)
    try directory.publish(summary, temporary: temporary)
    phase = .published
    return summary
  }

  private mutating func flush(digesting: Bool = true) throws(StorageError) {
    if digesting { digests.update(output.bytes) }
    do {
      try directory.store.write(file.reference, output.bytes, at: offset)
    } catch {
      phase = .failed
      throw isOutOfSpace(error) ? .noSpace(error) : .file(error)
    }
    offset += UInt64(output.count)
    output.clear()
  }
}

/// A snapshot by its line in the manifest.
package struct ListedSnapshot: Equatable, Sendable {
  /// The file's name in the data directory.
  package let name: String
  /// The position of the state it holds.
  package let position: UInt64
  /// The logged time there, in milliseconds since 1970 UTC.
  package let timeMs: Int64
  /// The size of the file.
  package let byteCount: UInt64
}

extension DataDirectory {
  /// The snapshots in use, oldest first, as the manifest lists them.
  package var listedSnapshots: [ListedSnapshot] {
    manifest.current.snapshots.map {
      ListedSnapshot(
        name: $0.name, position: $0.position, timeMs: $0.timeMs, byteCount: $0.byteCount)
    }
  }

  /// The snapshots in use, oldest first, as positions.
  package var snapshotPositions: [UInt64] { manifest.current.snapshots.map(\.position) }

  /// Starts a snapshot of the state after the record at `position`, whose logged time is `timeMs`.
  package func beginSnapshot(
    at position: UInt64, timeMs: Int64
  ) throws(StorageError) -> SnapshotWriter<Store> {
    let name = SnapshotFormat.name(position)
    if manifest.current.snapshots.contains(where: { $0.position == position }) {
      throw .snapshotExists(position: position)
    }
    let temporary = name + ".tmp"
    let file: OpenFile<Store>
    do throws(FileError) {
      try removeIfPresent(temporary, in: store)
      file = try OpenFile(creating: temporary, in: store)
    } catch {
      throw isOutOfSpace(error) ? .noSpace(error) : .file(error)
    }
    return SnapshotWriter(
      self, position: position, timeMs: timeMs, temporary: temporary, file: file)
  }

  func publish(_ summary: SnapshotSummary, temporary: String) throws(StorageError) {
    try disk { () throws(FileError) in
      try store.rename(temporary, to: SnapshotFormat.name(summary.position))
      try store.syncDirectory()
    }
    let entry = Manifest.Snapshot(
      position: summary.position, timeMs: summary.timeMs, byteCount: summary.byteCount,
      digest: summary.digest)
    try change { manifest in
      let index = manifest.snapshots.firstIndex { $0.position > entry.position }
      manifest.snapshots.insert(entry, at: index ?? manifest.snapshots.endIndex)
      manifest.snapshots = manifest.snapshots.kept(options)
      Self.trim(&manifest, below: .max)
    }
  }

  /// Removes whole segments whose records all lie below `position`, but never what the second
  /// newest snapshot needs behind it.
  package func trim(below position: UInt64) throws(StorageError) {
    try change { Self.trim(&$0, below: position) }
  }

  private static func trim(_ manifest: inout Manifest, below position: UInt64) {
    guard manifest.snapshots.count >= 2 else { return }
    let needed = min(position, manifest.snapshots[0].position + 1)
    while manifest.segments.count > 1, manifest.segments[1].firstPosition <= needed {
      manifest.segments.removeFirst()
    }
  }

  /// Changes the manifest, and then removes the files it no longer lists: in the other order a
  /// crash would leave a manifest that lists missing files.
  private func change(_ body: (inout Manifest) -> Void) throws(StorageError) {
    var dropped: [String] = []
    try disk { () throws(FileError) in
      try manifest.update { manifest in
        let before = manifest
        body(&manifest)
        dropped =
          before.segments.filter { !manifest.segments.contains($0) }
          .map { LogFormat.segmentName($0.number) }
        dropped += before.snapshots.filter { !manifest.snapshots.contains($0) }.map(\.name)
      }
      for name in dropped { try removeIfPresent(name, in: store) }
    }
  }
}
