import PromisedInvariants
import PromisedModel

/// What a promise is to meet: units of a node in one delivery window.
struct WantedWindow {
  var node: UInt16
  var destination: UInt32
  var terms: PromiseTerms
  var windowFromUnixSeconds: Int64
  var windowToUnixSeconds: Int64
}

/// A way to keep a promise, with the room it takes.
struct PromisedWay {
  var offer: Offer
  var claims: [BucketClaim]
  /// The lane's index when a carrier brings it to the customer, else `UInt32.max`.
  var lane: UInt32
}

/// What stands in the way of a promise.
enum Obstacle: Equatable {
  case closed(Name)
  case delayed(Name)
  case full(BucketKey)
  /// A row of the network is no longer there.
  case gone(Name)
}

enum WayDecision {
  case way(PromisedWay)
  case obstacle(Obstacle)
}

extension State {
  /// The way of an offer that `profiles` made, as departures stand now: the hours, legs and the wave
  /// it takes room in. Checks that each still runs as the profiles have it and has room beside
  /// `taken`.
  ///
  /// - Parameter minute: from when the order counts.
  func way(
    of offer: Offer, _ terms: PromiseTerms, _ profiles: ProfileSet, orderedAt minute: Int32,
    _ taken: TakenRoom
  ) -> WayDecision {
    let units = Int32(clamping: terms.quantity)
    let hours = hours(offer.node, units: units, orderedAt: minute, profiles, taken)
    if let full = hours.full,
      hours.claims.isEmpty
        || !makes(offer.cutoffUnixSeconds, from: offer.node, terms, profiles, hours.minute)
    {
      return .obstacle(.full(full))
    }
    var claims = hours.claims
    scratch.steps.removeAll()
    profiles.appendPath(of: offer, to: &scratch.steps)
    var (last, ready) = (offer.node, offer.cutoffUnixSeconds)
    for place in 0..<scratch.steps.count {
      let step = scratch.steps[place]
      if step.to == PathStep.customer {
        let lane = network.lane(
          origin: step.from, service: step.name, destination: offer.destination)
        guard let lane else { return .obstacle(.gone(step.name.name)) }
        return finish(PromisedWay(offer: offer, claims: claims, lane: lane), taken)
      }
      switch claim(of: step, units: units) {
      case .success(let claim): claims.append(claim)
      case .failure(let stopped): return .obstacle(stopped.obstacle)
      }
      last = step.to
      let dwell = Int(last) < network.nodes.count ? network.nodes[Int(last)]?.dwellMinutes : nil
      ready = step.arrivalUnixSeconds + Int64(dwell ?? 0) * 60
    }
    let waves = Int(last) < stationWaves.count ? stationWaves[Int(last)] : []
    let wave = network.wave(
      of: last, level: terms.tier.level, from: offer.windowFromUnixSeconds,
      to: offer.windowToUnixSeconds, readySeconds: ready, among: waves)
    guard let wave else { return .obstacle(.gone(network.nodeName(last).name)) }
    claims.append(
      BucketClaim(
        kind: .wave, index: wave.index, atUnixSeconds: wave.cutoff, units: units))
    return finish(PromisedWay(offer: offer, claims: claims, lane: .max), taken)
  }

  /// Whether an order that counts from a minute is at the dock by a departure.
  private func makes(
    _ cutoff: Int64, from node: UInt16, _ terms: PromiseTerms, _ profiles: ProfileSet,
    _ minute: Int32
  ) -> Bool {
    guard let function = profiles.readyFunction(node: node), Int(node) < network.nodes.count,
      let row = network.nodes[Int(node)]
    else { return true }
    let ready = function.ready(
      at: minute, processing: row.processingMinutes + terms.handlingMinutes)
    return ready.map { profiles.horizon.unixSeconds($0) <= cutoff } ?? false
  }

  private struct Stopped: Error { var obstacle: Obstacle }

  /// The claim on the departure that a step takes.
  private func claim(of step: PathStep, units: Int32) -> Result<BucketClaim, Stopped> {
    guard let leg = network.legNames.index(of: step.name) else {
      return .failure(Stopped(obstacle: .gone(step.name.name)))
    }
    let scheduled = network.scheduledDeparture(
      leg: leg, actual: step.departureUnixSeconds, board)
    guard let scheduled else {
      return .failure(Stopped(obstacle: .delayed(step.name.name)))
    }
    return .success(
      BucketClaim(kind: .leg, index: UInt32(leg), atUnixSeconds: scheduled, units: units))
  }

