import PromisedModel
import Testing

@testable import PromisedEngine

/// What is promised as plainly as it can be said, from the events alone: no table of the engine.
private struct NaivePromises {
  struct Hold {
    var lines: [Line]
    var shipments: [PromisedShipment]
    /// The window's end when it was promised: nothing may ever be later.
    var promisedTo: [Int64]
    var state: HoldState
    var expiresAt: Int64
  }

  var holds: [UInt64: Hold] = [:]

  var living: [(id: UInt64, hold: Hold)] {
    holds.filter { $0.value.state == .held || $0.value.state == .committed }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  mutating func expire(at now: Int64) {
    for (id, hold) in holds where hold.state == .held && hold.expiresAt <= now {
      holds[id]?.state = .expired
    }
  }

  func reserved(_ item: String, _ node: String) -> Int64 {
    var units: Int64 = 0
    for (_, hold) in living {
      for line in hold.lines where line.item == item && line.node == node {
        units += Int64(line.quantity)
      }
    }
    return units
  }

  /// Claims of what is not past, and of departures that left since they were claimed.
  func claims(at now: Int64) -> [BucketKey: Int64] {
    var sums: [BucketKey: Int64] = [:]
    for (_, hold) in living {
      for claim in hold.shipments.flatMap(\.claims) {
        let key = BucketKey(claim)
        let end = key.atUnixSeconds + (key.kind == 2 ? 3600 : 0)
        if end > now { sums[key, default: 0] += Int64(claim.units) }
      }
    }
    return sums
  }

  mutating func move(_ moves: [PromiseMovedEvent], names: (UInt16) -> String) -> Bool {
    var isBetter = true
    for move in moves {
      guard var hold = holds[move.holdID] else { return false }
      let number = Int(move.shipment)
      let before = hold.shipments[number].windowToUnixSeconds
      if move.moved.windowToUnixSeconds > hold.promisedTo[number] { isBetter = false }
      if move.cause == .upgrade && move.moved.windowToUnixSeconds >= before { isBetter = false }
      hold.shipments[number] = move.moved
      let first = Int(move.moved.firstLine)
      for line in first..<(first + Int(move.moved.lineCount)) {
        hold.lines[line].node = names(move.moved.node)
      }
      holds[move.holdID] = hold
    }
    return isBetter
  }
}

/// Random holds by token, commits, releases, expiries, closures, cuts, counts, rescues and upgrades,
/// held against the naive model after every step.
@Suite struct PromiseModelTests {
  private final class Run {
    var world: PromiseWorld
    var naive = NaivePromises()
    var random: Counter
    var tokens: [(bytes: [UInt8], windowTo: Int64)] = []
    var journal: [(Event, UnixMilliseconds)] = []
    var room = PromiseWorld.Room(hubLeg: 40, nightLeg: 30, wave: 90, hour: 30)
    var hasCut = false
    var counts: [String: Int] = [:]
    var sequence: UInt64 = 0

    init(seed: UInt64) throws {
      random = Counter(seed: seed)
      world = try PromiseWorld(room)
    }

    var desk: Desk { world.desk }

    func note(_ what: String) { counts[what, default: 0] += 1 }

    func expire() {
      naive.expire(at: desk.now.milliseconds)
      desk.expire()
    }

    func step() throws {
      expire()
      switch random.next(below: 100) {
      case 0..<20: offer()
      case 20..<50: redeem()
      case 50..<60: change(.commit)
      case 60..<72: change(.release)
      case 72..<80: desk.now.milliseconds += Int64(random.next(below: 1_200_000))
      case 80..<84: close()
      case 84..<87: try cut()
      case 87..<90: count()
      case 90..<93: world.publish()
      case 93..<95: rescue()
      case 95..<98: upgrade()
      case 98: if desk.now.seconds < PromiseWorld.midnight + 20 * 86_400 { skipADay() }
      default: exportAndImport()
      }
    }

    func offer() {
      let item = random.next(below: 2) == 0 ? "A" : "B"
      let quantity = Int32(random.next(below: 6)) + 1
      guard let reply = try? world.offer(item, quantity: quantity), reply.codes[0] == 0 else {
        note("no offer")
        return
      }
      let bytes = (0..<Int(reply.tokenLengths[0])).map { reply.tokenBytes[$0] }
      tokens.append((bytes, reply.windowToUnixSeconds[0]))
      if tokens.count > 6 { tokens.removeFirst() }
    }

    func redeem() {
      guard !tokens.isEmpty else { return }
      let chosen = (0...random.next(below: 2)).map { _ in
        tokens[Int(random.next(below: UInt64(tokens.count)))]
      }
      let lines =
        random.next(below: 4) == 0 ? [Line("A", "FC2", Int32(random.next(below: 3)) + 1)] : []
      let seconds = Int64(random.next(below: 3000)) + 1
      let command = world.command(
        chosen.map(\.bytes), lines: lines, seconds: seconds,
        wantsUpgrade: random.next(below: 2) == 0)
      do {
        let event = try desk.state.decide(command, at: desk.now)
        #expect(event.promises.map(\.windowToUnixSeconds) == chosen.map(\.windowTo))
        grant(event, seconds: seconds)
        note("held")
      } catch {
        note("\(error.code)")
      }
    }

