import PromisedModel

/// What nodes have of an item for which more than stock and inbound decides.
extension State {
  /// The nodes where an item is, comes or can be made, ascending, in `scratch.candidates`; and what
  /// a channel's claim of now may take at each, in `scratch.available`. Negative where more is
  /// claimed than there is.
  func fillCandidates(
    _ slot: Int, channel: UInt16, backorders use: BackorderUse, at now: UnixMilliseconds
  ) {
    scratch.wishes.removeAll()
    let token = positions.key(slot)
    fillModel(of: token, slot, node: nil, backorders: use, at: now.seconds)
    scratch.model.fillLimits(due: 0, channel: channel)
    scratch.candidates.removeAll()
    scratch.available.removeAll()
    for index in 0..<scratch.model.spans.count {
      scratch.available.append(scratch.model.limits[index])
      scratch.candidates.append(scratch.model.spans[index].node)
    }
    let parts = kits.components(of: token)
    if !parts.isEmpty { addMadeKits(of: parts, channel: channel, use, at: now) }
  }

  /// Adds what components make at their nodes to what is assembled there.
  private func addMadeKits(
    of parts: UnsafeBufferPointer<KitComponent>, channel: UInt16, _ use: BackorderUse,
    at now: UnixMilliseconds
  ) {
    var made: [UInt16: Int64] = [:]
    for (number, part) in parts.enumerated() {
      observe(item: part.item)
      fillModel(
        of: part.item, positions.find(part.item), node: nil, backorders: use, at: now.seconds)
      scratch.model.fillLimits(due: 0, channel: channel)
      var next: [UInt16: Int64] = [:]
      for index in 0..<scratch.model.spans.count {
        let node = scratch.model.spans[index].node
        let units = max(0, scratch.model.limits[index]) / Int64(part.units)
        if number == 0 {
          next[node] = units
        } else if let before = made[node] {
          next[node] = min(before, units)
        }
      }
      made = next
    }
    var own: [UInt16: Int64] = [:]
    for index in 0..<scratch.candidates.count {
      own[scratch.candidates[index]] = scratch.available[index]
    }
    scratch.candidates.removeAll()
    scratch.available.removeAll()
    for node in Set(own.keys).union(made.keys).sorted() {
      scratch.candidates.append(node)
      scratch.available.append((own[node] ?? 0) + (made[node] ?? 0))
    }
  }

  /// What a claim of now may take of an item over all nodes, as Atp says of the network: what is short
  /// in one node is not made good by another, and what is kept for others or withheld for a node's
  /// silence is not there. Linear in its rows, and as `claimable` for one that is not plain.
  func availableEverywhere(_ slot: Int, at now: UnixMilliseconds) -> Int64 {
    if !isPlain(slot) {
      return availableNow(of: positions.key(slot), slot, at: .network, channel: 0, now: now)
    }
    var available: Int64 = 0
    for place in 0..<positions.rowCount(slot) {
      let row = positions.rows(slot)[place]
      available += max(0, offerable(row, positions.nodes(slot)[place], at: now))
    }
    return available
  }
}
