import PromisedInvariants
import PromisedModel

/// What one decision is made from: enough to make it again with one thing changed.
struct DecisionBasis {
  var profiles: OfferProfiles
  var subject: OfferSubject
  var now: UnixMilliseconds
  // Parallel: where the item has rows, units available there, and from when an order counts there.
  var nodes: [UInt16] = []
  var available: [Int64] = []
  var admittedFromUnixSeconds: [Int64] = []
  /// What the units of each rest on; empty = they are on hand everywhere.
  var supplies: [DatedSupply] = []
  /// Units that are there now, where those above come later; looked up only.
  var availableNow: [UInt16: Int64] = [:]
  /// Who asks; 0 = no channel.
  var channel: UInt16 = 0
  /// Silent nodes that widen what they promise, by how much; looked up only.
  var widenedBySeconds: [UInt16: Int64] = [:]
  /// From when an order counts at nodes that are full now; looked up only.
  var fullUntilUnixSeconds: [UInt16: Int64] = [:]
  /// An override that is left out, by its place.
  var ignoredOverride: Int?

  var quantity: Int64 { subject.terms.quantity }

  func available(at node: UInt16) -> Int64 {
    nodes.firstIndex(of: node).map { available[$0] } ?? 0
  }

  /// What a node's units rest on when they are not there yet.
  func supply(at node: UInt16) -> DatedSupply? {
    guard !supplies.isEmpty, let place = nodes.firstIndex(of: node), supplies[place].source != 0
    else { return nil }
    return supplies[place]
  }

  /// When an order counts at a node that takes on no work now; 0 = now.
  func admittedFrom(at node: UInt16) -> Int64 { fullUntilUnixSeconds[node] ?? 0 }

  /// The same with the whole quantity at a node.
  func stocking(_ node: UInt16) -> DecisionBasis {
    var other = self
    if let place = nodes.firstIndex(of: node) {
      other.available[place] = max(available[place], quantity)
      if supply(at: node) != nil {
        other.supplies[place] = DatedSupply(onHandAt: node)
        other.admittedFromUnixSeconds[place] = max(now.seconds, admittedFrom(at: node))
      }
    } else {
      if !supplies.isEmpty { other.supplies.append(DatedSupply(onHandAt: node)) }
      other.nodes.append(node)
      other.available.append(quantity)
      if !admittedFromUnixSeconds.isEmpty {
        other.admittedFromUnixSeconds.append(max(now.seconds, admittedFrom(at: node)))
      }
    }
    return other
  }

  /// The same with room at a node.
  func admitting(_ node: UInt16) -> DecisionBasis {
    var other = self
    other.fullUntilUnixSeconds[node] = nil
    if !admittedFromUnixSeconds.isEmpty, let place = nodes.firstIndex(of: node) {
      other.admittedFromUnixSeconds[place] = now.seconds
    }
    return other
  }

  func withCandidates<Result>(_ body: (StockCandidates) -> Result) -> Result {
    nodes.withUnsafeBufferPointer { nodes in
      available.withUnsafeBufferPointer { available in
        admittedFromUnixSeconds.withUnsafeBufferPointer { admitted in
          supplies.withUnsafeBufferPointer { supplies in
            body(
              StockCandidates(
                nodes: Column(nodes), available: Column(available),
                admittedFromUnixSeconds: Column(admitted), supplies: Column(supplies)))
          }
        }
      }
    }
  }

  /// What a node alone would answer if it held the quantity.
  func answer(of node: UInt16) -> Offer? {
    var alone = self
    alone.nodes = [node]
    alone.available = [quantity]
    alone.supplies = supplies.isEmpty ? [] : [supply(at: node) ?? DatedSupply(onHandAt: node)]
    if !admittedFromUnixSeconds.isEmpty {
      let own = nodes.firstIndex(of: node).map { admittedFromUnixSeconds[$0] }
      alone.admittedFromUnixSeconds = [own ?? max(now.seconds, admittedFrom(at: node))]
    }
    guard case .offer(let offer) = alone.withCandidates({ profiles.decide($0, subject, at: now) })
    else { return nil }
    return offer
  }
}

