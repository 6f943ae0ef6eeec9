import PromisedModel

/// The last changes of limits, oldest first, with a list per seller.
struct LimitChangeTable {
  private(set) var rows: [LimitChangeRow] = []
  /// Places in `rows`, ascending. Looked up, never walked in its own order.
  private var bySeller: [UInt32: [Int]] = [:]

  /// The places of the changes of a seller.
  func places(of seller: UInt32) -> [Int] { bySeller[seller] ?? [] }

  /// Adds a change; a tenth is forgotten when there are as many as may be.
  mutating func append(_ change: LimitChangeRow, seller: UInt32) {
    if rows.count >= Limits.limitChanges { forget(Limits.limitChanges / 10) }
    bySeller[seller, default: []].append(rows.count)
    rows.append(change)
  }

  private mutating func forget(_ count: Int) {
    rows.removeFirst(count)
    bySeller = bySeller.compactMapValues { places in
      let kept = places.filter { $0 >= count }
      return kept.isEmpty ? nil : kept.map { $0 - count }
    }
  }
}
