import PromisedModel
import Testing

@testable import PromisedEngine

/// Explanations are of the decision that offers make, and each change they name gives what they
/// say.
@Suite struct ExplainTests {
  static let items = 12

  static func question(
    _ item: String, _ postcode: String, quantity: Int32 = 1, level: ServiceLevel = .standard,
    confidence: ConfidenceLevel = .usual
  ) -> OfferQuestion {
    OfferQuestion(
      item: Name(item), quantity: quantity, country: Name("US"), postcode: Name(postcode),
      level: level, confidence: confidence)
  }

  static func randomQuestion(_ random: inout SplitMix) -> OfferQuestion {
    question(
      "I\(random.below(items))",
      ["10001", "11001", "12001", "13001", "14001", "20001"][random.below(6)],
      quantity: Int32(1 + random.below(2)), level: ServiceLevel.allCases[random.below(4)],
      confidence: ConfidenceLevel.allCases[random.below(5)])
  }

  static func offer(_ desk: Desk, _ question: OfferQuestion) throws(Refusal) -> OfferReply {
    var reply = OfferReply()
    try desk.state.answer(
      OfferQuery(
        items: desk.lender.keys([question.item.description]),
        quantities: desk.lender.column([question.quantity]), country: desk.lender.bytes("US"),
        postcodes: desk.lender.names([question.postcode.description]), withPath: true,
        levels: desk.lender.column([question.level.rawValue]), confidence: question.confidence),
      at: desk.now, into: &reply)
    return reply
  }

  private func override(
    _ desk: Desk, _ action: OverrideAction, _ fill: (inout Override) -> Void
  ) throws(Refusal) {
    var row = Override()
    row.action = action
    row.reason = Name("test")
    row.author = Name("ann")
    fill(&row)
    desk.apply(
      try desk.state.decide(OverrideCommand(key: desk.command(""), override: row), at: desk.now))
  }

  private func addOverrides(_ desk: Desk, _ random: inout SplitMix) throws {
    for _ in 0..<6 {
      try override(desk, random.below(3) == 0 ? .force : .block) {
        switch random.below(4) {
        case 0: $0.item = Name("I\(random.below(Self.items))")
        case 1: $0.zone = Name("Z\(random.below(5))")
        case 2: $0.leg = Name("L\(random.below(26))")
        default: $0.seller = Name("S2")
        }
        $0.node = $0.leg.isEmpty ? Name("F\(random.below(6))") : .empty
      }
    }
  }

  @Test func theDecisionIsThatOfTheOffer() throws {
    var (offers, refusals) = (0, 0)
    for seed in 0..<8 {
      var random = SplitMix(UInt64(seed) &+ 1000)
      let desk = try ChangedTests.desk(&random, items: Self.items)
      ChangedTests.publish(desk, epoch: 4)
      if seed % 2 == 0 { try addOverrides(desk, &random) }
      for _ in 0..<400 {
        desk.now.milliseconds += Int64(random.below(600_000))
        let question = Self.randomQuestion(&random)
        let reply = try Self.offer(desk, question)
        let why = try desk.state.explain(question, at: desk.now)
        #expect(UInt32(why.code.rawValue) == reply.codes[0])
        #expect(why.position == desk.position && why.decidedAt == desk.now)
        #expect(why.profileEpoch == 4)
        let chosen = why.candidates.filter { $0.fate == .chosen }
        if reply.codes[0] != 0 {
          refusals += 1
          #expect(chosen.isEmpty && why.node.isEmpty && why.steps.isEmpty)
          continue
        }
        offers += 1
        #expect(why.node == reply.nodeNames[Int(reply.nodes[0])].name)
        #expect(why.windowFromUnixSeconds == reply.windowFromUnixSeconds[0])
        #expect(why.windowToUnixSeconds == reply.windowToUnixSeconds[0])
        #expect(why.windowUTCOffsetSeconds == reply.windowUTCOffsetSeconds[0])
        #expect(why.deliveryDays == reply.deliveryDays[0])
        #expect(why.orderByUnixSeconds == reply.orderByUnixSeconds[0])
        #expect(why.orderByUTCOffsetSeconds == reply.orderByUTCOffsetSeconds[0])
        #expect(UInt32(why.chance) == reply.confidences[0])
        #expect(chosen.map(\.node) == [why.node] && why.candidates[0].fate == .chosen)
        #expect(chosen[0].windowToUnixSeconds == why.windowToUnixSeconds)
        #expect(why.steps.count == Int(reply.legCounts[0]))
        checkSteps(why)
      }
    }
    #expect(offers > 1000 && refusals > 100, "\(offers) \(refusals)")
  }

