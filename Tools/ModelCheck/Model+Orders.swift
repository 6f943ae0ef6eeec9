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
      answer = extended(hold, number: number, to: now + Int64(seconds) * 1000, owner: owner)
    }
    remember(key, body, answer, at: now)
    return answer
  }

  private mutating func extended(
    _ hold: Hold, number: Int, to instant: Int64, owner: Int
  ) -> Answer {
    if let refusal = refusal(of: hold, owner: owner, allowing: [.held, .expired]) {
      return refusal
    }
    let wasExpired = hold.state == .expired
    if wasExpired, let (row, available) = shortage(hold.lines) {
      return .refused(.insufficientStock, row: row, available: available)
    }
    if wasExpired { set(number, to: .held) }
    holds[number]?.expiresAt = max(hold.expiresAt, instant)
    var facts = facts(of: number)
    facts.isReclaimed = wasExpired
    return .hold(facts)
  }

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
    let wanted = lines.isEmpty ? hold.lines.filter { $0.quantity > 0 } : lines
    var left: [Place: Int64] = [:]
    for line in hold.lines { left[line.place, default: 0] += line.quantity }
    var leaving: [Place: Int64] = [:]
    for (row, line) in wanted.enumerated() {
      leaving[line.place, default: 0] += line.quantity
      let claimed = left[line.place] ?? 0
      if leaving[line.place] ?? 0 > claimed {
        let before = (leaving[line.place] ?? 0) - line.quantity
        return .refused(.lineQuantityExceeded, row: row, available: max(0, claimed - before))
      }
    }
    // The first row by which more would have left than there is.
    var gone: [Place: Int64] = [:]
    for (row, line) in wanted.enumerated() {
      gone[line.place, default: 0] += line.quantity
      let onHand = amounts[line.place]?.onHand ?? 0
      if gone[line.place] ?? 0 > onHand {
        return .refused(.onHandNegative, row: row, available: onHand)
      }
    }
    for line in wanted {
      amounts[line.place]?.onHand -= line.quantity
      ship(line.quantity, of: line.place, number: number)
    }
    endIfShipped(number, at: now)
    return .hold(facts(of: number))
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
      answer = picked(hold, number: number, line: line, missing: missing, owner: owner)
    }
    remember(key, body, answer, at: now)
    return answer
  }

  private mutating func picked(
    _ hold: Hold, number: Int, line: ClaimLine, missing: Int64, owner: Int
  ) -> Answer {
    if let refusal = refusal(of: hold, owner: owner, allowing: [.committed]) { return refusal }
    let left = hold.lines.reduce(Int64(0)) {
      $0 + ($1.place == line.place ? $1.quantity - $1.picked : 0)
    }
    if line.quantity + missing > left {
      return .refused(.lineQuantityExceeded, row: 0, available: left)
    }
    let onHand = amounts[line.place]?.onHand ?? 0
    if missing > onHand { return .refused(.onHandNegative, row: 0, available: onHand) }
    if missing > 0 { amounts[line.place]?.onHand -= missing }
    var units = line.quantity
    for index in hold.lines.indices where hold.lines[index].place == line.place {
      let taken = min(units, hold.lines[index].quantity - hold.lines[index].picked)
      holds[number]?.lines[index].picked += taken
      units -= taken
    }
    return .hold(facts(of: number))
  }

  /// Takes units that left from the lines of a hold, in their order; what they were.
  @discardableResult
  mutating func ship(_ units: Int64, of place: Place, number: Int) -> Int64 {
    guard let hold = holds[number], hold.state == .committed else { return 0 }
    var left = units
    for index in hold.lines.indices where hold.lines[index].place == place {
      let taken = min(left, hold.lines[index].quantity)
      holds[number]?.lines[index].quantity -= taken
      // Picked units leave first.
      holds[number]?.lines[index].picked -= min(taken, hold.lines[index].picked)
      left -= taken
    }
    return units - left
  }

  mutating func endIfShipped(_ number: Int, at now: Int64) {
    guard let hold = holds[number], hold.state == .committed else { return }
    if hold.lines.contains(where: { $0.quantity > 0 }) { return }
    set(number, to: .consumed, endedAt: now)
  }

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

  func facts(of number: Int) -> HoldFacts {
    guard let hold = holds[number] else {
      return HoldFacts(id: 0, state: .released, owner: 0, expiresAtSeconds: 0)
    }
    return HoldFacts(
      id: hold.id, state: hold.state, owner: hold.owner,
      expiresAtSeconds: hold.expiresAt / 1000)
  }
}
