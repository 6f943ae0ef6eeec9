import PromisedModel
import PromisedWire
import Testing

@testable import PromisedSequencer

/// Explain, Changed and overrides from frame to frame.
@Suite("Explanations on the wire")
struct ExplainRequestTests {
  private func network(transitDays: UInt8) -> NetworkRows {
    var rows = Workbench.network()
    rows.zones = [
      ZonePrefix(country: Name("US"), prefix: Name("981"), zone: Name("SEA"), station: .empty)
    ]
    rows.lanes = [
      Lane(
        origin: Name("N1"), service: Name("GROUND"), zone: Name("SEA"), mode: .road,
        pickupCalendar: Name("always"), transitCalendar: Name("always"),
        deliveryCalendar: Name("always"), cutoffMinute: 1080,
        transit: [TransitOutcome(workingDays: transitDays, probability: 65_535)],
        deliveryTimeZone: Name("Etc/UTC"), carrier: Name("Fast"))
    ]
    return rows
  }

  private func bench() throws -> (Workbench, Session) {
    let bench = Workbench()
    try bench.stock(["A"], onHand: 5)
    try publish(bench, transitDays: 1)
    return (bench, bench.sequencer.openSession(slot: 1))
  }

  private func publish(_ bench: Workbench, transitDays: UInt8) throws {
    try bench.sequencer.put(.network(network(transitDays: transitDays)))
    bench.sequencer.publish(try #require(bench.sequencer.nextProfileJob()).run())
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
  }

  /// The answer to a call, or the reason of its refusal.
  private func ask<Answer>(
    _ call: Call<Answer>, _ bench: Workbench, _ session: Session
  ) throws -> (answer: Answer?, reason: String) {
    var frame = FrameBuffer()
    _ = try #require(call.payload).withUnsafeBufferPointer {
      frame.appendRequest(streamID: 1, method: call.method, payload: $0, timeoutNano: 0)
    }
    var frames = bench.send(Array(frame.bytes), on: session)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    frames += Frame.take(from: session)
    return try #require(frames.first).data.withUnsafeBufferPointer { data in
      let envelope = try ResponseEnvelope(BorrowedBytes(data))
      if let status = envelope.status {
        return (nil, String(decoding: status.buffer, as: UTF8.self))
      }
      return (try call.decode(envelope.payload), "")
    }
  }

  @Test("an offer is explained, and an override shows in it")
  func explained() throws {
    let (bench, session) = try bench()
    let call = Call.explain(item: "A", postcode: "98109")
    let why = try #require(try ask(call, bench, session).answer)
    #expect(why.node == "N1" && why.zone == "SEA" && why.origin == 1)
    #expect(why.candidates.map(\.fate) == [UInt32(CandidateFate.chosen.rawValue)])
    #expect(why.steps.map(\.carrier) == ["Fast"] && why.steps[0].to.isEmpty)
    #expect(why.position == bench.sequencer.position)

    var entry = OverrideEntry(action: 1, reason: "recall", author: "ann")
    entry.node = "N1"
    let put = Call.putOverride(entry, key: "k")
    let id = try #require(try ask(put, bench, session).answer).id
    #expect(id == bench.sequencer.position)
    // The same intent again: the same answer, nothing new.
    #expect(try ask(put, bench, session).answer?.id == id && id == bench.sequencer.position)
    entry.node = ""
    let refused = try ask(Call.putOverride(entry, key: "empty"), bench, session)
    #expect(refused.reason.contains("FIELD_MISSING"))

    let blocked = try #require(try ask(call, bench, session).answer)
    #expect(blocked.outcome.number == UInt32(OutcomeCode.overrideBlocks.rawValue))
    #expect(blocked.overrides == [id] && blocked.asOf.position >= id)
    #expect(blocked.alternatives.map(\.subject) == ["\(id)"])
    _ = bench.send(Ask.offer(3, item: "A", postcode: "98109"), on: session)
    let list = try #require(try ask(Call.overrides(), bench, session).answer)
    #expect(list.overrides.map(\.id) == [id] && list.overrides[0].reason == "recall")
    #expect(list.overrides[0].consulted == 1 && list.overrides[0].differed == 1)

    let removal = Call.removeOverride(id: id, key: "r")
    #expect(try ask(removal, bench, session).answer?.id == id)
    #expect(try ask(removal, bench, session).answer?.id == id)
    let again = try ask(Call.removeOverride(id: id, key: "r2"), bench, session)
    #expect(again.reason.contains("OVERRIDE_UNKNOWN"))
    #expect(try ask(call, bench, session).answer?.node == "N1")
  }

  @Test("what a publication changed is told")
  func changed() throws {
    let (bench, session) = try bench()
    let early = try ask(Call.changed(sinceEpoch: 1), bench, session)
    #expect(early.reason.contains("EPOCH_NOT_KEPT"))
    try publish(bench, transitDays: 3)
    let changed = try #require(try ask(Call.changed(sinceEpoch: 1), bench, session).answer)
    #expect(changed.fromEpoch == 1 && changed.toEpoch == 2)
    #expect(changed.pairCount == 1 && changed.pairsCompared == 1)
    #expect(changed.promises.map(\.item) == ["A"] && changed.promises[0].zone == "SEA")
    #expect(changed.promises[0].dayAfter == changed.promises[0].dayBefore + 2)
  }
}
