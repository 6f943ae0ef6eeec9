import PromisedModel

/// Units that come on a day which may not be certain.
struct PlannedArrival: BitwiseCopyable {
  var units: Int64
  /// The first day on which they may have come, and the one by which they have; 1…366, where 366 is
  /// beyond the year.
  var firstDay: Int32
  var lastDay: Int32
  var median: Int64
  var early: Int64
  var late: Int64

  var isCertain: Bool { firstDay == lastDay }
}

/// Units, and the chance of so many.
struct WeighedUnits: BitwiseCopyable {
  var units: Int64
  var chance: Double
}

/// What there is of an item, and what comes when: each shipment on a day of its own distribution,
/// given that it has not come yet, independent of the others.
///
/// A plan of one or a few uncertain days is taken apart exactly; else by Gauss's rule for one shipment
/// (five points; three for dates) and by a lattice for several (31 points; seven for dates).
struct SupplyPlan: ~Copyable {
  private(set) var available: Int64 = 0
  private var now: Int64 = 0
  /// By the day by which they have come; the certain ones and the others.
  var certain = Store<PlannedArrival>(capacity: 32)
  private(set) var uncertain = Store<PlannedArrival>(capacity: 32)
  /// How it may go: a day per uncertain arrival, scenario by scenario, and each one's chance.
  private(set) var days = Store<Int32>(capacity: 256)
  private(set) var chances = Store<Double>(capacity: 32)
  private(set) var mixture = Store<WeighedUnits>(capacity: 128)
  private var isFine = false

  static var lastDay: Int32 { 365 }
  /// Shipments told apart of either kind; those beyond come together when the last of them has come.
  static var arrivals: Int { 16 }
  /// Scenarios up to which every combination of days is one.
  private static var combinations: Int { 12 }
  /// Sums of units that are told apart.
  private static var sums: Int { 32 }

  mutating func begin(available: Int64, at now: Int64) {
    self.available = available
    self.now = now
    certain.removeAll()
    uncertain.removeAll()
    days.removeAll()
    chances.removeAll()
  }

  /// Units that come on a day for sure, 1…365.
  mutating func add(_ units: Int64, onDay day: Int32) {
    insert(
      PlannedArrival(units: units, firstDay: day, lastDay: day, median: 0, early: 0, late: 0))
  }

  /// Units that come by their distribution, of which nothing has come by now. What cannot come any
  /// more, because it should long have, is left out.
  mutating func add(_ units: Int64, _ arrival: ArrivalDistribution) {
    if arrival.lastUnixSeconds <= now { return }
    var planned = PlannedArrival(
      units: units, firstDay: 0, lastDay: 0, median: arrival.medianUnixSeconds,
      early: arrival.earlyUnixSeconds, late: arrival.lateUnixSeconds)
    planned.firstDay = day(max(arrival.firstUnixSeconds, now + 1))
    planned.lastDay = day(arrival.lastUnixSeconds)
    if planned.firstDay > Self.lastDay { return }
    insert(planned)
  }

  /// The day by whose end an instant lies, 1…366.
  private func day(_ instant: Int64) -> Int32 {
    Int32(min(Int64(Self.lastDay) + 1, max(1, (instant - now + 86_399) / 86_400)))
  }

  /// P(come by the end of a day).
  private func chance(_ arrival: PlannedArrival, by day: Int32) -> Double {
    if day < arrival.firstDay { return 0 }
    // Whatever comes after a year counts as the day after it.
    if day >= arrival.lastDay { return 1 }
    let found = ArrivalDistribution(
      median: arrival.median, early: arrival.early, late: arrival.late
    ).probability(by: now + Int64(day) * 86_400, notBy: now)
    return Double(found) / 65_535
  }

  private mutating func insert(_ arrival: PlannedArrival) {
    if arrival.isCertain {
      for index in 0..<certain.count where certain[index].lastDay == arrival.lastDay {
        certain.at(index).pointee.units += arrival.units
        return
      }
      Self.insert(arrival, &certain)
    } else {
      Self.insert(arrival, &uncertain)
      if uncertain.count <= Self.arrivals { return }
      // The latest one joins the certain ones on the day by which it has come.
      var latest = uncertain.removeLast()
      if latest.lastDay > Self.lastDay { return }
      latest.firstDay = latest.lastDay
      insert(latest)
    }
  }

  private static func insert(
    _ arrival: PlannedArrival, _ list: inout Store<PlannedArrival>
  ) {
    list.append(arrival)
    var place = list.count - 1
    while place > 0 && list[place - 1].lastDay > arrival.lastDay {
      list[place] = list[place - 1]
      place -= 1
    }
    list[place] = arrival
    if list.count <= arrivals || !arrival.isCertain { return }
    let latest = list.removeLast()
    let before = list.at(list.count - 1)
    before.pointee.units += latest.units
    (before.pointee.firstDay, before.pointee.lastDay) = (latest.lastDay, latest.lastDay)
  }

  // MARK: What will have come

  /// How many units there will have been by the end of a day, with chances: `mixture`, ascending.
  /// Exact up to five uncertain shipments; then neighbouring sums join so that the mean stays.
  mutating func mix(days: Int32) {
    var units = available
    for index in 0..<certain.count where certain[index].lastDay <= days {
      units += certain[index].units
    }
    mixture.removeAll()
    mixture.append(WeighedUnits(units: units, chance: 1))
    for index in 0..<uncertain.count {
      let arrival = uncertain[index]
      let chance = chance(arrival, by: days)
      if chance <= 0 { continue }
      let count = mixture.count
      for place in 0..<count {
        let sum = mixture.at(place)
        if chance >= 1 {
          sum.pointee.units += arrival.units
          continue
        }
        mixture.append(
          WeighedUnits(
            units: sum.pointee.units + arrival.units, chance: sum.pointee.chance * chance))
        mixture.at(place).pointee.chance *= 1 - chance
      }
      if mixture.count > count { joinSums() }
    }
  }

