import PromisedModel
import Testing

@testable import PromisedWire

/// A request that is refused, and what the refusal says. The table is the specification.
struct RefusedField: CustomStringConvertible, Sendable {
  var method: PromisedWire.Method
  var code: OutcomeCode
  var message: String
  var payload: [UInt8]

  init(
    _ method: PromisedWire.Method, _ code: OutcomeCode, _ message: String,
    _ build: (inout Proto) -> Void
  ) {
    self.method = method
    self.code = code
    self.message = message
    payload = Proto(build).bytes
  }

  var description: String { "\(method): \(message)" }
}

private func holdOf(
  nodes: [String] = ["SEA1"], keys: [String] = ["A", "B"], indexes: [UInt64] = [0, 0],
  quantities: [UInt64] = [1, 1]
) -> (inout Proto) -> Void {
  return {
    $0.text(1, "k")
    $0.text(2, "o")
    for node in nodes { $0.text(4, node) }
    $0.keys(5, 6, keys)
    $0.packed(7, indexes)
    $0.packed(8, quantities)
  }
}

private let refusedFields: [RefusedField] = [
  RefusedField(.hold, .fieldMissing, "idempotency_key is missing") { $0.text(2, "o") },
  RefusedField(.hold, .fieldMissing, "owner is missing") { $0.text(1, "k") },
  RefusedField(.hold, .fieldMissing, "item_key_lengths is missing") {
    $0.text(1, "k")
    $0.text(2, "o")
  },
  RefusedField(.hold, .fieldOutOfRange, "ttl_s is 86401; allowed: 0 to 86400") {
    $0.text(1, "k")
    $0.text(2, "o")
    $0.number(3, 86_401)
  },
  RefusedField(
    .hold, .fieldOutOfRange, "node_indexes[1] is 1; allowed: 0 to 0, an index into nodes",
    holdOf(indexes: [0, 1])),
  RefusedField(
    .hold, .fieldOutOfRange, "node_indexes[0] is 0; allowed: none, as nodes is empty",
    holdOf(nodes: [])),
  RefusedField(
    .hold, .columnLengthMismatch, "node_indexes has 1 values for 2 rows", holdOf(indexes: [0])),
  RefusedField(
    .hold, .columnLengthMismatch, "quantities has 3 values for 2 rows",
    holdOf(quantities: [1, 1, 1])),
  RefusedField(
    .hold, .fieldOutOfRange, "quantities[1] is 0; allowed: 1 to 2000000000",
    holdOf(quantities: [1, 0])),
  RefusedField(
    .hold, .fieldOutOfRange, "quantities[0] is 18446744073709551615; allowed: 1 to 2000000000",
    holdOf(quantities: [.max, 0])),
  RefusedField(
    .hold, .tooManyRows, "item_keys has 257 rows; allowed: at most 256",
    holdOf(keys: [String](repeating: "A", count: 257))),
  RefusedField(.offer, .fieldMissing, "postcodes is missing") { $0.keys(2, 3, ["A"]) },
  RefusedField(.offer, .fieldOutOfRange, "country is \"us\"; allowed: 2 letters A to Z") {
    $0.keys(2, 3, ["A"])
    $0.text(5, "us")
    $0.text(6, "98109")
  },
  RefusedField(
    .offer, .tooManyRows,
    "item_keys × postcodes is 65 × 64 = 4160 rows; allowed: at most 4096"
  ) {
    $0.keys(2, 3, [String](repeating: "A", count: 65))
    for _ in 0..<64 { $0.text(6, "98109") }
  },
  RefusedField(.inStock, .fieldOutOfRange, "horizon_days is 366; allowed: 0 to 365") {
    $0.keys(2, 3, ["A"])
    $0.number(4, 366)
  },
  RefusedField(.inStock, .fieldOutOfRange, "demand_share_milli is 1001; allowed: 0 to 1000") {
    $0.keys(2, 3, ["A"])
    $0.number(10, 1001)
  },
  RefusedField(.atp, .fieldOutOfRange, "confidence is 65536; allowed: 0 to 65535") {
    $0.keys(2, 3, ["A"])
    $0.number(11, 65_536)
  },
  RefusedField(
    .apply, .fieldOutOfRange, "quantities[0] is -1; allowed: 0 to 2000000000"
  ) {
    $0.text(1, "wms")
    $0.number(2, 1)
    $0.keys(3, 4, ["A"])
    $0.text(5, "SEA1")
    $0.packed(6, [0])
    $0.packed(7, [4])
    $0.packed(8, [1])
  },
  RefusedField(
    .apply, .fieldOutOfRange,
    "first_sequence is 18446744073709551615; allowed: 1 to 18446744073709486079"
  ) {
    $0.text(1, "wms")
    $0.number(2, .max)
    $0.keys(3, 4, ["A"])
  },
  RefusedField(
    .putLimits, .fieldOutOfRange, "months[0] is 202613; allowed: yyyymm with a month of 01 to 12"
  ) {
    $0.text(2, "s")
    $0.packed(3, [0])
    $0.packed(4, [1])
    $0.packed(5, [202_613])
  },
  RefusedField(.networkPut, .fieldOutOfRange, "legs[0].mode is 3; allowed: 1 to 2") {
    $0.message(8) {
      $0.text(1, "l")
      $0.text(2, "a")
      $0.text(3, "b")
      $0.number(4, 3)
    }
  },
  RefusedField(
    .networkPut, .fieldOutOfRange,
    "lanes[0].transit_probabilities is 65534 in all; allowed: a sum of 65535"
  ) {
    $0.message(7) {
      for field: UInt64 in [1, 2, 3, 5, 6, 7, 11] { $0.text(field, "x") }
      $0.number(4, 1)
      $0.packed(9, [1, 2])
      $0.packed(10, [65_533, 1])
    }
  },
  RefusedField(.networkPut, .fieldMissing, "waves[1].station is missing") {
    $0.message(5) {
      $0.text(1, "s")
      $0.number(2, 1)
    }
    $0.message(5) { $0.number(2, 1) }
  },
  RefusedField(
    .list, .fieldOutOfRange, "kind is 0; allowed: 1 to 22"
  ) { $0.number(4, 1) },
]

