import PromisedModel

package struct NetworkTier: Equatable {
  package var level: ServiceLevel
  package var restrictions: ItemRestrictions
}
package struct OfferTerms: Equatable {
  package var tier: NetworkTier
  package var confidence: ConfidenceLevel?
  package var quantity: Int64
  package var handlingMinutes: Int32
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
package final class PendingChanges: Sendable {}
package final class ProfileCatalogue: Sendable {
  let set: ProfileSet
  package var image: NetworkImage { self.set.image }
  init(_ set: ProfileSet) { self.set = set }
  func profiles(_ terms: OfferTerms) -> ProfileSet { set }
  func decideOffer(
    _ candidates: StockCandidates, _ terms: OfferTerms, destination: UInt32,
    now: UnixMilliseconds, pending: PendingChanges? = nil
  ) -> OfferDecision {
    set.decideOffer(
      candidates, quantity: terms.quantity, destination: destination, now: now,
      handlingMinutes: terms.handlingMinutes)
  }
}
extension ProfileSet {
  func decideOffer(
    _ candidates: StockCandidates, quantity: Int64, destination: UInt32, now: UnixMilliseconds,
    handlingMinutes: Int32, releaseUnixSeconds: Int64, pending: PendingChanges?
  ) -> OfferDecision {
    decideOffer(
      candidates, quantity: quantity, destination: destination, now: now,
      handlingMinutes: handlingMinutes)
  }
  func orderMinute(ofUnixSeconds seconds: Int64) -> UInt16 {
    let limit = Int64.max / 1000
    return orderMinute(UnixMilliseconds(min(max(seconds, -limit), limit) * 1000))
  }
}
extension StockCandidates {
  var admittedFromUnixSeconds: Column<Int64> { .empty }
  init(nodes: Column<UInt16>, available: Column<Int64>, admittedFromUnixSeconds: Column<Int64>) {
    self.init(nodes: nodes, available: available)
  }
}
extension State {
  var pendingChanges: PendingChanges? { nil }
  func answeringCatalogue(at now: UnixMilliseconds) throws(Refusal) -> ProfileCatalogue {
    ProfileCatalogue(try answeringProfiles(at: now))
  }
  func unitsLeft(of step: PathStep) -> Int64 { -1 }
  func carrier(of step: PathStep, _ destination: UInt32) -> Name { .empty }
}
extension DecisionTrace {
  func answerAsTimetabled(_ node: UInt16) -> (offer: Offer, subject: Name)? { nil }
  mutating func departuresOpen() {}
}
