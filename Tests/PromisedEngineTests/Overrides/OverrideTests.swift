import PromisedModel
import Testing

@testable import PromisedEngine

/// FC1 (leaves at 20:00) and FC2 (at 21:00) both make the wave of the next morning.
@Suite struct OverrideTests {
  private func desk() throws -> Desk {
    let desk = try StateOfferTests.desk()
    // 07:00 UTC, so that both make the same window and FC1, the lower index, is chosen.
    desk.now = UnixMilliseconds(1_789_974_000_000 + 86_400_000)
    try desk.put(Rows.sellers(["S2"]))
    try desk.put(Rows.items([Rows.Item(key: "B", seller: "S2")]))
    try desk.put(Rows.positions([("B", "FC1", 1, 0, 0), ("B", "FC2", 1, 0, 0)]))
    StateOfferTests.publish(desk)
    return desk
  }

  private func override(_ action: OverrideAction, _ fill: (inout Override) -> Void) -> Override {
    var row = Override()
    row.action = action
    row.reason = Name("test")
    row.author = Name("ann")
    fill(&row)
    return row
  }

  @discardableResult
  private func put(_ desk: Desk, _ row: Override, key: String = "") throws(Refusal) -> UInt64 {
    desk.apply(
      try desk.state.decide(OverrideCommand(key: desk.command(key), override: row), at: desk.now))
  }

  private func remove(_ desk: Desk, _ id: UInt64) throws(Refusal) {
    desk.apply(
      try desk.state.decide(
        OverrideCommand(key: desk.command(""), override: Override(), removesID: id), at: desk.now))
  }

  /// The node that is promised from, or the reason for no offer.
  private func answer(_ desk: Desk, _ item: String = "A", quantity: Int32 = 1) throws -> String {
    var reply = OfferReply()
    try desk.state.answer(
      OfferQuery(
        items: desk.lender.keys([item]), quantities: desk.lender.column([quantity]),
        country: desk.lender.bytes("US"), postcodes: desk.lender.names(["98109"]), withPath: false),
      at: desk.now, into: &reply)
    if reply.codes[0] != 0 {
      return OutcomeCode(rawValue: UInt16(reply.codes[0]))?.reason ?? "?"
    }
    return reply.nodeNames[Int(reply.nodes[0])].name.description
  }

  @Test func aBlockedCandidateIsSkippedAndAForcedOneChosen() throws {
    let desk = try desk()
    #expect(try answer(desk) == "FC1")
    let block = try put(desk, override(.block) { $0.node = Name("FC1") })
    #expect(try answer(desk) == "FC2")
    // What only FC1 holds cannot be promised any more, and the answer says why.
    #expect(try answer(desk, quantity: 4) == "OVERRIDE_BLOCKS")
    #expect(try answer(desk, quantity: 6) == "NO_STOCK")
    try remove(desk, block)
    #expect(try answer(desk) == "FC1")
    let force = try put(desk, override(.force) { $0.node = Name("FC2") })
    #expect(try answer(desk) == "FC2")
    // FC2 holds two: for three the force has nothing to choose.
    #expect(try answer(desk, quantity: 3) == "FC1")
    // A block counts for more than a force.
    try put(desk, override(.block) { $0.node = Name("FC2") })
    #expect(try answer(desk) == "FC1")
    try remove(desk, force)
    #expect(try answer(desk) == "FC1")
    // Whoever reads an offer waits for the override it saw.
    desk.state.beginObservation()
    _ = try answer(desk)
    #expect(desk.state.observedPosition == desk.position)
  }

  @Test func aForcedNodeIsChosenHoweverLate() throws {
    let desk = try desk()
    // 19:30: with an hour of processing FC1 is too late for today, FC2 is not.
    desk.now.milliseconds += 12 * 3_600_000 + 1_800_000
    #expect(try answer(desk) == "FC2")
    try put(desk, override(.force) { $0.node = Name("FC1") })
    #expect(try answer(desk) == "FC1")
  }

