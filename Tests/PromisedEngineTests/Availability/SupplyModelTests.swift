import PromisedModel
import Testing

@testable import PromisedEngine

/// A small case: what comes when and where, and what is claimed of it.
private struct SupplyCase {
  var groups: [[Int]] = []
  /// (node, time, units)
  var supplies: [(Int, Int64, Int)] = []
  /// (node, due, units)
  var claims: [(Int, Int64, Int)] = []
  /// (group, due, units)
  var demands: [(Int, Int64, Int)] = []

  /// Units that come at a time serve what is due then or later.
  var transport: Transport {
    var network = Transport()
    network.supplies = supplies.map(\.2)
    for (node, due, units) in claims {
      network.demands.append(units)
      network.sources.append(
        supplies.indices.filter { supplies[$0].0 == node && supplies[$0].1 <= due })
    }
    for (group, due, units) in demands {
      network.demands.append(units)
      network.sources.append(
        supplies.indices.filter {
          groups[group].contains(supplies[$0].0) && supplies[$0].1 <= due
        })
    }
    return network
  }

  func model() -> SupplyModel {
    var model = SupplyModel()
    model.begin(at: 0)
    for (node, time, units) in supplies { model.add(Int64(units), node: UInt16(node), at: time) }
    for (node, due, units) in claims { model.add(-Int64(units), node: UInt16(node), at: due) }
    for (group, due, units) in demands {
      model.add(PoolDemand(due: due, units: Int64(units), group: UInt16(group), channel: 0))
    }
    model.fold { group, node in groups[Int(group)].contains(Int(node)) }
    return model
  }

  /// The most units that keep everything feasible.
  func most(_ change: (inout SupplyCase, Int) -> Void) -> Int {
    var units = 0
    while units < 40 {
      var next = self
      change(&next, units + 1)
      if !next.transport.isFeasible { return units }
      units += 1
    }
    return units
  }

  static func random(_ draws: inout SplitMix) -> SupplyCase {
    var random = SupplyCase()
    let nodes = 1 + draws.below(4)
    for _ in 0..<(1 + draws.below(3)) {
      let members = (0..<nodes).filter { _ in draws.below(2) == 0 }
      random.groups.append(members.isEmpty ? [draws.below(nodes)] : members)
    }
    for node in 0..<nodes {
      for time in 0..<Int64(4) where time == 0 || draws.below(3) == 0 {
        random.supplies.append((node, time, draws.below(5)))
      }
    }
    for _ in 0..<draws.below(5) {
      random.claims.append((draws.below(nodes), Int64(draws.below(4)), 1 + draws.below(3)))
    }
    for _ in 0..<draws.below(5) {
      random.demands.append(
        (draws.below(random.groups.count), Int64(draws.below(4)), 1 + draws.below(3)))
    }
    return random
  }
}

@Suite struct SupplyModelTests {
  @Test("what may be claimed is what a maximum flow leaves, over nodes, groups and dates")
  func limitsAreThoseOfAMaximumFlow() {
    var draws = SplitMix(2727)
    var checked = 0
    var bound = 0
    while checked < 3000 {
      let random = SupplyCase.random(&draws)
      if !random.transport.isFeasible { continue }
      checked += 1
      var model = random.model()
      let due = Int64(draws.below(4))
      let node = draws.below(4)
      let group = draws.below(random.groups.count)
      let nodeLimit = model.nodeLimit(UInt16(node), due: UInt32(due), channel: 0)
      let poolLimit = model.poolLimit(due: UInt32(due), channel: 0) {
        random.groups[group].contains(Int($0))
      }
      let atNode = random.most { $0.claims.append((node, due, $1)) }
      let ofGroup = random.most { $0.demands.append((group, due, $1)) }
      #expect(nodeLimit == Int64(atNode), "\(random), node \(node) due \(due)")
      #expect(poolLimit == Int64(ofGroup), "\(random), group \(group) due \(due)")
      if !random.demands.isEmpty && nodeLimit < model.floor(at: due, span: node, else: 0) {
        bound += 1
      }
    }
    // The demand of groups was what limited often enough.
    #expect(bound > 300)
  }

