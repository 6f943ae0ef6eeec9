import PromisedModel

/// What the network says of buckets.
extension NetworkTables {
  /// Units that a bucket takes in all; 0 = no limit, or the row is gone.
  func capacity(of key: BucketKey) -> Int64 {
    let index = Int(key.index)
    switch BucketKind(rawValue: key.kind) {
    case .leg: return index < legs.count ? Int64(legs[index].capacityUnits) : 0
    case .wave: return index < waves.count ? Int64(waves[index].capacityUnits) : 0
    case .nodeHour:
      guard index < nodes.count, let node = nodes[index] else { return 0 }
      return Int64(node.unitsPerHour)
    case nil: return 0
    }
  }

  /// The change of a leg's departure or a wave; nil for what is no longer in the network.
  func change(_ kind: DepartureChangeKind, of key: BucketKey) -> DepartureChange? {
    guard let days = localDays(of: key) else { return nil }
    let index = Int(key.index)
    if key.kind == BucketKind.leg.rawValue {
      return DepartureChange(
        subject: .leg, name: legNames.name(index), fromDays: days, toDays: days, kind: kind)
    }
    let wave = waves[index]
    return DepartureChange(
      subject: .wave, name: nodeNames.name(Int(wave.station)), minute: wave.cutoffMinute,
      fromDays: days, toDays: days, kind: kind)
  }

  /// The local date of a departure at its origin, or of a wave at its station.
  func localDays(of key: BucketKey) -> Int32? {
    let index = Int(key.index)
    let node: UInt16
    switch BucketKind(rawValue: key.kind) {
    case .leg where index < legs.count: node = legs[index].origin
    case .wave where index < waves.count: node = waves[index].station
    default: return nil
    }
    guard let zone = nodes[Int(node)]?.timeZone, let rules = timeZone(zone) else { return nil }
    return rules.localDate(at: key.atUnixSeconds).days
  }

  /// For people: "leg SEA-PDX", "node SEA1", "wave DPD1".
  func label(of key: BucketKey) -> (text: String, name: Name) {
    let index = Int(key.index)
    switch BucketKind(rawValue: key.kind) {
    case .leg where index < legs.count: return ("leg", legNames.name(index))
    case .wave where index < waves.count:
      return ("wave of station", nodeNames.name(Int(waves[index].station)))
    case .nodeHour where index < nodes.count: return ("node", nodeNames.name(index))
    default: return ("bucket", .empty)
    }
  }
}
