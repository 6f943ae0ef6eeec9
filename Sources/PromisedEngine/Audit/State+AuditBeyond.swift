import PromisedModel

/// Claims that no position reserves, and those of channels, against the lines of holds.
extension State {
  /// Compares the part's rows, both ways; true at the end.
  func auditBeyondRows(units: Int) -> Bool {
    let kept = claims.slotCount + channels.rows.slotCount
    let all = kept + audit.beyond.slotCount + audit.channels.slotCount
    let end = min(all, audit.cursor + units)
    while audit.cursor < end {
      let slot = audit.cursor
      audit.cursor += 1
      if slot < claims.slotCount {
        auditClaim(claims.row(slot))
      } else if slot < kept {
        auditChannel(channels.rows.row(slot - claims.slotCount))
      } else if slot < kept + audit.beyond.slotCount {
        let row = audit.beyond.row(slot - kept)
        if row.item != 0 && row.units != 0 && claims.find(row) == nil {
          auditDiffer(row, expected: row.units, found: 0)
        }
      } else {
        let row = audit.channels.row(slot - kept - audit.beyond.slotCount)
        if row.item != 0 && row.claimed != 0 && channels.rows.find(row) == nil {
          auditDiffer(channel: row, expected: row.claimed, found: 0)
        }
      }
    }
    return audit.cursor >= all
  }

  private func auditClaim(_ row: ClaimRow) {
    if row.item == 0 || !audit.isOfPart(hash: mix(row.item)) { return }
    audit.report.check(.claims)
    let counted = audit.beyond.find(row).map { audit.beyond.row($0) }
    if row.units != counted?.units ?? 0 {
      auditDiffer(row, expected: counted?.units ?? 0, found: row.units)
    } else if row.allocated != counted?.allocated ?? 0 {
      auditDiffer(
        row, detail: ", allocated", expected: counted?.allocated ?? 0, found: row.allocated)
    }
  }

  private func auditChannel(_ row: ChannelRow) {
    if row.item == 0 || !audit.isOfPart(hash: mix(row.item)) { return }
    audit.report.check(.claims)
    let counted = audit.channels.find(row).map { audit.channels.row($0).claimed } ?? 0
    if row.claimed != counted { auditDiffer(channel: row, expected: counted, found: row.claimed) }
  }

  private func auditDiffer(
    _ row: ClaimRow, detail: String = "", expected: Int64, found: Int64
  ) {
    audit.report.add(
      AuditViolation(
        .claims, key: itemKeys.name(row.item),
        node: row.isPool ? groups.name(row.place).name : network.nodeName(row.place).name,
        detail: (row.isPool ? "of a group, due " : "due ") + "\(row.due)" + detail,
        expected: expected, found: found))
  }

  private func auditDiffer(channel row: ChannelRow, expected: Int64, found: Int64) {
    audit.report.add(
      AuditViolation(
        .claims, key: itemKeys.name(row.item), node: network.nodeName(row.node).name,
        detail: "channel \(channels.name(row.channel).name)", expected: expected, found: found))
  }
}

extension ItemLists where Row == ClaimRow {
  /// Adds to a count, whatever it comes to: a difference is to be told, not to stop anybody.
  mutating func tally(_ like: ClaimRow, _ units: Int64, allocated: Int64) {
    let row = at(find(like) ?? insert(like))
    row.pointee.units += units
    row.pointee.allocated += allocated
  }
}

extension ItemLists where Row == ChannelRow {
  mutating func tally(_ like: ChannelRow, _ units: Int64) {
    at(find(like) ?? insert(like)).pointee.claimed += units
  }
}
