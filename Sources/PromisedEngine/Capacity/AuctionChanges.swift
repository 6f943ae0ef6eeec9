import PromisedInvariants
import PromisedModel

/// Bids placed and rounds cleared.
extension State {
  /// - Throws: SELLER_UNKNOWN; FIELD_OUT_OF_RANGE for a month that is over or too far, a minimum
  ///   above the volume, a fee or a volume out of range: at most a share of the confirmed limit or a
  ///   fixed volume, whichever is greater, with the seller's other open bids of the round;
  ///   LIMIT_NOT_CONFIRMED for a month with no limit to add to; TOO_MANY_ROWS.
  package func decide(_ command: BidCommand, at now: UnixMilliseconds) throws(Refusal) -> Event {
    observeEverything()
    var bid = command.bid
    let seller = try knownSeller(bid.seller)
    let marketplace = sellers[seller].marketplace
    let today = localDate(at: now.seconds, marketplace: marketplace)
    let first = Month(today)
    try check(Int64(bid.storageType), 1, 7, "storage_type")
    try check(bid.maximumFee, 1, 1_000_000_000_000, "maximum_fee")
    guard let month = Month(yyyymm: bid.month), month >= first,
      month.ordinal - first.ordinal < CapacityHorizon.months
    else {
      throw Refusal(
        .fieldOutOfRange,
        "month is \(bid.month): \(first.yyyymm) to \(first.later(by: 11).yyyymm)")
    }
    let policy = policies.policy(of: sellers[seller])
    let row = limits.find(seller: UInt32(seller), type: bid.storageType, month: bid.month)
    let limit = effectiveLimit(row, policy, of: seller, in: month, today: today)
    if limit.kind == 0 || limit.kind == LimitKind.noLimit.rawValue {
      throw Refusal(
        .limitNotConfirmed, "seller \(bid.seller) has no limit for \(month.text) to add to",
        key: bid.seller)
    }
    let share = Int128(limit.limit) * Int128(policy.maximumAskPermille) / 1000
    var most = Usage.clamped(max(share, Int128(policy.maximumAsk)))
    var open = 0
    for other in auctions.bids
    where other.storageType == bid.storageType && other.month == bid.month && other.state != .lost {
      if other.state == .open { open += 1 }
      if other.seller != bid.seller { continue }
      most -= min(most, other.state == .open ? other.volume : other.granted)
    }
    try check(bid.volume, 1, max(1, most), "volume_micro_cubic_feet")
    if most == 0 {
      throw Refusal(
        .fieldOutOfRange, "volume_micro_cubic_feet: the seller's other bids ask for all it may")
    }
    try check(bid.minimum, 0, bid.volume, "minimum_micro_cubic_feet")
    if open >= Limits.bidsPerRound || auctions.bids.count >= Limits.bids {
      throw Refusal(
        .tooManyRows,
        "\(open) bids are open for the round and \(auctions.bids.count) kept: at most "
          + "\(Limits.bidsPerRound) and \(Limits.bids)")
    }
    bid.id = 0
    bid.placedUnixMilliseconds = now.milliseconds
    (bid.state, bid.granted) = (.open, 0)
    return .bidPlaced(command.key, bid)
  }

  private func check(
    _ value: Int64, _ lowest: Int64, _ highest: Int64, _ field: StaticString
  ) throws(Refusal) {
    if value >= lowest && value <= highest { return }
    throw Refusal(
      .fieldOutOfRange, "\(field) is \(value): \(lowest) to \(highest) are allowed")
  }

  func apply(bidPlaced bid: BidRow, key: CommandKey) {
    var bid = bid
    bid.id = appliedPosition
    // A month that is over everywhere is of no use to anybody.
    let oldest = Month(LocalDate(days: Int32(clamping: appliedTime.seconds / 86_400 - 31)))
    auctions.forget(before: oldest.previous.yyyymm)
    auctions.append(bid)
    remember(key, RememberedOutcome(code: .ok, holdID: bid.id))
  }

