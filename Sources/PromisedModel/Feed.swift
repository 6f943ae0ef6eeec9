// The update feed: what a row may say, and what of it the log holds.

/// What a feed row does to a position.
public enum MovementKind: UInt8, Sendable, CaseIterable {
  /// Adds to on hand.
  case receipt = 1
  /// Takes from on hand; consumes an allocation only when it names its hold.
  case shipment = 2
  /// Adds a signed quantity to on hand.
  case adjustment = 3
  /// Sets on hand: a count.
  case count = 4
  // These set the amount of on hand that is in the named condition.
  case unfulfillable = 5
  case researching = 6
  case inTransfer = 7
  case inProcessing = 8
  case withheld = 9
  /// Takes from on hand; the units are inbound to the destination under the reference.
  case transferOut = 10
  /// Adds to on hand; lowers the inbound under the reference.
  case transferIn = 11
  /// Adds to on hand, in a disposition.
  case returned = 12
  /// Moves units from one disposition to another.
  case inspected = 13
  /// States what is inbound under the reference; 0 removes it.
  case inbound = 14
  /// Adds to on hand; lowers the inbound under the reference.
  case inboundReceipt = 15
  /// Sets on hand to the quantity and the picked units of the position.
  case countWithoutPicked = 16
  /// Units of a hold that were not there: takes them from on hand.
  case shortPick = 17

  /// The name in files of `promise feed`.
  package var label: String {
    switch self {
    case .receipt: "receipt"
    case .shipment: "shipment"
    case .adjustment: "adjustment"
    case .count: "count"
    case .unfulfillable: "unfulfillable"
    case .researching: "researching"
    case .inTransfer: "in-transfer"
    case .inProcessing: "in-processing"
    case .withheld: "withheld"
    case .transferOut: "transfer-out"
    case .transferIn: "transfer-in"
    case .returned: "returned"
    case .inspected: "inspected"
    case .inbound: "inbound"
    case .inboundReceipt: "inbound-receipt"
    case .countWithoutPicked: "count-without-picked"
    case .shortPick: "short-pick"
    }
  }
}

/// What state units on hand are in, as returns and inspections say it.
public enum Disposition: UInt8, Sendable, CaseIterable {
  case sellable = 0
  case unfulfillable = 1
  case researching = 2
  case inProcessing = 3

  package var label: String {
    switch self {
    case .sellable: "sellable"
    case .unfulfillable: "unfulfillable"
    case .researching: "researching"
    case .inProcessing: "in-processing"
    }
  }
}

/// Why an adjustment was made.
package enum AdjustmentCause: UInt8, Sendable, CaseIterable {
  case notSaid = 0
  case damaged = 1
  case lost = 2
  case found = 3
  case theft = 4
  case expired = 5
  case correction = 6
  case other = 7

  package var label: String {
    switch self {
    case .notSaid: ""
    case .damaged: "damaged"
    case .lost: "lost"
    case .found: "found"
    case .theft: "theft"
    case .expired: "expired"
    case .correction: "correction"
    case .other: "other"
    }
  }
}

/// Columns of a feed that most batches do without. Each is empty, which says 0 or nothing of every
/// row, or has a value per row.
package struct FeedDetails: Sendable, Equatable {
  /// Ascending: the source numbers its rows with gaps. Empty = one after another.
  package var sequences: [UInt64] = []
  /// When it happened at the node; 0 = as it is told.
  package var occurredMilliseconds: [Int64] = []
  /// A shipment or a transfer; a length of 0 = none.
  package var references = PackedKeys()
  /// Where a transfer goes: an index into the names of nodes, in an event the node's own.
  package var destinations: [UInt32] = []
  /// Arrival: with a chance of 50, 10 and 90 %; 0 = not said, or as the median.
  package var etaUnixSeconds: [Int64] = []
  package var earlyUnixSeconds: [Int64] = []
  package var lateUnixSeconds: [Int64] = []
  /// `InboundStage`; 0 = working.
  package var stages: [UInt8] = []
  /// `Disposition`, to and from.
  package var dispositions: [UInt8] = []
  package var fromDispositions: [UInt8] = []
  /// `AdjustmentCause`.
  package var causes: [UInt8] = []
  package var holdIDs: [UInt64] = []

  package init() {}

  package var isEmpty: Bool {
    sequences.isEmpty && occurredMilliseconds.isEmpty && references.lengths.isEmpty
      && destinations.isEmpty && etaUnixSeconds.isEmpty && earlyUnixSeconds.isEmpty
      && lateUnixSeconds.isEmpty && stages.isEmpty && dispositions.isEmpty
      && fromDispositions.isEmpty && causes.isEmpty && holdIDs.isEmpty
  }

  /// Rows of each column, in the order of the fields.
  package var columnCounts: [Int] {
    [
      sequences.count, occurredMilliseconds.count, references.count, destinations.count,
      etaUnixSeconds.count, earlyUnixSeconds.count, lateUnixSeconds.count, stages.count,
      dispositions.count, fromDispositions.count, causes.count, holdIDs.count,
    ]
  }
}

