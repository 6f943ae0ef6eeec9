import PromisedModel

/// Groups, channel stock and backorders, checked before they are put.
extension State {
  /// - Throws: TOO_MANY_ROWS when there would be more groups than `Limits.groups`, or more names of
  ///   groups than `Limits.groupNames`; KEY_INVALID, NODE_UNKNOWN, ROW_INVALID for a name that
  ///   comes twice.
  func validate(groups rows: GroupRows, staged: OpenLoad?) throws(Refusal) {
    try checkCounts(rows.names.count, [rows.counts.count])
    var total = 0
    for count in rows.counts { total += Int(count) }
    if total != rows.nodes.count {
      throw Refusal(.columnLengthMismatch, "node_counts must add up to node_indexes")
    }
    try checkCounts(rows.nodes.count, [])
    try checkNames(rows.names, field: "groups")
    try checkNodes(rows.nodeNames, staged: staged)
    for row in 0..<rows.nodes.count {
      try check(Int64(rows.nodes[row]), 0, Int64(rows.nodeNames.count) - 1, "node_indexes", row)
    }
    var seen: Set<Name> = []
    var added = staged?.groups.count ?? 0
    var live = groups.liveCount + added
    for (row, name) in rows.names.enumerated() {
      if !seen.insert(name).inserted {
        throw Refusal(
          .rowInvalid, "groups[\(row)]: \(name) comes twice", key: name, row: Int32(row))
      }
      let known = groups.find(name)
      if known == nil && staged?.groups.contains(name) != true { added += 1 }
      let had = known.map { !groups.nodes($0).isEmpty } ?? false
      live += (rows.counts[row] > 0 ? 1 : 0) - (had ? 1 : 0)
    }
    if live > Limits.groups || groups.count + added > Limits.groupNames {
      throw Refusal(
        .tooManyRows,
        "\(live) groups of \(groups.count + added) names: at most \(Limits.groups) with nodes, and"
          + " \(Limits.groupNames) names ever")
    }
  }

  func validate(channelStock rows: ChannelStockRows, staged: OpenLoad?) throws(Refusal) {
    let count = rows.keys.count
    try checkCounts(
      count,
      [rows.channels.count, rows.nodes.count, rows.buffers.count, rows.setAsides.count])
    try checkKeys(rows.keys, field: "item_keys")
    try checkNames(rows.channelNames, field: "channels")
    try checkNodes(rows.nodeNames, staged: staged)
    for row in 0..<count {
      try check(
        Int64(rows.channels[row]), 0, Int64(rows.channelNames.count) - 1, "channel_indexes", row)
      try check(Int64(rows.nodes[row]), 0, Int64(rows.nodeNames.count) - 1, "node_indexes", row)
      try check(Int64(rows.buffers[row]), 0, Int64(Limits.unitsPerPosition), "buffers", row)
      try check(Int64(rows.setAsides[row]), 0, Int64(Limits.unitsPerPosition), "set_asides", row)
    }
    var added = staged?.channels.count ?? 0
    for name in rows.channelNames where channels.find(name) == nil {
      if staged?.channels.contains(name) != true { added += 1 }
    }
    if channels.count + added > Limits.channels {
      throw Refusal(
        .tooManyRows, "\(channels.count + added) channels: at most \(Limits.channels)")
    }
  }

  func validate(backorders rows: BackorderRows, staged: OpenLoad?) throws(Refusal) {
    let count = rows.keys.count
    try checkCounts(
      count,
      [
        rows.nodes.count, rows.kinds.count, rows.caps.count, rows.fromUnixSeconds.count,
        rows.untilUnixSeconds.count, rows.leadDays.isEmpty ? count : rows.leadDays.count,
      ])
    try checkKeys(rows.keys, field: "item_keys")
    try checkNodes(rows.nodeNames, staged: staged)
    for row in 0..<count {
      try check(Int64(rows.nodes[row]), 0, Int64(rows.nodeNames.count) - 1, "node_indexes", row)
      try check(Int64(rows.caps[row]), 0, Int64(Limits.unitsPerPosition), "caps", row)
      try check(Int64(rows.kinds[row]), 1, 2, "kinds", row)
      let isPreorder = rows.kinds[row] == BackorderKind.preorder.rawValue
      try check(
        rows.fromUnixSeconds[row], isPreorder ? 1 : 0, isPreorder ? 253_402_300_799 : 0,
        "from_unix_s", row)
      try check(rows.untilUnixSeconds[row], 0, 253_402_300_799, "until_unix_s", row)
      if rows.leadDays.isEmpty { continue }
      try check(
        Int64(rows.leadDays[row]), 0, isPreorder ? 0 : Int64(Limits.leadDays), "lead_days", row)
    }
  }

  private func checkNames(_ names: [Name], field: StaticString) throws(Refusal) {
    for (row, name) in names.enumerated() where !isValid(name) {
      throw Refusal(
        .keyInvalid, "\(field)[\(row)] must have 1 to 64 bytes of UTF-8 without controls",
        row: Int32(row))
    }
  }
}
