import PromisedInvariants
import PromisedModel

/// Where a question asks for supply.
enum AtpPlace {
  case network
  case group(UInt16)
  case node(UInt16)
}

/// What is asked of one pair.
struct AtpSubject {
  var token: UInt64
  var slot: Int
  var place: AtpPlace
  var quantity: Int64
  var channel: UInt16
  var now: Int64
  var horizon: Int64
  /// The chance with which a shipment counts as come, in 1/65535; 0 = its median.
  var confidence: UInt16 = 0
}

extension State {
  /// What may be promised by date, a row per pair of an item and a place.
  ///
  /// Each shipment counts from the instant by which it has come with the chance asked for, or from its
  /// median, as claims do. A step says how many units a new claim for that instant or later may take while every claim
  /// made keeps its supply: at a node what is there, at a group or in the network what its nodes
  /// have above 0. Demand of groups is taken off exactly, in whichever way leaves least. More than
  /// `Limits.atpSteps` steps are cut at the end, which makes them later, never too many units.
  ///
  /// - Throws: FIELD_MISSING, COLUMN_LENGTH_MISMATCH, FIELD_OUT_OF_RANGE; TOO_MANY_ROWS also when the
  ///   answer would cost more than `Limits.atpWork`; GROUP_UNKNOWN, NODE_UNKNOWN, CHANNEL_UNKNOWN;
  ///   ITEM_UNKNOWN when the only item is not known. In a larger batch an unknown item's rows get
  ///   that code and zeros.
  package func answer(
    _ query: AtpQuery, at now: UnixMilliseconds, into reply: inout AtpReply
  ) throws(Refusal) {
    let pairs = try checkForm(of: query)
    observeNetwork()
    let places = try resolvePlaces(of: query)
    let channel = try channelIndex(query.channel)
    scratch.wishes.removeAll()
    scratch.model.work = 0
    try resolveItems(query.items)
    for pair in 0..<pairs {
      let isListed = !query.pairItems.isEmpty
      let item = isListed ? Int(query.pairItems[pair]) : pair / places.count
      let place = isListed ? Int(query.pairPlaces[pair]) : pair % places.count
      let slot = scratch.slots[item]
      if slot < 0 {
        reply.append(.itemUnknown)
        continue
      }
      append(
        AtpSubject(
          token: scratch.tokens[item], slot: slot, place: places[place],
          quantity: query.quantities.isEmpty ? 1 : Int64(query.quantities[pair]),
          channel: channel, now: now.seconds,
          horizon: now.seconds + Int64(query.horizonDays) * 86_400,
          confidence: query.confidence), into: &reply)
      if scratch.model.work > Limits.atpWork {
        throw Refusal(
          .tooManyRows, "the answer would take too long at pair \(pair): ask for fewer at once")
      }
    }
  }

  private func checkForm(of query: AtpQuery) throws(Refusal) -> Int {
    try checkItems(query.items)
    let places = max(1, query.groupNames.count + query.nodeNames.count)
    let isListed = !query.pairItems.isEmpty || !query.pairPlaces.isEmpty
    if query.pairItems.count != query.pairPlaces.count {
      throw Refusal(.columnLengthMismatch, "pair_items and pair_places must have the same rows")
    }
    let pairs = isListed ? query.pairItems.count : query.items.count * places
    if pairs > Limits.atpPairs {
      throw Refusal(.tooManyRows, "\(pairs) pairs: at most \(Limits.atpPairs)")
    }
    for row in 0..<query.pairItems.count {
      try check(
        Int64(query.pairItems[row]), 0, Int64(query.items.count) - 1, "pair_items", row)
      try check(Int64(query.pairPlaces[row]), 0, Int64(places) - 1, "pair_places", row)
    }
    if !query.quantities.isEmpty && query.quantities.count != pairs {
      throw Refusal(.columnLengthMismatch, "quantities must be empty or have \(pairs) rows")
    }
    for row in 0..<query.quantities.count {
      try check(
        Int64(query.quantities[row]), 1, Int64(Limits.unitsPerPosition), "quantities", row)
    }
    if query.horizonDays < 1 || query.horizonDays > Limits.atpDays {
      throw Refusal(
        .fieldOutOfRange, "horizon_days is \(query.horizonDays): 1 to \(Limits.atpDays)")
    }
    return pairs
  }

