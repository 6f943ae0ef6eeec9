import PromisedPlatform

/// Bytes on disk that cannot be what was written.
package struct Damage: Error, Equatable, Sendable {
  /// The file's name within the data directory.
  package let file: String
  /// Where in the file it was noticed.
  package let offset: UInt64
  /// The first log position that may be touched; nil when the damage names none.
  package let position: UInt64?
  /// What does not hold, in words.
  package let reason: String

  /// Names damage.
  package init(file: String, offset: UInt64, position: UInt64? = nil, reason: String) {
    self.file = file
    self.offset = offset
    self.position = position
    self.reason = reason
  }
}

/// Why a data directory cannot be used as asked. None of these is retried inside.
package enum StorageError: Error, Equatable, Sendable {
  /// Another process, or another opener in this one, holds the directory.
  case locked
  /// Data that was certified, or may have been acknowledged, does not hold. Do not restart.
  case damaged(Damage)
  /// A file is of a format this program does not know; it is left untouched.
  case unknownVersion(file: String, version: UInt16)
  /// A file operation failed; the process stops acknowledging and may be restarted.
  case file(FileError)
  /// No room for the next segment or a snapshot. The log is unchanged and still usable.
  case noSpace(FileError)
  /// A snapshot at this position exists already.
  case snapshotExists(position: UInt64)
  /// The target of a restore holds files.
  case notEmpty(file: String)
  /// The source of a restore has nothing that reaches the point asked for.
  case unreachable(reason: String)
  /// An earlier failure of this log or snapshot writer is final.
  case stopped

  /// The exit code of the server that stops for this error.
  package var exitCode: Int32 {
    switch self {
    case .damaged, .unknownVersion: 65
    case .locked: 75
    case .notEmpty, .unreachable, .snapshotExists: 64
    case .file, .noSpace, .stopped: 74
    }
  }
}

/// The owner of the payloads cannot make sense of one that storage found intact.
package struct PayloadRejection: Error, Equatable, Sendable {
  /// What does not hold, in words.
  package let reason: String

  /// Names what does not hold.
  package init(_ reason: String) { self.reason = reason }
}

/// Runs file operations; their failures become storage failures.
func disk<Result: ~Copyable>(
  _ operation: () throws(FileError) -> Result
) throws(StorageError) -> Result {
  do { return try operation() } catch { throw .file(error) }
}

/// ENOSPC and EDQUOT, the two failures that end when somebody makes room.
func isOutOfSpace(_ error: FileError) -> Bool { error.errno == 28 || error.errno == 122 }

/// ENOENT.
func isAbsent(_ error: FileError) -> Bool { error.errno == 2 }

/// Reads a whole file of at most `limit` bytes into memory the caller then owns.
///
/// The size is checked before anything is allocated. Bytes missing at the end mean that the file
/// shrank under us.
func contents<Store: FileStore>(
  of file: borrowing OpenFile<Store>, limit: UInt64
) throws(StorageError) -> FileContents {
  let name = file.reference.name
  let size = try disk { () throws(FileError) in try file.store.size(file.reference) }
  guard size <= limit, let count = Int(exactly: size) else {
    throw .damaged(Damage(file: name, offset: 0, reason: "\(size) bytes; at most \(limit) allowed"))
  }
  let memory = FileContents(count: count)
  let got = try disk { () throws(FileError) in
    try file.store.read(file.reference, into: memory.mutableBytes, at: 0)
  }
  guard got == count else {
    throw .damaged(Damage(file: name, offset: UInt64(got), reason: "the file shrank while read"))
  }
  return memory
}

/// The bytes of a file, owned.
struct FileContents: ~Copyable {
  let mutableBytes: UnsafeMutableRawBufferPointer
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(mutableBytes) }

  init(count: Int) { mutableBytes = .allocate(byteCount: count, alignment: 4096) }

  deinit { mutableBytes.deallocate() }
}

extension StorageError {
  /// Whether the process must stop: a sync failed, so that what the disk holds is unknown.
  package var isFinal: Bool {
    switch self {
    case .file(let error): error.operation == .sync || error.operation == .syncDirectory
    case .stopped: true
    default: false
    }
  }
}
