import PromisedInvariants
import PromisedModel

/// Which units beyond the supply a model counts.
enum BackorderUse {
  case none
  /// Pre-orders, from their first date on.
  case preorders
  /// Backorders too, from now on: what a claim may take.
  case all
}

/// How many units a new claim may take: the one answer for holds, offers, plans and dates.
extension State {
  /// Whether an item has anything but stock and inbound that decides what can be claimed of it.
  @inline(__always)
  func isPlain(_ slot: Int) -> Bool { !positions.isSpecial(slot) }

  /// Units of an item that a claim may take beside all that is claimed, and beside the claims in
  /// `scratch.wishes`: those that the same command makes (positive) or gives back (negative).
  /// Negative where more is claimed than there is. A kit's own units only; `take` makes it of its
  /// components.
  ///
  /// - Complexity: constant for a plain item; else n log n in what is known of the item, and
  ///   2^demands × nodes where groups have open demand.
  func claimable(
    _ wish: ClaimWish, backorders use: BackorderUse = .all, at now: UnixMilliseconds
  ) -> Int64 {
    let slot = positions.find(wish.item)
    if slot < 0 { return 0 }
    let seconds = now.seconds
    var isPlain = isPlain(slot) && !wish.isPool && Int64(wish.due) <= seconds
    var wished: Int64 = 0
    var wishedLater: Int64 = 0
    for index in 0..<scratch.wishes.count where scratch.wishes[index].item == wish.item {
      let other = scratch.wishes[index]
      if other.part == .kit { continue }
      if other.isPool || Int64(other.due) > seconds {
        isPlain = false
        if !other.isPool && other.place == wish.place { wishedLater += other.units }
      } else if other.place == wish.place {
        wished += other.units
      }
    }
    if isPlain {
      let row = positions.row(slot, node: wish.place)
      return (row.map { offerable($0.pointee, wish.place, at: now) } ?? 0) - wished
    }
    fillModel(
      of: wish.item, slot, node: wish.isPool ? nil : wish.place, backorders: use, at: seconds)
    if wish.isPool {
      return scratch.model.poolLimit(due: wish.due, channel: wish.channel) {
        groups.contains(wish.place, node: $0)
      }
    }
    let limit = scratch.model.nodeLimit(wish.place, due: wish.due, channel: wish.channel)
    // A row reserves no more than it can count, whatever may be backordered or come: what is for later
    // will be reserved there too.
    let reserved = Int64(positions.row(slot, node: wish.place)?.pointee.reserved ?? 0)
    let later = unitsForLater(of: wish.item, node: wish.place)
    return min(limit, Int64(Limits.unitsPerPosition) - reserved - later - wished - wishedLater)
  }

  /// Units of an item that are claimed of a node for later. Linear in the claims.
  private func unitsForLater(of token: UInt64, node: UInt16) -> Int64 {
    var units: Int64 = 0
    var next = claims.first(of: token)
    while let found = next {
      let row = claims.row(found)
      next = claims.next(after: found)
      if !row.isPool && row.place == node { units += row.units }
    }
    return units
  }

  /// Fills `scratch.model` with all that is known of an item, or with one node of it where no group
  /// has open demand.
  ///
  /// - Parameters:
  ///   - level: a claim's promise counts shipments from when they have come with that chance, and
  ///     no earlier than a claim counts them; nil = from their ETA.
  ///   - confidence: as `addInbound` says; 0 = by the ETA.
  func fillModel(
    of token: UInt64, _ slot: Int, node only: UInt16?, backorders use: BackorderUse,
    arrivals level: ConfidenceLevel? = nil, at now: Int64, confidence: UInt16 = 0
  ) {
    scratch.model.begin(at: now)
    addDemands(of: token)
    let only = scratch.model.demands.count == 0 ? only : nil
    if let only {
      if let row = slot < 0 ? nil : positions.row(slot, node: only) {
        scratch.model.add(
          offerable(row.pointee, only, at: UnixMilliseconds(now * 1000)), node: only, at: now)
      }
    } else if slot >= 0 {
      for place in 0..<positions.rowCount(slot) {
        let node = positions.nodes(slot)[place]
        let row = positions.rows(slot)[place]
        scratch.model.add(
          offerable(row, node, at: UnixMilliseconds(now * 1000)), node: node, at: now)
      }
    }
    addInbound(of: token, only: only, level, at: now, confidence: confidence)
    addDatedClaims(of: token, only: only)
    addBackorders(of: token, only: only, use, at: now)
    addChannels(of: token, only: only)
    scratch.model.fold { groups.contains($0, node: $1) }
  }

