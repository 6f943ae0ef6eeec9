// Sellers, items, positions, shipments on the way, limits.

/// A seller's key and title, made of two words and a number.
struct SellerName {
  let key: String
  let title: String

  private static var first: [String] {
    [
      "Alder", "Basalt", "Cedar", "Delta", "Ember", "Fjord", "Granite", "Harbor", "Island",
      "Juniper", "Kestrel", "Lantern", "Meadow", "Northern", "Orchard", "Pioneer", "Quarry",
      "Ridge", "Summit", "Timber",
    ]
  }

  private static var second: [String] {
    [
      "Audio", "Baby", "Books", "Crafts", "Electronics", "Fitness", "Garden", "Home", "Kitchen",
      "Lighting", "Outdoors", "Pets", "Stationery", "Tools", "Toys",
    ]
  }

  init(index: Int, draws: Draws) {
    if index == 0 {
      key = "cascade-goods"
      title = "Cascade Goods"
      return
    }
    let first = Self.first[draws.below(Self.first.count, .sellerName, index)]
    let second = Self.second[draws.below(Self.second.count, .sellerName, index, part: 1)]
    let digits = String(index)
    let number = String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
    key = "\(first.lowercased())-\(second.lowercased())-\(number)"
    title = "\(first) \(second)"
  }
}

extension SampleWorld {
  func writeSellers<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("seller,title,marketplace")
    for index in 0..<sellers {
      let name = SellerName(index: index, draws: draws)
      table.text(name.key)
      table.text(name.title)
      table.text("US")
      try table.endRow(receive)
    }
  }

  func writeItems<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header(
      """
      item,seller,storage_type,volume_cubic_feet,weight_g,handling_minutes,demand_per_day,\
      demand_variance_ratio,release,restrictions,length_mm,width_mm,height_mm
      """)
    let today = Dates.day(ofUnixSeconds: startUnixSeconds)
    let sellerKeys = (0..<sellers).map { Array(sellerKey($0).utf8) }
    for index in 0..<items {
      let form = form(ofItem: index)
      table.text(itemKeyBytes(index))
      table.text(sellerKeys[sellerOfItem(index)])
      table.text(form.storageType.label)
      table.decimal(form.volumeE4, places: 4)
      table.number(form.weightGrams)
      table.number(form.handlingMinutes)
      if form.demandMilli > 0 {
        table.decimal(form.demandMilli, places: 3)
        table.decimal(form.varianceRatioMilli, places: 3)
      } else {
        table.empty()
        table.empty()
      }
      if let days = daysToRelease(ofItem: index) {
        // Eight in the morning in the west, in winter.
        table.text(Dates.iso(today + days) + "T16:00:00Z")
      } else {
        table.empty()
      }
      table.text(form.restrictions)
      let sides = form.sidesMillimetres
      table.number(sides.length)
      table.number(sides.width)
      table.number(sides.height)
      try table.endRow(receive)
    }
  }

  /// Days until an item may be shipped; most may already. One in 2,000 is announced ahead.
  private func daysToRelease(ofItem index: Int) -> Int? {
    if let showcase = Showcase(rawValue: index) { return showcase == .preRelease ? 6 : nil }
    if draws.below(2000, .itemRelease, index) > 0 { return nil }
    return 3 + draws.below(25, .itemRelease, index, part: 1)
  }

  func writePositions<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("item,node,on_hand,unfulfillable,researching,in_transfer,in_processing")
    let nodes = places.stockNodes.map { Array($0.name.utf8) }
    for index in 0..<items {
      let key = itemKeyBytes(index)
      try forEachPosition(ofItem: index, form: form(ofItem: index)) {
        (position) throws(Failure) in
        table.text(key)
        table.text(nodes[position.node])
        table.number(position.onHand)
        table.number(position.unfulfillable)
        table.number(position.researching)
        table.number(position.inTransfer)
        table.number(position.inProcessing)
        try table.endRow(receive)
      }
    }
  }

  func writeInbound<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("shipment,item,node,quantity,eta,stage")
    let today = Dates.day(ofUnixSeconds: startUnixSeconds)
    for showcase in Showcase.allCases {
      for row in showcase.inbound {
        table.text(row.shipment)
        table.text(showcase.key)
        table.text("BFI4")
        table.number(row.quantity)
        table.text(Dates.iso(today + row.afterDays) + "T18:00:00Z")
        table.text(row.stage)
        try table.endRow(receive)
      }
    }
    for index in 0..<items {
      guard let row = inbound(ofItem: index, form: form(ofItem: index)) else { continue }
      let days = 1 + draws.below(40, .inboundDay, row.shipment)
      let stage: StaticString =
        switch days {
        case ...2: "receiving"
        case ...12: "shipped"
        case ...25: "working"
        default: "draft"
        }
      let node = draws.below(places.fulfilmentCentres.count, .inboundDay, row.shipment, part: 1)
      table.text("SH\(100_000 + row.shipment)")
      table.text(itemKeyBytes(index))
      table.text(places.fulfilmentCentres[node].name)
      table.number(row.quantity)
      table.text(Dates.iso(today + days) + "T15:00:00Z")
      table.text(stage)
      try table.endRow(receive)
    }
  }

  /// Ten-thousandths of a cubic foot in stock or on the way, per seller and storage type.
  private func usageE4() -> [Int] {
    let types = SampleStorageType.allCases.count
    var usage = [Int](repeating: 0, count: sellers * types)
    for index in 0..<items {
      let form = form(ofItem: index)
      var units = inbound(ofItem: index, form: form)?.quantity ?? 0
      forEachPosition(ofItem: index, form: form) { units += $0.onHand }
      usage[sellerOfItem(index) * types + form.storageType.rawValue] += units * form.volumeE4
    }
    return usage
  }

  /// Limits of this month (confirmed), the next (confirmed for most) and the one after
  /// (estimated): usually some way above what is used, for a few sellers below it, and for a few
  /// there is none.
  func writeLimits<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("seller,storage_type,month,kind,limit_cubic_feet")
    let usage = usageE4()
    // Months begin in the marketplace's zone, eight hours west; an hour in summer is no matter.
    let today = Dates.civil(Dates.day(ofUnixSeconds: startUnixSeconds - 8 * 3600))
    let types = SampleStorageType.allCases
    for seller in 0..<sellers {
      let key = sellerKey(seller)
      let isUnlimited = seller > 0 && draws.below(100, .limitKind, seller) < 4
      let isConfirmedAhead = seller == 0 || draws.below(100, .limitKind, seller, part: 1) < 60
      let isOver = seller > 0 && draws.below(100, .limitKind, seller, part: 2) < 3
      for type in types {
        let used = usage[seller * types.count + type.rawValue]
        if used == 0, type != .standard { continue }
        for ahead in 0..<3 {
          let month = today.month - 1 + ahead
          let percent =
            isOver ? 90 : 110 + draws.below(80, .limitFactor, seller, part: type.rawValue)
          table.text(key)
          table.text(type.label)
          table.text("\(today.year + month / 12)-\(Dates.twoDigits(month % 12 + 1))")
          if isUnlimited {
            table.text("no-limit")
            table.empty()
          } else {
            table.text(ahead == 0 || ahead == 1 && isConfirmedAhead ? "confirmed" : "estimated")
            table.number(used * percent / 1_000_000 + (isOver ? 0 : 25))
          }
          try table.endRow(receive)
        }
      }
    }
  }
}
