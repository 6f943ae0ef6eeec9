import PromisedInvariants

/// A row of an `ItemLists`.
protocol ItemListRow: BitwiseCopyable {
  /// 0 = the slot is free.
  var item: UInt64 { get set }
  /// Neighbours in the list of the item, as slot + 1; 0 = none.
  var previous: UInt32 { get set }
  var next: UInt32 { get set }
  /// A hash of what tells it from other rows of its item.
  var keyHash: UInt64 { get }
  func hasKey(of other: Self) -> Bool
}

/// Sparse rows by (item, something), with a list per item. Lists are in no particular order, which
/// depends on history: whoever reads one must not let the order show.
struct ItemLists<Row: ItemListRow>: ~Copyable {
  private var rows = Store<Row>()
  private var free = Store<UInt32>()
  private var byKey = SlotIndex()
  /// The first row of each item that has one.
  private var firsts = SlotIndex()

  var count: Int { byKey.count }
  /// Slots that are or were in use; `row(slot).item` is 0 where none is.
  var slotCount: Int { rows.count }

  @inline(__always)
  func row(_ slot: Int) -> Row { rows[slot] }

  /// For changes of fields that are no part of the key; valid until a row is added.
  func at(_ slot: Int) -> UnsafeMutablePointer<Row> { rows.at(slot) }

  /// The first row of an item's list. Expected constant time.
  func first(of item: UInt64) -> Int? {
    if byKey.count == 0 { return nil }
    return firsts.find(mix(item)) { rows[$0].item == item }
  }

  func next(after slot: Int) -> Int? {
    let next = rows[slot].next
    return next == 0 ? nil : Int(next) - 1
  }

  /// The row with the key of another. Expected constant time.
  func find(_ like: Row) -> Int? {
    if byKey.count == 0 { return nil }
    return byKey.find(Self.hash(like)) { rows[$0].item == like.item && rows[$0].hasKey(of: like) }
  }

  /// Adds a row whose key is not there.
  mutating func insert(_ row: Row) -> Int {
    invariant(row.item != 0, "a row of no item")
    var row = row
    let first = first(of: row.item)
    row.previous = 0
    row.next = first.map { UInt32($0 + 1) } ?? 0
    let slot: Int
    if free.count > 0 {
      slot = Int(free.removeLast())
      rows[slot] = row
    } else {
      slot = rows.append(row)
    }
    byKey.insert(Self.hash(row), slot: slot)
    if let first {
      rows.at(first).pointee.previous = UInt32(slot + 1)
      firsts.remove(mix(row.item), slot: first)
    }
    firsts.insert(mix(row.item), slot: slot)
    return slot
  }

  mutating func remove(_ slot: Int) {
    let row = rows[slot]
    byKey.remove(Self.hash(row), slot: slot)
    if row.next != 0 { rows.at(Int(row.next) - 1).pointee.previous = row.previous }
    if row.previous != 0 {
      rows.at(Int(row.previous) - 1).pointee.next = row.next
    } else {
      firsts.remove(mix(row.item), slot: slot)
      if row.next != 0 { firsts.insert(mix(row.item), slot: Int(row.next) - 1) }
    }
    rows.at(slot).pointee.item = 0
    free.append(UInt32(slot))
  }

  /// Takes all rows away and keeps the memory. Linear in them.
  mutating func removeAll() {
    for slot in 0..<slotCount where row(slot).item != 0 { remove(slot) }
  }

  private static func hash(_ row: Row) -> UInt64 { mix(mix(row.item) ^ row.keyHash) }
}
