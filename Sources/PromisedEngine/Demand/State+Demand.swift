import PromisedInvariants
import PromisedModel

/// The forecaster fed by the service's own stock: what leaves, and how long there was something.
extension State {
  /// Follows a change of an item's units, after it: closes days that have ended, counts time in
  /// stock, and takes units that were shipped for demand. Constant time; for an item that does not
  /// sell, a few comparisons.
  ///
  /// - Parameter onHand: what the change did to the units on hand.
  @inline(__always)
  func followDemand(_ item: UnsafeMutablePointer<ItemAttributes>, onHand: Int64, slot: Int) {
    let isShipment = movements.cause == MovementKind.shipment.rawValue && onHand != 0
    let selling = item.pointee.selling
    if selling.place == 0 && !isShipment { return }
    if selling.place != 0 && appliedTime.milliseconds < Int64(selling.dayEnds) * 1000
      && hasAvailable(slot) == (selling.isInStock == 1)
    {
      // The day goes on as it was.
      if isShipment { countShipped(at: Int(selling.place) - 1, onHand: onHand) }
      return
    }
    follow(item, onHand: onHand, isShipment: isShipment, slot: slot)
  }

  @inline(__always)
  private func countShipped(at place: Int, onHand: Int64) {
    if onHand < 0 { return demand.sell(place, units: -onHand) }
    // A shipment that was taken back on the same day was no demand.
    let active = demand.items.at(place)
    active.pointee.units = max(0, active.pointee.units - onHand)
  }

  @inline(never)
  private func follow(
    _ item: UnsafeMutablePointer<ItemAttributes>, onHand: Int64, isShipment: Bool, slot: Int
  ) {
    let now = appliedTime.seconds
    if item.pointee.selling.place == 0 {
      // More came back than left, or nobody is there to remember it.
      if onHand > 0 || !activate(item, slot: slot, at: now) { return }
    }
    let place = Int(item.pointee.selling.place) - 1
    let active = demand.items.at(place)
    if now >= active.pointee.dayEnds {
      closeDays(of: place, item, onHand: unitsOnHand(slot) - onHand, at: now)
    }
    let isInStock: UInt8 = hasAvailable(slot) ? 1 : 0
    if isInStock != active.pointee.isInStock {
      countTime(active, to: now)
      active.pointee.isInStock = isInStock
    }
    item.pointee.selling = SellingItem(place, active.pointee)
    if isShipment { countShipped(at: place, onHand: onHand) }
  }

  private func activate(
    _ item: UnsafeMutablePointer<ItemAttributes>, slot: Int, at now: Int64
  ) -> Bool {
    let rules = zone(ofSeller: item.pointee.seller)
    let day = localDay(now, rules)
    guard
      let place = demand.begin(
        item: positions.key(slot), category: Int(item.pointee.category), day: day)
    else { return false }
    let active = demand.items.at(place)
    active.pointee.countedTo = now
    active.pointee.dayEnds = end(of: day, rules, after: now)
    active.pointee.isInStock = 1
    // The units that leave now were there; before that, so it is taken, all day long.
    active.pointee.inStockSeconds = Int32(
      clamping: max(0, 86_400 - (active.pointee.dayEnds - now)))
    item.pointee.selling = SellingItem(place, active.pointee)
    stamps.demand = appliedPosition
    return true
  }

  /// Closes the days of an item that ended by `now`; at most 400, of which nothing older is kept.
  func closeDays(
    of place: Int, _ item: UnsafeMutablePointer<ItemAttributes>, onHand: Int64, at now: Int64
  ) {
    let rules = zone(ofSeller: item.pointee.seller)
    let active = demand.items.at(place)
    stamps.demand = appliedPosition
    var closed = 0
    while now >= active.pointee.dayEnds {
      let end = active.pointee.dayEnds
      if closed == 400 {
        // A server that slept for more than a year begins the day anew.
        active.pointee.day = localDay(now, rules)
        active.pointee.countedTo = now
        active.pointee.dayEnds = self.end(of: active.pointee.day, rules, after: now)
        return
      }
      countTime(active, to: end)
      let length = max(1, Int64(end) - startOfOpenDay(active.pointee, rules))
      let share = min(255, (Int64(active.pointee.inStockSeconds) * 255 + length / 2) / length)
      demand.close(place, inStock: UInt8(share), onHand: onHand)
      active.pointee.inStockSeconds = 0
      active.pointee.dayEnds = self.end(of: active.pointee.day, rules, after: end)
      closed += 1
    }
  }

