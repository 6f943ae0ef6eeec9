import PromisedModel

/// What one decision is about, beside its candidates and the time.
struct OfferSubject {
  /// The item's token, and its seller if it is known.
  var item: UInt64
  var seller: UInt32?
  var destination: UInt32
  var terms: PromiseTerms

  /// What is known of the item besides its stock.
  mutating func take(_ item: ItemAttributes) {
    seller = item.seller
    terms.handlingMinutes = item.handlingMinutes
    terms.tier.restrictions = item.restrictions
    terms.releaseUnixSeconds = item.releaseUnixSeconds
  }
}

/// What overrides made of a decision.
struct Overruling {
  /// The system's own answer, and what is answered instead; often the same.
  var own: OfferDecision
  var decision: OfferDecision
  /// Places of the overrides that fit a candidate, ascending, each once.
  var consulted: [Int] = []
  /// Candidates that are skipped, with the override that blocks them.
  var blocked: [(node: UInt16, place: Int)] = []
  /// Candidates that go before all others, with the override that forces them.
  var forced: [(node: UInt16, place: Int)] = []
}

extension State {
  /// Decides an offer: the system's own answer, then the overrides, then the counts of both.
  func decideCounting(
    _ candidates: StockCandidates, _ subject: OfferSubject, _ profiles: OfferProfiles,
    at now: UnixMilliseconds
  ) -> OfferDecision {
    let own = profiles.decideWithReason(candidates, subject, at: now)
    if overrides.isEmpty { return own }
    guard let overruling = overrule(own, candidates, subject, profiles, at: now) else { return own }
    for place in overruling.consulted {
      overrides.count(place, differed: overruling.decision != own)
    }
    return overruling.decision
  }

  /// Consults the overrides, or nil when none fits a candidate that holds the quantity. They come
  /// last: a blocked candidate is skipped, a forced one is chosen whenever it can promise at all;
  /// a block counts for more than a force. `overrideBlocks` when only they stand in the way.
  ///
  /// - Complexity: O(overrides that fit × candidates × steps of a way).
  func overrule(
    _ own: OfferDecision, _ candidates: StockCandidates, _ subject: OfferSubject,
    _ profiles: OfferProfiles, at now: UnixMilliseconds, ignoring ignored: Int? = nil
  ) -> Overruling? {
    let places = overridesFitting(subject, at: now).filter { $0 != ignored }
    if places.isEmpty { return nil }
    var result = Overruling(own: own, decision: own)
    for index in 0..<candidates.nodes.count
    where candidates.available[index] >= subject.terms.quantity {
      let node = candidates.nodes[index]
      for place in places where fits(place, candidates.only(index), subject, profiles, at: now) {
        if !result.consulted.contains(place) { result.consulted.append(place) }
        switch overrides.rows[place].action {
        case .block: result.blocked.append((node, place))
        case .force: result.forced.append((node, place))
        }
      }
    }
    if result.consulted.isEmpty { return nil }
    result.consulted.sort()
    guard case .offer = own else { return result }
    let forced = chosen(candidates, subject, profiles, at: now) { node in
      result.forced.contains { $0.node == node } && !result.blocked.contains { $0.node == node }
    }
    if case .offer = forced {
      result.decision = forced
      return result
    }
    let allowed = chosen(candidates, subject, profiles, at: now) { node in
      !result.blocked.contains { $0.node == node }
    }
    result.decision = .refused(.overrideBlocks)
    if case .offer = allowed { result.decision = allowed }
    return result
  }

  /// Places of the live overrides that may fit a candidate, ascending.
  func overridesFitting(_ subject: OfferSubject, at now: UnixMilliseconds) -> [Int] {
    var places: [Int] = []
    if overrides.isEmpty { return places }
    overrides.appendFitting(
      item: subject.item, seller: subject.seller,
      zone: network.destinations[Int(subject.destination)].zone, at: now, to: &places)
    places.sort()
    return places
  }

  /// Whether one of them fits a candidate: it is of the node, and its way uses the leg.
  func fits(
    _ place: Int, _ candidate: StockCandidates, _ subject: OfferSubject, _ profiles: OfferProfiles,
    at now: UnixMilliseconds
  ) -> Bool {
    if let wanted = overrides.scopes[place].node, wanted != candidate.nodes[0] { return false }
    let leg = overrides.rows[place].leg
    if leg.isEmpty { return true }
    guard case .offer(let offer) = profiles.decide(candidate, subject, at: now) else {
      return false
    }
    var steps = GrowableColumn<PathStep>()
    profiles.set.appendPath(of: offer, to: &steps)
    return leg.bytes.withUnsafeBufferPointer { bytes in
      (0..<steps.count).contains { index in
        steps[index].to != PathStep.customer && same(steps[index].name, BorrowedBytes(bytes))
      }
    }
  }

  /// The best offer among some of the candidates.
  private func chosen(
    _ candidates: StockCandidates, _ subject: OfferSubject, _ profiles: OfferProfiles,
    at now: UnixMilliseconds, where isWanted: (UInt16) -> Bool
  ) -> OfferDecision {
    var nodes: [UInt16] = []
    var available: [Int64] = []
    var admitted: [Int64] = []
    var supplies: [DatedSupply] = []
    for index in 0..<candidates.nodes.count where isWanted(candidates.nodes[index]) {
      nodes.append(candidates.nodes[index])
      available.append(candidates.available[index])
      if candidates.admittedFromUnixSeconds.count > 0 {
        admitted.append(candidates.admittedFromUnixSeconds[index])
      }
      if candidates.supplies.count > 0 { supplies.append(candidates.supplies[index]) }
    }
    return nodes.withUnsafeBufferPointer { nodes in
      available.withUnsafeBufferPointer { available in
        admitted.withUnsafeBufferPointer { admitted in
          supplies.withUnsafeBufferPointer { supplies in
            profiles.decide(
              StockCandidates(
                nodes: Column(nodes), available: Column(available),
                admittedFromUnixSeconds: Column(admitted), supplies: Column(supplies)), subject,
              at: now)
          }
        }
      }
    }
  }
}

extension StockCandidates {
  /// One of the candidates; borrowed like all of them.
  func only(_ index: Int) -> StockCandidates {
    StockCandidates(
      nodes: Column(base: nodes.base.map { $0 + index }, count: 1),
      available: Column(base: available.base.map { $0 + index }, count: 1),
      admittedFromUnixSeconds: admittedFromUnixSeconds.count == 0
        ? .empty : Column(base: admittedFromUnixSeconds.base.map { $0 + index }, count: 1),
      supplies: supplies.count == 0
        ? .empty : Column(base: supplies.base.map { $0 + index }, count: 1))
  }
}
