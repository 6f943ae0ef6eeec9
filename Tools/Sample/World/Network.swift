// The network: marketplaces, calendars, nodes, waves, zones. Lanes and legs have their own file.

extension SampleWorld {
  func writeMarketplaces<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("marketplace,country,currency,time_zone,postcode_digits")
    table.text("US")
    table.text("US")
    table.text("USD")
    table.text("America/Los_Angeles")
    table.number(5)
    try table.endRow(receive)
  }

  /// The weekly rule of a calendar: days and opening times. Several rules of one day are shifts.
  private struct Shift {
    let days: StaticString
    let open: Int
    let close: Int
  }

  func writeCalendars<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("calendar,days,open,close")
    let calendars: [(name: StaticString, shifts: [Shift])] = [
      ("fc-round-the-clock", [Shift(days: "daily", open: 0, close: 1440)]),
      (
        "fc-two-shifts",
        [
          Shift(days: "daily", open: 6 * 60, close: 14 * 60),
          Shift(days: "daily", open: 14 * 60 + 30, close: 23 * 60),
        ]
      ),
      ("fc-six-days", [Shift(days: "Mon-Sat", open: 6 * 60, close: 22 * 60)]),
      ("transport", [Shift(days: "daily", open: 0, close: 1440)]),
      ("stations", [Shift(days: "daily", open: 0, close: 1440)]),
      ("carrier-pickup", [Shift(days: "Mon-Sat", open: 8 * 60, close: 19 * 60)]),
      ("carrier-transit", [Shift(days: "Mon-Sat", open: 0, close: 1440)]),
      ("carrier-delivery", [Shift(days: "Mon-Sat", open: 9 * 60, close: 20 * 60)]),
    ]
    let year = Dates.civil(Dates.day(ofUnixSeconds: startUnixSeconds)).year
    for calendar in calendars {
      for shift in calendar.shifts {
        table.text(calendar.name)
        table.text(shift.days)
        table.timeOfDay(shift.open)
        table.timeOfDay(shift.close)
        try table.endRow(receive)
      }
      for holiday in holidays(from: year) {
        table.text(calendar.name)
        table.text(Dates.iso(holiday))
        table.empty()
        table.empty()
        try table.endRow(receive)
      }
    }
    // The day before Christmas ends early where people pick and pack.
    for year in year...(year + 2) {
      table.text("fc-two-shifts")
      table.text(Dates.iso(Dates.days(year: year, month: 12, day: 24)))
      table.timeOfDay(6 * 60)
      table.timeOfDay(14 * 60)
      try table.endRow(receive)
    }
  }

  /// New Year, Thanksgiving and Christmas of three years, ascending.
  private func holidays(from year: Int) -> [Int] {
    (year...(year + 2)).flatMap { year in
      [
        Dates.days(year: year, month: 1, day: 1), Dates.thanksgiving(year),
        Dates.days(year: year, month: 12, day: 25),
      ]
    }
  }

  func writeNodes<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header(
      """
      node,title,kind,time_zone,calendar,dwell_minutes,processing_minutes,country,postcode,\
      latitude,longitude,handling,units_per_hour
      """)
    for (index, place) in places.fulfilmentCentres.enumerated() {
      let calendar: StaticString =
        switch index % 6 {
        case 0, 3: "fc-round-the-clock"
        case 5: "fc-six-days"
        default: "fc-two-shifts"
        }
      // An hour and a half to three hours from order to dock.
      node(
        &table, place, "fc", calendar, dwell: 20, processing: 90 + (index * 37 % 7) * 15,
        handling: handlingDelays(centre: index),
        unitsPerHour: index % 3 == 1 ? 900 + 100 * (index % 7) : 0)
      try table.endRow(receive)
    }
    for place in places.metroCentres {
      node(
        &table, place, "fc", "fc-round-the-clock", dwell: 5, processing: 20,
        handling: "0:0.940 5:0.040 20:0.020", unitsPerHour: 120)
      try table.endRow(receive)
    }
    for place in places.sortCentres {
      node(&table, place, "sort", "transport", dwell: 60, processing: 0)
      try table.endRow(receive)
    }
    for place in places.airHubs {
      node(&table, place, "air", "", dwell: 75, processing: 0)
      try table.endRow(receive)
    }
    for place in places.stations {
      node(&table, place, "station", "stations", dwell: 20, processing: 0)
      try table.endRow(receive)
    }
  }

  /// Most orders are packed in time, a few wait for a tote, fewer for a replenishment or a recount.
  private func handlingDelays(centre index: Int) -> String {
    let late = 40 + draws.below(70, .handlingDelay, index)
    return shares([(30, late * 6 / 10), (120, late * 3 / 10), (480, late / 10)])
  }

  /// A distribution of the import format: nothing, or one of the minutes, each in thousandths.
  func shares(_ outcomes: [(minutes: Int, thousandths: Int)]) -> String {
    func text(_ minutes: Int, _ thousandths: Int) -> String {
      "\(minutes):0.\(thousandths / 100)\(thousandths / 10 % 10)\(thousandths % 10)"
    }
    let rest = outcomes.reduce(1000) { $0 - $1.thousandths }
    return ([text(0, rest)] + outcomes.map { text($0.minutes, $0.thousandths) })
      .joined(separator: " ")
  }

  private func node<Failure>(
    _ table: inout Table<Failure>, _ place: Place, _ kind: StaticString, _ calendar: StaticString,
    dwell: Int, processing: Int, handling: String = "", unitsPerHour: Int = 0
  ) {
    table.text(place.name)
    table.text(place.title)
    table.text(kind)
    table.text(place.timeZone)
    table.text(calendar)
    table.number(dwell)
    table.number(processing)
    table.text("US")
    table.text(place.postcode)
    table.decimal(place.latitudeE6, places: 6)
    table.decimal(place.longitudeE6, places: 6)
    table.text(handling)
    table.limit(unitsPerHour)
  }

  func writeWaves<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("station,days,cutoff,from,to,level,capacity_units")
    typealias Wave = (days: StaticString, cutoff: Int, from: Int, to: Int, level: StaticString)
    let waves: [Wave] = [
      ("Mon-Sat", 4 * 60 + 30, 8 * 60, 12 * 60, "standard"),
      ("Mon-Sat", 9 * 60 + 30, 12 * 60, 20 * 60, "economy"),
      ("Mon-Fri", 14 * 60 + 30, 17 * 60, 22 * 60, "expedited"),
      ("Sun", 5 * 60 + 30, 10 * 60, 18 * 60, "standard"),
    ]
    for (index, station) in places.stations.enumerated() {
      for wave in waves {
        // Evenings only where the afternoon run arrives.
        if wave.cutoff == 14 * 60 + 30, !hasAfternoonRun(station: index) { continue }
        table.text(station.name)
        table.text(wave.days)
        table.timeOfDay(wave.cutoff)
        table.timeOfDay(wave.from)
        table.timeOfDay(wave.to)
        table.text(wave.level)
        // Only the stations of cities are close to what they can carry.
        table.limit(hasAfternoonRun(station: index) ? 4000 : 0)
        try table.endRow(receive)
      }
    }
    for station in places.stationOfMetro {
      for cutoff in SampleWorld.twoHourCutoffs {
        table.text(places.stations[station].name)
        table.text("daily")
        table.timeOfDay(cutoff)
        table.timeOfDay(cutoff)
        table.timeOfDay(cutoff + 120)
        table.text("two-hour")
        table.number(60)
        try table.endRow(receive)
      }
    }
  }

  /// Twelve a day, each delivered within the two hours that follow.
  static var twoHourCutoffs: [Int] { (8...19).map { $0 * 60 } }

  /// Every three-digit area, and some full postcodes so that exact matches exist: those in which a
  /// station or a fulfilment centre stands.
  func writeZones<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("country,postcode_prefix,zone,station")
    for area in places.areas {
      table.text("US")
      table.text(area.prefix)
      table.text(area.zone)
      if let station = area.station {
        table.text(places.stations[station].name)
      } else {
        table.empty()
      }
      try table.endRow(receive)
    }
    for place in places.stations + places.fulfilmentCentres {
      let station = places.stations[Places.nearest(to: place, of: places.stations)]
      table.text("US")
      table.text(place.postcode)
      table.text(Places.zoneName(station))
      table.text(station.name)
      try table.endRow(receive)
    }
  }
}
