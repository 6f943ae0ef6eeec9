import PromisedModel
import Testing

@testable import PromisedEngine

/// Counts of an instant, and what the service's own commands did to the position since.
@Suite struct CountReconciliationTests {
  private let minute: Int64 = 60_000

  /// A desk and a copy of it that was read back from a snapshot: both must say the same.
  private func both(_ desk: Desk) -> [Desk] {
    let copy = Desk(state: desk.copied())
    copy.now = desk.now
    copy.position = desk.position
    #expect(copy.state.digest() == desk.state.digest())
    return [desk, copy]
  }

  /// Tells a count of so many minutes ago, to a desk and to its copy.
  private func count(
    _ desk: Desk, _ units: Int64, minutesAgo: Int64, kind: MovementKind = .count,
    isNet: Bool = false, item: String = "A", node: String = "F1"
  ) throws -> [Int32?] {
    var found: [Int32?] = []
    for desk in both(desk) {
      var rows = Rows.told(
        [
          Told(item, node, kind, units).with {
            $0.at = desk.now.milliseconds - minutesAgo * minute
          }
        ], source: "scan", from: desk.state.lastSequence(of: Name("scan")) + 1)
      rows.isNetOfAllocations = isNet
      #expect(try desk.tell(rows) == [.ok])
      found.append(desk.onHand(item, node))
    }
    return found
  }

  private func committed(_ desk: Desk, _ units: Int32) throws -> UInt64 {
    let id = try desk.hold([Line("A", "F1", units)])
    try desk.change(id, .commit)
    return id
  }

  @Test func aConsumedAllocationStaysShipped() throws {
    let desk = try Desk.small()
    let id = try committed(desk, 4)
    desk.now.milliseconds += 10 * minute
    try desk.consume(id, [Line("A", "F1", 3)])
    desk.now.milliseconds += 10 * minute
    // Ten were there a quarter of an hour ago; three of them have left since.
    #expect(try count(desk, 10, minutesAgo: 15) == [7, 7])
    #expect(try count(desk, 7, minutesAgo: 5) == [7, 7])
    #expect(desk.row("A", "F1")?.reserved == 1)
  }

  @Test func unitsThatWereNotFoundStayGone() throws {
    let desk = try Desk.small()
    let id = try committed(desk, 4)
    desk.now.milliseconds += 10 * minute
    try desk.pick(id, [Line("A", "F1", 3)], missing: [1])
    desk.now.milliseconds += 10 * minute
    #expect(try count(desk, 10, minutesAgo: 15) == [9, 9])
  }

  @Test func whatAPlanReceivedStaysReceived() throws {
    let desk = try Desk.storage()
    let eta = desk.now.seconds + 86_400
    try desk.put(Rows.limits([("S1", .standard, 202_603, .confirmed, 5000 * cubicFoot)]))
    try desk.admit("P1", [SentLine("A", "F1", 20, eta: eta)])
    desk.now.milliseconds += 10 * minute
    let before = desk.onHand("A", "F1") ?? 0
    #expect(try desk.receive("P1", [SentLine("A", "F1", 6)]))
    #expect(desk.onHand("A", "F1") == before + 6)
    desk.now.milliseconds += 10 * minute
    #expect(try count(desk, 3, minutesAgo: 15) == [9, 9])
  }

  @Test func whatWasRemovedStaysRemoved() throws {
    let desk = try Desk.small()
    func remove(_ action: RemovalAction) throws {
      let event = try desk.state.decide(
        RemovalCommand(
          key: desk.command(""), order: Name("R1"), action: action,
          lines: PlanLines([SentLine("A", "F1", 4)])), at: desk.now)
      desk.apply(event)
    }
    try remove(.order)
    desk.now.milliseconds += 10 * minute
    try remove(.ship)
    #expect(desk.onHand("A", "F1") == 6)
    desk.now.milliseconds += 10 * minute
    #expect(try count(desk, 10, minutesAgo: 15) == [6, 6])
  }

