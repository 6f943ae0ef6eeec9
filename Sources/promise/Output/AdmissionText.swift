import PromisedClient
import PromisedModel

private func stateWord(_ number: UInt32) -> String {
  UInt8(exactly: number).flatMap { PlanState(rawValue: $0) }?.label ?? "state \(number)"
}

/// What became of a plan's lines, and what would make them fit.
func admissionText(_ answer: AdmissionAnswer, _ style: Style) -> String {
  var text = ""
  if answer.planID > 0 {
    let repeated = answer.isRepeated ? ", answered before" : ""
    text += style.bold("Plan \(answer.planID)") + ": \(stateWord(answer.state))\(repeated)"
    text += ", ends \(utcText(answer.expiresUnixSeconds)) if nothing is sent\n"
  }
  if !answer.lines.isEmpty {
    var table = Table("Item", "Node", "Month", "#Asked", "#Fits", "What would make it fit")
    for line in answer.lines {
      table.add([
        line.line.item, line.line.node, monthText(line.month), grouped(line.line.quantity),
        grouped(min(line.fitting, line.line.quantity)), helpWords(line),
      ])
    }
    text += table.text(style, indent: "  ")
  }
  if answer.rooms.isEmpty { return text }
  var table = Table("Left then", "Month", "#ft³")
  for room in answer.rooms {
    let volume = room.room == -1 ? "no limit" : room.room == -2 ? "none" : cubicFeet(room.room)
    table.add([storageTypeWord(room.storageType), monthText(room.month), volume])
  }
  return text + table.text(style, indent: "  ")
}

private func helpWords(_ line: AdmittedLine) -> String {
  if line.outcome.isOK {
    return line.isBeyondEstimate ? "beyond a later month's estimate" : ""
  }
  var words = ["\(line.outcome.reason): bound by \(bindingWord(line.binding))"]
  if line.fitting > 0 { words.append("\(grouped(line.fitting)) units fit") }
  if line.fittingMonth > 0 { words.append("all from \(monthText(line.fittingMonth)) on") }
  if !line.fittingNode.isEmpty { words.append("all in \(line.fittingNode)") }
  return words.joined(separator: "; ")
}

/// The answer as rows.
func admissionJSON(_ answer: AdmissionAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("plan_id", answer.planID)
  json.member("state", answer.state)
  json.member("repeated_answer", answer.isRepeated)
  json.instant("expires", answer.expiresUnixSeconds)
  json.rows("lines", answer.lines) { json, line in
    json.member("item", line.line.item)
    json.member("node", line.line.node)
    json.member("quantity", line.line.quantity)
    json.outcome(line.outcome)
    json.member("admitted", line.admitted)
    json.member("fitting", line.fitting)
    json.member("binding", line.binding)
    json.member("month", line.month)
    json.member("fitting_month", line.fittingMonth)
    json.member("fitting_node", line.fittingNode)
    json.member("beyond_estimate", line.isBeyondEstimate)
  }
  json.rows("rooms", answer.rooms) { json, room in
    json.member("storage_type", storageTypeWord(room.storageType))
    json.member("month", room.month)
    json.member("room", room.room)
  }
}

/// A plan as it stands.
func planText(_ answer: InboundPlanAnswer, _ style: Style) -> String {
  let repeated = answer.isRepeated ? ", nothing changed now" : ""
  var text = style.bold("Plan \(answer.planID)") + " of \(printable(answer.seller)): "
  text += "\(stateWord(answer.state))\(repeated)\n"
  var table = Table("Item", "Node", "#Admitted", "#Received", "#Open", "Expected")
  for line in answer.lines {
    table.add([
      line.item, line.node, grouped(line.admitted), grouped(line.received), grouped(line.open),
      utcText(line.etaUnixSeconds),
    ])
  }
  return text + table.text(style, indent: "  ")
}

/// The plan as rows.
func planJSON(_ answer: InboundPlanAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("plan_id", answer.planID)
  json.member("seller", answer.seller)
  json.member("state", answer.state)
  json.member("repeated_answer", answer.isRepeated)
  json.rows("lines", answer.lines) { json, line in
    json.member("item", line.item)
    json.member("node", line.node)
    json.member("admitted", line.admitted)
    json.member("received", line.received)
    json.member("open", line.open)
    json.instant("eta", line.etaUnixSeconds)
  }
}

/// A round as rows.
func clearingJSON(_ answer: ClearingAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("clearing_id", answer.clearingID)
  json.member("marketplace", answer.marketplace)
  json.member("storage_type", storageTypeWord(answer.storageType))
  json.member("month", answer.month)
  json.member("volume_micro_cubic_feet", answer.volume)
  json.member("price", answer.price)
  json.instant("cleared", answer.clearedUnixSeconds)
  json.rows("bids", answer.bids) { json, bid in
    json.member("bid_id", bid.bidID)
    json.member("seller", bid.seller)
    json.member("maximum_fee", bid.maximumFee)
    json.member("volume", bid.volume)
    json.member("minimum", bid.minimum)
    json.member("placed_unix_ms", bid.placedUnixMilliseconds)
    json.member("granted", bid.granted)
    json.member("fee", bid.fee)
    json.member("credit", bid.credit)
    json.member("net", bid.net)
  }
}
