import PromisedModel
import Testing

@testable import PromisedWire

private func offerOf(_ more: @escaping (inout Proto) -> Void) -> (inout Proto) -> Void {
  return {
    $0.keys(2, 3, ["A"])
    $0.text(6, "98109")
    more(&$0)
  }
}

private func cartOf(_ more: @escaping (inout Proto) -> Void) -> (inout Proto) -> Void {
  return {
    $0.keys(2, 3, ["A"])
    $0.text(6, "98109")
    more(&$0)
  }
}

private func rateOf(
  grams: [UInt64], costs: [UInt64], level: UInt64 = 2
) -> (inout Proto) -> Void {
  return {
    $0.message(9) {
      $0.number(2, level)
      $0.packed(5, grams)
      $0.packed(6, costs)
    }
  }
}

private func legOf(_ more: @escaping (inout Proto) -> Void) -> (inout Proto) -> Void {
  return {
    $0.message(8) {
      for field: UInt64 in 1...3 { $0.text(field, "x") }
      for field: UInt64 in 4...7 { $0.number(field, 1) }
      more(&$0)
    }
  }
}

private func observationOf(
  kind: UInt64, subject: String = "", day: UInt64 = 0, minutes: UInt64 = 0
) -> (inout Proto) -> Void {
  return {
    $0.text(1, "k")
    $0.packed(2, [kind])
    $0.keys(3, 4, [subject])
    $0.packed(9, [day << 1])
    $0.packed(10, [minutes << 1])
  }
}

private func overrideOf(_ fill: @escaping (inout Proto) -> Void) -> (inout Proto) -> Void {
  return {
    $0.text(1, "k")
    $0.message(2) { fill(&$0) }
  }
}

private let refusedOffersAndCarts: [RefusedField] = [
  RefusedField(
    .offer, .tooManyRows, "levels has 5 rows; allowed: at most 4",
    offerOf { $0.packed(8, [1, 2, 3, 4, 1]) }),
  RefusedField(
    .offer, .fieldOutOfRange, "levels[1] is 5; allowed: 1 to 4", offerOf { $0.packed(8, [1, 5]) }),
  RefusedField(
    .offer, .fieldOutOfRange, "levels[0] is 0; allowed: 1 to 4", offerOf { $0.packed(8, [0]) }),
  RefusedField(
    .offer, .fieldOutOfRange, "levels[2] is 2 again; allowed: each level once",
    offerOf { $0.packed(8, [2, 3, 2]) }),
  RefusedField(
    .offer, .fieldOutOfRange, "confidence is 64881; allowed: 0 to 64880",
    offerOf { $0.number(9, 64_881) }),
  RefusedField(
    .offer, .fieldOutOfRange, "by_days is 2932897; allowed: 0 to 2932896",
    offerOf { $0.number(10, 2_932_897) }),
  RefusedField(
    .offer, .fieldOutOfRange, "supply_choice is 3; allowed: 0 to 2",
    offerOf { $0.number(41, 3) }),
  RefusedField(
    .offer, .tooManyRows,
    "item_keys × postcodes × levels is 33 × 63 × 2 = 4158 rows; allowed: at most 4096"
  ) {
    $0.keys(2, 3, [String](repeating: "A", count: 33))
    for _ in 0..<63 { $0.text(6, "98109") }
    $0.packed(8, [1, 2])
  },
  RefusedField(.plan, .fieldMissing, "item_key_lengths is missing") { $0.text(6, "98109") },
  RefusedField(.plan, .fieldMissing, "postcode is missing") { $0.keys(2, 3, ["A"]) },
  RefusedField(.plan, .tooManyRows, "item_keys has 257 rows; allowed: at most 256") {
    $0.keys(2, 3, [String](repeating: "A", count: 257))
  },
  RefusedField(
    .plan, .columnLengthMismatch, "quantities has 2 values for 1 rows",
    cartOf { $0.packed(4, [1, 1]) }),
  RefusedField(
    .plan, .fieldOutOfRange, "objective is 4; allowed: 0 to 3", cartOf { $0.number(9, 4) }),
  RefusedField(
    .plan, .fieldOutOfRange, "policy is 3; allowed: 0 to 2", cartOf { $0.number(10, 3) }),
  RefusedField(
    .plan, .fieldOutOfRange, "max_shipments is 257; allowed: 0 to 256",
    cartOf { $0.number(13, 257) }),
  RefusedField(
    .atRisk, .fieldOutOfRange, "limit is 10001; allowed: 0 to 10000"
  ) { $0.number(3, 10_001) },
  RefusedField(.rescue, .fieldMissing, "idempotency_key is missing") { $0.number(2, 1) },
  RefusedField(.accuracy, .fieldOutOfRange, "group_by is 6; allowed: 0 to 5") { $0.number(2, 6) },
  RefusedField(
    .accuracy, .fieldOutOfRange, "to_days is 9; allowed: 0, or from_days (10) and later"
  ) {
    $0.number(3, 10)
    $0.number(4, 9)
  },
  RefusedField(.explain, .fieldMissing, "token is missing, and so is item") { $0.number(4, 1) },
  RefusedField(
    .explain, .fieldOutOfRange, "token is 24577 bytes; allowed: 1 to 24576 bytes"
  ) { $0.data(2, [UInt8](repeating: 1, count: 24_577)) },
  RefusedField(.explain, .fieldOutOfRange, "level is 5; allowed: 0 to 4") {
    $0.text(3, "A")
    $0.text(6, "98109")
    $0.number(7, 5)
  },
  RefusedField(.changed, .fieldMissing, "since_epoch is missing") { $0.number(3, 1) },
  RefusedField(.changed, .fieldOutOfRange, "page_size is 100001; allowed: 0 to 100000") {
    $0.number(2, 1)
    $0.number(6, 100_001)
  },
  RefusedField(.changed, .fieldOutOfRange, "page_token is 257 bytes; allowed: at most 256 bytes") {
    $0.number(2, 1)
    $0.data(5, [UInt8](repeating: 1, count: 257))
  },
  RefusedField(.hold, .tooManyRows, "tokens has 65 rows; allowed: at most 64") {
    $0.text(1, "k")
    $0.text(2, "o")
    for _ in 0..<65 { $0.data(9, [1]) }
  },
  RefusedField(.hold, .fieldOutOfRange, "tokens[1] is 0 bytes; allowed: 1 to 24576 bytes") {
    $0.text(1, "k")
    $0.text(2, "o")
    $0.data(9, [1])
    $0.data(9, [])
  },
  RefusedField(.hold, .fieldOutOfRange, "tokens[0] is 24577 bytes; allowed: 1 to 24576 bytes") {
    $0.text(1, "k")
    $0.text(2, "o")
    $0.data(9, [UInt8](repeating: 1, count: 24_577))
  },
]