  /// The way, unless one of its departures is closed or full.
  private func finish(_ way: PromisedWay, _ taken: TakenRoom) -> WayDecision {
    // More would not fit what is kept of a promise; no network has such ways.
    if way.claims.count > 255 { return .obstacle(.gone(network.nodeName(way.offer.node).name)) }
    for claim in way.claims {
      let key = BucketKey(claim)
      if let departure = network.departure(of: key), let days = network.localDays(of: key),
        board.status(departure, days: days).isClosed
      {
        return .obstacle(.closed(network.label(of: key).name))
      }
      if claim.kind != BucketKind.nodeHour.rawValue, free(key, taken) < Int64(claim.units) {
        return .obstacle(.full(key))
      }
    }
    return .way(way)
  }

  /// Profiles that answered at a position and that answer now, each once; empty before any do.
  func profilesThatMade(_ terms: PromiseTerms, at position: Position) -> [ProfileSet] {
    guard let current = profileSet(terms) else { return [] }
    guard let then = recentProfiles.profiles(at: position, terms), then !== current else {
      return [current]
    }
    return [then, current]
  }

  /// What an item needs on its way.
  func needs(of token: UInt64) -> (
    restrictions: ItemRestrictions, handlingMinutes: Int32, releaseUnixSeconds: Int64
  ) {
    let slot = positions.find(token)
    let index = slot < 0 ? 0 : Int(positions.attribute(slot))
    if index == 0 { return ([], 0, 0) }
    let item = attributes[index]
    return (item.restrictions, item.handlingMinutes, item.releaseUnixSeconds)
  }
}

extension ProfileSet {
  /// The offer of a node in exactly this window for an order that counts from `minute`; nil when
  /// the window cannot be made any more. O(log windows + log entries of the row).
  func offer(making wanted: WantedWindow, orderedAt minute: UInt16) -> Offer? {
    let view = view(wanted.destination)
    let from = horizon.minute(of: wanted.windowFromUnixSeconds)
    let to = horizon.minute(of: wanted.windowToUnixSeconds)
    let row = view.row(rank: rank(of: wanted.node))
    // Windows of a row ascend by (end, start).
    var (low, high) = (row.start, row.end)
    while low < high {
      let middle = (low + high) / 2
      let window = view.windows[Int(view.entries[middle].window)]
      if (window.to, window.from) < (to, from) { low = middle + 1 } else { high = middle }
    }
    guard low < row.end else { return nil }
    let entry = view.entries[low]
    let window = view.windows[Int(entry.window)]
    guard window.to == to, window.from == from, entry.orderBy != ProfileEntry.unpublished else {
      return nil
    }
    let handling = wanted.terms.handlingMinutes
    let ordered =
      handling == 0
      ? minute : equivalentMinute(wanted.node, orderedAt: minute, handlingMinutes: handling)
    if entry.orderBy < ordered { return nil }
    return offer(
      entry.window, node: wanted.node, destination: wanted.destination, view, handling: handling)
  }
}

/// Profile sets that answered lately, so that what was offered from one can be held from it: the
/// departures of a token are found again as they were, also when they are closed to new offers by
/// now. Not part of the state: after a restart only the current set is there.
struct RecentProfiles {
  private var entries: [(from: Position, supersededAt: Int64, profiles: PublishedProfiles)] = []
  /// Each may be as large as the one that answers: in a network that is changed again and again,
  /// the offers made before the last of these are looked for in the current set alone.
  private static var maximumCount: Int { 16 }

  /// Notes a set that answers from `position` on.
  mutating func append(_ profiles: PublishedProfiles, from position: Position, at seconds: Int64) {
    if let last = entries.indices.last { entries[last].supersededAt = seconds }
    entries.append((position, .max, profiles))
    entries.removeAll { $0.supersededAt < seconds - Limits.offerLifetimeSeconds }
    if entries.count > Self.maximumCount { entries.removeFirst() }
  }

  mutating func removeAll() { entries = [] }

  func profiles(at position: Position, _ terms: PromiseTerms) -> ProfileSet? {
    guard let entry = entries.last(where: { $0.from <= position }) else { return nil }
    return State.profileSet(entry.profiles, terms)
  }
}
