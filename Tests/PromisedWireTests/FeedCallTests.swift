import PromisedModel
import Testing

@testable import PromisedWire

/// The feed's optional columns, from the client's call to the checked rows.
@Suite struct FeedCallTests {
  private func rows(_ payload: [UInt8]) throws -> FeedRows {
    try decode(.apply, payload) { request in
      guard case .feed(let rows) = request else {
        Issue.record("not a feed")
        return FeedRows()
      }
      return rows
    }
  }

  @Test func everyColumnIsDecoded() throws {
    let rows = try rows(completePayload(.apply))
    #expect(rows.source == Name("wms") && rows.allowsGap && rows.isNetOfAllocations)
    #expect(rows.kinds == [3, 4] && rows.quantities == [-3, 4])
    #expect(rows.details.sequences == [7, 9] && rows.aliveNodes == [Name("SEA1")])
    #expect(rows.details.occurredMilliseconds == [0, 1_790_000_000_123])
    #expect(rows.details.references == PackedKeys(bytes: Array("T1".utf8), lengths: [2, 0]))
    #expect(rows.details.destinations == [0, 0] && rows.details.stages == [0, 4])
    #expect(rows.details.etaUnixSeconds == [1_790_000_000, 0])
    #expect(rows.details.earlyUnixSeconds == [1_789_999_000, 0])
    #expect(rows.details.lateUnixSeconds == [1_790_001_000, 0])
    #expect(rows.details.dispositions == [3, 0] && rows.details.fromDispositions == [0, 2])
    #expect(rows.details.causes == [7, 0] && rows.details.holdIDs == [0, 12])
  }

  /// What the client writes is what the server reads, byte for byte of meaning.
  @Test func aCallSaysWhatItsRowsSay() throws {
    let sent = try rows(completePayload(.apply))
    let call = Call<FeedAnswer>.apply(sent)
    #expect(try rows(try #require(call.payload)) == sent)
    let plain = Call<FeedAnswer>.apply(
      source: "wms", firstSequence: 5,
      [Movement(item: "A", node: "F1", type: .shortPick, quantity: 1)])
    let read = try rows(try #require(plain.payload))
    #expect(read.details.isEmpty && read.firstSequence == 5 && read.kinds == [17])
  }

  private func plain(_ change: (inout Proto) -> Void) -> [UInt8] {
    Proto {
      $0.text(1, "wms")
      $0.number(2, 1)
      $0.keys(3, 4, ["A", "B"])
      $0.text(5, "F1")
      $0.packed(6, [0, 0])
      $0.packed(7, [1, 2])
      $0.packed(8, [2, 4])
      change(&$0)
    }.bytes
  }

  @Test func columnsHaveAValuePerRowOrNone() {
    #expect(refusal(.apply, plain { _ in }) == nil)
    let columns: [UInt64] = [9, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22]
    for field in columns {
      #expect(
        refusal(.apply, plain { $0.packed(field, [1]) })?.code == .columnLengthMismatch, "\(field)")
    }
    for (bytes, lengths): (String, [UInt64]) in [
      ("T1", [2]), ("T1", [1, 0]), ("T1", [2, 1]), ("", [1, 0]),
    ] {
      let payload = plain {
        $0.text(12, bytes)
        $0.packed(13, lengths)
      }
      #expect(refusal(.apply, payload)?.code == .columnLengthMismatch, "\(lengths)")
    }
    #expect(
      refusal(
        .apply,
        plain {
          $0.data(12, [0x41, 0x09])
          $0.packed(13, [2, 0])
        })?.code == .keyInvalid)
  }

  @Test func valuesOutOfRangeAreNamed() {
    let wrong: [(UInt64, [UInt64], String)] = [
      (7, [1, 18], "kinds[1] is 18; allowed: 1 to 17"), (7, [0, 1], "kinds[0] is 0"),
      (8, [2, 1], "quantities[1] is -1; allowed: 0 to 2000000000"),
      (18, [0, 5], "stages[1] is 5; allowed: 0 to 4"),
      (19, [4, 0], "dispositions[0] is 4; allowed: 0 to 3"),
      (20, [0, 9], "from_dispositions[1] is 9"), (21, [8, 0], "causes[0] is 8; allowed: 0 to 7"),
      (14, [0, 1], "destination_indexes[1] is 1"),
      (11, [253_402_300_799_001, 0], "occurred_unix_ms[0]"),
      (9, [0, 1], "sequences[0] is 0; allowed: 1 to"),
    ]
    for (field, values, message) in wrong {
      var payload = plain { _ in }
      if field == 7 || field == 8 {
        payload =
          Proto {
            $0.text(1, "wms")
            $0.number(2, 1)
            $0.keys(3, 4, ["A", "B"])
            $0.text(5, "F1")
            $0.packed(6, [0, 0])
            $0.packed(7, field == 7 ? values : [1, 2])
            $0.packed(8, field == 8 ? values : [2, 4])
          }.bytes
      } else {
        payload = plain { $0.packed(field, values) }
      }
      let refused = refusal(.apply, payload)
      #expect(refused?.code == .fieldOutOfRange && refused?.message.contains(message) == true)
    }
  }

  @Test func aBatchMayBeNothingButWordThatNodesAreAlive() throws {
    let rows = try rows(
      Proto {
        $0.text(1, "wms")
        $0.text(24, "F1")
      }.bytes)
    #expect(rows.keys.count == 0 && rows.aliveNodes == [Name("F1")])
    #expect(refusal(.apply, Proto { $0.text(1, "wms") }.bytes)?.code == .fieldMissing)
    #expect(
      refusal(
        .apply,
        plain { _ in }.count > 0
          ? Proto {
            $0.text(1, "wms")
            $0.keys(3, 4, ["A"])
            $0.text(5, "F1")
            $0.packed(6, [0])
            $0.packed(7, [1])
            $0.packed(8, [2])
          }.bytes : [])?.message.contains("first_sequence is 0") == true)
  }

  @Test func aReversalAndItsAnswer() throws {
    try decode(.reverseFeed, completePayload(.reverseFeed)) { request in
      guard case .reverseFeed(let reversal) = request else {
        Issue.record("no reversal")
        return
      }
      #expect(reversal.source == Name("wms") && reversal.key.bytes.name == Name("key-4"))
      #expect(reversal.fromSequence == 5 && reversal.toSequence == 9)
    }
    let backwards = Proto {
      $0.text(1, "k")
      $0.text(2, "wms")
      $0.number(3, 5)
      $0.number(4, 4)
    }.bytes
    #expect(refusal(.reverseFeed, backwards)?.message.contains("to_sequence is 4") == true)
    #expect(refusal(.reverseFeed, Proto { $0.text(2, "wms") }.bytes)?.code == .fieldMissing)
  }
}
