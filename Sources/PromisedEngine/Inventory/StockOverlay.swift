import PromisedInvariants
import PromisedModel

/// Stock as it would be: rows of a batch see the rows before them without changing the state.
struct StockOverlay: ~Copyable {
  struct Row: BitwiseCopyable {
    var token: UInt64
    var amounts: StockAmounts
    var node: UInt16
  }

  private var index = SlotIndex(capacity: 1024)
  private var rows = Store<Row>(capacity: 1024)
  /// Keys the state does not know yet.
  private var newKeys = KeyTable()

  /// The low nibble of the token of a key that neither packs nor is interned.
  private static var newKeyNibble: UInt64 { 15 }

  var count: Int { rows.count }

  func row(_ slot: Int) -> Row { rows[slot] }

  /// A token for a key, also for one that the state does not know.
  mutating func token(_ key: BorrowedBytes, known: UInt64) -> UInt64 {
    known != 0 ? known : UInt64(newKeys.insert(key)) << 4 | Self.newKeyNibble
  }

  /// Whether the token is of a key the state has not interned.
  static func isNew(_ token: UInt64) -> Bool { token & 15 == newKeyNibble }

  func find(_ token: UInt64, _ node: UInt16) -> Int? {
    index.find(hash(item: token, node: node)) {
      rows[$0].token == token && rows[$0].node == node
    }
  }

  mutating func insert(_ token: UInt64, _ node: UInt16, _ amounts: StockAmounts) -> Int {
    let slot = rows.append(Row(token: token, amounts: amounts, node: node))
    index.insert(hash(item: token, node: node), slot: slot)
    return slot
  }

  func at(_ slot: Int) -> UnsafeMutablePointer<StockAmounts> {
    let row = UnsafeMutableRawPointer(rows.at(slot))
    let offset = MemoryLayout<Row>.offset(of: \Row.amounts) ?? 0
    return (row + offset).assumingMemoryBound(to: StockAmounts.self)
  }

  /// Forgets everything; linear in what was kept, not in the largest batch ever.
  mutating func removeAll() {
    if rows.count * 8 < index.capacity {
      for slot in 0..<rows.count {
        index.remove(hash(item: rows[slot].token, node: rows[slot].node), slot: slot)
      }
    } else {
      index.removeAll()
    }
    rows.removeAll()
    newKeys.removeAll()
  }
}
