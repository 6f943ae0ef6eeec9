import PromisedClient
import PromisedModel

/// A line of a cart, `ITEM` or `ITEM:QUANTITY`.
struct CartLine: Equatable {
  var item: String
  var quantity: Int64

  /// Nil when there is no item, or the quantity is out of range. An item key may hold colons; what
  /// follows the last one is a quantity when it is all digits.
  init?(_ text: String) {
    item = text
    quantity = 1
    if let colon = text.lastIndex(of: ":") {
      let rest = text[text.index(after: colon)...]
      if !rest.isEmpty, rest.allSatisfy({ $0.isASCII && $0.isNumber }) {
        guard let number = Int64(rest), (1...2_000_000_000).contains(number) else { return nil }
        item = String(text[..<colon])
        quantity = number
      }
    }
    if item.isEmpty { return nil }
  }
}

extension Session {
  func plan() throws(Failure) -> Int32 {
    var lines: [CartLine] = []
    for text in arguments.operands {
      guard let line = CartLine(text) else {
        throw .usage("\"\(text)\" is no line; allowed: ITEM or ITEM:N with N 1…2,000,000,000")
      }
      lines.append(line)
    }
    let postcode = try needed("to")
    let answer = try perform(
      .plan(
        items: lines.map(\.item), quantities: lines.map { UInt64($0.quantity) },
        country: arguments.value("country") ?? "", postcode: postcode, wishes: wishes()))
    if isJSON {
      json { planJSON(answer, lines, &$0) }
    } else {
      write(
        answer.plans.map { planText($0, lines, postcode, asOf: answer.asOf.unixSeconds, style) }
          .joined(separator: "\n"))
    }
    return answer.plans.allSatisfy(\.outcome.isOK) ? ExitCode.yes : ExitCode.no
  }

  private func wishes() throws(Failure) -> PlanWishes {
    let objectives = ["earliest", "cost", "fewest"]
    var wishes = PlanWishes()
    wishes.levels = try levels()
    wishes.confidence = try confidence()
    if let word = arguments.value("objective") {
      guard let index = objectives.firstIndex(of: word) else {
        throw .usage(
          "--objective is \"\(word)\"\(hint(word, objectives)); "
            + "allowed: \(objectives.joined(separator: ", "))")
      }
      wishes.objective = UInt64(index + 1)
    }
    wishes.policy = arguments.has("partial") ? 2 : 1
    wishes.shipsTogether = arguments.has("together")
    wishes.neededByDay = UInt64(try day("needed-by") ?? 0)
    wishes.maximumShipments = UInt64(try integer("max-shipments", 1...256, default: 0))
    wishes.mixesLevels = arguments.has("mix-levels")
    wishes.channel = arguments.value("channel") ?? ""
    return wishes
  }
}

/// A plan in words.
func planText(
  _ plan: Plan, _ lines: [CartLine], _ postcode: String, asOf: Int64, _ style: Style
) -> String {
  var text = style.bold(
    "\(counted(lines.count, "line")) to \(printable(postcode)), \(levelWord(plan.level))")
  guard plan.outcome.isOK else {
    return text + "\n  " + style.bad("No plan: ") + planRefusal(plan.outcome) + "\n"
      + shortText(plan, lines)
  }
  text += ": " + style.good(counted(plan.shipments.count, "shipment"))
  text += ", costs \(moneyText(plan.cost))\n"
  for (index, shipment) in plan.shipments.enumerated() {
    text += "  \(index + 1)  from \(printable(shipment.node))"
    if !shipment.nodeTitle.isEmpty { text += ", \(printable(shipment.nodeTitle))" }
    text += shipment.level == plan.level ? "\n" : ", \(levelWord(shipment.level))\n"
    for line in shipment.lines where lines.indices.contains(line.line) {
      text += "     \(grouped(line.quantity)) × \(printable(lines[line.line].item))\n"
    }
    let window = windowText(
      from: shipment.windowFromUnixSeconds, to: shipment.windowToUnixSeconds,
      offset: shipment.windowUTCOffsetSeconds, day: shipment.deliveryDay)
    text += "     delivered \(window)"
    if shipment.confidence > 0 { text += ", chance \(percent(shipment.confidence))" }
    text += "\n     order within \(duration(shipment.orderByUnixSeconds - asOf))"
    text += ", leaves by \(moment(shipment.shipByUnixSeconds, shipment.windowUTCOffsetSeconds))"
    text += ", costs \(moneyText(shipment.cost))\n"
    if shipment.silence > 0 {
      text += "     " + style.bad(silenceWords(shipment.silence, shipment.node)) + "\n"
    }
  }
  text += shortText(plan, lines)
  if plan.isExact {
    text += "  No other plan is better.\n"
  } else {
    text += "  The best found; no plan costs less than \(moneyText(plan.costLowerBound)).\n"
  }
  if !plan.token.isEmpty {
    text += "  Redeem it  within \(duration(plan.expiresUnixSeconds - asOf)), with"
    text += " `promise hold --token`\n  Token      \(TokenText.encode(plan.token))\n"
  }
  return text
}

