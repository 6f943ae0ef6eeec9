/// Stock, claims and the feed as `contracts.md` and the protocol say them: dictionaries and sums worked
/// out anew for each question. It shares nothing with the engine.
struct Model {
  enum State: UInt32 {
    case held = 1
    case committed = 2
    case released = 3
    case expired = 4
    case consumed = 5
  }

  struct Hold {
    /// The id the service gave.
    var id: UInt64
    var owner: Int
    var lines: [ClaimLine]
    var expiresAt: Int64
    var state: State
    /// When it was released, or found expired.
    var endedAt: Int64 = 0
  }

  struct Amounts: Equatable {
    var onHand: Int64 = 0
    /// Unfulfillable, researching, in transfer, in processing, withheld.
    var conditions: [Int64] = [0, 0, 0, 0, 0]
  }

  /// What a keyed command said, so that a repeat is told from another intent.
  enum Body: Equatable {
    case hold([ClaimLine], owner: Int, seconds: Int)
    case change(Change, id: UInt64, owner: Int)
    case extend(id: UInt64, seconds: Int, owner: Int)
    case consume(id: UInt64, lines: [ClaimLine], owner: Int)
    case pick(id: UInt64, ClaimLine, missing: Int64, owner: Int)
    case put([PutLine])
  }

  struct Remembered {
    var body: Body
    var answer: Answer
    var at: Int64
  }

  var amounts: [Place: Amounts] = [:]
  /// By the number of the command that made it.
  var holds: [Int: Hold] = [:]
  /// Numbers of those that claim something: held or committed.
  private var claiming: [Int] = []
  var keys: [String: Remembered] = [:]
  /// Keys in the order in which they were remembered, so that old ones are found.
  var keyOrder: [(key: String, at: Int64)] = []
  private var firstKey = 0
  var marks = [UInt64](repeating: 0, count: Names.sources.count)

  /// Nothing is due twice at the same instant.
  private var lastInstant: Int64 = 0

  static let window: Int64 = 600_000
  static let mostUnits: Int64 = 2_000_000_000

  // MARK: Reading

  /// Units that held and committed holds claim.
  func claimed(_ place: Place) -> (held: Int64, allocated: Int64) {
    var (held, allocated): (Int64, Int64) = (0, 0)
    for number in claiming {
      guard let hold = holds[number] else { continue }
      for line in hold.lines where line.place == place {
        if hold.state == .held { held += line.quantity } else { allocated += line.quantity }
      }
    }
    return (held, allocated)
  }

  /// Every change of a hold's state.
  mutating func set(_ number: Int, to state: State, endedAt: Int64 = 0) {
    holds[number]?.state = state
    holds[number]?.endedAt = endedAt
    claiming.removeAll { $0 == number }
    if state == .held || state == .committed { claiming.append(number) }
  }

  /// On hand, fulfillable, held, allocated, available now, and the conditions.
  func position(_ place: Place) -> [Int64] {
    let amounts = amounts[place] ?? Amounts()
    let (held, allocated) = claimed(place)
    let fulfillable = amounts.onHand - amounts.conditions[0..<4].reduce(0, +)
    return [
      amounts.onHand, fulfillable, held, allocated,
      fulfillable - held - allocated - amounts.conditions[4],
    ] + amounts.conditions
  }

  func available(_ place: Place) -> Int64 { position(place)[4] }

  /// The first line at which what is asked for so far exceeds what is available.
  func shortage(_ lines: [ClaimLine]) -> (row: Int, available: Int64)? {
    var asked: [Place: Int64] = [:]
    for (row, line) in lines.enumerated() {
      asked[line.place, default: 0] += line.quantity
      let available = available(line.place)
      if asked[line.place, default: 0] > available { return (row, max(0, available)) }
    }
    return nil
  }

  // MARK: Time

  /// What every command begins with: what is due expires, what is old is forgotten.
  mutating func advance(to now: Int64) {
    if now == lastInstant { return }
    lastInstant = now
    for (number, hold) in holds {
      if hold.state == .held && hold.expiresAt <= now {
        set(number, to: .expired, endedAt: now)
      } else if hold.endedAt != 0 && hold.endedAt + Self.window <= now {
        holds[number] = nil
      }
    }
    while firstKey < keyOrder.count, keyOrder[firstKey].at + Self.window <= now {
      keys[keyOrder[firstKey].key] = nil
      firstKey += 1
    }
    if firstKey > 4096 {
      keyOrder.removeFirst(firstKey)
      firstKey = 0
    }
  }

  // MARK: Commands

  /// The answer remembered under a key, the refusal of another body, or nil.
  func recall(_ key: String, _ body: Body) -> Answer? {
    guard let found = keys[key] else { return nil }
    if found.body != body { return .refused(.idempotencyConflict) }
    if case .hold(var answer) = found.answer {
      answer.isRepeated = true
      return .hold(answer)
    }
    return found.answer
  }

