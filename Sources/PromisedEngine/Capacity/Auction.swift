import PromisedModel

/// Extra capacity for those who pay most: the rules, without any state.
package enum Auction {
  /// The order in which bids are looked at: highest fee, then earliest, then lowest id.
  package static func comesBefore(_ left: BidRow, _ right: BidRow) -> Bool {
    if left.maximumFee != right.maximumFee { return left.maximumFee > right.maximumFee }
    if left.placedUnixMilliseconds != right.placedUnixMilliseconds {
      return left.placedUnixMilliseconds < right.placedUnixMilliseconds
    }
    return left.id < right.id
  }

  /// Grants `volume` to bids: each in order its whole volume, or what is left if that is at least its
  /// minimum; the first that does not fit ends the round, since to pass over it would grant to a lower
  /// fee before a higher one. Everybody granted pays the lowest granted fee.
  ///
  /// - Returns: the bids in their order with what they are granted, and the price; 0 without grants.
  /// - Complexity: O(n log n).
  package static func clear(
    _ bids: [BidRow], volume: Int64
  ) -> (bids: [BidRow], price: Int64) {
    var sorted = bids.sorted(by: comesBefore)
    var left = max(0, volume)
    var price: Int64 = 0
    var isOver = false
    for place in sorted.indices {
      let bid = sorted[place]
      let least = bid.minimum == 0 ? bid.volume : min(bid.minimum, bid.volume)
      if isOver || left < max(1, least) {
        isOver = true
        (sorted[place].state, sorted[place].granted) = (.lost, 0)
        continue
      }
      let granted = min(bid.volume, left)
      (sorted[place].state, sorted[place].granted) = (.granted, granted)
      left -= granted
      price = bid.maximumFee
    }
    return (sorted, price)
  }

  /// The fee for a granted volume, in 1/10,000 of the currency, rounded down.
  package static func fee(volume: Int64, price: Int64) -> Int64 {
    Int64(clamping: Int128(volume) * Int128(price) / 1_000_000)
  }

  /// What sales from the extra space give back of the fee: never more than the fee.
  package static func credit(fee: Int64, sales: Int64, permille: Int32) -> Int64 {
    min(fee, Int64(clamping: Int128(max(0, sales)) * Int128(permille) / 1000))
  }
}

/// Bids in order of their ids, and the rounds that were cleared.
struct AuctionTable {
  private(set) var bids: [BidRow] = []
  private(set) var clearings: [ClearingRow] = []

  func clearing(_ id: UInt64) -> ClearingRow? { clearings.first { $0.id == id } }

  /// Adds a bid with an id above all others.
  mutating func append(_ bid: BidRow) { bids.append(bid) }

  mutating func append(_ clearing: ClearingRow) { clearings.append(clearing) }

  /// The place of a bid, by bisection.
  func place(ofBid id: UInt64) -> Int? {
    var (low, high) = (0, bids.count)
    while low < high {
      let middle = (low + high) / 2
      if bids[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < bids.count && bids[low].id == id ? low : nil
  }

  mutating func settle(_ id: UInt64, _ state: BidState, granted: Int64) {
    guard let place = place(ofBid: id) else { return }
    bids[place].state = state
    bids[place].granted = granted
  }

  /// Forgets bids and rounds of months before one.
  mutating func forget(before month: UInt32) {
    if bids.contains(where: { $0.month < month }) { bids.removeAll { $0.month < month } }
    if clearings.contains(where: { $0.month < month }) {
      clearings.removeAll { $0.month < month }
    }
  }
}
