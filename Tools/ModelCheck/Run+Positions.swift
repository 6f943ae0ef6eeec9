import PromisedWire

/// What is where, as the service tells it and as the model adds it up.
extension Run {
  /// Items of which a command may change anything.
  func touched(by command: Command) -> Set<Int> {
    let items: [Int] =
      switch command {
      case .hold(let wanted): wanted.lines.map(\.place.item) + lines(of: wanted.replaces)
      case .crashDuring(let lines, _): lines.map(\.place.item)
      case .change(_, let hold, _), .extend(let hold, _), .consume(let hold, _, _),
        .pick(let hold, _, _, _):
        lines(of: hold)
      case .amend(let hold, _, let added, _):
        lines(of: hold) + (added.map { [$0.place.item] } ?? [])
      case .feed(_, _, let rows), .gap(_, _, let rows, _): rows.map(\.place.item)
      case .told(_, _, let batch):
        batch.rows.map(\.place.item) + batch.rows.flatMap { lines(of: $0.hold) }
      case .put(let lines): lines.map(\.place.item)
      case .rule(let rule): items(of: rule)
      case .reverse, .wait: [steps % Names.items.count, steps % Names.hotItems]
      default: [steps % Names.items.count]
      }
    return Set(items.filter { $0 < Names.items.count || model.isKnown($0) })
  }

  private func lines(of hold: Int?) -> [Int] {
    hold.flatMap { model.holds[$0]?.lines.map(\.place.item) } ?? []
  }

  private func items(of rule: Rule) -> [Int] {
    switch rule {
    case .group: Array(0..<Names.hotItems)
    case .channel(_, let place, _, _), .backorder(let place, _, _, _),
      .inbound(let place, _, _, _, _):
      [place.item]
    case .kit(let item, _), .item(let item): [item]
    }
  }

  func comparePositions(_ items: Set<Int>, channel: Int = 0) throws(Difference) {
    let wanted = items.filter { $0 != Names.unknownItem }.sorted()
    if wanted.isEmpty { return }
    model.advance(to: now)
    guard
      case .success(let answer) = service.ask(
        .availability(
          items: wanted.map { Names.item($0) },
          channel: channel == 0 ? "" : Names.channels[channel - 1]), at: now)
    else { throw Difference(description: "availability was refused") }
    let claims = model.claimsByItem()
    for (item, found) in zip(wanted, answer.items) {
      if !model.isKnown(item) {
        if found.outcome.number == Code.itemUnknown.rawValue { continue }
        throw Difference(description: "\(Names.item(item)) is known")
      }
      try compare(item, found, item < claims.count ? claims[item] : [], channel)
    }
    note(channel == 0 ? "positions compared" : "positions of a channel compared")
  }

  private func compare(
    _ item: Int, _ found: ItemAvailability, _ claims: [Model.Claim], _ channel: Int
  ) throws(Difference) {
    let expected = model.positions(item, claims, channel: channel, at: now / 1000)
    for node in Names.nodes.indices {
      let row = found.positions.first { $0.node == Names.nodes[node] }
      let numbers = row.map { PositionNumbers($0) } ?? PositionNumbers()
      if numbers != expected[node] {
        throw Difference(
          description: "\(Names.item(item)) in \(Names.nodes[node]) is \(numbers), expected "
            + "\(expected[node])")
      }
    }
    let unsourced = claims.reduce(0) { $0 + ($1.line.isPool ? $1.line.quantity : 0) }
    if found.unsourced != unsourced {
      throw Difference(
        description: "of \(Names.item(item)) \(found.unsourced) units are claimed of groups, "
          + "expected \(unsourced)")
    }
    let inbound = found.inbound.map {
      Inbound(
        reference: Names.references.firstIndex(of: $0.shipment) ?? -1,
        node: Names.nodes.firstIndex(of: $0.node) ?? -1, units: $0.quantity,
        eta: $0.etaUnixSeconds, stage: UInt8($0.stage))
    }
    let coming = model.read(item).inbound.sorted {
      ($0.eta, $0.reference, $0.node) < ($1.eta, $1.reference, $1.node)
    }
    if inbound != coming {
      throw Difference(
        description: "of \(Names.item(item)) comes \(inbound), expected \(coming)")
    }
  }

