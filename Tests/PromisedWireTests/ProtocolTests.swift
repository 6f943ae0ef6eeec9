import PromisedModel
import Testing

@testable import PromisedWire

/// Protocol/README.md and its examples say what the code does.
@Suite struct ProtocolTests {
  private func rows(_ heading: String) throws -> [[String]] {
    let law = try #require(text("Protocol/README.md"))
    let section = law.split(separator: "\n## ").first { $0.hasPrefix(heading) }
    return try #require(section).split(separator: "\n").filter { $0.hasPrefix("| ") }.map { line in
      line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map {
        var cell = Substring($0)
        while cell.first == " " { cell.removeFirst() }
        while cell.last == " " { cell.removeLast() }
        return String(cell)
      }
    }.dropFirst().map { $0 }
  }

  @Test func theTableOfOutcomesIsComplete() throws {
    let table = try rows("Outcomes")
    #expect(table.count == OutcomeCode.allCases.count)
    for (row, code) in zip(table, OutcomeCode.allCases) {
      #expect(row[0] == "\(code.rawValue)")
      #expect(row[1] == "`\(code.reason)`")
      #expect(row[2] == canonicalName(code.canonicalCode))
      #expect(!row[3].isEmpty)
      if code != .ok { #expect(row[4].hasPrefix(code.isRetryable ? "yes" : "no"), "\(code)") }
    }
  }

  private func canonicalName(_ code: CanonicalCode) -> String {
    if code == .internalError { return "INTERNAL" }
    var name = ""
    for character in String(describing: code) {
      if character.isUppercase { name.append("_") }
      name.append(character.uppercased())
    }
    return name
  }

  @Test func theTableOfLimitsIsTrue() throws {
    let limits: [(String, Int)] = [
      ("frame_bytes", Limits.frameBytes), ("skipped_frame_bytes", Limits.skippedFrameBytes),
      ("in_flight_per_connection", Limits.inFlightPerConnection),
      ("pending_output_bytes", Limits.pendingOutputBytes),
      ("fields_per_message", Limits.fieldsPerMessage), ("nesting_depth", Limits.nestingDepth),
      ("arena_base_bytes", Limits.arenaBaseBytes),
      ("arena_bytes_per_frame_byte", Limits.arenaBytesPerFrameByte),
      ("arena_hard_stop_bytes", Limits.arenaHardStopBytes),
      ("lines_per_hold", Limits.linesPerHold),
      ("offer_token_bytes", Limits.offerTokenBytes),
      ("offer_cache_seconds", Int(Limits.offerCacheSeconds)),
      ("offer_lifetime_seconds", Int(Limits.offerLifetimeSeconds)),
      ("offer_rows", Limits.offerRows),
      ("query_items", Limits.queryItems), ("batch_rows", Limits.batchRows),
      ("components_per_kit", Limits.componentsPerKit), ("breaks_per_rate", Limits.breaksPerRate),
      ("delay_outcomes", Limits.delayOutcomes), ("plan_lines", Limits.planLines),
      ("tokens_per_hold", Limits.tokensPerHold), ("token_bytes", Limits.tokenBytes),
      ("changed_pairs", Limits.changedPairs), ("risk_rows", Limits.riskRows),
      ("default_deadline_milliseconds", Int(Limits.defaultDeadlineMilliseconds)),
      ("hold_default_seconds", Int(Limits.holdDefaultSeconds)),
      ("hold_maximum_seconds", Int(Limits.holdMaximumSeconds)),
      ("idempotency_milliseconds", Int(Limits.idempotencyMilliseconds)),
      ("idempotency_keys", Limits.idempotencyKeys),
      ("ended_hold_milliseconds", Int(Limits.endedHoldMilliseconds)),
      ("shipped_hold_milliseconds", Int(Limits.shippedHoldMilliseconds)),
      ("shortfall_rows", Limits.shortfallRows),
      ("overrides", Limits.overrides), ("override_seconds", Int(Limits.overrideSeconds)),
      ("compared_items", Limits.comparedItems),
      ("active_items", Limits.activeItems), ("item_categories", Limits.itemCategories),
      ("demand_factors", Limits.demandFactors), ("forecast_numbers", Limits.forecastNumbers),
      ("forecast_periods", Int(Limits.forecastPeriods)),
      ("forecast_period_days", Int(Limits.forecastPeriodDays)),
      ("forecast_levels", Limits.forecastLevels),
      ("forecast_regions", Limits.forecastRegions),
      ("lines_per_plan", Limits.linesPerPlan), ("open_plans", Limits.openPlans),
      ("bids_per_round", Limits.bidsPerRound), ("bids", Limits.bids),
      ("headroom_sellers", Limits.headroomSellers), ("limit_changes", Limits.limitChanges),
      ("ended_plan_seconds", Int(Limits.endedPlanSeconds)),
      ("groups", Limits.groups), ("group_names", Limits.groupNames),
      ("channels", Limits.channels), ("pool_demands", Limits.poolDemands),
      ("dated_claims", Limits.datedClaims), ("dated_instants", Limits.datedInstants),
      ("dated_work", Limits.datedWork), ("lead_days", Int(Limits.leadDays)),
      ("atp_pairs", Limits.atpPairs),
      ("atp_steps", Limits.atpSteps), ("atp_days", Int(Limits.atpDays)),
      ("atp_work", Limits.atpWork),
      ("in_stock_work", Limits.inStockWork), ("receiving_seconds", Int(Limits.receivingSeconds)),
      ("change_ring_entries", Limits.changeRingEntries),
      ("streams_per_connection", Limits.streamsPerConnection),
      ("apply_stream_credit", Limits.applyStreamCredit),
      ("watches", Limits.watches), ("watch_credit", Limits.watchCredit),
      ("watch_items", Limits.watchItems), ("watch_nodes", Limits.watchNodes),
      ("watch_poll_milliseconds", Int(Limits.watchPollMilliseconds)),
      ("watch_stall_milliseconds", Int(Limits.watchStallMilliseconds)),
      ("thresholds_per_watch", Limits.thresholdsPerWatch), ("thresholds", Limits.thresholds),
      ("units_per_position", Int(Limits.unitsPerPosition)),
      ("feed_sources", Limits.feedSources), ("journal_rows", Limits.journalRows),
      ("service_journal_rows", Limits.serviceJournalRows),
      ("journal_seconds", Int(Limits.journalSeconds)),
      ("count_instants", Limits.countInstants), ("parked_rows", Limits.parkedRows),
      ("parked_bytes", Limits.parkedBytes), ("parked_row_bytes", Limits.parkedRowBytes),
      ("parked_failures", Limits.parkedFailures),
      ("arrival_spread_seconds", Int(Limits.arrivalSpreadSeconds)),
    ]
    let table = try rows("Limits")
    #expect(table.count == limits.count)
    for (row, limit) in zip(table, limits) {
      #expect(row[0].hasPrefix("`\(limit.0)`"), "\(row)")
      #expect(row[1] == "\(limit.1)", "\(limit.0)")
    }
    let law = try #require(text("Protocol/README.md"))
    #expect(law.contains("at most \(Prescan.unknownFieldLimit) fields that the schema does not"))
    #expect(law.contains("at most \(Prescan.packedValueLimit) values in packed columns"))
  }

  @Test func theExampleInTheTextIsTheExampleFile() throws {
    let law = try #require(text("Protocol/README.md"))
    let block = try #require(
      law.split(separator: "```").first { $0.hasPrefix("\n00 00 00 1e") })
    let printed = PromisedWireTests.bytes(ofHex: String(block))
    let kept = try example("health-request").bytes + example("health-response").bytes
    #expect(printed == kept)
  }

  private func example(_ name: String) throws -> (bytes: [UInt8], stated: [String]) {
    let content = try #require(text("Protocol/examples/\(name).hex"))
    let stated = content.split(separator: "\n").filter { $0.hasPrefix("= ") }.map {
      String($0.dropFirst(2))
    }
    return (try #require(bytes(ofHex: content)), stated)
  }

  @Test(arguments: ["offer-request", "hold-request", "apply-request", "health-request"])
  func requestsDecodeToWhatIsStated(_ name: String) throws {
    let (bytes, stated) = try example(name)
    #expect(describe(bytes) == stated)
  }

  @Test func requestsEncodeToTheSameBytes() throws {
    let keys = ["B0ITEM0001", "B0ITEM2"]
    let offer = Proto {
      $0.keys(2, 3, keys)
      $0.packed(4, [1, 3])
      $0.text(6, "98109")
    }.bytes
    #expect(
      try example("offer-request").bytes
        == frame(1, "promised.v1.Promises", "Offer", offer, timeout: 5_000_000_000))
    let hold = Proto {
      $0.text(1, "order-17")
      $0.text(2, "cart-9")
      $0.number(3, 600)
      $0.text(4, "SEA1")
      $0.text(4, "PDX1")
      $0.keys(5, 6, keys)
      $0.packed(7, [0, 1])
      $0.packed(8, [2, 1])
    }.bytes
    #expect(try example("hold-request").bytes == frame(3, "promised.v1.Holds", "Hold", hold))
    #expect(
      try example("health-request").bytes == frame(1, "grpc.health.v1.Health", "Check", []))
  }

  @Test func repliesEncodeToTheSameBytes() throws {
    let offer = sent { $0.encode(exampleOffer(), streamID: 1, asOf: asOf, into: &$1) }.1
    #expect(try example("offer-response").bytes == offer?.bytes)
    var reply = HoldReply()
    reply.holdID = 7
    reply.owner = lasting("cart-9")
    reply.expiresAt = UnixMilliseconds(1_767_615_000_000)
    let after = AsOf(position: 43, unixSeconds: 1_767_614_400)
    let hold = sent { $0.encode(reply, streamID: 3, asOf: after, into: &$1) }.1
    #expect(try example("hold-response").bytes == hold?.bytes)
    let refused = sent(
      Refusal(
        .insufficientStock, "item B0ITEM0001 at SEA1 has 1 of the 2 units asked for",
        key: Name("B0ITEM0001"), row: 0, availableUnits: 1, nextSupplyUnixSeconds: 1_767_960_000))
    #expect(try example("hold-refused").bytes == refused?.bytes)
    let health = sent { $0.encode(health: .serving, streamID: 1, into: &$1) }.1
    #expect(try example("health-response").bytes == health?.bytes)
  }

  /// A request frame in words, as the examples state it.
  private func describe(_ bytes: [UInt8]) -> [String] {
    var scanner = FrameScanner()
    var consumed = 0
    let reader = EnvelopeReader()
    var decoder = RequestDecoder()
    return bytes.withUnsafeBytes { raw in
      guard case .frame(let header, let data) = scanner.next(raw, consumed: &consumed),
        consumed == raw.count
      else { return ["not one frame"] }
      do throws(Refusal) {
        let envelope = try reader.read(data, flags: header.flags)
        let first =
          "\(envelope.method.fullName) stream \(header.streamID) timeout \(envelope.timeoutNano)"
        return [first] + describe(try decoder.decode(envelope.method, envelope.payload))
      } catch { return [error.message] }
    }
  }

  private func describe(_ request: Request) -> [String] {
    func words(_ values: some Sequence<some CustomStringConvertible>) -> String {
      values.map(\.description).joined(separator: " ")
    }
    func keys(_ column: KeyColumn) -> [Name] {
      var offset = 0
      return (0..<column.count).map { column.key($0, at: &offset).name }
    }
    switch request {
    case .offer(let query, let minPosition):
      return [
        "items \(words(keys(query.items)))", "quantities \(words(query.quantities.buffer))",
        "country \(query.country.name)",
        "postcodes \(words(query.postcodes.buffer.map(\.name)))", "with_path \(query.withPath)",
        "min_position \(minPosition)",
      ]
    case .hold(let hold):
      let lines = keys(hold.lines.items).enumerated().map { row, key in
        let node = hold.lines.nodeNames[Int(hold.lines.nodes[row])].name
        return "\(key)@\(node):\(hold.lines.quantities[row])"
      }
      return [
        "idempotency_key \(hold.key.bytes.name)", "owner \(hold.owner.name)",
        "ttl_s \(hold.timeToLiveSeconds)", "lines \(words(lines))",
      ]
    case .feed(let feed):
      let names = feed.keys.withKeyColumn(keys)
      let rows = names.enumerated().map { row, key in
        "\(key)@\(feed.nodeNames[Int(feed.nodes[row])]):\(feed.kinds[row]):\(feed.quantities[row])"
      }
      return [
        "source \(feed.source)", "first_sequence \(feed.firstSequence)", "rows \(words(rows))",
      ]
    case .health(let service): return ["service \(service.name)"]
    default: return ["no example"]
    }
  }
}

