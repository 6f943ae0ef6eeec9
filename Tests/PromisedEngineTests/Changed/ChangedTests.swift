import PromisedModel
import Testing

@testable import PromisedEngine

/// What changed with a publication is what brute force over every pair finds.
@Suite struct ChangedTests {
  struct Row: Equatable {
    var item: String
    var zone: String
    var daysBefore: Int32
    var daysAfter: Int32
    var toBefore: Int64
    var toAfter: Int64
  }

  /// Six centres, three sort centres, five stations; legs and lanes at random.
  static func rows(_ random: inout SplitMix) -> NetworkRows {
    var rows = s4Rows()
    rows.legs = []
    rows.waves = []
    rows.zones = []
    rows.nodes = (0..<6).map {
      node(
        "F\($0)", .fulfilmentCentre, calendar: random.below(3) == 0 ? "shift" : "always",
        processing: Int32(random.below(4) * 60))
    }
    for index in 0..<3 { rows.nodes.append(node("S\(index)", .sortCentre, dwell: 60)) }
    for index in 0..<5 {
      rows.nodes.append(node("D\(index)", .station, dwell: 30))
      rows.waves.append(wave("D\(index)", cutoff: 300, from: 540, to: 780))
      if random.below(2) == 0 {
        rows.waves.append(wave("D\(index)", cutoff: 800, from: 900, to: 1200))
      }
      rows.zones.append(prefix("\(10 + index)", zone: "Z\(index)", station: "D\(index)"))
    }
    for number in 0..<26 { rows.legs.append(randomLeg("L\(number)", &random)) }
    rows.zones.append(prefix("20", zone: "far", station: ""))
    for index in 0..<4 {
      rows.lanes.append(
        lane(
          "F\(index)", "Ground", random.below(2) == 0 ? "far" : "Z\(random.below(5))",
          cutoff: random.below(1400),
          transit: [(UInt8(1 + random.below(2)), 60_000), (UInt8(3 + random.below(3)), 5535)]))
    }
    for index in rows.lanes.indices where random.below(3) == 0 {
      rows.lanes[index].level = ServiceLevel.allCases[random.below(4)]
      rows.lanes[index].carrier = Name("Carrier")
    }
    return rows
  }

  static func randomLeg(_ name: String, _ random: inout SplitMix) -> Leg {
    let isFirst = random.below(2) == 0
    let from = isFirst ? "F\(random.below(6))" : "S\(random.below(3))"
    let to = random.below(3) == 0 && isFirst ? "S\(random.below(3))" : "D\(random.below(5))"
    var row = leg(
      name, from, to, at: random.below(1440), lasting: 30 + random.below(900),
      weekdays: random.below(4) == 0 ? weekdaysOnly : everyDay)
    if random.below(2) == 0 { row.level = ServiceLevel.allCases[random.below(4)] }
    if random.below(3) == 0 { row.mode = .air }
    if random.below(3) == 0 { row.refuses = .oversize }
    return row
  }

  static func desk(_ random: inout SplitMix, items: Int) throws -> Desk {
    let desk = Desk()
    desk.now = UnixMilliseconds(utc(2026, 1, 13, 6) * 1000 + Int64(random.below(86_400_000)))
    try desk.put(.network(rows(&random)))
    guard case .sellers(var sellers) = Rows.sellers(["S1", "S2"]) else { return desk }
    for index in sellers.indices { sellers[index].marketplace = Name("us") }
    try desk.put(.sellers(sellers))
    guard
      case .items(var list) = Rows.items(
        (0..<items).map { Rows.Item(key: "I\($0)", seller: $0 % 3 == 0 ? "S2" : "S1") })
    else { return desk }
    for index in 0..<items {
      list.handlingMinutes[index] = Int32([0, 0, 60, 300][random.below(4)])
    }
    try desk.put(.items(list))
    var stock: [(String, String, Int32, Int32, Int32)] = []
    for index in 0..<items {
      for centre in 0..<6 where random.below(3) == 0 {
        stock.append(("I\(index)", "F\(centre)", Int32(random.below(3)), 0, 0))
      }
    }
    try desk.put(Rows.positions(stock))
    return desk
  }

  static func publish(_ desk: Desk, epoch: UInt64) {
    let base = Horizon.base(at: desk.now)
    let publication = ProfilePublication(epoch: epoch, horizonBaseUnixSeconds: base)
    desk.apply(.profilePublished(publication))
    desk.state.publish(
      ProfileBuild.catalogue(image: desk.state.network.image(), horizonBase: base), publication)
  }

