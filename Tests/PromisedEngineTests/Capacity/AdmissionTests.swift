import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct AdmissionTests {
  private let may = noon("2026-05-12")
  private let june = noon("2026-06-03")

  /// 1,000 ft³ confirmed from March to May, 800 estimated for June.
  private func desk() throws -> Desk {
    let desk = try Desk.storage()
    try desk.announce(
      Rows.limits([
        ("S1", .standard, 202_603, .confirmed, 1000 * cubicFoot),
        ("S1", .standard, 202_604, .confirmed, 1000 * cubicFoot),
        ("S1", .standard, 202_605, .confirmed, 1000 * cubicFoot),
        ("S1", .standard, 202_606, .estimated, 800 * cubicFoot),
      ]))
    return desk
  }

  /// field.md section 3 #24: capacity was in no API, and a plan was refused only after it was made.
  @Test func complaint24HowMuchMayBeSentIsKnownBeforeAndHolds() throws {
    let desk = try desk()
    try desk.put(Rows.positions([("A", "F1", 300, 0, 0)]))
    let room = try #require(try desk.room(202_605, item: "A"))
    #expect(room.admissible == 700 * cubicFoot && room.admissibleUnits == 700)
    let refused = desk.refusal { () throws(Refusal) in
      try desk.admit("P", [SentLine("A", "F1", 701, eta: may)])
    }
    #expect(refused?.code == .sellerLimitReached && refused?.availableUnits == 700)
    #expect(refused?.row == 0 && refused?.key == Name("A"))
    try desk.admit("P", [SentLine("A", "F1", 700, eta: may)])
    #expect(try desk.room(202_605)?.headroom == 0)
    #expect(try desk.room(202_605)?.openInbound == 700 * cubicFoot)
    // It arrives in May: March and April are not touched, and say so.
    #expect(try desk.room(202_603)?.headroom == 700 * cubicFoot)
    #expect(try desk.room(202_603)?.inboundLater == 700 * cubicFoot)
    // But nothing that would still be there in May may be sent in March.
    #expect(try desk.room(202_603)?.admissible == 0)
  }

  @Test func allLinesAreDecidedTogether() throws {
    let desk = try desk()
    let lines = [
      SentLine("A", "F1", 600, eta: may), SentLine("B", "F1", 900, eta: may),
    ]
    let refused = desk.refusal { () throws(Refusal) in try desk.admit("P", lines) }
    #expect(refused?.row == 1 && refused?.availableUnits == 800)
    #expect(desk.state.inboundPlans.rows.isEmpty, "nothing of a refused plan is held")
    #expect(try desk.room(202_605)?.headroom == 1000 * cubicFoot)
    let cut = try desk.admit("P", lines, mode: .cut)
    #expect(cut.lines.map(\.admitted) == [600, 800])
    #expect(cut.lines.map(\.code) == [.ok, .sellerLimitReached])
    #expect(try desk.room(202_605)?.headroom == 0)
  }

  @Test func theConfirmedLimitDecidesAndAnEstimateIsAdvice() throws {
    let desk = try desk()
    // June is only estimated: May's confirmed limit holds on.
    let reply = try desk.admit("P", [SentLine("A", "F1", 900, eta: june)])
    #expect(reply.lines[0].isBeyondEstimate && reply.lines[0].code == .ok)
    #expect(try desk.room(202_606)?.headroom == 0 && desk.room(202_606)?.kind == 2)
    // S2 has no limit at all.
    let refused = desk.refusal { () throws(Refusal) in
      try desk.admit("Q", [SentLine("C", "F1", 1, eta: may)], seller: "S2")
    }
    #expect(refused?.code == .limitNotConfirmed)
  }

  @Test func arefusalSaysWhatWouldMakeItFit() throws {
    let desk = try desk()
    try desk.put(
      Rows.buildings([("F1", .standard, 100 * cubicFoot), ("F2", .standard, 400 * cubicFoot)]))
    try desk.announce(
      Rows.limits([("S1", .standard, 202_607, .confirmed, 5000 * cubicFoot)]))
    let full = desk.refusal { () throws(Refusal) in
      try desk.admit("P", [SentLine("A", "F1", 300, eta: may)])
    }
    #expect(full?.code == .buildingFull && full?.availableUnits == 100)
    #expect(full?.message.contains("F2 has room for all") == true)
    // Too much for May to June, and for no other building either; July takes it.
    let limit = desk.refusal { () throws(Refusal) in
      try desk.admit("P", [SentLine("A", "F2", 1200, eta: may)])
    }
    #expect(limit?.code == .buildingFull || limit?.code == .sellerLimitReached)
    #expect(limit?.message.contains("2026-07") == true)
    #expect(limit?.nextSupplyUnixSeconds == noon("2026-07-01") - 43_200)
    try desk.put(Rows.buildings([("F2", .standard, 0)]))
    let closed = desk.refusal { () throws(Refusal) in
      try desk.admit("P", [SentLine("A", "F2", 1, eta: may)])
    }
    #expect(closed?.code == .restrictionForbids)
  }

  @Test func whatIfAnswersAsAdmitWouldAndChangesNothing() throws {
    let desk = try desk()
    let digest = desk.state.digest()
    let query = WhatIfQuery(
      seller: Name("S1"),
      lines: PlanLines(
        [SentLine("A", "", 500, eta: may), SentLine("B", "", 1200, eta: june)],
        hasNodes: false))
    let reply = try desk.state.answer(query, at: desk.now)
    #expect(reply.lines.map(\.admitted) == [500, 1000])
    #expect(reply.lines[1].code == .sellerLimitReached && reply.lines[1].month == 202_606)
    #expect(reply.rooms.first { $0.month == 202_605 }?.room == 0)
    #expect(desk.state.digest() == digest)
  }

  @Test func unitsArriveOnceAndStillCountOnce() throws {
    let desk = try desk()
    try desk.admit(
      "P", [SentLine("A", "F1", 100, eta: may), SentLine("B", "F1", 50, eta: may)])
    let before = try desk.room(202_605)?.headroom
    desk.go(to: "2026-05-13")
    #expect(try desk.receive("P", [SentLine("A", "F1", 60)], receipt: "R1"))
    #expect(try desk.room(202_605)?.headroom == before, "inbound became on hand")
    #expect(desk.available("A", "F1") == 60)
    // The same receipt, told again under another key long after the key is forgotten.
    desk.go(to: "2026-05-20")
    #expect(try !desk.receive("P", [SentLine("A", "F1", 60)], receipt: "R1"))
    #expect(desk.available("A", "F1") == 60)
    // More than planned, of something that was not planned, and short of the rest.
    try desk.receive("P", [SentLine("A", "F1", 45)], receipt: "R2")
    try desk.receive("P", [SentLine("B", "F2", 7)], receipt: "R3")
    #expect(desk.available("A", "F1") == 105 && desk.available("B", "F2") == 7)
    let status = try desk.state.planStatus(Name("P"))
    #expect(status.open == [0, 50, 0] && status.plan.lines.map(\.received) == [105, 0, 7])
    #expect(status.plan.state == .open)
    try desk.close("P", reason: "short")
    #expect(try desk.state.planStatus(Name("P")).open == [0, 0, 0])
    #expect(
      try desk.room(202_605)?.headroom == 1000 * cubicFoot - 105 * cubicFoot - 3_500_000)
    #expect(
      desk.refusal { () throws(Refusal) in try desk.close("P") }?.code == .inboundPlanEnded)
    // A pallet that turns up later is there all the same.
    try desk.receive("P", [SentLine("B", "F1", 50)], receipt: "R4")
    #expect(desk.available("B", "F1") == 50 && desk.state.storageDifferences().isEmpty)
  }

  @Test func aPlanThatIsAllThereIsReceived() throws {
    let desk = try desk()
    try desk.admit("P", [SentLine("A", "F1", 5, eta: may)])
    try desk.receive("P", [SentLine("A", "F1", 5)])
    #expect(try desk.state.planStatus(Name("P")).plan.state == .received)
  }

  @Test func whatWasAdmittedIsNeverRefusedLater() throws {
    let desk = try desk()
    try desk.admit("P", [SentLine("A", "F1", 900, eta: may)])
    try desk.announce(
      Rows.limit(
        202_605, .confirmed, 10 * cubicFoot, cause: .operatorCut, forced: true,
        notice: "fire in F1"))
    try desk.put(Rows.buildings([("F1", .standard, cubicFoot)]))
    #expect(try desk.room(202_605)?.headroom == 0)
    desk.go(to: "2026-05-12")
    try desk.receive("P", [SentLine("A", "F1", 900)])
    #expect(desk.available("A", "F1") == 900)
    #expect(
      desk.refusal { () throws(Refusal) in
        try desk.admit("Q", [SentLine("A", "F1", 1, eta: may)])
      }?.code == .sellerLimitReached)
  }

  @Test func aPlanOfWhichNothingIsSentExpires() throws {
    let desk = try desk()
    try desk.admit("idle", [SentLine("A", "F1", 100, eta: may)])
    try desk.admit("sent", [SentLine("A", "F2", 100, eta: may)])
    try desk.put(Rows.inbound([("sent", "A", "F2", 100, may, .shipped)]))
    // Thirty days after its ETA.
    desk.go(to: "2026-06-10")
    #expect(try desk.state.planStatus(Name("idle")).plan.state == .open)
    let copy = desk.restarted()
    for twin in [desk, copy] {
      twin.go(to: "2026-06-11")
      #expect(try twin.state.planStatus(Name("idle")).plan.state == .expired)
      #expect(try twin.state.planStatus(Name("sent")).plan.state == .open)
      #expect(try twin.room(202_606)?.openInbound == 100 * cubicFoot)
    }
    #expect(copy.state.digest() == desk.state.digest())
    #expect(!desk.state.isCapacityDayDue(at: UnixMilliseconds(.max / 2)))
  }

  @Test func aFeedThatNamesThePlanCountsOnce() throws {
    let desk = try desk()
    try desk.admit("P", [SentLine("A", "F1", 100, eta: may)])
    // What a feed's receipt of inbound does: the row goes down, on hand goes up.
    try desk.put(Rows.inbound([("P", "A", "F1", 30, may, .receiving)]))
    try desk.feed([("A", "F1", .receipt, 70)], from: 1)
    #expect(try desk.room(202_605)?.headroom == 900 * cubicFoot)
    #expect(try desk.state.planStatus(Name("P")).open == [30])
    #expect(desk.state.storageDifferences().isEmpty)
  }

  @Test func aNameIsUsedOnce() throws {
    let desk = try desk()
    let line = [SentLine("A", "F1", 1, eta: may)]
    try desk.admit("P", line)
    #expect(
      desk.refusal { () throws(Refusal) in try desk.admit("P", line) }?.code
        == .inboundPlanExists)
    try desk.put(Rows.inbound([("truck", "A", "F1", 5, may, .shipped)]))
    #expect(
      desk.refusal { () throws(Refusal) in try desk.admit("truck", line) }?.code
        == .inboundPlanExists)
    #expect(
      desk.refusal { () throws(Refusal) in try desk.receive("none", line) }?.code
        == .inboundPlanUnknown)
  }

  @Test func whatAnAdmissionMayNotSay() throws {
    let desk = try desk()
    func code(_ lines: [SentLine], seller: String = "S1") -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in try desk.admit("P", lines, seller: seller) }?.code
    }
    #expect(code([]) == .fieldMissing)
    #expect(code([SentLine("A", "F9", 1, eta: may)]) == .nodeUnknown)
    #expect(code([SentLine("Q", "F1", 1, eta: may)]) == .itemUnknown)
    #expect(code([SentLine("C", "F1", 1, eta: may)]) == .rowInvalid)
    #expect(code([SentLine("A", "F1", 0, eta: may)]) == .fieldOutOfRange)
    #expect(code([SentLine("A", "F1", 1, eta: noon("2027-03-01"))]) == .fieldOutOfRange)
    #expect(code([SentLine("A", "F1", 1, eta: may)], seller: "S9") == .sellerUnknown)
    #expect(
      code([SentLine("A", "F1", 1, eta: may), SentLine("A", "F1", 1, eta: june)])
        == .rowInvalid)
    // Volumes beyond 64 bits do not wrap.
    try desk.put(Rows.items([Rows.Item(key: "A", volume: 1_000_000_000_000)]))
    #expect(code([SentLine("A", "F1", 2_000_000_000, eta: may)]) == .sellerLimitReached)
    // What is overdue counts in the running month.
    #expect(code([SentLine("B", "F1", 2001, eta: 0)]) == .sellerLimitReached)
    #expect(code([SentLine("B", "F1", 2000, eta: 0)]) == nil)
  }

  @Test func replenishmentPassesTheLimitWhereAPolicyLetsIt() throws {
    let desk = try desk()
    let line = [SentLine("A", "F1", 5000, eta: may)]
    #expect(
      desk.refusal { () throws(Refusal) in
        try desk.admit("P", line, isReplenishment: true)
      }?.code == .sellerLimitReached)
    var policy = CapacityPolicy(marketplace: Name("US"))
    policy.replenishmentBypasses = true
    try desk.put(.policies([policy]))
    #expect(
      desk.refusal { () throws(Refusal) in try desk.admit("P", line) }?.code
        == .sellerLimitReached)
    try desk.admit("P", line, isReplenishment: true)
    #expect(try desk.room(202_605)?.headroom == 0)
  }
}
