import PromisedInvariants

/// The share of misses to aim at so that the share seen is the one wanted, also under drift:
/// α ← α + γ·(α* − err) after each outcome.
///
/// All shares are in 10^−9. α is kept within 0…1: 0 asks for the widest promise there is.
/// Source: Gibbs and Candès, "Adaptive Conformal Inference Under Distribution Shift" (2021).
package struct AdaptiveLevel: Sendable, Equatable {
  @inlinable
  package static var one: Int64 { 1_000_000_000 }

  /// The share of misses wanted, α*.
  package let wantedMisses: Int64
  /// γ.
  package let step: Int64
  /// α.
  package private(set) var misses: Int64

  /// `wantedMisses` and `step` lie within 0…10^9; 0.01 is the usual step.
  package init(wantedMisses: Int64, step: Int64 = 10_000_000) {
    invariant((0...Self.one).contains(wantedMisses), "a share lies within 0…1")
    invariant((0...Self.one).contains(step), "a step lies within 0…1")
    self.wantedMisses = wantedMisses
    self.step = step
    misses = wantedMisses
  }

  /// One that has come to `misses`, 0…10^9.
  package init(wantedMisses: Int64, misses: Int64) {
    self.init(wantedMisses: wantedMisses)
    self.misses = min(Self.one, max(0, misses))
  }

  /// Takes in whether a promise was missed.
  package mutating func observe(missed: Bool) {
    // The change is rounded to the nearest; |difference| and step are at most 10^9.
    let difference = wantedMisses - (missed ? Self.one : 0)
    let product = step * difference
    let half = Self.one / 2
    let change = (product >= 0 ? product + half : product - half) / Self.one
    misses = min(Self.one, max(0, misses + change))
  }
}
