import Glibc
import PromisedInvariants

/// An instant before which units must last: the demand up to it, and the units.
struct DemandStage: BitwiseCopyable {
  /// Above 0.
  var mean: Double
  /// Variance = mean + mean² / size; very large for Poisson.
  var size: Double
  /// P(demand < units) is asked for.
  var units: Int64

  init(_ demand: DemandDistribution, below units: Int64) {
    mean = max(demand.mean, 1e-12)
    size = mean / max(demand.varianceRatio - 1, 1e-12)
    self.units = units
  }

  init(mean: Double, size: Double, units: Int64) {
    self.mean = mean
    self.size = size
    self.units = units
  }

  var demand: DemandDistribution { DemandDistribution(mean: mean, varianceRatio: 1 + mean / size) }
  /// P(demand < units).
  var chance: Double { demand.cumulative(units - 1) }
}

/// Demand at several instants together: the chance that it is below its units at each.
///
/// Demand is Poisson at a level that is gamma distributed. From one instant to a later one the level
/// grows by a factor and by a gamma part of its own, such that at either it has exactly the mean and
/// size that are given: with sizes that grow like the means, the stretches are independent (days of
/// a negative binomial of one ratio); with one size for both they share one level, a Pólya process;
/// the γ of science lies between. Demand up to an instant is all that the next one knows of the
/// past, which is exact in both limits.
struct StagedDemand: ~Copyable {
  var stages = Store<DemandStage>(capacity: 32)
  /// Terms that were summed: what the answers cost.
  var work = 0
  private var rest = Store<Double>(zeroed: 512)
  private var alive = Store<Double>(zeroed: 512)
  private var next = Store<Double>(zeroed: 512)
  /// 1, 1/2, 1/3, …: a product takes a third of the time of a quotient.
  private var inverse = Store<Double>(capacity: 512)

  /// Units up to which two instants are summed exactly.
  private static var cells: Int64 { 512 }
  /// Cells in which a wide distribution of more units is counted.
  private static var coarseCells: Double { 256 }

  init() {
    for n in 1...512 { inverse.append(1 / Double(n)) }
  }

  /// P(demand is below its units at every one of `stages`), which ascend in mean and units.
  ///
  /// Two of up to 512 units, and any number of at most `exactCells`, are exact. More than two are else
  /// taken pair by pair, each given the one before: demand far back counts for less. More units are
  /// counted in larger steps where the level is uncertain by itself, else as two normal values that
  /// correlate; within a hundredth.
  ///
  /// - Complexity: O(units), and O(stages × units²) where many are exact.
  mutating func allBelow(exactCells: Int64) -> Double {
    let last = stages.count - 1
    agree()
    if last == 0 { return stages[0].chance }
    if last == 1 { return bothBelow(stages[0], stages[1]) }
    if stages[last].units <= min(exactCells, Self.cells) { return chain() }
    var chance = bothBelow(stages[0], stages[1])
    for index in 1..<last where chance > 0 {
      let before = stages[index].chance
      if before <= 0 { return 0 }
      chance *= min(1, bothBelow(stages[index], stages[index + 1]) / before)
    }
    return chance
  }

  /// Sizes that no such demand can have at earlier instants give way to those of later ones.
  private mutating func agree() {
    for index in stride(from: stages.count - 2, through: 0, by: -1) {
      let late = stages[index + 1]
      let early = stages.at(index)
      early.pointee.mean = min(early.pointee.mean, late.mean)
      let least = late.size * (early.pointee.mean / late.mean)
      early.pointee.size = min(max(early.pointee.size, least), late.size)
      early.pointee.units = min(early.pointee.units, late.units)
    }
  }

  /// P(early demand < its units, late demand < its units).
  private mutating func bothBelow(_ early: DemandStage, _ late: DemandStage) -> Double {
    if early.units <= 0 { return 0 }
    if late.units <= Self.cells { return sum(early, late) }
    let scale = Double(late.units) / Self.coarseCells
    if 1 + early.mean / early.size < 4 * scale { return normal(early, late) }
    let end = Self.coarse(late, scale)
    var begin = Self.coarse(early, scale)
    begin.size = min(max(begin.size, end.size * (begin.mean / end.mean)), end.size)
    return sum(begin, end)
  }

  /// In cells of `scale` units, with the same relative spread.
  private static func coarse(_ stage: DemandStage, _ scale: Double) -> DemandStage {
    let mean = stage.mean / scale
    let ratio = (1 + stage.mean / stage.size) / scale
    return DemandStage(
      mean: mean, size: mean / (ratio - 1),
      units: max(1, Int64((Double(stage.units) / scale).rounded())))
  }

