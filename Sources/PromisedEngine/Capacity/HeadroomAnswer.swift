import PromisedInvariants
import PromisedModel

extension State {
  /// How much each seller may still send in, per storage type and month from this month on in its
  /// marketplace's zone.
  ///
  /// A row for each storage type that has usage, or a limit in one of the months, or is the asked
  /// item's; ascending by storage type, then month. The limit is what was decided for the month
  /// (confirmed, or no limit), else its estimate; without either the kind is 0 and the headroom 0.
  /// Usage of a future month is today's. Headroom = max(0, limit − usage), −1 with no limit; units
  /// are rounded down.
  ///
  /// - Throws: FIELD_MISSING, TOO_MANY_ROWS, FIELD_OUT_OF_RANGE; ITEM_UNKNOWN when the item is not
  ///   known or has no volume; SELLER_UNKNOWN when the only seller is not known. In a larger batch
  ///   an unknown seller gets that code and no rows.
  package func answer(
    _ query: HeadroomQuery, at now: UnixMilliseconds, into reply: inout HeadroomReply
  ) throws(Refusal) {
    if query.sellers.count == 0 { throw Refusal(.fieldMissing, "sellers is empty: name one") }
    if query.sellers.count > Limits.queryItems {
      throw Refusal(.tooManyRows, "\(query.sellers.count) sellers: at most \(Limits.queryItems)")
    }
    if query.monthCount < 1 || query.monthCount > 12 {
      throw Refusal(.fieldOutOfRange, "months is \(query.monthCount): 1 to 12")
    }
    let item = try query.item.isEmpty ? nil : attributes(ofAsked: query.item)
    observeNetwork()
    for index in 0..<query.sellers.count {
      guard let seller = sellerKeys.find(query.sellers[index]) else {
        if query.sellers.count == 1 { throw unknownSeller(query.sellers[index].name) }
        reply.sellerCodes.append(UInt32(OutcomeCode.sellerUnknown.rawValue))
        reply.rowCounts.append(0)
        continue
      }
      observe(.seller, UInt64(seller))
      reply.sellerCodes.append(0)
      appendRows(
        of: seller, item: item, monthCount: Int(query.monthCount), at: now, into: &reply)
    }
  }

  private func attributes(ofAsked key: BorrowedBytes) throws(Refusal) -> ItemAttributes {
    let token = itemKeys.token(key)
    observe(item: token)
    let slot = token == 0 ? -1 : positions.find(token)
    if slot < 0 { throw unknownItem(key.name) }
    let index = positions.attribute(slot)
    if index == 0 {
      throw Refusal(
        .itemUnknown, "item \(key.name) has stock but no volume yet: put it first", key: key.name)
    }
    return attributes[Int(index)]
  }

  private func appendRows(
    of seller: Int, item: ItemAttributes?, monthCount: Int, at now: UnixMilliseconds,
    into reply: inout HeadroomReply
  ) {
    let first = month(at: now, marketplace: sellers[seller].marketplace)
    var rows: UInt32 = 0
    for type in StorageType.allCases {
      if let item, item.storageType != type.rawValue { continue }
      if item == nil && !isRelevant(type, of: seller, from: first, count: monthCount) { continue }
      var month = first
      for _ in 0..<monthCount {
        append(seller, type, month, item: item, into: &reply)
        month = month.next
        rows += 1
      }
    }
    reply.rowCounts.append(rows)
  }

  private func isRelevant(_ type: StorageType, of seller: Int, from first: Month, count: Int)
    -> Bool
  {
    if usage.read(seller: seller, type: type.rawValue) != Usage() { return true }
    var month = first
    for _ in 0..<count {
      let limit = limits.find(
        seller: UInt32(seller), type: type.rawValue, month: month.yyyymm)
      if limit != nil { return true }
      month = month.next
    }
    return false
  }

  private func append(
    _ seller: Int, _ type: StorageType, _ month: Month, item: ItemAttributes?,
    into reply: inout HeadroomReply
  ) {
    let used = usage.read(seller: seller, type: type.rawValue)
    let row = limits.find(seller: UInt32(seller), type: type.rawValue, month: month.yyyymm)
    let limit: (kind: UInt8, limit: Int64) = row?.effective ?? (0, 0)
    var headroom: Int64 = -1
    var units: Int64 = -1
    if limit.kind != LimitKind.noLimit.rawValue {
      headroom = Usage.clamped(max(0, Int128(limit.limit) - used.total))
      if let item { units = headroom / item.volumeMicroCubicFeet }
    }
    reply.storageTypes.append(UInt32(type.rawValue))
    reply.months.append(month.yyyymm)
    reply.limitKinds.append(UInt32(limit.kind))
    reply.limits.append(limit.limit)
    reply.available.append(Usage.clamped(used.available))
    reply.unfulfillable.append(Usage.clamped(used.unfulfillable))
    reply.reserved.append(Usage.clamped(used.reserved))
    reply.openInbound.append(Usage.clamped(used.openInbound))
    reply.drafts.append(Usage.clamped(used.drafts))
    reply.headroom.append(headroom)
    reply.headroomUnits.append(units)
  }
}
