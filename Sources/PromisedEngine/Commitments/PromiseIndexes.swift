import PromisedModel

/// From the indexes of a network to those of the one that replaces it, by name; `UInt32.max` = the
/// row is gone. Nodes keep their indexes.
struct PromiseIndexes {
  var legs: [UInt32]
  var waves: [UInt32]
  var lanes: [UInt32]

  init(from old: borrowing NetworkTables, to new: borrowing NetworkTables) {
    var legs: [UInt32] = []
    for index in 0..<old.legs.count {
      let found = new.legNames.index(of: old.legNames.borrowed(index))
      legs.append(found.map { UInt32($0) } ?? .max)
    }
    self.legs = legs
    var waves: [UInt32] = []
    for wave in old.waves {
      let key = NetworkTables.WaveKey(
        station: wave.station, weekdays: wave.weekdays, cutoffMinute: wave.cutoffMinute)
      waves.append(new.waveIndexes[key].map { UInt32($0) } ?? .max)
    }
    self.waves = waves
    var lanes: [UInt32] = []
    for lane in old.lanes {
      let service = new.serviceNames.index(of: old.serviceNames.borrowed(Int(lane.key.service)))
      let zone = new.zoneNames.index(of: old.zoneNames.borrowed(Int(lane.key.zone)))
      var found: UInt32?
      if let service, let zone {
        let key = LaneKey(
          origin: lane.key.origin, service: UInt32(service), zone: UInt32(zone))
        found = new.laneIndexes[key].map { UInt32($0) }
      }
      lanes.append(found ?? .max)
    }
    self.lanes = lanes
  }

  func index(of claim: BucketClaim) -> UInt32 {
    if claim.index == .max { return .max }
    switch BucketKind(rawValue: claim.kind) {
    case .leg: return legs[Int(claim.index)]
    case .wave: return waves[Int(claim.index)]
    case .nodeHour, nil: return claim.index
    }
  }
}
