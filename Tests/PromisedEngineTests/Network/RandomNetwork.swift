import PromisedModel

/// Small networks for comparing independent answers.
enum RandomNetwork {
  static let zones = [
    "America/New_York", "America/Los_Angeles", "America/Phoenix", "Australia/Lord_Howe",
  ]

  /// Three centres, three sort centres, two stations in random zones; about twenty legs and five
  /// lanes.
  static func rows(_ random: inout SplitMix) -> NetworkRows {
    var rows = NetworkRows()
    rows.timeZones = zones.map { hostZone($0) }
    rows.calendars = [
      Calendar(name: Name("always"), rules: [rule(everyDay, 0, 1440)]),
      Calendar(
        name: Name("shifts"),
        rules: [rule(everyDay, 360, 840), rule(weekdaysOnly, 1080, 1440), rule(30, 0, 240)]),
      Calendar(name: Name("daily"), rules: [rule(everyDay, 480, 1080)]),
      Calendar(
        name: Name("working"),
        rules: [
          rule(weekdaysOnly, 540, 720), rule(weekdaysOnly, 780, 1200),
          rule(on: LocalDate(year: 2026, month: 3, day: 9), 0, 0),
        ]),
    ]
    func zone() -> String { zones[random.below(zones.count)] }
    for index in 0..<3 {
      rows.nodes.append(
        node(
          "F\(index)", .fulfilmentCentre, zone: zone(),
          calendar: ["always", "shifts", "daily"][random.below(3)], dwell: 30,
          processing: Int32([0, 45, 200][random.below(3)])))
    }
    for index in 0..<3 {
      rows.nodes.append(
        node("S\(index)", .sortCentre, zone: zone(), dwell: Int32(random.below(3) * 40)))
    }
    for index in 0..<2 {
      rows.nodes.append(node("D\(index)", .station, zone: zone(), dwell: Int32(random.below(90))))
    }
    func weekdays() -> UInt8 { UInt8(1 + random.below(127)) | UInt8(1 << random.below(7)) }
    let names = rows.nodes.map(\.name.description)
    for index in 0..<22 {
      // From anywhere, a station too; mostly to sort centres and stations.
      let from = names[random.below(10) == 0 ? 6 : random.below(6)]
      let to = names[random.below(8) == 0 ? random.below(3) : 3 + random.below(5)]
      if from == to { continue }
      rows.legs.append(
        leg(
          "L\(index)", from, to, at: random.below(1440), lasting: 1 + random.below(900),
          weekdays: weekdays(), calendar: random.below(5) == 0 ? "working" : ""))
    }
    for station in ["D0", "D1"] {
      for _ in 0..<2 {
        let cutoff = random.below(900)
        let from = cutoff + random.below(200)
        rows.waves.append(
          wave(
            station, cutoff: cutoff, from: from, to: from + 60 + random.below(200),
            weekdays: weekdays()))
      }
    }
    rows.zones = [
      prefix("1", zone: "z1", station: "D0"), prefix("2", zone: "z2", station: "D1"),
      prefix("3", zone: "z2", station: "D0"), prefix("4", zone: "z1", station: ""),
    ]
    for index in 0..<5 {
      let days = UInt8(random.below(3))
      rows.lanes.append(
        lane(
          names[random.below(6)], "C\(index)", "z\(1 + random.below(2))",
          cutoff: random.below(1440), transit: [(days, 62_000), (days + 1, 300), (days + 2, 3235)],
          pickup: ["daily", "working"][random.below(2)],
          transitCalendar: ["daily", "working"][random.below(2)],
          delivery: ["daily", "working"][random.below(2)], deliveryZone: zone()))
    }
    return rows
  }

  /// The same with every sort of row that only some orders may use.
  static func tieredRows(_ random: inout SplitMix) -> NetworkRows {
    var rows = rows(&random)
    func level() -> ServiceLevel { ServiceLevel.allCases[random.below(4)] }
    func refuses() -> ItemRestrictions { ItemRestrictions(rawValue: UInt8(random.below(4))) }
    for index in rows.legs.indices {
      rows.legs[index].level = level()
      rows.legs[index].refuses = refuses()
      if random.below(3) == 0 { rows.legs[index].mode = .air }
    }
    for index in rows.lanes.indices {
      rows.lanes[index].level = level()
      rows.lanes[index].refuses = refuses()
      if random.below(3) == 0 { rows.lanes[index].mode = .air }
    }
    for index in rows.waves.indices { rows.waves[index].level = level() }
    return rows
  }
}
