import PromisedInvariants

/// Where an outcome lies in a negative binomial distribution, in whole numbers: accurate to the bins
/// it is counted in, and the same everywhere. Answers use `DemandDistribution` instead.
enum NegativeBinomialCells {
  /// The standard deviation, in cells, that wider distributions are drawn together to.
  private static var spread: Int64 { 32 }
  /// The mean, in cells, above which only the spread matters and not the distance from 0.
  private static var farFromZero: Int64 { 960 }

  /// P(D < units) and P(D ≤ units) in 1/2^30.
  ///
  /// The variance is mean + excess · mean². A distribution wider than `spread` units is taken on a
  /// coarser lattice, between whose points the probability is spread evenly; one far from 0 is moved
  /// near it, where its shape hardly changes any more. By the ratios of neighbouring probabilities
  /// from the mode outwards; some thousands of them at most. Good to 0.02; near 0 of a
  /// very wide one it only tells that it is low.
  ///
  /// - Parameters:
  ///   - mean: above 0, in 1/2^20.
  ///   - excess: 0 or more, in 1/2^20.
  static func bounds(of units: Int64, mean: Int64, excess: Int64) -> (below: Int64, upTo: Int64) {
    invariant(mean > 0 && excess >= 0 && units >= 0, "a distribution of units")
    let units = min(units, 1 << 40)
    let variance = (Int128(mean) << 20) + ((Int128(mean) * Int128(mean)) >> 20) * Int128(excess)
    let deviation = Int64(clamping: DemandScale.squareRoot(variance))
    if deviation <= spread << 20 {
      return shares(from: units << 20, to: (units + 1) << 20, mean: mean, excess: excess)
    }
    func scaled(_ amount: Int128) -> Int64 {
      DemandScale.clamped(amount * Int128(spread << 20) / Int128(deviation))
    }
    let whole = scaled(Int128(mean))
    let moved = max(0, whole - farFromZero << 20)
    let near = max(1 << 10, whole - moved)
    // A unit is half of one to either side of its point, and a cell too.
    let half = DemandScale.one / 2
    let from = scaled(Int128(units) << 20 - Int128(half)) - moved + half
    let to = scaled(Int128(units) << 20 + Int128(half)) - moved + half
    // variance = mean + excess · mean², in cells.
    let wide = (spread * spread) << 20 - near
    let width = DemandScale.quotient(max(0, wide), max(1, DemandScale.product(near, near)))
    return shares(
      from: units == 0 ? 0 : max(0, from), to: max(1, to), mean: near, excess: width)
  }

  /// The shares of the distribution below two places on the lattice, where cell k reaches from k to
  /// k + 1; all in 1/2^20 cell.
  private static func shares(from: Int64, to: Int64, mean: Int64, excess: Int64) -> (
    below: Int64, upTo: Int64
  ) {
    let one = DemandScale.one
    // P(k + 1) / P(k) = (1 + k·excess) · mean / ((1 + excess·mean) (k + 1))
    let divisor = Int128(one + DemandScale.product(excess, mean))
    let mode = excess >= one ? 0 : DemandScale.product(mean, one - excess) >> 20
    let peak: Int64 = 1 << 46
    var (below, upTo, total) = (Int128(0), Int128(0), Int128(0))
    func count(_ weight: Int64, _ k: Int64) {
      total += Int128(weight) << 20
      below += Int128(weight) * Int128(min(max(0, from - k << 20), one))
      upTo += Int128(weight) * Int128(min(max(0, to - k << 20), one))
    }
    count(peak, mode)
    var (weight, k) = (peak, mode)
    while weight > 1 << 12 && k - mode < 4096 {
      let growth = (Int128(one) + Int128(k) * Int128(excess)) * Int128(mean)
      let ratio = ((growth / Int128(k + 1)) << 10) / divisor
      weight = Int64(clamping: (Int128(weight) * ratio) >> 30)
      k += 1
      count(weight, k)
    }
    (weight, k) = (peak, mode)
    while k > 0 && weight > 1 << 12 {
      // The same ratio, the other way round.
      let growth = (Int128(one) + Int128(k - 1) * Int128(excess)) * Int128(mean)
      weight = Int64(clamping: Int128(weight) * divisor * Int128(k) * Int128(one) / growth)
      k -= 1
      count(weight, k)
    }
    return (Int64((below << 30) / total), Int64((upTo << 30) / total))
  }
}
