import PromisedModel

/// A hold by the id the service gave it, or by the name its caller did.
public enum HoldName: Sendable, Equatable {
  /// What `hold` answered.
  case id(UInt64)
  /// What `hold` was told, 1…64 bytes.
  case name(String)
}

/// What to do when not all units of a hold are there.
public enum HoldFill: UInt32, Sendable, CaseIterable {
  /// All units of every line at its due, or nothing.
  case orKill = 0
  /// What is not there claims supply that comes, or is backordered within the caps.
  case all = 1
  /// What is there of each line; refused only when that is nothing.
  case available = 2
}

/// A line of a hold.
public struct HoldLine: Sendable, Equatable {
  /// The item.
  public var item: String
  /// Where its units are: a node, or a group where `isPool`.
  public var node: String
  /// How many; in answers those still claimed.
  public var quantity: Int64
  /// The node is a group of nodes; which of them is told later.
  public var isPool: Bool
  /// From when they are wanted, UTC seconds; 0 = now.
  public var dueUnixSeconds: Int64
  /// In answers: units picked of those claimed.
  public var picked: Int64 = 0
  /// In answers: units that left.
  public var shipped: Int64 = 0
  /// In answers: units that are missing to the line although they are allocated.
  public var short: Int64 = 0
  /// In answers: the sales channel, empty = none.
  public var channel = ""
  /// In answers: no supply was known for the units.
  public var isBackordered = false
  /// In answers: a kit that the lines after it make.
  public var isKit = false
  /// In answers: claimed for a kit.
  public var isComponent = false

  /// Makes a line; the quantity is 1…2,000,000,000.
  public init(
    item: String, node: String, quantity: Int64, isPool: Bool = false, dueUnixSeconds: Int64 = 0
  ) {
    self.item = item
    self.node = node
    self.quantity = quantity
    self.isPool = isPool
    self.dueUnixSeconds = dueUnixSeconds
  }
}

/// What was granted of a line of a request.
public struct HoldGrant: Sendable, Equatable {
  /// Units at the line's due.
  public var granted: Int64
  /// Units of supply that comes.
  public var later: Int64
  /// When it comes, UTC seconds; 0 = nothing is claimed of it.
  public var laterDueUnixSeconds: Int64
  /// Units for which no supply is known.
  public var backordered: Int64
}

/// A promised shipment of a hold.
public struct HoldShipment: Sendable, Equatable {
  /// Lines in it; the shipments' lines follow one another in the hold.
  public var lineCount: Int
  /// Where it leaves.
  public var node: String
  /// The delivery window begins, UTC seconds.
  public var windowFromUnixSeconds: Int64
  /// Delivered no later than this, UTC seconds.
  public var windowToUnixSeconds: Int64
  /// The window's local date, days since 1970-01-01.
  public var deliveryDay: Int32
  /// It leaves the node no later than this, UTC seconds.
  public var shipByUnixSeconds: Int64
  /// Chance of delivery by the window's end in 1/65535.
  public var confidence: UInt32
  /// 1 economy, 2 standard, 3 expedited, 4 two-hour.
  public var level: UInt32
}

/// A hold as it stands.
public struct HoldAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The hold's id.
  public var holdID: UInt64
  /// 1 = held, 2 = committed, 3 = released, 4 = expired, 5 = consumed.
  public var state: UInt32
  /// Who holds.
  public var owner: String
  /// The caller's own id, empty = none.
  public var name: String
  /// UTC seconds.
  public var expiresAtUnixSeconds: Int64
  /// The hold had expired and its units were claimed again.
  public var isReclaimed: Bool
  /// The remembered answer to an earlier request with the same key.
  public var isRepeated: Bool
  /// The lines; only in answers to `get`.
  public var lines: [HoldLine]
  /// What was granted of each line of the request, when it was not simply all of it.
  public var grants: [HoldGrant]
  /// The promised shipments; after a hold with tokens, and in answers to `get`.
  public var shipments: [HoldShipment]
}

/// An allocated line that units are missing to.
public struct Shortfall: Sendable, Equatable {
  /// The hold's id.
  public var holdID: UInt64
  /// The caller's own id of the hold, empty = none.
  public var name: String
  /// Who holds.
  public var owner: String
  /// Which line of the hold, from 0.
  public var line: Int
  /// The item.
  public var item: String
  /// Where its units are missing.
  public var node: String
  /// How many are missing.
  public var units: Int64
  /// Of how many that the line claims.
  public var claimed: Int64
  /// Since when, UTC seconds.
  public var sinceUnixSeconds: Int64
  /// When more is expected there, UTC seconds; 0 = not known.
  public var nextSupplyUnixSeconds: Int64
}

/// A page of shortfalls, by hold and line.
public struct ShortfallsAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The page.
  public var rows: [Shortfall]
  /// Positions that are short, whatever was asked for.
  public var shortPositions: UInt64
  /// Units missing there.
  public var shortUnits: UInt64
  /// Where the next page begins; empty = the end.
  public var nextPageToken: [UInt8]
}
