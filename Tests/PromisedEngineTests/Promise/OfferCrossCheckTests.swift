import PromisedModel
import Testing

@testable import PromisedEngine

/// Random small networks: what profiles promise is what an independent forward search finds.
@Suite struct OfferCrossCheckTests {
  @Test(
    "Backward profiles and forward search agree",
    arguments: [
      // An ordinary week, the US spring change, the US autumn change, Lord Howe's half hour.
      utc(2026, 1, 12), utc(2026, 3, 6), utc(2026, 10, 30), utc(2026, 10, 2),
    ])
  func agree(base: Int64) throws {
    var compared = 0
    var legOffers = 0
    var laneOffers = 0
    let clocks = try ForwardSearch.clocks(
      RandomNetwork.zones.map { hostZone($0) }, base: base, days: 8)
    for seed in 0..<12 {
      var random = SplitMix(UInt64(seed) &* 7919 &+ UInt64(base))
      let rows = RandomNetwork.rows(&random)
      let tables = try tables(rows)
      let set = ProfileBuild.build(
        image: tables.image(), horizon: Horizon(base: base, promisedDays: 4, slackDays: 4))
      let naive = ForwardSearch(rows: rows, base: base, days: 8, clocks: clocks)
      for _ in 0..<15 {
        let centre = random.below(3)
        let minute = 1440 + random.below(2880)
        let prefix = rows.zones[random.below(rows.zones.count)]
        let extra = random.below(3) == 0 ? random.below(400) : 0
        let found = tables.destination("US", prefix.prefix.description)
        let destination = try #require(found).index
        let expected = naive.search(
          from: rows.nodes[centre], at: minute, extra: extra, zone: prefix.zone,
          station: prefix.station)
        let context =
          "base \(base), seed \(seed), node \(centre), minute \(minute), extra \(extra), "
          + "zone \(prefix.zone), station \(prefix.station)"
        let decision = set.decide(
          [UInt16(centre)], destination, at: base + Int64(minute) * 60, handling: Int32(extra))
        guard case .offer(let offer) = decision else {
          // Windows behind the scan need not be promised.
          #expect(expected.map { $0.windowTo > 8 * 1440 } ?? true, "refused: \(context)")
          continue
        }
        compared += 1
        if offer.confidence > 0 { laneOffers += 1 } else { legOffers += 1 }
        let answer = ForwardSearch.Answer(
          windowTo: Int(offer.windowToUnixSeconds - base) / 60,
          windowFrom: Int(offer.windowFromUnixSeconds - base) / 60)
        #expect(answer == expected, "\(context)")
        checkOrderBy(offer, naive, rows, prefix, extra, context)
        checkPath(offer, set, rows, tables, context)
      }
    }
    // The comparison must not have become empty.
    #expect(compared > 60 && legOffers > 20 && laneOffers > 10, "\(compared) \(legOffers)")
  }

  /// Ordering at the order-by makes the window, a minute later does not.
  private func checkOrderBy(
    _ offer: Offer, _ naive: ForwardSearch, _ rows: NetworkRows, _ prefix: ZonePrefix,
    _ extra: Int, _ context: String
  ) {
    let base = naive.base
    guard offer.windowToUnixSeconds <= base + 8 * 86_400 else { return }
    let orderBy = Int(offer.orderByUnixSeconds - base) / 60
    let node = rows.nodes[Int(offer.node)]
    let window = Int(offer.windowToUnixSeconds - base) / 60
    for (minute, makes) in [(orderBy, true), (orderBy + 1, false)] {
      let found = naive.search(
        from: node, at: minute, extra: extra, zone: prefix.zone, station: prefix.station)
      #expect((found?.windowTo == window) == makes, "order-by \(orderBy) at \(minute): \(context)")
    }
  }

  /// The steps join, keep the dwell, and begin no earlier than the order.
  private func checkPath(
    _ offer: Offer, _ set: ProfileSet, _ rows: NetworkRows, _ tables: borrowing NetworkTables,
    _ context: String
  ) {
    var steps = GrowableColumn<PathStep>()
    set.appendPath(of: offer, to: &steps)
    #expect(steps.count > 0, "no steps: \(context)")
    var node = offer.node
    var ready = offer.cutoffUnixSeconds
    #expect(steps[0].departureUnixSeconds == ready)
    for index in 0..<steps.count {
      let step = steps[index]
      #expect(step.from == node && step.departureUnixSeconds >= ready, "step \(index): \(context)")
      node = step.to
      if node == PathStep.customer { break }
      ready = step.arrivalUnixSeconds + Int64(rows.nodes[Int(node)].dwellMinutes) * 60
    }
    #expect(node == PathStep.customer || rows.nodes[Int(node)].kind == .station)
    #expect(ready <= offer.windowToUnixSeconds)
  }
}
