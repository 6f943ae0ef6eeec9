// The nouns of the delivery network as operators write them: templates in local time, by name.
// The engine compiles them to instants. Every row is upserted by its key.

/// A place customers buy in. Key: `name`.
package struct Marketplace: Sendable, Equatable {
  package var name: Name
  /// ISO 3166-1 alpha-2.
  package var country: Name
  /// ISO 4217.
  package var currency: Name
  /// IANA zone in which months begin.
  package var timeZone: Name
  /// Digits of a postcode, to which a shorter one is padded with leading zeros; 0 = any text.
  package var postcodeDigits: UInt8

  package init(name: Name, country: Name, currency: Name, timeZone: Name, postcodeDigits: UInt8) {
    self.name = name
    self.country = country
    self.currency = currency
    self.timeZone = timeZone
    self.postcodeDigits = postcodeDigits
  }
}

/// When a calendar is open: on some weekdays, or on one date, which then replaces the weekly rule.
package struct CalendarRule: Sendable, Equatable {
  /// Bit 0 = Monday … bit 6 = Sunday; 0 when `date` is set.
  package var weekdays: UInt8
  package var date: LocalDate?
  /// Local minutes after midnight, 0…1440, `open <= close`; equal = closed that day. A shift over
  /// midnight is two rules.
  package var openMinute: Int16
  package var closeMinute: Int16

  package init(weekdays: UInt8, date: LocalDate?, openMinute: Int16, closeMinute: Int16) {
    self.weekdays = weekdays
    self.date = date
    self.openMinute = openMinute
    self.closeMinute = closeMinute
  }
}

/// Named opening times: of a node's shifts, or of the working days of a lane. Key: `name`.
package struct Calendar: Sendable, Equatable {
  package var name: Name
  package var rules: [CalendarRule]

  package init(name: Name, rules: [CalendarRule]) {
    self.name = name
    self.rules = rules
  }
}

package enum NodeKind: UInt8, Sendable, CaseIterable {
  case fulfilmentCentre = 1
  case sortCentre = 2
  case airHub = 3
  case station = 4
  /// A seller's own place, shipping its own orders.
  case seller = 5
  /// No longer in the network. Only snapshots hold such rows: they keep the node's index taken, so
  /// that no other node ever inherits it. A client's row of this kind is refused.
  case removed = 6
}

/// A place that holds, sorts or delivers. Key: `name`.
package struct Node: Sendable, Equatable {
  package var name: Name
  /// For people: a city, say. At most 64 bytes, may be empty.
  package var title: Name
  package var kind: NodeKind
  /// IANA zone; every local time of the node is in it. Never empty.
  package var timeZone: Name
  /// Shifts in which orders are worked on; required where stock is held (fulfilment centre,
  /// seller). A missing timetable is an error, never "open all day".
  package var calendar: Name
  /// Minutes between arriving at the node and being ready to leave it, 0…2880.
  package var dwellMinutes: Int32
  /// Open minutes from order to dock, 0…20160.
  package var processingMinutes: Int32
  package var country: Name
  package var postcode: Name
  /// Degrees × 1,000,000.
  package var latitudeE6: Int32
  package var longitudeE6: Int32
  /// Open minutes that an order may take beyond `processingMinutes`; empty = none ever.
  package var handling: [DelayOutcome]
  /// Units that can be worked on in an hour of the clock, 0…10^9; 0 = no limit.
  package var unitsPerHour: Int32
  /// What becomes of the stock here when the feed has said nothing of the node for a while.
  package var silence: SilenceRule

  package init(
    name: Name, title: Name, kind: NodeKind, timeZone: Name, calendar: Name, dwellMinutes: Int32,
    processingMinutes: Int32, country: Name, postcode: Name, latitudeE6: Int32, longitudeE6: Int32,
    handling: [DelayOutcome] = [], unitsPerHour: Int32 = 0, silence: SilenceRule = SilenceRule()
  ) {
    self.silence = silence
    self.name = name
    self.title = title
    self.kind = kind
    self.timeZone = timeZone
    self.calendar = calendar
    self.dwellMinutes = dwellMinutes
    self.processingMinutes = processingMinutes
    self.country = country
    self.postcode = postcode
    self.latitudeE6 = latitudeE6
    self.longitudeE6 = longitudeE6
    self.handling = handling
    self.unitsPerHour = unitsPerHour
  }
}

