import CZlib
import Glibc
import PromisedData
import Testing

/// A file under the temporary folder, gone with the test.
private final class Scratch {
  let path: String

  init(_ bytes: [UInt8]) {
    var template = Array("/tmp/promised-data-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  convenience init(_ text: String) { self.init(Array(text.utf8)) }

  /// The text as gzip.
  convenience init(compressed text: String) {
    self.init([])
    let file = gzopen(path, "wb")
    var bytes = Array(text.utf8)
    _ = gzwrite(file, &bytes, UInt32(bytes.count))
    gzclose(file)
  }

  deinit { unlink(path) }
}

private func rows(_ scratch: Scratch, _ columns: [String]) throws -> [[String]] {
  // The file is there as long as the scratch is.
  defer { withExtendedLifetime(scratch) {} }
  return try rows(at: scratch.path, columns)
}

private func rows(at path: String, _ columns: [String]) throws -> [[String]] {
  var table = try DataTable(path, needing: columns)
  var found: [[String]] = []
  while try table.nextRow() { found.append(columns.indices.map { table.text($0) }) }
  return found
}

@Suite("Data files") struct DataTableTests {
  static let text = "a,b,c\n1,2,3\n4,\"x,y\",6\n"

  @Test("columns are found by name, plain and gzip alike")
  func byName() throws {
    let expected = [["3", "1"], ["6", "4"]]
    #expect(try rows(Scratch(Self.text), ["c", "a"]) == expected)
    #expect(try rows(Scratch(compressed: Self.text), ["c", "a"]) == expected)
    #expect(try rows(Scratch(Self.text), ["b"]) == [["2"], ["x,y"]])
  }

  @Test("two gzip members one after another are one file")
  func members() throws {
    let first = try packed("a\n1\n")
    let second = try packed("2\n")
    #expect(try rows(Scratch(first + second), ["a"]) == [["1"], ["2"]])
  }

  @Test("a gzip file that was cut off is refused")
  func truncated() throws {
    let lines = (0..<5000).map { "\($0 * 7919 % 10_007)" }.joined(separator: "\n")
    let whole = try packed("a\n" + lines + "\n")
    #expect(try rows(Scratch(whole), ["a"]).count == 5000)
    for kept in [whole.count / 2, whole.count - 3] {
      let scratch = Scratch(Array(whole[..<kept]))
      #expect(throws: DataFault.self) { try rows(scratch, ["a"]) }
    }
  }

  @Test("what is wrong is said with its place")
  func faults() {
    let missing = Scratch(Self.text)
    #expect(
      throws: DataFault(path: missing.path, line: 1, column: "d", reason: "the column is missing")
    ) { try rows(missing, ["a", "d"]) }
    let ragged = Scratch("a,b\n1\n")
    #expect(throws: DataFault(path: ragged.path, line: 2, reason: "1 cells; the header has 2")) {
      try rows(ragged, ["a"])
    }
    let empty = Scratch("")
    #expect(throws: DataFault(path: empty.path, reason: "is empty; a header row is needed")) {
      try rows(empty, ["a"])
    }
    #expect(throws: DataFault.self) { try rows(at: "/nonexistent/file.csv.gz", ["a"]) }
    #expect(throws: DataFault.self) { try rows(at: "/tmp", ["a"]) }
  }

  @Test("a number that is none is refused with its line")
  func integers() throws {
    let scratch = Scratch("n\n-7\n1.5\n")
    defer { withExtendedLifetime(scratch) {} }
    var table = try DataTable(scratch.path, needing: ["n"])
    #expect(try table.nextRow())
    #expect(try table.integer(0) == -7)
    #expect(try table.nextRow())
    var caught: DataFault?
    do throws(DataFault) { _ = try table.integer(0) } catch { caught = error }
    #expect(
      caught
        == DataFault(
          path: scratch.path, line: 3, column: "n", reason: "\"1.5\": a whole number is needed"))
  }

  private func packed(_ text: String) throws -> [UInt8] {
    let scratch = Scratch(compressed: text)
    defer { withExtendedLifetime(scratch) {} }
    let file = try #require(fopen(scratch.path, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
  }
}
