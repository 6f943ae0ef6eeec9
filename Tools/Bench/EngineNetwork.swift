import Glibc
import PromisedEngine
import PromisedModel

/// The delivery profiles of a large made-up network: 300 fulfilment centres, 1,000 stations, some
/// 375,000 departures in the horizon. Thread CPU time, as the rest of the engine's figures.
struct EngineNetworkBench: ~Copyable {
  private var tables = NetworkTables()
  private let horizonBase: Int64 = 1_790_035_200
  private var counter: UInt64 = 0
  private static let centres = 300
  private static let stations = 1000
  private static let sortCentres = 100
  private static let hubs = 20

  static func run(rounds: Int, only: String?) {
    do throws(NetworkRefusal) {
      var bench = try EngineNetworkBench()
      bench.measure(rounds: rounds, only: only)
    } catch {
      print("refused: \(error.message)")
      exit(1)
    }
  }

  /// The rows of the network, for others that measure on it.
  static func network() -> NetworkRows {
    var bench = EngineNetworkBench(empty: ())
    return bench.rows()
  }

  private init(empty: Void) {}

  private init() throws(NetworkRefusal) {
    let rows = rows()
    try tables.validate(rows)
    tables.upsert(rows)
  }

  private mutating func measure(rounds: Int, only: String?) {
    let image = tables.image()
    var times: [Double] = []
    var set = ProfileBuild.build(image: image, horizonBase: horizonBase)
    if only == nil || only == "build" {
      for _ in 0..<min(rounds, 5) {
        let begin = Self.threadNanoseconds()
        set = ProfileBuild.build(image: image, horizonBase: horizonBase)
        times.append(Double(Self.threadNanoseconds() - begin) / 1e6)
      }
      Self.printLine("build", "ms", times, digest: set.digest)
    }
    if only == nil || only == "decision" { measureDecisions(set, rounds) }
    if only == nil || only == "cancel" { measureCancellations() }
    if only == nil || only == "confident" {
      measureConfident(withHandling: false)
      measureConfident(withHandling: true)
    }
  }

  /// One departure of a random leg cancelled on the third day: until answers are safe again, and
  /// until the patched profiles are there. The last of the line is the worst of all legs: the one
  /// that most destinations use.
  private mutating func measureCancellations() {
    let begin = Self.threadNanoseconds()
    let published = ProfileBuild.catalogue(image: tables.image(), horizonBase: horizonBase)
    let built = Double(Self.threadNanoseconds() - begin) / 1e6
    Self.printLine("catalogue", "ms", [built], digest: published.digest)
    let day = Int32(horizonBase / 86_400) + 3
    let legs = tables.legCount
    var safe: [Double] = []
    var patched: [Double] = []
    var affected: [Double] = []
    var digest: UInt64 = 0
    func cancel(_ leg: Int, _ tables: inout NetworkTables) {
      let before = tables.changes
      tables.append(
        DepartureChange(
          subject: .leg, name: tables.leg(leg).name, fromDays: day, toDays: day, kind: .closed))
      let start = Self.threadNanoseconds()
      let pending = PendingChanges(published, tables)
      safe.append(Double(Self.threadNanoseconds() - start) / 1e6)
      affected.append(Double(pending?.affectedCount ?? 0))
      let image = tables.image()
      let patch = Self.threadNanoseconds()
      let other = ProfileBuild.patch(published, image: image)
      patched.append(Double(Self.threadNanoseconds() - patch) / 1e6)
      digest = draw(digest ^ other.digest)
      tables.restore(changes: before, lastChange: 0)
    }
    for _ in 0..<200 { cancel(below(legs), &tables) }
    Self.printLine("cancel: answers safe", "ms", safe, digest: digest)
    Self.printLine("cancel: profiles patched", "ms", patched, digest: digest)
    Self.printLine("cancel: destinations", "count", affected, digest: digest)
    // The leg most destinations use, found without patching.
    var worst = (leg: 0, count: 0)
    for leg in 0..<legs {
      tables.append(
        DepartureChange(
          subject: .leg, name: tables.leg(leg).name, fromDays: day, toDays: day, kind: .closed))
      let count = PendingChanges(published, tables)?.affectedCount ?? 0
      if count > worst.count { worst = (leg, count) }
      tables.restore(changes: [], lastChange: 0)
    }
    (safe, patched, affected) = ([], [], [])
    for _ in 0..<5 { cancel(worst.leg, &tables) }
    Self.printLine("cancel worst: profiles patched", "ms", patched, digest: digest)
    Self.printLine("cancel worst: destinations", "count", affected, digest: digest)
  }

