import CLinux
import Glibc
import PromisedPlatform

/// A directory of the real file system.
///
/// Every name is resolved against the directory's descriptor, so that a renamed or replaced path
/// cannot redirect a write, and no symbolic link is followed.
package final class LinuxFileStore: FileStore {
  /// The path it was opened by, for reports.
  package let path: String
  private let directory: Int32

  /// Opens the directory at `path`; with `creating`, makes it first when absent, mode 0700, and
  /// brings its name to disk.
  package init(path: String, creating: Bool) throws(FileError) {
    self.path = path
    if creating {
      if mkdir(path, 0o700) == 0 {
        try Self.syncParent(of: path)
      } else if errno != EEXIST {
        throw FileError(.create, path, errno: errno)
      }
    }
    let descriptor = retrying { clinux_open_directory(path) }
    guard descriptor >= 0 else { throw FileError(.open, path, errno: errno) }
    directory = descriptor
  }

  deinit { _ = Glibc.close(directory) }

  private static func syncParent(of path: String) throws(FileError) {
    var bytes = Array(path.utf8)
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
    let parent: String
    switch slash {
    case nil: parent = "."
    case 0: parent = "/"
    case .some(let index): parent = String(decoding: bytes[..<index], as: UTF8.self)
    }
    let descriptor = retrying { Int32(Glibc.open(parent, O_RDONLY | O_CLOEXEC)) }
    guard descriptor >= 0 else { throw FileError(.open, parent, errno: errno) }
    defer { _ = Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw FileError(.syncDirectory, parent, errno: errno)
    }
  }

  package func open(_ name: String, forWriting: Bool) throws(FileError) -> FileReference {
    let flags = forWriting ? clinux_open_writing : clinux_open_reading
    let descriptor = retrying { clinux_openat(directory, name, flags, 0) }
    guard descriptor >= 0 else { throw FileError(.open, name, errno: errno) }
    return FileReference(number: descriptor, name: name)
  }

  package func create(_ name: String) throws(FileError) -> FileReference {
    let descriptor = retrying { clinux_openat(directory, name, clinux_open_creating, 0o600) }
    guard descriptor >= 0 else { throw FileError(.create, name, errno: errno) }
    return FileReference(number: descriptor, name: name)
  }

  package func close(_ file: FileReference) {
    // The descriptor is gone whatever close(2) returns; sync has reported what matters.
    _ = Glibc.close(file.number)
  }

  package func size(_ file: FileReference) throws(FileError) -> UInt64 {
    var status = stat()
    guard fstat(file.number, &status) == 0 else {
      throw FileError(.size, file.name, errno: errno)
    }
    // A directory, pipe or device under a file's name is no file of ours.
    guard status.st_mode & S_IFMT == S_IFREG, let size = UInt64(exactly: status.st_size) else {
      throw FileError(.size, file.name, errno: EINVAL)
    }
    return size
  }

  package func read(
    _ file: FileReference, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(FileError) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var done = 0
    while done < buffer.count {
      let place = try fileOffset(offset, plus: done, .read, file)
      let got = retrying { pread(file.number, base + done, buffer.count - done, place) }
      guard got >= 0 else { throw FileError(.read, file.name, errno: errno) }
      if got == 0 { break }
      done += got
    }
    return done
  }

  package func write(
    _ file: FileReference, _ bytes: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(FileError) {
    try write(file, bytes, at: offset, as: .write)
  }

  private func write(
    _ file: FileReference, _ bytes: UnsafeRawBufferPointer, at offset: UInt64,
    as operation: FileError.Operation
  ) throws(FileError) {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let place = try fileOffset(offset, plus: done, operation, file)
      let put = retrying { pwrite(file.number, base + done, bytes.count - done, place) }
      guard put > 0 else {
        throw FileError(operation, file.name, errno: put == 0 ? EIO : errno)
      }
      done += put
    }
  }

  private func fileOffset(
    _ offset: UInt64, plus done: Int, _ operation: FileError.Operation, _ file: FileReference
  ) throws(FileError) -> off_t {
    let sum = offset.addingReportingOverflow(UInt64(done))
    guard !sum.overflow, let place = off_t(exactly: sum.partialValue) else {
      throw FileError(operation, file.name, errno: EFBIG)
    }
    return place
  }

  package func preallocate(_ file: FileReference, count: UInt64) throws(FileError) {
    // Written zeros, not fallocate: unwritten extents cost a journal commit on first use, which
    // about doubles the latency of a group commit.
    let chunk = 1 << 20
    let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 4096)
    defer { zeros.deallocate() }
    zeros.initializeMemory(as: UInt8.self, repeating: 0)
    var offset: UInt64 = 0
    while offset < count {
      let step = Int(min(UInt64(chunk), count - offset))
      let part = UnsafeRawBufferPointer(rebasing: zeros[0..<step])
      try write(file, part, at: offset, as: .preallocate)
      offset += UInt64(step)
    }
  }

  package func sync(_ file: FileReference) throws(FileError) {
    // One call, no loop: see FileStore on why a failed sync is final.
    guard fdatasync(file.number) == 0 else { throw FileError(.sync, file.name, errno: errno) }
  }

  package func dropCache(_ file: FileReference) {
    _ = posix_fadvise(file.number, 0, 0, POSIX_FADV_DONTNEED)
  }

  package func lock(_ file: FileReference) throws(FileError) -> Bool {
    if retrying({ clinux_lock_exclusively(file.number) }) == 0 { return true }
    if errno == EAGAIN || errno == EACCES { return false }
    throw FileError(.lock, file.name, errno: errno)
  }

  package func rename(_ name: String, to newName: String) throws(FileError) {
    guard renameat(directory, name, directory, newName) == 0 else {
      throw FileError(.rename, name, errno: errno)
    }
  }

  package func remove(_ name: String) throws(FileError) {
    guard unlinkat(directory, name, 0) == 0 else {
      throw FileError(.remove, name, errno: errno)
    }
  }

  package func list() throws(FileError) -> [String] {
    // A second description of the directory: reading moves its offset.
    let descriptor = retrying {
      clinux_openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    }
    guard descriptor >= 0 else { throw FileError(.list, path, errno: errno) }
    guard let stream = fdopendir(descriptor) else {
      let reason = errno
      _ = Glibc.close(descriptor)
      throw FileError(.list, path, errno: reason)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw FileError(.list, path, errno: errno) }
        break
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  package func syncDirectory() throws(FileError) {
    guard fsync(directory) == 0 else {
      throw FileError(.syncDirectory, path, errno: errno)
    }
  }

  package func freeSpace() throws(FileError) -> UInt64 {
    var status = statvfs()
    guard fstatvfs(directory, &status) == 0 else {
      throw FileError(.freeSpace, path, errno: errno)
    }
    let product = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return product.overflow ? UInt64.max : product.partialValue
  }
}

/// Calls again while a signal interrupted the call before it did anything.
private func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result == -1 && errno == EINTR { continue }
    return result
  }
}
