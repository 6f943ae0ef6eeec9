/// A CSV file on its way out: fields go in, pieces of about a mebibyte come out.
struct Table<Failure: Error> {
  typealias Receive = (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void

  private(set) var rows = 0
  private var bytes: [UInt8] = []
  private var isFirstField = true
  private static var pieceByteCount: Int { 1 << 20 }

  init() { bytes.reserveCapacity(Self.pieceByteCount + 4096) }

  mutating func header(_ columns: StaticString) {
    append(columns)
    bytes.append(UInt8(ascii: "\n"))
  }

  mutating func endRow(_ receive: Receive) throws(Failure) {
    bytes.append(UInt8(ascii: "\n"))
    isFirstField = true
    rows += 1
    if bytes.count >= Self.pieceByteCount { try flush(receive) }
  }

  mutating func flush(_ receive: Receive) throws(Failure) {
    if !bytes.isEmpty { try bytes.withUnsafeBufferPointer(receive) }
    bytes.removeAll(keepingCapacity: true)
  }

  mutating func empty() { separate() }

  mutating func text(_ value: StaticString) {
    separate()
    append(value)
  }

  mutating func text(_ value: [UInt8]) {
    separate()
    bytes.append(contentsOf: value)
  }

  /// Quoted when RFC 4180 asks for it.
  mutating func text(_ value: String) {
    separate()
    let needsQuotes = value.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }
    if !needsQuotes {
      bytes.append(contentsOf: value.utf8)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in value.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func number(_ value: Int) {
    separate()
    append(value, digits: 1)
  }

  /// A limit; none is an empty cell.
  mutating func limit(_ value: Int) {
    if value == 0 { empty() } else { number(value) }
  }

  /// `value` / 10^`places` with all its places: 12345 with 4 is 1.2345.
  mutating func decimal(_ value: Int, places: Int) {
    separate()
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var unit = 1
    for _ in 0..<places { unit *= 10 }
    append(Int(value.magnitude) / unit, digits: 1)
    bytes.append(UInt8(ascii: "."))
    append(Int(value.magnitude) % unit, digits: places)
  }

  /// Local minutes after midnight, 0…1440, as HH:MM.
  mutating func timeOfDay(_ minute: Int) {
    separate()
    append(minute / 60, digits: 2)
    bytes.append(UInt8(ascii: ":"))
    append(minute % 60, digits: 2)
  }

  private mutating func separate() {
    if !isFirstField { bytes.append(UInt8(ascii: ",")) }
    isFirstField = false
  }

  private mutating func append(_ value: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  private mutating func append(_ value: Int, digits: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let first = bytes.count
    var written = 0
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
      written += 1
    } while rest > 0 || written < digits
    bytes[first...].reverse()
  }
}
