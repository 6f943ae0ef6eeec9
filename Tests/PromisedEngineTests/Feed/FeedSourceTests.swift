import PromisedModel
import Testing

@testable import PromisedEngine

/// Sources, their sequences, and nodes that fall silent.
@Suite struct FeedSourceTests {
  /// Complaint 21: a deduplication key made of the quantity swallowed equal corrections.
  @Test func complaint21EqualMovementsAreTwoAndTheSameSequenceIsOne() throws {
    let desk = try Desk.small()
    let sell = Told("A", "F1", .shipment, 1)
    let restock = Told("A", "F1", .receipt, 1)
    #expect(try desk.tell(sell, restock, sell, restock, sell) == [.ok, .ok, .ok, .ok, .ok])
    #expect(desk.onHand("A", "F1") == 9)
    #expect(
      try desk.tell(sell, restock, sell, from: 4) == [.alreadyApplied, .alreadyApplied, .ok])
    #expect(desk.onHand("A", "F1") == 8 && desk.source().repeatedRows == 2)
    // A batch that is nothing but repeats is counted, and logs nothing.
    let position = desk.position
    #expect(try desk.tell(sell, from: 1) == [.alreadyApplied])
    #expect(desk.position == position && desk.source().repeatedRows == 3)
  }

  @Test func aSourceMayNumberWithGaps() throws {
    let desk = try Desk.small()
    func tell(_ sequences: [UInt64]) throws(Refusal) -> [OutcomeCode] {
      var rows = Rows.feed(
        sequences.map { _ in ("A", "F1", .receipt, 1) }, source: "log", from: 0)
      rows.details.sequences = sequences
      return try desk.tell(rows)
    }
    #expect(try tell([5, 9, 100]) == [.ok, .ok, .ok])
    #expect(try tell([9, 100, 101, 5000]) == [.alreadyApplied, .alreadyApplied, .ok, .ok])
    #expect(desk.source("log").lastSequence == 5000 && desk.source("log").isSparse)
    #expect(desk.source("log").gaps == 0 && desk.onHand("A", "F1") == 15)
    for wrong: [UInt64] in [[0], [6000, 6000], [6001, 6000], [.max]] {
      let refusal = desk.refusal { () throws(Refusal) in _ = try tell(wrong) }
      #expect(refusal?.code == .fieldOutOfRange)
    }
    #expect(try desk.reverse("log", 100, 101).reversedRows == 2)
    #expect(desk.onHand("A", "F1") == 13)
  }

  @Test func whatCannotComeAgainIsCountedAsMissing() throws {
    let desk = try Desk.small()
    var rows = Rows.feed([("A", "F1", .receipt, 1)], source: "till", from: 8)
    #expect(desk.refusal { () throws(Refusal) in _ = try desk.tell(rows) }?.code == .sequenceGap)
    rows.allowsGap = true
    #expect(try desk.tell(rows) == [.ok])
    rows.firstSequence = 9
    #expect(try desk.tell(rows) == [.ok])
    rows.firstSequence = 12
    #expect(try desk.tell(rows) == [.ok])
    #expect(desk.source("till").gaps == 7 + 2 && desk.source("till").lastSequence == 12)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func aSourceTooManyIsRefused() throws {
    let desk = try Desk.small()
    for number in 1...Limits.feedSources {
      _ = desk.state.sourceInserting(Name("s\(number)"))
    }
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.feed([("A", "F1", .receipt, 1)], source: "more", from: 1)
    }
    #expect(refusal?.code == .tooManySources)
    #expect(try desk.feed([("A", "F1", .receipt, 1)], source: "s7", from: 1) == [.ok])
  }

  // MARK: Silence

  private func silent(_ policy: SilencePolicy) throws -> Desk {
    let desk = try Desk.small()
    guard case .network(var rows) = Rows.nodes(["F1"]) else { return desk }
    rows.nodes[0].silence = SilenceRule(afterSeconds: 60, policy: policy, widenMinutes: 30)
    try desk.put(.network(rows))
    return desk
  }

  @Test func aNodeIsSilentOnceItWasHeardOfAndNoLonger() throws {
    let desk = try silent(.withhold)
    let node = try #require(desk.state.nodeIndex(Name("F1")))
    desk.now.milliseconds += 3_600_000
    #expect(desk.state.silence(of: node, at: desk.now) == .ignore)
    try desk.feed([("B", "F1", .receipt, 1)], from: 1)
    desk.now.milliseconds += 59_000
    #expect(desk.state.silence(of: node, at: desk.now) == .ignore)
    try desk.hold([Line("A", "F1", 1)])
    desk.now.milliseconds += 1000
    #expect(desk.state.silence(of: node, at: desk.now) == .withhold)
    #expect(desk.copied().silence(of: node, at: desk.now) == .withhold)
    let refusal = desk.refusal { () throws(Refusal) in try desk.hold([Line("A", "F1", 1)]) }
    #expect(refusal?.code == .insufficientStock && refusal?.availableUnits == 0)
    // Word that it is alive is enough, without any row.
    var alive = FeedRows()
    (alive.source, alive.aliveNodes) = (Name("wms"), [Name("F1"), Name("nowhere")])
    #expect(try desk.tell(alive) == [])
    #expect(desk.source().lastSequence == 1)
    #expect(desk.state.silence(of: node, at: desk.now) == .ignore)
    try desk.hold([Line("A", "F1", 1)])
  }

  @Test func warningsAndDelaysFollowThePolicy() throws {
    for policy in SilencePolicy.allCases {
      let desk = try silent(policy)
      try desk.feed([("B", "F1", .receipt, 1)], from: 1)
      desk.now.milliseconds += 61_000
      let node = try #require(desk.state.nodeIndex(Name("F1")))
      #expect(desk.state.silence(of: node, at: desk.now) == policy)
      #expect(
        desk.state.silenceDelaySeconds(node, at: desk.now) == (policy == .widen ? 1800 : 0))
      #expect(desk.state.isWithheldForSilence(node, at: desk.now) == (policy == .withhold))
      var reply = AvailabilityReply()
      try desk.state.answer(
        AvailabilityQuery(items: desk.lender.keys(["A"]), nodeNames: .empty), at: desk.now,
        into: &reply)
      #expect(reply.availableNow[0] == 10)
      #expect(reply.silence.count == (policy == .ignore ? 0 : 1))
      if policy != .ignore { #expect(reply.silence[0] == UInt32(policy.rawValue)) }
    }
  }
}
