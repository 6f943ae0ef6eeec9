import PromisedModel

/// Kits and opportunity values: what carts are planned by, besides stock.
extension State {
  /// - Throws: ROW_INVALID where a kit is part of itself, names a component twice, comes again
  ///   after the rows of another, or has 0 units beside other rows.
  func validate(kits rows: KitRows) throws(Refusal) {
    let count = rows.kits.count
    try checkCounts(count, [rows.components.count, rows.units.count])
    try checkKeys(rows.kits, field: "kit_keys")
    try checkKeys(rows.components, field: "component_keys")
    for row in 0..<count { try check(Int64(rows.units[row]), 0, 10_000, "units", row) }
    let kits = rows.kits.names
    let components = rows.components.names
    var seen: Set<Name> = []
    var parts: Set<Name> = []
    for row in 0..<count {
      let isFirst = row == 0 || kits[row] != kits[row - 1]
      let isLast = row + 1 == count || kits[row] != kits[row + 1]
      if isFirst {
        parts.removeAll(keepingCapacity: true)
        if !seen.insert(kits[row]).inserted {
          throw invalid("kit_keys", row, kits[row], "comes again after another kit")
        }
      }
      if kits[row] == components[row] {
        throw invalid("component_keys", row, kits[row], "is the kit itself")
      }
      if !parts.insert(components[row]).inserted {
        throw invalid("component_keys", row, components[row], "is in the kit already")
      }
      if parts.count > Limits.componentsPerKit {
        throw invalid(
          "component_keys", row, kits[row], "has more than \(Limits.componentsPerKit) components")
      }
      if rows.units[row] == 0, !isFirst || !isLast {
        throw invalid("units", row, kits[row], "has 0 units in one of several rows")
      }
    }
  }

  func validate(opportunity rows: OpportunityRows, staged: OpenLoad?) throws(Refusal) {
    let count = rows.keys.count
    try checkCounts(count, [rows.nodes.count, rows.values.count])
    try checkKeys(rows.keys, field: "item_keys")
    try checkNodes(rows.nodeNames, staged: staged)
    for row in 0..<count {
      try check(Int64(rows.nodes[row]), 0, Int64(rows.nodeNames.count) - 1, "node_indexes", row)
      try check(rows.values[row], -1_000_000_000_000, 1_000_000_000_000, "values", row)
    }
  }

  private func invalid(
    _ field: StaticString, _ row: Int, _ name: Name, _ what: String
  ) -> Refusal {
    Refusal(.rowInvalid, "\(field)[\(row)]: \(name) \(what)", key: name, row: Int32(row))
  }
}
