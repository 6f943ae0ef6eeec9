import PromisedModel
import Testing

@testable import PromisedEngine

/// Stock and claims as plainly as they can be said; shares no code with the engine.
struct NaiveStock {
  struct Amounts: Equatable {
    var onHand: Int64 = 0
    var unfulfillable: Int64 = 0
    var withheld: Int64 = 0
  }

  struct Hold {
    var owner: String
    var lines: [Line]
    var expiresAt: Int64
    var state: HoldState
    var endedAt: Int64 = 0
  }

  var amounts: [String: Amounts] = [:]
  var holds: [UInt64: Hold] = [:]
  var sequence: UInt64 = 0

  func key(_ item: String, _ node: String) -> String { "\(item)|\(node)" }

  func reserved(_ item: String, _ node: String) -> Int64 {
    var sum: Int64 = 0
    for hold in holds.values where hold.state == .held || hold.state == .committed {
      for line in hold.lines where line.item == item && line.node == node {
        sum += Int64(line.quantity)
      }
    }
    return sum
  }

  func available(_ item: String, _ node: String) -> Int64 {
    let amounts = amounts[key(item, node)] ?? Amounts()
    return amounts.onHand - amounts.unfulfillable - amounts.withheld - reserved(item, node)
  }

  func canGrant(_ lines: [Line]) -> Bool {
    for line in lines {
      let wanted = lines.filter { $0.item == line.item && $0.node == line.node }
        .reduce(Int64(0)) { $0 + Int64($1.quantity) }
      if wanted > available(line.item, line.node) { return false }
    }
    return true
  }

  mutating func expire(at now: Int64) {
    for (id, hold) in holds where hold.state == .held && hold.expiresAt <= now {
      holds[id]?.state = .expired
      holds[id]?.endedAt = now
    }
  }

  /// Nothing is forgotten before an event is applied at a later time.
  mutating func forget(at now: Int64) {
    for (id, hold) in holds
    where (hold.state == .released || hold.state == .expired) && hold.endedAt + 600_000 <= now {
      holds[id] = nil
    }
  }

  mutating func move(_ item: String, _ node: String, _ kind: MovementKind, _ quantity: Int64)
    -> OutcomeCode
  {
    var amounts = amounts[key(item, node)] ?? Amounts()
    switch kind {
    case .receipt, .adjustment: amounts.onHand += quantity
    case .shipment: amounts.onHand -= quantity
    case .count: amounts.onHand = quantity
    case .unfulfillable: amounts.unfulfillable = quantity
    default: amounts.withheld = quantity
    }
    if amounts.onHand < 0 { return .onHandNegative }
    self.amounts[key(item, node)] = amounts
    return .ok
  }
}

/// Random commands against the engine and the naive stock, compared after every one.
@Suite struct ModelTests {
  static let items = ["A", "B", "C", "longer-than-ten", "d/e", "F_0123456-"]
  static let nodes = ["F1", "F2", "F3"]
  static let owners = ["ann", "bob"]

  final class Run {
    var desk = Desk()
    var naive = NaiveStock()
    var random: Counter
    var granted = 0
    var refused = 0
    var reclaimed = 0
    var exports = 0

    init(seed: UInt64) throws {
      random = Counter(seed: seed)
      try desk.put(Rows.nodes(ModelTests.nodes))
      try desk.put(Rows.sellers(["S1", "S2"]))
      try desk.put(Rows.items(ModelTests.items.map { Rows.Item(key: $0, volume: 1000) }))
    }

    func pick(_ list: [String]) -> String { list[Int(random.next(below: UInt64(list.count)))] }

    func step() throws {
      switch random.next(below: 100) {
      case 0..<35: hold()
      case 35..<50: change(.commit)
      case 50..<65: change(.release)
      case 65..<85: feed()
      case 85..<90: try put()
      case 90..<97: desk.now.milliseconds += Int64(random.next(below: 4000))
      case 97: desk.now.milliseconds += Int64(random.next(below: 300_000))
      case 98: try load()
      default: if random.next(below: 20) == 0 { exportAndImport() } else { retype() }
      }
    }

    func expire() {
      naive.expire(at: desk.now.milliseconds)
      desk.expire()
    }

