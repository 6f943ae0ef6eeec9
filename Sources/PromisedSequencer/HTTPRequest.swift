/// The request line of an HTTP/1 request that came to the service's port.
package struct HTTPRequest {
  package enum Verb { case get, head }

  package let verb: Verb
  package let path: String

  /// The most bytes of request line and headers that are looked at.
  static var maximumByteCount: Int { 8192 }

  enum Parse {
    case request(HTTPRequest, byteCount: Int)
    case needMore
    case malformed
  }

  /// Reads a request whose bytes begin with "GET " or "HEAD "; headers are skipped.
  static func parse(_ bytes: UnsafeRawBufferPointer) -> Parse {
    let limit = min(bytes.count, maximumByteCount)
    var end = 0
    while end + 3 < limit {
      if bytes[end] == 13, bytes[end + 1] == 10, bytes[end + 2] == 13, bytes[end + 3] == 10 {
        return request(bytes, headEnd: end + 4)
      }
      end += 1
    }
    return bytes.count >= maximumByteCount ? .malformed : .needMore
  }

  private static func request(_ bytes: UnsafeRawBufferPointer, headEnd: Int) -> Parse {
    var words: [[UInt8]] = [[]]
    for byte in bytes[..<headEnd] {
      if byte == 13 { break }
      if byte == 32 { words.append([]) } else { words[words.count - 1].append(byte) }
    }
    guard words.count == 3, words[2].starts(with: Array("HTTP/1.".utf8)) else { return .malformed }
    let target = words[1].prefix { $0 != UInt8(ascii: "?") }
    let path = String(decoding: target, as: UTF8.self)
    switch String(decoding: words[0], as: UTF8.self) {
    case "GET": return .request(HTTPRequest(verb: .get, path: path), byteCount: headEnd)
    case "HEAD": return .request(HTTPRequest(verb: .head, path: path), byteCount: headEnd)
    default: return .malformed
    }
  }
}
