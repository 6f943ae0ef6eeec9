import PromisedModel

/// For whom units are: groups of nodes, stock of channels, units beyond the supply.
enum DistributionFiles {
  /// The rows of a group go in one chunk, since they replace its nodes.
  static func groups<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var rows = GroupRows()
    var nodes = ChunkNames()
    while table.nextRow() {
      let group = table.name(0)
      let node = table.node(1, references)
      guard let group, let node else { continue }
      if let references, !references.members.insert(group, node) {
        table.refuse(1, allowed: "each node of a group once")
      }
      if rows.names.last != group.name {
        if let references, !references.groups.define(group) {
          table.refuse(0, allowed: "the rows of a group one after another")
        }
        // Names of groups and of nodes are fields of one message.
        if rows.names.count + nodes.names.count >= ChunkNames.limit / 2 {
          rows.nodeNames = nodes.names
          try emit(.groups(rows), rows.nodes.count)
          rows = GroupRows()
          nodes.removeAll()
        }
        rows.names.append(group.name)
        rows.counts.append(0)
      }
      rows.counts[rows.counts.count - 1] += 1
      rows.nodes.append(nodes.index(node))
    }
    rows.nodeNames = nodes.names
    if !rows.nodes.isEmpty { try emit(.groups(rows), rows.nodes.count) }
  }

  static func channels<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var rows = ChannelStockRows()
    var channels = ChunkNames()
    var nodes = ChunkNames()
    func close() throws(Failure) {
      if rows.nodes.isEmpty { return }
      rows.channelNames = channels.names
      rows.nodeNames = nodes.names
      try emit(.channelStock(rows), rows.nodes.count)
      rows = ChannelStockRows()
      channels.removeAll()
      nodes.removeAll()
    }
    while table.nextRow() {
      let channel = table.name(0)
      let item = SourcingFiles.item(&table, 1, references)
      let node = table.node(2, references)
      let buffer = table.units(3)
      let setAside = table.units(4)
      guard let channel, let item, let node, let buffer, let setAside else { continue }
      if let references, !references.channelStock.insert(channel, item, node) {
        table.refuse(0, allowed: "each channel, item and node once")
      }
      rows.channels.append(channels.index(channel))
      rows.keys.add(item)
      rows.nodes.append(nodes.index(node))
      rows.buffers.append(buffer)
      rows.setAsides.append(setAside)
      let names = channels.names.count + nodes.names.count
      if rows.nodes.count == StockFiles.chunkRowLimit || names >= ChunkNames.limit { try close() }
    }
    try close()
  }

  static func backorders<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let kinds = BackorderKind.allCases.map { ($0.label, $0.rawValue) }
    var rows = BackorderRows()
    var nodes = ChunkNames()
    func close() throws(Failure) {
      if rows.nodes.isEmpty { return }
      rows.nodeNames = nodes.names
      try emit(.backorders(rows), rows.nodes.count)
      rows = BackorderRows()
      nodes.removeAll()
    }
    while table.nextRow() {
      let item = SourcingFiles.item(&table, 0, references)
      let node = table.node(1, references)
      let kind = table.word(2, kinds)
      let cap = table.units(3)
      let from = table.value(4) { $0.isEmpty ? 0 : Cell.instant($0) }
      let until = table.value(5) { $0.isEmpty ? 0 : Cell.instant($0) }
      let lead = table.optionalInteger(6, 0...Int64(Limits.leadDays))
      guard let item, let node, let kind, let cap, let from, let until, let lead else { continue }
      if kind == BackorderKind.preorder.rawValue, lead > 0 { table.refuse(6) }
      if (kind == BackorderKind.preorder.rawValue) != (from > 0) { table.refuse(4) }
      if let references, !references.backorders.insert(item, node) {
        table.refuse(0, allowed: "each item and node once")
      }
      rows.keys.add(item)
      rows.nodes.append(nodes.index(node))
      rows.kinds.append(kind)
      rows.caps.append(cap)
      rows.fromUnixSeconds.append(from)
      rows.untilUnixSeconds.append(until)
      rows.leadDays.append(Int32(lead))
      if rows.nodes.count == StockFiles.chunkRowLimit || nodes.isFull { try close() }
    }
    try close()
  }
}
