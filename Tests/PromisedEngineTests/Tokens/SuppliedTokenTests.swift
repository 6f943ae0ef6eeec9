import PromisedModel
import Testing

@testable import PromisedEngine

/// Tokens of units that come, when they are redeemed and after.
@Suite struct SuppliedTokenTests {
  private let hour: Int64 = 3600
  private let day: Int64 = 86_400

  @Test func aBackorderDoesNotStandInForAPreorder() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(Rows.backorders([("K", "FC1", .preorder, 5, world.at(3, hour: 0), 0)]))
    let token = try world.suppliedToken("K", quantity: 3)
    try world.redeem([token])
    // It takes the pre-order's place.
    try world.desk.put(Rows.backorders([("K", "FC1", .backorder, 50, 0, 0)]))
    let refused = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(refused?.code == .insufficientStock && refused?.availableUnits == 0)
  }

  /// The lead time of a backorder runs from the offer; a shipment has no such time.
  @Test func aShipmentThatSlipsByMinutesIsNotForgiven() throws {
    let world = try PromiseWorld.withInbound()
    let (eta, late) = (world.at(2, hour: 10), world.at(2, hour: 20))
    try world.spread("PO-1", 10, eta: eta, early: eta, late: late)
    let token = try world.suppliedToken("C", quantity: 2)
    world.desk.now.milliseconds += 600_000
    try world.spread("PO-1", 10, eta: eta, early: eta, late: late + 300)
    let refused = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(refused?.code == .offerChanged)
    try world.spread("PO-1", 10, eta: eta, early: eta, late: late)
    try world.redeem([token])
  }

  @Test func unitsThatHaveComeMeanwhileAreClaimedAsTheyAre() throws {
    let world = try PromiseWorld.withInbound()
    let now = world.desk.now.seconds
    try world.desk.put(Rows.inbound([("PO-0", "C", "FC1", 5, now + 300, .shipped)]))
    let token = try world.suppliedToken("C", quantity: 2)
    world.desk.now.milliseconds += 400_000
    try world.desk.put(Rows.inbound([("PO-0", "C", "FC1", 0, 0, .shipped)]))
    try world.desk.put(Rows.positions([("C", "FC1", 5, 0, 0)]))
    try world.redeem([token])
    #expect(world.lineOfC?.due == 0 && world.lineOfC?.units == 2)
  }

  // MARK: Late supply

  /// Units are short until the fourth day's shipment: what is due with that one is not late for it,
  /// whoever came last.
  @Test func onlyWhatIsDueWhileUnitsAreShortIsLate() throws {
    let world = try PromiseWorld.withInbound()
    let first = try world.redeem([try world.suppliedToken("C", quantity: 8)])
    try world.desk.change(first, .commit)
    world.desk.now.milliseconds += 1000
    let second = try world.redeem([try world.suppliedToken("C", quantity: 5)])
    #expect(world.lineOfC?.due == UInt32(world.at(4, hour: 10)))
    try world.desk.put(
      Rows.inbound([("PO-1", "C", "FC1", 5, world.at(2, hour: 10), .shipped)]))
    #expect(try world.risks().map(\.holdID) == [first] && second != first)
  }

  @Test func aLatePromiseIsNotInItsOwnWay() throws {
    let world = try PromiseWorld.withInbound()
    try world.redeem([try world.suppliedToken("C", quantity: 8)])
    try world.desk.put(
      Rows.inbound([
        ("PO-1", "C", "FC1", 8, world.at(3, hour: 10), .shipped),
        ("PO-0", "C", "FC2", 1, world.at(1, hour: 10), .shipped),
      ]))
    let risk = try #require(try world.risks().first)
    #expect(risk.cause == .inboundLate && risk.newToUnixSeconds == world.at(4, hour: 20))
    // What it waits for comes to its node.
    #expect(risk.subject == Name("PO-1"))
  }
}
