import CPromisedMessages
import PromisedModel

extension Call where Answer == InStockAnswer {
  /// Whether these items will be in stock over a horizon of 1…365 days; 0 = 14.
  ///
  /// - Parameters:
  ///   - views: of each item, for the rate by views; empty = one each.
  ///   - demandSource: only this source of demand; 0 = the best there is.
  ///   - fastTrack: also which share of zones can have a unit within a day.
  public static func inStock(
    items: [String], horizonDays: UInt64 = 0, views: [UInt64] = [], demandSource: UInt64 = 0,
    fastTrack: Bool = false, minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__in_stock_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(items)
      message.pointee.horizon_days = horizonDays
      (message.pointee.n_views, message.pointee.views) = builder.column(views, as: UInt64.self)
      message.pointee.demand_source = demandSource
      message.pointee.fast_track = fastTrack ? 1 : 0
    }
    return Call(.inStock, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "InStockResponse", promised__v1__in_stock_response__unpack) {
        (message) throws(MalformedAnswer) in
        try InStockAnswer(message, items: items)
      }
    }
  }
}

extension InStockAnswer {
  init(_ message: Promised__V1__InStockResponse, items: [String]) throws(MalformedAnswer) {
    let lengths = [
      message.n_outcomes, message.n_available_now, message.n_inbound_in_horizon,
      message.n_next_supply_unix_s, message.n_next_supply_utc_offset_s,
      message.n_next_supply_quantities, message.n_demand_sources,
      message.n_demand_met, message.n_still_buyable, message.n_demand_per_day_milli,
      message.n_never_out, message.n_stock_out_p10_unix_s, message.n_stock_out_p50_unix_s,
      message.n_stock_out_p90_unix_s, message.n_days_of_cover_milli, message.n_demand_age_s,
      message.n_sample_days_milli, message.n_reasons, message.n_in_stock_shares,
      message.n_history_days,
    ]
    guard lengths.allSatisfy({ $0 == items.count }),
      message.n_fast_track == 0 || message.n_fast_track == items.count,
      message.n_signalled_milli == message.n_signal_weights_permille,
      message.n_signalled_milli == 0 || message.n_signalled_milli == items.count
    else {
      throw MalformedAnswer("the in-stock columns do not match the items asked for")
    }
    asOf = AnswerStamp(message.as_of)
    horizonDays = message.horizon_days
    rows = items.indices.map { row in
      InStock(
        item: items[row], outcome: RowOutcome(number: message.outcomes[row]),
        availableNow: message.available_now[row],
        inboundInHorizon: message.inbound_in_horizon[row],
        nextSupplyUnixSeconds: message.next_supply_unix_s[row],
        nextSupplyUTCOffsetSeconds: message.next_supply_utc_offset_s[row],
        nextSupplyQuantity: message.next_supply_quantities[row],
        demandSource: message.demand_sources[row], demandMet: message.demand_met[row],
        stillBuyable: message.still_buyable[row],
        demandPerDayMilli: message.demand_per_day_milli[row], neverOut: message.never_out[row],
        stockOutP10UnixSeconds: message.stock_out_p10_unix_s[row],
        stockOutP50UnixSeconds: message.stock_out_p50_unix_s[row],
        stockOutP90UnixSeconds: message.stock_out_p90_unix_s[row],
        daysOfCoverMilli: message.days_of_cover_milli[row],
        demandAgeSeconds: message.demand_age_s[row],
        sampleDaysMilli: message.sample_days_milli[row], reason: message.reasons[row],
        inStockShare: message.in_stock_shares[row], historyDays: message.history_days[row],
        fastTrack: message.n_fast_track == 0 ? nil : message.fast_track[row])
    }
    if message.n_signalled_milli > 0 {
      for row in items.indices {
        rows[row].signalledMilli = message.signalled_milli[row]
        rows[row].signalWeightPermille = message.signal_weights_permille[row]
      }
    }
    fastTrackZones = message.fast_track_zones
    rateByDemand = message.rate_by_demand
    rateByTime = message.rate_by_time
    rateByViews = message.rate_by_views
    ratedItems = message.rated_items
  }
}

extension Call where Answer == HistoryAnswer {
  /// The last 1…28 closed days of these items; 0 = 28.
  public static func history(
    items: [String], days: UInt64 = 0, minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__history_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(items)
      message.pointee.days = days
    }
    return Call(.history, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "HistoryResponse", promised__v1__history_response__unpack) {
        (message) throws(MalformedAnswer) in
        try HistoryAnswer(message, items: items)
      }
    }
  }
}

extension HistoryAnswer {
  init(_ message: Promised__V1__HistoryResponse, items keys: [String]) throws(MalformedAnswer) {
    let outcomes = try column(message.n_outcomes, message.outcomes, rows: keys.count, "outcomes")
    let counts = try column(
      message.n_day_counts, message.day_counts, rows: keys.count, "day_counts")
    let today = try column(message.n_today, message.today, rows: keys.count, "today")
    let total = counts.reduce(0) { $0 + Int($1) }
    let lengths = [message.n_days, message.n_on_hand, message.n_demand, message.n_in_stock]
    guard lengths.allSatisfy({ $0 == total }) else {
      throw MalformedAnswer("the history columns do not add up to day_counts")
    }
    asOf = AnswerStamp(message.as_of)
    items = []
    var start = 0
    for (index, key) in keys.enumerated() {
      let end = start + Int(counts[index])
      let days = (start..<end).map { row in
        HistoryDay(
          day: message.days[row], onHand: message.on_hand[row], demand: message.demand[row],
          inStock: message.in_stock[row])
      }
      items.append(
        ItemHistory(
          item: key, outcome: RowOutcome(number: outcomes[index]), days: days,
          today: today[index]))
      start = end
    }
  }
}
