import PromisedModel

/// How the decision behind an offer's token can be explained.
package enum TokenExplanation {
  /// Nothing it depends on has changed since: explained from the state as it is.
  case live(Explanation)
  /// It must be made again from the archive: the state as it was at `position`, asked at the time
  /// in the token.
  case needsReplay(Position, OfferToken)
}

extension State {
  /// Explains the decision behind an offer's token, if the state still gives it.
  ///
  /// - Throws: TOKEN_INVALID when it is no token, a plan's, or of a position that is not reached;
  ///   otherwise as `explain`.
  package func explain(token bytes: BorrowedBytes) throws(Refusal) -> TokenExplanation {
    guard case .offer(let token) = try Token(bytes) else {
      throw Refusal(
        .tokenInvalid, "the token is of a plan: explain its items, each from its node, one by one")
    }
    if token.position > appliedPosition {
      throw Refusal(
        .tokenInvalid,
        "the token is of position \(token.position), and the log is at \(appliedPosition)")
    }
    if !isUnchanged(since: token) { return .needsReplay(token.position, token) }
    return .live(
      try explain(token, try answeringCatalogue(at: token.decidedAt), epoch: publication.epoch))
  }

  /// Where a token's offer is delivered.
  ///
  /// - Throws: TOKEN_INVALID as `explain` does; POSTCODE_UNKNOWN.
  package func destination(ofToken bytes: BorrowedBytes) throws(Refusal) -> UInt32 {
    guard case .offer(let token) = try Token(bytes) else {
      throw Refusal(.tokenInvalid, "the token is of a plan")
    }
    guard
      let found = network.destination(country: token.country, postcode: token.postcode)
    else {
      throw Refusal(
        .postcodeUnknown, "postcode \(token.postcode.name) of \(token.country.name) is in no zone",
        key: token.postcode.name)
    }
    return found.index
  }

  /// Explains a token's decision from this state, which must be that of its position or one that
  /// has not changed since, and profiles that answered then; says whether it is the token's, bit
  /// for bit.
  package func explain(
    _ token: OfferToken, _ catalogue: ProfileCatalogue, epoch: UInt64
  ) throws(Refusal) -> Explanation {
    observeNetwork()
    let question = OfferQuestion(
      item: token.item.name, quantity: token.quantity, country: token.country.name,
      postcode: token.postcode.name, level: token.level, confidence: token.confidence,
      channel: token.channel.name, supply: token.rest?.choice ?? .whenNeeded)
    var explanation = try explain(question, at: token.decidedAt, catalogue, epoch: epoch)
    explanation.position = token.position
    explanation.agreesWithToken = agrees(explanation, with: token)
    return explanation
  }

  /// Whether nothing that a decision reads has changed after a token's: its item, the network with
  /// profiles and overrides, and what is known of changes at all.
  private func isUnchanged(since token: OfferToken) -> Bool {
    let key = itemKeys.token(token.item)
    guard answering == publication, stamps.since <= token.position,
      stamps.network <= token.position, key != 0, stamps.readAny(mix(key)) <= token.position
    else { return false }
    for part in kits.components(of: key) where stamps.readAny(mix(part.item)) > token.position {
      return false
    }
    return !isHeardOfSince(token.decidedAt)
  }

  /// Whether a node whose silence would matter has been heard of since an instant.
  private func isHeardOfSince(_ instant: UnixMilliseconds) -> Bool {
    if !hasSilenceRules { return false }
    for node in 0..<heardAt.count where heardAt[node] >= instant.milliseconds {
      if let rule = network.silence(of: UInt16(node)), rule.policy != .ignore { return true }
    }
    return false
  }

  private func agrees(_ found: Explanation, with token: OfferToken) -> Bool {
    found.code == .ok && nodeIndex(found.node) == token.node
      && found.windowFromUnixSeconds == token.windowFromUnixSeconds
      && found.windowToUnixSeconds == token.windowToUnixSeconds
      && found.deliveryDays == token.deliveryDays
      && found.orderByUnixSeconds == token.orderByUnixSeconds
      && found.shipByUnixSeconds == token.shipByUnixSeconds && found.chance == token.chance
      && found.supply == token.rest?.source ?? .onHand
      && found.availableFromUnixSeconds == Int64(token.rest?.fromUnixSeconds ?? 0)
  }
}
