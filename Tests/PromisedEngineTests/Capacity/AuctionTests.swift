import PromisedModel
import Testing

@testable import PromisedEngine

/// The auction as plainly as it can be said: of all ways to grant to a beginning of the list, the
/// longest that fits. Shares no code with the engine.
private func bruteForce(
  _ bids: [BidRow], volume: Int64
) -> (granted: [UInt64: Int64], price: Int64) {
  var order: [BidRow] = []
  var left = bids
  while !left.isEmpty {
    var best = 0
    for place in left.indices {
      let (one, other) = (left[place], left[best])
      if one.maximumFee > other.maximumFee
        || one.maximumFee == other.maximumFee
          && (one.placedUnixMilliseconds < other.placedUnixMilliseconds
            || one.placedUnixMilliseconds == other.placedUnixMilliseconds && one.id < other.id)
      {
        best = place
      }
    }
    order.append(left.remove(at: best))
  }
  // The longest beginning of which all but the last are whole, and the last gets its minimum at least.
  for count in stride(from: order.count, through: 1, by: -1) {
    let whole = order[..<(count - 1)].reduce(Int64(0)) { $0 + $1.volume }
    let last = order[count - 1]
    let share = min(last.volume, volume - whole)
    let least = last.minimum == 0 ? last.volume : last.minimum
    if volume < whole || share < least || share <= 0 { continue }
    var granted: [UInt64: Int64] = [:]
    for bid in order[..<(count - 1)] { granted[bid.id] = bid.volume }
    granted[last.id] = share
    return (granted, last.maximumFee)
  }
  return ([:], 0)
}

@Suite struct AuctionTests {
  private func bid(
    _ id: UInt64, _ fee: Int64, _ volume: Int64, minimum: Int64 = 0, at: Int64 = 0
  ) -> BidRow {
    var bid = BidRow()
    (bid.id, bid.maximumFee, bid.volume) = (id, fee, volume)
    (bid.minimum, bid.placedUnixMilliseconds) = (minimum, at)
    bid.seller = Name("S\(id)")
    return bid
  }

  @Test func everybodyGrantedPaysTheLowestGrantedFee() {
    let result = Auction.clear([bid(1, 50, 10), bid(2, 80, 10), bid(3, 20, 10)], volume: 20)
    #expect(result.bids.map(\.id) == [2, 1, 3])
    #expect(result.bids.map(\.granted) == [10, 10, 0])
    #expect(result.price == 50, "not what the first loser offered, nor to each his own")
  }

  @Test func theFirstThatDoesNotFitEndsTheRound() {
    let result = Auction.clear([bid(1, 50, 10), bid(2, 40, 30), bid(3, 30, 5)], volume: 20)
    #expect(result.bids.map(\.granted) == [10, 0, 0], "the third would fit and is not passed to")
    #expect(result.price == 50)
  }

  @Test func aPartIsGrantedFromTheDeclaredMinimumOn() {
    let bids = [bid(1, 50, 10), bid(2, 40, 30, minimum: 10)]
    #expect(Auction.clear(bids, volume: 20).bids.map(\.granted) == [10, 10])
    #expect(Auction.clear(bids, volume: 20).price == 40)
    #expect(Auction.clear(bids, volume: 19).bids.map(\.granted) == [10, 0])
    #expect(Auction.clear(bids, volume: 19).price == 50)
  }

  @Test func tiesGoToTheEarlierThenToTheLowerNumber() {
    let bids = [bid(9, 40, 5, at: 7), bid(3, 40, 5, at: 9), bid(5, 40, 5, at: 7)]
    #expect(Auction.clear(bids, volume: 5).bids.map(\.id) == [5, 9, 3])
  }

  @Test func nobodyIsGrantedFromNothing() {
    #expect(Auction.clear([], volume: 5).price == 0)
    #expect(Auction.clear([bid(1, 9, 5)], volume: 0).bids.map(\.granted) == [0])
    #expect(Auction.clear([bid(1, 9, 5)], volume: 4).price == 0)
  }