/// A batch of the update feed.
package struct FeedRows: Sendable, Equatable {
  package var source: Name = .empty
  /// 1 or more; row i has sequence `firstSequence + i` unless `details.sequences` says otherwise.
  package var firstSequence: UInt64 = 0
  package var keys = PackedKeys()
  package var nodeNames: [Name] = []
  package var nodes: [UInt32] = []
  package var kinds: [UInt8] = []
  package var quantities: [Int64] = []
  package var details = FeedDetails()
  /// The source cannot send again what is missing before this batch: it is counted.
  package var allowsGap = false
  /// Counts of this batch leave out units that are allocated.
  package var isNetOfAllocations = false
  /// Nodes that are alive although nothing changed.
  package var aliveNodes: [Name] = []

  package init() {}
}

/// A feed row that waits for its item or node to become known.
package struct ParkedRow: Sendable, Equatable {
  package var source: Name = .empty
  package var sequence: UInt64 = 0
  package var item: Name = .empty
  package var node: Name = .empty
  package var kind: UInt8 = 0
  package var quantity: Int64 = 0
  package var occurredMilliseconds: Int64 = 0
  package var reference: Name = .empty
  package var destination: Name = .empty
  package var etaUnixSeconds: Int64 = 0
  package var earlyUnixSeconds: Int64 = 0
  package var lateUnixSeconds: Int64 = 0
  package var stage: UInt8 = 0
  package var disposition: UInt8 = 0
  package var fromDisposition: UInt8 = 0
  package var cause: UInt8 = 0
  package var holdID: UInt64 = 0
  package var isNetOfAllocations = false

  package init() {}
}

/// Feed rows that were accepted, nodes and counts resolved; `lastSequence` is the source's new
/// high-water mark also when rows of the batch were refused.
package struct FeedEvent: Sendable, Equatable {
  package var source: Name = .empty
  package var lastSequence: UInt64 = 0
  package var keys = PackedKeys()
  package var nodes: [UInt16] = []
  package var kinds: [UInt8] = []
  package var quantities: [Int64] = []
  /// Without `sequences` the rows are numbered one after another up to `lastSequence`.
  package var details = FeedDetails()
  /// `FeedRowFlags`; empty = none of any row.
  package var flags: [UInt8] = []
  /// Numbers that were passed over.
  package var gaps: UInt64 = 0
  package var refusedRows: UInt32 = 0
  package var repeatedRows: UInt32 = 0
  /// The source numbers its rows with gaps.
  package var isSparse = false
  /// The latest instant at which a row of the batch happened; 0 = as it was told.
  package var lastOccurredMilliseconds: Int64 = 0
  package var parked: [ParkedRow] = []
  /// Nodes that are alive although nothing changed.
  package var aliveNodes: [UInt16] = []

  package init() {}
}

/// What was decided of a feed row besides its movement.
package enum FeedRowFlags {
  /// On hand was counted after it happened, and does not move.
  package static var isCounted: UInt8 { 1 }
  package static var all: UInt8 { 1 }
}

/// Undo what a source's rows did.
package struct FeedReversal {
  package var key: CommandKey
  package var source: Name
  /// Both included.
  package var fromSequence: UInt64
  package var toSequence: UInt64

  package init(key: CommandKey, source: Name, fromSequence: UInt64, toSequence: UInt64) {
    self.key = key
    self.source = source
    self.fromSequence = fromSequence
    self.toSequence = toSequence
  }
}

