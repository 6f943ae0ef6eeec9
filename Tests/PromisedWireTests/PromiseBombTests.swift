import PromisedModel
import Testing

@testable import PromisedWire

/// Repeats `unit` more often than a message may have fields.
private func bomb(_ unit: [UInt8]) -> [UInt8] {
  (0..<2 * Limits.fieldsPerMessage).flatMap { _ in unit }
}

/// The methods that carts, traces and operators use, against payloads made to hurt.
@Suite struct PromiseBombTests {
  static let methods: [PromisedWire.Method] = [
    .plan, .atRisk, .rescue, .accuracy, .explain, .changed, .observe, .closeLeg, .reopenLeg,
    .putOverride, .listOverrides, .putKits, .putOpportunity, .atp, .putGroups, .putChannelStock,
    .putBackorders, .putForecasts, .putFactors, .history,
  ]

  @Test(arguments: methods)
  func floods(_ method: PromisedWire.Method) {
    // Every field as an empty length-delimited value, as a varint, and as a nested message.
    for field: UInt8 in 1...15 {
      for unit: [UInt8] in [
        [field << 3 | 2, 0], [field << 3, 1], [field << 3 | 2, 2, 0x0a, 0],
      ] {
        let code = refusal(method, bomb(unit))?.code
        #expect(code != nil && code != .methodNotBuilt, "\(method), field \(field)")
      }
    }
  }

  @Test(arguments: methods)
  func oneColumnFillsTheMessage(_ method: PromisedWire.Method) {
    // The decoder's memory grows with the payload, so its length does not matter.
    let column = [UInt8](repeating: 1, count: 70_000)
    for field: UInt64 in 1...14 {
      let payload = Proto { $0.data(field, column) }.bytes
      var decoder = RequestDecoder()
      let refused = payload.borrowed { bytes in
        do throws(Refusal) {
          _ = try decoder.decode(method, bytes)
          return false
        } catch { return error.code.canonicalCode != .ok }
      }
      let budget = decoder.arena.budget
      #expect(budget >= 0)
      // An unknown field is passed over, and these requests need nothing.
      let needNothing: [PromisedWire.Method] = [
        .atRisk, .accuracy, .listOverrides, .putKits, .putOpportunity,
        .putGroups, .putChannelStock, .putBackorders,
      ]
      // These need nothing either, but refuse such a column in every field that they know.
      let lastKnown: [PromisedWire.Method: UInt64] = [.putForecasts: 12, .putFactors: 6]
      let isPassedOver = lastKnown[method].map { field > $0 } ?? needNothing.contains(method)
      #expect(refused || isPassedOver, "field \(field)")
    }
  }

  @Test func oneColumnFillsTheFrame() {
    let column = [UInt8](repeating: 1, count: 4_194_000)
    for (method, field) in [(PromisedWire.Method.observe, UInt64(2)), (.plan, 7), (.putKits, 6)] {
      let payload = Proto { $0.data(field, column) }.bytes
      #expect(refusal(method, payload)?.code == .tooManyRows, "\(method)")
    }
  }

  @Test func tokensAreCountedBeforeTheyAreRead() {
    let many = Proto {
      $0.text(1, "k")
      $0.text(2, "o")
      for _ in 0..<4000 { $0.data(9, [UInt8](repeating: 7, count: 100)) }
    }.bytes
    #expect(refusal(.hold, many)?.code == .tooManyRows)
    #expect(refusal(.hold, bomb([0x4a, 0x01, 0x01]))?.code == .tooManyFields)
    let huge = Proto { $0.data(9, [UInt8](repeating: 7, count: 400_000)) }.bytes
    #expect(refusal(.hold, completePayload(.hold) + huge)?.code == .fieldOutOfRange)
  }

  @Test func keyLengthsThatLieAreRefused() {
    for length: UInt64 in [0, 2, 65, 0x7fff_ffff, 0xffff_ffff] {
      let kits = Proto {
        $0.data(2, [75])
        $0.packed(3, [length])
        $0.keys(4, 5, ["A"])
        $0.packed(6, [1])
      }.bytes
      let code = refusal(.putKits, kits)?.code
      #expect(code == .columnLengthMismatch || code == .keyInvalid, "\(length)")
      let rows = Proto {
        $0.text(1, "k")
        $0.packed(2, [2, 2])
        $0.data(3, [78, 78])
        $0.packed(4, [1, length])
      }.bytes
      let observed = refusal(.observe, rows)?.code
      #expect(observed == .columnLengthMismatch || observed == .keyInvalid, "\(length)")
    }
  }

  @Test func aSingularMessageTwiceIsRefused() {
    #expect(refusal(.putOverride, bomb([0x12, 0x02, 0x10, 0x01]))?.code == .messageMalformed)
    #expect(
      refusal(.putOverride, completePayload(.putOverride) + [0x12, 0x00])?.code
        == .messageMalformed)
    #expect(refusal(.plan, completePayload(.plan) + [0x0a, 0x00])?.code == .messageMalformed)
  }

  @Test func levelsAreCountedBeforeTheyAreRead() {
    let payload = Proto {
      $0.keys(2, 3, ["A"])
      $0.text(6, "98109")
      $0.data(7, [UInt8](repeating: 1, count: 100_000))
    }.bytes
    #expect(refusal(.plan, payload)?.code == .tooManyRows)
  }
}
