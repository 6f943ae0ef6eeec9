import PromisedInvariants

/// Ranks of split-conformal prediction: among n exchangeable residuals and a new one, the new one
/// is at most the k-th smallest with probability θ or more when k = ⌈(n + 1)·θ⌉.
///
/// Source: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World" (2005).
package enum ConformalRank {
  /// The rank, from 1, for `level` in millionths (1…999,999); nil when n is too small for it:
  /// 0.95 needs 19 residuals.
  package static func rank(count: Int, levelMillionths: Int64) -> Int? {
    invariant(count >= 0 && (1...999_999).contains(levelMillionths), "a level lies within 0…1")
    let (product, overflow) = (Int64(count) + 1).multipliedReportingOverflow(by: levelMillionths)
    if overflow { return nil }
    let rank = (product + 999_999) / 1_000_000
    return rank > Int64(count) ? nil : Int(rank)
  }
}

/// The newest residuals (delivered minus predicted, any unit), at most `capacity` of them.
///
/// Insert O(capacity), quantile O(1).
package struct ResidualWindow: Sendable, Equatable {
  package let capacity: Int
  /// In the order of arrival, a ring from `oldest`.
  private var ring: [Int64] = []
  private var oldest = 0
  private var sorted: [Int64] = []

  package init(capacity: Int) {
    invariant(capacity > 0, "a window holds something")
    self.capacity = capacity
  }

  package var count: Int { sorted.count }

  /// From the oldest to the newest.
  package var residuals: [Int64] { Array(ring[oldest...] + ring[..<oldest]) }

  /// Adds a residual; the oldest leaves when the window is full.
  package mutating func insert(_ residual: Int64) {
    if ring.count == capacity {
      sorted.remove(at: place(of: ring[oldest]))
      ring[oldest] = residual
      oldest = (oldest + 1) % capacity
    } else {
      ring.append(residual)
    }
    sorted.insert(residual, at: place(of: residual))
  }

  /// The first place in `sorted` that is not below `residual`.
  private func place(of residual: Int64) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < residual { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// What to add to a prediction so that it holds with the level; nil = not calibrated yet, use
  /// the parent's.
  package func quantile(levelMillionths: Int64) -> Int64? {
    ConformalRank.rank(count: sorted.count, levelMillionths: levelMillionths).map {
      sorted[$0 - 1]
    }
  }
}
