import CPromisedMessages
import CProtobufC
import PromisedModel

// The engine's answers, whose columns are packed where they stand.
extension ReplyEncoder {
  @discardableResult
  package func encode(
    _ reply: borrowing OfferReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__OfferResponse()
    promised__v1__offer_response__init(&message)
    message.as_of = at(asOf)
    message.n_outcomes = reply.codes.count
    message.outcomes = reply.codes.column.packed
    message.n_nodes = reply.nodes.count
    message.nodes = reply.nodes.column.packed
    message.n_node_names = reply.nodeNames.count
    message.node_names = reply.nodeNames.column.packedTexts
    message.n_node_titles = reply.nodeTitles.count
    message.node_titles = reply.nodeTitles.column.packedTexts
    message.n_window_from_unix_s = reply.windowFromUnixSeconds.count
    message.window_from_unix_s = reply.windowFromUnixSeconds.column.packed
    message.n_window_to_unix_s = reply.windowToUnixSeconds.count
    message.window_to_unix_s = reply.windowToUnixSeconds.column.packed
    message.n_window_utc_offset_s = reply.windowUTCOffsetSeconds.count
    message.window_utc_offset_s = reply.windowUTCOffsetSeconds.column.packed
    message.n_delivery_days = reply.deliveryDays.count
    message.delivery_days = reply.deliveryDays.column.packed
    message.n_order_by_unix_s = reply.orderByUnixSeconds.count
    message.order_by_unix_s = reply.orderByUnixSeconds.column.packed
    message.n_order_by_utc_offset_s = reply.orderByUTCOffsetSeconds.count
    message.order_by_utc_offset_s = reply.orderByUTCOffsetSeconds.column.packed
    message.n_confidences = reply.confidences.count
    message.confidences = reply.confidences.column.packed
    message.n_postcode_exact = reply.postcodeExact.count
    message.postcode_exact = reply.postcodeExact.column.packed
    message.n_leg_counts = reply.legCounts.count
    message.leg_counts = reply.legCounts.column.packed
    message.n_leg_from = reply.legFrom.count
    message.leg_from = reply.legFrom.column.packed
    message.n_leg_to = reply.legTo.count
    message.leg_to = reply.legTo.column.packed
    message.n_leg_modes = reply.legModes.count
    message.leg_modes = reply.legModes.column.packed
    message.n_leg_names = reply.legNames.count
    message.leg_names = reply.legNames.column.packedTexts
    message.n_leg_departure_unix_s = reply.legDepartureUnixSeconds.count
    message.leg_departure_unix_s = reply.legDepartureUnixSeconds.column.packed
    message.n_leg_arrival_unix_s = reply.legArrivalUnixSeconds.count
    message.leg_arrival_unix_s = reply.legArrivalUnixSeconds.column.packed
    message.n_leg_departure_utc_offset_s = reply.legDepartureUTCOffsetSeconds.count
    message.leg_departure_utc_offset_s = reply.legDepartureUTCOffsetSeconds.column.packed
    message.n_leg_arrival_utc_offset_s = reply.legArrivalUTCOffsetSeconds.count
    message.leg_arrival_utc_offset_s = reply.legArrivalUTCOffsetSeconds.column.packed
    message.n_levels = reply.levels.count
    message.levels = reply.levels.column.packed
    message.n_confidence_sources = reply.confidenceSources.count
    message.confidence_sources = reply.confidenceSources.column.packed
    message.n_sample_sizes_milli = reply.sampleSizesMilli.count
    message.sample_sizes_milli = reply.sampleSizesMilli.column.packed
    message.n_date_confidences = reply.dateConfidences.count
    message.date_confidences = reply.dateConfidences.column.packed
    message.n_ship_by_unix_s = reply.shipByUnixSeconds.count
    message.ship_by_unix_s = reply.shipByUnixSeconds.column.packed
    message.n_cache_until_unix_s = reply.cacheUntilUnixSeconds.count
    message.cache_until_unix_s = reply.cacheUntilUnixSeconds.column.packed
    message.n_expires_unix_s = reply.expiresUnixSeconds.count
    message.expires_unix_s = reply.expiresUnixSeconds.column.packed
    message.n_token_lengths = reply.tokenLengths.count
    message.token_lengths = reply.tokenLengths.column.packed
    message.tokens = ProtobufCBinaryData(
      len: reply.tokenBytes.count, data: reply.tokenBytes.column.packed)
    message.n_supplies = reply.supplies.count
    message.supplies = reply.supplies.column.packed
    message.n_available_from_unix_s = reply.availableFromUnixSeconds.count
    message.available_from_unix_s = reply.availableFromUnixSeconds.column.packed
    message.n_supplied_units = reply.suppliedUnits.count
    message.supplied_units = reply.suppliedUnits.column.packed
    message.n_silence = reply.silence.count
    message.silence = reply.silence.column.packed
    message.profile_epoch = reply.profileEpoch
    return send(&message, streamID, &output)
  }

