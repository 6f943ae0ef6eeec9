import PromisedModel

extension State {
  /// The position that a token made now names: the state there gives the same answers at this
  /// instant, and it is in the log before the answer leaves.
  ///
  /// That is the last change that was read, or what is durable if that is later: nothing the answer
  /// read has changed since either.
  func tokenPosition() -> Position { max(observedPosition, durablePosition) }

  /// Appends what a row says of how long it holds, and its token where one is wanted.
  func appendLifetime(
    of offer: Offer, item: BorrowedBytes, quantity: Int64, _ query: OfferQuery,
    postcode: BorrowedBytes, level: ServiceLevel, at now: UnixMilliseconds,
    into reply: inout OfferReply
  ) {
    let orderBy = offer.orderByUnixSeconds
    reply.shipByUnixSeconds.append(offer.cutoffUnixSeconds)
    reply.cacheUntilUnixSeconds.append(
      OfferLifetime.cacheUntil(orderBy: orderBy, decidedAt: now))
    reply.expiresUnixSeconds.append(OfferLifetime.expires(orderBy: orderBy, decidedAt: now))
    if query.omitsTokens { return }
    let token = OfferToken(
      position: tokenPosition(), decidedAt: now, item: item,
      quantity: Int32(truncatingIfNeeded: quantity), country: query.country, postcode: postcode,
      level: level, confidence: query.confidence, node: offer.node,
      windowFromUnixSeconds: offer.windowFromUnixSeconds,
      windowToUnixSeconds: offer.windowToUnixSeconds, deliveryDays: offer.deliveryDate.days,
      orderByUnixSeconds: orderBy, shipByUnixSeconds: offer.cutoffUnixSeconds,
      chance: offer.confidence, channel: query.channel, rest: offer.rest(query.supply))
    let count = token.encode(into: scratch.token.base)
    reply.tokenBytes.append(
      contentsOf: Column(base: UnsafePointer(scratch.token.base), count: count))
    reply.tokenLengths.append(UInt32(count))
  }

  /// The same of a row that is no offer.
  func appendNoLifetime(_ query: OfferQuery, into reply: inout OfferReply) {
    reply.shipByUnixSeconds.append(0)
    reply.cacheUntilUnixSeconds.append(0)
    reply.expiresUnixSeconds.append(0)
    if !query.omitsTokens { reply.tokenLengths.append(0) }
  }
}

extension Offer {
  /// What a token says of the supply; nothing where the units are on hand.
  fileprivate func rest(_ choice: SupplyChoice) -> TokenSupply? {
    guard let source = SupplySource(rawValue: supply) else { return nil }
    return TokenSupply(
      source: source, layer: ConfidenceLevel(rawValue: layer) ?? .usual, choice: choice,
      fromUnixSeconds: UInt32(clamping: availableFromUnixSeconds))
  }
}
