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

extension ItemRestrictions {
  /// As in import files: the names, or nothing.
  var label: String {
    var names: [String] = []
    if contains(.hazmat) { names.append("hazmat") }
    if contains(.oversize) { names.append("oversize") }
    return names.joined(separator: ";")
  }
}
