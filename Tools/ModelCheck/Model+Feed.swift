/// A feed row as it is told, with what it names.
struct FedLine: Equatable {
  var place: Place
  var kind: UInt32
  var quantity: Int64
  /// Milliseconds; 0 = not said.
  var occurred: Int64 = 0
  var reference: Int?
  var destination = 0
  /// Seconds.
  var eta: Int64 = 0
  var stage: UInt8 = 0
  var disposition: UInt8 = 0
  var from: UInt8 = 0
  var holdID: UInt64 = 0

  var isCount: Bool { kind == 4 || kind == 16 }

  /// On hand rises or falls by it.
  var direction: Int64 {
    switch kind {
    case 1, 3, 11, 12, 15: 1
    case 2, 10, 17: -1
    default: 0
    }
  }
}

/// A batch with everything that is said of it.
struct FedBatch {
  var source: Int
  /// Of each row.
  var sequences: [UInt64]
  var rows: [FedLine]
  var isNet = false
  var saysWhen = false
  var allowsGap = false
}

/// The update feed.
extension Model {
  mutating func feed(_ batch: FedBatch, at now: Int64) -> Answer {
    let mark = marks[batch.source]
    let isSparse = batch.source == Names.sparse
    if let first = batch.sequences.first, !isSparse, !batch.allowsGap, first > mark + 1 {
      return .refused(.sequenceGap)
    }
    var outcomes: [UInt32] = []
    for (row, sequence) in zip(batch.rows, batch.sequences) {
      var code = Code.alreadyApplied
      if sequence > mark { code = tell(row, sequence, of: batch, at: now) }
      outcomes.append(UInt32(code.rawValue))
    }
    marks[batch.source] = max(mark, batch.sequences.last ?? 0)
    return .feed(outcomes, lastSequence: marks[batch.source])
  }

  private mutating func tell(
    _ row: FedLine, _ sequence: UInt64, of batch: FedBatch, at now: Int64
  ) -> Code {
    if let fault = fault(of: row) { return fault }
    if !isKnown(row.place.item) || row.place.node >= Names.nodes.count {
      parked.append(
        ParkedLine(row: row, source: batch.source, sequence: sequence, isNet: batch.isNet))
      return .rowParked
    }
    var movement = Movement(
      source: batch.source, sequence: sequence, kind: row.kind, place: row.place,
      occurred: row.occurred == 0 ? now : min(row.occurred, now), told: now)
    return row.isCount
      ? count(row, &movement, of: batch, at: now) : perform(row, &movement, at: now)
  }

  /// What is wrong with a row whatever the stock is.
  private func fault(of row: FedLine) -> Code? {
    if row.kind != 3 && row.quantity < 0 { return .fieldOutOfRange }
    if abs(row.quantity) > Self.mostUnits { return .quantityOverflow }
    switch row.kind {
    case 10:
      if row.reference == nil { return .fieldMissing }
      if row.destination == row.place.node { return .fieldOutOfRange }
    case 11, 15: if row.reference == nil { return .fieldMissing }
    case 13: if row.disposition == row.from { return .fieldOutOfRange }
    case 14:
      if row.reference == nil || row.quantity > 0 && row.eta == 0 { return .fieldMissing }
    case 17: if row.holdID == 0 { return .fieldMissing }
    default: break
    }
    return nil
  }

  // MARK: Counts

  /// On hand = what was counted, what was there of what its source does not count, and what happened
  /// since.
  private mutating func count(
    _ row: FedLine, _ movement: inout Movement, of batch: FedBatch, at now: Int64
  ) -> Code {
    let instant = movement.occurred
    if instant < now {
      if instant < lastCount(row.place, ofInstants: true) { return .alreadyCounted }
      if instant <= loadedAt { return .countTooOld }
      // Somebody has said since how many there are.
      if max(self[row.place].statedAt, lastCount(row.place)) > instant { return .alreadyCounted }
    }
    var units = row.quantity + moved(row.place, since: instant)
    noteClaims(occurred: now, at: now)
    let claimed = claimed(row.place, at: instant)
    if batch.isNet {
      units += claimed.allocated
    } else if row.kind == 16 {
      units += claimed.picked
    }
    if units < 0 { return .onHandNegative }
    if units > Self.mostUnits { return .quantityOverflow }
    movement.kind = 4
    movement.isCountOfInstant = batch.saysWhen
    movement.deltas[0] = units - self[row.place].onHand
    record(movement)
    return .ok
  }

