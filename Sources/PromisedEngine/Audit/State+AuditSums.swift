import PromisedModel

/// What an audit compares besides positions: buckets, inbound, usage, movements.
extension State {
  /// Compares the loads of departures, hours and waves with the promises, and the counts of holds;
  /// true at the end. Buckets that are past are forgotten some time, and nobody reads them.
  func auditBuckets(units: Int) -> Bool {
    let now = appliedTime.seconds
    let kept = buckets.slotCount
    let end = min(kept + audit.buckets.count, audit.cursor + units)
    while audit.cursor < end {
      let place = audit.cursor
      audit.cursor += 1
      if place < kept {
        if !buckets.isInUse(place) { continue }
        let bucket = buckets.bucket(place)
        if bucket.key.isPast(at: now) { continue }
        audit.report.check(.buckets)
        let promised = audit.buckets.read(bucket.key)
        if promised != bucket.claimed { differs(bucket.key, promised, bucket.claimed) }
      } else {
        let row = audit.buckets.row(place - kept)
        if row.claimed == 0 || row.key.isPast(at: now) || buckets.find(row.key) != nil { continue }
        differs(row.key, row.claimed, 0)
      }
    }
    if audit.cursor < kept + audit.buckets.count { return false }
    auditCount(audit.heldCount, holds.heldCount, "held")
    auditCount(audit.committedCount, holds.committedCount, "committed")
    return true
  }

  private func auditCount(_ counted: Int, _ kept: Int, _ detail: String) {
    audit.report.check(.holds)
    if counted == kept { return }
    audit.report.add(AuditViolation(.holds, detail: detail, expected: counted, found: kept))
  }

  private func differs(_ key: BucketKey, _ promised: Int64, _ kept: Int64) {
    let kind: String
    switch BucketKind(rawValue: key.kind) {
    case .leg: kind = "leg"
    case .nodeHour: kind = "hour of node"
    case .wave: kind = "wave"
    case nil: kind = "bucket"
    }
    audit.report.add(
      AuditViolation(
        .buckets, detail: "\(kind) \(key.index) at \(key.atUnixSeconds)", expected: promised,
        found: kept))
  }

  /// Looks at the lists of open inbound; true at the end.
  func auditInbound(units: Int) -> Bool {
    let end = min(inbound.rowCount, audit.cursor + units)
    while audit.cursor < end {
      let slot = audit.cursor
      audit.cursor += 1
      let row = inbound.row(slot)
      if row.quantity == 0 { continue }
      audit.report.check(.inbound)
      if row.quantity > 0 && inbound.isLinked(slot) { continue }
      audit.report.add(
        AuditViolation(
          .inbound, key: itemKeys.name(row.item), node: network.nodeName(row.node).name,
          detail: "shipment \(inbound.shipmentName(row).name)", expected: row.quantity, found: 0))
    }
    return audit.cursor == inbound.rowCount
  }

  /// Compares the usage of each seller with that of the items walked; true at the end.
  func auditUsage(units: Int) -> Bool {
    let types = UsageTable.typesPerSeller
    let end = min(sellers.count, audit.cursor + max(1, units / types))
    while audit.cursor < end {
      let seller = audit.cursor
      audit.cursor += 1
      for type in 0..<types {
        let kept = usage.read(seller: seller, type: UInt8(type))
        let summed = audit.usage.read(seller: seller, type: UInt8(type))
        audit.report.check(.usage)
        if kept == summed { continue }
        audit.report.add(
          AuditViolation(
            .usage, key: sellers[seller].name, detail: difference(kept, summed, type),
            expected: summed.total, found: kept.total))
      }
    }
    return audit.cursor == sellers.count
  }

  /// Which of the amounts differ: their totals may be the same.
  private func difference(_ kept: Usage, _ summed: Usage, _ type: Int) -> String {
    var parts: [String] = []
    if kept.available != summed.available { parts.append("available") }
    if kept.unfulfillable != summed.unfulfillable { parts.append("unfulfillable") }
    if kept.reserved != summed.reserved { parts.append("reserved") }
    if kept.openInbound != summed.openInbound { parts.append("open inbound") }
    if kept.drafts != summed.drafts { parts.append("drafts") }
    return "storage type \(type): " + parts.joined(separator: ", ")
  }

  func auditMovements() {
    audit.report.check(.movements)
    let moved = movements.sum
    if moved == audit.onHand { return }
    audit.report.add(AuditViolation(.movements, expected: moved, found: audit.onHand))
  }
}
