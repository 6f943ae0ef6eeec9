import Glibc

/// The repository's root, found from this file.
private let root = String(#filePath.split(separator: "/").dropLast(3).joined(separator: "/"))

/// A file's bytes by its path from the root; nil when there is none.
func file(_ path: String) -> [UInt8]? {
  guard let stream = fopen("/" + root + "/" + path, "rb") else { return nil }
  defer { fclose(stream) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = fread(&piece, 1, piece.count, stream)
    if count == 0 { return bytes }
    bytes += piece[..<count]
  }
}

func text(_ path: String) -> String? { file(path).map { String(decoding: $0, as: UTF8.self) } }

func write(_ text: String, to path: String) {
  guard let stream = fopen("/" + root + "/" + path, "wb") else { return }
  defer { fclose(stream) }
  fputs(text, stream)
}

/// Set to write the golden files anew instead of comparing with them.
let refreshesGolden = getenv("PROMISED_REFRESH_GOLDEN") != nil

/// Bytes written as pairs of hex digits; `#` begins a comment, `=` a line that states something.
func bytes(ofHex text: String) -> [UInt8]? {
  var bytes: [UInt8] = []
  for line in text.split(separator: "\n") where !line.hasPrefix("=") {
    let digits = line.prefix { $0 != "#" }
    for pair in digits.split(separator: " ") {
      guard pair.count == 2, let byte = UInt8(pair, radix: 16) else { return nil }
      bytes.append(byte)
    }
  }
  return bytes
}

func hex(_ bytes: [UInt8]) -> String {
  var text = ""
  for (index, byte) in bytes.enumerated() {
    text += byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
    text += index % 16 == 15 || index == bytes.count - 1 ? "\n" : " "
  }
  return text
}
