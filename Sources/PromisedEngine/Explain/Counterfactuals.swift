import PromisedInvariants
import PromisedModel

/// The smallest single changes that would have given an earlier window. Each changes one thing, and
/// the decision is made again with it, by the same code.
extension DecisionTrace {
  /// Nodes without stock that are reported.
  private static var stockPlaces: Int { 3 }
  /// Order times that are tried, latest first.
  private static var orderTimes: Int { 64 }
  /// Hours back in which a node may have become full.
  private static var fullHours: Int { 72 }

  mutating func tellCounterfactuals() {
    orderedEarlier()
    stockThere()
    unitsThere()
    silentNodesHeardOf()
    roomThere()
    departuresOpen()
    withoutOverride()
    lowerConfidence()
    fasterLevel()
    explanation.counterfactuals.sort { left, right in
      (right.gainMinutes, left.kind.rawValue, left.subject)
        < (left.gainMinutes, right.kind.rawValue, right.subject)
    }
  }

  /// What gains count from: the end of the promised window; without a promise, of the scan.
  var latestUnixSeconds: Int64 {
    if let offer { return offer.windowToUnixSeconds }
    let horizon = basis.profiles.set.horizon
    return horizon.unixSeconds(horizon.minutes)
  }

  /// Decides again; the counterfactual if the window ends earlier.
  private func tried(
    _ other: DecisionBasis, _ kind: CounterfactualKind, _ fill: (inout Counterfactual) -> Void
  ) -> Counterfactual? {
    guard case .offer(let found) = state.decide(other).decision else { return nil }
    let gain = floorDivide(latestUnixSeconds - found.windowToUnixSeconds, 60)
    if gain <= 0 && offer != nil { return nil }
    var result = Counterfactual()
    result.kind = kind
    result.windowFromUnixSeconds = found.windowFromUnixSeconds
    result.windowToUnixSeconds = found.windowToUnixSeconds
    result.deliveryDays = found.deliveryDate.days
    result.gainMinutes = max(1, gain)
    fill(&result)
    return result
  }

  mutating func add(
    _ other: DecisionBasis, _ kind: CounterfactualKind,
    _ fill: (inout Counterfactual) -> Void = { _ in }
  ) {
    if let found = tried(other, kind, fill) { explanation.counterfactuals.append(found) }
  }

  // MARK: Time

  /// The latest time before now at which an order would have made an earlier window.
  private mutating func orderedEarlier() {
    let set = basis.profiles.set
    let view = set.view(basis.subject.destination)
    let minute = Int32(set.orderMinute(basis.now))
    var minutes: [Int32] = []
    for (place, node) in basis.nodes.enumerated() where basis.available[place] >= basis.quantity {
      let row = view.row(rank: set.rank(of: node))
      for index in stride(from: row.end - 1, through: row.start, by: -1) {
        let window = view.windows[Int(view.entries[index].window)]
        if set.horizon.unixSeconds(window.to) >= latestUnixSeconds { continue }
        guard let orderBy = set.orderBy(view.entries[index], node, basis.subject.terms) else {
          continue
        }
        if orderBy < minute { minutes.append(orderBy) }
      }
      if let before = minuteBeforeFull(node) { minutes.append(before) }
    }
    minutes.sort(by: >)
    var last = minute
    for earlier in minutes.prefix(Self.orderTimes) where earlier != last {
      last = earlier
      let seconds = set.horizon.unixSeconds(earlier)
      var other = basis
      other.now = UnixMilliseconds(seconds * 1000)
      state.admit(&other)
      let count = explanation.counterfactuals.count
      let now = basis.now.milliseconds
      add(other, .orderedEarlier) {
        $0.atUnixSeconds = seconds
        $0.minutes = ceilDivide(now - seconds * 1000, 60_000)
      }
      if explanation.counterfactuals.count > count { return }
    }
  }

  /// The last minute in which a node that is full now still took on orders.
  private func minuteBeforeFull(_ node: UInt16) -> Int32? {
    if basis.admittedFrom(at: node) == 0 { return nil }
    let profiles = basis.profiles.catalogue.schedule(.whole)
    var hour = floorDivide(basis.now.seconds, 3600) * 3600
    for _ in 0..<Self.fullHours {
      let before = hour - 60
      let from = state.admittedFrom(node, profiles, at: UnixMilliseconds(before * 1000))
      if from <= before { return basis.profiles.set.horizon.minute(of: before) }
      hour -= 3600
    }
    return nil
  }

