import CZlib
import Glibc

/// Whole files of data for the tools, plain or gzip.
package enum DataFile {
  /// The most bytes that a file may hold once inflated.
  package static var byteLimit: Int { 1 << 31 }

  /// The bytes of the file, inflated when it is gzip (told by its first bytes, not by its name; more
  /// than one gzip member is read through).
  package static func read(_ path: String) throws(DataFault) -> [UInt8] {
    guard let file = gzopen(path, "rb") else {
      throw DataFault(path: path, reason: "cannot be opened: \(systemError())")
    }
    var isClosed = false
    defer { if !isClosed { gzclose_r(file) } }
    gzbuffer(file, 1 << 17)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = gzread(file, &chunk, UInt32(chunk.count))
      if count < 0 { throw DataFault(path: path, reason: "cannot be read: \(streamError(file))") }
      if count == 0 { break }
      if bytes.count + Int(count) > byteLimit {
        throw DataFault(path: path, reason: "is longer than \(byteLimit) bytes")
      }
      bytes += chunk[..<Int(count)]
    }
    // A gzip file that was cut off reads to its end and only then says so.
    isClosed = true
    if gzclose_r(file) != Z_OK {
      throw DataFault(path: path, reason: "cannot be read: ends in the middle of its gzip data")
    }
    return bytes
  }

  private static func systemError() -> String { String(cString: strerror(errno)) }

  private static func streamError(_ file: gzFile) -> String {
    var code: Int32 = 0
    let text = gzerror(file, &code).map { String(cString: $0) } ?? ""
    return code == Z_ERRNO ? systemError() : text
  }
}
