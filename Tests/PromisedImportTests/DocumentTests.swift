import Glibc
import PromisedImport
import PromisedModel
import Testing

/// The text of a file of the repository.
private func text(_ path: String) throws -> String {
  let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  let file = try #require(fopen("/" + root + "/" + path, "r"))
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
  return String(decoding: bytes, as: UTF8.self)
}

/// Ops/README.md says of the import format what the code does.
@Suite struct DocumentTests {
  private func section(_ file: ImportFile, of document: String) throws -> String {
    let start = try #require(document.firstRange(of: "### \(file.fileName)\n"))
    let rest = document[start.upperBound...]
    let end = rest.firstRange(of: "\n#")?.lowerBound ?? rest.endIndex
    return String(rest[..<end])
  }

  @Test(arguments: ImportFile.allCases) func everyColumnIsListed(_ file: ImportFile) throws {
    let section = try section(file, of: text("Ops/README.md"))
    let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
    #expect(
      rows
        == file.columns.map {
          "| `\($0.name)` | \($0.isNeeded ? "yes" : "no") | \($0.allowed) |"
        })
  }

  @Test func theExamplesLoad() throws {
    let document = try text("Ops/README.md")
    var world: [ImportFile: String] = [:]
    for file in ImportFile.allCases {
      let section = try section(file, of: document)
      let start = try #require(section.firstRange(of: "```csv\n"))
      let rest = section[start.upperBound...]
      world[file] = String(rest[..<(try #require(rest.firstRange(of: "```")).lowerBound)])
    }
    let report = check(world, mode: .replace).report
    #expect(report.files.flatMap(\.problems.kept) == [])
    #expect(report.files.allSatisfy { $0.rowCount > 0 })
  }
}
