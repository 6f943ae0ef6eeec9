/// A claim in the making: what it takes so far, and the lines that claim it.
struct Taking {
  /// Also what the command gives back, with negative quantities.
  var taken: [ClaimLine] = []
  var lines: [ClaimLine] = []

  mutating func giveBack(_ line: ClaimLine, _ units: Int64) {
    if units == 0 || line.part == .kit { return }
    var line = line
    line.quantity = -units
    taken.append(line)
  }
}

/// Who gets a hold.
extension Model {
  /// `id` is what the service called it, if it granted it, `replaces` what the one it replaces.
  mutating func hold(
    _ wanted: Wanted, number: Int, key: String, id: UInt64, replaces: UInt64, at now: Int64
  ) -> Answer {
    let body = Body.hold(wanted, replaces: replaces)
    if let answer = recall(key, body) { return answer }
    var answer: Answer
    do throws(Refused) {
      answer = .hold(try grant(wanted, number: number, id: id, at: now))
    } catch {
      answer = error.answer
    }
    remember(key, body, answer, at: now)
    return answer
  }

  private mutating func grant(
    _ wanted: Wanted, number: Int, id: UInt64, at now: Int64
  ) throws(Refused) -> HoldFacts {
    var replaced: Hold?
    if let other = wanted.replaces, let hold = holds[other] {
      if hold.owner != wanted.owner { throw Refused(.notOwner) }
      if hold.state == .committed { throw Refused(.holdCommitted) }
      replaced = hold
    }
    let wishes = try resolve(wanted.lines, channel: wanted.channel, at: now)
    var taking = Taking()
    if let replaced, replaced.state == .held {
      for line in replaced.lines { taking.giveBack(line, line.quantity) }
    }
    var grants: [Granted] = []
    for (row, wish) in wishes.enumerated() {
      grants.append(try fill(wish, wanted.fill, row: row, &taking, at: now))
    }
    if grants.allSatisfy({ $0.units + $0.later + $0.backordered == 0 }) {
      throw Refused(.insufficientStock, row: 0, available: 0)
    }
    if let other = wanted.replaces, replaced?.state == .held {
      set(other, to: .released, endedAt: now)
    }
    let expiresAt = now + Int64(wanted.seconds) * 1000
    holds[number] = Hold(
      id: id, owner: wanted.owner, lines: taking.lines, expiresAt: expiresAt, state: .held)
    set(number, to: .held)
    var facts = facts(of: number)
    if wanted.fill != 0 || grants.contains(where: { $0.backordered > 0 }) { facts.grants = grants }
    return facts
  }

  /// Rows with what they name; a due that is over is now.
  func resolve(
    _ rows: [ClaimLine], channel: Int, at now: Int64
  ) throws(Refused) -> [ClaimLine] {
    var wishes: [ClaimLine] = []
    for (row, line) in rows.enumerated() {
      if !line.isPool && line.place.node >= Names.nodes.count {
        throw Refused(.nodeUnknown, row: row)
      }
      if !isKnown(line.place.item) { throw Refused(.itemUnknown, row: row) }
      var wish = ClaimLine(place: line.place, quantity: line.quantity)
      wish.channel = channel
      wish.isPool = line.isPool
      wish.due = line.due <= now / 1000 ? 0 : line.due
      wishes.append(wish)
    }
    return wishes
  }

  // MARK: Filling

  private func fill(
    _ wish: ClaimLine, _ policy: Int, row: Int, _ taking: inout Taking, at now: Int64
  ) throws(Refused) -> Granted {
    if policy == 1 { return try fillAll(wish, row: row, &taking, at: now) }
    let taken = try take(wish, isWhole: policy == 0, row: row, &taking, at: now)
    if policy == 0, taken.granted < wish.quantity {
      throw short(wish, beside: taken.available, row: row, taking.taken)
    }
    return Granted(units: taken.granted - taken.backordered, backordered: taken.backordered)
  }

  /// What is there, then what comes, then what may be backordered.
  private func fillAll(
    _ wish: ClaimLine, row: Int, _ taking: inout Taking, at now: Int64
  ) throws(Refused) -> Granted {
    var granted = Granted()
    var rest = wish
    let there = limit(wish, .preorders, beside: taking.taken, at: now / 1000)
    rest.quantity = min(wish.quantity, max(0, there))
    if rest.quantity > 0 {
      granted.units = try take(rest, isWhole: false, row: row, &taking, at: now).granted
    }
    rest.quantity = wish.quantity - granted.units
    if rest.quantity > 0 {
      for time in supplyTimes(wish, at: now / 1000) {
        var dated = rest
        dated.due = time
        let there = limit(dated, .preorders, beside: taking.taken, at: now / 1000)
        if there < dated.quantity { continue }
        let taken = try take(dated, isWhole: true, row: row, &taking, at: now)
        if taken.granted == 0 { continue }
        (granted.later, granted.laterDue) = (taken.granted, time)
        break
      }
    }
    rest.quantity -= granted.later
    if rest.quantity > 0 {
      let taken = try take(rest, isWhole: true, row: row, &taking, at: now)
      if taken.granted == 0 { throw short(wish, beside: taken.available, row: row, taking.taken) }
      granted.backordered = taken.backordered
      granted.units += taken.granted - taken.backordered
    }
    return granted
  }

  /// When more comes to where a wish claims.
  private func supplyTimes(_ wish: ClaimLine, at now: Int64) -> [Int64] {
    var times: Set<Int64> = []
    for row in read(wish.place.item).inbound where row.stage != 1 && row.eta > max(now, wish.due) {
      if wish.isPool || row.node == wish.place.node { times.insert(row.eta) }
    }
    return times.sorted()
  }

