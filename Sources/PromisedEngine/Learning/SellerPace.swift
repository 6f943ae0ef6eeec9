import PromisedInvariants

/// How fast each seller hands over, and how old the oldest order is that it still has.
///
/// The pace is the mean logarithm of the working days from purchase to hand-over, faded with a
/// half-life of 60 days and drawn towards all sellers' by three orders.
package struct SellerPace: Sendable {
  private static var halfLifeDays: Int64 { 60 }
  private static var unit: Int64 { 1 << 20 }
  private static var prior: Int64 { 3 }

  private struct Mean: Sendable {
    /// Weight in 1/2^20 and weighed sum of logarithms in 1/2^16 · 1/2^20.
    var weight: Int64 = 0
    var sum: Int64 = 0
    var day: Int32 = 0

    mutating func fade(to day: Int32) {
      if day > self.day {
        let kept = BinaryPower.half(Int64(day) - Int64(self.day), of: halfLifeDays)
        weight = BinaryPower.scale(weight, by: kept)
        sum = BinaryPower.scale(sum, by: kept)
        self.day = day
      }
    }

    mutating func add(_ value: Int64) {
      weight += unit
      sum += value * unit
    }
  }

  private var sellers: [Mean]
  private var all = Mean()

  package init(sellers: Int) { self.sellers = Array(repeating: Mean(), count: sellers) }

  /// Takes in that an order was handed over on `day` after `working` thousandths of working days.
  package mutating func observe(seller: Int, day: Int32, working: Int64) {
    let value =
      BinaryPower.logarithm(WorkingDays.full + min(max(working, 0), 100 * WorkingDays.full))
      - BinaryPower.logarithm(WorkingDays.full)
    sellers[seller].fade(to: day)
    sellers[seller].add(value)
    all.fade(to: day)
    all.add(value)
  }

  /// The seller's pace on a day: log2 of one plus working days, in 1/2^16.
  package func pace(seller: Int, on day: Int32) -> Int64 {
    if all.weight < Self.unit / 1000 { return BinaryPower.octave * 3 / 2 }
    let mean = all.sum / all.weight
    var own = sellers[seller]
    own.fade(to: day)
    return (own.sum + Self.prior * Self.unit * mean) / (own.weight + Self.prior * Self.unit)
  }

  /// Levels of the pace as a factor.
  package static var paceLevels: Int { 9 }
  package static func paceLevel(_ pace: Int64) -> UInt16 {
    // Edges in hundredths of an octave.
    let hundredths = pace * 100 / BinaryPower.octave
    let edges: [Int64] = [101, 123, 144, 166, 188, 216, 245, 289]
    return UInt16(edges.count { hundredths >= $0 })
  }

  /// Levels of the oldest order's age as a factor.
  package static var backlogLevels: Int { 6 }
  package static func backlogLevel(_ working: Int64) -> UInt16 {
    let edges: [Int64] = [500, 2_000, 4_000, 7_000, 11_000]
    return UInt16(edges.count { working >= $0 })
  }
}
