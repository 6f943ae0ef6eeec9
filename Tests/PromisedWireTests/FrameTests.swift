import PromisedModel
import Testing

@testable import PromisedWire

/// What a scan said, without borrowed memory.
private enum Seen: Equatable {
  case frame(FrameHeader, [UInt8])
  case needMore(Int)
  case oversized(UInt32, OutcomeCode?)
  case http, tls, close
}

private func next(
  _ scanner: inout FrameScanner, _ bytes: [UInt8], _ consumed: inout Int
) -> Seen {
  bytes.withUnsafeBytes { raw in
    switch scanner.next(raw, consumed: &consumed) {
    case .frame(let header, let data): .frame(header, Array(data.buffer))
    case .needMore(let count): .needMore(count)
    case .oversized(let header, let refusal): .oversized(header.streamID, refusal?.code)
    case .http: .http
    case .tls: .tls
    case .close: .close
    }
  }
}

/// Everything a fresh connection's scanner says of the bytes, up to the last verdict.
private func scan(_ bytes: [UInt8]) -> [Seen] {
  var scanner = FrameScanner()
  var consumed = 0
  var seen: [Seen] = []
  while true {
    let verdict = next(&scanner, bytes, &consumed)
    seen.append(verdict)
    switch verdict {
    case .frame, .oversized: continue
    default: return seen
    }
  }
}

@Suite struct FrameScannerTests {
  @Test func walksFramesAndAsksForTheRest() {
    let first = header(3, 1, 1) + [1, 2, 3]
    let second = header(0, 3, 2, 9)
    #expect(
      scan(first + second + [0, 0]) == [
        .frame(FrameHeader(length: 3, streamID: 1, type: 1), [1, 2, 3]),
        .frame(FrameHeader(length: 0, streamID: 3, type: 2, flags: 9), []), .needMore(8),
      ])
    for cut in 0..<first.count {
      let verdict = scan(Array(first[..<cut]))
      let wanted = cut == 0 || cut < 10 ? 10 - cut : 13 - cut
      #expect(verdict == [.needMore(wanted)], "cut at \(cut)")
    }
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n", Seen.http), ("HEAD /healthz", .http), ("GE", .needMore(2)),
    ("H", .needMore(3)), ("GEX ", .close), ("POST", .close), ("\u{16}\u{3}", .tls),
  ])
  private func recognisesOtherProtocols(_ text: String, _ wanted: Seen) {
    #expect(scan(Array(text.utf8)) == [wanted])
  }

  @Test func looksForOtherProtocolsOnlyAtTheStart() {
    #expect(scan(header(0, 1, 1) + Array("GET / HTTP/1.1\r\n".utf8)).last == .close)
    #expect(scan(header(0, 1, 1) + [UInt8](repeating: 0x16, count: 10)).last == .close)
  }

  @Test func takesTheGreatestLengthAndSkipsWhatIsLonger() {
    let most = UInt32(Limits.frameBytes)
    #expect(scan(header(most, 1, 1)) == [.needMore(Limits.frameBytes)])
    #expect(
      scan(header(most + 1, 1, 1)) == [.oversized(1, .frameTooLarge), .needMore(Int(most) + 1)])
    #expect(scan(header(16_777_216, 1, 1)).first == .oversized(1, .frameTooLarge))
    #expect(scan(header(16_777_217, 1, 1)) == [.close])
    #expect(scan(header(.max, 1, 1)) == [.close])
    // Nothing to answer: data, an unknown type, an even id.
    #expect(scan(header(most + 1, 1, 3)).first == .oversized(1, nil))
    #expect(scan(header(most + 1, 1, 77)).first == .oversized(1, nil))
    #expect(scan(header(most + 1, 2, 1)).first == .oversized(2, nil))
  }

  @Test func goesOnAfterASkippedFrame() {
    var scanner = FrameScanner()
    var consumed = 0
    let start = header(UInt32(Limits.frameBytes) + 1, 5, 1)
    #expect(next(&scanner, start, &consumed) == .oversized(5, .frameTooLarge))
    #expect(consumed == 10)
    var left = Limits.frameBytes + 1
    let piece = [UInt8](repeating: 0xff, count: 65_536)
    while left > piece.count {
      consumed = 0
      left -= piece.count
      #expect(next(&scanner, piece, &consumed) == .needMore(left))
      #expect(consumed == piece.count)
    }
    consumed = 0
    let tail = Array(piece[..<left]) + header(1, 7, 1) + [42]
    #expect(
      next(&scanner, tail, &consumed)
        == .frame(FrameHeader(length: 1, streamID: 7, type: 1), [42]))
    #expect(consumed == tail.count)
  }
}

