import PromisedInvariants
import PromisedModel

extension NetworkTables {
  /// Makes rows true that `validate` has accepted (or a snapshot of these tables has held), in the
  /// order of `NetworkRows`. Cannot fail; reaching an unknown name here is a bug.
  package mutating func upsert(_ rows: NetworkRows) {
    revision += 1
    for row in rows.timeZones { upsert(row) }
    for row in rows.marketplaces { upsert(row) }
    for row in rows.calendars {
      let index = calendarNames.insert(row.name)
      if index == calendars.count { calendars.append(row) } else { calendars[index] = row }
    }
    for row in rows.nodes { upsert(row) }
    for row in rows.waves { upsert(row) }
    for row in rows.zones { upsert(row) }
    for row in rows.lanes { upsert(row) }
    for row in rows.legs { upsert(row) }
    for row in rows.rates { upsert(row) }
  }

  private mutating func upsert(_ file: TimeZoneFile) {
    guard let rules = try? TimeZoneRules(tzif: file.tzif) else {
      invariant(false, "time zone rules were not validated")
      return
    }
    let index = timeZoneNames.insert(file.name)
    if index == timeZoneFiles.count {
      timeZoneFiles.append(file)
      timeZoneRules.append(rules)
    } else {
      timeZoneFiles[index] = file
      timeZoneRules[index] = rules
    }
  }

  private mutating func upsert(_ row: Marketplace) {
    let index = marketplaceNames.insert(row.name)
    if index == marketplaces.count {
      marketplaces.append(row)
    } else {
      marketplaces[index] = row
    }
    // Several marketplaces may sell in one country: the longest postcode of them is its form.
    var digits: UInt8 = 0
    for other in marketplaces where other.country == row.country {
      digits = max(digits, other.postcodeDigits)
    }
    postcodes.setDigits(digits, country: row.country)
  }

  private mutating func upsert(_ row: Node) {
    let index = nodeNames.insert(row.name)
    let kept: Node? = row.kind == .removed ? nil : row
    _ = delaySpan(row.handling)
    if index == nodes.count { nodes.append(kept) } else { nodes[index] = kept }
    invariant(nodes.count <= Limits.nodes, "more nodes than indexes")
  }

  private mutating func upsert(_ row: Wave) {
    let wave = WaveRow(
      station: UInt16(known(row.station, in: nodeNames)), weekdays: row.weekdays,
      cutoffMinute: row.cutoffMinute, fromMinute: row.fromMinute, toMinute: row.toMinute,
      level: row.level, capacityUnits: row.capacityUnits)
    let key = WaveKey(
      station: wave.station, weekdays: row.weekdays, cutoffMinute: row.cutoffMinute)
    if let index = waveIndexes[key] {
      waves[index] = wave
    } else {
      waveIndexes[key] = waves.count
      waves.append(wave)
    }
  }

  private mutating func upsert(_ row: ZonePrefix) {
    let destination = DestinationRow(
      zone: UInt32(zoneNames.insert(row.zone)),
      station: row.station.isEmpty ? .noIndex : known(row.station, in: nodeNames))
    var index = UInt32(destinations.count)
    if let known = destinationIndexes[destination] {
      index = known
    } else {
      destinationIndexes[destination] = index
      destinations.append(destination)
    }
    postcodes.upsert(
      country: row.country, prefix: row.prefix,
      row: ZoneRow(zone: destination.zone, station: destination.station, destination: index))
  }

  private mutating func upsert(_ row: Lane) {
    let key = LaneKey(
      origin: UInt16(known(row.origin, in: nodeNames)),
      service: UInt32(serviceNames.insert(row.service)), zone: known(row.zone, in: zoneNames))
    let lane = LaneRow(
      key: key, mode: row.mode,
      pickupCalendar: known(row.pickupCalendar, in: calendarNames),
      transitCalendar: known(row.transitCalendar, in: calendarNames),
      deliveryCalendar: known(row.deliveryCalendar, in: calendarNames),
      cutoffMinute: row.cutoffMinute, transitStart: transitStart(row.transit),
      transitCount: UInt32(row.transit.count),
      deliveryTimeZone: known(row.deliveryTimeZone, in: timeZoneNames),
      carrier: row.carrier.isEmpty ? .noIndex : UInt32(carrierNames.insert(row.carrier)),
      level: row.level, refuses: row.refuses)
    if let index = laneIndexes[key] {
      lanes[index] = lane
    } else {
      laneIndexes[key] = lanes.count
      lanes.append(lane)
    }
  }

  /// Distributions are shared by content: a carrier has few of them and very many lanes.
  private mutating func transitStart(_ transit: [TransitOutcome]) -> UInt32 {
    let key = transit.map { UInt32($0.workingDays) << 16 | UInt32($0.probability) }
    if let start = transitIndexes[key] { return start }
    let start = UInt32(transits.count)
    transitIndexes[key] = start
    transits.append(contentsOf: transit)
    return start
  }

  private mutating func upsert(_ row: Leg) {
    let leg = LegRow(
      origin: UInt16(known(row.origin, in: nodeNames)),
      destination: UInt16(known(row.destination, in: nodeNames)), mode: row.mode,
      weekdays: row.weekdays, departureMinute: row.departureMinute,
      durationMinutes: row.durationMinutes,
      calendar: row.calendar.isEmpty ? .noIndex : known(row.calendar, in: calendarNames),
      level: row.level, refuses: row.refuses, capacityUnits: row.capacityUnits,
      delays: delaySpan(row.delays))
    let index = legNames.insert(row.name)
    if index == legs.count { legs.append(leg) } else { legs[index] = leg }
  }

  /// Equal distributions stand in the tables once.
  func delayKey(_ outcomes: [DelayOutcome]) -> [UInt64] {
    outcomes.map { UInt64(UInt32(bitPattern: $0.minutes)) << 16 | UInt64($0.probability) }
  }

  private mutating func delaySpan(_ outcomes: [DelayOutcome]) -> DelaySpan {
    if outcomes.isEmpty { return .none }
    let count = UInt32(outcomes.count)
    let key = delayKey(outcomes)
    if let start = delayStarts[key] { return DelaySpan(start: start, count: count) }
    let start = UInt32(delays.count)
    delayStarts[key] = start
    delays.append(contentsOf: outcomes)
    return DelaySpan(start: start, count: count)
  }

  func known(_ name: Name, in names: borrowing NameTable) -> UInt32 {
    guard let index = names.index(of: name) else {
      invariant(false, "\(name) was not validated")
      return .noIndex
    }
    return UInt32(index)
  }
}
