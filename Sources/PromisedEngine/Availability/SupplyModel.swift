import PromisedInvariants

/// A claim in the making, or a claim given back with negative units.
struct ClaimWish: BitwiseCopyable {
  var item: UInt64
  var units: Int64 = 0
  /// Unix seconds; 0 = now. What is due in the past counts as now.
  var due: UInt32 = 0
  /// A node, or a group where `isPool`.
  var place: UInt16
  /// 0 = none.
  var channel: UInt16 = 0
  var isPool = false
  var part = KitPart.none
}

/// What a line is of a kit.
enum KitPart: UInt8 {
  case none = 0
  /// The kit that the lines after it make: it claims nothing itself.
  case kit = 1
  case component = 2
}

/// What goes in or out at a node at an instant; once folded, what is there from then on.
struct SupplyChange: BitwiseCopyable {
  /// Unix seconds; before the fold `now` = at once.
  var time: Int64
  /// Units that come (or go, negative); once folded, all that is there then.
  var units: Int64
  /// The least that will be there from then on: what a claim for then may take.
  var floor: Int64 = 0
  var node: UInt16
}

/// A node of the model.
struct SupplySpan: BitwiseCopyable {
  var node: UInt16
  /// Open demands whose group has the node, a bit each.
  var demands: UInt32 = 0
  /// What is there now, and the least from now on.
  var level: Int64 = 0
  var floor: Int64 = 0
  var firstChange: Int32
  var changeCount: Int32 = 0
  var firstKept: Int32 = 0
  var keptCount: Int32 = 0
}

/// Units claimed of a group and of no node yet.
struct PoolDemand: BitwiseCopyable {
  /// Not before now.
  var due: Int64
  var units: Int64
  var group: UInt16
  var channel: UInt16
}

/// What a channel's configuration keeps at a node.
struct ChannelKept: BitwiseCopyable {
  /// Kept for the channel from all others.
  var left: Int64
  /// Withheld from the channel.
  var buffer: Int64
  var node: UInt16
  var channel: UInt16
}

/// The supply of one item over time, node by node, with the demand that has no node yet.
///
/// cumulative(t) = available now + dated supply up to t − dated claims up to t, per node; what may
/// be claimed for t is the least of it from t on, so that later promises keep their supply (S16b).
///
/// Demand of groups is granted only as long as it can be met from nodes. By Hall's theorem that is
/// so exactly when, for every set S of open demands, the units of S are at most the units that S
/// can reach: the sum over the nodes of their groups of what is there for the latest due of S at
/// that node. (A node's floor rises with t, so a unit for an earlier due serves a later one; that
/// makes "demand, node and arrival" a bipartite graph.) Demands are few, `Limits.poolDemands` an
/// item, so all sets are looked at.
struct SupplyModel: ~Copyable {
  var changes = Store<SupplyChange>(capacity: 64)
  private(set) var spans = Store<SupplySpan>(capacity: 64)
  /// Ascending by due.
  private(set) var demands = Store<PoolDemand>(capacity: 16)
  private(set) var kept = Store<ChannelKept>(capacity: 16)
  /// Per span, then per demand: the floor at the demand's due.
  private var floors = Store<Int64>(capacity: 64)
  private(set) var now: Int64 = 0
  /// Per span, as `fillLimits` says.
  var limits = Store<Int64>(capacity: 64)
  /// Cells looked at since it was last set to 0: what an answer costs.
  var work = 0

  mutating func begin(at now: Int64) {
    self.now = now
    changes.removeAll()
    spans.removeAll()
    demands.removeAll()
    kept.removeAll()
    floors.removeAll()
  }

  /// Units that come to a node, or go when negative; at or before now: they are there.
  mutating func add(_ units: Int64, node: UInt16, at time: Int64) {
    changes.append(SupplyChange(time: max(time, now), units: units, node: node))
  }

  /// Adds demand of a group, to one that is the same if there is one.
  mutating func add(_ demand: PoolDemand) {
    var demand = demand
    demand.due = max(demand.due, now)
    for index in 0..<demands.count {
      let there = demands[index]
      if there.group != demand.group || there.due != demand.due { continue }
      if there.channel != demand.channel { continue }
      demands.at(index).pointee.units += demand.units
      return
    }
    demands.append(demand)
  }

  mutating func add(_ row: ChannelKept) { kept.append(row) }

