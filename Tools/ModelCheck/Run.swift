import PromisedModel
import PromisedWire

/// Commands against the service and the model, compared after every one.
final class Run {
  private let seed: UInt64
  let service = Service()
  var model = Model()
  private(set) var now: Int64 = 1_790_000_000_000
  /// Ids of holds by the number of the command that made them; also of those that ended.
  private(set) var ids: [Int: UInt64] = [:]
  private var lastID: UInt64 = 0
  private(set) var counts: [String: Int] = [:]
  private var steps = 0

  /// What differs between the two.
  struct Difference: Error, CustomStringConvertible {
    var description: String
  }

  init(seed: UInt64) throws(Difference) {
    self.seed = seed
    for rows in [World.network, World.sellers, World.items] {
      if case .failure(let refused) = service.ask(.put(rows), at: now) {
        throw Difference(description: "the world was refused: \(refused.refusal)")
      }
    }
  }

  /// Holds as old as this are given back, so that what is alive stays little.
  private static var lifetime: Int { 250 }

  /// Performs the command of a number and compares everything it may have touched.
  func step(_ number: Int) throws(Difference) {
    let command = Command.numbered(number, seed: seed)
    try perform(command, number)
    let old = number - Self.lifetime
    if let hold = model.holds[old], hold.state == .held || hold.state == .committed {
      try change(.release, hold: old, owner: hold.owner, key: "old-\(old)")
    }
    // Nobody asks for a hold that old again.
    ids[number - 8 * Self.lifetime] = nil
    service.goOnWithSnapshot()
    if let found = service.audit() { throw Difference(description: "the audit found \(found)") }
    steps += 1
    try comparePositions(touched(by: command))
    if steps % 256 == 0 { try comparePositions(Set(Names.items.indices)) }
  }

  var auditPasses: Int { service.auditPasses }

  // MARK: Commands

  private func perform(_ command: Command, _ number: Int) throws(Difference) {
    switch command {
    case .wait(let milliseconds):
      now += Int64(milliseconds)
      note("waits")
    case .hold(let lines, let owner, let seconds):
      try hold(lines, owner: owner, seconds: seconds, number: number, key: "h-\(number)")
    case .change(let change, let hold, let owner):
      try self.change(
        change, hold: hold, owner: owner < 0 ? model.holds[hold]?.owner ?? 0 : owner,
        key: "c-\(number)")
    case .get(let hold):
      model.advance(to: now)
      let found = service.ask(.getHold(ids[hold] ?? UInt64.max >> 1), at: now)
      try compare(model.get(hold: hold), answer(found, withLines: true), "get")
    case .extend(let hold, let seconds):
      try extend(hold, seconds: seconds, key: "e-\(number)")
    case .consume(let hold, let line, let units):
      try consume(hold, line: line, units: units, key: "u-\(number)")
    case .pick(let hold, let line, let units, let missing):
      try pick(hold, line: line, units: units, missing: missing, key: "i-\(number)")
    case .again(let other, let withOtherOwner):
      try again(Command.numbered(other, seed: seed), other, withOtherOwner, number)
    case .feed(let source, let back, let rows):
      try feed(source, rows, from: model.marks[source] + 1 - min(UInt64(back), model.marks[source]))
    case .gap(let source, let skipped, let rows):
      try feed(source, rows, from: model.marks[source] + 1 + UInt64(skipped))
    case .put(let lines): try put(lines, key: "p-\(number)")
    case .load(let replace, let chunks, let commits):
      try load(replace, chunks, commits: commits, number: number)
    case .availability(let items): try comparePositions(Set(items))
    case .snapshot:
      service.beginSnapshot()
      note("snapshots")
    case .restart:
      service.restart()
      note("restarts")
    case .crashDuring(let lines, let owner):
      service.die(during: holdCall(lines, owner, 60, key: "lost-\(number)"), at: now)
      note("crashes")
    }
  }

  private func again(
    _ command: Command, _ first: Int, _ withOtherOwner: Bool, _ number: Int
  ) throws(Difference) {
    switch command {
    case .hold(let lines, let owner, let seconds):
      let other = withOtherOwner ? (owner + 1) % Names.owners.count : owner
      // When the key is forgotten this makes another hold.
      try self.hold(lines, owner: other, seconds: seconds, number: number, key: "h-\(first)")
    case .change(let change, let hold, _):
      // The owner then is not known any more: often another body, which must be refused.
      try self.change(
        change, hold: hold, owner: model.holds[hold]?.owner ?? 0, key: "c-\(first)")
    case .put(let lines): try put(lines, key: "p-\(first)")
    default: note("nothing to repeat")
    }
  }

