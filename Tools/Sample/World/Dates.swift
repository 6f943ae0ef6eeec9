/// Dates of the proleptic Gregorian calendar as days since 1970-01-01: only what the calendars and
/// months of the sample need.
enum Dates {
  /// Source: civil-from-days on years that begin in March.
  static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  static func days(year: Int, month: Int, day: Int) -> Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let marchMonth = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Monday = 0 … Sunday = 6.
  static func weekday(_ days: Int) -> Int {
    let shifted = (days + 3) % 7
    return shifted < 0 ? shifted + 7 : shifted
  }

  /// The fourth Thursday of November.
  static func thanksgiving(_ year: Int) -> Int {
    let first = days(year: year, month: 11, day: 1)
    return first + (3 - weekday(first) + 7) % 7 + 21
  }

  /// 2026-12-25
  static func iso(_ days: Int) -> String {
    let date = civil(days)
    return "\(date.year)-\(twoDigits(date.month))-\(twoDigits(date.day))"
  }

  static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  /// Whole days since 1970-01-01 in UTC, rounded down.
  static func day(ofUnixSeconds seconds: Int64) -> Int {
    Int(seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
  }
}
