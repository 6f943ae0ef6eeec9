import PromisedInvariants
import PromisedModel

/// The lines of a hold in the making.
struct TakenLines {
  var lines: [HoldLine] = []

  var count: Int { lines.count }

  /// A column each for what plain lines do not have; empty when all are plain.
  var details: HoldLineDetails {
    var details = HoldLineDetails()
    if lines.allSatisfy({ $0.dueUnixSeconds == 0 && $0.channel == 0 && $0.flags == 0 }) {
      return details
    }
    details.dues = lines.map(\.dueUnixSeconds)
    details.channels = lines.map(\.channel)
    details.flags = lines.map(\.flags)
    return details
  }
}

/// What of a line is there, what comes, and what is backordered.
extension State {
  /// Grants what a policy grants of a wish and appends the lines that claim it; one row.
  func fill(
    _ wish: ClaimWish, _ policy: HoldFillPolicy, row: Int, of command: HoldCommand,
    into lines: inout TakenLines, at now: UnixMilliseconds
  ) throws(Refusal) -> GrantRows {
    var grant = GrantRows()
    switch policy {
    case .fillOrKill, .fillAvailable:
      let taken = try take(wish, whole: policy == .fillOrKill, into: &lines, row: row, at: now)
      if policy == .fillOrKill, taken.granted < wish.units {
        throw insufficientStock(
          wish, beside: taken.available, row: row, owner: command.owner, at: now)
      }
      grant.append(
        granted: Int32(clamping: taken.granted - taken.backordered),
        backordered: Int32(clamping: taken.backordered))
    case .fillAll:
      try fillAll(wish, row: row, of: command, into: &lines, &grant, at: now)
    }
    return grant
  }

  /// What is there, then what comes, then what may be backordered.
  private func fillAll(
    _ wish: ClaimWish, row: Int, of command: HoldCommand, into lines: inout TakenLines,
    _ grant: inout GrantRows, at now: UnixMilliseconds
  ) throws(Refusal) {
    var rest = wish
    let there = claimable(wish, backorders: .preorders, at: now)
    rest.units = min(wish.units, max(0, there))
    var granted: Int64 = 0
    if rest.units > 0 {
      granted = try take(rest, whole: false, into: &lines, row: row, at: now).granted
    }
    rest.units = wish.units - granted
    var later: (units: Int64, due: UInt32) = (0, 0)
    if rest.units > 0 {
      for time in supplyTimes(of: wish, at: now) {
        var dated = rest
        dated.due = time
        if claimable(dated, backorders: .preorders, at: now) < dated.units { continue }
        let taken = try take(dated, whole: true, into: &lines, row: row, at: now)
        if taken.granted == 0 { continue }
        later = (taken.granted, time)
        break
      }
    }
    rest.units -= later.units
    var backordered: Int64 = 0
    if rest.units > 0 {
      // What comes does not do: within the caps, or not at all.
      let taken = try take(rest, whole: true, into: &lines, row: row, at: now)
      if taken.granted == 0 {
        throw insufficientStock(
          wish, beside: taken.available, row: row, owner: command.owner, at: now)
      }
      backordered = taken.backordered
      granted += taken.granted - backordered
    }
    grant.append(
      granted: Int32(clamping: granted), later: Int32(clamping: later.units),
      laterDue: later.due, backordered: Int32(clamping: backordered))
  }

  /// Takes a wish and appends its lines: units of a stock row beyond what is there are a line of
  /// their own, which is backordered.
  func take(
    _ wish: ClaimWish, whole: Bool, backorders use: BackorderUse = .all,
    into lines: inout TakenLines, row: Int, at now: UnixMilliseconds
  ) throws(Refusal) -> (granted: Int64, available: Int64, backordered: Int64) {
    let first = scratch.wishes.count
    let taken: TakenClaim = try take(wish, whole: whole, backorders: use, row: row, at: now)
    var backordered: Int64 = 0
    for index in first..<scratch.wishes.count {
      let part = scratch.wishes[index]
      var line = HoldLine(part)
      let beyond = line.isAtPosition ? beyondStock(part, before: index) : 0
      if beyond > 0, part.part == .none { backordered += beyond }
      line.quantity = Int32(clamping: part.units - beyond)
      if line.quantity > 0 { lines.lines.append(line) }
      if beyond > 0 {
        line.quantity = Int32(clamping: beyond)
        line.flags |= HoldLineFlag.backordered
        lines.lines.append(line)
      }
    }
    return (taken.granted, taken.available, backordered)
  }

  /// The refusal of a wish for which `units` are left beside those that the command took before:
  /// both are told together, as what is wanted of one place and what is there.
  func insufficientStock(
    _ wish: ClaimWish, beside units: Int64, row: Int, owner: BorrowedBytes,
    amending slot: Int? = nil, at now: UnixMilliseconds
  ) -> Refusal {
    var (wish, available) = (wish, units)
    for index in 0..<scratch.wishes.count {
      let other = scratch.wishes[index]
      if other.item != wish.item || other.place != wish.place || other.isPool != wish.isPool
        || other.due > wish.due || other.units < 0 || other.part == .kit
      {
        continue
      }
      wish.units += other.units
      available += other.units
    }
    return insufficientStock(
      wish, available: available, row: row, owner: owner, amending: slot, at: now)
  }

  /// Units of a wish that the stock row does not have beside the wishes before it.
  private func beyondStock(_ wish: ClaimWish, before end: Int) -> Int64 {
    let slot = positions.find(wish.item)
    var there = slot < 0 ? 0 : positions.row(slot, node: wish.place)?.pointee.available ?? 0
    for index in 0..<end {
      let other = scratch.wishes[index]
      if other.item == wish.item && other.place == wish.place && !other.isPool && other.due == 0
        && other.part != .kit
      {
        there -= other.units
      }
    }
    return min(wish.units, max(0, wish.units - there))
  }

  /// When more of an item comes to a place after a wish's due, ascending; at most 64 times.
  private func supplyTimes(of wish: ClaimWish, at now: UnixMilliseconds) -> [UInt32] {
    let after = max(now.seconds, Int64(wish.due))
    var times: [UInt32] = []
    var next = inbound.first(of: wish.item)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      guard row.isExpected(after: after, upTo: Int64(UInt32.max)), row.etaUnixSeconds > after,
        wish.isPool || row.node == wish.place
      else { continue }
      times.append(UInt32(row.etaUnixSeconds))
    }
    times.sort()
    var distinct: [UInt32] = []
    for time in times where distinct.last != time { distinct.append(time) }
    return Array(distinct.prefix(64))
  }
}

extension HoldLine {
  /// The line that claims a wish.
  init(_ wish: ClaimWish) {
    var flags: UInt8 = wish.isPool ? HoldLineFlag.pool : 0
    if wish.part == .kit { flags |= HoldLineFlag.kit }
    if wish.part == .component { flags |= HoldLineFlag.component }
    self.init(
      item: wish.item, quantity: Int32(clamping: wish.units), dueUnixSeconds: wish.due,
      node: wish.place, channel: wish.channel, flags: flags)
  }
}
