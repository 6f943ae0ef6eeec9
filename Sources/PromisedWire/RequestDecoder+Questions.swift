import CPromisedMessages
import CProtobufC
import PromisedModel

// Questions: they change nothing and borrow the arena.
extension RequestDecoder {
  func offerCountry(_ data: ProtobufCBinaryData) throws(Refusal) -> BorrowedBytes {
    let country = BorrowedBytes(data)
    guard !country.isEmpty else {
      let fallback: StaticString = "US"
      return BorrowedBytes(base: fallback.utf8Start, count: fallback.utf8CodeUnitCount)
    }
    try FieldPath("country").letters(country, count: 2)
    return country
  }

  mutating func offer(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__OfferRequest.self).pointee
    let items = try someKeys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.offerRows)
    let postcodes = try names(message.postcodes, message.n_postcodes, "postcodes")
    guard postcodes.count > 0 else { throw FieldPath("postcodes").missing() }
    let levels = try levels(message.levels, message.n_levels)
    // The counts are bounded by the payload, and the levels are few, so the product fits.
    let rows = items.count * postcodes.count * max(levels.count, 1)
    guard rows <= Limits.offerRows else {
      throw tooManyOffers(items.count, postcodes.count, levels.count, rows)
    }
    var quantities = Column<Int32>.empty
    if message.n_quantities > 0 {
      quantities = try self.quantities(
        message.quantities, message.n_quantities, rows: items.count,
        in: 1...Limits.unitsPerPosition, "quantities")
    }
    let query = OfferQuery(
      items: items, quantities: quantities, country: try offerCountry(message.country),
      postcodes: postcodes, withPath: message.with_path != 0, levels: levels,
      confidence: try confidence(message.confidence), byDays: try days(message.by_days, "by_days"),
      omitsTokens: message.omit_tokens != 0,
      channel: try FieldPath("channel").optionalKey(BorrowedBytes(message.channel)),
      supply: try supplyChoice(message.supply_choice))
    return .offer(query, minPosition: minPosition(message.read))
  }

  @inline(never)
  private func tooManyOffers(
    _ items: Int, _ postcodes: Int, _ levels: Int, _ rows: Int
  ) -> Refusal {
    let (names, numbers) = levels > 1 ? (" × levels", " × \(levels)") : ("", "")
    return Refusal(
      .tooManyRows,
      "item_keys × postcodes\(names) is \(items) × \(postcodes)\(numbers) = \(rows) rows; "
        + "allowed: at most \(Limits.offerRows)")
  }

  func availability(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__AvailabilityRequest.self).pointee
    let query = AvailabilityQuery(
      items: try someKeys(
        message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
        lengthsField: "item_key_lengths", atMost: Limits.queryItems),
      nodeNames: try names(message.nodes, message.n_nodes, "nodes"),
      groupNames: try names(message.groups, message.n_groups, "groups"),
      channel: try FieldPath("channel").optionalKey(BorrowedBytes(message.channel)))
    return .availability(query, minPosition: minPosition(message.read))
  }

  func inStock(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__InStockRequest.self).pointee
    let days: Int32 = try FieldPath("horizon_days").number(message.horizon_days, in: 0...365)
    let items = try someKeys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.queryItems)
    if message.n_views > 0 { try FieldPath("views").hasValues(message.n_views, for: items.count) }
    for row in 0..<message.n_views {
      let _: Int64 = try FieldPath("views", row: row).number(
        message.views.unsafelyUnwrapped[row], in: 0...1_000_000_000_000)
    }
    let source: UInt32 = try FieldPath("demand_source").number(message.demand_source, in: 0...4)
    let fastTrack: Int32 = try FieldPath("fast_track").number(message.fast_track, in: 0...1)
    let share: Int32 = try FieldPath("demand_share_milli").number(
      message.demand_share_milli, in: 0...1000)
    let query = InStockQuery(
      items: items, horizonDays: days == 0 ? 14 : days,
      views: Column(
        base: message.views.map { UnsafePointer($0) }, count: message.n_views),
      source: source == 0 ? nil : DemandSource(rawValue: source), asksFastTrack: fastTrack == 1,
      group: try FieldPath("group").optionalKey(BorrowedBytes(message.group)),
      channel: try FieldPath("channel").optionalKey(BorrowedBytes(message.channel)),
      demandShareMilli: share == 0 ? 1000 : share)
    return .inStock(query, minPosition: minPosition(message.read))
  }

  func history(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__HistoryRequest.self).pointee
    let days: Int32 = try FieldPath("days").number(message.days, in: 0...28)
    let query = HistoryQuery(
      items: try someKeys(
        message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
        lengthsField: "item_key_lengths", atMost: Limits.queryItems),
      days: days == 0 ? 28 : days)
    return .history(query, minPosition: minPosition(message.read))
  }

  func headroom(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__HeadroomRequest.self).pointee
    let months: Int32 = try FieldPath("months").number(message.months, in: 0...12)
    let size: Int32 = try FieldPath("page_size").number(
      message.page_size, in: 0...Int32(Limits.headroomSellers))
    let named = try names(message.sellers, message.n_sellers, "sellers")
    guard named.count > 0 || size > 0 else { throw FieldPath("sellers").missing() }
    if named.count > 0, size > 0 {
      throw FieldPath("page_size").outOfRange("\(size)", "0 where sellers are named")
    }
    let query = HeadroomQuery(
      sellers: named, item: try FieldPath("item").optionalKey(BorrowedBytes(message.item)),
      monthCount: months == 0 ? 3 : months,
      node: try FieldPath("node").optionalKey(BorrowedBytes(message.node)),
      isOptimistic: message.optimistic != 0, pageToken: try pageToken(message.page_token),
      pageSize: size)
    return .headroom(query, minPosition: minPosition(message.read))
  }

  func usage(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__UsageRequest.self).pointee
    return .usage(
      sellers: try sellers(message.sellers, message.n_sellers),
      minPosition: minPosition(message.read))
  }

  private func sellers(
    _ data: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int
  ) throws(Refusal) -> Column<BorrowedBytes> {
    let sellers = try names(data, count, "sellers")
    guard sellers.count > 0 else { throw FieldPath("sellers").missing() }
    return sellers
  }

  func list(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ListRequest.self).pointee
    let number: UInt8 = try FieldPath("kind").number(message.kind, in: 1...22)
    guard let kind = ListKind(rawValue: number) else {
      throw FieldPath("kind").outOfRange("\(number)", "1 to 15, 20 to 22")
    }
    let size: Int32 = try FieldPath("page_size").number(message.page_size, in: 0...10_000)
    let query = ListQuery(
      kind: kind, pageToken: try pageToken(message.page_token),
      pageSize: size == 0 ? 100 : size)
    return .list(query, minPosition: minPosition(message.read))
  }

  /// From the answer before, or nothing. Not trusted: whoever made it checks it.
  func pageToken(_ data: ProtobufCBinaryData) throws(Refusal) -> BorrowedBytes {
    let token = BorrowedBytes(data)
    guard token.count <= 256 else {
      throw FieldPath("page_token").outOfRange("\(token.count) bytes", "at most 256 bytes")
    }
    return token
  }

  func networkGet(_ raw: UnsafeRawPointer) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__GetNetworkRequest.self).pointee
    return .networkGet(minPosition: minPosition(message.read))
  }

  func minPosition(_ read: UnsafeMutablePointer<Promised__V1__ReadOptions>?) -> Position {
    read?.pointee.min_position ?? 0
  }
}
