import PromisedInvariants
import PromisedModel

/// The standing audit: what must always hold is checked against the state as it is, in slices.
extension State {
  /// Begins a pass over the whole state; one under way is given up. It counts about `claimsPerPart`
  /// claims at a time, of 40 bytes each.
  package func beginAudit(claimsPerPart: Int = 65_536) {
    audit.begin(
      liveHolds: holds.heldCount + holds.committedCount, claimsPerPart: claimsPerPart)
  }

  package var isAuditing: Bool { audit.isRunning }

  /// Goes on with the pass by about `units` rows, lines and items, 10 to 100 ns each; the report when
  /// the pass ended with this slice. Reads the state and changes nothing of it.
  package func auditSlice(units: Int) -> AuditReport? {
    if audit.isCounting && !auditChanged(units: units) { return nil }
    switch audit.phase {
    case .idle: return nil
    case .counting:
      if auditCount(units: units) { audit.go(to: audit.part == 0 ? .buckets : .rows) }
    case .buckets:
      if auditBuckets(units: units) { audit.go(to: .rows) }
    case .rows:
      if auditRows(units: units) {
        audit.endWalkOfPart()
        audit.go(to: .leftovers)
      }
    case .leftovers:
      if auditLeftovers(units: units) { audit.endPart() }
    case .breakdowns:
      if auditBreakdowns(units: units) { audit.go(to: .inbound) }
    case .inbound:
      if auditInbound(units: units) { audit.go(to: .usage) }
    case .usage:
      if auditUsage(units: units) {
        auditMovements()
        audit.end()
        return audit.report
      }
    }
    return nil
  }

  /// A pass from its beginning to its end. Linear in the state, and in its holds once more for each
  /// 32,768 of them that live.
  package func auditNow() -> AuditReport {
    beginAudit()
    while true {
      if let report = auditSlice(units: 65_536) { return report }
    }
  }

  // MARK: Positions

  /// Walks the positions of the part; true at its end.
  private func auditRows(units: Int) -> Bool {
    var slot = positions.firstSlot(after: audit.walkedHash)
    var left = units
    while left > 0 {
      if slot >= positions.totalSlots { return true }
      let token = positions.key(slot)
      if token == 0 {
        // A few empty slots are read with one line.
        left -= slot & 7 == 0 ? 1 : 0
        slot += 1
        continue
      }
      let hash = mix(token)
      if !audit.isOfPart(hash: hash) { return true }
      auditItem(token, slot: slot)
      audit.walkedHash = hash
      left -= 1 + positions.rowCount(slot)
      slot += 1
    }
    if slot < positions.totalSlots && positions.key(slot) == 0 {
      // So that a stretch of empty slots is not walked again.
      audit.walkedHash = max(audit.walkedHash, positions.hash(before: slot))
    }
    return false
  }

  private func auditItem(_ token: UInt64, slot: Int) {
    audit.report.items += 1
    for place in 0..<positions.rowCount(slot) {
      auditRow(positions.rows(slot)[place], token: token, node: positions.nodes(slot)[place])
    }
    auditClaimsBeyondRows(of: token)
    let index = Int(positions.attribute(slot))
    if index == 0 { return }
    let item = attributes[index]
    audit.usage.add(
      units(of: token, slot: slot).usage(volume: item.volumeMicroCubicFeet),
      seller: Int(item.seller), type: item.storageType)
  }

  private func auditRow(_ row: StockRow, token: UInt64, node: UInt16) {
    audit.report.positions += 1
    audit.onHand += Int128(row.onHand)
    let claimed = audit.claims.read(ClaimKey(item: token, node: node))
    auditEqual(.reserved, claimed.reserved, Int64(row.reserved), token, node)
    let parts = breakdowns.read(item: token, node: node)
    auditEqual(.allocated, claimed.allocated, Int64(parts.allocated), token, node)
    auditEqual(.picked, claimed.picked, Int64(parts.picked), token, node)
    let conditions =
      Int64(parts.unfulfillable) + Int64(parts.researching) + Int64(parts.inTransfer)
      + Int64(parts.inProcessing) + Int64(parts.withheld)
    auditEqual(.breakdown, conditions, Int64(row.encumbered), token, node)
    auditAllocations(parts, row, token, node)
    auditBounds(parts, row, token, node)
  }

  private func auditBounds(_ parts: Breakdown, _ row: StockRow, _ token: UInt64, _ node: UInt16) {
    audit.report.check(.bounds)
    let least = min(
      min(row.onHand, row.reserved, row.encumbered),
      min(parts.allocated, parts.unfulfillable, parts.researching),
      min(parts.inTransfer, parts.inProcessing, parts.withheld, parts.picked))
    if least < 0 {
      auditDiffers(.bounds, token, node, detail: "the least amount", expected: 0, found: least)
    } else if max(row.onHand, row.encumbered) > Limits.unitsPerPosition {
      auditDiffers(
        .bounds, token, node, detail: "the most units", expected: Limits.unitsPerPosition,
        found: max(row.onHand, row.encumbered))
    } else if parts.allocated > row.reserved {
      auditDiffers(
        .bounds, token, node, detail: "allocated of reserved", expected: row.reserved,
        found: parts.allocated)
    } else if parts.picked > parts.allocated {
      auditDiffers(
        .bounds, token, node, detail: "picked of allocated", expected: parts.allocated,
        found: parts.picked)
    }
  }

