import PromisedModel

// Seller storage: policies, buildings, signals; plans, bids, rounds and removals; what is kept of
// limits, overage and sales.

extension FieldCoder where Self: ~Copyable {
  mutating func policies(_ rows: inout [CapacityPolicy]) throws(RecordError) {
    try list(&rows, blank: CapacityPolicy()) { (row, coder) throws(RecordError) in
      try coder.name(&row.marketplace)
      try coder.name(&row.seller)
      try coder.flag(&row.chargesOverage)
      try coder.number(&row.overageFee)
      try coder.number(&row.individualLimit)
      try coder.number(&row.newSellerWeeks)
      try coder.flag(&row.replenishmentBypasses)
      try coder.number(&row.planDays)
      try coder.number(&row.maximumAskPermille)
      try coder.number(&row.maximumAsk)
      try coder.number(&row.creditPermille)
      try coder.number(&row.networkSharePermille)
      try coder.names(&row.typeNames)
    }
  }

  mutating func buildings(_ rows: inout BuildingRows) throws(RecordError) {
    try names(&rows.nodeNames)
    try column(&rows.nodes)
    try column(&rows.storageTypes)
    try column(&rows.usableVolumes)
    try column(&rows.warningPermille)
    try column(&rows.alarmPermille)
  }

  mutating func signals(_ rows: inout SignalRows) throws(RecordError) {
    try names(&rows.sellerNames)
    try column(&rows.sellers)
    try keys(&rows.keys)
    try column(&rows.months)
    try column(&rows.kinds)
    try column(&rows.lows)
    try column(&rows.highs)
    try column(&rows.confidences)
    try column(&rows.baselinesPerDayMilli)
    try column(&rows.putUnixSeconds)
    try column(&rows.sold)
    try column(&rows.scoredLows)
    try column(&rows.scoredHighs)
  }

  mutating func planLines(_ rows: inout [PlanLineRow]) throws(RecordError) {
    let blank = PlanLineRow(item: .empty, node: 0, admitted: 0, received: 0, etaUnixSeconds: 0)
    try list(&rows, blank: blank) { (row, coder) throws(RecordError) in
      try coder.name(&row.item)
      try coder.number(&row.node)
      try coder.number(&row.admitted)
      try coder.number(&row.received)
      try coder.number(&row.etaUnixSeconds)
    }
  }

  mutating func inboundPlan(_ row: inout PlanRow) throws(RecordError) {
    try number(&row.id)
    try name(&row.name)
    try name(&row.seller)
    try choice(&row.state)
    try flag(&row.isReplenishment)
    try number(&row.createdUnixSeconds)
    try number(&row.expiresUnixSeconds)
    try number(&row.endedUnixSeconds)
    try name(&row.reason)
    try names(&row.receipts)
    try planLines(&row.lines)
  }

  mutating func inboundPlans(_ rows: inout [PlanRow]) throws(RecordError) {
    try list(&rows, blank: PlanRow()) { (row, coder) throws(RecordError) in
      try coder.inboundPlan(&row)
    }
  }

  mutating func planReceived(_ event: inout PlanReceivedEvent) throws(RecordError) {
    try number(&event.id)
    try name(&event.receipt)
    try planLines(&event.lines)
  }

  mutating func bid(_ row: inout BidRow) throws(RecordError) {
    try number(&row.id)
    try name(&row.seller)
    try number(&row.storageType)
    try number(&row.month)
    try number(&row.volume)
    try number(&row.minimum)
    try number(&row.maximumFee)
    try number(&row.placedUnixMilliseconds)
    try choice(&row.state)
    try number(&row.granted)
  }

  mutating func bids(_ rows: inout [BidRow]) throws(RecordError) {
    try list(&rows, blank: BidRow()) { (row, coder) throws(RecordError) in try coder.bid(&row) }
  }

  mutating func clearing(_ row: inout ClearingRow) throws(RecordError) {
    try number(&row.id)
    try name(&row.marketplace)
    try number(&row.storageType)
    try number(&row.month)
    try number(&row.volume)
    try number(&row.price)
    try number(&row.clearedUnixSeconds)
    try number(&row.creditPermille)
    try bids(&row.bids)
  }

  mutating func clearings(_ rows: inout [ClearingRow]) throws(RecordError) {
    try list(&rows, blank: ClearingRow()) { (row, coder) throws(RecordError) in
      try coder.clearing(&row)
    }
  }

  mutating func removal(_ row: inout RemovalRow) throws(RecordError) {
    try name(&row.order)
    try choice(&row.action)
    try list(&row.lines, blank: RemovalLine(item: .empty, node: 0, units: 0)) {
      (line, coder) throws(RecordError) in
      try coder.name(&line.item)
      try coder.number(&line.node)
      try coder.number(&line.units)
    }
  }

