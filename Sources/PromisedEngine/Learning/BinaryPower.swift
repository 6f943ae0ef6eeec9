import PromisedInvariants

/// Logarithms and powers of two in whole numbers, the same on every machine.
package enum BinaryPower {
  /// 1 in the results of `half`: 2^30.
  @inlinable
  package static var one: Int64 { 1 << 30 }
  /// 1 in logarithms: 2^16, so that a step is 0.001 %.
  @inlinable
  package static var octave: Int64 { 1 << 16 }

  /// 2^(−elapsed / halfLife) in 1/2^30: what is left of a weight of one, within 3·10^−9.
  ///
  /// `elapsed` is 0 or more, `halfLife` 1…2^31 in the same unit. By the series of e^(−x) with
  /// x = ln 2 times the fraction of a half-life.
  package static func half(_ elapsed: Int64, of halfLife: Int64) -> Int64 {
    invariant(elapsed >= 0 && halfLife > 0 && halfLife <= 1 << 31, "a decay runs forward")
    let whole = elapsed / halfLife
    if whole >= 31 { return 0 }
    let fraction = (elapsed % halfLife) << 30 / halfLife
    let naturalLogOfTwo: Int64 = 744_261_118
    let x = (fraction * naturalLogOfTwo) >> 30
    var sum = one
    var term: Int64 = 12
    while term > 0 {
      sum = one - ((x * sum) >> 30) / term
      term -= 1
    }
    return sum >> whole
  }

  /// log2(value) in 1/2^16, rounded down; `value` is 1 or more.
  ///
  /// Bit by bit: squaring the mantissa doubles its logarithm.
  package static func logarithm(_ value: Int64) -> Int64 {
    invariant(value > 0, "a logarithm is of something")
    let exponent = 63 - value.leadingZeroBitCount
    var mantissa =
      exponent <= 30 ? UInt64(value) << (30 - exponent) : UInt64(value) >> (exponent - 30)
    var result = Int64(exponent)
    for _ in 0..<16 {
      mantissa = (mantissa * mantissa) >> 30
      result <<= 1
      if mantissa >= 1 << 31 {
        mantissa >>= 1
        result |= 1
      }
    }
    return result
  }

  /// 2^(exponent / 2^16) rounded down, for an exponent of at most 40 octaves; 0 below 1.
  package static func power(_ exponent: Int64) -> Int64 {
    invariant(exponent <= 40 * octave, "a power fits")
    if exponent < 0 { return 0 }
    // 2^(a + f) = 2^(a + 1) · 2^(f − 1).
    let whole = exponent >> 16
    let fraction = exponent & (octave - 1)
    let mantissa = half(octave - fraction, of: octave)
    let shift = whole + 1 - 30
    return shift >= 0 ? mantissa << shift : mantissa >> -shift
  }

  /// value · share / 2^30 rounded down: what is left of a weight (0 or more) after a decay.
  @inlinable
  package static func scale(_ value: Int64, by share: Int64) -> Int64 {
    let product = value.multipliedFullWidth(by: share)
    return (product.high << 34) | Int64(truncatingIfNeeded: product.low >> 30)
  }

  /// part / whole in 1/2^30, rounded down, at most 1; `part` is 0 or more, `whole` above 0.
  @inlinable
  package static func ratio(_ part: Int64, of whole: Int64) -> Int64 {
    if part >= whole { return one }
    let product = part.multipliedFullWidth(by: one)
    return Int64(
      UInt64(whole).dividingFullWidth((UInt64(product.high), product.low)).quotient)
  }
}