  private func addDemands(of token: UInt64) {
    var next = claims.first(of: token)
    while let found = next {
      let row = claims.row(found)
      next = claims.next(after: found)
      if !row.isPool { continue }
      scratch.model.add(
        PoolDemand(
          due: Int64(row.due), units: row.units, group: row.place, channel: row.channel))
    }
    for index in 0..<scratch.wishes.count {
      let wish = scratch.wishes[index]
      if wish.item != token || !wish.isPool || wish.part == .kit { continue }
      scratch.model.add(
        PoolDemand(
          due: Int64(wish.due), units: wish.units, group: wish.place, channel: wish.channel))
    }
  }

  /// Expected supply by its time, which is its median, or the instant by which each shipment has come
  /// with a chance of `confidence`, in 1/65535, given that it has not yet. What is overdue counts
  /// only while it is being received, and then within a day (it may still stand on the dock), or as
  /// far as its distribution goes where a confidence is asked for. With a `level`, of what counts by
  /// its median, as `supplyTime` says.
  private func addInbound(
    of token: UInt64, only: UInt16?, _ level: ConfidenceLevel?, at now: Int64, confidence: UInt16
  ) {
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if let only, row.node != only { continue }
      if let level {
        if row.isExpected(after: now, upTo: .max) {
          scratch.model.add(
            Int64(row.quantity), node: row.node, at: row.supplyTime(at: level, now: now))
        }
        continue
      }
      var time = row.etaUnixSeconds > now ? row.etaUnixSeconds : now + Limits.receivingSeconds
      let isDue = row.etaUnixSeconds <= now && row.stage == InboundStage.receiving.rawValue
      if confidence > 0 && !row.isDraft && !isDue {
        guard let sure = row.arrival.quantile(confidence, notBy: now) else { continue }
        time = sure
      } else if !row.isExpected(after: now, upTo: .max) {
        continue
      }
      scratch.model.add(Int64(row.quantity), node: row.node, at: time)
    }
  }

  private func addDatedClaims(of token: UInt64, only: UInt16?) {
    var next = claims.first(of: token)
    while let found = next {
      let row = claims.row(found)
      next = claims.next(after: found)
      if row.isPool { continue }
      if let only, row.place != only { continue }
      scratch.model.add(-row.units, node: row.place, at: Int64(row.due))
    }
    for index in 0..<scratch.wishes.count {
      let wish = scratch.wishes[index]
      if wish.item != token || wish.isPool || wish.part == .kit { continue }
      if let only, wish.place != only { continue }
      scratch.model.add(-wish.units, node: wish.place, at: Int64(wish.due))
    }
  }

  private func addBackorders(
    of token: UInt64, only: UInt16?, _ use: BackorderUse, at now: Int64
  ) {
    if use == .none { return }
    var next = backorders.first(of: token)
    while let found = next {
      let row = backorders.row(found)
      next = backorders.next(after: found)
      if let only, row.node != only { continue }
      if !row.isOpen(at: now) || (use == .preorders && !row.isPreorder) { continue }
      scratch.model.add(Int64(row.cap), node: row.node, at: row.fromUnixSeconds)
    }
  }

  private func addChannels(of token: UInt64, only: UInt16?) {
    var next = channels.rows.first(of: token)
    while let found = next {
      let row = channels.rows.row(found)
      next = channels.rows.next(after: found)
      if let only, row.node != only { continue }
      if row.buffer == 0 && row.setAside == 0 { continue }
      var claimed = row.claimed
      for index in 0..<scratch.wishes.count {
        let wish = scratch.wishes[index]
        if wish.item != token || wish.isPool || wish.channel != row.channel { continue }
        if wish.part != .kit && wish.place == row.node { claimed += wish.units }
      }
      scratch.model.add(
        ChannelKept(
          left: max(0, Int64(row.setAside) - claimed), buffer: Int64(row.buffer), node: row.node,
          channel: row.channel))
    }
  }

  /// States anew whether an item is plain, after something of it has come or gone.
  func reviewSpecial(_ token: UInt64) {
    let slot = positions.find(token)
    if slot < 0 { return }
    var isSpecial =
      claims.first(of: token) != nil || backorders.first(of: token) != nil
      || !kits.components(of: token).isEmpty
    var next = channels.rows.first(of: token)
    while let found = next, !isSpecial {
      let row = channels.rows.row(found)
      isSpecial = row.buffer != 0 || row.setAside != 0
      next = channels.rows.next(after: found)
    }
    positions.setSpecial(slot, isSpecial)
  }
}
