import CPromisedMessages
import PromisedModel

/// What a cart wants of its plan.
public struct PlanWishes: Sendable, Equatable {
  /// The service levels to plan for, each 1…4 and once; empty = standard.
  public var levels: [UInt32] = []
  /// The least chance of each window in 1/65535; 0 = .95.
  public var confidence: UInt64 = 0
  /// 1 earliest, 2 lowest cost, 3 fewest shipments; 0 = earliest.
  public var objective: UInt64 = 0
  /// 1 all or nothing, 2 what is available; 0 = all or nothing.
  public var policy: UInt64 = 0
  /// All lines from one node.
  public var shipsTogether = false
  /// Delivered by the end of this local date, days since 1970-01-01; 0 = whenever.
  public var neededByDay: UInt64 = 0
  /// 1…256; 0 = no limit.
  public var maximumShipments: UInt64 = 0
  /// Boxes may travel at slower levels than asked for when they are fast enough.
  public var mixesLevels = false
  /// Who asks; empty = no channel.
  public var channel = ""

  /// Earliest, standard, whole.
  public init() {}
}

extension Call where Answer == PlanAnswer {
  /// Planned shipments of a cart of 1…256 lines to one postcode.
  ///
  /// - Parameters:
  ///   - quantities: units per line; empty = 1 each.
  ///   - country: ISO 3166-1 alpha-2; empty = US.
  public static func plan(
    items: [String], quantities: [UInt64] = [], country: String = "", postcode: String,
    wishes: PlanWishes = PlanWishes(), minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__plan_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(items)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(quantities, as: UInt64.self)
      message.pointee.country = builder.text(country)
      message.pointee.postcode = builder.text(postcode)
      (message.pointee.n_levels, message.pointee.levels) =
        builder.column(wishes.levels, as: UInt32.self)
      message.pointee.confidence = wishes.confidence
      message.pointee.objective = wishes.objective
      message.pointee.policy = wishes.policy
      message.pointee.ship_together = wishes.shipsTogether ? 1 : 0
      message.pointee.needed_by_days = wishes.neededByDay
      message.pointee.max_shipments = wishes.maximumShipments
      message.pointee.mix_levels = wishes.mixesLevels ? 1 : 0
      message.pointee.channel = builder.text(wishes.channel)
    }
    return Call(.plan, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "PlanResponse", promised__v1__plan_response__unpack) {
        (message) throws(MalformedAnswer) in
        try PlanAnswer(message)
      }
    }
  }
}

extension PlanAnswer {
  init(_ message: Promised__V1__PlanResponse) throws(MalformedAnswer) {
    asOf = AnswerStamp(message.as_of)
    profileEpoch = message.profile_epoch
    isPostcodeExact = message.postcode_exact != 0
    plans = []
    let names = texts(message.n_node_names, message.node_names)
    let titles = texts(message.n_node_titles, message.node_titles)
    for row in 0..<message.n_plans {
      guard let plan = message.plans[row]?.pointee else { continue }
      plans.append(try Plan(plan, names, titles))
    }
  }
}

extension Plan {
  init(
    _ message: Promised__V1__CartPlan, _ names: [String], _ titles: [String]
  ) throws(MalformedAnswer) {
    level = message.level
    outcome = RowOutcome(number: message.outcome)
    shipments = []
    for row in 0..<message.n_shipments {
      guard let shipment = message.shipments[row]?.pointee else { continue }
      shipments.append(try PlanShipment(shipment, names, titles))
    }
    shortLines = []
    for row in 0..<message.n_short_lines {
      guard let short = message.short_lines[row]?.pointee else { continue }
      shortLines.append(
        PlanShortLine(
          line: Int(short.line), outcome: RowOutcome(number: short.outcome),
          availableUnits: short.available_units,
          nextSupplyUnixSeconds: short.next_supply_unix_s))
    }
    cost = message.cost
    costLowerBound = message.cost_lower_bound
    isExact = message.exact != 0
    firstDeliveryDay = message.first_delivery_days
    lastDeliveryDay = message.last_delivery_days
    cacheUntilUnixSeconds = message.cache_until_unix_s
    expiresUnixSeconds = message.expires_unix_s
    token = message.token.array
  }
}

extension PlanShipment {
  init(
    _ message: Promised__V1__PlannedShipment, _ names: [String], _ titles: [String]
  ) throws(MalformedAnswer) {
    node = try text(message.node, of: names)
    nodeTitle = Int(message.node) < titles.count ? titles[Int(message.node)] : ""
    level = message.level
    let quantities = try column(
      message.n_quantities, message.quantities, rows: message.n_lines, "quantities")
    lines = []
    for row in 0..<message.n_lines {
      lines.append(
        PlanLine(line: Int(message.lines[row]), quantity: Int64(clamping: quantities[row])))
    }
    windowFromUnixSeconds = message.window_from_unix_s
    windowToUnixSeconds = message.window_to_unix_s
    windowUTCOffsetSeconds = message.window_utc_offset_s
    deliveryDay = message.delivery_days
    orderByUnixSeconds = message.order_by_unix_s
    shipByUnixSeconds = message.ship_by_unix_s
    confidence = message.confidence
    cost = message.cost
    silence = message.silence
  }
}

extension Call where Answer == AtRiskAnswer {
  /// Promises made that will be missed.
  ///
  /// - Parameters:
  ///   - node: only those shipped from it; empty = all.
  ///   - limit: 1…10,000; 0 = 1,000.
  public static func atRisk(
    node: String = "", limit: UInt64 = 0, minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__at_risk_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.node = builder.text(node)
      message.pointee.limit = limit
    }
    return Call(.atRisk, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "AtRiskResponse", promised__v1__at_risk_response__unpack) { message in
        AtRiskAnswer(
          asOf: AnswerStamp(message.as_of), rows: risks(message.n_rows, message.rows),
          promises: message.promises, isTruncated: message.truncated != 0)
      }
    }
  }
}

