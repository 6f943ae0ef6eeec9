import PromisedModel
import Testing

@testable import PromisedEngine

/// What InStock counts on, what a threshold calls available and what Atp says of the network are one
/// figure: what a claim of now may take.
@Suite struct SupplyAgreementTests {
  private func inStock(_ item: String, _ desk: Desk, group: String = "") throws -> Int64 {
    var reply = InStockReply()
    try desk.state.answer(
      InStockQuery(
        items: desk.lender.keys([item]), horizonDays: 1,
        group: group.isEmpty ? .empty : desk.lender.bytes(group)), at: desk.now, into: &reply)
    return reply.availableNow[0]
  }

  private func watched(_ item: String, _ desk: Desk) throws -> Int64 {
    var nodes: [NodeUnits] = []
    var work = 0
    return desk.state.availableUnits(
      of: desk.token(item), try desk.state.filter(of: WatchScope()), channel: 0, at: desk.now,
      into: &nodes, work: &work)
  }

  private func expectOneFigure(_ item: String, _ desk: Desk, _ comment: Comment) throws {
    let atp = try desk.atp(item).availableNow
    #expect(try inStock(item, desk) == atp, comment)
    #expect(try watched(item, desk) == max(0, atp), comment)
  }

  /// A node that is short of what it owes takes nothing from another's stock.
  @Test func whatANodeOwesIsNotMadeGoodByAnother() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F2", 5, 0, 0)]))
    try desk.hold([Line("A", "F2", 5)])
    try desk.feed([("A", "F2", .count, 2)], from: 1)
    for isPlain in [true, false] {
      if !isPlain { try desk.put(Rows.channels([("app", "A", "F3", 0, 1)])) }
      #expect(desk.state.isPlain(desk.state.positions.find(desk.token("A"))) == isPlain)
      #expect(try inStock("A", desk) == 10, "plain: \(isPlain)")
      try expectOneFigure("A", desk, "plain: \(isPlain)")
    }
  }

  /// Stock that a node's silence withholds is nobody's supply, whatever is asked.
  @Test func whatSilenceWithholdsIsNoSupply() throws {
    let desk = try Desk.unaudited()
    guard case .network(var rows) = Rows.nodes(["F1"]) else { return }
    rows.nodes[0].silence = SilenceRule(afterSeconds: 60, policy: .withhold, widenMinutes: 0)
    try desk.put(.network(rows))
    try desk.put(Rows.positions([("A", "F2", 4, 0, 0), ("B", "F2", 1, 0, 0)]))
    try desk.put(Rows.groups([("west", ["F1"])]))
    try desk.put(Rows.channels([("app", "B", "F3", 0, 1)]))
    try desk.hold([Line("B", "F1", 3)])
    try desk.feed([("A", "F1", .receipt, 1), ("B", "F1", .count, 2)], from: 1)
    for (item, here, there) in [("A", Int64(11), Int64(4)), ("B", -2, 1)] {
      #expect(desk.claimable(item, "F1") == here)
      #expect(try inStock(item, desk) == max(0, here) + there)
      try expectOneFigure(item, desk, "\(item) is heard of")
    }
    desk.now.milliseconds += 60_000
    for (item, here, there) in [("A", Int64(0), Int64(4)), ("B", -2, 1)] {
      #expect(desk.claimable(item, "F1") == here, "what is owed stays owed")
      #expect(try desk.atp(item, nodes: ["F1"]).availableNow == here)
      #expect(try desk.atp(item).availableNow == there && inStock(item, desk) == there)
      #expect(try inStock(item, desk, group: "west") == 0)
      try expectOneFigure(item, desk, "\(item) is silent")
    }
    try desk.feed([("A", "F1", .receipt, 1)], from: 3)
    #expect(try inStock("A", desk) == 16)
  }

  @Test func inStockCountsOnWhatAtpSaysOfTheNetwork() throws {
    let nodes = ["F1", "F2", "F3"]
    var random = SplitMix(78)
    for world in 0..<60 {
      let desk = try Desk.unaudited()
      guard case .network(var network) = Rows.nodes(["F3"]) else { return }
      network.nodes[0].silence = SilenceRule(afterSeconds: 60, policy: .withhold, widenMinutes: 0)
      try desk.put(.network(network))
      try desk.put(Rows.groups([("g", ["F1", "F2"]), ("all", nodes)]))
      for item in ["A", "B"] {
        for node in nodes {
          try desk.put(Rows.positions([(item, node, Int32(random.below(20)), 0, 0)]))
        }
      }
      try desk.feed([("A", "F3", .receipt, 1)], from: 1)
      if random.below(2) == 0 {
        try desk.put(Rows.channels([("app", "A", nodes[random.below(3)], 2, 4)]))
      }
      if random.below(2) == 0 {
        for item in ["A", "B"] {
          let node = nodes[random.below(3)]
          let there = max(0, desk.claimable(item, node))
          if there > 0 { try desk.hold([Line(item, node, Int32(there))]) }
          try desk.feed(
            [(item, node, .count, there / 2)], source: "counter",
            from: desk.state.lastSequence(of: Name("counter")) + 1)
        }
      }
      for group in ["g", "all"] where random.below(2) == 0 {
        desk.state.claimBeyondRows(
          ClaimRow(
            item: desk.token("A"), place: desk.state.groups.find(Name(group)) ?? 0, isPool: true,
            due: 0, channel: 0), Int32(1 + random.below(15)), allocated: 0)
      }
      if random.below(2) == 0 {
        try desk.put(Rows.kits([("K", "A", 2), ("K", "B", 1)]))
        try desk.put(Rows.positions([("K", "F2", Int32(random.below(3)), 0, 0)]))
      }
      for seconds in [Int64(0), 60] {
        desk.now.milliseconds += seconds * 1000
        for item in ["A", "B", "K"] where desk.token(item) != 0 {
          if desk.state.positions.find(desk.token(item)) < 0 { continue }
          try expectOneFigure(item, desk, "\(item) in world \(world) after \(seconds) s")
        }
      }
    }
  }
}
