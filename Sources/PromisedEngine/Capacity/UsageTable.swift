import PromisedInvariants
import PromisedModel

/// Micro-cubic-feet that a seller uses of one storage type.
///
/// 128 bits, because 2·10^9 units of 10^12 each exceed 64; sums are exact and an answer is clamped.
/// Available, unfulfillable and reserved add up to the volume on hand.
struct Usage: BitwiseCopyable, Equatable {
  /// Of available_now; negative after a count fell short of what is reserved.
  var available: Int128 = 0
  var unfulfillable: Int128 = 0
  /// Holds, allocations, researching, in transfer, in processing and withheld.
  var reserved: Int128 = 0
  /// Working, shipped and receiving.
  var openInbound: Int128 = 0
  var drafts: Int128 = 0
  /// Of what is on hand: ordered to leave.
  var pendingRemoval: Int128 = 0

  /// What is on hand and not ordered to leave.
  var onHand: Int128 { max(0, available + unfulfillable + reserved - pendingRemoval) }

  var total: Int128 { onHand + openInbound + drafts }

  @inline(__always)
  static func += (left: inout Usage, right: Usage) {
    left.available += right.available
    left.unfulfillable += right.unfulfillable
    left.reserved += right.reserved
    left.openInbound += right.openInbound
    left.drafts += right.drafts
    left.pendingRemoval += right.pendingRemoval
  }

  /// As a volume for an answer.
  static func clamped(_ volume: Int128) -> Int64 { Int64(clamping: volume) }
}

/// A change in units of an item, before it is multiplied with a volume.
struct UnitChange: BitwiseCopyable {
  var onHand: Int64 = 0
  var reserved: Int64 = 0
  var encumbered: Int64 = 0
  var unfulfillable: Int64 = 0
  var openInbound: Int64 = 0
  var drafts: Int64 = 0
  var pendingRemoval: Int64 = 0

  /// The usage of these units at `volume` micro-cubic-feet each.
  @inline(__always)
  func usage(volume: Int64) -> Usage {
    let volume = Int128(volume)
    return Usage(
      available: volume * Int128(onHand - encumbered - reserved),
      unfulfillable: volume * Int128(unfulfillable),
      reserved: volume * Int128(reserved + encumbered - unfulfillable),
      openInbound: volume * Int128(openInbound), drafts: volume * Int128(drafts),
      pendingRemoval: volume * Int128(pendingRemoval))
  }

  /// The same units, leaving.
  var negated: UnitChange {
    UnitChange(
      onHand: -onHand, reserved: -reserved, encumbered: -encumbered,
      unfulfillable: -unfulfillable, openInbound: -openInbound, drafts: -drafts,
      pendingRemoval: -pendingRemoval)
  }
}

/// Volume that is due in one month.
struct DueVolume: BitwiseCopyable {
  var open: Int128 = 0
  var drafts: Int128 = 0
  var month: UInt32 = 0
  /// The next row of the seller and type, ascending by month, as index + 1; 0 = none.
  var next: UInt32 = 0
}

/// What the items of a seller and type are expected to sell a day, if they are there.
struct SellThrough: BitwiseCopyable, Equatable {
  /// Micro-cubic-feet a day, in thousandths.
  var perDayMilli: Int128 = 0
  /// The variance of a day in (thousandths of a cubic foot)².
  var variance: Int128 = 0
}

/// What is kept of a seller and type.
struct UsageRow: BitwiseCopyable {
  var usage = Usage()
  var sellThrough = SellThrough()
  /// The first of its due months, as index + 1; 0 = none.
  var firstDue: UInt32 = 0
}

/// Usage per seller and storage type, what of the inbound is due by month, and the expected sales;
/// rows exist from the first use on.
struct UsageTable: ~Copyable {
  /// Per seller, the index + 1 of the row of each storage type 1…7; 0 = none.
  private var places = Store<UInt32>(zeroed: 8)
  private var rows = Store<UsageRow>()
  private var dues = Store<DueVolume>()
  private var freeDues = Store<UInt32>()

  static var typesPerSeller: Int { 8 }

  /// Zero where a seller has used nothing of the type.
  func read(seller: Int, type: UInt8) -> Usage {
    let place = place(seller, type)
    return place == 0 ? Usage() : rows.base[place - 1].usage
  }

