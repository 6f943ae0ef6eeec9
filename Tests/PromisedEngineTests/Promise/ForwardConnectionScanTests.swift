import PromisedModel
import Testing

@testable import PromisedEngine

/// Forward Connection Scan written on its own, over departures that `ForwardSearch` reads from the
/// rows: 100,000 random (node, time, destination) queries against the backward profiles.
@Suite struct ForwardConnectionScanTests {
  struct Hop {
    var from: Int
    var to: Int
    var departure: Int
    var ready: Int
  }

  @Test(
    "Profiles agree with a forward Connection Scan, with closures and over changes of the clocks",
    arguments: [
      utc(2026, 1, 12), utc(2026, 3, 6), utc(2026, 10, 30), utc(2026, 10, 2),
    ])
  func agree(base: Int64) throws {
    let days = 8
    let clocks = try ForwardSearch.clocks(
      RandomNetwork.zones.map { hostZone($0) }, base: base, days: days)
    let horizon = Horizon(base: base, promisedDays: 4, slackDays: 4)
    var (queries, found) = (0, 0)
    for seed in 0..<11 {
      var random = SplitMix(UInt64(seed) &* 433_494_437 &+ UInt64(base))
      let rows = RandomNetwork.rows(&random)
      var network = try tables(rows)
      let changes = (0..<6).map { _ in
        RandomChanges.change(rows, base: base, days: days, &random)
      }
      for change in changes { network.append(change) }
      let set = ProfileBuild.catalogue(image: network.image(), horizon: horizon).schedule(.whole)
      let search = ForwardSearch(
        rows: rows, base: base, days: days, clocks: clocks, changes: changes)
      let names = rows.nodes.map(\.name)
      let hops = search.legDepartures.map { leg, departure in
        let to = names.firstIndex(of: leg.destination) ?? 0
        return Hop(
          from: names.firstIndex(of: leg.origin) ?? 0, to: to, departure: departure,
          ready: departure + Int(leg.durationMinutes) + Int(rows.nodes[to].dwellMinutes))
      }.sorted { $0.departure < $1.departure }
      let finals = rows.zones.map { search.finals(zone: $0.zone, station: $0.station, names) }
      let destinations = rows.zones.map {
        network.destination("US", $0.prefix.description)?.index ?? .max
      }
      for _ in 0..<625 {
        let node = random.below(6)
        let time = random.below(days * 1440)
        let ready = Self.scan(hops, nodeCount: names.count, from: node, at: time)
        for (place, finals) in finals.enumerated() {
          var expected = (Int.max, Int.max)
          for final in finals where ready[final.node] <= final.cutoff {
            if (final.to, final.from) < expected { expected = (final.to, final.from) }
          }
          let view = set.view(destinations[place])
          let row = view.row(rank: set.rank(of: UInt16(node)))
          let index = view.firstEntry(row, cutoffFrom: Int32(time))
          var answer = (Int.max, Int.max)
          if index < row.end {
            let window = view.windows[Int(view.entries[index].window)]
            answer = (Int(window.to), Int(window.from))
          }
          queries += 1
          if expected.0 < .max { found += 1 }
          #expect(answer == expected, "seed \(seed), node \(node), time \(time), \(place)")
        }
      }
    }
    // Four times this many: a hundred thousand in all.
    #expect(queries >= 25_000 && found > queries / 2, "\(queries) \(found)")
  }

  /// The earliest minute at which what is ready at `from` at `time` can leave each node.
  private static func scan(
    _ hops: [Hop], nodeCount: Int, from: Int, at time: Int
  ) -> [Int] {
    var ready = Array(repeating: Int.max, count: nodeCount)
    ready[from] = time
    for hop in hops where hop.departure >= time && ready[hop.from] <= hop.departure {
      ready[hop.to] = min(ready[hop.to], hop.ready)
    }
    return ready
  }
}