  /// When a place was counted last.
  private func lastCount(_ place: Place, ofInstants: Bool = false) -> Int64 {
    var last = Int64.min
    for number in self[place].moves {
      let movement = movements[number - forgottenMovements]
      if movement.kind != 4 || movement.isReversed { continue }
      if ofInstants && !movement.isCountOfInstant { continue }
      last = max(last, movement.occurred)
    }
    return last
  }

  /// Units that came and left after an instant.
  private func moved(_ place: Place, since instant: Int64) -> Int64 {
    var units: Int64 = 0
    for number in self[place].moves.reversed() {
      let movement = movements[number - forgottenMovements]
      // What happened later cannot have been told before.
      if movement.told < instant { break }
      if movement.occurred <= instant || movement.isReversed || movement.kind == 4 { continue }
      units += movement.deltas[0]
    }
    return units
  }

  /// What was allocated and picked at an instant: what is now, less what changed since.
  private func claimed(_ place: Place, at instant: Int64) -> (allocated: Int64, picked: Int64) {
    if place.item >= Names.items.count { return (0, 0) }
    let now = notedClaims[place.item * Names.nodes.count + place.node]
    var (allocated, picked) = (now.allocated, now.picked)
    for move in self[place].claimMoves where move.occurred > instant {
      allocated -= move.allocated
      picked -= move.picked
    }
    return (allocated, picked)
  }

  /// Notes what has become, or ceased to be, allocated and picked.
  mutating func noteClaims(occurred: Int64, at now: Int64) {
    var totals = notedClaims
    for index in totals.indices { (totals[index].allocated, totals[index].picked) = (0, 0) }
    for number in claiming {
      guard let hold = holds[number], hold.state == .committed else { continue }
      for line in hold.lines where line.isOnShelf {
        let index = line.place.item * Names.nodes.count + line.place.node
        totals[index].allocated += line.quantity
        totals[index].picked += line.picked
      }
    }
    for index in totals.indices {
      let allocated = totals[index].allocated - notedClaims[index].allocated
      let picked = totals[index].picked - notedClaims[index].picked
      if allocated == 0 && picked == 0 { continue }
      let place = Place(item: index / Names.nodes.count, node: index % Names.nodes.count)
      self[place].claimMoves.append(
        ClaimMove(occurred: occurred, told: now, allocated: allocated, picked: picked))
      if self[place].claimMoves.count > 256 {
        self[place].claimMoves.removeAll { $0.told < now - 200_000 }
      }
    }
    notedClaims = totals
  }

  // MARK: Movements

  private mutating func perform(
    _ row: FedLine, _ movement: inout Movement, at now: Int64
  ) -> Code {
    let stock = self[row.place]
    // It was in a count that was told before it.
    let isCounted =
      row.occurred != 0 && row.direction != 0
      && movement.occurred <= lastCount(row.place, ofInstants: true)
    if row.kind == 10 {
      let before = read(row.place.item).inbound(row.reference ?? 0, to: row.destination)?.units ?? 0
      if before + row.quantity > Self.mostUnits { return .quantityOverflow }
    }
    if !isCounted { movement.deltas[0] = row.direction * row.quantity }
    if (5...9).contains(row.kind) {
      let index = Int(row.kind) - 5
      movement.deltas[index + 1] = row.quantity - stock.conditions[index]
    }
    if row.kind == 13 {
      if units(of: stock, in: row.from) < row.quantity { return .insufficientStock }
      if let index = Self.condition(row.from) { movement.deltas[index + 1] -= row.quantity }
    }
    if row.kind == 12 || row.kind == 13, let index = Self.condition(row.disposition) {
      movement.deltas[index + 1] += row.quantity
    }
    let onHand = stock.onHand + movement.deltas[0]
    if onHand < 0 { return .onHandNegative }
    let encumbered = stock.encumbered + movement.deltas.wrappedSum() - movement.deltas[0]
    if onHand > Self.mostUnits || encumbered > Self.mostUnits { return .quantityOverflow }
    var outcome = isCounted ? Code.alreadyCounted : .ok
    if row.kind == 2 && row.holdID != 0 {
      let claimed = claimed(of: row)
      if claimed == 0 { outcome = .holdNotClaiming }
    }
    moveInbound(row, &movement, at: now)
    if row.kind == 2, let hold = number(of: row.holdID) {
      noteClaims(occurred: now, at: now)
      movement.isFinal = ship(row.quantity, of: row.place, number: hold) > 0
      // The claims left with the units, whenever that was.
      noteClaims(occurred: movement.occurred, at: now)
      if movement.isFinal { endIfShipped(hold, at: now) }
    }
    record(movement)
    return outcome
  }

