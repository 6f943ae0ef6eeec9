/// What happens to a hold between the cart and the truck.
extension Model {
  /// Moves the expiry to so long from now, never nearer; an expired hold claims again or is refused.
  mutating func extend(
    hold number: Int, id: UInt64, seconds: Int, owner: Int, key: String, at now: Int64
  ) -> Answer {
    let body = Body.extend(id: id, seconds: seconds, owner: owner)
    if let answer = recall(key, body) { return answer }
    var answer = Answer.refused(.holdUnknown)
    if let hold = holds[number] {
      answer = extended(hold, number: number, seconds: seconds, owner: owner, at: now)
    }
    remember(key, body, answer, at: now)
    return answer
  }

  private mutating func extended(
    _ hold: Hold, number: Int, seconds: Int, owner: Int, at now: Int64
  ) -> Answer {
    if let refusal = refusal(of: hold, owner: owner, allowing: [.held, .expired]) {
      return refusal
    }
    let wasExpired = hold.state == .expired
    if wasExpired, let refused = shortage(reclaiming: hold, at: now) { return refused.answer }
    if wasExpired {
      makeDue(number, at: now)
      set(number, to: .held)
    }
    holds[number]?.expiresAt = max(hold.expiresAt, now + Int64(seconds) * 1000)
    var facts = facts(of: number)
    facts.isReclaimed = wasExpired
    return .hold(facts)
  }

  // MARK: Leaving

  /// Units of an allocation leave: it and on hand are lowered, once. No lines: all that is left.
  mutating func consume(
    hold number: Int, id: UInt64, lines: [ClaimLine], owner: Int, key: String, at now: Int64
  ) -> Answer {
    let body = Body.consume(id: id, lines: lines, owner: owner)
    if let answer = recall(key, body) { return answer }
    var answer = Answer.refused(.holdUnknown)
    if let hold = holds[number] {
      answer = consumed(hold, number: number, lines: lines, owner: owner, at: now)
    }
    remember(key, body, answer, at: now)
    return answer
  }

  private mutating func consumed(
    _ hold: Hold, number: Int, lines: [ClaimLine], owner: Int, at now: Int64
  ) -> Answer {
    if let refusal = refusal(of: hold, owner: owner, allowing: [.committed]) { return refusal }
    let open = hold.lines.filter { $0.quantity > 0 && $0.part != .kit }
    if lines.isEmpty, let row = hold.lines.firstIndex(where: { $0.isPool && $0.quantity > 0 }) {
      return .refused(.lineNotSourced, row: row)
    }
    let wanted = lines.isEmpty ? open : lines
    var leaving: [Place: Int64] = [:]
    for (row, line) in wanted.enumerated() {
      let claimed = open.reduce(Int64(0)) {
        $0 + (!$1.isPool && $1.place == line.place ? $1.quantity : 0)
      }
      let before = leaving[line.place] ?? 0
      leaving[line.place] = before + line.quantity
      if before + line.quantity > claimed {
        return notThere(open, line, row: row, left: claimed - before)
      }
    }
    // The first row by which more would have left than there is.
    var gone: [Place: Int64] = [:]
    for (row, line) in wanted.enumerated() {
      gone[line.place, default: 0] += line.quantity
      let onHand = self[line.place].onHand
      if gone[line.place] ?? 0 > onHand {
        return .refused(.onHandNegative, row: row, available: onHand)
      }
    }
    for line in wanted {
      move(line.place, by: -line.quantity, kind: 2, at: now)
      ship(line.quantity, of: line.place, number: number)
    }
    endIfShipped(number, at: now)
    return .hold(facts(of: number))
  }

  private func notThere(
    _ open: [ClaimLine], _ line: ClaimLine, row: Int, left: Int64
  ) -> Answer {
    if open.contains(where: { $0.isPool && $0.place.item == line.place.item }) {
      return .refused(.lineNotSourced, row: row)
    }
    return .refused(.lineQuantityExceeded, row: row, available: max(0, left))
  }