  private func ask(
    _ desk: Desk, since: UInt64, size: Int32, token: [UInt8] = [], level: ServiceLevel = .standard,
    confidence: ConfidenceLevel = .usual
  ) throws(Refusal) -> ChangedReply {
    var reply = ChangedReply()
    let bytes = desk.lender.column(token)
    try desk.state.answer(
      ChangedQuery(
        sinceEpoch: since, level: level, confidence: confidence,
        pageToken: token.isEmpty ? .empty : BorrowedBytes(base: bytes.base, count: bytes.count),
        pageSize: size), at: desk.now, into: &reply)
    return reply
  }

  private func list(_ reply: ChangedReply) -> [Row] {
    reply.items.withKeyColumn { keys in
      var offset = 0
      return (0..<keys.count).map { row in
        Row(
          item: keys.key(row, at: &offset).name.description,
          zone: reply.zones[Int(reply.zoneIndexes[row])].description,
          daysBefore: reply.daysBefore[row], daysAfter: reply.daysAfter[row],
          toBefore: reply.windowToBefore[row], toAfter: reply.windowToAfter[row])
      }
    }
  }

  /// Every pair by the decision itself; also how many pairs there are.
  private func brute(
    _ desk: Desk, _ level: ServiceLevel, _ confidence: ConfidenceLevel
  ) throws -> (rows: [Row], pairs: UInt64) {
    let state = desk.state
    let before = try #require(state.previous).profiles
    let after = try state.answeringCatalogue(at: desk.now)
    var found: [Row] = []
    var pairs: UInt64 = 0
    for destination in 0..<UInt32(state.network.destinations.count) {
      for slot in 0..<state.positions.totalSlots where state.positions.key(slot) != 0 {
        var (nodes, units): ([UInt16], [Int64]) = ([], [])
        for place in 0..<state.positions.rowCount(slot) {
          nodes.append(state.positions.nodes(slot)[place])
          units.append(state.positions.rows(slot)[place].available)
        }
        if !units.contains(where: { $0 > 0 }) { continue }
        pairs += 1
        let item = state.attributes[Int(state.positions.attribute(slot))]
        var subject = OfferSubject(
          item: state.positions.key(slot), seller: nil, destination: destination,
          terms: PromiseTerms(level: level, confidence: confidence))
        subject.take(item)
        let (old, new) = (
          decide(state, nodes, units, subject, before, at: desk.now),
          decide(state, nodes, units, subject, after, at: desk.now)
        )
        if old.map({ ComparedWindow($0) }) == new.map({ ComparedWindow($0) }) { continue }
        found.append(
          Row(
            item: state.itemKeys.name(subject.item).description,
            zone: state.network.zoneName(of: destination).name.description,
            daysBefore: old?.deliveryDate.days ?? 0, daysAfter: new?.deliveryDate.days ?? 0,
            toBefore: old?.windowToUnixSeconds ?? 0, toAfter: new?.windowToUnixSeconds ?? 0))
      }
    }
    return (found, pairs)
  }

  private func decide(
    _ state: State, _ nodes: [UInt16], _ units: [Int64], _ subject: OfferSubject,
    _ catalogue: ProfileCatalogue, at now: UnixMilliseconds
  ) -> Offer? {
    nodes.withUnsafeBufferPointer { nodes in
      units.withUnsafeBufferPointer { units in
        let candidates = StockCandidates(nodes: Column(nodes), available: Column(units))
        let profiles = OfferProfiles(catalogue, subject.terms, pending: nil)
        let own = profiles.decideWithReason(candidates, subject, at: now)
        let overruling = state.overrule(own, candidates, subject, profiles, at: now)
        guard case .offer(let offer) = overruling?.decision ?? own else { return nil }
        return offer
      }
    }
  }

  /// Closes, adds and shifts some legs, or changes a centre's processing.
  private func change(_ desk: Desk, _ random: inout SplitMix) throws {
    var rows = desk.state.network.exportRows()
    var changed = NetworkRows()
    for _ in 0..<(1 + random.below(4)) {
      var leg = rows.legs[random.below(rows.legs.count)]
      if random.below(3) == 0 { leg.calendar = Name("never") } else { leg.departureMinute = 700 }
      changed.legs.append(leg)
    }
    if random.below(2) == 0 { changed.legs.append(Self.randomLeg("new", &random)) }
    if random.below(3) == 0 {
      rows.nodes[random.below(6)].processingMinutes += 120
      changed.nodes = rows.nodes
    }
    if random.below(4) == 0 {
      changed.zones = [prefix("30", zone: "late", station: "D0")]
    }
    try desk.put(.network(changed))
  }

