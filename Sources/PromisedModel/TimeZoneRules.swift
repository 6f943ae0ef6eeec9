/// The rules of one IANA time zone: when which offset from UTC holds, past and future.
///
/// Built from the bytes of a TZif file (RFC 9636, versions 2 to 4): its explicit transitions, and
/// the POSIX TZ rule in its footer for every later instant. A value; reading allocates nothing.
///
///     let rules = try TimeZoneRules(tzif: bytes)
///     rules.offset(at: 1_772_955_000)                          // −14400 in New York
///     rules.instant(of: date, minute: 150, choosing: .first)   // 02:30 in the gap → 1772955000
package struct TimeZoneRules: Sendable, Equatable {
  /// UTC seconds, ascending; the type `types[i]` holds from `transitions[i]` on.
  let transitions: [Int64]
  let types: [UInt8]
  let localTypes: [LocalType]
  /// Abbreviations, each ended by a zero byte.
  let designations: [UInt8]
  /// What holds after the last transition; nil = the last type for ever.
  let footer: Footer?

  struct LocalType: Sendable, Equatable {
    /// Seconds east of UTC.
    var offset: Int32
    var isDaylight: Bool
    var designation: UInt8
  }

  /// Which instant a local time means that the clocks show twice.
  package enum Occurrence: Sendable {
    /// For cutoffs and departures: what is ready by it is ready by the other one too.
    case first
    /// For "open until".
    case last
  }

  /// A stretch of time with one offset: `start <= t < end`.
  package struct Segment {
    package var start: Int64
    package var end: Int64
    package var offset: Int32
  }

  /// Seconds east of UTC at an instant. O(log transitions).
  package func offset(at unixSeconds: Int64) -> Int32 { segment(at: unixSeconds).offset }

  /// The local calendar date at an instant.
  package func localDate(at unixSeconds: Int64) -> LocalDate {
    let local = clamped(unixSeconds) + Int64(offset(at: unixSeconds))
    return LocalDate(days: Int32(floorDivide(local, 86_400)))
  }

  /// Local seconds after midnight at an instant, 0…86399.
  package func localSecondOfDay(at unixSeconds: Int64) -> Int32 {
    let local = clamped(unixSeconds) + Int64(offset(at: unixSeconds))
    return Int32(local - floorDivide(local, 86_400) * 86_400)
  }

  /// The first instant of a local date: midnight, or the end of a gap that swallows midnight.
  package func startOfDay(_ date: LocalDate) -> Int64 {
    instant(of: date, minute: 0, choosing: .first)
  }

  /// The instant at which local clocks show `minute` (any Int16, 1440 = the next midnight) of
  /// `date`.
  ///
  /// A local time that the clocks skip is read with the offset before the gap, which shifts it
  /// forward by the gap; one that they show twice is the occurrence asked for.
  package func instant(of date: LocalDate, minute: Int, choosing: Occurrence) -> Int64 {
    let local = Int64(date.days) * 86_400 + Int64(minute) * 60
    var found: Int64?
    var shifted: Int64?
    var cursor = local - Self.widestOffset
    while true {
      let segment = segment(at: cursor)
      let candidate = local - Int64(segment.offset)
      if candidate >= segment.start, candidate < segment.end {
        if choosing == .first { return candidate }
        found = candidate
      } else if candidate >= segment.end {
        shifted = candidate
      }
      if segment.end > local + Self.widestOffset { break }
      cursor = segment.end
    }
    // Every local time is in a segment or behind the end of the one before a gap.
    return found ?? shifted ?? local
  }

  /// The abbreviation in use at an instant, such as "EDT"; nil when the rules hold none.
  package func abbreviation(at unixSeconds: Int64) -> String? {
    if let footer, transitions.isEmpty || unixSeconds >= transitions[transitions.count - 1] {
      let text = footer.isDaylight(at: unixSeconds) ? footer.daylightName : footer.standardName
      return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }
    let start = Int(localTypes[typeIndex(at: unixSeconds)].designation)
    guard start < designations.count else { return nil }
    let text = designations[start...].prefix { $0 != 0 }
    return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
  }

  /// No offset lies further from UTC than this, by the file format (−25 h … +26 h).
  static var widestOffset: Int64 { 26 * 3600 }

  /// The stretch around an instant; `end` is `Int64.max` when the rules end there.
  package func segment(at unixSeconds: Int64) -> Segment {
    let count = transitions.count
    let after = upperBound(unixSeconds)
    if after == count, let footer {
      var segment = footer.segment(at: unixSeconds)
      if count > 0 { segment.start = max(segment.start, transitions[count - 1]) }
      return segment
    }
    return Segment(
      start: after == 0 ? .min : transitions[after - 1],
      end: after == count ? .max : transitions[after],
      offset: localTypes[after == 0 ? 0 : Int(types[after - 1])].offset)
  }

  private func typeIndex(at unixSeconds: Int64) -> Int {
    let after = upperBound(unixSeconds)
    return after == 0 ? 0 : Int(types[after - 1])
  }

  /// How many transitions are at or before the instant.
  private func upperBound(_ unixSeconds: Int64) -> Int {
    var low = 0
    var high = transitions.count
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle] <= unixSeconds { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Dates fit 32 bits for every instant a request can hold; others are answered with the edge.
  private func clamped(_ unixSeconds: Int64) -> Int64 {
    min(max(unixSeconds, -100_000_000_000_000), 100_000_000_000_000)
  }
}

/// The quotient rounded towards minus infinity; `divisor > 0`.
@inlinable
package func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

/// The quotient rounded towards plus infinity; `divisor > 0`.
@inlinable
package func ceilDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor > 0 ? quotient + 1 : quotient
}
