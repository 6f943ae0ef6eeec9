/// The probabilities between which outcomes are counted to tell how far predicted ones are true.
/// Closer together where decisions are made.
enum DemandLevels {
  static var count: Int { 34 }
  static var bins: Int { count - 1 }

  /// The nth probability, in 1/10,000; ascending from 0 to 10,000.
  static func tenThousandth(_ index: Int) -> Int64 {
    switch index {
    case ...0: 0
    case 1: 25
    case 2: 50
    case 3: 100
    case 4: 200
    case 5: 350
    case 6: 500
    case 7: 750
    case 8...24: 1000 + 500 * Int64(index - 8)
    case 25: 9250
    case 26: 9500
    case 27: 9650
    case 28: 9750
    case 29: 9850
    case 30: 9900
    case 31: 9950
    case 32: 9975
    default: 10_000
    }
  }

  /// In 1/2^30.
  static func fixed(_ index: Int) -> Int64 { (tenThousandth(index) << 30) / 10_000 }
}
