import PromisedModel

extension State {
  /// Supply against demand to a horizon, a row per item.
  ///
  /// Supply is what is available now over all nodes plus inbound expected by the end of the
  /// horizon: no drafts, and an overdue shipment only while it is being received. A negative
  /// supply meets no demand. Without a demand no probability is stated.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE; COLUMN_LENGTH_MISMATCH; ITEM_UNKNOWN when the only item is not
  ///   known; NETWORK_NOT_READY when fast track is asked for and no profiles answer. In a larger
  ///   batch an unknown item gets that code in its row and zeros.
  package func answer(
    _ query: InStockQuery, at now: UnixMilliseconds, into reply: inout InStockReply
  ) throws(Refusal) {
    if query.horizonDays < 1 || query.horizonDays > 365 {
      throw Refusal(.fieldOutOfRange, "horizon_days is \(query.horizonDays): 1 to 365")
    }
    try checkItems(query.items)
    if !query.views.isEmpty && query.views.count != query.items.count {
      throw Refusal(
        .columnLengthMismatch,
        "views has \(query.views.count) values for \(query.items.count) items")
    }
    observeNetwork()
    var fastTrack: FastTrack?
    if query.asksFastTrack { fastTrack = try self.fastTrack(at: now, items: query.items.count) }
    reply.fastTrackZones = UInt32(fastTrack?.zones ?? 0)
    var rates = InStockRates()
    var offset = 0
    for row in 0..<query.items.count {
      let key = query.items.key(row, at: &offset)
      prefetchSupply(of: key)
      let token = itemKeys.token(key)
      observe(item: token)
      let slot = token == 0 ? -1 : positions.find(token)
      if slot < 0 {
        if query.items.count == 1 { throw unknownItem(key.name) }
        reply.appendUnknown(asksFastTrack: fastTrack != nil)
        continue
      }
      answerInStock(token, slot, query, now: now.seconds, into: &reply)
      let views = query.views.isEmpty ? 1 : query.views[row]
      rates.add(history(of: slot), views: Double(views), into: &reply)
      if let fastTrack { reply.fastTrack.append(self.share(fastTrack, slot, at: now)) }
    }
    rates.finish(&reply)
  }

  private func answerInStock(
    _ token: UInt64, _ slot: Int, _ query: InStockQuery, now: Int64,
    into reply: inout InStockReply
  ) {
    prefetch(slot: slot)
    let available = availableEverywhere(slot, at: UnixMilliseconds(now * 1000))
    let expected = expectedSupply(
      of: token, after: now, upTo: now + Int64(query.horizonDays) * 86_400)
    let next = nextSupply(of: token, node: nil, after: now)
    reply.codes.append(0)
    reply.availableNow.append(available)
    reply.inboundInHorizon.append(expected)
    reply.nextSupplyUnixSeconds.append(next.eta)
    reply.nextSupplyUTCOffsetSeconds.append(
      next.eta == 0 ? 0 : network.utcOffset(of: next.node, at: next.eta))
    reply.nextSupplyQuantities.append(next.quantity)
    let outlook = outlook(of: token, slot, now: now, only: query.source)
    reply.append(signalled: outlook.signalled, days: query.horizonDays)
    reply.demandSources.append(outlook.source.rawValue)
    reply.demandAgeSeconds.append(outlook.ageSeconds)
    reply.sampleDaysMilli.append(outlook.sampleDaysMilli)
    if outlook.source == .none {
      reply.appendWithoutDemand()
      return
    }
    let demand = outlook.demand(days: query.horizonDays)
    let supply = available + expected
    let (met, exactly) = demand.demand.cumulativeAndProbability(supply)
    reply.demandPerDayMilli.append(outlook.perDayMilli)
    reply.demandMet.append(DemandDistribution.fixed(supply < 0 ? 0 : demand.truth(of: met)))
    reply.stillBuyable.append(
      DemandDistribution.fixed(supply <= 0 ? 0 : demand.truth(of: max(0, met - exactly))))
    reply.appendCover(available: available, perDayMilli: outlook.perDayMilli)
    listSupply(of: token, available: available, now: now)
    appendPassage(
      Column(base: UnsafePointer(scratch.supply.base), count: scratch.supply.count), outlook,
      days: query.horizonDays, now: now, into: &reply)
    var reason = outlook.reason
    if reason == .none && hasOverdue(token, now: now) { reason = .inboundOverdue }
    if reason == .none && available <= 0 { reason = .outNow }
    reply.reasons.append(reason.rawValue)
  }

  /// Never out, and when all is sold.
  private func appendPassage(
    _ steps: Column<SupplyStep>, _ outlook: DemandOutlook, days: Int32, now: Int64,
    into reply: inout InStockReply
  ) {
    let passage = FirstPassage()
    reply.neverOut.append(
      DemandDistribution.fixed(passage.neverOut(supply: steps, days: days, of: outlook)))
    // Dates are days: fewer cells tell them apart well enough.
    let coarse = FirstPassage(cells: 48)
    func instant(_ day: Int32?) -> Int64 { day.map { now + Int64($0) * 86_400 } ?? 0 }
    let early = coarse.stockOutDay(0.1, supply: steps, of: outlook)
    var middle: Int32?
    if let early {
      middle = coarse.stockOutDay(0.5, supply: steps, of: outlook, after: early - 1)
    }
    var late: Int32?
    if let middle {
      late = coarse.stockOutDay(0.9, supply: steps, of: outlook, after: middle - 1)
    }
    reply.stockOutP10UnixSeconds.append(instant(early))
    reply.stockOutP50UnixSeconds.append(instant(middle))
    reply.stockOutP90UnixSeconds.append(instant(late))
  }