    func hold() {
      expire()
      let lines = (0...random.next(below: 3)).map { _ in
        Line(pick(ModelTests.items), pick(ModelTests.nodes), Int32(random.next(below: 5)) + 1)
      }
      let owner = pick(ModelTests.owners)
      let seconds = Int64(random.next(below: 20)) + 1
      let expected = naive.canGrant(lines)
      do {
        let id = try desk.hold(lines, owner: owner, seconds: seconds)
        #expect(expected, "granted what was not there")
        naive.forget(at: desk.now.milliseconds)
        naive.holds[id] = NaiveStock.Hold(
          owner: owner, lines: lines, expiresAt: desk.now.milliseconds + seconds * 1000,
          state: .held)
        for line in lines {
          #expect(desk.available(line.item, line.node) ?? -1 >= 0, "a grant oversold")
        }
        granted += 1
      } catch {
        #expect(!expected && error.code == .insufficientStock, "refused: \(error)")
        refused += 1
      }
    }

    func change(_ transition: HoldTransition) {
      expire()
      let ids = naive.holds.keys.sorted()
      guard !ids.isEmpty else { return }
      let id = ids[Int(random.next(below: UInt64(ids.count)))]
      guard let hold = naive.holds[id] else { return }
      let owner = random.next(below: 10) == 0 ? "eve" : hold.owner
      let expected = expectedCode(transition, hold, owner: owner)
      do {
        let event = try desk.change(id, transition, owner: owner)
        #expect(expected == .ok)
        #expect(event.reclaimed == (hold.state == .expired))
        if event.reclaimed { reclaimed += 1 }
        naive.holds[id]?.state = transition == .commit ? .committed : .released
        naive.holds[id]?.endedAt = desk.now.milliseconds
        naive.forget(at: desk.now.milliseconds)
      } catch {
        if error.code == .holdUnknown {
          // Forgotten in the engine with the last event; the naive stock forgets late.
          naive.forget(at: desk.now.milliseconds)
          #expect(naive.holds[id] == nil)
        } else {
          #expect(error.code == expected)
        }
      }
    }

    func expectedCode(_ transition: HoldTransition, _ hold: NaiveStock.Hold, owner: String)
      -> OutcomeCode
    {
      if owner != hold.owner { return .notOwner }
      switch (transition, hold.state) {
      case (_, .released): return .holdReleased
      case (.commit, .held), (.release, .held), (.release, .committed): return .ok
      case (.commit, .committed): return .holdCommitted
      case (.commit, .expired): return naive.canGrant(hold.lines) ? .ok : .insufficientStock
      case (.release, .expired): return .holdExpired
      case (_, .consumed): return .holdConsumed
      }
    }

    func feed() {
      expire()
      let kinds: [MovementKind] = [
        .receipt, .shipment, .adjustment, .count, .unfulfillable, .withheld,
      ]
      var rows: [(String, String, MovementKind, Int64)] = []
      for _ in 0...random.next(below: 5) {
        let kind = kinds[Int(random.next(below: UInt64(kinds.count)))]
        let span: UInt64 = kind == .unfulfillable || kind == .withheld ? 3 : 12
        var quantity = Int64(random.next(below: span))
        if kind == .adjustment { quantity -= 6 }
        rows.append((pick(ModelTests.items), pick(ModelTests.nodes), kind, quantity))
      }
      // Sometimes a batch comes again, whole or in part.
      let back = min(naive.sequence, random.next(below: 3))
      let first = naive.sequence + 1 - back
      var expected: [OutcomeCode] = []
      for (index, row) in rows.enumerated() {
        if UInt64(index) < back {
          expected.append(.alreadyApplied)
        } else {
          expected.append(naive.move(row.0, row.1, row.2, row.3))
        }
      }
      do {
        let codes = try desk.feed(rows, from: first)
        #expect(codes == expected)
      } catch {
        Issue.record("a feed was refused: \(error)")
      }
      naive.sequence = max(naive.sequence, first + UInt64(rows.count) - 1)
      naive.forget(at: desk.now.milliseconds)
    }

