import PromisedModel

/// What a publication answers from.
typealias PublishedProfiles = ProfileCatalogue

extension State {
  /// The profiles that answer terms; nil before any are published.
  func profileSet(_ terms: PromiseTerms) -> ProfileSet? {
    profiles.map { Self.profileSet($0, terms) }
  }

  static func profileSet(_ published: PublishedProfiles, _ terms: PromiseTerms) -> ProfileSet {
    published.profiles(terms)
  }
}

extension ProfileCatalogue {
  /// A node's processing on its shifts: the same in all profiles.
  func readyFunction(node: UInt16) -> ReadyFunction? {
    schedule(.whole).readyFunction(node: node)
  }

  func orderMinute(_ now: UnixMilliseconds) -> UInt16 { schedule(.whole).orderMinute(now) }
}
