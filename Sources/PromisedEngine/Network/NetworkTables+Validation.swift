import PromisedModel

extension NetworkTables {
  /// Says what is wrong with a batch: the first fault in the order of `NetworkRows`. Changes nothing.
  ///
  /// A row may name what stands in these tables or in the same batch.
  package func validate(_ rows: NetworkRows) throws(NetworkRefusal) {
    let known = KnownNames(rows)
    for (index, row) in rows.timeZones.enumerated() {
      let check = RowCheck(.timeZone, index, row.name)
      try check.key("name", row.name)
      do {
        _ = try TimeZoneRules(tzif: row.tzif)
      } catch {
        throw check.refusal(
          .rowInvalid, "tzif", "\(row.tzif.count) bytes (\(error))",
          "the bytes of a TZif file of version 2 or later")
      }
    }
    for (index, row) in rows.marketplaces.enumerated() { try validate(row, index, known) }
    for (index, row) in rows.calendars.enumerated() { try Self.validate(row, index) }
    var newNodes: Set<Name> = []
    for (index, row) in rows.nodes.enumerated() {
      try validate(row, index, known)
      if nodeNames.index(of: row.name) == nil { newNodes.insert(row.name) }
      if nodes.count + newNodes.count > Limits.nodes {
        throw RowCheck(.node, index, row.name).refusal(
          .fieldOutOfRange, "name", "one node too many", "at most \(Limits.nodes) nodes, ever")
      }
    }
    for (index, row) in rows.waves.enumerated() { try validate(row, index, known) }
    for (index, row) in rows.zones.enumerated() { try validate(row, index, known) }
    for (index, row) in rows.lanes.enumerated() { try validate(row, index, known) }
    for (index, row) in rows.legs.enumerated() { try validate(row, index, known) }
    for (index, row) in rows.rates.enumerated() { try validate(row, index, known) }
  }

  private func validate(
    _ row: Marketplace, _ index: Int, _ known: KnownNames
  ) throws(NetworkRefusal) {
    let check = RowCheck(.marketplace, index, row.name)
    try check.key("name", row.name)
    try check.country("country", row.country)
    try check.letters("currency", row.currency, count: 3)
    try checkTimeZone("time_zone", row.timeZone, check, known)
    try check.range("postcode_digits", Int(row.postcodeDigits), 0...16)
  }

  private static func validate(_ row: Calendar, _ index: Int) throws(NetworkRefusal) {
    let check = RowCheck(.calendar, index, row.name)
    try check.key("name", row.name)
    try check.range("rules", row.rules.count, 0...4096)
    for (number, rule) in row.rules.enumerated() {
      if rule.date == nil {
        try check.range("rules[\(number)].weekdays", Int(rule.weekdays), 1...127)
      } else {
        try check.range("rules[\(number)].weekdays beside a date", Int(rule.weekdays), 0...0)
      }
      try check.range("rules[\(number)].open_minute", Int(rule.openMinute), 0...1440)
      try check.range(
        "rules[\(number)].close_minute", Int(rule.closeMinute), Int(rule.openMinute)...1440)
    }
  }

  private func validate(_ row: Node, _ index: Int, _ known: KnownNames) throws(NetworkRefusal) {
    let check = RowCheck(.node, index, row.name)
    try check.key("name", row.name)
    if row.kind == .removed {
      throw check.refusal(
        .fieldOutOfRange, "kind", "\(row.kind.rawValue)", "1 to 5, as nodes are removed by a load")
    }
    if !row.title.isEmpty { try check.key("title", row.title) }
    try checkTimeZone("time_zone", row.timeZone, check, known)
    if row.kind == .fulfilmentCentre || row.kind == .seller || !row.calendar.isEmpty {
      try checkCalendar("calendar", row.calendar, check, known)
    }
    try check.range("dwell_minutes", Int(row.dwellMinutes), 0...2880)
    try check.range("processing_minutes", Int(row.processingMinutes), 0...20_160)
    if !row.country.isEmpty { try check.country("country", row.country) }
    try check.range("postcode's bytes", row.postcode.bytes.count, 0...Name.maximumByteCount)
    try check.range("latitude_e6", Int(row.latitudeE6), -90_000_000...90_000_000)
    try check.range("longitude_e6", Int(row.longitudeE6), -180_000_000...180_000_000)
    try check.delays("handling", row.handling)
    try check.range("units_per_hour", Int(row.unitsPerHour), 0...1_000_000_000)
    try check.range("silent_after_s", Int(row.silence.afterSeconds), 0...31_536_000)
    try check.range("silent_widen_minutes", Int(row.silence.widenMinutes), 0...10_080)
  }

