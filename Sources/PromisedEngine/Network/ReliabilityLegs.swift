/// The legs that published policies use with positive probability: closing any other leg changes
/// nothing that was published for the destination.
struct PolicyLegs: ~Copyable {
  private(set) var legs = LegSet()
  private let legCount: Int
  /// Per step of the scan, the number of the last scan in which it was visited.
  private var visits = OwnedBuffer<UInt32>()
  private var visit: UInt32 = 0
  private var stack: [(node: UInt32, step: UInt32)] = []

  init(legCount: Int) { self.legCount = legCount }

  mutating func removeAll() { legs = LegSet(count: legCount) }

  /// Forgets the steps of the scan before.
  mutating func beginScan(_ scan: borrowing ReliabilityScan) {
    if visits.count < scan.capacity || visit == .max {
      visits = OwnedBuffer(repeating: 0, count: scan.capacity)
      visit = 0
    }
    visit += 1
  }

  /// Adds what the policy from a step of a node may come to use. Each step is visited once a scan.
  mutating func add(
    _ node: Int, _ step: Int, scan: borrowing ReliabilityScan,
    connections: borrowing ConnectionList, delays: borrowing DelayTable,
    feeders: UnsafeBufferPointer<Connection>
  ) {
    push(node, step, scan)
    while let (node, step) = stack.popLast() {
      guard
        case .connection(let taken) = scan.via(
          Int(node), Int(step), connections: connections, feeders: feeders)
      else { continue }
      legs.insert(Int(taken.id))
      let outcomes = delays.outcomes(of: taken.id)
      if outcomes.count == 0 {
        pushStep(Int(taken.to), ready: taken.ready, scan)
      } else {
        for outcome in outcomes {
          pushStep(Int(taken.to), ready: taken.ready + outcome.minutes, scan)
        }
      }
    }
  }

  private mutating func pushStep(_ node: Int, ready: UInt32, _ scan: borrowing ReliabilityScan) {
    if let step = scan.step(from: node, ready: ready) { push(node, step, scan) }
  }

  private mutating func push(_ node: Int, _ step: Int, _ scan: borrowing ReliabilityScan) {
    let slot = scan.starts[node] + step
    if visits.base[slot] == visit { return }
    visits.base[slot] = visit
    stack.append((UInt32(node), UInt32(step)))
  }
}
