import PromisedModel
import Testing

@testable import PromisedWire

/// Decodes, and hands the request on while its memory is valid.
func decode<Result>(
  _ method: PromisedWire.Method, _ payload: [UInt8], _ body: (Request) throws -> Result
) throws -> Result {
  var decoder = RequestDecoder()
  return try payload.borrowed { try body(decoder.decode(method, $0)) }
}

/// The refusal of a payload; nil when it decodes.
func refusal(_ method: PromisedWire.Method, _ payload: [UInt8]) -> Refusal? {
  var decoder = RequestDecoder()
  return payload.borrowed { bytes in
    do throws(Refusal) {
      _ = try decoder.decode(method, bytes)
      return nil
    } catch { return error }
  }
}

@Suite struct DecoderTests {
  @Test(arguments: PromisedWire.Method.allCases.filter(\.isDecoded))
  func decodesACompleteRequestOfEachMethod(_ method: PromisedWire.Method) {
    #expect(refusal(method, completePayload(method)) == nil)
  }

  @Test func decodesAnOffer() throws {
    try decode(.offer, completePayload(.offer)) { request in
      guard case .offer(let query, let minPosition) = request else {
        Issue.record("not an offer")
        return
      }
      #expect(minPosition == 7)
      var offset = 0
      #expect(query.items.key(0, at: &offset).name == Name("B0ITEM0001"))
      #expect(query.items.key(1, at: &offset).name == Name("B0ITEM2"))
      #expect(Array(query.quantities.buffer) == [1, 2_000_000_000])
      #expect(query.country.name == Name("BR"))
      #expect(query.postcodes.buffer.map(\.name) == [Name("98109"), Name("01310")])
      #expect(query.withPath)
    }
  }

  @Test func offerDefaults() throws {
    let payload = Proto {
      $0.keys(2, 3, ["A"])
      $0.text(6, "98109")
    }.bytes
    try decode(.offer, payload) { request in
      guard case .offer(let query, let minPosition) = request else {
        Issue.record("not an offer")
        return
      }
      #expect(minPosition == 0 && query.quantities.isEmpty && !query.withPath)
      #expect(query.country.name == Name("US"))
    }
  }

  @Test func decodesAHold() throws {
    try decode(.hold, completePayload(.hold)) { request in
      guard case .hold(let hold) = request else {
        Issue.record("not a hold")
        return
      }
      #expect(hold.key.bytes.name == Name("key-1") && hold.owner.name == Name("cart-1"))
      #expect(hold.timeToLiveSeconds == 600)
      #expect(hold.lines.nodeNames.buffer.map(\.name) == [Name("SEA1"), Name("PDX1")])
      #expect(hold.lines.items.owned.lengths == [1, 2])
      #expect(
        Array(hold.lines.nodes.buffer) == [1, 0]
          && Array(hold.lines.quantities.buffer) == [3, 4])
      #expect(hold.name.name == Name("order-1") && hold.fill == .fillAll && hold.replaces == 4)
      #expect(hold.lines.channel.name == Name("web"))
      #expect(hold.lines.groupNames.buffer.map(\.name) == [Name("WEST")])
      #expect(Array(hold.lines.dues.buffer) == [0, 1_800_000_000])
    }
  }

  @Test func digestTellsBodiesAndMethodsApart() throws {
    func digest(_ method: PromisedWire.Method, _ payload: [UInt8]) throws -> UInt64? {
      try decode(method, payload) {
        guard case .holdTransition(let command) = $0 else { return nil }
        return command.key.bodyDigest
      }
    }
    let payload = completePayload(.holdCommit)
    var other = payload
    other[other.count - 1] ^= 1
    #expect(try digest(.holdCommit, payload) == digest(.holdCommit, payload))
    #expect(try digest(.holdCommit, payload) != digest(.holdCommit, other))
    #expect(try digest(.holdCommit, payload) != digest(.holdRelease, payload))
  }

  @Test func digestIsXXH64() {
    func digest(_ text: String) -> UInt64 {
      Array(text.utf8).withUnsafeBytes { bodyDigest(of: $0, seed: 0) }
    }
    #expect(digest("") == 0xEF46_DB37_51D8_E999)
    #expect(digest("a") == 0xD24E_C4F1_A98C_6E5B)
    #expect(digest("abc") == 0x44BC_2CF5_AD77_0999)
    #expect(
      digest("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
  }
}
