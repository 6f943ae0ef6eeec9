import PromisedModel

/// Sellers, items and what is where. A chunk of columns has at most 20,000 rows: the widest row
/// (inbound: two keys of 64 bytes and 16 bytes of numbers) makes that 2.9 MB, below 3 MiB.
enum StockFiles {
  static var chunkRowLimit: Int { 20_000 }
  /// Six fields each.
  static var sellerChunkLimit: Int { 600 }

  static func sellers<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var rows: [Seller] = []
    while table.nextRow() {
      let name = table.name(0)
      let title = table.optionalName(1)
      let marketplace = table.name(2)
      if let marketplace, let references, !references.marketplaces.allows(marketplace) {
        table.refuse(2)
      }
      if let name, let references, !references.sellers.define(name) {
        table.refuse(0, allowed: "each seller once")
      }
      let start = table.value(3) { $0.isEmpty ? LocalDate(days: 0) : Cell.date($0) }
      var account: UInt8? = 0
      if !table.cell(4).isEmpty {
        account = table.word(4, [("professional", 0), ("individual", 1)])
      }
      if let start, start.days < 0 { table.refuse(3) }
      guard let name, let title, let marketplace, let start, let account, start.days >= 0 else {
        continue
      }
      rows.append(
        Seller(
          name: name.name, title: title.name, marketplace: marketplace.name,
          startDays: start.days, isIndividual: account == 1))
      if rows.count == sellerChunkLimit {
        try emit(.sellers(rows), rows.count)
        rows.removeAll(keepingCapacity: true)
      }
    }
    if !rows.isEmpty { try emit(.sellers(rows), rows.count) }
  }

  static let storageTypes: [(String, UInt8)] = StorageType.allCases.map { ($0.label, $0.rawValue) }

  static func items<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let types = storageTypes
    let hasRelease = table.has(8)
    let hasRestrictions = table.has(9)
    let hasSides = (10...12).contains { table.has($0) }
    let hasCategory = table.has(13)
    var rows = ItemRows()
    var sellers = ChunkNames()
    var categories = ChunkNames()
    while table.nextRow() {
      let key = table.name(0)
      let seller = table.name(1)
      if let seller, let references, !references.sellers.allows(seller) { table.refuse(1) }
      let type = table.word(2, types)
      let volume = table.decimal(3, digits: 6, rounding: .up, 1...1_000_000_000_000)
      let weight = table.integer(4, 0...2_000_000_000)
      let handling = table.integer(5, 0...20_160)
      let demand = demand(&table)
      let release = table.value(8) { $0.isEmpty ? 0 : Cell.instant($0) }
      let restrictions = table.value(9, Cell.restrictions)
      let packed = packedVolume(&table)
      let category = table.optionalName(13)
      if let key, let references, !references.items.define(key) {
        table.refuse(0, allowed: "each item once")
      }
      guard let key, let seller, let type, let volume, let weight, let handling, let demand,
        let release, let restrictions, let packed, let category
      else { continue }
      rows.keys.add(key)
      rows.sellers.append(sellers.index(seller))
      rows.storageTypes.append(type)
      rows.volumesMicroCubicFeet.append(volume)
      rows.weightsGrams.append(Int32(weight))
      rows.handlingMinutes.append(Int32(handling))
      rows.demandPerDayMilli.append(demand.rate)
      rows.demandVarianceRatioMilli.append(demand.ratio)
      if hasRelease { rows.releaseUnixSeconds.append(release) }
      if hasRestrictions { rows.restrictions.append(restrictions.rawValue) }
      if hasSides { rows.volumesCubicMillimetres.append(packed) }
      if hasCategory { rows.categories.append(categories.index(category)) }
      let names = sellers.names.count + categories.names.count
      if rows.keys.count == chunkRowLimit || names >= ChunkNames.limit {
        rows.sellerNames = sellers.names
        rows.categoryNames = categories.names
        try emit(.items(rows), rows.keys.count)
        rows = ItemRows()
        sellers.removeAll()
        categories.removeAll()
      }
    }
    rows.sellerNames = sellers.names
    rows.categoryNames = categories.names
    if rows.keys.count > 0 { try emit(.items(rows), rows.keys.count) }
  }

  /// The demand columns: both given or both empty. A rate rounds up, so that slow is not none.
  private static func demand(_ table: inout TableReader) -> (rate: Int64, ratio: Int32)? {
    let hasRate = !table.cell(6).isEmpty
    let hasRatio = !table.cell(7).isEmpty
    if !hasRate, !hasRatio { return (0, 1000) }
    if !hasRate || !hasRatio {
      table.refuse(hasRate ? 7 : 6)
      return nil
    }
    let rate = table.decimal(6, digits: 3, rounding: .up, 0...1_000_000_000_000)
    let ratio = table.decimal(7, digits: 3, rounding: .up, 1000...2_000_000_000)
    guard let rate, let ratio else { return nil }
    return (rate, Int32(ratio))
  }

  /// Cubic millimetres of length × width × height: all three given, or none and 0.
  private static func packedVolume(_ table: inout TableReader) -> Int64? {
    if (10...12).allSatisfy({ table.cell($0).isEmpty }) { return 0 }
    let length = table.integer(10, 1...20_000)
    let width = table.integer(11, 1...20_000)
    let height = table.integer(12, 1...20_000)
    guard let length, let width, let height else { return nil }
    return length * width * height
  }

  static func positions<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let hasConditions = (3...7).contains { table.has($0) }
    var rows = PositionRows()
    var nodes = ChunkNames()
    reserve(&rows)
    while table.nextRow() {
      let item = table.name(0)
      let node = table.name(1)
      let onHand = table.units(2)
      guard let item, let node, let onHand else {
        if hasConditions { _ = conditions(&table, nil) }
        continue
      }
      if let references { check(&table, references, item, node) }
      rows.keys.add(item)
      rows.nodes.append(nodes.index(node))
      rows.onHand.append(onHand)
      if hasConditions { rows.appendConditions(conditions(&table, onHand)) }
      if rows.keys.count == chunkRowLimit || nodes.isFull {
        try emit(.positions(finished(&rows, &nodes, hasConditions)), rows.keys.count)
        rows = PositionRows()
        reserve(&rows)
      }
    }
    let count = rows.keys.count
    if count > 0 { try emit(.positions(finished(&rows, &nodes, hasConditions)), count) }
  }

  @inline(__always)
  private static func check(
    _ table: inout TableReader, _ references: References, _ item: BorrowedBytes,
    _ node: BorrowedBytes
  ) {
    let itemNumber = references.items.number(item)
    let nodeNumber = references.nodes.number(node)
    if itemNumber == nil { table.refuse(0) }
    if nodeNumber == nil { table.refuse(1) }
    if let itemNumber, let nodeNumber, !references.positions.insert(itemNumber, nodeNumber) {
      table.refuse(0, allowed: "each item and node once")
    }
  }

  private static func reserve(_ rows: inout PositionRows) {
    rows.keys.bytes.reserveCapacity(chunkRowLimit * 16)
    rows.keys.lengths.reserveCapacity(chunkRowLimit)
    rows.nodes.reserveCapacity(chunkRowLimit)
    rows.onHand.reserveCapacity(chunkRowLimit)
  }

  private static func finished(
    _ rows: inout PositionRows, _ nodes: inout ChunkNames, _ hasConditions: Bool
  ) -> PositionRows {
    rows.nodeNames = nodes.names
    nodes.removeAll()
    if !hasConditions {
      let none = [Int32](repeating: 0, count: rows.keys.count)
      rows.unfulfillable = none
      rows.researching = none
      rows.inTransfer = none
      rows.inProcessing = none
      rows.withheld = none
    }
    return rows
  }

  /// The five optional amounts of a row; wrong ones are recorded and read as 0.
  private static func conditions(
    _ table: inout TableReader, _ onHand: Int32?
  ) -> (Int32, Int32, Int32, Int32, Int32) {
    (
      table.units(3) ?? 0, table.units(4) ?? 0, table.units(5) ?? 0, table.units(6) ?? 0,
      table.units(7) ?? 0
    )
  }

  static func inbound<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let stages: [(String, UInt8)] = InboundStage.allCases.filter { $0 != .transfer }.map {
      ("\($0)", $0.rawValue)
    }
    var rows = InboundRows()
    var nodes = ChunkNames()
    while table.nextRow() {
      let shipment = table.name(0)
      let item = table.name(1)
      let node = table.node(2, references)
      if let item, let references, references.items.number(item) == nil { table.refuse(1) }
      let quantity = table.units(3)
      let eta = Cell.instant(table.cell(4))
      if eta == nil { table.refuse(4) }
      let stage = table.word(5, stages)
      let spread = eta.flatMap { table.spread(around: $0, from: 6) }
      guard let shipment, let item, let node, let quantity, let eta, let stage, let spread
      else { continue }
      if let references, !references.shipments.insert(shipment, item, node) {
        table.refuse(0, allowed: "each shipment, item and node once")
      }
      rows.shipments.add(shipment)
      rows.keys.add(item)
      rows.nodes.append(nodes.index(node))
      rows.quantities.append(quantity)
      rows.etaUnixSeconds.append(eta)
      rows.stages.append(stage)
      rows.earlyUnixSeconds.append(spread.early)
      rows.lateUnixSeconds.append(spread.late)
      if rows.keys.count == chunkRowLimit || nodes.isFull {
        rows.nodeNames = nodes.names
        try emit(.inbound(rows), rows.keys.count)
        rows = InboundRows()
        nodes.removeAll()
      }
    }
    rows.nodeNames = nodes.names
    if rows.keys.count > 0 { try emit(.inbound(rows), rows.keys.count) }
  }
}

extension PositionRows {
  fileprivate mutating func appendConditions(
    _ conditions: (Int32, Int32, Int32, Int32, Int32)
  ) {
    unfulfillable.append(conditions.0)
    researching.append(conditions.1)
    inTransfer.append(conditions.2)
    inProcessing.append(conditions.3)
    withheld.append(conditions.4)
  }
}

extension TableReader {
  /// By when 10 and 90 % have come, around the median; 0 where nothing is said.
  fileprivate mutating func spread(
    around eta: Int64, from first: Int
  ) -> (early: Int64, late: Int64)? {
    func instant(_ column: Int, _ range: ClosedRange<Int64>) -> Int64? {
      if cell(column).isEmpty { return 0 }
      guard let instant = Cell.instant(cell(column)), range.contains(instant) else { return nil }
      return instant
    }
    let widest = Limits.arrivalSpreadSeconds
    let early = instant(first, max(0, eta - widest)...eta)
    if early == nil { refuse(first) }
    let late = instant(first + 1, eta...(eta + widest))
    if late == nil { refuse(first + 1) }
    guard let early, let late else { return nil }
    return (early, late)
  }
}
