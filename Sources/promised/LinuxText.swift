import CLinux
import Glibc
import PromisedModel

/// Small text in and out of the machine, for the program itself.
enum LinuxText {
  /// The text of a file of at most 1 MiB; nil when it cannot be read.
  static func read(_ path: String) -> String? {
    bytes(of: path, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
  }

  static func bytes(of path: String, limit: Int) -> [UInt8]? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return ferror(file) == 0 ? all : nil }
      all += chunk[..<count]
      if all.count > limit { return nil }
    }
  }

  static func writeOut(_ text: String) { write(text, to: 1) }
  static func writeError(_ text: String) { write(text, to: 2) }

  private static func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  static func describe(errno: Int32) -> String {
    guard let text = strerror(errno) else { return "error \(errno)" }
    return String(cString: text)
  }

  static func randomWord() -> UInt64 { UInt64.random(in: 1...UInt64.max) }

  /// Where the IANA database is; a name is only looked up below it.
  private static let zoneFolder = "/usr/share/zoneinfo"

  /// The TZif bytes of an IANA zone. A name with dots, or from the root, is no zone's.
  static func timeZoneFile(_ name: Name) -> [UInt8]? {
    let text = name.description
    let isPlain = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || byte == 0x2f || byte == 0x2d || byte == 0x2b || byte == 0x5f
    }
    guard isPlain, !text.hasPrefix("/"), !text.isEmpty else { return nil }
    guard let found = bytes(of: "\(zoneFolder)/\(text)", limit: 65_536),
      found.starts(with: Array("TZif".utf8))
    else { return nil }
    return found
  }

  static func exit(_ code: Int32) -> Never { Glibc.exit(code) }
}
