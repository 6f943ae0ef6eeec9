import PromisedModel

/// How departures stand, by what the numbered list of changes says of each: what promises are held
/// against. Looked up only, never listed.
struct DepartureBoard {
  private var lists: [ChangedDeparture: [ResolvedChange]] = [:]

  init(_ changes: [ResolvedChange] = []) { for change in changes { append(change) } }

  var isEmpty: Bool { lists.isEmpty }

  mutating func append(_ change: ResolvedChange) {
    lists[change.departure, default: []].append(change)
  }

  func status(_ departure: ChangedDeparture, days: Int32) -> DepartureStatus {
    guard let list = lists[departure] else { return DepartureStatus() }
    return DepartureChanges.status(list, days: days)
  }
}

extension NetworkTables {
  /// A change by index; nil when what it names is no longer in the network.
  func resolved(_ change: DepartureChange) -> ResolvedChange? {
    let departure: ChangedDeparture
    switch change.subject {
    case .leg:
      guard let leg = legNames.index(of: change.name) else { return nil }
      departure = .leg(UInt32(leg))
    case .wave:
      guard let station = nodeNames.index(of: change.name) else { return nil }
      departure = .wave(station: UInt16(station), cutoffMinute: change.minute)
    }
    return ResolvedChange(
      departure: departure, fromDays: change.fromDays, toDays: change.toDays, kind: change.kind,
      delayMinutes: change.delayMinutes)
  }

  /// What a bucket is to the board; nil for a node's hour and for what is gone.
  func departure(of key: BucketKey) -> ChangedDeparture? {
    let index = Int(key.index)
    switch BucketKind(rawValue: key.kind) {
    case .leg where index < legs.count: return .leg(key.index)
    case .wave where index < waves.count:
      return .wave(station: waves[index].station, cutoffMinute: waves[index].cutoffMinute)
    default: return nil
    }
  }

  /// When a leg that leaves at `actual` was to leave by its timetable; nil when none of its
  /// departures leaves then as they stand.
  func scheduledDeparture(leg: Int, actual: Int64, _ board: DepartureBoard) -> Int64? {
    let row = legs[leg]
    guard let zone = nodes[Int(row.origin)]?.timeZone, let rules = timeZone(zone) else {
      return nil
    }
    let date = rules.localDate(at: actual)
    // A delay is at most a week.
    for back in Int32(0)...8 {
      let day = LocalDate(days: date.days - back)
      let scheduled = rules.instant(
        of: day, minute: Int(row.departureMinute), choosing: .first)
      let status = board.status(.leg(UInt32(leg)), days: day.days)
      if abs(scheduled + Int64(status.delayMinutes) * 60 - actual) < 60 { return scheduled }
    }
    return nil
  }

  /// The wave of a station that delivers in a window and takes what is ready at `readySeconds`: the
  /// first to close. Its index and its cut-off.
  func wave(
    of station: UInt16, level: ServiceLevel, from: Int64, to: Int64, readySeconds: Int64,
    among candidates: [UInt32]
  ) -> (index: UInt32, cutoff: Int64)? {
    guard let zone = nodes[Int(station)]?.timeZone, let rules = timeZone(zone) else { return nil }
    let date = rules.localDate(at: from)
    var best: (index: UInt32, cutoff: Int64)?
    for index in candidates {
      let wave = waves[Int(index)]
      if wave.level > level || wave.weekdays & (1 << UInt8(date.weekday)) == 0 { continue }
      func instant(_ minute: Int16, _ occurrence: TimeZoneRules.Occurrence) -> Int64 {
        rules.instant(of: date, minute: Int(minute), choosing: occurrence)
      }
      let cutoff = instant(wave.cutoffMinute, .first)
      if instant(wave.fromMinute, .first) / 60 != from / 60
        || instant(wave.toMinute, .last) / 60 != to / 60 || cutoff < readySeconds
      {
        continue
      }
      if best.map({ cutoff < $0.cutoff }) ?? true { best = (index, cutoff) }
    }
    return best
  }

  /// The waves of every node, by node index.
  func wavesByStation() -> [[UInt32]] {
    var lists: [[UInt32]] = Array(repeating: [], count: nodes.count)
    for (index, wave) in waves.enumerated() { lists[Int(wave.station)].append(UInt32(index)) }
    return lists
  }

  /// The lane from a node by a carrier's service to a destination's zone.
  func lane(origin: UInt16, service: BorrowedBytes, destination: UInt32) -> UInt32? {
    guard let index = serviceNames.index(of: service), Int(destination) < destinations.count else {
      return nil
    }
    let key = LaneKey(
      origin: origin, service: UInt32(index), zone: destinations[Int(destination)].zone)
    return laneIndexes[key].map { UInt32($0) }
  }
}
