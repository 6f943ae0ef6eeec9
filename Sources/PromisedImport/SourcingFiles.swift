import PromisedModel

/// What carts are planned by besides stock: rates, kits, and what a unit is worth where it stands.
enum SourcingFiles {
  static func rates<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let levels = ServiceLevel.allCases.map { ($0.label, $0.rawValue) }
    var chunk = NetworkChunk(emit)
    while table.nextRow() {
      let origin = table.cell(0).isEmpty ? .empty : table.node(0, references)
      let level = table.word(1, levels).flatMap { ServiceLevel(rawValue: $0) }
      var zone = table.optionalName(2)
      if let named = zone, !named.isEmpty, let references, !references.zones.allows(named) {
        table.refuse(2)
        zone = nil
      }
      let fixed = table.value(3) { Cell.money($0, signed: false) }
      let breaks = table.value(4) { Cell.weightBreaks($0, limit: Limits.breaksPerRate) }
      let further = table.value(5) { $0.isEmpty ? 0 : Cell.money($0, signed: false) }
      let cubic = table.optionalInteger(6, 0...1_000_000_000)
      guard let origin, let level, let zone, let fixed, let breaks, let further, let cubic else {
        continue
      }
      if let references, !references.rates.insert(origin, table.cell(1), zone) {
        table.refuse(1, allowed: "each origin, level and zone once")
      }
      try chunk.open(fields: 9)
      chunk.rows.rates.append(
        Rate(
          origin: origin.name, level: level, zone: zone.name, fixedCost: fixed, breaks: breaks,
          costPerFurtherKilogram: further, cubicMillimetresPerGram: Int32(cubic)))
    }
    try chunk.close()
  }

  /// The rows of a kit go in one chunk, since they replace what the kit was made of.
  static func kits<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var rows = KitRows()
    var kit = Name.empty
    var components = 0
    while table.nextRow() {
      let name = item(&table, 0, references)
      let component = item(&table, 1, references)
      let units = table.integer(2, 1...10_000)
      guard let name, let component, let units else { continue }
      if isEqual(name, component) { table.refuse(1, allowed: "another item than the kit") }
      if kit != name.name {
        kit = name.name
        components = 0
        if let references, !references.kits.define(name) {
          table.refuse(0, allowed: "the rows of a kit one after another")
        }
        if rows.units.count >= StockFiles.chunkRowLimit {
          try emit(.kits(rows), rows.units.count)
          rows = KitRows()
        }
      }
      components += 1
      if components > Limits.componentsPerKit {
        table.refuse(1, allowed: "at most \(Limits.componentsPerKit) components of a kit")
      }
      if let references, !references.components.insert(name, component) {
        table.refuse(1, allowed: "each component of a kit once")
      }
      rows.kits.add(name)
      rows.components.add(component)
      rows.units.append(Int32(units))
    }
    if !rows.units.isEmpty { try emit(.kits(rows), rows.units.count) }
  }

  static func opportunity<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var rows = OpportunityRows()
    var nodes = ChunkNames()
    while table.nextRow() {
      let key = item(&table, 0, references)
      let node = table.node(1, references)
      let value = table.value(2) { Cell.money($0, signed: true) }
      guard let key, let node, let value else { continue }
      if let references, !references.opportunities.insert(key, node) {
        table.refuse(0, allowed: "each item and node once")
      }
      rows.keys.add(key)
      rows.nodes.append(nodes.index(node))
      rows.values.append(value)
      if rows.values.count == StockFiles.chunkRowLimit || nodes.isFull {
        rows.nodeNames = nodes.names
        try emit(.opportunity(rows), rows.values.count)
        rows = OpportunityRows()
        nodes.removeAll()
      }
    }
    rows.nodeNames = nodes.names
    if !rows.values.isEmpty { try emit(.opportunity(rows), rows.values.count) }
  }

  static func item(
    _ table: inout TableReader, _ column: Int, _ references: References?
  ) -> BorrowedBytes? {
    guard let key = table.name(column) else { return nil }
    guard let references, references.items.number(key) == nil else { return key }
    table.refuse(column)
    return nil
  }
}
