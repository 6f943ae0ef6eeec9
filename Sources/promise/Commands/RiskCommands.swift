import PromisedClient
import PromisedModel

extension Session {
  /// Ends with 1 when a promise is at risk, so that a watchdog can ask.
  func atRisk() throws(Failure) -> Int32 {
    let limit = try integer("limit", 1...10_000, default: 1000)
    let answer = try perform(
      .atRisk(node: arguments.value("node") ?? "", limit: UInt64(limit)))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        riskJSON(answer.rows, &json)
        json.member("promises", answer.promises)
        json.member("truncated", answer.isTruncated)
      }
    } else if answer.rows.isEmpty {
      switch answer.promises {
      case 0: write("No promise is open.\n")
      case 1: write("The one open promise will be kept, as it stands.\n")
      default: write("All \(grouped(answer.promises)) open promises will be kept, as it stands.\n")
      }
    } else {
      write(riskText(answer.rows, style))
      let saved = answer.rows.count(where: \.isSaved)
      write(
        "\(grouped(answer.rows.count)) of \(counted(answer.promises, "promise")) "
          + "will be missed; another node would keep \(grouped(saved)) of them. "
          + "`promise rescue` says how.\n")
      if answer.isTruncated { note("More follow; --limit shows more.\n") }
    }
    return answer.rows.isEmpty ? ExitCode.yes : ExitCode.no
  }

  /// Ends with 1 when a promise at risk is not saved.
  func rescue() throws(Failure) -> Int32 {
    var id: UInt64 = 0
    if let text = arguments.operands.first {
      guard let number = UInt64(text), number > 0 else {
        throw .usage("\"\(text)\" is no hold; allowed: the number `hold` printed")
      }
      id = number
    }
    let applies = arguments.has("apply")
    let answer = try perform(.rescue(holdID: id, applies: applies, key: key))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        riskJSON(answer.rows, &json)
        json.member("moved", answer.moved)
      }
    } else if answer.rows.isEmpty {
      write("No promise is at risk.\n")
    } else {
      write(riskText(answer.rows, style))
      write(
        applies
          ? "\(counted(answer.moved, "promise")) moved; none is later for it.\n"
          : "Nothing was changed; --apply does it. None is made later by it.\n")
    }
    return answer.rows.allSatisfy(\.isSaved) ? ExitCode.yes : ExitCode.no
  }

  func accuracy() throws(Failure) -> Int32 {
    let words = AccuracyGrouping.allCases.map { "\($0)" }
    let word = arguments.value("by") ?? "all"
    guard let grouping = words.firstIndex(of: word) else {
      throw .usage(
        "--by is \"\(word)\"\(hint(word, words)); allowed: \(words.joined(separator: ", "))")
    }
    let answer = try perform(
      .accuracy(
        grouping: UInt64(grouping), fromDay: UInt64(day("from") ?? 0),
        toDay: UInt64(day("to") ?? 0)))
    if isJSON {
      json { accuracyJSON(answer, &$0) }
    } else {
      write(accuracyText(answer.groups, by: word, style))
    }
    return ExitCode.yes
  }
}

/// Why a promise will be missed, in words.
func causeWords(_ risk: PromiseAtRisk) -> String {
  let subject = risk.subject.isEmpty ? "" : " \(risk.subject)"
  return switch risk.cause {
  case 1: "leg\(subject) is closed"
  case 2: "leg\(subject) is late"
  case 3: "too few units of\(subject)"
  case 4: "inbound\(subject) is late"
  case 5: "less room in\(subject)"
  case 6: "node\(subject) is closed"
  default: "cause \(risk.cause)\(subject)"
  }
}

private func causeWord(_ cause: UInt32) -> String {
  UInt8(exactly: cause).flatMap { RiskCause(rawValue: $0) }.map { "\($0)" } ?? "cause \(cause)"
}

/// Promises at risk as a table.
func riskText(_ rows: [PromiseAtRisk], _ style: Style) -> String {
  func date(_ day: Int32, _ instant: Int64) -> String {
    instant == 0 ? "not in sight" : shortDay(LocalDate(days: day))
  }
  var table = Table("#Hold", "Owner", "Item", "From", "Promised", "Now", "Because", "Rescue")
  for row in rows {
    let rescue =
      row.rescueNode.isEmpty
      ? "none"
      : "\(row.rescueNode), \(date(row.rescueDay, row.rescueToUnixSeconds))"
        + (row.isSaved ? "" : ", late")
    table.add(
      row.shipment == 0 ? "\(row.holdID)" : "\(row.holdID).\(row.shipment)", row.owner, row.item,
      row.node, shortDay(LocalDate(days: row.promisedDay)), date(row.newDay, row.newToUnixSeconds),
      causeWords(row), rescue)
  }
  return table.text(style)
}

private func riskJSON(_ rows: [PromiseAtRisk], _ json: inout JSON) {
  json.rows("rows", rows) { json, row in
    json.member("hold_id", row.holdID)
    json.member("shipment", row.shipment)
    json.member("owner", row.owner)
    json.member("item", row.item)
    json.member("node", row.node)
    json.member("cause", causeWord(row.cause))
    json.member("subject", row.subject)
    json.instant("promised_to", row.promisedToUnixSeconds)
    json.member("promised_days", row.promisedDay)
    json.instant("new_to", row.newToUnixSeconds)
    json.member("new_days", row.newDay)
    json.member("rescue_node", row.rescueNode)
    json.instant("rescue_to", row.rescueToUnixSeconds)
    json.member("rescue_days", row.rescueDay)
    json.member("saved", row.isSaved)
  }
}

/// Promised against delivered as a table.
func accuracyText(_ groups: [AccuracyGroup], by word: String, _ style: Style) -> String {
  if groups.isEmpty { return "No promise has been delivered or is overdue yet.\n" }
  var table = Table(
    word == "all" ? "Promises" : word, "#Delivered", "#On time", "#Share", "#95 % interval",
    "#Stated", "#Days early", "#Overdue")
  for group in groups {
    table.add(
      group.group.isEmpty ? "all" : group.group, grouped(group.delivered), grouped(group.onTime),
      percent(group.coverage),
      "\(percent(group.coverageLow).dropLast(2))–\(percent(group.coverageHigh))",
      percent(group.meanConfidence), tenths(Int128(group.meanDaysEarlyMilli), per: 1000),
      grouped(group.overdue))
  }
  return table.text(style)
}

private func accuracyJSON(_ answer: AccuracyAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.rows("rows", answer.groups) { json, group in
    json.member("group", group.group)
    json.member("delivered", group.delivered)
    json.member("on_time", group.onTime)
    json.member("mean_confidence", group.meanConfidence)
    json.member("coverage", group.coverage)
    json.member("coverage_low", group.coverageLow)
    json.member("coverage_high", group.coverageHigh)
    json.member("mean_days_early_milli", group.meanDaysEarlyMilli)
    json.member("overdue", group.overdue)
  }
}
