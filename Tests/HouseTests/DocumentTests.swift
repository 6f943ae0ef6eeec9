import Glibc
import Testing

/// What people read: its links lead somewhere, and nothing in it is of one machine only.
@Suite("Documents and leftovers")
struct DocumentTests {
  private static let folders = ["Sources", "Tests", "Protocol", "Tools", "Ops"]
  private static let topLevel = [
    "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "Package.swift", ".gitignore",
    ".swift-format",
  ]
  static let files =
    topLevel + folders.flatMap { House.files(under: $0) }.filter { !$0.contains("__pycache__") }

  private func exists(_ path: String) -> Bool { access(House.root + "/" + path, F_OK) == 0 }

  @Test("links to files lead to files", arguments: files.filter { $0.hasSuffix(".md") })
  func links(_ document: String) {
    let folder = document.split(separator: "/").dropLast()
    for (number, line) in House.lines(of: document).enumerated() {
      for part in line.split(separator: "](", omittingEmptySubsequences: false).dropFirst() {
        let target = part.prefix { $0 != ")" && $0 != "#" && $0 != " " }
        if target.isEmpty || target.contains("://") || target.hasPrefix("mailto:") { continue }
        let path = (folder + target.split(separator: "/")).joined(separator: "/")
        #expect(exists(path), "\(document):\(number + 1) \(target)")
      }
    }
  }

  /// Words in quotes of code that begin with a folder of the top level are paths.
  @Test("paths in text lead to files", arguments: files.filter { $0.hasSuffix(".md") })
  func paths(_ document: String) {
    for (number, line) in House.lines(of: document).enumerated() {
      let parts = line.split(separator: "`", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() where index % 2 == 1 {
        let path = part.prefix { !" *{<:".contains($0) }
        guard path.count == part.count || part[path.endIndex] == " " else { continue }
        guard Self.folders.contains(where: { path.hasPrefix($0 + "/") }) else { continue }
        #expect(exists(String(path)), "\(document):\(number + 1) \(path)")
      }
    }
  }

  /// `Suite.test` or `file.test` of the table of complaints.
  @Test("complaints have the tests that are said to be named after them")
  func complaints() {
    let rows = House.lines(of: "Tests/README.md").drop { $0 != "## Complaints of the field" }
    let tests = House.files(under: "Tests").filter { $0.hasSuffix(".swift") || $0.hasSuffix(".py") }
    var count = 0
    for row in rows where row.hasPrefix("| ") {
      let parts = row.split(separator: "`", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() where index % 2 == 1 {
        let names = part.split(separator: ".")
        let (file, test) = (String(names[0]), String(names[names.count - 1]))
        let found = tests.filter { path in
          path.hasSuffix("/\(file).swift") || path.hasSuffix("/\(file).py")
        }
        let isThere = found.contains { path in
          House.lines(of: path).contains { line in
            line.contains("func \(test)(") || line.contains("def \(test)(")
          }
        }
        #expect(isThere, "\(part)")
        count += 1
      }
    }
    #expect(count > 30)
  }

  /// Written in pieces, so that this file passes its own test.
  private static let machinePaths = ["work", "opt", "root", "home"].map { "/" + $0 + "/" }

  @Test("no file knows the machine it was made on")
  func machinePaths() {
    for file in Self.files {
      for (number, line) in House.lines(of: file).enumerated() {
        for path in Self.machinePaths {
          var rest = line
          while let found = rest.firstRange(of: path) {
            // Only where a path begins: a/work/b and //home/ are something else.
            let before = rest[..<found.lowerBound].last
            let begins = before.map { " \"'`=(<:[".contains($0) } ?? true
            #expect(!begins, "\(file):\(number + 1) \(path)")
            rest = rest[found.upperBound...]
          }
        }
      }
    }
  }
}