  private mutating func joinSums() {
    heapSort(mixture.base, count: mixture.count) { $0.units < $1.units }
    while mixture.count > Self.sums {
      var (nearest, least) = (0, Double.infinity)
      for place in 0..<(mixture.count - 1) {
        let (left, right) = (mixture[place], mixture[place + 1])
        let gap = Double(right.units - left.units)
        let cost = left.chance * right.chance / (left.chance + right.chance) * gap * gap
        if cost < least || least.isNaN { (nearest, least) = (place, cost) }
      }
      let (left, right) = (mixture[nearest], mixture[nearest + 1])
      let chance = left.chance + right.chance
      let share = chance > 0 ? right.chance / chance : 0
      let units = Double(left.units) + share * Double(right.units - left.units)
      mixture[nearest] = WeighedUnits(units: Int64(units.rounded()), chance: chance)
      for place in (nearest + 1)..<(mixture.count - 1) { mixture[place] = mixture[place + 1] }
      mixture.resize(to: mixture.count - 1)
    }
  }

  /// Units more likely than not to have come by the end of a day.
  func expected(days: Int32) -> Int64 {
    var units: Int64 = 0
    for index in 0..<certain.count where certain[index].lastDay <= days {
      units += certain[index].units
    }
    for index in 0..<uncertain.count where chance(uncertain[index], by: days) >= 0.5 {
      units += uncertain[index].units
    }
    return units
  }

  /// The first day on which something may come; nil = within a year nothing does.
  var firstDay: Int32? {
    var first = certain.count > 0 ? certain[0].firstDay : Int32.max
    for index in 0..<uncertain.count { first = min(first, uncertain[index].firstDay) }
    return first == .max ? nil : first
  }

  /// The last day before `day` on which something may come; 0 = nothing may.
  func lastArrival(before day: Int32) -> Int32 {
    var last: Int32 = 0
    for index in 0..<certain.count where certain[index].lastDay < day {
      last = max(last, certain[index].lastDay)
    }
    for index in 0..<uncertain.count where uncertain[index].firstDay < day {
      last = max(last, min(uncertain[index].lastDay, day - 1))
    }
    return last
  }

  // MARK: Scenarios

  /// Works out `days` and `chances`, finely or for dates.
  mutating func arrange(isFine: Bool) {
    if chances.count > 0 && self.isFine == isFine { return }
    self.isFine = isFine
    days.removeAll()
    chances.removeAll()
    let count = uncertain.count
    if count == 0 {
      chances.append(1)
      return
    }
    var combinations = 1
    for index in 0..<count where combinations <= Self.combinations {
      combinations *= Int(uncertain[index].lastDay - uncertain[index].firstDay) + 1
    }
    if combinations <= Self.combinations {
      combine()
    } else if count > 1 {
      if isFine { scatter(31, 12) } else { scatter(7, 3) }
    } else if isFine {
      add(0.046_910_077_030_668, 0.118_463_442_528_095)
      add(0.230_765_344_947_158, 0.239_314_335_249_683)
      add(0.5, 0.284_444_444_444_444)
      add(0.769_234_655_052_842, 0.239_314_335_249_683)
      add(0.953_089_922_969_332, 0.118_463_442_528_095)
    } else {
      add(0.112_701_665_379_258, 0.277_777_777_777_778)
      add(0.5, 0.444_444_444_444_444)
      add(0.887_298_334_620_742, 0.277_777_777_777_778)
    }
  }

  private mutating func add(_ place: Double, _ chance: Double) {
    days.append(day(uncertain[0], at: place))
    chances.append(chance)
  }

  /// Every combination of days.
  private mutating func combine() {
    let count = uncertain.count
    for index in 0..<count { days.append(uncertain[index].firstDay) }
    while true {
      let start = days.count - count
      var chance = 1.0
      for index in 0..<count {
        let day = days[start + index]
        chance *=
          self.chance(uncertain[index], by: day) - self.chance(uncertain[index], by: day - 1)
      }
      chances.append(chance)
      var next = 0
      while next < count && days[start + next] == uncertain[next].lastDay { next += 1 }
      if next == count { return }
      for index in 0..<count {
        days.append(
          index < next
            ? uncertain[index].firstDay : days[start + index] + (index == next ? 1 : 0))
      }
    }
  }

  /// A lattice of rank one: point s of p has its nth coordinate at s × generator^n / p, moved by half a
  /// step.
  private mutating func scatter(_ points: Int, _ generator: Int) {
    for point in 0..<points {
      var step = 1
      for index in 0..<uncertain.count {
        // Beyond four shipments the same coordinates come again, against others.
        let turn = index / 4 * 3
        let place = (point * step + turn) % points
        days.append(
          day(uncertain[index], at: (Double(place) + 0.5) / Double(points)))
        step = step * generator % points
      }
      chances.append(1 / Double(points))
    }
  }

  /// The first day by which the chance of having come is at least `place`.
  private func day(_ arrival: PlannedArrival, at place: Double) -> Int32 {
    var (low, high) = (arrival.firstDay, arrival.lastDay)
    while low < high {
      let middle = (low + high) / 2
      if chance(arrival, by: middle) >= place { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
