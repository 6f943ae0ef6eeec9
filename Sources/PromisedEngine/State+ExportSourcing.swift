import PromisedModel

/// Kits and opportunity values as a snapshot holds them, in the order of their keys' tokens, so that
/// a copy of the state exports the same bytes.
extension State {
  /// A kit's rows stay in one block.
  func exportKits() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = KitRows()
    for slot in sorted(slots: kits.slotCount, by: { kits.row($0).item }) {
      let row = kits.row(slot)
      if rows.units.count + Int(row.count) > Self.blockRows {
        blocks.append(.put(.kits(rows)))
        rows = KitRows()
      }
      let name = itemKeys.name(row.item).bytes
      for part in kits.components(row) {
        rows.kits.append(name)
        rows.components.append(itemKeys.name(part.item).bytes)
        rows.units.append(part.units)
      }
    }
    if !rows.units.isEmpty { blocks.append(.put(.kits(rows))) }
    return blocks
  }

  func exportOpportunity() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = OpportunityRows()
    var nodePlaces: [UInt16: UInt32] = [:]
    for slot in sorted(
      slots: opportunity.slotCount,
      by: { opportunity.row($0).value == 0 ? 0 : opportunity.row($0).item },
      then: { UInt64(opportunity.row($0).node) })
    {
      let row = opportunity.row(slot)
      rows.keys.append(itemKeys.name(row.item).bytes)
      if nodePlaces[row.node] == nil {
        nodePlaces[row.node] = UInt32(rows.nodeNames.count)
        rows.nodeNames.append(network.nodeName(row.node).name)
      }
      rows.nodes.append(nodePlaces[row.node] ?? 0)
      rows.values.append(row.value)
      if rows.nodes.count == Self.blockRows {
        blocks.append(.put(.opportunity(rows)))
        rows = OpportunityRows()
        nodePlaces = [:]
      }
    }
    if !rows.nodes.isEmpty { blocks.append(.put(.opportunity(rows))) }
    return blocks
  }

  /// The slots whose item is not 0, by item, then by `second`.
  func sorted(
    slots count: Int, by item: (Int) -> UInt64, then second: (Int) -> UInt64 = { _ in 0 }
  ) -> [Int] {
    (0..<count).filter { item($0) != 0 }.sorted {
      (item($0), second($0)) < (item($1), second($1))
    }
  }
}
