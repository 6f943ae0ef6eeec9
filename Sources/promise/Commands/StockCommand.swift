import PromisedClient
import PromisedModel

extension Session {
  func stock() throws(Failure) -> Int32 {
    let items = arguments.operands
    let horizon = try integer("horizon", 1...365, default: 14)
    let (availability, inStock) = try perform(
      .availability(
        items: items, nodes: arguments.options["node"] ?? [],
        groups: arguments.options["group"] ?? [], channel: arguments.value("channel") ?? ""),
      .inStock(items: items, horizonDays: UInt64(horizon)))
    if isJSON {
      json { stockJSON(availability, inStock, &$0) }
    } else {
      write(
        zip(availability.items, inStock.rows).map {
          stockText($0, $1, horizon: inStock.horizonDays, style)
        }.joined(separator: "\n"))
    }
    let isKnown =
      availability.items.allSatisfy(\.outcome.isOK) && inStock.rows.allSatisfy(\.outcome.isOK)
    return isKnown ? ExitCode.yes : ExitCode.no
  }
}

/// The stages of inbound supply, by their numbers.
private func stageWord(_ stage: UInt32) -> String {
  UInt8(exactly: stage).flatMap { InboundStage(rawValue: $0) }.map { "\($0)" } ?? "stage \(stage)"
}

/// What is known of an item's stock, as tables.
func stockText(
  _ item: ItemAvailability, _ inStock: InStock, horizon: UInt64, _ style: Style
) -> String {
  var text = style.bold(printable(item.item)) + "\n"
  guard item.outcome.isOK else {
    return text + "  " + style.bad(item.outcome.reason)
      + "\n  `promise list items` shows the keys that are known.\n"
  }
  if item.positions.isEmpty {
    text += "  " + style.notice("Nowhere in stock.") + "\n"
  } else {
    text += positionTable(item.positions).text(style, indent: "  ")
  }
  if item.unsourced > 0 {
    text += "  \(counted(item.unsourced, "unit")) claimed of groups, not yet of a node\n"
  }
  if !item.inbound.isEmpty {
    var table = Table("Coming to", "#Units", "Expected", "Stage", "Shipment")
    for supply in item.inbound {
      table.add(
        supply.node, grouped(supply.quantity),
        placeText(supply.etaUnixSeconds, supply.etaUTCOffsetSeconds), stageWord(supply.stage),
        supply.shipment)
    }
    text += table.text(style, indent: "  ")
  }
  return text + inStockText(inStock, horizon: horizon, style)
}

private func positionTable(_ positions: [StockPosition]) -> Table {
  // Conditions that no position is in would only widen the table.
  let conditions: [(String, (StockPosition) -> Int64)] = [
    ("#Unfulfillable", { $0.unfulfillable }), ("#Researching", { $0.researching }),
    ("#In transfer", { $0.inTransfer }), ("#In processing", { $0.inProcessing }),
    ("#Held", { $0.held }), ("#Allocated", { $0.allocated }), ("#Picked", { $0.picked }),
    ("#Withheld", { $0.withheld }), ("#Not for the channel", { $0.withheldFromChannel }),
    ("#Claimed later", { $0.claimedLater }),
  ]
  let shown = conditions.filter { condition in positions.contains { condition.1($0) != 0 } }
  var table = Table(["Node", "#On hand"] + shown.map(\.0) + ["#Available"])
  for position in positions {
    table.add(
      [position.node, grouped(position.onHand)] + shown.map { grouped($0.1(position)) }
        + [grouped(position.availableNow)])
  }
  if positions.count > 1 {
    let total = { (amount: (StockPosition) -> Int64) in
      grouped(positions.reduce(Int128(0)) { $0 + Int128(amount($1)) })
    }
    table.add(
      ["All", total { $0.onHand }] + shown.map { total($0.1) } + [total { $0.availableNow }])
  }
  return table
}

private func inStockText(_ row: InStock, horizon: UInt64, _ style: Style) -> String {
  if !row.outcome.isOK { return "  " + style.bad(row.outcome.reason) + "\n" }
  var text = "  Available now \(grouped(row.availableNow))"
  text += ", inbound within \(horizon) days \(grouped(row.inboundInHorizon))\n"
  if row.nextSupplyUnixSeconds != 0 {
    text += "  Next supply \(counted(row.nextSupplyQuantity, "unit")), "
    text += placeText(row.nextSupplyUnixSeconds, row.nextSupplyUTCOffsetSeconds) + "\n"
  }
  if row.demandSource == 0 {
    return text + "  " + style.dim("No demand rate is known, so no probability is stated.") + "\n"
  }
  let rate = tenths(Int128(row.demandPerDayMilli), per: 1000)
  text += "  At \(rate) units a day over \(horizon) days: all demand met "
  text += style.bold(percent(row.demandMet)) + ", a unit left "
  return text + style.bold(percent(row.stillBuyable)) + "\n"
}

/// Both answers as one object per item.
func stockJSON(_ availability: AvailabilityAnswer, _ inStock: InStockAnswer, _ json: inout JSON) {
  json.stamp(availability.asOf)
  json.member("horizon_days", inStock.horizonDays)
  json.rows("items", Array(zip(availability.items, inStock.rows))) { json, pair in
    let (item, row) = pair
    json.member("item", item.item)
    json.outcome(item.outcome)
    json.rows("positions", item.positions) { json, position in
      json.member("node", position.node)
      json.member("on_hand", position.onHand)
      json.member("fulfillable", position.fulfillable)
      json.member("unfulfillable", position.unfulfillable)
      json.member("researching", position.researching)
      json.member("in_transfer", position.inTransfer)
      json.member("in_processing", position.inProcessing)
      json.member("held", position.held)
      json.member("allocated", position.allocated)
      json.member("picked", position.picked)
      json.member("withheld", position.withheld)
      json.member("available_now", position.availableNow)
      json.member("claimed_later", position.claimedLater)
      json.member("withheld_from_channel", position.withheldFromChannel)
    }
    json.member("unsourced", item.unsourced)
    json.rows("inbound", item.inbound) { json, supply in
      json.member("shipment", supply.shipment)
      json.member("node", supply.node)
      json.member("quantity", supply.quantity)
      json.instant("eta", supply.etaUnixSeconds, offset: supply.etaUTCOffsetSeconds)
      json.member("eta_utc_offset_s", supply.etaUTCOffsetSeconds)
      json.member("stage", stageWord(supply.stage))
    }
    json.object("in_stock") { json in inStockMembers(row, &json) }
  }
}
