/// The simple methods beside the service's; each sees the history before the origin and no more.
enum Baselines {
  /// The inverse distribution function of the history's sums over as many days as the horizon has.
  static func empiricalQuantile(_ history: ArraySlice<Int64>, horizon: Int) -> [Int64] {
    quantiles(of: sums(history, horizon))
  }

  /// The last week again, with the errors that this made within the history.
  static func seasonalNaive(_ history: ArraySlice<Int64>, horizon: Int) -> [Int64] {
    let days = Array(history)
    func point(_ origin: Int) -> Int64 {
      (0..<horizon).reduce(0) { $0 + days[origin - 7 + $1 % 7] }
    }
    if days.count < 7 { return quantiles(of: sums(history, horizon)) }
    var errors: [Int64] = []
    for origin in stride(from: 7, through: days.count - horizon, by: 1) {
      errors.append(days[origin..<(origin + horizon)].reduce(0, +) - point(origin))
    }
    let expected = point(days.count)
    return quantiles(of: errors.isEmpty ? [0] : errors).map { max(0, expected + $0) }
  }

  /// Simple exponential smoothing, its constant the best of five one day ahead, with the errors that
  /// it made within the history.
  static func smoothing(_ history: ArraySlice<Int64>, horizon: Int) -> [Int64] {
    let days = history.map { Double($0) }
    let first = days.prefix(7).reduce(0, +) / Double(max(1, min(7, days.count)))
    var best = (loss: Double.infinity, levels: [first])
    for share in [0.02, 0.05, 0.1, 0.2, 0.4] {
      var levels = [first]
      var loss = 0.0
      for day in days {
        let error = day - levels[levels.count - 1]
        loss += error * error
        levels.append(levels[levels.count - 1] + share * error)
      }
      if loss < best.loss { best = (loss, levels) }
    }
    var errors: [Int64] = []
    for origin in stride(from: 1, through: days.count - horizon, by: 1) {
      let sold = days[origin..<(origin + horizon)].reduce(0, +)
      errors.append(Int64((sold - Double(horizon) * best.levels[origin]).rounded()))
    }
    let expected = Int64((Double(horizon) * best.levels[days.count]).rounded())
    return quantiles(of: errors.isEmpty ? [0] : errors).map { max(0, expected + $0) }
  }

  /// Syntetos and Boylan's rate of intermittent demand, with how the history's sums lay about their
  /// mean.
  static func intermittent(_ history: ArraySlice<Int64>, horizon: Int) -> [Int64] {
    let sums = sums(history, horizon)
    let mean = Double(sums.reduce(0, +)) / Double(sums.count)
    let expected = Intermittent(history, share: 0.1).approximationRate * Double(horizon)
    return quantiles(of: sums).map { max(0, Int64((Double($0) - mean + expected).rounded())) }
  }

  /// Sums of neighbouring days, all that the history holds.
  private static func sums(_ history: ArraySlice<Int64>, _ horizon: Int) -> [Int64] {
    let days = Array(history)
    if days.count < horizon { return [days.reduce(0, +)] }
    var running = days[0..<horizon].reduce(0, +)
    var result = [running]
    for end in horizon..<max(horizon, days.count) {
      running += days[end] - days[end - horizon]
      result.append(running)
    }
    return result
  }

  private static func quantiles(of values: [Int64]) -> [Int64] {
    let sorted = values.sorted()
    return Levels.all.map { level in
      let rank = Int((level * Double(sorted.count)).rounded(.up))
      return sorted[min(sorted.count, max(1, rank)) - 1]
    }
  }
}