package enum SilencePolicy: UInt8, Sendable, CaseIterable {
  case ignore = 0
  /// Answers say so.
  case warn = 1
  /// The stock is neither offered nor claimed.
  case withhold = 2
  /// Promises from the node are later.
  case widen = 3

  /// The name in import files.
  package var label: String {
    switch self {
    case .ignore: "none"
    case .warn: "warn"
    case .withhold: "withhold"
    case .widen: "widen"
    }
  }
}

/// When a node counts as silent, and what follows.
package struct SilenceRule: Sendable, Equatable {
  /// Seconds without a row of the node or word that it is alive, 1…31,536,000; 0 = never silent.
  package var afterSeconds: Int32 = 0
  package var policy = SilencePolicy.ignore
  /// Minutes by which promises are later while it is silent, 0…10,080.
  package var widenMinutes: Int32 = 0

  package init() {}

  package init(afterSeconds: Int32, policy: SilencePolicy, widenMinutes: Int32 = 0) {
    self.afterSeconds = afterSeconds
    self.policy = policy
    self.widenMinutes = widenMinutes
  }
}

/// A delivery wave of a station: what is ready at `cutoffMinute` is delivered in the window.
/// Key: (station, weekdays, cutoff). All minutes are local to the station, on the same date.
package struct Wave: Sendable, Equatable {
  package var station: Name
  package var weekdays: UInt8
  package var cutoffMinute: Int16
  package var fromMinute: Int16
  package var toMinute: Int16
  /// The slowest service level that is delivered in it.
  package var level: ServiceLevel
  /// Units a wave carries, 0…10^9; 0 = no limit.
  package var capacityUnits: Int32

  package init(
    station: Name, weekdays: UInt8, cutoffMinute: Int16, fromMinute: Int16, toMinute: Int16,
    level: ServiceLevel = .economy, capacityUnits: Int32 = 0
  ) {
    self.station = station
    self.weekdays = weekdays
    self.cutoffMinute = cutoffMinute
    self.fromMinute = fromMinute
    self.toMinute = toMinute
    self.level = level
    self.capacityUnits = capacityUnits
  }
}

/// Postcodes that begin with `prefix` lie in `zone` and are delivered from `station` (which may be
/// empty: then only lanes reach them). Key: (country, prefix); the longest prefix wins.
package struct ZonePrefix: Sendable, Equatable {
  package var country: Name
  package var prefix: Name
  package var zone: Name
  package var station: Name

  package init(country: Name, prefix: Name, zone: Name, station: Name) {
    self.country = country
    self.prefix = prefix
    self.zone = zone
    self.station = station
  }
}

package enum TransportMode: UInt8, Sendable, CaseIterable {
  case road = 1
  case air = 2
}

/// Customer-facing speed. Levels are nested: whatever a level may use, every faster one may too.
package enum ServiceLevel: UInt8, Sendable, CaseIterable, Comparable {
  case economy = 1
  case standard = 2
  case expedited = 3
  case twoHour = 4

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The name on the command line and in import files.
  package var label: String {
    switch self {
    case .economy: "economy"
    case .standard: "standard"
    case .expedited: "expedited"
    case .twoHour: "two-hour"
    }
  }
}

/// Why some items may not travel everywhere: of an item, what it is; of a leg or lane, what it
/// refuses.
package struct ItemRestrictions: OptionSet, Hashable, Sendable, BitwiseCopyable {
  package var rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Dangerous goods: never by air, whatever the row says.
  package static var hazmat: ItemRestrictions { ItemRestrictions(rawValue: 1) }
  package static var oversize: ItemRestrictions { ItemRestrictions(rawValue: 2) }
  /// Written as a number: a list would be allocated, on every offer.
  package static var all: ItemRestrictions { ItemRestrictions(rawValue: 3) }
}

/// One outcome of a delay: `minutes` late (0…10,080) with a probability in 1/65535. Outcomes
/// ascend in minutes and their probabilities add up to 65535.
package struct DelayOutcome: BitwiseCopyable, Sendable, Equatable {
  package var minutes: Int32
  package var probability: UInt16

  package init(minutes: Int32, probability: UInt16) {
    self.minutes = minutes
    self.probability = probability
  }
}

/// One outcome of a transit time: `workingDays` (0…60) with a probability in 1/65535.
package struct TransitOutcome: Sendable, Equatable {
  package var workingDays: UInt8
  package var probability: UInt16

  package init(workingDays: UInt8, probability: UInt16) {
    self.workingDays = workingDays
    self.probability = probability
  }
}

