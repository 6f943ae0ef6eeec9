import PromisedInvariants
import PromisedModel

extension State {
  /// Why an offer is what it is: the decision by the code that makes offers, what became of every
  /// node, the chosen way with its slack, what binds, and the smallest single changes that would
  /// have given an earlier window.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE, CHANNEL_UNKNOWN, ITEM_UNKNOWN, POSTCODE_UNKNOWN,
  ///   NETWORK_NOT_READY.
  /// - Complexity: a few decisions for each node that holds the item or could ship to the
  ///   destination; for each closed departure on a better way, a build of the destination's rows.
  package func explain(
    _ question: OfferQuestion, at now: UnixMilliseconds
  ) throws(Refusal) -> Explanation {
    observeNetwork()
    return try explain(
      question, at: now, try answeringCatalogue(at: now),
      epoch: answering?.epoch ?? publication.epoch)
  }

  /// The same from given profiles, which are of the network as it is.
  package func explain(
    _ question: OfferQuestion, at now: UnixMilliseconds, _ catalogue: ProfileCatalogue,
    epoch: UInt64
  ) throws(Refusal) -> Explanation {
    let (asked, destination) = try basis(of: question, at: now, catalogue)
    let (basis, decision, overruling) = decideSupplied(asked, question.supply)
    var trace = DecisionTrace(
      state: self, basis: basis, decision: decision, overruling: overruling,
      explanation: Explanation(question: question))
    trace.explanation.position = appliedPosition
    trace.explanation.decidedAt = now
    trace.explanation.profileEpoch = epoch
    trace.explanation.networkRevision = catalogue.image.revision
    trace.explanation.postcodeExact = destination.exact
    trace.explain()
    return trace.explanation
  }
}

/// An explanation in the making.
struct DecisionTrace {
  let state: State
  let basis: DecisionBasis
  let decision: OfferDecision
  let overruling: Overruling?
  var explanation: Explanation
  /// Nodes that have rows of the item or could ship to the destination, ascending.
  var nodes: [UInt16] = []

  /// The most nodes that are traced besides those with rows of the item.
  static var furtherNodes: Int { 256 }

  init(
    state: State, basis: DecisionBasis, decision: OfferDecision, overruling: Overruling?,
    explanation: Explanation
  ) {
    self.state = state
    self.basis = basis
    self.decision = decision
    self.overruling = overruling
    self.explanation = explanation
  }

  var offer: Offer? {
    if case .offer(let offer) = decision { offer } else { nil }
  }

  mutating func explain() {
    tellPlace()
    tellDecision()
    tellSuppliedOffer()
    tellCandidates()
    tellSteps()
    tellCounterfactuals()
    tellConstraint()
  }

  private mutating func tellPlace() {
    let row = state.network.destinations[Int(basis.subject.destination)]
    explanation.zone = state.network.zoneNames.name(Int(row.zone))
    guard row.station != .noIndex else { return }
    explanation.station = state.network.nodeNames.name(Int(row.station))
    if let node = state.network.nodes[Int(row.station)] {
      explanation.destinationLatitudeE6 = node.latitudeE6
      explanation.destinationLongitudeE6 = node.longitudeE6
    }
  }

  private mutating func tellDecision() {
    explanation.overrides = (overruling?.consulted ?? []).map { state.overrides.rows[$0].id }
    switch decision {
    case .refused(let code): explanation.code = code
    case .offer(let offer):
      explanation.node = state.network.nodeNames.name(Int(offer.node))
      explanation.windowFromUnixSeconds = offer.windowFromUnixSeconds
      explanation.windowToUnixSeconds = offer.windowToUnixSeconds
      explanation.windowUTCOffsetSeconds = offer.windowUTCOffsetSeconds
      explanation.deliveryDays = offer.deliveryDate.days
      explanation.orderByUnixSeconds = offer.orderByUnixSeconds
      explanation.orderByUTCOffsetSeconds = offer.orderByUTCOffsetSeconds
      explanation.shipByUnixSeconds = offer.cutoffUnixSeconds
      explanation.chance = offer.confidence
      explanation.confidenceSource = offer.confidence == 0 ? .certain : .declared
    }
  }

  // MARK: The way

