import PromisedInvariants
import PromisedModel

/// The only places that change a stock row, an item's attributes or open inbound: they keep usage,
/// stamps and a running export right.
extension State {
  /// The slot of an item, added without attributes and rows when it is new.
  func slotInserting(_ token: UInt64) -> Int {
    let found = positions.find(token)
    if found >= 0 { return found }
    while true {
      if let placement = positions.placement(of: token) {
        willWrite(slots: placement.slot...placement.end)
        positions.insert(token, at: placement)
        if parked.count > 0 { parked.became(item: itemKeys.name(token)) }
        return placement.slot
      }
      finishSweep()
      positions.grow()
    }
  }

  /// States the amounts of an item in a node; the row is added when there is none.
  func setAmounts(_ amounts: StockAmounts, token: UInt64, slot: Int, node: UInt16) {
    invariant(amounts.isWithinLimits, "stock amounts out of range")
    willWrite(slot: slot)
    let row = positions.rowInserting(slot, node: node)
    let wasShort = row.pointee.available < 0
    let encumbered = Int32(amounts.encumbered)
    var change = UnitChange(
      onHand: Int64(amounts.onHand) - Int64(row.pointee.onHand),
      encumbered: Int64(encumbered) - Int64(row.pointee.encumbered))
    if encumbered != 0 || row.pointee.encumbered != 0 {
      var breakdown = breakdowns.read(item: token, node: node)
      change.unfulfillable = Int64(amounts.unfulfillable) - Int64(breakdown.unfulfillable)
      breakdown.unfulfillable = amounts.unfulfillable
      breakdown.researching = amounts.researching
      breakdown.inTransfer = amounts.inTransfer
      breakdown.inProcessing = amounts.inProcessing
      breakdown.withheld = amounts.withheld
      breakdowns.write(breakdown)
    }
    row.pointee.onHand = amounts.onHand
    row.pointee.encumbered = encumbered
    touch(item: token)
    note(moved: change.onHand, token: token)
    account(change, slot: slot)
    accountBuilding(onHand: change.onHand, node: node, slot: slot)
    if wasShort || row.pointee.available < 0 { reviewShortfall(token: token, node: node) }
  }

  /// States what is on hand in a row that exists, its conditions as they are.
  @inline(__always)
  func setOnHand(
    _ onHand: Int32, of row: UnsafeMutablePointer<StockRow>, token: UInt64, slot: Int,
    node: UInt16
  ) {
    willWrite(slot: slot)
    let before = row.pointee.available
    let change = Int64(onHand) - Int64(row.pointee.onHand)
    row.pointee.onHand = onHand
    touch(item: token)
    note(moved: change, token: token)
    account(onHand: change, node: node, slot: slot)
    // What is allocated is reserved: nothing is missing to it while something is available.
    if _slowPath(min(before, row.pointee.available) < 0) {
      reviewShortfall(token: token, node: node)
    }
  }

  /// The stated amounts of an item in a node; zeros where there is no row.
  func amounts(token: UInt64, slot: Int, node: UInt16) -> StockAmounts {
    guard slot >= 0, let row = positions.row(slot, node: node) else { return StockAmounts() }
    return amounts(of: row.pointee, token: token, node: node)
  }

  func amounts(of row: StockRow, token: UInt64, node: UInt16) -> StockAmounts {
    if row.encumbered == 0 { return StockAmounts(onHand: row.onHand) }
    let parts = breakdowns.read(item: token, node: node)
    return StockAmounts(
      onHand: row.onHand, unfulfillable: parts.unfulfillable, researching: parts.researching,
      inTransfer: parts.inTransfer, inProcessing: parts.inProcessing, withheld: parts.withheld)
  }

  /// Adds to the reserved units of a row, to the allocated ones among them and to the picked and the
  /// backordered ones among those. Who changes allocated units keeps the allocation index right and
  /// reviews.
  func reserve(
    _ units: Int32, allocated: Int32, picked: Int32 = 0, backordered: Int32 = 0, token: UInt64,
    node: UInt16
  ) {
    let slot = slotInserting(token)
    let row = positions.rowInserting(slot, node: node)
    row.pointee.reserved += units
    invariant(row.pointee.reserved >= 0, "more units given back than were reserved")
    if allocated != 0 || picked != 0 || backordered != 0 {
      let place = breakdowns.inserting(item: token, node: node)
      let parts = breakdowns.at(place)
      parts.pointee.allocated += allocated
      parts.pointee.picked += picked
      parts.pointee.backordered += backordered
      invariant(
        min(parts.pointee.picked, parts.pointee.backordered) >= 0
          && parts.pointee.allocated >= parts.pointee.picked,
        "more units given back than were allocated")
      breakdowns.settle(place)
    }
    touch(item: token)
    if units != 0 { account(UnitChange(reserved: Int64(units)), slot: slot) }
  }