/// A carrier's product from a node to a zone. Key: (origin, service, zone).
package struct Lane: Sendable, Equatable {
  package var origin: Name
  package var service: Name
  package var zone: Name
  package var mode: TransportMode
  /// Days on which the carrier collects, at `cutoffMinute` local to the origin.
  package var pickupCalendar: Name
  /// Days that count as transit working days.
  package var transitCalendar: Name
  /// Days on which the carrier delivers; its hours are the delivery window.
  package var deliveryCalendar: Name
  package var cutoffMinute: Int16
  /// Ascending in days; the probabilities add up to 65535.
  package var transit: [TransitOutcome]
  /// IANA zone of the destination, in which delivery days and windows are read.
  package var deliveryTimeZone: Name
  /// Who carries it; may be empty.
  package var carrier: Name
  /// The slowest service level that uses it.
  package var level: ServiceLevel
  /// Items with one of these are not taken; an air lane never takes hazmat.
  package var refuses: ItemRestrictions

  package init(
    origin: Name, service: Name, zone: Name, mode: TransportMode, pickupCalendar: Name,
    transitCalendar: Name, deliveryCalendar: Name, cutoffMinute: Int16,
    transit: [TransitOutcome], deliveryTimeZone: Name, carrier: Name = .empty,
    level: ServiceLevel = .economy, refuses: ItemRestrictions = []
  ) {
    self.origin = origin
    self.service = service
    self.zone = zone
    self.mode = mode
    self.pickupCalendar = pickupCalendar
    self.transitCalendar = transitCalendar
    self.deliveryCalendar = deliveryCalendar
    self.cutoffMinute = cutoffMinute
    self.transit = transit
    self.deliveryTimeZone = deliveryTimeZone
    self.carrier = carrier
    self.level = level
    self.refuses = refuses
  }
}

/// A scheduled departure, weekly in the origin's zone. Key: `name`.
package struct Leg: Sendable, Equatable {
  package var name: Name
  package var origin: Name
  package var destination: Name
  package var mode: TransportMode
  package var weekdays: UInt8
  /// The CPT: local minutes after midnight at the origin, 0…1439.
  package var departureMinute: Int16
  /// Elapsed minutes, 1…10080; never a difference of local clocks.
  package var durationMinutes: Int32
  /// Days on which it runs, on top of `weekdays`; empty = no exceptions.
  package var calendar: Name
  /// The slowest service level that uses it.
  package var level: ServiceLevel
  /// Items with one of these are not taken; an air leg never takes hazmat.
  package var refuses: ItemRestrictions
  /// Units a departure takes, 0…10^9; 0 = no limit.
  package var capacityUnits: Int32
  /// How late it arrives, as declared; empty = on time. What is learned takes its place.
  package var delays: [DelayOutcome]

  package init(
    name: Name, origin: Name, destination: Name, mode: TransportMode, weekdays: UInt8,
    departureMinute: Int16, durationMinutes: Int32, calendar: Name,
    level: ServiceLevel = .economy, refuses: ItemRestrictions = [], capacityUnits: Int32 = 0,
    delays: [DelayOutcome] = []
  ) {
    self.name = name
    self.origin = origin
    self.destination = destination
    self.mode = mode
    self.weekdays = weekdays
    self.departureMinute = departureMinute
    self.durationMinutes = durationMinutes
    self.calendar = calendar
    self.level = level
    self.refuses = refuses
    self.capacityUnits = capacityUnits
    self.delays = delays
  }
}

/// The rules of an IANA zone as the TZif file held them when a row first named the zone.
///
/// They travel in the log, so that replay never reads the host's files.
package struct TimeZoneFile: Sendable, Equatable {
  package var name: Name
  package var tzif: [UInt8]

  package init(name: Name, tzif: [UInt8]) {
    self.name = name
    self.tzif = tzif
  }
}

/// Rows of the network, upserted together in this order.
package struct NetworkRows: Sendable, Equatable {
  package var timeZones: [TimeZoneFile] = []
  package var marketplaces: [Marketplace] = []
  package var calendars: [Calendar] = []
  package var nodes: [Node] = []
  package var waves: [Wave] = []
  package var zones: [ZonePrefix] = []
  package var lanes: [Lane] = []
  package var legs: [Leg] = []
  package var rates: [Rate] = []

  package init() {}
}
