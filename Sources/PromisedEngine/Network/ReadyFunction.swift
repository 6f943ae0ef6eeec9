/// When an order is at the dock, and until when one may come in: a node's processing on its shifts.
///
/// Times are minutes since the horizon base. The two functions are a Galois connection, exactly:
///
///     ready(at: t, processing: p) <= c   if and only if   t <= latestOrder(for: c, processing: p)
///
/// so both are monotone, and a promise found by searching cutoffs equals one found by searching
/// order-by times. Work runs in open minutes only; an order that needs none is at the dock when the
/// node is next open. A borrowed view of the profile's tables.
package struct ReadyFunction {
  /// `open[i] < close[i] < open[i + 1]`.
  let opens: UnsafePointer<Int32>
  let closes: UnsafePointer<Int32>
  /// Open minutes up to and including interval i.
  let totals: UnsafePointer<Int32>
  let count: Int

  /// The earliest minute at or after `minute` at which `processing` (0 or more) open minutes have
  /// passed and the node is open; nil when the horizon ends before. O(log intervals).
  package func ready(at minute: Int32, processing: Int32) -> Int32? {
    if processing == 0 {
      let index = first { closes[$0] >= minute }
      return index == count ? nil : max(minute, opens[index])
    }
    let current = first { closes[$0] > minute }
    guard current < count else { return nil }
    let worked = start(current) + max(0, minute - opens[current])
    let target = worked + processing
    let last = first { totals[$0] >= target }
    return last == count ? nil : closes[last] - (totals[last] - target)
  }

  /// The latest minute at which an order is still ready by `cutoff`; nil when that is before the
  /// first opening of the horizon. O(log intervals).
  package func latestOrder(for cutoff: Int32, processing: Int32) -> Int32? {
    let current = first { opens[$0] > cutoff } - 1
    guard current >= 0 else { return nil }
    let end = min(cutoff, closes[current])
    if processing == 0 { return end }
    let budget = start(current) + (end - opens[current]) - processing
    guard budget >= 0 else { return nil }
    let last = first { totals[$0] > budget }
    return opens[last] + (budget - start(last))
  }

  /// Whether the node is open in any minute from `minute` on.
  package func opens(after minute: Int32) -> Bool { count > 0 && closes[count - 1] > minute }

  @inline(__always)
  private func start(_ index: Int) -> Int32 { index == 0 ? 0 : totals[index - 1] }

  /// The first interval for which a condition holds that stays true once it is; `count` if none.
  @inline(__always)
  private func first(where condition: (Int) -> Bool) -> Int {
    var low = 0
    // Orders are placed early in the horizon.
    let near = min(count, 4)
    while low < near {
      if condition(low) { return low }
      low += 1
    }
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if condition(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
