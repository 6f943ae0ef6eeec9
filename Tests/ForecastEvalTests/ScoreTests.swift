import Testing

@testable import promised_forecast_eval

@Suite struct ScoreTests {
  /// Known answer S9, and the sums that are judged.
  @Test func knownAnswerS9() {
    func mean(_ quantiles: [Double], _ level: Double) -> Double {
      zip([1.0, 2, 3], quantiles).reduce(0) { $0 + Score.pinball($1.0, $1.1, level) } / 3
    }
    #expect(abs(mean([0, 2, 3], 0.1) - 0.1 / 3) < 1e-12)
    #expect(abs(mean([1, 2, 4], 0.1) - 0.3) < 1e-12)
    #expect(abs(mean([0, 2, 3], 0.9) - 0.3) < 1e-12)
    #expect(abs(mean([1, 2, 4], 0.9) - 0.1 / 3) < 1e-12)
  }

  /// Known answer S9b: the same losses over the series' own steps.
  @Test func knownAnswerS9b() {
    let history = [3.0, 5, 2, 4]
    let steps = zip(history, history.dropFirst()).map { abs($0 - $1) }
    let scale = steps.reduce(0, +) / Double(steps.count)
    #expect(abs(scale - 7.0 / 3) < 1e-12)
    let loss = [4.0, 6, 3].reduce(0) { $0 + Score.pinball($1, 7, 0.975) } / 3
    #expect(abs(loss / scale - 0.0285714286) < 1e-9)
  }
}
