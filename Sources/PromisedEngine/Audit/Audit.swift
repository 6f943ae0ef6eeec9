import PromisedInvariants
import PromisedModel

/// A pass of the standing audit over a state that goes on changing.
///
/// Holds do not know the positions they claim by place, so the claims are counted up from the holds,
/// for one part of the items at a time, and compared with the position table's part of those items.
/// A part is a range of the hash that the table is sorted by, so that it is walked once, and small
/// enough that its tally stays small. Between two slices the state changes: a hold that is touched is
/// counted anew before anything is compared again, and a change of an item that was walked already
/// goes into the pass's sums too. So every comparison is of two sides of the same instant, and the
/// pass stops nobody.
///
/// The pass is no part of the state: it is not in snapshots, and applying an event gives the same
/// state whether one is under way or not.
struct Audit: ~Copyable {
  enum Phase {
    case idle
    /// Counts the claims of the part's items from the holds.
    case counting
    /// Compares buckets, and the counts of holds; once a pass, while all holds are counted.
    case buckets
    /// Walks the part's positions.
    case rows
    /// Looks for claims of the part that have no position.
    case leftovers
    case breakdowns
    case inbound
    /// Compares the sums of all items.
    case usage
  }

  var phase = Phase.idle
  var report = AuditReport()
  /// The tallies follow events: from the first hold of a part to the end of the part.
  private(set) var isCounting = false
  /// The sums follow changes of walked items: from the beginning of the pass to its end.
  private(set) var isSumming = false

  var part: UInt64 = 0
  private(set) var partCount: UInt64 = 1
  /// What each hold was counted with, by its slot: those before the end are in the tallies.
  var counted = Store<CountedHold>()
  var entries = Store<CountedClaim>()
  /// Holds that were touched since the last slice, by id, and slots, marked, of those that are gone.
  var changed = Store<UInt64>()
  /// Where the phase under way goes on: a slot or row of its table.
  var cursor = 0
  /// Items whose hash is at most this one are in the sums.
  var walkedHash: UInt64 = 0

  var claims = ClaimTally()
  var buckets = BucketTally()
  var heldCount = 0
  var committedCount = 0
  /// Usage of the walked items, and the units on hand of them.
  var usage = UsageTable()
  var onHand: Int128 = 0

  var isRunning: Bool { phase != .idle }

  mutating func begin(liveHolds: Int, claimsPerPart: Int) {
    report = AuditReport()
    part = 0
    // Two lines a hold is a guess; a wrong one costs memory or time, nothing else.
    partCount = UInt64(liveHolds * 2 / claimsPerPart + 1)
    walkedHash = 0
    onHand = 0
    usage.removeAll()
    isSumming = true
    beginCounting()
  }

  /// Counts from the first hold on, again where an event changed more than can be followed.
  mutating func beginCounting() {
    phase = .counting
    isCounting = true
    counted.removeAll()
    entries.removeAll()
    changed.removeAll()
    claims.removeAll()
    buckets.removeAll()
    heldCount = 0
    committedCount = 0
  }

  static var slotMark: UInt64 { 1 << 63 }
  /// Entries of a part, of 56 bytes each, with those that newer ones took the place of.
  static var mostEntries: Int { 4_194_304 }

  mutating func add(_ entry: CountedClaim, sign: Int64) {
    if let bucket = entry.bucket {
      if countsBuckets { buckets.add(sign * entry.units.reserved, to: bucket) }
    } else {
      var units = entry.units
      units.reserved *= sign
      units.allocated *= sign
      units.picked *= sign
      claims.add(units, to: entry.key)
    }
  }

  mutating func count(_ state: UInt8, by change: Int) {
    if state == HoldState.held.rawValue { heldCount += change }
    if state == HoldState.committed.rawValue { committedCount += change }
  }

  /// Whether buckets and counts of holds are being counted: with the first part only.
  var countsBuckets: Bool { part == 0 && (phase == .counting || phase == .buckets) }

  /// The part was walked: what is added to it from now on belongs to the sums like what was walked.
  mutating func endWalkOfPart() {
    if part + 1 == partCount {
      walkedHash = .max
    } else {
      let (quotient, rest) = partCount.dividingFullWidth((part + 1, 0))
      walkedHash = rest == 0 ? quotient - 1 : quotient
    }
  }

  /// Ends the part: the next one is counted, or the tables that need no count follow.
  mutating func endPart() {
    part += 1
    cursor = 0
    if part < partCount { return beginCounting() }
    isCounting = false
    phase = .breakdowns
  }

  /// Goes on with another table, from its beginning.
  mutating func go(to next: Phase) {
    phase = next
    cursor = 0
  }

  /// Ends the pass, finished or not.
  mutating func end() {
    isCounting = false
    isSumming = false
    phase = .idle
  }

  /// Whether the part under way has the items of this hash.
  @inline(__always)
  func isOfPart(hash: UInt64) -> Bool {
    partCount == 1 || hash.multipliedFullWidth(by: partCount).high == part
  }
}

/// What audits did since the start, for status and metrics.
package struct AuditFacts: Sendable {
  /// Full passes, and when the last one ended in UTC seconds; 0 = none yet.
  package var passes: UInt64 = 0
  package var lastPassUnixSeconds: Int64 = 0
  /// Positions compared since the start.
  package var positionsChecked: UInt64 = 0
  /// Differences found since the start, by identity.
  package var violations = [UInt64](repeating: 0, count: AuditIdentity.allCases.count)

  package init() {}

  package mutating func add(_ report: borrowing AuditReport, at now: UnixMilliseconds) {
    passes += 1
    lastPassUnixSeconds = now.seconds
    positionsChecked += report.positions
    for index in violations.indices { violations[index] += report.violations[index] }
  }
}
