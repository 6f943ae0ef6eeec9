import PromisedModel
import PromisedWire

/// Writes protobuf by hand, right or wrong, so that tests do not depend on the library under test.
struct Proto {
  var bytes: [UInt8] = []

  init() {}
  init(_ build: (inout Proto) -> Void) { build(&self) }

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func tag(_ field: UInt64, _ wireType: UInt64) { varint(field << 3 | wireType) }

  mutating func number(_ field: UInt64, _ value: UInt64) {
    tag(field, 0)
    varint(value)
  }

  mutating func data(_ field: UInt64, _ value: [UInt8]) {
    tag(field, 2)
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func text(_ field: UInt64, _ value: String) { data(field, Array(value.utf8)) }

  mutating func packed(_ field: UInt64, _ values: [UInt64]) {
    var inner = Proto()
    for value in values { inner.varint(value) }
    data(field, inner.bytes)
  }

  mutating func message(_ field: UInt64, _ build: (inout Proto) -> Void) {
    data(field, Proto(build).bytes)
  }

  /// Item keys and their lengths.
  mutating func keys(_ bytesField: UInt64, _ lengthsField: UInt64, _ keys: [String]) {
    data(bytesField, keys.flatMap { Array($0.utf8) })
    packed(lengthsField, keys.map { UInt64($0.utf8.count) })
  }
}

/// A ttRPC request frame.
func frame(
  _ streamID: UInt32, _ service: String, _ method: String, _ payload: [UInt8],
  flags: UInt8 = 0, timeout: Int64 = 0
) -> [UInt8] {
  let data = Proto {
    $0.text(1, service)
    $0.text(2, method)
    if !payload.isEmpty { $0.data(3, payload) }
    if timeout != 0 { $0.number(4, UInt64(bitPattern: timeout)) }
  }.bytes
  return header(UInt32(data.count), streamID, 1, flags) + data
}

func header(_ length: UInt32, _ streamID: UInt32, _ type: UInt8, _ flags: UInt8 = 0) -> [UInt8] {
  func big(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
  }
  return big(length) + big(streamID) + [type, flags]
}

extension [UInt8] {
  func borrowed<Result>(_ body: (BorrowedBytes) throws -> Result) rethrows -> Result {
    try withUnsafeBufferPointer { try body(BorrowedBytes($0)) }
  }
}

/// A small deterministic generator (SplitMix64): a failure is repeated by its seed.
struct SeededBytes: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
