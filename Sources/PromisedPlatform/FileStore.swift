/// A file operation that failed: what was asked, of which name, and the system's reason.
package struct FileError: Error, Equatable, Sendable {
  /// The operation, in the order of a file's life.
  package enum Operation: String, Sendable {
    case open, create, lock, size, read, write, preallocate, sync, syncDirectory
    case rename, remove, list, freeSpace
  }

  /// What was asked.
  package let operation: Operation
  /// The file's name within its directory, or the directory's path.
  package let path: String
  /// The error number of the system, such as ENOSPC.
  package let errno: Int32

  /// Names a failure.
  package init(_ operation: Operation, _ path: String, errno: Int32) {
    self.operation = operation
    self.path = path
    self.errno = errno
  }
}

/// An open file of a store: valid from `open` until `close`, and only with the store it came from.
package struct FileReference: Sendable {
  /// The store's number for it; the descriptor in the real platform.
  package let number: Int32
  /// Its name when it was opened, for error reports.
  package let name: String

  /// Names an open file.
  package init(number: Int32, name: String) {
    self.number = number
    self.name = name
  }
}

/// One directory of files, the seam between the storage code and the disk.
///
/// A store is used by several threads at once; a file of it by one thread at a time. Names are
/// plain: no slash, never "." or "..". What was written is on disk after `sync`; what was created,
/// renamed or removed is after `syncDirectory`; before that a power cut may keep, lose or tear it.
/// Interrupted calls are retried and short ones completed inside. **A failed `sync` is never
/// retried**: the kernel may have dropped the pages, and a second call would report success.
package protocol FileStore: AnyObject, Sendable {
  /// Opens an existing file; ENOENT when there is none.
  func open(_ name: String, forWriting: Bool) throws(FileError) -> FileReference
  /// Makes a new file, mode 0600; EEXIST when the name is taken.
  func create(_ name: String) throws(FileError) -> FileReference
  /// Ends the use of a file. Unsynced writes stay pending.
  func close(_ file: FileReference)

  /// The file's size in bytes.
  func size(_ file: FileReference) throws(FileError) -> UInt64
  /// Fills `buffer` from `offset`; returns fewer bytes only at the end of the file.
  func read(
    _ file: FileReference, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(FileError) -> Int
  /// Writes all of `bytes` at `offset`.
  func write(
    _ file: FileReference, _ bytes: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(FileError)
  /// Writes zeros over the first `count` bytes, so that later writes change no size or extent.
  func preallocate(_ file: FileReference, count: UInt64) throws(FileError)
  /// Brings the file's bytes and size to disk (fdatasync).
  func sync(_ file: FileReference) throws(FileError)
  /// Asks the system to forget its clean cached copy of the file, so that reads see the disk.
  func dropCache(_ file: FileReference)
  /// Takes the file's exclusive lock, held until `close`; false when another holder has it.
  func lock(_ file: FileReference) throws(FileError) -> Bool

  /// Gives a file another name, replacing what had that name.
  func rename(_ name: String, to newName: String) throws(FileError)
  /// Removes a name; ENOENT when there is none.
  func remove(_ name: String) throws(FileError)
  /// The names in the directory, sorted bytewise.
  func list() throws(FileError) -> [String]
  /// Brings creations, renames and removals to disk.
  func syncDirectory() throws(FileError)
  /// The bytes an unprivileged writer may still take.
  func freeSpace() throws(FileError) -> UInt64
}

/// The owner of an open file: closes it when it ends.
package struct OpenFile<Store: FileStore>: ~Copyable, Sendable {
  /// The store the file belongs to.
  package let store: Store
  /// The file, for calls on the store while this owner lives.
  package let reference: FileReference

  /// Opens an existing file.
  package init(_ name: String, in store: Store, forWriting: Bool = false) throws(FileError) {
    self.store = store
    reference = try store.open(name, forWriting: forWriting)
  }

  /// Creates a new file.
  package init(creating name: String, in store: Store) throws(FileError) {
    self.store = store
    reference = try store.create(name)
  }

  deinit { store.close(reference) }
}
