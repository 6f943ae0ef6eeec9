import PromisedEngine
import Testing

@Suite("Learning") struct LearningTests {
  @Test("powers and logarithms of two agree with the real ones")
  func powers() {
    for (elapsed, halfLife, expected) in [
      (0, 14, 1 << 30), (14, 14, 1 << 29), (28, 14, 1 << 28), (7, 14, 759_250_125),
      (1, 1 << 16, 1_073_730_468), (31 * 14, 14, 0), (434_000, 14, 0),
    ] as [(Int64, Int64, Int64)] {
      #expect(abs(BinaryPower.half(elapsed, of: halfLife) - expected) <= 4)
    }
    #expect(BinaryPower.logarithm(1) == 0)
    #expect(BinaryPower.logarithm(8) == 3 << 16)
    #expect(abs(BinaryPower.logarithm(1000) - 653_117) <= 1)
    #expect(abs(BinaryPower.logarithm(Int64.max) - (63 << 16)) <= 2)
    var value: Int64 = 1
    while value < 1 << 40 {
      let back = BinaryPower.power(BinaryPower.logarithm(value))
      #expect(abs(back - value) <= value / 40_000 + 1, "\(value) came back as \(back)")
      value = value * 17 / 10 + 1
    }
    #expect(BinaryPower.power(-1) == 0)
  }

  @Test("sixty daily observations at a half-life of 14 days weigh 19.6, worth 36.5")
  func decay() {
    var histogram = DecayedHistogram(bins: 3, halfLifeDays: 14)
    for day in 0..<60 { histogram.observe(bin: day % 3, day: Int32(day)) }
    let weight = histogram.weight(on: 59) * 1000 / DecayedHistogram.unit
    #expect((19_630...19_645).contains(weight))
    #expect((36_440...36_480).contains(histogram.effectiveSizeMilli))
    #expect(histogram.weights.reduce(0, +) == histogram.total)
    // Half a half-life of silence, then the effective size is the same and the weight is less.
    let later = histogram.weight(on: 73) * 1000 / DecayedHistogram.unit
    #expect((9_810...9_825).contains(later))
  }

  @Test("an observation told late weighs as much as one told in time")
  func lateObservation() {
    var inTime = DecayedHistogram(bins: 1, halfLifeDays: 14)
    var late = inTime
    for day in [3, 20] as [Int32] { inTime.observe(bin: 0, day: day) }
    for day in [20, 3] as [Int32] { late.observe(bin: 0, day: day) }
    #expect(abs(inTime.total - late.total) <= 1)
    #expect(abs(inTime.squares - late.squares) <= 2)
  }

  /// S11.
  @Test("a lane that saw five is drawn towards its parent")
  func shrinkage() {
    let parent = [0.96, 0.99, 1].map { Int64(($0 * Double(Shrinkage.one)).rounded()) }
    let weights = [3, 1, 1].map { $0 * DecayedHistogram.unit }
    let blended = Shrinkage.blend(weights: weights, towards: parent)
    let shares = [blended[0], blended[1] - blended[0], blended[2] - blended[1]]
    for (share, expected) in zip(shares, [0.92, 0.048_889, 0.031_111]) {
      #expect(abs(Double(share) / Double(Shrinkage.one) - expected) < 1e-6)
    }
    #expect(blended[2] == Shrinkage.one)
    let level = Shrinkage.one / 100 * 95
    let own = Shrinkage.blend(weights: weights, towards: parent, strength: 0)
    #expect(Shrinkage.quantile(own, level: level) == 2)
    #expect(Shrinkage.quantile(parent, level: level) == 0)
    #expect(Shrinkage.quantile(blended, level: level) == 1)
    #expect(Shrinkage.blend(weights: [0, 0, 0], towards: parent) == parent)
  }

  @Test("a chain of levels gives way to its parent as it ages")
  func chain() {
    let prior = [Shrinkage.one / 2, Shrinkage.one]
    var lane = DecayedHistogram(bins: 2, halfLifeDays: 14)
    for _ in 0..<40 { lane.observe(bin: 1, day: 100) }
    let empty = DecayedHistogram(bins: 2, halfLifeDays: 14)
    // 40 own against 40 of the parent, a quarter as many after two half-lives.
    let fresh = Shrinkage.blend(chain: [empty, lane], prior: prior, on: 100)
    #expect(abs(fresh[0] - Shrinkage.one / 4) <= 2)
    let aged = Shrinkage.blend(chain: [empty, lane], prior: prior, on: 128)
    #expect(abs(aged[0] - Shrinkage.one * 2 / 5) <= 20)
    let gone = Shrinkage.blend(chain: [lane], prior: prior, on: 100_000)
    #expect(gone == prior)
  }

  /// S10.
  @Test(
    "conformal ranks",
    arguments: [
      (19, 950_000, 19), (18, 950_000, nil), (99, 950_000, 95), (199, 950_000, 190),
      (9, 900_000, 9), (10, 900_000, 10),
    ] as [(Int, Int64, Int?)])
  func ranks(count: Int, level: Int64, expected: Int?) {
    #expect(ConformalRank.rank(count: count, levelMillionths: level) == expected)
  }

  @Test("a window of residuals keeps the newest and sorts them")
  func window() {
    var window = ResidualWindow(capacity: 19)
    for residual in 1...18 as ClosedRange<Int64> { window.insert(-residual) }
    #expect(window.quantile(levelMillionths: 950_000) == nil)
    window.insert(7)
    #expect(window.quantile(levelMillionths: 950_000) == 7)
    #expect(window.quantile(levelMillionths: 500_000) == -9)
    // −1 and −2 leave.
    window.insert(-100)
    window.insert(-100)
    #expect(window.count == 19)
    #expect(window.residuals.first == -3)
    #expect(window.residuals.suffix(3) == [7, -100, -100])
    #expect(window.quantile(levelMillionths: 500_000) == -11)
  }

  /// S10b.
  @Test("the level adapts by a hundredth of what was missed")
  func adaptiveLevel() {
    var missed = AdaptiveLevel(wantedMisses: 50_000_000)
    missed.observe(missed: true)
    #expect(missed.misses == 40_500_000)
    var met = AdaptiveLevel(wantedMisses: 50_000_000)
    met.observe(missed: false)
    #expect(met.misses == 50_500_000)
    for _ in 0..<1000 { missed.observe(missed: true) }
    #expect(missed.misses == 0)
  }
}
