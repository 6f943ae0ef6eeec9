import Testing

/// Rules that a formatter does not know.
@Suite("Tidy")
struct TidyTests {
  static let sources =
    House.swiftFiles(under: "Sources") + House.swiftFiles(under: "Tools")

  @Test("files stay about 400 lines")
  func fileLength() {
    for file in Self.sources {
      let count = House.lines(of: file).count
      #expect(count <= 460, "\(file) has \(count) lines")
    }
  }

  @Test("no name hides what a thing is")
  func names() {
    for file in Self.sources {
      for (number, line) in House.lines(of: file).enumerated() {
        let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        guard
          let kind = words.firstIndex(where: {
            ["class", "struct", "enum", "protocol", "actor"].contains(String($0))
          }), words.count > kind + 1
        else { continue }
        let name = words[kind + 1]
        for banned in ["Manager", "Helper", "Util", "Handler", "Common"] {
          #expect(!name.hasSuffix(banned), "\(file):\(number + 1) \(name)")
        }
      }
    }
  }

  @Test("no arithmetic without checks is asked for")
  func noUncheckedBuild() {
    let banned = "-O" + "unchecked"
    for file in House.files(under: "Tools") + ["Package.swift"] {
      #expect(!House.text(of: file).contains(banned), "\(file)")
    }
  }

  @Test("the top level is a closed list")
  func topLevel() {
    let folders = House.folders(under: ".").filter { !$0.hasPrefix(".") }
    #expect(Set(folders).isSubset(of: ["Sources", "Tests", "Protocol", "Tools", "Ops"]))
  }
}