  private func resolvePlaces(of query: AtpQuery) throws(Refusal) -> [AtpPlace] {
    var places: [AtpPlace] = []
    for row in 0..<query.groupNames.count {
      places.append(.group(try groupIndex(query.groupNames[row])))
    }
    for row in 0..<query.nodeNames.count {
      guard let node = network.nodeIndex(query.nodeNames[row]) else {
        throw unknownNode(query.nodeNames[row].name)
      }
      places.append(.node(node))
    }
    return places.isEmpty ? [.network] : places
  }

  /// Tokens and slots of items; a slot of −1 for one that is not known.
  private func resolveItems(_ items: KeyColumn) throws(Refusal) {
    scratch.tokens.resize(to: items.count)
    scratch.slots.resize(to: items.count)
    var offset = 0
    for row in 0..<items.count {
      let key = items.key(row, at: &offset)
      let token = itemKeys.token(key)
      observe(item: token)
      let slot = token == 0 ? -1 : positions.find(token)
      if slot < 0 && items.count == 1 { throw unknownItem(key.name) }
      scratch.tokens[row] = token
      scratch.slots[row] = slot
    }
  }

  /// - Throws: GROUP_UNKNOWN, with the row when one is given.
  func groupIndex(_ name: BorrowedBytes, row: Int = -1) throws(Refusal) -> UInt16 {
    if let group = groups.find(name) { return group }
    throw Refusal(
      .groupUnknown, "group \(name.name) is not known", key: name.name, row: Int32(row))
  }

  /// 0 for no channel.
  ///
  /// - Throws: CHANNEL_UNKNOWN, with the row when one is given.
  func channelIndex(_ name: BorrowedBytes, row: Int = -1) throws(Refusal) -> UInt16 {
    if name.isEmpty { return 0 }
    if let channel = channels.find(name) { return channel }
    throw Refusal(
      .channelUnknown, "channel \(name.name) is not known", key: name.name, row: Int32(row))
  }

  // MARK: A pair

  private func append(_ subject: AtpSubject, into reply: inout AtpReply) {
    if !kits.components(of: subject.token).isEmpty {
      appendKit(subject, into: &reply)
      return
    }
    fill(subject, .none)
    let first = reply.stepUnits.count
    scratch.times.removeAll()
    scratch.times.append(subject.now)
    appendTimes(of: subject)
    for index in 0..<scratch.times.count {
      let time = scratch.times[index]
      reply.appendStep(time, limit(subject, at: time), after: first)
    }
    reply.codes.append(0)
    reply.availableNow.append(reply.stepUnits[first])
    reply.stepCounts.append(UInt32(reply.stepUnits.count - first))
    reply.unsourced.append(unsourced(subject))
    reply.backorderLeft.append(backorderLeft(subject))
    let found = firstSupply(subject, steps: first, of: reply)
    reply.firstUnixSeconds.append(found.time)
    reply.firstSources.append(UInt32(found.source?.rawValue ?? 0))
  }

  private func fill(_ subject: AtpSubject, _ use: BackorderUse) {
    var only: UInt16?
    if case .node(let node) = subject.place { only = node }
    fillModel(
      of: subject.token, subject.slot, node: only, backorders: use, at: subject.now,
      confidence: subject.confidence)
  }

  func isMember(_ node: UInt16, of place: AtpPlace) -> Bool {
    switch place {
    case .network: true
    case .group(let group): groups.contains(group, node: node)
    case .node(let other): node == other
    }
  }

  private func limit(_ subject: AtpSubject, at time: Int64) -> Int64 {
    let due = UInt32(clamping: time)
    if case .node(let node) = subject.place {
      return scratch.model.nodeLimit(node, due: due, channel: subject.channel)
    }
    return scratch.model.poolLimit(due: due, channel: subject.channel) {
      isMember($0, of: subject.place)
    }
  }