  /// Units of an allocation are picked, or were not found: on hand is lowered by those.
  mutating func pick(
    hold number: Int, id: UInt64, line: ClaimLine, missing: Int64, owner: Int, key: String,
    at now: Int64
  ) -> Answer {
    let body = Body.pick(id: id, line, missing: missing, owner: owner)
    if let answer = recall(key, body) { return answer }
    var answer = Answer.refused(.holdUnknown)
    if let hold = holds[number] {
      answer = picked(hold, number: number, line: line, missing: missing, owner: owner, at: now)
    }
    remember(key, body, answer, at: now)
    return answer
  }

  private mutating func picked(
    _ hold: Hold, number: Int, line: ClaimLine, missing: Int64, owner: Int, at now: Int64
  ) -> Answer {
    if let refusal = refusal(of: hold, owner: owner, allowing: [.committed]) { return refusal }
    let open = hold.lines.filter { $0.quantity > 0 && $0.part != .kit }
    let left = open.reduce(Int64(0)) {
      $0 + (!$1.isPool && $1.place == line.place ? $1.quantity - $1.picked : 0)
    }
    if line.quantity + missing > left { return notThere(open, line, row: 0, left: left) }
    let onHand = self[line.place].onHand
    if missing > onHand { return .refused(.onHandNegative, row: 0, available: onHand) }
    if missing > 0 { move(line.place, by: -missing, kind: 17, at: now) }
    var units = line.quantity
    for index in hold.lines.indices where hold.lines[index].isOf(line.place) {
      let taken = min(units, hold.lines[index].quantity - hold.lines[index].picked)
      if taken == 0 { continue }
      holds[number]?.lines[index].picked += taken
      // Units in somebody's hands are nobody else's, whenever they were wanted for.
      holds[number]?.lines[index].due = 0
      units -= taken
    }
    return .hold(facts(of: number))
  }

  /// Takes units that left from the lines of a hold, in their order; how many were claimed.
  @discardableResult
  mutating func ship(_ units: Int64, of place: Place, number: Int) -> Int64 {
    guard let hold = holds[number], hold.state == .committed else { return 0 }
    var left = units
    for index in hold.lines.indices where hold.lines[index].isOf(place) {
      let line = hold.lines[index]
      let taken = min(left, line.quantity)
      if taken == 0 { continue }
      holds[number]?.lines[index].quantity -= taken
      // Picked units leave first.
      holds[number]?.lines[index].picked -= min(taken, line.picked)
      holds[number]?.lines[index].shipped += taken
      // What was kept for the channel is used up.
      edit(place.item) { facts in
        for rule in facts.channels.indices
        where facts.channels[rule].node == place.node
          && facts.channels[rule].channel == line.channel
        {
          facts.channels[rule].setAside = max(0, facts.channels[rule].setAside - taken)
        }
      }
      left -= taken
    }
    return units - left
  }

  mutating func endIfShipped(_ number: Int, at now: Int64) {
    guard let hold = holds[number], hold.state == .committed else { return }
    if hold.lines.contains(where: { $0.quantity > 0 && $0.part != .kit }) { return }
    set(number, to: .consumed, endedAt: now)
  }

  // MARK: Amending

  /// Replaces the lines of a hold by these, whole, with what was picked or shipped of them.
  mutating func amend(
    hold number: Int, id: UInt64, lines: [ClaimLine], owner: Int, key: String, at now: Int64
  ) -> Answer {
    let body = Body.amend(id: id, lines, owner: owner)
    if let answer = recall(key, body) { return answer }
    var answer = Answer.refused(.holdUnknown)
    if let hold = holds[number] {
      do throws(Refused) {
        answer = try amended(hold, number: number, lines: lines, owner: owner, at: now)
      } catch {
        answer = error.answer
      }
    }
    remember(key, body, answer, at: now)
    return answer
  }

