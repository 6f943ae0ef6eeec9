// What moves between the places: scheduled legs, and carriers' lanes.
//
//   FC ──road──▶ sort centre ──road──▶ sort centre ──road, at night──▶ station ──▶ door
//                    │                     ▲
//                   road                  road
//                    ▼                     │
//                 air hub ─────air─────▶ air hub       gateways: hub ──▶ gateway ──▶ station
//
//   small FC ──road, twelve times a day──▶ station of its city
//
// Economy travels on the night trucks and by post, standard by day too and by parcel, expedited
// also by air and in the evening, two-hour also from the small centres inside cities.

extension SampleWorld {
  /// Minutes on the road: a fifth longer than the crow flies, at 50 miles an hour, and a quarter
  /// of an hour to get in and out.
  private func drive(_ one: Place, _ other: Place) -> Int { miles(one, other) * 72 / 50 + 15 }

  /// Minutes from block to block at 480 miles an hour.
  private func fly(_ one: Place, _ other: Place) -> Int { miles(one, other) * 60 / 480 + 40 }

  /// Alaska and Hawaii are reached through a gateway, not from a sort centre.
  private func gateway(ofStation index: Int) -> Place? {
    switch standardHoursWest(places.stations[index].timeZone) {
    case 10: places.airHubs[places.airHubs.count - 1]
    case 9: places.airHubs[places.airHubs.count - 2]
    default: nil
    }
  }

  /// Whether a third run reaches the station in time for an evening wave.
  func hasAfternoonRun(station index: Int) -> Bool {
    gateway(ofStation: index) == nil
      && drive(places.sortCentres[places.sortCentreOfStation[index]], places.stations[index]) <= 90
  }