  private func holdCall(
    _ lines: [ClaimLine], _ owner: Int, _ seconds: Int, key: String
  ) -> Call<HoldAnswer> {
    .hold(
      lines.map {
        HoldLine(
          item: Names.item($0.place.item), node: Names.node($0.place.node), quantity: $0.quantity)
      }, owner: Names.owners[owner], key: key, timeToLiveSeconds: UInt64(seconds))
  }

  private func hold(
    _ lines: [ClaimLine], owner: Int, seconds: Int, number: Int, key: String
  ) throws(Difference) {
    model.advance(to: now)
    let found = answer(service.ask(holdCall(lines, owner, seconds, key: key), at: now))
    var id: UInt64 = 0
    if case .hold(let facts) = found { id = facts.id }
    let isNew = model.keys[key] == nil
    if isNew, id != 0 {
      // Ids ascend, so that none is given out twice.
      if id <= lastID { throw Difference(description: "hold \(id) came after \(lastID)") }
      lastID = id
    }
    let expected = model.hold(
      lines, owner: owner, seconds: seconds, number: number, key: key, id: id, at: now)
    if isNew, case .hold = expected { ids[number] = id }
    try compare(expected, found, "hold")
    for line in lines {
      if isNew, case .hold = found, model.available(line.place) < 0 {
        throw Difference(description: "a grant made \(line.place) negative")
      }
    }
  }

  private func change(
    _ change: Change, hold: Int, owner: Int, key: String
  ) throws(Difference) {
    model.advance(to: now)
    let id = ids[hold] ?? UInt64.max >> 1
    let name = Names.owners[owner]
    let call: Call<HoldAnswer> =
      change == .commit
      ? .commit(holdID: id, owner: name, key: key) : .release(holdID: id, owner: name, key: key)
    let found = answer(service.ask(call, at: now))
    let expected = model.change(change, hold: hold, id: id, owner: owner, key: key, at: now)
    try compare(expected, found, change.rawValue)
  }

  private func feed(_ source: Int, _ rows: [FeedLine], from first: UInt64) throws(Difference) {
    model.advance(to: now)
    let movements = rows.map {
      Movement(
        item: Names.item($0.place.item), node: Names.node($0.place.node),
        type: MovementType(rawValue: $0.kind) ?? .count, quantity: $0.quantity)
    }
    let found: Answer
    switch service.ask(
      .apply(source: Names.sources[source], firstSequence: first, movements), at: now)
    {
    case .success(let answer):
      found = .feed(answer.outcomes.map(\.number), lastSequence: answer.lastSequence)
    case .failure(let refused): found = refusal(refused)
    }
    try compare(model.feed(source: source, first: first, rows: rows), found, "feed")
  }

  private func put(_ lines: [PutLine], key: String) throws(Difference) {
    model.advance(to: now)
    let found: Answer
    switch service.ask(.put(World.positions(lines), key: key), at: now) {
    case .success(let answer): found = .put(rows: answer.rows)
    case .failure(let refused): found = refusal(refused)
    }
    try compare(model.put(lines, key: key, at: now), found, "put")
  }

  private func load(
    _ replace: Bool, _ chunks: [[PutLine]], commits: Bool, number: Int
  ) throws(Difference) {
    model.advance(to: now)
    let id = Name("load-\(number)")
    let rows = [World.network] + chunks.map { World.positions($0) }
    let description = LoadDescription(
      id: id, mode: replace ? .replace : .merge, chunkCount: UInt32(rows.count), force: true)
    try compare(.load(committed: false), loadAnswer(.beginLoad(description)), "begin load")
    for (place, chunk) in rows.enumerated() {
      let call = Call.put(chunk, load: LoadPlace(id: id, number: UInt32(place)))
      if case .failure(let refused) = service.ask(call, at: now) {
        throw Difference(description: "chunk \(place) of a load was refused: \(refused.refusal)")
      }
      // Nothing of a load is seen before it is whole.
      try comparePositions([chunks.first?.first?.place.item ?? 0])
    }
    if commits {
      try compare(
        .load(committed: true), loadAnswer(.commitLoad("load-\(number)")), "commit load")
      model.load(replace: replace, chunks: chunks)
    } else {
      try compare(
        .load(committed: false), loadAnswer(.abortLoad("load-\(number)")), "abort load")
    }
    try comparePositions(Set(Names.items.indices))
  }

