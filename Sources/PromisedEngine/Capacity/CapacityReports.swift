import PromisedInvariants
import PromisedModel

/// Lists of seller storage for people, as text cells in a fixed order.
extension State {
  /// A page of a report, from where the page with its token ended.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE for a size or a token; SELLER_UNKNOWN.
  package func report(
    _ query: ReportQuery, at now: UnixMilliseconds, into reply: inout ListReply
  ) throws(Refusal) {
    let size = Int(query.pageSize)
    if size < 1 || size > 10_000 {
      throw Refusal(.fieldOutOfRange, "page_size is \(size): 1 to 10000")
    }
    if !query.pageToken.isEmpty && query.pageToken.count != 8 {
      throw Refusal(.fieldOutOfRange, "page_token is not one that a page gave")
    }
    observeEverything()
    if !query.seller.isEmpty { _ = try knownSeller(query.seller) }
    var start: UInt64 = 0
    for byte in query.pageToken.buffer { start = start << 8 | UInt64(byte) }
    let from = Int(clamping: start)
    func isAsked(_ seller: Name) -> Bool { query.seller.isEmpty || query.seller == seller }
    switch query.report {
    case .nearLimits: reportNearLimits(query, from: from, at: now, into: &reply)
    case .plans: reportPlans(isAsked, from, size, into: &reply)
    case .limitChanges, .questionableChanges:
      reportChanges(
        of: query.seller, query.report == .questionableChanges, from, size, into: &reply)
    case .bids: reportBids(isAsked, from, size, into: &reply)
    case .clearings: reportClearings(from, size, into: &reply)
    case .signals: reportSignals(isAsked, from, size, at: now, into: &reply)
    case .overage: reportOverage(isAsked, from, size, into: &reply)
    case .removals: reportRemovals(from, size, into: &reply)
    case .policies: reportPolicies(from, size, into: &reply)
    }
  }

  /// Rows that a page looks at, at most: one that finds few ends all the same, with a token.
  static var rowsPerPage: Int { 20_000 }

  /// The rows `from…` that are wanted, at most `size` of them.
  private func page<Row>(
    _ rows: [Row], from: Int, size: Int, into reply: inout ListReply, where wanted: (Row) -> Bool,
    _ append: (Row, inout ListReply) -> Void
  ) {
    var (place, taken) = (min(from, rows.count), 0)
    let last = min(rows.count, place + Self.rowsPerPage)
    while place < last && taken < size {
      if wanted(rows[place]) {
        append(rows[place], &reply)
        taken += 1
      }
      place += 1
    }
    // So that a page that took all there is is the last one, where that is soon seen.
    while place < last && !wanted(rows[place]) { place += 1 }
    reply.nextPageToken = []
    if place < rows.count { reply.setToken(UInt64(place)) }
  }

  private func reportNearLimits(
    _ query: ReportQuery, from: Int, at now: UnixMilliseconds, into reply: inout ListReply
  ) {
    reply.columns = [
      "seller", "storage_type", "month", "limit", "granted", "used", "used_permille",
    ]
    reply.nextPageToken = []
    if let seller = sellerKeys.find(query.seller) {
      _ = appendNearLimits(seller, query.thresholdPermille, at: now, into: &reply)
      return
    }
    var (seller, rows) = (min(from, sellers.count), 0)
    let last = min(sellers.count, seller + Self.rowsPerPage)
    while seller < last && rows < Int(query.pageSize) {
      rows += appendNearLimits(seller, query.thresholdPermille, at: now, into: &reply)
      seller += 1
    }
    if seller < sellers.count { reply.setToken(UInt64(seller)) }
  }

  private func appendNearLimits(
    _ seller: Int, _ threshold: Int32, at now: UnixMilliseconds, into reply: inout ListReply
  ) -> Int {
    let today = localDate(at: now.seconds, marketplace: sellers[seller].marketplace)
    let policy = policies.policy(of: sellers[seller])
    var rows = 0
    for type: UInt8 in 1...7 {
      var month = Month(today)
      for _ in 0..<3 {
        defer { month = month.next }
        let row = limits.find(seller: UInt32(seller), type: type, month: month.yyyymm)
        let limit = effectiveLimit(row, policy, of: seller, in: month, today: today)
        if limit.kind == 0 || limit.kind == LimitKind.noLimit.rawValue { continue }
        let due = usage.due(seller: seller, type: type, upTo: month.yyyymm)
        let used = usage.read(seller: seller, type: type).onHand + due.open + due.drafts
        let room = Int128(limit.limit) + Int128(row?.granted ?? 0)
        let permille = room == 0 ? (used == 0 ? 0 : 1_000_000) : min(1_000_000, used * 1000 / room)
        if permille < Int128(threshold) { continue }
        reply.appendCell(sellers[seller].name.bytes)
        reply.appendCell(typeName(type, of: seller).utf8)
        reply.appendNumber(Int64(month.yyyymm))
        reply.appendNumber(limit.limit)
        reply.appendNumber(row?.granted ?? 0)
        reply.appendNumber(Usage.clamped(used))
        reply.appendNumber(Int64(permille))
        rows += 1
      }
    }
    return rows
  }

