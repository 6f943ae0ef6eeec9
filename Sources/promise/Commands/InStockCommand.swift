import PromisedClient
import PromisedModel

extension Session {
  /// How likely items are still there, and when they are sold out.
  func inStock() throws(Failure) -> Int32 {
    let horizon = try integer("horizon", 1...365, default: 14)
    let answer = try perform(
      .inStock(
        items: arguments.operands, horizonDays: UInt64(horizon),
        demandSource: try demandSource(), fastTrack: arguments.has("fast-track")))
    if isJSON {
      json { inStockJSON(answer, &$0) }
    } else {
      write(inStockTable(answer, style))
    }
    return answer.rows.allSatisfy(\.outcome.isOK) ? ExitCode.yes : ExitCode.no
  }

  private func demandSource() throws(Failure) -> UInt64 {
    guard let word = arguments.value("demand") else { return 0 }
    for number in UInt32(1)...4 where demandWord(number) == word { return UInt64(number) }
    throw .usage("--demand \(word): declared, forecast, embedded or signals is needed")
  }

  /// The last days of items.
  func history() throws(Failure) -> Int32 {
    let days = try integer("days", 1...28, default: 28)
    let answer = try perform(.history(items: arguments.operands, days: UInt64(days)))
    if isJSON {
      json { historyJSON(answer, &$0) }
    } else {
      write(answer.items.map { historyText($0, style) }.joined(separator: "\n"))
    }
    return answer.items.allSatisfy(\.outcome.isOK) ? ExitCode.yes : ExitCode.no
  }
}

/// The sources of demand, by their numbers.
func demandWord(_ source: UInt32) -> String {
  switch source {
  case 0: "none"
  case 1: "declared"
  case 2: "forecast"
  case 3: "embedded"
  case 4: "signals"
  default: "source \(source)"
  }
}

/// Why an answer is as it is, by its number; empty where there is nothing to say.
func inStockReasonWord(_ reason: UInt32) -> String {
  switch reason {
  case 0: ""
  case 1: "no demand is known"
  case 2: "the forecast is stale"
  case 3: "nothing sold yet: by its category"
  case 4: "inbound is overdue"
  case 5: "nothing available now"
  default: "reason \(reason)"
  }
}

/// A row per item, then the rates over all.
func inStockTable(_ answer: InStockAnswer, _ style: Style) -> String {
  let asksFastTrack = answer.fastTrackZones > 0
  var table = Table(
    [
      "Item", "#Available", "#Inbound", "#A day", "#Met", "#Left", "#Never out", "#Cover, days",
      "Sold out 10 %", "50 %", "90 %",
    ] + (asksFastTrack ? ["#Fast track"] : []) + ["Demand", "Note"])
  for row in answer.rows {
    if !row.outcome.isOK {
      table.add(row.item, row.outcome.reason)
      continue
    }
    let isKnown = row.demandSource != 0
    func chance(_ share: UInt32) -> String { isKnown ? percent(share) : "–" }
    func date(_ unixSeconds: Int64) -> String {
      if !isKnown { return "–" }
      if unixSeconds == 0 { return "not in a year" }
      return isoDate(LocalDate(days: Int32(unixSeconds / 86_400)))
    }
    var cells = [
      row.item, grouped(row.availableNow), grouped(row.inboundInHorizon),
      isKnown ? tenths(Int128(row.demandPerDayMilli), per: 1000) : "–", chance(row.demandMet),
      chance(row.stillBuyable), chance(row.neverOut),
      row.daysOfCoverMilli < 0 ? "–" : tenths(Int128(row.daysOfCoverMilli), per: 1000),
      date(row.stockOutP10UnixSeconds), date(row.stockOutP50UnixSeconds),
      date(row.stockOutP90UnixSeconds),
    ]
    if asksFastTrack { cells.append(row.fastTrack.map(percent) ?? "–") }
    cells += [demandText(row), inStockReasonWord(row.reason)]
    table.add(cells)
  }
  var text = table.text(style)
  text += style.dim("Over \(answer.horizonDays) days; dates are UTC.") + "\n"
  if answer.ratedItems > 0 {
    text += "In stock lately, \(counted(answer.ratedItems, "item")): by demand "
    text += style.bold(percent(UInt32(clamping: answer.rateByDemand))) + ", evenly "
    text += style.bold(percent(UInt32(clamping: answer.rateByTime))) + "\n"
  }
  return text
}

