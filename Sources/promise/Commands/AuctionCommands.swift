import PromisedClient
import PromisedImport
import PromisedModel

/// Bids, rounds, signals, buildings and removals.
extension Session {
  /// 1…7 of a storage type's name.
  private func storageType() throws(Failure) -> UInt32 {
    let text = try needed("type")
    let types = StorageType.allCases
    guard let type = types.first(where: { $0.label == text }) else {
      let words = types.map(\.label)
      throw .usage(
        "--type is \"\(text)\"\(hint(text, words)); allowed: \(words.joined(separator: ", "))")
    }
    return UInt32(type.rawValue)
  }

  private func month() throws(Failure) -> UInt32 {
    let text = try needed("month")
    let month = Array(text.utf8).withUnsafeBufferPointer { Cell.month(BorrowedBytes($0)) }
    guard let month else {
      throw .usage("--month is \"\(text)\"; allowed: a month such as 2026-12")
    }
    return month
  }

  /// A decimal number times 10^`digits`.
  private func amount(
    _ text: String, _ name: String, digits: Int, signed: Bool = false
  ) throws(Failure) -> Int64 {
    let value = Array(text.utf8).withUnsafeBufferPointer {
      Cell.decimal(BorrowedBytes($0), digits: digits, rounding: .down, signed: signed)
    }
    guard let value else { throw .usage("--\(name) is \"\(text)\"; allowed: a decimal number") }
    return value
  }

  func bid(_ seller: String) throws(Failure) -> Int32 {
    let minimum = arguments.value("minimum") ?? "0"
    let answer = try perform(
      .bid(
        seller: seller, storageType: storageType(), month: month(),
        volume: UInt64(amount(needed("volume"), "volume", digits: 6)),
        minimum: UInt64(amount(minimum, "minimum", digits: 6)),
        maximumFee: UInt64(amount(needed("fee"), "fee", digits: 4)), key: key))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        json.member("bid_id", answer.bidID)
        json.member("repeated_answer", answer.isRepeated)
      }
    } else {
      write("Bid \(answer.bidID)\(answer.isRepeated ? ", placed before" : "")\n")
    }
    return ExitCode.yes
  }

  func clear(_ marketplace: String?) throws(Failure) -> Int32 {
    var sales: [(seller: String, amount: UInt64)] = []
    for text in arguments.options["sales"] ?? [] {
      guard let equals = text.lastIndex(of: "=") else {
        throw .usage("--sales is \"\(text)\"; allowed: SELLER=AMOUNT")
      }
      let sum = try amount(String(text[text.index(after: equals)...]), "sales", digits: 4)
      sales.append((String(text[..<equals]), UInt64(sum)))
    }
    let answer: ClearingAnswer
    if arguments.has("clearing") {
      let id = try integer("clearing", 1...Int64.max, default: 0)
      answer = try perform(.clearing(id: UInt64(id), sales: sales))
    } else {
      guard let marketplace else {
        throw .usage("capacity clear needs MARKETPLACE, or --clearing NUMBER")
      }
      answer = try perform(
        .clear(
          marketplace: marketplace, storageType: storageType(), month: month(),
          volume: UInt64(amount(needed("volume"), "volume", digits: 6)),
          isTrial: arguments.has("trial"), sales: sales, key: key))
    }
    return show(answer)
  }

  private func show(_ answer: ClearingAnswer) -> Int32 {
    let steps = ClearingSteps(answer)
    let isExplained = arguments.has("explain")
    if isJSON {
      json { json in
        clearingJSON(answer, &json)
        if isExplained {
          json.texts("steps", steps.lines)
          json.member("difference", steps.difference ?? "")
        }
      }
    } else {
      write(clearingText(answer, style))
      if isExplained {
        write("  By hand:\n" + steps.lines.map { "    \($0)\n" }.joined())
        write(
          steps.difference.map { "  " + style.bad("It differs: \($0)") + "\n" }
            ?? "  That is what the record says.\n")
      }
    }
    return isExplained && steps.difference != nil ? ExitCode.no : ExitCode.yes
  }

  func signal(_ operands: [String]) throws(Failure) -> Int32 {
    var rows = SignalRows()
    rows.sellerNames = [Name(operands[0])]
    rows.sellers = [0]
    rows.keys.append(Array(operands[1].utf8))
    rows.months = [try month()]
    let kindText = arguments.value("kind") ?? "other"
    guard let kind = SignalKind.allCases.first(where: { $0.label == kindText }) else {
      let words = SignalKind.allCases.map(\.label).joined(separator: ", ")
      throw .usage("--kind is \"\(kindText)\"; allowed: \(words)")
    }
    rows.kinds = [kind.rawValue]
    rows.lows = [try amount(needed("low"), "low", digits: 0, signed: true)]
    rows.highs = [try amount(needed("high"), "high", digits: 0, signed: true)]
    let confidence = try amount(arguments.value("confidence") ?? "1", "confidence", digits: 3)
    guard (0...1000).contains(confidence) else { throw .usage("--confidence must be 0…1") }
    rows.confidences = [UInt16(confidence)]
    let answer = try perform(.put(.signals(rows), key: key))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        json.member("rows", answer.rows)
      }
    } else {
      write("The signal is noted.\n")
    }
    return ExitCode.yes
  }

  func utilization(_ nodes: [String]) throws(Failure) -> Int32 {
    let answer = try perform(.utilization(nodes: nodes))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        json.rows("rows", answer.rows) { json, row in
          json.member("node", row.node)
          json.member("storage_type", storageTypeWord(row.storageType))
          json.member("usable", row.usable)
          json.member("stored", row.stored)
          json.member("inbound", row.inbound)
          json.member("permille", row.permille)
          json.member("band", row.band)
        }
      }
      return ExitCode.yes
    }
    if answer.rows.isEmpty {
      write("No building declares a volume.\n")
      return ExitCode.yes
    }
    var table = Table(
      "Node", "Storage type", "#Usable ft³", "#Stored ft³", "#Inbound ft³", "#Full", "Band")
    for row in answer.rows {
      table.add([
        row.node, storageTypeWord(row.storageType), row.usable < 0 ? "–" : cubicFeet(row.usable),
        cubicFeet(row.stored), cubicFeet(row.inbound),
        tenths(Int128(row.permille), per: 10) + " %",
        row.band == 2 ? "alarm" : row.band == 1 ? "warning" : "",
      ])
    }
    write(table.text(style))
    return ExitCode.yes
  }

  func remove(_ operands: [String]) throws(Failure) -> Int32 {
    let actions = ["order", "ship", "cancel"]
    guard let action = actions.firstIndex(of: operands[0]) else {
      throw .usage("capacity remove takes order, ship or cancel, not \"\(operands[0])\"")
    }
    var lines: [InboundLine] = []
    for text in operands.dropFirst(2) {
      guard let line = LineOperand(text), let units = UInt64(line.amount ?? ""), units > 0 else {
        throw .usage("\"\(text)\" is no line; allowed: ITEM@NODE=N")
      }
      lines.append(InboundLine(item: line.item, node: line.node, quantity: units))
    }
    let answer = try perform(
      .remove(order: operands[1], action: UInt32(action + 1), lines: lines, key: key))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        json.member("order", operands[1])
        json.member("pending", answer.pending)
        json.member("repeated_answer", answer.isRepeated)
      }
    } else {
      write("Removal \(printable(operands[1])): \(counted(answer.pending, "unit")) pending\n")
    }
    return ExitCode.yes
  }
}
