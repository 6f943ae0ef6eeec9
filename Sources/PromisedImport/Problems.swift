import PromisedModel

/// Something wrong in an import directory: where, what stands there, what is allowed.
package struct ImportProblem: Error, Sendable, Equatable, CustomStringConvertible {
  package var file: String
  /// From 1; 0 when the problem is not about a line.
  package var line: Int
  /// Empty when the problem is not about a column.
  package var column: String
  /// The cell, cut to a readable length.
  package var value: String
  package var allowed: String

  package init(file: String, line: Int, column: String, value: String, allowed: String) {
    self.file = file
    self.line = line
    self.column = column
    self.value = value
    self.allowed = allowed
  }

  package var description: String {
    var text = file
    if line > 0 { text += " line \(line)" }
    if !column.isEmpty { text += " column \(column)" }
    return text + ": \(quoted) — allowed: \(allowed)"
  }

  private var quoted: String { value.isEmpty ? "empty" : "\"\(value)\"" }
}

/// The problems of one file: the first twenty, and how many there are.
package struct ProblemList: Sendable, Equatable {
  /// A file with a systematic fault has millions; twenty show the pattern.
  package static var keptLimit: Int { 20 }

  package private(set) var kept: [ImportProblem] = []
  package private(set) var count = 0

  package init() {}

  package mutating func append(_ problem: ImportProblem) {
    count += 1
    if kept.count < Self.keptLimit { kept.append(problem) }
  }

  package mutating func append(contentsOf list: ProblemList) {
    count += list.count
    kept += list.kept
  }
}

/// The text of a cell for an error: cut to 60 bytes, control characters and broken UTF-8 shown.
func shown(_ cell: BorrowedBytes) -> String {
  var text = ""
  let cut = cell.buffer.prefix(60)
  for scalar in String(decoding: cut, as: UTF8.self).unicodeScalars {
    if scalar.value < 0x20 || scalar.value == 0x7F {
      text += "\\u{" + String(scalar.value, radix: 16) + "}"
    } else {
      text.unicodeScalars.append(scalar)
    }
  }
  return cut.count < cell.count ? text + "… (\(cell.count) bytes)" : text
}
