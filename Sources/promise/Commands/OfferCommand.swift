import PromisedClient
import PromisedModel

extension Session {
  func offer() throws(Failure) -> Int32 {
    guard let postcodes = arguments.options["to"] else { throw .usage("offer needs --to POSTCODE") }
    let items = arguments.operands
    let quantity = try integer("quantity", 1...2_000_000_000, default: 1)
    // A single offer is explained whole; for many the path is noise unless asked for.
    let withPath = arguments.has("path") || items.count * postcodes.count == 1
    let answer = try perform(
      .offer(
        items: items,
        quantities: quantity == 1 ? [] : items.map { _ in UInt64(quantity) },
        country: arguments.value("country") ?? "", postcodes: postcodes, withPath: withPath))
    if isJSON {
      json { offerJSON(answer, &$0) }
    } else {
      write(
        answer.offers.map {
          offerText($0, quantity: quantity, asOf: answer.asOf.unixSeconds, style)
        }.joined(separator: "\n"))
    }
    return answer.offers.allSatisfy(\.outcome.isOK) ? ExitCode.yes : ExitCode.no
  }
}

/// An offer in words.
func offerText(_ offer: Offer, quantity: Int64, asOf: Int64, _ style: Style) -> String {
  let what = printable(offer.item) + (quantity == 1 ? "" : " × \(grouped(quantity))")
  var text = style.bold("\(what) to \(printable(offer.postcode))") + "\n"
  guard offer.outcome.isOK else {
    let (why, advice) = refusalWords(offer, quantity: quantity)
    return text + "  " + style.bad("No offer: ") + why + "\n  " + advice + "\n"
  }
  let from = LocalTime(
    unixSeconds: offer.windowFromUnixSeconds, offsetSeconds: offer.windowUTCOffsetSeconds)
  let to = LocalTime(
    unixSeconds: offer.windowToUnixSeconds, offsetSeconds: offer.windowUTCOffsetSeconds)
  let orderBy = LocalTime(
    unixSeconds: offer.orderByUnixSeconds, offsetSeconds: offer.orderByUTCOffsetSeconds)
  // A window that runs to midnight ends on the date it belongs to.
  let end =
    to.date > from.date ? (to.minuteOfDay == 0 ? "24:00" : "\(to.day) \(to.clock)") : to.clock
  text += "  Delivered  " + style.good(longDay(LocalDate(days: offer.deliveryDay)))
  text += ", \(from.clock)–\(end) (\(to.zone))\n"
  text += "  Order      within " + style.notice(duration(offer.orderByUnixSeconds - asOf))
  text += ", by \(orderBy.day) \(orderBy.clock) (\(orderBy.zone))\n"
  text += "  From       \(printable(offer.node))"
  text += offer.nodeTitle.isEmpty ? "\n" : ", \(printable(offer.nodeTitle))\n"
  if offer.confidence > 0 {
    text += "  Chance     \(percent(offer.confidence)) by the end of the window\n"
  }
  if !offer.isPostcodeExact {
    text += "  " + style.dim("The postcode is known by its area only.") + "\n"
  }
  if !offer.legs.isEmpty { text += "  Path\n" + pathText(offer, style) }
  return text
}

private func pathText(_ offer: Offer, _ style: Style) -> String {
  var table = Table("From", "To", "By", "Leg", "Leaves", "Arrives")
  for leg in offer.legs {
    let departure = LocalTime(
      unixSeconds: leg.departureUnixSeconds, offsetSeconds: leg.departureUTCOffsetSeconds)
    let arrival = LocalTime(
      unixSeconds: leg.arrivalUnixSeconds, offsetSeconds: leg.arrivalUTCOffsetSeconds)
    table.add(
      leg.from, leg.to.isEmpty ? offer.postcode : leg.to, modeWord(leg.mode), leg.name,
      "\(departure.day) \(departure.clock) \(departure.zone)",
      "\(arrival.day) \(arrival.clock) \(arrival.zone)")
  }
  return table.text(style, indent: "    ")
}

private func modeWord(_ mode: UInt32) -> String {
  switch mode {
  case 1: "road"
  case 2: "air"
  default: "–"
  }
}

/// Why there is no offer, and what to do about it.
private func refusalWords(_ offer: Offer, quantity: Int64) -> (String, String) {
  let item = printable(offer.item)
  let postcode = printable(offer.postcode)
  switch offer.outcome.code {
  case .itemUnknown:
    return ("no item \(item) is known.", "`promise list items` shows the keys that are.")
  case .postcodeUnknown:
    return (
      "no zone holds the postcode \(postcode).",
      "Add a prefix of it to zones.csv, or name its country with --country."
    )
  case .noStock:
    return (
      "no fulfilment centre has \(counted(quantity, "unit")) free.",
      "`promise stock \(item)` shows what is where and what is coming."
    )
  case .cutoffPassed:
    return (
      "the last departure within the days promised has been missed on every way.",
      "`promise list legs` and `promise list lanes` show the timetable."
    )
  case .noRoute:
    return (
      "no leg or lane leads from a place with stock to \(postcode).",
      "`promise list zones` and `promise list lanes` show what is reached."
    )
  case .nodeClosed:
    return (
      "every fulfilment centre with stock is closed for the days promised.",
      "`promise list calendars` shows when they open."
    )
  case .networkNotReady:
    return ("the delivery profiles are still being built.", "Ask again in a moment.")
  default:
    return (offer.outcome.reason + ".", "Protocol/README.md lists all outcomes.")
  }
}

/// The answer as rows.
func offerJSON(_ answer: OfferAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("profile_epoch", answer.profileEpoch)
  json.rows("offers", answer.offers) { json, offer in
    json.member("item", offer.item)
    json.member("postcode", offer.postcode)
    json.outcome(offer.outcome)
    if !offer.outcome.isOK { return }
    json.member("node", offer.node)
    json.member("node_title", offer.nodeTitle)
    json.instant(
      "window_from", offer.windowFromUnixSeconds, offset: offer.windowUTCOffsetSeconds)
    json.instant("window_to", offer.windowToUnixSeconds, offset: offer.windowUTCOffsetSeconds)
    json.member("window_utc_offset_s", offer.windowUTCOffsetSeconds)
    json.member("delivery_day", offer.deliveryDay)
    json.member("delivery_date", isoDate(LocalDate(days: offer.deliveryDay)))
    json.instant("order_by", offer.orderByUnixSeconds, offset: offer.orderByUTCOffsetSeconds)
    json.member("order_by_utc_offset_s", offer.orderByUTCOffsetSeconds)
    json.member("confidence", offer.confidence)
    json.member("postcode_exact", offer.isPostcodeExact)
    json.rows("legs", offer.legs) { json, leg in
      json.member("from", leg.from)
      json.member("to", leg.to)
      json.member("mode", modeWord(leg.mode))
      json.member("name", leg.name)
      json.instant(
        "departure", leg.departureUnixSeconds, offset: leg.departureUTCOffsetSeconds)
      json.instant("arrival", leg.arrivalUnixSeconds, offset: leg.arrivalUTCOffsetSeconds)
    }
  }
}
