import PromisedModel

// Answers that are not the engine's: about the service, its loads and its snapshots.

/// The log position and the instant an answer reflects; every reply carries one.
package struct AsOf: Equatable, Sendable {
  /// The last log position whose changes the answer may rest on; on disk when it was sent.
  package var position: Position
  /// UTC seconds.
  package var unixSeconds: Int64

  package init(position: Position, unixSeconds: Int64) {
    self.position = position
    self.unixSeconds = unixSeconds
  }
}

/// Rows were put.
package struct PutReply: Equatable, Sendable {
  package var rows: UInt64

  package init(rows: UInt64) { self.rows = rows }
}

/// How far a load is.
package struct LoadReply: Equatable, Sendable {
  /// The chunk to send next.
  package var nextChunk: UInt64
  package var committed: Bool
  package var positionsChanged: UInt64

  package init(nextChunk: UInt64 = 0, committed: Bool = false, positionsChanged: UInt64 = 0) {
    self.nextChunk = nextChunk
    self.committed = committed
    self.positionsChanged = positionsChanged
  }
}

package struct StatusReply: Sendable {
  package var serverVersion = ""
  package var dataset = ""
  package var durablePosition: Position = 0
  package var startedAtUnixSeconds: UInt64 = 0
  package var items: UInt64 = 0
  package var positions: UInt64 = 0
  package var nodes: UInt64 = 0
  package var sellers: UInt64 = 0
  package var openHolds: UInt64 = 0
  /// Positions whose allocations are not covered, and the units missing to them.
  package var shortPositions: UInt64 = 0
  package var shortUnits: UInt64 = 0
  package var rememberedCommands: UInt64 = 0
  package var connections: UInt64 = 0
  package var requests: UInt64 = 0
  package var refusals: UInt64 = 0
  package var residentBytes: UInt64 = 0
  package var lastSnapshotPosition: Position = 0
  package var lastSnapshotUnixSeconds: Int64 = 0
  package var profileEpoch: UInt64 = 0
  package var profileIsCurrent = false
  package var isDraining = false
  package var isSandbox = false
  /// Empty = no load is open.
  package var loadID: Name = .empty
  package var loadNextChunk: UInt64 = 0
  package var sources: [FeedSourceFacts] = []
  package var parkedRows: UInt64 = 0
  package var journalRows: UInt64 = 0
  package var auditPasses: UInt64 = 0
  package var auditLastUnixSeconds: Int64 = 0
  package var auditPositionsChecked: UInt64 = 0
  package var auditViolations: UInt64 = 0

  package init() {}
}

/// What the network is made of.
package struct NetworkReply: Equatable, Sendable {
  package var revision: UInt64 = 0
  package var profileEpoch: UInt64 = 0
  package var horizonBaseUnixSeconds: Int64 = 0
  package var marketplaces: UInt64 = 0
  package var calendars: UInt64 = 0
  package var nodes: UInt64 = 0
  package var waves: UInt64 = 0
  package var zonePrefixes: UInt64 = 0
  package var lanes: UInt64 = 0
  package var legs: UInt64 = 0
  package var destinations: UInt64 = 0
  package var profileEntries: UInt64 = 0
  package var rates: UInt64 = 0
  /// Changes of departures that are kept.
  package var departureChanges: UInt64 = 0
  /// Distinct sets of profiles.
  package var profileTiers: UInt64 = 0

  package init() {}
}

/// One snapshot that was taken, or is listed.
package struct SnapshotDescription: Equatable, Sendable {
  package var name: String
  package var position: Position
  package var takenAtUnixSeconds: Int64
  package var bytes: UInt64
  /// How long it took; only of the one just taken.
  package var milliseconds: UInt64

  package init(
    name: String, position: Position, takenAtUnixSeconds: Int64, bytes: UInt64,
    milliseconds: UInt64 = 0
  ) {
    self.name = name
    self.position = position
    self.takenAtUnixSeconds = takenAtUnixSeconds
    self.bytes = bytes
    self.milliseconds = milliseconds
  }
}

package struct HelloReply: Sendable {
  package var serverVersion: String
  package var features: [String]
  package var serverUnixSeconds: Int64
  package var isSandbox: Bool

  package init(
    serverVersion: String, features: [String], serverUnixSeconds: Int64, isSandbox: Bool
  ) {
    self.serverVersion = serverVersion
    self.features = features
    self.serverUnixSeconds = serverUnixSeconds
    self.isSandbox = isSandbox
  }
}

/// The standard health service's answer; an unknown service is refused instead.
package enum ServingStatus: UInt32, Sendable {
  case unknown = 0
  case serving = 1
  case notServing = 2
  case serviceUnknown = 3
}