  private mutating func tellSteps() {
    guard let offer else { return }
    var steps = GrowableColumn<PathStep>()
    basis.profiles.holding(offer, basis.subject.terms).appendPath(of: offer, to: &steps)
    var ready = readyUnixSeconds(offer.node)
    for index in 0..<steps.count {
      let step = steps[index]
      explanation.steps.append(trace(step, readyUnixSeconds: ready))
      if step.to == PathStep.customer { return }
      let dwell = state.network.nodes[Int(step.to)]?.dwellMinutes ?? 0
      ready = step.arrivalUnixSeconds + Int64(dwell) * 60
    }
  }

  private func trace(_ step: PathStep, readyUnixSeconds ready: Int64) -> StepTrace {
    var trace = StepTrace()
    trace.name = step.name.name
    trace.mode = TransportMode(rawValue: step.mode) ?? .road
    trace.from = state.network.nodeNames.name(Int(step.from))
    if let node = state.network.nodes[Int(step.from)] {
      trace.fromTitle = node.title
      trace.fromLatitudeE6 = node.latitudeE6
      trace.fromLongitudeE6 = node.longitudeE6
    }
    if step.to == PathStep.customer {
      trace.toLatitudeE6 = explanation.destinationLatitudeE6
      trace.toLongitudeE6 = explanation.destinationLongitudeE6
      trace.carrier = carrier(of: step)
    } else {
      trace.to = state.network.nodeNames.name(Int(step.to))
      if let node = state.network.nodes[Int(step.to)] {
        trace.toTitle = node.title
        trace.toLatitudeE6 = node.latitudeE6
        trace.toLongitudeE6 = node.longitudeE6
      }
      trace.unitsLeft = unitsLeft(of: step)
    }
    trace.departureUnixSeconds = step.departureUnixSeconds
    trace.arrivalUnixSeconds = step.arrivalUnixSeconds
    trace.departureUTCOffsetSeconds = step.departureUTCOffsetSeconds
    trace.arrivalUTCOffsetSeconds = step.arrivalUTCOffsetSeconds
    if ready != 0 { trace.slackMinutes = floorDivide(step.departureUnixSeconds - ready, 60) }
    return trace
  }

  /// When an order of now is at a node's dock; 0 = not within the horizon.
  func readyUnixSeconds(_ node: UInt16) -> Int64 {
    let set = basis.profiles.set
    guard let function = set.readyFunction(node: node) else { return 0 }
    let minute = orderMinute(node)
    let processing =
      set.frame.openings.processing.base[Int(node)] + basis.subject.terms.handlingMinutes
    guard let ready = function.ready(at: Int32(minute), processing: processing) else { return 0 }
    return set.horizon.unixSeconds(ready)
  }

  /// The minute from which the order counts at a node.
  func orderMinute(_ node: UInt16) -> UInt16 {
    let set = basis.profiles.set
    return max(
      set.orderMinute(basis.now),
      set.orderMinute(ofUnixSeconds: basis.subject.terms.releaseUnixSeconds),
      set.orderMinute(ofUnixSeconds: basis.admittedFrom(at: node)),
      set.orderMinute(ofUnixSeconds: basis.supply(at: node)?.fromUnixSeconds ?? 0))
  }

  private func carrier(of step: PathStep) -> Name {
    let zone = state.network.destinations[Int(basis.subject.destination)].zone
    guard let service = state.network.serviceNames.index(of: step.name),
      let lane = state.network.laneIndexes[
        LaneKey(origin: step.from, service: UInt32(service), zone: zone)],
      state.network.lanes[lane].carrier != .noIndex
    else { return .empty }
    return state.network.carrierNames.name(Int(state.network.lanes[lane].carrier))
  }

  /// Units that a departure still takes; −1 = no limit.
  private func unitsLeft(of step: PathStep) -> Int64 {
    guard let leg = state.network.legNames.index(of: step.name),
      state.network.legs[leg].capacityUnits > 0
    else { return -1 }
    let scheduled = state.network.scheduledDeparture(
      leg: leg, actual: step.departureUnixSeconds, state.board)
    let key = BucketKey(
      kind: BucketKind.leg.rawValue, index: UInt32(leg),
      atUnixSeconds: scheduled ?? step.departureUnixSeconds)
    return max(0, state.free(key))
  }
}
