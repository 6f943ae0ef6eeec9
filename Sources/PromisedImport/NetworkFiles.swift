import PromisedModel

/// Gathers network rows into chunks below the field limit of a message.
///
/// A request may have 4,096 fields outside columns; a chunk stops at 250 rows or 3,600 fields,
/// counting every row's own fields and the one that holds it.
struct NetworkChunk<Failure: Error>: ~Copyable {
  static var rowLimit: Int { 250 }
  static var fieldLimit: Int { 3600 }

  var rows = NetworkRows()
  private var rowCount = 0
  private var fieldCount = 0
  private let emit: (PutRows, Int) throws(Failure) -> Void

  init(_ emit: @escaping (PutRows, Int) throws(Failure) -> Void) { self.emit = emit }

  /// Makes room for a row of so many fields.
  mutating func open(fields: Int) throws(Failure) {
    if rowCount == Self.rowLimit || fieldCount + fields > Self.fieldLimit { try close() }
    rowCount += 1
    fieldCount += fields
  }

  mutating func close() throws(Failure) {
    if rowCount == 0 { return }
    try emit(.network(rows), rowCount)
    rows = NetworkRows()
    rowCount = 0
    fieldCount = 0
  }
}

extension TableReader {
  /// A time zone that the host knows.
  fileprivate mutating func timeZone(_ column: Int, _ references: References?) -> BorrowedBytes? {
    guard let cell = name(column) else { return nil }
    guard let references else { return cell }
    if references.isTimeZone(cell) { return cell }
    refuse(column)
    return nil
  }

  fileprivate mutating func calendar(
    _ column: Int, _ references: References?, mayBeEmpty: Bool = false
  ) -> BorrowedBytes? {
    if mayBeEmpty, cell(column).isEmpty { return .empty }
    guard let cell = name(column) else { return nil }
    guard let references, !references.calendars.allows(cell) else { return cell }
    refuse(column)
    return nil
  }

  fileprivate mutating func station(
    _ column: Int, _ references: References?, mayBeEmpty: Bool = false
  ) -> BorrowedBytes? {
    if mayBeEmpty, cell(column).isEmpty { return .empty }
    guard let cell = name(column) else { return nil }
    guard let references, !references.stations.allows(cell) else { return cell }
    refuse(column)
    return nil
  }

  mutating func node(_ column: Int, _ references: References?) -> BorrowedBytes? {
    guard let cell = name(column) else { return nil }
    guard let references, !references.nodes.allows(cell) else { return cell }
    refuse(column)
    return nil
  }

  /// Units that something takes, 0 and an empty cell = no limit.
  fileprivate mutating func room(_ column: Int) -> Int32? {
    optionalInteger(column, 0...1_000_000_000).map { Int32($0) }
  }

  fileprivate mutating func mode(_ column: Int) -> TransportMode? {
    word(column, [("road", 1), ("air", 2)]).flatMap { TransportMode(rawValue: $0) }
  }
}

