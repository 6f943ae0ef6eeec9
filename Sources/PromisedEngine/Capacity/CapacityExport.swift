import PromisedInvariants
import PromisedModel

/// Seller storage as a snapshot holds it, and back. Usage is not stored: it follows from the rest.
extension State {
  func exportCapacity() -> [StateBlock] {
    var blocks: [StateBlock] = []
    func add<Row>(_ rows: [Row], _ block: ([Row]) -> StateBlock) {
      for start in stride(from: 0, to: rows.count, by: Self.blockRows) {
        blocks.append(block(Array(rows[start..<min(rows.count, start + Self.blockRows)])))
      }
    }
    if !policies.isEmpty { add(policies.rows) { .put(.policies($0)) } }
    let declared = exportBuildings()
    if !declared.nodes.isEmpty { blocks.append(.put(.buildings(declared))) }
    add(exportLimitRows()) { .limits($0) }
    add(limitChanges.rows) { .limitChanges($0) }
    add(inboundPlans.rows) { .plans($0) }
    add(auctions.bids) { .bids($0) }
    add(auctions.clearings) { .clearings($0) }
    add(removals.rows) { .removals($0) }
    if !overage.rows.isEmpty || !overage.counted.isEmpty {
      blocks.append(.overages(overage.rows, overage.counted))
    }
    add(exportSales()) { .sales($0) }
    return blocks + exportSignals()
  }

  func exportLimitRows() -> [LimitStateRow] {
    limits.sortedSlots().map { slot in
      let row = limits.row(slot)
      var stored = LimitStateRow()
      stored.seller = sellers[Int(row.seller)].name
      (stored.storageType, stored.month) = (row.storageType, row.month)
      (stored.decided, stored.decidedLimit) = (row.decided, row.decidedLimit)
      stored.decidedCause = row.decidedCause
      stored.decidedUnixSeconds = row.decidedUnixSeconds
      (stored.hasEstimate, stored.estimate) = (row.hasEstimate, row.estimate)
      stored.estimateCause = row.estimateCause
      stored.estimatedUnixSeconds = row.estimatedUnixSeconds
      stored.windowEndUnixSeconds = row.windowEndUnixSeconds
      stored.granted = row.granted
      return stored
    }
  }

  func importLimits(_ rows: [LimitStateRow]) {
    for stored in rows {
      let row = limits.inserting(
        seller: UInt32(sellerIndex(stored.seller)), type: stored.storageType, month: stored.month)
      row.pointee.decided = stored.decided
      row.pointee.decidedLimit = stored.decidedLimit
      row.pointee.decidedCause = stored.decidedCause
      row.pointee.decidedUnixSeconds = stored.decidedUnixSeconds
      row.pointee.hasEstimate = stored.hasEstimate
      row.pointee.estimate = stored.estimate
      row.pointee.estimateCause = stored.estimateCause
      row.pointee.estimatedUnixSeconds = stored.estimatedUnixSeconds
      row.pointee.windowEndUnixSeconds = stored.windowEndUnixSeconds
      row.pointee.granted = stored.granted
    }
  }

  func importChanges(_ rows: [LimitChangeRow]) {
    for row in rows { limitChanges.append(row, seller: UInt32(sellerIndex(row.seller))) }
  }

  private func exportBuildings() -> BuildingRows {
    var rows = BuildingRows()
    for node in 0..<UInt16(clamping: buildings.nodeCount) {
      var place: UInt32?
      for type: UInt8 in 1...7 {
        let space = buildings.read(node: node, type: type)
        if space.usable < 0 { continue }
        if place == nil {
          place = UInt32(rows.nodeNames.count)
          rows.nodeNames.append(network.nodeName(node).name)
        }
        rows.nodes.append(place ?? 0)
        rows.storageTypes.append(type)
        rows.usableVolumes.append(space.usable)
        rows.warningPermille.append(space.warningPermille)
        rows.alarmPermille.append(space.alarmPermille)
      }
    }
    return rows
  }

  private func exportSales() -> [SalesRow] {
    var rows: [SalesRow] = []
    for seller in 0..<sellers.count {
      for type: UInt8 in 1...7 {
        let sold = sales.read(seller: seller, type: type)
        if sold.month == 0 { continue }
        var row = SalesRow()
        row.seller = sellers[seller].name
        (row.storageType, row.month) = (type, sold.month)
        (row.sold, row.soldBefore, row.soldTwoBefore) = (sold.sold, sold.before, sold.twoBefore)
        rows.append(row)
      }
    }
    return rows
  }

