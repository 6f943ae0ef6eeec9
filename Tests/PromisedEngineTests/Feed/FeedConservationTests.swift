import PromisedModel
import Testing

@testable import PromisedEngine

/// Rows of every kind at random, repeated and reordered, over known and unknown items: what is on
/// hand is the sum of what the rows said, and units leave one place exactly when they enter another.
@Suite struct FeedConservationTests {
  private final class Run {
    let desk: Desk
    var random: Counter
    /// On hand by item and node, from the outcomes alone.
    var onHand: [String: Int64] = [:]
    var inbound: [String: Int64] = [:]
    var outcomes: [OutcomeCode: Int] = [:]
    var sent: [(first: UInt64, rows: [Told])] = []
    var next: UInt64 = 1

    static let items = ["A", "B", "a long key of an item", "later"]
    static let nodes = ["F1", "F2", "F3"]

    init(seed: UInt64) throws {
      desk = try Desk.small()
      random = Counter(seed: seed)
      try desk.put(Rows.items([Rows.Item(key: "a long key of an item")]))
      onHand = ["A@F1": 10, "B@F1": 4]
    }

    func pick(_ list: [String]) -> String { list[Int(random.next(below: UInt64(list.count)))] }

    func row() -> Told {
      let kinds = MovementKind.allCases
      let kind = kinds[Int(random.next(below: UInt64(kinds.count)))]
      var row = Told(
        pick(Self.items), pick(Self.nodes), kind, Int64(random.next(below: 9)))
      if kind == .adjustment { row.quantity -= 4 }
      row.reference = pick(["T1", "T2", "T3"])
      row.to = Self.nodes.first { $0 != row.node } ?? ""
      row.eta = desk.now.seconds + 100
      row.disposition = Disposition(rawValue: UInt8(random.next(below: 4))) ?? .sellable
      row.from = Disposition(rawValue: UInt8(random.next(below: 4))) ?? .sellable
      row.hold = 1
      return row
    }

    func send(_ rows: [Told], from first: UInt64) throws {
      let codes = try desk.tell(Rows.told(rows, source: "wms", from: first))
      for (row, code) in zip(rows, codes) {
        outcomes[code, default: 0] += 1
        if code == .ok || code == .holdNotClaiming { book(row) }
      }
    }

    /// What a row that was taken says, in the plainest words.
    func book(_ row: Told) {
      let here = "\(row.item)@\(row.node)"
      let key = { (node: String) in "\(row.item)@\(node)/\(row.reference)" }
      switch row.kind {
      case .receipt, .adjustment, .returned: onHand[here, default: 0] += row.quantity
      case .shipment, .shortPick: onHand[here, default: 0] -= row.quantity
      case .count, .countWithoutPicked: onHand[here] = row.quantity
      case .transferOut:
        onHand[here, default: 0] -= row.quantity
        inbound[key(row.to), default: 0] += row.quantity
      case .transferIn, .inboundReceipt:
        onHand[here, default: 0] += row.quantity
        inbound[key(row.node)] = max(0, inbound[key(row.node), default: 0] - row.quantity)
      case .inbound: inbound[key(row.node)] = row.quantity
      default: break
      }
    }

    func step() throws {
      switch random.next(below: 10) {
      case 0 where !sent.isEmpty:
        // A batch again, or its end with something new behind it.
        let old = sent[Int(random.next(below: UInt64(sent.count)))]
        let codes = try desk.tell(Rows.told(old.rows, source: "wms", from: old.first))
        #expect(codes.allSatisfy { $0 == .alreadyApplied })
      case 1:
        // From the future: refused whole.
        let refusal = desk.refusal { () throws(Refusal) in
          _ = try desk.tell(Rows.told([row()], source: "wms", from: next + 2))
        }
        #expect(refusal?.code == .sequenceGap)
      default:
        let rows = (0...random.next(below: 12)).map { _ in row() }
        try send(rows, from: next)
        sent.append((next, rows))
        next += UInt64(rows.count)
      }
      desk.now.milliseconds += Int64(random.next(below: 5000))
    }

    func compare() {
      for item in Self.items {
        for node in Self.nodes {
          let key = "\(item)@\(node)"
          #expect(Int64(desk.onHand(item, node) ?? 0) == onHand[key] ?? 0, "\(key)")
          for reference in ["T1", "T2", "T3"] {
            #expect(
              Int64(desk.inbound(reference, item, node)?.quantity ?? 0)
                == inbound["\(key)/\(reference)"] ?? 0)
          }
        }
      }
    }

