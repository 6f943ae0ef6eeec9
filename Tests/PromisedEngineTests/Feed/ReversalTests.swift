import PromisedModel
import Testing

@testable import PromisedEngine

/// A source's range undone, newest first.
@Suite struct ReversalTests {
  /// A count without an instant says nothing of what happened before it, also when a later one that
  /// did is undone.
  @Test func aCountOfNoInstantIsNoneAfterAReversal() throws {
    let desk = try Desk.small()
    let early = desk.now.milliseconds
    desk.now.milliseconds += 60_000
    try desk.tell(Told("A", "F1", .count, 20))
    desk.now.milliseconds += 60_000
    let counted = desk.now.milliseconds
    desk.now.milliseconds += 60_000
    try desk.tell(Told("A", "F1", .count, 30).with { $0.at = counted })
    #expect(try desk.reverse("wms", 2, 2).reversedRows == 1)
    #expect(desk.onHand("A", "F1") == 20 && desk.state.counts.count == 0)
    #expect(try desk.tell(Told("A", "F1", .receipt, 3).with { $0.at = early }) == [.ok])
    #expect(desk.onHand("A", "F1") == 23)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func aRangeIsUndoneOnceAndNothingElse() throws {
    let desk = try Desk.small()
    let eta = desk.now.seconds + 60
    try desk.feed([("A", "F1", .receipt, 7)], source: "other", from: 1)
    try desk.tell(
      Told("A", "F1", .receipt, 5),
      Told("A", "F1", .transferOut, 3).with {
        ($0.reference, $0.to, $0.eta) = ("T", "F2", eta)
      },
      Told("A", "F1", .returned, 2).with { $0.disposition = .unfulfillable },
      Told("A", "F1", .count, 30), Told("A", "F2", .transferIn, 1).with { $0.reference = "T" })
    #expect(desk.onHand("A", "F1") == 30 && desk.inbound("T", "A", "F2")?.quantity == 2)
    let part = try desk.reverse("wms", 3, 5)
    #expect(part.reversedRows == 3 && part.keptRows == 0)
    #expect(desk.onHand("A", "F1") == 19 && desk.onHand("A", "F2") == 0)
    #expect(desk.parts("A", "F1")?.unfulfillable == 0)
    #expect(desk.inbound("T", "A", "F2")?.quantity == 3)
    // Overlapping: what was undone stays undone once.
    let whole = try desk.reverse("wms", 1, 9)
    #expect(whole.reversedRows == 2)
    #expect(desk.onHand("A", "F1") == 17 && desk.inbound("T", "A", "F2") == nil)
    #expect(try desk.reverse("wms", 1, 9).reversedRows == 0)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func whatCannotBeUndoneStaysWholeAndIsNamed() throws {
    let desk = try Desk.small()
    let hold = try desk.hold([Line("A", "F1", 2)])
    try desk.change(hold, .commit)
    let told = Told("A", "F2", .inbound, 4).with {
      ($0.reference, $0.eta) = ("IN", desk.now.seconds + 9)
    }
    try desk.tell(
      Told("A", "F2", .receipt, 5), Told("A", "F1", .shipment, 2).with { $0.hold = hold }, told,
      told.with { $0.eta += 60 }, told.with { $0.quantity = 0 })
    try desk.feed([("A", "F2", .shipment, 4)], source: "other", from: 1)
    let reply = try desk.reverse("wms", 1, 5)
    #expect(reply.keptSequences == [1, 2, 3, 4, 5] && reply.reversedRows == 0)
    let (kept, negative) = (
      UInt32(OutcomeCode.cannotBeUndone.rawValue), UInt32(OutcomeCode.onHandNegative.rawValue)
    )
    #expect(reply.keptCodes == [negative, kept, kept, kept, kept] && reply.keptRows == 5)
    #expect(desk.onHand("A", "F1") == 8 && desk.onHand("A", "F2") == 1)
    // Once the stock allows it, it goes.
    try desk.feed([("A", "F2", .receipt, 4)], source: "other", from: 2)
    #expect(try desk.reverse("wms", 1, 1).reversedRows == 1 && desk.onHand("A", "F2") == 0)
  }

  @Test func rangesThatAreNotKeptNameTheFirstThatIs() throws {
    let desk = Desk(state: State(journalRows: 4096))
    try desk.put(Rows.nodes(["F1"]))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A")]))
    for batch in 0..<6 {
      try desk.feed(
        Array(repeating: ("A", "F1", .receipt, 1), count: 1000), from: UInt64(batch * 1000 + 1))
    }
    func refusal(_ source: String, _ from: UInt64, _ to: UInt64) -> Refusal? {
      desk.refusal { () throws(Refusal) in _ = try desk.reverse(source, from, to) }
    }
    let old = refusal("wms", 1, 10)
    #expect(old?.code == .feedNotKept)
    let first = 6000 - desk.state.counters.journalRows + 1
    #expect(old?.message.contains("from_sequence \(first) ") == true, "\(old?.message ?? "")")
    #expect(try desk.reverse("wms", UInt64(first), 6000).reversedRows == UInt64(6001 - first))
    #expect(desk.onHand("A", "F1") == Int32(first - 1))
    #expect(refusal("nobody", 1, 10)?.code == .feedNotKept)
    #expect(refusal("wms", 0, 10)?.code == .fieldOutOfRange)
    #expect(refusal("wms", 9, 8)?.code == .fieldOutOfRange)
  }

  /// The count before the one that is undone holds again.
  @Test func anUndoneCountGivesWayToTheOneBefore() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 3_600_000
    let now = desk.now.milliseconds
    try desk.tell(
      Told("A", "F1", .count, 20).with { $0.at = now - 600_000 },
      Told("A", "F1", .count, 5).with { $0.at = now - 60_000 })
    let late = Told("A", "F1", .receipt, 1).with { $0.at = now - 300_000 }
    #expect(try desk.tell(late) == [.alreadyCounted])
    #expect(try desk.reverse("wms", 2, 2).reversedRows == 1)
    #expect(desk.onHand("A", "F1") == 20)
    #expect(try desk.tell(late, late.with { $0.at = now - 900_000 }) == [.ok, .alreadyCounted])
    #expect(desk.onHand("A", "F1") == 21)
  }

  @Test func aReversalIsDecidedOnceUnderItsKey() throws {
    let desk = try Desk.small()
    try desk.feed([("A", "F1", .receipt, 5)], from: 1)
    _ = try desk.reverse("wms", 1, 1, key: "undo")
    let (outcome, _) = try #require(try desk.state.recall(desk.command("undo"), at: desk.now))
    #expect(outcome.availableUnits == 1 && outcome.row == 0)
    #expect(desk.onHand("A", "F1") == 10)
  }
}
