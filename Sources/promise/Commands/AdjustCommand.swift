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
