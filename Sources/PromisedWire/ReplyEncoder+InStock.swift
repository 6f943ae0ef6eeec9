import CPromisedMessages
import CProtobufC
import PromisedModel

// Whether items are in stock, will be, and were.
extension ReplyEncoder {
  /// - Parameter horizonDays: the query's.
  @discardableResult
  package func encode(
    _ reply: borrowing InStockReply, horizonDays: Int32, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__InStockResponse()
    promised__v1__in_stock_response__init(&message)
    message.as_of = at(asOf)
    message.n_outcomes = reply.codes.count
    message.outcomes = reply.codes.column.packed
    message.n_available_now = reply.availableNow.count
    message.available_now = reply.availableNow.column.packed
    message.n_inbound_in_horizon = reply.inboundInHorizon.count
    message.inbound_in_horizon = reply.inboundInHorizon.column.packed
    message.n_next_supply_unix_s = reply.nextSupplyUnixSeconds.count
    message.next_supply_unix_s = reply.nextSupplyUnixSeconds.column.packed
    message.n_next_supply_utc_offset_s = reply.nextSupplyUTCOffsetSeconds.count
    message.next_supply_utc_offset_s = reply.nextSupplyUTCOffsetSeconds.column.packed
    message.n_next_supply_quantities = reply.nextSupplyQuantities.count
    message.next_supply_quantities = reply.nextSupplyQuantities.column.packed
    message.n_demand_sources = reply.demandSources.count
    message.demand_sources = reply.demandSources.column.packed
    message.n_demand_met = reply.demandMet.count
    message.demand_met = reply.demandMet.column.packed
    message.n_still_buyable = reply.stillBuyable.count
    message.still_buyable = reply.stillBuyable.column.packed
    message.n_demand_per_day_milli = reply.demandPerDayMilli.count
    message.demand_per_day_milli = reply.demandPerDayMilli.column.packed
    outlook(of: reply, &message)
    message.horizon_days = UInt64(max(horizonDays, 0))
    return send(&message, streamID, &output)
  }

  private func outlook(
    of reply: borrowing InStockReply, _ message: inout Promised__V1__InStockResponse
  ) {
    message.n_never_out = reply.neverOut.count
    message.never_out = reply.neverOut.column.packed
    message.n_stock_out_p10_unix_s = reply.stockOutP10UnixSeconds.count
    message.stock_out_p10_unix_s = reply.stockOutP10UnixSeconds.column.packed
    message.n_stock_out_p50_unix_s = reply.stockOutP50UnixSeconds.count
    message.stock_out_p50_unix_s = reply.stockOutP50UnixSeconds.column.packed
    message.n_stock_out_p90_unix_s = reply.stockOutP90UnixSeconds.count
    message.stock_out_p90_unix_s = reply.stockOutP90UnixSeconds.column.packed
    message.n_days_of_cover_milli = reply.daysOfCoverMilli.count
    message.days_of_cover_milli = reply.daysOfCoverMilli.column.packed
    message.n_demand_age_s = reply.demandAgeSeconds.count
    message.demand_age_s = reply.demandAgeSeconds.column.packed
    message.n_sample_days_milli = reply.sampleDaysMilli.count
    message.sample_days_milli = reply.sampleDaysMilli.column.packed
    message.n_signalled_milli = reply.signalledMilli.count
    message.signalled_milli = reply.signalledMilli.column.packed
    message.n_signal_weights_permille = reply.signalWeightsPermille.count
    message.signal_weights_permille = reply.signalWeightsPermille.column.packed
    message.n_reasons = reply.reasons.count
    message.reasons = reply.reasons.column.packed
    message.n_in_stock_shares = reply.inStockShares.count
    message.in_stock_shares = reply.inStockShares.column.packed
    message.n_history_days = reply.historyDays.count
    message.history_days = reply.historyDays.column.packed
    message.n_fast_track = reply.fastTrack.count
    message.fast_track = reply.fastTrack.column.packed
    message.fast_track_zones = UInt64(reply.fastTrackZones)
    message.rate_by_demand = UInt64(reply.rateByDemand)
    message.rate_by_time = UInt64(reply.rateByTime)
    message.rate_by_views = UInt64(reply.rateByViews)
    message.rated_items = UInt64(reply.ratedItems)
  }

  @discardableResult
  package func encode(
    _ reply: borrowing HistoryReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__HistoryResponse()
    promised__v1__history_response__init(&message)
    message.as_of = at(asOf)
    message.n_outcomes = reply.codes.count
    message.outcomes = reply.codes.column.packed
    message.n_day_counts = reply.dayCounts.count
    message.day_counts = reply.dayCounts.column.packed
    message.n_days = reply.days.count
    message.days = reply.days.column.packed
    message.n_on_hand = reply.onHand.count
    message.on_hand = reply.onHand.column.packed
    message.n_demand = reply.demand.count
    message.demand = reply.demand.column.packed
    message.n_in_stock = reply.inStock.count
    message.in_stock = reply.inStock.column.packed
    message.n_today = reply.today.count
    message.today = reply.today.column.packed
    return send(&message, streamID, &output)
  }
}
