import PromisedModel

/// The protobuf wire types; 3 and 4 (groups) and 6 and 7 are refused everywhere.
enum WireType {
  static var varint: UInt8 { 0 }
  static var fixed64: UInt8 { 1 }
  static var lengthDelimited: UInt8 { 2 }
  static var fixed32: UInt8 { 5 }
}

/// Reads protobuf's wire format from borrowed bytes. Every read is bounds-checked and total.
struct WireCursor {
  private let start: UnsafePointer<UInt8>?
  private(set) var offset = 0
  let count: Int

  @inline(__always)
  init(_ bytes: BorrowedBytes) {
    start = bytes.base
    count = bytes.base == nil ? 0 : bytes.count
  }

  @inline(__always)
  var isAtEnd: Bool { offset == count }

  /// A base-128 varint; nil when it is cut, longer than 10 bytes, or has bits beyond 64.
  @inline(__always)
  mutating func varint() -> UInt64? {
    guard let start, offset < count else { return nil }
    let first = start[offset]
    if first < 0x80 {
      offset += 1
      return UInt64(first)
    }
    return longVarint(start)
  }

  private mutating func longVarint(_ start: UnsafePointer<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < count {
      let byte = start[offset]
      offset += 1
      if shift == 63, byte > 1 { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  /// A field's number (1…2^29−1) and wire type; nil when it is cut or out of range.
  @inline(__always)
  mutating func tag() -> (number: UInt32, wireType: UInt8)? {
    guard let value = varint(), value <= UInt64(UInt32.max), value >= 8 else { return nil }
    return (UInt32(value >> 3), UInt8(value & 7))
  }

  /// The bytes of a length-delimited field; nil when the length is cut or leads past the end.
  @inline(__always)
  mutating func lengthDelimited() -> BorrowedBytes? {
    guard let length = varint(), length <= UInt64(count - offset) else { return nil }
    defer { offset += Int(length) }
    return BorrowedBytes(base: start.map { $0 + offset }, count: Int(length))
  }

  /// Passes over `byteCount` bytes; false when there are fewer.
  @inline(__always)
  mutating func skip(_ byteCount: Int) -> Bool {
    guard byteCount <= count - offset else { return false }
    offset += byteCount
    return true
  }

  /// Passes over a field's value; false when it is cut or its wire type is none.
  mutating func skipValue(_ wireType: UInt8) -> Bool {
    switch wireType {
    case WireType.varint: varint() != nil
    case WireType.fixed64: skip(8)
    case WireType.lengthDelimited: lengthDelimited() != nil
    case WireType.fixed32: skip(4)
    default: false
    }
  }
}
