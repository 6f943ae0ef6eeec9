import PromisedModel

/// What one decision is about, beside its candidates and the time.
struct AskedTerms {
  /// The item's token, and its seller if it is known.
  var item: UInt64
  var seller: UInt32?
  /// 1 or more.
  var quantity: Int64
  var destination: UInt32
  /// Open minutes on top of each node's own processing.
  var handlingMinutes: Int32
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
    _ candidates: StockCandidates, _ terms: AskedTerms, _ profiles: ProfileSet,
    at now: UnixMilliseconds
  ) -> OfferDecision {
    let own = profiles.decide(candidates, terms, at: now)
    if overrides.isEmpty { return own }
    guard let overruling = overrule(own, candidates, terms, profiles, at: now) else { return own }
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
    _ own: OfferDecision, _ candidates: StockCandidates, _ terms: AskedTerms,
    _ profiles: ProfileSet, at now: UnixMilliseconds
  ) -> Overruling? {
    let places = overridesFitting(terms, at: now)
    if places.isEmpty { return nil }
    var result = Overruling(own: own, decision: own)
    for index in 0..<candidates.nodes.count where candidates.available[index] >= terms.quantity {
      let node = candidates.nodes[index]
      for place in places where fits(place, node, terms, profiles, at: now) {
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
    let forced = chosen(candidates, terms, profiles, at: now) { node in
      result.forced.contains { $0.node == node } && !result.blocked.contains { $0.node == node }
    }
    if case .offer = forced {
      result.decision = forced
      return result
    }
    let allowed = chosen(candidates, terms, profiles, at: now) { node in
      !result.blocked.contains { $0.node == node }
    }
    result.decision = .refused(.overrideBlocks)
    if case .offer = allowed { result.decision = allowed }
    return result
  }

  /// Places of the live overrides that may fit a candidate, ascending.
  func overridesFitting(_ terms: AskedTerms, at now: UnixMilliseconds) -> [Int] {
    var places: [Int] = []
    if overrides.isEmpty { return places }
    overrides.appendFitting(
      item: terms.item, seller: terms.seller,
      zone: network.destinations[Int(terms.destination)].zone, at: now, to: &places)
    places.sort()
    return places
  }

  /// Whether one of them fits a candidate: it is of the node, and its way uses the leg.
  func fits(
    _ place: Int, _ node: UInt16, _ terms: AskedTerms, _ profiles: ProfileSet,
    at now: UnixMilliseconds
  ) -> Bool {
    if let wanted = overrides.scopes[place].node, wanted != node { return false }
    let leg = overrides.rows[place].leg
    if leg.isEmpty { return true }
    guard case .offer(let offer) = profiles.decide(node, terms, at: now) else { return false }
    var steps = GrowableColumn<PathStep>()
    profiles.appendPath(of: offer, to: &steps)
    return leg.bytes.withUnsafeBufferPointer { bytes in
      (0..<steps.count).contains { index in
        steps[index].to != PathStep.customer && same(steps[index].name, BorrowedBytes(bytes))
      }
    }
  }

  /// The best offer among some of the candidates.
  private func chosen(
    _ candidates: StockCandidates, _ terms: AskedTerms, _ profiles: ProfileSet,
    at now: UnixMilliseconds, where isWanted: (UInt16) -> Bool
  ) -> OfferDecision {
    var nodes: [UInt16] = []
    var available: [Int64] = []
    for index in 0..<candidates.nodes.count where isWanted(candidates.nodes[index]) {
      nodes.append(candidates.nodes[index])
      available.append(candidates.available[index])
    }
    return profiles.decide(nodes, available, terms, at: now)
  }
}

extension ProfileSet {
  /// The system's own answer.
  @inline(__always)
  func decide(
    _ candidates: StockCandidates, _ terms: AskedTerms, at now: UnixMilliseconds
  ) -> OfferDecision {
    decideOffer(
      candidates, quantity: terms.quantity, destination: terms.destination, now: now,
      handlingMinutes: terms.handlingMinutes)
  }

  func decide(
    _ nodes: [UInt16], _ available: [Int64], _ terms: AskedTerms, at now: UnixMilliseconds
  ) -> OfferDecision {
    nodes.withUnsafeBufferPointer { nodes in
      available.withUnsafeBufferPointer { available in
        decide(
          StockCandidates(nodes: Column(nodes), available: Column(available)), terms, at: now)
      }
    }
  }

  /// What a node alone would promise if it held the quantity.
  func decide(_ node: UInt16, _ terms: AskedTerms, at now: UnixMilliseconds) -> OfferDecision {
    withUnsafePointer(to: node) { node in
      withUnsafePointer(to: terms.quantity) { units in
        decide(
          StockCandidates(
            nodes: Column(base: node, count: 1), available: Column(base: units, count: 1)), terms,
          at: now)
      }
    }
  }
}
