import Glibc

/// Offers at a steady rate, in turn without and with a feed at a steady rate beside them.
///
/// Requests are sent when they are due, whether earlier ones were answered or not, and a latency counts
/// from when the request was due: a server that stalls is charged for all who would have asked.
///
/// Rounds are short and many, each without and with the feed, and what is told are medians over
/// the rounds: what else the machine does for a moment spoils a round and not the run.
struct FeedAlongside {
  private var offers: PromisedWorkload
  private var feed: PromisedWorkload
  private let offersPerSecond: Double
  private let batchesPerSecond: Double
  private let batch: Int
  /// The last one carries the feed.
  private let links: [TimedLink]
  private let serverPID: Int32
  private var asked: UInt64 = 0
  private var batches: UInt64 = 0

  private static var offerConnections: Int { 4 }

  /// What one turn measured.
  private struct Turn {
    var offers = Histogram()
    var feed = Histogram()
    /// How much later than due requests were sent: the generator's own share of the latencies.
    var lateness = Histogram()
    var seconds = 0.0
    /// Nanoseconds that threads of the server were ready and had no processor, for a second.
    var serverWaited = 0.0
  }

  /// `serverPID` 0: nobody's waiting is told.
  init(
    world: World, port: UInt16, offersPerSecond: Double, updatesPerSecond: Double, batch: Int,
    run: UInt64, serverPID: Int32
  ) {
    offers = PromisedWorkload(
      kind: .offer, world: world, batch: 1, run: run, connections: Self.offerConnections)
    feed = PromisedWorkload(kind: .apply, world: world, batch: batch, run: run, connections: 1)
    self.offersPerSecond = offersPerSecond
    self.batch = batch
    self.serverPID = serverPID
    batchesPerSecond = updatesPerSecond / Double(batch)
    links = (0...Self.offerConnections).map { _ in TimedLink(port: port) }
  }

  mutating func run(rounds: Int, seconds: Double) {
    let hasPriority = takePriority()
    // The first turn warms up.
    _ = turn(seconds: min(seconds, 1), hasFeed: true)
    var (without, with): ([Turn], [Turn]) = ([], [])
    for _ in 0..<rounds {
      without.append(turn(seconds: seconds, hasFeed: false))
      with.append(turn(seconds: seconds, hasFeed: true))
    }
    let ratios = zip(with, without).map {
      Double($0.offers.quantile(0.99)) / Double($1.offers.quantile(0.99))
    }
    let updates = with.reduce(0) { $0 + Double($1.feed.total) * Double(batch) }
    let fields: [(String, String)] = [
      ("offers_per_s", "\(Int(offersPerSecond))"),
      ("updates_per_s", "\(Int(updates / with.reduce(0) { $0 + $1.seconds }))"),
      ("batch", "\(batch)"), ("rounds", "\(rounds)"), ("has_priority", "\(hasPriority)"),
      ("p50_without_us", middle(without, \.offers, 0.5)),
      ("p50_with_us", middle(with, \.offers, 0.5)),
      ("p99_without_us", middle(without, \.offers, 0.99)),
      ("p99_with_us", middle(with, \.offers, 0.99)),
      ("ratio", rounded(median(ratios))),
      ("ratio_least", rounded(ratios.min() ?? 0)), ("ratio_most", rounded(ratios.max() ?? 0)),
      ("feed_p50_us", middle(with, \.feed, 0.5)), ("feed_p99_us", middle(with, \.feed, 0.99)),
      ("sent_late_p99_without_us", middle(without, \.lateness, 0.99)),
      ("sent_late_p99_with_us", middle(with, \.lateness, 0.99)),
      ("server_waited_without_us_per_s", rounded(median(without.map { $0.serverWaited / 1000 }))),
      ("server_waited_with_us_per_s", rounded(median(with.map { $0.serverWaited / 1000 }))),
    ]
    print("{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
  }

  /// The median over turns of a quantile, in microseconds.
  private func middle(
    _ turns: [Turn], _ histogram: KeyPath<Turn, Histogram>, _ share: Double
  ) -> String {
    rounded(median(turns.map { Double($0[keyPath: histogram].quantile(share)) / 1000 }))
  }

  private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  }

  private func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

  private mutating func turn(seconds: Double, hasFeed: Bool) -> Turn {
    encode(seconds: seconds, hasFeed: hasFeed)
    var turn = Turn()
    let waitedBefore = schedulerFigures(serverPID).waitedNanoseconds
    let begin = now()
    let mostNanoseconds = UInt64(seconds * 1e9) + 20_000_000_000
    while true {
      let time = now() - begin
      if time > mostNanoseconds { fail("no reply for twenty seconds") }
      for link in links { link.send(dueBy: time, &turn.lateness) }
      if links.allSatisfy(\.isAnswered) { break }
      let due = links.compactMap(\.nextDue).min() ?? mostNanoseconds
      let readable = wait(until: begin + due)
      for (index, link) in links.enumerated() where readable.contains(link.socket) {
        if index < Self.offerConnections {
          link.receive(since: begin, &turn.offers)
        } else {
          link.receive(since: begin, &turn.feed)
        }
      }
    }
    turn.seconds = Double(now() - begin) / 1e9
    turn.serverWaited =
      Double(schedulerFigures(serverPID).waitedNanoseconds - waitedBefore) / turn.seconds
    return turn
  }

  private mutating func encode(seconds: Double, hasFeed: Bool) {
    for link in links { link.beginTurn() }
    for next in 0..<Int(seconds * offersPerSecond) {
      let index = next % Self.offerConnections
      links[index].add(
        &offers, connection: index, index: asked,
        due: UInt64(Double(next) * 1e9 / offersPerSecond))
      asked += 1
    }
    if !hasFeed { return }
    for next in 0..<Int(seconds * batchesPerSecond) {
      links[Self.offerConnections].add(
        &feed, connection: 0, index: batches, due: UInt64(Double(next) * 1e9 / batchesPerSecond))
      batches += 1
    }
  }

  /// Sleeps until something arrives or `instant`; the sockets with something to read. It does not
  /// spin: on a machine of two processors whatever else wants to run would then run on the server's.
  private func wait(until instant: UInt64) -> fd_set {
    var (readable, writable) = (fd_set(), fd_set())
    for link in links {
      readable.insert(link.socket)
      if link.hasUnsent { writable.insert(link.socket) }
    }
    let time = now()
    let left = instant > time ? min(instant - time, 1_000_000_000) : 0
    var timeout = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
    let highest = links.map(\.socket).max() ?? 0
    if pselect(highest + 1, &readable, &writable, nil, &timeout, nil) < 0 {
      if errno != EINTR { fail("pselect: errno \(errno)") }
      return fd_set()
    }
    return readable
  }

  /// Has the generator run as soon as it is due, where it may ask for that: what it is late by is
  /// charged to the server.
  private func takePriority() -> Bool {
    var parameters = sched_param()
    parameters.sched_priority = 10
    return sched_setscheduler(0, SCHED_FIFO, &parameters) == 0
  }
}

extension fd_set {
  /// `descriptor` is below 1,024, as for any program with few of them.
  fileprivate mutating func insert(_ descriptor: Int32) {
    withUnsafeMutableBytes(of: &self) { $0[Int(descriptor / 8)] |= 1 << UInt8(descriptor % 8) }
  }

  fileprivate func contains(_ descriptor: Int32) -> Bool {
    withUnsafeBytes(of: self) { $0[Int(descriptor / 8)] & 1 << UInt8(descriptor % 8) != 0 }
  }
}
