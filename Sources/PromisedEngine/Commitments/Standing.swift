import PromisedInvariants
import PromisedModel

/// When a promise will be kept as things stand.
struct Standing {
  var windowToUnixSeconds: Int64
  var deliveryDays: Int32
  /// The offer that keeps it, when it has not left its node yet.
  var offer: Offer?
}

/// A promise as things stand, and what would save it.
extension State {
  /// What the lines of a promise need.
  func terms(of record: PromiseRecord, _ slot: Int) -> PromiseTerms {
    var terms = PromiseTerms(
      level: ServiceLevel(rawValue: record.level) ?? .standard,
      restrictions: ItemRestrictions(rawValue: record.restrictions),
      confidence: ConfidenceLevel(rawValue: record.confidence) ?? .usual, quantity: 0)
    let lines = holds.lines(slot)
    for line in Int(record.firstLine)..<Int(record.firstLine + record.lineCount) {
      let needs = needs(of: lines[line].item)
      if !lines[line].isComponent { terms.quantity += Int64(lines[line].quantity) }
      terms.handlingMinutes = max(terms.handlingMinutes, needs.handlingMinutes)
      // Units that are claimed for later leave no earlier.
      terms.releaseUnixSeconds = max(
        terms.releaseUnixSeconds, needs.releaseUnixSeconds, Int64(lines[line].dueUnixSeconds))
    }
    return terms
  }

  func destination(of block: UInt32) -> UInt32? {
    network.destination(
      country: promises.country(block), postcode: promises.postcode(block))?.index
  }

  /// When the shipment of a promise will be delivered from its own node as things stand; nil = not
  /// within the horizon.
  ///
  /// What has left is followed from the next node it reaches; what has not leaves with the first
  /// departure that its order makes. Units that are not there leave once the next supply has come,
  /// and those of a late shipment once they are covered again.
  func standing(
    of threat: Threat, at now: UnixMilliseconds
  ) -> Standing? {
    let record = promises.record(threat.block).pointee
    var terms = terms(of: record, threat.slot)
    guard let destination = destination(of: threat.block), let profiles = profileSet(terms),
      Int(record.node) < network.nodes.count, network.nodes[Int(record.node)] != nil
    else { return nil }
    let barrier = Int32(pendingChanges?.barrier(destination) ?? 0)
    if threat.cause == .stockShort {
      guard let eta = supply(for: record, threat.slot, after: now) else { return nil }
      terms.releaseUnixSeconds = max(terms.releaseUnixSeconds, eta)
      return earliest(from: record.node, terms, destination, at: now).map(standing)
    }
    if threat.cause == .inboundLate {
      guard let from = resupply(of: record, threat.slot, at: now) else { return nil }
      terms.releaseUnixSeconds = max(terms.releaseUnixSeconds, from)
      return earliest(from: record.node, terms, destination, at: now).map(standing)
    }
    if record.shipByUnixSeconds < now.seconds {
      return underWay(record, threat.block, destination, terms, profiles, barrier, at: now)
    }
    let view = profiles.view(destination)
    let row = view.row(rank: profiles.rank(of: record.node))
    var ordered = profiles.orderMinute(
      ofUnixSeconds: max(countsFrom(record, threat.block), terms.releaseUnixSeconds))
    if terms.handlingMinutes > 0 {
      ordered = profiles.equivalentMinute(
        record.node, orderedAt: ordered, handlingMinutes: terms.handlingMinutes)
    }
    var index = max(
      profiles.firstEntry(row, view, orderedAt: ordered),
      view.firstEntry(row, cutoffFrom: Int32(profiles.orderMinute(now))))
    if barrier > 0 { index = max(index, view.firstEntry(row, cutoffFrom: barrier + 1)) }
    guard index < row.end else { return nil }
    let entry = view.entries[index]
    // An order of before the horizon is unpublished for new offers only.
    if entry.orderBy == ProfileEntry.unpublished { return nil }
    return standing(
      profiles.offer(
        entry.window, node: record.node, destination: destination, view,
        handling: terms.handlingMinutes))
  }

  private func standing(_ offer: Offer) -> Standing {
    Standing(
      windowToUnixSeconds: offer.windowToUnixSeconds, deliveryDays: offer.deliveryDate.days,
      offer: offer)
  }

