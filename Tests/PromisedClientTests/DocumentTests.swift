import Glibc
import Testing

@testable import promise

/// Every command line that Ops/README.md shows can be read, and every command is shown.
@Suite struct DocumentTests {
  @Test func commandLinesAreReal() throws {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let file = try #require(fopen("/" + root + "/Ops/README.md", "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF {
      bytes.append(UInt8(truncatingIfNeeded: byte))
    }
    var shown: Set<String> = []
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      // Lines of a block, and code within a line.
      let codes = line.hasPrefix("promise ") ? [line] : line.split(separator: "`")
      for code in codes where code.hasPrefix("promise ") {
        let words = code.split(separator: "|")[0].split(separator: " ").map(String.init)
        if words[1] == "COMMAND" { continue }
        let spec = try #require(CommandSpec.named(words[1]), "\(code)")
        #expect(throws: Never.self, "\(code)") { try Arguments(words.dropFirst(2), for: spec) }
        shown.insert(spec.name)
      }
    }
    #expect(CommandSpec.all.map(\.name).filter { !shown.contains($0) } == [])
  }
}