  mutating func remember(_ key: String, _ body: Body, _ answer: Answer, at now: Int64) {
    keys[key] = Remembered(body: body, answer: answer, at: now)
    keyOrder.append((key, now))
  }

  /// `id` is what the service called it, if it granted it.
  mutating func hold(
    _ lines: [ClaimLine], owner: Int, seconds: Int, number: Int, key: String, id: UInt64,
    at now: Int64
  ) -> Answer {
    let body = Body.hold(lines, owner: owner, seconds: seconds)
    if let answer = recall(key, body) { return answer }
    var answer: Answer
    if let row = lines.firstIndex(where: {
      $0.place.item >= Names.items.count || $0.place.node >= Names.nodes.count
    }) {
      let isNode = lines[row].place.node >= Names.nodes.count
      answer = .refused(isNode ? .nodeUnknown : .itemUnknown, row: row)
    } else if let (row, available) = shortage(lines) {
      answer = .refused(.insufficientStock, row: row, available: available)
    } else {
      let expiresAt = now + Int64(seconds) * 1000
      holds[number] = Hold(
        id: id, owner: owner, lines: lines, expiresAt: expiresAt, state: .held)
      set(number, to: .held)
      answer = .hold(
        HoldFacts(id: id, state: .held, owner: owner, expiresAtSeconds: seconds1000(expiresAt)))
    }
    remember(key, body, answer, at: now)
    return answer
  }

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
    var facts = HoldFacts(
      id: hold.id, state: .committed, owner: owner, expiresAtSeconds: seconds1000(hold.expiresAt))
    switch (change, hold.state) {
    case (_, .released): return .refused(.holdReleased)
    case (_, .consumed): return .refused(.holdConsumed)
    case (.commit, .committed): return .refused(.holdCommitted)
    case (.release, .expired): return .refused(.holdExpired)
    case (.commit, .expired):
      if let (row, available) = shortage(hold.lines) {
        return .refused(.insufficientStock, row: row, available: available)
      }
      facts.isReclaimed = true
      set(number, to: .committed)
    case (.commit, .held): set(number, to: .committed)
    case (.release, .held), (.release, .committed):
      facts.state = .released
      set(number, to: .released, endedAt: now)
    }
    return .hold(facts)
  }

  func get(hold number: Int) -> Answer {
    guard let hold = holds[number] else { return .refused(.holdUnknown) }
    return .hold(
      HoldFacts(
        id: hold.id, state: hold.state, owner: hold.owner,
        expiresAtSeconds: seconds1000(hold.expiresAt), lines: hold.lines))
  }

  mutating func feed(source: Int, first: UInt64, rows: [FeedLine]) -> Answer {
    let mark = marks[source]
    if first > mark + 1 { return .refused(.sequenceGap) }
    var outcomes: [UInt32] = []
    for (index, row) in rows.enumerated() {
      let isOld = first + UInt64(index) <= mark
      outcomes.append(UInt32(isOld ? Code.alreadyApplied.rawValue : move(row).rawValue))
    }
    marks[source] = max(mark, first + UInt64(rows.count) - 1)
    return .feed(outcomes, lastSequence: marks[source])
  }

  private mutating func move(_ row: FeedLine) -> Code {
    var amounts = amounts[row.place] ?? Amounts()
    if row.kind != 3 && row.quantity < 0 { return .fieldOutOfRange }
    switch row.kind {
    case 1, 3: amounts.onHand += row.quantity
    case 2: amounts.onHand -= row.quantity
    case 4: amounts.onHand = row.quantity
    default: amounts.conditions[Int(row.kind) - 5] = row.quantity
    }
    if amounts.onHand < 0 { return .onHandNegative }
    if amounts.onHand > Self.mostUnits || amounts.conditions.reduce(0, +) > Self.mostUnits {
      return .quantityOverflow
    }
    self.amounts[row.place] = amounts
    return .ok
  }

  mutating func put(_ lines: [PutLine], key: String, at now: Int64) -> Answer {
    let body = Body.put(lines)
    if let answer = recall(key, body) { return answer }
    state(lines)
    let answer = Answer.put(rows: UInt64(lines.count))
    remember(key, body, answer, at: now)
    return answer
  }

  mutating func state(_ lines: [PutLine]) {
    for line in lines {
      amounts[line.place] = Amounts(onHand: line.onHand, conditions: line.conditions)
    }
  }

  mutating func load(replace: Bool, chunks: [[PutLine]]) {
    if replace { amounts.removeAll() }
    for chunk in chunks { state(chunk) }
  }

  private func seconds1000(_ milliseconds: Int64) -> Int64 { milliseconds / 1000 }
}
