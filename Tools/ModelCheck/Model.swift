/// Stock, claims and the feed as `contracts.md` and the protocol say them: dictionaries, arrays of
/// movements, and sums worked out anew for each question. It shares nothing with the engine.
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
    /// Commits in their order, from 1.
    var committed = 0
  }

  /// What a keyed command said, so that a repeat is told from another intent.
  enum Body: Equatable {
    case hold(Wanted, replaces: UInt64)
    case change(Change, id: UInt64, owner: Int)
    case extend(id: UInt64, seconds: Int, owner: Int)
    case amend(id: UInt64, [ClaimLine], owner: Int)
    case consume(id: UInt64, lines: [ClaimLine], owner: Int)
    case pick(id: UInt64, ClaimLine, missing: Int64, owner: Int)
    case put([PutLine])
  }

  struct Remembered {
    var body: Body
    var answer: Answer
    var at: Int64
  }

  /// By item; those that came late stand behind the others.
  var facts = (0..<Names.items.count).map { _ in ItemFacts(isKnown: true) }
  var groups = Names.groups.map { _ in [Int]() }
  /// By the number of the command that made it.
  var holds: [Int: Hold] = [:]
  /// Numbers of those that claim something: held or committed.
  private(set) var claiming: [Int] = []
  private var commits = 0
  var keys: [String: Remembered] = [:]
  /// Keys in the order in which they were remembered, so that old ones are found.
  private var keyOrder: [(key: String, at: Int64)] = []
  private var firstKey = 0
  var marks = [UInt64](repeating: 0, count: Names.sources.count)
  /// What happened, in the order in which it was told, and how many are left out before.
  var movements: [Movement] = []
  var forgottenMovements = 0
  var parked: [ParkedLine] = []
  /// What is allocated and picked by place, as it was noted last.
  var notedClaims = [ClaimMove](
    repeating: ClaimMove(occurred: 0, told: 0, allocated: 0, picked: 0),
    count: Names.items.count * Names.nodes.count)
  /// When a load stated stock last, in milliseconds.
  var loadedAt = Int64.min

  /// Nothing is due twice at the same instant.
  private var lastInstant: Int64 = 0

  static let window: Int64 = 600_000
  static let mostUnits: Int64 = 2_000_000_000

  // MARK: Holds

  /// Every change of a hold's state.
  mutating func set(_ number: Int, to state: State, endedAt: Int64 = 0) {
    holds[number]?.state = state
    holds[number]?.endedAt = endedAt
    claiming.removeAll { $0 == number }
    if state == .held || state == .committed { claiming.append(number) }
    if state == .committed {
      commits += 1
      holds[number]?.committed = commits
    }
  }

  /// The number of a living or ended hold by the service's id.
  func number(of id: UInt64) -> Int? {
    id == 0 ? nil : holds.first { $0.value.id == id }?.key
  }

  // MARK: Time

  /// What every command begins with: what is due expires, what is old is forgotten.
  mutating func advance(to now: Int64) {
    if now == lastInstant { return }
    noteClaims(occurred: lastInstant, at: lastInstant)
    lastInstant = now
    for (number, hold) in holds {
      if hold.state == .held && hold.expiresAt <= now {
        set(number, to: .expired, endedAt: now)
      } else if hold.state == .held || hold.state == .committed {
        makeDue(number, at: now)
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

  /// What was for later and whose time has come claims of what is there.
  mutating func makeDue(_ number: Int, at now: Int64) {
    for index in holds[number]?.lines.indices ?? 0..<0 {
      if let due = holds[number]?.lines[index].due, due != 0, due <= now / 1000 {
        holds[number]?.lines[index].due = 0
      }
    }
  }

  // MARK: Repeats

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

  // MARK: Amounts put

  mutating func put(_ lines: [PutLine], key: String, at now: Int64) -> Answer {
    let body = Body.put(lines)
    if let answer = recall(key, body) { return answer }
    state(lines)
    for line in lines { self[line.place].statedAt = now }
    let answer = Answer.put(rows: UInt64(lines.count))
    remember(key, body, answer, at: now)
    return answer
  }

  mutating func state(_ lines: [PutLine]) {
    for line in lines {
      self[line.place].setOnHand(line.onHand)
      for index in 0..<5 { self[line.place].conditions[index] = line.conditions[index] }
    }
  }

  /// What a replacing load does not name is gone; claims stay.
  mutating func load(replace: Bool, chunks: [[PutLine]], at now: Int64) {
    loadedAt = now
    if replace {
      for item in facts.indices {
        for node in Names.nodes.indices {
          facts[item].stocks[node].setOnHand(0)
          facts[item].stocks[node].conditions = .zero
        }
        facts[item].inbound = []
        facts[item].channels = []
        facts[item].backorders = []
        facts[item].parts = []
      }
      groups = Names.groups.map { _ in [] }
    }
    for chunk in chunks { state(chunk) }
  }

  /// - Parameter now: seconds.
  mutating func put(_ rule: Rule, at now: Int64) {
    switch rule {
    case .group(let group, let nodes): groups[group] = nodes
    case .channel(let channel, let place, let buffer, let setAside):
      edit(place.item) {
        $0.channels.removeAll { $0.node == place.node && $0.channel == channel }
        $0.channels.append(
          ChannelRule(node: place.node, channel: channel, buffer: buffer, setAside: setAside))
      }
    case .backorder(let place, let cap, let from, let until):
      edit(place.item) {
        $0.backorders.removeAll { $0.node == place.node }
        if cap == 0 { return }
        $0.backorders.append(
          Backorder(
            node: place.node, cap: cap, from: from == 0 ? 0 : now + from,
            until: until == 0 ? 0 : now + until))
      }
    case .kit(let kit, let parts): edit(kit) { $0.parts = parts }
    case .inbound(let place, let reference, let units, let arrival, let stage):
      edit(place.item) {
        $0.put(
          Inbound(
            reference: reference, node: place.node, units: units, eta: now + arrival, stage: stage))
      }
    case .item: break
    }
  }
}
