import PromisedInvariants
import PromisedModel

/// How full buildings are, and what an audit finds of the sums that are kept.
extension State {
  /// Rows of the named nodes, or of all that declare a volume, by node and storage type.
  ///
  /// - Throws: NODE_UNKNOWN.
  package func utilization(of names: [Name]) throws(Refusal) -> [UtilizationRow] {
    observeEverything()
    var nodes: [UInt16] = []
    for name in names {
      guard let node = nodeIndex(name) else { throw unknownNode(name) }
      nodes.append(node)
    }
    let isAll = names.isEmpty
    if isAll { nodes = (0..<UInt16(clamping: buildings.nodeCount)).map { $0 } }
    var rows: [UtilizationRow] = []
    for node in nodes {
      for type: UInt8 in 1...7 {
        let space = buildings.read(node: node, type: type)
        if isAll ? space.usable < 0 : space == BuildingSpace() { continue }
        rows.append(
          UtilizationRow(
            node: network.nodeName(node).name, storageType: type, usable: space.usable,
            stored: Usage.clamped(space.stored), inbound: Usage.clamped(space.inbound),
            permille: space.permille, band: space.band))
      }
    }
    return rows
  }

  /// Sums of storage that are not what positions, removals and inbound add up to; none when all is
  /// well. Linear in the state: for an audit, between batches.
  package func storageDifferences() -> [String] {
    let kept = storageSums()
    let keptClocks = clocks
    recomputeUsage()
    clocks = keptClocks
    let counted = storageSums()
    var found: [String] = []
    for (place, sums) in kept where sums != counted[place] ?? [] {
      found.append("\(place): kept \(sums), counted \(counted[place] ?? [])")
    }
    for (place, sums) in counted where kept[place] == nil {
      found.append("\(place): kept nothing, counted \(sums)")
    }
    return found.sorted()
  }

  /// Every sum that is not zero, by what it is of.
  private func storageSums() -> [String: [Int128]] {
    var sums: [String: [Int128]] = [:]
    for seller in 0..<sellers.count {
      for type: UInt8 in 1...7 {
        let used = usage.read(seller: seller, type: type)
        let rate = usage.sellThrough(seller: seller, type: type)
        var values = [
          used.available, used.unfulfillable, used.reserved, used.openInbound, used.drafts,
          used.pendingRemoval, rate.perDayMilli, rate.variance,
        ]
        usage.forEachDue(seller: seller, type: type) { due in
          values += [Int128(due.month), due.open, due.drafts]
        }
        if values.contains(where: { $0 != 0 }) {
          sums["seller \(sellers[seller].name) type \(type)"] = values
        }
      }
    }
    for node in 0..<UInt16(clamping: buildings.nodeCount) {
      for type: UInt8 in 1...7 {
        let space = buildings.read(node: node, type: type)
        if space.stored == 0 && space.inbound == 0 { continue }
        sums["node \(network.nodeName(node).name) type \(type)"] = [space.stored, space.inbound]
      }
    }
    return sums
  }
}
