import PromisedModel

/// Explanations of units that are not there yet, and of nodes that nothing is heard of.
extension State {
  /// The decision that an offer makes of a question: of what is on hand and, as the question
  /// chooses, of what comes. The basis that is answered with it has what comes in it when that
  /// decided.
  func decideSupplied(
    _ basis: DecisionBasis, _ choice: SupplyChoice
  ) -> (basis: DecisionBasis, decision: OfferDecision, overruling: Overruling?) {
    let (own, ruling) = decide(basis)
    if !asksForSupply(own, choice) { return (basis, own, ruling) }
    findDatedCandidates(
      basis.subject, basis.channel, basis.profiles.catalogue, at: basis.now)
    if scratch.dated.nodes.count == 0 { return (basis, own, ruling) }
    let supplied = adding(scratch.dated.candidates.supplies, to: basis)
    let (dated, datedRuling) = decide(supplied.onlyDated)
    let forced = ruling?.forced.map(\.node) ?? []
    if Self.prefersDated(dated, to: own, forced: forced) { return (supplied, dated, datedRuling) }
    return (basis, own, ruling)
  }

  /// Whether what comes is answered instead of what is on hand.
  static func prefersDated(
    _ dated: OfferDecision, to own: OfferDecision, forced: [UInt16]
  ) -> Bool {
    switch (own, dated) {
    case (.offer(let here), .offer(let later)):
      later.isBetter(than: here) && !forced.contains(here.node)
    case (.offer, .refused): false
    case (.refused, .offer): true
    case (.refused(let code), .refused): code == .noStock
    }
  }

  /// The basis with what comes, where units on hand do not do.
  private func adding(
    _ supplies: Column<DatedSupply>, to basis: DecisionBasis
  ) -> DecisionBasis {
    var other = basis
    other.supplies = basis.nodes.map { DatedSupply(onHandAt: $0) }
    for index in 0..<supplies.count {
      let supply = supplies[index]
      if let place = basis.nodes.firstIndex(of: supply.node) {
        if basis.available[place] >= basis.quantity { continue }
        other.availableNow[supply.node] = basis.available[place]
        other.available[place] = supply.units
        other.supplies[place] = supply
      } else {
        other.availableNow[supply.node] = 0
        other.nodes.append(supply.node)
        other.available.append(supply.units)
        other.supplies.append(supply)
      }
    }
    admit(&other)
    return other
  }
}

extension DecisionBasis {
  /// Without the nodes whose units are there now.
  fileprivate var onlyDated: DecisionBasis {
    var other = self
    (other.nodes, other.available) = ([], [])
    (other.supplies, other.admittedFromUnixSeconds) = ([], [])
    for place in nodes.indices where supplies[place].source != 0 {
      other.nodes.append(nodes[place])
      other.available.append(available[place])
      other.supplies.append(supplies[place])
      other.admittedFromUnixSeconds.append(admittedFromUnixSeconds[place])
    }
    return other
  }

  /// The same with a silent node heard of.
  func hearing(_ node: UInt16) -> DecisionBasis {
    var other = self
    other.widenedBySeconds[node] = nil
    if let delay = widenedBySeconds[node], !admittedFromUnixSeconds.isEmpty,
      let place = nodes.firstIndex(of: node)
    {
      let from = supply(at: node)?.fromUnixSeconds ?? now.seconds
      other.admittedFromUnixSeconds[place] = max(
        from, admittedFromUnixSeconds[place] - delay)
    }
    return other
  }
}

extension DatedSupply {
  /// Units that are there now, beside others that come.
  init(onHandAt node: UInt16) {
    self.init(
      node: node, source: 0, fromUnixSeconds: 0, units: 0, earlyUnixSeconds: 0,
      medianUnixSeconds: 0, lateUnixSeconds: 0)
  }
}

extension DecisionTrace {
  /// Nodes of each kind that are tried.
  private static var triedNodes: Int { 3 }

