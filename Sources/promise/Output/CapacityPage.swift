import PromisedClient
import PromisedModel

/// The room of sellers as a page of its own: no script, nothing from elsewhere, light and dark.
func capacityPage(_ answer: HeadroomAnswer) -> String {
  var body = "<h1>Storage capacity</h1>\n<p>As of \(escaped(utcText(answer.asOf.unixSeconds))), "
  body += "log position \(grouped(answer.asOf.position)).</p>\n"
  for seller in answer.sellers { body += section(seller) }
  let days = answer.announcementDays
  if days.upperBound > 0 {
    let (from, to) = (
      LocalDate(days: Int32(clamping: days.lowerBound)),
      LocalDate(days: Int32(clamping: days.upperBound))
    )
    body += "<p>Limits of the next months are announced \(isoDate(from)) to \(isoDate(to)).</p>\n"
  }
  return """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <title>Storage capacity</title>
    <style>
    body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
    table { border-collapse: collapse; width: 100% }
    th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid #8884 }
    td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
    svg { display: block; width: 16rem; height: 1rem }
    .hand { fill: #2b62c9 } .in { fill: #8fb0ee } .free { fill: #8883 } .limit { stroke: #a33b1f }
    .no { color: #a33b1f }
    </style>
    </head>
    <body>
    <main>
    \(body)
    </main>
    </body>
    </html>

    """
}

private func section(_ seller: SellerHeadroom) -> String {
  var text = "<section>\n<h2>\(escaped(seller.seller))</h2>\n"
  guard seller.outcome.isOK else {
    return text + "<p class=\"no\">\(escaped(seller.outcome.reason))</p>\n</section>\n"
  }
  text += "<table>\n<tr><th>Storage type</th><th>Month</th><th>Limit</th><th>Use</th>"
  text += "<th class=\"n\">Limit ft³</th><th class=\"n\">On hand</th><th class=\"n\">Inbound</th>"
  text += "<th class=\"n\">Free</th><th class=\"n\">May be sent</th>"
  let isOptimistic = seller.rows.contains { $0.optimistic != nil }
  if isOptimistic { text += "<th class=\"n\">Free if sales go on</th><th>By</th>" }
  text += "</tr>\n"
  for row in seller.rows {
    let isLimited = row.limitKind == 1 || row.limitKind == 2
    let cells = [
      isLimited ? cubicFeet(row.room) : "–", cubicFeet(row.onHand), cubicFeet(row.inbound),
      row.headroom < 0 ? "no limit" : cubicFeet(row.headroom),
      row.admissible < 0 ? "no limit" : cubicFeet(row.admissible),
    ]
    text += "<tr><td>\(escaped(storageTypeWord(row.storageType)))</td>"
    text += "<td>\(monthText(row.month))</td><td>\(limitKindWord(row.limitKind))</td>"
    text += "<td>\(bar(row))</td>"
    for cell in cells { text += "<td class=\"n\">\(escaped(cell))</td>" }
    if let optimistic = row.optimistic {
      let words = sellThroughWords(row.optimisticSource, ageSeconds: row.optimisticAgeSeconds)
      text += "<td class=\"n\">\(optimistic < 0 ? "no limit" : cubicFeet(optimistic))</td>"
      text += "<td>\(escaped(words))</td>"
    }
    text += "</tr>\n"
  }
  return text + "</table>\n</section>\n"
}

private func bar(_ row: HeadroomRow) -> String {
  let used = Int128(row.onHand) + Int128(row.inbound)
  let whole = max(used, Int128(row.limitKind == 3 ? 0 : row.room), 1)
  func place(_ volume: Int128) -> Int { Int(volume * 1000 / whole) }
  let (hand, all) = (place(Int128(row.onHand)), place(used))
  var text = "<svg viewBox=\"0 0 1000 60\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\""
  text += "on hand \(cubicFeet(row.onHand)), inbound \(cubicFeet(row.inbound)) cubic feet\">"
  text += "<rect class=\"free\" width=\"1000\" height=\"60\"/>"
  text += "<rect class=\"in\" width=\"\(all)\" height=\"60\"/>"
  text += "<rect class=\"hand\" width=\"\(hand)\" height=\"60\"/>"
  if row.limitKind != 3, used > Int128(row.room) {
    let mark = place(Int128(row.room))
    text += "<line class=\"limit\" x1=\"\(mark)\" x2=\"\(mark)\" y1=\"0\" y2=\"60\" "
    text += "stroke-width=\"8\"/>"
  }
  return text + "</svg>"
}
