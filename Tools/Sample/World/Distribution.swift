// For whom stock is: groups of fulfilment centres, what channels may take, units beyond the supply.

extension SampleWorld {
  /// The coasts and the middle by longitude, and everything. They overlap: "all" has every node.
  func writeGroups<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("group,node")
    let groups: [(name: StaticString, longitudesE6: Range<Int>)] = [
      ("west", -180_000_000 ..< -105_000_000), ("middle", -105_000_000 ..< -85_000_000),
      ("east", -85_000_000..<0), ("all", -180_000_000..<0),
    ]
    for group in groups {
      for place in places.stockNodes where group.longitudesE6.contains(place.longitudeE6) {
        table.text(group.name)
        table.text(place.name)
        try table.endRow(receive)
      }
    }
  }

  /// The app may not sell the last two units of one item in fifty; of the item that is not released
  /// yet 40 units wait in BFI4 for business customers.
  func writeChannels<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("channel,item,node,buffer,set_aside")
    func row(
      _ channel: StaticString, _ item: [UInt8], _ node: String, _ buffer: Int, _ setAside: Int
    ) throws(Failure) {
      table.text(channel)
      table.text(item)
      table.text(node)
      table.number(buffer)
      table.number(setAside)
      try table.endRow(receive)
    }
    try row("business", itemKeyBytes(Showcase.preRelease.rawValue), "BFI4", 0, 40)
    try row("app", itemKeyBytes(Showcase.lastUnit.rawValue), "BFI4", 1, 0)
    for index in Showcase.allCases.count..<max(items, Showcase.allCases.count)
    where draws.below(50, .channelStock, index) == 0 {
      try forEachPosition(ofItem: index, form: form(ofItem: index)) {
        (position) throws(Failure) in
        if position.onHand == 0 { return }
        try row(
          "app", itemKeyBytes(index), places.stockNodes[position.node].name, 2, 0)
      }
    }
  }

  /// One item in a hundred may be backordered where it is stored, up to a dozen units; the item that
  /// is only on its way may be ordered ahead for the day its first shipment is due.
  func writeBackorders<Failure>(
    _ table: inout Table<Failure>, _ receive: Table<Failure>.Receive
  ) throws(Failure) {
    table.header("item,node,kind,cap,from,until")
    let today = Dates.day(ofUnixSeconds: startUnixSeconds)
    table.text(itemKeyBytes(Showcase.onlyInbound.rawValue))
    table.text("BFI4")
    table.text("preorder")
    table.number(100)
    table.text(Dates.iso(today + 12) + "T18:00:00Z")
    table.empty()
    try table.endRow(receive)
    for index in Showcase.allCases.count..<max(items, Showcase.allCases.count)
    where draws.below(100, .backorder, index) == 0 {
      try forEachPosition(ofItem: index, form: form(ofItem: index)) {
        (position) throws(Failure) in
        table.text(itemKeyBytes(index))
        table.text(places.stockNodes[position.node].name)
        table.text("backorder")
        table.number(1 + draws.below(12, .backorder, index, part: 1 + position.node))
        table.empty()
        table.empty()
        try table.endRow(receive)
      }
    }
  }
}
