import PromisedModel
import Testing

@testable import PromisedEngine

/// Rows whose item or node is not known yet.
@Suite struct ParkedTests {
  @Test func rowsWaitForTheirItemAndAreDrivenInOrder() throws {
    let desk = try Desk.small()
    #expect(
      try desk.feed(
        [
          ("new", "F1", .receipt, 5), ("A", "F1", .receipt, 1), ("new", "F1", .shipment, 2),
          ("new", "F1", .shipment, 9), ("a key that does not pack", "F2", .count, 7),
        ], from: 1) == [.rowParked, .ok, .rowParked, .rowParked, .rowParked])
    #expect(desk.source().parkedRows == 4 && desk.source().lastSequence == 5)
    #expect(desk.row("new", "F1") == nil && desk.onHand("A", "F1") == 11)
    // A later row waits behind them.
    #expect(try desk.feed([("new", "F1", .receipt, 1)], from: 6) == [.rowParked])
    let copy = desk.copied()
    #expect(copy.digest() == desk.state.digest())
    for state in [desk.state, copy] {
      let twin = Desk(state: state)
      (twin.position, twin.now) = (desk.position, desk.now)
      try twin.put(Rows.items([Rows.Item(key: "new")]))
      #expect(twin.onHand("new", "F1") == 4)
      #expect(twin.source().parkedRows == 1 && twin.source().drivenRows == 3)
      #expect(twin.source().failedRows == 1)
      #expect(twin.state.parkedFailures.rows.map(\.code) == [OutcomeCode.onHandNegative.rawValue])
      #expect(twin.state.parkedFailures.rows.map(\.row.sequence) == [4])
      try twin.put(Rows.positions([("a key that does not pack", "F1", 3, 0, 0)]))
      #expect(twin.onHand("a key that does not pack", "F2") == 7 && twin.state.parked.count == 0)
    }
    #expect(copy.digest() == desk.state.digest())
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func rowsWaitForTheirNodesOneAfterAnother() throws {
    let desk = try Desk.small()
    let out = Told("new", "F9", .transferOut, 2).with {
      ($0.reference, $0.to, $0.eta) = ("T", "F8", desk.now.seconds + 60)
    }
    #expect(try desk.tell(Told("new", "F9", .receipt, 5), out) == [.rowParked, .rowParked])
    try desk.put(Rows.items([Rows.Item(key: "new")]))
    #expect(desk.source().parkedRows == 2)
    try desk.put(Rows.nodes(["F9"]))
    #expect(desk.onHand("new", "F9") == 5 && desk.source().parkedRows == 1)
    try desk.put(Rows.nodes(["F8"]))
    #expect(desk.onHand("new", "F9") == 3 && desk.inbound("T", "new", "F8")?.quantity == 2)
    #expect(desk.source().parkedRows == 0 && desk.source().drivenRows == 2)
  }

  @Test func aLoadDrivesThemWhenItIsCommitted() throws {
    let desk = try Desk.small()
    try desk.feed([("new", "F4", .receipt, 5)], from: 1)
    func send(_ decision: LoadDecision) { if let event = decision.event { desk.apply(event) } }
    let load = LoadDescription(id: Name("L"), mode: .merge, chunkCount: 2, force: true)
    send(try desk.state.decide(begin: load, at: desk.now))
    send(try desk.state.decide(chunk: 0, of: load.id, Rows.nodes(["F4"])))
    send(
      try desk.state.decide(chunk: 1, of: load.id, Rows.items([Rows.Item(key: "new")])))
    #expect(desk.source().parkedRows == 1)
    send(try desk.state.decide(commitLoad: load.id))
    #expect(desk.source().parkedRows == 0 && desk.onHand("new", "F4") == 5)
  }

  @Test func whenNoMoreMayWaitTheBatchIsRefusedBeforeItsSequenceMoves() throws {
    let desk = try Desk.small()
    var row = ParkedRow()
    (row.source, row.item, row.node, row.kind) = (Name("wms"), Name("x"), Name("F1"), 1)
    for number in 1...Limits.parkedRows {
      row.sequence = UInt64(number)
      desk.state.park(row, number: nil)
    }
    #expect(desk.state.parked.byteCount <= Limits.parkedBytes)
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.feed([("A", "F1", .receipt, 1), ("new", "F1", .receipt, 5)], from: 1)
    }
    #expect(refusal?.code == .parkedFull && refusal?.code.isRetryable == true)
    #expect(desk.state.lastSequence(of: Name("wms")) == 0 && desk.onHand("A", "F1") == 10)
    #expect(try desk.feed([("A", "F1", .receipt, 1)], from: 1) == [.ok])
  }

  @Test func theLastFailuresAreKept() throws {
    let desk = try Desk.small()
    let wanted = Limits.parkedFailures + 7
    try desk.feed(Array(repeating: ("new", "F1", .shipment, 1), count: wanted), from: 1)
    try desk.put(Rows.items([Rows.Item(key: "new")]))
    #expect(desk.source().failedRows == UInt64(wanted))
    #expect(desk.state.parkedFailures.rows.count == Limits.parkedFailures)
    #expect(desk.state.parkedFailures.rows.first?.row.sequence == 8)
    var reply = ListReply()
    try desk.state.list(.parkedFailures, token: .empty, size: 10, into: &reply)
    #expect(reply.cellLengths.count == 70 && !reply.nextPageToken.isEmpty)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func pagesShowWhatWaits() throws {
    let desk = try Desk.small()
    try desk.feed((1...25).map { ("new \($0)", "F1", .receipt, Int64($0)) }, from: 1)
    var (token, sizes) = ([UInt8](), [Int]())
    repeat {
      var reply = ListReply()
      let lent = desk.lender.column(token)
      try desk.state.list(
        .parked, token: BorrowedBytes(base: lent.base, count: lent.count), size: 10, into: &reply)
      sizes.append(reply.cellLengths.count / reply.columns.count)
      token = reply.nextPageToken
    } while !token.isEmpty
    #expect(sizes == [10, 10, 5])
  }
}
