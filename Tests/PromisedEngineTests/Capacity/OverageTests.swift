import PromisedModel
import Testing

@testable import PromisedEngine

/// What counts as overage, and for whom.
@Suite struct OverageTests {
  /// S1 and S2 have 1,100 and 700 ft³ on hand from the first of March on, 1,000 and 500 confirmed.
  private func desk(_ policies: [CapacityPolicy]) throws -> Desk {
    let desk = try Desk.storage(at: "2026-03-01")
    try desk.put(.policies(policies))
    try desk.announce(
      Rows.limits([
        ("S1", .standard, 202_603, .confirmed, 1000 * cubicFoot),
        ("S2", .standard, 202_603, .confirmed, 500 * cubicFoot),
      ]))
    try desk.put(Rows.positions([("A", "F1", 1100, 0, 0), ("C", "F1", 700, 0, 0)]))
    return desk
  }

  private func policy(_ charges: Bool, seller: String = "") -> CapacityPolicy {
    var policy = CapacityPolicy(marketplace: seller.isEmpty ? Name("US") : .empty)
    policy.seller = Name(seller)
    policy.chargesOverage = charges
    return policy
  }

  private func excess(_ desk: Desk) -> [String: Int64] {
    var sums: [String: Int64] = [:]
    for row in desk.state.overage.rows { sums["\(row.seller)", default: 0] += row.excessDays }
    return sums
  }

  @Test func whereItIsNotChargedNothingIsCounted() throws {
    let off = try desk([policy(false)])
    off.go(to: "2026-03-11")
    #expect(excess(off).isEmpty)
    // On for the marketplace, off for one of its sellers.
    let on = try desk([policy(true), policy(false, seller: "S2")])
    on.go(to: "2026-03-11")
    #expect(excess(on) == ["S1": 10 * 100 * cubicFoot])
  }

  /// What is under way counts to the limit and not to overage.
  @Test func openInboundIsNoOverage() throws {
    let desk = try desk([policy(true)])
    try desk.put(Rows.inbound([("I", "A", "F1", 500, noon("2026-03-02"), .shipped)]))
    desk.go(to: "2026-03-03")
    #expect(excess(desk) == ["S1": 2 * 100 * cubicFoot, "S2": 2 * 200 * cubicFoot])
  }

  /// A limit that an operator cuts below what was estimated: the higher of both counts.
  @Test func theHigherOfEstimatedAndConfirmedCounts() throws {
    let desk = try Desk.storage(at: "2026-02-20")
    try desk.put(.policies([policy(true)]))
    try desk.announce(Rows.limit(202_603, .estimated, 1000 * cubicFoot))
    try desk.announce(
      Rows.limit(
        202_603, .confirmed, 600 * cubicFoot, cause: .operatorCut, forced: true, notice: "fire"))
    desk.go(to: "2026-03-01")
    try desk.put(Rows.positions([("A", "F1", 1100, 0, 0)]))
    desk.go(to: "2026-03-06")
    #expect(excess(desk) == ["S1": 5 * 100 * cubicFoot])
    #expect(try desk.room(202_603)?.headroom == 0, "what may be sent is by the confirmed one")
  }

  /// Kept sums that are not what the rows add up to are found, and named.
  @Test func aWrongSumIsFound() throws {
    let desk = try desk([policy(true)])
    let standard = StorageType.standard.rawValue
    #expect(desk.state.storageDifferences().isEmpty)
    desk.state.usage.add(Usage(reserved: 1), seller: 0, type: standard)
    let found = desk.state.storageDifferences()
    #expect(found.count == 1 && found[0].contains("seller S1 type 1"), "\(found)")
    // Comparing has put it right.
    #expect(desk.state.storageDifferences().isEmpty)
    desk.state.usage.addDue(open: 5, drafts: 0, seller: 1, type: standard, month: 202_604)
    #expect(desk.state.storageDifferences().count == 1)
    let node = desk.state.knownNode(Name("F2"))
    desk.state.buildings.add(stored: 7, inbound: 0, node: node, type: standard)
    #expect(desk.state.storageDifferences().first?.contains("node F2") == true)
  }

  /// The seller's share of what all buildings have free: advice that bounds nothing.
  @Test func theNetworksShareAdvises() throws {
    let desk = try Desk.storage()
    var policy = CapacityPolicy(marketplace: Name("US"))
    policy.networkSharePermille = 250
    try desk.put(.policies([policy]))
    try desk.announce(Rows.limit(202_603, .confirmed, 1000 * cubicFoot))
    try desk.put(
      Rows.buildings([("F1", .standard, 300 * cubicFoot), ("F2", .standard, 100 * cubicFoot)]))
    let row = try #require(try desk.room(202_603))
    #expect(row.networkAdvice == 100 * cubicFoot && row.binding == .network)
    #expect(row.admissible == 1000 * cubicFoot && row.headroom == 1000 * cubicFoot)
    try desk.put(Rows.positions([("C", "F2", 60, 0, 0)]))
    #expect(
      try desk.room(202_603)?.networkAdvice == 85 * cubicFoot, "of another seller's stock too")
    try desk.admit("P", [SentLine("A", "F1", 150, eta: noon("2026-03-06"))])
    #expect(try desk.room(202_603)?.networkAdvice == 47_500_000)
  }
}
