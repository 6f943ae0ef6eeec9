import PromisedModel
import Testing

@testable import promise

@Suite struct TextTests {
  private let plain = Style(hasColor: false)

  @Test func numbers() {
    #expect(
      [0, 7, 999, 1000, -1234, 1_234_567].map { grouped($0) } == [
        "0", "7", "999", "1,000", "-1,234", "1,234,567",
      ])
    #expect(grouped(Int64.min) == "-9,223,372,036,854,775,808")
    #expect(counted(1, "row") == "1 row")
    #expect(counted(2, "row") == "2 rows")
  }

  @Test func volumes() {
    #expect(cubicFeet(1_200_500_000) == "1,200.5")
    #expect(cubicFeet(49_999) == "0.0")
    #expect(cubicFeet(50_000) == "0.1")
    #expect(litres(1_000_000) == "28.3")
    #expect(litres(1_000_000_000_000_000_000) == "28,316,846,592,000.0")
    #expect(litres(-1_000_000) == "-28.3")
    #expect(percent(65_535) == "100.0 %")
    #expect(percent(32_768) == "50.0 %")
    #expect(byteSize(1023) == "1023 B")
    #expect(byteSize(1536) == "1.5 KiB")
    #expect(byteSize(.max) == "16,777,216.0 TiB")
  }

  @Test func tablesAlignWideText() {
    var table = Table("Node", "#Units", "Title")
    table.add("SEA1", "7", "Seattle")
    table.add("東京", "1,234", "é\u{301}")
    table.add("x", "0", "bad\u{1B}[2J")
    #expect(
      table.text(plain, indent: " ")
        == " Node  Units  Title\n SEA1      7  Seattle\n 東京  1,234  é\u{301}\n x         0  bad\u{FFFD}[2J\n"
    )
  }

  @Test func colourOnlyWhereWanted() {
    #expect(Style(hasColor: true).bold("x") == "\u{1B}[1mx\u{1B}[0m")
    #expect(plain.bold("x") == "x")
  }

  @Test func times() {
    let seattle = LocalTime(unixSeconds: 1_797_801_120, offsetSeconds: -28_800)
    #expect(seattle.rfc3339 == "2026-12-20T13:12:00-08:00")
    #expect("\(seattle.day) \(seattle.clock) \(seattle.zone)" == "Sun 20 Dec 13:12 UTC−08:00")
    #expect(LocalTime(unixSeconds: 0).rfc3339 == "1970-01-01T00:00:00Z")
    #expect(LocalTime(unixSeconds: -1).rfc3339 == "1969-12-31T23:59:59Z")
    #expect(LocalTime(unixSeconds: 0, offsetSeconds: 20_700).rfc3339 == "1970-01-01T05:45:00+05:45")
    #expect(LocalTime(unixSeconds: .max).rfc3339.hasPrefix("5138-"))
    #expect(utcText(0) == "–")
    #expect(placeText(0, -28_800) == "–")
    #expect(placeText(1_797_801_120, -28_800) == "2026-12-20 13:12 UTC−08:00")
    #expect(placeText(1_797_801_120, 0) == "2026-12-20 21:12 UTC")
    #expect(longDay(LocalDate(days: 20_808)) == "Monday, 21 December 2026")
  }

  @Test(
    arguments: [
      (-5, "less than a minute"), (59, "less than a minute"), (60, "1 min"), (11_579, "3 h 12 min"),
      (7200, "2 h"), (172_799, "47 h 59 min"), (172_800, "2 days"), (180_000, "2 days 2 h"),
    ] as [(Int64, String)])
  func durations(_ seconds: Int64, _ expected: String) {
    #expect(duration(seconds) == expected)
  }

  @Test func jsonEscapes() {
    #expect(JSON.quoted("a\"b\\c\n\r\t\u{1}\u{7F}é東😀") == #""a\"b\\c\n\r\t\u0001\u007fé東😀""#)
  }

  @Test func jsonNests() {
    let text = JSON.object { json in
      json.member("a", "x")
      json.member("b", UInt64.max)
      json.rows("c", [1, 2]) { $0.member("n", $1) }
      json.rows("d", [Int]()) { $0.member("n", $1) }
      json.texts("e", ["p", "q"])
      json.object("f") { $0.member("g", true) }
      json.instant("h", 1_797_801_120, offset: -28_800)
      json.instant("i", 0)
    }
    #expect(
      text
        == #"{"a":"x","b":18446744073709551615,"c":[{"n":1},{"n":2}],"d":[],"e":["p","q"],"#
        + #""f":{"g":true},"h_unix_s":1797801120,"h":"2026-12-20T13:12:00-08:00","#
        + #""i_unix_s":0,"i":null}"#)
  }
}

