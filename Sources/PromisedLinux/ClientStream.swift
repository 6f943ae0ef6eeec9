import CLinux
import Glibc

/// A file or standard input, read from the beginning; a file whose first bytes say so is inflated
/// by `gzip`, which this program starts.
package final class ClientStream {
  private var file: Int32
  private var child: pid_t = 0
  private let path: String

  /// - Parameter path: "-" = standard input, as it is.
  package init(path: String) throws(SocketFailure) {
    self.path = path
    if path == "-" {
      file = 0
      return
    }
    file = clinux_client_open(path)
    if file < 0 { throw SocketFailure("cannot read \(path)", errno: errno) }
    var magic: (UInt8, UInt8) = (0, 0)
    let count = pread(file, &magic, 2, 0)
    if count == 2 && magic == (0x1f, 0x8b) { try inflate() }
  }

  deinit {
    if file > 0 { close(file) }
    if child > 0 { waitpid(child, nil, 0) }
  }

  private func inflate() throws(SocketFailure) {
    var ends: [Int32] = [0, 0]
    if pipe(&ends) != 0 {
      throw SocketFailure("cannot read \(path)", errno: errno)
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, file, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    let texts: [String] = ["gzip", "-dc"]
    var words: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let failed = posix_spawnp(&child, "gzip", &actions, nil, &words, environ)
    close(ends[1])
    close(file)
    file = ends[0]
    if failed != 0 {
      child = 0
      throw SocketFailure("\(path) is compressed and gzip cannot be started", errno: failed)
    }
  }

  /// Bytes that will be read in all; 0 where nobody knows: of a pipe, and of what is inflated.
  package var byteCount: Int {
    if child > 0 || file == 0 { return 0 }
    let here = lseek(file, 0, SEEK_CUR)
    let end = lseek(file, 0, SEEK_END)
    return here < 0 || lseek(file, here, SEEK_SET) != here ? 0 : max(0, Int(end))
  }

  /// Reads up to `count` bytes; nil at the end.
  package func read(_ count: Int) throws(SocketFailure) -> [UInt8]? {
    var result = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      repeat {
        result = Glibc.read(file, buffer.baseAddress, count)
      } while result < 0 && errno == EINTR
      filled = max(0, result)
    }
    if result < 0 { throw SocketFailure("cannot read \(path)", errno: errno) }
    if result > 0 { return bytes }
    try end()
    return nil
  }

  /// What was compressed must have been whole.
  private func end() throws(SocketFailure) {
    if child == 0 { return }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    child = 0
    if status != 0 { throw SocketFailure("\(path) is damaged: gzip could not inflate it") }
  }
}

/// A file that is written: anew from the beginning, or on at its end.
package final class ClientOutputFile {
  private let file: Int32

  package init(path: String, goesOn: Bool = false) throws(SocketFailure) {
    file = goesOn ? clinux_client_append(path) : clinux_client_create(path)
    if file < 0 { throw SocketFailure("cannot write \(path)", errno: errno) }
  }

  deinit { close(file) }

  package var isEmpty: Bool { lseek(file, 0, SEEK_END) == 0 }

  package func write(_ text: String) { ClientProcess.write(text, to: file) }
}
