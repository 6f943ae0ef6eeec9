import PromisedModel

extension NetworkTables {
  /// All rows, in the order in which their keys first came in. Upserting them into new tables gives
  /// every node its index again; a removed node is a row of kind `removed`.
  package func exportRows() -> NetworkRows {
    var rows = NetworkRows()
    rows.timeZones = timeZoneFiles
    rows.marketplaces = marketplaces
    rows.calendars = calendars
    rows.nodes = nodes.indices.map { nodes[$0] ?? removedNode(nodeNames.name($0)) }
    rows.waves = waves.map {
      Wave(
        station: nodeNames.name(Int($0.station)), weekdays: $0.weekdays,
        cutoffMinute: $0.cutoffMinute, fromMinute: $0.fromMinute, toMinute: $0.toMinute,
        level: $0.level, capacityUnits: $0.capacityUnits)
    }
    for index in 0..<postcodes.count { rows.zones.append(zonePrefix(index)) }
    for index in lanes.indices { rows.lanes.append(lane(index)) }
    for index in legs.indices { rows.legs.append(leg(index)) }
    for index in rates.indices { rows.rates.append(rate(index)) }
    return rows
  }

  /// The zone prefix at an index below `zonePrefixCount`.
  package func zonePrefix(_ index: Int) -> ZonePrefix {
    let (country, prefix, row) = postcodes.row(index)
    return ZonePrefix(
      country: country, prefix: prefix, zone: zoneNames.name(Int(row.zone)),
      station: row.station == .noIndex ? .empty : nodeNames.name(Int(row.station)))
  }

  /// The lane at an index below `laneCount`.
  package func lane(_ index: Int) -> Lane {
    let row = lanes[index]
    let start = Int(row.transitStart)
    return Lane(
      origin: nodeNames.name(Int(row.key.origin)),
      service: serviceNames.name(Int(row.key.service)), zone: zoneNames.name(Int(row.key.zone)),
      mode: row.mode, pickupCalendar: calendars[Int(row.pickupCalendar)].name,
      transitCalendar: calendars[Int(row.transitCalendar)].name,
      deliveryCalendar: calendars[Int(row.deliveryCalendar)].name,
      cutoffMinute: row.cutoffMinute,
      transit: Array(transits[start..<(start + Int(row.transitCount))]),
      deliveryTimeZone: timeZoneFiles[Int(row.deliveryTimeZone)].name,
      carrier: row.carrier == .noIndex ? .empty : carrierNames.name(Int(row.carrier)),
      level: row.level, refuses: row.refuses)
  }

  /// The leg at an index below `legCount`.
  package func leg(_ index: Int) -> Leg {
    let row = legs[index]
    return Leg(
      name: legNames.name(index), origin: nodeNames.name(Int(row.origin)),
      destination: nodeNames.name(Int(row.destination)), mode: row.mode, weekdays: row.weekdays,
      departureMinute: row.departureMinute, durationMinutes: row.durationMinutes,
      calendar: row.calendar == .noIndex ? .empty : calendars[Int(row.calendar)].name,
      level: row.level, refuses: row.refuses, capacityUnits: row.capacityUnits,
      delays: outcomes(row.delays))
  }

  private func outcomes(_ span: DelaySpan) -> [DelayOutcome] {
    Array(delays[Int(span.start)..<Int(span.start + span.count)])
  }

  private func removedNode(_ name: Name) -> Node {
    Node(
      name: name, title: .empty, kind: .removed, timeZone: .empty, calendar: .empty,
      dwellMinutes: 0, processingMinutes: 0, country: .empty, postcode: .empty, latitudeE6: 0,
      longitudeE6: 0)
  }

  /// Where the distribution of a row that was upserted stands.
  private func knownSpan(_ outcomes: [DelayOutcome]) -> DelaySpan {
    let start = outcomes.isEmpty ? nil : delayStarts[delayKey(outcomes)]
    return start.map { DelaySpan(start: $0, count: UInt32(outcomes.count)) } ?? .none
  }

  /// An immutable copy for a thread that builds profiles; of the changes of departures those up to
  /// a number, nil = all.
  package func image(changesThrough last: UInt64? = nil) -> NetworkImage {
    var adopting = Adopting(delays: delays, transits: transits)
    let legs = adopting.legs(legs, adopted.legs)
    let lanes = adopting.lanes(lanes, adopted.lanes)
    let handling = adopting.handling(
      nodes.map { $0.map { knownSpan($0.handling) } ?? .none }, adopted.nodes)
    return NetworkImage(
      revision: revision, timeZoneRules: timeZoneRules, calendars: calendars.map(\.rules),
      nodes: nodes.enumerated().map { index, node in
        node.map {
          NodeRow(
            kind: $0.kind, timeZone: UInt32(timeZoneNames.index(of: $0.timeZone) ?? 0),
            calendar: calendarNames.index(of: $0.calendar).map { UInt32($0) } ?? .noIndex,
            dwellMinutes: $0.dwellMinutes, processingMinutes: $0.processingMinutes,
            handling: handling[index], unitsPerHour: $0.unitsPerHour)
        }
      },
      waves: waves, destinations: destinations, zoneCount: zoneNames.count, lanes: lanes,
      transits: adopting.transits, legs: legs, delays: adopting.delays, adopted: adopted,
      changes: resolvedChanges(through: last ?? lastChange),
      lastChange: last ?? lastChange, serviceNames: serviceNames.copy(), legNames: legNames.copy(),
      carrierNames: carrierNames.copy())
  }
}
