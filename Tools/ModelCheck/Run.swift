import PromisedModel
import PromisedWire

/// Commands against the service and the model, compared after every one.
final class Run {
  let seed: UInt64
  let service: Service
  let fault: Fault?
  var model = Model()
  var now: Int64 = 1_790_000_000_000
  /// Ids of holds by the number of the command that made them; also of those that ended.
  private(set) var ids: [Int: UInt64] = [:]
  private var lastID: UInt64 = 0
  private(set) var counts: [String: Int] = [:]
  var steps = 0

  /// What differs between the two.
  struct Difference: Error, CustomStringConvertible {
    var description: String
  }

  init(seed: UInt64, fault: Fault? = nil) throws(Difference) {
    self.seed = seed
    self.fault = fault
    service = Service(fault: fault)
    let items = World.items(Array(Names.items.indices))
    let stock = Names.items.indices.flatMap { item in
      Names.nodes.indices.map { node in
        PutLine(
          place: Place(item: item, node: node), onHand: 0, conditions: [0, 0, 0, 0, 0])
      }
    }
    for rows in [World.network, World.sellers, items, World.positions(stock)] + World.names {
      if case .failure(let refused) = service.ask(.put(rows), at: now) {
        throw Difference(description: "the world was refused: \(refused.refusal)")
      }
    }
    // An operator has said of every place that nothing is there.
    for line in stock { model[line.place].statedAt = now }
  }

  /// Holds as old as this are given back, so that what is alive stays little.
  private static var lifetime: Int { 250 }

  /// Performs the command of a number and compares everything it may have touched.
  ///
  /// - Parameter auditsAll: not only a slice of the state, so that a fault is found where it began.
  func step(_ number: Int, auditsAll: Bool = false) throws(Difference) {
    let command = Command.numbered(number, seed: seed)
    var touched = touched(by: command)
    try perform(command, number)
    let old = number - Self.lifetime
    if let hold = model.holds[old], hold.state == .held || hold.state == .committed {
      try change(.release, hold: old, owner: hold.owner, key: "old-\(old)")
    }
    // Nobody asks for a hold that old again.
    ids[number - 8 * Self.lifetime] = nil
    service.goOnWithSnapshot()
    if let found = auditsAll ? service.wholeAudit() : service.audit() {
      throw Difference(description: "the audit found \(found)")
    }
    steps += 1
    touched.formUnion(self.touched(by: command))
    try comparePositions(touched)
    if steps % 256 == 0 {
      try comparePositions(Set(Names.items.indices))
      try compareShortfalls()
    }
  }

  var auditPasses: Int { service.auditPasses }

  // MARK: Commands

  private func perform(_ command: Command, _ number: Int) throws(Difference) {
    switch command {
    case .wait(let milliseconds):
      now += Int64(milliseconds)
      note("waits")
    case .hold(let wanted): try hold(wanted, number: number, key: "h-\(number)")
    case .change(let change, let hold, let owner):
      try self.change(
        change, hold: hold, owner: owner < 0 ? model.holds[hold]?.owner ?? 0 : owner,
        key: "c-\(number)")
    case .get(let hold):
      model.advance(to: now)
      let found = service.ask(.getHold(id(of: hold)), at: now)
      try compare(model.get(hold: hold), answer(found, withLines: true), "get")
    case .extend(let hold, let seconds):
      try extend(hold, seconds: seconds, key: "e-\(number)")
    case .amend(let hold, let by, let added, let node):
      try amend(hold, by: by, added: added, node: node, key: "a-\(number)")
    case .consume(let hold, let line, let units):
      try consume(hold, line: line, units: units, key: "u-\(number)")
    case .pick(let hold, let line, let units, let missing):
      try pick(hold, line: line, units: units, missing: missing, key: "i-\(number)")
    case .again(let other, let withOtherOwner):
      try again(Command.numbered(other, seed: seed), other, withOtherOwner, number)
    case .feed, .told, .gap, .reverse: try performFeed(command, number)
    case .put(let lines): try put(lines, key: "p-\(number)")
    case .rule(let rule): try put(rule)
    case .load(let replace, let chunks, let commits):
      try load(replace, chunks, commits: commits, number: number)
    case .availability(let items, let channel):
      try comparePositions(Set(items), channel: channel)
    case .shortfalls: try compareShortfalls()
    case .snapshot:
      service.beginSnapshot()
      note("snapshots")
    case .restart:
      service.restart()
      try restarted("restarts")
    case .crashDuring(let lines, let owner):
      let wanted = Wanted(lines: lines, owner: owner, seconds: 60)
      service.die(during: holdCall(wanted, key: "lost-\(number)"), at: now)
      try restarted("crashes")
    }
  }

  /// After a restart everything is looked at, by the service's own audit too.
  private func restarted(_ what: String) throws(Difference) {
    note(what)
    if let found = service.wholeAudit() {
      throw Difference(description: "after a restart the audit found \(found)")
    }
    try comparePositions(Set(Names.items.indices))
    try compareShortfalls()
  }

