import PromisedInvariants
import PromisedModel

/// The watches and waiting polls of the server, and whose turn it is.
///
/// Turns go round: each visits some watches, from where the turn before ended, so that every watch
/// is visited however many there are and however much the others read.
struct WatchList {
  private(set) var watches: [Watch] = []
  var thresholds = ThresholdTable()
  private var next = 0
  /// Watches of the round that were not visited yet.
  private var left = 0
  /// The changes there were when the round began.
  private var changesAtRound: UInt64 = 0
  /// Another round is wanted as soon as this one is over.
  private var isWanted = false
  /// A frame waits for the disk, behind which another could follow.
  var isBehindDisk = false
  /// When a round is due although nothing changed.
  private var dueAt = UInt64.max
  /// When thresholds were last looked at because time passes.
  var checkedAt: UInt64 = 0

  var isEmpty: Bool { watches.isEmpty }
  var hasThresholds: Bool { thresholds.count > 0 }

  mutating func add(_ watch: Watch) {
    watch.place = watches.count
    watches.append(watch)
    watch.session.watchCount += 1
    isWanted = true
  }

  mutating func remove(_ watch: Watch) {
    invariant(watches[watch.place] === watch, "a watch that is not in the list")
    if !watch.thresholds.isEmpty { thresholds.remove(watch) }
    watch.session.watchCount -= 1
    let last = watches.removeLast()
    if last !== watch {
      last.place = watch.place
      watches[last.place] = last
    }
    if watches.isEmpty { self.left = 0 }
  }

  /// Something happened that a watch may have waited for: credit, a crossing.
  mutating func wantRound() { isWanted = true }

  mutating func diskMovedOn() {
    if isBehindDisk {
      isBehindDisk = false
      isWanted = true
    }
  }

  /// Begins a round when there is a reason for one.
  mutating func beginRound(changes: UInt64, now: UInt64) {
    if left > 0 || watches.isEmpty { return }
    guard isWanted || changes != changesAtRound || now >= dueAt else { return }
    isWanted = false
    changesAtRound = changes
    dueAt = .max
    left = watches.count
  }

  /// The next watch of the round.
  mutating func take() -> Watch? {
    if left == 0 || watches.isEmpty { return nil }
    left -= 1
    if next >= watches.count { next = 0 }
    let watch = watches[next]
    next += 1
    return watch
  }

  /// Has a watch visited at an instant at the latest.
  mutating func visit(by instant: UInt64) { dueAt = min(dueAt, instant) }

  /// When the loop has to come back for the watches: now, later, or never (nil).
  func wakesAt(now: UInt64) -> UInt64? {
    if watches.isEmpty { return nil }
    if left > 0 || isWanted || thresholds.hasWork { return now }
    return dueAt == .max ? nil : max(dueAt, now)
  }
}
