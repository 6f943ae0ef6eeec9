import PromisedModel

@testable import PromisedRecords

/// One of every stored shape of seller storage.
enum CapacityRecords {
  static func everyPut() -> [PutRows] {
    var policy = CapacityPolicy(marketplace: Name("US"))
    policy.chargesOverage = true
    policy.replenishmentBypasses = true
    policy.typeNames = (1...7).map { Name("type \($0)") }
    var buildings = BuildingRows()
    buildings.nodeNames = [Name("BFI4")]
    buildings.nodes = [0]
    buildings.storageTypes = [7]
    buildings.usableVolumes = [1_000_000_000_000_000_000]
    buildings.warningPermille = [850]
    buildings.alarmPermille = [2000]
    var signals = SignalRows()
    signals.sellerNames = [Name("S1")]
    signals.sellers = [0]
    signals.keys.append(Array("B0".utf8))
    signals.months = [202_612]
    signals.kinds = [2]
    signals.lows = [-7]
    signals.highs = [1_000_000_000]
    signals.confidences = [1000]
    var kept = signals
    kept.baselinesPerDayMilli = [1500]
    kept.putUnixSeconds = [1_795_262_400]
    kept.sold = [9]
    return [
      .policies([policy, CapacityPolicy(seller: Name("S1"))]), .buildings(buildings),
      .signals(signals), .signals(kept),
    ]
  }

  static func plan() -> PlanRow {
    var plan = PlanRow()
    plan.id = 5
    plan.name = Name("FBA1")
    plan.seller = Name("S1")
    plan.state = .expired
    plan.isReplenishment = true
    plan.createdUnixSeconds = 1_795_262_400
    plan.expiresUnixSeconds = 1_798_761_600
    plan.endedUnixSeconds = 1_798_761_601
    plan.reason = Name("short")
    plan.receipts = [Name("R1"), Name("R2")]
    plan.lines = [
      PlanLineRow(
        item: Name("B0"), node: 65_000, admitted: 2_000_000_000, received: 9_000_000_000,
        etaUnixSeconds: 1_796_000_000)
    ]
    return plan
  }

  static func bid() -> BidRow {
    var bid = BidRow()
    bid.id = 6
    bid.seller = Name("S1")
    bid.storageType = 7
    bid.month = 202_612
    (bid.volume, bid.minimum, bid.maximumFee) = (1_000_000, 5, 12_500)
    bid.placedUnixMilliseconds = 1_795_262_400_123
    bid.state = .granted
    bid.granted = 900_000
    return bid
  }

  static func clearing() -> ClearingRow {
    var clearing = ClearingRow()
    clearing.id = 7
    clearing.marketplace = Name("US")
    clearing.storageType = 2
    clearing.month = 202_612
    (clearing.volume, clearing.price) = (9_000_000, 12_500)
    clearing.clearedUnixSeconds = 1_795_262_400
    clearing.creditPermille = 150
    clearing.bids = [bid()]
    return clearing
  }

  static func removal() -> RemovalRow {
    var row = RemovalRow()
    row.order = Name("RM1")
    row.action = .cancel
    row.lines = [RemovalLine(item: Name("B0"), node: 3, units: 4)]
    return row
  }

  static func everyEvent(_ key: CommandKey) -> [Event] {
    var receipt = PlanReceivedEvent()
    receipt.id = 5
    receipt.receipt = Name("R1")
    receipt.lines = plan().lines
    return [
      .planAdmitted(key, plan()), .planReceived(key, receipt),
      .planClosed(key, id: 5, reason: Name("short")), .bidPlaced(key, bid()),
      .bidsCleared(key, clearing()), .removalChanged(key, removal()), .capacityDayPassed,
    ]
  }

  static func everyBlock() -> [StateBlock] {
    var limit = LimitStateRow()
    limit.seller = Name("S1")
    (limit.storageType, limit.month) = (2, 202_612)
    (limit.decided, limit.decidedLimit, limit.decidedCause) = (1, 5_000_000_000, 7)
    limit.decidedUnixSeconds = 1_795_262_400
    (limit.hasEstimate, limit.estimate, limit.estimateCause) = (true, 4_000_000_000, 1)
    limit.estimatedUnixSeconds = 1_795_000_000
    limit.windowEndUnixSeconds = 1_798_761_600
    limit.granted = 77
    var change = LimitChangeRow()
    change.seller = Name("S1")
    (change.month, change.kind) = (202_612, 3)
    (change.before, change.after, change.cause) = (-1, -2, 7)
    (change.isForced, change.isQuestionable) = (true, true)
    change.announcedUnixSeconds = 1_795_262_400
    change.atUnixSeconds = 1_795_262_401
    change.notice = Name("flood")
    var overage = OverageRow()
    overage.seller = Name("S1")
    (overage.month, overage.days, overage.excessDays) = (202_612, 31, 940_000_000)
    var sales = SalesRow()
    sales.seller = Name("S1")
    (sales.month, sales.sold, sales.soldBefore, sales.soldTwoBefore) = (202_612, 3, 2, 1)
    return [
      .limits([limit]), .limitChanges([change]), .plans([plan()]), .bids([bid()]),
      .clearings([clearing()]), .removals([removal()]),
      .overages([overage], [CountedDay(marketplace: Name("US"), days: 20_800)]), .sales([sales]),
    ]
  }
}
