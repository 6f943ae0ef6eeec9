import PromisedModel

extension State {
  /// Has the stock and the inbound of an item read.
  @inline(__always)
  func prefetchSupply(of key: BorrowedBytes) {
    let token = itemKeys.packed(key)
    prefetch(item: token)
    inbound.prefetch(token)
  }

  /// The earliest dated supply after `now` that is not a draft, to one node or to any, with all
  /// units of that instant and the lowest index of the nodes they come to; all 0 when there is
  /// none. Linear in the item's open inbound.
  func nextSupply(of token: UInt64, node: UInt16?, after now: Int64) -> (
    eta: Int64, quantity: Int64, node: UInt16
  ) {
    var eta = Int64.max
    var quantity: Int64 = 0
    var lowest = UInt16.max
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if row.isDraft || row.etaUnixSeconds <= now || row.etaUnixSeconds > eta { continue }
      if let node, row.node != node { continue }
      if row.etaUnixSeconds < eta { (quantity, lowest) = (0, .max) }
      eta = row.etaUnixSeconds
      quantity += Int64(row.quantity)
      lowest = min(lowest, row.node)
    }
    return eta == Int64.max ? (0, 0, 0) : (eta, quantity, lowest)
  }

  /// Units that can be counted on up to `horizon`. Linear in the item's open inbound.
  func expectedSupply(of token: UInt64, after now: Int64, upTo horizon: Int64) -> Int64 {
    var units: Int64 = 0
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if row.isExpected(after: now, upTo: horizon) { units += Int64(row.quantity) }
    }
    return units
  }
}
