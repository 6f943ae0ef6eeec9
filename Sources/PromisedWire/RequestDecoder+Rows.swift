import CPromisedMessages
import CProtobufC
import PromisedModel

// Rows that are put, directly or as a chunk of a load: they own their memory.
extension RequestDecoder {
  /// The command's key and, inside a load, the chunk.
  func put(
    _ rows: PutRows, _ key: ProtobufCBinaryData,
    _ load: UnsafeMutablePointer<Promised__V1__LoadChunk>?, _ digest: UInt64
  ) throws(Refusal) -> Request {
    let bytes = try FieldPath("idempotency_key").optionalKey(BorrowedBytes(key))
    var chunk: LoadChunkKey?
    if let load {
      chunk = LoadChunkKey(
        loadID: try FieldPath("load.load_id").name(load.pointee.load_id),
        number: try FieldPath("load.number").number(
          load.pointee.number, in: 0...(Self.loadChunks - 1)))
    }
    return .put(rows, key: CommandKey(bytes: bytes, bodyDigest: digest), load: chunk)
  }

  /// Chunks of one load.
  static var loadChunks: UInt32 { 1_000_000 }

  func putItems(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutItemsRequest.self).pointee
    let keys = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    var rows = ItemRows()
    rows.keys = keys.owned
    rows.sellerNames = try ownedNames(message.sellers, message.n_sellers, "sellers")
    rows.sellers = try indexes(
      message.seller_indexes, message.n_seller_indexes, rows: keys.count,
      below: rows.sellerNames.count, "seller_indexes", of: "sellers"
    ).owned
    rows.storageTypes = try numbers(
      message.storage_types, message.n_storage_types, keys.count, in: Self.storageTypes,
      "storage_types")
    rows.volumesMicroCubicFeet = try numbers(
      message.volumes_micro_cubic_feet, message.n_volumes_micro_cubic_feet, keys.count,
      in: 1...1_000_000_000_000, "volumes_micro_cubic_feet")
    rows.weightsGrams = try numbers(
      message.weights_g, message.n_weights_g, keys.count, in: 0...1_000_000_000, "weights_g",
      whenEmpty: 0)
    rows.handlingMinutes = try numbers(
      message.handling_minutes, message.n_handling_minutes, keys.count, in: 0...20_160,
      "handling_minutes", whenEmpty: 0)
    rows.demandPerDayMilli = try numbers(
      message.demand_per_day_milli, message.n_demand_per_day_milli, keys.count,
      in: 0...1_000_000_000_000, "demand_per_day_milli", whenEmpty: 0)
    rows.demandVarianceRatioMilli = try numbers(
      message.demand_variance_ratio_milli, message.n_demand_variance_ratio_milli, keys.count,
      in: 1000...1_000_000, "demand_variance_ratio_milli", whenEmpty: 1000)
    // These stay empty where they are.
    if message.n_release_unix_s > 0 {
      rows.releaseUnixSeconds = try numbers(
        message.release_unix_s, message.n_release_unix_s, keys.count, in: Self.instants,
        "release_unix_s")
    }
    if message.n_restrictions > 0 {
      rows.restrictions = try numbers(
        message.restrictions, message.n_restrictions, keys.count,
        in: 0...ItemRestrictions.all.rawValue, "restrictions")
    }
    if message.n_volumes_cubic_mm > 0 {
      rows.volumesCubicMillimetres = try numbers(
        message.volumes_cubic_mm, message.n_volumes_cubic_mm, keys.count,
        in: 0...10_000_000_000_000, "volumes_cubic_mm")
    }
    if message.n_categories > 0 || message.n_category_indexes > 0 {
      rows.categoryNames = try optionalNames(
        message.categories, message.n_categories, "categories")
      rows.categories = try indexes(
        message.category_indexes, message.n_category_indexes, rows: keys.count,
        below: rows.categoryNames.count, "category_indexes", of: "categories"
      ).owned
    }
    return try put(.items(rows), message.idempotency_key, message.load, digest)
  }

  func putPositions(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutPositionsRequest.self).pointee
    let keys = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    let units = 0...Limits.unitsPerPosition
    var rows = PositionRows()
    rows.keys = keys.owned
    rows.nodeNames = try ownedNames(message.nodes, message.n_nodes, "nodes")
    rows.nodes = try indexes(
      message.node_indexes, message.n_node_indexes, rows: keys.count, below: rows.nodeNames.count,
      "node_indexes", of: "nodes"
    ).owned
    rows.onHand = try numbers(message.on_hand, message.n_on_hand, keys.count, in: units, "on_hand")
    rows.unfulfillable = try numbers(
      message.unfulfillable, message.n_unfulfillable, keys.count, in: units, "unfulfillable",
      whenEmpty: 0)
    rows.researching = try numbers(
      message.researching, message.n_researching, keys.count, in: units, "researching",
      whenEmpty: 0)
    rows.inTransfer = try numbers(
      message.in_transfer, message.n_in_transfer, keys.count, in: units, "in_transfer",
      whenEmpty: 0)
    rows.inProcessing = try numbers(
      message.in_processing, message.n_in_processing, keys.count, in: units, "in_processing",
      whenEmpty: 0)
    rows.withheld = try numbers(
      message.withheld, message.n_withheld, keys.count, in: units, "withheld", whenEmpty: 0)
    return try put(.positions(rows), message.idempotency_key, message.load, digest)
  }

  func putInbound(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutInboundRequest.self).pointee
    let keys = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    try FieldPath("shipment_key_lengths").hasValues(
      message.n_shipment_key_lengths, for: keys.count)
    var rows = InboundRows()
    rows.keys = keys.owned
    rows.shipments = try self.keys(
      message.shipment_keys, message.shipment_key_lengths, message.n_shipment_key_lengths,
      "shipment_keys", lengthsField: "shipment_key_lengths", atMost: Limits.batchRows
    ).owned
    rows.nodeNames = try ownedNames(message.nodes, message.n_nodes, "nodes")
    rows.nodes = try indexes(
      message.node_indexes, message.n_node_indexes, rows: keys.count, below: rows.nodeNames.count,
      "node_indexes", of: "nodes"
    ).owned
    rows.quantities = try numbers(
      message.quantities, message.n_quantities, keys.count, in: 0...Limits.unitsPerPosition,
      "quantities")
    rows.etaUnixSeconds = try numbers(
      message.eta_unix_s, message.n_eta_unix_s, keys.count, in: Self.instants, "eta_unix_s")
    rows.stages = try numbers(
      message.stages, message.n_stages, keys.count, in: 1...4, "stages")
    // These stay empty where they are.
    if message.n_eta_early_unix_s > 0 {
      rows.earlyUnixSeconds = try numbers(
        message.eta_early_unix_s, message.n_eta_early_unix_s, keys.count, in: Self.instants,
        "eta_early_unix_s")
    }
    if message.n_eta_late_unix_s > 0 {
      rows.lateUnixSeconds = try numbers(
        message.eta_late_unix_s, message.n_eta_late_unix_s, keys.count,
        in: 0...(Self.instants.upperBound + Limits.arrivalSpreadSeconds), "eta_late_unix_s")
    }
    return try put(.inbound(rows), message.idempotency_key, message.load, digest)
  }

  func putSellers(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutSellersRequest.self).pointee
    var rows: [Seller] = []
    rows.reserveCapacity(message.n_sellers)
    for row in 0..<message.n_sellers {
      guard let seller = message.sellers.unsafelyUnwrapped[row]?.pointee else { continue }
      let at = RowPath("sellers", row)
      rows.append(
        Seller(
          name: try at("name").name(seller.name), title: try at("title").optionalName(seller.title),
          marketplace: try at("marketplace").name(seller.marketplace),
          startDays: try at("start_days").number(seller.start_days, in: 0...LocalDate.last.days),
          isIndividual: seller.individual != 0))
    }
    return try put(.sellers(rows), message.idempotency_key, message.load, digest)
  }

  func putLimits(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutLimitsRequest.self).pointee
    let count = message.n_seller_indexes
    try FieldPath("seller_indexes").isAtMost(Limits.batchRows, rows: count)
    var rows = LimitRows()
    rows.sellerNames = try ownedNames(message.sellers, message.n_sellers, "sellers")
    rows.sellers = try indexes(
      message.seller_indexes, count, rows: count, below: rows.sellerNames.count,
      "seller_indexes", of: "sellers"
    ).owned
    rows.storageTypes = try numbers(
      message.storage_types, message.n_storage_types, count, in: Self.storageTypes,
      "storage_types")
    rows.months = try numbers(
      message.months, message.n_months, count, in: 197_001...999_912, "months")
    for (row, month) in rows.months.enumerated() where Month(yyyymm: month) == nil {
      throw FieldPath("months", row: row).outOfRange("\(month)", "yyyymm with a month of 01 to 12")
    }
    rows.kinds = try numbers(message.kinds, message.n_kinds, count, in: 1...3, "kinds")
    rows.limitsMicroCubicFeet = try numbers(
      message.limits_micro_cubic_feet, message.n_limits_micro_cubic_feet, count,
      in: 0...1_000_000_000_000_000_000, "limits_micro_cubic_feet")
    for row in 0..<count
    where rows.kinds[row] == LimitKind.noLimit.rawValue && rows.limitsMicroCubicFeet[row] != 0 {
      throw FieldPath("limits_micro_cubic_feet", row: row).outOfRange(
        "\(rows.limitsMicroCubicFeet[row])", "0 where kinds is 3, no limit")
    }
    try limitDetails(message, count, into: &rows)
    return try put(.limits(rows), message.idempotency_key, message.load, digest)
  }

  /// That a kit's rows stand together, and what a kit may be made of, is the engine's to check.
  func putKits(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutKitsRequest.self).pointee
    let kits = try keys(
      message.kit_keys, message.kit_key_lengths, message.n_kit_key_lengths, "kit_keys",
      lengthsField: "kit_key_lengths", atMost: Limits.batchRows)
    try FieldPath("component_key_lengths").hasValues(
      message.n_component_key_lengths, for: kits.count)
    var rows = KitRows()
    rows.kits = kits.owned
    rows.components = try keys(
      message.component_keys, message.component_key_lengths, message.n_component_key_lengths,
      "component_keys", lengthsField: "component_key_lengths", atMost: Limits.batchRows
    ).owned
    rows.units = try numbers(message.units, message.n_units, kits.count, in: 0...10_000, "units")
    return try put(.kits(rows), message.idempotency_key, message.load, digest)
  }

  func putOpportunity(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutOpportunityRequest.self).pointee
    let keys = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    var rows = OpportunityRows()
    rows.keys = keys.owned
    rows.nodeNames = try ownedNames(message.nodes, message.n_nodes, "nodes")
    rows.nodes = try indexes(
      message.node_indexes, message.n_node_indexes, rows: keys.count, below: rows.nodeNames.count,
      "node_indexes", of: "nodes"
    ).owned
    rows.values = try numbers(
      message.values, message.n_values, keys.count,
      in: -1_000_000_000_000...1_000_000_000_000, "values")
    return try put(.opportunity(rows), message.idempotency_key, message.load, digest)
  }

  private static var storageTypes: ClosedRange<UInt8> { 1...UInt8(StorageType.allCases.count) }

  /// 1970 to the end of the year 9999.
  static var instants: ClosedRange<Int64> { 0...253_402_300_799 }

  /// A column of `rows` numbers, narrowed; with `whenEmpty`, no values stand for that one.
  func numbers<Value: FixedWidthInteger, Target: FixedWidthInteger>(
    _ base: UnsafeMutablePointer<Value>?, _ count: Int, _ rows: Int,
    in range: ClosedRange<Target>, _ field: StaticString, whenEmpty: Target? = nil
  ) throws(Refusal) -> [Target] {
    if count == 0, let whenEmpty { return [Target](repeating: whenEmpty, count: rows) }
    try FieldPath(field).hasValues(count, for: rows)
    var column: [Target] = []
    column.reserveCapacity(count)
    for row in 0..<count {
      column.append(
        try FieldPath(field, row: row).number(base.unsafelyUnwrapped[row], in: range))
    }
    return column
  }
}
