import Glibc

/// How often outcomes really lay below each predicted probability: from predicted probabilities to
/// true ones and back. Piecewise straight between the levels of `DemandLevels`.
struct LevelMap {
  /// The share of outcomes at or below the nth level; ascending from 0 to 1.
  private(set) var shares: InlineArray<34, Double>

  /// Predicted probabilities are true.
  init() {
    shares = InlineArray { Double(DemandLevels.tenThousandth($0)) / 10_000 }
  }

  /// Learned shares of two neighbouring classes, each drawn to all classes by a hundred outcomes, and
  /// all classes to predicted probabilities by twenty.
  init(_ classes: DemandClasses, at place: (index: Int, fraction: Int64)) {
    self.init()
    let bins = DemandLevels.bins
    let all = DemandClasses.count * bins
    let (low, high) = (place.index * bins, (place.index + 1) * bins)
    var totals = (low: 0.0, high: 0.0, all: 0.0)
    for bin in 0..<bins {
      totals.low += Double(classes.shares[low + bin])
      totals.high += Double(classes.shares[high + bin])
      totals.all += Double(classes.shares[all + bin])
    }
    let (own, general) = (100.0 * 65_536, 20.0 * 65_536)
    let upper = Double(place.fraction) / 65_536
    var running = 0.0
    let perAll = 1 / (totals.all + general)
    let (perLow, perHigh) = (1 / (totals.low + own), 1 / (totals.high + own))
    var level: Int64 = 0
    for bin in 0..<bins {
      let next = DemandLevels.tenThousandth(bin + 1)
      let width = Double(next - level) / 10_000
      level = next
      let common = (Double(classes.shares[all + bin]) + general * width) * perAll
      let below = (Double(classes.shares[low + bin]) + own * common) * perLow
      let above = (Double(classes.shares[high + bin]) + own * common) * perHigh
      running += below + upper * (above - below)
      shares[bin + 1] = min(1, running)
    }
    shares[bins] = 1
  }

  /// Between two maps, by a weight of 0…1 for the other.
  func blended(with other: LevelMap, weight: Double) -> LevelMap {
    var result = self
    for level in 0..<DemandLevels.count {
      result.shares[level] += weight * (other.shares[level] - shares[level])
    }
    return result
  }

  /// The true probability of a predicted one.
  func truth(of predicted: Double) -> Double {
    for level in 1..<DemandLevels.count {
      let to = Double(DemandLevels.tenThousandth(level)) / 10_000
      if predicted > to { continue }
      let from = Double(DemandLevels.tenThousandth(level - 1)) / 10_000
      let part = max(0, (predicted - from) / (to - from))
      return shares[level - 1] + part * (shares[level] - shares[level - 1])
    }
    return 1
  }

  /// The lowest predicted probability whose true one is `truth`, at most 0.99999: beyond that a
  /// prediction says nothing.
  func predicted(for truth: Double) -> Double {
    for level in 1..<DemandLevels.count where shares[level] >= truth {
      let from = Double(DemandLevels.tenThousandth(level - 1)) / 10_000
      let to = Double(DemandLevels.tenThousandth(level)) / 10_000
      let rise = shares[level] - shares[level - 1]
      let part = rise > 0 ? max(0, (truth - shares[level - 1]) / rise) : 0
      return min(0.99999, from + part * (to - from))
    }
    return 0.99999
  }
}
