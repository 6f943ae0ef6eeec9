import PromisedBytes
import Testing

/// Lends the bytes of an array to a reader.
private func reading<Result>(
  _ bytes: [UInt8], _ body: (inout ByteReader) throws -> Result
) throws -> Result {
  try bytes.withUnsafeBytes { raw in
    var reader = ByteReader(raw)
    return try body(&reader)
  }
}

private func written(_ body: (inout ByteBuffer) -> Void) -> [UInt8] {
  var buffer = ByteBuffer(capacity: 1)
  body(&buffer)
  return Array(buffer.bytes)
}

/// A reproducible source of hard cases.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct PromisedBytesTests {
  @Test func integersAreLittleEndian() throws {
    let bytes = written {
      $0.append(UInt16(0x0102))
      $0.append(Int32(-2))
      $0.append(UInt64(0x0102_0304_0506_0708))
    }
    #expect(bytes == [2, 1, 0xfe, 0xff, 0xff, 0xff, 8, 7, 6, 5, 4, 3, 2, 1])
    try reading(bytes) { reader in
      let small = try reader.read(UInt16.self)
      let negative = try reader.read(Int32.self)
      let large = try reader.read(UInt64.self)
      #expect(small == 0x0102 && negative == -2 && large == 0x0102_0304_0506_0708)
      #expect(reader.remaining == 0)
    }
    #expect(throws: ByteError.ended) { try reading([1]) { try $0.read(UInt16.self) } }
  }

  static let varints: [(UInt64, [UInt8])] = [
    (0, [0]), (127, [0x7f]), (128, [0x80, 1]), (300, [0xac, 2]),
    (UInt64.max, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
  ]

  @Test(arguments: varints)
  func varintsHaveOneForm(value: UInt64, bytes: [UInt8]) throws {
    #expect(written { $0.appendVarint(value) } == bytes)
    #expect(try reading(bytes) { reader in try reader.readVarint() } == value)
    for cut in 0..<bytes.count {
      #expect(throws: ByteError.ended) {
        try reading(Array(bytes[..<cut])) { reader in try reader.readVarint() }
      }
    }
  }

  @Test(arguments: [
    [0x80, 0] as [UInt8], [0xff, 0x80, 0],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0],
  ])
  func overlongVarintsAreRefused(bytes: [UInt8]) {
    #expect(throws: ByteError.malformedVarint) { try reading(bytes) { try $0.readVarint() } }
  }

  @Test(arguments: [0, -1, 1, -2, 63, -64, Int64.max, Int64.min])
  func zigzagRoundTrips(value: Int64) throws {
    #expect(unzigzag(zigzag(value)) == value)
    #expect(try reading(written { $0.appendZigzag(value) }) { try $0.readZigzag() } == value)
  }

  @Test func checksumsMatchTheStandardAndEachOther() {
    let digits = Array("123456789".utf8)
    #expect(digits.withUnsafeBytes { checksum($0) } == 0xe306_9283)
    #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes { checksum($0) } == 0x8a91_36aa)
    var random = SplitMix(state: 7)
    for count in 0..<200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      bytes.withUnsafeBytes { raw in
        #expect(checksum(raw) == checksumByTable(raw))
        let middle = count / 3
        let front = UnsafeRawBufferPointer(rebasing: raw[..<middle])
        let back = UnsafeRawBufferPointer(rebasing: raw[middle...])
        #expect(checksum(back, continuing: checksum(front)) == checksum(raw))
      }
    }
  }

  @Test func columnsRoundTripAtTheirLimits() throws {
    try columnRoundTrip(UInt64.self) {
      $0.append(column: $1)
    } read: { reader, rows throws(ByteError) in
      try reader.read(column: rows)
    }
    try columnRoundTrip(Int64.self) {
      $0.append(column: $1)
    } read: { reader, rows throws(ByteError) in
      try reader.read(column: rows)
    }
    try columnRoundTrip(UInt32.self) {
      $0.append(column: $1)
    } read: { reader, rows throws(ByteError) in
      try reader.read(column: rows)
    }
    try columnRoundTrip(Int32.self) {
      $0.append(column: $1)
    } read: { reader, rows throws(ByteError) in
      try reader.read(column: rows)
    }
    try columnRoundTrip(UInt8.self) {
      $0.append(column: $1)
    } read: { reader, rows throws(ByteError) in
      try reader.read(column: rows)
    }
    try columnRoundTrip(UInt16.self) {
      $0.append(column: $1)
    } read: { reader, rows throws(ByteError) in
      try reader.read(column: rows)
    }
  }

  private func columnRoundTrip<Value: FixedWidthInteger>(
    _ type: Value.Type, write: (inout ByteBuffer, UnsafeBufferPointer<Value>) -> Void,
    read: (inout ByteReader, UnsafeMutableBufferPointer<Value>) throws(ByteError) -> Void
  ) throws {
    var random = SplitMix(state: 11)
    var values: [Value] = [.min, .max, .min, 0, 1, .max, .max - 1]
    values += (0..<300).map { _ in Value.random(in: .min ... .max, using: &random) }
    let bytes = values.withUnsafeBufferPointer { rows in written { write(&$0, rows) } }
    var back = [Value](repeating: 0, count: values.count)
    try reading(bytes) { reader in
      try back.withUnsafeMutableBufferPointer { rows in try read(&reader, rows) }
      #expect(reader.remaining == 0)
    }
    #expect(back == values)
    for cut in 0..<bytes.count {
      #expect(throws: ByteError.ended) {
        try reading(Array(bytes[..<cut])) { reader in
          try back.withUnsafeMutableBufferPointer { rows in try read(&reader, rows) }
        }
      }
    }
  }

  @Test func columnValuesOutsideTheirTypeAreRefused() {
    let bytes = written { $0.appendZigzag(65536) }
    var rows: [UInt16] = [0]
    #expect(throws: ByteError.outOfRange) {
      try reading(bytes) { reader in
        try rows.withUnsafeMutableBufferPointer { target in try reader.read(column: target) }
      }
    }
  }

  @Test func sortedColumnsTakeOneByteARow() {
    let keys = (0..<1000).map { UInt64($0) * 60 }
    let bytes = keys.withUnsafeBufferPointer { rows in written { $0.append(column: rows) } }
    #expect(bytes.count == 1000)
  }

  @Test func hostileBytesNeverTrap() throws {
    var random = SplitMix(state: 3)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      try reading(bytes) { reader in
        while reader.remaining > 0 {
          let before = reader.offset
          do { _ = try reader.readVarint() } catch { break }
          #expect(reader.offset > before)
        }
        do { _ = try reader.read(bytes: Int.random(in: .min ... .max, using: &random)) } catch {}
        #expect(reader.remaining >= 0)
      }
    }
  }

  @Test func clearKeepsTheBufferUsable() {
    var buffer = ByteBuffer(capacity: 1)
    for round in 0..<3 {
      buffer.clear()
      buffer.append(zeros: 100)
      buffer.overwrite(at: 4, with: UInt32(9))
      buffer.truncate(to: 8)
      #expect(Array(buffer.bytes) == [0, 0, 0, 0, 9, 0, 0, 0], "round \(round)")
    }
  }
}
