import PromisedModel

/// A season or an event: in these days a category sells by a factor more or less.
struct DemandFactor: BitwiseCopyable, Equatable {
  /// 0 = every item.
  var category: UInt16
  /// Days since 1970, both included.
  var fromDay: Int32
  var toDay: Int32
  /// In thousandths.
  var milli: Int32
}

/// Seasons and events, as operators know them. A day's factor counts when the day is learned from
/// and when it is forecast, so that a sale does not look like a new level, and the next one is seen
/// coming. Where several meet they multiply.
struct DemandFactors: Equatable {
  private(set) var rows: [DemandFactor] = []

  init() {}

  private init(rows: [DemandFactor]) { self.rows = rows }

  /// Adds a row, replaces the one of its category and days, or removes that at 1000. False when there
  /// is no room.
  mutating func put(_ row: DemandFactor) -> Bool {
    let place = rows.firstIndex {
      $0.category == row.category && $0.fromDay == row.fromDay && $0.toDay == row.toDay
    }
    if row.milli == 1000 {
      if let place { rows.remove(at: place) }
      return true
    }
    if let place {
      rows[place] = row
      return true
    }
    if rows.count >= Limits.demandFactors { return false }
    rows.append(row)
    return true
  }

  /// Those that count for a category on any of these days.
  func of(_ category: Int, from first: Int32, to last: Int32) -> DemandFactors {
    DemandFactors(
      rows: rows.filter {
        $0.fromDay <= last && first <= $0.toDay
          && ($0.category == 0 || Int($0.category) == category)
      })
  }

  /// The factor of a day in 1/2^20, at most 2^10.
  func factor(_ category: Int, on day: Int32) -> Int64 {
    var factor = DemandScale.one
    for row in rows
    where row.fromDay <= day && day <= row.toDay
      && (row.category == 0 || Int(row.category) == category)
    {
      factor = min(1 << 30, factor * Int64(row.milli) / 1000)
    }
    return factor
  }
}
