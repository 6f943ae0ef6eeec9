import PromisedImport
import PromisedModel
import Testing

private func with<Result>(_ text: String, _ body: (BorrowedBytes) -> Result) -> Result {
  Array(text.utf8).withUnsafeBufferPointer { body(BorrowedBytes($0)) }
}

@Suite struct CellTests {
  @Test(
    arguments: [
      ("0", 0), ("007", 7), ("9223372036854775807", Int64.max), ("9223372036854775808", nil),
      ("00000000000000000000000012", 12), ("", nil), ("-1", nil), ("+1", nil), ("1.0", nil),
      (" 1", nil), ("1e3", nil), ("12345678901234567890", nil),
    ] as [(String, Int64?)])
  func integers(_ text: String, _ expected: Int64?) {
    #expect(with(text) { Cell.integer($0) } == expected)
  }

  @Test(
    arguments: [
      ("1", 1_000_000), ("0.000001", 1), ("0.0000001", 1), ("0.0000000", 0), ("1.5", 1_500_000),
      ("1.0000001", 1_000_001), ("1.00000100", 1_000_001), (".5", 500_000), ("5.", 5_000_000),
      ("0.3000000000000000000000000000001", 300_001), ("9223372036854.775807", Int64.max),
      ("9223372036854.7758071", nil), ("9223372036855", nil), ("", nil), (".", nil), ("1.2.3", nil),
      ("1,5", nil), ("-1", nil), ("1e3", nil), ("NaN", nil),
    ] as [(String, Int64?)])
  func decimalsRoundUp(_ text: String, _ expected: Int64?) {
    #expect(with(text) { Cell.decimal($0, digits: 6, rounding: .up) } == expected)
  }

  @Test func decimalsRoundTheOtherWays() {
    #expect(with("1.9999") { Cell.decimal($0, digits: 2, rounding: .down) } == 199)
    #expect(with("1.995") { Cell.decimal($0, digits: 2, rounding: .nearest) } == 200)
    #expect(with("1.9949") { Cell.decimal($0, digits: 2, rounding: .nearest) } == 199)
    #expect(
      with("-122.3320708") { Cell.decimal($0, digits: 6, rounding: .nearest, signed: true) }
        == -122_332_071)
    #expect(with("-") { Cell.decimal($0, digits: 6, rounding: .nearest, signed: true) } == nil)
  }

  @Test(
    arguments: [
      ("00:00", 0), ("24:00", 1440), ("14:05", 845), ("24:01", nil), ("23:60", nil), ("9:00", nil),
      ("", nil), ("ab:cd", nil),
    ] as [(String, Int16?)])
  func times(_ text: String, _ expected: Int16?) {
    #expect(with(text) { Cell.minuteOfDay($0) } == expected)
  }

  @Test(
    arguments: [
      ("daily", 0x7F), ("Mon-Fri", 0x1F), ("Mon Wed Sat", 0x25), ("Sat-Mon", 0x61), ("Sun", 0x40),
      ("Mon-Wed Sat", 0x27), ("", nil), ("mon", nil), ("Monday", nil), ("Mon-", nil),
      ("Mon-Tue-Wed", nil), ("Mon,Tue", nil),
    ] as [(String, UInt8?)])
  func weekdays(_ text: String, _ expected: UInt8?) {
    #expect(with(text) { Cell.weekdays($0) } == expected)
  }

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2026-12-20T18:00:00Z", 1_797_789_600),
      ("2026-12-20T10:00:00-08:00", 1_797_789_600), ("2026-12-20T18:00:00.001Z", 1_797_789_601),
      ("2026-12-20T18:00:00.000Z", 1_797_789_600), ("2026-12-20 18:00:00Z", nil),
      ("2026-12-20T18:00:00", nil), ("2026-02-30T18:00:00Z", nil), ("2026-12-20T18:00:00.Z", nil),
      ("2026-12-20T18:00:00+0800", nil), ("2026-12-20T24:00:00Z", nil), ("", nil),
    ] as [(String, Int64?)])
  func instants(_ text: String, _ expected: Int64?) {
    #expect(with(text) { Cell.instant($0) } == expected)
  }

  @Test func monthsAndDates() {
    #expect(with("2026-12") { Cell.month($0) } == 202612)
    #expect(with("2026-13") { Cell.month($0) } == nil)
    #expect(with("202612") { Cell.month($0) } == nil)
    #expect(with("2024-02-29") { Cell.date($0)?.days } == 19_782)
    #expect(with("2026-02-29") { Cell.date($0)?.days } == nil)
  }

  @Test func transitIsDealtByLargestRemainder() {
    func dealt(_ text: String) -> [String]? {
      with(text) { Cell.transit($0) }?.map { "\($0.workingDays):\($0.probability)" }
    }
    #expect(dealt("3:1") == ["3:65535"])
    #expect(dealt("2:0.70 3:0.25 5:0.05") == ["2:45874", "3:16384", "5:3277"])
    #expect(dealt("1:0.333 2:0.333 3:0.334")?.count == 3)
    for text in ["1:0.333 2:0.333 3:0.333", "0:0.5 1:0.4999999 60:0.0000001", "1:0.1 2:0.9"] {
      let sum = with(text) { Cell.transit($0) }?.reduce(0) { $0 + Int($1.probability) }
      #expect(sum == 65_535, "\(text)")
    }
    for text in ["", "2", "2:0.5", "2:0.5 2:0.5", "3:0.5 2:0.5", "61:1", "2:1.1", "2:x", "2:0 3:1"]
    {
      #expect(dealt(text) == nil, "\(text)")
    }
  }
}
