import PromisedInvariants
import PromisedModel

/// Promises of units that come, when they come later than was promised or not at all.
extension State {
  private struct Place: Hashable {
    var item: UInt64
    var node: UInt16
  }

  /// Per hold, the lines that what comes does not cover any more: bit n for line n, bit 63 for all
  /// from 63 on.
  ///
  /// Where the supply of a node falls below what is claimed of it at any time, whoever came last
  /// gives way first, until it is enough. One pass over the promises; a second over all holds only
  /// when supply is short somewhere.
  func lateLines(at now: UnixMilliseconds) -> [Int: UInt64] {
    var missing: [Place: (units: Int64, by: Int64)] = [:]
    var known: Set<Place> = []
    forEachLivePromise { slot, block in
      let record = promises.record(block).pointee
      for index in Int(record.firstLine)..<Int(record.firstLine + record.lineCount) {
        let line = holds.lines(slot)[index]
        if !isDatedClaim(line) { continue }
        let place = Place(item: line.item, node: line.node)
        if known.insert(place).inserted { missing[place] = shortage(place, at: now) }
      }
    }
    if missing.isEmpty { return [:] }
    var claims: [(order: ClaimOrder, slot: Int, line: Int)] = []
    for slot in 0..<holds.slotCount
    where holds.isInUse(slot) && !holds.state(slot).isEnded {
      let hold = holds.hold(slot)
      for index in 0..<Int(hold.lineCount) {
        let line = holds.lines(slot)[index]
        if !isDatedClaim(line) { continue }
        guard let short = missing[Place(item: line.item, node: line.node)],
          Int64(line.dueUnixSeconds) <= short.by
        else { continue }
        claims.append((ClaimOrder(committedAt: hold.committedAt, holdID: hold.id), slot, index))
      }
    }
    claims.sort { $0.order == $1.order ? $0.line > $1.line : $0.order < $1.order }
    var late: [Int: UInt64] = [:]
    for claim in claims {
      let line = holds.lines(claim.slot)[claim.line]
      let place = Place(item: line.item, node: line.node)
      guard let short = missing[place], short.units > 0 else { continue }
      missing[place] = (short.units - Int64(line.quantity), short.by)
      late[claim.slot, default: 0] |= 1 << UInt64(min(63, claim.line))
    }
    return late
  }

  private func isDatedClaim(_ line: HoldLine) -> Bool {
    line.dueUnixSeconds != 0 && !line.isPool && !line.isHeading && line.quantity > 0
  }

  /// The most units by which what is claimed at a place exceeds what is there by then, and the last
  /// instant at which it does; nil when it never does.
  private func shortage(_ place: Place, at now: UnixMilliseconds) -> (units: Int64, by: Int64)? {
    beginTaking()
    fillModel(
      of: place.item, positions.find(place.item), node: place.node, backorders: .all,
      at: now.seconds)
    guard let index = scratch.model.span(of: place.node) else { return nil }
    let span = scratch.model.spans[index]
    if span.floor >= 0 { return nil }
    // Short from now on, or from each change on that leaves less than nothing.
    var by = span.level < 0 ? now.seconds : 0
    let first = Int(span.firstChange)
    for change in first..<(first + Int(span.changeCount))
    where scratch.model.changes[change].units < 0 { by = scratch.model.changes[change].time }
    return (-span.floor, by)
  }

  /// What a late line waits for: the next shipment of it to its node, or the item itself.
  func lateSubject(_ line: HoldLine) -> Name {
    var best: InboundRow?
    var next = inbound.first(of: line.item)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if row.node != line.node || row.isDraft { continue }
      if let best,
        (best.etaUnixSeconds, best.shipment) <= (row.etaUnixSeconds, row.shipment)
      {
        continue
      }
      best = row
    }
    return best.map { inbound.shipmentName($0).name } ?? itemKeys.name(line.item)
  }

  /// When the units of a promise's lines are there, as supply is now; nil = nobody knows.
  func resupply(
    of record: PromiseRecord, _ slot: Int, at now: UnixMilliseconds
  ) -> Int64? {
    var latest: Int64 = 0
    for index in Int(record.firstLine)..<Int(record.firstLine + record.lineCount) {
      let line = holds.lines(slot)[index]
      if !isDatedClaim(line) { continue }
      beginTaking()
      giveBack(ClaimWish(line))
      let wish = ClaimWish(
        item: line.item, units: Int64(line.quantity), place: line.node, channel: line.channel)
      if claimable(wish, backorders: .none, at: now) >= wish.units { continue }
      findDatedSupply(
        of: line.item, quantity: wish.units, channel: line.channel,
        confidence: ConfidenceLevel(rawValue: record.confidence), only: line.node, at: now)
      if scratch.dated.supplies.count == 0 { return nil }
      latest = max(latest, scratch.dated.supplies[0].fromUnixSeconds)
    }
    return latest
  }
}
