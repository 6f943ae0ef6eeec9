/// An owned key or name: 1 to 64 bytes of UTF-8 without control characters, compared byte by byte.
///
/// A Swift `String` compares by Unicode equivalence, under which two different byte keys can be
/// equal; stock must never alias that way.
package struct Name: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let bytes: [UInt8]

  /// The most bytes a key or name may have.
  package static var maximumByteCount: Int { 64 }

  package init(_ bytes: [UInt8]) { self.bytes = bytes }
  package init(_ text: String) { bytes = Array(text.utf8) }

  package static var empty: Name { Name([UInt8]()) }
  package var isEmpty: Bool { bytes.isEmpty }

  package var description: String { String(decoding: bytes, as: UTF8.self) }

  package static func < (left: Name, right: Name) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }

  /// Whether `bytes` may serve as a key: 1 to 64 bytes of valid UTF-8, no control characters.
  package static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard bytes.count >= 1, bytes.count <= maximumByteCount else { return false }
    var highBits: UInt8 = 0
    for byte in bytes {
      if byte < 0x20 || byte == 0x7f { return false }
      highBits |= byte
    }
    if highBits < 0x80 { return true }
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue: continue
      case .emptyInput: return true
      case .error: return false
      }
    }
  }
}

/// Owned keys, packed one after another, with a length each: the owned twin of `KeyColumn`.
package struct PackedKeys: Sendable, Equatable {
  package var bytes: [UInt8]
  package var lengths: [UInt32]

  package init(bytes: [UInt8] = [], lengths: [UInt32] = []) {
    self.bytes = bytes
    self.lengths = lengths
  }

  package var count: Int { lengths.count }

  package mutating func append(_ key: some Collection<UInt8>) {
    bytes.append(contentsOf: key)
    lengths.append(UInt32(key.count))
  }

  /// Lends the keys as borrowed columns.
  package func withKeyColumn<Result>(_ body: (KeyColumn) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { bytes in
      lengths.withUnsafeBufferPointer { lengths in
        body(KeyColumn(bytes: Column(bytes), lengths: Column(lengths)))
      }
    }
  }
}
