import PromisedModel

/// A node's work by the hour of the clock: a queue in which an order stands in the first open hour
/// with room.
extension State {
  /// Hours that one shipment may be spread over.
  private static var maximumHours: Int { 24 }
  /// Hours looked at until an order is taken on: those of the horizon.
  private static var horizonHours: Int { 24 * (Limits.promisedDays + Limits.scanSlackDays) }

  /// Nodes may take an order on later than now.
  var hasLateNodes: Bool { buckets.closedHourCount > 0 || hasSilenceRules }

  /// From when an order of now counts in a node: the beginning of the first open hour that is not
  /// closed to new offers, or now; later still from a node whose silence widens its promises.
  func admittedFrom(_ node: UInt16, _ profiles: ProfileSet, at now: UnixMilliseconds) -> Int64 {
    let hour = openHour(node, profiles, at: now)
    return hasSilenceRules ? max(hour, now.seconds + silenceDelaySeconds(node, at: now)) : hour
  }

  func openHour(
    _ node: UInt16, _ profiles: ProfileSet, at now: UnixMilliseconds
  ) -> Int64 {
    guard Int(node) < network.nodes.count, network.nodes[Int(node)]?.unitsPerHour ?? 0 > 0,
      let function = profiles.readyFunction(node: node)
    else { return now.seconds }
    let horizon = profiles.horizon
    var minute = Int32(profiles.orderMinute(now))
    var from = now.seconds
    for _ in 0..<Self.horizonHours {
      guard let open = function.ready(at: minute, processing: 0) else { return from }
      let hour = floorDivide(horizon.unixSeconds(open), 3600) * 3600
      let key = BucketKey(
        kind: BucketKind.nodeHour.rawValue, index: UInt32(node), atUnixSeconds: hour)
      guard let slot = buckets.find(key), buckets.bucket(slot).isClosed else { return from }
      from = hour + 3600
      minute = horizon.minute(of: from)
    }
    return from
  }

  /// The hours in which `units` are worked on when ordered at a minute, and the minute from which
  /// the order counts: that, or the beginning of the last hour it needs. Nil with the first hour
  /// that is full when there is no room within a day's worth of hours.
  func hours(
    _ node: UInt16, units: Int32, orderedAt minute: Int32, _ profiles: ProfileSet,
    _ taken: TakenRoom
  ) -> (claims: [BucketClaim], minute: Int32, full: BucketKey?) {
    guard Int(node) < network.nodes.count, network.nodes[Int(node)]?.unitsPerHour ?? 0 > 0,
      let function = profiles.readyFunction(node: node)
    else { return ([], minute, nil) }
    let horizon = profiles.horizon
    var claims: [BucketClaim] = []
    var full: BucketKey?
    var (left, counted, next) = (Int64(units), minute, minute)
    for _ in 0..<Self.maximumHours {
      guard let open = function.ready(at: next, processing: 0) else { break }
      let hour = floorDivide(horizon.unixSeconds(open), 3600) * 3600
      let key = BucketKey(
        kind: BucketKind.nodeHour.rawValue, index: UInt32(node), atUnixSeconds: hour)
      let room = min(left, max(0, free(key, taken)))
      if room < left, full == nil { full = key }
      if room > 0 {
        claims.append(
          BucketClaim(
            kind: .nodeHour, index: UInt32(node), atUnixSeconds: hour, units: Int32(room)))
        counted = max(minute, horizon.minute(of: hour))
        left -= room
        if left == 0 { return (claims, counted, full) }
      }
      next = horizon.minute(of: hour + 3600)
    }
    return ([], minute, full)
  }

  /// Room that is left beside what a decision has taken so far.
  func free(_ key: BucketKey, _ taken: TakenRoom) -> Int64 {
    let free = free(key)
    return free == .max ? free : free - taken.units(key)
  }
}

/// Claims that a decision has made and nobody has applied, and those it gives up.
struct TakenRoom {
  /// Looked up only.
  private var units: [BucketKey: Int64] = [:]

  mutating func take(_ claims: some Sequence<BucketClaim>) {
    for claim in claims { units[BucketKey(claim), default: 0] += Int64(claim.units) }
  }

  mutating func giveUp(_ claims: some Sequence<BucketClaim>) {
    for claim in claims { units[BucketKey(claim), default: 0] -= Int64(claim.units) }
  }

  func units(_ key: BucketKey) -> Int64 { units[key] ?? 0 }
}
