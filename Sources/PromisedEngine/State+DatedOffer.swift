import PromisedInvariants
import PromisedModel

/// Offers of an item's units that are not there yet, beside those of units that are.
extension State {
  /// Whether what comes is looked at, after what is on hand was.
  @inline(__always)
  func asksForSupply(_ decision: OfferDecision, _ choice: SupplyChoice) -> Bool {
    if case .offer = decision { return choice == .soonest }
    return choice != .onHand
  }

  /// Fills `scratch.dated` with where the units that a subject wants come to; with nothing for an
  /// item of which nothing comes.
  func findDatedCandidates(
    _ subject: OfferSubject, _ channel: UInt16, _ catalogue: ProfileCatalogue,
    at now: UnixMilliseconds
  ) {
    scratch.dated.removeAll()
    if !hasDatedSupply(subject.item) { return }
    beginTaking()
    findDatedSupply(
      of: subject.item, quantity: subject.terms.quantity, channel: channel,
      confidence: subject.terms.confidence, at: now)
    for index in 0..<scratch.dated.supplies.count {
      scratch.dated.admitted.append(
        admittedFrom(scratch.dated.supplies[index], catalogue.schedule(.whole), at: now))
    }
  }

  /// From when an order for a supply counts in its node: when the units are there, in the first open
  /// hour that is not closed to new offers then; later from a node whose silence widens its promises.
  func admittedFrom(
    _ supply: DatedSupply, _ profiles: ProfileSet, at now: UnixMilliseconds
  ) -> Int64 {
    let from = supply.fromUnixSeconds
    if !hasLateNodes { return from }
    let hour = openHour(supply.node, profiles, at: UnixMilliseconds(from * 1000))
    return max(hour, from + silenceDelaySeconds(supply.node, at: now))
  }

  /// What is on hand or what comes, by the window: the earlier one, and of equal ones what is on
  /// hand. A node that an override forces stays chosen. Without any offer, the reason of what comes
  /// where nothing is on hand.
  func preferred(
    _ own: OfferDecision, _ candidates: StockCandidates, _ subject: OfferSubject,
    _ profiles: OfferProfiles, at now: UnixMilliseconds
  ) -> OfferDecision {
    if scratch.dated.nodes.count == 0 { return own }
    let dated = decideCounting(scratch.dated.candidates, subject, profiles, at: now)
    let ruling =
      overrides.isEmpty ? nil : overrule(own, candidates, subject, profiles, at: now)
    let forced = ruling?.forced.map(\.node) ?? []
    return Self.prefersDated(dated, to: own, forced: forced) ? dated : own
  }

  /// The chance that an offer's order is delivered by the end of a local date.
  func chance(
    _ offer: Offer, _ subject: OfferSubject, _ profiles: OfferProfiles, byDays: Int32,
    at now: UnixMilliseconds
  ) -> UInt16 {
    guard offer.supply != 0, let place = datedPlace(of: offer.node) else {
      return profiles.catalogue.chance(
        node: offer.node, subject.terms, destination: subject.destination, now: now,
        byDays: byDays, pending: profiles.pending)
    }
    return profiles.datedChance(
      scratch.dated.supplies[place], admittedFrom: scratch.dated.admitted[place], subject,
      byDays: byDays, at: now)
  }

  private func datedPlace(of node: UInt16) -> Int? {
    for index in 0..<scratch.dated.nodes.count where scratch.dated.nodes[index] == node {
      return index
    }
    return nil
  }

  // MARK: The reply

  /// What the row appended last rests on.
  func appendSupply(of offer: Offer, into reply: inout OfferReply) {
    guard let place = datedPlace(of: offer.node) else { return }
    reply.append(scratch.dated.supplies[place])
  }

  /// What comes first of a row that is no offer.
  func appendNextSupply(into reply: inout OfferReply) {
    var first: DatedSupply?
    for index in 0..<scratch.dated.supplies.count {
      let supply = scratch.dated.supplies[index]
      if let first, first.fromUnixSeconds <= supply.fromUnixSeconds { continue }
      first = supply
    }
    if let first { reply.append(first) }
  }
}

extension OfferReply {
  /// What the row appended last rests on.
  fileprivate mutating func append(_ supply: DatedSupply) {
    fillSupplies(rows: codes.count - 1)
    supplies.append(UInt32(supply.source))
    availableFromUnixSeconds.append(supply.fromUnixSeconds)
    suppliedUnits.append(supply.units)
  }

  /// Makes the columns whole, where any row is of units that come.
  mutating func finishSupplies() {
    if supplies.count > 0 { fillSupplies(rows: codes.count) }
  }

  private mutating func fillSupplies(rows: Int) {
    for row in supplies.count..<max(rows, supplies.count) {
      supplies.append(codes[row] == 0 ? UInt32(SupplySource.onHand.rawValue) : 0)
      availableFromUnixSeconds.append(0)
      suppliedUnits.append(0)
    }
  }
}
