// What a client asks to change. Small commands borrow the request's memory; bulk rows own theirs.

/// The caller's name for one intent, with a digest of the body, so that a repeat is recognised and
/// a different body under the same key is refused.
package struct CommandKey: BitwiseCopyable {
  /// 1 to 64 bytes; empty = the caller wants no idempotency (only where a method allows it).
  package var bytes: BorrowedBytes
  package var bodyDigest: UInt64

  package init(bytes: BorrowedBytes, bodyDigest: UInt64) {
    self.bytes = bytes
    self.bodyDigest = bodyDigest
  }
}

/// Rows put directly or as a chunk of a load.
package enum PutRows: Sendable, Equatable {
  case network(NetworkRows)
  case items(ItemRows)
  case sellers([Seller])
  case positions(PositionRows)
  case inbound(InboundRows)
  case limits(LimitRows)
  case kits(KitRows)
  case opportunity(OpportunityRows)
  case groups(GroupRows)
  case channelStock(ChannelStockRows)
  case backorders(BackorderRows)
  case forecasts(ForecastRows)
  case factors(FactorRows)
  case policies([CapacityPolicy])
  case buildings(BuildingRows)
  case signals(SignalRows)
}

package enum LoadMode: UInt8, Sendable, CaseIterable {
  /// Rows absent from the load stay as they are.
  case merge = 1
  /// Positions absent from the load go to zero on hand; network, inbound, limits, kits, opportunity
  /// values, nodes of groups, channel stock and backorders absent from it are removed. Items,
  /// sellers and holds stay, and so do the names of groups and channels.
  case replace = 2
}

package struct LoadDescription: Sendable, Equatable {
  /// The digest of the files, so that the same files continue the same load.
  package var id: Name
  package var mode: LoadMode
  package var chunkCount: UInt32
  /// Allows more than 5 % of a live server's positions to change.
  package var force: Bool

  package init(id: Name, mode: LoadMode, chunkCount: UInt32, force: Bool) {
    self.id = id
    self.mode = mode
    self.chunkCount = chunkCount
    self.force = force
  }
}

/// A load that became visible, and when.
package struct CommittedLoad: Sendable, Equatable {
  package var description: LoadDescription
  package var committedAt: UnixMilliseconds

  package init(description: LoadDescription, committedAt: UnixMilliseconds) {
    self.description = description
    self.committedAt = committedAt
  }
}

/// What is remembered of a decided command, so that a repeat gets the same answer.
package struct RememberedOutcome: BitwiseCopyable, Equatable {
  package var code: UInt16
  package var row: Int32
  package var holdID: UInt64
  package var expiresAtMilliseconds: Int64
  package var availableUnits: Int64
  package var nextSupplyUnixSeconds: Int64
  /// A command that claimed the units of an expired hold again.
  package var reclaimed: Bool
  /// The hold's `HoldState` after the command; 0 where it was about no hold.
  package var holdState: UInt8

  package init(
    code: OutcomeCode, row: Int32 = -1, holdID: UInt64 = 0, expiresAtMilliseconds: Int64 = 0,
    availableUnits: Int64 = -1, nextSupplyUnixSeconds: Int64 = 0, reclaimed: Bool = false,
    holdState: UInt8 = 0
  ) {
    self.code = code.rawValue
    self.row = row
    self.holdID = holdID
    self.expiresAtMilliseconds = expiresAtMilliseconds
    self.availableUnits = availableUnits
    self.nextSupplyUnixSeconds = nextSupplyUnixSeconds
    self.reclaimed = reclaimed
    self.holdState = holdState
  }
}