  private func reportPlans(
    _ isAsked: (Name) -> Bool, _ from: Int, _ size: Int, into reply: inout ListReply
  ) {
    reply.columns = [
      "plan", "plan_id", "seller", "state", "lines", "admitted", "received", "open",
      "created_unix_s", "expires_unix_s", "ended_unix_s", "reason",
    ]
    page(inboundPlans.rows, from: from, size: size, into: &reply, where: { isAsked($0.seller) }) {
      plan, reply in
      reply.appendCell(plan.name.bytes)
      reply.appendCell(String(plan.id).utf8)
      reply.appendCell(plan.seller.bytes)
      reply.appendCell(plan.state.label.utf8)
      reply.appendNumber(Int64(plan.lines.count))
      reply.appendNumber(plan.lines.reduce(0) { $0 + Int64($1.admitted) })
      reply.appendNumber(plan.lines.reduce(0) { $0 + $1.received })
      reply.appendNumber(openUnits(of: plan).reduce(0, +))
      reply.appendNumber(plan.createdUnixSeconds)
      reply.appendNumber(plan.expiresUnixSeconds)
      reply.appendNumber(plan.endedUnixSeconds)
      reply.appendCell(plan.reason.bytes)
    }
  }

  private func reportChanges(
    of seller: Name, _ onlyQuestionable: Bool, _ from: Int, _ size: Int,
    into reply: inout ListReply
  ) {
    reply.columns = [
      "seller", "storage_type", "month", "kind", "before", "after", "cause", "forced",
      "although_sales_rose", "announced_unix_s", "at_unix_s", "notice",
    ]
    let labels = ["", "confirmed", "estimated", "no-limit"]
    func append(_ change: LimitChangeRow, _ reply: inout ListReply) {
      reply.appendCell(change.seller.bytes)
      reply.appendCell((StorageType(rawValue: change.storageType)?.label ?? "").utf8)
      reply.appendNumber(Int64(change.month))
      reply.appendCell(labels[Int(min(change.kind, 3))].utf8)
      for value in [change.before, change.after] {
        reply.appendCell((value == -1 ? "" : value == -2 ? "no-limit" : "\(value)").utf8)
      }
      reply.appendCell((LimitCause(rawValue: change.cause)?.label ?? "").utf8)
      reply.appendCell((change.isForced ? "yes" : "no").utf8)
      reply.appendCell((change.isQuestionable ? "yes" : "no").utf8)
      reply.appendNumber(change.announcedUnixSeconds)
      reply.appendNumber(change.atUnixSeconds)
      reply.appendCell(change.notice.bytes)
    }
    if let seller = sellerKeys.find(seller) {
      // Only the seller's own are looked at.
      page(
        limitChanges.places(of: UInt32(seller)), from: from, size: size, into: &reply,
        where: { limitChanges.rows[$0].isQuestionable || !onlyQuestionable }
      ) { append(limitChanges.rows[$0], &$1) }
      return
    }
    page(
      limitChanges.rows, from: from, size: size, into: &reply,
      where: { $0.isQuestionable || !onlyQuestionable }, append)
  }

  private func reportBids(
    _ isAsked: (Name) -> Bool, _ from: Int, _ size: Int, into reply: inout ListReply
  ) {
    reply.columns = [
      "bid_id", "seller", "storage_type", "month", "volume", "minimum", "maximum_fee",
      "placed_unix_ms", "state", "granted",
    ]
    page(auctions.bids, from: from, size: size, into: &reply, where: { isAsked($0.seller) }) {
      bid, reply in
      reply.appendCell(String(bid.id).utf8)
      reply.appendCell(bid.seller.bytes)
      reply.appendCell((StorageType(rawValue: bid.storageType)?.label ?? "").utf8)
      reply.appendNumber(Int64(bid.month))
      reply.appendNumber(bid.volume)
      reply.appendNumber(bid.minimum)
      reply.appendNumber(bid.maximumFee)
      reply.appendNumber(bid.placedUnixMilliseconds)
      reply.appendCell(bid.state.label.utf8)
      reply.appendNumber(bid.granted)
    }
  }

  private func reportClearings(_ from: Int, _ size: Int, into reply: inout ListReply) {
    reply.columns = [
      "clearing_id", "marketplace", "storage_type", "month", "volume", "price", "bids", "granted",
      "cleared_unix_s",
    ]
    page(auctions.clearings, from: from, size: size, into: &reply, where: { _ in true }) {
      clearing, reply in
      reply.appendCell(String(clearing.id).utf8)
      reply.appendCell(clearing.marketplace.bytes)
      reply.appendCell((StorageType(rawValue: clearing.storageType)?.label ?? "").utf8)
      reply.appendNumber(Int64(clearing.month))
      reply.appendNumber(clearing.volume)
      reply.appendNumber(clearing.price)
      reply.appendNumber(Int64(clearing.bids.count))
      reply.appendNumber(clearing.bids.reduce(0) { $0 + $1.granted })
      reply.appendNumber(clearing.clearedUnixSeconds)
    }
  }