private let refusedRows: [RefusedField] = [
  RefusedField(.putItems, .fieldOutOfRange, "restrictions[0] is 4; allowed: 0 to 3") {
    $0.keys(2, 3, ["A"])
    $0.text(4, "s")
    for field: UInt64 in 5...7 { $0.packed(field, [field == 5 ? 0 : 1]) }
    $0.packed(13, [4])
  },
  RefusedField(
    .putItems, .columnLengthMismatch, "release_unix_s has 2 values for 1 rows"
  ) {
    $0.keys(2, 3, ["A"])
    $0.text(4, "s")
    for field: UInt64 in 5...7 { $0.packed(field, [field == 5 ? 0 : 1]) }
    $0.packed(12, [1, 1])
  },
  RefusedField(.putKits, .fieldOutOfRange, "units[1] is 10001; allowed: 0 to 10000") {
    $0.keys(2, 3, ["K", "K"])
    $0.keys(4, 5, ["A", "B"])
    $0.packed(6, [10_000, 10_001])
  },
  RefusedField(
    .putKits, .columnLengthMismatch, "component_key_lengths has 1 values for 2 rows"
  ) {
    $0.keys(2, 3, ["K", "K"])
    $0.keys(4, 5, ["A"])
  },
  RefusedField(
    .putOpportunity, .fieldOutOfRange,
    "values[0] is -1000000000001; allowed: -1000000000000 to 1000000000000"
  ) {
    $0.keys(2, 3, ["A"])
    $0.text(4, "N")
    $0.packed(5, [0])
    $0.packed(6, [2_000_000_000_001])
  },
  RefusedField(
    .networkPut, .fieldOutOfRange, "rates[0].level is 0; allowed: 1 to 4",
    rateOf(grams: [], costs: [], level: 0)),
  RefusedField(
    .networkPut, .columnLengthMismatch, "rates[0].break_costs has 1 values for 2 rows",
    rateOf(grams: [1, 2], costs: [1])),
  RefusedField(
    .networkPut, .fieldOutOfRange,
    "rates[0].break_grams is 5 after 5; allowed: grams in ascending order",
    rateOf(grams: [5, 5], costs: [1, 1])),
  RefusedField(
    .networkPut, .fieldOutOfRange,
    "rates[0].break_costs is 1 after 2; allowed: costs that do not descend",
    rateOf(grams: [5, 6], costs: [2, 1])),
  RefusedField(
    .networkPut, .tooManyRows, "rates[0].break_grams has 257 rows; allowed: at most 256",
    rateOf(
      grams: (1...257).map { UInt64($0) }, costs: [UInt64](repeating: 0, count: 257))),
  RefusedField(
    .networkPut, .fieldOutOfRange, "legs[0].level is 5; allowed: 0 to 4", legOf { $0.number(9, 5) }),
  RefusedField(
    .networkPut, .fieldOutOfRange, "legs[0].refuses is 4; allowed: 0 to 3",
    legOf { $0.number(10, 4) }),
  RefusedField(
    .networkPut, .fieldOutOfRange, "legs[0].capacity_units is 1000000001; allowed: 0 to 1000000000",
    legOf { $0.number(11, 1_000_000_001) }),
  RefusedField(
    .networkPut, .columnLengthMismatch, "legs[0].delay_probabilities has 0 values for 1 rows",
    legOf { $0.packed(12, [0]) }),
  RefusedField(
    .networkPut, .fieldOutOfRange,
    "legs[0].delay_minutes is 0 after 5; allowed: minutes in ascending order",
    legOf {
      $0.packed(12, [5, 0])
      $0.packed(13, [1, 65_534])
    }),
  RefusedField(
    .networkPut, .fieldOutOfRange,
    "legs[0].delay_probabilities is 65534 in all; allowed: a sum of 65535",
    legOf {
      $0.packed(12, [0, 5])
      $0.packed(13, [1, 65_533])
    }),
  RefusedField(
    .networkPut, .tooManyRows, "legs[0].delay_minutes has 257 rows; allowed: at most 256",
    legOf {
      $0.packed(12, (0...256).map { UInt64($0) })
      $0.packed(13, [UInt64](repeating: 1, count: 257))
    }),
]

