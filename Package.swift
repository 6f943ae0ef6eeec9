// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors everywhere; layout is `swift format`'s.
///
/// One thread owns the state and everything on the way to it: in optimised builds the run-time
/// checks of exclusive access, two calls a table, would find nothing that they do not find in
/// debug builds, which keep them.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func suite(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

let package = Package(
  name: "promised",
  products: [
    .executable(name: "promised", targets: ["promised"]),
    .executable(name: "promise", targets: ["promise"]),
    .library(name: "PromisedClient", targets: ["PromisedClient"]),
  ],
  targets: [
    // C: system libraries, one-line shims, generated messages.
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CLinux"),
    .target(name: "CChecksum"),
    .target(name: "CMemory"),
    .target(name: "CPromisedMessages", dependencies: ["CProtobufC"]),

    // The core: nouns, bytes, decisions. No I/O.
    module("PromisedInvariants"),
    module("PromisedModel", ["PromisedInvariants"]),
    module("PromisedBytes", ["CChecksum", "PromisedInvariants"]),
    module("PromisedPlatform", ["PromisedInvariants"]),
    module("PromisedEngine", ["PromisedModel", "CMemory", "PromisedInvariants"]),
    module(
      "PromisedWire",
      ["PromisedModel", "PromisedBytes", "CPromisedMessages", "CProtobufC", "PromisedInvariants"]),
    .target(
      name: "PromisedRecords",
      dependencies: ["PromisedModel", "PromisedBytes", "PromisedInvariants"],
      exclude: ["RecordFormats.md"], swiftSettings: strict),
    module(
      "PromisedStorage",
      ["PromisedPlatform", "PromisedBytes", "CZstd", "CCrypto", "PromisedInvariants"],
      exclude: ["FileFormats.md"]),
    module(
      "PromisedSequencer",
      [
        "PromisedEngine", "PromisedWire", "PromisedRecords", "PromisedModel", "PromisedBytes",
        "PromisedInvariants",
      ]),
    module(
      "PromisedServer",
      [
        "PromisedSequencer", "PromisedStorage", "PromisedPlatform", "PromisedModel",
        "PromisedBytes", "PromisedInvariants",
      ]),

    // The edges: the real platform, the client library, the import format, the sample world.
    module("PromisedLinux", ["PromisedPlatform", "CLinux", "PromisedInvariants"]),
    module("PromisedImport", ["PromisedModel", "PromisedBytes", "PromisedInvariants"]),
    .target(
      name: "PromisedSample", dependencies: ["PromisedInvariants"], path: "Tools/Sample/World",
      swiftSettings: strict),
    module(
      "PromisedClient",
      ["PromisedWire", "PromisedModel", "PromisedBytes", "PromisedLinux", "PromisedInvariants"]),
    .executableTarget(
      name: "promised",
      dependencies: ["PromisedServer", "PromisedLinux", "PromisedImport", "PromisedSample"],
      swiftSettings: strict),
    .executableTarget(
      name: "promise",
      dependencies: [
        "PromisedClient", "PromisedImport", "PromisedStorage", "PromisedRecords", "PromisedLinux",
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "promised-sample", dependencies: ["PromisedSample"], path: "Tools/Sample/Command",
      swiftSettings: strict),
    .executableTarget(
      name: "promised-bench",
      dependencies: ["PromisedEngine", "PromisedWire", "PromisedModel", "PromisedBytes", "CLinux"],
      path: "Tools/Bench", exclude: ["README.md", "run.py"], swiftSettings: strict),
    .target(
      name: "PromisedData", dependencies: ["PromisedImport", "PromisedModel", "CZlib"],
      path: "Tools/Data", swiftSettings: strict),
    .executableTarget(
      name: "promised-order-replay",
      dependencies: ["PromisedData", "PromisedEngine", "PromisedImport", "PromisedModel"],
      path: "Tools/OrderReplay", exclude: ["README.md"], swiftSettings: strict),
    .executableTarget(
      name: "promised-seller-year",
      dependencies: ["PromisedData", "PromisedEngine", "PromisedModel"],
      path: "Tools/SellerYear", swiftSettings: strict),
    .executableTarget(
      name: "promised-model-check",
      dependencies: [
        "PromisedSequencer", "PromisedWire", "PromisedRecords", "PromisedModel", "PromisedBytes",
      ],
      path: "Tools/ModelCheck", swiftSettings: strict),
    .executableTarget(
      name: "promised-timetable-check", dependencies: ["PromisedData", "PromisedEngine"],
      path: "Tools/TimetableCheck", swiftSettings: strict),
    .executableTarget(
      name: "promised-forecast-eval",
      dependencies: ["PromisedData", "PromisedEngine"],
      path: "Tools/ForecastEval", exclude: ["README.md"], swiftSettings: strict),

    // A suite per module.
    suite("PromisedModelTests", ["PromisedModel"]),
    suite("PromisedBytesTests", ["PromisedBytes"]),
    suite("PromisedEngineTests", ["PromisedEngine", "PromisedModel"]),
    suite("PromisedWireTests", ["PromisedWire", "PromisedModel", "PromisedBytes"]),
    suite("PromisedRecordsTests", ["PromisedRecords", "PromisedModel", "PromisedBytes"]),
    suite(
      "PromisedStorageTests",
      ["PromisedStorage", "PromisedPlatform", "PromisedBytes", "PromisedLinux", "CZstd", "CCrypto"]),
    suite(
      "PromisedSequencerTests",
      ["PromisedSequencer", "PromisedWire", "PromisedRecords", "PromisedModel", "PromisedBytes"]),
    suite("PromisedLinuxTests", ["PromisedLinux", "PromisedPlatform"]),
    suite(
      "PromisedServerTests",
      [
        "PromisedServer", "PromisedSequencer", "PromisedStorage", "PromisedPlatform",
        "PromisedLinux", "PromisedModel",
      ]),
    suite("PromisedImportTests", ["PromisedImport", "PromisedSample", "PromisedModel"]),
    suite("PromisedDataTests", ["PromisedData", "CZlib"]),
    suite(
      "OrderReplayTests",
      ["promised-order-replay", "PromisedData", "PromisedEngine", "PromisedModel", "CZlib"]),
    suite("SellerYearTests", ["promised-seller-year", "PromisedData", "PromisedModel"]),
    suite("ForecastEvalTests", ["promised-forecast-eval", "PromisedData", "PromisedEngine"]),
    suite("TimetableCheckTests", ["promised-timetable-check", "PromisedData"]),
    suite("PromisedSampleTests", ["PromisedSample"]),
    suite(
      "PromisedClientTests",
      [
        "PromisedClient", "promise", "PromisedImport", "PromisedWire", "PromisedModel",
        "PromisedLinux",
      ]),
    suite("HouseTests", []),
  ]
)
