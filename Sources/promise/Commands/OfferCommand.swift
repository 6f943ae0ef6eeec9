import PromisedClient
import PromisedModel

extension Session {
  func offer() throws(Failure) -> Int32 {
    guard let postcodes = arguments.options["to"] else { throw .usage("offer needs --to POSTCODE") }
    let items = arguments.operands
    let quantity = try integer("quantity", 1...2_000_000_000, default: 1)
    let levels = try levels()
    let by = try day("by")
    // A single offer is shown whole; for many the path and the token are noise unless asked for.
    let isSingle = items.count * postcodes.count * max(levels.count, 1) == 1
    let withPath = arguments.has("path") || isSingle
    let answer = try perform(
      .offer(
        items: items,
        quantities: quantity == 1 ? [] : items.map { _ in UInt64(quantity) },
        country: arguments.value("country") ?? "", postcodes: postcodes, withPath: withPath,
        levels: levels, confidence: confidence(), byDay: UInt64(by ?? 0),
        omitsTokens: !isSingle && !isJSON, channel: arguments.value("channel") ?? "",
        supplyChoice: supplyChoice()))
    if isJSON {
      json { offerJSON(answer, &$0) }
    } else {
      write(
        answer.offers.map {
          offerText(
            $0, quantity: quantity, asOf: answer.asOf.unixSeconds, namesLevel: !levels.isEmpty,
            byDay: by, style)
        }.joined(separator: "\n"))
    }
    return answer.offers.allSatisfy(\.outcome.isOK) ? ExitCode.yes : ExitCode.no
  }
}

/// An offer in words.
func offerText(
  _ offer: Offer, quantity: Int64, asOf: Int64, namesLevel: Bool, byDay: Int32?, _ style: Style
) -> String {
  let what = printable(offer.item) + (quantity == 1 ? "" : " × \(grouped(quantity))")
  let level = namesLevel && offer.level > 0 ? ", \(levelWord(offer.level))" : ""
  var text = style.bold("\(what) to \(printable(offer.postcode))\(level)") + "\n"
  guard offer.outcome.isOK else {
    let (why, advice) = refusalWords(offer, quantity: quantity)
    return text + "  " + style.bad("No offer: ") + why + "\n  " + advice + "\n"
      + nextSupplyText(offer)
  }
  let orderBy = LocalTime(
    unixSeconds: offer.orderByUnixSeconds, offsetSeconds: offer.orderByUTCOffsetSeconds)
  text += "  Delivered  " + style.good(longDay(LocalDate(days: offer.deliveryDay))) + ", "
  text +=
    windowClock(
      from: offer.windowFromUnixSeconds, to: offer.windowToUnixSeconds,
      offset: offer.windowUTCOffsetSeconds) + "\n"
  text += "  Order      within " + style.notice(duration(offer.orderByUnixSeconds - asOf))
  text += ", by \(orderBy.day) \(orderBy.clock) (\(orderBy.zone))\n"
  text += "  From       \(printable(offer.node))"
  text += offer.nodeTitle.isEmpty ? "\n" : ", \(printable(offer.nodeTitle))\n"
  if offer.supply > 1 {
    text += "  Supply     " + style.notice(offer.supplyWords) + "\n"
  }
  if offer.silence > 0 {
    text += "  Silent     " + style.bad(silenceWords(offer.silence, offer.node)) + "\n"
  }
  if offer.confidence > 0 {
    text += "  Chance     \(percent(offer.confidence)) by the end of the window"
    let source = sourceWords(offer.confidenceSource, sampleSizeMilli: offer.sampleSizeMilli)
    text += offer.confidenceSource > 0 ? ", \(source)\n" : "\n"
  }
  if let byDay {
    let date = shortDay(LocalDate(days: byDay))
    text += "             \(percent(offer.dateConfidence)) by the end of \(date)\n"
  }
  if !offer.isPostcodeExact {
    text += "  " + style.dim("The postcode is known by its area only.") + "\n"
  }
  if !offer.legs.isEmpty { text += "  Path\n" + pathText(offer, style) }
  return text + validityText(offer, asOf: asOf)
}

/// How long the offer may be shown and redeemed, and with what.
private func validityText(_ offer: Offer, asOf: Int64) -> String {
  var text = ""
  if offer.cacheUntilUnixSeconds > 0 {
    text += "  Show it    for \(duration(offer.cacheUntilUnixSeconds - asOf))\n"
  }
  if !offer.token.isEmpty {
    text += "  Redeem it  within \(duration(offer.expiresUnixSeconds - asOf)), with"
    text += " `promise hold --token` or `promise explain`\n"
    text += "  Token      \(TokenText.encode(offer.token))\n"
  }
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

func modeWord(_ mode: UInt32) -> String {
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
  case .supplyBeyondHorizon:
    return (
      "its units come later than promises reach.",
      "`promise stock \(item)` shows what is coming."
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
  case .restrictionForbids:
    return (
      "what \(item) is may not travel on what goes there.",
      "`promise list legs` and `promise list lanes` show what they refuse."
    )
  case .legClosed:
    return ("the legs it would need are closed.", "`promise explain` names them.")
  case .nodeFull:
    return (
      "the hours and departures within the days promised are taken.",
      "`promise explain` shows where."
    )
  case .notReleased:
    return ("\(item) is not released within the days promised.", "Ask again nearer to its release.")
  case .levelNotServed:
    return (
      "nothing at this service level goes to \(postcode).", "Another --level may."
    )
  case .overrideBlocks:
    return ("an override stands against it.", "`promise override list` shows why, and whose.")
  case .confidenceNotReached:
    return (
      "no window within the days promised is as certain as asked for.",
      "A lower --confidence may find one."
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
    if offer.level > 0 { json.member("level", levelWord(offer.level)) }
    json.outcome(offer.outcome)
    if offer.supply > 0 {
      json.member("supply", supplyLabel(offer.supply))
      json.instant("available_from", offer.availableFromUnixSeconds)
      json.member("supplied_units", offer.suppliedUnits)
    }
    if !offer.outcome.isOK { return }
    json.member("silence", silenceWord(offer.silence))
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
    json.instant("ship_by", offer.shipByUnixSeconds)
    json.member("confidence", offer.confidence)
    json.member("confidence_source", sourceWord(offer.confidenceSource))
    json.member("sample_size_milli", offer.sampleSizeMilli)
    json.member("date_confidence", offer.dateConfidence)
    json.instant("cache_until", offer.cacheUntilUnixSeconds)
    json.instant("expires", offer.expiresUnixSeconds)
    json.member("token", TokenText.encode(offer.token))
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
