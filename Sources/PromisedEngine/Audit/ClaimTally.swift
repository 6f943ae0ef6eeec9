import PromisedModel

/// Units that holds claim of an item in a node, as an audit counted them.
struct ClaimedUnits: BitwiseCopyable, Equatable {
  var reserved: Int64 = 0
  var allocated: Int64 = 0
  var picked: Int64 = 0
}

/// Claims by (item, node), counted up from holds. Memory is that of the distinct pairs.
struct ClaimTally: ~Copyable {
  struct Row: BitwiseCopyable {
    var item: UInt64
    var units: ClaimedUnits
    var node: UInt16
  }

  private var index = SlotIndex(capacity: 1024)
  private var rows = Store<Row>(capacity: 1024)

  var count: Int { rows.count }

  func row(_ slot: Int) -> Row { rows[slot] }

  /// Expected constant time; zeros for a pair that was never counted.
  func read(_ item: UInt64, _ node: UInt16) -> ClaimedUnits {
    find(item, node).map { rows[$0].units } ?? ClaimedUnits()
  }

  mutating func add(_ units: ClaimedUnits, item: UInt64, node: UInt16) {
    let slot: Int
    if let found = find(item, node) {
      slot = found
    } else {
      slot = rows.append(Row(item: item, units: ClaimedUnits(), node: node))
      index.insert(hash(item: item, node: node), slot: slot)
    }
    rows.at(slot).pointee.units.reserved += units.reserved
    rows.at(slot).pointee.units.allocated += units.allocated
    rows.at(slot).pointee.units.picked += units.picked
  }

  mutating func removeAll() {
    index.removeAll()
    rows.removeAll()
  }

  private func find(_ item: UInt64, _ node: UInt16) -> Int? {
    index.find(hash(item: item, node: node)) { rows[$0].item == item && rows[$0].node == node }
  }
}

/// Claimed units by bucket, counted up from promises.
struct BucketTally: ~Copyable {
  struct Row: BitwiseCopyable {
    var key: BucketKey
    var claimed: Int64
  }

  private var index = SlotIndex(capacity: 64)
  private var rows = Store<Row>(capacity: 64)

  var count: Int { rows.count }

  func row(_ slot: Int) -> Row { rows[slot] }

  func read(_ key: BucketKey) -> Int64 { find(key).map { rows[$0].claimed } ?? 0 }

  mutating func add(_ units: Int64, to key: BucketKey) {
    let slot: Int
    if let found = find(key) {
      slot = found
    } else {
      slot = rows.append(Row(key: key, claimed: 0))
      index.insert(key.hash, slot: slot)
    }
    rows.at(slot).pointee.claimed += units
  }

  mutating func removeAll() {
    index.removeAll()
    rows.removeAll()
  }

  private func find(_ key: BucketKey) -> Int? {
    index.find(key.hash) { rows[$0].key == key }
  }
}
