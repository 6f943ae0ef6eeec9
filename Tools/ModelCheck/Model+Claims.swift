/// Which units beyond the supply count.
enum Beyond {
  case none, preorders, all
}

/// Everything that is claimed of an item, and of what.
struct Ledger {
  var facts: ItemFacts
  var groups: [[Int]]
  /// Lines of holds and allocations, and those of the command in the making (given back: negative).
  var claims: [ClaimLine]
  var beyond: Beyond
  /// Seconds.
  var now: Int64

  // MARK: By date

  /// What is there at a node at an instant.
  private func level(_ node: Int, at time: Int64) -> Int64 {
    let stock = facts.stocks[node]
    var units = stock.fulfillable - stock.conditions[4]
    for line in claims where !line.isPool && line.place.node == node && max(line.due, now) <= time {
      units -= line.quantity
    }
    for row in facts.inbound where row.node == node {
      if let arrival = row.time(at: now), arrival <= time { units += row.units }
    }
    if beyond == .none { return units }
    for row in facts.backorders where row.node == node && row.isOpen(at: now) {
      if beyond == .preorders && row.from == 0 { continue }
      if max(row.from, now) <= time { units += row.cap }
    }
    return units
  }

  /// Instants at which anything changes at a node, from `time` on.
  func instants(_ node: Int, from time: Int64) -> [Int64] {
    var instants = [time]
    for line in claims where !line.isPool && line.place.node == node && line.due > time {
      instants.append(line.due)
    }
    for row in facts.inbound where row.node == node {
      if let arrival = row.time(at: now), arrival > time { instants.append(arrival) }
    }
    if beyond == .none { return instants }
    for row in facts.backorders where row.node == node && row.from > time {
      instants.append(row.from)
    }
    return instants
  }

  /// The least that will be there from an instant on.
  func floor(_ node: Int, from time: Int64) -> Int64 {
    instants(node, from: time).map { level(node, at: $0) }.min() ?? 0
  }

  // MARK: By channel

  /// What is kept for a channel at a node yet.
  func left(for channel: Int, at node: Int) -> Int64 {
    guard let rule = rule(channel, node) else { return 0 }
    var claimed: Int64 = 0
    for line in claims
    where line.channel == channel && !line.isPool && line.place.node == node {
      claimed += line.quantity
    }
    return max(0, rule.setAside - claimed)
  }

  func rule(_ channel: Int, _ node: Int) -> ChannelRule? {
    facts.channels.first { $0.channel == channel && $0.node == node }
  }

  func buffer(of channel: Int, at node: Int) -> Int64 { rule(channel, node)?.buffer ?? 0 }

  /// What is kept at a node for channels that are not among these.
  private func kept(at node: Int, forOthersThan channels: [Int]) -> Int64 {
    var units: Int64 = 0
    for rule in facts.channels where rule.node == node && !channels.contains(rule.channel) {
      units += left(for: rule.channel, at: node)
    }
    return units
  }

  /// What configuration keeps from a channel at a node: its own buffer, and what is kept for others.
  func withheld(from channel: Int, at node: Int) -> Int64 {
    kept(at: node, forOthersThan: [channel]) + buffer(of: channel, at: node)
  }

  // MARK: By group

  struct Demand {
    var group: Int
    var channel: Int
    var due: Int64
    var units: Int64
  }

  /// Open demands of groups.
  func demands() -> [Demand] {
    var demands: [Demand] = []
    for line in claims where line.isPool {
      let index = demands.firstIndex {
        $0.group == line.place.node && $0.channel == line.channel && $0.due == max(line.due, now)
      }
      if let index {
        demands[index].units += line.quantity
      } else {
        demands.append(
          Demand(
            group: line.place.node, channel: line.channel, due: max(line.due, now),
            units: line.quantity))
      }
    }
    return demands.filter { $0.units > 0 }
  }

  private func sets(of demands: [Demand]) -> [[Demand]] {
    (0..<(1 << demands.count)).map { bits in
      demands.indices.filter { bits >> $0 & 1 == 1 }.map { demands[$0] }
    }
  }

  private func members(_ set: [Demand], at node: Int) -> [Demand] {
    set.filter { groups[$0.group].contains(node) }
  }

  /// The least at a node from when the last of some demands is due, or from later.
  private func floor(_ node: Int, for members: [Demand], from time: Int64) -> Int64 {
    floor(node, from: max(time, members.map(\.due).max() ?? time))
  }

