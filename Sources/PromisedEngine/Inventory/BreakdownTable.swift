import PromisedInvariants
import PromisedModel

/// What the sums of a stock row are made of. Most rows have none of it.
struct Breakdown: BitwiseCopyable {
  var item: UInt64
  var node: UInt16
  /// Committed units; the rest of the row's reserved units is held.
  var allocated: Int32 = 0
  /// Of these, units that were picked.
  var picked: Int32 = 0
  /// Allocated units that were backordered and are not picked: nothing is missing to them.
  var backordered: Int32 = 0
  var unfulfillable: Int32 = 0
  var researching: Int32 = 0
  var inTransfer: Int32 = 0
  var inProcessing: Int32 = 0
  var withheld: Int32 = 0
  /// The first of the committed lines that claim here, 0 = none.
  var first: UInt32 = 0
  /// Allocated units that are not there, and its place among such breakdowns, 0 = none.
  var short: Int32 = 0
  var shortPlace: UInt32 = 0

  var isZero: Bool {
    (allocated | unfulfillable | researching | inTransfer | inProcessing | withheld) == 0
      && first == 0
  }
}

/// Breakdowns by (item, node), only where one is not zero.
struct BreakdownTable: ~Copyable {
  private var index = SlotIndex()
  private var rows = Store<Breakdown>()
  private var free = Store<UInt32>()

  var count: Int { index.count }
  /// Rows that are or were in use; `isInUse` tells which.
  var rowCount: Int { rows.count }

  func row(_ slot: Int) -> Breakdown { rows[slot] }

  func isInUse(_ slot: Int) -> Bool {
    find(item: rows[slot].item, node: rows[slot].node) == slot
  }

  /// The breakdown of an item in a node; zeros where none is kept. Expected constant time.
  func read(item: UInt64, node: UInt16) -> Breakdown {
    guard let slot = find(item: item, node: node) else { return Breakdown(item: item, node: node) }
    return rows[slot]
  }

  /// Keeps a breakdown, or forgets it when it is zero.
  mutating func write(_ row: Breakdown) {
    if let slot = find(item: row.item, node: row.node) {
      rows[slot] = row
      settle(slot)
      return
    }
    if row.isZero { return }
    rows[inserting(item: row.item, node: row.node)] = row
  }

  /// Where the breakdown of an item in a node is kept, for changes in place.
  func find(item: UInt64, node: UInt16) -> Int? {
    index.find(hash(item: item, node: node)) { rows[$0].item == item && rows[$0].node == node }
  }

  /// The same, added with zeros when none is kept: `settle` it after the change.
  mutating func inserting(item: UInt64, node: UInt16) -> Int {
    if let slot = find(item: item, node: node) { return slot }
    let row = Breakdown(item: item, node: node)
    let slot: Int
    if free.count > 0 {
      slot = Int(free.removeLast())
      rows[slot] = row
    } else {
      slot = rows.append(row)
    }
    index.insert(hash(item: item, node: node), slot: slot)
    return slot
  }

  /// Valid until a breakdown is added.
  @inline(__always)
  func at(_ slot: Int) -> UnsafeMutablePointer<Breakdown> { rows.at(slot) }

  /// Forgets a breakdown that is zero.
  mutating func settle(_ slot: Int) {
    let row = rows[slot]
    if !row.isZero { return }
    invariant(row.short == 0, "units are missing where none are allocated")
    index.remove(hash(item: row.item, node: row.node), slot: slot)
    free.append(UInt32(slot))
  }
}
