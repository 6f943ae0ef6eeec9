import PromisedEngine

/// How one way of promising did on some orders.
struct Score: Equatable {
  var onTimeRate: Double
  var meanDays: Double
  var medianDays: Double

  init(_ orders: [JudgedOrder], days: (JudgedOrder) -> Int) {
    let promised = orders.map(days)
    let hits = zip(orders, promised).count { $0.delivered <= $1 }
    let count = Double(max(1, orders.count))
    onTimeRate = Double(hits) / count
    meanDays = Double(promised.reduce(0, +)) / count
    let sorted = promised.sorted()
    medianDays =
      sorted.isEmpty
      ? 0 : Double(sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}

/// A confidence tied to the marketplace's on-time rate, and what follows.
struct Tie: Equatable {
  /// 0…1.
  var confidence: Double
  var service: Score
  var marketplace: Score

  /// The marketplace's mean promise, had its dates been moved to be on time as often as the
  /// service's: by the same days for all, or by the same share of each promise, whichever is
  /// sooner.
  var marketplaceMeanAtServiceRate: Double

  /// Days by which the service's mean promise is sooner at its own on-time rate.
  var daysSooner: Double { marketplaceMeanAtServiceRate - service.meanDays }
  /// The bare difference of the means, whatever the on-time rates are.
  var meanDifference: Double { marketplace.meanDays - service.meanDays }
}

/// Everything that is said about the judged orders of a window.
struct Judgement {
  typealias Curve = (JudgedOrder) -> ChanceCurve

  static let levels: [Double] = [0.5, 0.8, 0.9, 0.95, 0.99]
  static let lossLevels: [Double] = [0.5, 0.9, 0.95]

  let orders: [JudgedOrder]
  let marketplace: Score
  let service: Score
  let lane: Score
  /// By `lossLevels`; the marketplace states one date only, which stands for each level.
  let losses: (marketplace: [Double], service: [Double], lane: [Double])
  let coverage: Coverage
  let bands: [(level: Double, service: Coverage, lane: Coverage)]
  let months: [(yyyymm: UInt32, service: Coverage, marketplace: Coverage)]
  /// Tied over the whole window.
  let hindsight: Tie
  /// Tied on the first half, applied to the second.
  let ahead: Tie
  /// Tied on the second half itself.
  let secondHalf: Tie
  /// The lane quantile tied over the whole window.
  let laneHindsight: Tie

  /// The orders are of a window of purchase dates, both included, in the order of purchase.
  init(_ orders: [JudgedOrder], from: Int32, to: Int32) {
    self.orders = orders
    marketplace = Score(orders) { $0.estimated }
    let usual = Self.share(0.95)
    service = Score(orders) { $0.service.days(level: usual) }
    lane = Score(orders) { $0.lane.days(level: usual) }
    let delivered = orders.map { Double($0.delivered) }
    func loss(_ days: (JudgedOrder, Int64) -> Int) -> [Double] {
      Self.lossLevels.map { level in
        let stated = orders.map { Double(days($0, Self.share(level))) }
        return Pinball.mean(delivered, stated, level: level)
      }
    }
    losses = (
      loss { order, _ in order.estimated }, loss { $0.service.days(level: $1) },
      loss { $0.lane.days(level: $1) }
    )
    func cover(_ orders: [JudgedOrder], _ days: (JudgedOrder) -> Int) -> Coverage {
      Coverage(orders.map { ($0.purchasedOn, $0.delivered <= days($0)) })
    }
    coverage = cover(orders) { $0.service.days(level: usual) }
    bands = Self.levels.map { level in
      let share = Self.share(level)
      return (
        level, cover(orders) { $0.service.days(level: share) },
        cover(orders) { $0.lane.days(level: share) }
      )
    }
    let byMonth = Dictionary(grouping: orders) { Self.month($0.purchasedOn) }
    months = byMonth.keys.sorted().map { month in
      let some = byMonth[month, default: []]
      return (
        month, cover(some) { $0.service.days(level: usual) }, cover(some) { $0.estimated }
      )
    }
    let middle = from + (to - from + 1) / 2
    let first = orders.filter { $0.purchasedOn < middle }
    let second = orders.filter { $0.purchasedOn >= middle }
    hindsight = Self.tie(orders, applied: orders) { $0.service }
    ahead = Self.tie(first, applied: second) { $0.service }
    secondHalf = Self.tie(second, applied: second) { $0.service }
    laneHindsight = Self.tie(orders, applied: orders) { $0.lane }
  }

  /// Whether the interval around the coverage at 0.95 holds 0.95.
  var isCalibrated: Bool { coverage.low <= 0.95 && coverage.high >= 0.95 }

  /// Days by which the service is sooner than the lane quantile, both tied to the marketplace.
  var daysSoonerThanLane: Double { laneHindsight.service.meanDays - hindsight.service.meanDays }

  static func share(_ level: Double) -> Int64 { Int64(level * Double(BinaryPower.one)) }

  /// The lowest confidence at which `orders` are on time as often as the marketplace's were, and
  /// what it gives on others.
  static func tie(
    _ orders: [JudgedOrder], applied others: [JudgedOrder], _ curve: Curve
  ) -> Tie {
    let wanted = orders.count { $0.delivered <= $0.estimated }
    var low: Int64 = 0
    var high = BinaryPower.one
    while low < high {
      let middle = (low + high) / 2
      let hits = orders.count { $0.delivered <= curve($0).days(level: middle) }
      if hits < wanted { low = middle + 1 } else { high = middle }
    }
    let service = Score(others) { curve($0).days(level: low) }
    let marketplace = Score(others) { $0.estimated }
    return Tie(
      confidence: Double(low) / Double(BinaryPower.one), service: service,
      marketplace: marketplace,
      marketplaceMeanAtServiceRate: service.onTimeRate == marketplace.onTimeRate
        ? marketplace.meanDays
        : min(
          movedMean(others, to: service.onTimeRate) { $0 + $1 },
          movedMean(others, to: service.onTimeRate) {
            Int((Double($0) * (1 + Double($1) / 50)).rounded())
          }))
  }

  /// The mean of the marketplace's promises, each `moved` by as many steps as give the on-time
  /// rate; straight between two steps.
  private static func movedMean(
    _ orders: [JudgedOrder], to rate: Double, _ moved: (Int, Int) -> Int
  ) -> Double {
    var below: Score?
    for step in -45...200 {
      let score = Score(orders) { moved($0.estimated, step) }
      if score.onTimeRate < rate {
        below = score
        continue
      }
      guard let below else { return score.meanDays }
      let part = (rate - below.onTimeRate) / (score.onTimeRate - below.onTimeRate)
      return below.meanDays + part * (score.meanDays - below.meanDays)
    }
    return below?.meanDays ?? 0
  }

  private static func month(_ day: Int32) -> UInt32 { Report.month(day) }
}
