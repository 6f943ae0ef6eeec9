import PromisedModel

/// What is asked of every item of one question.
private struct InStockSubject {
  var place = AtpPlace.network
  var channel: UInt16 = 0
  /// The region whose forecasts count; empty = all.
  var region = BorrowedBytes.empty
  var now: Int64
  var days: Int32 = 1
  /// Of the demand, 0…1.
  var share = 1.0
  var source: DemandSource?

  /// Whether demand of the whole network is more than what is asked about.
  var isPart: Bool { !region.isEmpty && share >= 1 }
}

extension State {
  /// Supply against demand to a horizon, a row per item.
  ///
  /// Supply is what a claim of now may take at the place asked for (the whole network, or a group;
  /// for a channel, or none) plus inbound by its distribution of arrival: no drafts, and what is
  /// overdue only as far as it may still come by that, or while it is being received. A negative
  /// supply meets no demand. Without a demand no probability is stated.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE; COLUMN_LENGTH_MISMATCH; GROUP_UNKNOWN, CHANNEL_UNKNOWN;
  ///   ITEM_UNKNOWN when the only item is not known; NETWORK_NOT_READY when fast track is asked for
  ///   and no profiles answer; TOO_MANY_ROWS also when the answer would cost more than
  ///   `Limits.inStockWork`. In a larger batch an unknown item gets that code in its row and zeros.
  package func answer(
    _ query: InStockQuery, at now: UnixMilliseconds, into reply: inout InStockReply
  ) throws(Refusal) {
    try checkForm(of: query)
    observeNetwork()
    let subject = InStockSubject(
      place: query.group.isEmpty ? .network : .group(try groupIndex(query.group)),
      channel: try channelIndex(query.channel), region: query.group, now: now.seconds,
      days: query.horizonDays, share: Double(query.demandShareMilli) / 1000,
      source: query.source)
    var fastTrack: FastTrack?
    if query.asksFastTrack { fastTrack = try self.fastTrack(at: now, items: query.items.count) }
    reply.fastTrackZones = UInt32(fastTrack?.zones ?? 0)
    var rates = InStockRates()
    let begun = scratch.passage.work
    scratch.model.work = 0
    scratch.sizeExponent = .nan
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
      answerInStock(token, slot, subject, into: &reply)
      let views = query.views.isEmpty ? 1 : query.views[row]
      rates.add(history(of: slot), views: Double(views), into: &reply)
      if let fastTrack { reply.fastTrack.append(self.share(fastTrack, slot, at: now)) }
      if scratch.passage.work - begun + scratch.model.work > Limits.inStockWork {
        throw Refusal(
          .tooManyRows, "the answer would take too long at item \(row): ask for fewer at once")
      }
    }
    rates.finish(&reply)
  }

  private func checkForm(of query: InStockQuery) throws(Refusal) {
    if query.horizonDays < 1 || query.horizonDays > 365 {
      throw Refusal(.fieldOutOfRange, "horizon_days is \(query.horizonDays): 1 to 365")
    }
    if query.demandShareMilli < 1 || query.demandShareMilli > 1000 {
      throw Refusal(
        .fieldOutOfRange, "demand_share_milli is \(query.demandShareMilli): 1 to 1000")
    }
    try checkItems(query.items)
    if !query.views.isEmpty && query.views.count != query.items.count {
      throw Refusal(
        .columnLengthMismatch,
        "views has \(query.views.count) values for \(query.items.count) items")
    }
  }

  private func answerInStock(
    _ token: UInt64, _ slot: Int, _ subject: InStockSubject, into reply: inout InStockReply
  ) {
    prefetch(slot: slot)
    let now = subject.now
    let available = availableNow(
      of: token, slot, at: subject.place, channel: subject.channel,
      now: UnixMilliseconds(now * 1000))
    let supply = planSupply(
      of: token, available: available, at: subject.place, now: now,
      horizon: now + Int64(subject.days) * 86_400)
    let next = nextSupply(of: token, after: now) { isMember($0, of: subject.place) }
    reply.codes.append(0)
    reply.availableNow.append(available)
    reply.inboundInHorizon.append(supply.expected)
    reply.nextSupplyUnixSeconds.append(next.eta)
    reply.nextSupplyUTCOffsetSeconds.append(
      next.eta == 0 ? 0 : network.utcOffset(of: next.node, at: next.eta))
    reply.nextSupplyQuantities.append(next.quantity)
    let outlook = outlook(of: token, slot, subject)
    reply.append(signalled: outlook.signalled, days: subject.days)
    reply.demandSources.append(outlook.source.rawValue)
    reply.demandAgeSeconds.append(outlook.ageSeconds)
    reply.sampleDaysMilli.append(outlook.sampleDaysMilli)
    if outlook.source == .none {
      reply.appendWithoutDemand()
      return
    }
    appendChances(outlook, days: subject.days, now: now, into: &reply)
    reply.demandPerDayMilli.append(outlook.perDayMilli)
    reply.appendCover(available: available, perDayMilli: outlook.perDayMilli)
    var reason = outlook.reason
    if reason == .none && supply.hasOverdue { reason = .inboundOverdue }
    if reason == .none && available <= 0 { reason = .outNow }
    reply.reasons.append(reason.rawValue)
  }

  /// What the demand leaves at the end and all the time, and when all is sold.
  private func appendChances(
    _ outlook: DemandOutlook, days: Int32, now: Int64, into reply: inout InStockReply
  ) {
    let end = scratch.passage.atTheEnd(of: days, outlook.demand(days: days))
    reply.demandMet.append(DemandDistribution.fixed(end.met))
    reply.stillBuyable.append(DemandDistribution.fixed(end.stillBuyable))
    let never = scratch.passage.neverOut(days: days, of: outlook)
    reply.neverOut.append(DemandDistribution.fixed(min(never, end.stillBuyable)))
    let dates = scratch.passage.stockOutDays(of: outlook)
    func instant(_ day: Int32?) -> Int64 { day.map { now + Int64($0) * 86_400 } ?? 0 }
    reply.stockOutP10UnixSeconds.append(instant(dates.early))
    reply.stockOutP50UnixSeconds.append(instant(dates.middle))
    reply.stockOutP90UnixSeconds.append(instant(dates.late))
  }

  /// The demand of the whole network that an item's answers rest on.
  func outlook(
    of token: UInt64, _ slot: Int, now: Int64, only: DemandSource?
  ) -> DemandOutlook {
    scratch.sizeExponent = .nan
    return outlook(of: token, slot, InStockSubject(now: now, source: only))
  }

  /// The same without what the seller signalled.
  func usualOutlook(
    of token: UInt64, _ slot: Int, now: Int64, only: DemandSource?
  ) -> DemandOutlook {
    scratch.sizeExponent = .nan
    return usualOutlook(of: token, slot, InStockSubject(now: now, source: only))
  }

  /// With what its seller signalled, and as much of it as is asked about.
  private func outlook(
    of token: UInt64, _ slot: Int, _ subject: InStockSubject
  ) -> DemandOutlook {
    var outlook = usualOutlook(of: token, slot, subject)
    if !signals.isEmpty && (subject.source == nil || subject.source == .signals) {
      outlook = outlook.with(signalledDemand(of: token, slot, now: subject.now))
    }
    outlook.share = subject.share
    return outlook
  }

  /// The demand that an item's answers rest on: a fresh forecast, the declared rate, or what the
  /// service has seen itself, in this order; or the only one that is asked for. Of a group, the
  /// forecast of the region of its name, else what is asked for everywhere.
  private func usualOutlook(
    of token: UInt64, _ slot: Int, _ subject: InStockSubject
  ) -> DemandOutlook {
    let (only, now) = (subject.source, subject.now)
    let index = Int(positions.attribute(slot))
    var reason = InStockReason.none
    func today() -> Int32 {
      localDay(now, index == 0 ? nil : zone(ofSeller: attributes[index].seller))
    }
    if (only == nil || only == .forecast) && forecasts.first(of: token) != nil {
      let found = forecastGrids(of: token, day: today(), now: now, region: subject.region)
      if let oldest = found.grids.map(\.issuedUnixSeconds).min() {
        return DemandOutlook(
          found.grids, exponent: sizeExponent, ageSeconds: max(0, now - oldest),
          reason: subject.isPart && !found.isOfRegion ? .wholeNetwork : .none)
      }
      if found.isStale { reason = .forecastStale }
    }
    if reason == .none && subject.isPart { reason = .wholeNetwork }
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
        DemandForecast(demand, category: category, from: day, exponent: sizeExponent),
        ageSeconds: -1, sampleDaysMilli: 0, reason: reason == .none ? .categoryOnly : reason)
    }
    let active = demand.items.at(place).pointee
    let closed = active.keptDays == 0 ? active.countedTo : startOfDay(active, item.seller)
    return DemandOutlook(
      DemandForecast(demand, item: place, from: day, exponent: sizeExponent),
      ageSeconds: max(0, now - closed),
      sampleDaysMilli: (active.rate.slow.exposure * 1000) >> 20, reason: reason)
  }

  /// γ as learned, worked out once an answer.
  private var sizeExponent: Double {
    if scratch.sizeExponent.isNaN { scratch.sizeExponent = demand.sizeExponent }
    return scratch.sizeExponent
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
