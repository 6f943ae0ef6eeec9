import PromisedModel
import Testing

@testable import PromisedEngine

/// What a threshold calls available is what a question by date calls available now.
@Suite struct WatchedUnitsTests {
  private struct Scope {
    var nodes: [String] = []
    var group = ""
    var channel = ""
  }

  private func units(
    _ item: String, _ scope: Scope, _ desk: Desk
  ) throws -> (units: Int64, nodes: [NodeUnits]) {
    let filter = try desk.state.filter(
      of: WatchScope(nodes: scope.nodes.map { Name($0) }, group: Name(scope.group)))
    var nodes: [NodeUnits] = []
    var work = 0
    let units = desk.state.availableUnits(
      of: desk.token(item), filter, channel: try desk.state.watchedChannel(Name(scope.channel)),
      at: desk.now, into: &nodes, work: &work)
    return (units, nodes)
  }

  private func expectAtp(_ item: String, _ scope: Scope, _ desk: Desk) throws {
    let atp = try desk.atp(
      item, groups: scope.group.isEmpty ? [] : [scope.group], nodes: scope.nodes,
      channel: scope.channel)
    let found = try units(item, scope, desk)
    #expect(found.units == max(0, atp.availableNow), "\(item) in \(scope)")
  }

  @Test func agreesWithAtp() throws {
    let nodes = ["F1", "F2"]
    var random = SplitMix(77)
    for _ in 0..<150 {
      let desk = try Desk.unaudited()
      try desk.put(Rows.groups([("g", [nodes[random.below(2)]]), ("all", nodes)]))
      for item in ["A", "B"] {
        for node in nodes {
          try desk.put(Rows.positions([(item, node, Int32(random.below(30)), 0, 0)]))
        }
      }
      try desk.put(Rows.channels([("web", "A", "F1", 0, 0)]))
      if random.below(2) == 0 {
        try desk.put(
          Rows.channels([
            ("app", "A", nodes[random.below(2)], Int32(random.below(5)), Int32(random.below(9)))
          ]))
      }
      if random.below(2) == 0 {
        desk.state.claimBeyondRows(
          ClaimRow(
            item: desk.token("A"), place: desk.state.groups.find(Name("all")) ?? 0, isPool: true,
            due: UInt32(desk.day(Int64(random.below(3)))), channel: 0),
          Int32(1 + random.below(20)), allocated: 0)
      }
      if random.below(3) == 0 {
        try desk.put(Rows.inbound([("S", "A", "F2", 9, desk.day(1), .shipped)]))
      }
      try desk.put(Rows.kits([("K", "A", 2), ("K", "B", 1)]))
      try desk.put(Rows.positions([("K", "F2", Int32(random.below(3)), 0, 0)]))
      for item in ["A", "B", "K"] {
        for channel in ["", "web"] {
          try expectAtp(item, Scope(channel: channel), desk)
          try expectAtp(item, Scope(group: "g", channel: channel), desk)
          try expectAtp(item, Scope(group: "all", channel: channel), desk)
          for node in nodes { try expectAtp(item, Scope(nodes: [node], channel: channel), desk) }
        }
      }
    }
  }

  @Test func namesWhatEachNodeHas() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.positions([("A", "F1", 4, 0, 0), ("A", "F2", 7, 0, 0)]))
    #expect(try units("A", Scope(), desk).nodes.map(\.units) == [4, 7])
    #expect(try units("A", Scope(nodes: ["F2"]), desk).nodes.map(\.units) == [7])
    // A node and a group: what is in both.
    try desk.put(Rows.groups([("g", ["F1"])]))
    #expect(try units("A", Scope(nodes: ["F2"], group: "g"), desk).units == 0)
    #expect(throws: Refusal.self) { _ = try units("A", Scope(group: "none"), desk) }
    #expect(throws: Refusal.self) { _ = try units("A", Scope(channel: "none"), desk) }
  }
}
