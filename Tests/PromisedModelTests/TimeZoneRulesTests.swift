import Glibc
import PromisedModel
import Testing

/// The bytes of a zone of the host. Only tests read the host's files.
func hostZone(_ name: String) throws -> [UInt8] {
  let file = try #require(fopen("/usr/share/zoneinfo/\(name)", "rb"), "no tzdata for \(name)")
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 65_536)
  let count = fread(&bytes, 1, bytes.count, file)
  return Array(bytes[..<count])
}

func date(_ year: Int, _ month: Int, _ day: Int) -> LocalDate {
  LocalDate(year: year, month: month, day: day) ?? LocalDate(days: 0)
}

@Suite struct TimeZoneRulesTests {
  @Test(
    "S3a: wall clock to UTC in New York",
    arguments: [
      (date(2026, 3, 8), 90, TimeZoneRules.Occurrence.first, Int64(1_772_951_400)),
      (date(2026, 3, 8), 150, .first, 1_772_955_000),
      (date(2026, 3, 8), 150, .last, 1_772_955_000),
      (date(2026, 3, 8), 210, .first, 1_772_955_000),
      (date(2026, 11, 1), 90, .first, 1_793_511_000),
      (date(2026, 11, 1), 90, .last, 1_793_514_600),
    ])
  func wallClock(
    date: LocalDate, minute: Int, occurrence: TimeZoneRules.Occurrence, expected: Int64
  ) throws {
    let rules = try TimeZoneRules(tzif: hostZone("America/New_York"))
    #expect(rules.instant(of: date, minute: minute, choosing: occurrence) == expected)
  }

  @Test(
    "S3b: lengths of days",
    arguments: [
      ("America/New_York", date(2026, 3, 8), Int64(82_800)),
      ("America/New_York", date(2026, 11, 1), 90_000),
      ("America/New_York", date(2045, 11, 5), 90_000),
      ("America/Phoenix", date(2026, 3, 8), 86_400),
      ("Australia/Lord_Howe", date(2026, 10, 4), 84_600),
      ("America/Sao_Paulo", date(2026, 10, 18), 86_400),
      // Midnight itself is skipped: the day begins at 01:00.
      ("America/Santiago", date(2026, 9, 6), 82_800),
    ])
  func dayLength(zone: String, date: LocalDate, expected: Int64) throws {
    let rules = try TimeZoneRules(tzif: hostZone(zone))
    let next = LocalDate(days: date.days + 1)
    #expect(rules.startOfDay(next) - rules.startOfDay(date) == expected)
    #expect(rules.localDate(at: rules.startOfDay(date)) == date)
    #expect(rules.localDate(at: rules.startOfDay(date) - 1).days == date.days - 1)
  }

  @Test func abbreviations() throws {
    let newYork = try TimeZoneRules(tzif: hostZone("America/New_York"))
    #expect(newYork.abbreviation(at: 1_772_955_000) == "EDT")
    #expect(newYork.abbreviation(at: 1_772_951_400) == "EST")
    #expect(newYork.abbreviation(at: 4_000_000_000) == "EDT")
    #expect(try TimeZoneRules(tzif: hostZone("Asia/Tokyo")).abbreviation(at: 0) == "JST")
  }

  @Test("Local times and instants are inverse, hour by hour over four years of each zone")
  func roundTrip() throws {
    let zones = [
      "America/New_York", "America/Phoenix", "Australia/Lord_Howe", "Europe/Dublin",
      "America/Sao_Paulo", "Africa/Casablanca", "Asia/Kathmandu", "UTC", "Antarctica/Troll",
    ]
    for zone in zones {
      let rules = try TimeZoneRules(tzif: hostZone(zone))
      var instant: Int64 = 1_735_689_600
      while instant < 1_735_689_600 + 4 * 366 * 86_400 {
        let local = rules.localDate(at: instant)
        let minute = Int(rules.localSecondOfDay(at: instant) / 60)
        let first = rules.instant(of: local, minute: minute, choosing: .first)
        let last = rules.instant(of: local, minute: minute, choosing: .last)
        #expect(first == instant || last == instant, "\(zone) at \(instant)")
        instant += 1800
      }
    }
  }