@Suite struct OpenStreamsTests {
  private func verdict(_ streams: inout OpenStreams, _ id: UInt32, _ type: UInt8 = 1) -> String {
    switch streams.admit(FrameHeader(length: 0, streamID: id, type: type)) {
    case .request: "request"
    case .refuse(let refusal): refusal.code.reason
    case .data: "data"
    case .ignore: "ignore"
    case .closeConnection: "close"
    }
  }

  @Test func judgesFrames() {
    var streams = OpenStreams(capacity: 2)
    #expect(verdict(&streams, 1) == "request")
    #expect(verdict(&streams, 1) == "close")
    #expect(verdict(&streams, 2) == OutcomeCode.streamIDEven.reason)
    #expect(verdict(&streams, 0) == OutcomeCode.streamIDEven.reason)
    #expect(verdict(&streams, 1, 3) == "data")
    #expect(verdict(&streams, 9, 3) == "ignore")
    #expect(verdict(&streams, 0, 3) == "ignore")
    #expect(verdict(&streams, 9, 0x7f) == "ignore")
    #expect(verdict(&streams, .max) == "request")
    #expect(verdict(&streams, 5) == "TOO_MANY_IN_FLIGHT")
    streams.close(1)
    #expect(verdict(&streams, 1, 3) == "ignore")
    // Ids may arrive in any order and come again once answered.
    #expect(verdict(&streams, 1) == "request")
  }

  @Test func agreesWithASet() {
    var generator = SeededBytes(state: 7)
    var streams = OpenStreams()
    var model: Set<UInt32> = []
    for _ in 0..<200_000 {
      let id = UInt32.random(in: 0..<3000, using: &generator) * 2 + 1
      if model.contains(id) {
        let isOpen = streams.contains(id)
        #expect(isOpen)
        streams.close(id)
        model.remove(id)
      } else {
        let isOpen = streams.contains(id)
        #expect(!isOpen)
        #expect(verdict(&streams, id) == "request")
        model.insert(id)
      }
      #expect(streams.count == model.count)
    }
  }
}

@Suite struct FrameBufferTests {
  @Test func agreesWithAnArray() {
    var generator = SeededBytes(state: 11)
    var buffer = FrameBuffer(capacity: 16)
    var model: [UInt8] = []
    for _ in 0..<20_000 {
      switch UInt8.random(in: 0..<5, using: &generator) {
      case 0:
        let bytes = (0..<Int.random(in: 0..<40, using: &generator)).map { UInt8($0) }
        buffer.append(bytes)
        model += bytes
      case 1:
        let count = Int.random(in: 0...model.count, using: &generator)
        buffer.removePrefix(count)
        model.removeFirst(count)
      case 2:
        buffer.appendBigEndian(0x0102_0304)
        model += [1, 2, 3, 4]
      case 3:
        buffer.appendVarint(300)
        model += [0xac, 0x02]
      default:
        guard model.count >= 4 else { continue }
        let offset = Int.random(in: 0...(model.count - 4), using: &generator)
        buffer.patchBigEndian(0xff00_ff01, at: offset)
        model.replaceSubrange(offset..<(offset + 4), with: [0xff, 0, 0xff, 1])
      }
      #expect(Array(buffer.bytes) == model)
    }
    buffer.truncate(to: model.count / 2)
    #expect(Array(buffer.bytes) == Array(model[..<(model.count / 2)]))
  }
}