  // MARK: Stock and room

  private mutating func stockThere() {
    var better: [(offer: Offer, node: UInt16)] = []
    for node in nodes where basis.available(at: node) < basis.quantity {
      // There are units, and they are withheld.
      if withheldUnits(node) >= basis.quantity { continue }
      guard let answer = basis.answer(of: node) else { continue }
      if offer != nil && answer.windowToUnixSeconds >= latestUnixSeconds { continue }
      better.append((answer, node))
    }
    better.sort {
      let (left, right) = (ComparedWindow($0.offer), ComparedWindow($1.offer))
      return left == right ? $0.node < $1.node : left < right
    }
    for one in better.prefix(Self.stockPlaces) {
      let name = state.network.nodeNames.name(Int(one.node))
      add(basis.stocking(one.node), .stockThere) { $0.subject = name }
    }
  }

  private mutating func roomThere() {
    for (place, node) in basis.nodes.enumerated() where basis.available[place] >= basis.quantity {
      if basis.admittedFrom(at: node) <= basis.now.seconds { continue }
      let name = state.network.nodeNames.name(Int(node))
      add(basis.admitting(node), .roomThere) { $0.subject = name }
    }
  }

  // MARK: Overrides and terms

  private mutating func withoutOverride() {
    for place in overruling?.consulted ?? [] {
      var other = basis
      other.ignoredOverride = place
      let id = state.overrides.rows[place].id
      add(other, .withoutOverride) { $0.subject = Name("\(id)") }
    }
  }

  /// Each lower confidence that gains more than those above it.
  private mutating func lowerConfidence() {
    guard let asked = basis.subject.terms.confidence else { return }
    var gained: Int64 = 0
    for level in ConfidenceLevel.allCases.reversed() where level < asked {
      var other = basis
      other.subject.terms.confidence = level
      other.profiles = other.profiles.changed(other.subject.terms)
      let found = tried(other, .lowerConfidence) { $0.chance = level.probability }
      if let found, found.gainMinutes > gained {
        explanation.counterfactuals.append(found)
        gained = found.gainMinutes
      }
    }
  }

  /// Each faster level that gains more than those below it.
  private mutating func fasterLevel() {
    var gained: Int64 = 0
    for level in ServiceLevel.allCases where level > basis.subject.terms.tier.level {
      var other = basis
      other.subject.terms.tier.level = level
      other.profiles = other.profiles.changed(other.subject.terms)
      let found = tried(other, .fasterLevel) { $0.level = level }
      if let found, found.gainMinutes > gained {
        explanation.counterfactuals.append(found)
        gained = found.gainMinutes
      }
    }
  }

  // MARK: What binds

  /// The first of these that alone makes the promise later: what is out of the ordinary comes
  /// before what is always so.
  mutating func tellConstraint() {
    func first(_ kind: CounterfactualKind) -> Counterfactual? {
      explanation.counterfactuals.first { $0.kind == kind }
    }
    let restricted = gains { $0.tier.restrictions = [] }
    var released = false
    if basis.subject.terms.releaseUnixSeconds > basis.now.seconds {
      released = gains { $0.releaseUnixSeconds = 0 }
    }
    let ordered: [(constraint: BindingConstraint, subject: Name?)] = [
      (.override, first(.withoutOverride)?.subject), (.release, released ? .empty : nil),
      (.supply, first(.unitsThere)?.subject), (.silence, first(.nodeHeardOf)?.subject),
      (.legClosed, first(.legOpen)?.subject), (.nodeFull, first(.roomThere)?.subject),
      (.stock, first(.stockThere)?.subject), (.restriction, restricted ? .empty : nil),
      (.cutoff, first(.orderedEarlier).map { _ in explanation.node }),
      (.confidence, first(.lowerConfidence).map { _ in .empty }),
      (.level, first(.fasterLevel).map { Name($0.level.label) }),
    ]
    explanation.constraint = .network
    for one in ordered {
      guard let subject = one.subject else { continue }
      explanation.constraint = one.constraint
      explanation.constraintSubject = subject
      return
    }
  }

  private func gains(_ change: (inout PromiseTerms) -> Void) -> Bool {
    var other = basis
    change(&other.subject.terms)
    if other.subject.terms == basis.subject.terms { return false }
    other.profiles = other.profiles.changed(other.subject.terms)
    return tried(other, .orderedEarlier) { _ in } != nil
  }
}
