import PromisedInvariants

/// Whole numbers that stand for units, rates and shares of demand: what is kept of it must come out
/// the same on every machine and after every restart.
enum DemandScale {
  /// 1 unit, 1 day, or a share of one: 2^20.
  static var one: Int64 { 1 << 20 }
  /// Days and units beyond this are not told apart; it keeps every product within 128 bits.
  static var most: Int64 { 1 << 60 }

  /// left · right / 2^20 rounded down.
  @inline(__always)
  static func product(_ left: Int64, _ right: Int64) -> Int64 {
    clamped((Int128(left) * Int128(right)) >> 20)
  }

  /// part / whole in 1/2^20 rounded down; `whole` is above 0.
  @inline(__always)
  static func quotient(_ part: Int64, _ whole: Int64) -> Int64 {
    invariant(whole > 0, "a quotient has a divisor")
    return clamped((Int128(part) << 20) / Int128(whole))
  }

  @inline(__always)
  static func clamped(_ value: Int128) -> Int64 {
    Int64(truncatingIfNeeded: min(max(value, -Int128(most)), Int128(most)))
  }

  /// The whole square root, rounded down. Newton's iteration from above.
  static func squareRoot(_ value: Int128) -> Int128 {
    if value < 2 { return max(0, value) }
    var root: Int128 = 1 << ((128 - value.leadingZeroBitCount + 1) / 2)
    while true {
      let next = (root + value / root) >> 1
      if next >= root { return root }
      root = next
    }
  }
}
