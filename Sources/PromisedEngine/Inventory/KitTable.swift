import PromisedInvariants
import PromisedModel

/// Units of an item in a kit.
struct KitComponent: BitwiseCopyable, Equatable {
  /// The component's token.
  var item: UInt64
  var units: Int32
}

/// What a kit is made of: a run of components.
struct KitRow: BitwiseCopyable {
  /// The kit's token; 0 = the slot is free.
  var item: UInt64
  var start: UInt32
  var count: UInt16
}

/// Kits by item, each with its components in the order in which they were put.
struct KitTable: ~Copyable {
  private var index = SlotIndex()
  private var rows = Store<KitRow>()
  private var free = Store<UInt32>()
  private var components = Store<KitComponent>()
  /// Components that belong to no kit any more.
  private var dead = 0

  var count: Int { index.count }
  /// Slots that are or were in use; `row(slot).item` is 0 where none is.
  var slotCount: Int { rows.count }

  func row(_ slot: Int) -> KitRow { rows[slot] }

  /// What a kit is made of; empty for an item that is none. Valid until the next change. Expected
  /// constant time.
  func components(of item: UInt64) -> UnsafeBufferPointer<KitComponent> {
    guard let slot = find(item) else { return UnsafeBufferPointer(start: nil, count: 0) }
    return components(rows[slot])
  }

  func components(_ row: KitRow) -> UnsafeBufferPointer<KitComponent> {
    UnsafeBufferPointer(start: components.base + Int(row.start), count: Int(row.count))
  }

  /// Replaces what a kit is made of; no components: it is no kit any more.
  mutating func put(_ item: UInt64, _ parts: [KitComponent]) {
    if let slot = find(item) {
      dead += Int(rows[slot].count)
      index.remove(mix(item), slot: slot)
      rows.at(slot).pointee.item = 0
      free.append(UInt32(slot))
    }
    compactWhenMostAreDead()
    if parts.isEmpty { return }
    let row = KitRow(
      item: item, start: UInt32(components.count), count: UInt16(clamping: parts.count))
    for part in parts { components.append(part) }
    let slot: Int
    if free.count > 0 {
      slot = Int(free.removeLast())
      rows[slot] = row
    } else {
      slot = rows.append(row)
    }
    index.insert(mix(item), slot: slot)
  }

  mutating func removeAll() {
    index.removeAll()
    rows.removeAll()
    free.removeAll()
    components.removeAll()
    dead = 0
  }

  private func find(_ item: UInt64) -> Int? { index.find(mix(item)) { rows[$0].item == item } }

  /// Amortised: as many components must die as are copied.
  private mutating func compactWhenMostAreDead() {
    if dead < 1024 || dead * 2 < components.count { return }
    var kept = Store<KitComponent>(capacity: components.count - dead)
    for slot in 0..<rows.count where rows[slot].item != 0 {
      let start = UInt32(kept.count)
      for part in components(rows[slot]) { kept.append(part) }
      rows.at(slot).pointee.start = start
    }
    swap(&kept, &components)
    dead = 0
  }
}