  /// Instants after now and within the horizon at which something changes at the place, ascending,
  /// each once, behind those that are there.
  func appendTimes(of subject: AtpSubject) {
    for index in 0..<scratch.model.spans.count {
      let span = scratch.model.spans[index]
      if !isMember(span.node, of: subject.place) { continue }
      for change in Int(span.firstChange)..<Int(span.firstChange + span.changeCount) {
        let time = scratch.model.changes[change].time
        if time <= subject.horizon { scratch.times.append(time) }
      }
    }
    heapSort(scratch.times.base, count: scratch.times.count, by: <)
    var kept = 0
    for index in 0..<scratch.times.count
    where kept == 0 || scratch.times[kept - 1] != scratch.times[index] {
      scratch.times[kept] = scratch.times[index]
      kept += 1
    }
    scratch.times.resize(to: kept)
  }

  /// Units claimed of groups that share a node with the place.
  private func unsourced(_ subject: AtpSubject) -> Int64 {
    var units: Int64 = 0
    for index in 0..<scratch.model.demands.count {
      let demand = scratch.model.demands[index]
      if groups.nodes(demand.group).contains(where: { isMember($0, of: subject.place) }) {
        units += demand.units
      }
    }
    return units
  }

  /// What caps leave of backorders and pre-orders: claims beyond the supply use them up.
  private func backorderLeft(_ subject: AtpSubject) -> Int64 {
    var units: Int64 = 0
    var next = backorders.first(of: subject.token)
    while let found = next {
      let row = backorders.row(found)
      next = backorders.next(after: found)
      if !row.isOpen(at: subject.now) || !isMember(row.node, of: subject.place) { continue }
      let from = max(subject.now, row.fromUnixSeconds)
      let there = scratch.model.span(of: row.node).map { scratch.model.floor(at: from, span: $0) }
      units += max(0, Int64(row.cap) - max(0, -(there ?? 0)))
    }
    return units
  }

  /// The first instant at which the quantity can be had, and from what.
  ///
  /// Stock and inbound first; a pre-order when its date is earlier; a backorder only when neither
  /// comes within the horizon: it may be claimed now and has no date.
  private func firstSupply(
    _ subject: AtpSubject, steps first: Int, of reply: borrowing AtpReply
  ) -> (time: Int64, source: SupplySource?) {
    var found: (time: Int64, source: SupplySource?) = (0, nil)
    for step in first..<reply.stepUnits.count where reply.stepUnits[step] >= subject.quantity {
      found = (reply.stepUnixSeconds[step], step == first ? .onHand : .inbound)
      break
    }
    if found.source == .onHand || backorders.first(of: subject.token) == nil { return found }
    fill(subject, .preorders)
    scratch.times.removeAll()
    scratch.times.append(subject.now)
    appendTimes(of: subject)
    for index in 0..<scratch.times.count {
      let time = scratch.times[index]
      if found.source != nil && time >= found.time { break }
      if limit(subject, at: time) >= subject.quantity { return (time, .preorder) }
    }
    if found.source != nil { return found }
    fill(subject, .all)
    return limit(subject, at: subject.now) >= subject.quantity
      ? (subject.now, .backorder) : found
  }
}

extension SupplyModel {
  /// As `floor(of:at:)`, of a span by its place.
  func floor(at time: Int64, span index: Int) -> Int64 { floor(of: spans[index], at: time) }
}

extension AtpReply {
  /// A row without an answer.
  mutating func append(_ code: OutcomeCode) {
    codes.append(UInt32(code.rawValue))
    availableNow.append(0)
    stepCounts.append(0)
    firstUnixSeconds.append(0)
    firstSources.append(0)
    unsourced.append(0)
    backorderLeft.append(0)
  }

  /// A step of the pair whose steps begin at `first`, when it differs from the one before and there
  /// is room.
  mutating func appendStep(_ time: Int64, _ units: Int64, after first: Int) {
    let count = stepUnits.count - first
    if count == Limits.atpSteps || (count > 0 && stepUnits[stepUnits.count - 1] == units) { return }
    stepUnixSeconds.append(time)
    stepUnits.append(units)
  }
}
