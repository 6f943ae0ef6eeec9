import PromisedEngine
import PromisedModel

/// The dates on which Brazil works: weekends, and the national holidays as the law states them, the
/// movable ones from the date of Easter.
enum BrazilianCalendar {
  /// The working days of a span; a Saturday delivers about a quarter of a weekday, and a Sunday and
  /// a holiday next to nothing.
  static func workingDays(from first: Int32, through last: Int32) -> WorkingDays {
    WorkingDays(from: first, weights: (first...last).map { weight(LocalDate(days: $0)) })
  }

  static func weight(_ date: LocalDate) -> Int32 {
    if isHoliday(date) { return 40 }
    let civil = date.civil
    // The eves of Christmas and of the year: half a day at most.
    if civil.month == 12, civil.day == 24 || civil.day == 31 {
      return min(300, weekdayWeight(date))
    }
    return weekdayWeight(date)
  }

  private static func weekdayWeight(_ date: LocalDate) -> Int32 {
    switch date.weekday {
    case 5: 280
    case 6: 80
    default: 1000
    }
  }

  static func isHoliday(_ date: LocalDate) -> Bool {
    let civil = date.civil
    switch (civil.month, civil.day) {
    case (1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (12, 25): return true
    default: break
    }
    // Carnival Monday and Tuesday, Good Friday, Corpus Christi.
    return [-48, -47, -2, 60].contains(date.days - easter(civil.year).days)
  }

  /// Easter Sunday of a Gregorian year. Source: the anonymous algorithm in Nature 13 (1876).
  static func easter(_ year: Int) -> LocalDate {
    let golden = year % 19
    let (century, ofCentury) = (year / 100, year % 100)
    let correction = (century - (century + 8) / 25 + 1) / 3
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30
    let weekday = (32 + 2 * (century % 4) + 2 * (ofCentury / 4) - epact - ofCentury % 4) % 7
    let shift = (golden + 11 * epact + 22 * weekday) / 451
    let sum = epact + weekday - 7 * shift + 114
    return LocalDate(year: year, month: sum / 31, day: sum % 31 + 1) ?? LocalDate(days: 0)
  }
}
