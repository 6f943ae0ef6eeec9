import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct TokenHoldTests {
  @Test func aTokenHoldsTheUnitsTheWindowAndTheDepartures() throws {
    let world = try PromiseWorld()
    let offer = try world.offer("A", quantity: 3)
    let id = try world.redeem([try world.token("A", quantity: 3)])
    let shipment = try #require(world.shipments(id).first)
    #expect(shipment.windowToUnixSeconds == offer.windowToUnixSeconds[0])
    #expect(shipment.windowFromUnixSeconds == PromiseWorld.midnight + (24 + 9) * 3600)
    #expect(shipment.shipByUnixSeconds == offer.shipByUnixSeconds[0])
    #expect(world.desk.row("A", "FC1")?.reserved == 3)
    // The latest departure that makes the window is the night leg of FC1.
    #expect(world.claimed("F1-DS", 23 * 60) == 3 && world.claimed("F1-HUB", 18 * 60) == 0)
    #expect(world.wave(0, 24 * 60 + 300) == 3)
    var reply = HoldReply()
    try world.desk.state.answer(HoldReference(id: id), at: world.desk.now, into: &reply)
    #expect(reply.shipmentLineCounts[0] == 1 && reply.shipmentNodes[0].name == Name("FC1"))
    #expect(reply.shipmentDeliveryDays[0] == offer.deliveryDays[0])
  }

  @Test func whatIsGivenBackIsGivenBackOnce() throws {
    let world = try PromiseWorld()
    let token = try world.token("A", quantity: 2)
    let released = try world.redeem([token])
    let expired = try world.redeem([token], seconds: 10)
    let committed = try world.redeem([token])
    try world.desk.change(committed, .commit)
    #expect(world.claimed("F1-DS", 23 * 60) == 6)
    try world.desk.change(released, .release)
    #expect(world.claimed("F1-DS", 23 * 60) == 4)
    let again = world.desk.refusal { () throws(Refusal) in
      try world.desk.change(released, .release)
    }
    #expect(again?.code == .holdReleased && world.claimed("F1-DS", 23 * 60) == 4)
    world.desk.now.milliseconds += 11_000
    world.desk.expire()
    #expect(world.claimed("F1-DS", 23 * 60) == 2 && world.desk.row("A", "FC1")?.reserved == 2)
    // An expired hold that is committed claims again.
    try world.desk.change(expired, .commit)
    #expect(world.claimed("F1-DS", 23 * 60) == 4 && world.wave(0, 24 * 60 + 300) == 4)
  }

  /// Cancelled before it left, a promise frees everything; afterwards only what is still to come.
  @Test func whatHasLeftIsNotFreed() throws {
    let world = try PromiseWorld()
    let id = try world.redeem([try world.token("A", quantity: 2)])
    try world.desk.change(id, .commit)
    world.desk.now = UnixMilliseconds((PromiseWorld.midnight + 23 * 3600 + 1) * 1000)
    try world.desk.change(id, .release)
    #expect(world.wave(0, 24 * 60 + 300) == 0)
    let buckets = world.desk.state.buckets.count
    #expect(buckets == 1 || world.claimed("F1-DS", 23 * 60) == 2)
  }

  @Test func anOfferExpires() throws {
    let world = try PromiseWorld()
    let token = try world.token("A")
    world.desk.now.milliseconds += 900_000
    try world.redeem([token])
    world.desk.now.milliseconds += 1
    let late = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(late?.code == .offerExpired)
  }

  @Test func theOrderTimeIsTheEnd() throws {
    let world = try PromiseWorld()
    // Five minutes before the last order for the night leg.
    world.desk.now = UnixMilliseconds((PromiseWorld.midnight + 22 * 3600 - 300) * 1000)
    let reply = try world.offer("A")
    #expect(reply.orderByUnixSeconds[0] == PromiseWorld.midnight + 22 * 3600)
    #expect(reply.expiresUnixSeconds[0] == reply.orderByUnixSeconds[0])
    #expect(reply.cacheUntilUnixSeconds[0] == world.desk.now.seconds + 60)
    let token = try world.token("A")
    world.desk.now.milliseconds += 300_000
    try world.redeem([token])
    world.desk.now.milliseconds += 1
    let late = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(late?.code == .offerExpired)
  }

  @Test func unitsThatAreGoneAreNamedWithTheNextSupply() throws {
    let world = try PromiseWorld()
    let token = try world.token("B", quantity: 30)
    try world.desk.hold([Line("B", "FC1", 40)])
    let eta = world.desk.now.seconds + 86_400
    try world.desk.put(Rows.inbound([("PO", "B", "FC1", 100, eta, .shipped)]))
    let refusal = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(refusal?.code == .insufficientStock && refusal?.availableUnits == 10)
    #expect(refusal?.nextSupplyUnixSeconds == eta && refusal?.key == Name("B"))
  }

  @Test func aClosedLegIsNamedWithTheNewDate() throws {
    var world = try PromiseWorld(PromiseWorld.Room(hasNightLeg: false))
    let token = try world.token("B")
    world.change("HUB-DS", .closed)
    for isPublished in [false, true] {
      if isPublished { world.publish() }
      let refusal = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
      #expect(refusal?.code == .offerChanged)
      #expect(refusal?.key == Name("HUB-DS"))
      if isPublished {
        #expect(refusal?.message.contains("2026-09-22") == true, "\(refusal?.message ?? "")")
      }
    }
    #expect(world.desk.row("B", "FC1")?.reserved == 0)
  }

  /// The window is what was promised: another way to it will do.
  @Test func anotherWayToTheSameWindowIsTaken() throws {
    var world = try PromiseWorld()
    let token = try world.token("B")
    world.change("F1-DS", .closed)
    world.publish()
    let id = try world.redeem([token])
    #expect(world.claimed("F1-HUB", 18 * 60) == 1 && world.claimed("HUB-DS", 22 * 60) == 1)
    #expect(world.claimed("F1-DS", 23 * 60) == 0)
    #expect(world.shipments(id)[0].shipByUnixSeconds == PromiseWorld.midnight + 18 * 3600)
  }

  @Test func aLateLegChangesAnOffer() throws {
    let world = try PromiseWorld(PromiseWorld.Room(hasNightLeg: false))
    let token = try world.token("B")
    world.change("HUB-DS", .delayed, delay: 600)
    let refusal = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(refusal?.code == .offerChanged && refusal?.key == Name("HUB-DS"))
  }

  @Test func severalTokensAndLinesAreOneStep() throws {
    let world = try PromiseWorld()
    let tokens = [try world.token("A", quantity: 2), try world.token("B", quantity: 3)]
    let id = try world.redeem(tokens, lines: [Line("A", "FC2", 5)])
    #expect(world.desk.row("A", "FC1")?.reserved == 2 && world.desk.row("A", "FC2")?.reserved == 5)
    #expect(world.desk.row("B", "FC1")?.reserved == 3)
    #expect(world.claimed("F1-DS", 23 * 60) == 5)
    let shipments = world.shipments(id)
    #expect(shipments.map(\.firstLine) == [1, 2] && shipments.map(\.lineCount) == [1, 1])
    // Together they want more than there is: none of it is held.
    let half = try world.token("B", quantity: 40)
    let refusal = world.desk.refusal { () throws(Refusal) in try world.redeem([half, half]) }
    #expect(refusal?.code == .insufficientStock && world.desk.row("B", "FC1")?.reserved == 3)
  }

  @Test func aPlanIsHeldWhole() throws {
    let world = try PromiseWorld()
    let offer = try world.offer("A")
    let query = PlanQuery(
      items: world.desk.lender.keys(["A", "B"]), quantities: world.desk.lender.column([4, 6]),
      country: world.desk.lender.bytes("US"), postcode: world.desk.lender.bytes("98109"))
    var plan = CartPlan(level: .standard, code: .ok)
    var shipment = PlannedShipment()
    shipment.node = world.desk.state.nodeIndex(Name("FC1")) ?? 0
    shipment.level = .standard
    shipment.lines = [
      PlannedLine(line: 1, quantity: 6), PlannedLine(line: 0, quantity: 4),
    ]
    shipment.windowFromUnixSeconds = offer.windowFromUnixSeconds[0]
    shipment.windowToUnixSeconds = offer.windowToUnixSeconds[0]
    shipment.deliveryDays = offer.deliveryDays[0]
    shipment.orderByUnixSeconds = offer.orderByUnixSeconds[0]
    shipment.shipByUnixSeconds = offer.shipByUnixSeconds[0]
    plan.shipments = [shipment]
    let token = PlanToken(query, plan, position: world.desk.position, decidedAt: world.desk.now)
      .encode()
    let id = try world.redeem([token])
    #expect(world.desk.row("A", "FC1")?.reserved == 4 && world.desk.row("B", "FC1")?.reserved == 6)
    #expect(world.claimed("F1-DS", 23 * 60) == 10 && world.shipments(id).count == 1)
    let both = world.desk.refusal { () throws(Refusal) in try world.redeem([token, token]) }
    #expect(both?.code == .fieldOutOfRange)
  }

  /// Tokens are not trusted: what they name is looked up again.
  @Test func aForgedTokenGrantsNothing() throws {
    let world = try PromiseWorld()
    let bytes = world.desk.lender.column(try world.token("A"))
    guard
      case .offer(let sound) = try Token(BorrowedBytes(base: bytes.base, count: bytes.count))
    else { return }
    func code(_ change: (inout OfferToken) -> Void) -> OutcomeCode? {
      var forged = sound
      change(&forged)
      var buffer = [UInt8](repeating: 0, count: 200)
      let count = buffer.withUnsafeMutableBufferPointer { forged.encode(into: $0.baseAddress!) }
      return world.desk.refusal { () throws(Refusal) in
        try world.redeem([Array(buffer[..<count])])
      }?.code
    }
    #expect(code { $0.node = 999 } == .offerChanged)
    #expect(code { $0.item = world.desk.lender.bytes("nothing") } == .itemUnknown)
    #expect(code { $0.quantity = 101 } == .insufficientStock)
    #expect(code { $0.postcode = world.desk.lender.bytes("11111") } == .postcodeUnknown)
    #expect(code { $0.windowToUnixSeconds -= 86_400 } == .offerChanged)
    #expect(code { $0.decidedAt.milliseconds += 1 } == .tokenInvalid)
    #expect(code { $0.decidedAt.milliseconds -= 901_000 } == .offerExpired)
    #expect(code { _ in } == nil)
  }
}
