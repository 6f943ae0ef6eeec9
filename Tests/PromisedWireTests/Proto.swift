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

/// A valid payload of every built method with every field set, by the method.
func completePayload(_ method: Method) -> [UInt8] {
  Proto { p in
    switch method {
    case .offer:
      p.message(1) { $0.number(1, 7) }
      p.keys(2, 3, ["B0ITEM0001", "B0ITEM2"])
      p.packed(4, [1, 2_000_000_000])
      p.text(5, "BR")
      p.text(6, "98109")
      p.text(6, "01310")
      p.number(7, 1)
    case .availability:
      p.message(1) { $0.number(1, 7) }
      p.keys(2, 3, ["A", "BB"])
      p.text(4, "SEA1")
    case .inStock:
      p.message(1) { $0.number(1, 7) }
      p.keys(2, 3, ["A", "BB"])
      p.number(4, 30)
    case .headroom:
      p.message(1) { $0.number(1, 7) }
      p.text(2, "seller-1")
      p.text(3, "B0ITEM0001")
      p.number(4, 12)
    case .usage:
      p.message(1) { $0.number(1, 7) }
      p.text(2, "seller-1")
    case .list:
      p.message(1) { $0.number(1, 7) }
      p.number(2, 9)
      p.data(3, [0, 255])
      p.number(4, 10_000)
    case .networkGet: p.message(1) { $0.number(1, 7) }
    case .holdGet:
      p.message(1) { $0.number(1, 7) }
      p.number(2, 9)
    case .hold:
      p.text(1, "key-1")
      p.text(2, "cart-1")
      p.number(3, 600)
      p.text(4, "SEA1")
      p.text(4, "PDX1")
      p.keys(5, 6, ["A", "BB"])
      p.packed(7, [1, 0])
      p.packed(8, [3, 4])
    case .holdCommit, .holdRelease:
      p.text(1, "key-2")
      p.text(2, "cart-1")
      p.number(3, 9)
    case .apply:
      p.text(1, "wms")
      p.number(2, 1)
      p.keys(3, 4, ["A", "BB"])
      p.text(5, "SEA1")
      p.packed(6, [0, 0])
      p.packed(7, [3, 4])
      p.packed(8, [5, 8])  // zigzag: -3, 4
    case .putItems, .putPositions, .putInbound, .putSellers, .putLimits, .networkPut:
      p.text(20, "key-3")
      p.message(1) {
        $0.text(1, "load-1")
        $0.number(2, 3)
      }
      putRows(method, &p)
    case .beginLoad:
      p.text(1, "load-1")
      p.number(2, 2)
      p.number(3, 4)
      p.number(4, 1)
    case .commitLoad, .abortLoad: p.text(1, "load-1")
    case .ping: p.data(1, [1, 2, 3])
    case .setTime: p.number(1, 1_700_000_000)
    case .hello:
      p.text(1, "tool")
      p.text(2, "feature")
    case .healthCheck: p.text(1, "promised.v1.Promises")
    default: break
    }
  }.bytes
}

private func putRows(_ method: Method, _ p: inout Proto) {
  switch method {
  case .putItems:
    p.keys(2, 3, ["A", "BB"])
    p.text(4, "seller-1")
    p.packed(5, [0, 0])
    p.packed(6, [1, 7])
    for field: UInt64 in 7...10 { p.packed(field, [1, 20_160]) }
    p.packed(11, [1000, 2000])
  case .putPositions:
    p.keys(2, 3, ["A", "BB"])
    p.text(4, "SEA1")
    p.packed(5, [0, 0])
    for field: UInt64 in 6...11 { p.packed(field, [field, 2_000_000_000]) }
  case .putInbound:
    p.keys(2, 3, ["S1", "S2"])
    p.keys(4, 5, ["A", "BB"])
    p.text(6, "SEA1")
    p.packed(7, [0, 0])
    p.packed(8, [0, 10])
    p.packed(9, [1_700_000_000, 1_700_000_001])
    p.packed(10, [1, 4])
  case .putSellers:
    p.message(2) {
      $0.text(1, "seller-1")
      $0.text(2, "Seller One")
      $0.text(3, "US")
    }
  case .putLimits:
    p.text(2, "seller-1")
    p.packed(3, [0, 0])
    p.packed(4, [1, 2])
    p.packed(5, [202_601, 202_612])
    p.packed(6, [1, 3])
    p.packed(7, [1_000_000_000_000_000_000, 0])
  default: networkRows(&p)
  }
}

private func networkRows(_ p: inout Proto) {
  func texts(_ fields: ClosedRange<UInt64>, _ p: inout Proto) {
    for field in fields { p.text(field, "N\(field)") }
  }
  p.message(2) {
    $0.text(1, "US")
    $0.text(2, "US")
    $0.text(3, "USD")
    $0.text(4, "America/Los_Angeles")
    $0.number(5, 5)
  }
  p.message(3) {
    $0.text(1, "week")
    $0.message(2) {
      $0.number(1, 127)
      $0.number(4, 60)
      $0.number(5, 1440)
    }
    $0.message(2) {
      $0.number(2, 40_000)
      $0.number(3, 1)
    }
  }
  p.message(4) {
    texts(1...2, &$0)
    $0.number(3, 5)
    texts(4...5, &$0)
    $0.number(6, 2880)
    $0.number(7, 20_160)
    $0.text(8, "US")
    $0.text(9, "98109")
    $0.number(10, 95_000_000)
    $0.number(11, 200_000_001)
  }
  p.message(5) {
    $0.text(1, "N1")
    $0.number(2, 127)
    $0.number(3, 60)
    $0.number(4, 600)
    $0.number(5, 1200)
  }
  p.message(6) {
    $0.text(1, "US")
    texts(2...4, &$0)
  }
  p.message(7) {
    texts(1...3, &$0)
    $0.number(4, 2)
    texts(5...7, &$0)
    $0.number(8, 1020)
    $0.packed(9, [0, 60])
    $0.packed(10, [1, 65_534])
    $0.text(11, "America/New_York")
  }
  p.message(8) {
    texts(1...3, &$0)
    $0.number(4, 1)
    $0.number(5, 1)
    $0.number(6, 1439)
    $0.number(7, 10_080)
    $0.text(8, "week")
  }
}
