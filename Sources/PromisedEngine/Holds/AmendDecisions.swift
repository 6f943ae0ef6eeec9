import PromisedInvariants
import PromisedModel

/// A hold whose lines change: decisions.
extension State {
  /// Replaces the lines of a hold by those of the command, or refuses and changes nothing.
  ///
  /// Rows name lines by item, place, due and channel; their quantities are whole, with what was
  /// picked or shipped. What a line keeps it keeps where it is, promised units first; only what
  /// grows must be available, what shrinks counting as free. A promised shipment stays with the
  /// lines and the room that are left to it; what grows is not promised.
  ///
  /// - Throws: FIELD_MISSING (release it instead) and what the form of a hold's lines throws;
  ///   HOLD_UNKNOWN, NOT_OWNER, HOLD_RELEASED, HOLD_CONSUMED, HOLD_EXPIRED; CHANNEL_UNKNOWN; for
  ///   the first row concerned FIELD_OUT_OF_RANGE, NODE_UNKNOWN, GROUP_UNKNOWN, ITEM_UNKNOWN;
  ///   LINE_PICKED; INSUFFICIENT_STOCK; TOO_MANY_ROWS.
  package func decide(_ command: AmendCommand, at now: UnixMilliseconds) throws(Refusal)
    -> HoldAmendedEvent
  {
    if command.lines.count == 0 {
      throw Refusal(.fieldMissing, "an amended hold needs at least one line: release it instead")
    }
    try checkForm(of: command.lines)
    let slot = try livingHold(command.hold, of: command.owner, at: now)
    let id = holds.hold(slot).id
    if holds.state(slot) == .expired {
      throw Refusal(.holdExpired, "hold \(id) has expired: extend or commit it first")
    }
    let rows = Self.together(try resolve(command.lines, at: now))
    var kept = (0..<Int(holds.hold(slot).lineCount)).map { KeptLine(holds.lines(slot)[$0]) }
    markPromised(&kept, of: slot)
    var growth: [(wish: ClaimWish, kept: Int64, row: Int)] = []
    for row in rows {
      let grown = try keep(row.wish, row: row.row, of: &kept)
      if grown > 0 {
        var wish = row.wish
        wish.units = grown
        growth.append((wish, row.wish.units - grown, row.row))
      }
    }
    for index in kept.indices where !kept[index].isNamed { try drop(index, of: &kept) }
    beginTaking()
    for line in kept where line.dropped > 0 && !line.line.isHeading {
      giveBack(ClaimWish(line.line, units: line.dropped))
    }
    var grown = TakenLines()
    for (wish, kept, row) in growth {
      let taken = try take(wish, whole: true, into: &grown, row: row, at: now)
      if taken.granted < wish.units {
        // The row is told as it was asked: what it keeps is there for it.
        var whole = wish
        whole.units += kept
        throw insufficientStock(
          whole, beside: taken.available + kept, row: row, owner: command.owner, amending: slot,
          at: now)
      }
    }
    var event = HoldAmendedEvent(key: command.key, holdID: id)
    let lines = amendedLines(kept, grown)
    if lines.count > Limits.linesPerHold {
      throw Refusal(
        .tooManyRows, "the hold would have \(lines.count) lines: at most \(Limits.linesPerHold)")
    }
    for line in lines {
      event.items.append(itemKeys.name(line.item).bytes)
      event.nodes.append(line.node)
      event.quantities.append(line.quantity)
      event.picked.append(line.picked)
      event.shipped.append(line.shipped)
    }
    event.details = TakenLines(lines: lines).details
    event.promises = keptShipments(kept, of: slot, firstLine: lines.count - promisedCount(kept))
    return event
  }

  // MARK: Lines

  /// Rows that name the same units of the same place as one, where the first of them stands.
  private static func together(_ wishes: [ClaimWish]) -> [(wish: ClaimWish, row: Int)] {
    var rows: [(wish: ClaimWish, row: Int)] = []
    for (row, wish) in wishes.enumerated() {
      if let there = rows.firstIndex(where: { $0.wish.names(wish) }) {
        rows[there].wish.units += wish.units
      } else {
        rows.append((wish, row))
      }
    }
    return rows
  }

  private func markPromised(_ kept: inout [KeptLine], of slot: Int) {
    for (number, block) in promises.blocks(from: holds.hold(slot).promises).enumerated() {
      let record = promises.record(block).pointee
      for line in Int(record.firstLine)..<Int(record.firstLine + record.lineCount) {
        kept[line].shipment = number
      }
    }
  }

  /// Keeps of the lines that a row names what it wants of them, and answers what it wants beyond.
  private func keep(
    _ wish: ClaimWish, row: Int, of kept: inout [KeptLine]
  ) throws(Refusal) -> Int64 {
    var named: [Int] = []
    var (total, base) = (Int64(0), Int64(0))
    for index in kept.indices {
      let line = kept[index].line
      if line.isComponent || !wish.names(ClaimWish(line)) { continue }
      named.append(index)
      kept[index].isNamed = true
      total += Int64(line.quantity) + Int64(line.shipped)
      base += Int64(line.picked) + Int64(line.shipped)
    }
    let makesKits = named.contains { kept[$0].line.isHeading }
    if makesKits {
      for index in named where kept[index].line.isHeading { nameComponents(index, of: &kept) }
      if wish.units == total { return 0 }
      // Kits are made anew, all of them: a part of one is none.
      for index in kept.indices where kept[index].isNamed && isPart(index, of: named, kept) {
        try drop(index, of: &kept, row: row)
      }
      return wish.units
    }
    if wish.units < base { throw isPicked(wish.item, base, row: row) }
    var left = wish.units - base
    named.sort { (kept[$0].rank, $0) < (kept[$1].rank, $1) }
    for index in named {
      let line = kept[index].line
      let stays = min(left, Int64(line.quantity - line.picked))
      kept[index].dropped = line.quantity - line.picked - Int32(stays)
      left -= stays
    }
    return left
  }

