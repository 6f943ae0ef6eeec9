import PromisedInvariants
import PromisedModel

/// What a unit of an item is worth at a node.
struct OpportunityRow: BitwiseCopyable {
  var item: UInt64
  /// 0 = the slot is free.
  var value: Money
  var node: UInt16
}

/// Opportunity values by (item, node).
struct OpportunityTable: ~Copyable {
  private var index = SlotIndex()
  private var rows = Store<OpportunityRow>()
  private var free = Store<UInt32>()

  var count: Int { index.count }
  /// Slots that are or were in use; `row(slot).value` is 0 where none is.
  var slotCount: Int { rows.count }

  func row(_ slot: Int) -> OpportunityRow { rows[slot] }

  /// The value of a unit; 0 where none was put. Expected constant time.
  func value(item: UInt64, node: UInt16) -> Money {
    find(item, node).map { rows[$0].value } ?? 0
  }

  /// Adds or replaces a value; 0 removes it.
  mutating func put(item: UInt64, node: UInt16, value: Money) {
    if let slot = find(item, node) {
      rows.at(slot).pointee.value = value
      if value != 0 { return }
      index.remove(Self.hash(item, node), slot: slot)
      free.append(UInt32(slot))
      return
    }
    if value == 0 { return }
    let row = OpportunityRow(item: item, value: value, node: node)
    let slot: Int
    if free.count > 0 {
      slot = Int(free.removeLast())
      rows[slot] = row
    } else {
      slot = rows.append(row)
    }
    index.insert(Self.hash(item, node), slot: slot)
  }

  mutating func removeAll() {
    index.removeAll()
    rows.removeAll()
    free.removeAll()
  }

  private func find(_ item: UInt64, _ node: UInt16) -> Int? {
    index.find(Self.hash(item, node)) { rows[$0].item == item && rows[$0].node == node }
  }

  private static func hash(_ item: UInt64, _ node: UInt16) -> UInt64 {
    mix(mix(item) ^ UInt64(node))
  }
}