@Suite struct ArgumentTests {
  private func parse(_ words: String...) -> Result<Arguments, UsageError> {
    guard let spec = CommandSpec.named(words[0]) else { return .failure(UsageError("no command")) }
    do throws(UsageError) {
      return .success(try Arguments(words.dropFirst(), for: spec))
    } catch { return .failure(error) }
  }

  @Test func optionsAndOperandsMix() throws {
    let arguments = try parse("offer", "B1", "--to", "98109", "B2", "--to=10001", "--path").get()
    #expect(arguments.operands == ["B1", "B2"])
    #expect(arguments.options["to"] == ["98109", "10001"])
    #expect(arguments.value("to") == "10001")
    #expect(arguments.has("path"))
    #expect(!arguments.has("json"))
    #expect(try parse("offer", "--", "--to").get().operands == ["--to"])
    #expect(try parse("adjust", "B1@N=-2", "--source", "-").get().value("source") == "-")
  }

  @Test(
    arguments: [
      (["offer", "B1", "--too", "x"], "offer has no option --too; did you mean --to?"),
      (["offer", "B1", "--tp", "x"], "offer has no option --tp; did you mean --to?"),
      (["offer", "B1", "--zzz"], "offer has no option --zzz"),
      (["offer", "B1", "--to"], "--to needs a value: --to POSTCODE"),
      (["offer", "B1", "--path=1"], "--path takes no value"),
      (["offer"], "offer needs ITEM..."),
      (["get", "1", "2"], "get takes HOLD, not also 2"),
      (["status", "x"], "status takes no operands, not also x"),
    ] as [([String], String)])
  func errorsSayWhat(_ words: [String], _ expected: String) throws {
    let spec = try #require(CommandSpec.named(words[0]))
    #expect(throws: UsageError(expected)) { try Arguments(words.dropFirst(), for: spec) }
  }

  @Test func numbersHaveRanges() throws {
    let arguments = try parse("stock", "B1", "--horizon", "400").get()
    #expect(throws: UsageError("--horizon is \"400\"; allowed: a whole number, 1…365")) {
      try arguments.integer("horizon", 1...365, default: 14)
    }
    #expect(try arguments.integer("timeout", 1...9, default: 3) == 3)
  }

  @Test(
    arguments: [
      ("ofer", "offer"), ("oferf", "offer"), ("sotck", "stock"), ("stat", "status"), ("x", nil),
      ("capacities", nil), ("--help", nil),
    ] as [(String, String?)])
  func nearestCommand(_ word: String, _ expected: String?) {
    #expect(nearest(word, CommandSpec.all.map(\.name)) == expected)
  }

  @Test func distances() {
    func distance(_ left: String, _ right: String) -> Int {
      editDistance(Array(left.utf8), Array(right.utf8))
    }
    #expect(distance("", "abc") == 3)
    #expect(distance("abc", "abc") == 0)
    #expect(distance("acb", "abc") == 1)
    #expect(distance("kitten", "sitting") == 3)
  }

  @Test func everyCommandHasHelpWithExamples() {
    for spec in CommandSpec.all {
      let text = help(spec, Style(hasColor: false))
      #expect(!spec.examples.isEmpty)
      for example in spec.examples {
        #expect(text.contains(example))
        // The examples are themselves command lines that can be read.
        let words = example.split(separator: " ").map(String.init)
        #expect(words[0] == "promise")
        #expect(throws: Never.self) { try Arguments(words.dropFirst(2), for: spec) }
      }
      for option in spec.allOptions { #expect(text.contains("--" + option.name)) }
    }
  }

  @Test func lineOperands() {
    let line = LineOperand("B1@SEA1=2")
    #expect(line?.item == "B1")
    #expect(line?.node == "SEA1")
    #expect(line?.amount == "2")
    #expect(LineOperand("a@b@SEA1")?.item == "a@b")
    #expect(LineOperand("B1") == nil)
    #expect(LineOperand("@SEA1") == nil)
    #expect(LineOperand("B1@") == nil)
  }

  @Test(
    arguments: [
      ("+90s", 90), ("+15min", 900), ("+36h", 129_600), ("+2d", 172_800), ("+2", nil), ("2d", nil),
      ("+d", nil), ("+99999999999999999999d", nil), ("+9223372036854775807d", nil),
    ] as [(String, Int64?)])
  func relativeTimes(_ text: String, _ expected: Int64?) {
    #expect(durationSeconds(text) == expected)
  }
}