  func importSales(_ rows: [SalesRow]) {
    for row in rows {
      let place = sales.at(seller: sellerIndex(row.seller), type: row.storageType)
      place.pointee = SoldVolume(
        sold: row.sold, before: row.soldBefore, twoBefore: row.soldTwoBefore, month: row.month)
    }
  }

  private func exportSignals() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = SignalRows()
    var places: [UInt32: UInt32] = [:]
    for signal in signals.rows {
      if places[signal.seller] == nil {
        places[signal.seller] = UInt32(rows.sellerNames.count)
        rows.sellerNames.append(sellers[Int(signal.seller)].name)
      }
      rows.sellers.append(places[signal.seller] ?? 0)
      rows.keys.append(itemKeys.name(signal.item).bytes)
      rows.months.append(signal.month)
      rows.kinds.append(signal.kind)
      rows.lows.append(signal.low)
      rows.highs.append(signal.high)
      rows.confidences.append(signal.confidence)
      rows.baselinesPerDayMilli.append(signal.baselinePerDayMilli)
      rows.putUnixSeconds.append(signal.putUnixSeconds)
      rows.sold.append(signal.sold)
      rows.scoredLows.append(signal.scoredLow)
      rows.scoredHighs.append(signal.scoredHigh)
      if rows.months.count == Self.blockRows {
        blocks.append(.put(.signals(rows)))
        (rows, places) = (SignalRows(), [:])
      }
    }
    if !rows.months.isEmpty { blocks.append(.put(.signals(rows))) }
    return blocks
  }

  func importRemovals(_ rows: [RemovalRow]) {
    for row in rows {
      for line in row.lines {
        removals.add(
          line.units, order: row.order, item: line.item,
          token: line.item.bytes.withUnsafeBufferPointer { itemKeys.insert(BorrowedBytes($0)) },
          node: line.node)
      }
    }
  }

  /// What follows from the imported rows.
  func finishCapacityImport() {
    reviewPlanExpiry()
    planCapacityDay()
  }

  // MARK: Digest

  func digestCapacity(_ sum: inout DigestSum) {
    for row in exportLimitRows() { add(row, to: &sum) }
    for change in limitChanges.rows { add(change, to: &sum) }
    for (place, policy) in policies.rows.enumerated() { add(policy, place, to: &sum) }
    for plan in inboundPlans.rows { add(plan, to: &sum) }
    for bid in auctions.bids {
      sum.begin(65)
      add(bid, to: &sum)
      sum.end()
    }
    for clearing in auctions.clearings {
      sum.begin(66)
      sum.add(clearing.id)
      sum.add(clearing.marketplace)
      sum.add(clearing.storageType)
      sum.add(clearing.month)
      sum.add(clearing.volume)
      sum.add(clearing.price)
      sum.add(clearing.clearedUnixSeconds)
      sum.add(clearing.creditPermille)
      for bid in clearing.bids { add(bid, to: &sum) }
      sum.end()
    }
    for row in removals.rows {
      for line in row.lines {
        sum.begin(67)
        sum.add(row.order)
        sum.add(line.item)
        sum.add(line.node)
        sum.add(line.units)
        sum.end()
      }
    }
    digestCounts(&sum)
  }

  private func digestCounts(_ sum: inout DigestSum) {
    for row in overage.rows {
      sum.begin(68)
      sum.add(row.seller)
      sum.add(row.storageType)
      sum.add(row.month)
      sum.add(row.days)
      sum.add(row.excessDays)
      sum.end()
    }
    for day in overage.counted {
      sum.begin(69)
      sum.add(day.marketplace)
      sum.add(day.days)
      sum.end()
    }
    for row in exportSales() {
      sum.begin(70)
      sum.add(row.seller)
      sum.add(row.storageType)
      sum.add(row.month)
      sum.add(row.sold)
      sum.add(row.soldBefore)
      sum.add(row.soldTwoBefore)
      sum.end()
    }
    for (place, signal) in signals.rows.enumerated() {
      sum.begin(71)
      sum.add(place)
      sum.add(sellers[Int(signal.seller)].name)
      sum.add(signal.item)
      sum.add(signal.month)
      sum.add(signal.kind)
      sum.add(signal.low)
      sum.add(signal.high)
      sum.add(signal.confidence)
      sum.add(signal.baselinePerDayMilli)
      sum.add(signal.putUnixSeconds)
      sum.add(signal.sold)
      sum.add(signal.scoredLow)
      sum.add(signal.scoredHigh)
      sum.end()
    }
    for node in 0..<UInt16(clamping: buildings.nodeCount) {
      for type: UInt8 in 1...7 {
        let space = buildings.read(node: node, type: type)
        if space == BuildingSpace() { continue }
        sum.begin(72)
        sum.add(network.nodeName(node).name)
        sum.add(type)
        sum.add(space.usable)
        sum.add(space.warningPermille)
        sum.add(space.alarmPermille)
        sum.add(space.stored)
        sum.add(space.inbound)
        sum.end()
      }
    }
  }

  private func add(_ row: LimitStateRow, to sum: inout DigestSum) {
    sum.begin(6)
    sum.add(row.seller)
    sum.add(row.month)
    sum.add(row.storageType)
    sum.add(row.decided)
    sum.add(row.decidedLimit)
    sum.add(row.decidedCause)
    sum.add(row.decidedUnixSeconds)
    sum.add(row.hasEstimate ? 1 : 0)
    sum.add(row.estimate)
    sum.add(row.estimateCause)
    sum.add(row.estimatedUnixSeconds)
    sum.add(row.windowEndUnixSeconds)
    sum.add(row.granted)
    sum.end()
  }

  private func add(_ change: LimitChangeRow, to sum: inout DigestSum) {
    sum.begin(64)
    sum.add(change.seller)
    sum.add(change.storageType)
    sum.add(change.month)
    sum.add(change.kind)
    sum.add(change.before)
    sum.add(change.after)
    sum.add(change.cause)
    sum.add(change.isForced ? 1 : 0)
    sum.add(change.isQuestionable ? 1 : 0)
    sum.add(change.announcedUnixSeconds)
    sum.add(change.atUnixSeconds)
    sum.add(change.notice)
    sum.end()
  }

  private func add(_ policy: CapacityPolicy, _ place: Int, to sum: inout DigestSum) {
    sum.begin(62)
    sum.add(place)
    sum.add(policy.marketplace)
    sum.add(policy.seller)
    sum.add(policy.chargesOverage ? 1 : 0)
    sum.add(policy.overageFee)
    sum.add(policy.individualLimit)
    sum.add(policy.newSellerWeeks)
    sum.add(policy.replenishmentBypasses ? 1 : 0)
    sum.add(policy.planDays)
    sum.add(policy.maximumAskPermille)
    sum.add(policy.maximumAsk)
    sum.add(policy.creditPermille)
    sum.add(policy.networkSharePermille)
    for name in policy.typeNames { sum.add(name) }
    sum.end()
  }

  private func add(_ plan: PlanRow, to sum: inout DigestSum) {
    sum.begin(63)
    sum.add(plan.id)
    sum.add(plan.name)
    sum.add(plan.seller)
    sum.add(plan.state.rawValue)
    sum.add(plan.isReplenishment ? 1 : 0)
    sum.add(plan.createdUnixSeconds)
    sum.add(plan.expiresUnixSeconds)
    sum.add(plan.endedUnixSeconds)
    sum.add(plan.reason)
    for receipt in plan.receipts { sum.add(receipt) }
    for line in plan.lines {
      sum.add(line.item)
      sum.add(line.node)
      sum.add(line.admitted)
      sum.add(line.received)
      sum.add(line.etaUnixSeconds)
    }
    sum.end()
  }

  private func add(_ bid: BidRow, to sum: inout DigestSum) {
    sum.add(bid.id)
    sum.add(bid.seller)
    sum.add(bid.storageType)
    sum.add(bid.month)
    sum.add(bid.volume)
    sum.add(bid.minimum)
    sum.add(bid.maximumFee)
    sum.add(bid.placedUnixMilliseconds)
    sum.add(bid.state.rawValue)
    sum.add(bid.granted)
  }
}
