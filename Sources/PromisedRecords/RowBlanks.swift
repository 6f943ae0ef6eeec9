import PromisedModel

// Rows that reading fills.

extension Marketplace {
  static var blank: Marketplace {
    Marketplace(
      name: .empty, country: .empty, currency: .empty, timeZone: .empty, postcodeDigits: 0)
  }
}

extension CalendarRule {
  static var blank: CalendarRule {
    CalendarRule(weekdays: 0, date: nil, openMinute: 0, closeMinute: 0)
  }
}

extension Node {
  static var blank: Node {
    Node(
      name: .empty, title: .empty, kind: .station, timeZone: .empty, calendar: .empty,
      dwellMinutes: 0, processingMinutes: 0, country: .empty, postcode: .empty, latitudeE6: 0,
      longitudeE6: 0)
  }
}

extension Wave {
  static var blank: Wave {
    Wave(station: .empty, weekdays: 0, cutoffMinute: 0, fromMinute: 0, toMinute: 0)
  }
}

extension ZonePrefix {
  static var blank: ZonePrefix {
    ZonePrefix(country: .empty, prefix: .empty, zone: .empty, station: .empty)
  }
}

extension Lane {
  static var blank: Lane {
    Lane(
      origin: .empty, service: .empty, zone: .empty, mode: .road, pickupCalendar: .empty,
      transitCalendar: .empty, deliveryCalendar: .empty, cutoffMinute: 0, transit: [],
      deliveryTimeZone: .empty)
  }
}

extension Leg {
  static var blank: Leg {
    Leg(
      name: .empty, origin: .empty, destination: .empty, mode: .road, weekdays: 0,
      departureMinute: 0, durationMinutes: 0, calendar: .empty)
  }
}

extension Rate {
  static var blank: Rate {
    Rate(
      origin: .empty, level: .standard, zone: .empty, fixedCost: 0, breaks: [],
      costPerFurtherKilogram: 0, cubicMillimetresPerGram: 0)
  }
}