  func writeLegs<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header(
      """
      leg,origin,destination,mode,days,departure,duration_minutes,calendar,level,refuses,\
      capacity_units,delays
      """)
    try writeLinehaul(&table, receive)
    try writeFlights(&table, receive)
    try writeStationRuns(&table, receive)
    try writeCityRuns(&table, receive)
  }

  /// How late a departure arrives, in the shape of what is observed: flights oftener than trucks,
  /// the tail of a truck in proportion to its way.
  private func delays(departure index: Int, isAir: Bool, duration: Int) -> String {
    func fives(_ minutes: Int) -> Int { (minutes + 4) / 5 * 5 }
    let late = (isAir ? 60 : 30) + draws.below(70, .legDelay, index)
    let minutes =
      isAir
      ? [20, 55, 180]
      : [fives(5 + duration / 25), fives(15 + duration / 10), fives(60 + duration / 3)]
    return shares([
      (minutes[0], late * 6 / 10), (minutes[1], late * 3 / 10), (minutes[2], late / 10),
    ])
  }

  /// What a departure carries, for whom, and how many of it.
  private struct Terms {
    var level: StaticString = "standard"
    var refuses: StaticString = ""
    /// 0 = no limit.
    var capacity = 0
    var delays: String?
  }

  private func leg<Failure>(
    _ table: inout Table<Failure>, _ origin: Place, _ destination: Place, _ mode: StaticString,
    departure: Int, duration: Int, _ terms: Terms, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    let minute = (departure % 1440 + 1440) % 1440
    let clock = Dates.twoDigits(minute / 60) + Dates.twoDigits(minute % 60)
    table.text("\(origin.name)-\(destination.name)-\(clock)")
    table.text(origin.name)
    table.text(destination.name)
    table.text(mode)
    table.text("daily")
    table.timeOfDay(minute)
    table.number(duration)
    table.text("transport")
    table.text(terms.level)
    table.text(terms.refuses)
    table.limit(terms.capacity)
    // The row's number is the departure's: a distribution of its own each.
    let isAir = mode.utf8CodeUnitCount == 3
    table.text(
      terms.delays ?? delays(departure: table.rows, isAir: isAir, duration: duration))
    try table.endRow(receive)
  }

  /// Fulfilment centre to its sort centre several times a day, and every sort centre to every other.
  private func writeLinehaul<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    for (index, centre) in places.fulfilmentCentres.enumerated() {
      let sort = places.sortCentres[places.sortCentreOfCentre[index]]
      let duration = drive(centre, sort)
      let departures =
        duration <= 150 ? [150, 570, 750, 1050, 1260, 1395] : [150, 750, 1140, 1350]
      for departure in departures {
        let terms = Terms(level: departure >= 1140 ? "economy" : "standard")
        try leg(
          &table, centre, sort, "road", departure: departure, duration: duration, terms, receive)
      }
    }
    for origin in places.sortCentres {
      for destination in places.sortCentres where destination.name != origin.name {
        let duration = drive(origin, destination)
        let departures = duration <= 900 ? [240, 660, 1350] : [660, 1350]
        for departure in departures {
          let terms = Terms(
            level: departure == 1350 ? "economy" : "standard",
            capacity: departure == 660 ? 9000 : 0)
          try leg(
            &table, origin, destination, "road", departure: departure, duration: duration, terms,
            receive)
        }
      }
    }
  }

  /// Between a sort centre and its hub by road, between hubs by night and by day, and to the
  /// gateways every night.
  private func writeFlights<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    for (index, hub) in places.airHubs.enumerated() where places.sortCentreOfHub[index] >= 0 {
      let sort = places.sortCentres[places.sortCentreOfHub[index]]
      let duration = drive(sort, hub)
      for departure in [630, 1200, 1305] {
        try leg(
          &table, sort, hub, "road", departure: departure, duration: duration, Terms(), receive)
      }
      for departure in [330, 570, 960, 1200] {
        try leg(
          &table, hub, sort, "road", departure: departure, duration: duration,
          Terms(level: "expedited"), receive)
      }
      for (other, destination) in places.airHubs.enumerated() where other != index {
        let isGateway = places.sortCentreOfHub[other] < 0
        // Freight for the gateways leaves from the west.
        if isGateway, standardHoursWest(hub.timeZone) != 8 { continue }
        let flight = fly(hub, destination)
        for departure in isGateway ? [1380] : [780, 1425] {
          // Nothing else goes to the gateways, so that everybody flies there.
          let terms =
            isGateway
            ? Terms(capacity: 2500)
            : Terms(level: "expedited", refuses: "oversize", capacity: 1200)
          try leg(
            &table, hub, destination, "air", departure: departure, duration: flight, terms,
            receive)
        }
      }
    }
  }

  /// Runs that reach a station before its cut-offs: at night, in the morning, in the afternoon.
  ///
  /// They aim for 80, 45 and 60 minutes before a cut-off by winter clocks, so that they also make it
  /// where only one of the two places changes its clocks in summer (Phoenix to Gallup, say) or the
  /// truck is the one before.
  private func writeStationRuns<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    for (index, station) in places.stations.enumerated() {
      let origin =
        gateway(ofStation: index) ?? places.sortCentres[places.sortCentreOfStation[index]]
      let isFlight = gateway(ofStation: index) != nil && miles(origin, station) > 60
      let duration = isFlight ? fly(origin, station) : drive(origin, station)
      let later =
        60 * (standardHoursWest(station.timeZone) - standardHoursWest(origin.timeZone))
      var arrivals = [190, 525]
      if hasAfternoonRun(station: index) { arrivals.append(810) }
      for arrival in arrivals {
        let isOffshore = gateway(ofStation: index) != nil
        let level: StaticString =
          switch arrival {
          case 525 where !isOffshore: "economy"
          case 810: "expedited"
          default: "standard"
          }
        try leg(
          &table, origin, station, isFlight ? "air" : "road",
          departure: arrival + later - duration, duration: duration,
          Terms(level: level, capacity: hasAfternoonRun(station: index) ? 3000 : 0), receive)
      }
    }
  }

  /// From the small centres into the next two-hour wave: there 25 minutes before it, of which the
  /// station takes 20.
  private func writeCityRuns<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    for (index, centre) in places.metroCentres.enumerated() {
      let station = places.stations[places.stationOfMetro[index]]
      let duration = drive(centre, station)
      for cutoff in SampleWorld.twoHourCutoffs {
        try leg(
          &table, centre, station, "road", departure: cutoff - 25 - duration, duration: duration,
          Terms(
            level: "two-hour", refuses: "oversize", capacity: 60,
            delays: "0:0.930 5:0.050 20:0.020"),
          receive)
      }
    }
  }

  /// Where a carrier's zone lies, and whether a truck can drive there.
  struct CarrierZone {
    let name: String
    let middle: Place
    let timeZone: String
    let isOffshore: Bool
  }

  var carrierZones: [CarrierZone] {
    var zones = places.stations.indices.map { index in
      CarrierZone(
        name: Places.zoneName(places.stations[index]), middle: places.stations[index],
        timeZone: places.stations[index].timeZone, isOffshore: gateway(ofStation: index) != nil)
    }
    let islands: [(name: String, timeZone: String, latitude: Int, longitude: Int)] = [
      ("puerto-rico", "America/Puerto_Rico", 18_400_000, -66_100_000),
      ("guam", "Pacific/Guam", 13_470_000, 144_750_000),
      // Mail for the armed forces is handed over in New York.
      ("overseas", "America/New_York", 40_650_000, -73_780_000),
    ]
    for island in islands {
      let middle = Place(
        name: island.name, title: "", timeZone: island.timeZone, postcode: "",
        latitudeE6: island.latitude, longitudeE6: island.longitude)
      zones.append(
        CarrierZone(
          name: island.name, middle: middle, timeZone: island.timeZone, isOffshore: true))
    }
    return zones
  }

  /// The postal service everywhere by ground and sea, a parcel carrier within a day's drive, and
  /// by air to what is far, from every third centre, or offshore, from all.
  ///
  /// Transit distributions are made up in the shape of published service standards: they grow with
  /// distance, and their tails with them.
  func writeLanes<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header(
      """
      origin,service,zone,mode,pickup_calendar,transit_calendar,delivery_calendar,cutoff,transit,\
      delivery_time_zone,carrier,level,refuses
      """)
    let zones = carrierZones
    for (index, centre) in places.fulfilmentCentres.enumerated() {
      for zone in zones {
        let distance = miles(centre, zone.middle)
        let ground = groundTransit(miles: distance, isOffshore: zone.isOffshore)
        try lane(
          &table, centre, "postal-ground", zone, "road", 17 * 60, ground,
          Carriage(carrier: "National Post", level: "economy"), receive)
        if zone.isOffshore {
          try lane(
            &table, centre, "postal-air", zone, "air", 15 * 60, "3:0.78 4:0.16 6:0.06",
            Carriage(carrier: "National Post"), receive)
        } else if distance <= 500 {
          let parcel: StaticString =
            distance <= 150 ? "1:0.93 2:0.06 3:0.01" : "2:0.90 3:0.08 4:0.02"
          try lane(
            &table, centre, "parcel-ground", zone, "road", 18 * 60, parcel,
            Carriage(carrier: "Overland Parcel", refuses: "oversize"), receive)
        } else if distance > 800, index % 3 == 0 {
          try lane(
            &table, centre, "two-day-air", zone, "air", 16 * 60, "2:0.92 3:0.07 4:0.01",
            Carriage(carrier: "Skyline Express", level: "expedited", refuses: "oversize"), receive)
        }
      }
    }
  }

  private func groundTransit(miles: Int, isOffshore: Bool) -> StaticString {
    if isOffshore { return "9:0.50 12:0.35 18:0.15" }
    if miles <= 150 { return "2:0.82 3:0.15 4:0.03" }
    if miles <= 600 { return "3:0.74 4:0.20 5:0.06" }
    if miles <= 1400 { return "4:0.70 5:0.22 6:0.08" }
    return "5:0.68 6:0.22 7:0.10"
  }

  /// Who carries on a lane, for whom, and what not.
  private struct Carriage {
    var carrier: StaticString
    var level: StaticString = "standard"
    var refuses: StaticString = ""
  }

  private func lane<Failure>(
    _ table: inout Table<Failure>, _ origin: Place, _ service: StaticString, _ zone: CarrierZone,
    _ mode: StaticString, _ cutoff: Int, _ transit: StaticString, _ carriage: Carriage,
    _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.text(origin.name)
    table.text(service)
    table.text(zone.name)
    table.text(mode)
    table.text("carrier-pickup")
    table.text("carrier-transit")
    table.text("carrier-delivery")
    table.timeOfDay(cutoff)
    table.text(transit)
    table.text(zone.timeZone)
    table.text(carriage.carrier)
    table.text(carriage.level)
    table.text(carriage.refuses)
    try table.endRow(receive)
  }
}
