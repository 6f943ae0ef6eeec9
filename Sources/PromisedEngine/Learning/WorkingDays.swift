import PromisedInvariants
import PromisedModel

/// How much is delivered on each date of a span, in thousandths of a full working day.
///
/// Time between a purchase and a delivery is measured on this clock, so that Sundays, holidays and
/// the days between the years need not be learned again for every weekday of purchase.
package struct WorkingDays: Sendable {
  /// A full working day.
  @inlinable
  package static var full: Int64 { 1000 }

  /// The first date of the span, days since 1970.
  package let first: Int32
  /// The weight of all dates before the n-th of the span.
  private let before: [Int64]

  /// `weights` are of consecutive dates from `first`, 0…1,000 each.
  package init(from first: Int32, weights: [Int32]) {
    self.first = first
    var running: Int64 = 0
    var before: [Int64] = [0]
    for weight in weights {
      invariant((0...1000).contains(weight), "a day is at most a full one")
      running += Int64(weight)
      before.append(running)
    }
    self.before = before
  }

  /// The date after the span.
  package var end: Int32 { first + Int32(before.count - 1) }

  private func index(_ day: Int32) -> Int { Int(min(max(day, first), end) - first) }

  /// The weight of a date; 0 outside the span.
  package func weight(_ day: Int32) -> Int64 {
    day < first || day >= end ? 0 : before[index(day) + 1] - before[index(day)]
  }

  /// The weight of the dates after `start` up to and with `last`; 0 when there are none.
  package func between(after start: Int32, through last: Int32) -> Int64 {
    last <= start ? 0 : before[index(last + 1)] - before[index(start + 1)]
  }
}
