import PromisedInvariants
import PromisedModel

/// Volume that a seller sold of a type in the running month and the two before it.
struct SoldVolume: BitwiseCopyable {
  var sold: Int64 = 0
  var before: Int64 = 0
  var twoBefore: Int64 = 0
  /// The running month when the last sale was counted; 0 = none was.
  var month: UInt32 = 0

  /// Moves on to a month.
  mutating func advance(to now: Month) {
    guard let old = Month(yyyymm: month), old < now else {
      month = max(month, now.yyyymm)
      return
    }
    let passed = now.ordinal - old.ordinal
    (twoBefore, before, sold) =
      passed == 1 ? (before, sold, 0) : passed == 2 ? (sold, 0, 0) : (0, 0, 0)
    month = now.yyyymm
  }
}

/// Sales per seller and storage type; rows exist from the first sale on.
struct SalesTable: ~Copyable {
  private var places = Store<UInt32>(zeroed: 8)
  private var rows = Store<SoldVolume>()

  func read(seller: Int, type: UInt8) -> SoldVolume {
    let place = seller * 8 + Int(type)
    if place >= places.count || places[place] == 0 { return SoldVolume() }
    return rows[Int(places[place]) - 1]
  }

  mutating func at(seller: Int, type: UInt8) -> UnsafeMutablePointer<SoldVolume> {
    let place = seller * 8 + Int(type)
    if place >= places.count { places.resize(to: (seller + 1) * 8) }
    if places[place] == 0 { places[place] = UInt32(rows.append(SoldVolume()) + 1) }
    return rows.at(Int(places[place]) - 1)
  }
}

extension State {
  /// Units of an item have left for customers: the seller's sales of the month, and what its signals
  /// are held against. To be called for an item with attributes.
  @inline(never)
  func countSale(_ units: Int64, slot: Int) {
    let index = positions.attribute(slot)
    let item = attributes[Int(index)]
    let month = runningMonth(of: Int(item.seller))
    let row = sales.at(seller: Int(item.seller), type: item.storageType)
    if row.pointee.month != month.yyyymm { row.pointee.advance(to: month) }
    let volume = Int128(item.volumeMicroCubicFeet) * Int128(units) + Int128(row.pointee.sold)
    row.pointee.sold = Int64(clamping: volume)
    if !signals.isEmpty {
      signals.count(
        units, item: positions.key(slot), seller: item.seller, month: month.yyyymm)
    }
  }

  /// Whether the seller sold more in the last whole month than in the one before.
  func hasSoldMore(seller: Int, type: UInt8) -> Bool {
    var sold = sales.read(seller: seller, type: type)
    if sold.month == 0 { return false }
    sold.advance(to: runningMonth(of: seller))
    return sold.before > sold.twoBefore
  }
}
