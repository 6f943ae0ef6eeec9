import Testing

@testable import PromisedSample

/// 2026-11-21, noon UTC.
private let start: Int64 = 1_795_262_400

/// Rows of a small world by file, each a list of its fields; quotes removed.
private struct Files {
  let world: SampleWorld
  private let rowsByName: [String: [[String]]]

  init(items: Int = 2000, seed: UInt64 = 1) {
    world = SampleWorld(items: items, seed: seed, startUnixSeconds: start)
    var rows: [String: [[String]]] = [:]
    for name in SampleWorld.fileNames {
      rows[name] = String(decoding: world.file(name), as: UTF8.self)
        .split(separator: "\n").dropFirst().map { Files.fields(String($0)) }
    }
    rowsByName = rows
  }

  subscript(_ name: String) -> [[String]] { rowsByName[name + ".csv"] ?? [] }

  func column(_ name: String, _ index: Int) -> Set<String> { Set(self[name].map { $0[index] }) }

  /// The sample quotes a field only when a comma is in it, and has no quotes inside.
  private static func fields(_ line: String) -> [String] {
    var fields: [String] = []
    var isQuoted = false
    var field = ""
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        fields.append(field)
        field = ""
      default: field.append(character)
      }
    }
    return fields + [field]
  }
}

/// FNV-1a, 64 bits.
private func digest(_ world: SampleWorld) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for name in SampleWorld.fileNames {
    for byte in world.file(name) { hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01b3 }
  }
  return hash
}

