import PromisedModel
import Testing

@testable import PromisedWire

/// Repeats `unit` up to 4 MiB, the greatest payload there can be.
private func bomb(_ unit: [UInt8]) -> [UInt8] {
  let count = Limits.frameBytes / unit.count
  return (0..<count).flatMap { _ in unit }
}

/// Messages nested in field `tag` until they fill 4 MiB.
private func nested(_ tag: UInt8) -> [UInt8] {
  var reversed: [UInt8] = []
  while reversed.count < Limits.frameBytes - 8 {
    var length = Proto()
    length.varint(UInt64(reversed.count))
    reversed += length.bytes.reversed()
    reversed.append(tag)
  }
  return reversed.reversed()
}

@Suite struct BombTests {
  @Test(arguments: [PromisedWire.Method.offer, .networkPut, .putItems])
  func selfNesting(_ method: PromisedWire.Method) {
    for tag: UInt8 in [0x0a, 0x12, 0x1a, 0x22] {
      let code = refusal(method, nested(tag))?.code
      #expect(code != nil, "\(method) with tag \(tag)")
    }
  }

  @Test func repeatedSingularSubMessage() {
    #expect(refusal(.offer, bomb([0x0a, 0x02, 0x08, 0x01]))?.code == .messageMalformed)
    #expect(refusal(.putItems, bomb([0x0a, 0x00]))?.code == .messageMalformed)
    let twice = completePayload(.offer) + [0x0a, 0x00]
    #expect(refusal(.offer, twice)?.code == .messageMalformed)
  }

  @Test func emptySubMessageFlood() {
    for tag: UInt8 in [0x12, 0x1a, 0x22, 0x2a, 0x32, 0x3a, 0x42, 0x4a] {
      #expect(refusal(.networkPut, bomb([tag, 0x00]))?.code == .tooManyFields)
    }
    // Nested ones count as well.
    let rules = Proto { $0.data(3, bomb([0x12, 0x00]).dropLast(16)) }.bytes
    #expect(refusal(.networkPut, rules)?.code == .tooManyFields)
  }

  @Test func unknownFieldFlood() {
    for unit: [UInt8] in [[0x78, 0x00], [0x7a, 0x00], [0x7d, 0, 0, 0, 0]] {
      #expect(refusal(.status, bomb(unit))?.code == .tooManyFields)
      #expect(refusal(.offer, bomb(unit))?.code == .tooManyFields)
    }
  }

  @Test func unknownFieldsWithinBoundsArePassedOver() {
    let unknown = (0..<Prescan.unknownFieldLimit).flatMap { _ in [0x78, 0x00] as [UInt8] }
    #expect(refusal(.offer, completePayload(.offer) + unknown) == nil)
    #expect(
      refusal(.offer, completePayload(.offer) + unknown + [0x78, 0x00])?.code == .tooManyFields)
  }

  @Test func unpackedRepeatedFlood() {
    #expect(refusal(.offer, bomb([0x18, 0x01]))?.code == .tooManyFields)
    #expect(refusal(.offer, bomb([0x32, 0x00]))?.code == .tooManyFields)
    // Unpacked columns of ordinary size are valid protobuf.
    let payload = Proto {
      $0.data(2, Array("AB".utf8))
      $0.number(3, 1)
      $0.number(3, 1)
      $0.text(6, "98109")
    }.bytes
    #expect(refusal(.offer, payload) == nil)
  }

  @Test func packedFloodIsRefusedBeforeItIsUnpacked() {
    let most = Prescan.packedValueLimit
    for (count, wanted): (Int, OutcomeCode) in [
      (most + 1, .tooManyRows), (most, .columnLengthMismatch), (Limits.frameBytes, .tooManyRows),
    ] {
      let values = [UInt8](repeating: 1, count: count)
      let payload = Proto {
        $0.keys(2, 3, ["A"])
        $0.text(6, "98109")
        $0.data(4, Array(values[..<(count / 2)]))
        // One of them belongs to the key's length.
        $0.data(4, Array(values[(count / 2 + 1)...]))
      }.bytes
      #expect(refusal(.offer, payload)?.code == wanted, "\(count) values")
    }
  }

  @Test func packedFloodStaysWithinTheArena() {
    let column = Proto { $0.data(4, bomb([0x01]).dropLast(16)) }.bytes
    var decoder = RequestDecoder()
    let refused = column.borrowed { bytes in
      do throws(Refusal) {
        _ = try decoder.decode(.offer, bytes)
        return false
      } catch { return true }
    }
    let budget = decoder.arena.budget
    #expect(refused && budget >= 0)
  }

  @Test func groupsAreRefused() {
    #expect(refusal(.offer, [0x7b, 0x7c])?.code == .messageMalformed)
    #expect(refusal(.offer, [0x0b, 0x0c])?.code == .messageMalformed)
  }

  @Test func arenaGivesNoMoreThanItsBudget() {
    var arena = MessageArena()
    for payload in [0, 1, 100_000, Limits.frameBytes, Int.max] {
      arena.reset(payloadBytes: payload)
      var given = 0
      while let memory = arena.allocate(UInt8.self, count: 100_000) {
        memory.initialize(repeating: 0xaa, count: 100_000)
        given += 100_000
      }
      let wanted =
        payload > 2_000_000
        ? Limits.arenaHardStopBytes
        : Limits.arenaBaseBytes + Limits.arenaBytesPerFrameByte * payload
      let isExhausted = arena.isExhausted
      #expect(given <= wanted && given > wanted - 200_000 && isExhausted)
    }
    let huge = arena.allocate(UInt64.self, count: Int.max)
    #expect(huge == nil)
  }

  @Test func arenaIsWholeAgainAfterAReset() {
    var decoder = RequestDecoder()
    let big = Proto { $0.data(1, [UInt8](repeating: 7, count: 4_000_000)) }.bytes
    for payload in [completePayload(.ping), big, completePayload(.ping), big] {
      let count = payload.borrowed { bytes -> Int? in
        do throws(Refusal) {
          guard case .ping(let echo) = try decoder.decode(.ping, bytes) else { return nil }
          return echo.count
        } catch { return nil }
      }
      #expect(count == fields(payload)?[field: 1]?.bytes.count)
    }
  }
}

