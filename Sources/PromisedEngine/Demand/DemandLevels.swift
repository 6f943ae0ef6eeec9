/// The probabilities between which outcomes are counted to tell how far predicted ones are true.
/// Closer together where decisions are made.
enum DemandLevels {
  static var count: Int { 34 }
  static var bins: Int { count - 1 }

  /// The nth probability, in 1/10,000; ascending from 0 to 10,000.
  static func tenThousandth(_ index: Int) -> Int64 {
    switch index {
    case ..<8: [0, 25, 50, 100, 200, 350, 500, 750][index]
    case 8...24: 1000 + 500 * Int64(index - 8)
    default: [9250, 9500, 9650, 9750, 9850, 9900, 9950, 9975, 10_000][index - 25]
    }
  }

  /// In 1/2^30.
  static func fixed(_ index: Int) -> Int64 { (tenThousandth(index) << 30) / 10_000 }
}
