import PromisedModel
import Testing

@testable import PromisedEngine

/// Plans that the feed receives: rows of kind inbound receipt with the plan as their reference.
@Suite struct PlanReceiptTests {
  private let eta = noon("2026-03-20")

  /// 1,000 ft³ of March for S1 and a plan P of 100 A to F1 and 40 B to F2: 120 ft³.
  private func desk() throws -> Desk {
    let desk = try Desk.storage()
    try desk.announce(
      Rows.limits([("S1", .standard, 202_603, .confirmed, 1000 * cubicFoot)]))
    try desk.admit("P", [SentLine("A", "F1", 100, eta: eta), SentLine("B", "F2", 40, eta: eta)])
    return desk
  }

  private func receipt(_ item: String, _ node: String, _ units: Int64) -> Told {
    Told(item, node, .inboundReceipt, units).with { $0.reference = "P" }
  }

  /// What was received and what is open of each line, and the plan's state.
  private func plan(_ desk: Desk) throws -> (received: [Int64], open: [Int64], state: PlanState) {
    let status = try desk.state.planStatus(Name("P"))
    return (status.plan.lines.map(\.received), status.open, status.plan.state)
  }

  private func expectSound(_ desk: Desk) {
    #expect(desk.state.storageDifferences().isEmpty)
    #expect(desk.copied().digest() == desk.state.digest(), "a restart changes something")
  }

  @Test func aPlanReceivedByTheFeedCountsOnceAndEndsByItself() throws {
    var desk = try desk()
    #expect(try desk.room(202_603)?.headroom == 880 * cubicFoot)
    try desk.tell(receipt("A", "F1", 60))
    #expect(try plan(desk) == ([60, 0], [40, 40], .open))
    let room = try #require(try desk.room(202_603))
    #expect(room.openInbound == 60 * cubicFoot, "inbound moves to on hand")
    #expect(room.headroom == 880 * cubicFoot, "and the sum stays")
    // The same row again, and one below the mark: told, not counted.
    desk = desk.restarted()
    #expect(
      try desk.tell(Rows.told([receipt("A", "F1", 60)], source: "wms", from: 1))
        == [.alreadyApplied])
    #expect(try plan(desk) == ([60, 0], [40, 40], .open))
    try desk.tell(receipt("B", "F2", 40), receipt("A", "F1", 40))
    #expect(try plan(desk) == ([100, 40], [0, 0], .received))
    #expect(try desk.room(202_603)?.headroom == 880 * cubicFoot)
    #expect(try desk.room(202_603)?.openInbound == 0)
    #expect(desk.state.inboundPlans.openCount == 0)
    expectSound(desk)
  }

  @Test func whatIsMissingStaysOpenAndIsReleasedOnClosing() throws {
    let desk = try desk()
    try desk.tell(receipt("A", "F1", 90), receipt("B", "F2", 40))
    #expect(try plan(desk) == ([90, 40], [10, 0], .open))
    desk.go(to: "2026-05-30")
    #expect(try plan(desk).state == .open, "what was begun does not expire")
    try desk.close("P", reason: "short")
    #expect(try plan(desk) == ([90, 40], [0, 0], .closed))
    expectSound(desk)
  }

  @Test func whatComesBeyondThePlanCountsAndTakesRoom() throws {
    let desk = try desk()
    try desk.tell(
      receipt("A", "F1", 130), receipt("B", "F2", 40), receipt("A", "F2", 5),
      receipt("A", "F1", 1))
    #expect(try plan(desk) == ([131, 40, 5], [0, 0, 0], .received))
    #expect(try desk.room(202_603)?.headroom == (1000 - 131 - 20 - 5) * cubicFoot)
    expectSound(desk)
  }

  @Test func receiptsByTheFeedAndByTheCallAddUp() throws {
    let desk = try desk()
    try desk.tell(receipt("A", "F1", 70))
    try desk.receive("P", [SentLine("A", "F1", 30)], receipt: "R1")
    #expect(try plan(desk) == ([100, 0], [0, 40], .open))
    try desk.tell(receipt("B", "F2", 40))
    #expect(try plan(desk) == ([100, 40], [0, 0], .received))
    expectSound(desk)
  }

  /// A receipt that was told after the count that saw its units: received, and on hand already.
  @Test func aReceiptThatACountHasSeenIsReceivedAllTheSame() throws {
    let desk = try desk()
    desk.now.milliseconds += 3_600_000
    let at = desk.now.milliseconds
    try desk.tell(Told("A", "F1", .count, 100).with { $0.at = at - 60_000 })
    #expect(
      try desk.tell(receipt("A", "F1", 100).with { $0.at = at - 600_000 }) == [.alreadyCounted])
    #expect(desk.onHand("A", "F1") == 100)
    #expect(try plan(desk) == ([100, 0], [0, 40], .open))
    expectSound(desk)
  }

  /// The plan's item was not known when the feed told of it.
  @Test func aReceiptThatWaitedCountsWhenItIsDriven() throws {
    let desk = try desk()
    #expect(try desk.tell(receipt("NEW", "F1", 3)) == [.rowParked])
    try desk.put(Rows.items([Rows.Item(key: "NEW")]))
    #expect(try plan(desk) == ([0, 0, 3], [100, 40, 0], .open))
    expectSound(desk)
  }

  @Test func anUndoneRangeGivesThePlanBack() throws {
    var desk = try desk()
    let before = desk.state.digest()
    try desk.tell(receipt("A", "F1", 60))
    try desk.tell(receipt("A", "F1", 60), receipt("B", "F2", 40), receipt("C", "F2", 7))
    #expect(try plan(desk) == ([120, 40, 7], [0, 0, 0], .received))
    desk = desk.restarted()
    #expect(try desk.reverse("wms", 2, 4).reversedRows == 3)
    #expect(try plan(desk) == ([60, 0], [40, 40], .open), "as after the first row")
    #expect(desk.state.inboundPlans.openCount == 1)
    #expect(try desk.room(202_603)?.openInbound == 60 * cubicFoot)
    #expect(try desk.reverse("wms", 1, 4).reversedRows == 1)
    #expect(try plan(desk) == ([0, 0], [100, 40], .open))
    #expect(try desk.reverse("wms", 1, 4).reversedRows == 0, "once")
    #expect(desk.inbound("P", "A", "F1")?.etaUnixSeconds == eta)
    #expect(before != desk.state.digest(), "the source has moved on")
    expectSound(desk)
    // Nothing was sent: it expires like a plan of which nothing came.
    desk.go(to: "2026-05-30")
    #expect(try plan(desk).state == .expired)
  }

  /// What a closed plan had under way does not come back.
  @Test func aReceiptOfAClosedPlanCannotBeUndoneWhereItsUnitsWouldBeUnderWayAgain() throws {
    let desk = try desk()
    try desk.tell(receipt("A", "F1", 60))
    try desk.close("P")
    let reply = try desk.reverse("wms", 1, 1)
    #expect(reply.keptRows == 1 && desk.onHand("A", "F1") == 60)
    #expect(try plan(desk).received == [60, 0])
    expectSound(desk)
  }
}
