import PromisedModel
import Testing

@testable import PromisedEngine

/// A token is explained from the state only while nothing it depends on has changed.
@Suite struct TokenExplanationTests {
  private func token(
    _ desk: Desk, _ change: (inout OfferToken) -> Void = { _ in }
  ) throws -> BorrowedBytes {
    let question = ExplainTests.question("A", "98109")
    let why = try desk.state.explain(question, at: desk.now)
    var token = OfferToken(
      position: desk.position, decidedAt: desk.now, item: desk.lender.bytes("A"), quantity: 1,
      country: desk.lender.bytes("US"), postcode: desk.lender.bytes("98109"), level: .standard,
      confidence: .usual, node: try #require(desk.state.nodeIndex(why.node)),
      windowFromUnixSeconds: why.windowFromUnixSeconds,
      windowToUnixSeconds: why.windowToUnixSeconds, deliveryDays: why.deliveryDays,
      orderByUnixSeconds: why.orderByUnixSeconds, shipByUnixSeconds: why.shipByUnixSeconds,
      chance: why.chance)
    change(&token)
    let room = desk.lender.column([UInt8](repeating: 0, count: Limits.offerTokenBytes))
    let base = try #require(room.base)
    let count = token.encode(into: UnsafeMutablePointer(mutating: base))
    return BorrowedBytes(base: base, count: count)
  }

  /// Whether it is explained live, and then whether it agrees.
  private func explain(_ desk: Desk, _ token: BorrowedBytes) throws -> (live: Bool, agrees: Bool) {
    switch try desk.state.explain(token: token) {
    case .live(let found): return (true, found.agreesWithToken)
    case .needsReplay(let position, let read):
      #expect(position == read.position)
      return (false, false)
    }
  }

  @Test func onlyWhatItDependsOnCounts() throws {
    let desk = try StateOfferTests.desk()
    try desk.put(Rows.items([Rows.Item(key: "B")]))
    StateOfferTests.publish(desk)
    let token = try token(desk)
    #expect(try explain(desk, token) == (true, true))
    // Time goes on and other items move: the decision of then is still that of the token.
    desk.now.milliseconds += 3_600_000
    try desk.put(Rows.positions([("B", "FC1", 5, 0, 0)]))
    #expect(try explain(desk, token) == (true, true))
    if case .live(let found) = try desk.state.explain(token: token) {
      #expect(found.position < desk.position && found.decidedAt < desk.now)
    }
    try desk.hold([Line("A", "FC1", 1)])
    #expect(try explain(desk, token).live == false)

    let second = try self.token(desk)
    #expect(try explain(desk, second) == (true, true))
    try desk.put(.network(desk.state.network.exportRows()))
    #expect(try explain(desk, second).live == false)
    StateOfferTests.publish(desk)
    #expect(try explain(desk, second).live == false)
    #expect(try explain(desk, try self.token(desk)) == (true, true))
  }

  @Test func aTokenThatSaysAnotherAnswerDoesNotAgree() throws {
    let desk = try StateOfferTests.desk()
    StateOfferTests.publish(desk)
    let changes: [(inout OfferToken) -> Void] = [
      { $0.node ^= 1 }, { $0.windowFromUnixSeconds -= 60 }, { $0.deliveryDays += 1 },
      { $0.orderByUnixSeconds += 1 }, { $0.shipByUnixSeconds += 1 }, { $0.chance ^= 1 },
    ]
    for change in changes {
      #expect(try explain(desk, try token(desk, change)) == (true, false))
    }
    func code(_ token: BorrowedBytes) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in _ = try desk.state.explain(token: token) }?.code
    }
    #expect(code(try token(desk) { $0.position += 1 }) == .tokenInvalid)
    #expect(code(desk.lender.bytes("no token at all, but long enough for one")) == .tokenInvalid)
    #expect(code(.empty) == .tokenInvalid)
  }

  @Test func whatHappenedBeforeASnapshotIsNotKnown() throws {
    let desk = try StateOfferTests.desk()
    StateOfferTests.publish(desk)
    let early = try token(desk)
    try desk.put(Rows.items([Rows.Item(key: "B")]))
    desk.state.beginExport()
    let copy = Desk()
    while let block = desk.state.nextExportBlock() { copy.state.importBlock(block) }
    copy.state.finishImport(position: desk.position, time: desk.now)
    copy.position = desk.position
    copy.now = desk.now
    copy.state.publish(
      ProfileBuild.catalogue(
        image: copy.state.network.image(),
        horizonBase: copy.state.publication.horizonBaseUnixSeconds), copy.state.publication)
    #expect(try explain(copy, early).live == false)
    #expect(try explain(copy, try token(copy)) == (true, true))
  }
}