  /// Takes a wish, and for a kit of which too few are assembled its components.
  func take(
    _ wish: ClaimLine, isWhole: Bool, row: Int, _ taking: inout Taking, at now: Int64
  ) throws(Refused) -> (granted: Int64, available: Int64, backordered: Int64) {
    let seconds = now / 1000
    let parts = read(wish.place.item).parts
    if wish.isPool && !parts.isEmpty { throw Refused(.kitNeedsNode, row: row) }
    let own = max(0, limit(wish, beside: taking.taken, at: seconds))
    if wish.isPool { try checkDemands(wish, row: row, taking.taken, at: seconds) }
    let made =
      own >= wish.quantity ? 0 : makeable(wish, beside: taking.taken, at: seconds)
    let available = own + made
    if available == 0 || isWhole && available < wish.quantity { return (0, available, 0) }
    let granted = min(available, wish.quantity)
    var backordered: Int64 = 0
    var line = wish
    line.quantity = min(own, granted)
    if line.quantity > 0 { backordered += append(line, to: &taking, at: seconds) }
    if granted > own {
      line.quantity = granted - own
      line.part = .kit
      _ = append(line, to: &taking, at: seconds)
      for part in parts {
        line.place.item = part.item
        line.quantity = (granted - own) * part.units
        line.part = .component
        _ = append(line, to: &taking, at: seconds)
      }
    }
    return (granted, available, backordered)
  }

  /// Adds a line; what of it does not lie there is a line of its own, which is backordered.
  private func append(_ line: ClaimLine, to taking: inout Taking, at now: Int64) -> Int64 {
    let there =
      line.isOnShelf
      ? ledger(line.place.item, .none, beside: taking.taken, at: now).onShelf(line.place.node)
      : line.quantity
    taking.taken.append(line)
    var part = line
    part.quantity = min(line.quantity, max(0, there))
    if part.quantity > 0 { taking.lines.append(part) }
    part.quantity = line.quantity - part.quantity
    if part.quantity == 0 { return 0 }
    part.isBackordered = true
    taking.lines.append(part)
    return part.part == .none ? part.quantity : 0
  }

  /// Eight demands of groups may be open of an item.
  private func checkDemands(
    _ wish: ClaimLine, row: Int, _ taken: [ClaimLine], at now: Int64
  ) throws(Refused) {
    let demands = ledger(wish.place.item, .all, beside: taken, at: now).demands()
    let isOpen = demands.contains {
      $0.group == wish.place.node && $0.channel == wish.channel && $0.due == max(wish.due, now)
    }
    if !isOpen && demands.count >= 8 { throw Refused(.poolDemandLimit, row: row) }
  }

  /// What there would be for a wish and for those of the command before it, together.
  func short(
    _ wish: ClaimLine, beside units: Int64, row: Int, _ taken: [ClaimLine]
  ) -> Refused {
    var available = units
    for other in taken
    where other.place == wish.place && other.isPool == wish.isPool && other.due <= wish.due
      && other.quantity > 0 && other.part != .kit
    {
      available += other.quantity
    }
    return Refused(.insufficientStock, row: row, available: max(0, available))
  }

  // MARK: Changes

  mutating func change(
    _ change: Change, hold number: Int, id: UInt64, owner: Int, key: String, at now: Int64
  ) -> Answer {
    let body = Body.change(change, id: id, owner: owner)
    if let answer = recall(key, body) { return answer }
    var answer = Answer.refused(.holdUnknown)
    if let hold = holds[number] {
      answer = changed(change, hold, number: number, owner: owner, at: now)
    }
    remember(key, body, answer, at: now)
    return answer
  }

  private mutating func changed(
    _ change: Change, _ hold: Hold, number: Int, owner: Int, at now: Int64
  ) -> Answer {
    if hold.owner != owner { return .refused(.notOwner) }
    var isReclaimed = false
    switch (change, hold.state) {
    case (_, .released): return .refused(.holdReleased)
    case (_, .consumed): return .refused(.holdConsumed)
    case (.commit, .committed): return .refused(.holdCommitted)
    case (.release, .expired): return .refused(.holdExpired)
    case (.commit, .expired):
      if let refused = shortage(reclaiming: hold, at: now) { return refused.answer }
      isReclaimed = true
      makeDue(number, at: now)
      set(number, to: .committed)
    case (.commit, .held): set(number, to: .committed)
    case (.release, .held), (.release, .committed): set(number, to: .released, endedAt: now)
    }
    var facts = facts(of: number)
    facts.isReclaimed = isReclaimed
    return .hold(facts)
  }

  /// Whether all that an expired hold claimed can be claimed again.
  func shortage(reclaiming hold: Hold, at now: Int64) -> Refused? {
    var taken: [ClaimLine] = []
    for (row, line) in hold.lines.enumerated() where line.part != .kit && line.quantity > 0 {
      let available = limit(line, beside: taken, at: now / 1000)
      if available < line.quantity { return short(line, beside: available, row: row, taken) }
      taken.append(line)
    }
    return nil
  }

  func get(hold number: Int) -> Answer {
    guard let hold = holds[number] else { return .refused(.holdUnknown) }
    var facts = facts(of: number)
    facts.lines = hold.lines
    if hold.state == .committed {
      for index in hold.lines.indices { facts.lines[index].short = short(number, index) }
    }
    return .hold(facts)
  }

  func facts(of number: Int) -> HoldFacts {
    guard let hold = holds[number] else {
      return HoldFacts(id: 0, state: .released, owner: 0, expiresAtSeconds: 0)
    }
    return HoldFacts(
      id: hold.id, state: hold.state, owner: hold.owner, expiresAtSeconds: hold.expiresAt / 1000)
  }
}
