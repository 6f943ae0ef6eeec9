import Testing

/// The arrows of ARCHITECTURE.md, held against the imports of every source file.
@Suite("Import arrows")
struct ImportArrowTests {
  /// What each module may import of ours; what is not listed is forbidden.
  static let arrows: [String: Set<String>] = [
    "CLinux": [], "CChecksum": [], "CMemory": [], "CPromisedMessages": [],
    "PromisedInvariants": [],
    "PromisedModel": [],
    "PromisedBytes": ["CChecksum"],
    "PromisedPlatform": [],
    "PromisedEngine": ["PromisedModel", "CMemory"],
    "PromisedWire": ["PromisedModel", "PromisedBytes", "CPromisedMessages", "CProtobufC"],
    "PromisedRecords": ["PromisedModel", "PromisedBytes"],
    "PromisedStorage": ["PromisedPlatform", "PromisedBytes", "CZstd", "CCrypto"],
    "PromisedSequencer": [
      "PromisedEngine", "PromisedWire", "PromisedRecords", "PromisedModel", "PromisedBytes",
    ],
    "PromisedServer": [
      "PromisedSequencer", "PromisedStorage", "PromisedPlatform", "PromisedModel",
      "PromisedBytes",
    ],
    "PromisedLinux": ["PromisedPlatform", "CLinux"],
    "PromisedImport": ["PromisedModel", "PromisedBytes"],
    "PromisedClient": ["PromisedWire", "PromisedModel", "PromisedBytes", "PromisedLinux"],
    "promised": [
      "PromisedServer", "PromisedLinux", "PromisedImport", "PromisedSample", "PromisedModel",
      "PromisedPlatform", "PromisedStorage", "PromisedBytes", "CLinux",
    ],
    "promise": [
      "PromisedClient", "PromisedImport", "PromisedStorage", "PromisedRecords", "PromisedLinux",
      "PromisedModel", "PromisedBytes", "PromisedWire", "PromisedPlatform", "CLinux",
    ],
  ]

  /// Modules of the toolchain and the C library that a module of ours may use.
  static let outside: Set<String> = ["Glibc", "Synchronization"]

  /// The files that do I/O: only these modules may reach the C library.
  static let reachesSystem: Set<String> = ["PromisedLinux", "promised", "promise"]

  @Test("every import follows an arrow", arguments: arrows.keys.sorted())
  func importsFollowArrows(module: String) throws {
    let allowed = Self.arrows[module, default: []].union(["PromisedInvariants"])
    for file in House.swiftFiles(under: "Sources/\(module)") {
      for imported in House.imports(of: file) {
        let isOurs = allowed.contains(imported)
        let isOutside = Self.outside.contains(imported)
        #expect(isOurs || isOutside, "\(file) imports \(imported)")
      }
    }
  }

  @Test("every module has its row")
  func everyModuleIsListed() {
    let modules = House.folders(under: "Sources").filter {
      !["CProtobufC", "CZstd", "CZlib", "CCrypto"].contains($0)
    }
    #expect(Set(modules) == Set(Self.arrows.keys))
  }

  @Test("nothing that promised links imports Foundation")
  func noFoundation() {
    for file in House.swiftFiles(under: "Sources") {
      #expect(!House.imports(of: file).contains("Foundation"), "\(file)")
    }
  }

  @Test("the core is pure: no module below the platform reaches the C library for I/O")
  func coreIsPure() {
    for module in ["PromisedModel", "PromisedRecords", "PromisedSequencer", "PromisedStorage"] {
      for file in House.swiftFiles(under: "Sources/\(module)") {
        #expect(!House.imports(of: file).contains("Glibc"), "\(file)")
      }
    }
  }
}
