import PromisedClient
import PromisedModel

func storageTypeWord(_ number: UInt32) -> String {
  UInt8(exactly: number).flatMap { StorageType(rawValue: $0) }?.label ?? "type \(number)"
}

func limitKindWord(_ number: UInt32) -> String {
  switch number {
  case 0: "none announced"
  case 1: "confirmed"
  case 2: "estimated"
  case 3: "no limit"
  default: "kind \(number)"
  }
}

func bindingWord(_ number: UInt32) -> String {
  switch number {
  case 0: "nothing"
  case 1: "the seller's limit"
  case 2: "the building"
  case 3: "the network (advice)"
  case 4: "the building, which does not take the type"
  case 5: "no limit is confirmed"
  default: "reason \(number)"
  }
}

/// What expected sales rest on, and how old that is.
func sellThroughWords(_ sources: UInt32, ageSeconds: Int64) -> String {
  let words = [
    (UInt32(1), "declared rates"), (2, "forecasts"), (4, "what the service learned"),
    (8, "the seller's signals"),
  ]
  let known = words.filter { sources & $0.0 != 0 }.map(\.1)
  if known.isEmpty { return "no sales known" }
  let age = ageSeconds < 0 ? "" : ", up to \(duration(ageSeconds)) old"
  return known.joined(separator: ", ") + age
}

extension HeadroomRow {
  /// What counts on hand: less what is ordered to leave.
  var onHand: Int64 {
    let sum =
      Int128(available) + Int128(unfulfillable) + Int128(reserved) - Int128(pendingRemoval)
    return Int64(clamping: max(0, sum))
  }

  var inbound: Int64 { Int64(clamping: Int128(openInbound) + Int128(drafts)) }

  var room: Int64 { Int64(clamping: Int128(limit) + Int128(granted)) }
}

/// A bar of `width` cells for what is on hand, inbound and free of a limit; what is beyond the limit is
/// shown beyond a mark.
func capacityBar(_ row: HeadroomRow, width: Int) -> String {
  let used = Int128(row.onHand) + Int128(row.inbound)
  let whole = max(used, Int128(row.limitKind == 3 ? 0 : row.room), 1)
  func cells(_ volume: Int128) -> Int { Int(volume * Int128(width) / whole) }
  let mark = row.limitKind == 3 || used <= Int128(row.room) ? width : cells(Int128(row.room))
  var bar = ""
  for cell in 0..<width {
    if cell == mark { bar += "│" }
    bar +=
      cell < cells(Int128(row.onHand)) ? "█" : cell < cells(used) ? "▒" : "░"
  }
  return bar
}

/// A seller's room by storage type and month as bars.
func capacityBars(_ seller: SellerHeadroom, item: String, _ style: Style) -> String {
  var text = style.bold(printable(seller.seller)) + "\n"
  guard seller.outcome.isOK else {
    return text + "  " + style.bad(seller.outcome.reason)
      + "\n  `promise list sellers` shows those that are known.\n"
  }
  if seller.rows.isEmpty { return text + "  Nothing stored and no limit announced.\n" }
  text += style.dim("  █ on hand   ▒ inbound   ░ free   │ the limit, where it is exceeded\n")
  var type: UInt32 = 0
  for row in seller.rows {
    if row.storageType != type {
      type = row.storageType
      text += "  \(storageTypeWord(type))\n"
    }
    text += capacityLine(row, item: item, style)
  }
  return text
}

private func capacityLine(_ row: HeadroomRow, item: String, _ style: Style) -> String {
  let isLimited = row.limitKind == 1 || row.limitKind == 2
  let limit =
    isLimited
    ? "\(limitKindWord(row.limitKind)) \(cubicFeet(row.limit)) ft³" : limitKindWord(row.limitKind)
  var text = "    \(monthText(row.month))  \(capacityBar(row, width: 30))  \(limit)\n"
  var parts = ["on hand \(cubicFeet(row.onHand))", "inbound \(cubicFeet(row.inbound))"]
  if row.granted > 0 { parts.append("granted \(cubicFeet(row.granted))") }
  if row.pendingRemoval > 0 { parts.append("leaving \(cubicFeet(row.pendingRemoval))") }
  if row.inboundLater > 0 { parts.append("due later \(cubicFeet(row.inboundLater))") }
  let free = row.headroom < 0 ? "free without limit" : "free \(cubicFeet(row.headroom))"
  parts.append(row.headroom == 0 ? style.bad(free) : style.good(free))
  text += "             " + parts.joined(separator: ", ") + " ft³\n"
  text += "             " + admissionWords(row, item: item) + "\n"
  if let optimistic = row.optimistic {
    let volume = optimistic < 0 ? "no limit" : "\(cubicFeet(optimistic)) ft³"
    text +=
      "             if sales go on: \(volume) free, from "
      + sellThroughWords(row.optimisticSource, ageSeconds: row.optimisticAgeSeconds) + "\n"
  }
  return text
}

