import PromisedImport
import PromisedModel

// Levels, chances, dates, money and tokens, as people write and read them.

/// The word of a service level as it is numbered on the wire.
func levelWord(_ number: UInt32) -> String {
  UInt8(exactly: number).flatMap { ServiceLevel(rawValue: $0) }?.label ?? "level \(number)"
}

/// The number of a service level's word.
func levelNumber(_ word: String) -> UInt32? {
  ServiceLevel.allCases.first { $0.label == word }.map { UInt32($0.rawValue) }
}

/// A chance such as `.95`, `0.95` or `95%`, in 1/65535 rounded up, above 0 and at most .99.
func chance(_ text: String) -> UInt64? {
  let isPercent = text.hasSuffix("%")
  let digits = Array((isPercent ? text.dropLast() : Substring(text)).utf8)
  // Nine digits behind the point of a share, which are seven of a percentage.
  let parsed = digits.withUnsafeBufferPointer {
    Cell.decimal(BorrowedBytes($0), digits: isPercent ? 7 : 9, rounding: .up)
  }
  guard let parsed, parsed > 0, parsed <= 990_000_000 else { return nil }
  return (UInt64(parsed) * 65_535 + 999_999_999) / 1_000_000_000
}

/// Days since 1970-01-01 of `2026-12-24`.
func localDay(_ text: String) -> Int32? {
  Array(text.utf8).withUnsafeBufferPointer { Cell.date(BorrowedBytes($0))?.days }
}

/// 1/10,000 of the currency with two digits behind the point, or as many as it takes.
func moneyText(_ money: Int64) -> String {
  let whole = money.magnitude / 10_000
  var digits = String(money.magnitude % 10_000 + 10_000).dropFirst()
  while digits.count > 2, digits.last == "0" { digits.removeLast() }
  return (money < 0 ? "−" : "") + grouped(whole) + "." + digits
}

/// Where a stated chance comes from.
func sourceWords(_ source: UInt32, sampleSizeMilli: UInt32) -> String {
  let size = tenths(Int128(sampleSizeMilli), per: 1000)
  return switch source {
  case 0: "nothing on the way is uncertain"
  case 1: "from declared distributions"
  case 2: "learned from \(size) observations"
  case 3: "learned from \(size) observations, mostly of what it belongs to"
  case 4: "calibrated by outcomes, \(size) observations"
  default: "source \(source)"
  }
}

/// The number's word in JSON.
func sourceWord(_ source: UInt32) -> String {
  UInt8(exactly: source).flatMap { ConfidenceSource(rawValue: $0) }.map { "\($0)" }
    ?? "source \(source)"
}

/// Minutes as a duration, without a sign.
func minutesText(_ minutes: Int64) -> String {
  // Bounded well beyond any plan, so that seconds cannot overflow.
  duration(Int64(min(minutes.magnitude, 1_000_000_000)) * 60)
}

/// A window on the clocks of its place: `Sunday, 22 November 2026, 10:00–18:00 (UTC−08:00)`.
func windowText(from: Int64, to: Int64, offset: Int32, day: Int32) -> String {
  longDay(LocalDate(days: day)) + ", " + windowClock(from: from, to: to, offset: offset)
}

/// `10:00–18:00 (UTC−08:00)`; a window that runs to midnight ends on the date it belongs to.
func windowClock(from: Int64, to: Int64, offset: Int32) -> String {
  let begin = LocalTime(unixSeconds: from, offsetSeconds: offset)
  let end = LocalTime(unixSeconds: to, offsetSeconds: offset)
  let clock =
    end.date > begin.date
    ? (end.minuteOfDay == 0 ? "24:00" : "\(end.day) \(end.clock)") : end.clock
  return "\(begin.clock)–\(clock) (\(begin.zone))"
}

/// `Sat 21 Nov 23:15 UTC−08:00`.
func moment(_ unixSeconds: Int64, _ offsetSeconds: Int32) -> String {
  let time = LocalTime(unixSeconds: unixSeconds, offsetSeconds: offsetSeconds)
  return "\(time.day) \(time.clock) \(time.zone)"
}

/// Tokens as text: base64url (RFC 4648 section 5) without padding, so that a shell leaves it alone.
enum TokenText {
  private static let letters = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for byte in part { bits = bits << 8 | UInt32(byte) }
      bits <<= UInt32(8 * (3 - part.count))
      for place in 0...part.count {
        text.append(letters[Int(bits >> UInt32(18 - 6 * place) & 63)])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text that `encode` made, or nil.
  static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for letter in text.utf8 {
      guard let value = letters.firstIndex(of: letter) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(bits >> UInt32(count) & 0xFF))
        bits &= 1 << UInt32(count) - 1
      }
    }
    // What is left over is less than a letter, and zero.
    return count < 6 && bits == 0 && !bytes.isEmpty ? bytes : nil
  }
}