  /// All rows of all confidences, with five outcomes of delay on each leg and, on request, of
  /// handling at each centre; every destination once.
  private mutating func measureConfident(withHandling: Bool) {
    // Three kinds of legs, from punctual to late.
    let kinds = [
      Self.outcomes([0, 15, 45, 120, 360], [60_000, 4000, 1000, 500, 35]),
      Self.outcomes([0, 15, 45, 120, 360], [52_000, 9000, 3000, 1200, 335]),
      Self.outcomes([0, 15, 45, 120, 360], [40_000, 15_000, 7000, 3000, 535]),
    ]
    counter = 0
    var late = rows()
    for index in late.legs.indices { late.legs[index].delays = kinds[index % 3] }
    if withHandling {
      for index in 0..<Self.centres {
        late.nodes[index].handling = Self.outcomes(
          [0, 30, 60, 120, 240], [40_000, 15_000, 7000, 3000, 535])
      }
    }
    tables.upsert(late)
    var build = ReliabilityBuild(image: tables.image(), horizonBase: horizonBase)
    var times: [Double] = []
    var entries = 0
    var legs = 0
    for destination in 0..<UInt32(Self.stations) {
      let begin = Self.threadNanoseconds()
      build.fill(destination)
      times.append(Double(Self.threadNanoseconds() - begin) / 1e6)
      entries += build.entryCount
      legs += build.legCount
    }
    let name = withHandling ? "confident_handling" : "confident"
    Self.printLine(name, "ms", times, digest: UInt64(entries &* 31 &+ legs))
    print(
      "{\"case\": \"\(name)_all\", \"seconds\": \(times.reduce(0, +) / 1000),"
        + " \"entries\": \(entries), \"legs_per_destination\": \(legs / Self.stations)}")
  }

  private static func outcomes(_ minutes: [Int32], _ shares: [UInt16]) -> [DelayOutcome] {
    zip(minutes, shares).map { DelayOutcome(minutes: $0, probability: $1) }
  }

  /// One decision over ten candidates, random places: the rows are in no cache.
  private mutating func measureDecisions(_ set: ProfileSet, _ rounds: Int) {
    let queries = 1 << 16
    let nodes = (0..<(queries * 10)).map { _ in UInt16(below(Self.centres)) }
    let available = Array(repeating: Int64(5), count: 10)
    let destinations = (0..<queries).map { _ in UInt32(below(Self.stations)) }
    let times = (0..<queries).map { _ in
      UnixMilliseconds((horizonBase + 86_400) * 1000 + Int64(below(86_400_000)))
    }
    var hash: UInt64 = 0
    var spent: [Double] = []
    for round in 0...rounds {
      hash = 0
      let begin = Self.threadNanoseconds()
      nodes.withUnsafeBufferPointer { nodes in
        available.withUnsafeBufferPointer { available in
          for query in 0..<queries {
            let candidates = StockCandidates(
              nodes: Column(
                UnsafeBufferPointer(rebasing: nodes[(query * 10)..<(query * 10 + 10)])),
              available: Column(available))
            if case .offer(let offer) = set.decideOffer(
              candidates, quantity: 1, destination: destinations[query], now: times[query],
              handlingMinutes: 0)
            {
              hash = hash &* 31 &+ UInt64(bitPattern: offer.orderByUnixSeconds)
            }
          }
        }
      }
      if round > 0 {
        spent.append(Double(Self.threadNanoseconds() - begin) / Double(queries))
      }
    }
    Self.printLine("decision", "ns", spent, digest: hash)
  }

