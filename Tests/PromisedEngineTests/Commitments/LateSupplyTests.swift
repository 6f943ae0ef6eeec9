import PromisedModel
import Testing

@testable import PromisedEngine

/// Promises of units that come, after what comes has changed.
@Suite struct LateSupplyTests {
  private func promised(_ quantity: Int32) throws -> (world: PromiseWorld, id: UInt64) {
    let world = try PromiseWorld.withInbound()
    return (world, try world.redeem([try world.suppliedToken("C", quantity: quantity)]))
  }

  /// Complaint: a promise was accepted on stock that was on its way, and the order stood past its date
  /// without ever being looked at again (amzn/selling-partner-api-models#5260).
  @Test func complaint23APromiseOnStockUnderWayIsJudgedAnewWhenItComesLate() throws {
    let (world, id) = try promised(4)
    try world.desk.change(id, .commit)
    #expect(try world.risks().isEmpty)
    try world.desk.put(
      Rows.inbound([("PO-1", "C", "FC1", 10, world.at(3, hour: 10), .shipped)]))
    let risk = try #require(try world.risks().first)
    #expect(risk.cause == .inboundLate && risk.subject == Name("PO-1") && risk.holdID == id)
    #expect(risk.item == Name("C") && risk.node == Name("FC1"))
    #expect(risk.promisedToUnixSeconds == world.at(3, hour: 20))
    #expect(risk.newToUnixSeconds == world.at(4, hour: 20) && !risk.isSaved)
    // Never at all: nobody knows a date.
    try world.desk.put(
      Rows.inbound([
        ("PO-1", "C", "FC1", 0, 0, .working), ("PO-2", "C", "FC1", 0, 0, .working),
      ]))
    let none = try #require(try world.risks().first)
    #expect(none.newToUnixSeconds == 0 && none.subject == Name("C"))
    // It comes after all, early: the promise stands.
    try world.desk.feed([("C", "FC1", .receipt, 4)], from: 1)
    #expect(try world.risks().isEmpty)
  }

  @Test func whoCameLastWaits() throws {
    let (world, first) = try promised(6)
    let second = try world.redeem([try world.suppliedToken("C", quantity: 4)])
    try world.desk.change(second, .commit)
    // The one that is only held gives way to the one that is committed.
    try world.desk.put(
      Rows.inbound([("PO-1", "C", "FC1", 5, world.at(2, hour: 10), .shipped)]))
    let risks = try world.risks()
    #expect(risks.map(\.holdID) == [first] && risks[0].newToUnixSeconds == world.at(5, hour: 20))
    try world.desk.put(
      Rows.inbound([("PO-1", "C", "FC1", 3, world.at(2, hour: 10), .shipped)]))
    #expect(try world.risks().map(\.holdID) == [first, second])
  }

  @Test func anotherNodeSavesWhatComesLate() throws {
    let (world, id) = try promised(4)
    try world.desk.put(
      Rows.inbound([("PO-1", "C", "FC1", 10, world.at(9, hour: 10), .shipped)]))
    try world.desk.put(Rows.positions([("C", "FC2", 8, 0, 0)]))
    let risk = try #require(try world.risks().first)
    #expect(risk.rescueNode == Name("FC2"))
    #expect(risk.rescueToUnixSeconds == world.at(3, hour: 20) && risk.isSaved)
    try world.rescue(id)
    #expect(try world.risks().isEmpty && world.shipments(id)[0].node == 1)
    // The units are claimed there, for the same day; the room of the old way is free.
    #expect(world.claimed("F1-DS", 2 * 1440 + 23 * 60) == 0)
    #expect(world.claimed("F2-HUB", 2 * 1440 + 19 * 60) == 4)
    #expect(try world.row("C", quantity: 5).node == "FC1")
    #expect(try world.row("C", quantity: 4).node == "FC2")
    #expect(world.copied().digest() == world.desk.state.digest())
  }

  /// A promise that waits for its units is not moved to an earlier way.
  @Test func whatComesIsNotUpgraded() throws {
    let world = try PromiseWorld.withInbound()
    _ = try world.redeem([try world.suppliedToken("C", quantity: 4)], wantsUpgrade: true)
    let other = try world.redeem([try world.token("B")])
    try world.desk.change(other, .release)
    let wishes = world.desk.state.takeUpgradeWishes(at: world.desk.now)
    #expect(wishes.count == 1)
    #expect(world.desk.state.decideUpgrades(wishes, at: world.desk.now).isEmpty)
  }

  /// Complaint: a backorder was sold with no date at all (magento/magento2#29216), or beyond its limit
  /// (jigoshop/jigoshop#438).
  @Test func complaint22ABackorderHasADateAndALimit() throws {
    let world = try PromiseWorld.withInbound()
    guard case .backorders(var rows) = Rows.backorders([("K", "FC1", .backorder, 3, 0, 0)]) else {
      return
    }
    rows.leadDays = [4]
    try world.desk.put(.backorders(rows))
    let found = try world.row("K", quantity: 3)
    #expect(found.supply == .backorder && found.units == 3 && found.to == 5 * 86_400 + 20 * 3600)
    #expect(try world.row("K", quantity: 4).code == .noStock)
    try world.redeem([try world.suppliedToken("K", quantity: 3)])
    #expect(try world.row("K").code == .noStock)
  }

  /// Complaint: backorder and pre-order with limits (saleor/saleor#4190, #1979, #4191).
  @Test func complaint22APreorderHasACapOverAllWhoOrderIt() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(
      Rows.backorders([("K", "FC1", .preorder, 2, world.at(6, hour: 0), 0)]))
    var held = 0
    for _ in 0..<5 {
      guard let token = try? world.suppliedToken("K"), !token.isEmpty else { continue }
      if (try? world.redeem([token])) != nil { held += 1 }
    }
    #expect(held == 2)
    // The first stock that comes goes to those who ordered ahead.
    try world.desk.feed([("K", "FC1", .receipt, 2)], from: 1)
    #expect(try world.row("K", quantity: 1).supply == .preorder)
    #expect(try world.row("K", quantity: 3).code == .noStock)
  }

  /// Complaint: backorders were counted twice, so that less was sold than there was (IBM idea
  /// INVENTORY-I-33).
  @Test func complaint20WhatIsPromisedOfAShipmentCountsOnceWhenItArrives() throws {
    let (world, id) = try promised(4)
    try world.desk.change(id, .commit)
    #expect(try world.row("C", quantity: 6).from == 2 * 86_400 + 10 * 3600)
    world.desk.now = UnixMilliseconds((world.at(2, hour: 9)) * 1000)
    try world.desk.put(Rows.inbound([("PO-1", "C", "FC1", 0, 0, .working)]))
    try world.desk.feed([("C", "FC1", .receipt, 10)], from: 1)
    #expect(world.desk.row("C", "FC1")?.onHand == 10)
    #expect(try world.row("C", quantity: 6).supply == .onHand)
    #expect(try world.row("C", quantity: 7).supply == .inbound)
    world.desk.now = UnixMilliseconds((world.at(2, hour: 11)) * 1000)
    #expect(try world.row("C", quantity: 6).supply == .onHand)
    #expect(try world.risks().isEmpty)
  }
}
