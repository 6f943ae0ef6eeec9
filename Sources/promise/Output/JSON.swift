import PromisedClient

/// Writes one JSON value: members in the order in which they are given.
///
/// Names are those of the .proto files in snake_case (the columns of a batch become rows, under
/// the column's name in the singular), 64-bit numbers are numbers, and beside every `*_unix_s`
/// stands the same instant as RFC 3339 under the name without the ending.
struct JSON {
  private(set) var text = ""
  private var needsComma = false

  /// A value as text.
  static func object(_ fill: (inout JSON) -> Void) -> String {
    var json = JSON()
    json.braces("{", "}", fill)
    return json.text
  }

  private mutating func braces(_ open: String, _ close: String, _ fill: (inout JSON) -> Void) {
    text += open
    needsComma = false
    fill(&self)
    text += close
    needsComma = true
  }

  private mutating func name(_ name: String) {
    if needsComma { text += "," }
    text += JSON.quoted(name) + ":"
    needsComma = true
  }

  mutating func member(_ name: String, _ value: String) {
    self.name(name)
    text += JSON.quoted(value)
  }

  mutating func member(_ name: String, _ value: some BinaryInteger) {
    self.name(name)
    text += String(value)
  }

  mutating func member(_ name: String, _ value: Bool) {
    self.name(name)
    text += value ? "true" : "false"
  }

  mutating func object(_ name: String, _ fill: (inout JSON) -> Void) {
    self.name(name)
    braces("{", "}", fill)
  }

  /// An array of objects.
  mutating func rows<Row>(_ name: String, _ rows: [Row], _ fill: (inout JSON, Row) -> Void) {
    self.name(name)
    braces("[", "]") { json in
      for row in rows {
        if json.needsComma { json.text += "," }
        json.braces("{", "}") { fill(&$0, row) }
      }
    }
  }

  /// An array of texts.
  mutating func texts(_ name: String, _ values: [String]) {
    self.name(name)
    text += "[" + values.map(JSON.quoted).joined(separator: ",") + "]"
  }

  /// `name_unix_s` and `name`; 0, which means not known, gives null beside it.
  mutating func instant(_ name: String, _ unixSeconds: Int64, offset: Int32 = 0) {
    member(name + "_unix_s", unixSeconds)
    self.name(name)
    text +=
      unixSeconds == 0
      ? "null"
      : JSON.quoted(LocalTime(unixSeconds: unixSeconds, offsetSeconds: offset).rfc3339)
  }

  mutating func outcome(_ outcome: RowOutcome) {
    member("outcome", outcome.number)
    member("reason", outcome.reason)
  }

  mutating func stamp(_ stamp: AnswerStamp) {
    object("as_of") { json in
      json.member("position", stamp.position)
      json.member("unix_s", stamp.unixSeconds)
      json.member("time", LocalTime(unixSeconds: stamp.unixSeconds).rfc3339)
    }
  }

  /// A text in quotes by RFC 8259: quotes, backslashes and control characters escaped.
  static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          let hex = String(scalar.value, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    return text + "\""
  }
}
