import Glibc
import PromisedModel

/// The demand of the next days, for any number of them.
protocol DemandByDays {
  /// Of the next 1…365 days.
  func demand(days: Int32) -> HorizonDemand
  /// Its distribution alone.
  func distribution(days: Int32) -> DemandDistribution
}

/// Days by whose end all is sold with a chance of .1, .5 and .9; nil = not within a year.
struct StockOutDays: Equatable {
  var early: Int32?
  var middle: Int32?
  var late: Int32?
}

/// What was found of a day, for the plans whose turns it names.
struct DayMemory: BitwiseCopyable {
  var mean: Double
  var ratio: Double
  /// The chance that all is sold by its end.
  var out: Double
  var turn: UInt32
  var outTurn: UInt32
}

/// Whether stock lasts until new stock comes: something must be left at every moment, not only at
/// the end.
///
/// What remains can only fall below 1 just before a shipment comes: those days alone are looked at,
/// and of them those only before which the stock may run out. `StagedDemand` says how demand at several
/// instants hangs together, `SupplyPlan` how days of arrival that are not certain are taken apart.
/// What comes on a day is there after that day.
struct FirstPassage: ~Copyable {
  var plan = SupplyPlan()
  private var joint = StagedDemand()
  private var schedule = Store<PlannedArrival>(capacity: 64)
  /// By day.
  private var memory = Store<DayMemory>(zeroed: Int(SupplyPlan.lastDay) + 1)
  private var turn: UInt32 = 0

  /// A chance of running out before a shipment that is too small to look at.
  private static var leastRisk: Double { 1e-6 }
  /// Units up to which any number of shipments is looked at exactly, at the horizon asked for and for
  /// dates.
  private static var exactCells: (horizon: Int64, dates: Int64) { (160, 32) }

  /// Terms summed since the start: what answers cost.
  var work: Int { joint.work }

  /// Begins a plan.
  mutating func begin(available: Int64, at now: Int64) {
    turn &+= 1
    plan.begin(available: available, at: now)
  }

  /// P(demand ≤ supply) and P(demand < supply) at the end of a day.
  mutating func atTheEnd(
    of days: Int32, _ demand: HorizonDemand
  ) -> (met: Double, stillBuyable: Double) {
    plan.mix(days: days)
    var (met, left) = (0.0, 0.0)
    for place in 0..<plan.mixture.count {
      let supply = plan.mixture[place]
      if supply.units < 0 || supply.chance <= 0 { continue }
      let (upTo, exactly) = demand.demand.cumulativeAndProbability(supply.units)
      met += supply.chance * upTo
      if supply.units > 0 { left += supply.chance * max(0, upTo - exactly) }
    }
    // A supply that is never there meets nothing, whatever probabilities are worth.
    return (met > 0 ? demand.truth(of: met) : 0, left > 0 ? demand.truth(of: left) : 0)
  }

  /// P(a unit is left all the time until `days` are over), 1…365.
  mutating func neverOut(days: Int32, of demand: some DemandByDays) -> Double {
    if plan.available <= 0 { return 0 }
    return demand.demand(days: days).truth(
      of: survival(days, demand, exactCells: Self.exactCells.horizon))
  }

  /// Before what probabilities were worth is told.
  private mutating func survival(
    _ days: Int32, _ demand: some DemandByDays, exactCells: Int64
  ) -> Double {
    let horizon = distribution(days, demand)
    let last = plan.lastArrival(before: days)
    if last == 0 { return horizon.cumulative(plan.available - 1) }
    if risk(last, plan.available, demand) <= Self.leastRisk {
      plan.mix(days: days - 1)
      var sum = 0.0
      for place in 0..<plan.mixture.count {
        let supply = plan.mixture[place]
        sum += supply.chance * horizon.cumulative(supply.units - 1)
      }
      return sum
    }
    plan.arrange(isFine: exactCells == Self.exactCells.horizon)
    var sum = 0.0
    for scenario in 0..<plan.chances.count where plan.chances[scenario] > 0 {
      list(scenario, before: days)
      sum += plan.chances[scenario] * survival(days, horizon, demand, exactCells)
    }
    return min(1, sum)
  }

  /// Lists what comes before a day in a scenario, by the day.
  private mutating func list(_ scenario: Int, before day: Int32) {
    schedule.removeAll()
    for index in 0..<plan.certain.count where plan.certain[index].lastDay < day {
      schedule.append(plan.certain[index])
    }
    let count = plan.uncertain.count
    for index in 0..<count {
      var arrival = plan.uncertain[index]
      arrival.lastDay = plan.days[scenario * count + index]
      if arrival.lastDay >= day { continue }
      schedule.append(arrival)
      var place = schedule.count - 1
      while place > 0 && schedule[place - 1].lastDay > arrival.lastDay {
        schedule[place] = schedule[place - 1]
        place -= 1
      }
      schedule[place] = arrival
    }
  }

