import PromisedModel
import Testing

@testable import PromisedEngine

/// Whatever is asked in whatever order: what lines claim is what positions have reserved.
@Suite struct OrderConservationTests {
  /// Complaints 1, 4, 5 and 6: two checkouts of the last unit both succeed, updates are lost, check
  /// and allocation are apart, simultaneous creation reserves too much.
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func complaints1And4To6NothingIsClaimedTwice(seed: UInt64) throws {
    var run = try OrderRun(seed: seed)
    for step in 0..<1200 {
      run.step()
      try run.check()
      if step % 100 == 99 { _ = try run.desk.restored() }
    }
    #expect(run.done.values.allSatisfy { $0 > 0 }, "\(run.done)")
    // Everything ends: nothing is left behind.
    for id in run.ids {
      _ = run.desk.code { () throws(Refusal) in try run.desk.change(id, .release) }
    }
    run.desk.now.milliseconds += 86_400_000
    run.desk.expire()
    try run.check()
    for (item, node) in run.places { #expect(run.desk.row(item, node)?.reserved == 0) }
    #expect(run.desk.state.counters.shortUnits == 0)
  }
}

private struct OrderRun {
  let desk: Desk
  var random: Counter
  var ids: [UInt64] = []
  var onHand: [String: Int64] = [:]
  var sequence: UInt64 = 1
  /// How often each command succeeded.
  var done: [String: Int] = [:]
  let places = [("A", "F1"), ("A", "F2"), ("B", "F1"), ("B", "F2")]

  init(seed: UInt64) throws {
    desk = try Desk.small()
    random = Counter(seed: seed)
    onHand = ["A@F1": 10, "B@F1": 4]
    for name in ["hold", "commit", "release", "extend", "amend", "pick", "ship", "feed"] {
      done[name] = 0
    }
  }

  mutating func step() {
    desk.now.milliseconds += Int64(random.next(below: 10_000))
    desk.expire()
    switch random.next(below: 12) {
    case 0, 1, 2: hold()
    case 3, 4: attempt("commit") { (desk, id) throws(Refusal) in try desk.change(id, .commit) }
    case 5: attempt("release") { (desk, id) throws(Refusal) in try desk.change(id, .release) }
    case 6: attempt("extend") { (desk, id) throws(Refusal) in try desk.extend(id, seconds: 300) }
    case 7: amend()
    case 8: pick()
    case 9: ship()
    default: feed()
    }
  }

  private mutating func someLines(_ count: UInt64 = 3) -> [Line] {
    (0...random.next(below: count)).map { _ in
      let place = places[Int(random.next(below: 4))]
      return Line(place.0, place.1, Int32(1 + random.next(below: 4)))
    }
  }

  private mutating func someID() -> UInt64 {
    ids.isEmpty ? 1 : ids[ids.count - 1 - Int(random.next(below: UInt64(min(ids.count, 12))))]
  }

  @discardableResult
  private mutating func attempt(
    _ name: String, _ body: (Desk, UInt64) throws(Refusal) -> Void
  ) -> Bool {
    let id = someID()
    let code = desk.code { () throws(Refusal) in try body(desk, id) }
    if code == nil { done[name, default: 0] += 1 }
    return code == nil
  }

  private mutating func hold() {
    let lines = someLines()
    let fill: HoldFillPolicy = random.next(below: 2) == 0 ? .fillOrKill : .fillAvailable
    let replaces = random.next(below: 3) == 0 ? someID() : 0
    do {
      let (id, grants) = try desk.order(lines, fill, replaces: replaces, seconds: 200)
      ids.append(id)
      done["hold", default: 0] += 1
      if fill == .fillOrKill { #expect(grants.isEmpty) }
    } catch { #expect(error.code == .insufficientStock || error.code == .holdCommitted) }
  }

  private mutating func amend() {
    for _ in 0..<8 {
      let lines = someLines()
      let isAmended = attempt("amend") { (desk, id) throws(Refusal) in
        try desk.amend(id, lines)
      }
      if isAmended { return }
    }
  }

  private mutating func pick() {
    let missing = Int32(random.next(below: 3) == 0 ? 1 : 0)
    for _ in 0..<8 {
      let line = someLines(1)[0]
      let isPicked = attempt("pick") { (desk, id) throws(Refusal) in
        try desk.pick(id, [Line(line.item, line.node, 1)], missing: [missing])
      }
      if isPicked { return }
    }
  }

  private mutating func ship() {
    for _ in 0..<4 {
      let lines = random.next(below: 2) == 0 ? [] : [someLines(1)[0]]
      let isShipped = attempt("ship") { (desk, id) throws(Refusal) in
        try desk.consume(id, lines)
      }
      if isShipped { return }
    }
  }

  private mutating func feed() {
    let kinds: [MovementKind] = [
      .receipt, .count, .adjustment, .unfulfillable, .withheld, .receipt,
    ]
    let place = places[Int(random.next(below: 4))]
    let kind = kinds[Int(random.next(below: 6))]
    let units: Int64 =
      switch kind {
      case .adjustment: -1
      case .receipt: Int64(random.next(below: 12))
      case .count: Int64(random.next(below: 20))
      default: Int64(random.next(below: 3))
      }
    _ = try? desk.feed([(place.0, place.1, kind, units)], from: sequence)
    sequence += 1
    done["feed", default: 0] += 1
  }

  /// Sums over the lines of all holds, by what an answer says of each.
  func check() throws {
    var claims: [String: (reserved: Int64, allocated: Int64, picked: Int64, short: Int64)] = [:]
    for id in ids {
      var reply = HoldReply()
      guard (try? desk.state.answer(HoldReference(id: id), at: desk.now, into: &reply)) != nil
      else { continue }
      if reply.state.isEnded { continue }
      for row in 0..<reply.items.count {
        let place = "\(reply.items[row].name)@\(reply.nodes[row].name)"
        var sums = claims[place] ?? (0, 0, 0, 0)
        sums.reserved += reply.quantities[row]
        if reply.state == .committed {
          sums.allocated += reply.quantities[row]
          sums.picked += reply.picked[row]
          sums.short += reply.short[row]
          #expect(reply.short[row] <= reply.quantities[row])
        }
        #expect(reply.picked[row] <= reply.quantities[row])
        claims[place] = sums
      }
    }
    for (item, node) in places {
      guard let row = desk.row(item, node) else { continue }
      let sums = claims["\(item)@\(node)"] ?? (0, 0, 0, 0)
      let parts = desk.state.breakdowns.read(item: desk.token(item), node: desk.node(node))
      #expect(Int64(row.reserved) == sums.reserved && Int64(parts.allocated) == sums.allocated)
      #expect(Int64(parts.picked) == sums.picked && row.onHand >= 0)
      let fulfillable = max(0, Int64(row.onHand) - Int64(row.encumbered) + Int64(parts.withheld))
      #expect(sums.short == max(0, sums.allocated - fulfillable))
      #expect(Int64(parts.short) == sums.short)
    }
  }
}