  @Test func allScopesThatAreGivenMustFit() throws {
    let cases: [(fits: Bool, fill: (inout Override) -> Void)] = [
      (true, { $0.item = Name("A") }), (false, { $0.item = Name("B") }),
      (true, { $0.zone = Name("Z") }), (true, { $0.seller = Name("S1") }),
      (false, { $0.seller = Name("S2") }), (true, { $0.leg = Name("leg-FC1") }),
      (false, { $0.leg = Name("leg-FC2") }),
      (
        false,
        {
          $0.item = Name("A")
          $0.seller = Name("S2")
        }
      ),
      (
        false,
        {
          $0.zone = Name("Z")
          $0.leg = Name("leg-FC2")
        }
      ),
      (
        true,
        {
          $0.item = Name("A")
          $0.zone = Name("Z")
          $0.seller = Name("S1")
          $0.leg = Name("leg-FC1")
        }
      ),
    ]
    for (index, one) in cases.enumerated() {
      let desk = try desk()
      let id = try put(
        desk,
        override(.block) {
          $0.node = Name("FC1")
          one.fill(&$0)
        })
      #expect(try answer(desk) == (one.fits ? "FC2" : "FC1"), "case \(index)")
      let row = desk.state.overrides(withExpired: false, at: desk.now)[0]
      #expect(row.override.id == id)
      #expect((row.consulted, row.differed) == (one.fits ? (1, 1) : (0, 0)), "case \(index)")
    }
    // A leg alone blocks every way that uses it.
    let desk = try desk()
    try put(desk, override(.block) { $0.leg = Name("leg-FC1") })
    #expect(try answer(desk, "B") == "FC2")
    try put(desk, override(.block) { $0.leg = Name("leg-FC2") })
    #expect(try answer(desk, "B") == "OVERRIDE_BLOCKS")
  }

  @Test func expiryIsJudgedWhenItIsRead() throws {
    let desk = try desk()
    let end = desk.now.seconds + 60
    try put(
      desk,
      override(.block) {
        $0.node = Name("FC1")
        $0.expiresUnixSeconds = end
      })
    desk.now = UnixMilliseconds(end * 1000 - 1)
    #expect(try answer(desk) == "FC2")
    desk.now = UnixMilliseconds(end * 1000)
    #expect(try answer(desk) == "FC1")
    #expect(desk.state.overrides(withExpired: false, at: desk.now).isEmpty)
    #expect(desk.state.overrides(withExpired: true, at: desk.now).count == 1)
    let late = UnixMilliseconds((end + 86_400) * 1000)
    #expect(desk.state.overrides(withExpired: true, at: late).isEmpty)
    let row = desk.state.overrides(withExpired: true, at: desk.now)[0]
    #expect((row.consulted, row.differed) == (1, 1))
    let gone = desk.refusal { () throws(Refusal) in try remove(desk, row.override.id) }
    #expect(gone?.code == .overrideUnknown)
  }

