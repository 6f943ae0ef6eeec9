import PromisedModel

/// An instant as clocks at a place show it.
struct LocalTime {
  let date: LocalDate
  let minuteOfDay: Int
  let second: Int
  let offsetSeconds: Int32

  /// - Parameter offsetSeconds: seconds east of UTC at the place and the instant.
  init(unixSeconds: Int64, offsetSeconds: Int32 = 0) {
    // Far outside of any calendar an answer can mean, but inside of what arithmetic can do.
    let bounded = min(max(unixSeconds, -100_000_000_000), 100_000_000_000)
    let local = bounded + Int64(offsetSeconds)
    let day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
    date = LocalDate(days: Int32(clamping: day))
    let rest = Int(local - day * 86_400)
    minuteOfDay = rest / 60
    second = rest % 60
    self.offsetSeconds = offsetSeconds
  }

  /// `14:05`
  var clock: String { "\(two(minuteOfDay / 60)):\(two(minuteOfDay % 60))" }

  /// `Sat 19 Dec`
  var day: String { shortDay(date) }

  /// `UTC−08:00`; `UTC` where there is no offset.
  var zone: String {
    if offsetSeconds == 0 { return "UTC" }
    let minutes = Int(offsetSeconds.magnitude) / 60
    return "UTC" + (offsetSeconds < 0 ? "−" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
  }

  /// `2026-12-19T14:05:00-08:00`, RFC 3339.
  var rfc3339: String {
    let minutes = Int(offsetSeconds.magnitude) / 60
    let zone =
      offsetSeconds == 0
      ? "Z" : (offsetSeconds < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
    return isoDate(date) + "T" + clock + ":" + two(second) + zone
  }
}

func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

private func name(_ names: String, _ index: Int) -> String {
  String(names.split(separator: " ")[index])
}

private let months =
  "January February March April May June July August September October November December"
private let weekdays = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"

/// `Sat 19 Dec`
func shortDay(_ date: LocalDate) -> String {
  "\(name(weekdays, date.weekday).prefix(3)) \(date.civil.day) "
    + "\(name(months, date.civil.month - 1).prefix(3))"
}

/// `Saturday, 19 December 2026`
func longDay(_ date: LocalDate) -> String {
  let civil = date.civil
  return "\(name(weekdays, date.weekday)), \(civil.day) \(name(months, civil.month - 1)) "
    + "\(civil.year)"
}

/// `2026-12-19`
func isoDate(_ date: LocalDate) -> String {
  let civil = date.civil
  let year = String(civil.year)
  return String(repeating: "0", count: max(0, 4 - year.count)) + year + "-" + two(civil.month)
    + "-" + two(civil.day)
}

/// `2026-12` of yyyymm.
func monthText(_ yyyymm: UInt32) -> String { "\(yyyymm / 100)-" + two(Int(yyyymm % 100)) }

/// `2026-12-20 18:00 UTC`; `–` for 0, which means not known.
func utcText(_ unixSeconds: Int64) -> String {
  if unixSeconds == 0 { return "–" }
  let time = LocalTime(unixSeconds: unixSeconds)
  return isoDate(time.date) + " " + time.clock + " UTC"
}

/// `2026-12-20 10:00 UTC−08:00`, on the clocks of a place; `–` for 0, which means not known.
func placeText(_ unixSeconds: Int64, _ offsetSeconds: Int32) -> String {
  if unixSeconds == 0 { return "–" }
  let time = LocalTime(unixSeconds: unixSeconds, offsetSeconds: offsetSeconds)
  return isoDate(time.date) + " " + time.clock + " " + time.zone
}

/// `3 h 12 min`, rounded down: a countdown never promises time that is not there.
func duration(_ seconds: Int64) -> String {
  let minutes = max(0, seconds) / 60
  if minutes < 1 { return "less than a minute" }
  if minutes < 60 { return "\(minutes) min" }
  let hours = minutes / 60
  if hours < 48 { return "\(hours) h" + (minutes % 60 == 0 ? "" : " \(minutes % 60) min") }
  return "\(hours / 24) days" + (hours % 24 == 0 ? "" : " \(hours % 24) h")
}
