import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

/// A scenario of a seller's storage as a readable file: each line an action, and what is left then.
///
///     2026-03-20  admit P1 A@F1=300/2026-04-10      | 2026-03 900, 2026-04 600
///
/// Before the bar stand the date (empty = the same day) and the action; behind it the headroom of months
/// in whole cubic feet (`-` = no limit, `~` before the optimistic one), `ok`, or the reason of a refusal.
private struct Scenario {
  struct Line {
    var number: Int
    var date: String
    var words: [String]
    var expected: [String]
  }

  var lines: [Line] = []

  init(_ text: String) {
    for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = raw.prefix { $0 != "#" }
      let halves = line.split(separator: "|", omittingEmptySubsequences: false)
      if halves.count != 2 { continue }
      var words = halves[0].split(separator: " ").map(String.init)
      var date = ""
      if let first = words.first, first.count == 10, first.hasPrefix("20") {
        date = words.removeFirst()
      }
      let expected = halves[1].split(separator: ",").map { part -> String in
        part.split(separator: " ").joined(separator: " ")
      }
      lines.append(Line(number: number + 1, date: date, words: words, expected: expected))
    }
  }
}

@Suite struct SellerYearTests {
  private func text(_ name: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let file = try #require(fopen("/\(root)/Golden/\(name)", "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF {
      bytes.append(UInt8(truncatingIfNeeded: byte))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Runs a scenario; what did not come out as its lines say.
  private func differences(
    _ scenario: Scenario, withRestarts: Bool = false
  ) throws -> (lines: [String], actions: Set<String>) {
    var desk = try Desk.storage(at: "2026-01-02")
    var run = ScenarioRun()
    var found: [String] = []
    for line in scenario.lines {
      if !line.date.isEmpty { desk.go(to: line.date) }
      if withRestarts { desk = desk.restarted() }
      let refusal = desk.refusal { () throws(Refusal) in try run.perform(line.words, desk) }
      desk.figure()
      for expected in line.expected {
        let said = try said(of: expected, desk, refusal)
        if said != expected { found.append("line \(line.number): \(said), not \(expected)") }
      }
    }
    found += desk.state.storageDifferences()
    return (found, run.actions)
  }

  /// What an expectation would have to be: a reason, or `month headroom`, or `month ~optimistic`.
  private func said(of expected: String, _ desk: Desk, _ refusal: Refusal?) throws -> String {
    let parts = expected.split(separator: " ").map(String.init)
    if let refusal { return refusal.code.reason }
    if parts.count == 1 { return "ok" }
    let month = try #require(UInt32(parts[0].filter { $0 != "-" }))
    let isOptimistic = parts[1].hasPrefix("~")
    guard let row = try desk.room(month, optimistic: isOptimistic) else {
      return "\(parts[0]) none"
    }
    let volume = isOptimistic ? row.optimistic : row.headroom
    return "\(parts[0]) \(isOptimistic ? "~" : "")\(volume < 0 ? "-" : "\(volume / cubicFoot)")"
  }

  @Test(arguments: [false, true])
  func aSellersYearGoesAsTheScenarioSays(withRestarts: Bool) throws {
    let scenario = Scenario(try text("seller-year.txt"))
    #expect(scenario.lines.count > 60)
    #expect(scenario.lines.allSatisfy { !$0.expected.isEmpty }, "every line says what is left")
    let (found, actions) = try differences(scenario, withRestarts: withRestarts)
    #expect(found == [])
    let needed: Set = [
      "confirm", "estimate", "unlimited", "cut", "admit", "admit-cut", "receive", "receive-again",
      "told", "told-again", "undo", "close", "sell", "damage", "remove", "removed", "signal", "bid",
      "clear",
    ]
    #expect(needed.subtracting(actions).isEmpty, "\(needed.subtracting(actions).sorted())")
  }

  /// A number that is off by one is found, on every line that has one.
  @Test func aWrongNumberIsFoundOnEveryLine() throws {
    var scenario = Scenario(try text("seller-year.txt"))
    var wrong: [String] = []
    for place in scenario.lines.indices {
      for (number, expected) in scenario.lines[place].expected.enumerated() {
        let parts = expected.split(separator: " ")
        guard parts.count == 2, let volume = Int(parts[1].filter(\.isNumber)) else { continue }
        let changed = "\(parts[0]) \(parts[1].hasPrefix("~") ? "~" : "")\(volume + 1)"
        scenario.lines[place].expected[number] = changed
        wrong.append("line \(scenario.lines[place].number): \(expected), not \(changed)")
      }
    }
    #expect(wrong.count > 60)
    #expect(try differences(scenario).lines == wrong)
  }
}

/// What the words of a scenario do.
private struct ScenarioRun {
  var actions: Set<String> = []
  private var sequence: UInt64 = 1
  private var receipts = 0

