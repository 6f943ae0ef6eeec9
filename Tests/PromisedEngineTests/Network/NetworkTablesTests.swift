import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct NetworkTablesTests {
  @Test("Rows come out as they went in, and give the same indexes again")
  func exportAndImport() throws {
    var rows = s4Rows()
    rows.lanes = [lane("FC", "Ground", "manhattan", cutoff: 900, transit: [(1, 65_535)])]
    rows.lanes[0].carrier = Name("Carrier")
    rows.lanes[0].level = .expedited
    rows.lanes[0].refuses = .oversize
    rows.legs[2].level = .twoHour
    rows.legs[2].refuses = .all
    rows.legs[2].capacityUnits = 70
    let delays = [
      DelayOutcome(minutes: 0, probability: 60_000), DelayOutcome(minutes: 45, probability: 5535),
    ]
    rows.legs[2].delays = delays
    rows.legs[4].delays = delays
    rows.waves[0].level = .standard
    rows.waves[0].capacityUnits = 900
    rows.nodes[0].handling = delays
    rows.nodes[0].unitsPerHour = 1200
    let first = try tables(rows)
    #expect(first.exportRows() == rows)
    let second = try tables(first.exportRows())
    #expect(second.exportRows() == rows)
    let one = ProfileBuild.build(image: first.image(), horizonBase: utc(2026, 3, 5))
    let other = ProfileBuild.build(image: second.image(), horizonBase: utc(2026, 3, 5))
    #expect(one.digest == other.digest && one.entryCount > 0)
    // Equal distributions stand in the image once.
    #expect(one.image.delays == delays && one.image.legs[4].delays == one.image.legs[2].delays)
    #expect(one.image.nodes[0]?.handling == one.image.legs[2].delays)
    let handling = one.image.nodes[0].map { Array(one.image.outcomes($0.handling)) }
    #expect(handling == delays)
  }

  @Test("An upsert replaces the row of its key and keeps its place")
  func upsert() throws {
    var network = try tables(s4Rows())
    let revision = network.revision
    var rows = NetworkRows()
    rows.nodes = [node("SC", .sortCentre, dwell: 90), node("NEW", .sortCentre)]
    rows.legs = [leg("L4", "SC", "DS", at: 1000, lasting: 210)]
    rows.waves = [wave("DS", cutoff: 270, from: 600, to: 700)]
    rows.zones = [prefix("100", zone: "harlem", station: "DS")]
    try network.validate(rows)
    network.upsert(rows)
    #expect(network.revision == revision + 1)
    #expect(network.nodeIndex("SC") == 1 && network.nodeIndex("NEW") == 4)
    #expect(network.nodes[1]?.dwellMinutes == 90)
    #expect(network.legCount == 6 && network.leg(3).departureMinute == 1000)
    #expect(network.waveCount == 1 && network.zonePrefixCount == 1)
    let harlem = network.destination("US", "10001")
    #expect(harlem?.index == 1)
  }

  @Test("A replacement starts empty but never gives a node's index to another")
  func replacement() throws {
    let before = try tables(s4Rows())
    var network = before.emptied()
    #expect(network.nodeIndex("FC") == nil && network.nodeCount == 0 && network.legCount == 0)
    var rows = NetworkRows()
    rows.timeZones = s4Rows().timeZones
    rows.nodes = [node("OTHER", .sortCentre), node("DS", .station)]
    try network.validate(rows)
    network.upsert(rows)
    #expect(network.nodeIndex("OTHER") == 4 && network.nodeIndex("DS") == 3)
    #expect(network.nodeName(0).name == Name("FC"))

    // Restored from its rows, the holes are still taken.
    var restored = NetworkTables()
    restored.upsert(network.exportRows())
    #expect(restored.nodeIndex("OTHER") == 4 && restored.nodeIndex("FC") == nil)
    #expect(restored.exportRows() == network.exportRows())
  }

  @Test("The longest prefix wins, and the answer says whether it was exact")
  func postcodes() throws {
    var rows = s4Rows()
    rows.zones = [
      prefix("1", zone: "east", station: ""), prefix("100", zone: "manhattan", station: "DS"),
      prefix("10013", zone: "tribeca", station: "DS"), prefix("021", zone: "boston", station: "DS"),
      prefix("1", zone: "elsewhere", station: "", country: "BR"),
    ]
    let network = try tables(rows)
    let cases: [(String, String, String?, Bool)] = [
      ("US", "10013", "tribeca", true), ("US", "10014", "manhattan", false),
      ("US", "19999", "east", false), ("US", "99999", nil, false),
      // Lost zeros come back: 2139 is 02139.
      ("US", "2139", "boston", false), ("US", "02139-1234", "boston", false),
      ("US", "1", nil, false), ("US", "10013-4421", "tribeca", false),
      ("BR", "13", "elsewhere", false),
      ("BR", "1", "elsewhere", true), ("DE", "10013", nil, false), ("U", "10013", nil, false),
      ("US", "", nil, false),
    ]
    for (country, postcode, zone, exact) in cases {
      let found = network.destination(country, postcode)
      #expect((found == nil) == (zone == nil), "\(country) \(postcode)")
      guard let found else { continue }
      #expect(network.zoneName(of: found.index).name.description == zone, "\(country) \(postcode)")
      #expect(found.exact == exact, "\(country) \(postcode)")
    }
    let long = String(repeating: "10013", count: 100)
    #expect(network.destination("US", long)?.exact == false)
  }

  @Test("A thousand names are found again, and no other")
  func names() {
    var names = NameTable()
    for index in 0..<1000 { #expect(names.insert(Name("n\(index)")) == index) }
    for index in 0..<1000 {
      let found = names.index(of: Name("n\(index)"))
      let again = names.insert(Name("n\(index)"))
      #expect(found == index && again == index)
    }
    let missing = names.index(of: Name("n1000"))
    let empty = names.index(of: Name(""))
    #expect(missing == nil && empty == nil && names.count == 1000)
    let copy = names.copy()
    names.insert(Name("later"))
    let later = copy.index(of: Name("later"))
    #expect(later == nil && copy.name(999) == Name("n999"))
  }

  @Test("Every fault is refused with its field and its code, and nothing else")
  func faults() throws {
    let valid = lane("FC", "G", "manhattan", cutoff: 900, transit: [(1, 65_535)])
    let faults: [(String, OutcomeCode, (inout NetworkRows) -> Void)] = [
      ("tzif", .rowInvalid, { $0.timeZones[0].tzif.removeLast() }),
      ("name", .fieldMissing, { $0.timeZones[0].name = .empty }),
      ("country", .fieldOutOfRange, { $0.marketplaces[0].country = Name("us") }),
      ("currency", .fieldOutOfRange, { $0.marketplaces[0].currency = Name("US") }),
      ("time_zone", .timeZoneUnknown, { $0.marketplaces[0].timeZone = Name("Mars/Base") }),
      ("postcode_digits", .fieldOutOfRange, { $0.marketplaces[0].postcodeDigits = 17 }),
      ("rules[0].weekdays", .fieldOutOfRange, { $0.calendars[0].rules[0].weekdays = 0 }),
      ("rules[0].open_minute", .fieldOutOfRange, { $0.calendars[0].rules[0].openMinute = -1 }),
      ("rules[0].close_minute", .fieldOutOfRange, { $0.calendars[0].rules[0].closeMinute = 1441 }),
      (
        "rules[0].weekdays beside a date", .fieldOutOfRange,
        {
          $0.calendars[0].rules[0].date = LocalDate(days: 0)
        }
      ),
      ("time_zone", .timeZoneUnknown, { $0.nodes[0].timeZone = .empty }),
      ("calendar", .fieldMissing, { $0.nodes[0].calendar = .empty }),
      ("calendar", .calendarUnknown, { $0.nodes[0].calendar = Name("none") }),
      ("calendar", .fieldMissing, { $0.nodes.append(node("S", .seller)) }),
      ("kind", .fieldOutOfRange, { $0.nodes[0].kind = .removed }),
      ("name", .keyInvalid, { $0.nodes[0].name = Name([0x41, 0x00]) }),
      ("dwell_minutes", .fieldOutOfRange, { $0.nodes[1].dwellMinutes = 2881 }),
      ("processing_minutes", .fieldOutOfRange, { $0.nodes[0].processingMinutes = -1 }),
      ("latitude_e6", .fieldOutOfRange, { $0.nodes[0].latitudeE6 = 90_000_001 }),
      ("station", .nodeUnknown, { $0.waves[0].station = Name("X") }),
      ("station", .fieldOutOfRange, { $0.waves[0].station = Name("SC") }),
      ("weekdays", .fieldOutOfRange, { $0.waves[0].weekdays = 128 }),
      ("cutoff_minute", .fieldOutOfRange, { $0.waves[0].cutoffMinute = 1440 }),
      ("from_minute", .fieldOutOfRange, { $0.waves[0].fromMinute = 200 }),
      ("to_minute", .fieldOutOfRange, { $0.waves[0].toMinute = 540 }),
      ("country", .fieldOutOfRange, { $0.zones[0].country = Name("U") }),
      ("prefix's bytes", .fieldOutOfRange, { $0.zones[0].prefix = Name("12345678901234567") }),
      ("zone", .fieldMissing, { $0.zones[0].zone = .empty }),
      ("station", .nodeUnknown, { $0.zones[0].station = Name("X") }),
      ("origin", .nodeUnknown, { $0.lanes[0].origin = Name("X") }),
      ("zone", .zoneUnknown, { $0.lanes[0].zone = Name("X") }),
      ("pickup_calendar", .fieldMissing, { $0.lanes[0].pickupCalendar = .empty }),
      ("transit_calendar", .calendarUnknown, { $0.lanes[0].transitCalendar = Name("X") }),
      ("delivery_calendar", .calendarUnknown, { $0.lanes[0].deliveryCalendar = Name("X") }),
      ("cutoff_minute", .fieldOutOfRange, { $0.lanes[0].cutoffMinute = -1 }),
      ("transit's outcomes", .fieldOutOfRange, { $0.lanes[0].transit = [] }),
      (
        "the sum of transit's probabilities", .fieldOutOfRange,
        {
          $0.lanes[0].transit[0].probability = 65_534
        }
      ),
      ("transit[0].working_days", .fieldOutOfRange, { $0.lanes[0].transit[0].workingDays = 61 }),
      (
        "transit[1].working_days", .fieldOutOfRange,
        {
          $0.lanes[0].transit = [
            TransitOutcome(workingDays: 2, probability: 35),
            TransitOutcome(workingDays: 2, probability: 65_500),
          ]
        }
      ),
      ("delivery_time_zone", .timeZoneUnknown, { $0.lanes[0].deliveryTimeZone = Name("X") }),
      ("origin", .nodeUnknown, { $0.legs[0].origin = Name("X") }),
      ("destination", .nodeUnknown, { $0.legs[0].destination = Name("X") }),
      ("destination", .fieldOutOfRange, { $0.legs[0].destination = Name("FC") }),
      ("weekdays", .fieldOutOfRange, { $0.legs[0].weekdays = 0 }),
      ("departure_minute", .fieldOutOfRange, { $0.legs[0].departureMinute = 1440 }),
      ("duration_minutes", .fieldOutOfRange, { $0.legs[0].durationMinutes = 0 }),
      ("duration_minutes", .fieldOutOfRange, { $0.legs[0].durationMinutes = 10_081 }),
      ("calendar", .calendarUnknown, { $0.legs[0].calendar = Name("X") }),
    ]
    let delayFaults: [(String, OutcomeCode, (inout NetworkRows) -> Void)] = [
      ("units_per_hour", .fieldOutOfRange, { $0.nodes[0].unitsPerHour = -1 }),
      ("capacity_units", .fieldOutOfRange, { $0.waves[0].capacityUnits = 1_000_000_001 }),
      ("capacity_units", .fieldOutOfRange, { $0.legs[0].capacityUnits = -1 }),
      ("refuses", .fieldOutOfRange, { $0.legs[0].refuses = ItemRestrictions(rawValue: 4) }),
      ("refuses", .fieldOutOfRange, { $0.lanes[0].refuses = ItemRestrictions(rawValue: 128) }),
      ("carrier", .keyInvalid, { $0.lanes[0].carrier = Name([0x41, 0x00]) }),
      (
        "the sum of delays' probabilities", .fieldOutOfRange,
        { $0.legs[0].delays = late(5, 65_534) }
      ),
      ("delays[0].minutes", .fieldOutOfRange, { $0.legs[0].delays = late(10_081, 65_535) }),
      ("delays[0].minutes", .fieldOutOfRange, { $0.legs[0].delays = late(-1, 65_535) }),
      (
        "handling[1].minutes", .fieldOutOfRange,
        {
          $0.nodes[0].handling = late(5, 65_000) + late(5, 535)
        }
      ),
      (
        "handling' outcomes", .fieldOutOfRange,
        {
          $0.nodes[0].handling = (0..<65).flatMap { late($0, 1000) }
        }
      ),
    ]
    var rows = s4Rows()
    rows.lanes = [valid]
    let network = NetworkTables()
    try network.validate(rows)
    for (field, code, damage) in faults + delayFaults {
      var damaged = rows
      damage(&damaged)
      do throws(NetworkRefusal) {
        try network.validate(damaged)
        Issue.record("accepted: \(field)")
      } catch {
        #expect(error.field == field && error.code == code, "\(error.message)")
        #expect(!error.allowed.isEmpty && error.refusal.message.contains(field))
      }
    }
  }

  private func late(_ minutes: Int32, _ probability: UInt16) -> [DelayOutcome] {
    [DelayOutcome(minutes: minutes, probability: probability)]
  }
}
