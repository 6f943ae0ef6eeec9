import CPromisedMessages
import CProtobufC
import PromisedModel

// Seller storage: plans, bids, removals, and the rows that are put.
extension RequestDecoder {
  /// Lines as columns; without nodes where `needsNodes` is false.
  private func planLines(
    _ keyBytes: ProtobufCBinaryData, _ lengths: UnsafeMutablePointer<UInt32>?, _ count: Int,
    quantities: (UnsafeMutablePointer<UInt64>?, Int),
    nodes: (UnsafeMutablePointer<ProtobufCBinaryData>?, Int),
    indexes nodeIndexes: (UnsafeMutablePointer<UInt32>?, Int),
    etas: (UnsafeMutablePointer<Int64>?, Int)?, needsNodes: Bool = true
  ) throws(Refusal) -> PlanLines {
    var lines = PlanLines()
    lines.keys = try someKeys(
      keyBytes, lengths, count, "item_keys", lengthsField: "item_key_lengths",
      atMost: Limits.linesPerPlan
    ).owned
    lines.quantities = try numbers(
      quantities.0, quantities.1, count, in: 1...Limits.unitsPerPosition, "quantities")
    lines.nodeNames = try ownedNames(nodes.0, nodes.1, "nodes")
    if needsNodes || nodeIndexes.1 > 0 {
      lines.nodes = try indexes(
        nodeIndexes.0, nodeIndexes.1, rows: count, below: lines.nodeNames.count, "node_indexes",
        of: "nodes"
      ).owned
    }
    if let etas {
      lines.etaUnixSeconds = try numbers(etas.0, etas.1, count, in: Self.instants, "eta_unix_s")
    }
    return lines
  }

  private func mode(_ value: UInt32, default standard: AdmissionMode) throws(Refusal)
    -> AdmissionMode
  {
    let number: UInt8 = try FieldPath("mode").number(value, in: 0...2)
    return AdmissionMode(rawValue: number) ?? standard
  }

  private func storageType(_ value: UInt32) throws(Refusal) -> UInt8 {
    try FieldPath("storage_type").number(value, in: 1...7)
  }

  private func month(_ value: UInt32) throws(Refusal) -> UInt32 {
    if Month(yyyymm: value) != nil { return value }
    throw FieldPath("month").outOfRange("\(value)", "yyyymm, 197001 to 999912")
  }

  /// Volumes and money that add up without an overflow.
  private static var amounts: ClosedRange<Int64> { 0...1_000_000_000_000_000_000 }

  func admit(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__AdmitRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let lines = try planLines(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths,
      quantities: (message.quantities, message.n_quantities),
      nodes: (message.nodes, message.n_nodes),
      indexes: (message.node_indexes, message.n_node_indexes),
      etas: (message.eta_unix_s, message.n_eta_unix_s))
    return .admit(
      AdmitCommand(
        key: key, seller: try FieldPath("seller").name(message.seller),
        plan: try FieldPath("plan").name(message.plan), lines: lines,
        mode: try mode(message.mode, default: .whole),
        isReplenishment: message.replenishment != 0))
  }