  private mutating func survival(
    _ days: Int32, _ horizon: DemandDistribution, _ demand: some DemandByDays,
    _ exactCells: Int64
  ) -> Double {
    joint.stages.removeAll()
    var units = plan.available
    for index in 0..<schedule.count {
      let arrival = schedule[index]
      let isSameDay = index > 0 && schedule[index - 1].lastDay == arrival.lastDay
      if !isSameDay && risk(arrival.lastDay, units, demand) > Self.leastRisk {
        joint.stages.append(
          DemandStage(distribution(arrival.lastDay, demand), below: units))
      }
      units += arrival.units
    }
    if joint.stages.count == 0 { return horizon.cumulative(units - 1) }
    joint.stages.append(DemandStage(horizon, below: units))
    return joint.allBelow(exactCells: exactCells)
  }

  /// The chance that units are gone by the end of a day.
  private mutating func risk(
    _ day: Int32, _ units: Int64, _ demand: some DemandByDays
  ) -> Double {
    1 - distribution(day, demand).cumulative(units - 1)
  }

  private mutating func distribution(
    _ day: Int32, _ demand: some DemandByDays
  ) -> DemandDistribution {
    let kept = memory.at(Int(day))
    if kept.pointee.turn != turn {
      let found = demand.distribution(days: day)
      kept.pointee.mean = found.mean
      kept.pointee.ratio = found.varianceRatio
      kept.pointee.turn = turn
    }
    return DemandDistribution(mean: kept.pointee.mean, varianceRatio: kept.pointee.ratio)
  }

  // MARK: Dates

  /// When all is sold: the days on which that is as likely as said.
  mutating func stockOutDays(of demand: some DemandByDays) -> StockOutDays {
    if plan.available <= 0 { return StockOutDays(early: 1, middle: 1, late: 1) }
    let early = day(0.1, demand, after: 0)
    guard let early else { return StockOutDays() }
    let middle = day(0.5, demand, after: early - 1)
    guard let middle else { return StockOutDays(early: early) }
    return StockOutDays(early: early, middle: middle, late: day(0.9, demand, after: middle - 1))
  }

  /// The first day after `known` by whose end all is sold with at least a probability. From a guess
  /// outwards in growing steps, then by halves: a few distribution functions.
  private mutating func day(
    _ probability: Double, _ demand: some DemandByDays, after known: Int32
  ) -> Int32? {
    var (low, high) = (known, SupplyPlan.lastDay + 1)
    var next = min(max(guess(probability, demand), low + 1), high - 1)
    var step: Int32 = 1
    while high - low > 1 {
      let isOut = chanceOut(by: next, demand) >= probability
      if isOut { high = next } else { low = next }
      if high - low <= 1 { break }
      if low > known && high <= SupplyPlan.lastDay {
        next = low + (high - low) / 2
      } else {
        next = isOut ? max(low + 1, next - step) : min(high - 1, next + step)
        step *= 2
      }
    }
    return high > SupplyPlan.lastDay ? nil : high
  }

  private mutating func chanceOut(by day: Int32, _ demand: some DemandByDays) -> Double {
    let kept = memory.at(Int(day))
    if kept.pointee.outTurn != turn {
      let horizon = demand.demand(days: day)
      kept.pointee.mean = horizon.demand.mean
      kept.pointee.ratio = horizon.demand.varianceRatio
      kept.pointee.turn = turn
      let left = survival(day, demand, exactCells: Self.exactCells.dates)
      kept.pointee.out = 1 - horizon.truth(of: left)
      kept.pointee.outTurn = turn
    }
    return kept.pointee.out
  }

  /// About the day on which what there will be then is asked for with a probability: Wilson and
  /// Hilferty's cube of a normal value for the gamma quantile, in units of the variance ratio.
  private mutating func guess(_ probability: Double, _ demand: some DemandByDays) -> Int32 {
    let normal = probability < 0.3 ? -1.281_55 : probability > 0.7 ? 1.281_55 : 0
    var day: Int32 = 14
    var units = Double(plan.available)
    for _ in 0..<3 {
      let there = distribution(day, demand)
      let shape = max(0.1, (units - 0.5) / there.varianceRatio)
      let root = 1 - 1 / (9 * shape) + normal / (3 * shape.squareRoot())
      let needed = there.varianceRatio * shape * root * root * root
      let wanted = max(1, needed / max(there.mean, 1e-9) * Double(day))
      day = Int32(min(Double(SupplyPlan.lastDay), wanted.rounded(.up)))
      units = Double(plan.available + plan.expected(days: max(1, day - 1)))
    }
    return day
  }
}