  private func nameComponents(_ heading: Int, of kept: inout [KeptLine]) {
    var index = heading + 1
    while index < kept.count, kept[index].line.isComponent {
      kept[index].isNamed = true
      index += 1
    }
  }

  /// Named itself, or a component of a kit that is.
  private func isPart(_ index: Int, of named: [Int], _ kept: [KeptLine]) -> Bool {
    var heading = index
    while heading > 0, kept[heading].line.isComponent { heading -= 1 }
    return named.contains(heading)
  }

  private func drop(_ index: Int, of kept: inout [KeptLine], row: Int = -1) throws(Refusal) {
    let line = kept[index].line
    let done = Int64(line.picked) + Int64(line.shipped)
    if done > 0 { throw isPicked(line.item, done, row: row) }
    kept[index].dropped = line.quantity
  }

  private func isPicked(_ item: UInt64, _ units: Int64, row: Int) -> Refusal {
    let key = itemKeys.name(item)
    return Refusal(
      .linePicked,
      "\(units) of item \(key) were picked or shipped: they cannot be amended away", key: key,
      row: Int32(row), availableUnits: units)
  }

  /// What is not promised, with what grew, then what is promised.
  private func amendedLines(_ kept: [KeptLine], _ grown: TakenLines) -> [HoldLine] {
    var lines = kept.filter { $0.shipment == nil && !$0.isGone }.map(\.remaining)
    for line in grown.lines {
      let same = lines.firstIndex {
        !line.isHeading && !line.isComponent && ClaimWish($0).names(ClaimWish(line))
          && $0.flags == line.flags
          && Int64($0.quantity) + Int64(line.quantity) <= Int64(Limits.unitsPerPosition)
      }
      if let same { lines[same].quantity += line.quantity } else { lines.append(line) }
    }
    return lines + kept.filter { $0.shipment != nil && !$0.isGone }.map(\.remaining)
  }

  private func promisedCount(_ kept: [KeptLine]) -> Int {
    kept.count { $0.shipment != nil && !$0.isGone }
  }

  // MARK: Shipments

  /// Shipments of which lines are left, with the room that these need.
  private func keptShipments(
    _ kept: [KeptLine], of slot: Int, firstLine: Int
  ) -> [KeptShipment] {
    var shipments: [KeptShipment] = []
    var first = firstLine
    for (number, block) in promises.blocks(from: holds.hold(slot).promises).enumerated() {
      let lines = kept.filter { $0.shipment == number }
      let count = lines.count { !$0.isGone }
      if count == 0 { continue }
      var shipment = promises.shipment(block)
      shipment.firstLine = UInt16(first)
      shipment.lineCount = UInt16(count)
      let dropped = lines.reduce(Int64(0)) {
        $0 + ($1.line.isComponent ? 0 : Int64($1.dropped))
      }
      shipment.claims = Self.claims(shipment.claims, without: dropped)
      shipments.append(KeptShipment(number: UInt16(number), shipment: shipment))
      first += count
    }
    return shipments
  }

  /// Claims of a shipment that is so many units smaller. Departures carry all of its units; its
  /// hours of work share them, the last ones are given up first.
  static func claims(_ claims: [BucketClaim], without units: Int64) -> [BucketClaim] {
    var ofHours = units
    var smaller: [BucketClaim] = []
    for var claim in claims.reversed() {
      let isHour = claim.kind == BucketKind.nodeHour.rawValue
      let given = min(Int64(claim.units), isHour ? ofHours : units)
      if isHour { ofHours -= given }
      claim.units -= Int32(given)
      if claim.units > 0 { smaller.append(claim) }
    }
    return smaller.reversed()
  }
}

/// A line of a hold that is amended.
private struct KeptLine {
  var line: HoldLine
  /// Which promised shipment it is in.
  var shipment: Int?
  /// A row names it.
  var isNamed = false
  /// Units that it claims no more.
  var dropped: Int32 = 0

  init(_ line: HoldLine) { self.line = line }

  /// Who keeps units first: what is promised, then what is there.
  var rank: Int { shipment != nil ? 0 : line.isBackordered ? 2 : 1 }

  var remaining: HoldLine {
    var remaining = line
    remaining.quantity -= dropped
    return remaining
  }

  var isGone: Bool { line.quantity == dropped && line.shipped == 0 }
}

extension ClaimWish {
  /// Whether another wish is for the same units of the same place.
  fileprivate func names(_ other: ClaimWish) -> Bool {
    item == other.item && place == other.place && isPool == other.isPool && due == other.due
      && channel == other.channel
  }
}