@Suite struct FieldTests {
  @Test(arguments: refusedFields)
  func namesFieldValueAndRange(_ field: RefusedField) {
    let refused = refusal(field.method, field.payload)
    #expect(refused?.code == field.code)
    #expect(refused?.message == field.message)
  }

  /// Whether an availability request takes these bytes as its only key.
  private func takes(_ key: [UInt8], length: UInt64? = nil) -> OutcomeCode? {
    refusal(
      .availability,
      Proto {
        $0.data(2, key)
        $0.packed(3, [length ?? UInt64(key.count)])
      }.bytes)?.code
  }

  @Test func keysAreValidatedInEveryPosition() {
    for count in 1...64 {
      let plain = [UInt8](repeating: 0x7e, count: count)
      #expect(takes(plain) == nil)
      for position in 0..<count {
        for (byte, wanted): (UInt8, OutcomeCode?) in [
          (0x1f, .keyInvalid), (0x00, .keyInvalid), (0x7f, .keyInvalid), (0x20, nil),
          (0xff, .keyInvalid), (0x80, .keyInvalid),
        ] {
          var key = plain
          key[position] = byte
          #expect(takes(key) == wanted, "byte \(byte) at \(position) of \(count)")
        }
      }
    }
    #expect(takes([UInt8](repeating: 65, count: 65)) == .keyInvalid)
    #expect(takes(Array("Größe €".utf8)) == nil)
    #expect(takes([0xed, 0xa0, 0x80]) == .keyInvalid)
  }

  @Test func keyLengthsMustAddUp() {
    #expect(takes(Array("AB".utf8), length: 1) == .columnLengthMismatch)
    #expect(takes(Array("AB".utf8), length: 3) == .columnLengthMismatch)
    #expect(takes(Array("AB".utf8), length: 0xffff_ffff) == .columnLengthMismatch)
    #expect(takes([], length: 0) == .keyInvalid)
  }

  @Test func theCursorStaysInItsBytes() {
    for length in 0...6 {
      let bytes: [UInt8] = [0x00, UInt8(length), 1, 2, 3, 4]
      bytes.borrowed { borrowed in
        var cursor = WireCursor(borrowed)
        #expect(cursor.varint() == 0)
        let slice = cursor.lengthDelimited()
        #expect(slice?.count == (length <= 4 ? length : nil))
        #expect(cursor.offset <= bytes.count)
      }
    }
  }

  @Test func optionalColumnsOfItemsAndPositionsStandForTheirDefaults() throws {
    let items = Proto {
      $0.keys(2, 3, ["A", "B"])
      $0.text(4, "s")
      $0.packed(5, [0, 0])
      $0.packed(6, [1, 1])
      $0.packed(7, [5, 5])
    }.bytes
    try decode(.putItems, items) { request in
      guard case .put(.items(let rows), let key, let load) = request else {
        Issue.record("no items")
        return
      }
      #expect(rows.weightsGrams == [0, 0] && rows.demandVarianceRatioMilli == [1000, 1000])
      #expect(key.bytes.isEmpty && load == nil)
    }
    let positions = Proto {
      $0.keys(2, 3, ["A"])
      $0.text(4, "n")
      $0.packed(5, [0])
      $0.packed(6, [9])
      $0.message(1) { $0.text(1, "load") }
    }.bytes
    try decode(.putPositions, positions) { request in
      guard case .put(.positions(let rows), _, let load) = request else {
        Issue.record("no positions")
        return
      }
      #expect(rows.onHand == [9] && rows.withheld == [0])
      #expect(load == LoadChunkKey(loadID: Name("load"), number: 0))
    }
  }
}
