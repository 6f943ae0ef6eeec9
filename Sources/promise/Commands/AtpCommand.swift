import PromisedClient
import PromisedModel

extension Session {
  func atp() throws(Failure) -> Int32 {
    let items = arguments.operands
    let groups = arguments.options["group"] ?? []
    let nodes = arguments.options["node"] ?? []
    let quantity = try integer("quantity", 1...2_000_000_000, default: 1)
    let horizon = try integer("horizon", 1...365, default: 90)
    let pairs = items.count * max(1, groups.count + nodes.count)
    let answer = try perform(
      .atp(
        items: items, groups: groups, nodes: nodes,
        quantities: Array(repeating: UInt64(quantity), count: pairs),
        channel: arguments.value("channel") ?? "", horizonDays: UInt64(horizon),
        confidence: try confidence()))
    if isJSON {
      json { atpJSON(answer, &$0) }
    } else {
      write(
        answer.pairs.map { atpText($0, quantity: quantity, horizon: answer.horizonDays, style) }
          .joined(separator: "\n"))
    }
    let isThere = answer.pairs.allSatisfy { $0.outcome.isOK && $0.firstSource != 0 }
    return isThere ? ExitCode.yes : ExitCode.no
  }
}

/// From what the quantity can be had, by its number.
private func supplyWord(_ source: UInt32) -> String {
  switch UInt8(exactly: source).flatMap({ SupplySource(rawValue: $0) }) {
  case .onHand: "on hand"
  case .inbound: "inbound"
  case .backorder: "backorder"
  case .preorder: "pre-order"
  case nil: source == 0 ? "none" : "source \(source)"
  }
}

/// What may be promised of an item at a place.
func atpText(_ pair: AtpPair, quantity: Int64, horizon: UInt64, _ style: Style) -> String {
  let place = pair.place.isEmpty ? "the whole network" : printable(pair.place)
  var text = style.bold(printable(pair.item)) + " in \(place)\n"
  guard pair.outcome.isOK else {
    return text + "  " + style.bad(pair.outcome.reason)
      + "\n  `promise list items` shows the keys that are known.\n"
  }
  var table = Table("From", "#Units")
  for (index, step) in pair.steps.enumerated() {
    table.add(index == 0 ? "now" : placeText(step.unixSeconds, 0), grouped(step.units))
  }
  text += table.text(style, indent: "  ")
  if pair.unsourced > 0 {
    text += "  \(counted(pair.unsourced, "unit")) claimed of groups, not yet of a node\n"
  }
  if pair.backorderLeft > 0 {
    text += "  \(counted(pair.backorderLeft, "unit")) more may be claimed beyond the supply\n"
  }
  let wanted = counted(quantity, "unit")
  switch UInt8(exactly: pair.firstSource).flatMap({ SupplySource(rawValue: $0) }) {
  case .onHand: return text + "  " + style.good("\(wanted): now, on hand") + "\n"
  case .backorder:
    return text + "  " + style.notice("\(wanted): as a backorder, without a date") + "\n"
  case .inbound, .preorder:
    let source = supplyWord(pair.firstSource)
    return text + "  \(wanted): \(source), \(placeText(pair.firstUnixSeconds, 0))\n"
  case nil:
    return text + "  " + style.bad("\(wanted): not within \(counted(horizon, "day"))") + "\n"
  }
}

/// The answer as rows.
func atpJSON(_ answer: AtpAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("horizon_days", answer.horizonDays)
  json.rows("pairs", answer.pairs) { json, pair in
    json.member("item", pair.item)
    json.member("place", pair.place)
    json.outcome(pair.outcome)
    json.member("available_now", pair.availableNow)
    json.rows("steps", pair.steps) { json, step in
      json.instant("step", step.unixSeconds)
      json.member("units", step.units)
    }
    json.instant("first", pair.firstUnixSeconds)
    json.member("first_source", supplyWord(pair.firstSource))
    json.member("unsourced", pair.unsourced)
    json.member("backorder_left", pair.backorderLeft)
  }
}