  /// From when the order counts in its node: when it was placed, or its last hour of work.
  private func countsFrom(_ record: PromiseRecord, _ block: UInt32) -> Int64 {
    var from = record.orderedAtUnixSeconds
    for claim in promises.claims(block) where claim.kind == BucketKind.nodeHour.rawValue {
      from = max(from, claim.atUnixSeconds)
    }
    return from
  }

  /// When all lines whose units are not there have them again by open inbound; nil = never.
  private func supply(
    for record: PromiseRecord, _ slot: Int, after now: UnixMilliseconds
  ) -> Int64? {
    var latest: Int64 = 0
    for index in Int(record.firstLine)..<Int(record.firstLine + record.lineCount) {
      let line = holds.lines(slot)[index]
      let position = positions.find(line.item)
      let row = position < 0 ? nil : positions.row(position, node: line.node)
      if let row, row.pointee.available >= 0 { continue }
      let next = nextSupply(of: line.item, node: line.node, after: now.seconds)
      if next.eta == 0 { return nil }
      latest = max(latest, next.eta)
    }
    return latest
  }

  /// What has left its node: from where the last leg that has departed brings it.
  private func underWay(
    _ record: PromiseRecord, _ block: UInt32, _ destination: UInt32, _ terms: PromiseTerms,
    _ profiles: ProfileSet, _ barrier: Int32, at now: UnixMilliseconds
  ) -> Standing? {
    var place: (node: UInt16, ready: Int64) = (record.node, now.seconds)
    for claim in promises.claims(block) where claim.kind == BucketKind.leg.rawValue {
      let index = Int(claim.index)
      guard index < network.legs.count, let days = network.localDays(of: BucketKey(claim)) else {
        break
      }
      let leg = network.legs[index]
      let status = board.status(.leg(claim.index), days: days)
      let departure = claim.atUnixSeconds + Int64(status.delayMinutes) * 60
      if departure > now.seconds || (status.isClosed && claim.atUnixSeconds > now.seconds) { break }
      let dwell = network.nodes[Int(leg.destination)]?.dwellMinutes ?? 0
      place = (leg.destination, departure + Int64(leg.durationMinutes + dwell) * 60)
    }
    let view = profiles.view(destination)
    let row = view.row(rank: profiles.rank(of: place.node))
    let ready = max(profiles.horizon.minute(of: max(place.ready, now.seconds)), barrier + 1)
    if row.start < row.end {
      let index = view.firstEntry(row, cutoffFrom: ready)
      guard index < row.end else { return nil }
      let window = view.windows[Int(view.entries[index].window)]
      return Standing(
        windowToUnixSeconds: profiles.horizon.unixSeconds(window.to), deliveryDays: window.days,
        offer: nil)
    }
    return nextWave(of: place.node, terms.tier.level, readySeconds: place.ready)
  }

  /// The first wave of a station that runs and takes what is ready at an instant.
  private func nextWave(
    of station: UInt16, _ level: ServiceLevel, readySeconds: Int64
  ) -> Standing? {
    guard Int(station) < stationWaves.count, let zone = network.nodes[Int(station)]?.timeZone,
      let rules = network.timeZone(zone)
    else { return nil }
    let first = rules.localDate(at: readySeconds)
    var best: Standing?
    for ahead in Int32(0)..<Int32(Limits.promisedDays) {
      let date = LocalDate(days: first.days + ahead)
      for index in stationWaves[Int(station)] {
        let wave = network.waves[Int(index)]
        if wave.level > level || wave.weekdays & (1 << UInt8(date.weekday)) == 0 { continue }
        let cutoff = rules.instant(of: date, minute: Int(wave.cutoffMinute), choosing: .first)
        let departure = ChangedDeparture.wave(
          station: station, cutoffMinute: wave.cutoffMinute)
        if cutoff < readySeconds || board.status(departure, days: date.days).isClosed { continue }
        let end = rules.instant(of: date, minute: Int(wave.toMinute), choosing: .last)
        if best.map({ end < $0.windowToUnixSeconds }) ?? true {
          best = Standing(windowToUnixSeconds: end, deliveryDays: date.days, offer: nil)
        }
      }
      if best != nil { return best }
    }
    return nil
  }
}