  mutating func removals(_ rows: inout [RemovalRow]) throws(RecordError) {
    try list(&rows, blank: RemovalRow()) { (row, coder) throws(RecordError) in
      try coder.removal(&row)
    }
  }

  mutating func limitStates(_ rows: inout [LimitStateRow]) throws(RecordError) {
    try list(&rows, blank: LimitStateRow()) { (row, coder) throws(RecordError) in
      try coder.name(&row.seller)
      try coder.number(&row.storageType)
      try coder.number(&row.month)
      try coder.number(&row.decided)
      try coder.number(&row.decidedLimit)
      try coder.number(&row.decidedCause)
      try coder.number(&row.decidedUnixSeconds)
      try coder.flag(&row.hasEstimate)
      try coder.number(&row.estimate)
      try coder.number(&row.estimateCause)
      try coder.number(&row.estimatedUnixSeconds)
      try coder.number(&row.windowEndUnixSeconds)
      try coder.number(&row.granted)
    }
  }

  mutating func limitChanges(_ rows: inout [LimitChangeRow]) throws(RecordError) {
    try list(&rows, blank: LimitChangeRow()) { (row, coder) throws(RecordError) in
      try coder.name(&row.seller)
      try coder.number(&row.storageType)
      try coder.number(&row.month)
      try coder.number(&row.kind)
      try coder.number(&row.before)
      try coder.number(&row.after)
      try coder.number(&row.cause)
      try coder.flag(&row.isForced)
      try coder.flag(&row.isQuestionable)
      try coder.number(&row.announcedUnixSeconds)
      try coder.number(&row.atUnixSeconds)
      try coder.name(&row.notice)
    }
  }

  mutating func overages(
    _ rows: inout [OverageRow], _ days: inout [CountedDay]
  ) throws(RecordError) {
    try list(&rows, blank: OverageRow()) { (row, coder) throws(RecordError) in
      try coder.name(&row.seller)
      try coder.number(&row.storageType)
      try coder.number(&row.month)
      try coder.number(&row.days)
      try coder.number(&row.excessDays)
    }
    try list(&days, blank: CountedDay(marketplace: .empty, days: 0)) {
      (row, coder) throws(RecordError) in
      try coder.name(&row.marketplace)
      try coder.number(&row.days)
    }
  }

  mutating func sales(_ rows: inout [SalesRow]) throws(RecordError) {
    try list(&rows, blank: SalesRow()) { (row, coder) throws(RecordError) in
      try coder.name(&row.seller)
      try coder.number(&row.storageType)
      try coder.number(&row.month)
      try coder.number(&row.sold)
      try coder.number(&row.soldBefore)
      try coder.number(&row.soldTwoBefore)
    }
  }
}

// MARK: Checks

extension BuildingRows {
  func checkColumns() throws(RecordError) {
    try require(
      [storageTypes.count, usableVolumes.count, warningPermille.count, alarmPermille.count],
      rows: nodes.count, "building columns")
    try require(nodes, below: nodeNames.count, "building node")
    try require(storageTypes, are: StorageType.init, "building storage type")
  }
}

extension SignalRows {
  func checkColumns() throws(RecordError) {
    try require(
      [
        sellers.count, months.count, kinds.count, lows.count, highs.count, confidences.count,
      ], rows: keys.count, "signal columns")
    // Not in a load, which is decided before its items are known.
    for count in [baselinesPerDayMilli.count, sold.count] where count != putUnixSeconds.count {
      throw .malformed("signal columns")
    }
    if !putUnixSeconds.isEmpty {
      try require([putUnixSeconds.count], rows: keys.count, "signal columns")
    }
    // Only a snapshot has these.
    if !scoredLows.isEmpty || !scoredHighs.isEmpty {
      try require(
        [scoredLows.count, scoredHighs.count, sold.count], rows: keys.count, "signal columns")
    }
    try require(sellers, below: sellerNames.count, "signal seller")
  }
}

extension [CapacityPolicy] {
  func checkColumns() throws(RecordError) {
    for row in self where row.marketplace.isEmpty == row.seller.isEmpty {
      throw .malformed("policy of nobody")
    }
  }
}

/// A storage type indexes tables.
func requireStorageTypes(_ types: some Sequence<UInt8>) throws(RecordError) {
  for type in types where StorageType(rawValue: type) == nil { throw .malformed("storage type") }
}

extension PlanRow {
  func checkLines() throws(RecordError) {
    for line in lines where line.admitted < 0 || line.received < 0 {
      throw .malformed("plan units")
    }
  }
}

/// Rows that are found by their ids stand in their order.
func requireAscending(_ ids: [UInt64], _ what: String) throws(RecordError) {
  for (id, next) in zip(ids, ids.dropFirst()) where id >= next { throw .malformed(what) }
}
