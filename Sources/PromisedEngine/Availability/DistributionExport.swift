import PromisedModel

/// Groups, channel stock and backorders as a snapshot holds them. Names stand in the order of their
/// indexes, which claims keep; rows in the order of their items' tokens.
extension State {
  func exportDistribution() -> [StateBlock] {
    exportGroups() + exportChannels() + exportBackorders()
  }

  private func exportGroups() -> [StateBlock] {
    if groups.count == 0 { return [] }
    var rows = GroupRows()
    var nodes = NodePlaces()
    var blocks: [StateBlock] = []
    for group in 0..<UInt16(groups.count) {
      let members = groups.nodes(group)
      rows.names.append(groups.name(group).name)
      rows.counts.append(UInt32(members.count))
      for node in members { rows.nodes.append(nodes.place(node)) }
      if rows.nodes.count >= Self.blockRows || group + 1 == groups.count {
        rows.nodeNames = nodes.order.map { network.nodeName($0).name }
        blocks.append(.put(.groups(rows)))
        rows = GroupRows()
        nodes = NodePlaces()
      }
    }
    return blocks
  }

  private func exportChannels() -> [StateBlock] {
    if channels.count == 0 { return [] }
    var rows = ChannelStockRows()
    let names = (1...UInt16(channels.count)).map { channels.name($0).name }
    rows.channelNames = names
    var nodes = NodePlaces()
    var blocks: [StateBlock] = []
    let slots = sorted(
      slots: channels.rows.slotCount,
      by: {
        let row = channels.rows.row($0)
        return row.buffer == 0 && row.setAside == 0 ? 0 : row.item
      }, then: { channels.rows.row($0).keyHash })
    for (index, slot) in slots.enumerated() {
      let row = channels.rows.row(slot)
      rows.keys.append(itemKeys.name(row.item).bytes)
      rows.channels.append(UInt32(row.channel) - 1)
      rows.nodes.append(nodes.place(row.node))
      rows.buffers.append(row.buffer)
      rows.setAsides.append(row.setAside)
      if rows.nodes.count == Self.blockRows && index + 1 < slots.count {
        rows.nodeNames = nodes.order.map { network.nodeName($0).name }
        blocks.append(.put(.channelStock(rows)))
        rows = ChannelStockRows()
        rows.channelNames = names
        nodes = NodePlaces()
      }
    }
    rows.nodeNames = nodes.order.map { network.nodeName($0).name }
    blocks.append(.put(.channelStock(rows)))
    return blocks
  }

  private func exportBackorders() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = BackorderRows()
    var nodes = NodePlaces()
    func close() {
      if rows.nodes.isEmpty { return }
      rows.nodeNames = nodes.order.map { network.nodeName($0).name }
      blocks.append(.put(.backorders(rows)))
      rows = BackorderRows()
      nodes = NodePlaces()
    }
    for slot in sorted(
      slots: backorders.slotCount, by: { backorders.row($0).item },
      then: { UInt64(backorders.row($0).node) })
    {
      let row = backorders.row(slot)
      rows.keys.append(itemKeys.name(row.item).bytes)
      rows.nodes.append(nodes.place(row.node))
      rows.kinds.append(row.kind)
      rows.caps.append(row.cap)
      rows.fromUnixSeconds.append(row.fromUnixSeconds)
      rows.untilUnixSeconds.append(row.untilUnixSeconds)
      rows.leadDays.append(row.leadDays)
      if rows.nodes.count == Self.blockRows { close() }
    }
    close()
    return blocks
  }

  func digestDistribution(_ sum: inout DigestSum) {
    for group in 0..<groups.count {
      sum.begin(40)
      sum.add(group)
      sum.add(groups.name(UInt16(group)))
      for node in groups.nodes(UInt16(group)) { sum.add(node) }
      sum.end()
    }
    for channel in 0..<channels.count {
      sum.begin(41)
      sum.add(channel)
      sum.add(channels.name(UInt16(channel + 1)))
      sum.end()
    }
    for slot in 0..<channels.rows.slotCount where channels.rows.row(slot).item != 0 {
      let row = channels.rows.row(slot)
      sum.begin(42)
      sum.add(row.item)
      sum.add(row.keyHash)
      sum.add(row.claimed)
      sum.add(row.buffer)
      sum.add(row.setAside)
      sum.end()
    }
    for slot in 0..<backorders.slotCount where backorders.row(slot).item != 0 {
      let row = backorders.row(slot)
      sum.begin(43)
      sum.add(row.item)
      sum.add(row.node)
      sum.add(row.kind)
      sum.add(row.cap)
      sum.add(row.fromUnixSeconds)
      sum.add(row.untilUnixSeconds)
      sum.add(row.leadDays)
      sum.end()
    }
    for slot in 0..<claims.slotCount where claims.row(slot).item != 0 {
      let row = claims.row(slot)
      sum.begin(44)
      sum.add(row.item)
      sum.add(row.keyHash)
      sum.add(row.units)
      sum.add(row.allocated)
      sum.end()
    }
  }
}

/// The nodes that rows name, in the order in which they are named first.
private struct NodePlaces {
  var order: [UInt16] = []
  private var places: [UInt16: UInt32] = [:]

  mutating func place(_ node: UInt16) -> UInt32 {
    if let known = places[node] { return known }
    let place = UInt32(order.count)
    places[node] = place
    order.append(node)
    return place
  }
}