  @Test func aShipmentOfTheFeedThatNamesItsAllocationIsReconciledByWhenItLeft() throws {
    let desk = try Desk.small()
    let id = try committed(desk, 6)
    desk.now.milliseconds += 60 * minute
    // Two left half an hour ago and were told late.
    try desk.tell(
      Told("A", "F1", .shipment, 2).with {
        ($0.hold, $0.at) = (id, desk.now.milliseconds - 30 * minute)
      })
    #expect(try count(desk, 10, minutesAgo: 40) == [8, 8])
    #expect(try count(desk, 8, minutesAgo: 20) == [8, 8])
    // Net of what was allocated then: six forty minutes before, four after the shipment.
    #expect(try count(desk, 4, minutesAgo: 15, isNet: true) == [8, 8])
  }

  @Test func aCountWithoutAllocatedUnitsAddsThoseOfItsOwnInstant() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 60 * minute
    // Ten were there and none was allocated a quarter of an hour ago. Then an order came.
    desk.now.milliseconds += 10 * minute
    let id = try committed(desk, 4)
    desk.now.milliseconds += 5 * minute
    #expect(try count(desk, 10, minutesAgo: 15, isNet: true) == [10, 10])
    #expect(try count(desk, 6, minutesAgo: 1, isNet: true) == [10, 10])
    // And went again.
    try desk.change(id, .release)
    desk.now.milliseconds += 5 * minute
    #expect(try count(desk, 10, minutesAgo: 1, isNet: true) == [10, 10])
  }

  @Test func aCountWithoutPickedUnitsAddsThoseOfItsOwnInstant() throws {
    let desk = try Desk.small()
    let id = try committed(desk, 5)
    desk.now.milliseconds += 10 * minute
    try desk.pick(id, [Line("A", "F1", 3)])
    desk.now.milliseconds += 10 * minute
    // Before the pick all ten lay there, after it seven.
    #expect(try count(desk, 10, minutesAgo: 15, kind: .countWithoutPicked) == [10, 10])
    #expect(try count(desk, 7, minutesAgo: 5, kind: .countWithoutPicked) == [10, 10])
    try desk.consume(id, [Line("A", "F1", 2)])
    desk.now.milliseconds += 10 * minute
    // The two that left were picked at the instant of the count.
    #expect(try count(desk, 7, minutesAgo: 12, kind: .countWithoutPicked) == [8, 8])
    #expect(try count(desk, 7, minutesAgo: 1, kind: .countWithoutPicked) == [8, 8])
    // What is net of allocations is net of picked units too: they are not added twice.
    #expect(
      try count(desk, 5, minutesAgo: 1, kind: .countWithoutPicked, isNet: true) == [8, 8])
  }

  @Test func aCountSeesTheNamedShipmentsOfItsOwnBatch() throws {
    let desk = try Desk.small()
    let id = try committed(desk, 5)
    try desk.pick(id, [Line("A", "F1", 4)])
    desk.now.milliseconds += 10 * minute
    // Three of the four picked leave; six lie on the shelf, one is in somebody's hands.
    let ship = Told("A", "F1", .shipment, 3).with { $0.hold = id }
    #expect(
      try desk.tell(ship, Told("A", "F1", .countWithoutPicked, 6)) == [.ok, .ok])
    #expect(desk.onHand("A", "F1") == 7 && desk.told(id) == ["A@F1 2 picked 1 shipped 3"])
    // The same with instants: the count is of before the second shipment.
    desk.now.milliseconds += 10 * minute
    let at = desk.now.milliseconds
    let later = Told("A", "F1", .shipment, 1).with { ($0.hold, $0.at) = (id, at - minute) }
    let earlier = Told("A", "F1", .countWithoutPicked, 6).with { $0.at = at - 2 * minute }
    #expect(try desk.tell(later, earlier) == [.ok, .ok])
    #expect(desk.onHand("A", "F1") == 6)
  }

  @Test func whatAnOperatorStatedIsNotUndoneByAnOlderCount() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 10 * minute
    try desk.put(Rows.positions([("A", "F1", 25, 0, 0)]))
    desk.now.milliseconds += 10 * minute
    for desk in both(desk) {
      #expect(
        try desk.tell(
          Told("A", "F1", .count, 9).with { $0.at = desk.now.milliseconds - 15 * minute },
          Told("A", "F1", .count, 24).with { $0.at = desk.now.milliseconds - 5 * minute })
          == [.alreadyCounted, .ok])
      #expect(desk.onHand("A", "F1") == 24)
    }
  }

  @Test func whatALoadStatedIsNotUndoneByAnOlderCount() throws {
    let desk = try Desk.small()
    desk.now.milliseconds += 10 * minute
    try desk.load([Rows.positions([("A", "F1", 25, 0, 0)])])
    desk.now.milliseconds += 10 * minute
    for desk in both(desk) {
      #expect(
        try desk.tell(
          Told("A", "F1", .count, 9).with { $0.at = desk.now.milliseconds - 15 * minute },
          Told("A", "F1", .count, 24).with { $0.at = desk.now.milliseconds - 5 * minute })
          == [.countTooOld, .ok])
      #expect(desk.onHand("A", "F1") == 24)
    }
  }

  @Test func aCountOlderThanWhatIsKeptOfOrdersSaysSo() throws {
    let desk = try Desk.small()
    desk.state.serviceJournal = ServiceJournal(limit: 64)
    desk.now.milliseconds += minute
    for _ in 0..<40 {
      desk.now.milliseconds += minute
      let id = try committed(desk, 1)
      try desk.change(id, .release)
    }
    #expect(desk.state.serviceJournal.count == 64)
    let row = Told("B", "F1", .count, 3)
    let now = desk.now.milliseconds
    #expect(try desk.tell(row.with { $0.at = now - 38 * minute }) == [.countTooOld])
    #expect(try desk.tell(row.with { $0.at = now - 20 * minute }) == [.ok])
    // By age too.
    desk.now.milliseconds += 25 * 60 * minute
    _ = try committed(desk, 1)
    #expect(desk.state.serviceJournal.count == 1)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func manyCountsOfOnePositionAreReconciledEachByItsOwnInstant() throws {
    var draws = SplitMix(41)
    for _ in 0..<20 {
      let desk = try Desk.small()
      // What happened, and how many were there at each instant.
      var truth: [(at: Int64, onHand: Int64, allocated: Int64)] = []
      var (onHand, allocated) = (Int64(10), Int64(0))
      var open: [UInt64] = []
      for _ in 0..<30 {
        desk.now.milliseconds += 1 + Int64(draws.below(90_000))
        switch draws.below(4) {
        case 0:
          try desk.tell(Told("A", "F1", .receipt, 5))
          onHand += 5
        case 1 where onHand - allocated >= 2:
          open.append(try committed(desk, 2))
          allocated += 2
        case 2 where !open.isEmpty:
          try desk.consume(open.removeLast())
          (onHand, allocated) = (onHand - 2, allocated - 2)
        case 3 where !open.isEmpty:
          try desk.change(open.removeLast(), .release)
          allocated -= 2
        default: break
        }
        truth.append((desk.now.milliseconds, onHand, allocated))
      }
      desk.now.milliseconds += minute
      let isNet = draws.below(2) == 0
      let told = truth.map { moment in
        Told("A", "F1", .count, moment.onHand - (isNet ? moment.allocated : 0)).with {
          $0.at = moment.at
        }
      }
      var rows = Rows.told(told, source: "scan", from: 1)
      rows.isNetOfAllocations = isNet
      var reply = FeedReply()
      let event = try desk.state.decide(rows, at: desk.now, reply: &reply)
      #expect(event.quantities.count == told.count)
      #expect(event.quantities.allSatisfy { $0 == onHand }, "\(event.quantities) \(onHand)")
    }
  }
}

extension Desk {
  fileprivate func load(_ chunks: [PutRows]) throws {
    let id = Name("L\(position)")
    func send(_ decision: LoadDecision) { if let event = decision.event { apply(event) } }
    let description = LoadDescription(
      id: id, mode: .merge, chunkCount: UInt32(chunks.count), force: true)
    send(try state.decide(begin: description, at: now))
    for (number, rows) in chunks.enumerated() {
      send(try state.decide(chunk: UInt32(number), of: id, rows))
    }
    send(try state.decide(commitLoad: id))
  }
}