/// What a reversal did.
package struct FeedReversalReply: Sendable, Equatable {
  /// Rows that were undone; of a repeated answer all that is known.
  package var reversedRows: UInt64 = 0
  /// Rows that were not, in ascending order of their sequence, and why; at most 65,536 of them.
  package var keptSequences: [UInt64] = []
  package var keptCodes: [UInt32] = []
  /// All rows that were not undone.
  package var keptRows: UInt64 = 0
  package var isRepeated = false

  package init() {}
}

/// How a source of the feed stands.
package struct FeedSourceFacts: Sendable, Equatable {
  package var name: Name = .empty
  package var lastSequence: UInt64 = 0
  package var isSparse = false
  package var gaps: UInt64 = 0
  package var appliedRows: UInt64 = 0
  package var refusedRows: UInt64 = 0
  /// Rows that wait for an item or node now.
  package var parkedRows: UInt64 = 0
  /// Rows that were sent again; those of batches that were nothing else since the start only.
  package var repeatedRows: UInt64 = 0
  /// Parked rows that were driven again: with success, and without.
  package var drivenRows: UInt64 = 0
  package var failedRows: UInt64 = 0
  /// When a batch was applied last, and the latest instant a row said it happened.
  package var lastAppliedMilliseconds: Int64 = 0
  package var lastOccurredMilliseconds: Int64 = 0

  package init() {}
}

// Rows of snapshots.

/// The feed's sources, in order of the source's name.
package struct SourceRows: Sendable, Equatable {
  package var sources: [Name] = []
  package var lastSequences: [UInt64] = []
  package var sparse: [UInt8] = []
  package var gaps: [UInt64] = []
  package var applied: [UInt64] = []
  package var refused: [UInt64] = []
  package var repeated: [UInt64] = []
  package var driven: [UInt64] = []
  package var failed: [UInt64] = []
  package var lastAppliedMilliseconds: [Int64] = []
  package var lastOccurredMilliseconds: [Int64] = []
  /// The highest sequence of which the journal has forgotten a row.
  package var forgottenSequences: [UInt64] = []

  package init() {}
}

/// Changes of stock, one amount each.
package struct JournalRows: Sendable, Equatable {
  package var keys = PackedKeys()
  package var nodes: [UInt16] = []
  package var sourceNames: [Name] = []
  package var sources: [UInt32] = []
  /// Milliseconds × 65,536, and what kind of change it is.
  package var when: [UInt64] = []
  package var sequences: [UInt64] = []
  package var deltas: [Int32] = []
  /// Per change of inbound, in order: whose.
  package var references = PackedKeys()

  package init() {}
}

/// Changes of positions that no row of the feed made.
package struct ServiceJournalRows: Sendable, Equatable {
  package var keys = PackedKeys()
  package var nodes: [UInt16] = []
  package var occurredMilliseconds: [Int64] = []
  package var loggedSeconds: [Int64] = []
  package var onHand: [Int32] = []
  package var allocated: [Int32] = []
  package var picked: [Int32] = []
  /// 1 = on hand was stated.
  package var stated: [UInt8] = []

  package init() {}
}

package struct CountRows: Sendable, Equatable {
  package var keys = PackedKeys()
  package var nodes: [UInt16] = []
  package var instants: [Int64] = []
  package var toldAtMilliseconds: [Int64] = []

  package init() {}
}

/// What else of the feed a snapshot holds.
package struct FeedStanding: Sendable, Equatable {
  /// The journal is whole for what was logged from this second on.
  package var journalSinceSeconds: Int64 = 0
  /// The same of the changes by anything but the feed.
  package var serviceJournalSinceSeconds: Int64 = 0
  /// When a load last stated stock; 0 = never.
  package var stockLoadedAtMilliseconds: Int64 = 0
  /// Seconds in which the journal got rows, and how many.
  package var markSeconds: [Int64] = []
  package var markCounts: [UInt64] = []
  /// When each node was heard of last, by its index; 0 = never.
  package var heardAtMilliseconds: [Int64] = []
  /// Parked rows that failed last, oldest first.
  package var failures: [ParkedRow] = []
  package var failureCodes: [UInt16] = []

  package init() {}
}