  /// What a set of demands finds at a node: nothing where no group of the set has it.
  private func reach(_ set: [Demand], at node: Int) -> Int64 {
    let members = members(set, at: node)
    if members.isEmpty { return 0 }
    return max(
      0,
      floor(node, for: members, from: now)
        - kept(at: node, forOthersThan: members.map(\.channel)))
  }

  // MARK: A claim

  /// What a new claim may take; negative where more is claimed than there is.
  func limit(_ wish: ClaimLine) -> Int64 {
    wish.isPool
      ? groupLimit(wish.place.node, from: max(wish.due, now), wish.channel)
      : nodeLimit(wish.place.node, from: max(wish.due, now), wish.channel)
  }

  private func nodeLimit(_ node: Int, from time: Int64, _ channel: Int) -> Int64 {
    var limit = floor(node, from: time) - withheld(from: channel, at: node)
    let demands = demands()
    if demands.isEmpty { return limit }
    for set in sets(of: demands) {
      let members = members(set, at: node)
      if members.isEmpty { continue }
      // What the set needs of this node, when it takes all it finds elsewhere.
      var need = set.reduce(0) { $0 + $1.units }
      for other in Names.nodes.indices where other != node { need -= reach(set, at: other) }
      if need <= 0 { continue }
      let channels = members.map(\.channel)
      let spare =
        floor(node, for: members, from: time) - kept(at: node, forOthersThan: channels) - need
        - buffer(of: channel, at: node)
      let own = channel == 0 || channels.contains(channel) ? 0 : left(for: channel, at: node)
      // What is kept for the channel is out of the set's reach anyway.
      limit = min(limit, own == 0 ? spare : max(spare, 0) + own)
    }
    return limit
  }

  private func groupLimit(_ group: Int, from time: Int64, _ channel: Int) -> Int64 {
    var limit = Int64.max
    for set in sets(of: demands()) {
      var units = -set.reduce(0) { $0 + $1.units }
      for node in Names.nodes.indices {
        if !groups[group].contains(node) {
          units += reach(set, at: node)
          continue
        }
        let members = members(set, at: node)
        let kept = kept(at: node, forOthersThan: members.map(\.channel) + [channel])
        units += max(
          0,
          floor(node, for: members, from: time) - kept - buffer(of: channel, at: node))
      }
      limit = min(limit, units)
    }
    return limit
  }

  // MARK: The shelf

  /// What lies there and nobody has claimed of now.
  func onShelf(_ node: Int) -> Int64 {
    let stock = facts.stocks[node]
    var units = stock.fulfillable - stock.conditions[4]
    for line in claims where line.isOnShelf && line.place.node == node { units -= line.quantity }
    return units
  }

  /// Nothing but stock and claims of now decides.
  var isPlain: Bool {
    facts.channels.isEmpty && facts.backorders.isEmpty && facts.inbound.isEmpty
      && claims.allSatisfy { $0.isOnShelf }
  }
}

extension Model {
  /// Lines that claim something of an item, with what the command in the making takes besides.
  func claims(of item: Int, beside taken: [ClaimLine] = []) -> [ClaimLine] {
    var claims: [ClaimLine] = []
    for number in claiming {
      guard let hold = holds[number] else { continue }
      for line in hold.lines
      where line.place.item == item && line.part != .kit && line.quantity > 0 {
        claims.append(line)
      }
    }
    for line in taken where line.place.item == item && line.part != .kit { claims.append(line) }
    return claims
  }

  /// - Parameter now: seconds.
  func ledger(
    _ item: Int, _ beyond: Beyond, beside taken: [ClaimLine] = [], at now: Int64
  ) -> Ledger {
    Ledger(
      facts: read(item), groups: groups, claims: claims(of: item, beside: taken), beyond: beyond,
      now: now)
  }

  /// What a claim may take beside all others.
  func limit(
    _ wish: ClaimLine, _ beyond: Beyond = .all, beside taken: [ClaimLine], at now: Int64
  ) -> Int64 {
    let ledger = ledger(wish.place.item, beyond, beside: taken, at: now)
    if ledger.isPlain && !wish.isPool { return ledger.onShelf(wish.place.node) }
    return ledger.limit(wish)
  }

  /// Kits that their components make at a node.
  func makeable(_ wish: ClaimLine, beside taken: [ClaimLine], at now: Int64) -> Int64 {
    let parts = read(wish.place.item).parts
    if parts.isEmpty { return 0 }
    var made = Int64.max
    for part in parts {
      var line = wish
      line.place.item = part.item
      made = min(made, max(0, limit(line, beside: taken, at: now)) / part.units)
    }
    return made
  }
}