  /// With the units there now that come later.
  mutating func unitsThere() {
    var better: [(offer: Offer, supply: DatedSupply)] = []
    for node in nodes {
      guard let supply = basis.supply(at: node),
        let answer = basis.stocking(node).answer(of: node)
      else { continue }
      if offer != nil && answer.windowToUnixSeconds >= latestUnixSeconds { continue }
      better.append((answer, supply))
    }
    better.sort {
      let (left, right) = (ComparedWindow($0.offer), ComparedWindow($1.offer))
      return left == right ? $0.supply.node < $1.supply.node : left < right
    }
    for one in better.prefix(Self.triedNodes) {
      let name = state.network.nodeNames.name(Int(one.supply.node))
      let minutes = minutesUntil(one.supply)
      add(basis.stocking(one.supply.node), .unitsThere) {
        $0.subject = name
        $0.atUnixSeconds = one.supply.fromUnixSeconds
        $0.minutes = minutes
      }
    }
  }

  /// With a silent node heard of: what it withholds offered, what it delays not delayed.
  mutating func silentNodesHeardOf() {
    if !state.hasSilenceRules { return }
    var tried = 0
    for node in nodes where tried < Self.triedNodes {
      let name = state.network.nodeNames.name(Int(node))
      switch state.silence(of: node, at: basis.now) {
      case .widen:
        tried += 1
        add(basis.hearing(node), .nodeHeardOf) { $0.subject = name }
      case .withhold:
        if withheldUnits(node) < basis.quantity { continue }
        tried += 1
        add(basis.stocking(node), .nodeHeardOf) { $0.subject = name }
      case .ignore, .warn: continue
      }
    }
  }

  /// Units on hand that are not offered because the node is silent.
  func withheldUnits(_ node: UInt16) -> Int64 {
    if !state.isWithheldForSilence(node, at: basis.now) { return 0 }
    let slot = state.positions.find(basis.subject.item)
    if slot < 0 { return 0 }
    return max(0, state.positions.row(slot, node: node)?.pointee.available ?? 0)
  }

  func minutesUntil(_ supply: DatedSupply) -> Int64 {
    max(0, ceilDivide(supply.fromUnixSeconds - basis.now.seconds, 60))
  }

  /// What the candidate's units rest on, and whether it is heard of.
  func tellSupply(_ node: UInt16, _ trace: inout CandidateTrace) {
    trace.silence = state.silence(of: node, at: basis.now)
    if let supply = basis.supply(at: node) {
      trace.available = basis.availableNow[node] ?? 0
      trace.supply = SupplySource(rawValue: supply.source)
      trace.availableFromUnixSeconds = supply.fromUnixSeconds
      trace.suppliedUnits = supply.units
    } else if trace.available > 0 {
      trace.supply = .onHand
    }
  }

  /// Whether a node of which units come later would be chosen, were they there now; says so.
  func isOnlyLater(_ node: UInt16, _ trace: inout CandidateTrace) -> Bool {
    guard let supply = basis.supply(at: node),
      let answer = basis.stocking(node).answer(of: node)
    else { return false }
    if let offer, offer.isBetter(than: answer) { return false }
    trace.fate = .supplyLater
    trace.byMinutes = minutesUntil(supply)
    return true
  }

  mutating func tellSuppliedOffer() {
    guard let offer else {
      let first = basis.supplies.filter { $0.source != 0 }
        .min { $0.fromUnixSeconds < $1.fromUnixSeconds }
      explanation.availableFromUnixSeconds = first?.fromUnixSeconds ?? 0
      explanation.suppliedUnits = first?.units ?? 0
      return
    }
    explanation.silence = state.silence(of: offer.node, at: basis.now)
    explanation.supply = SupplySource(rawValue: offer.supply) ?? .onHand
    explanation.availableFromUnixSeconds = offer.availableFromUnixSeconds
    explanation.suppliedUnits = basis.supply(at: offer.node)?.units ?? 0
  }
}
