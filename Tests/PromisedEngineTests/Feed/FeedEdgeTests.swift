import PromisedModel
import Testing

@testable import PromisedEngine

/// Rows of the feed at the edges of what is told, kept and allowed.
@Suite struct FeedEdgeTests {
  private let minute: Int64 = 60_000

  /// An operator's statement outdates what was counted before it, not what was counted at it.
  @Test func aCountAtTheInstantOfAStatementStands() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += minute
    try desk.put(Rows.positions([("A", "F1", 30, 0, 0)]))
    let stated = desk.now.milliseconds
    desk.now.milliseconds += minute
    #expect(
      try desk.tell(
        Told("A", "F1", .count, 9).with { $0.at = stated - 1 },
        Told("A", "F1", .count, 8).with { $0.at = stated }) == [.alreadyCounted, .ok])
    #expect(desk.onHand("A", "F1") == 8)
  }

  @Test func whatWasUndoneIsNothingThatHappenedSinceACount() throws {
    let desk = try Desk.small()
    let counted = desk.now.milliseconds
    desk.now.milliseconds += minute
    #expect(
      try desk.feed([("A", "F1", .shipment, 3), ("A", "F1", .shipment, 1)], from: 1) == [.ok, .ok])
    #expect(try desk.reverse("wms", 1, 1).reversedRows == 1)
    desk.now.milliseconds += minute
    #expect(try desk.tell(Told("A", "F1", .count, 20).with { $0.at = counted }) == [.ok])
    #expect(desk.onHand("A", "F1") == 19)
  }

  /// A source that leaves allocated units out of its counts has left out those of then, not those
  /// that its own batch has shipped since.
  @Test func aNetCountKnowsWhatItsOwnBatchHasShipped() throws {
    let desk = try Desk.small()
    let hold = try desk.hold([Line("A", "F1", 4)])
    try desk.change(hold, .commit)
    var rows = Rows.told(
      [Told("A", "F1", .shipment, 2).with { $0.hold = hold }, Told("A", "F1", .count, 6)],
      source: "erp", from: 1)
    rows.isNetOfAllocations = true
    #expect(try desk.tell(rows) == [.ok, .ok])
    #expect(desk.onHand("A", "F1") == 8 && desk.available("A", "F1") == 6)
  }

  @Test func theTableOfCountsKeepsTheLatestOfSoMany() {
    var counts = CountTable(limit: 3)
    counts.put(1, 0, instant: 100, toldAt: 200)
    counts.put(1, 0, instant: 99, toldAt: 201)
    #expect(counts.instant(1, 0) == 100 && counts.count == 1)
    counts.put(2, 0, instant: 50, toldAt: 202)
    counts.put(3, 0, instant: 60, toldAt: 203)
    counts.put(4, 0, instant: 70, toldAt: 204)
    #expect(counts.count == 3 && counts.instant(1, 0) == .min)
    counts.forget(toldBefore: 202)
    #expect(counts.count == 3)
    counts.forget(toldBefore: 203)
    #expect(counts.count == 2 && counts.instant(2, 0) == .min && counts.instant(3, 0) == 60)
  }

  /// Rows of several items that become known together are driven in the order in which they came.
  @Test func rowsOfSeveralItemsAreDrivenInTheirOrder() throws {
    let desk = try Desk.small()
    try desk.feed(
      [("n2", "F1", .shipment, 1), ("n1", "F1", .shipment, 1), ("n2", "F1", .shipment, 1)], from: 1)
    try desk.put(Rows.items([Rows.Item(key: "n1"), Rows.Item(key: "n2")]))
    #expect(desk.state.parkedFailures.rows.map(\.row.sequence) == [1, 2, 3])
    #expect(desk.state.parked.count == 0 && desk.state.parked.byteCount == 0)
  }

  @Test func conditionsTogetherAreNoMoreThanAPositionCounts() throws {
    let desk = try Desk.small()
    let most = Int64(Limits.unitsPerPosition)
    #expect(
      try desk.feed(
        [
          ("A", "F1", .unfulfillable, most), ("A", "F1", .researching, 1),
          ("A", "F1", .unfulfillable, most - 1), ("A", "F1", .researching, 1),
        ], from: 1) == [.ok, .quantityOverflow, .ok, .ok])
    #expect(desk.row("A", "F1")?.encumbered == Limits.unitsPerPosition)
  }

  /// What is undone must leave amounts that can be told, each and together.
  @Test func nothingIsUndoneBeyondWhatAPositionCounts() throws {
    let desk = try Desk.small()
    let most = Int64(Limits.unitsPerPosition)
    try desk.feed(
      [
        ("A", "F1", .shipment, 5), ("A", "F1", .count, most), ("B", "F1", .unfulfillable, most),
        ("B", "F1", .unfulfillable, 0), ("B", "F1", .researching, most / 2),
      ], from: 1)
    let onHand = try desk.reverse("wms", 1, 1)
    #expect(onHand.keptRows == 1 && onHand.reversedRows == 0)
    #expect(
      (0..<onHand.keptCodes.count).map { onHand.keptCodes[$0] } == [
        UInt32(OutcomeCode.quantityOverflow.rawValue)
      ])
    let conditions = try desk.reverse("wms", 4, 4)
    #expect(conditions.keptRows == 1 && conditions.reversedRows == 0)
    #expect(desk.onHand("A", "F1") == Limits.unitsPerPosition)
    #expect(desk.parts("B", "F1")?.unfulfillable == 0)
    // With room again both can be undone.
    try desk.feed([("A", "F1", .count, most - 5), ("B", "F1", .researching, 0)], from: 6)
    #expect(
      try desk.reverse("wms", 1, 1).reversedRows == 1 && desk.reverse("wms", 4, 4).reversedRows == 1
    )
    #expect(desk.onHand("A", "F1") == Limits.unitsPerPosition)
    #expect(desk.parts("B", "F1")?.unfulfillable == Limits.unitsPerPosition)
  }

  /// More than any column counts is refused like a unit too many.
  @Test func whatIsUndoneDoesNotOverflow() throws {
    let desk = try Desk.small()
    let most = Int64(Limits.unitsPerPosition)
    try desk.feed(
      [("A", "F1", .count, most), ("A", "F1", .shipment, most / 2), ("A", "F1", .count, most)],
      from: 1)
    let kept = try desk.reverse("wms", 2, 2)
    #expect(kept.keptRows == 1 && kept.reversedRows == 0)
    #expect(kept.keptCodes[0] == UInt32(OutcomeCode.quantityOverflow.rawValue))
    #expect(desk.onHand("A", "F1") == Limits.unitsPerPosition)
  }

  /// The first row that can be undone is the one behind the last that was forgotten.
  @Test func whatIsForgottenIsNotUndone() throws {
    let desk = Desk(state: State(journalRows: 4096))
    try desk.put(Rows.nodes(["F1"]))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A")]))
    for batch in 0..<6 {
      desk.now.milliseconds += minute
      try desk.feed(
        Array(repeating: ("A", "F1", .receipt, 1), count: 1000), from: UInt64(batch) * 1000 + 1)
    }
    let forgotten = desk.state.sources[0].forgotten
    #expect(forgotten >= 1000 && forgotten < 6000)
    let refusal = desk.refusal { () throws(Refusal) in _ = try desk.reverse("wms", forgotten, 6000)
    }
    #expect(refusal?.code == .feedNotKept)
    #expect(
      refusal?.message.contains("from_sequence \(forgotten + 1) is the first that can") == true)
    #expect(try desk.reverse("wms", forgotten + 1, 6000).reversedRows == 6000 - forgotten)
    #expect(desk.onHand("A", "F1") == Int32(forgotten))
  }

  /// The feed has spoken of one node: the other was never heard of, and is not silent.
  @Test func aNodeThatWasNeverHeardOfIsNotSilent() throws {
    let desk = try Desk.small()
    guard case .network(var rows) = Rows.nodes(["F1", "F2"]) else { return }
    for node in 0...1 {
      rows.nodes[node].silence = SilenceRule(
        afterSeconds: 60, policy: .withhold, widenMinutes: 0)
    }
    try desk.put(.network(rows))
    try desk.feed([("A", "F2", .receipt, 1)], from: 1)
    desk.now.milliseconds += minute
    #expect(desk.claimable("A", "F1") == 10 && desk.claimable("A", "F2") == 0)
  }

  @Test func anAnnouncementIsNotUndoneBelowWhatIsStillUnderWay() throws {
    let desk = try Desk.small()
    let told = Told("A", "F2", .inbound, 20).with {
      ($0.reference, $0.eta) = ("IN", desk.now.seconds + 900)
    }
    try desk.tell(told, Told("A", "F2", .inboundReceipt, 15).with { $0.reference = "IN" })
    let kept = try desk.reverse("wms", 1, 1)
    #expect(kept.keptRows == 1 && kept.keptCodes[0] == UInt32(OutcomeCode.cannotBeUndone.rawValue))
    #expect(desk.inbound("IN", "A", "F2")?.quantity == 5)
  }

  /// Entries of one row leave the journal together.
  @Test func aRowIsForgottenWhole() throws {
    let desk = Desk(state: State(journalRows: 4095))
    try desk.put(Rows.nodes(["F1"]))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A")]))
    let row = Told("A", "F1", .returned, 1).with { $0.disposition = .unfulfillable }
    for batch in 0..<30 {
      try desk.tell(
        Rows.told(
          Array(repeating: row, count: 100), source: "wms", from: UInt64(batch) * 100 + 1))
      let first = desk.state.journal.first
      #expect(!desk.state.journal[first].continues, "after batch \(batch)")
    }
    #expect(desk.state.journal.first > 0 && desk.state.journal.count <= 4095)
  }

  @Test func theLastOccurrenceOfASourceIsTheLatest() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 10 * minute
    let now = desk.now.milliseconds
    try desk.tell(Told("A", "F1", .receipt, 1).with { $0.at = now - minute })
    try desk.tell(Told("A", "F1", .receipt, 1).with { $0.at = now - 2 * minute })
    #expect(desk.source().lastOccurredMilliseconds == now - minute)
  }

  @Test func rowsThatWaitTakeNoMoreBytesThanTheyMay() throws {
    let desk = try Desk.small()
    let long = Name(String(repeating: "x", count: 60))
    var row = ParkedRow()
    (row.source, row.item, row.node, row.reference, row.kind) = (Name("wms"), long, long, long, 1)
    let most = Limits.parkedBytes / ParkedTable.bytes(of: row)
    for number in 1...most { desk.state.parked.park(row, until: .item, number: UInt64(number)) }
    #expect(desk.state.parked.count < Limits.parkedRows)
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.feed((0..<3).map { ("\($0)\(long)", "F1", .receipt, 5) }, from: 1)
    }
    #expect(refusal?.code == .parkedFull)
  }

  @Test func aBatchHasSoManyRows() throws {
    let desk = try Desk.small()
    func code(_ count: Int) -> OutcomeCode? {
      let rows = Rows.feed(
        Array(repeating: ("A", "F1", .receipt, 1), count: count), source: "wms", from: 0)
      return desk.code { () throws(Refusal) in try desk.state.check(feed: rows) }
    }
    // A sequence of 0 is what is wrong with it then.
    #expect(code(Limits.batchRows) == .fieldOutOfRange)
    #expect(code(Limits.batchRows + 1) == .tooManyRows)
  }

  @Test func fieldsOfARowHaveTheirEnds() throws {
    let desk = try Desk.small()
    let eta = desk.now.seconds + Limits.arrivalSpreadSeconds
    let inbound = Told("A", "F1", .inbound, 1).with { ($0.reference, $0.eta) = ("T", eta) }
    #expect(
      try desk.tell(
        inbound.with { $0.early = eta - Limits.arrivalSpreadSeconds - 1 },
        inbound.with { $0.early = eta - Limits.arrivalSpreadSeconds },
        inbound.with { $0.eta = 253_402_300_800 }, inbound.with { $0.eta = 253_402_300_799 })
        == [.fieldOutOfRange, .ok, .fieldOutOfRange, .ok])
    for (disposition, from, cause) in [(UInt8(4), UInt8(0), UInt8(0)), (0, 4, 0), (0, 0, 8)] {
      var rows = Rows.told(
        [Told("A", "F1", .returned, 1)], source: "other",
        from: desk.state.lastSequence(of: Name("other")) + 1)
      rows.details.dispositions = [disposition]
      rows.details.fromDispositions = [from]
      rows.details.causes = [cause]
      #expect(try desk.tell(rows) == [.fieldOutOfRange])
    }
    // A condition counts with those that are there: one of B is unfulfillable.
    let most = Int64(Limits.unitsPerPosition)
    #expect(
      try desk.feed(
        [("B", "F1", .researching, most), ("B", "F1", .researching, most - 1)], source: "plain",
        from: 1) == [.quantityOverflow, .ok])
  }

  /// A count that is refused saw nothing: what happened before it still counts.
  @Test func aRefusedCountIsNone() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 60 * minute
    let now = desk.now.milliseconds
    try desk.tell(Told("A", "F1", .receipt, 5).with { $0.at = now - 5 * minute })
    #expect(
      try desk.tell(
        Told("A", "F1", .count, Int64(Limits.unitsPerPosition)).with { $0.at = now - 10 * minute },
        Told("A", "F1", .shipment, 1).with { $0.at = now - 20 * minute })
        == [.quantityOverflow, .ok])
    #expect(desk.onHand("A", "F1") == 14)
    // Eight have left since then of five that were counted.
    try desk.tell(Told("A", "F1", .shipment, 8).with { $0.at = now - minute })
    #expect(
      try desk.tell(Told("A", "F1", .count, 5).with { $0.at = now - 2 * minute })
        == [.onHandNegative])
    #expect(desk.onHand("A", "F1") == 6)
  }
}
