import PromisedClient
import PromisedImport
import PromisedModel

extension Session {
  /// What the first operand may be besides a seller, with how many operands follow.
  static let capacityWords: [(word: String, operands: String, count: ClosedRange<Int>)] = [
    ("admit", "SELLER PLAN ITEM@NODE=N[/DATE]...", 3...4098),
    ("what-if", "SELLER ITEM[@NODE]=N[/DATE]...", 2...4097),
    ("receive", "PLAN ITEM@NODE=N...", 2...4097), ("close", "PLAN", 1...1),
    ("bid", "SELLER", 1...1), ("clear", "[MARKETPLACE]", 0...1), ("signal", "SELLER ITEM", 2...2),
    ("utilization", "[NODE...]", 0...4096),
    ("remove", "order|ship|cancel ORDER ITEM@NODE=N...", 3...4098),
  ]

  func capacity() throws(Failure) -> Int32 {
    let first = arguments.operands[0]
    if let report = CapacityReport.allCases.first(where: { $0.label == first }) {
      return try capacityReport(report)
    }
    guard let word = Self.capacityWords.first(where: { $0.word == first }) else {
      return try headroom()
    }
    let operands = Array(arguments.operands.dropFirst())
    guard word.count.contains(operands.count) else {
      throw .usage("capacity \(word.word) takes \(word.operands)")
    }
    switch first {
    case "admit": return try admit(operands)
    case "what-if": return try whatIf(operands)
    case "receive": return try receive(operands)
    case "close":
      let reason = arguments.value("reason") ?? ""
      return show(try perform(.close(plan: operands[0], reason: reason, key: key)))
    case "bid": return try bid(operands[0])
    case "clear": return try clear(operands.first)
    case "signal": return try signal(operands)
    case "utilization": return try utilization(operands)
    default: return try remove(operands)
    }
  }

  private func headroom() throws(Failure) -> Int32 {
    let sellers = arguments.operands
    let item = arguments.value("item") ?? ""
    let months = try integer("months", 1...12, default: 3)
    let answer = try perform(
      .headroom(
        sellers: sellers, item: item, months: UInt64(months), node: arguments.value("node") ?? "",
        isOptimistic: arguments.has("optimistic")))
    if let path = arguments.value("html") {
      try save(capacityPage(answer), to: path)
      if !isJSON { write("Written to \(path).\n") }
    }
    if isJSON {
      json { headroomJSON(answer, &$0) }
    } else if !arguments.has("html") {
      let isTable = arguments.has("table")
      let texts = answer.sellers.map {
        isTable ? headroomText($0, item: item, style) : capacityBars($0, item: item, style)
      }
      write(texts.joined(separator: "\n"))
      let days = answer.announcementDays
      if !isTable && days.upperBound > 0 {
        let from = isoDate(LocalDate(days: Int32(clamping: days.lowerBound)))
        let to = isoDate(LocalDate(days: Int32(clamping: days.upperBound)))
        write(style.dim("Limits of the next months are announced \(from) to \(to).\n"))
      }
    }
    return answer.sellers.allSatisfy(\.outcome.isOK) ? ExitCode.yes : ExitCode.no
  }

  private func capacityReport(_ report: CapacityReport) throws(Failure) -> Int32 {
    var left = UInt64(try integer("limit", 0...Int64.max, default: 100))
    if left == 0 { left = .max }
    let threshold = try integer("threshold", 1...100_000, default: 85)
    var rows: [[String]] = []
    var columns: [String] = []
    var token: [UInt8] = []
    var stamp: AnswerStamp?
    repeat {
      let page = try perform(
        .capacityReport(
          UInt32(report.rawValue), seller: arguments.value("seller") ?? "",
          thresholdPermille: UInt32(threshold * 10), pageSize: min(left, 1000), pageToken: token))
      columns = page.columns
      rows += page.rows.prefix(Int(clamping: left))
      left -= min(left, UInt64(page.rows.count))
      token = page.nextPageToken
      stamp = stamp ?? page.asOf
    } while left > 0 && !token.isEmpty
    if isJSON {
      json { json in
        if let stamp { json.stamp(stamp) }
        json.member("report", report.label)
        json.rows("rows", rows) { json, row in
          for (column, cell) in zip(columns, row) { json.member(column, cell) }
        }
        json.member("more", !token.isEmpty)
      }
      return ExitCode.yes
    }
    if rows.isEmpty {
      write("Nothing to report.\n")
      return ExitCode.yes
    }
    var table = Table(columns)
    for row in rows { table.add(row) }
    write(table.text(style))
    if !token.isEmpty { note("More follow; --limit 0 shows all.\n") }
    return ExitCode.yes
  }

