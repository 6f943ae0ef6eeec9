import PromisedModel

/// What became of each node that could have shipped.
extension DecisionTrace {
  mutating func tellCandidates() {
    nodes = tracedNodes()
    explanation.candidates = nodes.map { trace(of: $0) }
    explanation.candidates.sort { left, right in
      let (first, second) = (Self.order(of: left), Self.order(of: right))
      return first == second ? left.node < right.node : first < second
    }
  }

  /// The chosen one, then those with stock, then the others; each by what it would promise.
  private static func order(of trace: CandidateTrace) -> (Int64, Int64) {
    let group: Int64 = trace.fate == .chosen ? 0 : trace.fate == .noStock ? 2 : 1
    return (group, trace.windowToUnixSeconds == 0 ? .max : trace.windowToUnixSeconds)
  }

  /// Nodes with rows of the item, and those of the best that could ship to the destination.
  private func tracedNodes() -> [UInt16] {
    var further: [(window: Int64, node: UInt16)] = []
    for (index, node) in state.network.nodes.enumerated() {
      guard let node, node.kind == .fulfilmentCentre || node.kind == .seller,
        !basis.nodes.contains(UInt16(index)), let offer = basis.answer(of: UInt16(index))
      else { continue }
      further.append((offer.windowToUnixSeconds, UInt16(index)))
    }
    further.sort { ($0.window, $0.node) < ($1.window, $1.node) }
    return (basis.nodes + further.prefix(Self.furtherNodes).map(\.node)).sorted()
  }

  private func trace(of node: UInt16) -> CandidateTrace {
    var trace = CandidateTrace()
    trace.node = state.network.nodeNames.name(Int(node))
    if let row = state.network.nodes[Int(node)] {
      trace.title = row.title
      trace.latitudeE6 = row.latitudeE6
      trace.longitudeE6 = row.longitudeE6
    }
    trace.available = basis.available(at: node)
    tellSupply(node, &trace)
    trace.readyUnixSeconds = readyUnixSeconds(node)
    let answer = basis.answer(of: node)
    trace.take(answer)
    if answer == nil {
      trace.utcOffsetSeconds = state.network.utcOffset(of: node, at: basis.now.seconds)
    }
    if offer?.node == node {
      trace.fate = .chosen
    } else if basis.available(at: node) < basis.quantity {
      let withheld = withheldUnits(node)
      trace.fate = withheld >= basis.quantity ? .silent : .noStock
      if trace.fate == .silent { trace.available = withheld }
    } else if let id = overriding(node) {
      trace.fate = .override
      trace.subject = Name("\(id)")
    } else if let answer {
      tellLost(answer, &trace)
    } else {
      tellRefused(node, &trace)
    }
    return trace
  }

  /// The override that kept a node with stock from being chosen.
  private func overriding(_ node: UInt16) -> UInt64? {
    guard let overruling else { return nil }
    if let block = overruling.blocked.first(where: { $0.node == node }) {
      return state.overrides.rows[block.place].id
    }
    guard let offer, let force = overruling.forced.first(where: { $0.node == offer.node }) else {
      return nil
    }
    // Two that are forced compete by their windows.
    if overruling.forced.contains(where: { $0.node == node }) { return nil }
    return state.overrides.rows[force.place].id
  }

  /// It can promise, and another was chosen.
  private func tellLost(_ answer: Offer, _ trace: inout CandidateTrace) {
    guard let offer else { return }
    if answer.isInSameWindow(as: offer) {
      trace.fate = .tie
      return
    }
    trace.fate = .slower
    trace.byMinutes = answer.minutesLater(than: offer)
    if isOnlyLater(answer.node, &trace) { return }
    if let without = answerWithRoom(answer.node), !offer.isBetter(than: without) {
      trace.fate = .nodeFull
      trace.byMinutes = minutesFull(answer.node)
      trace.take(without)
    } else if let open = answerAsTimetabled(answer.node), !offer.isBetter(than: open.offer) {
      trace.fate = .legClosed
      trace.subject = open.subject
      trace.byMinutes = 0
      trace.take(open.offer)
    }
  }

