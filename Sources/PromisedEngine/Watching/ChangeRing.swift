import CMemory
import PromisedInvariants
import PromisedModel

/// The items that changed last, in the order of the log: what watchers are told from.
///
/// No part of the state: it is in no digest and no snapshot, and replay fills it again. An item that
/// one event touches several times is recorded once, where it was touched first; so the entries of
/// an event are the same after every replay, and a place within them can be resumed. A record costs
/// two writes; the oldest entry makes room for the newest.
struct ChangeRing: ~Copyable {
  struct Entry: BitwiseCopyable {
    var token: UInt64
    /// The event's position above its cause.
    var event: UInt64

    @inline(__always)
    var position: Position { event >> 8 }
    var cause: ChangeCause { ChangeCause(rawValue: UInt8(event & 0xff)) ?? .other }
  }

  private let entries: UnsafeMutablePointer<Entry>
  /// Where an item was recorded last, by 16 bits of its hash; only a hint.
  private let latest: UnsafeMutablePointer<UInt32>
  private let mask: Int
  /// Entries recorded since the start; the next one goes there.
  private(set) var end: UInt64 = 0
  /// Nothing is known of what changed up to here.
  private var since: Position = 0
  /// The event at hand, as entries hold it.
  private var event: UInt64 = 0

  static var hints: Int { 65_536 }

  /// - Parameter capacity: a power of two.
  init(capacity: Int) {
    invariant(capacity > 0 && capacity & (capacity - 1) == 0, "a ring of a power of two")
    mask = capacity - 1
    // Left untouched, so that memory is taken as entries come.
    entries = .allocate(capacity: capacity)
    entries.initialize(to: Entry(token: 0, event: 0))
    latest = .allocate(capacity: Self.hints)
    latest.initialize(repeating: 0, count: Self.hints)
  }

  deinit {
    entries.deallocate()
    latest.deallocate()
  }

  // MARK: Recording

  /// What is recorded from here on is by this event.
  mutating func begin(_ position: Position, _ cause: ChangeCause) {
    event = position << 8 | UInt64(cause.rawValue)
  }

  /// Records an item, once an event. Constant time.
  ///
  /// - Parameter isStamped: something with the same hash was touched by this event before.
  @inline(__always)
  mutating func record(_ token: UInt64, hash: UInt64, isStamped: Bool) {
    let hint = latest + Int(hash & 0xffff)
    if isStamped {
      let last = entries[Int(hint.pointee)]
      if last.token == token && last.event == event { return }
    }
    let place = Int(truncatingIfNeeded: end) & mask
    entries[place] = Entry(token: token, event: event)
    hint.pointee = UInt32(truncatingIfNeeded: place)
    end &+= 1
  }

  @inline(__always)
  func prefetch(_ hash: UInt64) { promised_prefetch(latest + Int(hash & 0xffff)) }

  /// Forgets everything: what changed up to `position` is not known.
  mutating func reset(since position: Position) {
    since = position
    end = 0
    entries[0] = Entry(token: 0, event: 0)
    latest.update(repeating: 0, count: Self.hints)
  }

  // MARK: Reading

  var capacity: Int { mask + 1 }

  /// The oldest entry that is still there.
  var start: UInt64 { end > UInt64(capacity) ? end - UInt64(capacity) : 0 }

  @inline(__always)
  subscript(index: UInt64) -> Entry {
    invariant(index >= start && index < end, "an entry that is not in the ring")
    return entries[Int(truncatingIfNeeded: index) & mask]
  }

  /// The first entry behind a place; nil when entries behind it may have been lost.
  /// O(log entries + part).
  func index(behind place: ChangePlace) -> UInt64? {
    // What was overwritten last may be of the same event as the oldest entry.
    let known = start > 0 ? self[start].position : since
    if place.position < known { return nil }
    var (low, high) = (start, end)
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle].position > place.position { high = middle } else { low = middle + 1 }
    }
    if low == end || place.part == 0 { return low }
    let event = self[low].position
    var left = place.part
    while left > 0, low < end, self[low].position == event {
      low += 1
      left -= 1
    }
    return low
  }
}

/// Where a reader of the changes stands.
package struct ChangeCursor: Sendable, Equatable {
  /// The entry to read next.
  var index: UInt64
  /// The event of the entry read last, and how many of its entries were read.
  var position: Position
  var part: UInt32
}