  /// States an item's attributes; usage moves with its seller, storage type and volume.
  func setAttributes(_ new: ItemAttributes, token: UInt64) {
    let slot = slotInserting(token)
    willWrite(slot: slot)
    let index = Int(positions.attribute(slot))
    touch(item: token)
    if index == 0 {
      positions.setAttribute(UInt32(attributes.append(new)), of: slot)
      use(units(of: token, slot: slot), slot: slot)
      accountPlaces(of: token, slot: slot, sign: 1)
      accountSellThrough(of: new, sign: 1)
      return
    }
    let old = attributes[index]
    let moves =
      old.seller != new.seller || old.storageType != new.storageType
      || old.volumeMicroCubicFeet != new.volumeMicroCubicFeet
    let units = moves ? units(of: token, slot: slot) : UnitChange()
    if moves {
      use(units.negated, slot: slot)
      accountPlaces(of: token, slot: slot, sign: -1)
    }
    accountSellThrough(of: old, sign: -1)
    attributes[index] = new
    attributes.at(index).pointee.selling = old.selling
    if old.selling.place != 0 {
      demand.items.at(Int(old.selling.place) - 1).pointee.category = new.category
    }
    accountSellThrough(of: new, sign: 1)
    if moves {
      use(units, slot: slot)
      accountPlaces(of: token, slot: slot, sign: 1)
    }
  }

  /// States open inbound of an item to a node; quantity 0 removes it. `early` and `late` of 0 are
  /// the ETA.
  func setInbound(
    shipment: BorrowedBytes, token: UInt64, node: UInt16, quantity: Int32, eta: Int64,
    stage: UInt8, early: Int64 = 0, late: Int64 = 0
  ) {
    let slot = slotInserting(token)
    let arrival = ArrivalDistribution(median: eta, early: early, late: late)
    if let found = inbound.find(shipment: shipment, item: token, node: node) {
      accountInbound(inbound.row(found), sign: -1, slot: slot)
    }
    inbound.put(
      shipment: shipment, item: token, node: node, quantity: quantity, eta: eta, stage: stage,
      early: Int32(truncatingIfNeeded: eta - arrival.earlyUnixSeconds),
      late: Int32(truncatingIfNeeded: arrival.lateUnixSeconds - eta))
    touch(item: token)
    if let found = inbound.find(shipment: shipment, item: token, node: node) {
      accountInbound(inbound.row(found), sign: 1, slot: slot)
    }
  }

  /// Removes a row of open inbound.
  func removeInbound(_ place: Int) {
    let row = inbound.row(place)
    inbound.remove(place)
    touch(item: row.item)
    accountInbound(row, sign: -1, slot: positions.find(row.item))
  }

