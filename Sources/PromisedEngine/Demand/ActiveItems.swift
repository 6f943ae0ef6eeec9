import PromisedInvariants
import PromisedModel

/// An item that sells: its demand, and the day that is under way. What a sale changes stands in the
/// first 32 bytes, so that it is one cache line.
struct ActiveItem: BitwiseCopyable, Equatable {
  /// 0 = the place is free.
  var token: UInt64 = 0
  /// Units shipped on the day that is open.
  var units: Int64 = 0
  /// The open day, days since 1970 where the item's seller is.
  var day: Int32 = 0
  /// The last day on which a unit was shipped.
  var lastSale: Int32 = 0
  /// Seconds in stock of the open day, as far as counted.
  var inStockSeconds: Int32 = 0
  var category: UInt16 = 0
  /// Closed days that are kept, 0…28.
  var keptDays: UInt8 = 0
  /// 1 while some node has a unit available.
  var isInStock: UInt8 = 0
  /// When the open day ends, UTC seconds.
  var dayEnds: Int64 = 0
  /// Up to when the time in stock is counted, UTC seconds.
  var countedTo: Int64 = 0
  var rate = DemandRate()
}

/// A closed day of an item.
struct ItemDay: BitwiseCopyable, Equatable {
  /// Units in all nodes when it ended, at most 2^32 − 1.
  var onHand: UInt32
  var units: UInt32
  /// The day's factor times the share in stock, in 1/2^12.
  var exposure: UInt16
  /// The share of the day that the item was in stock, in 1/255.
  var inStock: UInt8
}

/// The items that sell, each with its last 28 days; bounded, because it lives in memory.
///
/// Days are kept in a ring: day d stands at d mod 28 of the item's place.
struct ActiveItems: ~Copyable {
  private(set) var rows = Store<ActiveItem>()
  private var days = Store<ItemDay>()
  private var free = Store<UInt32>()
  private(set) var count = 0

  static var keptDays: Int { 28 }

  /// Places that are or were in use; the token of a free one is 0.
  var placeCount: Int { rows.count }

  @inline(__always)
  func at(_ index: Int) -> UnsafeMutablePointer<ActiveItem> { rows.at(index) }

  /// Has what a sale changes read soon.
  @inline(__always)
  func prefetch(_ index: Int) { rows.prefetch(index) }

  /// A closed day, of those that are kept.
  func day(_ index: Int, _ day: Int32) -> UnsafeMutablePointer<ItemDay> {
    var place = Int(day) % Self.keptDays
    if place < 0 { place += Self.keptDays }
    return days.at(index * Self.keptDays + place)
  }

  /// Adds an item and answers its place; nil when `limit` items are there already.
  mutating func insert(_ item: ActiveItem, limit: Int = Limits.activeItems) -> Int? {
    if count >= limit { return nil }
    count += 1
    if free.count > 0 {
      let index = Int(free.removeLast())
      rows[index] = item
      return index
    }
    days.resize(to: (rows.count + 1) * Self.keptDays)
    return rows.append(item)
  }

  /// Puts an item, or a free place, behind all others, as a snapshot kept it.
  mutating func restore(_ item: ActiveItem) -> Int {
    days.resize(to: (rows.count + 1) * Self.keptDays)
    let place = rows.append(item)
    if item.token == 0 { free.append(UInt32(place)) } else { count += 1 }
    return place
  }

  mutating func remove(_ index: Int) {
    rows[index] = ActiveItem()
    free.append(UInt32(index))
    count -= 1
  }
}