private let refusedOperators: [RefusedField] = [
  RefusedField(.observe, .fieldMissing, "kinds is missing") { $0.text(1, "k") },
  RefusedField(.observe, .tooManyRows, "kinds has 65537 rows; allowed: at most 65536") {
    $0.text(1, "k")
    $0.packed(2, [UInt64](repeating: 1, count: 65_537))
  },
  RefusedField(
    .observe, .fieldOutOfRange, "kinds[0] is 5; allowed: 1 to 4", observationOf(kind: 5)),
  RefusedField(.observe, .fieldMissing, "subjects[0] is missing", observationOf(kind: 1)),
  RefusedField(
    .observe, .fieldOutOfRange, "minutes[0] is 10081; allowed: 0 to 10080",
    observationOf(kind: 1, subject: "L", minutes: 10_081)),
  RefusedField(
    .observe, .fieldOutOfRange, "minutes[0] is 20161; allowed: 0 to 20160",
    observationOf(kind: 2, subject: "N", minutes: 20_161)),
  RefusedField(
    .observe, .fieldMissing, "services[0] is missing", observationOf(kind: 3, subject: "N")),
  RefusedField(.observe, .fieldOutOfRange, "minutes[0] is 61; allowed: 0 to 60") {
    observationOf(kind: 3, subject: "N", minutes: 61)(&$0)
    $0.keys(5, 6, ["s"])
    $0.keys(7, 8, ["z"])
  },
  RefusedField(
    .observe, .fieldOutOfRange, "days[0] is 2932897; allowed: 0 to 2932896",
    observationOf(kind: 1, subject: "L", day: 2_932_897)),
  RefusedField(.observe, .fieldMissing, "hold_ids[0] is missing", observationOf(kind: 4)),
  RefusedField(.observe, .fieldMissing, "at_unix_s[0] is missing") {
    observationOf(kind: 4)(&$0)
    $0.packed(11, [7])
  },
  RefusedField(
    .observe, .columnLengthMismatch,
    "subject_lengths add up to more than the 1 bytes of subjects"
  ) {
    $0.text(1, "k")
    $0.packed(2, [1])
    $0.data(3, [65])
    $0.packed(4, [0xffff_ffff])
  },
  RefusedField(
    .observe, .columnLengthMismatch, "subject_lengths has 0 values for 1 rows"
  ) {
    $0.text(1, "k")
    $0.packed(2, [1])
    $0.data(3, [65])
  },
  RefusedField(
    .closeLeg, .fieldOutOfRange, "delay_minutes is 10081; allowed: 0 to 10080"
  ) {
    $0.text(1, "k")
    $0.text(2, "L")
    $0.number(5, 10_081)
  },
  RefusedField(
    .closeLeg, .fieldOutOfRange, "to_days is 0; allowed: from_days (5) to 2932896"
  ) {
    $0.text(1, "k")
    $0.text(2, "L")
    $0.number(3, 10)
  },
  RefusedField(.closeLeg, .fieldOutOfRange, "from_days is -1; allowed: 0 to 2932896") {
    $0.text(1, "k")
    $0.text(2, "L")
    $0.number(3, 1)
  },
  RefusedField(.closeLeg, .fieldMissing, "leg is missing") { $0.text(1, "k") },
  RefusedField(.reopenLeg, .fieldMissing, "leg is missing") { $0.text(1, "k") },
  RefusedField(.putOverride, .fieldMissing, "fields is missing") { $0.text(1, "k") },
  RefusedField(
    .putOverride, .fieldOutOfRange, "fields.id is 7; allowed: 0, as the service numbers them",
    overrideOf { $0.number(1, 7) }),
  RefusedField(
    .putOverride, .fieldOutOfRange, "fields.action is 3; allowed: 1 to 2",
    overrideOf { $0.number(2, 3) }),
  RefusedField(
    .putOverride, .fieldMissing, "fields.reason is missing", overrideOf { $0.number(2, 1) }),
  RefusedField(
    .putOverride, .fieldMissing, "fields.author is missing",
    overrideOf {
      $0.number(2, 1)
      $0.text(8, "why")
    }),
]