enum NetworkFiles {
  static func marketplaces<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var chunk = NetworkChunk(emit)
    while table.nextRow() {
      let name = table.name(0)
      let country = table.letters(1, 2)
      let currency = table.letters(2, 3)
      let zone = table.timeZone(3, references)
      let digits = table.integer(4, 0...16)
      guard let name, let country, let currency, let zone, let digits else { continue }
      if let references, !references.marketplaces.define(name) {
        table.refuse(0, allowed: "each marketplace once")
      }
      try chunk.open(fields: 6)
      chunk.rows.marketplaces.append(
        Marketplace(
          name: name.name, country: country.name, currency: currency.name, timeZone: zone.name,
          postcodeDigits: UInt8(digits)))
    }
    try chunk.close()
  }

  /// The most rules of one calendar: six fields each stay below a chunk's limit.
  static var calendarRuleLimit: Int { 500 }

  static func calendars<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var names = KeyTable()
    var calendars: [Calendar] = []
    while table.nextRow() {
      let name = table.name(0)
      let date = Cell.date(table.cell(1))
      let weekdays = date == nil ? table.weekdays(1) : 0
      var open: Int16? = 0
      var close: Int16? = 0
      if !table.cell(2).isEmpty || !table.cell(3).isEmpty {
        open = table.minute(2)
        close = table.minute(3)
        if let opens = open, let closes = close, opens > closes {
          table.refuse(3, allowed: "not before open; a shift over midnight is two rows")
          close = nil
        }
      }
      guard let name, let weekdays, let open, let close else { continue }
      let number = names.insert(name)
      if number == calendars.count {
        calendars.append(Calendar(name: name.name, rules: []))
        _ = references?.calendars.define(name)
      }
      if calendars[number].rules.count == calendarRuleLimit {
        table.refuse(0, allowed: "at most \(calendarRuleLimit) rows for one calendar")
        continue
      }
      calendars[number].rules.append(
        CalendarRule(weekdays: weekdays, date: date, openMinute: open, closeMinute: close))
    }
    var chunk = NetworkChunk(emit)
    for calendar in calendars {
      try chunk.open(fields: 2 + 6 * calendar.rules.count)
      chunk.rows.calendars.append(calendar)
    }
    try chunk.close()
  }

  static func nodes<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let kinds: [(String, UInt8)] = [
      ("fc", 1), ("sort", 2), ("air", 3), ("station", 4), ("seller", 5),
    ]
    var chunk = NetworkChunk(emit)
    while table.nextRow() {
      let name = table.name(0)
      let title = table.optionalName(1)
      let kind = table.word(2, kinds).flatMap { NodeKind(rawValue: $0) }
      let zone = table.timeZone(3, references)
      let holdsStock = kind == .fulfilmentCentre || kind == .seller
      let calendar = table.calendar(4, references, mayBeEmpty: !holdsStock)
      let dwell = table.integer(5, 0...2880)
      let processing = table.integer(6, 0...20_160)
      let country = table.letters(7, 2)
      let postcode = table.optionalName(8)
      let latitude = table.decimal(9, digits: 6, rounding: .nearest, -90_000_000...90_000_000)
      let longitude = table.decimal(10, digits: 6, rounding: .nearest, -180_000_000...180_000_000)
      guard let name else { continue }
      // Defined even when another cell is wrong, so that one mistake is one problem.
      if let references {
        if !references.nodes.define(name) { table.refuse(0, allowed: "each node once") }
        if kind == .station || kind == nil { _ = references.stations.define(name) }
      }
      let handling = table.value(11, Cell.delays)
      let unitsPerHour = table.room(12)
      let silence = table.silence(from: 13)
      guard let title, let kind, let zone, let calendar, let dwell, let processing, let country,
        let postcode, let latitude, let longitude, let handling, let unitsPerHour, let silence
      else { continue }
      try chunk.open(fields: 18)
      chunk.rows.nodes.append(
        Node(
          name: name.name, title: title.name, kind: kind, timeZone: zone.name,
          calendar: calendar.name, dwellMinutes: Int32(dwell), processingMinutes: Int32(processing),
          country: country.name, postcode: postcode.name, latitudeE6: Int32(latitude),
          longitudeE6: Int32(longitude), handling: handling, unitsPerHour: unitsPerHour,
          silence: silence))
    }
    try chunk.close()
  }

  static func waves<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var chunk = NetworkChunk(emit)
    while table.nextRow() {
      let station = table.station(0, references)
      let weekdays = table.weekdays(1)
      let cutoff = table.minute(2)
      let from = table.minute(3)
      let to = table.minute(4)
      let level = table.level(5)
      let capacity = table.room(6)
      guard let station, let weekdays, let cutoff, let from, let to, let level, let capacity
      else { continue }
      if from >= to { table.refuse(3) }
      if cutoff > to { table.refuse(2) }
      if let references, !references.waves.insert(station, table.cell(1), table.cell(2)) {
        table.refuse(2, allowed: "each station, days and cutoff once")
      }
      try chunk.open(fields: 8)
      chunk.rows.waves.append(
        Wave(
          station: station.name, weekdays: weekdays, cutoffMinute: cutoff, fromMinute: from,
          toMinute: to, level: level, capacityUnits: capacity))
    }
    try chunk.close()
  }

  static func zones<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var chunk = NetworkChunk(emit)
    while table.nextRow() {
      let country = table.letters(0, 2)
      let prefix = table.name(1)
      let zone = table.name(2)
      let station = table.station(3, references, mayBeEmpty: true)
      if let zone, let references { _ = references.zones.define(zone) }
      guard let country, let prefix, let zone, let station else { continue }
      if let references, !references.prefixes.insert(country, prefix) {
        table.refuse(1, allowed: "each country and postcode prefix once")
      }
      try chunk.open(fields: 5)
      chunk.rows.zones.append(
        ZonePrefix(
          country: country.name, prefix: prefix.name, zone: zone.name, station: station.name))
    }
    try chunk.close()
  }

  static func lanes<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var chunk = NetworkChunk(emit)
    while table.nextRow() {
      let origin = table.node(0, references)
      let service = table.name(1)
      var zone = table.name(2)
      if let named = zone, let references, !references.zones.allows(named) {
        table.refuse(2)
        zone = nil
      }
      let mode = table.mode(3)
      let pickup = table.calendar(4, references)
      let transitCalendar = table.calendar(5, references)
      let delivery = table.calendar(6, references)
      let cutoff = table.minute(7)
      let transit = table.value(8, Cell.transit)
      let timeZone = table.timeZone(9, references)
      let carrier = table.optionalName(10)
      let level = table.level(11)
      let refuses = table.value(12, Cell.restrictions)
      guard let origin, let service, let zone, let mode, let pickup, let transitCalendar,
        let delivery, let cutoff, let transit, let timeZone, let carrier, let level, let refuses
      else { continue }
      if let references, !references.lanes.insert(origin, service, zone) {
        table.refuse(1, allowed: "each origin, service and zone once")
      }
      try chunk.open(fields: 16)
      chunk.rows.lanes.append(
        Lane(
          origin: origin.name, service: service.name, zone: zone.name, mode: mode,
          pickupCalendar: pickup.name, transitCalendar: transitCalendar.name,
          deliveryCalendar: delivery.name, cutoffMinute: cutoff, transit: transit,
          deliveryTimeZone: timeZone.name, carrier: carrier.name, level: level, refuses: refuses))
    }
    try chunk.close()
  }

  static func legs<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var chunk = NetworkChunk(emit)
    while table.nextRow() {
      let name = table.name(0)
      let origin = table.node(1, references)
      let destination = table.node(2, references)
      let mode = table.mode(3)
      let weekdays = table.weekdays(4)
      let departure = table.minute(5, through: 1439)
      let duration = table.integer(6, 1...10_080)
      let calendar = table.calendar(7, references, mayBeEmpty: true)
      let level = table.level(8)
      let refuses = table.value(9, Cell.restrictions)
      let capacity = table.room(10)
      let delays = table.value(11, Cell.delays)
      guard let name, let origin, let destination, let mode, let weekdays, let departure,
        let duration, let calendar, let level, let refuses, let capacity, let delays
      else { continue }
      if isEqual(origin, destination) { table.refuse(2) }
      if let references, !references.legs.define(name) {
        table.refuse(0, allowed: "each leg once")
      }
      try chunk.open(fields: 14)
      chunk.rows.legs.append(
        Leg(
          name: name.name, origin: origin.name, destination: destination.name, mode: mode,
          weekdays: weekdays, departureMinute: departure, durationMinutes: Int32(duration),
          calendar: calendar.name, level: level, refuses: refuses, capacityUnits: capacity,
          delays: delays))
    }
    try chunk.close()
  }
}

extension TableReader {
  /// What becomes of a node's stock when it is silent: three columns, each of which may be empty.
  fileprivate mutating func silence(from first: Int) -> SilenceRule? {
    let policies = SilencePolicy.allCases.map { ($0.label, $0.rawValue) } + [("", 0)]
    let after = optionalInteger(first, 0...31_536_000)
    let policy = word(first + 1, policies)
    let widen = optionalInteger(first + 2, 0...10_080)
    guard let after, let policy, let widen else { return nil }
    return SilenceRule(
      afterSeconds: Int32(after), policy: SilencePolicy(rawValue: policy) ?? .ignore,
      widenMinutes: Int32(widen))
  }
}
