import Glibc
import PromisedEngine
import PromisedModel

/// What a publication changed: one hub of the large made-up network closes, and every pair of item
/// and destination whose promise moved is found. Thread CPU time of the first page, which counts
/// them all.
struct EngineChangedBench {
  private let state = State()
  private var position: Position = 0
  private let now = UnixMilliseconds(1_790_035_200_000 + 86_400_000 + 46_800_000)
  private var counter: UInt64 = 7

  private static let itemCount = 1_000_000
  private static let nodesPerItem = 10

  static func run(rounds: Int) {
    do throws(Refusal) {
      for setCount in [1000, 20_000, 200_000, itemCount] {
        var bench = try EngineChangedBench(setCount: setCount)
        try bench.measure(setCount: setCount, rounds: rounds)
      }
    } catch {
      print("refused: \(error.message)")
      exit(1)
    }
  }

  /// Items stand in one of `setCount` random sets of centres.
  private init(setCount: Int) throws(Refusal) {
    let rows = EngineNetworkBench.network()
    try put(.network(rows))
    publish(epoch: 1)
    let sets = (0..<setCount).map { _ in
      Set((0..<Self.nodesPerItem).map { _ in UInt32(below(300)) }).sorted()
    }
    state.reserve(items: Self.itemCount, positions: Self.itemCount * Self.nodesPerItem)
    for first in stride(from: 0, to: Self.itemCount, by: 5000) {
      var stock = PositionRows()
      stock.nodeNames = (0..<300).map { Name("F\($0)") }
      for item in first..<min(first + 5000, Self.itemCount) {
        let key = Array("I\(item)".utf8)
        for node in sets[item % setCount] {
          stock.keys.append(key)
          stock.nodes.append(node)
          stock.onHand.append(5)
        }
      }
      try put(.positions(stock))
    }
    var closed = NetworkRows()
    closed.calendars = [Calendar(name: Name("never"), rules: [])]
    for var leg in rows.legs where leg.origin == Name("H0") || leg.destination == Name("H0") {
      leg.calendar = Name("never")
      closed.legs.append(leg)
    }
    try put(.network(closed))
    publish(epoch: 2)
  }

  private mutating func measure(setCount: Int, rounds: Int) throws(Refusal) {
    var times: [Double] = []
    var reply = ChangedReply()
    for _ in 0..<min(rounds, 3) {
      reply = ChangedReply()
      let begin = Self.threadNanoseconds()
      try state.answer(
        ChangedQuery(
          sinceEpoch: 1, level: .standard, confidence: .usual, pageToken: .empty,
          pageSize: 10_000), at: now, into: &reply)
      times.append(Double(Self.threadNanoseconds() - begin) / 1e6)
    }
    times.sort()
    print(
      "{\"case\": \"changed\", \"items\": \(Self.itemCount), \"sets\": \(setCount), \"median_ms\": "
        + "\(Int(times[times.count / 2])), \"most_ms\": \(Int(times.last ?? 0)), \"rounds\": "
        + "\(times.count), \"pairs\": \(reply.pairsCompared), \"changed\": \(reply.pairCount)}")
  }

  private mutating func put(_ rows: PutRows) throws(Refusal) {
    try state.validate(rows)
    apply(.put(CommandKey(bytes: .empty, bodyDigest: 0), rows))
  }

  private mutating func publish(epoch: UInt64) {
    let base = Horizon.base(at: now)
    let profiles = ProfileBuild.catalogue(image: state.network.image(), horizonBase: base)
    let publication = ProfilePublication(epoch: epoch, horizonBaseUnixSeconds: base)
    apply(.profilePublished(publication))
    state.publish(profiles, publication)
  }

  private mutating func apply(_ event: Event) {
    position += 1
    state.apply(event, at: position, time: now)
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
}