  func sellThrough(seller: Int, type: UInt8) -> SellThrough {
    let place = place(seller, type)
    return place == 0 ? SellThrough() : rows.base[place - 1].sellThrough
  }

  /// Whether the seller ever used any of the type.
  func has(seller: Int, type: UInt8) -> Bool { place(seller, type) != 0 }

  /// What is due by the end of `month` and what later.
  func due(
    seller: Int, type: UInt8, upTo month: UInt32
  ) -> (open: Int128, drafts: Int128, later: Int128) {
    var (open, drafts, later): (Int128, Int128, Int128) = (0, 0, 0)
    var next = firstDue(seller, type)
    while next != 0 {
      let row = dues[Int(next) - 1]
      if row.month <= month {
        open += row.open
        drafts += row.drafts
      } else {
        later += row.open + row.drafts
      }
      next = row.next
    }
    return (open, drafts, later)
  }

  /// What is due by month, ascending; for digests and audits.
  func forEachDue(seller: Int, type: UInt8, _ body: (DueVolume) -> Void) {
    var next = firstDue(seller, type)
    while next != 0 {
      let row = dues[Int(next) - 1]
      body(row)
      next = row.next
    }
  }

  @inline(__always)
  mutating func add(_ change: Usage, seller: Int, type: UInt8) {
    row(seller, type).pointee.usage += change
  }

  /// Adds volume that is available and nothing else.
  @inline(__always)
  mutating func add(available volume: Int128, seller: Int, type: UInt8) {
    row(seller, type).pointee.usage.available += volume
  }

  mutating func add(_ change: SellThrough, seller: Int, type: UInt8) {
    let row = row(seller, type)
    row.pointee.sellThrough.perDayMilli += change.perDayMilli
    row.pointee.sellThrough.variance += change.variance
  }

  /// Adds volume that is due in a month; a month with none is forgotten.
  mutating func addDue(open: Int128, drafts: Int128, seller: Int, type: UInt8, month: UInt32) {
    if open == 0 && drafts == 0 { return }
    let row = row(seller, type)
    var previous: UInt32 = 0
    var next = row.pointee.firstDue
    while next != 0, dues[Int(next) - 1].month < month {
      previous = next
      next = dues[Int(next) - 1].next
    }
    if next != 0, dues[Int(next) - 1].month == month {
      let due = dues.at(Int(next) - 1)
      due.pointee.open += open
      due.pointee.drafts += drafts
      if due.pointee.open != 0 || due.pointee.drafts != 0 { return }
      link(previous, to: due.pointee.next, first: row)
      freeDues.append(next)
      return
    }
    let due = DueVolume(open: open, drafts: drafts, month: month, next: next)
    let place: UInt32
    if freeDues.count > 0 {
      place = freeDues.removeLast()
      dues[Int(place) - 1] = due
    } else {
      place = UInt32(dues.append(due) + 1)
    }
    link(previous, to: place, first: row)
  }

  private func link(_ previous: UInt32, to place: UInt32, first row: UnsafeMutablePointer<UsageRow>)
  {
    if previous == 0 {
      row.pointee.firstDue = place
    } else {
      dues.at(Int(previous) - 1).pointee.next = place
    }
  }

  mutating func removeAll() {
    places.removeAll()
    rows.removeAll()
    dues.removeAll()
    freeDues.removeAll()
  }

  /// The row's index + 1; 0 = none.
  @inline(__always)
  private func place(_ seller: Int, _ type: UInt8) -> Int {
    let place = seller * Self.typesPerSeller + Int(type)
    return place >= places.count ? 0 : Int(places.base[place])
  }

  private func firstDue(_ seller: Int, _ type: UInt8) -> UInt32 {
    let place = place(seller, type)
    return place == 0 ? 0 : rows.base[place - 1].firstDue
  }

  @inline(__always)
  private mutating func row(_ seller: Int, _ type: UInt8) -> UnsafeMutablePointer<UsageRow> {
    let place = seller * Self.typesPerSeller + Int(type)
    if place >= places.count { places.resize(to: (seller + 1) * Self.typesPerSeller) }
    if places[place] == 0 { places[place] = UInt32(rows.append(UsageRow()) + 1) }
    return rows.at(Int(places[place]) - 1)
  }
}
