import PromisedEngine

/// The service's forecaster and the simple methods, judged over the origins of a file.
struct Evaluation {
  private(set) var service = Score()
  private(set) var seasonalNaive = Score()
  private(set) var smoothing = Score()
  private(set) var empiricalQuantile = Score()
  private(set) var intermittent = Score()
  /// Cases that were given 98 % in stock, and those of them whose demand was met.
  private(set) var inStockCases = 0
  private(set) var inStockMet = 0
  private(set) var origins: [Int] = []

  /// Days are closed in the learner column by column, for every item that has sold by then, so that a
  /// forecast knows the columns before its origin and nothing else.
  ///
  /// A case is an item with a sale within `history` columns before the origin and all days of the
  /// horizon known. The learner has seen all columns before the origin, the simple methods the last
  /// `history` of them; a day that is not known is none of their sales.
  static func run(
    _ file: DailyFile, horizon: Int, firstOrigin: Int, every: Int, history: Int,
    onOrigin: (Int) -> Void = { _ in }
  ) -> Evaluation {
    var result = Evaluation()
    var learner = DemandLearner()
    var places: [Int?] = Array(repeating: nil, count: file.names.count)
    var closed = 0
    for origin in stride(from: firstOrigin, through: file.days - horizon, by: every) {
      onOrigin(origin)
      result.origins.append(origin)
      while closed < origin {
        close(closed, of: file, in: &learner, &places)
        closed += 1
      }
      for row in file.names.indices {
        let series = file.series(row)
        let start = series.startIndex
        let past = series[(start + max(0, origin - history))..<(start + origin)]
        let outcome = series[(start + origin)..<(start + origin + horizon)]
        if outcome.contains(DailyFile.missing) || !past.contains(where: { $0 > 0 }) { continue }
        guard let place = places[row] else { continue }
        let sold = outcome.reduce(0, +)
        result.judge(sold, learner.quantiles(place, days: Int32(horizon)))
        let known = ArraySlice(past.map { max(0, $0) })
        result.seasonalNaive.add(sold, Baselines.seasonalNaive(known, horizon: horizon))
        result.smoothing.add(sold, Baselines.smoothing(known, horizon: horizon))
        result.intermittent.add(sold, Baselines.intermittent(known, horizon: horizon))
        result.empiricalQuantile.add(
          sold, Baselines.empiricalQuantile(known, horizon: horizon))
      }
    }
    return result
  }

  private static func close(
    _ column: Int, of file: DailyFile, in learner: inout DemandLearner, _ places: inout [Int?]
  ) {
    for row in file.names.indices {
      let units = file.units[row * file.days + column]
      if places[row] == nil && units > 0 {
        places[row] = learner.begin(
          item: UInt64(row) + 1, category: 0, day: Int32(column), limit: file.names.count)
      }
      guard let place = places[row] else { continue }
      if units > 0 { learner.sell(place, units: units) }
      learner.close(place, inStock: units == DailyFile.missing ? 0 : 255, onHand: 0)
    }
  }

  private mutating func judge(_ sold: Int64, _ forecast: (quantiles: [Int64], supply98: Int64)) {
    service.add(sold, forecast.quantiles)
    inStockCases += 1
    if sold <= forecast.supply98 { inStockMet += 1 }
  }

  /// The share of the cases given 98 % whose demand was met.
  var inStock98: Double { Double(inStockMet) / Double(max(1, inStockCases)) }
}

extension DemandLearner {
  /// The quantiles of the next days at the levels judged, and the least supply that is given 98 %.
  fileprivate borrowing func quantiles(_ place: Int, days: Int32) -> (
    quantiles: [Int64], supply98: Int64
  ) {
    let found = quantiles(ofItem: place, days: days, levels: Levels.all + [0.98])
    return (Array(found.dropLast()), found[found.count - 1])
  }
}
