/// An option of a command: `--name` alone, or with a value.
struct OptionSpec: Sendable {
  let name: String
  /// What stands for the value in the help; nil = a switch.
  let value: String?
  let help: String

  init(_ name: String, _ value: String? = nil, _ help: String) {
    self.name = name
    self.value = value
    self.help = help
  }
}

/// What a command takes, from which it is parsed and its help is written.
struct CommandSpec: Sendable {
  let name: String
  let summary: String
  /// What stands for the operands, such as `ITEM...`; empty = none.
  let operands: String
  /// How many operands it takes.
  let operandCount: ClosedRange<Int>
  var options: [OptionSpec] = []
  /// Whether it asks a server; otherwise it takes no address.
  var asksServer = true
  let examples: [String]

  var allOptions: [OptionSpec] {
    options + (asksServer ? Self.serverOptions : []) + Self.commonOptions
  }

  private static let serverOptions = [
    OptionSpec("server", "ADDRESS", "HOST:PORT, [v6]:PORT or unix:PATH (127.0.0.1:7420)"),
    OptionSpec("timeout", "SECONDS", "give up after this long (30)"),
  ]

  private static let commonOptions = [
    OptionSpec("json", nil, "one JSON object on standard output"),
    OptionSpec("no-color", nil, "no colours, as with NO_COLOR set"),
    OptionSpec("help", nil, "this text"),
  ]
}

/// A command line that cannot be understood.
struct UsageError: Error, Equatable {
  let message: String

  init(_ message: String) { self.message = message }
}

/// The words of a command line, sorted out.
struct Arguments: Equatable {
  var operands: [String] = []
  /// Option values in order; a switch has one empty value for each time it was given.
  var options: [String: [String]] = [:]

  func has(_ name: String) -> Bool { options[name] != nil }

  /// The last value given for an option.
  func value(_ name: String) -> String? { options[name]?.last }

  /// Sorts out the words after the command's name.
  init(_ words: some Collection<String>, for spec: CommandSpec) throws(UsageError) {
    var onlyOperands = false
    var index = words.startIndex
    while index != words.endIndex {
      let word = words[index]
      index = words.index(after: index)
      if word == "--" && !onlyOperands {
        onlyOperands = true
        continue
      }
      guard !onlyOperands, word.hasPrefix("-"), word != "-" else {
        operands.append(word)
        continue
      }
      let (name, attached) = Self.split(word)
      guard let option = spec.allOptions.first(where: { $0.name == name }) else {
        throw UsageError(
          "\(spec.name) has no option \(word)" + hint(name, spec.allOptions.map(\.name), "--"))
      }
      guard let value = option.value else {
        if attached != nil { throw UsageError("--\(name) takes no value") }
        options[name, default: []].append("")
        continue
      }
      if let attached {
        options[name, default: []].append(attached)
      } else if index != words.endIndex {
        options[name, default: []].append(words[index])
        index = words.index(after: index)
      } else {
        throw UsageError("--\(name) needs a value: --\(name) \(value)")
      }
    }
    if has("help") { return }
    if operands.count < spec.operandCount.lowerBound {
      throw UsageError("\(spec.name) needs \(spec.operands)")
    }
    if operands.count > spec.operandCount.upperBound {
      throw UsageError(
        "\(spec.name) takes " + (spec.operands.isEmpty ? "no operands" : spec.operands)
          + ", not also \(operands[spec.operandCount.upperBound])")
    }
  }

  private static func split(_ word: String) -> (String, String?) {
    let bare = word.drop { $0 == "-" }
    guard let equals = bare.firstIndex(of: "=") else { return (String(bare), nil) }
    return (String(bare[..<equals]), String(bare[bare.index(after: equals)...]))
  }

  /// A whole number given for an option, within a range.
  func integer(
    _ name: String, _ range: ClosedRange<Int64>, default standard: Int64
  ) throws(UsageError) -> Int64 {
    guard let text = value(name) else { return standard }
    guard let number = Int64(text), range.contains(number) else {
      throw UsageError(
        "--\(name) is \"\(text)\"; allowed: a whole number, "
          + "\(grouped(range.lowerBound))…\(grouped(range.upperBound))")
    }
    return number
  }
}

/// `; did you mean X?` where one of the words is close; empty otherwise.
func hint(_ word: String, _ words: [String], _ prefix: String = "") -> String {
  nearest(word, words).map { "; did you mean \(prefix)\($0)?" } ?? ""
}

/// The word closest to `word`: at most two letters wrong, and fewer than half of them.
func nearest(_ word: String, _ words: [String]) -> String? {
  var best: (word: String, distance: Int)?
  for candidate in words {
    let distance = editDistance(Array(word.utf8), Array(candidate.utf8))
    if distance <= min(2, max(1, word.utf8.count / 2)), distance < best?.distance ?? .max {
      best = (candidate, distance)
    }
  }
  return best?.word
}

/// How many letters must be added, dropped, replaced or swapped with their neighbour (optimal
/// string alignment). O(product of the lengths).
func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...right.count)
  for row in 0..<left.count {
    var current = [row + 1]
    for column in 0..<right.count {
      var best = min(
        last[column + 1] + 1, current[column] + 1,
        last[column] + (left[row] == right[column] ? 0 : 1))
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        best = min(best, beforeLast[column - 1] + 1)
      }
      current.append(best)
    }
    beforeLast = last
    last = current
  }
  return last[right.count]
}
