import PromisedModel
import Testing

@testable import PromisedEngine

/// What offers, plans and stock answers say of items for which more than stock decides: what a claim
/// would get. FC1 has five units of A and FC2 two; both make the same window.
@Suite struct PromisedStockTests {
  private func desk() throws -> Desk {
    let desk = try StateOfferTests.desk()
    desk.isAudited = false
    try desk.put(Rows.items([Rows.Item(key: "B"), Rows.Item(key: "K")]))
    try desk.put(Rows.positions([("B", "FC2", 3, 0, 0)]))
    try desk.put(Rows.groups([("all", ["FC1", "FC2"]), ("one", ["FC1"])]))
    StateOfferTests.publish(desk)
    return desk
  }

  /// The node that an offer comes from, or its outcome.
  private func offer(
    _ desk: Desk, _ item: String, _ quantity: Int32, channel: String = ""
  ) throws(Refusal) -> String {
    var reply = OfferReply()
    try desk.state.answer(
      OfferQuery(
        items: desk.lender.keys([item]), quantities: desk.lender.column([quantity]),
        country: desk.lender.bytes("US"), postcodes: desk.lender.names(["98109"]),
        withPath: false, channel: channel.isEmpty ? .empty : desk.lender.bytes(channel)),
      at: desk.now, into: &reply)
    if reply.codes[0] != 0 { return "\(OutcomeCode(rawValue: UInt16(reply.codes[0])) ?? .ok)" }
    return reply.nodeNames[Int(reply.nodes[0])].name.description
  }

  private func plan(
    _ desk: Desk, _ items: [String], _ quantities: [Int32], channel: String = ""
  ) throws(Refusal) -> [String] {
    var reply = PlanReply()
    try desk.state.answer(
      PlanQuery(
        items: desk.lender.keys(items), quantities: desk.lender.column(quantities),
        country: desk.lender.bytes("US"), postcode: desk.lender.bytes("98109"),
        objective: .fewestShipments,
        channel: channel.isEmpty ? .empty : desk.lender.bytes(channel)),
      at: desk.now, into: &reply)
    let plan = reply.plans[0]
    if plan.code != .ok { return ["\(plan.code)"] }
    return plan.shipments.flatMap { shipment in
      shipment.lines.map {
        "\(desk.state.network.nodeName(shipment.node).name) \($0.line) \($0.quantity)"
      }
    }
  }

  private func stock(
    _ desk: Desk, _ item: String, groups: [String] = [], channel: String = ""
  ) throws(Refusal) -> [String] {
    var reply = AvailabilityReply()
    try desk.state.answer(
      AvailabilityQuery(
        items: desk.lender.keys([item]), nodeNames: .empty,
        groupNames: desk.lender.names(groups),
        channel: channel.isEmpty ? .empty : desk.lender.bytes(channel)),
      at: desk.now, into: &reply)
    #expect(Int(reply.positionCounts[0]) == reply.nodes.count)
    var rows = (0..<reply.nodes.count).map { row in
      let name = reply.nodeNames[Int(reply.nodes[row])].name
      return "\(name) \(reply.onHand[row]) \(reply.availableNow[row])"
        + " later \(reply.claimedLater[row]) kept \(reply.withheldFromChannel[row])"
    }
    if reply.unsourced[0] != 0 { rows.append("unsourced \(reply.unsourced[0])") }
    return rows
  }