  /// Sorts what was added and works out what is there when. `isMember` tells whether a group has a
  /// node. n log n in what was added.
  mutating func fold(isMember: (UInt16, UInt16) -> Bool) {
    dropMetDemands()
    heapSort(demands.base, count: demands.count) {
      ($0.due, $0.group, $0.channel) < ($1.due, $1.group, $1.channel)
    }
    heapSort(changes.base, count: changes.count) { ($0.node, $0.time) < ($1.node, $1.time) }
    heapSort(kept.base, count: kept.count) { ($0.node, $0.channel) < ($1.node, $1.channel) }
    var next = 0
    var target = 0
    var nextKept = 0
    while next < changes.count {
      let node = changes[next].node
      var span = SupplySpan(node: node, firstChange: Int32(target))
      while next < changes.count && changes[next].node == node {
        let change = changes[next]
        next += 1
        if change.time <= now {
          span.level += change.units
          continue
        }
        let isSame = span.changeCount > 0 && changes[target - 1].time == change.time
        if isSame {
          changes.at(target - 1).pointee.units += change.units
        } else {
          changes[target] = change
          target += 1
          span.changeCount += 1
        }
      }
      workOut(&span)
      while nextKept < kept.count && kept[nextKept].node < node { nextKept += 1 }
      span.firstKept = Int32(nextKept)
      while nextKept < kept.count && kept[nextKept].node == node { nextKept += 1 }
      span.keptCount = Int32(nextKept) - span.firstKept
      for index in 0..<demands.count where isMember(demands[index].group, node) {
        span.demands |= 1 << UInt32(index)
      }
      spans.append(span)
      for index in 0..<demands.count { floors.append(floor(of: span, at: demands[index].due)) }
    }
    changes.resize(to: target)
  }

  /// A demand that a claim given back has met is none.
  private mutating func dropMetDemands() {
    var target = 0
    for index in 0..<demands.count where demands[index].units > 0 {
      demands[target] = demands[index]
      target += 1
    }
    demands.resize(to: target)
    invariant(target <= 31, "more demands of groups than bits")
  }

  private func workOut(_ span: inout SupplySpan) {
    let first = Int(span.firstChange)
    let end = first + Int(span.changeCount)
    var level = span.level
    for index in first..<end {
      level += changes[index].units
      changes.at(index).pointee.units = level
    }
    var floor = Int64.max
    for index in stride(from: end - 1, through: first, by: -1) {
      floor = min(floor, changes[index].units)
      changes.at(index).pointee.floor = floor
    }
    span.floor = min(span.level, floor)
  }

  // MARK: One node

  /// The span of a node; nil where nothing is and nothing comes. Logarithmic.
  func span(of node: UInt16) -> Int? {
    var (low, high) = (0, spans.count)
    while low < high {
      let middle = (low + high) / 2
      if spans[middle].node < node { low = middle + 1 } else { high = middle }
    }
    return low < spans.count && spans[low].node == node ? low : nil
  }

  /// What may be claimed at a node for an instant, other demands apart. Logarithmic.
  func floor(of span: SupplySpan, at time: Int64) -> Int64 {
    let first = Int(span.firstChange)
    var (low, high) = (first, first + Int(span.changeCount))
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].time <= time { low = middle + 1 } else { high = middle }
    }
    return low == first ? span.floor : changes[low - 1].floor
  }

  /// What configuration takes from a channel at a node: its buffer, and what is kept for others.
  func withheld(from channel: UInt16, at span: SupplySpan) -> Int64 {
    var units: Int64 = 0
    for index in Int(span.firstKept)..<Int(span.firstKept + span.keptCount) {
      let row = kept[index]
      units += row.channel == channel ? row.buffer : row.left
    }
    return units
  }

  /// What is kept for a channel at a node yet.
  func left(for channel: UInt16, at span: SupplySpan) -> Int64 {
    if channel == 0 { return 0 }
    for index in Int(span.firstKept)..<Int(span.firstKept + span.keptCount)
    where kept[index].channel == channel { return kept[index].left }
    return 0
  }

  /// What is kept for channels that no demand of a set has, nor `channel`.
  func keptForOthers(than set: UInt32, _ channel: UInt16, at span: SupplySpan) -> Int64 {
    var units: Int64 = 0
    for index in Int(span.firstKept)..<Int(span.firstKept + span.keptCount) {
      let row = kept[index]
      if row.left == 0 || row.channel == channel || has(channel: row.channel, in: set) { continue }
      units += row.left
    }
    return units
  }

  func has(channel: UInt16, in set: UInt32) -> Bool {
    for index in 0..<demands.count where set >> UInt32(index) & 1 == 1 {
      if demands[index].channel == channel { return true }
    }
    return false
  }

  // MARK: Sets of demands

  /// Units of a set of demands.
  func units(of set: UInt32) -> Int64 {
    var units: Int64 = 0
    for index in 0..<demands.count where set >> UInt32(index) & 1 == 1 {
      units += demands[index].units
    }
    return units
  }

  /// What the demands of a set can reach at a span before it is cut at 0; 0 where none has the node.
  func reach(_ index: Int, of set: UInt32) -> Int64 {
    let span = spans[index]
    let members = span.demands & set
    if members == 0 { return 0 }
    return latestFloor(index, members) - keptForOthers(than: members, 0, at: span)
  }

  /// The floor at the latest due of some demands: they ascend by it.
  func latestFloor(_ index: Int, _ members: UInt32) -> Int64 {
    floors[index * demands.count + latest(members)]
  }

  func latest(_ members: UInt32) -> Int { 31 - members.leadingZeroBitCount }
}
