import PromisedModel

/// The tallies of an audit: counted up from the holds, and kept right while events go on.
extension State {
  /// Counts holds into the tallies of the part under way; true when all are counted.
  func auditCount(units: Int) -> Bool {
    var left = units
    while left > 0 && audit.countedSlots < holds.slotCount {
      let slot = audit.countedSlots
      audit.countedSlots += 1
      left -= 1
      if !holds.isInUse(slot) { continue }
      left -= Int(holds.hold(slot).lineCount)
      if audit.part == 0 { audit.report.holds += 1 }
      auditTally(slot, sign: 1)
    }
    if audit.countedSlots < holds.slotCount { return false }
    // Holds that are added from now on are counted by the events that add them.
    audit.countedSlots = .max
    return true
  }

  /// Adds what a hold claims to the tallies, or takes it out.
  private func auditTally(_ slot: Int, sign: Int64) {
    let state = holds.state(slot)
    if !state.isEnded { auditLines(slot, state, sign) }
    if !audit.countsBuckets { return }
    if state == .held { audit.heldCount += Int(sign) }
    if state == .committed { audit.committedCount += Int(sign) }
    // What was shipped keeps its room until it has left.
    if state.isEnded && state != .consumed { return }
    var block = holds.hold(slot).promises
    while block != 0 {
      for claim in promises.claims(block) where claim.units > 0 {
        audit.buckets.add(sign * Int64(claim.units), to: BucketKey(claim))
      }
      block = promises.record(block).pointee.next
    }
  }

  private func auditLines(_ slot: Int, _ state: HoldState, _ sign: Int64) {
    let lines = holds.lines(slot)
    for index in 0..<Int(holds.hold(slot).lineCount) {
      let line = lines[index]
      if !line.isAtPosition || !audit.isOfPart(hash: mix(line.item)) { continue }
      let units = sign * Int64(line.quantity)
      audit.claims.add(
        ClaimedUnits(
          reserved: units, allocated: state == .committed ? units : 0,
          picked: sign * Int64(line.picked)),
        item: line.item, node: line.node)
    }
  }

  // MARK: Events

  /// Takes a hold that is forgotten now out of the tallies.
  func auditForgets(_ slot: Int) {
    if audit.isCounting && slot < audit.countedSlots { auditTally(slot, sign: -1) }
  }

  /// Takes the holds that an event changes out of the tallies; `auditAfter` puts them in again.
  func auditBefore(_ event: borrowing Event) {
    forEachChangedHold(of: event) { auditTallyCounted($0, sign: -1) }
  }

  func auditAfter(_ event: borrowing Event) {
    forEachChangedHold(of: event) { auditTallyCounted($0, sign: 1) }
    switch copy event {
    case .put(_, .network), .loadCommitted:
      // What promises claim may have got other indexes, also that of holds nobody named.
      audit.beginCounting()
    default: return
    }
  }

  /// Holds that are not counted yet will be, as they are then.
  private func auditTallyCounted(_ id: UInt64, sign: Int64) {
    if let slot = holds.find(id), slot < audit.countedSlots { auditTally(slot, sign: sign) }
  }

  /// Each hold that an event may change, once. An event that is missing here shows as violations
  /// that are none.
  private func forEachChangedHold(of event: borrowing Event, _ body: (UInt64) -> Void) {
    switch copy event {
    case .held: body(appliedPosition)
    case .holdChanged(let changed): body(changed.holdID)
    case .holdsExpired(let ids):
      for index in 0..<ids.count { body(ids[index]) }
    case .fed(let fed):
      // Shipments that name a hold.
      var seen: Set<UInt64> = [0]
      for id in fed.details.holdIDs where seen.insert(id).inserted { body(id) }
    case .promisesMoved(_, let moves):
      var seen = Set<UInt64>()
      for move in moves where seen.insert(move.holdID).inserted { body(move.holdID) }
    default: return
    }
  }
}
