import PromisedInvariants
import PromisedModel

/// When a position was counted last, and when that was told.
struct CountRow: BitwiseCopyable {
  var item: UInt64
  var instant: Int64
  var toldAt: Int64
  var node: UInt16
  /// A later count of the position took its place.
  var isDead: Bool
}

/// The last counts of positions, in the order in which they were told, forgotten by age.
struct CountTable: ~Copyable {
  private var index = SlotIndex()
  private var rows = Store<CountRow>()
  private var head = 0
  private let limit: Int

  init(limit: Int = Limits.countInstants) { self.limit = limit }

  var count: Int { index.count }

  /// Milliseconds of the last count of a position; `Int64.min` = none is known.
  @inline(__always)
  func instant(_ item: UInt64, _ node: UInt16) -> Int64 {
    if index.count == 0 { return .min }
    guard let slot = slot(item, node) else { return .min }
    return rows[slot].instant
  }

  /// A count; one of an earlier instant than the last does not take its place.
  mutating func put(_ item: UInt64, _ node: UInt16, instant: Int64, toldAt: Int64) {
    if let slot = slot(item, node) {
      if rows[slot].instant > instant { return }
      kill(slot)
    }
    if index.count == limit { removeOldest() }
    let row = CountRow(item: item, instant: instant, toldAt: toldAt, node: node, isDead: false)
    index.insert(hash(item: item, node: node), slot: rows.append(row))
    if head > 1024 && head * 2 > rows.count || rows.count - head > index.count * 2 + 1024 {
      compact()
    }
  }

  /// Forgets the last count of a position.
  mutating func remove(_ item: UInt64, _ node: UInt16) {
    if let slot = slot(item, node) { kill(slot) }
  }

  /// Forgets what was told before an instant.
  mutating func forget(toldBefore instant: Int64) {
    while head < rows.count && (rows[head].isDead || rows[head].toldAt < instant) {
      if !rows[head].isDead { kill(head) }
      head += 1
    }
  }

  mutating func removeAll() {
    index.removeAll()
    rows.removeAll()
    head = 0
  }

  /// Every count, in the order in which they were told.
  func each(_ body: (CountRow) -> Void) {
    for slot in head..<rows.count where !rows[slot].isDead { body(rows[slot]) }
  }

  private mutating func removeOldest() {
    while rows[head].isDead { head += 1 }
    kill(head)
    head += 1
  }

  private mutating func kill(_ slot: Int) {
    index.remove(hash(item: rows[slot].item, node: rows[slot].node), slot: slot)
    rows.at(slot).pointee.isDead = true
  }

  private mutating func compact() {
    var kept = Store<CountRow>(capacity: max(16, index.count * 2))
    index.removeAll()
    for slot in head..<rows.count where !rows[slot].isDead {
      index.insert(
        hash(item: rows[slot].item, node: rows[slot].node), slot: kept.append(rows[slot]))
    }
    swap(&rows, &kept)
    head = 0
  }

  private func slot(_ item: UInt64, _ node: UInt16) -> Int? {
    index.find(hash(item: item, node: node)) { rows[$0].item == item && rows[$0].node == node }
  }
}
