import PromisedModel

extension ConnectionList {
  /// The list without some departures and with others, as if it had been made so: O(n), a copy.
  ///
  /// - Parameters:
  ///   - removed: each is in the list.
  ///   - added: none takes no time.
  init(
    _ list: borrowing ConnectionList, removing removed: [LegDeparture], adding added: [Connection]
  ) {
    var cuts = removed.map { Cut(position: list.position(of: $0), added: nil) }
    // Of equal departures legs stand by their index.
    cuts += added.map { Cut(position: list.place(of: $0), added: $0) }
    cuts.sort {
      if $0.position != $1.position { return $0.position < $1.position }
      // What is added at a position stands before what was there, among itself in the list's order.
      guard let left = $0.added, let right = $1.added else {
        return $0.added != nil && $1.added == nil
      }
      return (right.departure, left.id) < (left.departure, right.id)
    }
    self.init(
      room: list.count + added.count - removed.count, hasInstant: list.hasInstant)
    var (source, target) = (0, 0)
    for cut in cuts {
      copy(list, from: source, to: target, count: cut.position - source)
      target += cut.position - source
      source = cut.position
      if let connection = cut.added {
        set(connection, at: target)
        target += 1
      } else {
        source += 1
      }
    }
    copy(list, from: source, to: target, count: list.count - source)
  }

  private struct Cut {
    var position: Int
    var added: Connection?
  }

  private func position(of departure: LegDeparture) -> Int {
    var position = firstPosition(atOrBefore: UInt32(departure.departure))
    while ids[position] != departure.leg { position += 1 }
    return position
  }

  private func place(of connection: Connection) -> Int {
    var position = firstPosition(atOrBefore: connection.departure)
    while position < count, departures[position] == connection.departure,
      ids[position] <= connection.id
    {
      position += 1
    }
    return position
  }

  private func copy(
    _ list: borrowing ConnectionList, from source: Int, to target: Int, count: Int
  ) {
    (ends + target).update(from: list.ends + source, count: count)
    (departures + target).update(from: list.departures + source, count: count)
    (readies + target).update(from: list.readies + source, count: count)
    (ids + target).update(from: list.ids + source, count: count)
  }
}

extension NetworkDepartures {
  func connection(_ departure: LegDeparture) -> Connection {
    let leg = image.legs[Int(departure.leg)]
    return Connection(
      from: UInt32(leg.origin), to: UInt32(leg.destination),
      departure: UInt32(departure.departure), ready: UInt32(departure.ready), id: departure.leg)
  }

  private func isShared(_ departure: LegDeparture) -> Bool {
    departs[Int(image.legs[Int(departure.leg)].destination)]
  }

  /// The shared connections after changes that this tier admits. O(connections), a copy.
  func patchedConnections(_ delta: DepartureDelta) -> ConnectionList {
    ConnectionList(
      connections, removing: delta.removed.filter { isShared($0) },
      adding: delta.added.filter { isShared($0) }.map { connection($0) })
  }

  /// Room for the profiles of each node after changes: what is taken away may keep its room.
  func patchedCounts(_ delta: DepartureDelta) -> OwnedBuffer<Int32> {
    let counts = OwnedBuffer<Int32>(repeating: 0, count: departureCounts.count)
    counts.base.update(from: departureCounts.base, count: departureCounts.count)
    for departure in delta.added where isShared(departure) {
      counts.base[Int(image.legs[Int(departure.leg)].origin)] += 1
    }
    return counts
  }

  /// The feeders of every node after changes, with where each node's begin.
  func patchedFeeders(_ delta: DepartureDelta) -> (starts: [Int], order: [Connection]) {
    let removed = delta.removed.filter { !isShared($0) }
    let added = delta.added.filter { !isShared($0) }
    if removed.isEmpty, added.isEmpty { return (feederStarts, feeders) }
    var changed: [Int: [Connection]] = [:]
    for departure in removed + added {
      let node = Int(image.legs[Int(departure.leg)].destination)
      if changed[node] == nil {
        changed[node] = Array(feeders[feederStarts[node]..<feederStarts[node + 1]])
      }
    }
    for departure in removed {
      let gone = connection(departure)
      if let index = changed[Int(gone.to)]?.firstIndex(of: gone) {
        changed[Int(gone.to)]?.remove(at: index)
      }
    }
    for departure in added {
      let connection = connection(departure)
      changed[Int(connection.to)]?.append(connection)
    }
    var starts = [0]
    var order: [Connection] = []
    order.reserveCapacity(feeders.count + added.count)
    for node in 0..<(feederStarts.count - 1) {
      if let own = changed[node] {
        order += own.sorted { ($1.departure, $0.id) < ($0.departure, $1.id) }
      } else {
        order += feeders[feederStarts[node]..<feederStarts[node + 1]]
      }
      starts.append(order.count)
    }
    return (starts, order)
  }
}