@Suite struct IntegerTests {
  let schema = Schema()

  /// 0, ±1, 2^31±1, 2^32±1, 2^32+5, 2^53±1, 2^63−1, 2^64−1.
  static let values: [UInt64] = [
    0, 1, .max, 0x7fff_ffff, 0x8000_0001, 0xffff_ffff, 0x1_0000_0001, 0x1_0000_0005,
    (1 << 53) - 1, (1 << 53) + 1, UInt64(Int64.max), 1 << 63,
  ]

  /// Fields that may hold 2^32+5: ids, positions, instants, volumes, sequences, rates, views and
  /// money.
  static let wide: Set<String> = [
    "min_position", "hold_id", "replaces_hold_id", "first_sequence", "unix_s", "eta_unix_s",
    "volumes_micro_cubic_feet", "demand_per_day_milli", "limits_micro_cubic_feet", "hold_ids",
    "at_unix_s", "release_unix_s", "volumes_cubic_mm", "values", "fixed_cost", "break_costs",
    "sequences", "occurred_unix_ms", "eta_early_unix_s", "eta_late_unix_s", "from_sequence",
    "to_sequence",
    "cost_per_further_kg", "since_epoch", "created_unix_s", "expires_unix_s", "removes_id",
    "from_unix_s", "until_unix_s", "from_position", "sequence", "threshold_unix_s",
    "views", "issued_unix_s", "announced_unix_s", "window_end_unix_s", "clearing_id", "sales",
    "maximum_fee", "volume_micro_cubic_feet", "minimum_micro_cubic_feet",
    "usable_micro_cubic_feet", "individual_limit_micro_cubic_feet",
    "maximum_ask_micro_cubic_feet",
  ]

  /// Puts `encoded` in the place of the first value of every numeric field in turn.
  private func each(
    _ payload: [UInt8], _ message: String, _ encoded: [UInt8],
    _ body: (Schema.Field, [UInt8]) -> Void
  ) {
    let present = fields(payload) ?? []
    for (index, field) in present.enumerated() {
      guard let known = schema.messages[message]?.fields.first(where: { $0.number == field.number })
      else { continue }
      func rebuilt(_ replacement: [UInt8]) -> [UInt8] {
        var result = Proto()
        for (other, field) in present.enumerated() {
          if other == index {
            result.bytes += replacement
          } else if field.wireType == 0 {
            result.number(field.number, field.value)
          } else {
            result.data(field.number, field.bytes)
          }
        }
        return result.bytes
      }
      if known.type == 11 {
        each(field.bytes, known.typeName, encoded) { inner, bytes in
          body(inner, rebuilt(Proto { $0.data(field.number, bytes) }.bytes))
        }
      } else if known.isNumeric, field.wireType == 2 {
        var column = Proto()
        column.bytes = encoded
        for value in varints(field.bytes).dropFirst() { column.varint(value) }
        body(known, rebuilt(Proto { $0.data(field.number, column.bytes) }.bytes))
      } else if known.isNumeric {
        var single = Proto()
        single.tag(field.number, 0)
        body(known, rebuilt(single.bytes + encoded))
      }
    }
  }