extension State {
  /// The decision that an offer makes of a basis: the same code.
  func decide(_ basis: DecisionBasis) -> (decision: OfferDecision, overruling: Overruling?) {
    basis.withCandidates { candidates in
      let own = basis.profiles.decideWithReason(candidates, basis.subject, at: basis.now)
      let overruling = overrule(
        own, candidates, basis.subject, basis.profiles, at: basis.now,
        ignoring: basis.ignoredOverride)
      return (overruling?.decision ?? own, overruling)
    }
  }

  /// The basis of an offer of a question.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE, CHANNEL_UNKNOWN, ITEM_UNKNOWN, POSTCODE_UNKNOWN.
  func basis(
    of question: OfferQuestion, at now: UnixMilliseconds, _ catalogue: ProfileCatalogue
  ) throws(Refusal) -> (basis: DecisionBasis, destination: Destination) {
    if question.quantity < 1 || question.quantity > Limits.unitsPerPosition {
      throw Refusal(
        .fieldOutOfRange, "quantity is \(question.quantity): 1 to \(Limits.unitsPerPosition)")
    }
    let channel = try question.channel.bytes.withUnsafeBufferPointer {
      (bytes) throws(Refusal) in try channelIndex(BorrowedBytes(bytes))
    }
    let token = token(of: question.item)
    let slot = token == 0 ? -1 : positions.find(token)
    if slot < 0 { throw unknownItem(question.item) }
    observe(item: token)
    guard let destination = destination(question.country, question.postcode) else {
      throw Refusal(
        .postcodeUnknown, "postcode \(question.postcode) of \(question.country) is in no zone",
        key: question.postcode)
    }
    var subject = OfferSubject(
      item: token, seller: nil, destination: destination.index,
      terms: PromiseTerms(
        level: question.level, confidence: question.confidence,
        quantity: Int64(question.quantity)))
    let attribute = Int(positions.attribute(slot))
    if attribute != 0 { subject.take(attributes[attribute]) }
    var basis = DecisionBasis(
      profiles: OfferProfiles(catalogue, subject.terms, pending: pendingChanges),
      subject: subject, now: now)
    basis.channel = channel
    if isPlain(slot) {
      for place in 0..<positions.rowCount(slot) {
        basis.nodes.append(positions.nodes(slot)[place])
        basis.available.append(
          offerable(positions.rows(slot)[place], positions.nodes(slot)[place], at: now))
      }
    } else {
      fillCandidates(slot, channel: channel, backorders: .none, at: now)
      for place in 0..<scratch.candidates.count {
        basis.nodes.append(scratch.candidates[place])
        basis.available.append(scratch.available[place])
      }
    }
    admit(&basis)
    return (basis, destination)
  }

  /// Fills in from when orders of the basis' time count, as offers do.
  func admit(_ basis: inout DecisionBasis) {
    basis.admittedFromUnixSeconds = []
    basis.fullUntilUnixSeconds = [:]
    basis.widenedBySeconds = [:]
    if !hasLateNodes && basis.supplies.isEmpty { return }
    let schedule = basis.profiles.catalogue.schedule(.whole)
    for node in basis.nodes {
      let supply = basis.supply(at: node)
      basis.admittedFromUnixSeconds.append(
        supply.map { admittedFrom($0, schedule, at: basis.now) }
          ?? admittedFrom(node, schedule, at: basis.now))
      let delay = silenceDelaySeconds(node, at: basis.now)
      if delay > 0 { basis.widenedBySeconds[node] = delay }
    }
    for (index, node) in network.nodes.enumerated() where node?.unitsPerHour ?? 0 > 0 {
      let from = admittedFrom(UInt16(index), schedule, at: basis.now)
      if from > basis.now.seconds { basis.fullUntilUnixSeconds[UInt16(index)] = from }
    }
  }

  private func destination(_ country: Name, _ postcode: Name) -> Destination? {
    country.bytes.withUnsafeBufferPointer { country in
      postcode.bytes.withUnsafeBufferPointer { postcode in
        network.destination(country: BorrowedBytes(country), postcode: BorrowedBytes(postcode))
      }
    }
  }
}
