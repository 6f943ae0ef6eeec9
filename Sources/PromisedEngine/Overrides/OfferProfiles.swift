import PromisedModel

/// The profiles that answer one kind of question: those of its level, of what the item is and of
/// its confidence.
struct OfferProfiles {
  let catalogue: ProfileCatalogue
  let set: ProfileSet
  /// Changes of departures that the profiles do not know yet.
  let pending: PendingChanges?

  @inline(__always)
  init(_ catalogue: ProfileCatalogue, _ terms: PromiseTerms, pending: PendingChanges?) {
    self.catalogue = catalogue
    self.pending = pending
    set = catalogue.profiles(terms)
  }

  /// A set of the catalogue that was chosen before.
  init(_ catalogue: ProfileCatalogue, answering set: ProfileSet, pending: PendingChanges?) {
    self.catalogue = catalogue
    self.set = set
    self.pending = pending
  }

  /// Those of other terms.
  func changed(_ terms: PromiseTerms) -> OfferProfiles {
    OfferProfiles(catalogue, terms, pending: pending)
  }

  /// The system's own answer, with the reason when there is none.
  @inline(__always)
  func decideWithReason(
    _ candidates: StockCandidates, _ subject: OfferSubject, at now: UnixMilliseconds
  ) -> OfferDecision {
    let decision = decide(candidates, subject, at: now)
    if case .offer = decision { return decision }
    if candidates.supplies.count > 0 { return datedReason(candidates, subject, at: now) }
    return catalogue.decideOffer(
      candidates, subject.terms, destination: subject.destination, now: now, pending: pending)
  }

  /// The same; the reason is only that of the profiles themselves.
  @inline(__always)
  func decide(
    _ candidates: StockCandidates, _ subject: OfferSubject, at now: UnixMilliseconds
  ) -> OfferDecision {
    if candidates.supplies.count > 0 { return decideDated(candidates, subject, at: now) }
    return set.decideOffer(
      candidates, quantity: subject.terms.quantity, destination: subject.destination, now: now,
      handlingMinutes: subject.terms.handlingMinutes,
      releaseUnixSeconds: subject.terms.releaseUnixSeconds, pending: pending)
  }
}
