import PromisedInvariants
import PromisedModel

/// What a wish came to.
struct TakenClaim: BitwiseCopyable, Equatable {
  /// Units granted: all that were wished, what there is of them, or none.
  var granted: Int64
  /// Units that could be granted, not below 0.
  var available: Int64
}

/// Claims of a command that is being decided, one line after another, so that lines that share an
/// item, a group or a kit's component are judged together.
extension State {
  /// Forgets the claims of the command before.
  func beginTaking() { scratch.wishes.removeAll() }

  /// A line that the command gives back: its own claim never stands in its way.
  func giveBack(_ wish: ClaimWish) {
    var wish = wish
    wish.units = -wish.units
    scratch.wishes.append(wish)
  }

  /// Grants the units of a wish, and appends the lines it makes to `scratch.wishes`: one, or for a
  /// kit of which too few are assembled, what is assembled, the kit as a heading and a line for
  /// each component.
  ///
  /// - Parameters:
  ///   - whole: all of the units, or none.
  ///   - use: which units beyond the supply may be taken.
  /// - Throws: POOL_DEMAND_LIMIT, DATED_CLAIM_LIMIT, KIT_NEEDS_NODE.
  func take(
    _ wish: ClaimWish, whole: Bool, backorders use: BackorderUse = .all, row: Int,
    at now: UnixMilliseconds
  ) throws(Refusal) -> TakenClaim {
    let parts = kits.components(of: wish.item)
    if wish.isPool && !parts.isEmpty {
      throw Refusal(
        .kitNeedsNode, "a kit is claimed at a node: nobody knows where it is made in a group",
        key: itemKeys.name(wish.item), row: Int32(row))
    }
    let own = max(0, claimable(wish, backorders: use, at: now))
    try checkLimits(wish, row: row, at: now)
    let made = own >= wish.units ? 0 : makeable(wish, of: parts, use, at: now)
    let available = own + made
    if available < wish.units && whole || available == 0 {
      return TakenClaim(granted: 0, available: available)
    }
    let granted = min(available, wish.units)
    let assembled = min(own, granted)
    if assembled > 0 {
      var line = wish
      line.units = assembled
      scratch.wishes.append(line)
    }
    if granted > assembled { appendKit(wish, units: granted - assembled, parts) }
    return TakenClaim(granted: granted, available: available)
  }

  /// Kits that their components make at a node, beside what the command has claimed of them. Nothing
  /// is claimable beyond what a position counts, so a component's line can count its units.
  private func makeable(
    _ wish: ClaimWish, of parts: UnsafeBufferPointer<KitComponent>, _ use: BackorderUse,
    at now: UnixMilliseconds
  ) -> Int64 {
    if parts.isEmpty { return 0 }
    var made = Int64.max
    for part in parts {
      observe(item: part.item)
      var line = wish
      line.item = part.item
      made = min(made, max(0, claimable(line, backorders: use, at: now)) / Int64(part.units))
    }
    return made
  }

  private func appendKit(
    _ wish: ClaimWish, units: Int64, _ parts: UnsafeBufferPointer<KitComponent>
  ) {
    var heading = wish
    heading.units = units
    heading.part = .kit
    scratch.wishes.append(heading)
    for part in parts {
      var line = wish
      line.item = part.item
      line.units = units * Int64(part.units)
      line.part = .component
      scratch.wishes.append(line)
    }
  }

  /// Whether one more claim of its kind can be told apart: deciding stays fast however many ask.
  private func checkLimits(_ wish: ClaimWish, row: Int, at now: UnixMilliseconds) throws(Refusal) {
    if !wish.isPool && Int64(wish.due) <= now.seconds { return }
    if wish.isPool, !scratch.model.has(wish),
      scratch.model.demands.count >= Limits.poolDemands
    {
      throw Refusal(
        .poolDemandLimit,
        "item \(itemKeys.name(wish.item)) has open demand of \(scratch.model.demands.count) groups,"
          + " dues and channels: at most \(Limits.poolDemands); source some of it first",
        key: itemKeys.name(wish.item), row: Int32(row))
    }
    let like = ClaimRow(
      item: wish.item, place: wish.place, isPool: wish.isPool, due: wish.due,
      channel: wish.channel)
    if claims.find(like) != nil { return }
    var count = claims.count(of: wish.item)
    for index in 0..<scratch.wishes.count where scratch.wishes[index].item == wish.item {
      count += 1
    }
    if count >= Limits.datedClaims {
      throw Refusal(
        .datedClaimLimit,
        "item \(itemKeys.name(wish.item)) has claims for \(count) places, dues and channels: at"
          + " most \(Limits.datedClaims)", key: itemKeys.name(wish.item), row: Int32(row))
    }
  }

  // MARK: Made true

  /// Adds to what is claimed for later or of a group, which no stock row reserves.
  func claimBeyondRows(_ like: ClaimRow, _ units: Int32, allocated: Int32) {
    _ = slotInserting(like.item)
    claims.add(Int64(units), allocated: Int64(allocated), to: like)
    reviewSpecial(like.item)
    touch(item: like.item)
  }

  /// Units of a channel's line left: what was kept for it is used up by them.
  func useSetAside(_ units: Int32, of line: HoldLine) {
    if line.channel == 0 || line.isPool { return }
    channels.use(units, item: line.item, node: line.node, channel: line.channel)
    reviewSpecial(line.item)
  }

  /// Adds to what a channel claims in a node, so that it counts against what is kept for it.
  func claimOfChannel(_ units: Int32, item: UInt64, node: UInt16, channel: UInt16) {
    channels.claim(Int64(units), item: item, node: node, channel: channel)
    touch(item: item)
  }
}

extension ClaimRow {
  /// The row that a line's claim is part of.
  init(_ line: HoldLine) {
    self.init(
      item: line.item, place: line.node, isPool: line.isPool, due: line.dueUnixSeconds,
      channel: line.channel)
  }
}

extension SupplyModel {
  /// Whether a demand like a wish of a group is open.
  func has(_ wish: ClaimWish) -> Bool {
    let due = max(Int64(wish.due), now)
    for index in 0..<demands.count {
      let demand = demands[index]
      if demand.group == wish.place && demand.due == due && demand.channel == wish.channel {
        return true
      }
    }
    return false
  }
}
