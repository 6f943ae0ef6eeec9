import PromisedModel

/// What a feed row does: the numbers of `ApplyRequest.kinds`.
public enum MovementType: UInt32, Sendable, CaseIterable {
  /// Adds to on hand.
  case receipt = 1
  /// Takes from on hand.
  case shipment = 2
  /// Adds a signed quantity.
  case adjustment = 3
  /// Sets on hand.
  case count = 4
  /// Sets the unsellable part.
  case unfulfillable = 5
  /// Sets the part in dispute.
  case researching = 6
  /// Sets the part on the way between own nodes.
  case inTransfer = 7
  /// Sets the part being put away.
  case inProcessing = 8
  /// Sets what is kept out of availability.
  case withheld = 9
  /// Takes from on hand for another node.
  case transferOut = 10
  /// Adds what another node sent.
  case transferIn = 11
  /// Adds what a customer sent back.
  case returned = 12
  /// Moves units between dispositions.
  case inspected = 13
  /// States what is inbound.
  case inbound = 14
  /// Adds what was inbound.
  case inboundReceipt = 15
  /// Sets on hand but for picked units.
  case countWithoutPicked = 16
  /// Takes what a picker did not find.
  case shortPick = 17
}

/// A row of the update feed.
public struct Movement: Sendable, Equatable {
  /// The item.
  public var item: String
  /// Where.
  public var node: String
  /// What happens.
  public var type: MovementType
  /// Units; signed for an adjustment.
  public var quantity: Int64

  /// Makes a row.
  public init(item: String, node: String, type: MovementType, quantity: Int64) {
    self.item = item
    self.node = node
    self.type = type
    self.quantity = quantity
  }
}

/// The fate of a feed batch.
public struct FeedAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Per row.
  public var outcomes: [RowOutcome]
  /// The source's high-water mark after this batch.
  public var lastSequence: UInt64
  /// In a stream: how many batches may be unanswered.
  public var credit: UInt32 = 0
}

/// What a put did.
public struct PutAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Rows taken.
  public var rows: UInt64
}

/// Where a load stands.
public struct LoadAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The chunk to send next.
  public var nextChunk: UInt64
  /// Whether the load is visible.
  public var isCommitted: Bool
  /// Positions whose amounts the load changed; known when committed.
  public var positionsChanged: UInt64
}

/// The answer of a change that tells nothing but when.
public struct DoneAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
}

/// A snapshot just taken.
public struct SnapshotAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Its file name.
  public var name: String
  /// Its size.
  public var bytes: UInt64
  /// How long it took.
  public var milliseconds: UInt64
}

/// A snapshot kept.
public struct SnapshotEntry: Sendable, Equatable {
  /// Its file name.
  public var name: String
  /// The log position it holds.
  public var position: UInt64
  /// UTC seconds.
  public var takenAtUnixSeconds: Int64
  /// Its size.
  public var bytes: UInt64
}

/// A page of a listing: text cells under column names.
public struct ListAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The column names.
  public var columns: [String]
  /// A cell per column and row.
  public var rows: [[String]]
  /// Where the next page begins; empty = the end.
  public var nextPageToken: [UInt8]
}

/// The answer to a ping.
public struct PingAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The bytes sent.
  public var payload: [UInt8]
}

/// What the service says of itself at the beginning.
public struct HelloAnswer: Sendable, Equatable {
  /// The server's version.
  public var serverVersion: String
  /// The features it has.
  public var features: [String]
  /// The most bytes of a frame after its header.
  public var maxFrameBytes: UInt64
  /// The deadline of a request that states none.
  public var defaultDeadlineMilliseconds: UInt64
  /// UTC seconds.
  public var serverUnixSeconds: Int64
  /// The most requests in flight on a connection.
  public var maxInFlight: UInt64
  /// Whether its clock can be set.
  public var isSandbox: Bool
}

