import PromisedInvariants
import PromisedModel

/// Rows as operators put them: every row is checked before any is applied, so that applying
/// cannot fail.
extension State {
  /// Refuses rows that cannot be applied, naming row, field, value and what is allowed.
  ///
  /// - Throws: COLUMN_LENGTH_MISMATCH, TOO_MANY_ROWS, KEY_INVALID, FIELD_OUT_OF_RANGE,
  ///   NODE_UNKNOWN, SELLER_UNKNOWN, MARKETPLACE_UNKNOWN, and what the network refuses.
  package func validate(_ rows: borrowing PutRows) throws(Refusal) {
    try validate(rows, staged: nil)
  }

  /// As above; names that `staged` brings are known too.
  func validate(_ rows: borrowing PutRows, staged: OpenLoad?) throws(Refusal) {
    observeNetwork()
    switch copy rows {
    case .network(let rows): try validate(network: rows, staged: staged)
    case .items(let rows): try validate(items: rows, staged: staged)
    case .sellers(let rows): try validate(sellers: rows, staged: staged)
    case .positions(let rows): try validate(positions: rows, staged: staged)
    case .inbound(let rows): try validate(inbound: rows, staged: staged)
    case .limits(let rows): try validate(limits: rows, staged: staged)
    case .kits(let rows): try validate(kits: rows)
    case .opportunity(let rows): try validate(opportunity: rows, staged: staged)
    case .groups(let rows): try validate(groups: rows, staged: staged)
    case .channelStock(let rows): try validate(channelStock: rows, staged: staged)
    case .backorders(let rows): try validate(backorders: rows, staged: staged)
    case .forecasts(let rows): try validate(forecasts: rows)
    case .factors(let rows): try validate(factors: rows)
    case .policies(let rows): try validate(policies: rows, staged: staged)
    case .buildings(let rows): try validate(buildings: rows, staged: staged)
    case .signals(let rows): try validate(signals: rows, staged: staged)
    }
  }

  private func validate(items rows: ItemRows, staged: OpenLoad?) throws(Refusal) {
    let count = rows.keys.count
    try checkCounts(
      count,
      [
        rows.sellers.count, rows.storageTypes.count, rows.volumesMicroCubicFeet.count,
        rows.weightsGrams.count, rows.handlingMinutes.count, rows.demandPerDayMilli.count,
        rows.demandVarianceRatioMilli.count,
      ])
    for optional in [
      rows.releaseUnixSeconds.count, rows.restrictions.count, rows.volumesCubicMillimetres.count,
      rows.categories.count,
    ] where optional != 0 { try checkCounts(count, [optional]) }
    try checkKeys(rows.keys, field: "item_keys")
    try checkSellers(rows.sellerNames, staged: staged)
    for (row, name) in rows.categoryNames.enumerated() where !name.isEmpty && !isValid(name) {
      throw invalidKey("category_names", row: row)
    }
    for (row, category) in rows.categories.enumerated() {
      try check(
        Int64(category), 0, Int64(rows.categoryNames.count) - 1, "category_indexes", row)
    }
    for (row, instant) in rows.releaseUnixSeconds.enumerated() {
      try check(instant, 0, 253_402_300_799, "release_unix_s", row)
    }
    for (row, value) in rows.restrictions.enumerated() {
      try check(Int64(value), 0, Int64(ItemRestrictions.all.rawValue), "restrictions", row)
    }
    for (row, volume) in rows.volumesCubicMillimetres.enumerated() {
      try check(volume, 0, 10_000_000_000_000, "volumes_cubic_mm", row)
    }
    for row in 0..<count {
      try check(
        Int64(rows.sellers[row]), 0, Int64(rows.sellerNames.count) - 1, "seller_indexes", row)
      try check(Int64(rows.storageTypes[row]), 1, 7, "storage_types", row)
      try check(
        rows.volumesMicroCubicFeet[row], 1, 1_000_000_000_000, "volumes_micro_cubic_feet", row)
      try check(Int64(rows.weightsGrams[row]), 0, Int64(Int32.max), "weights_g", row)
      try check(Int64(rows.handlingMinutes[row]), 0, 20_160, "handling_minutes", row)
      try check(rows.demandPerDayMilli[row], 0, 1_000_000_000, "demand_per_day_milli", row)
      try check(
        Int64(rows.demandVarianceRatioMilli[row]), 1000, 1_000_000, "demand_variance_ratio_milli",
        row)
    }
  }

  private func validate(sellers rows: [Seller], staged: OpenLoad?) throws(Refusal) {
    try checkCounts(rows.count, [])
    for (row, seller) in rows.enumerated() {
      if !isValid(seller.name) { throw invalidKey("name", row: row) }
      if !seller.title.isEmpty && !isValid(seller.title) { throw invalidKey("title", row: row) }
      if !isKnown(marketplace: seller.marketplace, staged: staged) {
        throw Refusal(
          .marketplaceUnknown, "marketplace \(seller.marketplace) of row \(row) is not known",
          key: seller.marketplace, row: Int32(row))
      }
    }
  }

  private func validate(positions rows: PositionRows, staged: OpenLoad?) throws(Refusal) {
    let count = rows.keys.count
    try checkCounts(count, [rows.nodes.count, rows.onHand.count])
    for optional in [
      rows.unfulfillable.count, rows.researching.count, rows.inTransfer.count,
      rows.inProcessing.count, rows.withheld.count,
    ] where optional != 0 { try checkCounts(count, [optional]) }
    try checkKeys(rows.keys, field: "item_keys")
    try checkNodes(rows.nodeNames, staged: staged)
    for row in 0..<count {
      try check(Int64(rows.nodes[row]), 0, Int64(rows.nodeNames.count) - 1, "node_indexes", row)
      if rows.amounts(row).isWithinLimits { continue }
      throw Refusal(
        .fieldOutOfRange,
        "on hand and the sum of the conditions must each be 0 to \(Limits.unitsPerPosition)",
        row: Int32(row))
    }
  }

