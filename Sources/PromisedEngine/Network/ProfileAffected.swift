extension DestinationBlock {
  /// Whether departures that are taken away might change the rows; exactly so where the rows follow
  /// from their vias.
  func isAffected(removing departure: LegDeparture, _ frame: ProfileFrame) -> Bool {
    guard legs.contains(Int(departure.leg)) else { return false }
    if !isExact { return true }
    let origin = frame.image.legs[Int(departure.leg)].origin
    return takes(.leg(departure.leg), rank: frame.rank(of: origin), at: departure.departure)
  }

  /// Whether a departure that is added might change the rows.
  ///
  /// In a scan it would be a step of its origin if what it leads to is better than all that leaves
  /// the origin later, and stay one if nothing at the same minute is better. As long as no addition
  /// becomes a step, the rows are those of before, and so each may be looked at alone.
  func isAffected(
    adding departure: LegDeparture, _ destination: DestinationRow, _ frame: ProfileFrame
  ) -> Bool {
    if !isExact { return true }
    let leg = frame.image.legs[Int(departure.leg)]
    let rank = frame.rank(of: leg.destination)
    // A station from which nothing departs has no row.
    if rank == ProfileFrame.noRank { return UInt32(leg.destination) == destination.station }
    let far = view.row(rank: rank)
    let step = view.firstEntry(far, cutoffFrom: departure.ready)
    if step == far.end { return false }
    let window = view.entries[step].window
    let near = view.row(rank: frame.rank(of: leg.origin))
    let index = view.firstEntry(near, cutoffFrom: departure.departure)
    if index == near.end { return true }
    let entry = view.entries[index]
    // Of equal ones at the same minute the first in the list stays.
    return Int32(entry.cutoff) == departure.departure
      ? window <= entry.window : window < entry.window
  }

  func isAffected(
    by delta: DepartureDelta, _ destination: DestinationRow, _ frame: ProfileFrame
  ) -> Bool {
    if destination.station != .noIndex, delta.stations.contains(UInt16(destination.station)) {
      return true
    }
    return delta.removed.contains { isAffected(removing: $0, frame) }
      || delta.added.contains { isAffected(adding: $0, destination, frame) }
  }
}

extension ProfileTier {
  /// The distinct blocks of a destination.
  func blocks(_ destination: Int) -> [DestinationBlock] {
    var blocks = [schedule.blocks[destination]]
    for layer in confident where !blocks.contains(where: { $0 === layer.blocks[destination] }) {
      blocks.append(layer.blocks[destination])
    }
    return blocks
  }

  /// The destinations whose rows changes might alter, ascending.
  func affected(by delta: DepartureDelta) -> [UInt32] {
    let frame = schedule.frame
    return frame.image.destinations.indices.filter { index in
      let destination = frame.image.destinations[index]
      return blocks(index).contains { $0.isAffected(by: delta, destination, frame) }
    }.map { UInt32($0) }
  }
}
