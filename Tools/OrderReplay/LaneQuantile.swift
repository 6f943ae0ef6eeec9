import PromisedEngine

/// What the promise is held against: the plain quantile of each lane's delivery times so far, by
/// conformal rank, of all lanes where a lane has seen fewer than nineteen.
struct LaneQuantile {
  private static let longest = 240
  private static let fewest = 19

  private struct Days {
    var counts = [Int32](repeating: 0, count: longest + 1)
    var total = 0

    mutating func add(_ days: Int) {
      counts[min(max(days, 0), longest)] += 1
      total += 1
    }
  }

  private var lanes: [Days]
  private var all = Days()

  init(lanes: Int) { self.lanes = Array(repeating: Days(), count: lanes) }

  mutating func observe(lane: Int, days: Int) {
    lanes[lane].add(days)
    all.add(days)
  }

  /// P(delivered within d days) as rank over count plus one; nil while all have seen too few.
  func curve(lane: Int) -> ChanceCurve? {
    let days = lanes[lane].total >= Self.fewest ? lanes[lane] : all
    if days.total < Self.fewest { return nil }
    var running: Int64 = 0
    var chances: [Int32] = []
    for count in days.counts {
      running += Int64(count)
      chances.append(Int32(BinaryPower.ratio(running, of: Int64(days.total + 1))))
      if running == Int64(days.total) { break }
    }
    return ChanceCurve(chances: chances)
  }
}
