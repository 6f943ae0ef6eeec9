import Glibc
import PromisedClient
import PromisedModel
import PromisedWire
import Testing

@testable import promise

/// The commands around promises, against the server's own decoder and encoder.
@Suite struct PromiseToolTests {
  private func run(_ words: String...) throws -> Run { try run(words) }

  private func run(_ words: [String]) throws -> Run {
    let server = FakeServer(answerWorld)
    defer { server.stop() }
    return Run(words, server: server.address.description)
  }

  @Test func aPlanInWords() throws {
    let run = try run("plan", "B1:2", "B:2", "--to", "98109", "--level", "standard")
    #expect(run.code == 0)
    #expect(
      run.output == """
        2 lines to 98109, standard: 2 shipments, costs 9.12
          1  from SEA1
             2 × B1
             delivered Monday, 21 December 2026, 08:00–12:00 (UTC−08:00), chance 96.1 %
             order within 1 h 30 min, leaves by Sun 20 Dec 15:00 UTC−08:00, costs 4.56
          2  from PDX9, economy
             2 × B
             delivered Monday, 21 December 2026, 08:00–12:00 (UTC−08:00), chance 96.1 %
             order within 1 h 30 min, leaves by Sun 20 Dec 15:00 UTC−08:00, costs 4.56
          The best found; no plan costs less than 8.00.
          Redeem it  within 15 min, with `promise hold --token`
          Token      AQID-vs

        """)
  }

  @Test func aLevelThatIsNotServedIsANo() throws {
    let run = try run(
      "plan", "B1", "--to", "98109", "--level", "standard", "--level", "two-hour")
    #expect(run.code == 1)
    #expect(run.output.contains("No plan: nothing at this service level goes there; another"))
    #expect(
      run.output.contains(
        "Short      1 × B1: NO_STOCK, 1 unit there; next supply 2026-12-22 18:00 UTC\n"))
    let json = try self.run(
      "plan", "B1", "--to", "98109", "--level", "standard", "--level", "two-hour", "--json")
    #expect(json.output.contains(#""lines":[{"line":0,"item":"B1","quantity":1}]"#))
    #expect(json.output.contains(#""cost":91200,"cost_lower_bound":80000,"exact":false,"#))
    #expect(json.output.contains(#""token":"AQID-vs"},{"level":"two-hour","outcome":68,"#))
  }

  /// What the words of the command line ask for arrives as numbers.
  @Test func wishesArrive() throws {
    let seen = Shared("")
    let server = FakeServer { request, exchange in
      if case .plan(let query, _) = request {
        let levels = (0..<query.levels.count).map { query.levels[$0] }
        seen.with {
          $0 =
            "\(levels) \(query.confidence) \(query.objective) \(query.policy) "
            + "\(query.shipsTogether) \(query.neededByDays) \(query.maximumShipments) "
            + "\(query.mixesLevels) \(query.quantities[0])"
        }
      }
      answerWorld(request, &exchange)
    }
    defer { server.stop() }
    let words = [
      "plan", "B1:5", "--to", "98109", "--level", "expedited", "--confidence", ".9", "--objective",
      "fewest", "--needed-by", "2026-12-24", "--together", "--partial", "--max-shipments", "3",
      "--mix-levels",
    ]
    #expect(Run(words, server: server.address.description).code == 0)
    #expect(
      seen.value == "[3] high fewestShipments fillAvailable true 20811 3 true 5")
  }

  @Test(
    arguments: [
      ["plan", "B1"], ["plan", "B1:0", "--to", "9"],
      ["plan", "B1", "--to", "9", "--level", "slow"],
      ["plan", "B1", "--to", "9", "--objective", "cheap"],
      ["plan", "B1", "--to", "9", "--level", "economy", "--level", "economy"],
      ["plan", "B1", "--to", "9", "--needed-by", "tomorrow"],
      ["offer", "B1", "--to", "9", "--confidence", "1"],
      ["offer", "B1", "--to", "9", "--confidence", "0"],
      ["offer", "B1", "--to", "9", "--by", "2026-13-01"],
      ["hold", "--owner", "cart"], ["hold", "--owner", "cart", "--token", "AQ=="],
      ["explain"], ["explain", "AQID", "--item", "B1"], ["explain", "--item", "B1"],
      ["explain", "not a token"], ["rescue", "cart"], ["accuracy", "--by", "day"],
      ["close-leg", "L", "--to", "2026-12-24"], ["close-leg", "L", "--delay", "0"],
      ["close-leg", "L", "--from", "2026-12-24", "--to", "2026-12-23"],
      ["close-leg", "L", "--on", "2026-12-24", "--from", "2026-12-24"],
      ["override", "put", "--reason", "r", "--author", "a"],
      ["override", "put", "--block", "--force", "--reason", "r", "--author", "a"],
      ["override", "put", "--block", "--author", "a"], ["override", "remove"],
      ["override", "remove", "0"], ["override", "drop"],
      ["override", "put", "--block", "--reason", "r", "--author", "a", "--expires", "soon"],
    ])
  func whatCannotBeUnderstood(_ words: [String]) throws {
    let run = try run(words)
    #expect(run.code == 2, "\(words)")
    #expect(run.notes.contains("--help` explains it."))
  }

  @Test func promisesAtRisk() throws {
    let run = try run("at-risk")
    #expect(run.code == 1)
    #expect(
      run.output
        == """
          Hold  Owner    Item  From  Promised    Now           Because                       Rescue
          4711  cart-17  B1    SEA1  Mon 21 Dec  Wed 23 Dec    leg SEA1-STA1-2200 is closed  PDX9, Mon 21 Dec
        4712.1  cart-17  B1    SEA1  Mon 21 Dec  not in sight  too few units of B1           none
        2 of 9 promises will be missed; another node would keep 1 of them. `promise rescue` says how.

        """)
    let kept = try self.run("at-risk", "--node", "SEA1")
    #expect(kept.code == 0)
    #expect(kept.output == "All 9 open promises will be kept, as it stands.\n")
    let json = try self.run("at-risk", "--json")
    #expect(json.output.contains(#""cause":"legClosed","subject":"SEA1-STA1-2200","#))
    #expect(json.output.contains(#""new_to_unix_s":0,"new_to":null,"#))
    #expect(json.output.hasSuffix(#""saved":false}],"promises":9,"truncated":false}"# + "\n"))
  }

  @Test func rescues() throws {
    #expect(
      try run("rescue").output.hasSuffix(
        "Nothing was changed; --apply does it. None is made later by it.\n"))
    #expect(try run("rescue").code == 1)
    let applied = try run("rescue", "4711", "--apply")
    #expect(applied.code == 0)
    #expect(applied.output.hasSuffix("1 promise moved; none is later for it.\n"))
  }

  @Test func accuracyByNode() throws {
    let run = try run("accuracy", "--by", "node", "--from", "2026-11-01")
    #expect(run.code == 0)
    #expect(
      run.output == """
        node  Delivered  On time   Share  95 % interval  Stated  Days early  Overdue
        SEA1      1,200    1,147  95.6 %    94.3–96.6 %  95.0 %         0.4        3

        """)
    #expect(try self.run("accuracy", "--json").output.contains(#""mean_days_early_milli":412"#))
  }

  @Test func legsAreClosedAndOpened() throws {
    let on = try run("close-leg", "L1", "--on", "2026-12-24", "--delay", "90", "--reason", "snow")
    #expect(on.code == 0)
    #expect(on.output.hasPrefix("L1 leaves 1 h 30 min later, on 2026-12-24.\n0 destinations may"))
    let range = try run("close-leg", "L1", "--from", "2026-12-24", "--to", "2026-12-26")
    #expect(range.output.hasPrefix("L1 does not run, from 2026-12-24 to 2026-12-26.\n2 dest"))
    #expect(
      try run("close-leg", "L1", "--from", "2026-12-24").output.hasPrefix(
        "L1 does not run, from 2026-12-24 on.\n2,912,085 "))
    let open = try run("reopen-leg", "L1", "--json")
    #expect(open.code == 0)
    #expect(open.output.contains(#""destinations_affected":"#))
  }

  @Test func overridesArePutListedAndRemoved() throws {
    let put = try run(
      "override", "put", "--block", "--node", "SEA1", "--zone", "west", "--reason", "flood",
      "--author", "ada", "--expires", "+2d")
    #expect(put.code == 0)
    #expect(put.output == "Override 812 holds: block from SEA1 to west.\n")
    #expect(
      try run("override", "list").output == """
         ID  What                     Reason  Author  Expires               Consulted  Differed
        812  block from SEA1 to west  flood   ada     2026-12-21 18:00 UTC      1,200         7

        """)
    #expect(try run("override", "remove", "813").output == "Override 813 is removed.\n")
  }

  @Test func changesGoOnPageByPage() throws {
    let run = try run("changed", "--since", "4")
    #expect(run.code == 0)
    #expect(
      run.output == """
        Item  Zone  Before      After       Later by
        B1    sea   Mon 21 Dec  Tue 22 Dec      24 h
        B2    sea   Mon 21 Dec  none               –
        Between epochs 4 and 5 2 of 1,000,000 pairs of an item and a zone got another promise.

        """)
    let one = try self.run("changed", "--since", "4", "--limit", "1", "--json")
    #expect(one.output.contains(#""zone":"sea","days_before":20808,"days_after":20809,"#))
    #expect(one.output.hasSuffix(#"}],"more":true}"# + "\n"))
  }

  @Test func observationsAreReadByTheirColumns() throws {
    let path = temporary(
      "at,kind,hold,minutes,date,subject,zone,service,shipment\n"
        + ",leg,,14,2026-12-20,L1,,,\n,handling,,30,,SEA1,,,\n"
        + ",transit,,2,2026-12-20,SEA1,west,GROUND,\n2026-12-22T17:20:00-08:00,delivery,4711,,,,,,\n"
    )
    defer { unlink(path) }
    let run = try run("observe", path)
    #expect(run.code == 1)
    #expect(
      run.output
        == "3 of 4 observations learned.\nHOLD_UNKNOWN: 1 row, the first is row 4.\n")
  }

  @Test(
    arguments: [
      ("kind,subject,date,minutes\nleg,L1,2026-12-32,5\n", "line 2 column date"),
      ("kind,subject,date,minutes\nleg,L1,2026-12-20,10081\n", "line 2 column minutes"),
      ("kind,subject,date,minutes\nleg,,2026-12-20,1\n", "line 2 column subject"),
      ("kind,subject\nlegs,L1\n", "line 2 column kind"),
      ("kind,hold,at\ndelivery,1,2026-12-20\n", "line 2 column at"),
      ("kind,hold,at\ndelivery,0,2026-12-20T00:00:00Z\n", "line 2 column hold"),
      ("kind,wrong\n", "line 1 column wrong"), ("subject\nL1\n", "line 1 column kind"),
      ("kind,subject\nleg\n", "line 2: \"1 cells\""), ("", "line 1: empty"),
    ])
  func wrongObservationsNameThePlace(_ text: String, _ place: String) throws {
    let path = temporary(text)
    defer { unlink(path) }
    let run = try run("observe", path)
    #expect(run.code == 1)
    #expect(run.notes.contains(place), "\(run.notes)")
    #expect(run.notes.contains("— allowed: "))
  }

  private func temporary(_ text: String) -> String {
    var template = Array("/tmp/promised-tool-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    close(file)
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test(
    arguments: [
      (".95", 62_259), ("0.95", 62_259), ("95%", 62_259), ("99.5%", nil), (".99", 64_880),
      ("1", nil), ("0", nil), ("0.0", nil), ("", nil), ("%", nil), ("-1", nil), ("1e-1", nil),
      (".5", 32_768), ("0.000000001", 1),
    ] as [(String, UInt64?)])
  func chances(_ text: String, _ expected: UInt64?) {
    #expect(chance(text) == expected)
  }

  @Test func tokensSurviveAsText() {
    for count in 1..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count * 11) }
      let text = TokenText.encode(bytes)
      #expect(text.utf8.count == (count * 8 + 5) / 6)
      #expect(TokenText.decode(text) == bytes)
    }
    for wrong in ["", "A", "AQ==", "A+/B", "AB", "AQI D", "ÄÖ"] {
      #expect(TokenText.decode(wrong) == nil, "\(wrong)")
    }
  }

  @Test func money() {
    #expect(
      [0, 1, 100, 45_600, 12_345, -4500, 12_340_000_000].map { moneyText($0) } == [
        "0.00", "0.0001", "0.01", "4.56", "1.2345", "−0.45", "1,234,000.00",
      ])
  }
}