  private func reportSignals(
    _ isAsked: (Name) -> Bool, _ from: Int, _ size: Int, at now: UnixMilliseconds,
    into reply: inout ListReply
  ) {
    reply.columns = [
      "seller", "item", "month", "kind", "low", "high", "confidence_permille",
      "baseline_per_day_milli", "sold", "score_permille", "seller_weight_permille",
    ]
    page(
      signals.rows, from: from, size: size, into: &reply,
      where: { isAsked(sellers[Int($0.seller)].name) }
    ) { signal, reply in
      let seller = sellers[Int(signal.seller)]
      let running = Month(localDate(at: now.seconds, marketplace: seller.marketplace))
      reply.appendCell(seller.name.bytes)
      reply.appendCell(itemKeys.name(signal.item).bytes)
      reply.appendNumber(Int64(signal.month))
      reply.appendCell((SignalKind(rawValue: signal.kind)?.label ?? "").utf8)
      reply.appendNumber(signal.low)
      reply.appendNumber(signal.high)
      reply.appendNumber(Int64(signal.confidence))
      reply.appendNumber(signal.baselinePerDayMilli)
      reply.appendNumber(signal.sold)
      // Not before its month is over.
      if let month = Month(yyyymm: signal.month), month < running {
        reply.appendNumber(score(of: signal))
      } else {
        reply.appendCell("".utf8)
      }
      reply.appendNumber(signalWeight(of: signal.seller, before: running))
    }
  }

  private func reportOverage(
    _ isAsked: (Name) -> Bool, _ from: Int, _ size: Int, into reply: inout ListReply
  ) {
    reply.columns = [
      "seller", "storage_type", "month", "days_over", "mean_micro_cubic_feet", "fee",
    ]
    page(overage.rows, from: from, size: size, into: &reply, where: { isAsked($0.seller) }) {
      row, reply in
      reply.appendCell(row.seller.bytes)
      reply.appendCell((StorageType(rawValue: row.storageType)?.label ?? "").utf8)
      reply.appendNumber(Int64(row.month))
      reply.appendNumber(Int64(row.days))
      guard let month = Month(yyyymm: row.month), let seller = sellerKeys.find(row.seller) else {
        reply.appendCell("".utf8)
        reply.appendCell("".utf8)
        return
      }
      reply.appendNumber(Overage.mean(excessDays: row.excessDays, of: month))
      let policy = policies.policy(of: sellers[seller])
      reply.appendNumber(
        Overage.fee(
          excessDays: row.excessDays, of: month,
          perCubicFoot: policy.chargesOverage ? policy.overageFee : 0))
    }
  }

  private func reportRemovals(_ from: Int, _ size: Int, into reply: inout ListReply) {
    reply.columns = ["order", "item", "node", "pending"]
    let lines = removals.rows.flatMap { row in row.lines.map { (row.order, $0) } }
    page(lines, from: from, size: size, into: &reply, where: { _ in true }) { line, reply in
      reply.appendCell(line.0.bytes)
      reply.appendCell(line.1.item.bytes)
      reply.appendCell(network.nodeName(line.1.node).buffer)
      reply.appendNumber(Int64(line.1.units))
    }
  }

  private func reportPolicies(_ from: Int, _ size: Int, into reply: inout ListReply) {
    reply.columns = [
      "marketplace", "seller", "charges_overage", "overage_fee", "individual_limit",
      "new_seller_weeks", "replenishment_bypasses", "plan_days", "maximum_ask_permille",
      "maximum_ask", "credit_permille", "network_share_permille", "type_names",
    ]
    page(policies.rows, from: from, size: size, into: &reply, where: { _ in true }) {
      policy, reply in
      reply.appendCell(policy.marketplace.bytes)
      reply.appendCell(policy.seller.bytes)
      reply.appendCell((policy.chargesOverage ? "yes" : "no").utf8)
      reply.appendNumber(policy.overageFee)
      reply.appendNumber(policy.individualLimit)
      reply.appendNumber(Int64(policy.newSellerWeeks))
      reply.appendCell((policy.replenishmentBypasses ? "yes" : "no").utf8)
      reply.appendNumber(Int64(policy.planDays))
      reply.appendNumber(Int64(policy.maximumAskPermille))
      reply.appendNumber(policy.maximumAsk)
      reply.appendNumber(Int64(policy.creditPermille))
      reply.appendNumber(Int64(policy.networkSharePermille))
      reply.appendCell(policy.typeNames.map(\.description).joined(separator: " ").utf8)
    }
  }
}
