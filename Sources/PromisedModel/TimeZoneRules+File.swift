/// Why bytes are not the rules of a time zone.
package enum TimeZoneFileError: Error, Sendable, Equatable {
  /// The file ends before what its header announces.
  case truncated
  /// It does not begin with "TZif", or is of version 1, which has no 64-bit block.
  case notTZif
  /// A count, index, offset or order in the named part is outside its range.
  case invalid(String)
  /// More bytes or transitions than any real zone has.
  case tooLarge
}

extension TimeZoneRules {
  /// More than twice what the largest zone of the IANA database needs.
  package static var maximumFileBytes: Int { 65_536 }
  private static var maximumTransitions: Int { 4096 }

  /// Parses the bytes of a TZif file of version 2 or later. Every input is safe; leap seconds are
  /// passed over, because instants here count POSIX seconds.
  ///
  /// Source of the format: RFC 9636, section 3.
  package init(tzif bytes: [UInt8]) throws(TimeZoneFileError) {
    guard bytes.count <= Self.maximumFileBytes else { throw .tooLarge }
    var reader = TZifReader(bytes: bytes)
    let first = try reader.header()
    guard first.version >= UInt8(ascii: "2") else { throw .notTZif }
    // The first block holds 32-bit times for old readers; the second one says all of it again.
    try reader.skip(first.blockByteCount(timeByteCount: 4))
    let header = try reader.header()
    guard header.transitionCount <= Self.maximumTransitions else { throw .tooLarge }
    guard header.typeCount >= 1, header.typeCount <= 256 else { throw .invalid("type count") }
    guard header.designationByteCount >= 1 else { throw .invalid("designations") }
    guard header.utcIndicatorCount == 0 || header.utcIndicatorCount == header.typeCount,
      header.standardIndicatorCount == 0 || header.standardIndicatorCount == header.typeCount
    else { throw .invalid("indicator count") }

    var transitions: [Int64] = []
    for _ in 0..<header.transitionCount {
      let time = try reader.int64()
      if let last = transitions.last, time <= last { throw .invalid("transition order") }
      transitions.append(time)
    }
    var types: [UInt8] = []
    for _ in 0..<header.transitionCount {
      let type = try reader.byte()
      guard Int(type) < header.typeCount else { throw .invalid("transition type") }
      types.append(type)
    }
    var localTypes: [LocalType] = []
    for _ in 0..<header.typeCount {
      let offset = try reader.int32()
      guard (-89_999...93_599).contains(offset) else { throw .invalid("offset") }
      let isDaylight = try reader.byte()
      guard isDaylight <= 1 else { throw .invalid("daylight flag") }
      let designation = try reader.byte()
      guard Int(designation) < header.designationByteCount else { throw .invalid("designation") }
      localTypes.append(
        LocalType(offset: offset, isDaylight: isDaylight == 1, designation: designation))
    }
    let designations = try reader.bytes(header.designationByteCount)
    try reader.skip(
      header.leapCount * 12 + header.standardIndicatorCount + header.utcIndicatorCount)
    let footer = try reader.footer()

    self.transitions = transitions
    self.types = types
    self.localTypes = localTypes
    self.designations = designations
    self.footer = footer.isEmpty ? nil : try Footer(posix: footer)
  }
}

private struct TZifHeader {
  var version: UInt8
  var utcIndicatorCount: Int
  var standardIndicatorCount: Int
  var leapCount: Int
  var transitionCount: Int
  var typeCount: Int
  var designationByteCount: Int

  /// At most 2^32 × 20 bytes, far inside an Int.
  func blockByteCount(timeByteCount: Int) -> Int {
    transitionCount * (timeByteCount + 1) + typeCount * 6 + designationByteCount
      + leapCount * (timeByteCount + 4) + standardIndicatorCount + utcIndicatorCount
  }
}

private struct TZifReader {
  let bytes: [UInt8]
  var offset = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func header() throws(TimeZoneFileError) -> TZifHeader {
    guard bytes.count - offset >= 44 else { throw .truncated }
    guard try self.bytes(4) == Array("TZif".utf8) else { throw .notTZif }
    let version = try byte()
    try skip(15)
    var counts: [Int] = []
    for _ in 0..<6 { counts.append(Int(try uint32())) }
    return TZifHeader(
      version: version, utcIndicatorCount: counts[0], standardIndicatorCount: counts[1],
      leapCount: counts[2], transitionCount: counts[3], typeCount: counts[4],
      designationByteCount: counts[5])
  }

  mutating func skip(_ count: Int) throws(TimeZoneFileError) {
    guard count <= bytes.count - offset else { throw .truncated }
    offset += count
  }

  mutating func byte() throws(TimeZoneFileError) -> UInt8 {
    guard offset < bytes.count else { throw .truncated }
    offset += 1
    return bytes[offset - 1]
  }

  mutating func bytes(_ count: Int) throws(TimeZoneFileError) -> [UInt8] {
    guard count <= bytes.count - offset else { throw .truncated }
    offset += count
    return Array(bytes[(offset - count)..<offset])
  }

  mutating func uint32() throws(TimeZoneFileError) -> UInt32 {
    var value: UInt32 = 0
    for byte in try bytes(4) { value = value << 8 | UInt32(byte) }
    return value
  }

  mutating func int32() throws(TimeZoneFileError) -> Int32 { Int32(bitPattern: try uint32()) }

  mutating func int64() throws(TimeZoneFileError) -> Int64 {
    var value: UInt64 = 0
    for byte in try bytes(8) { value = value << 8 | UInt64(byte) }
    return Int64(bitPattern: value)
  }

  /// The text between two line feeds at the end of the file.
  mutating func footer() throws(TimeZoneFileError) -> [UInt8] {
    guard try byte() == 0x0a else { throw .invalid("footer") }
    guard let end = bytes[offset...].firstIndex(of: 0x0a) else { throw .truncated }
    defer { offset = end + 1 }
    return Array(bytes[offset..<end])
  }
}
