import PromisedModel

/// Pages of the network's rows, in the order in which their keys first came in.
extension State {
  func listMarketplaces(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["marketplace", "country", "currency", "time_zone", "postcode_digits"]
    reply.page(from: start, of: network.marketplaces.count, size: size) { index, reply in
      let row = network.marketplaces[index]
      reply.appendNames(row.name, row.country, row.currency, row.timeZone)
      reply.appendNumber(Int64(row.postcodeDigits))
    }
  }

  /// A rule is written as "days opens closes": weekdays from 1 = Monday, or a date.
  func listCalendars(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["calendar", "rules"]
    reply.page(from: start, of: network.calendars.count, size: size) { index, reply in
      let row = network.calendars[index]
      reply.appendNames(row.name)
      reply.appendCell(row.rules.map(Self.text).joined(separator: "; ").utf8)
    }
  }

  func listNodes(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = [
      "node", "title", "kind", "time_zone", "calendar", "dwell_minutes", "processing_minutes",
      "country", "postcode", "latitude_e6", "longitude_e6",
    ]
    reply.page(from: start, of: network.nodes.count, size: size) { index, reply in
      guard let row = network.nodes[index] else {
        // A node that a replacing load has dropped keeps its place, and so the pages theirs.
        reply.appendCell(network.nodeName(UInt16(index)).buffer)
        reply.appendCell("".utf8)
        reply.appendCell(NodeKind.removed.label.utf8)
        for _ in 0..<8 { reply.appendCell("".utf8) }
        return
      }
      reply.appendNames(row.name, row.title)
      reply.appendCell(row.kind.label.utf8)
      reply.appendNames(row.timeZone, row.calendar)
      reply.appendNumber(Int64(row.dwellMinutes))
      reply.appendNumber(Int64(row.processingMinutes))
      reply.appendNames(row.country, row.postcode)
      reply.appendNumber(Int64(row.latitudeE6))
      reply.appendNumber(Int64(row.longitudeE6))
    }
  }

  func listZones(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["country", "postcode_prefix", "zone", "station"]
    reply.page(from: start, of: network.zonePrefixCount, size: size) { index, reply in
      let row = network.zonePrefix(index)
      reply.appendNames(row.country, row.prefix, row.zone, row.station)
    }
  }

  func listLanes(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = [
      "origin", "service", "zone", "mode", "pickup_calendar", "transit_calendar",
      "delivery_calendar", "cutoff_minute", "transit_days", "delivery_time_zone",
    ]
    reply.page(from: start, of: network.laneCount, size: size) { index, reply in
      let row = network.lane(index)
      reply.appendNames(row.origin, row.service, row.zone)
      reply.appendCell(row.mode.label.utf8)
      reply.appendNames(row.pickupCalendar, row.transitCalendar, row.deliveryCalendar)
      reply.appendNumber(Int64(row.cutoffMinute))
      let transit = row.transit.map { "\($0.workingDays):\($0.probability)" }
      reply.appendCell(transit.joined(separator: " ").utf8)
      reply.appendNames(row.deliveryTimeZone)
    }
  }

  func listLegs(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = [
      "leg", "origin", "destination", "mode", "weekdays", "departure_minute", "duration_minutes",
      "calendar",
    ]
    reply.page(from: start, of: network.legCount, size: size) { index, reply in
      let row = network.leg(index)
      reply.appendNames(row.name, row.origin, row.destination)
      reply.appendCell(row.mode.label.utf8)
      reply.appendCell(Self.text(weekdays: row.weekdays).utf8)
      reply.appendNumber(Int64(row.departureMinute))
      reply.appendNumber(Int64(row.durationMinutes))
      reply.appendNames(row.calendar)
    }
  }

  /// Weight breaks are written as "grams:cost".
  func listRates(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = [
      "origin", "level", "zone", "fixed_cost", "breaks", "cost_per_further_kg",
      "cubic_mm_per_gram",
    ]
    reply.page(from: start, of: network.rateCount, size: size) { index, reply in
      let row = network.rate(index)
      reply.appendNames(row.origin)
      reply.appendCell(row.level.label.utf8)
      reply.appendNames(row.zone)
      reply.appendNumber(row.fixedCost)
      let breaks = row.breaks.map { "\($0.grams):\($0.cost)" }
      reply.appendCell(breaks.joined(separator: " ").utf8)
      reply.appendNumber(row.costPerFurtherKilogram)
      reply.appendNumber(Int64(row.cubicMillimetresPerGram))
    }
  }

  private static func text(_ rule: CalendarRule) -> String {
    var day = text(weekdays: rule.weekdays)
    if let date = rule.date {
      let civil = date.civil
      day = "\(civil.year)-\(twoDigits(civil.month))-\(twoDigits(civil.day))"
    }
    return "\(day) \(text(minute: rule.openMinute)) \(text(minute: rule.closeMinute))"
  }

  /// The weekdays as digits, 1 = Monday … 7 = Sunday.
  private static func text(weekdays: UInt8) -> String {
    (0..<7).filter { weekdays & (1 << $0) != 0 }.map { "\($0 + 1)" }.joined()
  }

  private static func text(minute: Int16) -> String {
    "\(twoDigits(Int(minute) / 60)):\(twoDigits(Int(minute) % 60))"
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

extension NodeKind {
  var label: String {
    switch self {
    case .fulfilmentCentre: "fulfilment_centre"
    case .sortCentre: "sort_centre"
    case .airHub: "air_hub"
    case .station: "station"
    case .seller: "seller"
    case .removed: "removed"
    }
  }
}

extension TransportMode {
  var label: String {
    switch self {
    case .road: "road"
    case .air: "air"
    }
  }
}

extension ListReply {
  fileprivate mutating func appendNames(_ names: Name...) {
    for name in names { appendCell(name.bytes) }
  }
}
