import CLinux
import Glibc
import PromisedBytes

/// Offers at a steady rate, in turn without and with a feed at a steady rate beside them.
///
/// Requests are sent when they are due, whether earlier ones were answered or not, and a latency counts
/// from when the request was due: a server that stalls is charged for all who would have asked.
struct FeedAlongside {
  private var offers: PromisedWorkload
  private var feed: PromisedWorkload
  private let offersPerSecond: Double
  private let batchesPerSecond: Double
  private let batch: Int
  /// The last one carries the feed.
  private var links: [HammerLink]
  private var dueAt = [UInt64](repeating: 0, count: 1 << 16)
  private var asked = 0
  private var batches: UInt64 = 0
  private var updates: UInt64 = 0

  private static var offerConnections: Int { 4 }

  init(
    world: World, port: UInt16, offersPerSecond: Double, updatesPerSecond: Double, batch: Int,
    run: UInt64
  ) {
    offers = PromisedWorkload(
      kind: .offer, world: world, batch: 1, run: run, connections: Self.offerConnections)
    feed = PromisedWorkload(kind: .apply, world: world, batch: batch, run: run, connections: 1)
    self.offersPerSecond = offersPerSecond
    self.batch = batch
    batchesPerSecond = updatesPerSecond / Double(batch)
    links = (0...Self.offerConnections).map { _ in HammerLink(port: port) }
  }

  mutating func run(rounds: Int, seconds: Double) {
    var (without, with) = (Histogram(), Histogram())
    var feedLatencies = Histogram()
    // The first turn warms up.
    var warm = Histogram()
    _ = turn(seconds: min(seconds, 1), hasFeed: true, &warm, &feedLatencies)
    feedLatencies = Histogram()
    updates = 0
    var fed = 0.0
    for _ in 0..<rounds {
      _ = turn(seconds: seconds, hasFeed: false, &without, &feedLatencies)
      fed += turn(seconds: seconds, hasFeed: true, &with, &feedLatencies)
    }
    func microseconds(_ histogram: Histogram, _ share: Double) -> Double {
      Double(histogram.quantile(share)) / 1000
    }
    let (before, after) = (microseconds(without, 0.99), microseconds(with, 0.99))
    print(
      "{\"offers_per_s\": \(Int(offersPerSecond)), \"updates_per_s\": "
        + "\(Int(Double(updates) / fed)), \"batch\": \(batch), "
        + "\"p50_without_us\": \(microseconds(without, 0.5)), "
        + "\"p50_with_us\": \(microseconds(with, 0.5)), \"p99_without_us\": \(before), "
        + "\"p99_with_us\": \(after), \"ratio\": \((after / before * 100).rounded() / 100), "
        + "\"feed_p50_us\": \(microseconds(feedLatencies, 0.5)), "
        + "\"feed_p99_us\": \(microseconds(feedLatencies, 0.99))}")
  }

  /// Seconds it took, all answered.
  private mutating func turn(
    seconds: Double, hasFeed: Bool, _ latencies: inout Histogram, _ feedLatencies: inout Histogram
  ) -> Double {
    let begin = now()
    let end = begin + UInt64(seconds * 1e9)
    var nextOffer = 0
    var nextBatch = 0
    while true {
      let time = now()
      if time < end {
        sendOffers(dueBy: time, since: begin, &nextOffer)
        if hasFeed { sendFeed(dueBy: time, since: begin, &nextBatch) }
      } else if links.allSatisfy({ $0.waiting.isEmpty }) {
        return Double(now() - begin) / 1e9
      }
      if time > end + 20_000_000_000 { fail("no reply for twenty seconds") }
      for index in links.indices where !links[index].waiting.isEmpty {
        links[index].send()
        for (tag, data) in links[index].receive() {
          let took = now() - dueAt[tag]
          if data.count > 0, data.base?.pointee == 0x0a { fail("a request was refused") }
          if index < Self.offerConnections {
            latencies.record(took)
          } else {
            feedLatencies.record(took)
            updates += UInt64(batch)
          }
        }
      }
    }
  }

  private mutating func sendOffers(dueBy time: UInt64, since begin: UInt64, _ next: inout Int) {
    while true {
      let due = begin + UInt64(Double(next) * 1e9 / offersPerSecond)
      if due > time { return }
      let index = next % Self.offerConnections
      // A server that is that far behind is measured as such; more would only fill sockets.
      if links[index].waiting.count >= 4000 { return }
      links[index].add(
        &offers, connection: index, index: UInt64(asked), tag: tag(dueAt: due))
      next += 1
    }
  }

  private mutating func sendFeed(dueBy time: UInt64, since begin: UInt64, _ next: inout Int) {
    while true {
      let due = begin + UInt64(Double(next) * 1e9 / batchesPerSecond)
      if due > time { return }
      links[Self.offerConnections].add(
        &feed, connection: 0, index: batches, tag: tag(dueAt: due))
      batches += 1
      next += 1
    }
  }

  private mutating func tag(dueAt due: UInt64) -> Int {
    asked += 1
    let tag = asked & 0xffff
    dueAt[tag] = due
    return tag
  }
}
