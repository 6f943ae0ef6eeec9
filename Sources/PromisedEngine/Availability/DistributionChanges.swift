import PromisedModel

/// Groups, channel stock and backorders, made true.
extension State {
  func apply(groups rows: GroupRows) {
    let nodes = rows.nodeNames.map { knownNode($0) }
    var start = 0
    for (row, name) in rows.names.enumerated() {
      let end = start + Int(rows.counts[row])
      groups.put(name, rows.nodes[start..<end].map { nodes[Int($0)] })
      start = end
    }
    groupsChangedAt = appliedPosition
    // What a group can promise, of any item, and whether its name is known.
    stamps.network = appliedPosition
  }

  func apply(channelStock rows: ChannelStockRows) {
    let nodes = rows.nodeNames.map { knownNode($0) }
    let named = rows.channelNames.map { channels.insert($0) }
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        let token = itemKeys.insert(keys.key(row, at: &offset))
        _ = slotInserting(token)
        channels.put(
          item: token, node: nodes[Int(rows.nodes[row])], channel: named[Int(rows.channels[row])],
          buffer: rows.buffers[row], setAside: rows.setAsides[row])
        reviewSpecial(token)
        touch(item: token)
      }
    }
    stamps.network = appliedPosition
  }

  func apply(backorders rows: BackorderRows) {
    let nodes = rows.nodeNames.map { knownNode($0) }
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        let token = itemKeys.insert(keys.key(row, at: &offset))
        _ = slotInserting(token)
        backorders.put(
          BackorderRow(
            item: token, node: nodes[Int(rows.nodes[row])], kind: rows.kinds[row],
            cap: rows.caps[row], from: rows.fromUnixSeconds[row],
            until: rows.untilUnixSeconds[row],
            leadDays: rows.leadDays.isEmpty ? 0 : rows.leadDays[row]))
        reviewSpecial(token)
        touch(item: token)
      }
    }
  }

  /// What a replacing load does not name.
  func clearDistribution() {
    groups.removeAllNodes()
    groupsChangedAt = appliedPosition
    forEachItem(of: channels.rows.slotCount, { channels.rows.row($0).item }) {
      channels.removeAllStock()
    }
    forEachItem(of: backorders.slotCount, { backorders.row($0).item }) { backorders.removeAll() }
    forEachItem(of: kits.slotCount, { kits.row($0).item }) { kits.removeAll() }
  }

  /// Removes rows and says so to their items.
  private func forEachItem(of count: Int, _ item: (Int) -> UInt64, remove: () -> Void) {
    let items = (0..<count).map(item)
    remove()
    for token in items where token != 0 {
      reviewSpecial(token)
      touch(item: token)
    }
  }
}
