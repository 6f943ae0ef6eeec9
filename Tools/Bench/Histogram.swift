/// Latencies in nanoseconds, with at most 1.6 % error: 64 linear buckets per power of two.
struct Histogram {
  private var counts = [UInt64](repeating: 0, count: 64 * 64)
  private(set) var total: UInt64 = 0

  mutating func record(_ nanoseconds: UInt64) {
    counts[Self.bucket(nanoseconds)] += 1
    total += 1
  }

  private static func bucket(_ value: UInt64) -> Int {
    if value < 64 { return Int(value) }
    let exponent = 63 - value.leadingZeroBitCount
    let mantissa = Int(value >> UInt64(exponent - 6)) & 63
    return (exponent - 5) * 64 + mantissa
  }

  private static func value(_ bucket: Int) -> UInt64 {
    if bucket < 64 { return UInt64(bucket) }
    let exponent = bucket / 64 + 5
    return (64 + UInt64(bucket % 64)) << UInt64(exponent - 6)
  }

  /// The latency below which `share` (0…1) of the recorded ones lie.
  func quantile(_ share: Double) -> UInt64 {
    let wanted = UInt64(Double(total) * share)
    var seen: UInt64 = 0
    for (bucket, count) in counts.enumerated() {
      seen += count
      if seen > wanted { return Self.value(bucket) }
    }
    return 0
  }
}
