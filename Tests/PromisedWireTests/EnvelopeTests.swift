import PromisedModel
import Testing

@testable import PromisedWire

@Suite struct EnvelopeTests {
  private enum Read: Equatable {
    case envelope(PromisedWire.Method, [UInt8], Int64)
    case refused(OutcomeCode, String)
  }

  private func read(_ data: [UInt8], flags: UInt8 = 0) -> Read {
    let reader = EnvelopeReader()
    return data.borrowed { bytes in
      do throws(Refusal) {
        let envelope = try reader.read(bytes, flags: flags)
        return .envelope(envelope.method, Array(envelope.payload.buffer), envelope.timeoutNano)
      } catch { return .refused(error.code, error.message) }
    }
  }

  private func envelope(_ service: String, _ method: String) -> [UInt8] {
    Array(frame(1, service, method, []).dropFirst(10))
  }

  @Test(arguments: PromisedWire.Method.allCases)
  func findsEveryMethod(_ method: PromisedWire.Method) {
    let row = method.row
    let data = Array(
      frame(1, "\(row.service.name)", "\(row.name)", [1, 2], timeout: -5).dropFirst(10))
    if method.isBuilt {
      let flags = row.isStream ? FrameFlags.remoteOpen : 0
      #expect(read(data, flags: flags) == .envelope(method, [1, 2], -5))
    } else {
      guard case .refused(let code, let message) = read(data) else {
        Issue.record("\(method) was not refused")
        return
      }
      #expect(code == .methodNotBuilt && message.contains(method.fullName))
    }
  }

  @Test func namesWhatIsUnknown() {
    #expect(read(envelope("foo.Bar", "Baz")) == .refused(.serviceUnknown, "service foo.Bar"))
    #expect(
      read(envelope("promised.v1.Holds", "hold")) == .refused(.methodUnknown, "method hold"))
    #expect(read([]) == .refused(.serviceUnknown, "service "))
    #expect(
      read(envelope("promised.v1.Promises", "Hold")) == .refused(.methodUnknown, "method Hold"))
    // What is echoed is bounded and valid UTF-8.
    let long = Proto { $0.data(1, [UInt8](repeating: 0xff, count: 100_000)) }.bytes
    guard case .refused(.serviceUnknown, let message) = read(long) else {
      Issue.record("not refused")
      return
    }
    #expect(message.utf8.count <= 1024)
  }

  @Test func takesFieldsInAnyOrderWithMetadata() {
    let data = Proto {
      $0.number(4, 77)
      $0.message(5) {
        $0.text(1, "authorization")
        $0.text(2, "x")
      }
      $0.data(3, [9])
      $0.text(2, "Offer")
      $0.text(1, "promised.v1.Promises")
      $0.number(100, 1)
    }.bytes
    #expect(read(data) == .envelope(.offer, [9], 77))
  }

  @Test func refusesWhatIsNoRequest() {
    let bad: [[UInt8]] = [
      [0x08, 0x01], [0x0a], [0x0a, 0x05, 0x00], [0x20, 0x80], [0x22, 0x01, 0x00],
      [0x2a, 0x01, 0x0a], [0x2a, 0x02, 0x08, 0x01], [0x00], [0x07], [0x0b, 0x0c],
      [0x20] + [UInt8](repeating: 0xff, count: 10) + [0x01],
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ]
    for data in bad {
      guard case .refused(.messageMalformed, _) = read(data) else {
        Issue.record("\(data) was read")
        continue
      }
    }
    let flood = (0..<5000).flatMap { _ in [0x2a, 0x00] as [UInt8] }
    guard case .refused(.tooManyFields, _) = read(flood) else {
      Issue.record("a flood of metadata was read")
      return
    }
  }

  @Test(arguments: PromisedWire.Method.allCases.filter(\.row.isStream))
  func aStreamIsOpenedByItsFlag(_ method: PromisedWire.Method) {
    let data = envelope("\(method.row.service.name)", "\(method.row.name)")
    // Rust also says that the request has no data.
    for flags: UInt8 in [0x02, 0x06] {
      #expect(read(data, flags: flags) == .envelope(method, [], 0))
    }
    for flags: UInt8 in [0, 0x01, 0x05] {
      guard case .refused(.messageMalformed, let message) = read(data, flags: flags) else {
        Issue.record("taken with flags \(flags)")
        continue
      }
      #expect(message.contains("open it with flag 02"))
    }
  }

  @Test func aUnaryMethodTakesNoClientStream() {
    let data = envelope("promised.v1.Promises", "Offer")
    #expect(read(data, flags: 0x01) == .envelope(.offer, [], 0))
    #expect(read(data, flags: 0xc0) == .envelope(.offer, [], 0))
    guard case .refused(.messageMalformed, _) = read(data, flags: 0x02) else {
      Issue.record("a client stream was taken")
      return
    }
  }
}
