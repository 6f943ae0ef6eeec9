import PromisedModel

/// Feed rows that wait for an item or a node, numbered in the order in which they came.
///
/// A row waits for one name at a time: its item, then its node, then where it goes. Names are
/// looked up, never walked through, so that no order of a dictionary shows.
struct ParkedTable {
  private(set) var rows: [UInt64: ParkedRow] = [:]
  private var byItem: [Name: [UInt64]] = [:]
  private var byNode: [Name: [UInt64]] = [:]
  private(set) var byteCount = 0
  private var nextNumber: UInt64 = 1
  /// Rows whose name has become known, in no order.
  private(set) var ready: [UInt64] = []

  enum Wait {
    case item
    case node(Name)
  }

  var count: Int { rows.count }
  var hasReady: Bool { !ready.isEmpty }

  /// Bytes that a row counts for.
  static func bytes(of row: ParkedRow) -> Int {
    Limits.parkedRowBytes + row.item.bytes.count + row.node.bytes.count
      + row.reference.bytes.count + row.destination.bytes.count
  }

  /// Keeps a row, under its old number when it was driven in vain.
  mutating func park(_ row: ParkedRow, until wait: Wait, number: UInt64? = nil) {
    let number = number ?? nextNumber
    nextNumber = max(nextNumber, number + 1)
    rows[number] = row
    byteCount += Self.bytes(of: row)
    switch wait {
    case .item: byItem[row.item, default: []].append(number)
    case .node(let name): byNode[name, default: []].append(number)
    }
  }

  mutating func became(item name: Name) {
    if let numbers = byItem.removeValue(forKey: name) { ready += numbers }
  }

  mutating func became(node name: Name) {
    if let numbers = byNode.removeValue(forKey: name) { ready += numbers }
  }

  /// The rows whose name has become known, in the order in which they came.
  mutating func takeReady() -> [(number: UInt64, row: ParkedRow)] {
    let numbers = ready.sorted()
    ready = []
    var taken: [(number: UInt64, row: ParkedRow)] = []
    for number in numbers {
      guard let row = rows.removeValue(forKey: number) else { continue }
      byteCount -= Self.bytes(of: row)
      taken.append((number, row))
    }
    return taken
  }

  /// The numbers of all rows, ascending. O(rows log rows).
  var numbers: [UInt64] { rows.keys.sorted() }
}
