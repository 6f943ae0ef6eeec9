import PromisedModel

/// What is asked for and what the item needs.
package struct PromiseTerms: Sendable, Equatable {
  package var tier: NetworkTier
  /// Nil = by the timetable, lanes at .95.
  package var confidence: ConfidenceLevel?
  /// 1 or more; taken from one node.
  package var quantity: Int64
  /// 0…20160 open minutes on top of each node's own processing.
  package var handlingMinutes: Int32
  /// Not worked on before; 0 = released.
  package var releaseUnixSeconds: Int64

  package init(
    level: ServiceLevel = .standard, restrictions: ItemRestrictions = [],
    confidence: ConfidenceLevel? = .usual, quantity: Int64 = 1, handlingMinutes: Int32 = 0,
    releaseUnixSeconds: Int64 = 0
  ) {
    tier = NetworkTier(level: level, restrictions: restrictions)
    self.confidence = confidence
    self.quantity = quantity
    self.handlingMinutes = handlingMinutes
    self.releaseUnixSeconds = releaseUnixSeconds
  }
}

extension ProfileCatalogue {
  /// The profiles that answer terms; a path is asked of the set that made its offer.
  package func profiles(_ terms: PromiseTerms) -> ProfileSet {
    terms.confidence.map { layer(terms.tier, $0) } ?? schedule(terms.tier)
  }

  /// The best offer under some terms, as `ProfileSet.decideOffer` makes it.
  ///
  /// When there is none, the reason is the first of these that alone would make an offer, were it
  /// otherwise; if none would, it is that of `ProfileSet.decideOffer`:
  /// - `notReleased`: the item's release date.
  /// - `nodeFull`: nodes that take on orders later.
  /// - `legClosed`: departures that are closed, late or full.
  /// - `restrictionForbids`: what the item is.
  /// - `levelNotServed`: the service level.
  /// - `confidenceNotReached`: the confidence.
  package func decideOffer(
    _ candidates: StockCandidates, _ terms: PromiseTerms, destination: UInt32,
    now: UnixMilliseconds, pending: PendingChanges? = nil
  ) -> OfferDecision {
    let decision = decide(candidates, terms, destination, now, pending)
    guard case .refused(let basic) = decision, basic != .noStock else { return decision }
    return .refused(reason(candidates, terms, destination, now, pending) ?? basic)
  }

  private func decide(
    _ candidates: StockCandidates, _ terms: PromiseTerms, _ destination: UInt32,
    _ now: UnixMilliseconds, _ pending: PendingChanges?
  ) -> OfferDecision {
    profiles(terms).decideOffer(
      candidates, quantity: terms.quantity, destination: destination, now: now,
      handlingMinutes: terms.handlingMinutes, releaseUnixSeconds: terms.releaseUnixSeconds,
      pending: pending)
  }

  /// The single reason without which there would be an offer; nil if there is none.
  private func reason(
    _ candidates: StockCandidates, _ terms: PromiseTerms, _ destination: UInt32,
    _ now: UnixMilliseconds, _ pending: PendingChanges?
  ) -> OutcomeCode? {
    func offers(_ decision: OfferDecision) -> Bool {
      if case .offer = decision { true } else { false }
    }
    var other = terms
    other.releaseUnixSeconds = 0
    if terms.releaseUnixSeconds > now.seconds,
      offers(decide(candidates, other, destination, now, pending))
    {
      return .notReleased
    }
    if candidates.admittedFromUnixSeconds.count > 0 {
      let open = StockCandidates(nodes: candidates.nodes, available: candidates.available)
      if offers(decide(open, terms, destination, now, pending)) { return .nodeFull }
    }
    if pending != nil, offers(decide(candidates, terms, destination, now, nil)) {
      return .legClosed
    }
    if let unchanged, offers(unchanged.decide(candidates, terms, destination, now, nil)) {
      return .legClosed
    }
    other = terms
    other.tier.restrictions = []
    if offers(decide(candidates, other, destination, now, pending)) { return .restrictionForbids }
    other = terms
    other.tier.level = .twoHour
    if offers(decide(candidates, other, destination, now, pending)) { return .levelNotServed }
    other = terms
    other.confidence = nil
    if offers(decide(candidates, other, destination, now, pending)) {
      return .confidenceNotReached
    }
    return nil
  }

  /// The chance, in 1/65535, that an order is delivered by the end of a local date: the highest one
  /// that some layer states for a window up to that date. 0 = no layer states any.
  ///
  /// - Parameters:
  ///   - terms: its confidence does not matter.
  ///   - byDays: local date at the place of delivery, in days since 1970-01-01.
  /// - Complexity: O(layers × entries of a row).
  package func chance(
    node: UInt16, _ terms: PromiseTerms, destination: UInt32, now: UnixMilliseconds, byDays: Int32,
    pending: PendingChanges? = nil
  ) -> UInt16 {
    var best: UInt16 = 0
    for level in ConfidenceLevel.allCases {
      best = max(
        best,
        layer(terms.tier, level).chance(
          node: node, terms, destination: destination, now: now, byDays: byDays,
          after: pending?.barrier(destination) ?? 0))
    }
    return best
  }
}

extension ProfileSet {
  fileprivate func chance(
    node: UInt16, _ terms: PromiseTerms, destination: UInt32, now: UnixMilliseconds, byDays: Int32,
    after barrier: UInt16
  ) -> UInt16 {
    var minute = max(orderMinute(now), orderMinute(ofUnixSeconds: terms.releaseUnixSeconds))
    if terms.handlingMinutes > 0 {
      minute = equivalentMinute(
        node, orderedAt: minute, handlingMinutes: terms.handlingMinutes)
    }
    let view = view(destination)
    let row = view.row(rank: rank(of: node))
    var best: UInt16 = 0
    var index = firstEntry(row, view, orderedAt: minute)
    if barrier > 0 { index = max(index, view.firstEntry(row, cutoffFrom: Int32(barrier) + 1)) }
    while index < row.end {
      let entry = view.entries[index]
      if entry.orderBy == ProfileEntry.unpublished { break }
      if view.windows[Int(entry.window)].days <= byDays {
        // In a confident layer no stated chance means that nothing is uncertain.
        best = max(best, entry.confidence == 0 ? .max : entry.confidence)
      }
      index += 1
    }
    return best
  }
}
