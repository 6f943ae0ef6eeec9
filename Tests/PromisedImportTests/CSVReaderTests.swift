import PromisedImport
import PromisedModel
import Testing

/// What comes out of a text: rows of cells, or the fault and its line.
private func rows(_ text: [UInt8]) -> [String] {
  text.withUnsafeBufferPointer { bytes in
    var reader = CSVReader(bytes)
    var found: [String] = []
    while true {
      do throws(CSVFault) {
        guard try reader.nextRow() else { return found }
        let cells = (0..<reader.cellCount).map {
          String(decoding: reader.cell($0).buffer, as: UTF8.self)
        }
        found.append("\(reader.line): " + cells.joined(separator: "|"))
      } catch {
        found.append("\(reader.line)! \(error.kind) \(error.cell)")
      }
    }
  }
}

private func rows(_ text: String) -> [String] { rows(Array(text.utf8)) }

@Suite struct CSVReaderTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var expected: [String]
    var testDescription: String { name }
  }

  static let table: [Row] = [
    Row(name: "plain", text: "a,b\n1,2\n", expected: ["1: a|b", "2: 1|2"]),
    Row(name: "no last newline", text: "a,b\n1,2", expected: ["1: a|b", "2: 1|2"]),
    Row(name: "CRLF", text: "a,b\r\n1,2\r\n", expected: ["1: a|b", "2: 1|2"]),
    Row(name: "lone CR stays", text: "a\rb,c\n", expected: ["1: a\rb|c"]),
    Row(name: "empty cells", text: ",,\n", expected: ["1: ||"]),
    Row(name: "trailing comma at the end", text: "a,", expected: ["1: a|"]),
    Row(name: "empty lines are no rows", text: "a\n\n\r\nb\n", expected: ["1: a", "4: b"]),
    Row(name: "quoted comma", text: "\"a,b\",c\n", expected: ["1: a,b|c"]),
    Row(name: "doubled quotes", text: "\"a\"\"b\",\"\"\"\"\n", expected: ["1: a\"b|\""]),
    Row(
      name: "newline in quotes counts lines", text: "\"a\nb\",c\nd,e\n",
      expected: ["1: a\nb|c", "3: d|e"]),
    Row(name: "quoted empty", text: "\"\",x\n", expected: ["1: |x"]),
    Row(name: "quoted CRLF end", text: "\"a\"\r\nb\r\n", expected: ["1: a", "2: b"]),
    Row(name: "byte order mark", text: "\u{FEFF}a,b\n", expected: ["1: a|b"]),
    Row(
      name: "quote inside a cell", text: "a\"b,c\nd\n",
      expected: ["1! quoteInsideCell 0", "2: d"]),
    Row(
      name: "text after a quote", text: "x,\"a\"b\nd\n", expected: ["1! textAfterQuote 1", "2: d"]),
    Row(name: "quote never closes", text: "x,\"a\nb\n", expected: ["1! quoteNeverCloses 1"]),
    Row(name: "nothing", text: "", expected: []),
  ]

  @Test(arguments: table) func reads(_ row: Row) {
    #expect(rows(row.text) == row.expected)
  }

  @Test func nulStaysInTheCell() {
    #expect(rows([0x61, 0, 0x62, 0x0A]) == ["1: a\0b"])
  }

  @Test func tooManyCells() {
    let text = String(repeating: "a,", count: CSVReader.cellLimit) + "a\nb\n"
    #expect(rows(text) == ["1! tooManyCells 64", "2: b"])
  }

  @Test func hugeCells() {
    let huge = [UInt8](repeating: 0x61, count: CSVReader.rowByteLimit + 1)
    #expect(rows(huge + Array("\nb\n".utf8)) == ["1! rowTooLong 0", "2: b"])
    let quotes = [UInt8](repeating: 0x22, count: 4 * CSVReader.rowByteLimit)
    #expect(rows(quotes + Array("\nb\n".utf8)) == ["1! rowTooLong 0", "2: b"])
    let quoted = [0x22] + huge + [0x22]
    #expect(rows(quoted + Array("\nb\n".utf8)) == ["1! rowTooLong 0", "2: b"])
  }

  /// Cut anywhere, a text never traps and never yields more rows than it has lines.
  @Test func everyPrefix() {
    let text = Array("a,\"b\"\"c\",d\r\n\"x\ny\",,\"\"\r\n\u{FEFF}\"\",\"q\"\n".utf8)
    for length in 0...text.count { #expect(rows(Array(text.prefix(length))).count <= 5) }
  }
}