  /// The sum over the late demand n without its own part: by the order of its units in time, the
  /// early demand of a Pólya process is binomial in n.
  private mutating func sum(_ early: DemandStage, _ late: DemandStage) -> Double {
    let growth = max(1, (early.size / early.mean) * (late.mean / late.size))
    let kept = 1 / growth
    let lost = (growth - 1) / growth
    let end = Int(late.units)
    fillRest(size: late.size - early.size, perSize: late.mean / late.size, count: end)
    let odds = early.mean * growth / early.size
    let factor = odds / (1 + odds)
    var density = exp(-early.size * log1p(odds))
    let least = Double(early.units - 1)
    // Up to here the early demand is below its units as good as surely.
    var sure = Int(early.units) - 1
    if lost > 0 {
      sure = max(sure, Int(least / kept - 9 * (least * lost).squareRoot() / kept - 40))
    }
    // Where the early demand grows no further, one unit beyond its own is too many.
    var edge = 1.0
    if sure < end && lost > 0 {
      edge = DemandDistribution.binomialDensity(least, of: Double(sure), p: kept, q: lost)
    }
    work += 2 * end
    let (rest, inverse) = (self.rest.base, self.inverse.base)
    var (total, below) = (0.0, 1.0)
    for n in 0..<end {
      if n > sure {
        below -= kept * edge
        if below < 1e-15 { break }
        edge *= Double(n) * inverse[n - Int(early.units)] * lost
      }
      total += density * below * rest[end - 1 - n]
      density *= (Double(n) + early.size) * inverse[n] * factor
    }
    return min(1, max(0, total))
  }

  /// The distribution function of the late part that the early demand says nothing of.
  private mutating func fillRest(size: Double, perSize: Double, count: Int) {
    let (rest, inverse) = (self.rest.base, self.inverse.base)
    let exponent = size * log1p(perSize)
    if !(exponent > 1e-14) {
      for n in 0..<count { rest[n] = 1 }
      return
    }
    let factor = perSize / (1 + perSize)
    var density = exp(-exponent)
    var total = 0.0
    for n in 0..<count {
      total += density
      rest[n] = total
      density *= (Double(n) + size) * inverse[n] * factor
    }
  }

  /// Large counts whose level is nearly known: normal values with the exact chances and correlation.
  private func normal(_ early: DemandStage, _ late: DemandStage) -> Double {
    let (first, second) = (early.chance, late.chance)
    if first < 1e-12 || second < 1e-12 { return 0 }
    let growth = max(1, (early.size / early.mean) * (late.mean / late.size))
    let shared = early.mean + growth * early.mean * early.mean / early.size
    let spread =
      (early.mean + early.mean * early.mean / early.size)
      * (late.mean + late.mean * late.mean / late.size)
    return NormalPair.bothBelow(
      NormalPair.quantile(first), NormalPair.quantile(second),
      correlation: shared / spread.squareRoot())
  }

  // MARK: Many instants

  /// Exact dynamic programming over the units sold.
  private mutating func chain() -> Double {
    let first = stages[0]
    if first.units <= 0 { return 0 }
    fill(
      alive.base, size: first.size, odds: first.mean / first.size, count: Int(first.units))
    for index in 1..<stages.count {
      let (early, late) = (stages[index - 1], stages[index])
      grow(early, late)
      let size = late.size - early.size
      let perSize = late.mean / late.size
      if size * log1p(perSize) > 1e-14 { addOwnPart(size, perSize, from: early, late) }
    }
    var total = 0.0
    for sold in 0..<Int(stages[stages.count - 1].units) { total += alive[sold] }
    return min(1, total)
  }

  private mutating func fill(
    _ place: UnsafeMutablePointer<Double>, size: Double, odds: Double, count: Int
  ) {
    let factor = odds / (1 + odds)
    var density = exp(-size * log1p(odds))
    for n in 0..<count {
      place[n] = density
      density *= (Double(n) + size) * inverse[n] * factor
    }
    work += count
  }

  /// What the level that early demand tells of brings until the late instant.
  private mutating func grow(_ early: DemandStage, _ late: DemandStage) {
    let (from, to) = (Int(early.units), Int(late.units))
    let rate = early.size / early.mean
    let growth = max(1, rate * (late.mean / late.size))
    let share = (growth - 1) / (rate + growth)
    if share < 1e-13 {
      for sold in from..<max(from, to) { alive[sold] = 0 }
      return
    }
    let next = self.next.base
    for place in 0..<to { next[place] = 0 }
    let none = (rate + 1) / (rate + growth)
    var power = exp(early.size * log(none))
    for sold in 0..<min(from, to) {
      var chance = alive[sold] * power
      power *= none
      var more = 0
      let shape = early.size + Double(sold)
      while sold + more < to {
        next[sold + more] += chance
        chance *= (shape + Double(more)) * inverse[more] * share
        more += 1
      }
      work += more
    }
    copyNext(to)
  }

  private mutating func copyNext(_ count: Int) {
    for place in 0..<count { alive[place] = next[place] }
  }

  /// What comes beside, whatever was sold before.
  private mutating func addOwnPart(
    _ size: Double, _ perSize: Double, from early: DemandStage, _ late: DemandStage
  ) {
    let to = Int(late.units)
    let (alive, next, rest) = (self.alive.base, self.next.base, self.rest.base)
    fill(rest, size: size, odds: perSize, count: to)
    for place in 0..<to { next[place] = 0 }
    for sold in 0..<to where alive[sold] > 0 {
      let chance = alive[sold]
      for more in 0..<(to - sold) { next[sold + more] += chance * rest[more] }
      work += to - sold
    }
    copyNext(to)
  }
}
