import PromisedModel

/// Options of a promise that several commands share.
extension Session {
  /// The levels given, each once; none = standard.
  func levels() throws(Failure) -> [UInt32] {
    var numbers: [UInt32] = []
    for word in arguments.options["level"] ?? [] {
      let labels = ServiceLevel.allCases.map(\.label)
      guard let number = levelNumber(word) else {
        throw .usage(
          "--level is \"\(word)\"\(hint(word, labels)); allowed: \(labels.joined(separator: ", "))")
      }
      if numbers.contains(number) { throw .usage("--level \(word) is given twice") }
      numbers.append(number)
    }
    return numbers
  }

  /// The single level given, as a number; 0 = none, which the server takes as standard.
  func level() throws(Failure) -> UInt64 {
    let numbers = try levels()
    if numbers.count > 1 { throw .usage("\(spec.name) takes one --level") }
    return UInt64(numbers.first ?? 0)
  }

  /// The confidence given in 1/65535; 0 = none, which the server takes as .95.
  func confidence() throws(Failure) -> UInt64 {
    guard let text = arguments.value("confidence") else { return 0 }
    guard let share = chance(text) else {
      throw .usage("--confidence is \"\(text)\"; allowed: above 0 and at most .99, such as .95")
    }
    return share
  }

  /// What an offer may rest on, as a number: 0 unless it is given.
  func supplyChoice() throws(Failure) -> UInt64 {
    guard let word = arguments.value("supply") else { return 0 }
    let words = ["needed", "soonest", "on-hand"]
    guard let index = words.firstIndex(of: word) else {
      throw .usage(
        "--supply is \"\(word)\"\(hint(word, words)); allowed: \(words.joined(separator: ", "))")
    }
    return UInt64(index)
  }

  /// The date given in days since 1970-01-01; nil = none.
  func day(_ name: String) throws(Failure) -> Int32? {
    guard let text = arguments.value(name) else { return nil }
    guard let day = localDay(text), day > 0 else {
      throw .usage("--\(name) is \"\(text)\"; allowed: a date such as 2026-12-24")
    }
    return day
  }

  /// The tokens given, as bytes.
  func tokens(_ texts: [String]) throws(Failure) -> [[UInt8]] {
    var tokens: [[UInt8]] = []
    for text in texts {
      guard let token = TokenText.decode(text) else {
        throw .usage("\"\(text.prefix(40))\" is no token; `offer` and `plan` print them")
      }
      tokens.append(token)
    }
    return tokens
  }

  /// The key given, or a random one: two runs of the tool are two intents.
  var key: String {
    if let key = arguments.value("key"), !key.isEmpty { return key }
    var generator = SystemRandomNumberGenerator()
    return "promise-" + String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
  }
}