@Suite("The sample world")
struct SampleWorldTests {
  @Test("the same arguments give the same bytes; each argument matters")
  func deterministic() {
    let once = digest(SampleWorld(items: 500, seed: 7, startUnixSeconds: start))
    #expect(once == digest(SampleWorld(items: 500, seed: 7, startUnixSeconds: start)))
    #expect(once != digest(SampleWorld(items: 500, seed: 8, startUnixSeconds: start)))
    #expect(once != digest(SampleWorld(items: 501, seed: 7, startUnixSeconds: start)))
    #expect(
      once != digest(SampleWorld(items: 500, seed: 7, startUnixSeconds: start + 40 * 86_400)))
  }

  @Test("a file in pieces is the file, and a larger world begins like a smaller one")
  func pieces() {
    let small = SampleWorld(items: 1000, startUnixSeconds: start)
    let large = SampleWorld(items: 60_000, startUnixSeconds: start)
    var joined: [UInt8] = []
    var pieces = 0
    let rows = large.write("items.csv") { piece in
      joined.append(contentsOf: piece)
      pieces += 1
    }
    #expect(rows == 60_000)
    #expect(pieces > 1)
    #expect(joined == large.file("items.csv"))
    #expect(joined.starts(with: small.file("items.csv")))
  }

  @Test("every name that is used is defined, and every key is used once")
  func references() {
    let files = Files()
    let nodes = files.column("nodes", 0)
    let calendars = files.column("calendars", 0).union([""])
    #expect(files.column("waves", 0).isSubset(of: nodes))
    #expect(files.column("zones", 3).isSubset(of: nodes.union([""])))
    #expect(files.column("lanes", 0).isSubset(of: nodes))
    #expect(files.column("legs", 1).union(files.column("legs", 2)).isSubset(of: nodes))
    for column in [4, 5, 6] { #expect(files.column("lanes", column).isSubset(of: calendars)) }
    #expect(files.column("nodes", 4).isSubset(of: calendars))
    #expect(files.column("legs", 7).isSubset(of: calendars))
    #expect(files.column("items", 1).isSubset(of: files.column("sellers", 0)))
    #expect(files.column("limits", 0).isSubset(of: files.column("sellers", 0)))
    #expect(files.column("positions", 0).isSubset(of: files.column("items", 0)))
    #expect(files.column("positions", 1).isSubset(of: nodes))
    #expect(files.column("inbound", 1).isSubset(of: files.column("items", 0)))
    #expect(files.column("inbound", 2).isSubset(of: nodes))
    let items = files.column("items", 0)
    #expect(files.column("rates", 0).isSubset(of: nodes.union([""])))
    #expect(files.column("rates", 2).isSubset(of: files.column("zones", 2).union([""])))
    #expect(files.column("kits", 0).union(files.column("kits", 1)).isSubset(of: items))
    #expect(files.column("opportunity", 0).isSubset(of: items))
    #expect(files.column("opportunity", 1).isSubset(of: nodes))
    for (name, column) in [("channels", 1), ("backorders", 0)] {
      #expect(files.column(name, column).isSubset(of: items))
      #expect(files.column(name, column + 1).isSubset(of: nodes))
    }
    #expect(files.column("groups", 1).isSubset(of: nodes))
    #expect(files.column("groups", 0) == ["west", "middle", "east", "all"])
    for (name, width) in [
      ("groups", 2), ("channels", 3), ("backorders", 2), ("rates", 3), ("kits", 2),
      ("opportunity", 2), ("nodes", 1), ("legs", 1), ("sellers", 1),
      ("items", 1), ("zones", 2), ("positions", 2),
      ("inbound", 3), ("waves", 3), ("lanes", 3), ("limits", 4),
    ] {
      let keys = files[name].map { $0.prefix(width).joined(separator: "|") }
      #expect(Set(keys).count == keys.count, "\(name).csv has a key twice")
    }
  }

  @Test("every continental area has a station that stock can be moved to, the islands have lanes")
  func reachable() {
    let files = Files()
    let stations = Set(files["nodes"].filter { $0[2] == "station" }.map { $0[0] })
    // The small centres inside cities serve their city only.
    let centres = files["nodes"].filter { $0[2] == "fc" && !$0[0].hasPrefix("U") }.map { $0[0] }
    var next: [String: Set<String>] = [:]
    for leg in files["legs"] { next[leg[1], default: []].insert(leg[2]) }
    for centre in centres {
      var seen: Set<String> = [centre]
      var queue = [centre]
      while let node = queue.popLast() {
        for other in next[node] ?? [] where seen.insert(other).inserted { queue.append(other) }
      }
      #expect(seen.isSuperset(of: stations), "\(centre) does not reach every station")
    }
    #expect(files.column("waves", 0) == stations)
    let lanes = Set(files["lanes"].map { $0[0] + "|" + $0[2] })
    for zone in files.column("zones", 2) {
      for centre in centres { #expect(lanes.contains(centre + "|" + zone)) }
    }
    let areas = files["zones"].filter { $0[1].utf8.count == 3 }
    #expect(areas.count > 900)
    #expect(files.column("zones", 1).isSuperset(of: ["98109", "10001", "981", "100", "967"]))
    for area in areas where !["006", "007", "008", "009", "969"].contains(area[1]) {
      #expect(area[3] != "" || area[2] == "overseas")
    }
  }

  @Test("transit probabilities add up to one and times fall on the clock")
  func ranges() {
    let files = Files()
    for lane in files["lanes"] {
      let outcomes = lane[8].split(separator: " ").map { $0.split(separator: ":") }
      let hundredths = outcomes.map { Int($0[1].dropFirst(2)) ?? ($0[1] == "1.00" ? 100 : -1) }
      #expect(hundredths.reduce(0, +) == 100, "\(lane)")
      let days = outcomes.map { Int($0[0]) ?? -1 }
      #expect(days == days.sorted() && Set(days).count == days.count)
    }
    for leg in files["legs"] {
      let clock = leg[5].split(separator: ":").map { Int($0) ?? -1 }
      #expect((0..<24).contains(clock[0]) && (0..<60).contains(clock[1]))
      #expect((1...10_080).contains(Int(leg[6]) ?? 0))
    }
    for position in files["positions"] {
      let amounts = position[2...].map { Int($0) ?? -1 }
      #expect(amounts.allSatisfy { $0 >= 0 })
      #expect(amounts[1...].reduce(0, +) <= amounts[0], "\(position)")
    }
  }

  @Test("a station run reaches its station before the cut-off by winter clocks")
  func stationRuns() {
    let files = Files()
    let zones = Dictionary(uniqueKeysWithValues: files["nodes"].map { ($0[0], $0[3]) })
    for leg in files["legs"] where leg[2].hasPrefix("D") && !leg[1].hasPrefix("U") {
      let clock = leg[5].split(separator: ":").map { Int($0) ?? -1 }
      let arrival =
        clock[0] * 60 + clock[1] + (Int(leg[6]) ?? 0)
        + 60 * (standardHoursWest(zones[leg[1]] ?? "") - standardHoursWest(zones[leg[2]] ?? ""))
      #expect([190, 525, 810].contains((arrival % 1440 + 1440) % 1440), "\(leg)")
    }
  }

  @Test("the showcase items are there in every world")
  func showcases() {
    for (items, seed) in [(12, UInt64(1)), (2000, 9)] {
      let files = Files(items: items, seed: seed)
      #expect(
        files["items"].prefix(12).map { $0[0] } == [
          "B0THREEFCS", "B0SOLDOUT0", "B0INBOUND1", "B0OVERSIZE", "B0LASTUNIT", "B0FARAWAY1",
          "B0HAZMAT01", "B0TWOHOURS", "B0CARTONE1", "B0CARTTWO2", "B0RELEASE1", "B0GIFTKIT1",
        ])
      let three = files["positions"].filter { $0[0] == "B0THREEFCS" }
      #expect(three.map { $0[1] } == ["BFI4", "DFW7", "ABE8"])
      #expect(files["inbound"].filter { $0[1] == "B0INBOUND1" }.map { $0[3] } == ["400", "250"])
    }
  }

  @Test("what promises need is there: levels, air, delays, capacity, restrictions, a release")
  func promiseColumns() {
    let files = Files()
    let levels: Set<String> = ["economy", "standard", "expedited", "two-hour"]
    #expect(files.column("waves", 5) == levels)
    #expect(files.column("legs", 8) == levels)
    #expect(files.column("lanes", 11) == ["economy", "standard", "expedited"])
    #expect(files.column("lanes", 10) == ["National Post", "Overland Parcel", "Skyline Express"])
    #expect(files["legs"].contains { $0[3] == "air" && $0[8] == "expedited" })
    for (name, column) in [("waves", 6), ("legs", 10), ("nodes", 12)] {
      let limits = files.column(name, column)
      #expect(limits.contains("") && limits.count > 1, "\(name)")
    }
    for station in files["waves"].filter({ $0[5] == "two-hour" }).map({ $0[0] }) {
      #expect(files["waves"].filter { $0[0] == station && $0[5] == "two-hour" }.count == 12)
    }
    let distributions =
      files["legs"].map { $0[11] } + files["nodes"].filter { $0[2] == "fc" }.map { $0[11] }
    for distribution in distributions {
      let outcomes = distribution.split(separator: " ").map { $0.split(separator: ":") }
      #expect(outcomes.reduce(0) { $0 + (Int($1[1].dropFirst(2)) ?? 9999) } == 1000)
      let minutes = outcomes.map { Int($0[0]) ?? -1 }
      #expect(minutes == minutes.sorted() && Set(minutes).count == minutes.count)
    }
    let items = files["items"]
    #expect(Set(items.map { $0[9] }) == ["", "hazmat", "oversize"])
    #expect(items.first { $0[0] == "B0RELEASE1" }?[8] == "2026-11-27T16:00:00Z")
    for item in items {
      let sides = item[10...12].map { Int($0) ?? 0 }
      #expect(sides.allSatisfy { (1...20_000).contains($0) }, "\(item)")
    }
    // A unit of 6.25 cubic feet is 176,980,294 mm³; a tenth more when packed.
    let oversize = items.first { $0[0] == "B0OVERSIZE" }?[10...12].compactMap { Int($0) } ?? []
    #expect((190_000_000...195_000_000).contains(oversize.reduce(1, *)))
  }

  @Test("what carts are planned by: rates of every level, kits, values")
  func sourcing() {
    let files = Files(items: 10_000)
    #expect(files.column("rates", 1) == ["economy", "standard", "expedited", "two-hour"])
    #expect(files["rates"].filter { $0[0] == "" && $0[2] == "" }.count == 4)
    for rate in files["rates"] {
      let grams = rate[4].split(separator: " ").map { Int($0.prefix { $0 != ":" }) ?? -1 }
      #expect(grams == grams.sorted() && Set(grams).count == grams.count && grams.first ?? 0 > 0)
    }
    let kits = Dictionary(grouping: files["kits"], by: { $0[0] })
    #expect(kits["B0GIFTKIT1"]?.map { "\($0[1])×\($0[2])" } == ["B0CARTONE1×1", "B0THREEFCS×2"])
    #expect(kits.count == 3 && kits.values.allSatisfy { $0.count == 2 })
    let stocked = files.column("positions", 0)
    #expect(kits.keys.allSatisfy { !stocked.contains($0) })
    let positions = Set(files["positions"].map { $0[0] + "|" + $0[1] })
    #expect(files["opportunity"].count > 500)
    for row in files["opportunity"] { #expect(positions.contains(row[0] + "|" + row[1])) }
  }

  @Test("a truck into the city arrives before the wave it is for")
  func cityRuns() {
    let files = Files()
    let runs = files["legs"].filter { $0[1].hasPrefix("U") }
    #expect(runs.count == 6 * 12)
    for run in runs {
      let clock = run[5].split(separator: ":").map { Int($0) ?? -1 }
      let ready = clock[0] * 60 + clock[1] + (Int(run[6]) ?? 0) + 20
      #expect(ready % 60 == 55 && (475...1135).contains(ready), "\(run)")
      #expect(
        files["waves"].contains {
          $0[0] == run[2] && $0[2] == "\(Dates.twoDigits((ready + 5) / 60)):00"
        })
    }
  }

  @Test("holidays fall where the almanac puts them")
  func almanac() {
    #expect(Dates.iso(Dates.thanksgiving(2026)) == "2026-11-26")
    #expect(Dates.iso(Dates.thanksgiving(2027)) == "2027-11-25")
    #expect(Dates.iso(Dates.thanksgiving(2024)) == "2024-11-28")
    #expect(Dates.weekday(Dates.days(year: 2026, month: 11, day: 21)) == 5)
    #expect(SampleWorld.unixSeconds(year: 2026, month: 11, day: 21) == start)
    #expect(SampleWorld.unixSeconds(year: 2026, month: 2, day: 29) == nil)
  }

  @Test("distances agree with the map")
  func distances() {
    func place(_ latitude: Int, _ longitude: Int) -> Place {
      Place(
        name: "", title: "", timeZone: "", postcode: "", latitudeE6: latitude,
        longitudeE6: longitude)
    }
    let seattle = place(47_610_000, -122_330_000)
    // Great circle: Portland 145, Los Angeles 959, New York 2,405 miles.
    #expect((142...148).contains(miles(seattle, place(45_520_000, -122_680_000))))
    #expect((940...980).contains(miles(seattle, place(34_050_000, -118_240_000))))
    #expect((2380...2520).contains(miles(seattle, place(40_710_000, -74_010_000))))
    // Across the date line: Guam to Honolulu, 3,800 miles, not 20,000.
    let guam = miles(place(13_470_000, 144_750_000), place(21_310_000, -157_860_000))
    #expect((3700...4000).contains(guam))
  }
}
