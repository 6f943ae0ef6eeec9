import PromisedModel

extension State {
  /// The last closed days of items, oldest first, and what today brought so far; an item that never
  /// sold has none. O(items × days).
  ///
  /// - Throws: FIELD_OUT_OF_RANGE; ITEM_UNKNOWN when the only item is not known. In a larger batch
  ///   an unknown item gets that code and no days.
  package func answer(
    _ query: HistoryQuery, at now: UnixMilliseconds, into reply: inout HistoryReply
  ) throws(Refusal) {
    if query.days < 1 || query.days > ActiveItems.keptDays {
      throw Refusal(
        .fieldOutOfRange, "days is \(query.days): 1 to \(ActiveItems.keptDays)")
    }
    try checkItems(query.items)
    // Any event may have closed the day of an item that it does not name.
    observe(stamps.demand)
    var offset = 0
    for row in 0..<query.items.count {
      let key = query.items.key(row, at: &offset)
      let token = itemKeys.token(key)
      observe(item: token)
      let slot = token == 0 ? -1 : positions.find(token)
      if slot < 0 && query.items.count == 1 { throw unknownItem(key.name) }
      reply.codes.append(slot < 0 ? UInt32(OutcomeCode.itemUnknown.rawValue) : 0)
      let place = slot < 0 ? -1 : demandPlace(slot)
      if place < 0 {
        reply.dayCounts.append(0)
        reply.today.append(0)
        continue
      }
      let item = demand.items.at(place).pointee
      let count = min(query.days, Int32(item.keptDays))
      reply.dayCounts.append(UInt32(count))
      reply.today.append(item.units)
      for back in 0..<count {
        let number = item.day - count + back
        let day = demand.items.day(place, number).pointee
        reply.days.append(Int64(number))
        reply.onHand.append(Int64(day.onHand))
        reply.demand.append(Int64(day.units))
        reply.inStock.append(UInt32(day.inStock) * 257)
      }
    }
  }
}