  private func validate(inbound rows: InboundRows, staged: OpenLoad?) throws(Refusal) {
    let count = rows.keys.count
    try checkCounts(
      count,
      [
        rows.shipments.count, rows.nodes.count, rows.quantities.count, rows.etaUnixSeconds.count,
        rows.stages.count,
      ])
    for optional in [rows.earlyUnixSeconds.count, rows.lateUnixSeconds.count] where optional != 0 {
      try checkCounts(count, [optional])
    }
    try checkKeys(rows.shipments, field: "shipment_keys")
    try checkKeys(rows.keys, field: "item_keys")
    try checkNodes(rows.nodeNames, staged: staged)
    for row in 0..<count {
      try check(Int64(rows.nodes[row]), 0, Int64(rows.nodeNames.count) - 1, "node_indexes", row)
      try check(
        Int64(rows.quantities[row]), 0, Int64(Limits.unitsPerPosition), "quantities", row)
      // Up to the year 9999.
      try check(rows.etaUnixSeconds[row], 0, 253_402_300_799, "eta_unix_s", row)
      try check(Int64(rows.stages[row]), 1, 4, "stages", row)
      try checkSpread(rows, row)
    }
  }

  /// The 10 % instant is not after the ETA, the 90 % one not before it.
  private func checkSpread(_ rows: InboundRows, _ row: Int) throws(Refusal) {
    let eta = rows.etaUnixSeconds[row]
    let spread = Limits.arrivalSpreadSeconds
    if !rows.earlyUnixSeconds.isEmpty && rows.earlyUnixSeconds[row] != 0 {
      try check(
        rows.earlyUnixSeconds[row], max(0, eta - spread), eta, "eta_early_unix_s", row)
    }
    if !rows.lateUnixSeconds.isEmpty && rows.lateUnixSeconds[row] != 0 {
      try check(rows.lateUnixSeconds[row], eta, eta + spread, "eta_late_unix_s", row)
    }
  }

  // MARK: Single checks

  func checkCounts(_ count: Int, _ columns: [Int]) throws(Refusal) {
    if count > Limits.batchRows {
      throw Refusal(
        .tooManyRows, "\(count) rows: at most \(Limits.batchRows) are allowed at once")
    }
    for column in columns where column != count {
      throw Refusal(.columnLengthMismatch, "a column has \(column) rows where others have \(count)")
    }
  }

  func check(
    _ value: Int64, _ lowest: Int64, _ highest: Int64, _ field: StaticString, _ row: Int
  ) throws(Refusal) {
    if value >= lowest && value <= highest { return }
    throw Refusal(
      .fieldOutOfRange, "\(field)[\(row)] is \(value): \(lowest) to \(highest) are allowed",
      row: Int32(row))
  }

  func checkKeys(_ keys: PackedKeys, field: StaticString) throws(Refusal) {
    if !areWithin(keys) {
      throw Refusal(.columnLengthMismatch, "the lengths of \(field) must add up to its bytes")
    }
    let invalid = keys.withKeyColumn { column -> Int? in
      var offset = 0
      for row in 0..<column.count
      where !Name.isValid(column.key(row, at: &offset).buffer) { return row }
      return nil
    }
    if let invalid { throw invalidKey(field, row: invalid) }
  }

  func checkNodes(_ names: [Name], staged: OpenLoad?) throws(Refusal) {
    for name in names where !isKnown(node: name, staged: staged) { throw unknownNode(name) }
  }

  private func isKnown(node name: Name, staged: OpenLoad?) -> Bool {
    guard let staged else { return nodeIndex(name) != nil }
    var isKnown = false
    name.bytes.withUnsafeBufferPointer {
      isKnown = staged.network.nodeIndex(BorrowedBytes($0)) != nil
    }
    return isKnown
  }

  func isKnown(marketplace name: Name, staged: OpenLoad?) -> Bool {
    guard let staged else { return hasMarketplace(name) }
    var isKnown = false
    name.bytes.withUnsafeBufferPointer {
      isKnown = staged.network.hasMarketplace(BorrowedBytes($0))
    }
    return isKnown
  }

  func checkSellers(_ names: [Name], staged: OpenLoad?) throws(Refusal) {
    for name in names {
      if let index = sellerKeys.find(name) {
        observe(.seller, UInt64(index))
      } else if staged?.sellers.contains(name) != true {
        throw unknownSeller(name)
      }
    }
  }

  func unknownSeller(_ name: Name) -> Refusal {
    Refusal(.sellerUnknown, "seller \(name) is not known", key: name)
  }

  func invalidKey(_ field: StaticString, row: Int) -> Refusal {
    Refusal(
      .keyInvalid, "\(field)[\(row)] must have 1 to 64 bytes of UTF-8 without controls",
      row: Int32(row))
  }
}

extension PositionRows {
  /// The amounts of a row; a condition without a column is 0 everywhere.
  func amounts(_ row: Int) -> StockAmounts {
    StockAmounts(
      onHand: onHand[row],
      unfulfillable: unfulfillable.isEmpty ? 0 : unfulfillable[row],
      researching: researching.isEmpty ? 0 : researching[row],
      inTransfer: inTransfer.isEmpty ? 0 : inTransfer[row],
      inProcessing: inProcessing.isEmpty ? 0 : inProcessing[row],
      withheld: withheld.isEmpty ? 0 : withheld[row])
  }
}
