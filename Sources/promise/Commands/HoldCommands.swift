import PromisedClient
import PromisedModel

/// What `promise hold WORD HOLD ...` does to a hold that is there.
private enum HoldStep: String, CaseIterable {
  case show, extend, amend, pick, ship, commit, release
}

extension Session {
  /// Claims units, or with one of the words above moves a hold on.
  func hold() throws(Failure) -> Int32 {
    let operands = arguments.operands
    guard let word = operands.first, let step = HoldStep(rawValue: word) else {
      return try claim(operands)
    }
    guard operands.count > 1 else {
      throw .usage("hold \(word) needs a hold: the number `hold` printed, or name=NAME")
    }
    let hold = try holdName(operands[1])
    let owner = step == .show ? "" : try needed("owner")
    let rest = Array(operands.dropFirst(2))
    switch step {
    case .show, .extend, .commit, .release:
      if let extra = rest.first { throw .usage("\"\(extra)\" is too much for hold \(word)") }
    case .amend, .pick:
      if rest.isEmpty { throw .usage("hold \(word) needs ITEM@NODE[=QUANTITY]...") }
    case .ship: break
    }
    switch step {
    case .show: return show(try perform(.getHold(hold)))
    case .commit: return show(try perform(.commit(hold, owner: owner, key: key)))
    case .release: return show(try perform(.release(hold, owner: owner, key: key)))
    case .extend:
      let seconds = try timeToLive()
      return show(
        try perform(.extend(hold, owner: owner, key: key, timeToLiveSeconds: seconds)))
    case .amend:
      let lines = try holdLines(rest)
      return show(
        try perform(
          .amend(
            hold, lines, owner: owner, key: key, channel: arguments.value("channel") ?? "")))
    case .pick: return show(try pick(hold, rest, owner: owner))
    case .ship:
      return show(
        try perform(.consume(hold, holdLines(rest), owner: owner, key: key)))
    }
  }

  private func claim(_ operands: [String]) throws(Failure) -> Int32 {
    let lines = try holdLines(operands)
    let redeemed = try tokens(arguments.options["token"] ?? [])
    if lines.isEmpty, redeemed.isEmpty {
      throw .usage("hold needs ITEM@NODE[=QUANTITY]... or --token TOKEN")
    }
    let replaces = try integer("replaces", 1...Int64.max, default: 0)
    let answer = try perform(
      .hold(
        lines, owner: needed("owner"), key: key, name: arguments.value("name") ?? "",
        timeToLiveSeconds: timeToLive(), fill: fill(),
        channel: arguments.value("channel") ?? "", replaces: UInt64(replaces), tokens: redeemed,
        wantsUpgrade: arguments.has("upgrade")))
    return show(answer, lines: lines)
  }

  /// `ITEM@NODE=N` picked, `ITEM@NODE=N-M` with M not found besides.
  private func pick(
    _ hold: HoldName, _ operands: [String], owner: String
  ) throws(Failure) -> HoldAnswer {
    var lines: [HoldLine] = []
    var missing: [Int64] = []
    for text in operands {
      guard let line = LineOperand(text) else { throw notALine(text) }
      let parts = (line.amount ?? "1").split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count <= 2, let units = Int64(parts[0]),
        let lost = parts.count == 2 ? Int64(parts[1]) : 0,
        (0...2_000_000_000).contains(units), (0...2_000_000_000).contains(lost)
      else {
        throw .usage(
          "\"\(text)\" is nothing to pick; allowed: ITEM@NODE=N, or ITEM@NODE=N-M with M units"
            + " not found besides")
      }
      lines.append(HoldLine(item: line.item, node: line.node, quantity: units))
      missing.append(lost)
    }
    let isShort = missing.contains { $0 > 0 }
    return try perform(
      .pick(hold, lines, missing: isShort ? missing : [], owner: owner, key: key))
  }

  func changeHold(isCommit: Bool) throws(Failure) -> Int32 {
    let hold = try holdName(arguments.operands[0])
    let owner = try needed("owner")
    return show(
      try perform(
        isCommit
          ? .commit(hold, owner: owner, key: key) : .release(hold, owner: owner, key: key)))
  }

  func getHold() throws(Failure) -> Int32 {
    show(try perform(.getHold(holdName(arguments.operands[0]))))
  }

  func shortfalls() throws(Failure) -> Int32 {
    let limit = try integer("limit", 1...Int64(Limits.shortfallRows), default: 1000)
    var hold: HoldName?
    if let text = arguments.value("hold") { hold = try holdName(text) }
    let answer = try perform(
      .shortfalls(
        item: arguments.value("item") ?? "", node: arguments.value("node") ?? "", hold: hold,
        pageSize: UInt32(limit)))
    if isJSON {
      json { shortfallsJSON(answer, &$0) }
    } else {
      write(shortfallsText(answer, style))
    }
    return answer.rows.isEmpty ? ExitCode.yes : ExitCode.no
  }

  // MARK: Operands

  /// A hold's number, or `name=` and the name its caller gave it.
  private func holdName(_ text: String) throws(Failure) -> HoldName {
    if let id = UInt64(text), id > 0 { return .id(id) }
    if text.hasPrefix("name="), text.count > 5 { return .name(String(text.dropFirst(5))) }
    throw .usage("\"\(text)\" is no hold; allowed: the number `hold` printed, or name=NAME")
  }

  private func holdLines(_ operands: [String]) throws(Failure) -> [HoldLine] {
    let due = try instant("due")
    var lines: [HoldLine] = []
    for text in operands {
      guard let line = LineOperand(text), let quantity = Int64(line.amount ?? "1"),
        (1...2_000_000_000).contains(quantity)
      else { throw notALine(text) }
      let isPool = line.node.hasPrefix("group:") && line.node.count > 6
      lines.append(
        HoldLine(
          item: line.item, node: isPool ? String(line.node.dropFirst(6)) : line.node,
          quantity: quantity, isPool: isPool, dueUnixSeconds: due))
    }
    return lines
  }

  private func notALine(_ text: String) -> Failure {
    .usage(
      "\"\(text)\" is no line; allowed: ITEM@NODE or ITEM@NODE=N with N 1…2,000,000,000, or"
        + " ITEM@group:GROUP=N")
  }

  private func timeToLive() throws(Failure) -> UInt64 {
    UInt64(try integer("ttl", 1...Limits.holdMaximumSeconds, default: Limits.holdDefaultSeconds))
  }

  private func fill() throws(Failure) -> HoldFill {
    switch arguments.value("fill") ?? "kill" {
    case "kill": return .orKill
    case "all": return .all
    case "available": return .available
    case let other: throw .usage("--fill is \"\(other)\"; allowed: kill, all, available")
    }
  }

  /// Unix seconds, or a date for its UTC midnight; 0 = now.
  private func instant(_ option: String) throws(Failure) -> Int64 {
    guard let text = arguments.value(option) else { return 0 }
    if let seconds = Int64(text), (1...Int64(UInt32.max)).contains(seconds) { return seconds }
    return Int64(try day(option) ?? 0) * 86_400
  }

  private func show(_ answer: HoldAnswer, lines: [HoldLine] = []) -> Int32 {
    if isJSON {
      json { holdJSON(answer, &$0) }
    } else {
      write(holdText(answer, lines: answer.lines.isEmpty ? lines : answer.lines, style))
    }
    return ExitCode.yes
  }
}
