import PromisedModel

/// What a publication answers from.
typealias PublishedProfiles = ProfileSet

extension State {
  /// The profiles that answer terms; nil before any are published.
  func profileSet(_ terms: OfferTerms) -> ProfileSet? {
    profiles.map { Self.profileSet($0, terms) }
  }

  static func profileSet(_ published: PublishedProfiles, _ terms: OfferTerms) -> ProfileSet {
    published
  }

  /// Changes of departures that the profiles do not know yet.
  var pendingChanges: PendingChanges? { nil }
}