  private func validate(_ row: Wave, _ index: Int, _ known: KnownNames) throws(NetworkRefusal) {
    let check = RowCheck(.wave, index, row.station)
    try checkNode("station", row.station, .station, check, known)
    try check.range("weekdays", Int(row.weekdays), 1...127)
    try check.range("cutoff_minute", Int(row.cutoffMinute), 0...1439)
    try check.range("from_minute", Int(row.fromMinute), Int(row.cutoffMinute)...1439)
    try check.range("to_minute", Int(row.toMinute), (Int(row.fromMinute) + 1)...1440)
    try check.range("capacity_units", Int(row.capacityUnits), 0...1_000_000_000)
  }

  private func validate(
    _ row: ZonePrefix, _ index: Int, _ known: KnownNames
  ) throws(NetworkRefusal) {
    let check = RowCheck(.zone, index, Name(row.country.bytes + [0x2d] + row.prefix.bytes))
    try check.country("country", row.country)
    try check.range("prefix's bytes", row.prefix.bytes.count, 0...PostcodeTable.maximumPrefixBytes)
    if !row.prefix.isEmpty { try check.key("prefix", row.prefix) }
    try check.key("zone", row.zone)
    if !row.station.isEmpty { try checkNode("station", row.station, .station, check, known) }
  }

  private func validate(_ row: Lane, _ index: Int, _ known: KnownNames) throws(NetworkRefusal) {
    let check = RowCheck(.lane, index, row.origin)
    try checkNode("origin", row.origin, nil, check, known)
    try check.key("service", row.service)
    if zoneNames.index(of: row.zone) == nil, !known.zones.contains(row.zone) {
      throw check.refusal(.zoneUnknown, "zone", "\"\(row.zone)\"", "a zone of the zone table")
    }
    try checkCalendar("pickup_calendar", row.pickupCalendar, check, known)
    try checkCalendar("transit_calendar", row.transitCalendar, check, known)
    try checkCalendar("delivery_calendar", row.deliveryCalendar, check, known)
    try check.range("cutoff_minute", Int(row.cutoffMinute), 0...1439)
    try check.range("transit's outcomes", row.transit.count, 1...61)
    var sum = 0
    var least = 0
    for (number, outcome) in row.transit.enumerated() {
      let days = Int(outcome.workingDays)
      guard days >= least, days <= 60 else {
        throw check.refusal(
          .fieldOutOfRange, "transit[\(number)].working_days", "\(days)",
          "ascending days from 0 to 60")
      }
      least = days + 1
      sum += Int(outcome.probability)
    }
    if sum != 65_535 {
      throw check.refusal(
        .fieldOutOfRange, "the sum of transit's probabilities", "\(sum)", "65535 exactly")
    }
    try checkTimeZone("delivery_time_zone", row.deliveryTimeZone, check, known)
    if !row.carrier.isEmpty { try check.key("carrier", row.carrier) }
    try check.range("refuses", Int(row.refuses.rawValue), 0...Int(ItemRestrictions.all.rawValue))
  }

  private func validate(_ row: Leg, _ index: Int, _ known: KnownNames) throws(NetworkRefusal) {
    let check = RowCheck(.leg, index, row.name)
    try check.key("name", row.name)
    try checkNode("origin", row.origin, nil, check, known)
    try checkNode("destination", row.destination, nil, check, known)
    if row.origin == row.destination {
      throw check.refusal(
        .fieldOutOfRange, "destination", "\"\(row.destination)\"", "another node than the origin")
    }
    try check.range("weekdays", Int(row.weekdays), 1...127)
    try check.range("departure_minute", Int(row.departureMinute), 0...1439)
    try check.range("duration_minutes", Int(row.durationMinutes), 1...10_080)
    if !row.calendar.isEmpty { try checkCalendar("calendar", row.calendar, check, known) }
    try check.range("refuses", Int(row.refuses.rawValue), 0...Int(ItemRestrictions.all.rawValue))
    try check.range("capacity_units", Int(row.capacityUnits), 0...1_000_000_000)
    try check.delays("delays", row.delays)
  }

  // MARK: References

  private func checkTimeZone(
    _ field: String, _ name: Name, _ check: RowCheck, _ known: KnownNames
  ) throws(NetworkRefusal) {
    if timeZoneNames.index(of: name) != nil || known.timeZones.contains(name) { return }
    throw check.refusal(
      .timeZoneUnknown, field, "\"\(name)\"", "an IANA time zone whose rules are known")
  }

