import Foundation
import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct CloseThresholdTests {
  static let nearlyCertain = ConfidenceLevel.nearlyCertain.probability

  /// Known answer S16: 0.5/s for 30 s at 99 %: CDF(24) = .98884, CDF(25) = .99381.
  @Test func s16() {
    #expect(
      closeThreshold(ratePerSecondMilli: 500, ttlSeconds: 30, confidence: Self.nearlyCertain) == 25)
    #expect(closeThreshold(ratePerSecondMilli: 500, ttlSeconds: 30, confidence: 64_800) == 24)
  }

  @Test func nothingIsTakenOfWhatNobodyTakes() {
    #expect(closeThreshold(ratePerSecondMilli: 0, ttlSeconds: 900, confidence: 65_535) == 0)
    #expect(closeThreshold(ratePerSecondMilli: 100, ttlSeconds: 0, confidence: 65_535) == 0)
    #expect(closeThreshold(ratePerSecondMilli: -5, ttlSeconds: 10, confidence: 65_535) == 0)
    #expect(closeThreshold(ratePerSecondMilli: .max, ttlSeconds: 2, confidence: 1) == .max)
  }

  /// The quantile by the definition, in floating point.
  static func quantile(mean: Double, confidence: Double) -> Int64 {
    var sum = 0.0
    var n: Int64 = 0
    while true {
      sum += exp(-mean + Double(n) * log(mean) - lgamma(Double(n) + 1))
      if sum >= confidence || n > 100_000 { return n }
      n += 1
    }
  }

  @Test func agreesWithTheDefinition() {
    for meanMilli: Int64 in [1, 10, 100, 900, 1000, 1001, 2500, 15_000, 77_770, 450_000, 5_000_000]
    {
      for level in ConfidenceLevel.allCases {
        let expected = Self.quantile(
          mean: Double(meanMilli) / 1000, confidence: Double(level.probability) / 65_535)
        let units = closeThreshold(
          ratePerSecondMilli: meanMilli, ttlSeconds: 1, confidence: level.probability)
        #expect(units == expected, "mean \(meanMilli) at \(level)")
      }
    }
  }

  @Test func growsWithTheMeanAndNeverFallsBelowIt() {
    var last: Int64 = 0
    for meanMilli in stride(from: Int64(1000), through: 2_000_000_000, by: 33_333_333) {
      let units = closeThreshold(
        ratePerSecondMilli: meanMilli, ttlSeconds: 1, confidence: Self.nearlyCertain)
      #expect(units >= last && units > meanMilli / 1000)
      last = units
    }
  }
}
