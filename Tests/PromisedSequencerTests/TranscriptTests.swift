import Glibc
import PromisedModel
import Testing

@testable import PromisedSequencer

/// Protocol/examples/*-transcript.hex: whole conversations, played against the service.
///
/// `>` begins bytes of the client, `<` bytes of the server, `=` what others do meanwhile; the bytes
/// go on over the lines below, and everything after `#` is a comment.
@Suite("Transcripts of streams")
struct TranscriptTests {
  private enum Step {
    case client([UInt8])
    case server([UInt8])
    case event(String)
  }

  private func steps(_ name: String) throws -> [Step] {
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let path = "\(root)/Protocol/examples/\(name)-transcript.hex"
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var content = [UInt8](repeating: 0, count: 1 << 16)
    content.removeLast(content.count - fread(&content, 1, content.count, file))
    var steps: [Step] = []
    for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("= ") {
        steps.append(.event(String(line.dropFirst(2))))
        continue
      }
      let bytes = line.prefix { $0 != "#" }.split(separator: " ").compactMap {
        UInt8($0, radix: 16)
      }
      if line.hasPrefix(">") {
        steps.append(.client(bytes))
      } else if line.hasPrefix("<") {
        steps.append(.server(bytes))
      } else if !bytes.isEmpty, let last = steps.popLast() {
        switch last {
        case .client(let before): steps.append(.client(before + bytes))
        case .server(let before): steps.append(.server(before + bytes))
        case .event: Issue.record("bytes of nobody: \(line)")
        }
      }
    }
    return steps
  }

  @Test(arguments: ["watch", "apply-stream"])
  func isWhatIsSaid(_ name: String) throws {
    let bench = Workbench()
    try bench.stock(["B0ITEM0001", "B0ITEM2"], onHand: 10)
    let session = bench.sequencer.openSession(slot: 1)
    let other = bench.sequencer.openSession(slot: 2)
    var said = 0
    for step in try steps(name) {
      switch step {
      case .client(let bytes):
        #expect(bench.queue(bytes, on: session).consumed == bytes.count)
      case .event(let text):
        #expect(text == "3 units of B0ITEM0001 are held")
        bench.put(Ask.hold(1, key: "k", item: "B0ITEM0001", quantity: 3), on: other)
      case .server(let bytes):
        bench.pass(milliseconds: 10)
        bench.settle()
        let sent = Array(session.ready.bytes)
        session.ready.removeAll()
        #expect(sent == bytes, "frame \(said): \(hex(sent))")
        said += 1
      }
    }
    #expect(said > 1 && session.ready.count == 0)
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}