extension Call where Answer == RescueAnswer {
  /// Re-sources promises at risk, or only says how.
  ///
  /// - Parameters:
  ///   - holdID: 0 = every promise at risk, at most 1,000 a call.
  ///   - key: the caller's name for this intent, 1…64 bytes.
  public static func rescue(holdID: UInt64 = 0, applies: Bool, key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__rescue_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.hold_id = holdID
      message.pointee.apply = applies ? 1 : 0
    }
    return Call(.rescue, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "RescueResponse", promised__v1__rescue_response__unpack) { message in
        RescueAnswer(
          asOf: AnswerStamp(message.as_of), rows: risks(message.n_rows, message.rows),
          moved: message.moved)
      }
    }
  }
}

private func risks(
  _ count: Int, _ rows: UnsafeMutablePointer<UnsafeMutablePointer<Promised__V1__RiskRow>?>?
) -> [PromiseAtRisk] {
  UnsafeBufferPointer(start: rows, count: count).compactMap { row in
    guard let row = row?.pointee else { return nil }
    return PromiseAtRisk(
      holdID: row.hold_id, shipment: row.shipment, owner: row.owner.text, item: row.item.text,
      node: row.node.text, cause: row.cause, subject: row.subject.text,
      promisedToUnixSeconds: row.promised_to_unix_s, promisedDay: row.promised_days,
      newToUnixSeconds: row.new_to_unix_s, newDay: row.new_days, rescueNode: row.rescue_node.text,
      rescueToUnixSeconds: row.rescue_to_unix_s, rescueDay: row.rescue_days,
      isSaved: row.saved != 0)
  }
}

extension Call where Answer == AccuracyAnswer {
  /// Promised against delivered.
  ///
  /// - Parameters:
  ///   - grouping: 0 all, 1 lane, 2 node, 3 weekday, 4 month, 5 confidence band.
  ///   - fromDay: promised local dates from here, days since 1970-01-01; 0 = no bound.
  ///   - toDay: up to here, included; 0 = no bound.
  public static func accuracy(
    grouping: UInt64 = 0, fromDay: UInt64 = 0, toDay: UInt64 = 0, minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__accuracy_request__init) {
      builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.group_by = grouping
      message.pointee.from_days = fromDay
      message.pointee.to_days = toDay
    }
    return Call(.accuracy, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "AccuracyResponse", promised__v1__accuracy_response__unpack) {
        message in
        AccuracyAnswer(
          asOf: AnswerStamp(message.as_of),
          groups: (0..<message.n_rows).compactMap { index in
            guard let row = message.rows[index]?.pointee else { return nil }
            return AccuracyGroup(
              group: row.group.text, delivered: row.delivered, onTime: row.on_time,
              meanConfidence: row.mean_confidence, coverage: row.coverage,
              coverageLow: row.coverage_low, coverageHigh: row.coverage_high,
              meanDaysEarlyMilli: row.mean_days_early_milli, overdue: row.overdue)
          })
      }
    }
  }
}

extension Call where Answer == ChangedAnswer {
  /// Which (item, zone) pairs got another promise with the last network epoch.
  ///
  /// - Parameters:
  ///   - sinceEpoch: the epoch before the one that answers.
  ///   - level: 1…4; 0 = standard.
  ///   - confidence: in 1/65535; 0 = .95.
  ///   - pageSize: 1…100,000; 0 = 10,000.
  public static func changed(
    sinceEpoch: UInt64, level: UInt64 = 0, confidence: UInt64 = 0, pageToken: [UInt8] = [],
    pageSize: UInt64 = 0, minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__changed_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.since_epoch = sinceEpoch
      message.pointee.level = level
      message.pointee.confidence = confidence
      message.pointee.page_token = builder.bytes(pageToken)
      message.pointee.page_size = pageSize
    }
    return Call(.changed, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ChangedResponse", promised__v1__changed_response__unpack) {
        (message) throws(MalformedAnswer) in
        try ChangedAnswer(message)
      }
    }
  }
}

extension ChangedAnswer {
  init(_ message: Promised__V1__ChangedResponse) throws(MalformedAnswer) {
    asOf = AnswerStamp(message.as_of)
    fromEpoch = message.from_epoch
    toEpoch = message.to_epoch
    pairCount = message.pair_count
    pairsCompared = message.pairs_compared
    nextPageToken = message.next_page_token.array
    let rows = message.n_item_key_lengths
    let items = try keys(message.item_keys, message.item_key_lengths, rows, "item_keys")
    let zones = texts(message.n_zones, message.zones)
    let indexes = try column(
      message.n_zone_indexes, message.zone_indexes, rows: rows, "zone_indexes")
    let before = try column(message.n_days_before, message.days_before, rows: rows, "days_before")
    let after = try column(message.n_days_after, message.days_after, rows: rows, "days_after")
    let endBefore = try column(
      message.n_window_to_before_unix_s, message.window_to_before_unix_s, rows: rows,
      "window_to_before_unix_s")
    let endAfter = try column(
      message.n_window_to_after_unix_s, message.window_to_after_unix_s, rows: rows,
      "window_to_after_unix_s")
    promises = []
    promises.reserveCapacity(rows)
    for row in 0..<rows {
      promises.append(
        ChangedPromise(
          item: items[row], zone: try text(indexes[row], of: zones), dayBefore: before[row],
          dayAfter: after[row], windowToBeforeUnixSeconds: endBefore[row],
          windowToAfterUnixSeconds: endAfter[row]))
    }
  }
}