  private func addOverrides(_ desk: Desk, _ random: inout SplitMix) throws {
    for _ in 0..<random.below(5) {
      var row = Override()
      row.action = random.below(2) == 0 ? .block : .force
      row.reason = Name("test")
      row.author = Name("ann")
      row.node = Name("F\(random.below(6))")
      switch random.below(6) {
      case 0: row.item = Name("I\(random.below(30))")
      case 1: row.seller = Name("S2")
      case 2: row.zone = Name("Z\(random.below(5))")
      case 3:
        row.leg = Name("L\(random.below(26))")
        row.node = .empty
      case 4:
        row.item = Name("I\(random.below(30))")
        row.zone = Name("Z\(random.below(5))")
      default: break
      }
      desk.apply(
        try desk.state.decide(
          OverrideCommand(key: desk.command(""), override: row), at: desk.now))
    }
  }

  @Test func everyChangedPairAndNoOther() throws {
    var (changes, gone, withOverrides) = (0, 0, 0)
    for seed in 0..<12 {
      var random = SplitMix(UInt64(seed) &+ 77)
      let desk = try Self.desk(&random, items: 30)
      if seed % 2 == 1 { try addOverrides(desk, &random) }
      Self.publish(desk, epoch: 1)
      try change(desk, &random)
      // Part of the time the day has changed in between.
      if seed % 5 == 4 { desk.now.milliseconds += 86_400_000 }
      Self.publish(desk, epoch: 2)
      let level = ServiceLevel.allCases[random.below(4)]
      let confidence = ConfidenceLevel.allCases[random.below(5)]
      let expected = try brute(desk, level, confidence)
      let whole = try ask(
        desk, since: 1, size: 100_000, level: level, confidence: confidence)
      #expect(list(whole) == expected.rows, "seed \(seed)")
      #expect(whole.pairCount == UInt64(expected.rows.count), "seed \(seed)")
      #expect(whole.pairsCompared == expected.pairs && whole.nextPageToken.isEmpty)
      #expect(whole.fromEpoch == 1 && whole.toEpoch == 2)
      // By pages, whose counts are those of the whole, at the time of the first.
      var paged: [Row] = []
      var token: [UInt8] = []
      let time = desk.now
      repeat {
        let page = try ask(
          desk, since: 1, size: 7, token: token, level: level, confidence: confidence)
        #expect(page.pairCount == whole.pairCount && page.pairsCompared == whole.pairsCompared)
        paged += list(page)
        token = page.nextPageToken
        #expect(token.isEmpty || page.items.count == 7)
        desk.now.milliseconds += 90_000
      } while !token.isEmpty
      #expect(paged == expected.rows, "pages of seed \(seed)")
      desk.now = time
      changes += expected.rows.count
      gone += expected.rows.count { $0.toAfter == 0 }
      if !desk.state.overrides.isEmpty { withOverrides += expected.rows.count }
    }
    // The comparison must not have become empty.
    #expect(changes > 80 && gone > 3 && withOverrides > 20, "\(changes) \(gone) \(withOverrides)")
  }

  @Test func onlyTheEpochBeforeIsKept() throws {
    var random = SplitMix(5)
    let desk = try Self.desk(&random, items: 3)
    func code(_ since: UInt64, size: Int32 = 10, token: [UInt8] = []) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in
        _ = try ask(desk, since: since, size: size, token: token)
      }?.code
    }
    #expect(code(0) == .networkNotReady)
    Self.publish(desk, epoch: 1)
    #expect(code(0) == .epochNotKept && code(1) == .epochNotKept)
    Self.publish(desk, epoch: 2)
    #expect(code(1) == nil && code(0) == .epochNotKept && code(2) == .epochNotKept)
    #expect(code(1, size: 0) == .fieldOutOfRange && code(1, size: 100_001) == .fieldOutOfRange)
    #expect(code(1, token: [1]) == .fieldOutOfRange)
    var page = ChangedPage(epoch: 2, at: desk.now)
    #expect(code(1, token: page.token) == nil)
    page.destination = .max
    #expect(code(1, token: page.token) == nil)
    page.at.milliseconds += 1
    #expect(code(1, token: page.token) == .fieldOutOfRange)
    page.at = UnixMilliseconds(.min)
    #expect(code(1, token: page.token) == .fieldOutOfRange)
    #expect(code(1, token: ChangedPage(epoch: 1, at: desk.now).token) == .epochNotKept)
    // Nothing changed between two publications of one network.
    let same = try ask(desk, since: 1, size: 10)
    #expect(same.pairCount == 0 && same.pairsCompared > 0 && same.items.count == 0)
    // A network that was replaced names other destinations.
    desk.state.replaceNetwork(with: desk.state.network.emptied())
    #expect(desk.state.previous == nil)
  }
}
