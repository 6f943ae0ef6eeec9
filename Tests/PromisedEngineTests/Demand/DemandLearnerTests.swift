import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

/// The embedded forecaster on series whose truth is known.
@Suite struct DemandLearnerTests {
  private func uniform(_ numbers: inout Counter) -> Double {
    (Double(numbers.next() >> 11) + 0.5) / 9_007_199_254_740_992
  }

  private func poisson(_ mean: Double, _ numbers: inout Counter) -> Int64 {
    var (count, product) = (Int64(0), uniform(&numbers))
    let limit = exp(-mean)
    while product > limit {
      count += 1
      product *= uniform(&numbers)
    }
    return count
  }

  /// "Treating sales as demand while out of stock": an item that sells out at noon every other day
  /// sold half of what it would have. Its rate is that of its twin that never runs out.
  @Test func complaintSellOutDaysDoNotBiasTheRate() {
    var learner = DemandLearner()
    var numbers = Counter(seed: 31)
    let pair = [UInt64(1), 2].compactMap { learner.begin(item: $0, category: 0, day: 0) }
    for day in 0..<160 {
      let morning = poisson(6, &numbers)
      let evening = poisson(6, &numbers)
      let isOut = day % 2 == 0
      learner.sell(pair[0], units: morning + evening)
      learner.sell(pair[1], units: isOut ? morning : morning + evening)
      learner.close(pair[0], inStock: 255, onHand: 9)
      learner.close(pair[1], inStock: isOut ? 128 : 255, onHand: 0)
    }
    let means = pair.map {
      Double(learner.items.at($0).pointee.rate.means(prior: 12 << 20).slow) / 1_048_576
    }
    #expect(abs(means[0] - 12) < 0.8 && abs(means[1] - 12) < 0.9, "\(means)")
    // Counted by whole days it would seem to sell nine.
    #expect(abs(means[0] - means[1]) < 1)
    // And days without anything to sell change nothing at all.
    let before = learner.items.at(pair[1]).pointee.rate
    for _ in 0..<5 { learner.close(pair[1], inStock: 0, onHand: 0) }
    let after = learner.items.at(pair[1]).pointee.rate.means(prior: 12 << 20).slow
    #expect(abs(Double(after - before.means(prior: 12 << 20).slow)) < 0.3 * 1_048_576)
  }

  /// Weekdays are learned over all items, also for one that is too new to know its own.
  @Test func theWeekIsLearnedFromAll() {
    var learner = DemandLearner()
    var numbers = Counter(seed: 32)
    let factors = [0.3, 0.6, 1.0, 1.2, 1.4, 1.5, 1.0]
    var places: [Int] = []
    for day in 0..<120 {
      for item in 0..<60 {
        if day == 0, let place = learner.begin(item: UInt64(item) + 1, category: 0, day: 0) {
          places.append(place)
        }
        let units = poisson(3 * factors[day % 7], &numbers)
        if units > 0 { learner.sell(places[item], units: units) }
        learner.close(places[item], inStock: 255, onHand: 5)
      }
    }
    for (weekday, factor) in factors.enumerated() {
      let found = Double(learner.categories.factor(0, on: Int32(weekday))) / 1_048_576
      #expect(abs(found - factor) < 0.15, "day \(weekday): \(found) for \(factor)")
    }
    guard let fresh = learner.begin(item: 999, category: 0, day: 119) else {
      Issue.record("no room")
      return
    }
    learner.sell(fresh, units: 2)
    learner.close(fresh, inStock: 255, onHand: 5)
    // Day 120 is a Thursday of the first week's kind 1, day 124 of kind 5.
    let forecast = DemandForecast(learner, item: fresh, from: 120)
    let later = DemandForecast(learner, item: fresh, from: 124)
    #expect(forecast.demand(days: 1).demand.mean < 0.6 * later.demand(days: 1).demand.mean)
  }

  /// A sale that operators know of is no new level, and the next one is seen coming.
  @Test func knownEventsAreNeitherLearnedNorForgotten() {
    var learner = DemandLearner()
    for (from, milli) in [(Int32(60), Int32(4000)), (90, 3000)] {
      let isKept = learner.factors.put(
        DemandFactor(category: 0, fromDay: from, toDay: from + 6, milli: milli))
      #expect(isKept)
    }
    guard let place = learner.begin(item: 5, category: 0, day: 0) else {
      Issue.record("no room")
      return
    }
    var numbers = Counter(seed: 37)
    for day in 0..<70 {
      learner.sell(place, units: poisson((60...66).contains(day) ? 40 : 10, &numbers))
      learner.close(place, inStock: 255, onHand: 5)
    }
    func week(from day: Int32) -> Double {
      DemandForecast(learner, item: place, from: day).demand(days: 7).demand.mean
    }
    #expect(abs(week(from: 70) - 70) < 12, "\(week(from: 70))")
    #expect(abs(week(from: 90) / week(from: 70) - 3) < 0.01)
    // The same without knowing it.
    var unaware = DemandLearner()
    guard let other = unaware.begin(item: 5, category: 0, day: 0) else { return }
    for day in 0..<70 {
      unaware.sell(other, units: (60...66).contains(day) ? 40 : 10)
      unaware.close(other, inStock: 255, onHand: 5)
    }
    #expect(DemandForecast(unaware, item: other, from: 70).demand(days: 7).demand.mean > 90)
  }

