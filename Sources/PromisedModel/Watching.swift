// Watching: what a client wants to be told, and what it is told.

/// By what kind of event stock changed, or a threshold was crossed.
package enum ChangeCause: UInt8, Sendable, CaseIterable {
  case feed = 1
  case put = 2
  case load = 3
  case held = 4
  /// A commit, a release, or another change of a hold.
  case holdChanged = 5
  case expired = 6
  case moved = 7
  case other = 8
  // These change no stock, but promises.
  case published = 9
  case departures = 10
  case override = 11
  case time = 12

  package init(_ event: borrowing Event) {
    switch copy event {
    case .fed: self = .feed
    case .put: self = .put
    case .loadBegan, .loadChunk, .loadCommitted, .loadAborted: self = .load
    case .held: self = .held
    case .linesDue, .holdChanged, .holdExtended, .holdAmended, .holdFulfilled: self = .holdChanged
    case .holdsExpired: self = .expired
    case .promisesMoved: self = .moved
    case .profilePublished: self = .published
    case .departuresChanged: self = .departures
    case .overridePut, .overrideRemoved: self = .override
    default: self = .other
    }
  }
}

/// Where to go on reading changes: behind `position`, and behind the first `part` changes of the
/// next event that changed stock.
package struct ChangePlace: Sendable, Equatable {
  package var position: Position
  package var part: UInt32

  package init(position: Position, part: UInt32 = 0) {
    self.position = position
    self.part = part
  }
}

package enum ThresholdKind: UInt8, Sendable, CaseIterable {
  /// Fewer units are available than stated.
  case availableBelow = 1
  /// The promised window ends later than stated.
  case promiseLater = 2
}

/// One condition whose crossing is told.
package struct ThresholdRow: Sendable, Equatable {
  package var kind: ThresholdKind
  package var item: Name
  /// Below how many units; of a promise, how many units are promised. 1…2·10^9.
  package var units: Int32
  /// Of a promise.
  package var postcode: Name
  package var level: ServiceLevel
  /// Later than this; 0 = later than it was when it was told last.
  package var laterThanUnixSeconds: Int64

  package init(
    kind: ThresholdKind, item: Name, units: Int32, postcode: Name = .empty,
    level: ServiceLevel = .standard, laterThanUnixSeconds: Int64 = 0
  ) {
    self.kind = kind
    self.item = item
    self.units = units
    self.postcode = postcode
    self.level = level
    self.laterThanUnixSeconds = laterThanUnixSeconds
  }
}

/// What is watched: whose stock, where.
package struct WatchScope: Sendable, Equatable {
  /// Items whose key begins with these bytes; empty = all.
  package var itemPrefix: Name
  /// Only these nodes; empty = all.
  package var nodes: [Name]
  /// Only the nodes of this group; empty = all.
  package var group: Name

  package init(itemPrefix: Name = .empty, nodes: [Name] = [], group: Name = .empty) {
    self.itemPrefix = itemPrefix
    self.nodes = nodes
    self.group = group
  }
}

/// A watch to create.
package struct WatchCreation: Sendable, Equatable {
  package var scope = WatchScope()
  /// Where to go on; position 0 = from now.
  package var from = ChangePlace(position: 0)
  /// Frames that may be unacknowledged, 1…64.
  package var credit: Int32 = 16
  /// Thresholds only.
  package var onlyCrossings = false
  /// 100…600,000.
  package var heartbeatMilliseconds: Int64 = 15_000
  package var thresholds: [ThresholdRow] = []
  /// Whose share units are; empty = of no channel.
  package var channel: Name = .empty
  /// Of the postcodes.
  package var country: Name = .empty
  package var confidence: ConfidenceLevel = .usual

  package init() {}
}

/// A message of the client's half of a watch.
package enum WatchControl: Sendable, Equatable {
  case create(WatchCreation)
  /// Batches up to this sequence are dealt with.
  case acknowledge(sequence: UInt64)
  case cancel
}

/// One batch of changes, waited for.
package struct WatchPollQuery: Sendable, Equatable {
  package var scope = WatchScope()
  package var from = ChangePlace(position: 0)
  /// 0…30,000.
  package var waitMilliseconds: Int64 = 0
  /// 1…1,000.
  package var items: Int32 = 1000

  package init() {}
}

/// A threshold that was crossed, or its side at creation.
package struct Crossing: Sendable, Equatable {
  /// The row of the creation.
  package var threshold: UInt32
  /// Below, or later.
  package var isBeyond: Bool
  /// Units, or the window's end (0 = no promise).
  package var before: Int64
  package var after: Int64
  /// Nil = the side at creation.
  package var cause: ChangeCause?
  package var position: Position
  package var constraint: BindingConstraint
  package var subject: Name
  package var reason: String

  package init(
    threshold: UInt32, isBeyond: Bool, before: Int64, after: Int64, cause: ChangeCause?,
    position: Position, constraint: BindingConstraint = .none, subject: Name = .empty,
    reason: String = ""
  ) {
    self.threshold = threshold
    self.isBeyond = isBeyond
    self.before = before
    self.after = after
    self.cause = cause
    self.position = position
    self.constraint = constraint
    self.subject = subject
    self.reason = reason
  }
}

/// Changed items with their stock as it is, and thresholds crossed.
package struct WatchReply: ~Copyable {
  package var sequence: UInt64 = 0
  package var place = ChangePlace(position: 0)
  package var isLost = false

  // Per item.
  package var keyBytes = GrowableColumn<UInt8>()
  package var keyLengths = GrowableColumn<UInt32>()
  package var changedAt = GrowableColumn<UInt64>()
  package var causes = GrowableColumn<UInt32>()
  package var inboundUnits = GrowableColumn<Int64>()
  package var positionCounts = GrowableColumn<UInt32>()

  // Per position, item by item.
  package var nodeNames = GrowableColumn<BorrowedBytes>()
  package var nodes = GrowableColumn<UInt32>()
  package var onHand = GrowableColumn<Int64>()
  package var fulfillable = GrowableColumn<Int64>()
  package var held = GrowableColumn<Int64>()
  package var allocated = GrowableColumn<Int64>()
  package var availableNow = GrowableColumn<Int64>()

  package var crossings: [Crossing] = []

  package init() {}

  /// Nothing to tell but where it stands.
  package var isEmpty: Bool { keyLengths.count == 0 && crossings.isEmpty && !isLost }

  package mutating func removeAll() {
    sequence = 0
    place = ChangePlace(position: 0)
    isLost = false
    keyBytes.removeAll()
    keyLengths.removeAll()
    changedAt.removeAll()
    causes.removeAll()
    inboundUnits.removeAll()
    positionCounts.removeAll()
    nodeNames.removeAll()
    nodes.removeAll()
    onHand.removeAll()
    fulfillable.removeAll()
    held.removeAll()
    allocated.removeAll()
    availableNow.removeAll()
    crossings.removeAll(keepingCapacity: true)
  }
}