  @Test func anOfferCountsOnWhatAClaimOfItsChannelWouldGet() throws {
    let desk = try desk()
    try desk.put(Rows.channels([("app", "A", "FC1", 3, 0), ("b2b", "A", "FC1", 0, 2)]))
    #expect(try offer(desk, "A", 3) == "FC1" && offer(desk, "A", 4) == "noStock")
    #expect(try offer(desk, "A", 5, channel: "b2b") == "FC1")
    #expect(try offer(desk, "A", 1, channel: "app") == "FC2")
    #expect(try offer(desk, "A", 3, channel: "app") == "noStock")
    #expect(
      try stock(desk, "A", groups: ["one"], channel: "app") == ["FC1 5 0 later 0 kept 5"])
    #expect(try plan(desk, ["A"], [2], channel: "app") == ["FC2 0 2"])
    #expect(try plan(desk, ["A"], [3], channel: "app") == ["noStock"])
    #expect(
      desk.refusal { () throws(Refusal) in _ = try offer(desk, "A", 1, channel: "x") }?.code
        == .channelUnknown)
    #expect(
      desk.refusal { () throws(Refusal) in _ = try plan(desk, ["A"], [1], channel: "x") }?
        .code == .channelUnknown)
  }

  @Test func whatIsClaimedForLaterAndOfGroupsIsNotOffered() throws {
    let desk = try desk()
    try desk.take([desk.wish("A", "FC1", 4, due: desk.day(9))])
    #expect(try offer(desk, "A", 1) == "FC1" && offer(desk, "A", 2) == "FC2")
    #expect(try stock(desk, "A") == ["FC1 5 1 later 4 kept 0", "FC2 2 2 later 0 kept 0"])
    try desk.take([desk.wish("A", "all", 2, pool: true)])
    // One unit is left of both together: each node alone could still give it.
    #expect(try offer(desk, "A", 1) == "FC1" && offer(desk, "A", 2) == "noStock")
    #expect(
      try stock(desk, "A")
        == ["FC1 5 1 later 4 kept 0", "FC2 2 1 later 0 kept 0", "unsourced 2"])
    #expect(try plan(desk, ["A"], [1]) == ["FC1 0 1"])
    #expect(
      desk.state.availableEverywhere(
        desk.state.positions.find(desk.token("A")), at: desk.now) == 1)
  }

  /// Each node alone could give all of it, both together cannot: the plan is made anew of what
  /// claims of both would get.
  @Test func aPlanOverSeveralNodesIsOneThatCanBeClaimed() throws {
    let desk = try desk()
    try desk.take([desk.wish("A", "all", 2, pool: true)])
    #expect(try plan(desk, ["A"], [5]) == ["FC1 0 5"])
    #expect(try plan(desk, ["A"], [6]) == ["noStock"])
    try desk.put(Rows.positions([("A", "FC1", 4, 0, 0), ("A", "FC2", 4, 0, 0)]))
    #expect(try plan(desk, ["A"], [6]).sorted() == ["FC1 0 4", "FC2 0 2"])
    #expect(try plan(desk, ["A"], [7]) == ["noStock"])
  }

  @Test func backordersAreNoStockToPromiseADateFrom() throws {
    let desk = try desk()
    try desk.put(Rows.backorders([("A", "FC1", .backorder, 50, 0, 0)]))
    #expect(try offer(desk, "A", 5) == "FC1" && offer(desk, "A", 6) == "noStock")
    #expect(try plan(desk, ["A"], [8]) == ["noStock"])
    #expect(desk.claimable("A", "FC1") == 55)
    #expect(try stock(desk, "A")[0] == "FC1 5 5 later 0 kept 0")
  }

  /// Confirmed over the sum of the places and reserved in the first of them: what is offered here is
  /// what a claim of that very node gets.
  @Test("complaint 8: an offer names the node that a claim then gets it from")
  func complaint8OffersAreClaimable() throws {
    let desk = try desk()
    try desk.put(Rows.channels([("app", "A", "FC1", 1, 2)]))
    try desk.take([desk.wish("A", "one", 1, pool: true)])
    for channel in ["", "app"] {
      for quantity in Int32(1)...6 {
        let node = try offer(desk, "A", quantity, channel: channel)
        let most = max(
          desk.claimable("A", "FC1", channel: channel), desk.claimable("A", "FC2", channel: channel)
        )
        #expect((node == "noStock") == (Int64(quantity) > most), "\(channel) \(quantity)")
        if node == "noStock" { continue }
        let claim = desk.wish("A", node, Int64(quantity), channel: channel)
        #expect(try desk.takeAlone([claim]).map(\.granted) == [Int64(quantity)])
      }
    }
  }

  /// Components in two nodes each make an order whole where they are, and a plan says from where.
  @Test("complaint 10: an order is split over nodes, and the split is told")
  func complaint10SplitOverNodes() throws {
    let desk = try desk()
    #expect(try plan(desk, ["A", "B"], [3, 3]) == ["FC1 0 3", "FC2 1 3"])
    #expect(try plan(desk, ["A"], [7]) == ["FC1 0 5", "FC2 0 2"])
  }

  @Test func aKitIsOfferedAsItsComponentsMakeIt() throws {
    let desk = try desk()
    try desk.put(Rows.kits([("K", "A", 1), ("K", "B", 2)]))
    // FC2 makes one of two A and three B; FC1 has no B.
    #expect(try offer(desk, "K", 1) == "FC2" && offer(desk, "K", 2) == "noStock")
    #expect(try stock(desk, "K") == ["FC2 0 1 later 0 kept 0"])
    try desk.put(Rows.positions([("K", "FC2", 1, 0, 0), ("K", "FC1", 1, 0, 0)]))
    #expect(try offer(desk, "K", 2) == "FC2")
    #expect(
      try stock(desk, "K") == ["FC1 1 1 later 0 kept 0", "FC2 1 2 later 0 kept 0"])
    try desk.take([desk.wish("B", "FC2", 2)])
    #expect(try offer(desk, "K", 2) == "noStock")
  }
}
