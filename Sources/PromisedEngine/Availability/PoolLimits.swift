/// What a new claim may take beside all that is claimed: exact over every set of open demands.
extension SupplyModel {
  /// What a claim at a node may take, negative where more is claimed than there is; 0 where nothing
  /// is and nothing comes.
  ///
  /// For a set S with need(S) = units of S − what S reaches at other nodes above 0, the node must
  /// keep need(S) for the latest due of S there, or for the claim's if that is later. A channel that
  /// takes what is kept for itself takes nothing that S could reach.
  ///
  /// - Complexity: O(2^demands × nodes).
  mutating func nodeLimit(_ node: UInt16, due: UInt32, channel: UInt16) -> Int64 {
    guard let place = span(of: node) else { return 0 }
    let time = max(Int64(due), now)
    var limit = ownLimit(place, at: time, channel: channel)
    if spans[place].demands == 0 { return limit }
    work += spans.count << demands.count
    for set in 1..<(UInt32(1) << UInt32(demands.count)) where spans[place].demands & set != 0 {
      let slack = slack(place, total: totalReach(of: set), set, at: time, channel: channel)
      limit = min(limit, slack)
    }
    return limit
  }

  /// The same for every node, into `limits`, at the cost of one.
  mutating func fillLimits(due: UInt32, channel: UInt16) {
    let time = max(Int64(due), now)
    limits.removeAll()
    for place in 0..<spans.count {
      limits.append(ownLimit(place, at: time, channel: channel))
    }
    if demands.count == 0 { return }
    work += spans.count << demands.count
    for set in 1..<(UInt32(1) << UInt32(demands.count)) {
      let total = totalReach(of: set)
      for place in 0..<spans.count where spans[place].demands & set != 0 {
        let slack = slack(place, total: total, set, at: time, channel: channel)
        limits[place] = min(limits[place], slack)
      }
    }
  }

  private func ownLimit(_ place: Int, at time: Int64, channel: UInt16) -> Int64 {
    floor(of: spans[place], at: time) - withheld(from: channel, at: spans[place])
  }

  /// Units that a set needs, less what it reaches everywhere above 0.
  private func totalReach(of set: UInt32) -> Int64 {
    var total = -units(of: set)
    for index in 0..<spans.count { total += max(0, reach(index, of: set)) }
    return total
  }

  /// What a set leaves of a node it reaches.
  private func slack(
    _ place: Int, total: Int64, _ set: UInt32, at time: Int64, channel: UInt16
  ) -> Int64 {
    let span = spans[place]
    let need = max(0, reach(place, of: set)) - total
    if need <= 0 { return .max }
    let members = span.demands & set
    let isLater = demands[latest(members)].due >= time
    let there = isLater ? latestFloor(place, members) : floor(of: span, at: time)
    let slack =
      there - keptForOthers(than: members, 0, at: span) - need - buffer(of: channel, at: span)
    let left = left(for: channel, at: span)
    // Kept for the channel and for none of the set: taking it costs the set nothing.
    return left == 0 || has(channel: channel, in: members) ? slack : max(slack, 0) + left
  }

  /// What a claim of a group may take, which is a demand among the others; `isMember` tells the
  /// group's nodes. Negative where the demands beside it cannot be met already.
  ///
  /// - Complexity: O(2^demands × nodes).
  mutating func poolLimit(
    due: UInt32, channel: UInt16, isMember: (UInt16) -> Bool
  ) -> Int64 {
    let time = max(Int64(due), now)
    work += spans.count << demands.count
    var limit = Int64.max
    for set in 0..<(UInt32(1) << UInt32(demands.count)) {
      var sum = -units(of: set)
      for index in 0..<spans.count {
        let span = spans[index]
        if !isMember(span.node) {
          sum += max(0, reach(index, of: set))
          continue
        }
        let members = span.demands & set
        let isLater = members != 0 && demands[latest(members)].due > time
        let there = isLater ? latestFloor(index, members) : floor(of: span, at: time)
        let others = keptForOthers(than: members, channel, at: span)
        sum += max(0, there - others - buffer(of: channel, at: span))
      }
      limit = min(limit, sum)
    }
    return limit
  }

  private func buffer(of channel: UInt16, at span: SupplySpan) -> Int64 {
    if channel == 0 { return 0 }
    for index in Int(span.firstKept)..<Int(span.firstKept + span.keptCount)
    where kept[index].channel == channel { return kept[index].buffer }
    return 0
  }
}