    func rows(_ count: UInt64) -> [(String, String, Int32, Int32, Int32)] {
      (0..<count).map { _ in
        (
          pick(ModelTests.items), pick(ModelTests.nodes), Int32(random.next(below: 30)),
          Int32(random.next(below: 2)), Int32(random.next(below: 2))
        )
      }
    }

    func put() throws {
      expire()
      let rows = rows(1 + random.next(below: 4))
      try desk.put(Rows.positions(rows))
      state(rows)
    }

    func state(_ rows: [(String, String, Int32, Int32, Int32)]) {
      for row in rows {
        naive.amounts[naive.key(row.0, row.1)] = NaiveStock.Amounts(
          onHand: Int64(row.2), unfulfillable: Int64(row.3), withheld: Int64(row.4))
      }
      naive.forget(at: desk.now.milliseconds)
    }

    func load() throws {
      expire()
      let mode = random.next(below: 2) == 0 ? LoadMode.merge : .replace
      let chunks = (0...random.next(below: 3)).map { _ in rows(3) }
      let withNetwork = [Rows.nodes(ModelTests.nodes)] + chunks.map { Rows.positions($0) }
      let id = Name("load-\(desk.position)")
      let description = LoadDescription(
        id: id, mode: mode, chunkCount: UInt32(withNetwork.count), force: true)
      send(try desk.state.decide(begin: description, at: desk.now))
      for (number, chunk) in withNetwork.enumerated() {
        send(try desk.state.decide(chunk: UInt32(number), of: id, chunk))
        compare()
      }
      if random.next(below: 3) == 0 {
        send(try desk.state.decide(abortLoad: id))
      } else {
        send(try desk.state.decide(commitLoad: id))
        if mode == .replace {
          for key in naive.amounts.keys { naive.amounts[key] = NaiveStock.Amounts() }
        }
        for chunk in chunks { state(chunk) }
      }
      naive.forget(at: desk.now.milliseconds)
    }

    func send(_ decision: LoadDecision) {
      if let event = decision.event { desk.apply(event) }
    }

    func retype() {
      expire()
      let item = Rows.Item(
        key: pick(ModelTests.items), seller: pick(["S1", "S2"]),
        type: random.next(below: 2) == 0 ? .standard : .apparel,
        volume: Int64(random.next(below: 1000)) + 1)
      #expect(throws: Never.self) { try desk.put(Rows.items([item])) }
      naive.forget(at: desk.now.milliseconds)
    }

    func exportAndImport() {
      let before = desk.state.digest()
      desk.state.beginExport()
      let copy = State()
      while let block = desk.state.nextExportBlock() { copy.importBlock(block) }
      copy.finishImport(position: desk.position, time: desk.now)
      #expect(copy.digest() == before)
      desk.state = copy
      exports += 1
    }

    func compare() {
      for item in ModelTests.items {
        for node in ModelTests.nodes {
          let row = desk.row(item, node) ?? StockRow(onHand: 0, reserved: 0, encumbered: 0)
          let amounts = naive.amounts[naive.key(item, node)] ?? NaiveStock.Amounts()
          #expect(Int64(row.reserved) == naive.reserved(item, node))
          #expect(Int64(row.onHand) == amounts.onHand)
          #expect(Int64(row.encumbered) == amounts.unfulfillable + amounts.withheld)
        }
      }
    }

    func compareUsage() {
      let kept = desk.state.usageRows()
      desk.state.recomputeUsage()
      #expect(kept == desk.state.usageRows())
    }
  }

  @Test(arguments: [1, 2, 3, 4])
  func randomCommandsAgreeWithTheNaiveStock(seed: UInt64) throws {
    let run = try Run(seed: seed)
    for step in 0..<6000 {
      try run.step()
      run.compare()
      if step % 200 == 0 { run.compareUsage() }
    }
    // The commands reached what they are meant to reach.
    #expect(run.granted > 300 && run.refused > 300 && run.reclaimed > 3 && run.exports > 0)
  }
}

extension State {
  func usageRows() -> [Usage] {
    (0..<sellers.count).flatMap { seller in
      StorageType.allCases.map { usage.read(seller: seller, type: $0.rawValue) }
    }
  }
}
