import PromisedModel

extension State {
  /// Supply against demand to a horizon, a row per item.
  ///
  /// Supply is what is available now over all nodes plus inbound expected by the end of the
  /// horizon: no drafts, and an overdue shipment only while it is being received. A negative
  /// supply meets no demand. Without a demand rate no probability is stated.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE; ITEM_UNKNOWN when the only item is not known. In a larger batch
  ///   an unknown item gets that code in its row and zeros.
  package func answer(
    _ query: InStockQuery, at now: UnixMilliseconds, into reply: inout InStockReply
  ) throws(Refusal) {
    if query.horizonDays < 1 || query.horizonDays > 365 {
      throw Refusal(.fieldOutOfRange, "horizon_days is \(query.horizonDays): 1 to 365")
    }
    try checkItems(query.items)
    observeNetwork()
    let horizon = now.seconds + Int64(query.horizonDays) * 86_400
    var offset = 0
    for row in 0..<query.items.count {
      let key = query.items.key(row, at: &offset)
      prefetchSupply(of: key)
      let token = itemKeys.token(key)
      observe(item: token)
      let slot = token == 0 ? -1 : positions.find(token)
      if slot < 0 {
        if query.items.count == 1 { throw unknownItem(key.name) }
        reply.appendUnknown()
        continue
      }
      answerInStock(
        token, slot, now: now.seconds, horizon: horizon, days: query.horizonDays, into: &reply)
    }
  }

  private func answerInStock(
    _ token: UInt64, _ slot: Int, now: Int64, horizon: Int64, days: Int32,
    into reply: inout InStockReply
  ) {
    prefetch(slot: slot)
    let available = availableEverywhere(slot, at: UnixMilliseconds(now * 1000))
    let expected = expectedSupply(of: token, after: now, upTo: horizon)
    let next = nextSupply(of: token, node: nil, after: now)
    reply.codes.append(0)
    reply.availableNow.append(available)
    reply.inboundInHorizon.append(expected)
    reply.nextSupplyUnixSeconds.append(next.eta)
    reply.nextSupplyUTCOffsetSeconds.append(
      next.eta == 0 ? 0 : network.utcOffset(of: next.node, at: next.eta))
    reply.nextSupplyQuantities.append(next.quantity)
    let index = Int(positions.attribute(slot))
    let rate = index == 0 ? 0 : attributes[index].demandPerDayMilli
    reply.demandPerDayMilli.append(rate)
    if rate == 0 {
      reply.demandSources.append(DemandSource.none.rawValue)
      reply.demandMet.append(0)
      reply.stillBuyable.append(0)
      return
    }
    let demand = DemandDistribution(
      perDayMilli: rate, varianceRatioMilli: attributes[index].demandVarianceRatioMilli,
      days: days)
    let supply = available + expected
    let (met, exactly) = demand.cumulativeAndProbability(supply)
    reply.demandSources.append(DemandSource.declaredRate.rawValue)
    reply.demandMet.append(DemandDistribution.fixed(met))
    reply.stillBuyable.append(
      DemandDistribution.fixed(max(0, met - exactly)))
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
  fileprivate mutating func appendUnknown() {
    codes.append(UInt32(OutcomeCode.itemUnknown.rawValue))
    availableNow.append(0)
    inboundInHorizon.append(0)
    nextSupplyUnixSeconds.append(0)
    nextSupplyUTCOffsetSeconds.append(0)
    nextSupplyQuantities.append(0)
    demandSources.append(DemandSource.none.rawValue)
    demandMet.append(0)
    stillBuyable.append(0)
    demandPerDayMilli.append(0)
  }
}