  func whatIf(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__WhatIfRequest.self).pointee
    let lines = try planLines(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths,
      quantities: (message.quantities, message.n_quantities),
      nodes: (message.nodes, message.n_nodes),
      indexes: (message.node_indexes, message.n_node_indexes),
      etas: (message.eta_unix_s, message.n_eta_unix_s), needsNodes: message.n_nodes > 0)
    let query = WhatIfQuery(
      seller: try FieldPath("seller").name(message.seller), lines: lines,
      mode: try mode(message.mode, default: .cut), isReplenishment: message.replenishment != 0)
    return .whatIf(query, minPosition: minPosition(message.read))
  }

  func receive(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ReceiveRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let lines = try planLines(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths,
      quantities: (message.quantities, message.n_quantities),
      nodes: (message.nodes, message.n_nodes),
      indexes: (message.node_indexes, message.n_node_indexes), etas: nil)
    return .receive(
      ReceiveCommand(
        key: key, plan: try FieldPath("plan").name(message.plan),
        receipt: try FieldPath("receipt").optionalName(message.receipt), lines: lines))
  }

  func closePlan(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__CloseRequest.self).pointee
    return .closePlan(
      CloseCommand(
        key: try commandKey(message.idempotency_key, digest),
        plan: try FieldPath("plan").name(message.plan),
        reason: try FieldPath("reason").optionalName(message.reason)))
  }

  func bid(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__BidRequest.self).pointee
    var bid = BidRow()
    let key = try commandKey(message.idempotency_key, digest)
    bid.seller = try FieldPath("seller").name(message.seller)
    bid.storageType = try storageType(message.storage_type)
    bid.month = try month(message.month)
    bid.volume = try FieldPath("volume_micro_cubic_feet").number(
      message.volume_micro_cubic_feet, in: 1...Self.amounts.upperBound)
    bid.minimum = try FieldPath("minimum_micro_cubic_feet").number(
      message.minimum_micro_cubic_feet, in: 0...bid.volume)
    bid.maximumFee = try FieldPath("maximum_fee").number(
      message.maximum_fee, in: 1...1_000_000_000_000)
    return .bid(BidCommand(key: key, bid: bid))
  }

  func clear(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ClearRequest.self).pointee
    let names = try ownedNames(message.sales_sellers, message.n_sales_sellers, "sales_sellers")
    let amounts: [Int64] = try numbers(
      message.sales, message.n_sales, names.count, in: Self.amounts, "sales")
    let sales = zip(names, amounts).map { (seller: $0, amount: $1) }
    if message.clearing_id != 0 {
      return .clearing(id: message.clearing_id, sales: sales)
    }
    let isTrial = message.trial != 0
    let key =
      isTrial
      ? CommandKey(bytes: .empty, bodyDigest: digest)
      : try commandKey(message.idempotency_key, digest)
    let command = ClearCommand(
      key: key, marketplace: try FieldPath("marketplace").name(message.marketplace),
      storageType: try storageType(message.storage_type), month: try month(message.month),
      volume: try FieldPath("volume_micro_cubic_feet").number(
        message.volume_micro_cubic_feet, in: 1...Self.amounts.upperBound), isTrial: isTrial)
    return .clear(command, sales: sales)
  }

  func utilization(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__UtilizationRequest.self).pointee
    return .utilization(
      nodes: try ownedNames(message.nodes, message.n_nodes, "nodes"),
      minPosition: minPosition(message.read))
  }

  func report(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ReportRequest.self).pointee
    let most = UInt8(CapacityReport.allCases.count)
    let kind: UInt8 = try FieldPath("kind").number(message.kind, in: 1...most)
    let size: Int32 = try FieldPath("page_size").number(message.page_size, in: 0...10_000)
    let threshold: Int32 = try FieldPath("threshold_permille").number(
      message.threshold_permille, in: 0...1_000_000)
    let query = ReportQuery(
      report: CapacityReport(rawValue: kind) ?? .nearLimits,
      seller: try FieldPath("seller").optionalName(message.seller),
      thresholdPermille: threshold == 0 ? 850 : threshold,
      pageToken: try pageToken(message.page_token), pageSize: size == 0 ? 100 : size)
    return .capacityReport(query, minPosition: minPosition(message.read))
  }

  func remove(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__RemoveRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let action: UInt8 = try FieldPath("action").number(message.action, in: 1...3)
    let lines = try planLines(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths,
      quantities: (message.quantities, message.n_quantities),
      nodes: (message.nodes, message.n_nodes),
      indexes: (message.node_indexes, message.n_node_indexes), etas: nil)
    return .remove(
      RemovalCommand(
        key: key, order: try FieldPath("order").name(message.order),
        action: RemovalAction(rawValue: action) ?? .order, lines: lines))
  }

  // MARK: Rows

  func putPolicies(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutPoliciesRequest.self).pointee
    var rows: [CapacityPolicy] = []
    for row in 0..<message.n_policies {
      guard let policy = message.policies.unsafelyUnwrapped[row]?.pointee else { continue }
      rows.append(try self.policy(policy, RowPath("policies", row)))
    }
    return try put(.policies(rows), message.idempotency_key, message.load, digest)
  }

  private func policy(
    _ message: Promised__V1__CapacityPolicy, _ at: RowPath
  ) throws(Refusal) -> CapacityPolicy {
    var policy = CapacityPolicy(
      marketplace: try at("marketplace").optionalName(message.marketplace),
      seller: try at("seller").optionalName(message.seller))
    policy.chargesOverage = message.charges_overage != 0
    policy.overageFee = try at("overage_fee").number(message.overage_fee, in: 0...1_000_000_000)
    policy.individualLimit = try at("individual_limit_micro_cubic_feet").number(
      message.individual_limit_micro_cubic_feet, in: Self.amounts)
    policy.newSellerWeeks = try at("new_seller_weeks").number(
      message.new_seller_weeks, in: 0...520)
    policy.replenishmentBypasses = message.replenishment_bypasses != 0
    policy.planDays = try at("plan_days").number(message.plan_days, in: 1...366)
    policy.maximumAskPermille = try at("maximum_ask_permille").number(
      message.maximum_ask_permille, in: 0...100_000)
    policy.maximumAsk = try at("maximum_ask_micro_cubic_feet").number(
      message.maximum_ask_micro_cubic_feet, in: Self.amounts)
    policy.creditPermille = try at("credit_permille").number(
      message.credit_permille, in: 0...1000)
    policy.networkSharePermille = try at("network_share_permille").number(
      message.network_share_permille, in: 0...1000)
    policy.typeNames = try ownedNames(message.type_names, message.n_type_names, "type_names")
    return policy
  }

  func putBuildings(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutBuildingsRequest.self).pointee
    let count = message.n_node_indexes
    try FieldPath("node_indexes").isAtMost(Limits.batchRows, rows: count)
    var rows = BuildingRows()
    rows.nodeNames = try ownedNames(message.nodes, message.n_nodes, "nodes")
    rows.nodes = try indexes(
      message.node_indexes, count, rows: count, below: rows.nodeNames.count, "node_indexes",
      of: "nodes"
    ).owned
    rows.storageTypes = try numbers(
      message.storage_types, message.n_storage_types, count, in: 1...7, "storage_types")
    rows.usableVolumes = try numbers(
      message.usable_micro_cubic_feet, message.n_usable_micro_cubic_feet, count, in: Self.amounts,
      "usable_micro_cubic_feet")
    rows.warningPermille = try numbers(
      message.warning_permille, message.n_warning_permille, count, in: 0...2000,
      "warning_permille", whenEmpty: 850)
    rows.alarmPermille = try numbers(
      message.alarm_permille, message.n_alarm_permille, count, in: 0...2000, "alarm_permille",
      whenEmpty: 950)
    return try put(.buildings(rows), message.idempotency_key, message.load, digest)
  }

  func putSignals(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutSignalsRequest.self).pointee
    let keys = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    let units: ClosedRange<Int64> = -1_000_000_000...1_000_000_000
    var rows = SignalRows()
    rows.keys = keys.owned
    rows.sellerNames = try ownedNames(message.sellers, message.n_sellers, "sellers")
    rows.sellers = try indexes(
      message.seller_indexes, message.n_seller_indexes, rows: keys.count,
      below: rows.sellerNames.count, "seller_indexes", of: "sellers"
    ).owned
    rows.months = try numbers(
      message.months, message.n_months, keys.count, in: 197_001...999_912, "months")
    rows.kinds = try numbers(message.kinds, message.n_kinds, keys.count, in: 1...5, "kinds")
    rows.lows = try numbers(message.lows, message.n_lows, keys.count, in: units, "lows")
    rows.highs = try numbers(message.highs, message.n_highs, keys.count, in: units, "highs")
    rows.confidences = try numbers(
      message.confidences, message.n_confidences, keys.count, in: 0...1000, "confidences")
    for (row, month) in rows.months.enumerated() where Month(yyyymm: month) == nil {
      throw FieldPath("months", row: row).outOfRange("\(month)", "yyyymm with a month of 01 to 12")
    }
    return try put(.signals(rows), message.idempotency_key, message.load, digest)
  }

  /// Causes, dates, cuts and notices of limits: each column may be absent.
  func limitDetails(
    _ message: Promised__V1__PutLimitsRequest, _ count: Int, into rows: inout LimitRows
  ) throws(Refusal) {
    if message.n_causes > 0 {
      rows.causes = try numbers(message.causes, message.n_causes, count, in: 0...7, "causes")
    }
    if message.n_announced_unix_s > 0 {
      rows.announcedUnixSeconds = try numbers(
        message.announced_unix_s, message.n_announced_unix_s, count, in: Self.instants,
        "announced_unix_s")
    }
    if message.n_window_end_unix_s > 0 {
      rows.windowEndUnixSeconds = try numbers(
        message.window_end_unix_s, message.n_window_end_unix_s, count, in: Self.instants,
        "window_end_unix_s")
    }
    if message.n_forced > 0 {
      rows.forced = try numbers(message.forced, message.n_forced, count, in: 0...1, "forced")
    }
    if message.n_notice_lengths > 0 || message.notices.len > 0 {
      rows.notices = try optionalKeys(
        message.notices, message.notice_lengths, message.n_notice_lengths, rows: count, "notices",
        lengthsField: "notice_lengths")
    }
  }
}