  private func loadAnswer(_ call: Call<LoadAnswer>) -> Answer {
    switch service.ask(call, at: now) {
    case .success(let answer): .load(committed: answer.isCommitted)
    case .failure(let refused): refusal(refused)
    }
  }

  // MARK: Comparing

  private func note(_ what: String) { counts[what, default: 0] += 1 }

  func compare(_ expected: Answer, _ found: Answer, _ what: String) throws(Difference) {
    if expected != found {
      throw Difference(description: "\(what): answered \(found), expected \(expected)")
    }
    switch found {
    case .hold(let facts):
      note(facts.isRepeated ? "\(what) repeated" : facts.isReclaimed ? "reclaimed" : what)
    case .refusal(let code, _, _): note("\(what) refused \(code)")
    default: note(what)
    }
  }

  private func refusal(_ refused: Service.Refused) -> Answer {
    .refusal(
      code: refused.refusal.outcome, row: Int(refused.refusal.row),
      available: refused.refusal.availableUnits)
  }

  func answer(
    _ result: Result<HoldAnswer, Service.Refused>, withLines: Bool = false
  ) -> Answer {
    switch result {
    case .failure(let refused): return refusal(refused)
    case .success(let answer):
      guard let state = Model.State(rawValue: answer.state),
        let owner = Names.owners.firstIndex(of: answer.owner)
      else { return .unreadable("state \(answer.state) of \(answer.owner)") }
      var facts = HoldFacts(
        id: answer.holdID, state: state, owner: owner,
        expiresAtSeconds: answer.expiresAtUnixSeconds, isReclaimed: answer.isReclaimed,
        isRepeated: answer.isRepeated)
      if withLines {
        facts.lines = answer.lines.map {
          ClaimLine(
            place: place($0.item, $0.node), quantity: $0.quantity, picked: $0.picked)
        }
      }
      return .hold(facts)
    }
  }

  private func place(_ item: String, _ node: String) -> Place {
    Place(
      item: Names.items.firstIndex(of: item) ?? Names.unknownItem,
      node: Names.nodes.firstIndex(of: node) ?? Names.unknownNode)
  }

  private func touched(by command: Command) -> Set<Int> {
    let items: [Int] =
      switch command {
      case .hold(let lines, _, _), .crashDuring(let lines, _): lines.map(\.place.item)
      case .change(_, let hold, _), .extend(let hold, _), .consume(let hold, _, _),
        .pick(let hold, _, _, _):
        model.holds[hold]?.lines.map(\.place.item) ?? []
      case .feed(_, _, let rows), .gap(_, _, let rows): rows.map(\.place.item)
      case .put(let lines): lines.map(\.place.item)
      case .restart: Array(Names.items.indices)
      default: [steps % Names.items.count]
      }
    return Set(items.filter { $0 < Names.items.count })
  }

  private func comparePositions(_ items: Set<Int>) throws(Difference) {
    if items.isEmpty { return }
    let wanted = items.sorted()
    model.advance(to: now)
    guard
      case .success(let answer) = service.ask(
        .availability(items: wanted.map { Names.items[$0] }), at: now)
    else { throw Difference(description: "availability was refused") }
    for (item, found) in zip(wanted, answer.items) {
      for node in Names.nodes.indices {
        let expected = model.position(Place(item: item, node: node))
        let row = found.positions.first { $0.node == Names.nodes[node] }
        let numbers =
          row.map {
            [
              $0.onHand, $0.fulfillable, $0.held, $0.allocated, $0.availableNow, $0.unfulfillable,
              $0.researching, $0.inTransfer, $0.inProcessing, $0.withheld,
            ]
          } ?? [Int64](repeating: 0, count: 10)
        if numbers != expected {
          throw Difference(
            description: "\(Names.items[item]) in \(Names.nodes[node]) is \(numbers), "
              + "expected \(expected)")
        }
      }
    }
    note("positions compared")
  }
}
