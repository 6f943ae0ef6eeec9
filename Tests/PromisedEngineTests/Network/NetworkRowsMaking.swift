import Glibc
import PromisedEngine
import PromisedModel

// Short ways to write rows in tests.

let everyDay: UInt8 = 127
let weekdaysOnly: UInt8 = 31

func hostZone(_ name: String) -> TimeZoneFile {
  var bytes = [UInt8](repeating: 0, count: 65_536)
  guard let file = fopen("/usr/share/zoneinfo/\(name)", "rb") else {
    return TimeZoneFile(name: Name(name), tzif: [])
  }
  defer { fclose(file) }
  let count = fread(&bytes, 1, bytes.count, file)
  return TimeZoneFile(name: Name(name), tzif: Array(bytes[..<count]))
}

func rule(_ weekdays: UInt8, _ open: Int, _ close: Int) -> CalendarRule {
  CalendarRule(
    weekdays: weekdays, date: nil, openMinute: Int16(open), closeMinute: Int16(close))
}

func rule(on date: LocalDate?, _ open: Int, _ close: Int) -> CalendarRule {
  CalendarRule(weekdays: 0, date: date, openMinute: Int16(open), closeMinute: Int16(close))
}

func node(
  _ name: String, _ kind: NodeKind, zone: String = "America/New_York", calendar: String = "",
  dwell: Int32 = 0, processing: Int32 = 0
) -> Node {
  Node(
    name: Name(name), title: Name("\(name) city"), kind: kind, timeZone: Name(zone),
    calendar: Name(calendar), dwellMinutes: dwell, processingMinutes: processing,
    country: Name("US"), postcode: .empty, latitudeE6: 0, longitudeE6: 0)
}

func leg(
  _ name: String, _ from: String, _ to: String, at departure: Int, lasting duration: Int,
  weekdays: UInt8 = everyDay, mode: TransportMode = .road, calendar: String = ""
) -> Leg {
  Leg(
    name: Name(name), origin: Name(from), destination: Name(to), mode: mode, weekdays: weekdays,
    departureMinute: Int16(departure), durationMinutes: Int32(duration), calendar: Name(calendar))
}

func lane(
  _ origin: String, _ service: String, _ zone: String, cutoff: Int,
  transit: [(UInt8, UInt16)], pickup: String = "daily", transitCalendar: String = "working",
  delivery: String = "working", deliveryZone: String = "America/New_York"
) -> Lane {
  Lane(
    origin: Name(origin), service: Name(service), zone: Name(zone), mode: .road,
    pickupCalendar: Name(pickup), transitCalendar: Name(transitCalendar),
    deliveryCalendar: Name(delivery), cutoffMinute: Int16(cutoff),
    transit: transit.map { TransitOutcome(workingDays: $0.0, probability: $0.1) },
    deliveryTimeZone: Name(deliveryZone))
}

func wave(
  _ station: String, cutoff: Int, from: Int, to: Int, weekdays: UInt8 = everyDay
) -> Wave {
  Wave(
    station: Name(station), weekdays: weekdays, cutoffMinute: Int16(cutoff),
    fromMinute: Int16(from), toMinute: Int16(to))
}

func prefix(_ prefix: String, zone: String, station: String, country: String = "US") -> ZonePrefix {
  ZonePrefix(
    country: Name(country), prefix: Name(prefix), zone: Name(zone), station: Name(station))
}

/// The network of S4: one FC, a sort centre, a hub and a station in New York.
func s4Rows() -> NetworkRows {
  var rows = NetworkRows()
  rows.timeZones = [hostZone("America/New_York"), hostZone("America/Los_Angeles")]
  rows.marketplaces = [
    Marketplace(
      name: Name("us"), country: Name("US"), currency: Name("USD"),
      timeZone: Name("America/Los_Angeles"), postcodeDigits: 5)
  ]
  rows.calendars = [
    Calendar(name: Name("always"), rules: [rule(everyDay, 0, 1440)]),
    Calendar(name: Name("shift"), rules: [rule(weekdaysOnly, 480, 1020)]),
    Calendar(name: Name("daily"), rules: [rule(everyDay, 480, 1080)]),
    Calendar(name: Name("working"), rules: [rule(weekdaysOnly, 540, 1200)]),
    Calendar(name: Name("never"), rules: []),
  ]
  rows.nodes = [
    node("FC", .fulfilmentCentre, calendar: "always"), node("SC", .sortCentre, dwell: 60),
    node("HUB", .airHub, dwell: 75), node("DS", .station, dwell: 60),
  ]
  rows.waves = [wave("DS", cutoff: 270, from: 540, to: 780)]
  rows.zones = [prefix("100", zone: "manhattan", station: "DS")]
  rows.legs = [
    leg("L1", "FC", "SC", at: 1200, lasting: 120), leg("L2", "FC", "SC", at: 1380, lasting: 120),
    leg("L3", "FC", "HUB", at: 1260, lasting: 90, mode: .air),
    leg("L4", "SC", "DS", at: 1410, lasting: 210), leg("L5", "SC", "DS", at: 150, lasting: 210),
    leg("L6", "HUB", "DS", at: 30, lasting: 135),
  ]
  return rows
}

func tables(_ rows: NetworkRows) throws(NetworkRefusal) -> NetworkTables {
  var tables = NetworkTables()
  try tables.validate(rows)
  tables.upsert(rows)
  return tables
}

func utc(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0) -> Int64 {
  let days = Int64(LocalDate(year: year, month: month, day: day)?.days ?? 0)
  return days * 86_400 + Int64(hour) * 3600 + Int64(minute) * 60
}

extension NetworkTables {
  func destination(_ country: String, _ postcode: String) -> Destination? {
    Name(country).bytes.withUnsafeBufferPointer { country in
      Name(postcode).bytes.withUnsafeBufferPointer { postcode in
        destination(country: BorrowedBytes(country), postcode: BorrowedBytes(postcode))
      }
    }
  }

  func nodeIndex(_ name: String) -> UInt16? {
    Name(name).bytes.withUnsafeBufferPointer { nodeIndex(BorrowedBytes($0)) }
  }
}

extension ProfileSet {
  /// The decision over nodes that each hold `available` units.
  func decide(
    _ nodes: [UInt16], _ destination: UInt32, at unixSeconds: Int64, handling: Int32 = 0,
    available: Int64 = 1, quantity: Int64 = 1
  ) -> OfferDecision {
    let units = nodes.map { _ in available }
    return nodes.withUnsafeBufferPointer { nodes in
      units.withUnsafeBufferPointer { units in
        decideOffer(
          StockCandidates(nodes: Column(nodes), available: Column(units)), quantity: quantity,
          destination: destination, now: UnixMilliseconds(unixSeconds * 1000),
          handlingMinutes: handling)
      }
    }
  }
}