  // MARK: Plans

  private func admit(_ operands: [String]) throws(Failure) -> Int32 {
    let answer = try perform(
      .admit(
        seller: operands[0], plan: operands[1], lines: try planLines(operands.dropFirst(2)),
        isCut: arguments.has("cut"), isReplenishment: arguments.has("replenishment"), key: key))
    return show(answer)
  }

  private func whatIf(_ operands: [String]) throws(Failure) -> Int32 {
    let lines = try planLines(operands.dropFirst(), needsNode: false)
    let answer = try perform(
      .whatIf(
        seller: operands[0], lines: lines, isReplenishment: arguments.has("replenishment")))
    let code = show(answer)
    return answer.lines.allSatisfy(\.outcome.isOK) ? code : ExitCode.no
  }

  private func receive(_ operands: [String]) throws(Failure) -> Int32 {
    let lines = try planLines(operands.dropFirst(), needsETA: false)
    return show(
      try perform(
        .receive(
          plan: operands[0], receipt: arguments.value("receipt") ?? "", lines: lines, key: key)))
  }

  /// `ITEM@NODE=N/DATE`; a date is noon UTC of it, and `--eta` stands for lines without.
  private func planLines(
    _ texts: some Collection<String>, needsNode: Bool = true, needsETA: Bool = true
  ) throws(Failure) -> [InboundLine] {
    var lines: [InboundLine] = []
    for text in texts {
      guard let equals = text.lastIndex(of: "=") else {
        throw .usage("\"\(text)\" is no line; allowed: ITEM@NODE=N or ITEM@NODE=N/2026-05-12")
      }
      var place = String(text[..<equals])
      var node = ""
      if let at = place.lastIndex(of: "@") {
        node = String(place[place.index(after: at)...])
        place = String(place[..<at])
      }
      let parts = text[text.index(after: equals)...].split(
        separator: "/", omittingEmptySubsequences: false)
      guard let quantity = UInt64(parts[0]), (1...2_000_000_000).contains(quantity),
        parts.count <= 2, !place.isEmpty, !needsNode || !node.isEmpty
      else { throw .usage("\"\(text)\" is no line; allowed: ITEM@NODE=N with N 1…2,000,000,000") }
      let date = parts.count == 2 ? String(parts[1]) : arguments.value("eta") ?? ""
      if needsETA && date.isEmpty {
        throw .usage("\"\(text)\" has no date; allowed: ITEM@NODE=N/DATE, or --eta DATE")
      }
      lines.append(
        InboundLine(
          item: place, node: node, quantity: quantity,
          etaUnixSeconds: needsETA ? try eta(date) : 0))
    }
    return lines
  }

  private func eta(_ text: String) throws(Failure) -> Int64 {
    if let instant = instantSeconds(text) { return instant }
    if let noon = instantSeconds(text + "T12:00:00Z") { return noon }
    throw .usage("\"\(text)\" is no date; allowed: 2026-05-12, or RFC 3339")
  }

  func show(_ answer: AdmissionAnswer) -> Int32 {
    if isJSON {
      json { admissionJSON(answer, &$0) }
    } else {
      write(admissionText(answer, style))
    }
    return ExitCode.yes
  }

  func show(_ answer: InboundPlanAnswer) -> Int32 {
    if isJSON {
      json { planJSON(answer, &$0) }
    } else {
      write(planText(answer, style))
    }
    return ExitCode.yes
  }
}
