import PromisedClient
import PromisedModel

/// `ITEM@NODE=AMOUNT` taken apart.
struct LineOperand: Equatable {
  var item: String
  var node: String
  /// The text behind the equals sign; nil when there is none.
  var amount: String?

  /// Nil unless there is an item and a node. An item key may hold `@`, a node name may not.
  init?(_ text: String) {
    guard let at = text.lastIndex(of: "@") else { return nil }
    item = String(text[..<at])
    let rest = text[text.index(after: at)...]
    if let equals = rest.lastIndex(of: "=") {
      node = String(rest[..<equals])
      amount = String(rest[rest.index(after: equals)...])
    } else {
      node = String(rest)
    }
    if item.isEmpty || node.isEmpty { return nil }
  }
}

extension Session {
  func hold() throws(Failure) -> Int32 {
    var lines: [HoldLine] = []
    for text in arguments.operands {
      guard let line = LineOperand(text), let quantity = Int64(line.amount ?? "1"),
        (1...2_000_000_000).contains(quantity)
      else {
        throw .usage(
          "\"\(text)\" is no line; allowed: ITEM@NODE or ITEM@NODE=N with N 1…2,000,000,000")
      }
      lines.append(HoldLine(item: line.item, node: line.node, quantity: quantity))
    }
    let redeemed = try tokens(arguments.options["token"] ?? [])
    if lines.isEmpty, redeemed.isEmpty {
      throw .usage("hold needs ITEM@NODE[=QUANTITY]... or --token TOKEN")
    }
    let ttl = try integer("ttl", 1...Limits.holdMaximumSeconds, default: Limits.holdDefaultSeconds)
    let answer = try perform(
      .hold(
        lines, owner: needed("owner"), key: key, timeToLiveSeconds: UInt64(ttl), tokens: redeemed,
        wantsUpgrade: arguments.has("upgrade")))
    return show(answer, lines: lines)
  }

  func changeHold(isCommit: Bool) throws(Failure) -> Int32 {
    let id = try holdID()
    let owner = try needed("owner")
    return show(
      try perform(
        isCommit
          ? .commit(holdID: id, owner: owner, key: key)
          : .release(holdID: id, owner: owner, key: key)))
  }

  func getHold() throws(Failure) -> Int32 { show(try perform(.getHold(holdID()))) }

  private func holdID() throws(Failure) -> UInt64 {
    guard let id = UInt64(arguments.operands[0]), id > 0 else {
      throw .usage("\"\(arguments.operands[0])\" is no hold; allowed: the number `hold` printed")
    }
    return id
  }

  private func show(_ answer: HoldAnswer, lines: [HoldLine] = []) -> Int32 {
    if isJSON {
      json { holdJSON(answer, &$0) }
    } else {
      write(holdText(answer, lines: answer.lines.isEmpty ? lines : answer.lines, style))
    }
    return ExitCode.yes
  }

  func adjust() throws(Failure) -> Int32 {
    let source = try needed("source")
    _ = try needed("sequence")
    let sequence = try integer("sequence", 1...Int64.max, default: 1)
    var movements: [Movement] = []
    for text in arguments.operands {
      guard let line = LineOperand(text), let amount = line.amount, let quantity = Int64(amount),
        quantity.magnitude <= 2_000_000_000
      else {
        throw .usage(
          "\"\(text)\" is no change; allowed: ITEM@NODE=±N with N at most 2,000,000,000")
      }
      movements.append(
        Movement(item: line.item, node: line.node, type: .adjustment, quantity: quantity))
    }
    let answer = try perform(
      .apply(source: source, firstSequence: UInt64(sequence), movements))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        json.rows("rows", answer.outcomes) { $0.outcome($1) }
        json.member("last_sequence", answer.lastSequence)
      }
    } else {
      var table = Table("Item", "Node", "#Change", "Outcome")
      for (movement, outcome) in zip(movements, answer.outcomes) {
        table.add(
          movement.item, movement.node, grouped(movement.quantity),
          outcome.isOK ? "applied" : outcome.reason)
      }
      write(table.text(style) + "\(source) stands at \(grouped(answer.lastSequence)).\n")
    }
    return answer.outcomes.allSatisfy(\.isOK) ? ExitCode.yes : ExitCode.no
  }
}

private func stateWord(_ state: UInt32) -> String {
  UInt8(exactly: state).flatMap { HoldState(rawValue: $0) }.map { "\($0)" } ?? "state \(state)"
}

/// A hold in words.
func holdText(_ answer: HoldAnswer, lines: [HoldLine], _ style: Style) -> String {
  let word = stateWord(answer.state)
  var text = style.bold("Hold \(answer.holdID)") + ": "
  text += answer.state <= 2 ? style.good(word) : style.notice(word)
  if !answer.owner.isEmpty { text += ", owner \(printable(answer.owner))" }
  if answer.state == 1 {
    let left = answer.expiresAtUnixSeconds - answer.asOf.unixSeconds
    text += ", expires in \(duration(left)), \(utcText(answer.expiresAtUnixSeconds))"
  }
  text += "\n"
  if answer.isReclaimed { text += "It had expired; its units were claimed again.\n" }
  if answer.isRepeated { text += "This is the answer already given for the key.\n" }
  if !lines.isEmpty {
    var table = Table("Item", "Node", "#Units")
    for line in lines { table.add(line.item, line.node, grouped(line.quantity)) }
    text += table.text(style, indent: "  ")
  }
  if !answer.shipments.isEmpty {
    // Which clocks the customer has is not in the answer; the date is the customer's.
    var table = Table("From", "#Lines", "Level", "Promised", "No later than", "#Chance")
    for shipment in answer.shipments {
      table.add(
        shipment.node, grouped(shipment.lineCount), levelWord(shipment.level),
        shortDay(LocalDate(days: shipment.deliveryDay)), utcText(shipment.windowToUnixSeconds),
        percent(shipment.confidence))
    }
    text += table.text(style, indent: "  ")
  }
  return text
}

/// The answer as an object.
func holdJSON(_ answer: HoldAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("hold_id", answer.holdID)
  json.member("state", stateWord(answer.state))
  json.member("owner", answer.owner)
  json.instant("expires_at", answer.expiresAtUnixSeconds)
  json.member("reclaimed", answer.isReclaimed)
  json.member("repeated_answer", answer.isRepeated)
  json.rows("lines", answer.lines) { json, line in
    json.member("item", line.item)
    json.member("node", line.node)
    json.member("quantity", line.quantity)
  }
  json.rows("shipments", answer.shipments) { json, shipment in
    json.member("line_count", shipment.lineCount)
    json.member("node", shipment.node)
    json.member("level", levelWord(shipment.level))
    json.instant("window_from", shipment.windowFromUnixSeconds)
    json.instant("window_to", shipment.windowToUnixSeconds)
    json.member("delivery_day", shipment.deliveryDay)
    json.member("delivery_date", isoDate(LocalDate(days: shipment.deliveryDay)))
    json.instant("ship_by", shipment.shipByUnixSeconds)
    json.member("confidence", shipment.confidence)
  }
}
