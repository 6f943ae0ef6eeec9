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
    let claimed = audit.claims.read(token, node)
    auditEqual(.reserved, claimed.reserved, Int64(row.reserved), token, node)
    let parts = breakdowns.read(item: token, node: node)
    auditEqual(.allocated, claimed.allocated, Int64(parts.allocated), token, node)
    let conditions =
      Int64(parts.unfulfillable) + Int64(parts.researching) + Int64(parts.inTransfer)
      + Int64(parts.inProcessing) + Int64(parts.withheld)
    auditEqual(.breakdown, conditions, Int64(row.encumbered), token, node)
    audit.report.check(.bounds)
    let least = min(
      min(row.onHand, row.reserved, row.encumbered),
      min(parts.allocated, parts.unfulfillable, parts.researching),
      min(parts.inTransfer, parts.inProcessing, parts.withheld))
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
    }
  }

  /// Claims of the part whose position there is not: all of them have been compared otherwise.
  private func auditLeftovers(units: Int) -> Bool {
    let end = min(audit.claims.count, audit.cursor + units)
    while audit.cursor < end {
      let row = audit.claims.row(audit.cursor)
      audit.cursor += 1
      if row.units == ClaimedUnits() { continue }
      let slot = positions.find(row.item)
      if slot >= 0 && positions.row(slot, node: row.node) != nil { continue }
      auditDiffers(
        .reserved, row.item, row.node, detail: "no position", expected: row.units.reserved,
        found: 0)
    }
    return audit.cursor == audit.claims.count
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
}
