import PromisedModel

/// The zone table: the longest known prefix of a postcode leads to a destination.
///
/// A key is the country's two letters followed by the prefix. Only the prefix lengths that occur in
/// the country are tried, longest first, so that a lookup costs one or two probes.
struct PostcodeTable: ~Copyable {
  /// Of a prefix; a longer postcode is known by its first bytes only.
  static var maximumPrefixBytes: Int { 16 }

  private var keys = NameTable()
  private var rows: [ZoneRow] = []
  private var destinations = GrowableColumn<UInt32>()
  private var countries = GrowableColumn<Country>()

  // Not private: Swift 6.3.1 emits a broken module for a noncopyable type with a generic member
  // over a private one.
  struct Country: BitwiseCopyable {
    var code: UInt16
    /// To which a shorter postcode of digits is padded; 0 = never.
    var digits: UInt8 = 0
    /// Bit n = a prefix of n bytes occurs.
    var lengths: UInt32 = 0
  }

  var count: Int { rows.count }

  /// The row at an index, in order of first insertion.
  func row(_ index: Int) -> (country: Name, prefix: Name, row: ZoneRow) {
    let key = keys.name(index).bytes
    return (Name(Array(key[..<2])), Name(Array(key[2...])), rows[index])
  }

  mutating func upsert(country: Name, prefix: Name, row: ZoneRow) {
    let index = keys.insert(Name(country.bytes + prefix.bytes))
    if index == rows.count {
      rows.append(row)
      destinations.append(row.destination)
    } else {
      rows[index] = row
      destinations[index] = row.destination
    }
    let slot = countrySlot(Self.code(country.bytes[0], country.bytes[1]))
    countries[slot].lengths |= 1 << UInt32(prefix.bytes.count)
  }

  mutating func setDigits(_ digits: UInt8, country: Name) {
    countries[countrySlot(Self.code(country.bytes[0], country.bytes[1]))].digits = digits
  }

  func destination(country: BorrowedBytes, postcode: BorrowedBytes) -> Destination? {
    guard country.count == 2, let letters = country.base,
      let slot = findCountry(Self.code(letters[0], letters[1]))
    else { return nil }
    let rule = countries[slot]
    let zeros = Self.lostZeros(postcode, digits: Int(rule.digits))
    let byteCount = zeros + postcode.count
    let longest = min(byteCount, Self.maximumPrefixBytes)
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 + longest) { buffer in
      buffer[0] = letters[0]
      buffer[1] = letters[1]
      for index in 0..<longest {
        buffer[2 + index] =
          index < zeros ? UInt8(ascii: "0") : postcode.base.unsafelyUnwrapped[index - zeros]
      }
      var length = longest
      while length >= 0 {
        if rule.lengths & (1 << UInt32(length)) != 0,
          let index = keys.index(
            of: BorrowedBytes(base: UnsafePointer(buffer.baseAddress), count: 2 + length))
        {
          return Destination(index: destinations[index], exact: length == byteCount)
        }
        length -= 1
      }
      return nil
    }
  }

  /// How many leading zeros a postcode of digits only has lost.
  private static func lostZeros(_ postcode: BorrowedBytes, digits: Int) -> Int {
    guard postcode.count < digits, postcode.count > 0 else { return 0 }
    for byte in postcode.buffer
    where byte < UInt8(ascii: "0") || byte > UInt8(ascii: "9") { return 0 }
    return digits - postcode.count
  }

  private static func code(_ first: UInt8, _ second: UInt8) -> UInt16 {
    UInt16(first) << 8 | UInt16(second)
  }

  private func findCountry(_ code: UInt16) -> Int? {
    for slot in 0..<countries.count where countries[slot].code == code { return slot }
    return nil
  }

  private mutating func countrySlot(_ code: UInt16) -> Int {
    if let slot = findCountry(code) { return slot }
    countries.append(Country(code: code))
    return countries.count - 1
  }
}
