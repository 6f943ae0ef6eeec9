import PromisedModel

/// Pages of kits and opportunity values, in the order of their tables. A place that is free is passed
/// over, so a page may have fewer rows than asked for, and none appears twice.
extension State {
  /// Components are written as "units x item".
  func listKits(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["kit", "components"]
    reply.page(from: start, of: kits.slotCount, size: size) { slot, reply in
      let row = kits.row(slot)
      if row.item == 0 { return }
      reply.appendCell(itemKeys.name(row.item).bytes)
      let parts = kits.components(row).map { "\($0.units) x \(itemKeys.name($0.item))" }
      reply.appendCell(parts.joined(separator: "; ").utf8)
    }
  }

  func listOpportunity(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["item", "node", "value"]
    reply.page(from: start, of: opportunity.slotCount, size: size) { slot, reply in
      let row = opportunity.row(slot)
      if row.value == 0 { return }
      reply.appendCell(itemKeys.name(row.item).bytes)
      reply.appendCell(network.nodeName(row.node).buffer)
      reply.appendNumber(row.value)
    }
  }
}

/// Pages of groups, channel stock and backorders, with free places passed over as above.
extension State {
  /// Nodes are written one after another, the first hundred of them.
  func listGroups(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["group", "count", "nodes"]
    reply.page(from: start, of: groups.count, size: size) { index, reply in
      let nodes = groups.nodes(UInt16(index))
      if nodes.isEmpty { return }
      reply.appendCell(groups.name(UInt16(index)).buffer)
      reply.appendNumber(Int64(nodes.count))
      let names = nodes.prefix(100).map { "\(network.nodeName($0).name)" }
      reply.appendCell(names.joined(separator: " ").utf8)
    }
  }

  func listChannels(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["channel", "item", "node", "buffer", "set_aside", "claimed"]
    reply.page(from: start, of: channels.rows.slotCount, size: size) { slot, reply in
      let row = channels.rows.row(slot)
      if row.item == 0 { return }
      reply.appendCell(channels.name(row.channel).buffer)
      reply.appendCell(itemKeys.name(row.item).bytes)
      reply.appendCell(network.nodeName(row.node).buffer)
      reply.appendNumber(Int64(row.buffer))
      reply.appendNumber(Int64(row.setAside))
      reply.appendNumber(row.claimed)
    }
  }

  func listBackorders(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["item", "node", "kind", "cap", "from_unix_s", "until_unix_s", "lead_days"]
    reply.page(from: start, of: backorders.slotCount, size: size) { slot, reply in
      let row = backorders.row(slot)
      if row.item == 0 { return }
      reply.appendCell(itemKeys.name(row.item).bytes)
      reply.appendCell(network.nodeName(row.node).buffer)
      reply.appendCell((BackorderKind(rawValue: row.kind)?.label ?? "").utf8)
      reply.appendNumber(Int64(row.cap))
      reply.appendNumber(row.fromUnixSeconds)
      reply.appendNumber(row.untilUnixSeconds)
      reply.appendNumber(Int64(row.leadDays))
    }
  }
}

extension ItemRestrictions {
  /// As in import files: the names, or nothing.
  var label: String {
    var names: [String] = []
    if contains(.hazmat) { names.append("hazmat") }
    if contains(.oversize) { names.append("oversize") }
    return names.joined(separator: ";")
  }
}
