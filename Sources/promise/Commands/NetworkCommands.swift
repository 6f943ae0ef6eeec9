import PromisedClient
import PromisedModel

extension Session {
  func closeLeg() throws(Failure) -> Int32 {
    let leg = arguments.operands[0]
    let dates = try dates()
    let delay = try integer("delay", 1...10_080, default: 0)
    let answer = try perform(
      .closeLeg(
        leg, days: dates, delayMinutes: UInt64(delay), reason: arguments.value("reason") ?? "",
        author: arguments.value("author") ?? "", key: key))
    return departuresChanged(
      answer, delay == 0 ? "\(leg) does not run" : "\(leg) leaves \(minutesText(delay)) later",
      dates)
  }

  func reopenLeg() throws(Failure) -> Int32 {
    let leg = arguments.operands[0]
    let dates = try dates()
    let answer = try perform(
      .reopenLeg(
        leg, days: dates, reason: arguments.value("reason") ?? "",
        author: arguments.value("author") ?? "", key: key))
    return departuresChanged(answer, "\(leg) runs as its timetable says again", dates)
  }

  /// The local dates given; nil = from now on.
  private func dates() throws(Failure) -> ClosedRange<Int32>? {
    if let on = try day("on") {
      if arguments.has("from") || arguments.has("to") {
        throw .usage("--on is one date; --from and --to are several")
      }
      return on...on
    }
    guard let from = try day("from") else {
      if arguments.has("to") { throw .usage("--to needs --from") }
      return nil
    }
    let to = try day("to") ?? LocalDate.last.days
    if to < from { throw .usage("--to is before --from") }
    return from...to
  }

  private func departuresChanged(
    _ answer: DepartureAnswer, _ what: String, _ dates: ClosedRange<Int32>?
  ) -> Int32 {
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        json.member("destinations_affected", answer.destinationsAffected)
      }
      return ExitCode.yes
    }
    var when = "from now on"
    if let dates {
      let from = isoDate(LocalDate(days: dates.lowerBound))
      if dates.upperBound == LocalDate.last.days {
        when = "from \(from) on"
      } else if dates.count == 1 {
        when = "on \(from)"
      } else {
        when = "from \(from) to \(isoDate(LocalDate(days: dates.upperBound)))"
      }
    }
    write("\(printable(what)), \(when).\n")
    write(
      "\(counted(answer.destinationsAffected, "destination")) may get another promise; "
        + "`promise at-risk` shows what was promised over it.\n")
    return ExitCode.yes
  }

  func overrides() throws(Failure) -> Int32 {
    let verb = arguments.operands[0]
    switch verb {
    case "put":
      if arguments.operands.count > 1 { throw .usage("override put takes options only") }
      return try putOverride()
    case "list":
      if arguments.operands.count > 1 { throw .usage("override list takes options only") }
      let answer = try perform(.overrides(withExpired: arguments.has("expired")))
      if isJSON {
        json { overridesJSON(answer, &$0) }
      } else {
        write(overridesText(answer.overrides, style))
      }
      return ExitCode.yes
    case "remove":
      guard arguments.operands.count == 2, let id = UInt64(arguments.operands[1]), id > 0 else {
        throw .usage("override remove needs the ID that `override list` shows")
      }
      let answer = try perform(.removeOverride(id: id, key: key))
      if isJSON {
        json { json in
          json.stamp(answer.asOf)
          json.member("id", answer.id)
        }
      } else {
        write("Override \(answer.id) is removed.\n")
      }
      return ExitCode.yes
    default:
      throw .usage(
        "override \(verb)\(hint(verb, ["put", "list", "remove"])); allowed: put, list, remove")
    }
  }

  private func putOverride() throws(Failure) -> Int32 {
    guard arguments.has("block") != arguments.has("force") else {
      throw .usage("override put needs --block or --force")
    }
    var entry = OverrideEntry(
      action: arguments.has("block") ? 1 : 2, reason: try needed("reason"),
      author: try needed("author"))
    entry.item = arguments.value("item") ?? ""
    entry.node = arguments.value("node") ?? ""
    entry.leg = arguments.value("leg") ?? ""
    entry.zone = arguments.value("zone") ?? ""
    entry.seller = arguments.value("seller") ?? ""
    if let text = arguments.value("expires") {
      if let seconds = durationSeconds(text) {
        let now = try perform(.ping()).asOf.unixSeconds
        let (sum, overflow) = now.addingReportingOverflow(seconds)
        if overflow { throw .usage("--expires \(text) is beyond all calendars") }
        entry.expiresUnixSeconds = sum
      } else if let seconds = instantSeconds(text) {
        entry.expiresUnixSeconds = seconds
      } else {
        throw .usage(
          "--expires is \"\(text)\"; allowed: 2026-12-20T18:00:00Z, or +N with s, min, h or d")
      }
    }
    let answer = try perform(.putOverride(entry, key: key))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        json.member("id", answer.id)
      }
    } else {
      write("Override \(answer.id) holds: \(scopeWords(entry)).\n")
    }
    return ExitCode.yes
  }
}

/// What an override fits, in words.
func scopeWords(_ entry: OverrideEntry) -> String {
  let parts = [
    ("item", entry.item), ("from", entry.node), ("over", entry.leg), ("to", entry.zone),
    ("of", entry.seller),
  ].filter { !$0.1.isEmpty }.map { "\($0.0) \(printable($0.1))" }
  let verb = entry.action == 1 ? "block" : "force"
  return parts.isEmpty ? "\(verb) everything" : "\(verb) \(parts.joined(separator: " "))"
}

/// Overrides as a table.
func overridesText(_ rows: [OverrideEntry], _ style: Style) -> String {
  if rows.isEmpty { return "No override holds.\n" }
  var table = Table("#ID", "What", "Reason", "Author", "Expires", "#Consulted", "#Differed")
  for row in rows {
    table.add(
      "\(row.id)", scopeWords(row), row.reason, row.author, utcText(row.expiresUnixSeconds),
      grouped(row.consulted), grouped(row.differed))
  }
  return table.text(style)
}

private func overridesJSON(_ answer: OverridesAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.rows("overrides", answer.overrides) { json, row in
    json.member("id", row.id)
    json.member("action", row.action == 1 ? "block" : "force")
    json.member("item", row.item)
    json.member("node", row.node)
    json.member("leg", row.leg)
    json.member("zone", row.zone)
    json.member("seller", row.seller)
    json.member("reason", row.reason)
    json.member("author", row.author)
    json.instant("created", row.createdUnixSeconds)
    json.instant("expires", row.expiresUnixSeconds)
    json.member("consulted", row.consulted)
    json.member("differed", row.differed)
  }
}
