import PromisedWire

/// What happens to a hold between the cart and the truck.
extension Run {
  func extend(_ hold: Int, seconds: Int, key: String) throws(Difference) {
    model.advance(to: now)
    let (id, owner) = named(hold)
    let found = answer(
      service.ask(
        .extend(
          .id(id), owner: Names.owners[owner], key: key, timeToLiveSeconds: UInt64(seconds)),
        at: now))
    let expected = model.extend(
      hold: hold, id: id, seconds: seconds, owner: owner, key: key, at: now)
    try compare(expected, found, "extend")
  }

  func amend(
    _ hold: Int, by: [Int64], added: ClaimLine?, node: Int?, key: String
  ) throws(Difference) {
    model.advance(to: now)
    let (id, owner) = named(hold)
    var lines: [ClaimLine] = []
    let before = model.holds[hold]?.lines ?? []
    for (index, line) in before.enumerated() where line.part != .component {
      var line = line
      line.quantity += line.shipped + by[index % by.count]
      if line.quantity <= 0 { continue }
      if line.isPool, let node { (line.isPool, line.place.node) = (false, node) }
      lines.append(ClaimLine(line))
    }
    if let added { lines.append(added) }
    if lines.isEmpty { lines = [ClaimLine(place: anyPlace(of: hold, 0), quantity: 1)] }
    // All lines are of one channel.
    let channel = before.first?.channel ?? 0
    for index in lines.indices { lines[index].channel = channel }
    let found = answer(
      service.ask(
        .amend(
          .id(id), lines.map(wireLine), owner: Names.owners[owner], key: key,
          channel: channel == 0 ? "" : Names.channels[channel - 1]), at: now))
    let expected = model.amend(
      hold: hold, id: id, lines: lines, owner: owner, key: key, at: now)
    try compare(expected, found, "amend")
  }

  func consume(_ hold: Int, line: Int?, units: Int64, key: String) throws(Difference) {
    model.advance(to: now)
    let (id, owner) = named(hold)
    var lines: [ClaimLine] = []
    if let line { lines = [ClaimLine(place: anyPlace(of: hold, line), quantity: units)] }
    let found = answer(
      service.ask(
        .consume(.id(id), lines.map(wireLine), owner: Names.owners[owner], key: key), at: now))
    let expected = model.consume(
      hold: hold, id: id, lines: lines, owner: owner, key: key, at: now)
    try compare(expected, found, "consume")
  }

  func pick(
    _ hold: Int, line: Int, units: Int64, missing: Int64, key: String
  ) throws(Difference) {
    model.advance(to: now)
    let (id, owner) = named(hold)
    // Nothing at all would be no intent.
    let line = ClaimLine(
      place: anyPlace(of: hold, line), quantity: units + missing == 0 ? 1 : units)
    let found = answer(
      service.ask(
        .pick(
          .id(id), [wireLine(line)], missing: [missing], owner: Names.owners[owner], key: key),
        at: now))
    let expected = model.pick(
      hold: hold, id: id, line: line, missing: missing, owner: owner, key: key, at: now)
    try compare(expected, found, "pick")
  }

  private func named(_ hold: Int) -> (id: UInt64, owner: Int) {
    (id(of: hold), model.holds[hold]?.owner ?? 0)
  }

  /// Where a line of the hold claims; any place for a hold that is not known. The number of a group
  /// is taken for that of a node.
  private func anyPlace(of hold: Int, _ line: Int) -> Place {
    let lines = model.holds[hold]?.lines ?? []
    return lines.isEmpty ? Place(item: 0, node: 0) : lines[line % lines.count].place
  }

  func wireLine(_ line: ClaimLine) -> HoldLine {
    HoldLine(
      item: Names.item(line.place.item),
      node: line.isPool ? Names.groups[line.place.node] : Names.node(line.place.node),
      quantity: line.quantity, isPool: line.isPool, dueUnixSeconds: line.due)
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
      facts.grants = answer.grants.map {
        Granted(
          units: $0.granted, later: $0.later, laterDue: $0.laterDueUnixSeconds,
          backordered: $0.backordered)
      }
      if withLines { facts.lines = answer.lines.map { ClaimLine($0) } }
      return .hold(facts)
    }
  }
}

extension ClaimLine {
  /// What a line asks for.
  fileprivate init(_ line: ClaimLine) {
    self.init(place: line.place, quantity: line.quantity)
    (due, channel, isPool) = (line.due, line.channel, line.isPool)
  }

  /// A line as the service tells it.
  fileprivate init(_ line: HoldLine) {
    let names = line.isPool ? Names.groups : Names.nodes
    self.init(
      place: Place(
        item: Names.item(named: line.item),
        node: names.firstIndex(of: line.node) ?? Names.unknownNode), quantity: line.quantity)
    (picked, shipped, short) = (line.picked, line.shipped, line.short)
    due = line.dueUnixSeconds
    channel = (Names.channels.firstIndex(of: line.channel) ?? -1) + 1
    (isPool, isBackordered) = (line.isPool, line.isBackordered)
    part = line.isKit ? .kit : line.isComponent ? .component : .none
  }
}
