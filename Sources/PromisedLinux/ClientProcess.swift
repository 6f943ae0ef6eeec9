import CLinux
import Glibc

/// A file's bytes, mapped for reading.
///
/// The file must not be cut shorter while it is mapped; reading past its end would stop the
/// process.
package struct MappedFile: ~Copyable {
  /// The bytes; valid as long as the mapping.
  package let bytes: UnsafeBufferPointer<UInt8>

  /// Maps a whole file.
  package init(path: String) throws(SocketFailure) {
    let file = clinux_client_open(path)
    if file < 0 { throw SocketFailure("cannot read \(path)", errno: errno) }
    defer { close(file) }
    var status = stat()
    if fstat(file, &status) != 0 { throw SocketFailure("cannot read \(path)", errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SocketFailure("\(path) is no regular file")
    }
    // An empty mapping is not allowed.
    if status.st_size == 0 {
      bytes = UnsafeBufferPointer(start: nil, count: 0)
      return
    }
    let count = Int(status.st_size)
    guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0), base != MAP_FAILED else {
      throw SocketFailure("cannot read \(path)", errno: errno)
    }
    madvise(base, count, MADV_SEQUENTIAL)
    bytes = UnsafeBufferPointer(start: base.assumingMemoryBound(to: UInt8.self), count: count)
  }

  deinit {
    if let base = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
    }
  }
}

/// What a command-line program asks of the process it runs in.
package enum ClientProcess {
  /// The names in a directory, sorted by bytes, without the dot entries.
  package static func names(inDirectory path: String) throws(SocketFailure) -> [String] {
    guard let directory = opendir(path) else {
      throw SocketFailure("cannot read \(path)", errno: errno)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
  }

  /// Whether a path names something that can be read.
  package static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

  /// A variable of the environment; nil when it is not set.
  package static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// Whether a descriptor is a terminal.
  package static func isTerminal(_ file: Int32) -> Bool { isatty(file) == 1 }

  /// The columns of the terminal behind a descriptor; 0 when it is none.
  package static func columns(_ file: Int32) -> Int { Int(clinux_client_columns(file)) }

  /// Takes note of SIGINT and SIGTERM from now on instead of ending the process.
  package static func catchInterrupts() { clinux_client_catch_interrupts() }

  /// Whether an interrupt was noted.
  package static var wasInterrupted: Bool { clinux_client_interrupts() > 0 }

  /// Writes all bytes; what a closed pipe does not take is dropped.
  package static func write(_ text: String, to file: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var offset = 0
      while offset < bytes.count {
        let count = Glibc.write(file, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return }
        offset += count
      }
    }
  }

  /// Ends the process.
  package static func exit(_ code: Int32) -> Never { Glibc.exit(code) }
}
