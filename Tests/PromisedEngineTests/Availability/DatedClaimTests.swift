import PromisedModel
import Testing

@testable import PromisedEngine

/// Stock, supply and claims of one item in one node, day by day: what may be claimed for a day is
/// the least that is there on it or any day after.
private struct NaiveDays {
  var onHand: Int64
  /// (day, units), while they have not come
  var supply: [(day: Int64, units: Int64)] = []
  var claims: [(day: Int64, units: Int64)] = []
  var cap: Int64 = 0
  var today: Int64 = 0

  func there(on day: Int64) -> Int64 {
    var units = onHand + cap
    for row in supply where row.day > today && row.day <= day { units += row.units }
    for row in claims where row.day <= day { units -= row.units }
    return units
  }

  func most(for day: Int64) -> Int64 {
    (max(day, today)...(today + 40)).map { there(on: $0) }.min() ?? 0
  }
}

@Suite struct DatedClaimTests {
  @Test("claims by date agree with a day-by-day simulation, and no grant goes below the cap")
  func againstADayByDaySimulation() throws {
    var draws = SplitMix(16)
    for round in 0..<150 {
      let desk = try Desk.unaudited()
      let start = desk.now.seconds
      var naive = NaiveDays(onHand: 10, cap: round % 3 == 0 ? 4 : 0)
      if naive.cap > 0 { try desk.put(Rows.backorders([("A", "F1", .backorder, 4, 0, 0)])) }
      var shipments: [(name: String, day: Int64, units: Int32)] = []
      for step in 0..<40 {
        switch draws.below(10) {
        case 0..<2 where shipments.count < 5:
          let row = (
            name: "S\(step)", day: naive.today + 1 + Int64(draws.below(9)),
            units: Int32(1 + draws.below(8))
          )
          shipments.append(row)
          naive.supply.append((row.day, Int64(row.units)))
          try desk.put(
            Rows.inbound([(row.name, "A", "F1", row.units, start + row.day * 86_400, .shipped)]))
        case 2..<4:
          // A day passes. What is due comes, or is late and counted on no more.
          naive.today += 1
          desk.now = UnixMilliseconds((start + naive.today * 86_400) * 1000)
          for (index, row) in shipments.enumerated().reversed() where row.day == naive.today {
            shipments.remove(at: index)
            if draws.below(4) == 0 { continue }
            naive.onHand += Int64(row.units)
            try desk.put(Rows.inbound([(row.name, "A", "F1", 0, 1, .shipped)]))
            try desk.feed(
              [("A", "F1", .receipt, Int64(row.units))], source: row.name, from: 1)
          }
        case 4 where !naive.claims.isEmpty:
          let claim = naive.claims.remove(at: draws.below(naive.claims.count))
          let due = claim.day == 0 ? 0 : start + claim.day * 86_400
          desk.state.makeTrue(
            desk.wish("A", "F1", claim.units, due: due), givesBack: true)
        default:
          let day = draws.below(3) == 0 ? 0 : naive.today + Int64(draws.below(10))
          let due = day == 0 ? 0 : start + day * 86_400
          let units = Int64(1 + draws.below(6))
          let before = naive.most(for: naive.today)
          let most = naive.most(for: day)
          #expect(desk.claimable("A", "F1", due: due) == most, "round \(round) step \(step)")
          let taken = try desk.take([desk.wish("A", "F1", units, due: due)])
          #expect(taken[0].granted == (units <= most ? units : 0))
          if taken[0].granted == 0 { continue }
          naive.claims.append((day, units))
          // A late shipment may have broken it before; a grant never does.
          #expect(naive.most(for: naive.today) >= min(before, 0))
        }
        #expect(
          desk.claimable("A", "F1") == naive.most(for: naive.today), "round \(round) step \(step)")
      }
    }
  }

  @Test func aClaimForLaterTakesNoStockThatIsNeededNow() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.inbound([("S", "A", "F1", 6, desk.day(3), .shipped)]))
    try desk.take([desk.wish("A", "F1", 6, due: desk.day(4))])
    #expect(desk.claimable("A", "F1") == 10)
    #expect(desk.row("A", "F1")?.reserved == 0)
    // Two more for then must come out of what is there.
    try desk.take([desk.wish("A", "F1", 2, due: desk.day(4))])
    #expect(desk.claimable("A", "F1") == 8 && desk.claimable("A", "F1", due: desk.day(9)) == 8)
    // What is due counts as now, without an event.
    desk.now = UnixMilliseconds(desk.day(5) * 1000)
    #expect(desk.claimable("A", "F1") == 2)
  }

  @Test func aClaimMayNotLeanOnSupplyThatComesTooLate() throws {
    let desk = try Desk.unaudited()
    try desk.put(Rows.inbound([("S", "A", "F1", 6, desk.day(3), .shipped)]))
    #expect(desk.claimable("A", "F1", due: desk.day(3) - 1) == 10)
    #expect(desk.claimable("A", "F1", due: desk.day(3)) == 16)
    #expect(try desk.take([desk.wish("A", "F1", 11, due: desk.day(2))]).map(\.granted) == [0])
    #expect(try desk.take([desk.wish("A", "F1", 11, due: desk.day(3))]).map(\.granted) == [11])
    #expect(desk.claimable("A", "F1") == 5)
  }
}
