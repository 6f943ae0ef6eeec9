import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct FeedTests {
  @Test func eachRowHasItsFateAndSeesTheRowsBefore() throws {
    let desk = try Desk.small()
    let codes = try desk.feed(
      [
        ("A", "F1", .shipment, 8), ("A", "F1", .shipment, 3), ("A", "F1", .receipt, 2),
        ("A", "F1", .shipment, 4), ("A", "F9", .receipt, 1), ("new", "F2", .receipt, 5),
        ("a key that does not pack", "F2", .receipt, 5),
        ("a key that does not pack", "F2", .shipment, 6),
        ("a key that does not pacK", "F2", .shipment, -1), ("A", "F1", .receipt, 2_000_000_001),
        ("A", "F1", .receipt, -1), ("A", "F2", .count, 7), ("", "F1", .receipt, 1),
        ("A", "F1", .adjustment, -1), ("A", "F3", .receipt, 2_000_000_000),
        ("A", "F3", .adjustment, 1),
      ], from: 1)
    #expect(
      codes == [
        .ok, .onHandNegative, .ok, .ok, .rowParked, .rowParked, .rowParked, .rowParked,
        .fieldOutOfRange,
        .quantityOverflow, .fieldOutOfRange, .ok, .keyInvalid, .onHandNegative, .ok,
        .quantityOverflow,
      ])
    #expect(desk.row("A", "F1")?.onHand == 0 && desk.row("A", "F2")?.onHand == 7)
    #expect(desk.row("new", "F2") == nil && desk.state.parked.count == 4)
    #expect(desk.state.itemKeys.token(desk.lender.bytes("a key that does not pacK")) == 0)
  }

  /// Rows are looked up in groups before any of them is applied; items that a group adds move those
  /// that were found, and make the table grow.
  @Test func aBatchIsTheSameAsItsRowsOneByOne() throws {
    var rows: [(String, String, MovementKind, Int64)] = []
    for index in 0..<600 {
      let key = index % 3 == 0 ? "an item with a long key \(index % 97)" : "I\(index * 7 % 211)"
      rows.append((key, "F\(index % 3 + 1)", .receipt, Int64(index + 1)))
      rows.append((key, "F\(index % 2 + 1)", index % 5 == 0 ? .withheld : .shipment, 2))
    }
    let (whole, single) = (try Desk.small(), try Desk.small())
    // Half of the items are known, and every third of those has no row yet.
    let known = Set(rows.map(\.0)).sorted().enumerated().filter { $0.offset % 2 == 0 }.map(
      \.element)
    for desk in [whole, single] {
      for (index, key) in known.enumerated() where index % 3 > 0 {
        try desk.put(Rows.positions([(key, "F1", 5, 0, 0)]))
      }
      try desk.put(
        Rows.items(known.enumerated().filter { $0.offset % 3 == 0 }.map { Rows.Item(key: $1) }))
    }
    let codes = try whole.feed(rows, from: 1)
    for (index, row) in rows.enumerated() {
      #expect(try single.feed([row], from: UInt64(index + 1)) == [codes[index]])
    }
    #expect(codes.contains(.ok) && codes.contains(.onHandNegative) && codes.contains(.rowParked))
    #expect(stock(of: whole, rows) == stock(of: single, rows))
    #expect(whole.state.parked.count == single.state.parked.count)
  }

  private func stock(
    of desk: Desk, _ rows: [(String, String, MovementKind, Int64)]
  ) -> [String: [Int32]] {
    var stock: [String: [Int32]] = [:]
    for (key, node, _, _) in rows {
      if let row = desk.row(key, node) {
        stock["\(key)@\(node)"] = [row.onHand, row.encumbered, row.reserved]
      }
    }
    return stock
  }

  @Test func unknownKindsAndIndexesAreRowOutcomes() throws {
    let desk = try Desk.small()
    var rows = Rows.feed(
      [("A", "F1", .receipt, 1), ("A", "F1", .receipt, 1)], source: "s", from: 1)
    rows.kinds[0] = 99
    rows.nodes[1] = 7
    var reply = FeedReply()
    let event = try desk.state.decide(rows, at: desk.now, reply: &reply)
    #expect(reply.codes[0] == UInt32(OutcomeCode.fieldOutOfRange.rawValue))
    #expect(reply.codes[1] == UInt32(OutcomeCode.nodeUnknown.rawValue))
    #expect(event.keys.count == 0 && event.lastSequence == 2)
  }

  @Test func sequencesAreAppliedOnceAndWithoutGaps() throws {
    let desk = try Desk.small()
    #expect(
      try desk.feed([("A", "F1", .receipt, 1), ("A", "F1", .receipt, 1)], from: 1) == [.ok, .ok])
    #expect(
      try desk.feed([("A", "F1", .receipt, 1), ("A", "F1", .receipt, 1)], from: 2)
        == [.alreadyApplied, .ok])
    #expect(desk.row("A", "F1")?.onHand == 13)
    let before = desk.position
    #expect(try desk.feed([("A", "F1", .receipt, 1)], from: 1) == [.alreadyApplied])
    #expect(desk.position == before && desk.state.lastSequence(of: Name("wms")) == 3)
    let gap = desk.refusal { () throws(Refusal) in
      try desk.feed([("A", "F1", .receipt, 1)], from: 5)
    }
    #expect(gap?.code == .sequenceGap && gap?.message.contains("expected 4") == true)
    #expect(try desk.feed([("A", "F1", .receipt, 1)], source: "other", from: 1) == [.ok])
    // A refused row is consumed with its sequence.
    #expect(try desk.feed([("A", "F1", .receipt, -1)], from: 4) == [.fieldOutOfRange])
    #expect(desk.state.lastSequence(of: Name("wms")) == 4)
  }

  @Test func wholeBatchesAreRefusedForTheirForm() throws {
    let desk = try Desk.small()
    func code(_ change: (inout FeedRows) -> Void) -> OutcomeCode? {
      var rows = Rows.feed([("A", "F1", .receipt, 1)], source: "s", from: 1)
      change(&rows)
      var reply = FeedReply()
      return desk.refusal { () throws(Refusal) in
        _ = try desk.state.decide(rows, at: desk.now, reply: &reply)
      }?
      .code
    }
    #expect(code { _ in } == nil)
    #expect(code { $0.source = .empty } == .keyInvalid)
    #expect(code { $0.kinds = [] } == .columnLengthMismatch)
    #expect(code { $0.keys.lengths = [9] } == .columnLengthMismatch)
    #expect(code { $0.firstSequence = 0 } == .fieldOutOfRange)
    #expect(code { $0.firstSequence = UInt64.max } == .fieldOutOfRange)
    #expect(
      code {
        $0.keys = PackedKeys()
        $0.nodes = []
        $0.kinds = []
        $0.quantities = []
      } == .tooManyRows)
  }

  @Test func aCountMayFallShortOfWhatIsReserved() throws {
    let desk = try Desk.small()
    try desk.hold([Line("A", "F1", 6)])
    #expect(try desk.feed([("A", "F1", .count, 4)], from: 1) == [.ok])
    #expect(desk.available("A", "F1") == -2)
    let refusal = desk.refusal { () throws(Refusal) in try desk.hold([Line("A", "F1", 1)]) }
    #expect(refusal?.code == .insufficientStock && refusal?.availableUnits == 0)
  }

  @Test func availabilityAddsUp() throws {
    let desk = try Desk.small()
    try desk.feed(
      [
        ("A", "F1", .receipt, 90), ("A", "F1", .unfulfillable, 5), ("A", "F1", .researching, 4),
        ("A", "F1", .inTransfer, 3), ("A", "F1", .inProcessing, 2), ("A", "F1", .withheld, 1),
        ("A", "F3", .receipt, 2),
      ], from: 1)
    try desk.hold([Line("A", "F1", 10)])
    try desk.change(desk.hold([Line("A", "F1", 20)]), .commit)
    let eta = desk.now.seconds + 5
    try desk.put(
      Rows.inbound([
        ("Z", "A", "F2", 1, eta, .working), ("Y", "A", "F2", 2, eta, .shipped),
        ("X", "A", "F1", 3, eta - 1, .draft),
      ]))
    var reply = AvailabilityReply()
    try desk.state.answer(
      AvailabilityQuery(items: desk.lender.keys(["A", "Q"]), nodeNames: .empty), at: desk.now,
      into: &reply)
    #expect(reply.positionCounts[0] == 2 && reply.positionCounts[1] == 0)
    #expect(reply.codes[1] == UInt32(OutcomeCode.itemUnknown.rawValue))
    #expect(reply.onHand[0] == 100 && reply.fulfillable[0] == 86 && reply.unfulfillable[0] == 5)
    #expect(reply.researching[0] == 4 && reply.inTransfer[0] == 3 && reply.inProcessing[0] == 2)
    #expect(reply.held[0] == 10 && reply.allocated[0] == 20 && reply.withheld[0] == 1)
    #expect(reply.availableNow[0] == 55 && reply.availableNow[1] == 2)
    let shipments = (0..<3).map { reply.inboundShipments[$0].name }
    #expect(shipments == [Name("X"), Name("Y"), Name("Z")])
    let names = (0..<reply.nodeNames.count).map { reply.nodeNames[$0].name }
    #expect(names == [Name("F1"), Name("F3"), Name("F2")])
    var one = AvailabilityReply()
    try desk.state.answer(
      AvailabilityQuery(
        items: desk.lender.keys(["A"]), nodeNames: desk.lender.names(["F3"])), at: desk.now,
      into: &one)
    #expect(one.positionCounts[0] == 1 && one.onHand[0] == 2 && one.inboundCounts[0] == 0)
    func code(_ items: [String], _ nodes: [String]) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in
        try desk.state.answer(
          AvailabilityQuery(
            items: desk.lender.keys(items), nodeNames: desk.lender.names(nodes)), at: desk.now,
          into: &one)
      }?.code
    }
    #expect(code(["Q"], []) == .itemUnknown && code(["A"], ["F9"]) == .nodeUnknown)
    #expect(code([], []) == .fieldMissing)
  }
}