/// A feed source and how far it was applied.
public struct SourceMark: Sendable, Equatable {
  /// The source.
  public var source: String
  /// Its last sequence.
  public var lastSequence: UInt64
  /// Whether it numbers its rows with gaps.
  public var isSparse = false
  /// Numbers that it passed over.
  public var gaps: UInt64 = 0
  /// Rows that were taken.
  public var appliedRows: UInt64 = 0
  /// Rows that were refused.
  public var refusedRows: UInt64 = 0
  /// Rows that wait for an item or node now.
  public var parkedRows: UInt64 = 0
  /// Rows that were sent again.
  public var repeatedRows: UInt64 = 0
  /// Rows that waited and were taken later.
  public var drivenRows: UInt64 = 0
  /// Rows that waited and were refused later.
  public var failedRows: UInt64 = 0
  /// When a batch was taken last; 0 = never.
  public var lastAppliedUnixMilliseconds: Int64 = 0
  /// The latest instant at which a row happened; 0 = none.
  public var lastOccurredUnixMilliseconds: Int64 = 0

  /// A source and its position.
  public init(source: String, lastSequence: UInt64) {
    self.source = source
    self.lastSequence = lastSequence
  }
}

/// The state of the service.
public struct StatusAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The server's version.
  public var serverVersion: String
  /// The name of its dataset.
  public var dataset: String
  /// The last log position on disk.
  public var durablePosition: UInt64
  /// UTC seconds.
  public var startedAtUnixSeconds: UInt64
  /// Items known.
  public var items: UInt64
  /// Positions known.
  public var positions: UInt64
  /// Nodes known.
  public var nodes: UInt64
  /// Sellers known.
  public var sellers: UInt64
  /// Holds that live.
  public var openHolds: UInt64
  /// Positions whose allocations are not covered by what is there.
  public var shortPositions: UInt64
  /// Units missing to them.
  public var shortUnits: UInt64
  /// Commands whose keys are remembered.
  public var rememberedCommands: UInt64
  /// Connections open.
  public var connections: UInt64
  /// Requests answered since the start.
  public var requests: UInt64
  /// Requests refused since the start.
  public var refusals: UInt64
  /// Memory used.
  public var residentBytes: UInt64
  /// The last snapshot's position; 0 = none.
  public var lastSnapshotPosition: UInt64
  /// UTC seconds; 0 = none.
  public var lastSnapshotUnixSeconds: Int64
  /// The epoch of the delivery profiles.
  public var profileEpoch: UInt64
  /// Whether the profiles reflect the network as it is.
  public var isProfileCurrent: Bool
  /// Whether it stops taking changes.
  public var isDraining: Bool
  /// Whether its clock can be set.
  public var isSandbox: Bool
  /// The open load; empty = none.
  public var loadID: String
  /// The chunk the open load waits for.
  public var loadNextChunk: UInt64
  /// The feed's sources, by name.
  public var sources: [SourceMark]
  /// Feed rows that wait for an item or node to become known.
  public var parkedRows: UInt64
  /// Passes of the standing audit over the whole state since the start.
  public var auditPasses: UInt64
  /// When the last of them ended, UTC seconds; 0 = none yet.
  public var auditLastUnixSeconds: Int64
  /// Positions it compared.
  public var auditPositionsChecked: UInt64
  /// Differences it found.
  public var auditViolations: UInt64
}

/// What the delivery network is made of.
public struct NetworkAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Changes with every change of the network.
  public var revision: UInt64
  /// The epoch of the delivery profiles.
  public var profileEpoch: UInt64
  /// UTC seconds at which the profiles begin.
  public var horizonBaseUnixSeconds: Int64
  /// Counts by kind, in load order, then destinations, profile entries, rates, changes of departures
  /// and sets of profiles.
  public var counts: [(name: String, count: UInt64)]

  /// Whether two answers are the same.
  public static func == (left: Self, right: Self) -> Bool {
    left.asOf == right.asOf && left.revision == right.revision
      && left.profileEpoch == right.profileEpoch
      && left.horizonBaseUnixSeconds == right.horizonBaseUnixSeconds
      && left.counts.map(\.name) == right.counts.map(\.name)
      && left.counts.map(\.count) == right.counts.map(\.count)
  }
}

/// Whether a service serves.
public enum HealthAnswer: Int32, Sendable {
  /// The server cannot tell.
  case unknown = 0
  /// It serves.
  case serving = 1
  /// It does not serve now.
  case notServing = 2
  /// It does not know such a service.
  case serviceUnknown = 3
}
