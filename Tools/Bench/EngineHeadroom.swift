import PromisedEngine
import PromisedModel

extension EngineWorld {
  static let sellersOfAPage = 10_000

  /// Limits of this month and the next two for sellers up to a page's: the further ones store nothing.
  mutating func announceLimits() throws(Refusal) {
    let first = 500
    try put(
      .sellers(
        (first..<Self.sellersOfAPage).map {
          Seller(name: Name("S\($0)"), title: .empty, marketplace: Name("US"))
        }))
    var rows = LimitRows()
    for seller in 0..<Self.sellersOfAPage {
      rows.sellerNames.append(Name("S\(seller)"))
      for (ahead, month) in [UInt32(202_609), 202_610, 202_611].enumerated() {
        rows.sellers.append(UInt32(seller))
        rows.storageTypes.append(1)
        rows.months.append(month)
        rows.kinds.append(ahead == 0 ? 1 : 2)
        rows.limitsMicroCubicFeet.append(Int64(seller + 1) * 1_000_000_000)
      }
    }
    try put(.limits(rows))
  }

  /// Pages of headroom until `rows` were answered; a digest of them.
  func headroom(
    rows: Int, isOptimistic: Bool, into reply: inout HeadroomReply
  ) throws(Refusal) -> UInt64 {
    var sum: UInt64 = 0
    var answered = 0
    while answered < rows {
      reply.removeAll()
      try state.answer(
        HeadroomQuery(
          sellers: .empty, item: .empty, monthCount: isOptimistic ? 2 : 1,
          isOptimistic: isOptimistic,
          pageSize: Int32(Self.sellersOfAPage)),
        at: now, into: &reply)
      answered += reply.months.count
      for row in 0..<reply.months.count {
        sum &+= UInt64(bitPattern: reply.headroom[row] &+ reply.admissible[row])
        if isOptimistic { sum &+= UInt64(bitPattern: reply.optimistic[row]) }
      }
    }
    return sum
  }
}
