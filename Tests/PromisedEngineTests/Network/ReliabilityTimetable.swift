@testable import PromisedEngine

/// A timetable with delays and ways of delivery, scanned for one deadline.
struct ReliabilityTimetable: ~Copyable {
  let rows: [Connection]
  /// By connection id.
  let delays: [[DelayAtom]]
  /// By departure from late to early.
  let finals: [ChanceDeparture]
  let connections: ConnectionList
  let counts: OwnedBuffer<Int32>
  let table: DelayTable
  var scan: ReliabilityScan

  init(
    _ rows: [Connection], delays: [[DelayAtom]], finals: [ChanceDeparture], nodeCount: Int
  ) {
    self.rows = rows
    self.delays = delays
    self.finals = finals.sorted { $0.departure > $1.departure }
    connections = ConnectionList(rows)
    counts = OwnedBuffer(repeating: 0, count: nodeCount)
    for row in rows { counts.base[Int(row.from)] += 1 }
    table = DelayTable(delays)
    scan = ReliabilityScan(nodeCount: nodeCount)
    run()
  }

  mutating func run(earliest: UInt32 = 0) {
    finals.withUnsafeBufferPointer {
      scan.scan(
        connections: connections, departureCounts: UnsafePointer(counts.base), delays: table,
        feeders: UnsafeBufferPointer(start: nil, count: 0), finals: $0, earliest: earliest)
    }
  }

  func chance(_ node: Int, _ ready: UInt32) -> Double {
    Double(scan.chance(from: node, ready: ready)) / Double(Chance.one)
  }

  func via(_ node: Int, _ ready: UInt32) -> ReliabilityVia? {
    guard let step = scan.step(from: node, ready: ready) else { return nil }
    return scan.via(
      node, step, connections: connections, feeders: UnsafeBufferPointer(start: nil, count: 0))
  }

  /// A node's steps as (departure, chance), ascending in time.
  func steps(_ node: Int) -> [(departure: UInt32, chance: UInt32)] {
    (0..<scan.stepCount(node)).reversed().map {
      (scan.departures(node)[$0], scan.chances(node)[$0])
    }
  }

  /// The chance of following the stored policy when every connection is as late as `outcome` says;
  /// nothing of it is known before a connection is taken.
  func follow(_ node: Int, _ ready: UInt32, outcome: (Connection) -> UInt32) -> Double {
    var node = node
    var ready = ready
    while let via = via(node, ready) {
      switch via {
      case .final(let id):
        guard let final = finals.first(where: { $0.id == id }) else { return 0 }
        return Double(final.chance) / Double(Chance.one)
      case .connection(let taken):
        ready = taken.ready + outcome(taken)
        node = Int(taken.to)
      }
    }
    return 0
  }
}

func atoms(_ outcomes: [(UInt32, UInt32)]) -> [DelayAtom] {
  outcomes.map { DelayAtom(minutes: $0.0, probability: $0.1) }
}

/// Shares of 65535, each of them more than 0.
func shares(_ count: Int, _ random: inout SplitMix) -> [UInt32] {
  var cuts: Set<Int> = [0, 65_535]
  while cuts.count < count + 1 { cuts.insert(1 + random.below(65_534)) }
  let sorted = cuts.sorted()
  return zip(sorted, sorted.dropFirst()).map { UInt32($1 - $0) }
}

/// A made-up timetable of `connections` over `nodes`, the last of which delivers.
func randomTimetable(
  nodes: Int, connections: Int, span: Int, outcomes: Int, random: inout SplitMix,
  certain: Bool = false
) -> ReliabilityTimetable {
  var rows: [Connection] = []
  var delays: [[DelayAtom]] = []
  for id in 0..<connections {
    let from = random.below(nodes - 1)
    var to = random.below(nodes)
    if to == from { to = nodes - 1 }
    let departure = random.below(span)
    rows.append(
      Connection(
        from: UInt32(from), to: UInt32(to), departure: UInt32(departure),
        ready: UInt32(departure + 1 + random.below(span / 3)), id: UInt32(id)))
    let count = certain ? 0 : random.below(outcomes + 1)
    if count == 0 {
      delays.append([])
      continue
    }
    var late = 0
    delays.append(
      shares(count, &random).map { share in
        defer { late += 1 + random.below(span / 4) }
        return DelayAtom(minutes: UInt32(late), probability: share)
      })
  }
  var finals: [ChanceDeparture] = []
  for id in 0..<(1 + random.below(3)) {
    finals.append(
      ChanceDeparture(
        node: UInt32(random.below(4) == 0 ? random.below(nodes) : nodes - 1),
        departure: UInt32(span / 2 + random.below(span)),
        chance: certain || random.below(2) == 0
          ? Chance.one : UInt32(1 + random.below(65_535)) << 16,
        id: UInt32(id)))
  }
  return ReliabilityTimetable(rows, delays: delays, finals: finals, nodeCount: nodes)
}
