import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct LearnedTests {
  private func delays(_ leg: String, _ minutes: Int32, count: Int, day: Int32) -> ObservationRows {
    var rows = ObservationRows()
    for _ in 0..<count { rows.append(.legDelay, leg, day: day, minutes: minutes) }
    return rows
  }

  @Test func delaysOfALegAreLearnedAdoptedAndKept() throws {
    let world = try PromiseWorld(PromiseWorld.Room())
    let desk = world.desk
    let day = Int32(desk.now.seconds / 86_400)
    var rows = delays("F1-DS", 60, count: 120, day: day)
    rows.append(.legDelay, "NO-LEG", day: day, minutes: 5)
    rows.append(.legDelay, "F1-DS", day: day, minutes: 20_000)
    var codes: [UInt32] = []
    let accepted = try desk.state.decide(rows, at: desk.now, codes: &codes)
    let learned = try #require(accepted)
    #expect(codes.prefix(120).allSatisfy { $0 == 0 } && learned.kinds.count == 120)
    #expect(codes[120] == UInt32(OutcomeCode.legUnknown.rawValue))
    #expect(codes[121] == UInt32(OutcomeCode.fieldOutOfRange.rawValue))
    desk.apply(.observed(desk.command("o1"), learned))
    #expect(!desk.state.isAdoptionDue(at: desk.now))
    desk.now.milliseconds += 3_600_000
    #expect(desk.state.isAdoptionDue(at: desk.now))
    let before = desk.state.network.revision
    desk.apply(.learningAdopted)
    #expect(desk.state.network.revision == before + 1)
    #expect(!desk.state.isAdoptionDue(at: desk.now))
    let leg = desk.state.network.legNames.index(of: Name("F1-DS")) ?? 0
    let adopted = desk.state.network.adopted.legs[leg]
    // 120 of its own against 40 of a parent that saw nothing else.
    #expect(
      adopted.source == .learned && adopted.outcomes.last?.minutes == 60)
    #expect((adopted.outcomes.last?.probability ?? 0) > 58_000)
    #expect(adopted.outcomes.reduce(0) { $0 + Int($1.probability) } == 65_535)
    #expect(world.copied().digest() == desk.state.digest())
  }

  @Test func aPromiseReportedDeliveredCountsInAccuracy() throws {
    let world = try PromiseWorld(PromiseWorld.Room())
    let desk = world.desk
    let id = try world.redeem([try world.token("A", quantity: 1)])
    try desk.change(id, .commit)
    let promised = world.shipments(id)[0].windowToUnixSeconds
    desk.now.milliseconds = (promised + 60) * 1000
    let query = AccuracyQuery(grouping: .all)
    #expect(try desk.state.answer(query, at: desk.now)[0].overdue == 1)
    var rows = ObservationRows()
    rows.append(.delivery, "", day: 0, minutes: 0)
    rows.holdIDs[0] = id
    rows.atUnixSeconds[0] = promised
    var codes: [UInt32] = []
    let accepted = try desk.state.decide(rows, at: desk.now, codes: &codes)
    let learned = try #require(accepted)
    desk.apply(.observed(desk.command("o2"), learned))
    let row = try desk.state.answer(query, at: desk.now)[0]
    #expect(row.delivered == 1 && row.onTime == 1 && row.overdue == 0 && row.coverage == 65_535)
    // One outcome says little: the interval is wide.
    #expect(row.coverageLow < 20_000 && row.coverageHigh == 65_535)
    let again = try desk.state.decide(rows, at: desk.now, codes: &codes)
    #expect(again == nil)
    #expect(codes == [UInt32(OutcomeCode.holdUnknown.rawValue)])
    #expect(world.copied().digest() == desk.state.digest())
  }

  /// 18 of 20: 0.699 to 0.972 by Wilson's formula.
  @Test func theIntervalIsWilsons() {
    let bounds = WilsonInterval.bounds(18, of: 20)
    #expect(abs(Double(bounds.low) / 65_535 - 0.6990) < 0.001)
    #expect(abs(Double(bounds.high) / 65_535 - 0.9721) < 0.001)
    #expect(WilsonInterval.bounds(0, of: 5).low == 0)
    #expect(WilsonInterval.squareRoot(99) == 9 && WilsonInterval.squareRoot(100) == 10)
  }
}

extension ObservationRows {
  mutating func append(_ kind: ObservationKind, _ subject: String, day: Int32, minutes: Int32) {
    kinds.append(kind.rawValue)
    subjects.append(Array(subject.utf8))
    services.append([UInt8]())
    zones.append([UInt8]())
    days.append(day)
    self.minutes.append(minutes)
    holdIDs.append(0)
    shipments.append(0)
    atUnixSeconds.append(0)
  }
}
