import Glibc
import PromisedBytes
import PromisedModel
import Testing

@testable import PromisedRecords

/// The bytes of version 1, kept: what was written by it must be written by it for ever, and read.
/// `PROMISED_REFRESH_GOLDEN=1` writes the file anew, for a change of format that is meant.
@Suite("Golden records")
struct GoldenRecordTests {
  private static let path: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(2)
    return parts.joined(separator: "/") + "/Golden/records-v1.hex"
  }()

  private static func hex(_ bytes: UnsafeRawBufferPointer) -> String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// A line per record, then a line per snapshot block with its kind in front.
  private func current() -> String {
    var lines: [String] = []
    var writer = EventWriter()
    for event in EventRecordTests.everyOwnedEvent() {
      writer.write(event, at: UnixMilliseconds(1_795_262_400_123))
      lines.append(Self.hex(writer.record))
    }
    for rows in EventRecordTests.everyPut() {
      let block = StateBlock.put(rows)
      var fields = FieldWriter()
      block.write(to: &fields)
      lines.append("1 " + Self.hex(fields.buffer.bytes))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  @Test("version 1 is written as it was")
  func bytes() throws {
    let now = current()
    if getenv("PROMISED_REFRESH_GOLDEN") != nil {
      let file = try #require(fopen(Self.path, "w"))
      fputs(now, file)
      fclose(file)
    }
    let file = try #require(fopen(Self.path, "r"))
    defer { fclose(file) }
    var kept: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
      kept += chunk[..<count]
    }
    let isSame = String(decoding: kept, as: UTF8.self) == now
    #expect(isSame, "the bytes of a record changed: see RecordFormats.md and CHANGELOG.md")
  }
}
