import CZstd
import Glibc
import PromisedLinux
import PromisedPlatform
import PromisedStorage
import Testing

/// Data directories written once and committed: they open forever. `PROMISED_WRITE_GOLDEN=1`
/// writes them anew, which is right only together with a new format version.
@Suite struct GoldenTests {
  /// The version whose compressor wrote the committed snapshots; another one may choose other,
  /// equally valid frames.
  static let zstdVersion: UInt32 = 10504

  private var path: String {
    let parts = #filePath.split(separator: "/").dropLast(2)
    return "/" + parts.joined(separator: "/") + "/Golden/storage-v1"
  }

  private func load() throws -> SimulatedDisk {
    let store = try LinuxFileStore(path: path, creating: false)
    var files: [(String, [UInt8])] = []
    for name in try store.list() {
      files.append((name, try read(name, in: store)))
    }
    return SimulatedDisk(files)
  }

  @Test func theFirstFormatStillOpens() throws {
    if getenv("PROMISED_WRITE_GOLDEN") != nil { try write() }
    let disk = try load()
    #expect(try verify(disk).isSound)
    let (journal, report) = try recovered(disk)
    #expect(journal.records == payloads(upTo: 30))
    #expect(report.snapshotPosition == 25 && report.wasSealed)
  }

  @Test func theSameInputStillGivesTheSameBytes() throws {
    let written = try directoryWithSnapshots()
    let golden = try load()
    let isSameCompressor = ZSTD_versionNumber() == Self.zstdVersion
    if !isSameCompressor { print("not compared: snapshots, for another zstd") }
    #expect(written.files.map(\.0) == golden.files.map(\.0))
    for (name, bytes) in golden.files where isSameCompressor || name.hasPrefix("log-") {
      #expect(written[name] == bytes, "\(name)")
    }
  }

  @Test(arguments: ["manifest", "log", "snapshot"])
  func aNewerFormatIsRefusedAndLeftAlone(file: String) throws {
    let disk = try load()
    let name = try #require(disk.files.map(\.0).last { $0.hasPrefix(file) })
    var bytes = disk[name]!
    bytes[8] = 2
    switch file {
    case "manifest": bytes[(bytes.count - 16)...] = digestSlice(bytes.dropLast(16))
    case "log": seal(&bytes, at: 92)
    default: seal(&bytes, at: 60)
    }
    disk[name] = bytes
    let before = disk.files.map(\.1)
    #expect(throws: StorageError.unknownVersion(file: name, version: 2)) { try recovered(disk) }
    #expect(disk.files.map(\.1) == before)
  }

  private func digestSlice(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    Array(bytes).withUnsafeBytes { digest(of: $0) }[...]
  }

  /// Writes the checksum of all bytes before `offset` there.
  private func seal(_ bytes: inout [UInt8], at offset: Int) {
    let crc = crc32c(Array(bytes[..<offset]))
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: crc >> (8 * index)) }
  }

  private func write() throws {
    let store = try LinuxFileStore(path: path, creating: true)
    for name in try store.list() { try store.remove(name) }
    for (name, bytes) in try directoryWithSnapshots().files {
      let file = try store.create(name)
      try bytes.withUnsafeBytes { try store.write(file, $0, at: 0) }
      store.close(file)
    }
  }
}

/// CRC-32C bit by bit, as a second reader of the format would write it first.
func crc32c(_ bytes: [UInt8]) -> UInt32 {
  var crc = UInt32.max
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = (crc >> 1) ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
  }
  return ~crc
}

func read(_ name: String, in store: LinuxFileStore) throws -> [UInt8] {
  let file = try store.open(name, forWriting: false)
  defer { store.close(file) }
  var bytes = [UInt8](repeating: 0, count: Int(try store.size(file)))
  let got = try bytes.withUnsafeMutableBytes { try store.read(file, into: $0, at: 0) }
  return Array(bytes[..<got])
}