  private func checkCalendar(
    _ field: String, _ name: Name, _ check: RowCheck, _ known: KnownNames
  ) throws(NetworkRefusal) {
    if name.isEmpty {
      throw check.refusal(
        .fieldMissing, field, "empty", "a calendar: missing opening times never mean always open")
    }
    if calendarNames.index(of: name) != nil || known.calendars.contains(name) { return }
    throw check.refusal(.calendarUnknown, field, "\"\(name)\"", "a calendar that is known")
  }

  func checkNode(
    _ field: String, _ name: Name, _ kind: NodeKind?, _ check: RowCheck, _ known: KnownNames
  ) throws(NetworkRefusal) {
    // The batch's row counts: it replaces what stands in the tables.
    let found = known.nodes[name] ?? nodeNames.index(of: name).flatMap { nodes[$0]?.kind }
    guard let found else {
      throw check.refusal(.nodeUnknown, field, "\"\(name)\"", "a node that is known")
    }
    if let kind, kind != found {
      throw check.refusal(.fieldOutOfRange, field, "\"\(name)\", a \(found)", "a \(kind)")
    }
  }
}

/// The names that rows of the batch itself bring in. Looked up only, never listed.
struct KnownNames {
  var timeZones: Set<Name>
  var calendars: Set<Name>
  var nodes: [Name: NodeKind] = [:]
  var zones: Set<Name>

  init(_ rows: NetworkRows) {
    timeZones = Set(rows.timeZones.map(\.name))
    calendars = Set(rows.calendars.map(\.name))
    for node in rows.nodes { nodes[node.name] = node.kind }
    zones = Set(rows.zones.map(\.zone))
  }
}

/// Which row is looked at, and the checks that need nothing else.
struct RowCheck {
  let kind: NetworkRefusal.RowKind
  let row: Int
  let name: Name

  init(_ kind: NetworkRefusal.RowKind, _ row: Int, _ name: Name) {
    self.kind = kind
    self.row = row
    self.name = name
  }

  func refusal(
    _ code: OutcomeCode, _ field: String, _ value: String, _ allowed: String
  ) -> NetworkRefusal {
    // A faulty name may be as long as the request; the message stays below 1 KiB.
    NetworkRefusal(
      code: code, kind: kind, row: row, key: Name(Array(name.bytes.prefix(Name.maximumByteCount))),
      field: field, value: String(decoding: value.utf8.prefix(100), as: UTF8.self),
      allowed: allowed)
  }

  func range(_ field: String, _ value: Int, _ allowed: ClosedRange<Int>) throws(NetworkRefusal) {
    if allowed.contains(value) { return }
    throw refusal(
      .fieldOutOfRange, field, "\(value)", "\(allowed.lowerBound) to \(allowed.upperBound)")
  }

  func key(_ field: String, _ name: Name) throws(NetworkRefusal) {
    if name.bytes.withUnsafeBufferPointer({ Name.isValid($0) }) { return }
    throw refusal(
      name.isEmpty ? .fieldMissing : .keyInvalid, field, "\(name.bytes.count) bytes",
      "1 to 64 bytes of UTF-8 without control characters")
  }

  /// Outcomes in ascending minutes whose probabilities add up to 1; none = never late.
  func delays(_ field: String, _ outcomes: [DelayOutcome]) throws(NetworkRefusal) {
    if outcomes.isEmpty { return }
    try range("\(field)' outcomes", outcomes.count, 1...64)
    var least: Int32 = 0
    var sum = 0
    for (number, outcome) in outcomes.enumerated() {
      guard outcome.minutes >= least, outcome.minutes <= 10_080 else {
        throw refusal(
          .fieldOutOfRange, "\(field)[\(number)].minutes", "\(outcome.minutes)",
          "ascending minutes from 0 to 10080")
      }
      least = outcome.minutes + 1
      sum += Int(outcome.probability)
    }
    if sum != 65_535 {
      throw refusal(
        .fieldOutOfRange, "the sum of \(field)' probabilities", "\(sum)", "65535 exactly")
    }
  }

  func country(_ field: String, _ name: Name) throws(NetworkRefusal) {
    try letters(field, name, count: 2)
  }

  func letters(_ field: String, _ name: Name, count: Int) throws(NetworkRefusal) {
    let isCapital = { (byte: UInt8) in byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
    if name.bytes.count == count, name.bytes.allSatisfy(isCapital) { return }
    throw refusal(.fieldOutOfRange, field, "\"\(name)\"", "\(count) capital letters")
  }
}
