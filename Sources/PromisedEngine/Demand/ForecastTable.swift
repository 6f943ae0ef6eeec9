import PromisedInvariants
import PromisedModel

/// A forecast of an item's demand in a region, as it was put.
struct Forecast: BitwiseCopyable {
  var item: UInt64
  var issuedUnixSeconds: Int64
  /// The first day forecast, days since 1970.
  var startDay: Int32
  /// Index into the regions' names.
  var region: UInt32
  var periodDays: UInt8
  /// 0 = it was taken back.
  var periods: UInt8
  var isCumulative: UInt8
  var levelCount: UInt8
  /// Where its levels and then its values begin.
  var start: UInt32
  /// The next forecast of the item, as place + 1; 0 = none.
  var next: UInt32

  var valueCount: Int { Int(periods) * Int(levelCount) }
  /// Numbers it takes in the pool.
  var size: Int { Int(levelCount) + valueCount }
}

/// Forecasts by item and region, a list per item; bounded by the numbers they hold.
struct ForecastTable: ~Copyable {
  private var rows = Store<Forecast>()
  /// Levels in 1/10,000 and values in thousandths.
  private var numbers = Store<Int64>()
  private var dead = 0
  private var firsts = SlotIndex()
  private(set) var count = 0

  /// Numbers that are in use.
  var numberCount: Int { numbers.count - dead }
  var placeCount: Int { rows.count }

  func row(_ place: Int) -> Forecast { rows[place] }

  /// The first forecast of an item; nil when there is none. Expected constant time.
  func first(of item: UInt64) -> Int? { firsts.find(mix(item)) { rows[$0].item == item } }

  func next(after place: Int) -> Int? {
    let next = rows[place].next
    return next == 0 ? nil : Int(next) - 1
  }

  /// The nth level, as a probability.
  func level(_ row: Forecast, _ index: Int) -> Double {
    Double(numbers[Int(row.start) + index]) / 10_000
  }

  /// The nth period's value at a level, in units.
  func value(_ row: Forecast, _ period: Int, _ level: Int) -> Double {
    Double(rawValue(row, period * Int(row.levelCount) + level)) / 1000
  }

  func rawLevel(_ row: Forecast, _ index: Int) -> Int64 { numbers[Int(row.start) + index] }

  func rawValue(_ row: Forecast, _ index: Int) -> Int64 {
    numbers[Int(row.start) + Int(row.levelCount) + index]
  }

  /// Adds a forecast, or replaces the one of its item and region unless that was issued later.
  ///
  /// `values` are made ascending within each period: what crosses is sorted (Chernozhukov,
  /// Fernández-Val and Galichon, "Quantile and probability curves without crossing", 2010), which
  /// is never further from the truth. False when there is no room.
  mutating func put(_ forecast: Forecast, levels: ArraySlice<UInt16>, values: ArraySlice<Int64>)
    -> Bool
  {
    var place: Int?
    var regions = 0
    var other = first(of: forecast.item)
    while let found = other {
      regions += 1
      if rows[found].region == forecast.region { place = found }
      other = next(after: found)
    }
    if let place, rows[place].issuedUnixSeconds > forecast.issuedUnixSeconds { return true }
    if numberCount + forecast.size > Limits.forecastNumbers { return false }
    if place == nil && regions > Limits.forecastRegions { return false }
    if let place { dead += rows[place].size }
    compactWhenMostAreDead(but: place)
    var row = forecast
    row.start = UInt32(numbers.count)
    for level in levels { numbers.append(Int64(level)) }
    let width = levels.count
    for period in 0..<Int(forecast.periods) {
      let start = values.startIndex + period * width
      for value in values[start..<(start + width)].sorted() { numbers.append(value) }
    }
    if let place {
      row.next = rows[place].next
      rows[place] = row
      return true
    }
    insert(row)
    return true
  }

  private mutating func insert(_ forecast: Forecast) {
    var row = forecast
    row.next = 0
    count += 1
    let place = rows.append(row)
    guard var last = first(of: row.item) else {
      firsts.insert(mix(row.item), slot: place)
      return
    }
    while let next = next(after: last) { last = next }
    rows.at(last).pointee.next = UInt32(place + 1)
  }

  /// Amortised: as many numbers must die as are copied.
  private mutating func compactWhenMostAreDead(but replaced: Int?) {
    if dead < 65_536 || dead * 2 < numbers.count { return }
    var kept = Store<Int64>(capacity: max(1, numbers.count - dead))
    for place in 0..<rows.count where rows[place].periods > 0 && place != replaced {
      let start = Int(rows[place].start)
      rows.at(place).pointee.start = UInt32(kept.count)
      for index in start..<(start + rows[place].size) { kept.append(numbers[index]) }
    }
    swap(&kept, &numbers)
    dead = 0
  }

  /// Forgets every forecast.
  mutating func removeAll() {
    rows.removeAll()
    numbers.removeAll()
    firsts.removeAll()
    dead = 0
    count = 0
  }
}
