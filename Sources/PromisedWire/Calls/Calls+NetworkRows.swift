import CPromisedMessages
import PromisedModel

// The rows of the network as messages. Their numbers are not negative, because they were checked.

func fill(
  _ builder: inout MessageBuilder, _ row: Marketplace,
  _ message: UnsafeMutablePointer<Promised__V1__Marketplace>
) {
  message.pointee.name = builder.name(row.name)
  message.pointee.country = builder.name(row.country)
  message.pointee.currency = builder.name(row.currency)
  message.pointee.time_zone = builder.name(row.timeZone)
  message.pointee.postcode_digits = UInt64(row.postcodeDigits)
}

func fill(
  _ builder: inout MessageBuilder, _ row: Calendar,
  _ message: UnsafeMutablePointer<Promised__V1__Calendar>
) {
  message.pointee.name = builder.name(row.name)
  (message.pointee.n_rules, message.pointee.rules) = builder.messages(
    row.rules, promised__v1__calendar_rule__init
  ) { _, rule, message in
    message.pointee.weekdays = UInt64(rule.weekdays)
    message.pointee.date_days = rule.date.map { Int64($0.days) } ?? 0
    message.pointee.has_date = rule.date == nil ? 0 : 1
    message.pointee.open_minute = UInt64(rule.openMinute)
    message.pointee.close_minute = UInt64(rule.closeMinute)
  }
}

func fill(
  _ builder: inout MessageBuilder, _ row: Node, _ message: UnsafeMutablePointer<Promised__V1__Node>
) {
  message.pointee.name = builder.name(row.name)
  message.pointee.title = builder.name(row.title)
  message.pointee.kind = UInt64(row.kind.rawValue)
  message.pointee.time_zone = builder.name(row.timeZone)
  message.pointee.calendar = builder.name(row.calendar)
  message.pointee.dwell_minutes = UInt64(row.dwellMinutes)
  message.pointee.processing_minutes = UInt64(row.processingMinutes)
  message.pointee.country = builder.name(row.country)
  message.pointee.postcode = builder.name(row.postcode)
  message.pointee.latitude_e6 = Int64(row.latitudeE6)
  message.pointee.longitude_e6 = Int64(row.longitudeE6)
  (message.pointee.n_handling_minutes, message.pointee.handling_minutes) =
    builder.column(row.handling.map(\.minutes), as: UInt32.self)
  (message.pointee.n_handling_probabilities, message.pointee.handling_probabilities) =
    builder.column(row.handling.map(\.probability), as: UInt32.self)
  message.pointee.units_per_hour = UInt64(row.unitsPerHour)
  message.pointee.silent_after_s = UInt64(row.silence.afterSeconds)
  message.pointee.silent_policy = UInt64(row.silence.policy.rawValue)
  message.pointee.silent_widen_minutes = UInt64(row.silence.widenMinutes)
}

func fill(
  _ builder: inout MessageBuilder, _ row: Wave, _ message: UnsafeMutablePointer<Promised__V1__Wave>
) {
  message.pointee.station = builder.name(row.station)
  message.pointee.weekdays = UInt64(row.weekdays)
  message.pointee.cutoff_minute = UInt64(row.cutoffMinute)
  message.pointee.from_minute = UInt64(row.fromMinute)
  message.pointee.to_minute = UInt64(row.toMinute)
  message.pointee.level = UInt64(row.level.rawValue)
  message.pointee.capacity_units = UInt64(row.capacityUnits)
}

func fill(
  _ builder: inout MessageBuilder, _ row: ZonePrefix,
  _ message: UnsafeMutablePointer<Promised__V1__ZonePrefix>
) {
  message.pointee.country = builder.name(row.country)
  message.pointee.prefix = builder.name(row.prefix)
  message.pointee.zone = builder.name(row.zone)
  message.pointee.station = builder.name(row.station)
}

func fill(
  _ builder: inout MessageBuilder, _ row: Lane, _ message: UnsafeMutablePointer<Promised__V1__Lane>
) {
  message.pointee.origin = builder.name(row.origin)
  message.pointee.service = builder.name(row.service)
  message.pointee.zone = builder.name(row.zone)
  message.pointee.mode = UInt64(row.mode.rawValue)
  message.pointee.pickup_calendar = builder.name(row.pickupCalendar)
  message.pointee.transit_calendar = builder.name(row.transitCalendar)
  message.pointee.delivery_calendar = builder.name(row.deliveryCalendar)
  message.pointee.cutoff_minute = UInt64(row.cutoffMinute)
  (message.pointee.n_transit_days, message.pointee.transit_days) =
    builder.column(row.transit.map(\.workingDays), as: UInt32.self)
  (message.pointee.n_transit_probabilities, message.pointee.transit_probabilities) =
    builder.column(row.transit.map(\.probability), as: UInt32.self)
  message.pointee.delivery_time_zone = builder.name(row.deliveryTimeZone)
  message.pointee.carrier = builder.name(row.carrier)
  message.pointee.level = UInt64(row.level.rawValue)
  message.pointee.refuses = UInt64(row.refuses.rawValue)
}

func fill(
  _ builder: inout MessageBuilder, _ row: Leg, _ message: UnsafeMutablePointer<Promised__V1__Leg>
) {
  message.pointee.name = builder.name(row.name)
  message.pointee.origin = builder.name(row.origin)
  message.pointee.destination = builder.name(row.destination)
  message.pointee.mode = UInt64(row.mode.rawValue)
  message.pointee.weekdays = UInt64(row.weekdays)
  message.pointee.departure_minute = UInt64(row.departureMinute)
  message.pointee.duration_minutes = UInt64(row.durationMinutes)
  message.pointee.calendar = builder.name(row.calendar)
  message.pointee.level = UInt64(row.level.rawValue)
  message.pointee.refuses = UInt64(row.refuses.rawValue)
  message.pointee.capacity_units = UInt64(row.capacityUnits)
  (message.pointee.n_delay_minutes, message.pointee.delay_minutes) =
    builder.column(row.delays.map(\.minutes), as: UInt32.self)
  (message.pointee.n_delay_probabilities, message.pointee.delay_probabilities) =
    builder.column(row.delays.map(\.probability), as: UInt32.self)
}

func fill(
  _ builder: inout MessageBuilder, _ row: Rate, _ message: UnsafeMutablePointer<Promised__V1__Rate>
) {
  message.pointee.origin = builder.name(row.origin)
  message.pointee.level = UInt64(row.level.rawValue)
  message.pointee.zone = builder.name(row.zone)
  message.pointee.fixed_cost = UInt64(row.fixedCost)
  (message.pointee.n_break_grams, message.pointee.break_grams) =
    builder.column(row.breaks.map(\.grams), as: UInt64.self)
  (message.pointee.n_break_costs, message.pointee.break_costs) =
    builder.column(row.breaks.map(\.cost), as: UInt64.self)
  message.pointee.cost_per_further_kg = UInt64(row.costPerFurtherKilogram)
  message.pointee.cubic_mm_per_gram = UInt64(row.cubicMillimetresPerGram)
}
