import PromisedClient
import PromisedModel

private func stateWord(_ state: UInt32) -> String {
  UInt8(exactly: state).flatMap { HoldState(rawValue: $0) }.map { "\($0)" } ?? "state \(state)"
}

/// A hold in words.
func holdText(_ answer: HoldAnswer, lines: [HoldLine], _ style: Style) -> String {
  let word = stateWord(answer.state)
  var text = style.bold("Hold \(answer.holdID)") + ": "
  text += answer.state <= 2 ? style.good(word) : style.notice(word)
  if !answer.name.isEmpty { text += ", named \(printable(answer.name))" }
  if !answer.owner.isEmpty { text += ", owner \(printable(answer.owner))" }
  if answer.state == 1 {
    let left = answer.expiresAtUnixSeconds - answer.asOf.unixSeconds
    text += ", expires in \(duration(left)), \(utcText(answer.expiresAtUnixSeconds))"
  }
  text += "\n"
  if answer.isReclaimed { text += "It had expired; its units were claimed again.\n" }
  if answer.isRepeated { text += "This is the answer already given for the key.\n" }
  text += linesText(lines, style)
  if !answer.grants.isEmpty { text += grantsText(answer.grants, style) }
  if !answer.shipments.isEmpty {
    // Which clocks the customer has is not in the answer; the date is the customer's.
    var table = Table("From", "#Lines", "Level", "Promised", "No later than", "#Chance")
    for shipment in answer.shipments {
      table.add(
        shipment.node, grouped(shipment.lineCount), levelWord(shipment.level),
        shortDay(LocalDate(days: shipment.deliveryDay)), utcText(shipment.windowToUnixSeconds),
        percent(shipment.confidence))
    }
    text += table.text(style, indent: "  ")
  }
  return text
}

/// A column only where a line has something in it.
private func linesText(_ lines: [HoldLine], _ style: Style) -> String {
  if lines.isEmpty { return "" }
  let hasSteps = lines.contains { $0.picked + $0.shipped + $0.short > 0 }
  let hasDues = lines.contains { $0.dueUnixSeconds != 0 }
  var titles = ["Item", "Node", "#Units"]
  if hasSteps { titles += ["#Picked", "#Shipped", "#Missing"] }
  if hasDues { titles.append("Due") }
  titles.append("")
  var table = Table(titles)
  for line in lines {
    var cells = [line.item, line.node, grouped(line.quantity)]
    if hasSteps { cells += [line.picked, line.shipped, line.short].map { grouped($0) } }
    if hasDues { cells.append(line.dueUnixSeconds == 0 ? "now" : utcText(line.dueUnixSeconds)) }
    var marks: [String] = []
    if line.isPool { marks.append("group") }
    if line.isBackordered { marks.append("backordered") }
    if line.isKit { marks.append("kit of") }
    if line.isComponent { marks.append("component") }
    if !line.channel.isEmpty { marks.append("channel \(printable(line.channel))") }
    cells.append(marks.joined(separator: ", "))
    table.add(cells)
  }
  return table.text(style, indent: "  ")
}

private func grantsText(_ grants: [HoldGrant], _ style: Style) -> String {
  var table = Table("#Line", "#Granted", "#Later", "When", "#Backordered")
  for (row, grant) in grants.enumerated() {
    table.add(
      "\(row + 1)", grouped(grant.granted), grouped(grant.later),
      grant.later > 0 ? utcText(grant.laterDueUnixSeconds) : "", grouped(grant.backordered))
  }
  return table.text(style, indent: "  ")
}

/// The answer as an object.
func holdJSON(_ answer: HoldAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("hold_id", answer.holdID)
  json.member("state", stateWord(answer.state))
  json.member("owner", answer.owner)
  json.member("name", answer.name)
  json.instant("expires_at", answer.expiresAtUnixSeconds)
  json.member("reclaimed", answer.isReclaimed)
  json.member("repeated_answer", answer.isRepeated)
  json.rows("lines", answer.lines) { json, line in
    json.member("item", line.item)
    json.member("node", line.node)
    json.member("quantity", line.quantity)
    json.member("picked", line.picked)
    json.member("shipped", line.shipped)
    json.member("missing", line.short)
    json.instant("due", line.dueUnixSeconds)
    json.member("channel", line.channel)
    json.member("is_pool", line.isPool)
    json.member("is_backordered", line.isBackordered)
    json.member("is_kit", line.isKit)
    json.member("is_component", line.isComponent)
  }
  json.rows("grants", answer.grants) { json, grant in
    json.member("granted", grant.granted)
    json.member("later", grant.later)
    json.instant("later_due", grant.laterDueUnixSeconds)
    json.member("backordered", grant.backordered)
  }
  json.rows("shipments", answer.shipments) { json, shipment in
    json.member("line_count", shipment.lineCount)
    json.member("node", shipment.node)
    json.member("level", levelWord(shipment.level))
    json.instant("window_from", shipment.windowFromUnixSeconds)
    json.instant("window_to", shipment.windowToUnixSeconds)
    json.member("delivery_day", shipment.deliveryDay)
    json.member("delivery_date", isoDate(LocalDate(days: shipment.deliveryDay)))
    json.instant("ship_by", shipment.shipByUnixSeconds)
    json.member("confidence", shipment.confidence)
  }
}

/// Broken allocations in words.
func shortfallsText(_ answer: ShortfallsAnswer, _ style: Style) -> String {
  if answer.rows.isEmpty { return style.good("Every allocation is covered.") + "\n" }
  var table = Table("Hold", "Owner", "Item", "Node", "#Missing", "#Of", "Since", "More expected")
  for row in answer.rows {
    table.add(
      row.name.isEmpty ? "\(row.holdID)" : "\(row.holdID) (\(printable(row.name)))",
      printable(row.owner), row.item, row.node, grouped(row.units), grouped(row.claimed),
      utcText(row.sinceUnixSeconds),
      row.nextSupplyUnixSeconds == 0 ? "not known" : utcText(row.nextSupplyUnixSeconds))
  }
  return table.text(style)
    + "\(grouped(answer.shortUnits)) units are missing at \(grouped(answer.shortPositions))"
    + " positions" + (answer.nextPageToken.isEmpty ? "" : "; there are more rows") + ".\n"
}

func shortfallsJSON(_ answer: ShortfallsAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("short_positions", answer.shortPositions)
  json.member("short_units", answer.shortUnits)
  json.member("has_more", !answer.nextPageToken.isEmpty)
  json.rows("shortfalls", answer.rows) { json, row in
    json.member("hold_id", row.holdID)
    json.member("name", row.name)
    json.member("owner", row.owner)
    json.member("line", row.line)
    json.member("item", row.item)
    json.member("node", row.node)
    json.member("units", row.units)
    json.member("claimed", row.claimed)
    json.instant("since", row.sinceUnixSeconds)
    json.instant("next_supply", row.nextSupplyUnixSeconds)
  }
}
