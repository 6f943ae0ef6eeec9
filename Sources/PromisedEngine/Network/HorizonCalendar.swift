import PromisedModel

/// The stretch of time that profiles cover: whole days from a UTC midnight.
package struct Horizon: Sendable, Equatable {
  /// UTC midnight of yesterday, in UTC seconds.
  package let base: Int64
  /// Days promised, then days scanned only so that no promise is an artefact of the end.
  package let promisedDays: Int
  package let slackDays: Int

  package init(
    base: Int64, promisedDays: Int = Limits.promisedDays, slackDays: Int = Limits.scanSlackDays
  ) {
    self.base = base
    self.promisedDays = promisedDays
    self.slackDays = slackDays
  }

  /// Minutes scanned, below 65,535.
  package var minutes: Int32 { Int32((promisedDays + slackDays) * 1440) }
  package var promisedMinutes: Int32 { Int32(promisedDays * 1440) }

  /// The base of the horizon for an instant: UTC midnight of the day before.
  package static func base(at now: UnixMilliseconds) -> Int64 {
    (floorDivide(now.seconds, 86_400) - 1) * 86_400
  }

  /// The minute an instant falls in.
  @inlinable
  package func minute(of unixSeconds: Int64) -> Int32 {
    Int32(clamping: floorDivide(unixSeconds - base, 60))
  }

  @inlinable
  package func unixSeconds(_ minute: Int32) -> Int64 { base + Int64(minute) * 60 }

  /// The first local date any zone can show at the base, and how many dates the calendars are laid
  /// out for: the scan, and behind it the longest transit (60 working days at two a week).
  var firstDate: LocalDate { LocalDate(days: Int32(floorDivide(base, 86_400)) - 2) }
  var dateCount: Int { promisedDays + slackDays + 220 }
  /// Dates that can touch the scan itself.
  var scannedDateCount: Int { promisedDays + slackDays + 4 }
}

/// Instants of local times in one zone within a horizon: day starts are looked up once.
struct HorizonClock {
  let rules: TimeZoneRules
  let horizon: Horizon
  /// Minute of each date's local midnight.
  private var starts: [Int32] = []
  /// Whether the date has 24 hours with one offset.
  private var isPlain: [Bool] = []

  init(rules: TimeZoneRules, horizon: Horizon) {
    self.rules = rules
    self.horizon = horizon
    for index in 0..<horizon.dateCount {
      let date = LocalDate(days: horizon.firstDate.days + Int32(index))
      let start = rules.startOfDay(date)
      starts.append(horizon.minute(of: start))
      let segment = rules.segment(at: start)
      isPlain.append(
        segment.end - start >= 86_400 && start + Int64(segment.offset) == Int64(date.days) * 86_400)
    }
  }

  /// The minute of a local time (0…1440) of the date at `index`.
  func minute(_ index: Int, _ localMinute: Int16, _ occurrence: TimeZoneRules.Occurrence) -> Int32 {
    if isPlain[index], localMinute < 1440 || index + 1 == starts.count {
      return starts[index] + Int32(localMinute)
    }
    let date = LocalDate(days: horizon.firstDate.days + Int32(index))
    return horizon.minute(
      of: rules.instant(of: date, minute: Int(localMinute), choosing: occurrence))
  }

  /// The changes of the offset from the base to the last date, each with the minute from which it
  /// holds; at least one.
  func offsetChanges() -> [(from: Int32, offset: Int32)] {
    var changes: [(from: Int32, offset: Int32)] = []
    var cursor = horizon.base
    let end = horizon.base + Int64(horizon.dateCount) * 86_400
    while cursor < end {
      let segment = rules.segment(at: cursor)
      changes.append((from: horizon.minute(of: cursor), offset: segment.offset))
      cursor = segment.end
    }
    return changes
  }
}

/// A calendar laid out over the dates of a horizon.
struct HorizonCalendar {
  /// Per date, from the first opening to the last closing; −1 = closed.
  private(set) var opens: [Int16] = []
  private(set) var closes: [Int16] = []
  /// The next open date at or after each one, `dateCount` if none.
  private(set) var nextOpen: [Int32] = []

  init(rules: [CalendarRule], horizon: Horizon) {
    for index in 0..<horizon.dateCount {
      var open: Int16 = -1
      var close: Int16 = -1
      let date = LocalDate(days: horizon.firstDate.days + Int32(index))
      Self.forEachOpening(rules, date) { from, to in
        open = open < 0 ? from : min(open, from)
        close = max(close, to)
      }
      opens.append(open)
      closes.append(close)
    }
    nextOpen = Array(repeating: Int32(horizon.dateCount), count: horizon.dateCount + 1)
    for index in stride(from: horizon.dateCount - 1, through: 0, by: -1) {
      nextOpen[index] = opens[index] >= 0 ? Int32(index) : nextOpen[index + 1]
    }
  }

  func isOpen(_ index: Int) -> Bool { opens[index] >= 0 }

  /// The openings of a date: the rules of that very date if there are any, else the weekly ones.
  static func forEachOpening(
    _ rules: [CalendarRule], _ date: LocalDate, _ body: (Int16, Int16) -> Void
  ) {
    let isException = rules.contains { $0.date == date }
    let weekday = UInt8(1) << UInt8(date.weekday)
    for rule in rules where rule.openMinute < rule.closeMinute {
      if isException ? rule.date == date : rule.date == nil && rule.weekdays & weekday != 0 {
        body(rule.openMinute, rule.closeMinute)
      }
    }
  }

  /// The open intervals in minutes of the horizon, merged, ascending and cut to the scan: from the
  /// first occurrence of the opening time to the last one of the closing time.
  static func openIntervals(
    _ rules: [CalendarRule], clock: HorizonClock
  ) -> [(open: Int32, close: Int32)] {
    let horizon = clock.horizon
    var intervals: [(open: Int32, close: Int32)] = []
    for index in 0..<horizon.scannedDateCount {
      let date = LocalDate(days: horizon.firstDate.days + Int32(index))
      forEachOpening(rules, date) { from, to in
        let open = max(0, clock.minute(index, from, .first))
        let close = min(horizon.minutes, clock.minute(index, to, .last))
        if open < close { intervals.append((open, close)) }
      }
    }
    intervals.sort { ($0.open, $0.close) < ($1.open, $1.close) }
    var merged: [(open: Int32, close: Int32)] = []
    for interval in intervals {
      if let last = merged.last, interval.open <= last.close {
        merged[merged.count - 1].close = max(last.close, interval.close)
      } else {
        merged.append(interval)
      }
    }
    return merged
  }
}
