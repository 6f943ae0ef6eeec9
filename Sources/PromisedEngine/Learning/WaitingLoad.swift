import PromisedInvariants

/// How much more work waits at the sellers than usual, and by how much that slows what comes next.
///
/// A sale shows in the orders waiting on its very day, weeks before it shows in late deliveries.
struct WaitingLoad: Sendable {
  private static var usualDays: Int { 42 }
  private static var fewestDays: Int { 10 }
  /// log2 3 in 1/2^16: a load beyond three times the usual is taken for three times.
  private static var most: Int64 { 103_872 }

  /// Orders waiting at the end of the last days, a ring.
  private var ring: [Int64] = []
  private var oldest = 0
  private var sum: Int64 = 0
  private var latest: Int64 = 0

  /// Takes in how many orders wait at the end of a day.
  mutating func closeDay(waiting: Int) {
    latest = Int64(waiting)
    sum += latest
    if ring.count < Self.usualDays {
      ring.append(latest)
    } else {
      sum -= ring[oldest]
      ring[oldest] = latest
      oldest = (oldest + 1) % Self.usualDays
    }
  }

  /// The share of its tempo that work keeps, in 1/2^30: (usual / load)^0.4 while the load is above
  /// the usual, else 1.
  var kept: Int64 {
    let count = Int64(ring.count)
    if count < Self.fewestDays || sum == 0 || latest * count <= sum { return BinaryPower.one }
    let ratio = (latest * count) << 10 / sum
    let octaves = min(Self.most, BinaryPower.logarithm(ratio) - 10 * BinaryPower.octave)
    return BinaryPower.half(max(0, octaves) * 2 / 5, of: BinaryPower.octave)
  }
}