private func shortText(_ plan: Plan, _ lines: [CartLine]) -> String {
  var text = ""
  for short in plan.shortLines where lines.indices.contains(short.line) {
    let line = lines[short.line]
    text += "  Short      \(grouped(line.quantity)) × \(printable(line.item)): "
    text += "\(short.outcome.reason), \(counted(short.availableUnits, "unit")) there"
    text +=
      short.nextSupplyUnixSeconds == 0
      ? "\n" : "; next supply \(utcText(short.nextSupplyUnixSeconds))\n"
  }
  return text
}

private func planRefusal(_ outcome: RowOutcome) -> String {
  switch outcome.code {
  case .noStock: "not all lines can be filled; --partial plans what is there."
  case .neededByMissed: "nothing arrives by the date needed; a faster --level may."
  case .tooManyShipments: "it takes more shipments than allowed."
  case .levelNotServed: "nothing at this service level goes there; another --level may."
  case .confidenceNotReached: "no window is as certain as asked for."
  case .postcodeUnknown: "no zone holds the postcode."
  case .networkNotReady: "the delivery profiles are still being built; ask again in a moment."
  default: outcome.reason + "."
  }
}

/// The plans as objects.
func planJSON(_ answer: PlanAnswer, _ lines: [CartLine], _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("profile_epoch", answer.profileEpoch)
  json.member("postcode_exact", answer.isPostcodeExact)
  json.rows("plans", answer.plans) { json, plan in
    json.member("level", levelWord(plan.level))
    json.outcome(plan.outcome)
    json.rows("shipments", plan.shipments) { json, shipment in
      json.member("node", shipment.node)
      json.member("node_title", shipment.nodeTitle)
      json.member("level", levelWord(shipment.level))
      json.rows("lines", shipment.lines) { json, line in
        json.member("line", line.line)
        json.member("item", lines.indices.contains(line.line) ? lines[line.line].item : "")
        json.member("quantity", line.quantity)
      }
      let offset = shipment.windowUTCOffsetSeconds
      json.instant("window_from", shipment.windowFromUnixSeconds, offset: offset)
      json.instant("window_to", shipment.windowToUnixSeconds, offset: offset)
      json.member("window_utc_offset_s", offset)
      json.member("delivery_day", shipment.deliveryDay)
      json.member("delivery_date", isoDate(LocalDate(days: shipment.deliveryDay)))
      json.instant("order_by", shipment.orderByUnixSeconds)
      json.instant("ship_by", shipment.shipByUnixSeconds)
      json.member("confidence", shipment.confidence)
      json.member("cost", shipment.cost)
      json.member("silence", silenceWord(shipment.silence))
    }
    json.rows("short_lines", plan.shortLines) { json, short in
      json.member("line", short.line)
      json.outcome(short.outcome)
      json.member("available_units", short.availableUnits)
      json.instant("next_supply", short.nextSupplyUnixSeconds)
    }
    json.member("cost", plan.cost)
    json.member("cost_lower_bound", plan.costLowerBound)
    json.member("exact", plan.isExact)
    json.member("first_delivery_days", plan.firstDeliveryDay)
    json.member("last_delivery_days", plan.lastDeliveryDay)
    json.instant("cache_until", plan.cacheUntilUnixSeconds)
    json.instant("expires", plan.expiresUnixSeconds)
    json.member("token", TokenText.encode(plan.token))
  }
}