  @discardableResult
  package func encode(
    _ reply: borrowing AvailabilityReply, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__AvailabilityResponse()
    promised__v1__availability_response__init(&message)
    message.as_of = at(asOf)
    message.n_outcomes = reply.codes.count
    message.outcomes = reply.codes.column.packed
    message.n_position_counts = reply.positionCounts.count
    message.position_counts = reply.positionCounts.column.packed
    message.n_node_names = reply.nodeNames.count
    message.node_names = reply.nodeNames.column.packedTexts
    message.n_nodes = reply.nodes.count
    message.nodes = reply.nodes.column.packed
    message.n_on_hand = reply.onHand.count
    message.on_hand = reply.onHand.column.packed
    message.n_fulfillable = reply.fulfillable.count
    message.fulfillable = reply.fulfillable.column.packed
    message.n_unfulfillable = reply.unfulfillable.count
    message.unfulfillable = reply.unfulfillable.column.packed
    message.n_researching = reply.researching.count
    message.researching = reply.researching.column.packed
    message.n_in_transfer = reply.inTransfer.count
    message.in_transfer = reply.inTransfer.column.packed
    message.n_in_processing = reply.inProcessing.count
    message.in_processing = reply.inProcessing.column.packed
    message.n_held = reply.held.count
    message.held = reply.held.column.packed
    message.n_allocated = reply.allocated.count
    message.allocated = reply.allocated.column.packed
    message.n_picked = reply.picked.count
    message.picked = reply.picked.column.packed
    message.n_withheld = reply.withheld.count
    message.withheld = reply.withheld.column.packed
    message.n_available_now = reply.availableNow.count
    message.available_now = reply.availableNow.column.packed
    if !reply.isPlain {
      message.n_claimed_later = reply.claimedLater.count
      message.claimed_later = reply.claimedLater.column.packed
      message.n_withheld_from_channel = reply.withheldFromChannel.count
      message.withheld_from_channel = reply.withheldFromChannel.column.packed
      message.n_unsourced = reply.unsourced.count
      message.unsourced = reply.unsourced.column.packed
    }
    message.n_inbound_counts = reply.inboundCounts.count
    message.inbound_counts = reply.inboundCounts.column.packed
    message.n_inbound_shipments = reply.inboundShipments.count
    message.inbound_shipments = reply.inboundShipments.column.packedTexts
    message.n_inbound_nodes = reply.inboundNodes.count
    message.inbound_nodes = reply.inboundNodes.column.packed
    message.n_inbound_quantities = reply.inboundQuantities.count
    message.inbound_quantities = reply.inboundQuantities.column.packed
    message.n_inbound_eta_unix_s = reply.inboundETAUnixSeconds.count
    message.inbound_eta_unix_s = reply.inboundETAUnixSeconds.column.packed
    message.n_inbound_eta_early_unix_s = reply.inboundEarlyUnixSeconds.count
    message.inbound_eta_early_unix_s = reply.inboundEarlyUnixSeconds.column.packed
    message.n_inbound_eta_late_unix_s = reply.inboundLateUnixSeconds.count
    message.inbound_eta_late_unix_s = reply.inboundLateUnixSeconds.column.packed
    message.n_silence = reply.silence.count
    message.silence = reply.silence.column.packed
    message.n_inbound_eta_utc_offset_s = reply.inboundETAUTCOffsetSeconds.count
    message.inbound_eta_utc_offset_s = reply.inboundETAUTCOffsetSeconds.column.packed
    message.n_inbound_stages = reply.inboundStages.count
    message.inbound_stages = reply.inboundStages.column.packed
    return send(&message, streamID, &output)
  }

