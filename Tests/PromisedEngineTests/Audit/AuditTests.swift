import PromisedModel
import Testing

@testable import PromisedEngine

/// Every identity is broken on purpose, one at a time, and found; nothing else is.
@Suite struct AuditTests {
  /// Two nodes with stock, a hold and an allocation, inbound, conditions and usage.
  private func desk() throws -> Desk {
    let desk = try Desk.small()
    try desk.put(Rows.positions([("B", "F2", 7, 2, 1)]))
    let eta = desk.now.seconds + 86_400
    try desk.put(
      Rows.inbound([
        ("SHIP-1", "A", "F1", 5, eta, .shipped), ("SHIP-2", "A", "F2", 6, eta, .draft),
      ]))
    try desk.hold([Line("A", "F1", 2), Line("B", "F1", 1), Line("A", "F1", 1)])
    let allocated = try desk.hold([Line("B", "F2", 3)])
    try desk.change(allocated, .commit)
    _ = try desk.feed([("A", "F1", .receipt, 4), ("B", "F2", .shipment, 1)], from: 1)
    desk.isAudited = false
    return desk
  }

  private func token(_ item: String, in desk: Desk) -> UInt64 {
    desk.state.itemKeys.token(desk.lender.bytes(item))
  }

  private func row(_ item: String, _ node: String, in desk: Desk) throws
    -> UnsafeMutablePointer<StockRow>
  {
    let slot = desk.state.positions.find(token(item, in: desk))
    let node = try #require(desk.state.nodeIndex(Name(node)))
    let row = desk.state.positions.row(slot, node: node)
    return try #require(row)
  }

  /// The identities that differ, with the first difference described.
  private func broken(_ desk: Desk) -> ([AuditIdentity], AuditViolation?) {
    let report = desk.state.auditNow()
    let found = AuditIdentity.allCases.filter { report.violations[Int($0.rawValue)] > 0 }
    return (found, report.described.first)
  }

  @Test func aSoundStateIsFoundSound() throws {
    let desk = try desk()
    let before = desk.state.digest()
    let report = desk.state.auditNow()
    #expect(report.isSound && report.described.isEmpty)
    #expect(report.items == 2 && report.positions == 3 && report.holds == 2)
    let absent: [AuditIdentity] = [.buckets, .claims]
    for identity in AuditIdentity.allCases where !absent.contains(identity) {
      #expect(report.checked[Int(identity.rawValue)] > 0, "\(identity.name) was not checked")
    }
    #expect(desk.state.digest() == before, "an audit changes nothing")
    #expect(desk.state.auditNow() == report, "the same state gives the same report")
  }

