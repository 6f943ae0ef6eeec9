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
    for identity in AuditIdentity.allCases where identity != .buckets {
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
    #expect(report.described.contains { $0.detail == "no position" && $0.node == Name("F3") })
  }

  @Test func unitsAllocatedThatNobodyCommitted() throws {
    let desk = try desk()
    var parts = desk.state.breakdowns.read(item: token("B", in: desk), node: 1)
    parts.allocated -= 1
    desk.state.breakdowns.write(parts)
    let (found, first) = broken(desk)
    #expect(found == [.allocated])
    #expect(first?.expected == 3 && first?.found == 2)
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

  @Test func aReportDescribesAtMostAHundred() throws {
    let desk = try desk()
    for index in 0..<150 { try desk.put(Rows.positions([("N\(index)", "F1", 1, 0, 0)])) }
    for index in 0..<150 { try row("N\(index)", "F1", in: desk).pointee.reserved = 1 }
    let report = desk.state.auditNow()
    #expect(report.violationCount == 150 && report.described.count == 100)
  }
}