/// The bytes of a request frame of every built method, and of every kind of refusal, are kept: a
/// change of the wire shows as a change of these files.
@Suite struct GoldenTests {
  private func compare(_ bytes: [UInt8], _ path: String) {
    if refreshesGolden { write(hex(bytes), to: path) }
    let kept = text(path).flatMap(PromisedWireTests.bytes(ofHex:))
    #expect(kept == bytes, "\(path): PROMISED_REFRESH_GOLDEN=1 writes it anew")
  }

  @Test(arguments: PromisedWire.Method.allCases.filter(\.isDecoded))
  func requests(_ method: PromisedWire.Method) {
    let row = method.row
    let bytes = frame(
      1, "\(row.service.name)", "\(row.name)", completePayload(method), timeout: 1_000_000_000)
    compare(bytes, "Tests/Golden/wire/\(row.service)-\(row.name).hex")
  }

  @Test func refusals() {
    var all: [UInt8] = []
    for code in OutcomeCode.allCases where code != .ok {
      all += sent(Refusal(code, code.reason, key: Name("K"), row: 1))?.bytes ?? []
    }
    compare(all, "Tests/Golden/wire/refusals.hex")
  }

  @Test func methodNumbersNeverChange() {
    let lines = PromisedWire.Method.allCases.map { "\($0.rawValue) \($0.fullName)\n" }.joined()
    let path = "Tests/Golden/wire/methods.txt"
    if refreshesGolden { write(lines, to: path) }
    #expect(text(path) == lines)
  }
}
