import Glibc
import PromisedLinux
import PromisedPlatform
import Synchronization

/// The real store, whose syncs the test can hold up or fail.
final class GateStore: FileStore {
  private struct Gate {
    var isShut = false
    var failure: Int32 = 0
  }

  private let store: LinuxFileStore
  private let gate = Mutex(Gate())
  /// Raised when a sync has come to the shut gate.
  let arrived = LinuxThreads().makeSignal()
  private let opened = LinuxThreads().makeSignal()

  init(path: String) throws(FileError) { store = try LinuxFileStore(path: path, creating: true) }

  func shut() { gate.withLock { $0.isShut = true } }

  func open() {
    gate.withLock { $0.isShut = false }
    opened.raise()
  }

  func failSyncs(errno: Int32) { gate.withLock { $0.failure = errno } }

  func sync(_ file: FileReference) throws(FileError) {
    let now = gate.withLock { $0 }
    if now.failure != 0 { throw FileError(.sync, file.name, errno: now.failure) }
    if now.isShut {
      arrived.raise()
      opened.wait()
    }
    try store.sync(file)
  }

  func open(_ name: String, forWriting: Bool) throws(FileError) -> FileReference {
    try store.open(name, forWriting: forWriting)
  }
  func create(_ name: String) throws(FileError) -> FileReference { try store.create(name) }
  func close(_ file: FileReference) { store.close(file) }
  func size(_ file: FileReference) throws(FileError) -> UInt64 { try store.size(file) }
  func read(
    _ file: FileReference, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(FileError) -> Int { try store.read(file, into: buffer, at: offset) }
  func write(
    _ file: FileReference, _ bytes: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(FileError) { try store.write(file, bytes, at: offset) }
  func preallocate(_ file: FileReference, count: UInt64) throws(FileError) {
    try store.preallocate(file, count: count)
  }
  func dropCache(_ file: FileReference) { store.dropCache(file) }
  func lock(_ file: FileReference) throws(FileError) -> Bool { try store.lock(file) }
  func rename(_ name: String, to newName: String) throws(FileError) {
    try store.rename(name, to: newName)
  }
  func remove(_ name: String) throws(FileError) { try store.remove(name) }
  func list() throws(FileError) -> [String] { try store.list() }
  func syncDirectory() throws(FileError) { try store.syncDirectory() }
  func freeSpace() throws(FileError) -> UInt64 { try store.freeSpace() }
}

/// A folder of its own, removed with its files.
final class Scratch {
  let path: String

  init() {
    var template = Array("/tmp/promised-server-XXXXXX\0".utf8).map { CChar(bitPattern: $0) }
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit {
    if let store = try? LinuxFileStore(path: path, creating: false) {
      for name in (try? store.list()) ?? [] { try? store.remove(name) }
    }
    rmdir(path)
  }
}

/// A waker that a test can wait for.
struct Bell: Waker {
  let signal = LinuxThreads().makeSignal()

  func wake() { signal.raise() }
}