    /// The journal's changes of on hand are all that was not put.
    func compareJournal() {
      var sums: [UInt64: [UInt16: Int64]] = [:]
      for index in desk.state.journal.first..<desk.state.journal.end {
        let entry = desk.state.journal[index]
        if entry.isOnHand && !entry.isReversed {
          sums[entry.item, default: [:]][entry.node, default: 0] += Int64(entry.delta)
        }
      }
      for item in Self.items {
        let token = desk.state.itemKeys.token(desk.lender.bytes(item))
        for (index, node) in Self.nodes.enumerated() {
          let put: Int64 = node == "F1" ? (item == "A" ? 10 : item == "B" ? 4 : 0) : 0
          let found = Int64(desk.onHand(item, node) ?? 0)
          #expect(found == put + (sums[token]?[UInt16(index)] ?? 0), "\(item)@\(node)")
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3])
  func onHandIsTheSumOfWhatTheRowsSaid(seed: UInt64) throws {
    let run = try Run(seed: seed)
    for step in 0..<400 {
      try run.step()
      if step % 20 == 0 { run.compare() }
    }
    run.compare()
    run.compareJournal()
    let seen = Set(run.outcomes.keys)
    #expect(
      seen.isSuperset(of: [
        .ok, .onHandNegative, .insufficientStock, .rowParked, .fieldOutOfRange, .holdNotClaiming,
      ]), "\(seen)")
    // Then everything of the source is undone: what was put is there again.
    let waiting = run.desk.source().parkedRows
    #expect(waiting > 100)
    #expect(run.desk.copied().digest() == run.desk.state.digest())
    // What waited is booked from the journal when it is driven.
    try run.desk.put(Rows.items([Rows.Item(key: "later")]))
    #expect(run.desk.source().parkedRows == 0)
    #expect(run.desk.source().drivenRows + run.desk.source().failedRows == waiting)
    run.compareJournal()
    #expect(run.desk.copied().digest() == run.desk.state.digest())
  }

  @Test func undoingEverythingLeavesWhatWasPut() throws {
    let desk = try Desk.small()
    var random = Counter(seed: 9)
    var rows: [Told] = []
    for index in 0..<300 {
      let kind: MovementKind = index % 3 == 0 ? .returned : index % 3 == 1 ? .receipt : .adjustment
      rows.append(
        Told(
          random.next(below: 2) == 0 ? "A" : "B", "F\(random.next(below: 3) + 1)", kind,
          Int64(random.next(below: 9))
        ).with { $0.disposition = .unfulfillable })
    }
    try desk.tell(Rows.told(rows, source: "wms", from: 1))
    let reply = try desk.reverse("wms", 1, 300)
    #expect(reply.reversedRows == 300 && reply.keptRows == 0)
    #expect(desk.onHand("A", "F1") == 10 && desk.onHand("B", "F1") == 4)
    #expect(desk.parts("B", "F1")?.unfulfillable == 1 && desk.parts("A", "F1")?.isZero == true)
    for node in ["F2", "F3"] {
      #expect((desk.onHand("A", node) ?? 0) == 0 && (desk.onHand("B", node) ?? 0) == 0)
    }
  }

  /// A snapshot taken while the journal goes on, forgets and is reversed is of one instant.
  @Test func theJournalOfAnExportIsAPointInTime() throws {
    let desk = Desk(state: State(journalRows: 131_072))
    try desk.put(Rows.nodes(["F1"]))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A")]))
    desk.isAudited = false
    func feed(_ count: Int) throws {
      try desk.feed(
        Array(repeating: ("A", "F1", .receipt, 1), count: count),
        from: desk.state.lastSequence(of: Name("wms")) + 1)
    }
    try feed(60_000)
    try feed(60_000)
    let digest = desk.state.digest()
    let (position, time) = (desk.position, desk.now)
    desk.state.beginExport()
    var blocks: [StateBlock] = []
    for _ in 0..<3 { if let block = desk.state.nextExportBlock() { blocks.append(block) } }
    // The oldest entries are forgotten before their turn, then rows are undone.
    try feed(60_000)
    _ = try desk.reverse("wms", 100_000, 110_000)
    while let block = desk.state.nextExportBlock() { blocks.append(block) }
    let copy = State(journalRows: 131_072)
    for block in blocks { copy.importBlock(block) }
    copy.finishImport(position: position, time: time)
    #expect(copy.digest() == digest && copy.counters.journalRows == 120_000)
    #expect(desk.state.digest() != digest)
  }
}