  /// All units of an item over the network and under way. Linear in its rows.
  func units(of token: UInt64, slot: Int) -> UnitChange {
    var units = UnitChange()
    for place in 0..<positions.rowCount(slot) {
      let row = positions.rows(slot)[place]
      units.onHand += Int64(row.onHand)
      units.reserved += Int64(row.reserved)
      units.encumbered += Int64(row.encumbered)
      if row.encumbered != 0 {
        let node = positions.nodes(slot)[place]
        units.unfulfillable += Int64(breakdowns.read(item: token, node: node).unfulfillable)
      }
    }
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      if row.isDraft {
        units.drafts += Int64(row.quantity)
      } else {
        units.openInbound += Int64(row.quantity)
      }
      next = inbound.next(after: found)
    }
    units.pendingRemoval = removals.pending(of: token)
    return units
  }

  /// Adds a change of units to the usage of the item's seller.
  @inline(__always)
  func account(_ change: UnitChange, slot: Int) {
    let index = positions.attribute(slot)
    if index == 0 { return }
    use(change, slot: slot)
    if change.onHand < 0, movements.cause == MovementKind.shipment.rawValue {
      countSale(-change.onHand, slot: slot)
    }
    followDemand(attributes.at(Int(index)), onHand: change.onHand, slot: slot)
  }

  /// Adds a change of units on hand, and of nothing else, to the usage of the item's seller and to
  /// the building: what `account` and `accountBuilding` do, with half of the arithmetic.
  @inline(__always)
  private func account(onHand units: Int64, node: UInt16, slot: Int) {
    let index = positions.attribute(slot)
    if index == 0 { return }
    let item = attributes.at(Int(index))
    let (seller, type) = (Int(item.pointee.seller), item.pointee.storageType)
    let volume = Int128(item.pointee.volumeMicroCubicFeet) * Int128(units)
    usage.add(available: volume, seller: seller, type: type)
    if audit.isSumming, mix(positions.key(slot)) <= audit.walkedHash {
      audit.usage.add(Usage(available: volume), seller: seller, type: type)
    }
    touch(.seller, UInt64(seller))
    buildings.add(stored: volume, inbound: 0, node: node, type: type)
    if units < 0, movements.cause == MovementKind.shipment.rawValue {
      countSale(-units, slot: slot)
    }
    followDemand(item, onHand: units, slot: slot)
  }

  /// Adds a change of units to the usage of the seller of an item with attributes.
  @inline(__always)
  private func use(_ change: UnitChange, slot: Int) {
    let index = positions.attribute(slot)
    let item = attributes[Int(index)]
    let used = change.usage(volume: item.volumeMicroCubicFeet)
    usage.add(used, seller: Int(item.seller), type: item.storageType)
    if audit.isSumming, mix(positions.key(slot)) <= audit.walkedHash {
      audit.usage.add(used, seller: Int(item.seller), type: item.storageType)
    }
    touch(.seller, UInt64(item.seller))
  }

  /// Adds units that came on hand, or left, to the totals of what moved them.
  @inline(__always)
  func note(moved units: Int64, token: UInt64) {
    movements.add(units)
    if audit.isSumming, mix(token) <= audit.walkedHash { audit.onHand += Int128(units) }
  }

  /// Adds volume on hand to a building.
  @inline(__always)
  func accountBuilding(onHand units: Int64, node: UInt16, slot: Int) {
    let index = positions.attribute(slot)
    if index == 0 || units == 0 { return }
    let item = attributes[Int(index)]
    buildings.add(
      stored: Int128(item.volumeMicroCubicFeet) * Int128(units), inbound: 0, node: node,
      type: item.storageType)
  }

  /// Adds (or with a sign of −1 takes away) a row of inbound: in usage, by month, in its building.
  func accountInbound(_ row: InboundRow, sign: Int64, slot: Int) {
    let units = Int64(row.quantity) * sign
    account(row.isDraft ? UnitChange(drafts: units) : UnitChange(openInbound: units), slot: slot)
    accountDue(row, sign: sign, slot: slot)
  }

  /// The part of `accountInbound` that is not in the sums of `units(of:slot:)`.
  private func accountDue(_ row: InboundRow, sign: Int64, slot: Int) {
    let index = slot < 0 ? 0 : positions.attribute(slot)
    if index == 0 { return }
    let item = attributes[Int(index)]
    let volume = Int128(item.volumeMicroCubicFeet) * Int128(row.quantity) * Int128(sign)
    usage.addDue(
      open: row.isDraft ? 0 : volume, drafts: row.isDraft ? volume : 0, seller: Int(item.seller),
      type: item.storageType, month: month(ofSeconds: row.etaUnixSeconds, seller: item.seller))
    if row.isDraft { return }
    buildings.add(stored: 0, inbound: volume, node: row.node, type: item.storageType)
  }

  /// What of an item is in which building, and due in which month. Linear in its rows.
  func accountPlaces(of token: UInt64, slot: Int, sign: Int64) {
    for place in 0..<positions.rowCount(slot) {
      accountBuilding(
        onHand: sign * Int64(positions.rows(slot)[place].onHand),
        node: positions.nodes(slot)[place], slot: slot)
    }
    var next = inbound.first(of: token)
    while let found = next {
      accountDue(inbound.row(found), sign: sign, slot: slot)
      next = inbound.next(after: found)
    }
  }

  /// What the item is expected to sell a day. Bounded so that the sums of all items fit.
  private func accountSellThrough(of item: ItemAttributes, sign: Int128) {
    if item.demandPerDayMilli == 0 { return }
    let rate = Int128(item.demandPerDayMilli)
    let volume = Int128(item.volumeMicroCubicFeet)
    // Units² a day, rounded down, times (thousandths of a cubic foot)²: 10^12 · 10^18 at most.
    let variance = rate * Int128(item.demandVarianceRatioMilli) / 1_000_000
    let change = SellThrough(
      perDayMilli: sign * rate * volume,
      variance: sign * variance * (volume / 1000) * (volume / 1000))
    usage.add(change, seller: Int(item.seller), type: item.storageType)
  }

  /// Computes all usage from positions, holds, removals and inbound: the slow truth that the kept
  /// sums are held against, and the way an import ends.
  func recomputeUsage() {
    // The sums of a pass under way follow changes, and this is none.
    audit.end()
    usage.removeAll()
    buildings.clearVolumes()
    clocks.removeAll()
    for slot in 0..<positions.totalSlots {
      let token = positions.key(slot)
      if token == 0 || positions.attribute(slot) == 0 { continue }
      use(units(of: token, slot: slot), slot: slot)
      accountPlaces(of: token, slot: slot, sign: 1)
      accountSellThrough(of: attributes[Int(positions.attribute(slot))], sign: 1)
    }
  }
}
