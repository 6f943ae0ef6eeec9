import CPromisedMessages
import CProtobufC
import PromisedModel

// Carts, traces, broken promises and what changed: questions, but for the rescue.
extension RequestDecoder {
  /// Service levels, each 1…4 and once, narrowed in the arena; none = standard.
  mutating func levels(
    _ base: UnsafeMutablePointer<UInt32>?, _ count: Int
  ) throws(Refusal) -> Column<UInt8> {
    if count == 0 { return .empty }
    let most = ServiceLevel.allCases.count
    try FieldPath("levels").isAtMost(most, rows: count)
    guard let target = arena.allocate(UInt8.self, count: count) else { throw tooCostly() }
    var seen: UInt8 = 0
    for row in 0..<count {
      let at = FieldPath("levels", row: row)
      let level: UInt8 = try at.number(base.unsafelyUnwrapped[row], in: 1...UInt8(most))
      guard seen & 1 << level == 0 else { throw at.outOfRange("\(level) again", "each level once") }
      seen |= 1 << level
      target[row] = level
    }
    return Column(base: UnsafePointer(target), count: count)
  }

  /// One service level; 0 = standard.
  func level(_ value: UInt64) throws(Refusal) -> ServiceLevel {
    let number: UInt8 = try FieldPath("level").number(value, in: 0...4)
    return ServiceLevel(rawValue: number) ?? .standard
  }

  /// What an offer may rest on.
  @inline(__always)
  func supplyChoice(_ value: UInt64) throws(Refusal) -> SupplyChoice {
    if value == 0 { return .whenNeeded }
    let number: UInt8 = try FieldPath("supply_choice").number(value, in: 0...2)
    return SupplyChoice(rawValue: number) ?? .whenNeeded
  }

  /// A chance in 1/65535, raised to the next that is kept ready; 0 = the usual one.
  func confidence(_ value: UInt64) throws(Refusal) -> ConfidenceLevel {
    if value == 0 { return .usual }
    let most = ConfidenceLevel.nearlyCertain.probability
    let chance: UInt16 = try FieldPath("confidence").number(value, in: 0...most)
    return ConfidenceLevel(atLeast: chance) ?? .nearlyCertain
  }

  /// A local date, days since 1970-01-01; 0 = none.
  func days(
    _ value: some FixedWidthInteger, _ field: StaticString
  ) throws(Refusal) -> Int32 {
    try FieldPath(field).number(value, in: 0...LocalDate.last.days)
  }

  /// A token as an offer or a plan carried it. Not trusted: whoever made it checks it.
  func token(_ data: ProtobufCBinaryData, _ field: FieldPath) throws(Refusal) -> BorrowedBytes {
    let token = BorrowedBytes(data)
    guard (1...Limits.tokenBytes).contains(token.count) else {
      throw field.outOfRange("\(token.count) bytes", "1 to \(Limits.tokenBytes) bytes")
    }
    return token
  }

  mutating func plan(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PlanRequest.self).pointee
    let items = try someKeys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.planLines)
    let objective: UInt8 = try FieldPath("objective").number(message.objective, in: 0...3)
    let policy: UInt8 = try FieldPath("policy").number(message.policy, in: 0...2)
    let query = PlanQuery(
      items: items, quantities: try planQuantities(message, lines: items.count),
      country: try offerCountry(message.country),
      postcode: try FieldPath("postcode").key(message.postcode),
      levels: try levels(message.levels, message.n_levels),
      confidence: try confidence(message.confidence),
      objective: PlanObjective(rawValue: objective) ?? .earliest,
      policy: FillPolicy(rawValue: policy) ?? .fillOrKill,
      shipsTogether: message.ship_together != 0,
      neededByDays: try days(message.needed_by_days, "needed_by_days"),
      maximumShipments: try FieldPath("max_shipments").number(
        message.max_shipments, in: 0...Int32(Limits.planLines)),
      mixesLevels: message.mix_levels != 0,
      channel: try FieldPath("channel").optionalKey(BorrowedBytes(message.channel)))
    return .plan(query, minPosition: minPosition(message.read))
  }

  /// A plan's lines always have their units: 1 each where none are given.
  private mutating func planQuantities(
    _ message: Promised__V1__PlanRequest, lines: Int
  ) throws(Refusal) -> Column<Int32> {
    if message.n_quantities > 0 {
      return try quantities(
        message.quantities, message.n_quantities, rows: lines,
        in: 1...Limits.unitsPerPosition, "quantities")
    }
    guard let ones = arena.allocate(Int32.self, count: lines) else { throw tooCostly() }
    ones.initialize(repeating: 1, count: lines)
    return Column(base: UnsafePointer(ones), count: lines)
  }

  func atRisk(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__AtRiskRequest.self).pointee
    let limit: Int32 = try FieldPath("limit").number(
      message.limit, in: 0...Int32(Limits.riskRows))
    let query = AtRiskQuery(
      node: try FieldPath("node").optionalKey(BorrowedBytes(message.node)),
      limit: limit == 0 ? 1000 : limit)
    return .atRisk(query, minPosition: minPosition(message.read))
  }

  func rescue(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__RescueRequest.self).pointee
    return .rescue(
      RescueCommand(
        key: try commandKey(message.idempotency_key, digest), holdID: message.hold_id,
        applies: message.apply != 0))
  }

  func accuracy(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__AccuracyRequest.self).pointee
    let number: UInt8 = try FieldPath("group_by").number(message.group_by, in: 0...5)
    let from = try days(message.from_days, "from_days")
    let to = try days(message.to_days, "to_days")
    if to != 0, to < from {
      throw FieldPath("to_days").outOfRange("\(to)", "0, or from_days (\(from)) and later")
    }
    let query = AccuracyQuery(
      grouping: AccuracyGrouping(rawValue: number) ?? .all, fromDays: from, toDays: to)
    return .accuracy(query, minPosition: minPosition(message.read))
  }

  func explain(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ExplainRequest.self).pointee
    let minimum = minPosition(message.read)
    if message.token.len > 0 {
      return .explain(
        .token(try token(message.token, FieldPath("token"))), minPosition: minimum)
    }
    guard message.item.len > 0 else {
      throw Refusal(.fieldMissing, "token is missing, and so is item")
    }
    let quantity: Int32 = try FieldPath("quantity").number(
      message.quantity, in: 0...Limits.unitsPerPosition)
    let question = OfferQuestion(
      item: try FieldPath("item").name(message.item), quantity: max(quantity, 1),
      country: try offerCountry(message.country).name,
      postcode: try FieldPath("postcode").name(message.postcode),
      level: try level(message.level), confidence: try confidence(message.confidence),
      channel: try FieldPath("channel").optionalKey(BorrowedBytes(message.channel)).name,
      supply: try supplyChoice(message.supply_choice))
    return .explain(.now(question), minPosition: minimum)
  }

  func changed(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ChangedRequest.self).pointee
    guard message.since_epoch > 0 else { throw FieldPath("since_epoch").missing() }
    let size: Int32 = try FieldPath("page_size").number(
      message.page_size, in: 0...Int32(Limits.changedPairs))
    let query = ChangedQuery(
      sinceEpoch: message.since_epoch, level: try level(message.level),
      confidence: try confidence(message.confidence),
      pageToken: try pageToken(message.page_token), pageSize: size == 0 ? 10_000 : size)
    return .changed(query, minPosition: minPosition(message.read))
  }
}