    func grant(_ event: HeldEvent, seconds: Int64) {
      var offset = 0
      let lines = (0..<event.quantities.count).map { row in
        Line(
          "\(event.items.key(row, at: &offset).name)", name(event.nodes[row]),
          event.quantities[row])
      }
      for claim in event.promises.flatMap(\.claims) {
        let key = BucketKey(claim)
        let limit = desk.state.capacity(of: key)
        let all = event.promises.flatMap(\.claims).filter { BucketKey($0) == key }
        let units = all.reduce(Int64(0)) { $0 + Int64($1.units) }
        #expect(
          limit == 0 || units + (naive.claims(at: desk.now.seconds)[key] ?? 0) <= limit,
          "more was promised than a bucket takes")
      }
      let id = desk.apply(.held(event))
      naive.holds[id] = NaivePromises.Hold(
        lines: lines, shipments: event.promises,
        promisedTo: event.promises.map(\.windowToUnixSeconds), state: .held,
        expiresAt: desk.now.milliseconds + seconds * 1000)
      for line in lines {
        #expect(desk.available(line.item, line.node) ?? -1 >= 0, "a grant oversold")
      }
    }

    func name(_ node: UInt16) -> String { "\(desk.state.network.nodeName(node).name)" }

    func change(_ transition: HoldTransition) {
      let ids = naive.holds.keys.sorted()
      guard !ids.isEmpty else { return }
      let id = ids[Int(random.next(below: UInt64(ids.count)))]
      do {
        let event = try desk.change(id, transition)
        naive.holds[id]?.state = transition == .commit ? .committed : .released
        note(event.reclaimed ? "reclaimed" : "\(transition)")
      } catch {
        if error.code == .holdUnknown { naive.holds[id] = nil }
        note("\(transition) \(error.code)")
      }
    }

    func close() {
      let legs = ["F1-HUB", "F2-HUB", "HUB-DS", "F1-DS", "HUB-DS-2"]
      let kinds: [DepartureChangeKind] = [.closed, .delayed, .reopened, .reopened]
      let kind = kinds[Int(random.next(below: 4))]
      let today = Int32((desk.now.seconds - PromiseWorld.midnight) / 86_400)
      world.change(
        legs[Int(random.next(below: 5))], kind, days: today,
        delay: kind == .delayed ? Int32(random.next(below: 300)) + 1 : 0)
    }

    func cut() throws {
      hasCut = true
      room.hubLeg = Int32(random.next(below: 50))
      room.nightLeg = Int32(random.next(below: 50))
      room.wave = Int32(random.next(below: 120))
      room.hour = Int32(random.next(below: 40))
      try desk.put(.network(PromiseWorld.network(room)))
    }

    func count() {
      sequence += 1
      let item = random.next(below: 2) == 0 ? "A" : "B"
      let node = random.next(below: 2) == 0 ? "FC1" : "FC2"
      #expect(throws: Never.self) {
        try desk.feed([(item, node, .count, Int64(random.next(below: 150)))], from: sequence)
      }
    }

    func rescue() {
      guard
        let decision = try? desk.state.decide(
          RescueCommand(key: desk.command(""), holdID: 0, applies: true), at: desk.now)
      else { return }
      for move in decision.moves { note(move.cause == .rescue ? "rescued" : "?") }
      apply(decision.moves)
      for row in decision.rows {
        #expect(!row.isSaved || row.rescueToUnixSeconds <= row.promisedToUnixSeconds)
      }
    }

    func upgrade() {
      let wishes = desk.state.takeUpgradeWishes(at: desk.now)
      let moves = desk.state.decideUpgrades(wishes, at: desk.now)
      if !moves.isEmpty { note("upgraded") }
      apply(moves)
    }

    func apply(_ moves: [PromiseMovedEvent]) {
      if moves.isEmpty { return }
      desk.apply(.promisesMoved(desk.command(""), moves))
      let isBetter = naive.move(moves) { self.name($0) }
      #expect(isBetter, "a move made a promise later")
    }

    func skipADay() {
      desk.now.milliseconds += 86_400_000
      expire()
      world.publish()
    }

    func exportAndImport() {
      let copy = world.copied()
      #expect(copy.digest() == desk.state.digest())
      if let profiles = desk.state.profiles, desk.state.publication.epoch > 0 {
        let publication = desk.state.publication
        copy.publish(profiles, publication)
      }
      desk.state = copy
      note("export")
    }

    func compare() {
      let now = max(desk.state.appliedTime.seconds, 0)
      let expected = naive.claims(at: now)
      for (key, units) in expected {
        #expect(desk.state.buckets.claimed(key) == units, "bucket \(key)")
      }
      for slot in 0..<desk.state.buckets.slotCount where desk.state.buckets.isInUse(slot) {
        let bucket = desk.state.buckets.bucket(slot)
        if bucket.key.isPast(at: now) { continue }
        #expect(bucket.claimed == expected[bucket.key] ?? 0, "bucket \(bucket.key)")
        let limit = desk.state.capacity(of: bucket.key)
        #expect(hasCut || limit == 0 || bucket.claimed <= limit)
      }
      for item in ["A", "B"] {
        for node in ["FC1", "FC2"] {
          #expect(Int64(desk.row(item, node)?.reserved ?? 0) == naive.reserved(item, node))
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3])
  func randomPromisesAgreeWithTheNaiveModel(seed: UInt64) throws {
    let run = try Run(seed: seed)
    for _ in 0..<2500 {
      try run.step()
      run.compare()
    }
    // The steps reached what they are meant to reach.
    for what in ["held", "commit", "release", "export", "capacityFull", "offerExpired"] {
      #expect(run.counts[what, default: 0] > 5, "\(what): \(run.counts)")
    }
  }
}
