// What boxes cost, what kits are made of, and what a unit is worth where it stands.

/// What a box costs: amounts in ten-thousandths of a dollar.
private struct RateCard {
  let fixed: Int
  let breaks: [(grams: Int, cost: Int)]
  let perFurtherKilogram: Int
  let cubicMillimetresPerGram: Int

  static let parcelBreaks = [
    (250, 0), (500, 6000), (1000, 14_000), (2000, 26_000), (5000, 49_000), (10_000, 82_000),
    (20_000, 145_000),
  ]

  static let economy = RateCard(
    fixed: 24_000, breaks: parcelBreaks.map { ($0.0, $0.1 * 7 / 10) }, perFurtherKilogram: 5500,
    cubicMillimetresPerGram: 6000)
  static let standard = RateCard(
    fixed: 32_000, breaks: parcelBreaks.map { ($0.0, $0.1) }, perFurtherKilogram: 7500,
    cubicMillimetresPerGram: 5000)
  static let expedited = RateCard(
    fixed: 95_000, breaks: parcelBreaks.map { ($0.0, $0.1 * 2) }, perFurtherKilogram: 21_000,
    cubicMillimetresPerGram: 5000)
  static let twoHour = RateCard(
    fixed: 69_000, breaks: [(1000, 0), (5000, 20_000), (10_000, 50_000)],
    perFurtherKilogram: 10_000, cubicMillimetresPerGram: 0)

  /// The same card at some per cent of its prices.
  func scaled(_ percent: Int) -> RateCard {
    RateCard(
      fixed: fixed * percent / 100, breaks: breaks.map { ($0.grams, $0.cost * percent / 100) },
      perFurtherKilogram: perFurtherKilogram * percent / 100,
      cubicMillimetresPerGram: cubicMillimetresPerGram)
  }
}

extension SampleWorld {
  /// One card a level; standard also by distance, and all but two-hour dearer beyond the sea.
  func writeRates<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("origin,level,zone,fixed_cost,breaks,cost_per_further_kg,cubic_mm_per_gram")
    let cards: [(level: StaticString, card: RateCard, offshorePercent: Int)] = [
      ("economy", .economy, 220), ("standard", .standard, 300), ("expedited", .expedited, 160),
      ("two-hour", .twoHour, 100),
    ]
    let zones = carrierZones
    for (level, card, offshorePercent) in cards {
      try rate(&table, "", level, "", card, receive)
      if offshorePercent == 100 { continue }
      for zone in zones where zone.isOffshore {
        try rate(&table, "", level, zone.name, card.scaled(offshorePercent), receive)
      }
    }
    for centre in places.fulfilmentCentres {
      for zone in zones where !zone.isOffshore {
        let percent: Int? =
          switch miles(centre, zone.middle) {
          case ...150: 80
          case ...600: 90
          case ...1400: nil
          default: 125
          }
        guard let percent else { continue }
        try rate(
          &table, centre.name, "standard", zone.name, RateCard.standard.scaled(percent), receive)
      }
    }
  }

  private func rate<Failure>(
    _ table: inout Table<Failure>, _ origin: String, _ level: StaticString, _ zone: String,
    _ card: RateCard, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.text(origin)
    table.text(level)
    table.text(zone)
    table.decimal(card.fixed, places: 4)
    let breaks = card.breaks.map { step in
      "\(step.grams):\(step.cost / 10_000).\(String(step.cost % 10_000 + 10_000).dropFirst())"
    }
    table.text(breaks.joined(separator: " "))
    table.decimal(card.perFurtherKilogram, places: 4)
    table.number(card.cubicMillimetresPerGram)
    try table.endRow(receive)
  }

  func writeKits<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("kit,component,units")
    for kit in Showcase.allCases {
      for part in kit.components {
        table.text(kit.key)
        table.text(part.item.key)
        table.number(part.units)
        try table.endRow(receive)
      }
    }
    for index in Showcase.allCases.count..<max(items, Showcase.allCases.count)
    where isKit(index) {
      for back in 1...2 {
        table.text(itemKeyBytes(index))
        table.text(itemKeyBytes(index - back))
        table.number(1 + draws.below(3, .kitUnits, index, part: back))
        try table.endRow(receive)
      }
    }
  }

  /// One item in 25 is worth something where it stands: more where it is the last of its kind.
  func writeOpportunity<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("item,node,value")
    let nodes = places.stockNodes.map { Array($0.name.utf8) }
    for index in 0..<items {
      let isChosen = draws.below(25, .opportunity, index) == 0
      let isLastUnit = Showcase(rawValue: index) == .lastUnit
      if !isLastUnit, Showcase(rawValue: index) != nil || !isChosen { continue }
      let key = itemKeyBytes(index)
      try forEachPosition(ofItem: index, form: form(ofItem: index)) {
        (position) throws(Failure) in
        if position.onHand == 0 { return }
        table.text(key)
        table.text(nodes[position.node])
        let spread = draws.below(8000, .opportunity, index, part: 1 + position.node)
        table.decimal(2000 + spread + 30_000 / position.onHand, places: 4)
        try table.endRow(receive)
      }
    }
  }
}
