/// A number with thousands separated by commas.
func grouped(_ number: some BinaryInteger) -> String {
  let digits = Array(String(number.magnitude).utf8)
  var text: [UInt8] = number < 0 ? [0x2D] : []
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { text.append(0x2C) }
    text.append(digit)
  }
  return String(decoding: text, as: UTF8.self)
}

/// `1 row`, `2 rows`.
func counted(_ count: some BinaryInteger, _ noun: String) -> String {
  grouped(count) + " " + noun + (count == 1 ? "" : "s")
}

/// A scaled integer with one digit after the point, rounded half up.
func tenths(_ value: Int128, per unit: Int128) -> String {
  let scaled = (value.magnitude * 20 + UInt128(unit)) / (2 * UInt128(unit))
  return (value < 0 ? "-" : "") + grouped(scaled / 10) + "." + String(scaled % 10)
}

/// Micro-cubic-feet in cubic feet.
func cubicFeet(_ micro: Int64) -> String { tenths(Int128(micro), per: 1_000_000) }

/// Micro-cubic-feet in litres: a cubic foot is 28.316846592 litres exactly.
func litres(_ micro: Int64) -> String {
  tenths(Int128(micro) * 28_316_846_592, per: 1_000_000_000_000_000)
}

/// 1/65535 in per cent.
func percent(_ share: UInt32) -> String { tenths(Int128(share) * 100, per: 65_535) + " %" }

/// Bytes in the largest unit that leaves a number above one.
func byteSize(_ count: UInt64) -> String {
  let units = ["B", "KiB", "MiB", "GiB", "TiB"]
  var unit = 0
  var size: UInt64 = 1
  while unit < units.count - 1, count / size >= 1024 {
    size *= 1024
    unit += 1
  }
  return unit == 0 ? "\(count) B" : tenths(Int128(count), per: Int128(size)) + " " + units[unit]
}

/// How many columns of a terminal a text takes: East Asian wide characters and emoji take two,
/// combining marks none.
func displayWidth(_ text: String) -> Int {
  text.unicodeScalars.reduce(0) { $0 + width($1) }
}

private func width(_ scalar: Unicode.Scalar) -> Int {
  let value = scalar.value
  if value < 0x300 { return value < 0x20 || value == 0x7F ? 0 : 1 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format: return 0
  default: break
  }
  let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
    0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
  ]
  return wide.contains { $0.contains(value) } ? 2 : 1
}

/// A text filled up with spaces, behind it or, where `right`, before it.
func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
  let space = String(repeating: " ", count: max(0, width - displayWidth(text)))
  return right ? space + text : text + space
}

/// Text for people without what could steer their terminal.
func printable(_ text: String) -> String {
  if !text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
    return text
  }
  var clean = ""
  for scalar in text.unicodeScalars {
    let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    clean.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
  }
  return clean
}

/// Colours, where they are wanted.
struct Style: Sendable {
  let hasColor: Bool

  private func wrap(_ text: String, _ code: String) -> String {
    hasColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  func bold(_ text: String) -> String { wrap(text, "1") }
  func dim(_ text: String) -> String { wrap(text, "2") }
  func good(_ text: String) -> String { wrap(text, "32") }
  func bad(_ text: String) -> String { wrap(text, "31") }
  func notice(_ text: String) -> String { wrap(text, "33") }
}

/// Rows under headings, aligned.
struct Table {
  private let headings: [String]
  /// Which columns hold numbers, and are aligned at their right.
  private let numeric: Set<Int>
  private var rows: [[String]] = []

  /// A heading that begins with `#` is that of a column of numbers.
  init(_ headings: String...) { self.init(headings) }

  init(_ headings: [String]) {
    numeric = Set(headings.indices.filter { headings[$0].hasPrefix("#") })
    self.headings = headings.map { $0.hasPrefix("#") ? String($0.dropFirst()) : $0 }
  }

  var isEmpty: Bool { rows.isEmpty }

  mutating func add(_ cells: String...) { add(cells) }

  /// Adds a row; cells are data and are made printable.
  mutating func add(_ cells: [String]) { rows.append(cells.map(printable)) }

  /// The table, each line behind `indent`.
  func text(_ style: Style, indent: String = "") -> String {
    var widths = headings.map(displayWidth)
    for row in rows {
      for (index, cell) in row.enumerated() where index < widths.count {
        widths[index] = max(widths[index], displayWidth(cell))
      }
    }
    func line(_ cells: [String]) -> String {
      var text = indent
      for (index, cell) in cells.enumerated() where index < widths.count {
        let isLast = index == widths.count - 1 && !numeric.contains(index)
        text += isLast ? cell : padded(cell, widths[index], right: numeric.contains(index)) + "  "
      }
      while text.last == " " { text.removeLast() }
      return text
    }
    return ([style.bold(line(headings))] + rows.map(line)).joined(separator: "\n") + "\n"
  }
}
