import PromisedModel
import Testing

@testable import PromisedEngine

/// Counts of an instant, and what moved before and after it.
@Suite struct CountInstantTests {
  private let minute: Int64 = 60_000

  private func at(_ desk: Desk, _ minutes: Int64) -> Int64 {
    desk.now.milliseconds + minutes * minute
  }

  @Test func aCountIsReconciledWithWhatMovedSince() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 60 * minute
    // Told in order: a shipment before the count, one after it, a receipt after it.
    #expect(
      try desk.tell(
        Told("A", "F1", .shipment, 2).with { $0.at = at(desk, -30) },
        Told("A", "F1", .shipment, 1).with { $0.at = at(desk, -10) },
        Told("A", "F1", .receipt, 5)) == [.ok, .ok, .ok])
    desk.now.milliseconds += minute
    #expect(
      try desk.tell(Told("A", "F1", .count, 7).with { $0.at = at(desk, -21) }) == [.ok])
    #expect(desk.onHand("A", "F1") == 11)
    // Another position of the same item has nothing to do with it.
    #expect(try desk.tell(Told("A", "F2", .count, 3).with { $0.at = at(desk, -21) }) == [.ok])
    #expect(desk.onHand("A", "F2") == 3)
  }

  @Test func whatTheCountSawIsNotCountedAgain() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 60 * minute
    #expect(
      try desk.tell(Told("A", "F1", .count, 20).with { $0.at = at(desk, -10) }) == [.ok])
    #expect(
      try desk.tell(
        Told("A", "F1", .shipment, 3).with { $0.at = at(desk, -15) },
        Told("A", "F1", .receipt, 4).with { $0.at = at(desk, -10) },
        Told("A", "F1", .shipment, 1).with { $0.at = at(desk, -9) },
        // Late, and of an earlier instant than the last count.
        Told("A", "F1", .count, 99).with { $0.at = at(desk, -11) },
        // As it is told: after the count, whenever that is.
        Told("A", "F1", .receipt, 2)) == [
          .alreadyCounted, .alreadyCounted, .ok, .alreadyCounted, .ok,
        ])
    #expect(desk.onHand("A", "F1") == 21)
    #expect(desk.source().refusedRows == 0 && desk.source().lastSequence == 6)
  }

  @Test func whatIsUnderWayOrAllocatedFollowsAlthoughTheUnitsWereCounted() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 60 * minute
    let hold = try desk.hold([Line("A", "F1", 2)])
    try desk.change(hold, .commit)
    try desk.tell(
      Told("A", "F1", .inbound, 5).with { ($0.reference, $0.eta) = ("IN", desk.now.seconds + 9) },
      Told("A", "F1", .count, 20).with { $0.at = at(desk, -10) })
    #expect(
      try desk.tell(
        Told("A", "F1", .inboundReceipt, 5).with { ($0.reference, $0.at) = ("IN", at(desk, -20)) },
        Told("A", "F1", .shipment, 2).with { ($0.hold, $0.at) = (hold, at(desk, -20)) },
        Told("A", "F1", .returned, 1).with {
          ($0.disposition, $0.at) = (.unfulfillable, at(desk, -20))
        }) == [.alreadyCounted, .alreadyCounted, .alreadyCounted])
    #expect(desk.onHand("A", "F1") == 20 && desk.inbound("IN", "A", "F1") == nil)
    #expect(desk.row("A", "F1")?.reserved == 0 && desk.parts("A", "F1")?.unfulfillable == 1)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func countsOfOneBatchSeeTheMovementsBeforeThem() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 60 * minute
    #expect(
      try desk.tell(
        Told("A", "F1", .shipment, 3).with { $0.at = at(desk, -5) },
        Told("A", "F1", .count, 50).with { $0.at = at(desk, -10) },
        Told("A", "F1", .count, 60).with { $0.at = at(desk, -1) },
        Told("A", "F1", .receipt, 1).with { $0.at = at(desk, -2) },
        // The future is now.
        Told("A", "F1", .receipt, 1).with { $0.at = at(desk, 600) }) == [
          .ok, .ok, .ok, .alreadyCounted, .ok,
        ])
    #expect(desk.onHand("A", "F1") == 61)
    #expect(desk.source().lastOccurredMilliseconds == desk.now.milliseconds)
  }

  @Test func theLatestCountOfABatchStandsInWhateverOrderTheyCome() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 60 * minute
    #expect(
      try desk.tell(
        Told("A", "F1", .count, 20).with { $0.at = at(desk, -1) },
        Told("A", "F1", .count, 99).with { $0.at = at(desk, -5) }) == [.ok, .alreadyCounted])
    #expect(desk.onHand("A", "F1") == 20)
    // One that was told without its instant was made when it was told.
    try desk.feed(
      [("A", "F1", .count, 30)], from: desk.state.lastSequence(of: Name("wms")) + 1)
    desk.now.milliseconds += minute
    #expect(
      try desk.tell(Told("A", "F1", .count, 7).with { $0.at = at(desk, -2) })
        == [.alreadyCounted])
    #expect(desk.onHand("A", "F1") == 30)
  }

  @Test func aCountOlderThanTheJournalSaysSo() throws {
    let desk = Desk(state: State(journalRows: 4096))
    try desk.put(Rows.nodes(["F1"]))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A"), Rows.Item(key: "B")]))
    let start = desk.now.milliseconds
    for _ in 0..<10 {
      desk.now.milliseconds += minute
      try desk.feed(
        Array(repeating: ("A", "F1", .receipt, 1), count: 1000),
        from: desk.state.lastSequence(of: Name("wms")) + 1)
    }
    #expect(desk.state.counters.journalRows <= 4096)
    let late = Told("B", "F1", .count, 5)
    #expect(try desk.tell(late.with { $0.at = start }) == [.countTooOld])
    #expect(try desk.tell(late.with { $0.at = start + 9 * minute }) == [.ok])
    // By age too, even when there was room.
    desk.now.milliseconds += 25 * 60 * minute
    try desk.feed([("A", "F1", .receipt, 1)], from: desk.state.lastSequence(of: Name("wms")) + 1)
    #expect(desk.state.counters.journalRows == 1 && desk.state.counts.count == 0)
    #expect(try desk.tell(late.with { $0.at = start + 9 * minute }) == [.countTooOld])
  }

  @Test func aSourceNetOfAllocationsKnowsWhatLeftWithThem() throws {
    let desk = try Desk.small()
    let hold = try desk.hold([Line("A", "F1", 4)])
    try desk.change(hold, .commit)
    desk.now.milliseconds += 60 * minute
    // Counted ten minutes ago: six beside the four that are allocated; one of those left since.
    try desk.tell(
      Told("A", "F1", .shipment, 1).with { ($0.hold, $0.at) = (hold, at(desk, -5)) },
      Told("A", "F1", .shipment, 2).with { $0.at = at(desk, -5) })
    var net = Rows.told(
      [Told("A", "F1", .count, 6).with { $0.at = at(desk, -10) }], source: "erp", from: 1)
    net.isNetOfAllocations = true
    #expect(try desk.tell(net) == [.ok])
    // The two that left otherwise are gone, and three are allocated.
    #expect(desk.onHand("A", "F1") == 7)
  }
}
