// What must always hold between the amounts that are kept, and what an audit found.

/// An identity that the standing audit checks. The order is that of reports; it is not stored.
package enum AuditIdentity: UInt8, Sendable, CaseIterable {
  /// Per item and node: the lines of held and committed holds add up to what is reserved.
  case reserved = 0
  /// Per item and node: the lines of committed holds add up to what is allocated.
  case allocated = 1
  /// Per item and node: amounts are within their bounds, none reserved is negative.
  case bounds = 2
  /// Per item and node: the conditions add up to what is kept of their sum.
  case breakdown = 3
  /// Everything ever put, received, shipped, adjusted and counted adds up to what is on hand.
  case movements = 4
  /// Per seller and storage type: the volume of its items adds up to the usage kept.
  case usage = 5
  /// Every row of open inbound stands in the list of its item and is found by its name.
  case inbound = 6
  /// Per departure, hour and wave: the promises add up to the load kept.
  case buckets = 7
  /// The holds add up to the counts kept.
  case holds = 8
  /// Per item, place, due and channel: the lines that no position reserves add up to the claims kept
  /// of them; and per channel, item and node those of the channel to what it has claimed.
  case claims = 9
  /// Per item and node: the lines of committed holds add up to what of it is picked.
  case picked = 10
  /// Per item and node: the list of its allocations has every committed line, once.
  case allocations = 11
  /// Per item and node: allocations that nothing covers are recorded as missing, and no others.
  case shortfalls = 12

  /// The name in reports and metrics.
  package var name: String { "\(self)" }
}

/// One difference that an audit found.
package struct AuditViolation: Sendable, Equatable {
  package var identity: AuditIdentity
  /// The item, seller or shipment it is about; empty where it is about the whole.
  package var key: Name
  /// The node, where there is one.
  package var node: Name
  /// What of it, in words; empty where the identity says it.
  package var detail: String
  /// What the other side of the identity adds up to, and what is kept. Clamped to 64 bits.
  package var expected: Int64
  package var found: Int64

  package init(
    _ identity: AuditIdentity, key: Name = .empty, node: Name = .empty, detail: String = "",
    expected: some BinaryInteger, found: some BinaryInteger
  ) {
    self.identity = identity
    self.key = key
    self.node = node
    self.detail = detail
    self.expected = Int64(clamping: expected)
    self.found = Int64(clamping: found)
  }
}

/// What one pass over the whole state found.
package struct AuditReport: Sendable, Equatable {
  /// Per identity in its order: comparisons made, and how many differed.
  package var checked = [UInt64](repeating: 0, count: AuditIdentity.allCases.count)
  package var violations = [UInt64](repeating: 0, count: AuditIdentity.allCases.count)
  /// The first differences, at most `Limits.auditViolations`.
  package var described: [AuditViolation] = []
  package var items: UInt64 = 0
  package var positions: UInt64 = 0
  package var holds: UInt64 = 0

  package init() {}

  package var violationCount: UInt64 { violations.reduce(0, +) }
  package var isSound: Bool { violationCount == 0 }

  package mutating func check(_ identity: AuditIdentity) {
    checked[Int(identity.rawValue)] += 1
  }

  /// Counts a difference and keeps its description while there is room.
  package mutating func add(_ violation: AuditViolation) {
    violations[Int(violation.identity.rawValue)] += 1
    if described.count < Limits.auditViolations { described.append(violation) }
  }
}