  /// The list of a position's allocations, and what is missing to them.
  private func auditAllocations(
    _ parts: Breakdown, _ row: StockRow, _ token: UInt64, _ node: UInt16
  ) {
    if parts.first == 0 && parts.allocated == 0 && parts.short == 0 { return }
    var (listed, short, backordered): (Int64, Int64, Int64) = (0, 0, 0)
    var (next, steps) = (parts.first, 0)
    // A list that runs in a circle ends here too.
    while next != 0 && steps <= Int(parts.allocated) {
      let entry = allocations.at(next).pointee
      let line = holds.lines(Int(entry.slot))[Int(entry.line)]
      if line.item == token && line.node == node && line.isAtPosition {
        listed += Int64(line.quantity)
        if line.isBackordered { backordered += Int64(line.quantity - line.picked) }
      }
      short += Int64(entry.short)
      next = entry.next
      steps += 1
    }
    auditEqual(.allocations, Int64(parts.allocated), listed, token, node)
    auditEqual(.allocations, backordered, Int64(parts.backordered), token, node)
    let fulfillable = max(0, Int64(row.onHand) - Int64(row.encumbered) + Int64(parts.withheld))
    // To what is backordered nothing is missing until it is picked.
    let missing = max(0, listed - backordered - fulfillable)
    auditEqual(.shortfalls, missing, Int64(parts.short), token, node)
    auditEqual(.shortfalls, short, Int64(parts.short), token, node)
  }

  /// What is claimed for later, of groups, and by channels.
  private func auditClaimsBeyondRows(of token: UInt64) {
    var next = claims.first(of: token)
    while let slot = next {
      let row = claims.row(slot)
      next = claims.next(after: slot)
      let counted = audit.claims.read(ClaimKey(row))
      audit.report.check(.claims)
      if counted.reserved != row.units {
        auditDiffers(row, expected: counted.reserved, found: row.units)
      } else if counted.allocated != row.allocated {
        auditDiffers(
          row, detail: ", allocated", expected: counted.allocated, found: row.allocated)
      }
    }
    next = channels.rows.first(of: token)
    while let slot = next {
      let row = channels.rows.row(slot)
      next = channels.rows.next(after: slot)
      let key = ClaimKey(item: token, node: row.node, channel: row.channel)
      auditEqual(.claims, audit.claims.read(key).reserved, row.claimed, token, row.node)
    }
  }

  /// Claims of the part that are kept nowhere: all others have been compared.
  private func auditLeftovers(units: Int) -> Bool {
    let end = min(audit.claims.count, audit.cursor + units)
    while audit.cursor < end {
      let row = audit.claims.row(audit.cursor)
      audit.cursor += 1
      if row.units == ClaimedUnits() || isKept(row.key) { continue }
      switch row.key.kind {
      case .row, .channel:
        auditDiffers(
          row.key.kind == .row ? .reserved : .claims, row.key.item, row.key.place,
          detail: "kept nowhere", expected: row.units.reserved, found: 0)
      case .dated, .pool:
        auditDiffers(
          row.key.row, detail: ", kept nowhere", expected: row.units.reserved, found: 0)
      }
    }
    return audit.cursor == audit.claims.count
  }

  private func isKept(_ key: ClaimKey) -> Bool {
    switch key.kind {
    case .row:
      let slot = positions.find(key.item)
      return slot >= 0 && positions.row(slot, node: key.place) != nil
    case .dated, .pool: return claims.find(key.row) != nil
    case .channel:
      return channels.rows.find(
        ChannelRow(item: key.item, node: key.place, channel: key.channel)) != nil
    }
  }

  /// Breakdowns whose position there is not.
  private func auditBreakdowns(units: Int) -> Bool {
    let end = min(breakdowns.rowCount, audit.cursor + units)
    while audit.cursor < end {
      let slot = audit.cursor
      audit.cursor += 1
      if !breakdowns.isInUse(slot) { continue }
      let parts = breakdowns.row(slot)
      audit.report.check(.breakdown)
      let item = positions.find(parts.item)
      if item >= 0 && positions.row(item, node: parts.node) != nil { continue }
      auditDiffers(
        .breakdown, parts.item, parts.node, detail: "no position", expected: 0, found: 1)
    }
    return audit.cursor == breakdowns.rowCount
  }

  // MARK: Differences

  @inline(__always)
  private func auditEqual(
    _ identity: AuditIdentity, _ expected: Int64, _ found: Int64, _ token: UInt64, _ node: UInt16
  ) {
    audit.report.check(identity)
    if expected != found {
      auditDiffers(identity, token, node, expected: expected, found: found)
    }
  }

  @inline(never)
  func auditDiffers(
    _ identity: AuditIdentity, _ token: UInt64, _ node: UInt16, detail: String = "",
    expected: some BinaryInteger, found: some BinaryInteger
  ) {
    audit.report.add(
      AuditViolation(
        identity, key: itemKeys.name(token), node: network.nodeName(node).name, detail: detail,
        expected: expected, found: found))
  }

  private func auditDiffers(
    _ row: ClaimRow, detail: String = "", expected: Int64, found: Int64
  ) {
    audit.report.add(
      AuditViolation(
        .claims, key: itemKeys.name(row.item),
        node: row.isPool ? groups.name(row.place).name : network.nodeName(row.place).name,
        detail: (row.isPool ? "of a group, due " : "due ") + "\(row.due)" + detail,
        expected: expected, found: found))
  }
}
