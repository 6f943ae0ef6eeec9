import CPromisedMessages
import CProtobufC
import PromisedModel

// The network's rows, each a message of its own. References between rows are the engine's to check.
extension RequestDecoder {
  func putNetwork(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutNetworkRequest.self).pointee
    var rows = NetworkRows()
    rows.marketplaces = try NetworkRow.each(
      message.marketplaces, message.n_marketplaces, NetworkRow.marketplace)
    rows.calendars = try NetworkRow.each(
      message.calendars, message.n_calendars, NetworkRow.calendar)
    rows.nodes = try NetworkRow.each(message.nodes, message.n_nodes, NetworkRow.node)
    rows.waves = try NetworkRow.each(message.waves, message.n_waves, NetworkRow.wave)
    rows.zones = try NetworkRow.each(message.zones, message.n_zones, NetworkRow.zonePrefix)
    rows.lanes = try NetworkRow.each(message.lanes, message.n_lanes, NetworkRow.lane)
    rows.legs = try NetworkRow.each(message.legs, message.n_legs, NetworkRow.leg)
    rows.rates = try NetworkRow.each(message.rates, message.n_rates, NetworkRow.rate)
    return try put(.network(rows), message.idempotency_key, message.load, digest)
  }
}

/// Checks and copies one row message each; holds nothing.
private enum NetworkRow {
  static func each<Message, Row>(
    _ base: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ count: Int,
    _ read: (Message, Int) throws(Refusal) -> Row
  ) throws(Refusal) -> [Row] {
    var rows: [Row] = []
    rows.reserveCapacity(count)
    for row in 0..<count {
      guard let message = base.unsafelyUnwrapped[row] else { continue }
      rows.append(try read(message.pointee, row))
    }
    return rows
  }

  static func country(
    _ data: ProtobufCBinaryData, _ field: FieldPath
  ) throws(Refusal) -> Name {
    try field.letters(BorrowedBytes(data), count: 2)
    return BorrowedBytes(data).name
  }

  static func marketplace(
    _ message: Promised__V1__Marketplace, _ row: Int
  ) throws(Refusal) -> Marketplace {
    let at = RowPath("marketplaces", row)
    try at("currency").letters(BorrowedBytes(message.currency), count: 3)
    return Marketplace(
      name: try at("name").name(message.name),
      country: try country(message.country, at("country")),
      currency: BorrowedBytes(message.currency).name,
      timeZone: try at("time_zone").name(message.time_zone),
      postcodeDigits: try at("postcode_digits").number(message.postcode_digits, in: 0...16))
  }

  static func calendar(_ message: Promised__V1__Calendar, _ row: Int) throws(Refusal) -> Calendar {
    let at = RowPath("calendars", row)
    let name = try at("name").name(message.name)
    let rules = try each(message.rules, message.n_rules) {
      (rule: Promised__V1__CalendarRule, _) throws(Refusal) -> CalendarRule in
      let isDated = rule.has_date != 0
      let open = try at("rules.open_minute").minute(rule.open_minute)
      let close = try at("rules.close_minute").minute(rule.close_minute)
      guard open <= close else {
        throw at("rules.close_minute").outOfRange("\(close)", "open_minute (\(open)) to 1440")
      }
      if isDated, rule.weekdays != 0 {
        throw at("rules.weekdays").outOfRange("\(rule.weekdays)", "0 where has_date is true")
      }
      var date: LocalDate?
      if isDated {
        date = LocalDate(
          days: try at("rules.date_days").number(rule.date_days, in: 0...LocalDate.last.days))
      }
      return CalendarRule(
        weekdays: isDated ? 0 : try at("rules.weekdays").weekdays(rule.weekdays), date: date,
        openMinute: open, closeMinute: close)
    }
    return Calendar(name: name, rules: rules)
  }

