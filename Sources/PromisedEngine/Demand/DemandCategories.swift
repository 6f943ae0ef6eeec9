import PromisedInvariants

/// What the items of a category have in common: the rate a new one begins with, and how a week goes.
///
/// Category 0 is all items together; every other one is drawn towards it, by as much as it has seen
/// little. Sums fade to half in 69 days. Days of the week are learned from sold units against
/// expected ones, each item's weighed down by its rate, so that no bestseller makes the week of all.
struct DemandCategories: Equatable {
  /// By category, `Field.count` each.
  private(set) var values: [Int64]

  enum Field {
    static var day: Int { 0 }
    /// Units sold and item-days in stock, in 1/2^20.
    static var units: Int { 1 }
    static var days: Int { 2 }
    /// Sold and expected units by day of the week (0 = a Thursday, the day 1970 began with).
    static var sold: Int { 3 }
    static var expected: Int { 10 }
    /// What predictions read: the rate, and a factor for each day of the week with a mean of one.
    static var rate: Int { 17 }
    static var factors: Int { 18 }
    static var count: Int { 25 }
  }

  private static var kept: Int64 { 1_038_090 }
  /// Expected units that a category's week needs to be worth as much as that of all.
  private static var believedUnits: Int64 { 30 << 20 }
  /// Item-days that its rate needs to be.
  private static var believedDays: Int64 { 20 << 20 }

  init() {
    values = []
    insert()
  }

  /// What was kept; nil when it is not of this form.
  init?(values: [Int64]) {
    if values.isEmpty || values.count % Field.count != 0 { return nil }
    self.values = values
  }

  var count: Int { values.count / Field.count }

  /// Adds a category that knows what all know, and answers its index.
  @discardableResult
  mutating func insert() -> Int {
    let index = count
    values += Array(repeating: 0, count: Field.count)
    self[index, Field.day] = Int64(Int32.min)
    refresh(index)
    return index
  }

  private subscript(category: Int, field: Int) -> Int64 {
    get { values[category * Field.count + field] }
    set { values[category * Field.count + field] = newValue }
  }

  /// Units a day in 1/2^20 of an item of which nothing else is known.
  func rate(_ category: Int) -> Int64 { self[category, Field.rate] }

  /// The factor of a day, in 1/2^20.
  func factor(_ category: Int, on day: Int32) -> Int64 {
    self[category, Field.factors + Self.weekday(day)]
  }

  /// Whether anything was ever sold in it or, for one without sales, at all.
  func knows(_ category: Int) -> Bool { self[category, Field.rate] > 0 }

  static func weekday(_ day: Int32) -> Int {
    let rest = Int(day % 7)
    return rest < 0 ? rest + 7 : rest
  }

  /// Counts a closed day of an item, for its category and for all.
  ///
  /// - Parameters:
  ///   - rate: the item's own rate before the day, in 1/2^20 unit a day; 0 = not known yet.
  ///   - exposure: the share of the day it was in stock times its known factor, in 1/2^20.
  mutating func observe(
    _ category: Int, day: Int32, units: Int64, rate: Int64, exposure: Int64
  ) {
    count(0, day, units, rate, exposure)
    if category != 0 { count(category, day, units, rate, exposure) }
  }

  private mutating func count(
    _ category: Int, _ day: Int32, _ units: Int64, _ rate: Int64, _ exposure: Int64
  ) {
    begin(category, day)
    let units = min(units, DemandRate.unitsPerDay) << 20
    self[category, Field.units] = Self.sum(self[category, Field.units], units)
    self[category, Field.days] = Self.sum(self[category, Field.days], exposure)
    if rate == 0 { return }
    let weekday = Self.weekday(day)
    let weight = DemandScale.quotient(DemandScale.one, DemandScale.one + rate)
    self[category, Field.sold + weekday] = Self.sum(
      self[category, Field.sold + weekday], DemandScale.product(units, weight))
    self[category, Field.expected + weekday] = Self.sum(
      self[category, Field.expected + weekday],
      DemandScale.product(DemandScale.product(rate, exposure), weight))
  }

  private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
    min(left + right, DemandScale.most)
  }

  /// Begins a day: what is older fades, and what predictions read is worked out anew.
  private mutating func begin(_ category: Int, _ today: Int32) {
    let before = self[category, Field.day]
    if Int64(today) <= before { return }
    if before != Int64(Int32.min) {
      // After two years nothing is left.
      for _ in 0..<min(730, Int64(today) - before) {
        for field in Field.units..<Field.rate {
          self[category, field] = DemandScale.product(self[category, field], Self.kept)
        }
      }
    }
    self[category, Field.day] = Int64(today)
    refresh(category)
  }

  private mutating func refresh(_ category: Int) {
    let one = DemandScale.one
    let isAll = category == 0
    if isAll {
      let days = self[0, Field.days]
      self[0, Field.rate] = days == 0 ? 0 : DemandScale.quotient(self[0, Field.units], days)
    } else {
      self[category, Field.rate] = DemandScale.quotient(
        self[category, Field.units] + DemandScale.product(Self.believedDays, rate(0)),
        self[category, Field.days] + Self.believedDays)
    }
    var total: Int64 = 0
    for weekday in 0..<7 {
      let general = isAll ? one : self[0, Field.factors + weekday]
      let factor = DemandScale.quotient(
        self[category, Field.sold + weekday]
          + DemandScale.product(Self.believedUnits, general),
        self[category, Field.expected + weekday] + Self.believedUnits)
      self[category, Field.factors + weekday] = min(factor, 16 << 20)
      total += self[category, Field.factors + weekday]
    }
    for weekday in 0..<7 {
      self[category, Field.factors + weekday] =
        total == 0
        ? one
        : DemandScale.clamped(
          Int128(self[category, Field.factors + weekday]) * Int128(7 * one) / Int128(total))
    }
  }
}