  @Test func tenThousandRandomRoundsComeOutAsByBruteForce() {
    var random = Counter(seed: 77)
    var partial = 0
    for round in 0..<10_000 {
      var bids: [BidRow] = []
      for id in 0..<Int(random.next(below: 12)) {
        let volume = Int64(1 + random.next(below: 40))
        let minimum = random.next(below: 3) == 0 ? 0 : Int64(random.next(below: UInt64(volume)) + 1)
        bids.append(
          bid(
            UInt64(id + 1), Int64(1 + random.next(below: 9)), volume, minimum: minimum,
            at: Int64(random.next(below: 4))))
      }
      let volume = Int64(random.next(below: 150))
      let result = Auction.clear(bids, volume: volume)
      let expected = bruteForce(bids, volume: volume)
      var granted: [UInt64: Int64] = [:]
      for bid in result.bids where bid.granted > 0 { granted[bid.id] = bid.granted }
      #expect(granted == expected.granted && result.price == expected.price, "round \(round)")
      if result.bids.contains(where: { $0.granted > 0 && $0.granted < $0.volume }) { partial += 1 }
    }
    #expect(partial > 500, "parts must have been granted")
  }

  @Test func aRoundIsKeptAndItsGrantsCount() throws {
    let desk = try Desk.storage()
    try desk.announce(
      Rows.limits([
        ("S1", .standard, 202_605, .confirmed, 100 * cubicFoot),
        ("S2", .standard, 202_605, .confirmed, 100 * cubicFoot),
      ]))
    let first = try desk.bid("S1", 300 * cubicFoot, fee: 12_500, month: 202_605)
    desk.now.milliseconds += 5
    try desk.bid("S2", 300 * cubicFoot, minimum: 50 * cubicFoot, fee: 9000, month: 202_605)
    let clearing = try desk.clear(400 * cubicFoot, month: 202_605)
    #expect(clearing.price == 9000 && clearing.bids[0].id == first)
    #expect(try desk.room(202_605)?.granted == 300 * cubicFoot)
    #expect(try desk.room(202_605)?.headroom == 400 * cubicFoot)
    #expect(try desk.room(202_606)?.granted ?? 0 == 0, "only in its month")
    #expect(try desk.room(202_605, seller: "S2")?.granted == 100 * cubicFoot)
    // A grant can be used, and a round is not cleared twice.
    try desk.admit("P", [SentLine("A", "F1", 400, eta: noon("2026-05-04"))])
    let again = try desk.clear(1000 * cubicFoot, month: 202_605)
    #expect(again.bids.isEmpty)
    let copy = desk.restarted()
    #expect(copy.state.digest() == desk.state.digest())
    #expect(copy.state.clearing(clearing.id) == clearing)
    let ledger = State.ledger(of: clearing, sales: [(Name("S1"), 10_000_000)])
    #expect(ledger.fees == [2_700_000, 900_000])
    #expect(ledger.credits == [1_500_000, 0] && ledger.nets == [1_200_000, 900_000])
  }

  @Test func aBidAsksForNoMoreThanItMay() throws {
    let desk = try Desk.storage()
    try desk.announce(
      Rows.limits([("S1", .standard, 202_603, .confirmed, 20_000 * cubicFoot)]))
    func code(_ body: () throws(Refusal) -> Void) -> OutcomeCode? { desk.refusal(body)?.code }
    // A fifth of the limit is more than 2,000 cubic feet.
    #expect(
      code { () throws(Refusal) in
        try desk.bid("S1", 4001 * cubicFoot, fee: 5, month: 202_603)
      } == .fieldOutOfRange)
    try desk.bid("S1", 3000 * cubicFoot, fee: 5, month: 202_603)
    #expect(
      code { () throws(Refusal) in
        try desk.bid("S1", 1001 * cubicFoot, fee: 5, month: 202_603)
      } == .fieldOutOfRange)
    try desk.bid("S1", 1000 * cubicFoot, fee: 5, month: 202_603)
    #expect(
      code { () throws(Refusal) in
        try desk.bid("S1", 1, fee: 5, month: 202_603)
      } == .fieldOutOfRange)
    #expect(
      code { () throws(Refusal) in
        try desk.bid("S1", 1, fee: 5, month: 202_602)
      } == .fieldOutOfRange)
    #expect(
      code { () throws(Refusal) in
        try desk.bid("S2", 1, fee: 5, month: 202_603)
      } == .limitNotConfirmed)
  }
}