  static func node(_ message: Promised__V1__Node, _ row: Int) throws(Refusal) -> Node {
    let at = RowPath("nodes", row)
    let kind: UInt8 = try at("kind").number(message.kind, in: 1...5)
    return Node(
      name: try at("name").name(message.name), title: try at("title").optionalName(message.title),
      kind: NodeKind(rawValue: kind) ?? .seller,
      timeZone: try at("time_zone").name(message.time_zone),
      calendar: try at("calendar").optionalName(message.calendar),
      dwellMinutes: try at("dwell_minutes").number(message.dwell_minutes, in: 0...2880),
      processingMinutes: try at("processing_minutes").number(
        message.processing_minutes, in: 0...20_160),
      country: try country(message.country, at("country")),
      postcode: try at("postcode").optionalName(message.postcode),
      latitudeE6: try at("latitude_e6").number(message.latitude_e6, in: -90_000_000...90_000_000),
      longitudeE6: try at("longitude_e6").number(
        message.longitude_e6, in: -180_000_000...180_000_000),
      handling: try delays(
        message.handling_minutes, message.n_handling_minutes, message.handling_probabilities,
        message.n_handling_probabilities, at("handling_minutes"), at("handling_probabilities")),
      unitsPerHour: try at("units_per_hour").number(message.units_per_hour, in: units),
      silence: SilenceRule(
        afterSeconds: try at("silent_after_s").number(
          message.silent_after_s, in: 0...31_536_000),
        policy: SilencePolicy(
          rawValue: try at("silent_policy").number(message.silent_policy, in: 0...3)) ?? .ignore,
        widenMinutes: try at("silent_widen_minutes").number(
          message.silent_widen_minutes, in: 0...10_080)))
  }

  static func wave(_ message: Promised__V1__Wave, _ row: Int) throws(Refusal) -> Wave {
    let at = RowPath("waves", row)
    let from = try at("from_minute").minute(message.from_minute)
    let to = try at("to_minute").minute(message.to_minute)
    guard from <= to else {
      throw at("to_minute").outOfRange("\(to)", "from_minute (\(from)) to 1440")
    }
    return Wave(
      station: try at("station").name(message.station),
      weekdays: try at("weekdays").weekdays(message.weekdays),
      cutoffMinute: try at("cutoff_minute").minute(message.cutoff_minute), fromMinute: from,
      toMinute: to, level: try level(message.level, at("level")),
      capacityUnits: try at("capacity_units").number(message.capacity_units, in: units))
  }

  static func zonePrefix(
    _ message: Promised__V1__ZonePrefix, _ row: Int
  ) throws(Refusal) -> ZonePrefix {
    let at = RowPath("zones", row)
    return ZonePrefix(
      country: try country(message.country, at("country")),
      prefix: try at("prefix").optionalName(message.prefix),
      zone: try at("zone").name(message.zone),
      station: try at("station").optionalName(message.station))
  }

  static func lane(_ message: Promised__V1__Lane, _ row: Int) throws(Refusal) -> Lane {
    let at = RowPath("lanes", row)
    return Lane(
      origin: try at("origin").name(message.origin),
      service: try at("service").name(message.service), zone: try at("zone").name(message.zone),
      mode: try mode(message.mode, at("mode")),
      pickupCalendar: try at("pickup_calendar").name(message.pickup_calendar),
      transitCalendar: try at("transit_calendar").name(message.transit_calendar),
      deliveryCalendar: try at("delivery_calendar").name(message.delivery_calendar),
      cutoffMinute: try at("cutoff_minute").minute(message.cutoff_minute),
      transit: try transit(message, at),
      deliveryTimeZone: try at("delivery_time_zone").name(message.delivery_time_zone),
      carrier: try at("carrier").optionalName(message.carrier),
      level: try level(message.level, at("level")),
      refuses: try restrictions(message.refuses, at("refuses")))
  }

  /// Working days ascending, probabilities that add up to one.
  static func transit(
    _ message: Promised__V1__Lane, _ at: RowPath
  ) throws(Refusal) -> [TransitOutcome] {
    let count = message.n_transit_days
    guard count > 0 else { throw at("transit_days").missing() }
    try at("transit_probabilities").hasValues(message.n_transit_probabilities, for: count)
    var outcomes: [TransitOutcome] = []
    var total = 0
    for index in 0..<count {
      let days: UInt8 = try at("transit_days").number(
        message.transit_days.unsafelyUnwrapped[index], in: 0...60)
      let probability: UInt16 = try at("transit_probabilities").number(
        message.transit_probabilities.unsafelyUnwrapped[index], in: 1...65_535)
      if let last = outcomes.last, last.workingDays >= days {
        throw at("transit_days").outOfRange(
          "\(days) after \(last.workingDays)", "days in ascending order")
      }
      total += Int(probability)
      outcomes.append(TransitOutcome(workingDays: days, probability: probability))
    }
    guard total == 65_535 else {
      throw at("transit_probabilities").outOfRange("\(total) in all", "a sum of 65535")
    }
    return outcomes
  }