  @Test func itCountsWhenTheSystemsOwnAnswerWasAnother() throws {
    let desk = try desk()
    try put(desk, override(.block) { $0.node = Name("FC2") })
    for _ in 0..<3 { #expect(try answer(desk) == "FC1") }
    try put(desk, override(.force) { $0.node = Name("FC1") })
    #expect(try answer(desk) == "FC1")
    let rows = desk.state.overrides(withExpired: false, at: desk.now)
    #expect(rows.map(\.consulted) == [4, 1] && rows.map(\.differed) == [0, 0])
  }

  @Test func whatCannotBeIsRefused() throws {
    let desk = try desk()
    func code(_ fill: (inout Override) -> Void) -> OutcomeCode? {
      let row = override(.block) {
        $0.node = Name("FC1")
        fill(&$0)
      }
      return desk.refusal { () throws(Refusal) in try put(desk, row) }?.code
    }
    let now = desk.now.seconds
    #expect(code { $0.reason = .empty } == .fieldMissing)
    #expect(code { $0.author = .empty } == .fieldMissing)
    #expect(code { $0.node = .empty } == .fieldMissing)
    #expect(code { $0.reason = Name("\u{7}") } == .keyInvalid)
    #expect(code { $0.author = Name(Array(repeating: 65, count: 65)) } == .keyInvalid)
    #expect(code { $0.expiresUnixSeconds = now } == .fieldOutOfRange)
    #expect(code { $0.expiresUnixSeconds = .min } == .fieldOutOfRange)
    #expect(code { $0.expiresUnixSeconds = now + 31_536_001 } == .fieldOutOfRange)
    #expect(code { $0.expiresUnixSeconds = now + 31_536_000 } == nil)
    #expect(code { $0.item = Name("Q") } == .itemUnknown)
    #expect(code { $0.item = Name("a long item key nobody has") } == .itemUnknown)
    #expect(code { $0.node = Name("Q") } == .nodeUnknown)
    #expect(code { $0.leg = Name("Q") } == .legUnknown)
    #expect(code { $0.zone = Name("Q") } == .zoneUnknown)
    #expect(code { $0.seller = Name("Q") } == .sellerUnknown)
    let unknown = desk.refusal { () throws(Refusal) in try remove(desk, 999) }
    #expect(unknown?.code == .overrideUnknown)
    for _ in 1..<Limits.overrides { try put(desk, override(.block) { $0.node = Name("FC1") }) }
    #expect(code { _ in } == .tooManyRows)
    // Those that have expired make room, and no more are ever kept.
    desk.now.milliseconds += 86_400_000
    #expect(code { _ in } == nil)
    #expect(desk.state.overrides.rows.count == Limits.overrides)
    #expect(desk.state.overrides(withExpired: false, at: desk.now).count == 2)
    desk.now.milliseconds += 86_400_000
    #expect(code { _ in } == nil)
    #expect(desk.state.overrides.rows.count == 3)
  }

  @Test func itIsRememberedReplayedAndExported() throws {
    let desk = try desk()
    let id = try put(desk, override(.block) { $0.node = Name("FC1") }, key: "k1")
    try put(desk, override(.force) { $0.item = Name("B") })
    let recalled = try desk.state.recall(desk.command("k1"), at: desk.now)
    #expect(recalled?.outcome.holdID == id && recalled?.position == id)
    _ = try answer(desk)
    desk.state.beginExport()
    let copy = State()
    while let block = desk.state.nextExportBlock() { copy.importBlock(block) }
    copy.finishImport(position: desk.position, time: desk.now)
    #expect(copy.digest() == desk.state.digest())
    let rows = copy.overrides(withExpired: false, at: desk.now)
    #expect(rows.map(\.override) == desk.state.overrides.rows)
    #expect(rows[0].consulted == 0 && desk.state.overrides.row(0).consulted == 1)
    let other = Desk(state: copy)
    other.now = desk.now
    other.position = desk.position
    StateOfferTests.publish(other)
    #expect(try answer(other) == "FC2")
    try remove(desk, id)
    #expect(copy.digest() != desk.state.digest())
    try remove(other, id)
    #expect(try answer(other) == "FC1")
  }

  @Test func aNameThatLeavesTheNetworkFitsNothingUntilItIsBack() throws {
    let desk = try desk()
    try put(
      desk,
      override(.block) {
        $0.zone = Name("Z")
        $0.node = Name("FC1")
      })
    #expect(try answer(desk) == "FC2")
    var rows = desk.state.network.exportRows()
    desk.state.replaceNetwork(with: desk.state.network.emptied())
    #expect(desk.state.overrides.scopes[0].isLost)
    rows.zones.reverse()
    desk.state.apply(network: rows)
    #expect(!desk.state.overrides.scopes[0].isLost)
    StateOfferTests.publish(desk)
    #expect(try answer(desk) == "FC2")
  }
}
