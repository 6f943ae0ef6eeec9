import Glibc
import PromisedClient
import PromisedModel
import Testing

@testable import promise

@Suite struct ExplanationTests {
  private func run(_ words: String...) throws -> Run {
    let server = FakeServer(answerWorld)
    defer { server.stop() }
    return Run(words, server: server.address.description)
  }

  @Test func atATerminal() throws {
    let run = try run("explain", "AQID")
    #expect(run.code == 0)
    #expect(
      run.output == """
        B1 × 2 to 98109, standard
          Decided    2026-12-20 18:00 UTC, log position 62, network revision 8, profiles of epoch 3
          Found      the token's decision bit for bit; computed again from the archived log
          Delivered  Tuesday, 22 December 2026, 08:00–12:00 (UTC−08:00)
          Chance     97.4 %, learned from 418.3 observations; asked for 95.0 %
          Order by   Sun 20 Dec 15:00 UTC−05:00, for the same window
          From       ABE8, Florence, NJ
          To         zone sea, station DSEA; the postcode is known by its area only
        Timeline
          When                        What                                                       To spare  Room left
          Sun 20 Dec 13:00 UTC−05:00  ordered
          Sun 20 Dec 16:00 UTC−05:00  packed and at the dock of ABE8, Florence, NJ
          Sun 20 Dec 18:00 UTC−05:00  leaves ABE8, Florence, NJ by road (ABE8-SEWR-1750)       1 h 35 min
          Sun 20 Dec 21:00 UTC−05:00  arrives at KBWI, Baltimore Airport
          Mon 21 Dec 00:00 UTC−05:00  leaves KBWI, Baltimore Airport by air (KBWI-KSEA-2345)   1 h 45 min        112
          Mon 21 Dec 03:00 UTC−08:00  arrives at DSEA, Seattle, WA
          Tue 22 Dec 08:00 UTC−08:00  goes out for delivery from DSEA, Seattle, WA            28 h 20 min
          Tue 22 Dec 12:00 UTC−08:00  delivered to 98109, at the latest
        Why not sooner
          BFI4 would be sooner and holds no stock.
        What would have made it sooner
          • With stock in BFI4: delivered Monday, 21 December 2026, 08:00–12:00 (UTC−08:00), 24 h sooner.
          • Ordered 2 h 14 min earlier, by Sun 20 Dec 10:46 UTC−05:00: delivered Monday, 21 December 2026, 08:00–12:00 (UTC−08:00), 24 h sooner.
          • At level expedited: delivered Monday, 21 December 2026, 08:00–12:00 (UTC−08:00), 24 h sooner.
        Candidates
          From  Place                                There  Would deliver by            Chance  What became of it
          ABE8  Florence, NJ                            60  Tue 22 Dec 12:00 UTC−08:00  97.4 %  chosen
          BFI4  Kent <script>alert(1)</script> & Co      0  Mon 21 Dec 12:00 UTC−08:00       –  no stock
          DFW7  Fort Worth, TX                           3  Wed 23 Dec 12:00 UTC−08:00  95.1 %  24 h later
          1 more place without stock would be no sooner.
        Overrides consulted: 812.

        """)
  }

  /// A trace that is not the token's is a difference, and says so.
  @Test func aTokenThatIsNotTheDecision() throws {
    let run = try run("explain", "AQ")
    #expect(run.code == 1)
    #expect(run.output.contains("NOT the token's decision"))
  }

  @Test func noOfferIsExplainedToo() throws {
    let run = try run("explain", "--item", "B1", "--to", "98109", "--level", "two-hour")
    #expect(run.code == 1)
    #expect(
      run.output.hasSuffix(
        """
          Found      the decision as it would be made now
          No offer: nothing at this service level goes there.
        Why there is no offer
          What goes faster is for faster service levels.

        """))
  }

  @Test func asJSON() throws {
    let run = try run("explain", "--item", "B1", "--to", "98109", "--json")
    #expect(run.code == 0)
    #expect(run.output.contains(#""origin":"replayed","agrees_with_token":true,"item":"B1""#))
    #expect(run.output.contains(#""fate":"slower","subject":"","by_minutes":1440,"#))
    #expect(
      run.output.contains(
        #""from_latitude_e6":39175400,"from_longitude_e6":-76668400,"to_latitude_e6":47633900,"#))
    #expect(run.output.contains(#""slack_minutes":105,"units_left":112}"#))
    #expect(run.output.contains(#""constraint":"stock","constraint_subject":"BFI4""#))
    #expect(run.output.contains(#""kind":"orderedEarlier","subject":"","minutes":134,"#))
    #expect(run.output.contains(#""sentence":"With stock in BFI4: delivered Monday, "#))
    #expect(run.output.hasSuffix(#""overrides":[{"id":812}]}"# + "\n"))
  }

  private func page() throws -> String {
    var template = Array("/tmp/promised-page-XXXXXX".utf8CString)
    close(mkstemp(&template))
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    let run = try run("explain", "AQID", "--html", path)
    #expect(run.code == 0)
    #expect(run.output == "Written to \(path).\n")
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Everything on the page is text: names of the service are never markup, nothing is fetched, and
  /// nothing runs.
  @Test func aPageStandsAlone() throws {
    let page = try page()
    #expect(page.hasPrefix("<!doctype html>\n<html lang=\"en\">"))
    #expect(!page.contains("<script"))
    #expect(page.contains("Kent &lt;script&gt;alert(1)&lt;/script&gt; &amp; Co"))
    for word in ["http:", "https:", "src=", "url(", "@import", "<link", "href="] {
      #expect(!page.contains(word), "\(word)")
    }
    #expect(page.contains("default-src 'none'"))
    #expect(page.contains("prefers-color-scheme: dark"))
  }

  @Test func aPageHasItAll() throws {
    let page = try page()
    #expect(page.contains("<h1>Tuesday, 22 December 2026</h1>"))
    for heading in ["Map", "Timeline", "Why not sooner", "Candidates"] {
      #expect(page.contains("<h2>\(heading)</h2>"))
    }
    // Two maps: the way, and the way among the nodes that could ship.
    let maps = page.split(separator: "<svg").dropFirst().map(String.init)
    #expect(maps.count == 2)
    for map in maps {
      #expect(map.contains("class=\"road\"") && map.contains("class=\"air\""))
      #expect(map.contains("class=\"mark destination\"") && map.contains("class=\"mark chosen\""))
      #expect(map.contains("° N</text>") && map.contains("° W</text>"))
    }
    #expect(!maps[0].contains("BFI4"))
    #expect(maps[1].contains("<title>DFW7, Fort Worth, TX: 24 h later</title>"))
    #expect(page.contains("With stock in BFI4: delivered Monday"))
    #expect(
      page.contains("<details><summary>1 more place without stock would be no sooner</summary>"))
    #expect(page.contains("<span class=\"badge\">room for 112</span>"))
  }

  @Test func escapes() {
    #expect(escaped("<a href='x'>&\"\u{1B}") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{FFFD}")
  }

  /// Marks stay within the picture wherever the places are: one point, poles, across the date line.
  @Test(
    arguments: [
      [(0, 0)], [(89, 10), (-89, -170)], [(13, 144), (21, -157)], [(48, -122), (48.001, -122.001)],
    ] as [[(Double, Double)]])
  func mapsHoldTheirPlaces(_ places: [(Double, Double)]) throws {
    let points = places.enumerated().map {
      MapPoint(
        name: "P\($0.offset)", kind: .rejected, latitude: $0.element.0,
        longitude: $0.element.1 < -150 ? $0.element.1 + 360 : $0.element.1, note: "")
    }
    let svg = NetworkMap(points: points, lines: []).svg(title: "t")
    let size = try #require(svg.split(separator: "\"").dropFirst().first).split(separator: " ")
      .compactMap { Double(String($0)) }
    #expect(size.count == 4 && size[3] > 100 && size[3] < 3000)
    for part in svg.split(separator: "<circle cx=\"").dropFirst() {
      let numbers = part.split(separator: "\"")
      let x = try #require(Double(String(numbers[0])))
      let y = try #require(Double(String(numbers[2])))
      #expect((0...size[2]).contains(x) && (0...size[3]).contains(y))
    }
    #expect(svg.split(separator: "<circle").count == points.count + 1)
  }
}
