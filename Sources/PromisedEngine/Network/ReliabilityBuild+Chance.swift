extension ReliabilityBuild {
  /// A chance and the way it is reached.
  struct ExactChance {
    /// In 1/65535, rounded down.
    var chance: UInt16
    /// By outcome of the handling time, quickest first.
    var ways: [Way]

    struct Way {
      /// In 1/65535.
      var probability: UInt16
      /// When the order is at the dock.
      var ready: Int32
      /// When it departs from the node, and how; nil = it is late for certain.
      var departure: Int32?
      var via: Via?
    }
  }

  /// The windows of a destination in order of (end, start), as `exactChance` numbers them: all that
  /// any wave or carrier can deliver in, however unlikely.
  func windows(of destination: DestinationRow) -> [DeliveryWindow] {
    ReliabilityFinals(destination, departures: departures).windows
  }

  /// The probability that an order placed at a node at a minute is delivered in `window` or one
  /// before it; nil for a node where nobody works on orders, or no such window. One scan.
  ///
  /// - Parameter extraMinutes: open minutes of work on top of the node's processing, 0 or more.
  mutating func exactChance(
    node: UInt16, destination: DestinationRow, window: Int, orderedAt minute: Int32,
    extraMinutes: Int32 = 0
  ) -> ExactChance? {
    guard let ready = frame.readyFunction(node: node), window >= 0 else { return nil }
    var finals = ReliabilityFinals(destination, departures: departures)
    guard window < finals.windows.count else { return nil }
    scanWindow(&finals, destination, window: window, earliest: UInt32(max(minute, 0)))
    let certain = [DelayAtom(minutes: 0, probability: 65_535)]
    let processing = frame.openings.processing.base[Int(node)] + extraMinutes
    let outcomes = Array(handling.outcomes(of: UInt32(node)))
    var sum: UInt64 = 0
    var ways: [ExactChance.Way] = []
    for outcome in outcomes.isEmpty ? certain : outcomes {
      let need = processing + Int32(clamping: outcome.minutes)
      // Who is not ready within the horizon is late.
      guard let dock = ready.ready(at: max(minute, 0), processing: need) else { continue }
      var way = ExactChance.Way(
        probability: UInt16(outcome.probability), ready: dock, departure: nil, via: nil)
      if let step = scan.step(from: Int(node), ready: UInt32(dock)) {
        sum += UInt64(outcome.probability) * UInt64(scan.chances(Int(node))[step])
        way.departure = Int32(scan.departures(Int(node))[step])
        way.via = via(Int(node), step, finals, destination)
      }
      ways.append(way)
    }
    return ExactChance(chance: Chance.rounded(UInt32(sum / 65_535)), ways: ways)
  }

  /// Scans one window from `earliest` on, for all nodes; `scan` then answers for any of them, and
  /// `via` names the ways.
  mutating func scanWindow(
    _ ways: inout ReliabilityFinals, _ destination: DestinationRow, window: Int, earliest: UInt32
  ) {
    ways.rewind()
    ways.departures(by: window, earliest: earliest, into: &finals)
    departures.feeders.withUnsafeBufferPointer { all in
      finals.withUnsafeBufferPointer { finals in
        scan.scan(
          connections: departures.connections,
          departureCounts: UnsafePointer(departures.departureCounts.base), delays: delays,
          feeders: UnsafeBufferPointer(rebasing: all[departures.feeders(of: destination)]),
          finals: finals, earliest: earliest)
      }
    }
  }

  /// How a step of the last scan goes on.
  func via(
    _ node: Int, _ step: Int, _ ways: ReliabilityFinals, _ destination: DestinationRow
  ) -> Via {
    departures.feeders.withUnsafeBufferPointer { all in
      via(
        node, step, ways,
        UnsafeBufferPointer(rebasing: all[departures.feeders(of: destination)]))
    }
  }
}