  /// Clears a round: all open bids of a marketplace for a storage type and month.
  ///
  /// - Throws: MARKETPLACE_UNKNOWN, FIELD_OUT_OF_RANGE.
  package func decide(
    _ command: ClearCommand, at now: UnixMilliseconds
  ) throws(Refusal) -> ClearingRow {
    observeEverything()
    if !hasMarketplace(command.marketplace) {
      throw Refusal(
        .marketplaceUnknown, "marketplace \(command.marketplace) is not known",
        key: command.marketplace)
    }
    try check(Int64(command.storageType), 1, 7, "storage_type")
    try check(command.volume, 1, 1_000_000_000_000_000_000, "volume_micro_cubic_feet")
    let first = Month(localDate(at: now.seconds, marketplace: command.marketplace))
    guard let month = Month(yyyymm: command.month), month >= first else {
      throw Refusal(
        .fieldOutOfRange, "month is \(command.month): \(first.yyyymm) or later")
    }
    let bids = auctions.bids.filter { bid in
      guard bid.state == .open, bid.storageType == command.storageType, bid.month == month.yyyymm,
        let seller = sellerKeys.find(bid.seller)
      else { return false }
      return sellers[seller].marketplace == command.marketplace
    }
    let result = Auction.clear(bids, volume: command.volume)
    var clearing = ClearingRow()
    clearing.marketplace = command.marketplace
    clearing.storageType = command.storageType
    clearing.month = month.yyyymm
    clearing.volume = command.volume
    clearing.price = result.price
    clearing.clearedUnixSeconds = now.seconds
    clearing.creditPermille = policies.policy(ofMarketplace: command.marketplace).creditPermille
    clearing.bids = result.bids
    return clearing
  }

  func apply(bidsCleared clearing: ClearingRow, key: CommandKey) {
    var clearing = clearing
    clearing.id = appliedPosition
    for bid in clearing.bids {
      auctions.settle(bid.id, bid.state, granted: bid.granted)
      guard bid.granted > 0, let seller = sellerKeys.find(bid.seller) else { continue }
      let row = limits.inserting(
        seller: UInt32(seller), type: clearing.storageType, month: clearing.month)
      row.pointee.granted = Int64(clamping: Int128(row.pointee.granted) + Int128(bid.granted))
      touch(.seller, UInt64(seller))
    }
    auctions.append(clearing)
    remember(key, RememberedOutcome(code: .ok, holdID: clearing.id))
  }

  /// A round as it was kept; nil when there is none of this id.
  package func clearing(_ id: UInt64) -> ClearingRow? {
    observeEverything()
    return auctions.clearing(id)
  }

  /// The ledger of a round: what everybody granted pays, and what their sales give back.
  ///
  /// - Parameter sales: by seller, in 1/10,000 of the currency; a seller with several grants has its
  ///   sales set against the first of them first.
  package static func ledger(
    of clearing: ClearingRow, sales: [(seller: Name, amount: Int64)]
  ) -> ClearingReply {
    var reply = ClearingReply()
    reply.clearing = clearing
    var left: [Name: Int64] = [:]
    for entry in sales {
      let sum = left[entry.seller, default: 0].addingReportingOverflow(entry.amount)
      left[entry.seller] = sum.overflow ? .max : sum.partialValue
    }
    for bid in clearing.bids {
      let fee = Auction.fee(volume: bid.granted, price: clearing.price)
      let sold = left[bid.seller] ?? 0
      let credit = Auction.credit(fee: fee, sales: sold, permille: clearing.creditPermille)
      if credit > 0 {
        // What earned the credit earns no other.
        let used = Int128(credit) * 1000 / Int128(max(1, clearing.creditPermille))
        left[bid.seller] = max(0, Int64(clamping: Int128(sold) - used))
      }
      reply.fees.append(fee)
      reply.credits.append(credit)
      reply.nets.append(fee - credit)
    }
    return reply
  }
}
