import PromisedClient
import PromisedModel

extension Session {
  func changed() throws(Failure) -> Int32 {
    var since = try integer("since", 0...Int64.max, default: -1)
    if since < 0 {
      // The epoch before the one that answers; there is none before the first.
      let epoch = try perform(.network()).profileEpoch
      since = Int64(clamping: epoch == 0 ? 0 : epoch - 1)
    }
    let level = try level()
    let confidence = try confidence()
    var left = UInt64(try integer("limit", 0...Int64.max, default: 100))
    if left == 0 { left = .max }
    var rows: [ChangedPromise] = []
    var token: [UInt8] = []
    var page: ChangedAnswer
    repeat {
      page = try perform(
        .changed(
          sinceEpoch: UInt64(since), level: level, confidence: confidence, pageToken: token,
          pageSize: min(left, 50_000)))
      rows += page.promises.prefix(Int(clamping: left))
      left -= min(left, UInt64(page.promises.count))
      token = page.nextPageToken
    } while left > 0 && !token.isEmpty
    if isJSON {
      json { changedJSON(page, rows, more: !token.isEmpty, &$0) }
      return ExitCode.yes
    }
    write(changedText(page, rows, style))
    if !token.isEmpty { note("More follow; --limit 0 shows all.\n") }
    return ExitCode.yes
  }
}

/// Changed promises as a table.
func changedText(_ page: ChangedAnswer, _ rows: [ChangedPromise], _ style: Style) -> String {
  func date(_ day: Int32) -> String { day == 0 ? "none" : shortDay(LocalDate(days: day)) }
  let what =
    "Between epochs \(page.fromEpoch) and \(page.toEpoch) \(grouped(page.pairCount)) of "
    + "\(counted(page.pairsCompared, "pair")) of an item and a zone got another promise.\n"
  if rows.isEmpty { return what }
  var table = Table("Item", "Zone", "Before", "After", "#Later by")
  for row in rows {
    let minutes = (row.windowToAfterUnixSeconds - row.windowToBeforeUnixSeconds) / 60
    let isBoth = row.dayBefore != 0 && row.dayAfter != 0
    table.add(
      row.item, row.zone, date(row.dayBefore), date(row.dayAfter),
      isBoth ? (minutes < 0 ? "−" : "") + minutesText(minutes) : "–")
  }
  return table.text(style) + what
}

private func changedJSON(
  _ page: ChangedAnswer, _ rows: [ChangedPromise], more: Bool, _ json: inout JSON
) {
  json.stamp(page.asOf)
  json.member("from_epoch", page.fromEpoch)
  json.member("to_epoch", page.toEpoch)
  json.member("pair_count", page.pairCount)
  json.member("pairs_compared", page.pairsCompared)
  json.rows("pairs", rows) { json, row in
    json.member("item", row.item)
    json.member("zone", row.zone)
    json.member("days_before", row.dayBefore)
    json.member("days_after", row.dayAfter)
    json.instant("window_to_before", row.windowToBeforeUnixSeconds)
    json.instant("window_to_after", row.windowToAfterUnixSeconds)
  }
  json.member("more", more)
}
