import PromisedInvariants
import PromisedModel

/// The embedded forecaster: every item's demand, and what items have in common.
///
/// A discounted Gamma-Poisson rate per item (`DemandRate`), pooled priors and days of the week per
/// category (`DemandCategories`), and what predictions were worth per window length and expected
/// size (`DemandClasses`). An item's days are closed one by one; closing learns. The state's items
/// and a file's columns come the same way. Whole numbers only; a day costs microseconds at most.
package struct DemandLearner: ~Copyable {
  var items = ActiveItems()
  var categories = DemandCategories()
  /// Seasons and events that operators know.
  var factors = DemandFactors()
  /// By window length, as `lengths`.
  var classes: [DemandClasses] = (0..<DemandLearner.lengthCount).map { _ in DemandClasses() }

  package init() {}

  /// Window lengths that predictions are judged for, in days.
  static var lengthCount: Int { 6 }
  static func length(_ index: Int) -> Int32 {
    switch index {
    case 0: 1
    case 1: 2
    case 2: 3
    case 3: 7
    case 4: 14
    default: 28
    }
  }
  /// Outcomes of a length that are judged on one day, more or less.
  private static var judgedPerDay: Int { 4096 }

  package mutating func insertCategory() -> Int { categories.insert() }

  /// Begins an item on the day of its first sale; nil when there are as many as may be.
  ///
  /// It has waited for that sale, nobody knows how long: as long as an item of its category
  /// waits, at most 28 days. Otherwise items that sell seldom would all seem to sell daily.
  package mutating func begin(
    item token: UInt64, category: Int, day: Int32, limit: Int = Limits.activeItems
  ) -> Int? {
    var item = ActiveItem()
    item.token = token
    item.category = UInt16(category)
    item.day = day
    item.lastSale = day
    let usual = categories.rate(category)
    let most = 28 * DemandScale.one
    let waited = usual == 0 ? 0 : min(most, DemandScale.quotient(DemandScale.one, usual))
    item.rate.fast.exposure = waited
    item.rate.slow.exposure = waited
    return items.insert(item, limit: limit)
  }

  /// Adds shipped units to the day that is open.
  @inline(__always)
  package func sell(_ index: Int, units: Int64) {
    let item = items.at(index)
    item.pointee.units = min(item.pointee.units + units, 1 << 40)
    item.pointee.lastSale = item.pointee.day
  }

  /// Closes an item's open day and begins the next one.
  ///
  /// - Parameters:
  ///   - inStock: the share of the day that something was available, in 1/255.
  ///   - onHand: units in all nodes at its end.
  package mutating func close(_ index: Int, inStock: UInt8, onHand: Int64) {
    let item = items.at(index)
    let day = item.pointee.day
    let category = Int(item.pointee.category)
    let share = (Int64(inStock) << 20) / 255
    let prior = categories.rate(category)
    let before = item.pointee.keptDays > 0 ? item.pointee.rate.means(prior: prior).slow : 0
    let known = DemandScale.product(factors.factor(category, on: day), share)
    categories.observe(
      category, day: day, units: item.pointee.units, rate: before, exposure: known)
    let exposure = DemandScale.product(categories.factor(category, on: day), known)
    let kept = UInt16(clamping: exposure >> 8)
    items.day(index, day).pointee = ItemDay(
      onHand: UInt32(clamping: onHand), units: UInt32(clamping: item.pointee.units),
      exposure: kept, inStock: inStock)
    item.pointee.rate.observe(units: item.pointee.units, exposure: Int64(kept) << 8)
    item.pointee.keptDays = min(28, item.pointee.keptDays + 1)
    judge(index)
    item.pointee.units = 0
    item.pointee.day = day + 1
  }

  /// Judges what would have been predicted for the window that ends with the open day; each day one
  /// of the lengths, so that all are judged evenly.
  private mutating func judge(_ index: Int) {
    let item = items.at(index)
    let day = item.pointee.day
    let turn = mix(item.pointee.token) >> 8 &+ UInt64(truncatingIfNeeded: Int64(day))
    let chosen = Int(turn % UInt64(Self.lengthCount))
    let length = Self.length(chosen)
    // The window begins after a day that is known to have been on the books.
    if Int32(item.pointee.keptDays) <= length && item.pointee.keptDays < 28 { return }
    if !isSampled(item.pointee.token, turn) { return }
    var rate = item.pointee.rate
    var (units, exposure) = (Int64(0), Int64(0))
    for back in 0..<length {
      let past = items.day(index, day - back).pointee
      let part = Int64(past.exposure) << 8
      rate.retract(units: Int64(past.units), exposure: part)
      units += Int64(past.units)
      exposure += part
    }
    // A window without a chance to sell says nothing.
    if exposure < DemandScale.one / 100 { return }
    let means = rate.means(prior: categories.rate(Int(item.pointee.category)))
    classes[chosen].begin(day)
    let predicted = classes[chosen].predict(means, exposure: exposure)
    if predicted.expected < 1 << 12 { return }
    classes[chosen].observe(units, predicted)
  }

  /// Of very many items only some are judged: their outcomes say enough.
  private func isSampled(_ token: UInt64, _ turn: UInt64) -> Bool {
    let share = items.count / (Self.lengthCount * Self.judgedPerDay)
    if share <= 1 { return true }
    return mix(token ^ mix(turn)) % UInt64(share) == 0
  }

  package var count: Int { items.count }
}
