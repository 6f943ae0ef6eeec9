import PromisedInvariants
import PromisedModel

/// Overrides put and removed.
extension State {
  /// Checks an override, or the removal of one, and answers its event. An expiry of 0 is a day from
  /// now.
  ///
  /// - Throws: FIELD_MISSING without a reason, an author or any scope; KEY_INVALID for names;
  ///   FIELD_OUT_OF_RANGE for the expiry; ITEM_UNKNOWN, NODE_UNKNOWN, LEG_UNKNOWN, ZONE_UNKNOWN,
  ///   SELLER_UNKNOWN; TOO_MANY_ROWS when as many are live as may be; OVERRIDE_UNKNOWN for a
  ///   removal of one that is not there or has expired.
  package func decide(_ command: OverrideCommand, at now: UnixMilliseconds) throws(Refusal)
    -> Event
  {
    observeNetwork()
    if command.removesID != 0 {
      guard let place = overrides.place(of: command.removesID),
        overrides.rows[place].isLive(at: now)
      else {
        throw Refusal(
          .overrideUnknown, "override \(command.removesID) is not there or has expired")
      }
      return .overrideRemoved(command.key, command.removesID)
    }
    var row = command.override
    try checkTexts(of: row)
    try checkScopes(of: row)
    if row.expiresUnixSeconds == 0 { row.expiresUnixSeconds = now.seconds + 86_400 }
    let latest = now.seconds + Limits.overrideSeconds
    if row.expiresUnixSeconds <= now.seconds || row.expiresUnixSeconds > latest {
      throw Refusal(
        .fieldOutOfRange,
        "expires_unix_s is \(row.expiresUnixSeconds): \(now.seconds + 1) to \(latest), at most a "
          + "year from now")
    }
    if overrides.rows.count >= Limits.overrides
      && overrides.liveCount(at: now) >= Limits.overrides
    {
      throw Refusal(
        .tooManyRows, "\(Limits.overrides) overrides are live: remove one that is not needed")
    }
    row.id = 0
    row.createdUnixSeconds = now.seconds
    return .overridePut(command.key, row)
  }

  private func checkTexts(of row: Override) throws(Refusal) {
    if row.reason.isEmpty { throw Refusal(.fieldMissing, "reason: say why, in 1 to 64 bytes") }
    if row.author.isEmpty { throw Refusal(.fieldMissing, "author: say who, in 1 to 64 bytes") }
    let fields: [(name: String, value: Name)] = [
      ("reason", row.reason), ("author", row.author), ("item", row.item), ("node", row.node),
      ("leg", row.leg), ("zone", row.zone), ("seller", row.seller),
    ]
    for field in fields where !field.value.isEmpty {
      if !field.value.bytes.withUnsafeBufferPointer({ Name.isValid($0) }) {
        throw Refusal(
          .keyInvalid, "\(field.name) must have 1 to 64 bytes of UTF-8 without controls")
      }
    }
  }

  private func checkScopes(of row: Override) throws(Refusal) {
    let scopes = [row.item, row.node, row.leg, row.zone, row.seller]
    if scopes.allSatisfy(\.isEmpty) {
      throw Refusal(.fieldMissing, "name at least one of item, node, leg, zone and seller")
    }
    if !row.item.isEmpty {
      let token = token(of: row.item)
      if token == 0 || positions.find(token) < 0 { throw unknownItem(row.item) }
    }
    if !row.node.isEmpty && nodeIndex(row.node) == nil { throw unknownNode(row.node) }
    if !row.leg.isEmpty && network.legNames.index(of: row.leg) == nil {
      throw Refusal(.legUnknown, "leg \(row.leg) is not known", key: row.leg)
    }
    if !row.zone.isEmpty && network.zoneNames.index(of: row.zone) == nil {
      throw Refusal(.zoneUnknown, "zone \(row.zone) is not known", key: row.zone)
    }
    if !row.seller.isEmpty && sellerKeys.find(row.seller) == nil {
      throw unknownSeller(row.seller)
    }
  }

  func apply(overridePut row: Override, key: CommandKey) {
    var row = row
    row.id = appliedPosition
    if overrides.forgetExpired(at: appliedTime, limit: Limits.overrides - 1) { resolveOverrides() }
    overrides.append(row, scope(of: row))
    stamps.network = appliedPosition
    remember(key, RememberedOutcome(code: .ok, holdID: row.id))
  }

  func apply(overrideRemoved id: UInt64, key: CommandKey) {
    guard let place = overrides.place(of: id) else {
      return invariant(false, "an override is removed that does not exist")
    }
    overrides.remove(at: place)
    resolveOverrides()
    stamps.network = appliedPosition
    remember(key, RememberedOutcome(code: .ok, holdID: id))
  }

  func importOverrides(_ rows: [Override]) {
    for row in rows { overrides.append(row, scope(of: row)) }
  }

  /// To be called when overrides, or names that they may use, have changed.
  func resolveOverrides() {
    if overrides.isEmpty && overrides.scopes.isEmpty { return }
    overrides.resolve { scope(of: $0) }
  }

  private func scope(of row: Override) -> OverrideScope {
    var scope = OverrideScope()
    if !row.item.isEmpty {
      scope.item = token(of: row.item)
      if scope.item == 0 { scope.isLost = true }
    }
    if !row.node.isEmpty {
      scope.node = nodeIndex(row.node)
      if scope.node == nil { scope.isLost = true }
    }
    if !row.zone.isEmpty {
      scope.zone = network.zoneNames.index(of: row.zone).map { UInt32($0) }
      if scope.zone == nil { scope.isLost = true }
    }
    if !row.seller.isEmpty {
      scope.seller = sellerKeys.find(row.seller).map { UInt32($0) }
      if scope.seller == nil { scope.isLost = true }
    }
    return scope
  }

  func token(of item: Name) -> UInt64 {
    item.bytes.withUnsafeBufferPointer { itemKeys.token(BorrowedBytes($0)) }
  }

  // MARK: Listing

  /// Overrides in order of their ids: the live ones, or also those that expired within a day.
  package func overrides(withExpired: Bool, at now: UnixMilliseconds) -> [OverrideRow] {
    observeNetwork()
    return overrides.rows.indices.compactMap { place in
      let row = overrides.rows[place]
      let isRecent = row.expiresUnixSeconds > now.seconds - OverrideTable.keptSeconds
      return row.isLive(at: now) || (withExpired && isRecent) ? overrides.row(place) : nil
    }
  }
}