  private func again(
    _ command: Command, _ first: Int, _ withOtherOwner: Bool, _ number: Int
  ) throws(Difference) {
    switch command {
    case .hold(var wanted):
      if withOtherOwner { wanted.owner = (wanted.owner + 1) % Names.owners.count }
      // When the key is forgotten this makes another hold.
      try self.hold(wanted, number: number, key: "h-\(first)")
    case .change(let change, let hold, _):
      // The owner then is not known any more: often another body, which must be refused.
      try self.change(
        change, hold: hold, owner: model.holds[hold]?.owner ?? 0, key: "c-\(first)")
    case .put(let lines): try put(lines, key: "p-\(first)")
    default: note("nothing to repeat")
    }
  }

  // MARK: Holds

  private func holdCall(_ wanted: Wanted, key: String) -> Call<HoldAnswer> {
    .hold(
      wanted.lines.map { wireLine($0) }, owner: Names.owners[wanted.owner], key: key,
      timeToLiveSeconds: UInt64(wanted.seconds),
      fill: HoldFill(rawValue: UInt32(wanted.fill)) ?? .orKill,
      channel: wanted.channel == 0 ? "" : Names.channels[wanted.channel - 1],
      replaces: wanted.replaces.map { id(of: $0) } ?? 0)
  }

  private func hold(_ asked: Wanted, number: Int, key: String) throws(Difference) {
    model.advance(to: now)
    var wanted = asked
    for index in wanted.lines.indices where wanted.lines[index].due != 0 {
      wanted.lines[index].due += now / 1000
    }
    // What is replaced is named by an id, which a hold that was refused does not have.
    if let other = wanted.replaces, ids[other] == nil { wanted.replaces = nil }
    var told = wanted
    if fault == .unitMore && steps % 50 == 0 { told.lines[0].quantity += 1 }
    let found = answer(service.ask(holdCall(told, key: key), at: now))
    var id: UInt64 = 0
    if case .hold(let facts) = found { id = facts.id }
    let isNew = model.keys[key] == nil
    if isNew, id != 0 {
      // Ids ascend, so that none is given out twice.
      if id <= lastID { throw Difference(description: "hold \(id) came after \(lastID)") }
      lastID = id
    }
    let expected = model.hold(
      wanted, number: number, key: key, id: id,
      replaces: wanted.replaces.map { self.id(of: $0) } ?? 0, at: now)
    if isNew, case .hold = expected { ids[number] = id }
    try compare(expected, found, name(of: wanted))
    if isNew, case .hold = found { try requireNoOversell(by: number) }
  }

  /// No grant makes what is at a node negative, whenever it is looked at, but for what may be
  /// backordered.
  private func requireNoOversell(by number: Int) throws(Difference) {
    for line in model.holds[number]?.lines ?? [] where line.part != .kit && !line.isPool {
      let ledger = model.ledger(line.place.item, .all, at: now / 1000)
      if ledger.floor(line.place.node, from: max(line.due, now / 1000)) < 0 {
        throw Difference(description: "a grant made \(line.place) negative")
      }
    }
  }

  private func name(of wanted: Wanted) -> String {
    if wanted.replaces != nil { return "hold that replaces" }
    if wanted.fill != 0 { return wanted.fill == 1 ? "hold all" : "hold what is there" }
    if wanted.lines.contains(where: \.isPool) { return "hold of a group" }
    if wanted.lines.contains(where: { $0.due != 0 }) { return "hold for later" }
    if wanted.lines.contains(where: { !model.read($0.place.item).parts.isEmpty }) {
      return "hold of a kit"
    }
    return wanted.channel == 0 ? "hold" : "hold of a channel"
  }

  private func change(
    _ change: Change, hold: Int, owner: Int, key: String
  ) throws(Difference) {
    model.advance(to: now)
    let id = id(of: hold)
    let name = Names.owners[owner]
    let call: Call<HoldAnswer> =
      change == .commit
      ? .commit(holdID: id, owner: name, key: key) : .release(holdID: id, owner: name, key: key)
    let found = answer(service.ask(call, at: now))
    let expected = model.change(change, hold: hold, id: id, owner: owner, key: key, at: now)
    try compare(expected, found, change.rawValue)
  }

  /// An id that no hold has for one that was not granted.
  func id(of hold: Int) -> UInt64 { ids[hold] ?? UInt64.max >> 1 }

  // MARK: Comparing

  func note(_ what: String) { counts[what, default: 0] += 1 }

  func compare(_ expected: Answer, _ found: Answer, _ what: String) throws(Difference) {
    if expected != found {
      throw Difference(description: "\(what): answered \(found), expected \(expected)")
    }
    switch found {
    case .hold(let facts):
      note(facts.isRepeated ? "\(what) repeated" : facts.isReclaimed ? "reclaimed" : what)
      if facts.lines.contains(where: { $0.short > 0 }) { note("shortfalls seen") }
      if facts.grants.contains(where: { $0.later > 0 }) { note("supply that comes claimed") }
      if facts.grants.contains(where: { $0.backordered > 0 }) { note("backordered") }
    case .refusal(let code, _, _): note("\(what) refused \(code)")
    case .feed(let outcomes, _):
      note(what)
      for code in outcomes where code != 0 { note("\(what) row \(code)") }
    case .reversed(let rows, let kept):
      note(what)
      if rows > 0 { note("rows undone") }
      for row in kept { note("\(what) row \(row.code)") }
    default: note(what)
    }
  }

  func refusal(_ refused: Service.Refused) -> Answer {
    .refusal(
      code: refused.refusal.outcome, row: Int(refused.refusal.row),
      available: refused.refusal.availableUnits)
  }
}