@Suite struct PromiseFieldTests {
  @Test(arguments: refusedOffersAndCarts + refusedRows + refusedOperators)
  func namesFieldValueAndRange(_ field: RefusedField) {
    let refused = refusal(field.method, field.payload)
    #expect(refused?.code == field.code)
    #expect(refused?.message == field.message)
  }

  @Test func confidenceIsRaisedToTheNextThatIsKept() throws {
    for (asked, wanted): (UInt64, ConfidenceLevel) in [
      (0, .usual), (1, .even), (32_768, .even), (32_769, .likely), (58_982, .high),
      (58_983, .usual), (62_260, .nearlyCertain), (64_880, .nearlyCertain),
    ] {
      let payload = Proto {
        $0.keys(2, 3, ["A"])
        $0.text(6, "98109")
        $0.number(9, asked)
      }.bytes
      try decode(.offer, payload) {
        guard case .offer(let query, _) = $0 else {
          Issue.record("no offer")
          return
        }
        #expect(query.confidence == wanted, "\(asked)")
      }
    }
  }

  @Test func aHoldOfTokensAloneNeedsNoLines() throws {
    let payload = Proto {
      $0.text(1, "k")
      $0.text(2, "o")
      $0.data(9, [0, 255])
      $0.number(10, 1)
    }.bytes
    try decode(.hold, payload) {
      guard case .hold(let hold) = $0 else {
        Issue.record("no hold")
        return
      }
      #expect(hold.lines.items.count == 0 && hold.wantsUpgrade)
      #expect(hold.tokens.buffer.map { Array($0.buffer) } == [[0, 255]])
    }
  }

  @Test func aTokenIsReadBeforeTheQuestion() throws {
    let payload = Proto {
      $0.data(2, [7])
      $0.number(7, 99)
    }.bytes
    try decode(.explain, payload) {
      guard case .explain(.token(let token), 0) = $0 else {
        Issue.record("no token")
        return
      }
      #expect(Array(token.buffer) == [7])
    }
  }

  @Test func fromNowOnIsEveryDate() throws {
    for method in [PromisedWire.Method.closeLeg, .reopenLeg] {
      let payload = Proto {
        $0.text(1, "k")
        $0.text(2, "L")
      }.bytes
      try decode(method, payload) {
        guard case .departures(let command, _) = $0 else {
          Issue.record("no change of departures")
          return
        }
        #expect(command.change.fromDays == 0 && command.change.toDays == LocalDate.last.days)
        #expect(command.change.kind == (method == .closeLeg ? .closed : .reopened))
      }
    }
  }
}