  @discardableResult
  package func encode(
    _ reply: borrowing HeadroomReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__HeadroomResponse()
    promised__v1__headroom_response__init(&message)
    message.as_of = at(asOf)
    message.n_outcomes = reply.sellerCodes.count
    message.outcomes = reply.sellerCodes.column.packed
    message.n_row_counts = reply.rowCounts.count
    message.row_counts = reply.rowCounts.column.packed
    message.n_storage_types = reply.storageTypes.count
    message.storage_types = reply.storageTypes.column.packed
    message.n_months = reply.months.count
    message.months = reply.months.column.packed
    message.n_limit_kinds = reply.limitKinds.count
    message.limit_kinds = reply.limitKinds.column.packed
    message.n_limits = reply.limits.count
    message.limits = reply.limits.column.packed
    message.n_available = reply.available.count
    message.available = reply.available.column.packed
    message.n_unfulfillable = reply.unfulfillable.count
    message.unfulfillable = reply.unfulfillable.column.packed
    message.n_reserved = reply.reserved.count
    message.reserved = reply.reserved.column.packed
    message.n_open_inbound = reply.openInbound.count
    message.open_inbound = reply.openInbound.column.packed
    message.n_drafts = reply.drafts.count
    message.drafts = reply.drafts.column.packed
    message.n_headroom = reply.headroom.count
    message.headroom = reply.headroom.column.packed
    message.n_headroom_units = reply.headroomUnits.count
    message.headroom_units = reply.headroomUnits.column.packed
    message.n_pending_removal = reply.pendingRemoval.count
    message.pending_removal = reply.pendingRemoval.column.packed
    message.n_granted = reply.granted.count
    message.granted = reply.granted.column.packed
    message.n_inbound_later = reply.inboundLater.count
    message.inbound_later = reply.inboundLater.column.packed
    message.n_admissible = reply.admissible.count
    message.admissible = reply.admissible.column.packed
    message.n_admissible_units = reply.admissibleUnits.count
    message.admissible_units = reply.admissibleUnits.column.packed
    message.n_bindings = reply.bindings.count
    message.bindings = reply.bindings.column.packed
    message.n_network_advice = reply.networkAdvice.count
    message.network_advice = reply.networkAdvice.column.packed
    message.n_optimistic = reply.optimistic.count
    message.optimistic = reply.optimistic.column.packed
    message.n_optimistic_sources = reply.optimisticSources.count
    message.optimistic_sources = reply.optimisticSources.column.packed
    message.n_optimistic_ages_s = reply.optimisticAges.count
    message.optimistic_ages_s = reply.optimisticAges.column.packed
    message.n_causes = reply.causes.count
    message.causes = reply.causes.column.packed
    message.n_announced_unix_s = reply.announcedUnixSeconds.count
    message.announced_unix_s = reply.announcedUnixSeconds.column.packed
    message.seller_keys = ProtobufCBinaryData(
      len: reply.sellerBytes.count, data: reply.sellerBytes.column.packed)
    message.n_seller_key_lengths = reply.sellerLengths.count
    message.seller_key_lengths = reply.sellerLengths.column.packed
    message.announcement_from_days = Int64(reply.announcementFromDays)
    message.announcement_to_days = Int64(reply.announcementToDays)
    return reply.nextPageToken.withUnsafeBufferPointer { token in
      message.next_page_token = ProtobufCBinaryData(BorrowedBytes(token))
      return send(&message, streamID, &output)
    }
  }

  @discardableResult
  package func encode(
    _ reply: borrowing FeedReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__ApplyResponse()
    set(&message, reply, asOf)
    return send(&message, streamID, &output)
  }

  func set(
    _ message: inout Promised__V1__ApplyResponse, _ reply: borrowing FeedReply, _ asOf: AsOf
  ) {
    promised__v1__apply_response__init(&message)
    message.as_of = at(asOf)
    message.n_outcomes = reply.codes.count
    message.outcomes = reply.codes.column.packed
    message.last_sequence = reply.lastSequence
  }
}