  @Test("The system library agrees, also long after the explicit transitions")
  func agreesWithGlibc() throws {
    for zone in ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago"] {
      let rules = try TimeZoneRules(tzif: hostZone(zone))
      setenv("TZ", zone, 1)
      tzset()
      defer {
        unsetenv("TZ")
        tzset()
      }
      var instant: time_t = -2_000_000_000
      while instant < 6_000_000_000 {
        var parts = tm()
        localtime_r(&instant, &parts)
        #expect(Int(rules.offset(at: Int64(instant))) == parts.tm_gmtoff, "\(zone) at \(instant)")
        instant += 7_777_777
      }
    }
  }

  @Test(
    "Footers, in a file without transitions",
    arguments: [
      ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", Int64(1_791_043_200), Int32(39_600)),
      ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1_788_000_000, 37_800),
      ("<-03>3", 0, -10_800),
      ("EST5EDT,M3.2.0,M11.1.0", 1_772_955_000, -14_400),
      // All year on daylight time.
      ("XXX3EDT4,0/0,J365/23", 1_772_955_000, -14_400),
      ("IST-1GMT0,M10.5.0,M3.5.0/1", 1_767_225_600, 0),
      ("IST-1GMT0,M10.5.0,M3.5.0/1", 1_782_000_000, 3600),
    ])
  func footers(text: String, instant: Int64, expected: Int32) throws {
    let rules = try TimeZoneRules(tzif: file(footer: text))
    // XXX3EDT4 means 3 h and 4 h west.
    #expect(rules.offset(at: instant) == expected)
  }

  @Test(
    "Malformed footers are refused",
    arguments: [
      "E", "EST", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST25", "<+05-5",
      "EST5EDT,M3.2.0,M11.1.0x", "EST5EDT,J0,J365", "EST5EDT,366,1", "EST5EDT,M3.2.0/168,M11.1.0",
      "EST99999999999",
    ])
  func malformedFooters(text: String) {
    #expect(throws: TimeZoneFileError.self) { try TimeZoneRules(tzif: file(footer: text)) }
  }

  @Test("Truncated and flipped files are refused or read, never a crash")
  func hostile() throws {
    let bytes = try hostZone("Australia/Lord_Howe")
    for count in 0..<bytes.count {
      #expect(throws: TimeZoneFileError.self) { try TimeZoneRules(tzif: Array(bytes[..<count])) }
    }
    var read = 0
    for index in bytes.indices {
      for flip: UInt8 in [0x01, 0x80, 0xff, 0x10] {
        var damaged = bytes
        damaged[index] ^= flip
        guard let rules = try? TimeZoneRules(tzif: damaged) else { continue }
        read += 1
        for instant in [Int64.min, -1, 0, 1_772_955_000, 1 << 40, Int64.max] {
          _ = rules.localDate(at: instant)
          _ = rules.abbreviation(at: instant)
        }
        _ = rules.instant(of: date(2026, 10, 4), minute: 140, choosing: .last)
      }
    }
    #expect(read > 0)
    #expect(throws: TimeZoneFileError.tooLarge) {
      try TimeZoneRules(tzif: [UInt8](repeating: 0, count: 70_000))
    }
  }

  /// A version-2 file with one type (UTC+0), no transitions and the footer.
  private func file(footer: String) -> [UInt8] {
    func header() -> [UInt8] {
      Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15 + 16) + [0, 0, 0, 1, 0, 0, 0, 4]
    }
    let block: [UInt8] = [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
    return header() + block + header() + block + [0x0a] + Array(footer.utf8) + [0x0a]
  }
}