  private static func printLine(_ name: String, _ unit: String, _ times: [Double], digest: UInt64) {
    let sorted = times.sorted()
    func figure(_ value: Double) -> Double { (value * 100).rounded() / 100 }
    print(
      "{\"case\": \"\(name)\", \"median_\(unit)\": \(figure(sorted[sorted.count / 2])),"
        + " \"least_\(unit)\": \(figure(sorted[0])), \"most_\(unit)\": \(figure(sorted.last ?? 0)),"
        + " \"rounds\": \(sorted.count), \"digest\": \"\(String(digest, radix: 16))\"}")
  }

  private mutating func below(_ bound: Int) -> Int {
    counter += 1
    return Int(draw(counter) >> 8) % bound
  }

  private static func threadNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  // MARK: The network

  private mutating func rows() -> NetworkRows {
    var rows = NetworkRows()
    rows.timeZones = [TimeZoneFile(name: Name("UTC"), tzif: EngineWorld.utc)]
    rows.calendars = [
      Calendar(
        name: Name("shifts"),
        rules: [CalendarRule(weekdays: 127, date: nil, openMinute: 300, closeMinute: 1380)])
    ]
    func add(_ name: String, _ kind: NodeKind, dwell: Int32) {
      let isCentre = kind == .fulfilmentCentre
      rows.nodes.append(
        Node(
          name: Name(name), title: .empty, kind: kind, timeZone: Name("UTC"),
          calendar: isCentre ? Name("shifts") : .empty, dwellMinutes: dwell,
          processingMinutes: isCentre ? 120 : 0, country: Name("US"), postcode: .empty,
          latitudeE6: 0, longitudeE6: 0))
    }
    for index in 0..<Self.centres { add("F\(index)", .fulfilmentCentre, dwell: 30) }
    for index in 0..<Self.sortCentres { add("S\(index)", .sortCentre, dwell: 60) }
    for index in 0..<Self.hubs { add("H\(index)", .airHub, dwell: 75) }
    for index in 0..<Self.stations { add("D\(index)", .station, dwell: 60) }
    appendLegs(to: &rows)
    for index in 0..<Self.stations {
      rows.waves.append(
        Wave(
          station: Name("D\(index)"), weekdays: 127, cutoffMinute: 270, fromMinute: 480,
          toMinute: 1260))
      rows.zones.append(
        ZonePrefix(
          country: Name("US"), prefix: Name("\(10_000 + index)"), zone: Name("z\(index % 50)"),
          station: Name("D\(index)")))
    }
    return rows
  }

  private mutating func appendLegs(to rows: inout NetworkRows) {
    for index in 0..<Self.centres {
      for _ in 0..<8 {
        connect("F\(index)", "S\(below(Self.sortCentres))", times: 3, 60, 600, &rows)
      }
      connect("F\(index)", "H\(below(Self.hubs))", times: 2, 60, 240, &rows)
    }
    for index in 0..<Self.sortCentres {
      for _ in 0..<20 {
        connect("S\(index)", "S\(below(Self.sortCentres))", times: 3, 120, 1400, &rows)
      }
      connect("S\(index)", "H\(below(Self.hubs))", times: 3, 60, 240, &rows)
    }
    for index in 0..<Self.hubs {
      for other in 0..<Self.hubs {
        connect("H\(index)", "H\(other)", times: 1, 60, 300, &rows)
      }
      for _ in 0..<10 {
        connect("H\(index)", "S\(below(Self.sortCentres))", times: 2, 30, 200, &rows)
      }
    }
    for index in 0..<Self.stations {
      for _ in 0..<3 {
        connect("S\(below(Self.sortCentres))", "D\(index)", times: 2, 30, 180, &rows)
      }
    }
  }

  private mutating func connect(
    _ from: String, _ to: String, times: Int, _ least: Int, _ spread: Int, _ rows: inout NetworkRows
  ) {
    if from == to { return }
    for _ in 0..<times {
      rows.legs.append(
        Leg(
          name: Name("L\(rows.legs.count)"), origin: Name(from), destination: Name(to), mode: .road,
          weekdays: 127, departureMinute: Int16(below(1440)),
          durationMinutes: Int32(least + below(spread)), calendar: .empty))
    }
  }
}