  /// Slack is what lies between being ready and leaving, never less than nothing.
  private func checkSteps(_ why: Explanation) {
    for (index, step) in why.steps.enumerated() {
      #expect(step.slackMinutes >= 0)
      if index == 0 {
        #expect(step.from == why.node && step.departureUnixSeconds == why.shipByUnixSeconds)
        let ready = why.candidates[0].readyUnixSeconds
        #expect(step.slackMinutes == (step.departureUnixSeconds - ready) / 60)
      } else {
        #expect(step.from == why.steps[index - 1].to)
        let dwell: Int64 = step.from.description.hasPrefix("S") ? 60 : 30
        let arrived = why.steps[index - 1].arrivalUnixSeconds
        #expect(step.slackMinutes == (step.departureUnixSeconds - arrived) / 60 - dwell)
      }
    }
  }

  @Test func everyFateIsTrue() throws {
    var seen: [CandidateFate: Int] = [:]
    for seed in 0..<9 {
      var random = SplitMix(UInt64(seed) &+ 500)
      let desk = try ChangedTests.desk(&random, items: Self.items)
      ChangedTests.publish(desk, epoch: 1)
      if seed % 2 == 0 { try addOverrides(desk, &random) }
      for _ in 0..<60 {
        desk.now.milliseconds += Int64(random.below(4_000_000))
        let question = Self.randomQuestion(&random)
        let why = try desk.state.explain(question, at: desk.now)
        for candidate in why.candidates {
          seen[candidate.fate, default: 0] += 1
          try check(candidate, why, desk)
        }
      }
    }
    for fate: CandidateFate in [.chosen, .noStock, .override, .slower, .tie, .noRoute] {
      #expect(seen[fate, default: 0] > 2, "\(fate): \(seen)")
    }
  }

  private func check(_ candidate: CandidateTrace, _ why: Explanation, _ desk: Desk) throws {
    let hasStock = candidate.available >= Int64(why.question.quantity)
    #expect((candidate.fate == .noStock) == !hasStock)
    let (basis, _) = try desk.state.basis(
      of: why.question, at: desk.now, desk.state.answeringCatalogue(at: desk.now))
    let node = try #require(desk.state.nodeIndex(candidate.node))
    let alone = basis.answer(of: node)
    let stands: [CandidateFate] = [.legClosed, .nodeFull, .level, .restriction]
    if !stands.contains(candidate.fate) {
      #expect(candidate.windowToUnixSeconds == alone?.windowToUnixSeconds ?? 0)
    }
    /// What it would promise, were one of the terms another.
    func expect(_ change: (inout PromiseTerms) -> Void) {
      var other = basis
      change(&other.subject.terms)
      other.profiles = other.profiles.changed(other.subject.terms)
      let would = other.answer(of: node)
      #expect(alone == nil && would?.windowToUnixSeconds == candidate.windowToUnixSeconds)
    }
    switch candidate.fate {
    case .slower:
      #expect(candidate.byMinutes > 0)
      if candidate.windowToUnixSeconds > why.windowToUnixSeconds {
        let later = (candidate.windowToUnixSeconds - why.windowToUnixSeconds) / 60
        #expect(candidate.byMinutes == later)
      }
    case .tie: #expect(candidate.windowToUnixSeconds == why.windowToUnixSeconds)
    case .override:
      let id = UInt64(candidate.subject.description) ?? 0
      #expect(why.overrides.contains(id))
    case .level: expect { $0.tier.level = .twoHour }
    case .restriction: expect { $0.tier.restrictions = [] }
    case .noRoute:
      let view = basis.profiles.set.view(basis.subject.destination)
      let row = view.row(rank: basis.profiles.set.rank(of: node))
      #expect(alone == nil && row.start == row.end)
    default: break
    }
  }

