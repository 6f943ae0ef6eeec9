import PromisedInvariants
import PromisedModel

/// Policies, buildings and signals as they are put.
extension State {
  func validate(policies rows: [CapacityPolicy], staged: OpenLoad?) throws(Refusal) {
    try checkCounts(rows.count, [])
    for (row, policy) in rows.enumerated() {
      if policy.marketplace.isEmpty == policy.seller.isEmpty {
        throw Refusal(
          .rowInvalid, "row \(row): name either the marketplace or the seller", row: Int32(row))
      }
      if policy.seller.isEmpty {
        if !isKnown(marketplace: policy.marketplace, staged: staged) {
          throw Refusal(
            .marketplaceUnknown, "marketplace \(policy.marketplace) of row \(row) is not known",
            key: policy.marketplace, row: Int32(row))
        }
      } else {
        try checkSellers([policy.seller], staged: staged)
      }
      try check(policy.overageFee, 0, 1_000_000_000, "overage_fee", row)
      let most: Int64 = 1_000_000_000_000_000_000
      try check(policy.individualLimit, 0, most, "individual_limit_micro_cubic_feet", row)
      try check(Int64(policy.newSellerWeeks), 0, 520, "new_seller_weeks", row)
      try check(Int64(policy.planDays), 1, 366, "plan_days", row)
      try check(Int64(policy.maximumAskPermille), 0, 100_000, "maximum_ask_permille", row)
      try check(policy.maximumAsk, 0, most, "maximum_ask_micro_cubic_feet", row)
      try check(Int64(policy.creditPermille), 0, 1000, "credit_permille", row)
      try check(Int64(policy.networkSharePermille), 0, 1000, "network_share_permille", row)
      if !policy.typeNames.isEmpty && policy.typeNames.count != 7 {
        throw Refusal(
          .fieldOutOfRange, "type_names[\(row)] has \(policy.typeNames.count): none or 7 names",
          row: Int32(row))
      }
      for name in policy.typeNames where !isValid(name) { throw invalidKey("type_names", row: row) }
    }
  }

  func apply(policies rows: [CapacityPolicy]) {
    for policy in rows { policies.put(policy) }
    // A snapshot brings the days that were counted.
    if appliedPosition > 0 { beginCountingDays() }
    planCapacityDay()
    // Any seller's answer may differ.
    stamps.network = appliedPosition
  }

  func validate(buildings rows: BuildingRows, staged: OpenLoad?) throws(Refusal) {
    let count = rows.nodes.count
    try checkCounts(
      count,
      [
        rows.storageTypes.count, rows.usableVolumes.count, rows.warningPermille.count,
        rows.alarmPermille.count,
      ])
    try checkNodes(rows.nodeNames, staged: staged)
    for row in 0..<count {
      try check(Int64(rows.nodes[row]), 0, Int64(rows.nodeNames.count) - 1, "node_indexes", row)
      try check(Int64(rows.storageTypes[row]), 1, 7, "storage_types", row)
      try check(
        rows.usableVolumes[row], 0, 1_000_000_000_000_000_000, "usable_micro_cubic_feet", row)
      try check(Int64(rows.alarmPermille[row]), 0, 2000, "alarm_permille", row)
      try check(
        Int64(rows.warningPermille[row]), 0, Int64(rows.alarmPermille[row]), "warning_permille",
        row)
    }
  }

  func apply(buildings rows: BuildingRows) {
    let nodes = rows.nodeNames.map { knownNode($0) }
    for row in 0..<rows.nodes.count {
      buildings.declare(
        node: nodes[Int(rows.nodes[row])], type: rows.storageTypes[row],
        usable: rows.usableVolumes[row], warningPermille: rows.warningPermille[row],
        alarmPermille: rows.alarmPermille[row])
    }
    stamps.network = appliedPosition
  }

