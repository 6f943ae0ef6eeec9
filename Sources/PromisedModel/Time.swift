/// An instant of the log and of every decision: milliseconds since 1970-01-01 UTC.
public struct UnixMilliseconds: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Since 1970-01-01T00:00:00Z.
  public var milliseconds: Int64

  /// An instant by its milliseconds.
  @inlinable
  public init(_ milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Earlier than.
  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

  /// Whole seconds, rounded down.
  @inlinable
  public var seconds: Int64 {
    milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
  }
}

/// A place in the log: 1 for the first record, consecutive, never reused.
public typealias Position = UInt64

/// A local calendar date: days since 1970-01-01 in the proleptic Gregorian calendar.
public struct LocalDate: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Since 1970-01-01, by the calendar of a place.
  public var days: Int32

  /// A date by its days.
  @inlinable
  public init(days: Int32) { self.days = days }

  /// 9999-12-31: the last date that is accepted, and the end of what is for good.
  public static var last: LocalDate { LocalDate(days: 2_932_896) }

  /// Earlier than.
  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.days < right.days }

  /// Monday = 0 … Sunday = 6.
  public var weekday: Int {
    let shifted = (Int(days) + 3) % 7
    return shifted < 0 ? shifted + 7 : shifted
  }

  /// The date's year (…), month (1…12) and day (1…31).
  ///
  /// Source: the civil-from-days algorithm on a calendar that starts in March, so that the leap
  /// day is the last of its year.
  public var civil: (year: Int, month: Int, day: Int) {
    let shifted = Int(days) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  /// The date of a year (−9999…9999), month (1…12) and day (1…31); nil when there is no such day.
  public init?(year: Int, month: Int, day: Int) {
    guard (-9999...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else {
      return nil
    }
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let marchMonth = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    self.init(days: Int32(era * 146_097 + dayOfEra - 719_468))
    let back = civil
    if back.year != year || back.month != month || back.day != day { return nil }
  }
}

/// A calendar month as `yyyymm`, 197001…999912.
public struct Month: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// For example 202611.
  public var yyyymm: UInt32

  /// Nil unless the month part is 1…12 and the year 1970…9999.
  public init?(yyyymm: UInt32) {
    guard (1970...9999).contains(yyyymm / 100), (1...12).contains(yyyymm % 100) else { return nil }
    self.yyyymm = yyyymm
  }

  /// The month a date is in.
  public init(_ date: LocalDate) {
    let civil = date.civil
    yyyymm = UInt32(clamping: civil.year) * 100 + UInt32(civil.month)
  }

  /// Earlier than.
  public static func < (left: Self, right: Self) -> Bool { left.yyyymm < right.yyyymm }

  /// The month after.
  public var next: Month {
    var following = self
    following.yyyymm += yyyymm % 100 == 12 ? 89 : 1
    return following
  }

  /// The month before.
  public var previous: Month {
    var before = self
    before.yyyymm -= yyyymm % 100 == 1 ? 89 : 1
    return before
  }

  /// The month's number, counted from January of the year 0: months apart are their difference.
  public var ordinal: Int { Int(yyyymm / 100) * 12 + Int(yyyymm % 100) - 1 }

  /// Its first date.
  public var firstDay: LocalDate {
    LocalDate(year: Int(yyyymm / 100), month: Int(yyyymm % 100), day: 1) ?? LocalDate(days: 0)
  }

  /// 28 to 31.
  public var dayCount: Int32 { next.firstDay.days - firstDay.days }

  /// The third full week of the month, from its Sunday to its Saturday: when the limits of the
  /// months after it are announced.
  public var announcementWeek: (from: LocalDate, to: LocalDate) {
    let first = firstDay
    let untilSunday = Int32((13 - first.weekday) % 7)
    let from = LocalDate(days: first.days + untilSunday + 14)
    return (from, LocalDate(days: from.days + 6))
  }
}
