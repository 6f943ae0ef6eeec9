import PromisedModel

extension State {
  /// The outcome remembered under a command's key and the position of its event, or nil when the
  /// key is new or empty.
  ///
  /// - Throws: IDEMPOTENCY_CONFLICT when the key was used for another body within the window,
  ///   IDEMPOTENCY_WINDOW_FULL when no further command can be remembered now.
  package func recall(_ key: CommandKey, at now: UnixMilliseconds) throws(Refusal)
    -> (outcome: RememberedOutcome, position: Position)?
  {
    if key.bytes.isEmpty { return nil }
    guard let found = commands.find(key.bytes, at: now.milliseconds) else {
      if commands.hasRoom(at: now.milliseconds) { return nil }
      throw Refusal(
        .idempotencyWindowFull,
        "\(commands.limit) commands of the last ten minutes are remembered: ask again later")
    }
    observe(found.position)
    if found.bodyDigest != key.bodyDigest {
      throw Refusal(
        .idempotencyConflict, "the idempotency key was used for another request",
        key: key.bytes.name)
    }
    return (found.outcome, found.position)
  }

  func remember(
    _ key: CommandKey, _ outcome: RememberedOutcome, _ grants: GrantRows? = nil,
    shipmentsOf slot: Int? = nil
  ) {
    if key.bytes.isEmpty { return }
    commands.remember(
      key, outcome: outcome, at: appliedTime.milliseconds, position: appliedPosition,
      grants: grants, shipments: slot.map { answeredShipments(of: $0) } ?? [])
  }
}
