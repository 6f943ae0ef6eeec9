import PromisedInvariants

/// Units claimed that no stock row reserves: for a later date, or of a group.
struct ClaimRow: ItemListRow {
  var item: UInt64
  /// Held and allocated units.
  var units: Int64 = 0
  var allocated: Int64 = 0
  /// Unix seconds; 0 = now.
  var due: UInt32
  var previous: UInt32 = 0
  var next: UInt32 = 0
  /// A node, or a group where `isPool`.
  var place: UInt16
  /// 0 = none.
  var channel: UInt16
  var isPool: Bool

  init(item: UInt64, place: UInt16, isPool: Bool, due: UInt32, channel: UInt16) {
    self.item = item
    self.place = place
    self.isPool = isPool
    self.due = due
    self.channel = channel
  }

  var keyHash: UInt64 {
    UInt64(due) << 32 | UInt64(channel ^ (isPool ? 0x8000 : 0)) << 16 | UInt64(place)
  }

  func hasKey(of other: ClaimRow) -> Bool {
    place == other.place && isPool == other.isPool && due == other.due
      && channel == other.channel
  }
}

extension ItemLists where Row == ClaimRow {
  /// Adds to the units claimed, and to the allocated ones among them; a row of no units goes.
  mutating func add(_ units: Int64, allocated: Int64, to like: ClaimRow) {
    let slot = find(like) ?? insert(like)
    let row = at(slot)
    row.pointee.units += units
    row.pointee.allocated += allocated
    invariant(row.pointee.units >= 0, "more units given back than were claimed")
    invariant(row.pointee.allocated >= 0, "more units given back than were allocated")
    if row.pointee.units == 0 { remove(slot) }
  }

  /// Rows of an item. Linear in them.
  func count(of item: UInt64) -> Int {
    var (count, slot) = (0, first(of: item))
    while let found = slot {
      count += 1
      slot = next(after: found)
    }
    return count
  }
}