  /// A new item begins with what its category sells, and soon goes its own way.
  @Test func coldStartIsByCategory() {
    var learner = DemandLearner()
    let (slow, quick) = (learner.insertCategory(), learner.insertCategory())
    var numbers = Counter(seed: 33)
    var places: [Int] = []
    for item in 0..<40 {
      let category = item % 2 == 0 ? slow : quick
      if let place = learner.begin(item: UInt64(item) + 1, category: category, day: 0) {
        places.append(place)
      }
    }
    for _ in 0..<60 {
      for (item, place) in places.enumerated() {
        let units = poisson(item % 2 == 0 ? 0.2 : 8, &numbers)
        if units > 0 { learner.sell(place, units: units) }
        learner.close(place, inStock: 255, onHand: 5)
      }
    }
    let cold = [slow, quick].map {
      DemandForecast(learner, category: $0, from: 60).demand(days: 7).demand.mean
    }
    #expect(cold[0] < 6 && cold[1] > 35, "\(cold)")
  }

  /// An item that sells every tenth day seems to sell daily if its first sale is where its record
  /// begins. It has waited for it.
  @Test func itemsThatSellSeldomAreNotOverstated() {
    var learner = DemandLearner()
    var numbers = Counter(seed: 34)
    var places = [Int?](repeating: nil, count: 400)
    for day in 0..<20 {
      for item in places.indices {
        let units = poisson(0.1, &numbers)
        if places[item] == nil && units > 0 {
          places[item] = learner.begin(item: UInt64(item) + 1, category: 0, day: Int32(day))
        }
        guard let place = places[item] else { continue }
        if units > 0 { learner.sell(place, units: units) }
        learner.close(place, inStock: 255, onHand: 5)
      }
    }
    let prior = learner.categories.rate(0)
    let mean =
      places.compactMap { $0 }.map {
        Double(learner.items.at($0).pointee.rate.means(prior: prior).slow) / 1_048_576
      }.reduce(0, +) / Double(places.compactMap { $0 }.count)
    #expect(mean > 0.08 && mean < 0.153, "\(mean)")
  }

  /// What is given .95 comes true in .95 of the cases, also where items are far more uneven than a
  /// Poisson: calibrated, not merely modelled.
  @Test func complaintNinetyFivePercentIsNinetyFivePercent() {
    var learner = DemandLearner()
    var numbers = Counter(seed: 35)
    var places: [Int] = []
    let items = 120
    var plans: [(day: Int, item: Int, upTo: Int64)] = []
    var sold: [[Int64]] = Array(repeating: [], count: items)
    for day in 0..<130 {
      for item in 0..<items {
        if day == 0, let place = learner.begin(item: UInt64(item) + 1, category: 0, day: 0) {
          places.append(place)
        }
        // One day in sixty a wholesaler buys eighty to a hundred: no negative binomial does.
        let isBig = numbers.next(below: 60) == 0
        let units = isBig ? 80 + Int64(numbers.next(below: 20)) : poisson(0.5, &numbers)
        sold[item].append(units)
        if units > 0 { learner.sell(places[item], units: units) }
        learner.close(places[item], inStock: 255, onHand: 5)
        if day >= 60 && day % 5 == 0 && day + 7 < 130 {
          let quantile = learner.quantiles(ofItem: places[item], days: 7, levels: [0.95])[0]
          plans.append((day: day + 1, item: item, upTo: quantile))
        }
      }
    }
    let met = plans.filter { plan in
      sold[plan.item][plan.day..<plan.day + 7].reduce(0, +) <= plan.upTo
    }
    let share = Double(met.count) / Double(plans.count)
    #expect(share > 0.935 && share < 0.97, "\(share) of \(plans.count)")
  }

  /// Quantiles ascend with the level, and the mean with the horizon; for any horizon.
  @Test func horizonsAreConsistent() {
    var learner = DemandLearner()
    var numbers = Counter(seed: 36)
    guard let place = learner.begin(item: 5, category: 0, day: 3) else {
      Issue.record("no room")
      return
    }
    for _ in 0..<100 {
      learner.sell(place, units: poisson(4, &numbers))
      learner.close(place, inStock: 255, onHand: 5)
    }
    let levels = [0.005, 0.1, 0.5, 0.9, 0.995]
    var last = 0.0
    for days: Int32 in [1, 2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 90, 180, 365] {
      let found = learner.quantiles(ofItem: place, days: days, levels: levels)
      #expect(found == found.sorted())
      let mean = DemandForecast(learner, item: place).demand(days: days).demand.mean
      #expect(mean > last && abs(mean - 4 * Double(days)) < 0.5 * 4 * Double(days) + 4)
      last = mean
    }
    let exponent = learner.sizeExponent
    #expect(exponent > 0 && exponent <= 1)
  }

  @Test func thereIsRoomForSoManyItemsAndNoMore() {
    var learner = DemandLearner()
    let first = learner.begin(item: 1, category: 0, day: 0, limit: 2)
    #expect(learner.begin(item: 2, category: 0, day: 0, limit: 2) != nil)
    #expect(learner.begin(item: 3, category: 0, day: 0, limit: 2) == nil)
    learner.items.remove(first ?? 0)
    #expect(learner.begin(item: 4, category: 0, day: 0, limit: 2) == first)
    #expect(learner.count == 2)
  }
}