  func validate(signals rows: SignalRows, staged: OpenLoad?) throws(Refusal) {
    let count = rows.keys.count
    try checkCounts(
      count,
      [
        rows.sellers.count, rows.months.count, rows.kinds.count, rows.lows.count,
        rows.highs.count, rows.confidences.count,
      ])
    try checkKeys(rows.keys, field: "item_keys")
    try checkSellers(rows.sellerNames, staged: staged)
    if signals.rows.count + count > Limits.openPlans {
      throw Refusal(.tooManyRows, "\(Limits.openPlans) signals are kept")
    }
    for row in 0..<count {
      try check(
        Int64(rows.sellers[row]), 0, Int64(rows.sellerNames.count) - 1, "seller_indexes", row)
      if Month(yyyymm: rows.months[row]) == nil {
        throw Refusal(
          .fieldOutOfRange, "months[\(row)] is \(rows.months[row]): yyyymm, 197001 to 999912",
          row: Int32(row))
      }
      try check(Int64(rows.kinds[row]), 1, 5, "kinds", row)
      try check(rows.highs[row], -1_000_000_000, 1_000_000_000, "highs", row)
      try check(rows.lows[row], -1_000_000_000, rows.highs[row], "lows", row)
      try check(Int64(rows.confidences[row]), 0, 1000, "confidences", row)
    }
  }

  /// Mean units a day in thousandths as they are declared, else as they were learned: what a load can
  /// tell without computing anything.
  private func storedRate(_ slot: Int) -> Int64 {
    let index = Int(positions.attribute(slot))
    if index == 0 { return 0 }
    let item = attributes[index]
    if item.demandPerDayMilli > 0 || item.selling.place == 0 { return item.demandPerDayMilli }
    let active = demand.items.at(Int(item.selling.place) - 1).pointee
    let means = active.rate.means(prior: demand.categories.rate(Int(active.category)))
    return Int64(clamping: (Int128(means.slow) * 1000) >> 20)
  }

  /// A signal keeps the item's rate of the moment, against which it is scored: of a put what was known
  /// from everywhere, of a load what is stored.
  func apply(signals rows: SignalRows) {
    let sellers = rows.sellerNames.map { UInt32(sellerIndex($0)) }
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        let token = itemKeys.insert(keys.key(row, at: &offset))
        let slot = slotInserting(token)
        let seller = sellers[Int(rows.sellers[row])]
        touch(.seller, UInt64(seller))
        touch(item: token)
        let isImported = !rows.scoredLows.isEmpty
        guard let month = Month(yyyymm: rows.months[row]) else { continue }
        let marketplace = self.sellers[Int(seller)].marketplace
        let hasBegun =
          appliedTime.seconds >= start(of: month, marketplace: marketplace)
        if !isImported {
          // Nothing is said afterwards of a month that is over: a put refuses it, a load drops it.
          if appliedTime.seconds >= start(of: month.next, marketplace: marketplace) { continue }
          if rows.confidences[row] == 0 && rows.lows[row] == 0 && rows.highs[row] == 0 {
            signals.remove(
              seller: seller, item: token, month: rows.months[row], hasBegun: hasBegun)
            continue
          }
        }
        var signal = Signal(
          seller: seller, item: token, month: rows.months[row], kind: rows.kinds[row],
          low: rows.lows[row], high: rows.highs[row], confidence: rows.confidences[row],
          baselinePerDayMilli: 0, putUnixSeconds: appliedTime.seconds,
          scoredLow: isImported ? rows.scoredLows[row] : rows.lows[row],
          scoredHigh: isImported ? rows.scoredHighs[row] : rows.highs[row])
        if rows.putUnixSeconds.isEmpty {
          signal.baselinePerDayMilli = storedRate(slot)
        } else {
          signal.baselinePerDayMilli = rows.baselinesPerDayMilli[row]
          signal.putUnixSeconds = rows.putUnixSeconds[row]
          signal.sold = rows.sold[row]
        }
        signals.put(signal, hasBegun: hasBegun)
      }
    }
  }
}
