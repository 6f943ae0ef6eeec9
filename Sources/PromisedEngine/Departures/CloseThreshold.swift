/// How many units offers already shown may still take: the smallest n with
/// P(X <= n) >= `confidence`, where X is Poisson with a mean of rate × lifetime.
///
/// A bucket is closed to new offers when no more than this is left of it, because an offer is not
/// a claim: whoever was shown one can hold it for as long as it lives.
///
/// Exact up to a mean of 10^6, in integers: the terms are counted relative to the largest, so that
/// no exponential is needed. Above it the answer is mean × (1 + 1/128), which is more than is
/// needed. O(square root of the mean).
///
/// - Parameters:
///   - ratePerSecondMilli: units taken per second, in thousandths; 0 or more.
///   - ttlSeconds: how long an offer lives; 0 or more.
///   - confidence: in 1/65535.
package func closeThreshold(
  ratePerSecondMilli: Int64, ttlSeconds: Int64, confidence: UInt16
) -> Int64 {
  let product = ratePerSecondMilli.multipliedReportingOverflow(by: ttlSeconds)
  if product.overflow { return .max }
  let mean = max(0, product.partialValue)
  if mean == 0 { return 0 }
  if mean > 1_000_000_000 { return mean / 1000 + mean / 128_000 }
  return PoissonTerms(meanMilli: UInt64(mean)).quantile(confidence)
}

/// The terms of a Poisson distribution relative to its largest, which counts 2^32.
private struct PoissonTerms {
  let meanMilli: UInt64
  var mode: UInt64 { meanMilli / 1000 }

  private static var top: UInt64 { 1 << 32 }

  private func after(_ term: UInt64, at n: UInt64) -> UInt64 {
    term * meanMilli / (1000 * (n + 1))
  }

  private func before(_ term: UInt64, at n: UInt64) -> UInt64 { term * (1000 * n) / meanMilli }

  func quantile(_ confidence: UInt16) -> Int64 {
    var below = Self.top
    var (n, term) = (mode, Self.top)
    while n > 0, term > 0 {
      term = before(term, at: n)
      n -= 1
      below += term
    }
    var above: UInt64 = 0
    (n, term) = (mode, Self.top)
    while term > 0 {
      term = after(term, at: n)
      n += 1
      above += term
    }
    let wanted = (below + above) * UInt64(confidence)
    (n, term) = (mode, Self.top)
    var sum = below
    while sum * 65_535 < wanted {
      term = after(term, at: n)
      n += 1
      sum += term
    }
    while n > 0, (sum - term) * 65_535 >= wanted {
      sum -= term
      term = before(term, at: n)
      n -= 1
    }
    return Int64(n)
  }
}
