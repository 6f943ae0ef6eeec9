import PromisedInvariants

/// How fast each region is served at present, against how fast it usually is.
///
/// Every parcel on its way is a trial each working day: the usual chance of being delivered at its
/// distance and age is held against what happened. Their ratio over the last days, by region and
/// drawn towards all regions together, is the tempo. Slow weeks show at once in the parcels that do
/// not arrive, long before the late ones have arrived and could be averaged.
package struct TransitTempo: Sendable {
  /// 1 = the usual tempo: 2^16.
  @inlinable
  package static var one: Int64 { 1 << 16 }

  /// Ages in working days that the usual chances distinguish.
  private static var ages: Int { 60 }
  /// Ages that the tempo is measured on: the first days tell it soonest.
  private static var measuredAges: Int64 { 5 }
  /// Half of a trial is forgotten after so many working days, in thousandths.
  private static var halfLife: Int64 { 5_000 }
  private static var usualHalfLifeDays: Int64 { 150 }
  /// One trial.
  private static var unit: Int64 { 1 << 20 }
  /// Trials' worth of usual tempo that all regions together begin with, and of theirs that one has.
  private static var priorOfAll: Int64 { 15 * unit }
  private static var priorOfRegion: Int64 { 40 * unit }

  private let regions: Int
  /// By tier and age: trials and deliveries, the usual.
  private var usualTrials: [Int64]
  private var usualDeliveries: [Int64]
  /// By region, the last entry of all together: deliveries expected and seen.
  private var expected: [Int64]
  private var seen: [Int64]
  /// By region in 1/2^16, as of the last day closed.
  package private(set) var tempo: [Int64]

  package init(regions: Int, tiers: Int) {
    invariant(regions > 0 && tiers > 0, "there is somewhere to go")
    self.regions = regions
    usualTrials = Array(repeating: 0, count: tiers * Self.ages)
    usualDeliveries = usualTrials
    expected = Array(repeating: 0, count: regions + 1)
    seen = expected
    tempo = Array(repeating: Self.one, count: regions)
  }

  /// Takes in a parcel that was on its way at the beginning of a working day.
  ///
  /// `age` is the working time since it was handed over, in thousandths of a day.
  package mutating func observe(region: Int, tier: Int, age: Int64, delivered: Bool) {
    let place = tier * Self.ages + Int(min(max(age, 0) / WorkingDays.full, Int64(Self.ages - 1)))
    if age < Self.measuredAges * WorkingDays.full {
      let chance =
        BinaryPower.ratio(
          usualDeliveries[place] + Self.unit / 2, of: usualTrials[place] + 8 * Self.unit) >> 10
      let usual = min(chance, Self.unit / 10 * 9)
      expected[region] += usual
      expected[regions] += usual
      if delivered {
        seen[region] += Self.unit
        seen[regions] += Self.unit
      }
    }
    pendingTrials.append(Trial(place: Int32(place), delivered: delivered))
  }

  /// The day's trials count towards the usual only once it is over: none is its own measure.
  private struct Trial: Sendable {
    var place: Int32
    var delivered: Bool
  }
  private var pendingTrials: [Trial] = []

  /// Ends a day of the given weight (thousandths) and states the tempo after it.
  package mutating func closeDay(weight: Int64) {
    for trial in pendingTrials {
      usualTrials[Int(trial.place)] += Self.unit
      if trial.delivered { usualDeliveries[Int(trial.place)] += Self.unit }
    }
    pendingTrials.removeAll(keepingCapacity: true)
    let kept = BinaryPower.half(weight, of: Self.halfLife)
    for region in 0...regions {
      expected[region] = BinaryPower.scale(expected[region], by: kept)
      seen[region] = BinaryPower.scale(seen[region], by: kept)
    }
    let usualKept = BinaryPower.half(1, of: Self.usualHalfLifeDays)
    for place in usualTrials.indices {
      usualTrials[place] = BinaryPower.scale(usualTrials[place], by: usualKept)
      usualDeliveries[place] = BinaryPower.scale(usualDeliveries[place], by: usualKept)
    }
    let all = (seen[regions] + Self.priorOfAll) * Self.one / (expected[regions] + Self.priorOfAll)
    for region in 0..<regions {
      tempo[region] =
        (seen[region] * Self.one + Self.priorOfRegion * all)
        / (expected[region] + Self.priorOfRegion)
    }
  }
}
