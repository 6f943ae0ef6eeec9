import PromisedModel
import Testing

@testable import PromisedSequencer

/// Profiles are built beside the loop; by the time they are ready the network may be another.
@Suite("Publishing delivery profiles")
struct ProfileTests {
  private func network(transitDays: UInt8 = 1) -> NetworkRows {
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
        deliveryTimeZone: Name("Etc/UTC"))
    ]
    return rows
  }

  private func bench() throws -> (Workbench, Session) {
    let bench = Workbench()
    try bench.stock(["A"], onHand: 5)
    try bench.sequencer.put(.network(network()))
    return (bench, bench.sequencer.openSession(slot: 1))
  }

  /// The answer to an offer, once everything is durable.
  private func offer(_ bench: Workbench, _ session: Session, _ stream: UInt32) -> Frame? {
    var frames = bench.send(Ask.offer(stream, item: "A", postcode: "98109"), on: session)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    frames += Frame.take(from: session)
    return frames.first
  }

  private func publishNow(_ sequencer: Sequencer) throws {
    sequencer.publish(try #require(sequencer.nextProfileJob()).run())
    #expect(sequencer.isProfileCurrent && sequencer.nextProfileJob() == nil)
  }

  @Test("a network put while profiles are built discards them, and they are built again")
  func staleBuild() throws {
    let (bench, session) = try bench()
    let sequencer = bench.sequencer
    let stale = try #require(sequencer.nextProfileJob()).run()
    try sequencer.put(.network(network(transitDays: 3)))
    let before = sequencer.position
    sequencer.publish(stale)
    #expect(sequencer.position == before && sequencer.state.publication.epoch == 0)
    #expect(try #require(offer(bench, session, 1)).says("NETWORK_NOT_READY"))
    try publishNow(sequencer)
    #expect(sequencer.position == before + 1 && sequencer.state.publication.epoch == 1)
    #expect(try #require(offer(bench, session, 3)).isRefusal == false)
    // And the other way round: what answers goes on while the next is built.
    try sequencer.put(.network(network(transitDays: 2)))
    #expect(!sequencer.isProfileCurrent)
    #expect(try #require(offer(bench, session, 5)).isRefusal == false)
    try publishNow(sequencer)
    #expect(sequencer.state.publication.epoch == 2)
  }

  @Test("after a replacing load no offers, until profiles of the new network are published")
  func replacingLoad() throws {
    let (bench, session) = try bench()
    let sequencer = bench.sequencer
    try publishNow(sequencer)
    #expect(try #require(offer(bench, session, 1)).isRefusal == false)
    try sequencer.put(.network(network(transitDays: 2)))
    let stale = try #require(sequencer.nextProfileJob()).run()
    let load = LoadDescription(id: Name("L"), mode: .replace, chunkCount: 2, force: true)
    var rows = network(transitDays: 3)
    rows.timeZones = [
      TimeZoneFile(name: Name("Etc/UTC"), tzif: try #require(Workbench.utc()))
    ]
    let steps: [() throws -> Event?] = [
      { try sequencer.state.decide(begin: load, at: sequencer.now).event },
      { try sequencer.state.decide(chunk: 0, of: load.id, .network(rows)).event },
      { try sequencer.state.decide(chunk: 1, of: load.id, Workbench.positions(["A"], 5)).event },
      { try sequencer.state.decide(commitLoad: load.id).event },
    ]
    for step in steps { sequencer.commit(try #require(try step())) }
    #expect(try #require(offer(bench, session, 3)).says("NETWORK_NOT_READY"))
    let before = sequencer.position
    sequencer.publish(stale)
    #expect(sequencer.position == before)
    #expect(try #require(offer(bench, session, 5)).says("NETWORK_NOT_READY"))
    try publishNow(sequencer)
    #expect(try #require(offer(bench, session, 7)).isRefusal == false)
  }

  private func restarted(_ bench: Workbench) throws -> Workbench {
    let copy = Workbench()
    for (index, record) in bench.records.enumerated() {
      try record.withUnsafeBytes { try copy.sequencer.replay($0, at: UInt64(index + 1)) }
    }
    copy.sequencer.finishRecovery(time: bench.sequencer.now)
    return copy
  }

  private func restored(_ bench: Workbench) throws -> Workbench {
    let copy = Workbench()
    bench.sequencer.beginSnapshot()
    while let block = bench.sequencer.nextSnapshotBlock() {
      let bytes = block.encoded()
      try copy.sequencer.importBlock(kind: block.kind, bytes.bytes)
    }
    copy.sequencer.finishRestore(at: bench.sequencer.position, time: bench.sequencer.now)
    copy.sequencer.finishRecovery(time: bench.sequencer.now)
    return copy
  }

  @Test("a restart answers under the same epoch when nothing changed", arguments: [false, true])
  func sameEpoch(fromSnapshot: Bool) throws {
    let (bench, session) = try bench()
    try publishNow(bench.sequencer)
    let answer = try #require(offer(bench, session, 1))
    let copy = fromSnapshot ? try restored(bench) : try restarted(bench)
    copy.sequencer.beginBatch(realtime: bench.now)
    #expect(!copy.sequencer.isProfileCurrent)
    let other = copy.sequencer.openSession(slot: 1)
    #expect(try #require(offer(copy, other, 3)).says("NETWORK_NOT_READY"))
    try publishNow(copy.sequencer)
    #expect(copy.records.isEmpty && copy.sequencer.position == bench.sequencer.position)
    #expect(copy.sequencer.state.publication.epoch == 1)
    #expect(try #require(offer(copy, other, 1)) == answer)
    #expect(copy.sequencer.state.digest() == bench.sequencer.state.digest())
  }

  @Test("a restart counts on when the network changed or a day began", arguments: [false, true])
  func nextEpoch(fromSnapshot: Bool) throws {
    let (bench, _) = try bench()
    try publishNow(bench.sequencer)
    let nextDay = fromSnapshot ? try restored(bench) : try restarted(bench)
    nextDay.sequencer.beginBatch(realtime: UnixMilliseconds(bench.now.milliseconds + 86_400_000))
    try publishNow(nextDay.sequencer)
    #expect(nextDay.sequencer.state.publication.epoch == 2)
    // Put after the publication, and the server gone before new profiles were published.
    try bench.sequencer.put(.network(network(transitDays: 4)))
    let copy = fromSnapshot ? try restored(bench) : try restarted(bench)
    copy.sequencer.beginBatch(realtime: bench.now)
    try publishNow(copy.sequencer)
    #expect(copy.sequencer.state.publication.epoch == 2 && copy.records.count == 1)
  }
}
