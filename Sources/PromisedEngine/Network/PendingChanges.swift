/// Changes of departures that published profiles do not know yet.
///
/// A departure that was taken away at a minute can only have been on the way of what left a node by
/// then. So where a destination's rows might count on it, entries up to that minute are passed over:
/// answers may be late until the patched profiles are published, but never too early.
package final class PendingChanges: Sendable {
  /// By destination: entries up to this minute do not count; 0 = all count.
  private let barriers: [UInt16]

  init(barriers: [UInt16]) { self.barriers = barriers }

  /// No entry of the destination's rows that leaves at this minute or before counts; 0 = all do.
  @inline(__always)
  func barrier(_ destination: UInt32) -> UInt16 {
    Int(destination) < barriers.count ? barriers[Int(destination)] : 0
  }

  /// How many destinations are passed over in part.
  package var affectedCount: Int { barriers.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }
}