  /// Units that the hold which a row names claims where it happens.
  private func claimed(of row: FedLine) -> Int64 {
    guard let number = number(of: row.holdID), let hold = holds[number],
      hold.state == .committed
    else { return 0 }
    return hold.lines.reduce(0) { $0 + ($1.isOf(row.place) ? $1.quantity : 0) }
  }

  private static func condition(_ disposition: UInt8) -> Int? {
    switch disposition {
    case 1: 0
    case 2: 1
    case 3: 3
    default: nil
    }
  }

  private func units(of stock: Stock, in disposition: UInt8) -> Int64 {
    Self.condition(disposition).map { stock.conditions[$0] } ?? stock.onHand - stock.encumbered
  }

  /// What is under way: announced, sent off, arrived.
  private mutating func moveInbound(_ row: FedLine, _ movement: inout Movement, at now: Int64) {
    guard let reference = row.reference else { return }
    let node = row.kind == 10 ? row.destination : row.place.node
    let there = read(row.place.item).inbound(reference, to: node)
    var after = Inbound(reference: reference, node: node, units: 0, eta: row.eta, stage: row.stage)
    switch row.kind {
    case 14:
      after.units = row.quantity
      if row.stage == 0 { after.stage = 2 }
    case 10:
      if let there, row.eta == 0 { after = there }
      if there == nil || row.eta != 0 { after.stage = 5 }
      after.units = (there?.units ?? 0) + row.quantity
    case 11, 15:
      guard let there else { return }
      after = there
      after.units = max(0, there.units - row.quantity)
    default: return
    }
    movement.inbound = (reference, node, after.units - (there?.units ?? 0))
    edit(row.place.item) { $0.put(after) }
  }

  /// Makes a movement: the only way in which stock moves, but for what operators state.
  mutating func record(_ movement: Movement) {
    self[movement.place].move(by: movement.deltas[0])
    for index in 0..<5 { self[movement.place].conditions[index] += movement.deltas[index + 1] }
    self[movement.place].moves.append(forgottenMovements + movements.count)
    movements.append(movement)
    forgetMovements(of: movement.place, at: movement.told)
  }

  /// What an order takes from a place.
  mutating func move(_ place: Place, by units: Int64, kind: UInt32, at now: Int64) {
    var movement = Movement(kind: kind, place: place, occurred: now, told: now)
    movement.deltas[0] = units
    record(movement)
  }

  /// Nothing is counted as of so long ago, nor are rows that old undone.
  private mutating func forgetMovements(of place: Place, at now: Int64) {
    if self[place].moves.count > 512 {
      let old = self[place].moves.prefix {
        $0 < forgottenMovements || movements[$0 - forgottenMovements].told < now - 200_000
      }
      self[place].moves.removeFirst(old.count)
    }
    if movements.count > 60_000 {
      let old = forgottenMovements + 30_000
      for item in facts.indices {
        for node in Names.nodes.indices {
          facts[item].stocks[node].moves.removeAll { $0 < old }
        }
      }
      movements.removeFirst(30_000)
      forgottenMovements = old
    }
  }

  // MARK: Names that become known

  /// An item is known: the rows that waited for it happen, in the order in which they came.
  mutating func know(_ item: Int, at now: Int64) {
    if isKnown(item) { return }
    edit(item) { $0.isKnown = true }
    let waiting = parked.filter {
      $0.row.place.item == item && $0.row.place.node < Names.nodes.count
    }
    parked.removeAll { $0.row.place.item == item && $0.row.place.node < Names.nodes.count }
    for line in waiting {
      // An instant that is not said is that of now.
      var batch = FedBatch(source: line.source, sequences: [line.sequence], rows: [line.row])
      batch.isNet = line.isNet
      batch.saysWhen = true
      let first = forgottenMovements + movements.count
      _ = tell(line.row, line.sequence, of: batch, at: now)
      for number in first..<(forgottenMovements + movements.count) {
        movements[number - forgottenMovements].wasParked = true
      }
    }
  }
}
