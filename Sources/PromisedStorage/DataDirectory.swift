import PromisedBytes
import PromisedInvariants
import PromisedPlatform

/// The sizes of a data directory's files.
package struct StorageOptions: Sendable {
  /// The size of a log segment, zeroed in advance; a larger group gets a segment of its own size.
  package var segmentBytes: UInt64 = 64 << 20
  /// The snapshots kept for recovery, newest first, apart from those kept for history; the log is
  /// kept back to the oldest of all. At least 2.
  package var snapshotsKept = 2
  /// How far back a past state can be built again, in milliseconds of logged time before the newest
  /// snapshot: the log and thinned-out snapshots are kept that long. 0 = only what recovery needs.
  package var historyMilliseconds: Int64 = 0
  /// Of the snapshots that are kept for history only, one in every stretch of this length.
  package var historySpacingMilliseconds: Int64 = 86_400_000
  /// The most bytes of a block before compression.
  package var maximumBlockBytes = 16 << 20

  /// The defaults.
  package init() {}
}

/// A directory of log segments, snapshots and a manifest, held exclusively while this lives.
///
///     let directory = try DataDirectory.open(store, newDataset: random, options: .init())
///     var recovery = try directory.recover(&state)     // snapshot blocks, then log records
///     let outcome = try recovery.writer.append(&batch, expectedLast: ..., timeMs: now)
///
/// Nothing is written before the manifest has been read and found sound.
package final class DataDirectory<Store: FileStore>: Sendable {
  /// The name of the file whose lock makes the directory exclusive.
  package static var lockName: String { "lock" }

  let store: Store
  let options: StorageOptions
  let manifest: ManifestFile<Store>
  let spare: SpareSegment<Store>
  private let lockFile: OpenFile<Store>

  /// The name of this history.
  package var dataset: DatasetIdentity { manifest.current.dataset }

  private init(
    store: Store, options: StorageOptions, manifest: ManifestFile<Store>,
    lock: consuming OpenFile<Store>
  ) {
    self.store = store
    self.options = options
    self.manifest = manifest
    spare = SpareSegment(in: store)
    lockFile = lock
  }

  /// Zeroes and syncs the file that will be the next log segment, from a thread that commits do
  /// not wait for, when `LogWriter.wantsSpare` says so. `noSpace` leaves everything usable.
  package func prepareSpare() throws(StorageError) {
    try spare.prepare(byteCount: options.segmentBytes)
  }

  /// Takes the directory, or makes an empty one a data directory named `newDataset`.
  ///
  /// Throws `locked` when another opener holds it, `damaged` when files are there and the manifest
  /// is not, or does not hold.
  package static func open(
    _ store: Store, newDataset: DatasetIdentity, options: StorageOptions = StorageOptions()
  ) throws(StorageError) -> DataDirectory {
    invariant(options.snapshotsKept >= 2, "at least two snapshots are kept")
    invariant(
      options.segmentBytes >= 512 && options.segmentBytes <= LogFormat.maximumSegmentBytes / 2,
      "a segment has between 512 bytes and half its limit")
    let lock = try takeLock(store)
    let manifest: ManifestFile<Store>
    if let found = try ManifestFile.read(in: store) {
      manifest = ManifestFile(found, in: store)
    } else {
      try refuseOrphans(in: store)
      manifest = ManifestFile(Manifest(dataset: newDataset), in: store)
      try disk { () throws(FileError) in try manifest.update { _ in } }
    }
    return DataDirectory(store: store, options: options, manifest: manifest, lock: lock)
  }

  static func takeLock(_ store: Store) throws(StorageError) -> OpenFile<Store> {
    let file = try disk { () throws(FileError) in
      do throws(FileError) {
        return try OpenFile(lockName, in: store, forWriting: true)
      } catch {
        guard isAbsent(error) else { throw error }
      }
      do throws(FileError) {
        return try OpenFile(creating: lockName, in: store)
      } catch {
        // EEXIST: another first opener was faster; the lock decides between the two.
        guard error.errno == 17 else { throw error }
        return try OpenFile(lockName, in: store, forWriting: true)
      }
    }
    let taken = try disk { () throws(FileError) in try store.lock(file.reference) }
    guard taken else { throw .locked }
    return file
  }

  /// A directory without a manifest may hold what a first boot leaves when it is cut short, and
  /// nothing else: without the manifest nobody can say which files belong together.
  static func refuseOrphans(in store: Store) throws(StorageError) {
    let names = try disk { () throws(FileError) in try store.list() }
    for name in names where name != lockName && name != Manifest.name + ".tmp" {
      throw .damaged(
        Damage(file: Manifest.name, offset: 0, reason: "missing, and '\(name)' is there"))
    }
  }
}
