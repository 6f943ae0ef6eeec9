import PromisedClient
import PromisedModel

extension Session {
  func capacity() throws(Failure) -> Int32 {
    let sellers = arguments.operands
    let item = arguments.value("item") ?? ""
    let months = try integer("months", 1...12, default: 3)
    let answer = try perform(
      .headroom(sellers: sellers, item: item, months: UInt64(months)))
    if isJSON {
      json { headroomJSON(answer, &$0) }
    } else {
      write(
        answer.sellers.map { headroomText($0, item: item, style) }.joined(separator: "\n"))
    }
    return answer.sellers.allSatisfy(\.outcome.isOK) ? ExitCode.yes : ExitCode.no
  }
}

private func storageTypeWord(_ number: UInt32) -> String {
  UInt8(exactly: number).flatMap { StorageType(rawValue: $0) }?.label ?? "type \(number)"
}

private func limitKindWord(_ number: UInt32) -> String {
  switch number {
  case 0: "none announced"
  case 1: "confirmed"
  case 2: "estimated"
  case 3: "no limit"
  default: "kind \(number)"
  }
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
    let used =
      Int128(row.available) + Int128(row.unfulfillable) + Int128(row.reserved)
      + Int128(row.openInbound) + Int128(row.drafts)
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
    }
  }
}
