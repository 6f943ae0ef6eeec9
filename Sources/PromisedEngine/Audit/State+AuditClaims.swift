import PromisedModel

/// The tallies of an audit: counted up from the holds, and kept right while the state goes on changing.
extension State {
  /// Counts holds into the tallies of the part under way; true when all are counted.
  func auditCount(units: Int) -> Bool {
    var left = units
    while left > 0 && audit.counted.count < holds.slotCount {
      let slot = audit.counted.count
      left -= 1
      if holds.isInUse(slot) {
        left -= Int(holds.hold(slot).lineCount)
        if audit.part == 0 { audit.report.holds += 1 }
      }
      auditTally(slot)
    }
    return audit.counted.count >= holds.slotCount
  }

  /// Counts the holds anew that changed since the last slice; true when none are left to count.
  func auditChanged(units: Int) -> Bool {
    // What has gone through more changes than this is counted from the beginning.
    if audit.entries.count > Audit.mostEntries { audit.beginCounting() }
    var left = units
    while left > 0 && audit.changed.count > 0 {
      let change = audit.changed.removeLast()
      left -= 4
      let found = change & Audit.slotMark != 0 ? Int(change & ~Audit.slotMark) : holds.find(change)
      // One that is gone was noted by its slot when it went.
      guard let slot = found else { continue }
      // Holds that were not counted yet will be, as they are then.
      if audit.phase == .counting && slot >= audit.counted.count { continue }
      auditTally(slot)
    }
    return audit.changed.count == 0
  }

  /// A hold is forgotten: its slot may be another's before the next slice.
  func auditForgets(_ slot: Int) {
    if audit.isCounting { audit.changed.append(Audit.slotMark | UInt64(slot)) }
  }

  /// Rows of the network changed: what promises claim may have got other indexes, also that of holds
  /// nobody touched.
  func auditAfter(_ event: borrowing Event) {
    switch copy event {
    case .put(_, .network), .loadCommitted: audit.beginCounting()
    default: return
    }
  }

  /// Puts what the hold in a slot claims in the place of what it claimed when it was counted last.
  private func auditTally(_ slot: Int) {
    while audit.counted.count <= slot { audit.counted.append(CountedHold()) }
    let before = audit.counted[slot]
    for entry in Int(before.first)..<(Int(before.first) + Int(before.count)) {
      audit.add(audit.entries[entry], sign: -1)
    }
    audit.count(before.state, by: -1)
    var now = CountedHold()
    now.first = UInt32(audit.entries.count)
    if holds.isInUse(slot) {
      let state = holds.state(slot)
      now.state = state.rawValue
      if !state.isEnded { auditLines(slot, state) }
      // What was shipped keeps its room until it has left.
      if keepsRoom(slot) { auditPromises(slot) }
    }
    now.count = UInt32(audit.entries.count) - now.first
    for entry in Int(now.first)..<audit.entries.count { audit.add(audit.entries[entry], sign: 1) }
    audit.count(now.state, by: 1)
    audit.counted[slot] = now
  }

  private func auditLines(_ slot: Int, _ state: HoldState) {
    let lines = holds.lines(slot)
    for index in 0..<Int(holds.hold(slot).lineCount) {
      let line = lines[index]
      if line.isHeading || !audit.isOfPart(hash: mix(line.item)) { continue }
      let units = ClaimedUnits(
        reserved: Int64(line.quantity),
        allocated: state == .committed ? Int64(line.quantity) : 0, picked: Int64(line.picked))
      let key =
        line.isAtPosition ? ClaimKey(item: line.item, node: line.node) : ClaimKey(ClaimRow(line))
      audit.entries.append(CountedClaim(key: key, units: units))
      if line.channel != 0 && !line.isPool {
        audit.entries.append(
          CountedClaim(
            key: ClaimKey(item: line.item, node: line.node, channel: line.channel), units: units))
      }
    }
  }

  private func auditPromises(_ slot: Int) {
    if !audit.countsBuckets { return }
    var block = holds.hold(slot).promises
    while block != 0 {
      for claim in promises.claims(block) where claim.units > 0 {
        audit.entries.append(
          CountedClaim(bucket: BucketKey(claim), units: Int64(claim.units)))
      }
      block = promises.record(block).pointee.next
    }
  }
}
