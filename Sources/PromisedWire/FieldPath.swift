import CPromisedMessages
import CProtobufC
import PromisedModel

/// Names a field of a request: "ttl_s", "quantities[3]", "lanes[3].mode"; and checks its value.
///
/// Every refusal names the field as the .proto does, the value, and what is allowed.
struct FieldPath {
  private let list: StaticString
  private let name: StaticString
  private let row: Int

  @inline(__always)
  init(_ name: StaticString, row: Int = -1) {
    list = ""
    self.name = name
    self.row = row
  }

  @inline(__always)
  fileprivate init(list: StaticString, row: Int, name: StaticString) {
    self.list = list
    self.name = name
    self.row = row
  }

  /// A number inside `range`.
  @inline(__always)
  func number<Value: FixedWidthInteger, Target: FixedWidthInteger>(
    _ value: Value, in range: ClosedRange<Target>
  ) throws(Refusal) -> Target {
    guard let target = Target(exactly: value), range.contains(target) else {
      throw outOfRange("\(value)", "\(range.lowerBound) to \(range.upperBound)")
    }
    return target
  }

  /// A key or name that must be there.
  func key(_ data: ProtobufCBinaryData) throws(Refusal) -> BorrowedBytes {
    let bytes = BorrowedBytes(data)
    guard !bytes.isEmpty else { throw missing() }
    return try optionalKey(bytes)
  }

  /// A key or name, or nothing.
  func optionalKey(_ bytes: BorrowedBytes) throws(Refusal) -> BorrowedBytes {
    if bytes.isEmpty || Name.isValid(bytes.buffer) { return bytes }
    throw keyInvalid(bytes.count)
  }

  func name(_ data: ProtobufCBinaryData) throws(Refusal) -> Name { try key(data).name }

  func optionalName(_ data: ProtobufCBinaryData) throws(Refusal) -> Name {
    try optionalKey(BorrowedBytes(data)).name
  }

  /// A code of `count` capital letters: a country (2) or a currency (3).
  func letters(_ bytes: BorrowedBytes, count: Int) throws(Refusal) {
    guard bytes.count == count, bytes.buffer.allSatisfy({ (0x41...0x5a).contains($0) }) else {
      let text = String(decoding: bytes.buffer.prefix(16), as: UTF8.self)
      throw outOfRange("\"\(text)\"", "\(count) letters A to Z")
    }
  }

  /// Bit 0 = Monday … bit 6 = Sunday, at least one.
  func weekdays(_ value: UInt64) throws(Refusal) -> UInt8 { try number(value, in: 1...127) }

  /// Local minutes after midnight.
  func minute(_ value: UInt64) throws(Refusal) -> Int16 { try number(value, in: 0...1440) }

  @inline(never)
  func outOfRange(_ value: String, _ allowed: String) -> Refusal {
    Refusal(.fieldOutOfRange, "\(text) is \(value); allowed: \(allowed)", row: refusalRow)
  }

  @inline(never)
  func missing() -> Refusal { Refusal(.fieldMissing, "\(text) is missing", row: refusalRow) }

  @inline(never)
  func keyInvalid(_ byteCount: Int) -> Refusal {
    Refusal(
      .keyInvalid,
      "\(text) has \(byteCount) bytes and is no key; allowed: 1 to \(Name.maximumByteCount) bytes "
        + "of UTF-8 without control characters", row: refusalRow)
  }

  /// Every column of a batch has a value for each row.
  func hasValues(_ count: Int, for rows: Int) throws(Refusal) {
    guard count == rows else {
      throw Refusal(
        .columnLengthMismatch, "\(text) has \(count) values for \(rows) rows")
    }
  }

  func isAtMost(_ limit: Int, rows: Int) throws(Refusal) {
    guard rows <= limit else {
      throw Refusal(.tooManyRows, "\(text) has \(rows) rows; allowed: at most \(limit)")
    }
  }

  private var refusalRow: Int32 { Int32(clamping: row) }

  private var text: String {
    if row < 0 { return "\(name)" }
    return list.utf8CodeUnitCount == 0 ? "\(name)[\(row)]" : "\(list)[\(row)].\(name)"
  }
}

/// A row message of a batch: `at("mode")` is its field.
struct RowPath {
  let list: StaticString
  let row: Int

  init(_ list: StaticString, _ row: Int) {
    self.list = list
    self.row = row
  }

  func callAsFunction(_ name: StaticString) -> FieldPath {
    FieldPath(list: list, row: row, name: name)
  }
}

extension BorrowedBytes {
  @inline(__always)
  init(_ data: ProtobufCBinaryData) {
    self.init(base: UnsafePointer(data.data), count: data.data == nil ? 0 : data.len)
  }

  /// Whether the bytes are printable ASCII, which is always valid in a key.
  var isPlainASCII: Bool {
    guard let base else { return true }
    var index = 0
    let raw = UnsafeRawPointer(base)
    // Eight bytes at a time: none above 0x7e, none below 0x20. Adding to bytes that have no high
    // bit carries into no neighbour.
    while count - index >= 8 {
      let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      let high: UInt64 = 0x8080_8080_8080_8080
      if word & high != 0 { return false }
      let aboveTilde = word &+ 0x0101_0101_0101_0101
      let atLeastSpace = word &+ 0x6060_6060_6060_6060
      if aboveTilde & high != 0 || atLeastSpace & high != high { return false }
      index += 8
    }
    while index < count {
      if base[index] < 0x20 || base[index] > 0x7e { return false }
      index += 1
    }
    return true
  }
}