  @Test func unitsReservedWithoutAHold() throws {
    let desk = try desk()
    try row("A", "F1", in: desk).pointee.reserved += 1
    let (found, first) = broken(desk)
    // Usage is computed from the rows: it sees the unit as well.
    #expect(found == [.reserved, .usage])
    #expect(
      first
        == AuditViolation(.reserved, key: Name("A"), node: Name("F1"), expected: 3, found: 4))
  }

  @Test func aHoldWithoutItsUnits() throws {
    let desk = try desk()
    desk.state.holds.lines(0)[1].quantity += 2
    #expect(broken(desk).0 == [.reserved])
  }

  @Test func aClaimWithoutAPosition() throws {
    let desk = try desk()
    desk.state.holds.lines(0)[1].node = 2
    let report = desk.state.auditNow()
    #expect(report.violations[Int(AuditIdentity.reserved.rawValue)] == 2)
    #expect(report.described.contains { $0.detail == "kept nowhere" && $0.node == Name("F3") })
  }

  @Test func unitsAllocatedThatNobodyCommitted() throws {
    let desk = try desk()
    var parts = desk.state.breakdowns.read(item: token("B", in: desk), node: 1)
    parts.allocated -= 1
    desk.state.breakdowns.write(parts)
    let (found, first) = broken(desk)
    #expect(found == [.allocated, .allocations])
    #expect(first?.expected == 3 && first?.found == 2)
  }

  /// Units for which no supply is known are allocated and not short.
  @Test func anAllocationBeyondTheSupplyIsSound() throws {
    let desk = try Desk.small()
    desk.isAudited = false
    try desk.put(Rows.backorders([("A", "F1", .backorder, 5, 0, 0)]))
    let (id, _) = try desk.order([Line("A", "F1", 13)], .fillAll)
    try desk.change(id, .commit)
    #expect(broken(desk).0 == [])
    // Eleven are picked, and one of those was backordered; a count leaves nine.
    try desk.pick(id, [Line("A", "F1", 11)])
    try desk.feed(1, [("A", "F1", .count, 9)])
    #expect(broken(desk).0 == [])
    var parts = desk.state.breakdowns.read(item: token("A", in: desk), node: 0)
    parts.backordered -= 1
    desk.state.breakdowns.write(parts)
    #expect(broken(desk).0 == [.allocations])
  }

  @Test func reservedBelowNothing() throws {
    let desk = try desk()
    try row("B", "F2", in: desk).pointee.reserved = -1
    let (found, _) = broken(desk)
    #expect(found == [.reserved, .bounds, .usage])
  }

  @Test func moreUnitsThanAPositionCounts() throws {
    let desk = try desk()
    try row("A", "F1", in: desk).pointee.onHand = Limits.unitsPerPosition + 1
    #expect(broken(desk).0 == [.bounds, .movements, .usage])
  }

  @Test func conditionsThatDoNotAddUp() throws {
    let desk = try desk()
    var parts = desk.state.breakdowns.read(item: token("B", in: desk), node: 1)
    parts.researching += 1
    desk.state.breakdowns.write(parts)
    let (found, first) = broken(desk)
    #expect(found == [.breakdown])
    #expect(first?.expected == 4 && first?.found == 3)
  }

  @Test func conditionsOfNoPosition() throws {
    let desk = try desk()
    desk.state.breakdowns.write(Breakdown(item: token("A", in: desk), node: 2, withheld: 1))
    #expect(broken(desk).0 == [.breakdown])
  }

  @Test func unitsThatNothingMoved() throws {
    let desk = try desk()
    // Without attributes there is no usage, so that only the movements tell.
    try desk.put(Rows.positions([("bare", "F1", 9, 0, 0)]))
    #expect(broken(desk).0 == [])
    try row("bare", "F1", in: desk).pointee.onHand -= 4
    let (found, first) = broken(desk)
    #expect(found == [.movements])
    #expect(first?.expected == 33 && first?.found == 29)
  }

  @Test func usageThatNobodyUses() throws {
    let desk = try desk()
    desk.state.usage.add(Usage(available: 1, reserved: -1), seller: 0, type: 1)
    let (found, first) = broken(desk)
    #expect(found == [.usage])
    #expect(first?.key == Name("S1"))
    #expect(first?.detail == "storage type 1: available, reserved")
  }

  @Test func inboundThatItsItemDoesNotLeadTo() throws {
    let desk = try desk()
    desk.state.inbound.rows.at(0).pointee.previous = 0
    let (found, first) = broken(desk)
    #expect(found.contains(.inbound))
    #expect(first?.key == Name("A") && first?.detail == "shipment SHIP-1")
  }

  @Test func loadOfADepartureThatNobodyPromised() throws {
    let world = try PromiseWorld(PromiseWorld.Room())
    try world.redeem([world.token("A", quantity: 2)])
    world.desk.isAudited = false
    #expect(world.desk.state.auditNow().checked[Int(AuditIdentity.buckets.rawValue)] > 0)
    #expect(broken(world.desk).0 == [])
    world.desk.state.buckets.at(0).pointee.claimed += 1
    #expect(broken(world.desk).0 == [.buckets])
    world.desk.state.buckets.at(0).pointee.claimed -= 1
    #expect(broken(world.desk).0 == [])
    // And a bucket that is not there although something was promised with it.
    world.desk.state.buckets.removeAll()
    #expect(broken(world.desk).0 == [.buckets])
  }

  @Test func countsOfHoldsThatAreNotThere() throws {
    let desk = try desk()
    desk.state.holds.heldCount += 1
    #expect(broken(desk).0 == [.holds])
  }

  @Test func whatIsKeptOfMovementsSurvivesASnapshot() throws {
    let desk = try desk()
    desk.state.beginExport()
    let copy = State()
    while let block = desk.state.nextExportBlock() { copy.importBlock(block) }
    copy.finishImport(position: desk.position, time: desk.now)
    #expect(copy.digest() == desk.state.digest())
    #expect(copy.auditNow() == desk.state.auditNow())
    #expect(copy.movements.total(0) == 21 && copy.movements.total(1) == 4)
    #expect(copy.movements.total(MovementKind.shipment.rawValue) == -1)
  }

  @Test func totalsBeyond64BitsAreKept() {
    let totals = MovementTotals()
    totals.set(7, Int128(Int64.min) * 5 - 3)
    let copy = MovementTotals()
    copy.restore(totals.rows)
    #expect(copy.total(7) == Int128(Int64.min) * 5 - 3 && copy.sum == totals.sum)
  }

  /// Complaint 13: a consistency command never ends and eats the memory, and misses cases.
  @Test func complaint13AnAuditIsBoundedAndMissesNothing() throws {
    let desk = try Desk.small()
    desk.isAudited = false
    try desk.put(Rows.positions((0..<300).map { ("item-\($0)", "F1", 50, 0, 0) }))
    for number in 0..<2000 { try desk.hold([Line("item-\(number * 7 % 300)", "F1", 1)]) }
    desk.state.beginAudit(claimsPerPart: 100)
    var (slices, mostClaims) = (0, 0)
    var report: AuditReport?
    while report == nil {
      report = desk.state.auditSlice(units: 256)
      mostClaims = max(mostClaims, desk.state.audit.claims.count)
      slices += 1
    }
    #expect(report?.isSound == true && report?.holds == 2000 && report?.positions == 302)
    // 41 parts, each of which counts 2,000 holds and walks its share of 302 rows.
    #expect(slices < 41 * (2000 * 2 / 256 + 6), "\(slices) slices")
    #expect(mostClaims < 30, "a part of 300 items keeps \(mostClaims) tallies")
    // One unit too many anywhere is found.
    for number in 0..<300 {
      let row = try row("item-\(number)", "F1", in: desk)
      row.pointee.reserved += 1
      #expect(desk.state.auditNow().violations[Int(AuditIdentity.reserved.rawValue)] == 1)
      row.pointee.reserved -= 1
    }
  }

  /// Complaint 14: orphan reservations follow an item that is dropped and created again.
  @Test func complaint14AnItemThatComesBackHasTheClaimsOfItsHoldsAndNoOthers() throws {
    let desk = try Desk.small()
    let kept = try desk.hold([Line("A", "F1", 3)])
    let ended = try desk.hold([Line("A", "F1", 4)])
    let load = LoadDescription(id: Name("L"), mode: .replace, chunkCount: 1, force: true)
    desk.apply(try #require(try desk.state.decide(begin: load, at: desk.now).event))
    desk.apply(
      try #require(
        try desk.state.decide(chunk: 0, of: Name("L"), Rows.nodes(["F1", "F2", "F3"])).event))
    desk.apply(try #require(try desk.state.decide(commitLoad: Name("L")).event))
    #expect(desk.row("A", "F1")?.onHand == 0)
    try desk.change(ended, .release)
    try desk.put(Rows.items([Rows.Item(key: "A")]))
    try desk.put(Rows.positions([("A", "F1", 10, 0, 0)]))
    #expect(desk.row("A", "F1")?.reserved == 3 && desk.available("A", "F1") == 7)
    try desk.change(kept, .release)
    #expect(desk.row("A", "F1")?.reserved == 0 && desk.available("A", "F1") == 10)
    #expect(desk.state.auditNow().isSound)
  }

  @Test func allocationsThatTheirPositionDoesNotList() throws {
    let desk = try desk()
    let found = desk.state.breakdowns.find(item: token("B", in: desk), node: 1)
    let place = try #require(found)
    desk.state.breakdowns.at(place).pointee.first = 0
    #expect(broken(desk).0 == [.allocations])
  }

  @Test func aShortfallThatNobodyRecorded() throws {
    let desk = try desk()
    let row = try row("B", "F2", in: desk)
    desk.state.movements.cause = 0
    desk.state.setOnHand(
      2, of: row, token: token("B", in: desk),
      slot: desk.state.positions.find(token("B", in: desk)), node: 1)
    let place = desk.state.breakdowns.find(item: token("B", in: desk), node: 1)
    desk.state.breakdowns.at(try #require(place)).pointee.short = 0
    let (found, first) = broken(desk)
    #expect(found == [.shortfalls])
    // Two are there, two of them cannot be sold, three are allocated; one withheld covers as well.
    #expect(first?.expected == 3 && first?.found == 0)
  }

  @Test func unitsPickedThatNobodyPicked() throws {
    let desk = try desk()
    let found = desk.state.breakdowns.find(item: token("B", in: desk), node: 1)
    let place = try #require(found)
    desk.state.breakdowns.at(place).pointee.picked += 1
    #expect(broken(desk).0 == [.picked])
  }

  @Test func unitsClaimedForLaterThatNobodyClaims() throws {
    let desk = try desk()
    let row = ClaimRow(
      item: token("A", in: desk), place: 0, isPool: false, due: 1_900_000_000, channel: 0)
    desk.state.claims.add(2, allocated: 0, to: row)
    #expect(broken(desk).0 == [.claims])
  }

  @Test func unitsOfAChannelThatNobodyClaims() throws {
    let desk = try desk()
    let channel = desk.state.channels.insert(Name("web"))
    desk.state.channels.claim(2, item: token("A", in: desk), node: 0, channel: channel)
    #expect(broken(desk).0 == [.claims])
  }

  @Test func aReportDescribesAtMostAHundred() throws {
    let desk = try desk()
    for index in 0..<150 { try desk.put(Rows.positions([("N\(index)", "F1", 1, 0, 0)])) }
    for index in 0..<150 { try row("N\(index)", "F1", in: desk).pointee.reserved = 1 }
    let report = desk.state.auditNow()
    #expect(report.violationCount == 150 && report.described.count == 100)
  }
}