  /// It can promise nothing, and the first thing that alone is why.
  private func tellRefused(_ node: UInt16, _ trace: inout CandidateTrace) {
    if isOnlyLater(node, &trace) { return }
    if let answer = answerWithRoom(node) {
      trace.fate = .nodeFull
      trace.byMinutes = minutesFull(node)
      trace.take(answer)
    } else if let open = answerAsTimetabled(node) {
      trace.fate = .legClosed
      trace.subject = open.subject
      trace.take(open.offer)
    } else if let answer = answer(of: node, { $0.tier.restrictions = [] }) {
      trace.fate = .restriction
      trace.take(answer)
    } else if let answer = answer(of: node, { $0.tier.level = .twoHour }) {
      trace.fate = .level
      trace.take(answer)
    } else {
      tellRow(node, &trace)
    }
  }

  private func tellRow(_ node: UInt16, _ trace: inout CandidateTrace) {
    let set = basis.profiles.set
    let view = set.view(basis.subject.destination)
    let row = view.row(rank: set.rank(of: node))
    if row.start == row.end { return }
    let minute = orderMinute(node)
    if set.readyFunction(node: node)?.opens(after: Int32(minute)) != true {
      trace.fate = .nodeClosed
      return
    }
    trace.fate = .cutoffPassed
    for index in stride(from: row.end - 1, through: row.start, by: -1) {
      guard let orderBy = set.orderBy(view.entries[index], node, basis.subject.terms) else {
        continue
      }
      trace.byMinutes = max(0, Int64(minute) - Int64(orderBy))
      return
    }
  }

  // MARK: With one thing otherwise

  private func answer(
    of node: UInt16, _ change: (inout PromiseTerms) -> Void
  ) -> Offer? {
    var other = basis
    change(&other.subject.terms)
    if other.subject.terms == basis.subject.terms { return nil }
    other.profiles = other.profiles.changed(other.subject.terms)
    return other.answer(of: node)
  }

  private func answerWithRoom(_ node: UInt16) -> Offer? {
    if basis.admittedFrom(at: node) <= basis.now.seconds { return nil }
    return basis.admitting(node).answer(of: node)
  }

  private func minutesFull(_ node: UInt16) -> Int64 {
    ceilDivide(basis.admittedFrom(at: node) - basis.now.seconds, 60)
  }
}

extension CandidateTrace {
  fileprivate mutating func take(_ answer: Offer?) {
    guard let answer else { return }
    shipByUnixSeconds = answer.cutoffUnixSeconds
    orderByUnixSeconds = answer.orderByUnixSeconds
    windowToUnixSeconds = answer.windowToUnixSeconds
    deliveryDays = answer.deliveryDate.days
    chance = answer.confidence
    utcOffsetSeconds = answer.orderByUTCOffsetSeconds
  }
}

extension Offer {
  func isInSameWindow(as other: Offer) -> Bool {
    ComparedWindow(self) == ComparedWindow(other)
  }

  func isBetter(than other: Offer) -> Bool { ComparedWindow(self) < ComparedWindow(other) }

  /// By the ends of the windows, or by their beginnings when those are equal.
  func minutesLater(than other: Offer) -> Int64 {
    let byEnd = windowToUnixSeconds - other.windowToUnixSeconds
    let byStart = windowFromUnixSeconds - other.windowFromUnixSeconds
    return floorDivide(byEnd == 0 ? byStart : byEnd, 60)
  }
}

extension ProfileSet {
  /// The last minute in which an order under some terms makes an entry; nil = none does.
  func orderBy(_ entry: ProfileEntry, _ node: UInt16, _ terms: PromiseTerms) -> Int32? {
    if entry.orderBy == ProfileEntry.unpublished || entry.orderBy == ProfileEntry.never {
      return nil
    }
    if terms.handlingMinutes == 0 { return Int32(entry.orderBy) }
    return readyFunction(node: node)?.latestOrder(
      for: Int32(entry.cutoff),
      processing: frame.openings.processing.base[Int(node)] + terms.handlingMinutes)
  }
}
