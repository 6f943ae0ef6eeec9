import PromisedPlatform
import Synchronization

/// The zeroed, synced file that waits to be the next segment. Prepared by any thread, taken by the
/// log thread; whoever comes second waits for the first.
final class SpareSegment<Store: FileStore>: Sendable {
  private let store: Store
  /// The bytes of the file that waits; 0 without one.
  private let ready = Mutex<UInt64>(0)

  init(in store: Store) { self.store = store }

  /// The bytes of the file that waits; 0 without one, or while another thread makes it.
  var byteCount: UInt64 { ready.withLockIfAvailable { $0 } ?? 0 }

  /// Makes the file unless one of this size waits already.
  func prepare(byteCount: UInt64) throws(StorageError) {
    try ready.withLock { (ready) throws(StorageError) in
      if ready >= byteCount { return }
      ready = 0
      try writeSpare(byteCount: byteCount, in: store)
      ready = byteCount
    }
  }

  /// Hands the file over, making it first when none of this size waits; returns its size.
  func take(atLeast byteCount: UInt64) throws(StorageError) -> UInt64 {
    try prepare(byteCount: byteCount)
    return ready.withLock { ready in
      defer { ready = 0 }
      return ready
    }
  }
}

/// Creates the zeroed, synced spare file. ENOSPC takes the partial file away again.
func writeSpare<Store: FileStore>(byteCount: UInt64, in store: Store) throws(StorageError) {
  do throws(FileError) {
    try removeIfPresent(LogFormat.spareName, in: store)
    let file = try OpenFile(creating: LogFormat.spareName, in: store)
    try store.preallocate(file.reference, count: byteCount)
    try store.sync(file.reference)
  } catch {
    guard isOutOfSpace(error), error.operation == .preallocate || error.operation == .create
    else { throw .file(error) }
    try disk { () throws(FileError) in try removeIfPresent(LogFormat.spareName, in: store) }
    throw .noSpace(error)
  }
}