  static func leg(_ message: Promised__V1__Leg, _ row: Int) throws(Refusal) -> Leg {
    let at = RowPath("legs", row)
    return Leg(
      name: try at("name").name(message.name), origin: try at("origin").name(message.origin),
      destination: try at("destination").name(message.destination),
      mode: try mode(message.mode, at("mode")),
      weekdays: try at("weekdays").weekdays(message.weekdays),
      departureMinute: try at("departure_minute").number(message.departure_minute, in: 0...1439),
      durationMinutes: try at("duration_minutes").number(message.duration_minutes, in: 1...10_080),
      calendar: try at("calendar").optionalName(message.calendar),
      level: try level(message.level, at("level")),
      refuses: try restrictions(message.refuses, at("refuses")),
      capacityUnits: try at("capacity_units").number(message.capacity_units, in: units),
      delays: try delays(
        message.delay_minutes, message.n_delay_minutes, message.delay_probabilities,
        message.n_delay_probabilities, at("delay_minutes"), at("delay_probabilities")))
  }

  static func rate(_ message: Promised__V1__Rate, _ row: Int) throws(Refusal) -> Rate {
    let at = RowPath("rates", row)
    let level: UInt8 = try at("level").number(message.level, in: 1...4)
    let count = message.n_break_grams
    try at("break_grams").isAtMost(Limits.breaksPerRate, rows: count)
    try at("break_costs").hasValues(message.n_break_costs, for: count)
    var breaks: [WeightBreak] = []
    for index in 0..<count {
      let grams: Int32 = try at("break_grams").number(
        message.break_grams.unsafelyUnwrapped[index], in: 1...1_000_000_000)
      let cost: Money = try at("break_costs").number(
        message.break_costs.unsafelyUnwrapped[index], in: money)
      if let last = breaks.last {
        if grams <= last.grams {
          throw at("break_grams").outOfRange(
            "\(grams) after \(last.grams)", "grams in ascending order")
        }
        if cost < last.cost {
          throw at("break_costs").outOfRange(
            "\(cost) after \(last.cost)", "costs that do not descend")
        }
      }
      breaks.append(WeightBreak(grams: grams, cost: cost))
    }
    return Rate(
      origin: try at("origin").optionalName(message.origin),
      level: ServiceLevel(rawValue: level) ?? .standard,
      zone: try at("zone").optionalName(message.zone),
      fixedCost: try at("fixed_cost").number(message.fixed_cost, in: money), breaks: breaks,
      costPerFurtherKilogram: try at("cost_per_further_kg").number(
        message.cost_per_further_kg, in: money),
      cubicMillimetresPerGram: try at("cubic_mm_per_gram").number(
        message.cubic_mm_per_gram, in: units))
  }

  static var money: ClosedRange<Money> { 0...1_000_000_000_000 }
  /// 0 = no limit.
  static var units: ClosedRange<Int32> { 0...1_000_000_000 }

  /// The slowest level of a row; 0 = economy.
  static func level(_ value: UInt64, _ field: FieldPath) throws(Refusal) -> ServiceLevel {
    let number: UInt8 = try field.number(value, in: 0...4)
    return ServiceLevel(rawValue: number) ?? .economy
  }

  static func restrictions(
    _ value: UInt64, _ field: FieldPath
  ) throws(Refusal) -> ItemRestrictions {
    ItemRestrictions(rawValue: try field.number(value, in: 0...ItemRestrictions.all.rawValue))
  }

  /// Minutes ascending, probabilities that add up to one; or neither.
  static func delays(
    _ minutes: UnsafeMutablePointer<UInt32>?, _ count: Int,
    _ probabilities: UnsafeMutablePointer<UInt32>?, _ probabilityCount: Int,
    _ minutesField: FieldPath, _ probabilitiesField: FieldPath
  ) throws(Refusal) -> [DelayOutcome] {
    try probabilitiesField.hasValues(probabilityCount, for: count)
    if count == 0 { return [] }
    try minutesField.isAtMost(Limits.delayOutcomes, rows: count)
    var outcomes: [DelayOutcome] = []
    var total = 0
    for index in 0..<count {
      let late: Int32 = try minutesField.number(minutes.unsafelyUnwrapped[index], in: 0...10_080)
      let probability: UInt16 = try probabilitiesField.number(
        probabilities.unsafelyUnwrapped[index], in: 1...65_535)
      if let last = outcomes.last, last.minutes >= late {
        throw minutesField.outOfRange(
          "\(late) after \(last.minutes)", "minutes in ascending order")
      }
      total += Int(probability)
      outcomes.append(DelayOutcome(minutes: late, probability: probability))
    }
    guard total == 65_535 else {
      throw probabilitiesField.outOfRange("\(total) in all", "a sum of 65535")
    }
    return outcomes
  }

  static func mode(_ value: UInt64, _ field: FieldPath) throws(Refusal) -> TransportMode {
    let number: UInt8 = try field.number(value, in: 1...2)
    return TransportMode(rawValue: number) ?? .road
  }
}