  @Test func everyChangeGivesWhatItSays() throws {
    var seen: [CounterfactualKind: Int] = [:]
    for seed in 0..<8 {
      var random = SplitMix(UInt64(seed) &+ 9000)
      let desk = try ChangedTests.desk(&random, items: Self.items)
      ChangedTests.publish(desk, epoch: 1)
      if seed % 2 == 0 { try addOverrides(desk, &random) }
      for _ in 0..<40 {
        desk.now.milliseconds += Int64(random.below(4_000_000))
        let question = Self.randomQuestion(&random)
        let why = try desk.state.explain(question, at: desk.now)
        var gain = Int64.max
        for change in why.counterfactuals {
          #expect(change.gainMinutes > 0 && change.gainMinutes <= gain)
          gain = change.gainMinutes
          if why.code == .ok {
            #expect(
              change.gainMinutes == (why.windowToUnixSeconds - change.windowToUnixSeconds) / 60)
          }
          seen[change.kind, default: 0] += 1
          try apply(change, why, desk)
        }
      }
    }
    for kind: CounterfactualKind in [
      .orderedEarlier, .stockThere, .withoutOverride, .lowerConfidence, .fasterLevel,
    ] {
      #expect(seen[kind, default: 0] > 2, "\(kind): \(seen)")
    }
  }

  /// Makes the one change in the state, asks again, and takes it back.
  private func apply(_ change: Counterfactual, _ why: Explanation, _ desk: Desk) throws {
    let question = why.question
    func expect(_ reply: borrowing OfferReply) {
      let found = [
        Int64(reply.codes[0]), reply.windowFromUnixSeconds[0], reply.windowToUnixSeconds[0],
        Int64(reply.deliveryDays[0]),
      ]
      let said = [
        0, change.windowFromUnixSeconds, change.windowToUnixSeconds, Int64(change.deliveryDays),
      ]
      #expect(found == said, "\(change) of \(question)")
    }
    switch change.kind {
    case .orderedEarlier:
      let now = desk.now
      desk.now = UnixMilliseconds(change.atUnixSeconds * 1000)
      expect(try Self.offer(desk, question))
      // A millisecond later it is as late as ever: no smaller change helps.
      desk.now.milliseconds += 1
      let later = try Self.offer(desk, question)
      if why.code == .ok {
        #expect(later.windowToUnixSeconds[0] >= why.windowToUnixSeconds)
      } else {
        #expect(later.codes[0] != 0)
      }
      desk.now = now
      let minutes = (now.milliseconds - change.atUnixSeconds * 1000 + 59_999) / 60_000
      #expect(change.minutes == minutes && change.minutes > 0)
    case .stockThere:
      let item = question.item.description
      let before = desk.row(item, change.subject.description)?.onHand ?? 0
      try desk.put(
        Rows.positions([(item, change.subject.description, question.quantity, 0, 0)]))
      expect(try Self.offer(desk, question))
      try desk.put(Rows.positions([(item, change.subject.description, before, 0, 0)]))
    case .withoutOverride:
      let id = UInt64(change.subject.description) ?? 0
      let place = try #require(desk.state.overrides.place(of: id))
      let kept = desk.state.overrides.rows
      desk.state.overrides.remove(at: place)
      desk.state.resolveOverrides()
      expect(try Self.offer(desk, question))
      while !desk.state.overrides.isEmpty { desk.state.overrides.remove(at: 0) }
      desk.state.resolveOverrides()
      desk.state.importOverrides(kept)
    case .lowerConfidence:
      var other = question
      other.confidence = try #require(ConfidenceLevel(atLeast: change.chance))
      expect(try Self.offer(desk, other))
    case .fasterLevel:
      var other = question
      other.level = change.level
      expect(try Self.offer(desk, other))
    case .unitsThere, .nodeHeardOf:
      Issue.record("nothing comes here, and no node is silent")
    case .legOpen, .roomThere:
      let kind: DepartureChangeKind = change.kind == .legOpen ? .reopened : .roomAgain
      let kept = desk.state.network.changes
      let catalogue = try #require(desk.state.profiles)
      for row in Self.changes(kind, of: change.subject, desk) { desk.state.network.append(row) }
      Self.patch(desk)
      expect(try Self.offer(desk, question))
      desk.state.network.restore(changes: kept, lastChange: desk.state.network.lastChange)
      desk.state.publish(catalogue, desk.state.publication)
    }
  }

  /// A change of a leg, or of the waves of a station, on every date.
  private static func changes(
    _ kind: DepartureChangeKind, of subject: Name, _ desk: Desk
  ) -> [DepartureChange] {
    if desk.state.network.legNames.index(of: subject) != nil {
      return [
        DepartureChange(subject: .leg, name: subject, fromDays: 0, toDays: .max, kind: kind)
      ]
    }
    return desk.state.network.exportRows().waves.filter { $0.station == subject }.map {
      DepartureChange(
        subject: .wave, name: subject, minute: $0.cutoffMinute, fromDays: 0, toDays: .max,
        kind: kind)
    }
  }

  /// Profiles that know of all changes.
  private static func patch(_ desk: Desk) {
    guard let old = desk.state.profiles else { return }
    desk.state.publish(
      ProfileBuild.patch(old, image: desk.state.network.image()), desk.state.publication)
  }

  @Test func whatIsClosedLateOrFullIsNamedAndReopeningItIsTrue() throws {
    var seen: [CounterfactualKind: Int] = [:]
    var (fates, constraints) = (0, 0)
    for seed in 0..<6 {
      var random = SplitMix(UInt64(seed) &+ 333)
      let desk = try ChangedTests.desk(&random, items: Self.items)
      ChangedTests.publish(desk, epoch: 1)
      for number in 0..<26 where random.below(2) == 0 {
        let kind: DepartureChangeKind = [.closed, .delayed, .full][random.below(3)]
        desk.state.network.append(
          DepartureChange(
            subject: .leg, name: Name("L\(number)"), fromDays: 0, toDays: .max, kind: kind,
            delayMinutes: kind == .delayed ? Int32(30 + random.below(300)) : 0))
      }
      if seed % 3 == 0 {
        let wave = desk.state.network.exportRows().waves[0]
        desk.state.network.append(
          DepartureChange(
            subject: .wave, name: wave.station, minute: wave.cutoffMinute, fromDays: 0,
            toDays: .max, kind: .closed))
      }
      Self.patch(desk)
      for _ in 0..<30 {
        desk.now.milliseconds += Int64(random.below(4_000_000))
        let question = Self.randomQuestion(&random)
        let why = try desk.state.explain(question, at: desk.now)
        for candidate in why.candidates where candidate.fate == .legClosed {
          fates += 1
          let isLeg = desk.state.network.legNames.index(of: candidate.subject) != nil
          #expect(isLeg || desk.state.nodeIndex(candidate.subject) != nil)
          #expect(candidate.windowToUnixSeconds > 0)
          let (basis, _) = try desk.state.basis(
            of: question, at: desk.now, desk.state.answeringCatalogue(at: desk.now))
          let node = try #require(desk.state.nodeIndex(candidate.node))
          if basis.answer(of: node) != nil {
            #expect(candidate.windowToUnixSeconds <= why.windowToUnixSeconds)
          }
        }
        if why.constraint == .legClosed { constraints += 1 }
        for change in why.counterfactuals {
          seen[change.kind, default: 0] += 1
          try apply(change, why, desk)
        }
      }
    }
    let (open, room) = (seen[.legOpen, default: 0], seen[.roomThere, default: 0])
    #expect(open > 5 && room > 2 && fates > 5 && constraints > 5, "\(seen) \(fates) \(constraints)")
  }

  @Test func aMissedCutoffIsNamed() throws {
    let desk = try StateOfferTests.desk()
    // Monday 19:30: FC1's last order of today was at 19:00, FC2's is at 20:00.
    desk.now = UnixMilliseconds(1_790_019_000_000)
    StateOfferTests.publish(desk)
    let three = try desk.state.explain(Self.question("A", "98109", quantity: 3), at: desk.now)
    #expect(three.node == Name("FC1") && three.zone == Name("Z") && three.station == Name("DS"))
    #expect(three.candidates.map(\.fate) == [.chosen, .noStock])
    #expect(three.candidates.map(\.available) == [5, 2])
    // Stock in FC2 and half an hour each would have given the day before; stock is the rarer cause.
    #expect(three.counterfactuals.map(\.kind) == [.orderedEarlier, .stockThere])
    #expect(three.counterfactuals.map(\.gainMinutes) == [1440, 1440])
    #expect(three.counterfactuals[0].minutes == 30)
    #expect(three.counterfactuals[0].atUnixSeconds == desk.now.seconds - 1800)
    #expect(three.counterfactuals[1].subject == Name("FC2"))
    #expect(three.constraint == .stock && three.constraintSubject == Name("FC2"))
    // Ready at 20:30, and the truck leaves at 20:00 of the next day.
    #expect(three.steps.map(\.slackMinutes) == [23 * 60 + 30])
    #expect(three.steps[0].fromTitle == Name("Town of FC1") && three.steps[0].unitsLeft == -1)

    let one = try desk.state.explain(Self.question("A", "98109"), at: desk.now)
    #expect(one.node == Name("FC2") && one.candidates.map(\.fate) == [.chosen, .slower])
    #expect(one.candidates[1].byMinutes == 1440)
    #expect(one.steps.map(\.slackMinutes) == [30])
    #expect(one.constraint == .cutoff && one.constraintSubject == Name("FC2"))

    try override(desk, .block) { $0.node = Name("FC2") }
    let blocked = try desk.state.explain(Self.question("A", "98109"), at: desk.now)
    #expect(blocked.node == Name("FC1") && blocked.candidates.map(\.fate) == [.chosen, .override])
    #expect(blocked.constraint == .override)
    #expect(blocked.constraintSubject == Name("\(desk.position)"))
    #expect(blocked.overrides == [desk.position])
    // What it would have promised is still said.
    #expect(blocked.candidates[1].windowToUnixSeconds == one.windowToUnixSeconds)
    // Explaining is not deciding: it counts nothing.
    #expect(desk.state.overrides.row(0).consulted == 0)
  }

  @Test func whatMayNotTravelIsNamed() throws {
    let desk = try StateOfferTests.desk()
    var rows = NetworkRows()
    rows.legs = desk.state.network.exportRows().legs
    rows.legs[0].level = .expedited
    rows.legs[1].mode = .air
    try desk.put(.network(rows))
    guard case .items(var items) = Rows.items([Rows.Item(key: "A")]) else { return }
    items.restrictions = [ItemRestrictions.hazmat.rawValue]
    try desk.put(.items(items))
    StateOfferTests.publish(desk)
    let why = try desk.state.explain(Self.question("A", "98109"), at: desk.now)
    #expect(why.code == .restrictionForbids && why.node.isEmpty)
    #expect(why.constraint == .restriction)
    let fates = why.candidates.map { "\($0.node) \($0.fate)" }.sorted()
    #expect(fates == ["FC1 level", "FC2 restriction"])
    // What they would promise is said, and the level is what can be changed.
    #expect(why.candidates.allSatisfy { $0.windowToUnixSeconds > 0 })
    #expect(why.counterfactuals.map(\.kind) == [.fasterLevel])
    #expect(why.counterfactuals[0].level == .expedited)
    try apply(why.counterfactuals[0], why, desk)
  }

  @Test func aFullNodeIsNamed() throws {
    let desk = try StateOfferTests.desk()
    // Monday 18:30: there is time for the truck of 20:00, and FC1 takes on nothing until then.
    desk.now = UnixMilliseconds(1_790_015_400_000)
    var rows = NetworkRows()
    rows.nodes = desk.state.network.exportRows().nodes.filter { $0.name == Name("FC1") }
    rows.nodes[0].unitsPerHour = 10
    try desk.put(.network(rows))
    StateOfferTests.publish(desk)
    let first = try desk.state.explain(Self.question("A", "98109", quantity: 3), at: desk.now)
    let node = try #require(desk.state.nodeIndex(Name("FC1")))
    func close(_ isClosed: Bool) {
      for hour in [Int64(1_790_013_600), 1_790_017_200] {
        let slot = desk.state.buckets.insert(
          BucketKey(
            kind: BucketKind.nodeHour.rawValue, index: UInt32(node), atUnixSeconds: hour))
        desk.state.buckets.setClosed(slot, at: isClosed ? 1 : 0)
      }
    }
    close(true)
    let why = try desk.state.explain(Self.question("A", "98109", quantity: 3), at: desk.now)
    #expect(why.windowToUnixSeconds == first.windowToUnixSeconds + 86_400)
    #expect(why.constraint == .nodeFull && why.constraintSubject == Name("FC1"))
    let room = try #require(why.counterfactuals.first { $0.kind == .roomThere })
    #expect(room.subject == Name("FC1") && room.windowToUnixSeconds == first.windowToUnixSeconds)
    let earlier = try #require(why.counterfactuals.first { $0.kind == .orderedEarlier })
    #expect(earlier.minutes == 31 && earlier.windowToUnixSeconds == first.windowToUnixSeconds)
    try apply(earlier, why, desk)
    // One unit: FC2 makes it, and FC1 would have been as good.
    let one = try desk.state.explain(Self.question("A", "98109"), at: desk.now)
    #expect(one.node == Name("FC2") && one.candidates.map(\.fate) == [.chosen, .nodeFull])
    #expect(one.candidates[1].byMinutes == 90)
    close(false)
    let open = try desk.state.explain(Self.question("A", "98109", quantity: 3), at: desk.now)
    #expect(open.windowToUnixSeconds == room.windowToUnixSeconds)
  }

  @Test func questionsThatCannotBeAreRefused() throws {
    let desk = try StateOfferTests.desk()
    func code(_ question: OfferQuestion) -> OutcomeCode? {
      desk.refusal { () throws(Refusal) in
        _ = try desk.state.explain(question, at: desk.now)
      }?.code
    }
    #expect(code(Self.question("A", "98109")) == .networkNotReady)
    StateOfferTests.publish(desk)
    #expect(code(Self.question("A", "98109")) == nil)
    #expect(code(Self.question("A", "98109", quantity: 0)) == .fieldOutOfRange)
    #expect(code(Self.question("A", "98109", quantity: .max)) == .fieldOutOfRange)
    #expect(code(Self.question("Q", "98109")) == .itemUnknown)
    #expect(code(Self.question("A", "10001")) == .postcodeUnknown)
    var empty = Self.question("A", "98109")
    empty.item = .empty
    #expect(code(empty) == .itemUnknown)
  }
}
