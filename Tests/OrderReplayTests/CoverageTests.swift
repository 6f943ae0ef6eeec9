import Testing

@testable import promised_order_replay

@Suite("Scores of promises") struct CoverageTests {
  /// S9.
  @Test(
    "pinball loss",
    arguments: [
      ([0, 2, 3], 0.1, 0.1 / 3), ([1, 2, 4], 0.1, 0.3), ([0, 2, 3], 0.9, 0.3),
      ([1, 2, 4], 0.9, 0.1 / 3),
    ] as [([Double], Double, Double)])
  func pinball(quantiles: [Double], level: Double, expected: Double) {
    #expect(abs(Pinball.mean([1, 2, 3], quantiles, level: level) - expected) < 1e-12)
  }
}
