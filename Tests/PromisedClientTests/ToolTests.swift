import Glibc
import PromisedClient
import PromisedModel
import PromisedWire
import Testing

@testable import promise

/// One run of the tool: its exit code and what it wrote.
struct Run {
  var code: Int32 = -1
  var output = ""
  var notes = ""

  init(_ words: [String], server: String? = nil) {
    let output = Shared("")
    let notes = Shared("")
    code = Program.run(
      words, environment: { $0 == "PROMISED_SERVER" ? server : nil }, isTerminal: false,
      write: { text in output.with { $0 += text } }, note: { text in notes.with { $0 += text } })
    self.output = output.value
    notes.with { self.notes = $0 }
  }
}

@Suite struct ToolTests {
  private func run(_ words: String...) throws -> Run {
    let server = FakeServer(answerWorld)
    defer { server.stop() }
    return Run(words, server: server.address.description)
  }

  @Test func anOfferInWords() throws {
    let run = try run("offer", "B1", "--to", "98109")
    #expect(run.code == 0)
    #expect(
      run.output == """
        B1 to 98109
          Delivered  Monday, 21 December 2026, 09:00–20:00 (UTC−08:00)
          Order      within 3 h 12 min, by Sun 20 Dec 13:12 (UTC−08:00)
          From       SEA1, Seattle, WA
          Chance     95.0 % by the end of the window
          Path
            From  To     By    Leg  Leaves                      Arrives
            SEA1  STA1   road  L1   Sun 20 Dec 22:00 UTC−08:00  Sun 20 Dec 22:45 UTC−08:00
            STA1  98109  road  L1   Sun 20 Dec 22:00 UTC−08:00  Sun 20 Dec 22:45 UTC−08:00

        """)
  }

  @Test func noOfferSaysWhyAndWhatToDo() throws {
    let run = try run("offer", "B1", "B2", "--to", "98109")
    #expect(run.code == 1)
    #expect(run.output.contains("  No offer: no fulfilment centre has 1 unit free.\n"))
    #expect(run.output.contains("  `promise stock B2` shows what is where and what is coming.\n"))
  }

  @Test func anOfferAsJSON() throws {
    let run = try run("offer", "B1", "B2", "--to", "98109", "--json")
    #expect(run.code == 1)
    #expect(
      run.output.hasPrefix(
        #"{"as_of":{"position":77,"unix_s":1797789600,"time":"2026-12-20T18:00:00Z"},"#
          + #""profile_epoch":0,"offers":[{"item":"B1","postcode":"98109","outcome":0,"#
          + #""reason":"OK","supply":"on_hand","available_from_unix_s":0,"available_from":null,"#
          + #""supplied_units":0,"silence":"","node":"SEA1","node_title":"Seattle, WA","#
          + #""window_from_unix_s":1797872400,"window_from":"2026-12-21T09:00:00-08:00","#))
    #expect(
      run.output.hasSuffix(
        #"{"item":"B2","postcode":"98109","outcome":60,"reason":"NO_STOCK"}]}"# + "\n"))
  }

  @Test func stock() throws {
    let run = try run("stock", "B1", "B9")
    #expect(run.code == 1)
    #expect(
      run.output.hasPrefix(
        """
        B1
          Node  On hand  Unfulfillable  Held  Available
          SEA1       10             12     1         -3
          Coming to  Units  Expected                    Stage    Shipment
          SEA1          40  2026-12-20 12:53 UTC−08:00  shipped  X1
          Available now -3, inbound within 14 days 40
          Next supply 40 units, 2026-12-20 12:53 UTC−08:00
          At 2.5 units a day over 14 days: all demand met 100.0 %, a unit left 50.0 %

        B9
          ITEM_UNKNOWN

        """))
  }

  @Test func inStock() throws {
    let table = try run("in-stock", "B1", "--horizon", "30")
    #expect(table.code == 0)
    for part in [
      "B1", "2026-12-22", "2026-12-23", "not in a year", "declared, 66.0 days",
      "inbound is overdue", "45.8 %", "Over 30 days; dates are UTC.",
      "In stock lately, 1 item: by demand 76.3 %, evenly 74.8 %",
    ] {
      #expect(table.output.contains(part), "\(part) in \(table.output)")
    }
    let json = try run("in-stock", "B1", "--json", "--fast-track").output
    for part in [
      #""never_out":30000,"#, #""stock_out_p90_unix_s":0,"stock_out_p90":null"#,
      #""in_stock_reason":"inbound is overdue""#, #""fast_track":13107"#, #""rate_by_time":49000"#,
    ] {
      #expect(json.contains(part), "\(part) in \(json)")
    }
    #expect(try run("in-stock", "B1", "--demand", "guessed").code == 2)
    #expect(try run("in-stock", "B1", "--horizon", "0").code == 2)
  }

  @Test func history() throws {
    let run = try run("history", "B1", "B2")
    #expect(run.code == 1)
    #expect(
      run.output == """
        B1
          Day         On hand  Sold  In stock
          2026-12-21       90     8   100.0 %
          2026-12-22       90     9   100.0 %
          Sold so far today: 3

        B2
          ITEM_UNKNOWN

        """)
    let json = try self.run("history", "B1", "--json").output
    #expect(json.contains(#"{"day":"2026-12-22","on_hand":90,"demand":9,"in_stock":65535}"#))
  }

  @Test func capacity() throws {
    let run = try run("capacity", "S1", "--item", "B1", "--table")
    #expect(run.code == 0)
    #expect(
      run.output == """
        S1
          Storage type  Month    Limit          ft³  Used ft³  Headroom ft³    litres  Units of B1
          standard      2026-12  confirmed  1,200.5     100.5       1,100.0  31,148.5           12

        """)
  }

  @Test func capacityAsBars() throws {
    let run = try run("capacity", "S1", "--item", "B1")
    #expect(
      run.output == """
        S1
          █ on hand   ▒ inbound   ░ free   │ the limit, where it is exceeded
          standard
            2026-12  ██░░░░░░░░░░░░░░░░░░░░░░░░░░░░  confirmed 1,200.5 ft³
                     on hand 100.5, inbound 0.0, free 1,100.0 ft³
                     900.0 ft³ may be sent to arrive then, 10 of B1; bound by the building
        Limits of the next months are announced 2026-12-20 to 2026-12-26.

        """)
  }

  @Test func holds() throws {
    let run = try run("hold", "B1@SEA1=2", "--owner", "cart", "--key", "k")
    #expect(run.code == 0)
    #expect(
      run.output.hasPrefix("Hold 9: held, owner cart, expires in 10 min, 2026-12-20 18:10 UTC\n"))
    #expect(try self.run("commit", "9", "--owner", "cart").output.hasPrefix("Hold 9: committed"))
    #expect(try self.run("hold", "B1@SEA1=0", "--owner", "cart").code == 2)
    #expect(try self.run("hold", "B1@SEA1").code == 2)
    let unknown = try self.run("get", "404", "--json")
    #expect(unknown.code == 1)
    #expect(
      unknown.output
        == #"{"error":{"code":5,"message":"no hold 404","reason":"HOLD_UNKNOWN","outcome":5,"#
        + #""retryable":false,"retry_after_ms":0,"key":"404","row":3,"available_units":2,"#
        + #""next_supply_unix_s":0,"next_supply":null}}"# + "\n")
  }

  @Test func adjustments() throws {
    let run = try run("adjust", "B1@SEA1=-2", "--source", "wms", "--sequence", "7")
    #expect(run.code == 0)
    #expect(run.output.contains("applied"))
    #expect(run.output.hasSuffix("wms stands at 7.\n"))
    #expect(try self.run("adjust", "B1@SEA1=-2", "--source", "wms").code == 2)
  }

  @Test func listsGoOnPageByPage() throws {
    let run = try run("list", "items")
    #expect(run.output == "key  size\nk0   100\nk3   99\n")
    let wrong = try self.run("list", "item")
    #expect(wrong.code == 2)
    #expect(wrong.notes.contains("no kind item; did you mean items?"))
  }

  @Test func operations() throws {
    #expect(try run("status").output.contains("Positions    300,000\n"))
    #expect(try run("status", "--json").output.contains(#""sources":[{"source":"wms","#))
    #expect(try run("snapshot", "take").output == "s1: position 77, 4.0 KiB, 8 ms\n")
    #expect(try run("snapshot", "list").output.contains("s1              77  1970-01-01 00:00 UTC"))
    #expect(try run("snapshot", "drop").code == 2)
    #expect(try run("ping", "--count", "3").output.contains("in the mean of 3"))
    #expect(try run("drain").code == 0)
    #expect(try run("time", "+1h").output == "It is 2026-12-20 18:00 UTC now.\n")
    #expect(try run("time", "soon").code == 2)
    #expect(try run("load", "--abort").output == "No load is open.\n")
  }

  @Test func wrongWords() {
    let unknown = Run(["ofer", "B1"])
    #expect(unknown.code == 2)
    #expect(unknown.notes.hasPrefix("promise: no command ofer; did you mean offer?\n"))
    #expect(Run([]).code == 2)
    #expect(Run(["--help"]).code == 0)
    #expect(Run(["offer", "--help"]).output.contains("promise offer B000000001 --to 98109"))
    #expect(Run(["status", "--server", "nonsense:x"]).code == 2)
  }

  @Test func nobodyThere() {
    let run = Run(["status", "--server", "unix:/tmp/promised-nobody", "--timeout", "1"])
    #expect(run.code == 69)
    #expect(run.notes.contains("Is it running?"))
  }

  @Test func helpOfACommandAndOfNone() {
    #expect(Run(["help", "offer"]).output == Run(["offer", "--help"]).output)
    let wrong = Run(["help", "ofer"])
    #expect(wrong.code == 2)
    #expect(wrong.notes.contains("did you mean offer?"))
    #expect(!Run(["verify", "--help"]).output.contains("--server"))
    #expect(Run(["list"]).notes.contains("items|nodes|sellers"))
  }

  @Test func wrongCommandLinesAreJSONToo() {
    for words in [["ofer", "--json"], ["offer", "--json"], ["offer", "--too", "--json"]] {
      let run = Run(words)
      #expect(run.code == 2)
      #expect(run.output.hasPrefix(#"{"error":{"message":""#) && run.notes.isEmpty)
    }
  }

  @Test(arguments: [20, 40, 60, 80, 100, 200])
  func progressFitsTheTerminal(_ columns: Int) {
    let line = progressLine(
      "loading marketplaces.csv", rows: 1_087_743, of: 4_000_000, speed: "1,253,564",
      columns: columns)
    #expect(line.utf8.count < columns)
    #expect(line.hasSuffix("rows/s") == (columns > 60))
    #expect(line.contains("[") == (columns > 60))
  }

  @Test func whatIsLeftIsToldByTheSpeedOfTheLastSeconds() {
    var speed = Speed()
    let second: UInt64 = 1_000_000_000
    for now in 1...10 { speed.note(now * 1000, since: 0, at: UInt64(now) * second) }
    #expect(speed.perSecond == 1000)
    for now in 11...20 { speed.note(10_000 + (now - 10) * 10, since: 0, at: UInt64(now) * second) }
    #expect(speed.perSecond == 10)
    #expect(remaining(590, 10) == "59 s" && remaining(1201, 10) == "2 min 1 s")
    #expect(remaining(72_000, 10) == "2 h 0 min" && remaining(5, 0) == nil)
    #expect(Share(done: 10, all: 100).estimate(7) == 70 && Share().estimate(7) == nil)
    let line = progressLine(
      "feeding wms", rows: 5, of: 10, speed: "1", left: "5 s", columns: 100)
    #expect(line.hasSuffix("5 s left, 5 rows, 1 rows/s"))
  }

  @Test func verifyOfNothing() {
    #expect(Run(["verify", "/tmp/promised-nowhere"]).code == 74)
  }

  /// A directory with these files, for as long as the body runs.
  private func withDirectory(
    _ files: [String: String], _ body: (String) throws -> Void
  ) throws {
    var template = Array("/tmp/promised-import-XXXXXX".utf8CString)
    _ = mkdtemp(&template)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for (name, text) in files {
      let file = try #require(fopen(path + "/" + name, "w"))
      fputs(text, file)
      fclose(file)
    }
    defer {
      for name in files.keys { unlink(path + "/" + name) }
      rmdir(path)
    }
    try body(path)
  }

  @Test func aDryRunNeedsNoServer() throws {
    try withDirectory(["positions.csv": "item,node,on_hand\nB1,SEA1,3\nB2,SEA1,4\n"]) { path in
      let run = Run(["load", path, "--dry-run"])
      #expect(run.code == 0)
      #expect(
        run.output.hasPrefix(
          "File           Rows  Chunks\npositions.csv     2       1\nChecked 2 rows"))
      #expect(run.output.hasSuffix("A dry run: nothing was sent.\n"))
      #expect(Run(["load", path, "--dry-run", "--replace"]).code == 1)
      #expect(Run(["load", path, "--merge", "--replace"]).code == 2)
    }
  }

  @Test func wrongFilesAreNamed() throws {
    try withDirectory(["positions.csv": "item,node,on_hand\nB1,SEA1,3.5\n"]) { path in
      let run = Run(["load", path])
      #expect(run.code == 1)
      #expect(
        run.notes == """
          positions.csv line 2 column on_hand: "3.5" — allowed: a whole number, 0…2,000,000,000
          1 problem; nothing was sent. --dry-run checks again without a server.

          """)
      let json = Run(["load", path, "--json"])
      #expect(
        json.output == #"{"problem_count":1,"problems":[{"file":"positions.csv","line":2,"#
          + #""column":"on_hand","value":"3.5","allowed":"a whole number, 0…2,000,000,000"}]}"#
          + "\n")
    }
    try withDirectory(["position.csv": ""]) { path in
      let run = Run(["load", path])
      #expect(run.code == 2)
      #expect(run.notes.contains("position.csv is no import file; did you mean positions.csv?"))
    }
    #expect(Run(["load", "/tmp/promised-nowhere"]).code == 2)
  }
}