  /// The demand that an item's answers rest on: a fresh forecast, the declared rate, or what the
  /// service has seen itself, in this order; or the only one that is asked for.
  func outlook(
    of token: UInt64, _ slot: Int, now: Int64, only: DemandSource?
  ) -> DemandOutlook {
    let usual = usualOutlook(of: token, slot, now: now, only: only)
    if signals.isEmpty || (only != nil && only != .signals) { return usual }
    return usual.with(signalledDemand(of: token, slot, now: now))
  }

  /// The same without what the seller signalled.
  func usualOutlook(
    of token: UInt64, _ slot: Int, now: Int64, only: DemandSource?
  ) -> DemandOutlook {
    let index = Int(positions.attribute(slot))
    var reason = InStockReason.none
    func today() -> Int32 {
      localDay(now, index == 0 ? nil : zone(ofSeller: attributes[index].seller))
    }
    if (only == nil || only == .forecast) && forecasts.first(of: token) != nil {
      let day = today()
      let found = forecastGrids(of: token, day: day, now: now)
      if let oldest = found.grids.map(\.issuedUnixSeconds).min() {
        return DemandOutlook(
          found.grids, exponent: demand.sizeExponent, ageSeconds: max(0, now - oldest))
      }
      if found.isStale { reason = .forecastStale }
    }
    if index == 0 { return DemandOutlook() }
    let item = attributes[index]
    if (only == nil || only == .declaredRate) && item.demandPerDayMilli > 0 {
      return DemandOutlook(
        declaredPerDayMilli: item.demandPerDayMilli,
        varianceRatioMilli: item.demandVarianceRatioMilli, reason: reason)
    }
    if only != nil && only != .embedded { return DemandOutlook() }
    // What items have in common changes with the days of any.
    observe(stamps.demand)
    let day = today()
    let place = Int(item.selling.place) - 1
    if place < 0 {
      let category = Int(item.category)
      if !demand.categories.knows(category) { return DemandOutlook() }
      return DemandOutlook(
        DemandForecast(demand, category: category, from: day), ageSeconds: -1,
        sampleDaysMilli: 0, reason: reason == .none ? .categoryOnly : reason)
    }
    let active = demand.items.at(place).pointee
    let closed = active.keptDays == 0 ? active.countedTo : startOfDay(active, item.seller)
    return DemandOutlook(
      DemandForecast(demand, item: place, from: day), ageSeconds: max(0, now - closed),
      sampleDaysMilli: (active.rate.slow.exposure * 1000) >> 20, reason: reason)
  }

  private func startOfDay(_ active: ActiveItem, _ seller: UInt32) -> Int64 {
    zone(ofSeller: seller)?.startOfDay(LocalDate(days: active.day)) ?? Int64(active.day) * 86_400
  }

  /// At least one item, no more than a query may have, keys within their bytes.
  func checkItems(_ items: KeyColumn) throws(Refusal) {
    if items.count == 0 {
      throw Refusal(.fieldMissing, "item_keys is empty: name at least one item")
    }
    if items.count > Limits.queryItems {
      throw Refusal(.tooManyRows, "\(items.count) items: at most \(Limits.queryItems)")
    }
    if !areWithin(items) {
      throw Refusal(.columnLengthMismatch, "item_key_lengths must add up to item_keys")
    }
  }
}

extension InStockReply {
  /// A row for an item that is not known.
  fileprivate mutating func appendUnknown(asksFastTrack: Bool) {
    codes.append(UInt32(OutcomeCode.itemUnknown.rawValue))
    availableNow.append(0)
    inboundInHorizon.append(0)
    nextSupplyUnixSeconds.append(0)
    nextSupplyUTCOffsetSeconds.append(0)
    nextSupplyQuantities.append(0)
    demandSources.append(DemandSource.none.rawValue)
    demandAgeSeconds.append(-1)
    sampleDaysMilli.append(0)
    append(signalled: nil, days: 1)
    appendWithoutDemand()
    inStockShares.append(0)
    historyDays.append(0)
    if asksFastTrack { fastTrack.append(0) }
  }

  /// The columns that a demand is needed for.
  fileprivate mutating func appendWithoutDemand() {
    demandMet.append(0)
    stillBuyable.append(0)
    demandPerDayMilli.append(0)
    neverOut.append(0)
    stockOutP10UnixSeconds.append(0)
    stockOutP50UnixSeconds.append(0)
    stockOutP90UnixSeconds.append(0)
    daysOfCoverMilli.append(-1)
    reasons.append(InStockReason.demandUnknown.rawValue)
  }

  /// Days of cover, at most a thousand years.
  fileprivate mutating func appendCover(available: Int64, perDayMilli: Int64) {
    let most: Int128 = 365_000_000
    let days = Int128(max(0, available)) * 1_000_000 / Int128(max(1, perDayMilli))
    daysOfCoverMilli.append(Int64(min(days, most)))
  }

  /// What of the horizon's demand the seller signalled.
  fileprivate mutating func append(signalled: SignalledDemand?, days: Int32) {
    if signalled == nil && signalledMilli.count == 0 { return }
    // The rows before this one had none.
    while signalledMilli.count < codes.count - 1 {
      signalledMilli.append(0)
      signalWeightsPermille.append(0)
    }
    let milli = (signalled?.units(days: days).mean ?? 0) * 1000
    signalledMilli.append(Int64(max(-1e15, min(1e15, milli)).rounded()))
    signalWeightsPermille.append(UInt32(clamping: signalled?.weightPermille ?? 0))
  }
}
