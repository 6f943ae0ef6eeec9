import PromisedInvariants

/// How work on an order will add up, day after day, at a tempo that returns to the usual.
///
/// Effort is working time times tempo: an order of the usual kind needs the same effort in a slow
/// week, and more days. What the tempo is away from the usual halves in about fourteen working days
/// (a mean of twenty).
struct DeliveryForecast: Sendable {
  private static var halfLife: Int64 { 13_863 }
  /// Added before the logarithm, thousandths of a day: the first days count alike.
  static var offset: Int64 { 3_000 }

  /// Tempo less the usual, in 1/2^16.
  private var excess: Int64
  /// In 1/2^10 of a thousandth of a day.
  private var effort: Int64 = 0

  init(tempo: Int64) { excess = tempo - TransitTempo.one }

  /// A date of the given weight (thousandths) goes by.
  mutating func pass(weight: Int64) {
    if weight == 0 { return }
    let after = (excess * BinaryPower.half(weight, of: Self.halfLife)) >> 30
    effort += max(0, weight << 10 + (weight * (excess + after)) >> 7)
    excess = after
  }

  /// How far the order is, in octaves (1/2^16) of effort.
  var progress: Int64 { Self.progress(ofEffort: effort >> 10) }

  /// The same for an effort in thousandths of a day.
  static func progress(ofEffort effort: Int64) -> Int64 {
    BinaryPower.logarithm(max(effort, 0) + offset)
  }
}

/// The chance of having been delivered, by days after the purchase.
package struct ChanceCurve: Sendable, Equatable {
  /// Cumulative, in 1/2^30; the first entry is the day of purchase. After the last entry: certain.
  package var chances: [Int32]

  package init(chances: [Int32]) { self.chances = chances }

  /// The fewest days after the purchase whose chance reaches `level` in 1/2^30.
  package func days(level: Int64) -> Int {
    var low = 0
    var high = chances.count
    while low < high {
      let middle = (low + high) / 2
      if Int64(chances[middle]) < level { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The chance of being delivered within so many days, in 1/2^30.
  package func chance(days: Int) -> Int64 {
    if days < 0 { return 0 }
    return days < chances.count ? Int64(chances[days]) : BinaryPower.one
  }
}
