import PromisedModel

extension State {
  /// The network's rows; nodes with their index, which stock is stored by.
  func digestNetwork(_ sum: inout DigestSum) {
    let rows = network.exportRows()
    for (index, row) in rows.nodes.enumerated() {
      sum.begin(11)
      sum.add(index)
      for name in [row.name, row.title, row.timeZone, row.calendar, row.country, row.postcode] {
        sum.add(name)
      }
      sum.add(row.kind.rawValue)
      sum.add(row.dwellMinutes)
      sum.add(row.processingMinutes)
      sum.add(row.latitudeE6)
      sum.add(row.longitudeE6)
      sum.add(row.silence.afterSeconds)
      sum.add(row.silence.policy.rawValue)
      sum.add(row.silence.widenMinutes)
      sum.end()
    }
    for row in rows.timeZones {
      sum.begin(12)
      sum.add(row.name)
      sum.add(Name(row.tzif))
      sum.end()
    }
    for row in rows.marketplaces {
      sum.begin(13)
      for name in [row.name, row.country, row.currency, row.timeZone] { sum.add(name) }
      sum.add(row.postcodeDigits)
      sum.end()
    }
    digestTimetable(rows, &sum)
    digestRates(rows, &sum)
  }

  private func digestRates(_ rows: NetworkRows, _ sum: inout DigestSum) {
    for row in rows.rates {
      sum.begin(33)
      sum.add(row.origin)
      sum.add(row.level.rawValue)
      sum.add(row.zone)
      sum.add(row.fixedCost)
      for step in row.breaks {
        sum.add(step.grams)
        sum.add(step.cost)
      }
      sum.add(row.costPerFurtherKilogram)
      sum.add(row.cubicMillimetresPerGram)
      sum.end()
    }
  }

  /// Kits and opportunity values.
  func digestSourcing(_ sum: inout DigestSum) {
    for slot in 0..<kits.slotCount where kits.row(slot).item != 0 {
      sum.begin(31)
      sum.add(kits.row(slot).item)
      for part in kits.components(kits.row(slot)) {
        sum.add(part.item)
        sum.add(part.units)
      }
      sum.end()
    }
    for slot in 0..<opportunity.slotCount where opportunity.row(slot).value != 0 {
      let row = opportunity.row(slot)
      sum.begin(32)
      sum.add(row.item)
      sum.add(row.node)
      sum.add(row.value)
      sum.end()
    }
  }

  private func digestTimetable(_ rows: NetworkRows, _ sum: inout DigestSum) {
    for row in rows.calendars {
      sum.begin(14)
      sum.add(row.name)
      for rule in row.rules {
        sum.add(rule.weekdays)
        sum.add(rule.date?.days ?? Int32.min)
        sum.add(rule.openMinute)
        sum.add(rule.closeMinute)
      }
      sum.end()
    }
    for row in rows.waves {
      sum.begin(15)
      sum.add(row.station)
      sum.add(row.weekdays)
      sum.add(row.cutoffMinute)
      sum.add(row.fromMinute)
      sum.add(row.toMinute)
      sum.end()
    }
    for row in rows.zones {
      sum.begin(16)
      for name in [row.country, row.prefix, row.zone, row.station] { sum.add(name) }
      sum.end()
    }
    for row in rows.lanes {
      sum.begin(17)
      for name in [row.origin, row.service, row.zone, row.deliveryTimeZone] { sum.add(name) }
      for name in [row.pickupCalendar, row.transitCalendar, row.deliveryCalendar] { sum.add(name) }
      sum.add(row.mode.rawValue)
      sum.add(row.cutoffMinute)
      for outcome in row.transit {
        sum.add(outcome.workingDays)
        sum.add(outcome.probability)
      }
      sum.end()
    }
    for row in rows.legs {
      sum.begin(18)
      for name in [row.name, row.origin, row.destination, row.calendar] { sum.add(name) }
      sum.add(row.mode.rawValue)
      sum.add(row.weekdays)
      sum.add(row.departureMinute)
      sum.add(row.durationMinutes)
      sum.end()
    }
  }
}