  func compareShortfalls() throws(Difference) {
    model.advance(to: now)
    guard case .success(let answer) = service.ask(.shortfalls(pageSize: 10_000), at: now) else {
      throw Difference(description: "shortfalls were refused")
    }
    let found = answer.rows.map { [Int64($0.holdID), Int64($0.line), $0.units, $0.claimed] }
    let expected = model.shortfalls().map {
      [Int64($0.id), Int64($0.line), $0.units, $0.claimed]
    }
    if found != expected {
      throw Difference(description: "short are \(found), expected \(expected)")
    }
    let units = expected.reduce(0) { $0 + $1[2] }
    if answer.shortUnits != UInt64(units) {
      throw Difference(description: "\(answer.shortUnits) units are short, expected \(units)")
    }
    note(expected.isEmpty ? "no shortfalls" : "shortfalls compared")
  }
}

/// An answer's numbers of an item in a node.
struct PositionNumbers: Equatable {
  var onHand: Int64 = 0
  var fulfillable: Int64 = 0
  var held: Int64 = 0
  var allocated: Int64 = 0
  var picked: Int64 = 0
  var availableNow: Int64 = 0
  var claimedLater: Int64 = 0
  var withheldFromChannel: Int64 = 0
  var conditions = SIMD8<Int64>.zero
}

extension PositionNumbers {
  fileprivate init(_ row: StockPosition) {
    (onHand, fulfillable) = (row.onHand, row.fulfillable)
    (held, allocated, picked) = (row.held, row.allocated, row.picked)
    (availableNow, claimedLater) = (row.availableNow, row.claimedLater)
    withheldFromChannel = row.withheldFromChannel
    conditions[0] = row.unfulfillable
    conditions[1] = row.researching
    conditions[2] = row.inTransfer
    conditions[3] = row.inProcessing
    conditions[4] = row.withheld
  }
}

extension Model {
  /// A line that claims something.
  struct Claim {
    var line: ClaimLine
    var isHeld: Bool
  }

  func claimsByItem() -> [[Claim]] {
    var claims = [[Claim]](repeating: [], count: Names.items.count)
    for number in claiming {
      guard let hold = holds[number] else { continue }
      for line in hold.lines where line.part != .kit && line.quantity > 0 {
        claims[line.place.item].append(Claim(line: line, isHeld: hold.state == .held))
      }
    }
    return claims
  }

  /// The numbers of an item in every node, for who asks.
  ///
  /// - Parameter now: seconds.
  func positions(
    _ item: Int, _ claims: [Claim], channel: Int, at now: Int64
  ) -> [PositionNumbers] {
    let ledger = Ledger(
      facts: read(item), groups: groups, claims: claims.map(\.line), beyond: .none, now: now)
    var rows = ledger.facts.stocks.map { stock in
      var numbers = PositionNumbers()
      (numbers.onHand, numbers.fulfillable) = (stock.onHand, stock.fulfillable)
      numbers.conditions = stock.conditions
      return numbers
    }
    for claim in claims where !claim.line.isPool {
      let (line, node) = (claim.line, claim.line.place.node)
      if line.due != 0 {
        rows[node].claimedLater += line.quantity
      } else if claim.isHeld {
        rows[node].held += line.quantity
      } else {
        rows[node].allocated += line.quantity
        rows[node].picked += line.picked
      }
    }
    let isPlain = ledger.isPlain
    for node in rows.indices {
      if isPlain {
        rows[node].availableNow = ledger.onShelf(node)
      } else {
        rows[node].availableNow = ledger.limit(item, node, channel)
        rows[node].withheldFromChannel = ledger.withheld(from: channel, at: node)
      }
    }
    if ledger.facts.parts.isEmpty { return rows }
    for (node, units) in made(ledger.facts.parts, channel, at: now).enumerated() {
      rows[node].availableNow += units
    }
    return rows
  }

  /// Kits that their components make at each node.
  private func made(_ parts: [KitPart], _ channel: Int, at now: Int64) -> [Int64] {
    var made = Names.nodes.map { _ in Int64.max }
    for part in parts {
      let ledger = ledger(part.item, .none, at: now)
      for node in made.indices {
        let there = max(0, ledger.limit(part.item, node, channel))
        made[node] = min(made[node], there / part.units)
      }
    }
    return made
  }
}

extension Ledger {
  /// What a claim of now may take at a node.
  fileprivate func limit(_ item: Int, _ node: Int, _ channel: Int) -> Int64 {
    var wish = ClaimLine(place: Place(item: item, node: node), quantity: 0)
    wish.channel = channel
    return limit(wish)
  }
}