  private func startOfOpenDay(_ active: ActiveItem, _ rules: TimeZoneRules?) -> Int64 {
    guard let rules else { return Int64(active.day) * 86_400 }
    return rules.startOfDay(LocalDate(days: active.day))
  }

  private func countTime(_ active: UnsafeMutablePointer<ActiveItem>, to now: Int64) {
    let to = min(now, active.pointee.dayEnds)
    if active.pointee.isInStock == 1 && to > active.pointee.countedTo {
      active.pointee.inStockSeconds += Int32(clamping: to - active.pointee.countedTo)
    }
    active.pointee.countedTo = max(active.pointee.countedTo, to)
  }

  /// Closes the ended days of a few items, one after another, so that those that sell nothing count
  /// too: called with every event. A pass over all of them begins at most once an hour.
  func closeOverdueDays() {
    if demand.items.placeCount == 0 { return }
    let now = appliedTime.seconds
    if demandCursor >= demand.items.placeCount {
      if now < demandPassBegan + 3600 { return }
      demandPassBegan = now
      demandCursor = 0
    }
    let end = min(demand.items.placeCount, demandCursor + 16)
    while demandCursor < end {
      let place = demandCursor
      demandCursor += 1
      let active = demand.items.at(place)
      if active.pointee.token == 0 || now < active.pointee.dayEnds { continue }
      let slot = positions.find(active.pointee.token)
      let index = slot < 0 ? 0 : Int(positions.attribute(slot))
      if index == 0 {
        invariant(false, "an item that sells has no attributes")
        continue
      }
      let item = attributes.at(index)
      closeDays(of: place, item, onHand: unitsOnHand(slot), at: now)
      if active.pointee.day - active.pointee.lastSale > Self.forgottenAfterDays {
        demand.items.remove(place)
        item.pointee.selling = SellingItem()
      } else {
        item.pointee.selling = SellingItem(place, active.pointee)
      }
    }
  }

  /// An item that sold nothing for so long makes room for others.
  private static var forgottenAfterDays: Int32 { 400 }

  /// The place of an item's demand, or −1.
  func demandPlace(_ slot: Int) -> Int {
    let index = Int(positions.attribute(slot))
    return index == 0 ? -1 : Int(attributes[index].selling.place) - 1
  }

  /// The index of a category, which is added when it is new; 0 for none, and when there are as many
  /// as may be.
  func categoryIndex(_ name: Name) -> UInt16 {
    if name.isEmpty { return 0 }
    if let found = categoryKeys.find(name) { return UInt16(found + 1) }
    if categoryKeys.count >= Limits.itemCategories { return 0 }
    let index = demand.insertCategory()
    invariant(index == categoryKeys.count + 1, "categories out of step with their names")
    return UInt16(categoryKeys.insert(name) + 1)
  }

  func categoryName(_ index: UInt16) -> BorrowedBytes {
    index == 0 ? .empty : categoryKeys.name(Int(index) - 1)
  }

  // MARK: Days

  /// The rules of the zone where an item's seller sells; nil = UTC.
  func zone(ofSeller seller: UInt32) -> TimeZoneRules? {
    var name: Name?
    sellers[Int(seller)].marketplace.bytes.withUnsafeBufferPointer {
      name = network.marketplace(BorrowedBytes($0))?.timeZone
    }
    return name.flatMap { network.timeZone($0) }
  }

  func localDay(_ unixSeconds: Int64, _ rules: TimeZoneRules?) -> Int32 {
    if let rules { return rules.localDate(at: unixSeconds).days }
    return Int32(clamping: floorDivide(unixSeconds, 86_400))
  }

  /// When a day ends, in any case after `now`: rules may have changed since it began.
  private func end(of day: Int32, _ rules: TimeZoneRules?, after now: Int64) -> Int64 {
    let end =
      rules?.startOfDay(LocalDate(days: day + 1)) ?? (Int64(day) + 1) * 86_400
    return end > now ? end : now + 86_400
  }

  private func unitsOnHand(_ slot: Int) -> Int64 {
    var units: Int64 = 0
    for place in 0..<positions.rowCount(slot) {
      units += Int64(positions.rows(slot)[place].onHand)
    }
    return units
  }

  @inline(__always)
  private func hasAvailable(_ slot: Int) -> Bool {
    for place in 0..<positions.rowCount(slot)
    where positions.rows(slot)[place].available > 0 { return true }
    return false
  }
}
