import Glibc
import PromisedModel

/// The demand of the next days, for any number of them.
protocol DemandByDays {
  /// Of the next 1…365 days.
  func demand(days: Int32) -> HorizonDemand
}

/// Units that will have come by the end of a day, counted from now.
struct SupplyStep: BitwiseCopyable, Equatable {
  /// 1…365.
  var day: Int32
  /// Everything available and come by then.
  var units: Int64
}

/// Whether stock lasts until new stock comes: something must be left at every moment, not only at
/// the end.
///
/// Demand grows by a Pólya process: given the units so far, the next stretch is negative binomial
/// with size r plus these units, so that a busy beginning makes a busy end likelier, and the sum
/// up to the horizon has exactly the distribution that the horizon's answers use. What remains can
/// only fall below 1 just before a shipment comes: those days alone are stepped through, by exact
/// dynamic programming over the units sold. Supply of more than `cells` units is counted in larger
/// steps; that is good to about a hundredth (a test holds it against simulation).
struct FirstPassage {
  /// Units that are told apart.
  let cells: Int

  init(cells: Int = 256) { self.cells = cells }

  /// P(a unit is left all the time until `days` are over).
  ///
  /// - Parameters:
  ///   - supply: what there is from now on (day 0), then what comes; days and units ascending.
  ///   - demand: the demand of the days up to one; its mean is used, and the horizon's own size.
  /// - Complexity: O(shipments that matter × cells²), and none matters that comes before the stock
  ///   at hand can run out: mostly one distribution function and no memory.
  func neverOut(
    supply: Column<SupplyStep>, days: Int32, of demand: some DemandByDays
  ) -> Double {
    if supply.isEmpty || supply[0].units <= 0 { return 0 }
    let horizon = demand.demand(days: days)
    var last = 0
    var isAtRisk = false
    while last + 1 < supply.count && supply[last + 1].day < days {
      isAtRisk = isAtRisk || risk(supply, last, demand) > Self.leastRisk
      last += 1
    }
    let units = supply[last].units
    if !isAtRisk { return horizon.truth(of: horizon.demand.cumulative(units - 1)) }
    // A stretch ends where the next shipment comes.
    var stretches: [(units: Int64, mean: Double)] = []
    for step in 0..<last where risk(supply, step, demand) > Self.leastRisk {
      let mean = demand.demand(days: supply[step + 1].day).demand.mean
      stretches.append((units: supply[step].units, mean: min(horizon.demand.mean, mean)))
    }
    stretches.append((units: units, mean: horizon.demand.mean))
    return horizon.truth(of: survival(stretches, ratio: horizon.demand.varianceRatio))
  }

  /// A chance of running out before a shipment that is too small to look at.
  private static var leastRisk: Double { 1e-6 }

  /// The chance that what a step has is gone before the next one.
  private func risk(
    _ supply: Column<SupplyStep>, _ step: Int, _ demand: some DemandByDays
  ) -> Double {
    1 - demand.demand(days: supply[step + 1].day).demand.cumulative(supply[step].units - 1)
  }

  /// P(the demand up to each stretch's end is below its units).
  ///
  /// - Parameter ratio: variance over mean at the end of the last stretch.
  private func survival(_ stretches: [(units: Int64, mean: Double)], ratio: Double) -> Double {
    let total = Double(stretches[stretches.count - 1].units)
    let mean = stretches[stretches.count - 1].mean
    // Variance = M + M²/r; in cells of `scale` units the same coefficient of variation.
    let scale = max(1, total / Double(cells))
    let spread = (ratio - 1) / max(mean, 1e-12)
    let wide = spread - (scale - 1) / max(mean, 1e-12)
    let size = 1 / max(wide, 1e-9)
    let tops = stretches.map { max(1, Int((Double($0.units) / scale).rounded())) }
    var alive = [Double](repeating: 0, count: tops[tops.count - 1] + 1)
    var next = alive
    alive[0] = 1
    var before = 0.0
    var reached = 1
    for (index, top) in tops.enumerated() {
      let now = stretches[index].mean / scale
      let share = max(0, (now - before) / (size + now))
      for place in 0..<top { next[place] = 0 }
      for sold in 0..<min(reached, top) where alive[sold] > 0 {
        var chance = alive[sold] * exp((size + Double(sold)) * log1p(-share))
        var more = 0
        while sold + more < top {
          next[sold + more] += chance
          chance *= (size + Double(sold + more)) / Double(more + 1) * share
          more += 1
        }
      }
      swap(&alive, &next)
      before = now
      reached = top
    }
    return min(1, alive[0..<reached].reduce(0, +))
  }

  /// The first day by whose end all is sold with at least a probability, 1…365; nil = later.
  func stockOutDay(
    _ probability: Double, supply: Column<SupplyStep>, of demand: some DemandByDays,
    after known: Int32 = 0
  ) -> Int32? {
    func isOut(_ day: Int32) -> Bool {
      1 - neverOut(supply: supply, days: day, of: demand) >= probability
    }
    if !isOut(365) { return nil }
    var (low, high) = (known, Int32(365))
    while high - low > 1 {
      let middle = (low + high) / 2
      if isOut(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