/// Where the demand is from, how old that is, and on how many days it rests.
private func demandText(_ row: InStock) -> String {
  var text = demandWord(row.demandSource)
  if row.demandAgeSeconds >= 0 { text += ", \(duration(row.demandAgeSeconds)) old" }
  if row.sampleDaysMilli > 0 {
    text += ", \(tenths(Int128(row.sampleDaysMilli), per: 1000)) days"
  }
  if row.signalledMilli != 0 || row.signalWeightPermille != 0 {
    let sign = row.signalledMilli < 0 ? "" : "+"
    text += ", \(sign)\(tenths(Int128(row.signalledMilli), per: 1000)) signalled by the seller"
    text += " (weight \(tenths(Int128(row.signalWeightPermille), per: 10)) %)"
  }
  return text
}

func inStockJSON(_ answer: InStockAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("horizon_days", answer.horizonDays)
  json.member("rate_by_demand", answer.rateByDemand)
  json.member("rate_by_time", answer.rateByTime)
  json.member("rate_by_views", answer.rateByViews)
  json.member("rated_items", answer.ratedItems)
  json.member("fast_track_zones", answer.fastTrackZones)
  json.rows("items", answer.rows) { json, row in
    json.member("item", row.item)
    inStockMembers(row, &json)
  }
}

/// The members of an item's answer, which `promise stock` has too.
func inStockMembers(_ row: InStock, _ json: inout JSON) {
  json.outcome(row.outcome)
  json.member("available_now", row.availableNow)
  json.member("inbound_in_horizon", row.inboundInHorizon)
  json.instant("next_supply", row.nextSupplyUnixSeconds, offset: row.nextSupplyUTCOffsetSeconds)
  json.member("next_supply_utc_offset_s", row.nextSupplyUTCOffsetSeconds)
  json.member("next_supply_quantity", row.nextSupplyQuantity)
  json.member("demand_source", row.demandSource)
  json.member("demand_met", row.demandMet)
  json.member("still_buyable", row.stillBuyable)
  json.member("never_out", row.neverOut)
  json.member("demand_per_day_milli", row.demandPerDayMilli)
  json.instant("stock_out_p10", row.stockOutP10UnixSeconds)
  json.instant("stock_out_p50", row.stockOutP50UnixSeconds)
  json.instant("stock_out_p90", row.stockOutP90UnixSeconds)
  json.member("days_of_cover_milli", row.daysOfCoverMilli)
  json.member("demand_age_s", row.demandAgeSeconds)
  json.member("sample_days_milli", row.sampleDaysMilli)
  json.member("signalled_milli", row.signalledMilli)
  json.member("signal_weight_permille", row.signalWeightPermille)
  json.member("in_stock_reason", inStockReasonWord(row.reason))
  json.member("in_stock_share", row.inStockShare)
  json.member("history_days", row.historyDays)
  if let fastTrack = row.fastTrack { json.member("fast_track", fastTrack) }
}

/// An item's days as a table.
func historyText(_ item: ItemHistory, _ style: Style) -> String {
  var text = style.bold(printable(item.item)) + "\n"
  guard item.outcome.isOK else { return text + "  " + style.bad(item.outcome.reason) + "\n" }
  if item.days.isEmpty {
    text += "  No day is closed yet: days are kept from an item's first shipment on.\n"
  } else {
    var table = Table("Day", "#On hand", "#Sold", "#In stock")
    for day in item.days {
      table.add(
        isoDate(LocalDate(days: Int32(clamping: day.day))), grouped(day.onHand),
        grouped(day.demand), percent(day.inStock))
    }
    text += table.text(style, indent: "  ")
  }
  return text + "  Sold so far today: \(grouped(item.today))\n"
}

func historyJSON(_ answer: HistoryAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.rows("items", answer.items) { json, item in
    json.member("item", item.item)
    json.outcome(item.outcome)
    json.rows("days", item.days) { json, day in
      json.member("day", isoDate(LocalDate(days: Int32(clamping: day.day))))
      json.member("on_hand", day.onHand)
      json.member("demand", day.demand)
      json.member("in_stock", day.inStock)
    }
    json.member("today", item.today)
  }
}