  mutating func perform(_ words: [String], _ desk: Desk) throws(Refusal) {
    let action = words.first ?? ""
    actions.insert(action)
    let rest = Array(words.dropFirst())
    switch action {
    case "confirm", "estimate":
      try desk.announce(
        Rows.limit(
          month(rest[0]), action == "confirm" ? .confirmed : .estimated, feet(rest[1])))
    case "unlimited": try desk.announce(Rows.limit(month(rest[0]), .noLimit, 0))
    case "cut":
      try desk.announce(
        Rows.limit(
          month(rest[0]), .confirmed, feet(rest[1]), cause: .operatorCut, forced: true,
          notice: rest[2]))
    case "building":
      try desk.put(Rows.buildings([(rest[0], .standard, feet(rest[1]))]))
    case "admit": try desk.admit(rest[0], rest.dropFirst().map(line))
    case "admit-cut": try desk.admit(rest[0], rest.dropFirst().map(line), mode: .cut)
    case "receive":
      receipts += 1
      try desk.receive(rest[0], rest.dropFirst().map(line), receipt: "receipt \(receipts)")
    case "receive-again":
      try desk.receive(rest[0], rest.dropFirst().map(line), receipt: "receipt \(receipts)")
    case "told":
      // By the feed, which names the plan.
      let units = line(rest[1])
      sequence += 1
      try desk.tell(told(units, plan: rest[0]), from: sequence - 1)
    case "told-again":
      try desk.tell(told(line(rest[1]), plan: rest[0]), from: sequence - 1)
    case "undo": _ = try desk.reverse("wms", sequence - 1, sequence - 1)
    case "close": try desk.close(rest[0], reason: "short")
    case "sell":
      let sold = line(rest[0])
      try desk.feed([(sold.item, sold.node, .shipment, Int64(sold.quantity))], from: sequence)
      sequence += 1
    case "damage":
      let broken = line(rest[0])
      try desk.feed(
        [(broken.item, broken.node, .unfulfillable, Int64(broken.quantity))], from: sequence)
      sequence += 1
    case "remove": try desk.remove("removal", .order, rest.map(line))
    case "removed": try desk.remove("removal", .ship, rest.map(line))
    case "signal":
      try desk.signal([
        (rest[0], month(rest[1]), Int64(rest[2]) ?? 0, Int64(rest[3]) ?? 0, 1000)
      ])
    case "bid":
      try desk.bid("S1", feet(rest[1]), fee: Int64(rest[2]) ?? 0, month: month(rest[0]))
    case "rival":
      try desk.bid("S2", feet(rest[1]), fee: Int64(rest[2]) ?? 0, month: month(rest[0]))
    case "rival-limit":
      try desk.announce(
        Rows.limit(month(rest[0]), .confirmed, feet(rest[1]), seller: "S2"))
    case "clear": try desk.clear(feet(rest[1]), month: month(rest[0]))
    default: throw Refusal(.rowInvalid, "no action \(action)")
    }
  }

  private func told(_ units: SentLine, plan: String) -> Told {
    Told(units.item, units.node, .inboundReceipt, Int64(units.quantity)).with {
      $0.reference = plan
    }
  }

  private func month(_ text: String) -> UInt32 { UInt32(text.filter { $0 != "-" }) ?? 0 }

  private func feet(_ text: String) -> Int64 { (Int64(text) ?? 0) * cubicFoot }

  /// `A@F1=300/2026-04-10`.
  private func line(_ text: String) -> SentLine {
    let halves = text.split(separator: "=").map(String.init)
    let place = halves[0].split(separator: "@").map(String.init)
    let amount = halves[1].split(separator: "/").map(String.init)
    return SentLine(
      place[0], place[1], Int32(amount[0]) ?? 0, eta: amount.count > 1 ? noon(amount[1]) : 0)
  }
}
