import PromisedBytes
import PromisedPlatform
import Synchronization

/// The manifest on disk, replaced whole at each change. Used by the log thread (rotation) and the
/// snapshot thread (publication, trimming).
final class ManifestFile<Store: FileStore>: Sendable {
  private struct State {
    var manifest: Manifest
    /// The failure after which the disk may hold either version: no later change is tried.
    var failure: FileError?
  }

  private let store: Store
  private let name: String
  private let state: Mutex<State>

  init(_ manifest: Manifest, in store: Store, name: String = Manifest.name) {
    self.store = store
    self.name = name
    state = Mutex(State(manifest: manifest))
  }

  var current: Manifest { state.withLock { $0.manifest } }

  /// Applies `change`, and returns when the changed manifest is on disk.
  ///
  /// tmp written -> tmp synced -> renamed over -> directory synced. A crash leaves the old one or
  /// the new one. ENOSPC before the rename changes nothing and may be tried again.
  func update(_ change: (inout Manifest) -> Void) throws(FileError) {
    try state.withLock { (state) throws(FileError) in
      if let failure = state.failure { throw failure }
      var manifest = state.manifest
      change(&manifest)
      do throws(FileError) {
        try write(manifest)
      } catch {
        if !isOutOfSpace(error) || error.operation == .sync || error.operation == .syncDirectory {
          state.failure = error
        }
        throw error
      }
      state.manifest = manifest
    }
  }

  private func write(_ manifest: Manifest) throws(FileError) {
    var buffer = ByteBuffer()
    var digests = DigestContext()
    manifest.encode(into: &buffer, digests: &digests)
    let temporary = name + ".tmp"
    try removeIfPresent(temporary, in: store)
    let file = try OpenFile(creating: temporary, in: store)
    try store.write(file.reference, buffer.bytes, at: 0)
    try store.sync(file.reference)
    try store.rename(temporary, to: name)
    try store.syncDirectory()
  }

  /// Reads the manifest of a directory; nil when there is none.
  static func read(in store: Store) throws(StorageError) -> Manifest? {
    let file: OpenFile<Store>
    do throws(FileError) {
      file = try OpenFile(Manifest.name, in: store)
    } catch {
      if isAbsent(error) { return nil }
      throw .file(error)
    }
    let memory = try contents(of: file, limit: Manifest.maximumBytes)
    var digests = DigestContext()
    return try Manifest.decode(memory.bytes, digests: &digests)
  }
}

/// Removes a name that may not be there.
func removeIfPresent<Store: FileStore>(_ name: String, in store: Store) throws(FileError) {
  do {
    try store.remove(name)
  } catch {
    if !isAbsent(error) { throw error }
  }
}
