extension TimeZoneRules {
  /// A POSIX TZ rule, with the extensions of RFC 9636: quoted names, and times of day from −167 to
  /// 167 hours.
  struct Footer: Sendable, Equatable {
    var standardName: [UInt8]
    var standardOffset: Int32
    var daylightName: [UInt8] = []
    /// nil = no daylight saving time.
    var daylight: Daylight?

    struct Daylight: Sendable, Equatable {
      var offset: Int32
      var start: YearRule
      var end: YearRule
    }

    /// A moment of each year: a day, and seconds after its local midnight.
    struct YearRule: Sendable, Equatable {
      var day: Day
      var seconds: Int32

      enum Day: Sendable, Equatable {
        /// 1…365, February 29 is never counted.
        case julian(Int)
        /// 0…365, February 29 is counted.
        case ordinal(Int)
        /// Week 1…5 (5 = the last), weekday 0 = Sunday.
        case monthWeek(month: Int, week: Int, weekday: Int)
      }
    }

    /// The stretch around an instant. Constant time: the changes of three years are compared.
    func segment(at unixSeconds: Int64) -> Segment {
      guard let daylight else {
        return Segment(start: .min, end: .max, offset: standardOffset)
      }
      // Rules repeat for ever; years outside the calendar's range are answered with its edge.
      let day = min(max(floorDivide(unixSeconds, 86_400), -3_000_000), 2_000_000)
      let year = LocalDate(days: Int32(day)).civil.year
      var start = Int64.min
      var end = Int64.max
      // In the winter half year before the first change found, standard time holds.
      var offset = standardOffset
      for candidate in (year - 1)...(year + 1) {
        for toDaylight in [false, true] {
          let at =
            toDaylight
            ? daylight.start.instant(year: candidate, offset: standardOffset)
            : daylight.end.instant(year: candidate, offset: daylight.offset)
          if at <= unixSeconds {
            // At the same instant the change to daylight time wins: a zone that stays on it all
            // year ends it and begins it at once.
            if at > start || (at == start && toDaylight) {
              start = at
              offset = toDaylight ? daylight.offset : standardOffset
            }
          } else if at < end {
            end = at
          }
        }
      }
      return Segment(start: start, end: end, offset: offset)
    }

    func isDaylight(at unixSeconds: Int64) -> Bool {
      guard let daylight else { return false }
      return segment(at: unixSeconds).offset == daylight.offset
        && daylight.offset != standardOffset
    }
  }
}

extension TimeZoneRules.Footer.YearRule {
  /// The UTC second of the rule in a year, read on clocks that are `offset` seconds east of UTC.
  func instant(year: Int, offset: Int32) -> Int64 {
    Int64(days(year: year)) * 86_400 + Int64(seconds) - Int64(offset)
  }

  private func days(year: Int) -> Int32 {
    let newYear = firstDay(year: year, month: 1)
    switch day {
    case .julian(let number):
      let isLeap = firstDay(year: year, month: 3) - newYear == 60
      return newYear + Int32(number) - 1 + (isLeap && number >= 60 ? 1 : 0)
    case .ordinal(let number):
      return newYear + Int32(number)
    case .monthWeek(let month, let week, let weekday):
      let first = firstDay(year: year, month: month)
      let next =
        month == 12 ? firstDay(year: year + 1, month: 1) : firstDay(year: year, month: month + 1)
      // LocalDate counts from Monday, the rule from Sunday.
      let firstWeekday = (LocalDate(days: first).weekday + 1) % 7
      var result = first + Int32((weekday - firstWeekday + 7) % 7) + Int32(week - 1) * 7
      if result >= next { result -= 7 }
      return result
    }
  }

  private func firstDay(year: Int, month: Int) -> Int32 {
    let bounded = min(max(year, -9998), 9998)
    return LocalDate(year: bounded, month: month, day: 1)?.days ?? 0
  }
}

extension TimeZoneRules.Footer {
  /// Parses `std offset [dst [offset] , start [/time] , end [/time]]`.
  init(posix text: [UInt8]) throws(TimeZoneFileError) {
    var parser = PosixParser(text: text)
    standardName = try parser.name()
    standardOffset = -(try parser.time(maximumHours: 24))
    guard !parser.atEnd else { return }
    daylightName = try parser.name()
    var daylightOffset = standardOffset + 3600
    if !parser.atEnd, parser.next != UInt8(ascii: ",") {
      daylightOffset = -(try parser.time(maximumHours: 24))
    }
    let start = try parser.yearRule()
    let end = try parser.yearRule()
    guard parser.atEnd else { throw .invalid("footer") }
    daylight = Daylight(offset: daylightOffset, start: start, end: end)
  }
}

private struct PosixParser {
  let text: [UInt8]
  var offset = 0

  init(text: [UInt8]) { self.text = text }

  var atEnd: Bool { offset == text.count }
  var next: UInt8? { atEnd ? nil : text[offset] }

  mutating func take(_ byte: Character) -> Bool {
    guard let value = byte.asciiValue, next == value else { return false }
    offset += 1
    return true
  }

  /// Three or more letters, or anything of letters, digits and signs between < and >.
  mutating func name() throws(TimeZoneFileError) -> [UInt8] {
    let quoted = take("<")
    let start = offset
    while let byte = next {
      let isLetter = (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
      let isMore = isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      guard isLetter || (quoted && isMore) else { break }
      offset += 1
    }
    let name = Array(text[start..<offset])
    guard name.count >= 3, !quoted || take(">") else { throw .invalid("footer name") }
    return name
  }

  /// `[+-]hh[:mm[:ss]]` in seconds.
  mutating func time(maximumHours: Int) throws(TimeZoneFileError) -> Int32 {
    let negative = take("-")
    if !negative { _ = take("+") }
    var seconds = try number(0...maximumHours) * 3600
    if take(":") {
      seconds += try number(0...59) * 60
      if take(":") { seconds += try number(0...59) }
    }
    return Int32(negative ? -seconds : seconds)
  }

  mutating func yearRule() throws(TimeZoneFileError) -> TimeZoneRules.Footer.YearRule {
    guard take(",") else { throw .invalid("footer rule") }
    var rule: TimeZoneRules.Footer.YearRule
    if take("J") {
      rule = .init(day: .julian(try number(1...365)), seconds: 7200)
    } else if take("M") {
      let month = try number(1...12)
      guard take(".") else { throw .invalid("footer rule") }
      let week = try number(1...5)
      guard take(".") else { throw .invalid("footer rule") }
      let weekday = try number(0...6)
      rule = .init(day: .monthWeek(month: month, week: week, weekday: weekday), seconds: 7200)
    } else {
      rule = .init(day: .ordinal(try number(0...365)), seconds: 7200)
    }
    if take("/") { rule.seconds = try time(maximumHours: 167) }
    return rule
  }

  private mutating func number(_ range: ClosedRange<Int>) throws(TimeZoneFileError) -> Int {
    let start = offset
    var value = 0
    while let byte = next, isDigit(byte), offset - start < 4 {
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
      offset += 1
    }
    guard offset > start, range.contains(value) else { throw .invalid("footer number") }
    return value
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