/// What may be sent to arrive in the month, and why not more.
func admissionWords(_ row: HeadroomRow, item: String) -> String {
  var volume = "no limit to what is due then"
  if row.admissible >= 0 {
    volume = "\(cubicFeet(row.admissible)) ft³ may be sent to arrive then"
    if !item.isEmpty, row.admissibleUnits >= 0 {
      volume += ", \(grouped(row.admissibleUnits)) of \(printable(item))"
    }
  }
  if row.binding == 0 || row.binding == 1 { return volume }
  return volume + "; bound by \(bindingWord(row.binding))"
}

/// A seller's room by storage type and month, in cubic feet and litres.
func headroomText(_ seller: SellerHeadroom, item: String, _ style: Style) -> String {
  var text = style.bold(printable(seller.seller)) + "\n"
  guard seller.outcome.isOK else {
    return text + "  " + style.bad(seller.outcome.reason)
      + "\n  `promise list sellers` shows those that are known.\n"
  }
  if seller.rows.isEmpty { return text + "  Nothing stored and no limit announced.\n" }
  var headings = [
    "Storage type", "Month", "Limit", "#ft³", "#Used ft³", "#Headroom ft³", "#litres",
  ]
  if !item.isEmpty { headings.append("#Units of \(printable(item))") }
  var table = Table(headings)
  for row in seller.rows {
    let used = Int128(row.onHand) + Int128(row.inbound)
    var cells = [
      storageTypeWord(row.storageType), monthText(row.month), limitKindWord(row.limitKind),
      row.limitKind == 1 || row.limitKind == 2 ? cubicFeet(row.limit) : "–",
      tenths(used, per: 1_000_000), row.headroom < 0 ? "no limit" : cubicFeet(row.headroom),
      row.headroom < 0 ? "no limit" : litres(row.headroom),
    ]
    if !item.isEmpty {
      cells.append(row.headroomUnits < 0 ? "no limit" : grouped(row.headroomUnits))
    }
    table.add(cells)
  }
  text += table.text(style, indent: "  ")
  return text
}

/// The answer as rows.
func headroomJSON(_ answer: HeadroomAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("announcement_from_days", answer.announcementDays.lowerBound)
  json.member("announcement_to_days", answer.announcementDays.upperBound)
  json.rows("sellers", answer.sellers) { json, seller in
    json.member("seller", seller.seller)
    json.outcome(seller.outcome)
    json.rows("rows", seller.rows) { json, row in
      json.member("storage_type", storageTypeWord(row.storageType))
      json.member("month", row.month)
      json.member("limit_kind", row.limitKind)
      json.member("limit", row.limit)
      json.member("available", row.available)
      json.member("unfulfillable", row.unfulfillable)
      json.member("reserved", row.reserved)
      json.member("open_inbound", row.openInbound)
      json.member("drafts", row.drafts)
      json.member("headroom", row.headroom)
      json.member("headroom_units", row.headroomUnits)
      json.member("pending_removal", row.pendingRemoval)
      json.member("granted", row.granted)
      json.member("inbound_later", row.inboundLater)
      json.member("admissible", row.admissible)
      json.member("admissible_units", row.admissibleUnits)
      json.member("binding", row.binding)
      json.member("network_advice", row.networkAdvice)
      if let optimistic = row.optimistic {
        json.member("optimistic", optimistic)
        json.member("optimistic_source", row.optimisticSource)
        json.member("optimistic_age_s", row.optimisticAgeSeconds)
      }
      json.member("cause", row.cause)
      json.instant("announced", row.announcedUnixSeconds)
    }
  }
}
