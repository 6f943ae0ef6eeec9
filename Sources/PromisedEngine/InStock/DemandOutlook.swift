import PromisedModel

/// The demand of one item that an answer rests on, wherever it is from.
struct DemandOutlook: DemandByDays {
  let source: DemandSource
  /// Seconds since what it rests on was made; −1 = it was declared.
  let ageSeconds: Int64
  /// Days of demand that it rests on, in thousandths; 0 where nobody counted.
  let sampleDaysMilli: Int64
  let reason: InStockReason
  private let demand: Demand
  /// What the item's seller signalled beyond it; nil = nothing.
  private(set) var signalled: SignalledDemand?

  private enum Demand {
    case none
    case declared(perDayMilli: Int64, varianceRatioMilli: Int32)
    case grids([ForecastGrid], exponent: Double)
    case embedded(DemandForecast)
  }

  /// Nothing is known.
  init() {
    self.init(.none, .none, age: -1, sample: 0, .demandUnknown)
  }

  init(declaredPerDayMilli: Int64, varianceRatioMilli: Int32, reason: InStockReason) {
    self.init(
      .declared(perDayMilli: declaredPerDayMilli, varianceRatioMilli: varianceRatioMilli),
      .declaredRate, age: -1, sample: 0, reason)
  }

  init(_ grids: [ForecastGrid], exponent: Double, ageSeconds: Int64) {
    self.init(
      .grids(grids, exponent: exponent), .forecast, age: ageSeconds, sample: 0, .none)
  }

  init(
    _ forecast: DemandForecast, ageSeconds: Int64, sampleDaysMilli: Int64, reason: InStockReason
  ) {
    self.init(.embedded(forecast), .embedded, age: ageSeconds, sample: sampleDaysMilli, reason)
  }

  private init(
    _ demand: Demand, _ source: DemandSource, age: Int64, sample: Int64, _ reason: InStockReason
  ) {
    self.demand = demand
    self.source = source
    self.reason = reason
    ageSeconds = age
    sampleDaysMilli = sample
  }

  /// The same with what was signalled; alone where nothing else is known.
  func with(_ signalled: SignalledDemand?) -> DemandOutlook {
    guard let signalled else { return self }
    var outlook =
      source == .none
      ? DemandOutlook(.none, .signals, age: -1, sample: 0, .none) : self
    outlook.signalled = signalled
    return outlook
  }

  /// The demand of the next 1…365 days.
  func demand(days: Int32) -> HorizonDemand {
    let usual = usualDemand(days: days)
    return signalled?.added(to: usual, days: days) ?? usual
  }

  private func usualDemand(days: Int32) -> HorizonDemand {
    switch demand {
    case .none: return HorizonDemand()
    case .declared(let perDay, let ratio):
      return HorizonDemand(
        DemandDistribution(perDayMilli: perDay, varianceRatioMilli: ratio, days: days))
    case .grids(let grids, let exponent):
      var sum = grids[0].demand(days: Double(days), exponent: exponent)
      for grid in grids.dropFirst() {
        sum = sum.adding(grid.demand(days: Double(days), exponent: exponent))
      }
      return sum.horizon
    case .embedded(let forecast): return forecast.demand(days: days)
    }
  }

  /// Mean units a day of the next four weeks, in thousandths.
  var perDayMilli: Int64 {
    if case .declared(let perDay, _) = demand, signalled == nil { return perDay }
    if source == .none { return 0 }
    return Int64((demand(days: 28).demand.mean / 28 * 1000).rounded())
  }
}
