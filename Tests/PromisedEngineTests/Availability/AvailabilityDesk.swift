import PromisedModel

@testable import PromisedEngine

extension Rows {
  /// (group, nodes)
  static func groups(_ list: [(String, [String])]) -> PutRows {
    var rows = GroupRows()
    for (group, nodes) in list {
      rows.names.append(Name(group))
      rows.counts.append(UInt32(nodes.count))
      for node in nodes {
        if !rows.nodeNames.contains(Name(node)) { rows.nodeNames.append(Name(node)) }
        rows.nodes.append(UInt32(rows.nodeNames.firstIndex(of: Name(node)) ?? 0))
      }
    }
    return .groups(rows)
  }

  /// (channel, item, node, buffer, set aside)
  static func channels(_ list: [(String, String, String, Int32, Int32)]) -> PutRows {
    var rows = ChannelStockRows()
    for (channel, item, node, buffer, setAside) in list {
      if !rows.channelNames.contains(Name(channel)) { rows.channelNames.append(Name(channel)) }
      rows.channels.append(UInt32(rows.channelNames.firstIndex(of: Name(channel)) ?? 0))
      rows.keys.append(Array(item.utf8))
      if !rows.nodeNames.contains(Name(node)) { rows.nodeNames.append(Name(node)) }
      rows.nodes.append(UInt32(rows.nodeNames.firstIndex(of: Name(node)) ?? 0))
      rows.buffers.append(buffer)
      rows.setAsides.append(setAside)
    }
    return .channelStock(rows)
  }

  /// (item, node, kind, cap, from, until)
  static func backorders(
    _ list: [(String, String, BackorderKind, Int32, Int64, Int64)]
  ) -> PutRows {
    var rows = BackorderRows()
    for (item, node, kind, cap, from, until) in list {
      rows.keys.append(Array(item.utf8))
      if !rows.nodeNames.contains(Name(node)) { rows.nodeNames.append(Name(node)) }
      rows.nodes.append(UInt32(rows.nodeNames.firstIndex(of: Name(node)) ?? 0))
      rows.kinds.append(kind.rawValue)
      rows.caps.append(cap)
      rows.fromUnixSeconds.append(from)
      rows.untilUnixSeconds.append(until)
    }
    return .backorders(rows)
  }
}

/// A row of an answer by date.
struct AtpRow: Equatable {
  var code: OutcomeCode
  var availableNow: Int64
  /// Days from now, and units.
  var steps: [Int64: Int64]
  var firstDay: Int64?
  var source: SupplySource?
  var unsourced: Int64
  var backorderLeft: Int64
}

extension Desk {
  /// As `small`, for claims that are made without holds: no audit can follow those.
  static func unaudited() throws -> Desk {
    let desk = try small()
    desk.isAudited = false
    return desk
  }

  /// An instant so many days from now.
  func day(_ days: Int64) -> Int64 { now.seconds + days * 86_400 }

  func token(_ item: String) -> UInt64 { state.itemKeys.token(lender.bytes(item)) }

  func wish(
    _ item: String, _ place: String, _ units: Int64 = 1, due: Int64 = 0, channel: String = "",
    pool: Bool = false
  ) -> ClaimWish {
    let index =
      pool
      ? state.groups.find(Name(place)) ?? 0 : state.nodeIndex(Name(place)) ?? 0
    return ClaimWish(
      item: token(item), units: units, due: UInt32(due), place: index,
      channel: state.channels.find(Name(channel)) ?? 0, isPool: pool)
  }

  func claimable(
    _ item: String, _ place: String, due: Int64 = 0, channel: String = "", pool: Bool = false
  ) -> Int64 {
    state.beginTaking()
    return state.claimable(
      wish(item, place, due: due, channel: channel, pool: pool), at: now)
  }

  func atp(
    _ item: String, groups: [String] = [], nodes: [String] = [], quantity: Int32 = 1,
    channel: String = "", horizon: Int32 = 90, confidence: UInt16 = 0
  ) throws(Refusal) -> AtpRow {
    var reply = AtpReply()
    try state.answer(
      AtpQuery(
        items: lender.keys([item]), groupNames: lender.names(groups),
        nodeNames: lender.names(nodes), quantities: lender.column([quantity]),
        channel: channel.isEmpty ? .empty : lender.bytes(channel), horizonDays: horizon,
        confidence: confidence),
      at: now, into: &reply)
    var steps: [Int64: Int64] = [:]
    for step in 0..<reply.stepUnits.count {
      steps[(reply.stepUnixSeconds[step] - now.seconds) / 86_400] = reply.stepUnits[step]
    }
    let first = reply.firstUnixSeconds[0]
    return AtpRow(
      code: OutcomeCode(rawValue: UInt16(reply.codes[0])) ?? .ok,
      availableNow: reply.availableNow[0], steps: steps,
      firstDay: first == 0 ? nil : (first - now.seconds) / 86_400,
      source: SupplySource(rawValue: UInt8(reply.firstSources[0])),
      unsourced: reply.unsourced[0], backorderLeft: reply.backorderLeft[0])
  }
}

/// Supplies and demands with edges between them: whether all demands can be met, by augmenting unit
/// by unit. Shares nothing with what it checks.
struct Transport {
  var supplies: [Int] = []
  var demands: [Int] = []
  /// Per demand, the supplies it can take from.
  var sources: [[Int]] = []

  var isFeasible: Bool {
    var left = supplies
    var flow = sources.map { $0.map { _ in 0 } }
    for demand in demands.indices {
      for _ in 0..<max(0, demands[demand]) {
        var seen = Array(repeating: false, count: demands.count)
        if !augment(demand, &left, &flow, &seen) { return false }
      }
    }
    return true
  }

  private func augment(
    _ demand: Int, _ left: inout [Int], _ flow: inout [[Int]], _ seen: inout [Bool]
  ) -> Bool {
    if seen[demand] { return false }
    seen[demand] = true
    for (place, supply) in sources[demand].enumerated() {
      if left[supply] > 0 {
        left[supply] -= 1
        flow[demand][place] += 1
        return true
      }
    }
    for (place, supply) in sources[demand].enumerated() {
      for other in demands.indices where other != demand {
        guard let there = sources[other].firstIndex(of: supply), flow[other][there] > 0 else {
          continue
        }
        flow[other][there] -= 1
        if augment(other, &left, &flow, &seen) {
          flow[demand][place] += 1
          return true
        }
        flow[other][there] += 1
      }
    }
    return false
  }
}
