// Rules of seller storage, what buildings can store, and what a seller expects.

extension SampleWorld {
  /// One for the marketplace, and a milder one for the first seller.
  func writePolicies<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("marketplace,seller,charges_overage,overage_fee,plan_days")
    table.text("US")
    table.empty()
    table.text("yes")
    table.number(10)
    table.number(45)
    try table.endRow(receive)
    table.empty()
    table.text(sellerKey(0))
    table.text("no")
    table.number(0)
    table.number(90)
    try table.endRow(receive)
  }

  /// What each place with stock can store of each type it stores: some way above what it does, for a
  /// few little above.
  func writeBuildings<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("node,storage_type,usable_cubic_feet")
    let types = SampleStorageType.allCases
    var stored = [Int](repeating: 0, count: places.stockNodes.count * types.count)
    for index in 0..<items {
      let form = form(ofItem: index)
      forEachPosition(ofItem: index, form: form) { position in
        stored[position.node * types.count + form.storageType.rawValue] +=
          position.onHand * form.volumeE4
      }
    }
    for node in places.stockNodes.indices {
      for type in types {
        let volume = stored[node * types.count + type.rawValue]
        if volume == 0 { continue }
        let percent = 108 + draws.below(60, .limitFactor, node, part: 100 + type.rawValue)
        table.text(places.stockNodes[node].name)
        table.text(type.label)
        table.number(volume * percent / 1_000_000 + 100)
        try table.endRow(receive)
      }
    }
  }

  /// The first seller expects a promotion of its first item in the month after this one.
  func writeSignals<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("seller,item,month,kind,low,high,confidence")
    let today = Dates.civil(Dates.day(ofUnixSeconds: startUnixSeconds - 8 * 3600))
    let month = today.month
    table.text(sellerKey(sellerOfItem(0)))
    table.text(itemKeyBytes(0))
    table.text("\(today.year + month / 12)-\(Dates.twoDigits(month % 12 + 1))")
    table.text("promotion")
    table.number(50)
    table.number(120)
    table.text("0.7")
    try table.endRow(receive)
  }
}