  private mutating func amended(
    _ hold: Hold, number: Int, lines: [ClaimLine], owner: Int, at now: Int64
  ) throws(Refused) -> Answer {
    if let refusal = refusal(of: hold, owner: owner, allowing: [.held, .committed]) {
      return refusal
    }
    let wishes = try resolve(lines, channel: lines.first?.channel ?? 0, at: now)
    var rows: [(wish: ClaimLine, row: Int)] = []
    for (row, wish) in wishes.enumerated() {
      if let there = rows.firstIndex(where: { $0.wish.names(wish) }) {
        rows[there].wish.quantity += wish.quantity
      } else {
        rows.append((wish, row))
      }
    }
    var change = Amending(hold.lines)
    var growth: [(wish: ClaimLine, kept: Int64, row: Int)] = []
    for (wish, row) in rows {
      var more = wish
      more.quantity = try change.keep(wish, row: row)
      if more.quantity > 0 { growth.append((more, wish.quantity - more.quantity, row)) }
    }
    for index in hold.lines.indices where !change.isNamed[index] { try change.drop(index) }
    var taking = Taking()
    for (index, line) in hold.lines.enumerated() { taking.giveBack(line, change.dropped[index]) }
    for (wish, kept, row) in growth {
      let taken = try take(wish, isWhole: true, row: row, &taking, at: now)
      if taken.granted < wish.quantity {
        // What the row keeps is there for it.
        throw short(wish, beside: taken.available + kept, row: row, taking.taken)
      }
    }
    holds[number]?.lines = change.lines(with: taking.lines)
    endIfShipped(number, at: now)
    return .hold(facts(of: number))
  }

  // MARK: Guards

  /// The refusal of a hold that is not the caller's, or in another state.
  private func refusal(of hold: Hold, owner: Int, allowing: [State]) -> Answer? {
    if hold.owner != owner { return .refused(.notOwner) }
    if allowing.contains(hold.state) { return nil }
    switch hold.state {
    case .released: return .refused(.holdReleased)
    case .consumed: return .refused(.holdConsumed)
    case .committed: return .refused(.holdCommitted)
    case .expired: return .refused(.holdExpired)
    case .held: return .refused(.holdNotCommitted)
    }
  }
}

extension ClaimLine {
  /// Claims units of an item in a node.
  func isOf(_ place: Place) -> Bool { self.place == place && !isPool && part != .kit }
}

/// The lines of a hold that is amended.
private struct Amending {
  let before: [ClaimLine]
  var isNamed: [Bool]
  /// Units that each line claims no more.
  var dropped: [Int64]

  init(_ lines: [ClaimLine]) {
    before = lines
    isNamed = lines.map { _ in false }
    dropped = lines.map { _ in 0 }
  }

  /// Keeps of the lines that a row names what it wants of them, and answers what it wants beyond.
  mutating func keep(_ wish: ClaimLine, row: Int) throws(Refused) -> Int64 {
    let named = before.indices.filter {
      before[$0].part != .component && before[$0].names(wish)
    }
    for index in named { isNamed[index] = true }
    let kits = named.filter { before[$0].part == .kit }
    if !kits.isEmpty {
      let parts = kits.flatMap { kit in
        before.indices.suffix(from: kit + 1).prefix { before[$0].part == .component }
      }
      for index in parts { isNamed[index] = true }
      let total = named.reduce(0) { $0 + before[$1].quantity + before[$1].shipped }
      if wish.quantity == total { return 0 }
      // A part of a kit is none: all of them are made anew.
      for index in (named + parts).sorted() { try drop(index, row: row) }
      return wish.quantity
    }
    let done = named.reduce(0) { $0 + before[$1].picked + before[$1].shipped }
    if wish.quantity < done { throw Refused(.linePicked, row: row, available: done) }
    var left = wish.quantity - done
    // What is there stays before what is backordered.
    for isBackordered in [false, true] {
      for index in named where before[index].isBackordered == isBackordered {
        let open = before[index].quantity - before[index].picked
        let stays = min(left, open)
        dropped[index] = open - stays
        left -= stays
      }
    }
    return left
  }

  mutating func drop(_ index: Int, row: Int = -1) throws(Refused) {
    let done = before[index].picked + before[index].shipped
    if done > 0 { throw Refused(.linePicked, row: row, available: done) }
    dropped[index] = before[index].quantity
  }

  /// What is left of the lines, and what they have grown by.
  func lines(with grown: [ClaimLine]) -> [ClaimLine] {
    var lines: [ClaimLine] = []
    for (index, line) in before.enumerated() {
      var line = line
      line.quantity -= dropped[index]
      if line.quantity > 0 || line.shipped > 0 { lines.append(line) }
    }
    for line in grown {
      let same = lines.firstIndex {
        $0.part == .none && line.part == .none && $0.names(line)
          && $0.isBackordered == line.isBackordered
      }
      if let same { lines[same].quantity += line.quantity } else { lines.append(line) }
    }
    return lines
  }
}