  @Test("all nodes at once say what each says alone")
  func limitsOfAllNodes() {
    var draws = SplitMix(31)
    for _ in 0..<1000 {
      var model = SupplyCase.random(&draws).model()
      let due = UInt32(draws.below(4))
      model.fillLimits(due: due, channel: 0)
      for place in 0..<model.spans.count {
        let alone = model.nodeLimit(model.spans[place].node, due: due, channel: 0)
        #expect(model.limits[place] == alone)
      }
    }
  }

  @Test("units kept for channels are a supply of their own, whoever claims and where")
  func channelsAreSuppliesOfTheirOwn() {
    var draws = SplitMix(11)
    var checked = 0
    while checked < 2000 {
      let nodes = 1 + draws.below(3)
      let groups = (0..<2).map { _ in (0..<nodes).filter { _ in draws.below(2) == 0 } }
      // Per node: for all, for channel 1, for channel 2.
      let units = (0..<nodes).map { _ in (0..<3).map { _ in draws.below(4) } }
      let demands = (0..<draws.below(4)).map { _ in
        (group: draws.below(2), channel: draws.below(3), units: 1 + draws.below(3))
      }
      var network = Transport()
      network.supplies = units.flatMap { $0 }
      func sources(_ nodes: [Int], _ channel: Int) -> [Int] {
        nodes.flatMap { channel == 0 ? [$0 * 3] : [$0 * 3, $0 * 3 + channel] }
      }
      for demand in demands {
        network.demands.append(demand.units)
        network.sources.append(sources(groups[demand.group], demand.channel))
      }
      if !network.isFeasible { continue }
      checked += 1
      var model = SupplyModel()
      model.begin(at: 0)
      for node in 0..<nodes {
        model.add(Int64(units[node].reduce(0, +)), node: UInt16(node), at: 0)
        for channel in 1...2 {
          model.add(
            ChannelKept(
              left: Int64(units[node][channel]), buffer: 0, node: UInt16(node),
              channel: UInt16(channel)))
        }
      }
      for demand in demands {
        model.add(
          PoolDemand(
            due: 0, units: Int64(demand.units), group: UInt16(demand.group),
            channel: UInt16(demand.channel)))
      }
      model.fold { groups[Int($0)].contains(Int($1)) }
      let channel = draws.below(3)
      func most(_ nodes: [Int]) -> Int64 {
        var next = network
        next.demands.append(0)
        next.sources.append(sources(nodes, channel))
        while next.demands[demands.count] < 40 {
          next.demands[demands.count] += 1
          if !next.isFeasible { return Int64(next.demands[demands.count] - 1) }
        }
        return 40
      }
      let node = draws.below(nodes)
      let nodeLimit = model.nodeLimit(UInt16(node), due: 0, channel: UInt16(channel))
      #expect(nodeLimit == most([node]), "\(units) \(groups) \(demands) \(node) \(channel)")
      let poolLimit = model.poolLimit(due: 0, channel: UInt16(channel)) {
        groups[0].contains(Int($0))
      }
      #expect(poolLimit == most(groups[0]), "\(units) \(groups) \(demands) pool \(channel)")
    }
  }

  @Test("demand that the supply no longer meets is a negative figure, and nothing breaks")
  func unmetDemandIsNegative() {
    var model = SupplyModel()
    model.begin(at: 0)
    model.add(2, node: 1, at: 0)
    model.add(PoolDemand(due: 0, units: 5, group: 0, channel: 0))
    model.fold { _, _ in true }
    #expect(model.nodeLimit(1, due: 0, channel: 0) == -3)
    #expect(model.poolLimit(due: 0, channel: 0) { _ in true } == -3)
  }
}

extension SupplyModel {
  func floor(at time: Int64, span node: Int, else none: Int64) -> Int64 {
    span(of: UInt16(node)).map { floor(at: time, span: $0) } ?? none
  }
}