  @Test(arguments: PromisedWire.Method.allCases.filter(\.isDecoded))
  func hostileIntegersInEveryNumericField(_ method: PromisedWire.Method) throws {
    let call = try #require(
      schema.calls.first { "\($0.service)/\($0.method)" == method.fullName })
    for value in Self.values {
      var encoded = Proto()
      encoded.varint(value)
      each(completePayload(method), call.request, encoded.bytes) { field, payload in
        let refused = refusal(method, payload)
        if value == 0x1_0000_0005, !Self.wide.contains(field.name) {
          let codes: [OutcomeCode] = [.fieldOutOfRange]
          #expect(refused.map { codes.contains($0.code) } == true, "\(field.name) = \(value)")
          #expect(refused?.message.contains(field.name) == true, "\(refused?.message ?? "")")
        }
        if let refused {
          #expect(refused.code.canonicalCode == .invalidArgument, "\(field.name) = \(value)")
          #expect(!refused.message.isEmpty && refused.message.utf8.count <= 1024)
        }
      }
    }
  }

  @Test(arguments: PromisedWire.Method.allCases.filter(\.isDecoded))
  func overlongVarintsAreRefused(_ method: PromisedWire.Method) throws {
    let call = try #require(
      schema.calls.first { "\($0.service)/\($0.method)" == method.fullName })
    let overlong: [[UInt8]] = [
      [UInt8](repeating: 0x80, count: 10) + [0x01],
      [UInt8](repeating: 0xff, count: 9) + [0x02],
      [UInt8](repeating: 0x85, count: 9) + [0x7e],
    ]
    for encoded in overlong {
      each(completePayload(method), call.request, encoded) { field, payload in
        let code = refusal(method, payload)?.code
        #expect(code == .messageMalformed || code == .fieldOutOfRange, "\(field.name)")
      }
    }
  }

  @Test func packedColumnsAgreeWithASlowReading() {
    var generator = SeededBytes(state: 5)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<40, using: &generator)
      let column = (0..<count).map { _ -> UInt8 in
        // Long runs of continuation bytes, as the scan jumps over short ones.
        UInt8.random(in: 0..<8, using: &generator) == 0
          ? UInt8.random(in: 0..<32, using: &generator)
          : UInt8.random(in: 0x80...0xff, using: &generator)
      }
      for (most, last): (Int, UInt8) in [(5, 0x0f), (10, 0x01)] {
        let fast = column.borrowed { Prescan.varints($0, haveAtMost: most, last: last) }
        #expect(fast == slow(column, most, last), "\(column)")
      }
    }
  }

  private func slow(_ column: [UInt8], _ most: Int, _ last: UInt8) -> Bool {
    var length = 0
    for byte in column {
      length += 1
      if length > most || (length == most && byte > last) { return false }
      if byte < 0x80 { length = 0 }
    }
    return length == 0
  }
}

@Suite struct FuzzTests {
  @Test(arguments: PromisedWire.Method.allCases.filter(\.isDecoded))
  func everyTruncationIsTyped(_ method: PromisedWire.Method) {
    let row = method.row
    let whole = frame(1, "\(row.service.name)", "\(row.name)", completePayload(method))
    let reader = EnvelopeReader()
    var decoder = RequestDecoder()
    for cut in 0...whole.count {
      var scanner = FrameScanner()
      var consumed = 0
      whole[..<cut].withUnsafeBytes { raw in
        guard case .needMore(let more) = scanner.next(raw, consumed: &consumed) else {
          #expect(cut == whole.count)
          return
        }
        #expect(more > 0 && cut + more <= whole.count)
      }
      // The same cut behind a header that lies about it.
      if cut >= 10 { judge(Array(whole[10..<cut]), reader, &decoder) }
    }
    let payload = completePayload(method)
    for cut in 0..<payload.count { _ = refusal(method, Array(payload[..<cut])) }
  }

  /// Whatever the bytes, there is a request or a refusal that says why.
  private func judge(
    _ data: [UInt8], _ reader: borrowing EnvelopeReader, _ decoder: inout RequestDecoder
  ) {
    data.borrowed { bytes in
      do throws(Refusal) {
        let envelope = try reader.read(bytes, flags: 0)
        _ = try decoder.decode(envelope.method, envelope.payload)
      } catch {
        #expect(error.code != .ok && !error.message.isEmpty)
      }
    }
  }

  @Test func randomBytesThroughScannerEnvelopeAndDecoder() {
    var generator = SeededBytes(state: 42)
    let reader = EnvelopeReader()
    var decoder = RequestDecoder()
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0..<64, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator) & UInt8.random(in: 0...255, using: &generator)
      }
      judge(bytes, reader, &decoder)
      var scanner = FrameScanner()
      var consumed = 0
      bytes.withUnsafeBytes { raw in
        for _ in 0..<8 { _ = scanner.next(raw, consumed: &consumed) }
      }
      #expect(consumed <= bytes.count)
    }
  }

  @Test(arguments: PromisedWire.Method.allCases.filter(\.isDecoded))
  func mutatedRequests(_ method: PromisedWire.Method) {
    var generator = SeededBytes(state: UInt64(method.rawValue))
    let payload = completePayload(method)
    guard !payload.isEmpty else { return }
    var decoder = RequestDecoder()
    for _ in 0..<2000 {
      var mutated = payload
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let at = Int.random(in: 0..<mutated.count, using: &generator)
        switch UInt8.random(in: 0..<3, using: &generator) {
        case 0: mutated[at] = UInt8.random(in: 0...255, using: &generator)
        case 1: mutated[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        default: mutated.insert(UInt8.random(in: 0...255, using: &generator), at: at)
        }
      }
      mutated.borrowed { bytes in
        do throws(Refusal) { _ = try decoder.decode(method, bytes) } catch {
          #expect(error.code.canonicalCode != .ok)
        }
      }
    }
  }
}
