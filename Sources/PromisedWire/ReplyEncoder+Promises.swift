import CPromisedMessages
import CProtobufC
import PromisedModel

// Answers that are made of messages within messages: built in the encoder's arena, then packed.
extension ReplyEncoder {
  /// Makes a message and sends it; one that outgrows the arena could not fit into a frame either.
  mutating func send<Message: BitwiseCopyable>(
    _ initialise: (UnsafeMutablePointer<Message>?) -> Void, _ streamID: UInt32,
    _ output: inout FrameBuffer,
    _ fill: (inout MessageBuilder, UnsafeMutablePointer<Message>) -> Void
  ) -> OutcomeCode {
    builder.reset()
    if let message = builder.make(initialise) {
      fill(&builder, message)
      if !builder.isExhausted { return send(&message.pointee, streamID, &output) }
    }
    return encode(
      Refusal(
        .replyTooLarge,
        "the reply would need more than \(Limits.arenaHardStopBytes) bytes to make: ask for less "
          + "at a time"), streamID: streamID, into: &output)
  }

  /// - Parameter node: the name and the title of a node; both are valid until the call returns.
  @discardableResult
  package mutating func encode(
    _ reply: PlanReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer,
    node: (UInt16) -> (name: BorrowedBytes, title: BorrowedBytes)
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__plan_response__init, streamID, &output) { builder, message in
      var nodes: [UInt16] = []
      message.pointee.as_of = stamp
      (message.pointee.n_plans, message.pointee.plans) = builder.messages(
        reply.plans, promised__v1__cart_plan__init
      ) { builder, plan, message in
        fill(&builder, plan, message, &nodes)
      }
      let names = nodes.map(node)
      (message.pointee.n_node_names, message.pointee.node_names) =
        builder.lent(names.map(\.name))
      (message.pointee.n_node_titles, message.pointee.node_titles) =
        builder.lent(names.map(\.title))
      message.pointee.profile_epoch = reply.profileEpoch
      message.pointee.postcode_exact = reply.postcodeExact ? 1 : 0
    }
  }

  /// - Parameters:
  ///   - promises: how many were looked at.
  ///   - truncated: the limit cut the rows.
  @discardableResult
  package mutating func encode(
    atRisk rows: [RiskRow], promises: UInt64, truncated: Bool, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__at_risk_response__init, streamID, &output) { builder, message in
      message.pointee.as_of = stamp
      (message.pointee.n_rows, message.pointee.rows) =
        builder.messages(rows, promised__v1__risk_row__init, fill)
      message.pointee.promises = promises
      message.pointee.truncated = truncated ? 1 : 0
    }
  }

  /// - Parameter moved: promises that were moved; 0 where it was only asked.
  @discardableResult
  package mutating func encode(
    rescued rows: [RiskRow], moved: UInt64, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__rescue_response__init, streamID, &output) { builder, message in
      message.pointee.as_of = stamp
      (message.pointee.n_rows, message.pointee.rows) =
        builder.messages(rows, promised__v1__risk_row__init, fill)
      message.pointee.moved = moved
    }
  }

  @discardableResult
  package mutating func encode(
    accuracy rows: [AccuracyRow], streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__accuracy_response__init, streamID, &output) { builder, message in
      message.pointee.as_of = stamp
      (message.pointee.n_rows, message.pointee.rows) = builder.messages(
        rows, promised__v1__accuracy_row__init
      ) { builder, row, message in
        message.pointee.group = builder.name(row.group)
        message.pointee.delivered = row.delivered
        message.pointee.on_time = row.onTime
        message.pointee.mean_confidence = UInt32(row.meanChance)
        message.pointee.coverage = UInt32(row.coverage)
        message.pointee.coverage_low = UInt32(row.coverageLow)
        message.pointee.coverage_high = UInt32(row.coverageHigh)
        message.pointee.mean_days_early_milli = row.meanDaysEarlyMilli
        message.pointee.overdue = row.overdue
      }
    }
  }

  @discardableResult
  package mutating func encode(
    _ reply: ChangedReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__changed_response__init, streamID, &output) { builder, message in
      message.pointee.as_of = stamp
      message.pointee.from_epoch = reply.fromEpoch
      message.pointee.to_epoch = reply.toEpoch
      message.pointee.pair_count = reply.pairCount
      message.pointee.pairs_compared = reply.pairsCompared
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(reply.items)
      (message.pointee.n_zones, message.pointee.zones) = builder.names(reply.zones)
      (message.pointee.n_zone_indexes, message.pointee.zone_indexes) =
        builder.column(reply.zoneIndexes, as: UInt32.self)
      (message.pointee.n_days_before, message.pointee.days_before) =
        builder.column(reply.daysBefore, as: Int32.self)
      (message.pointee.n_days_after, message.pointee.days_after) =
        builder.column(reply.daysAfter, as: Int32.self)
      (message.pointee.n_window_to_before_unix_s, message.pointee.window_to_before_unix_s) =
        builder.column(reply.windowToBefore, as: Int64.self)
      (message.pointee.n_window_to_after_unix_s, message.pointee.window_to_after_unix_s) =
        builder.column(reply.windowToAfter, as: Int64.self)
      message.pointee.next_page_token = builder.bytes(reply.nextPageToken)
    }
  }

  /// - Parameter outcomes: per row 0, or the outcome's number.
  @discardableResult
  package mutating func encode(
    observed outcomes: [UInt32], streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__observe_response__init, streamID, &output) { builder, message in
      message.pointee.as_of = stamp
      (message.pointee.n_outcomes, message.pointee.outcomes) =
        builder.column(outcomes, as: UInt32.self)
    }
  }

  /// A leg's departures were changed, by CloseLeg or by ReopenLeg.
  @discardableResult
  package func encode(
    departures kind: DepartureChangeKind, destinationsAffected: UInt64, streamID: UInt32,
    asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    if kind == .reopened {
      var message = Promised__V1__ReopenLegResponse()
      promised__v1__reopen_leg_response__init(&message)
      message.as_of = at(asOf)
      message.destinations_affected = destinationsAffected
      return send(&message, streamID, &output)
    }
    var message = Promised__V1__CloseLegResponse()
    promised__v1__close_leg_response__init(&message)
    message.as_of = at(asOf)
    message.destinations_affected = destinationsAffected
    return send(&message, streamID, &output)
  }

  /// An override was put, or removed.
  @discardableResult
  package func encode(
    overrideID id: UInt64, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__PutOverrideResponse()
    promised__v1__put_override_response__init(&message)
    message.as_of = at(asOf)
    message.id = id
    return send(&message, streamID, &output)
  }

  @discardableResult
  package mutating func encode(
    overrides rows: [OverrideRow], streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__list_overrides_response__init, streamID, &output) {
      builder, message in
      message.pointee.as_of = stamp
      (message.pointee.n_overrides, message.pointee.overrides) = builder.messages(
        rows.map(\.override), promised__v1__override_fields__init
      ) { builder, row, message in
        message.pointee.id = row.id
        message.pointee.action = UInt32(row.action.rawValue)
        message.pointee.item = builder.name(row.item)
        message.pointee.node = builder.name(row.node)
        message.pointee.leg = builder.name(row.leg)
        message.pointee.zone = builder.name(row.zone)
        message.pointee.seller = builder.name(row.seller)
        message.pointee.reason = builder.name(row.reason)
        message.pointee.author = builder.name(row.author)
        message.pointee.created_unix_s = row.createdUnixSeconds
        message.pointee.expires_unix_s = row.expiresUnixSeconds
      }
      (message.pointee.n_consulted, message.pointee.consulted) =
        builder.column(rows.map(\.consulted), as: UInt64.self)
      (message.pointee.n_differed, message.pointee.differed) =
        builder.column(rows.map(\.differed), as: UInt64.self)
    }
  }
}

private func fill(
  _ builder: inout MessageBuilder, _ plan: CartPlan,
  _ message: UnsafeMutablePointer<Promised__V1__CartPlan>, _ nodes: inout [UInt16]
) {
  message.pointee.level = UInt32(plan.level.rawValue)
  message.pointee.outcome = UInt32(plan.code.rawValue)
  (message.pointee.n_shipments, message.pointee.shipments) = builder.messages(
    plan.shipments, promised__v1__planned_shipment__init
  ) { builder, shipment, message in
    let index = nodes.firstIndex(of: shipment.node) ?? nodes.count
    if index == nodes.count { nodes.append(shipment.node) }
    message.pointee.node = UInt32(index)
    fill(&builder, shipment, message)
  }
  (message.pointee.n_short_lines, message.pointee.short_lines) = builder.messages(
    plan.shortLines, promised__v1__short_line__init
  ) { _, row, message in
    message.pointee.line = UInt32(row.line)
    message.pointee.outcome = UInt32(row.code.rawValue)
    message.pointee.available_units = row.available
    message.pointee.next_supply_unix_s = row.nextSupplyUnixSeconds
  }
  message.pointee.cost = plan.cost
  message.pointee.cost_lower_bound = plan.costLowerBound
  message.pointee.exact = plan.isExact ? 1 : 0
  message.pointee.first_delivery_days = plan.shipments.map(\.deliveryDays).min() ?? 0
  message.pointee.last_delivery_days = plan.shipments.map(\.deliveryDays).max() ?? 0
  message.pointee.cache_until_unix_s = plan.cacheUntilUnixSeconds
  message.pointee.expires_unix_s = plan.expiresUnixSeconds
  message.pointee.token = builder.bytes(plan.token)
}

private func fill(
  _ builder: inout MessageBuilder, _ shipment: PlannedShipment,
  _ message: UnsafeMutablePointer<Promised__V1__PlannedShipment>
) {
  message.pointee.level = UInt32(shipment.level.rawValue)
  (message.pointee.n_lines, message.pointee.lines) =
    builder.column(shipment.lines.map(\.line), as: UInt32.self)
  (message.pointee.n_quantities, message.pointee.quantities) =
    builder.column(shipment.lines.map(\.quantity), as: UInt64.self)
  message.pointee.window_from_unix_s = shipment.windowFromUnixSeconds
  message.pointee.window_to_unix_s = shipment.windowToUnixSeconds
  message.pointee.window_utc_offset_s = shipment.windowUTCOffsetSeconds
  message.pointee.delivery_days = shipment.deliveryDays
  message.pointee.order_by_unix_s = shipment.orderByUnixSeconds
  message.pointee.ship_by_unix_s = shipment.shipByUnixSeconds
  message.pointee.confidence = UInt32(shipment.chance)
  message.pointee.cost = shipment.cost
  message.pointee.silence = UInt32(shipment.silence.rawValue)
}

private func fill(
  _ builder: inout MessageBuilder, _ row: RiskRow,
  _ message: UnsafeMutablePointer<Promised__V1__RiskRow>
) {
  message.pointee.hold_id = row.holdID
  message.pointee.shipment = UInt32(row.shipment)
  message.pointee.owner = builder.name(row.owner)
  message.pointee.item = builder.name(row.item)
  message.pointee.node = builder.name(row.node)
  message.pointee.cause = UInt32(row.cause.rawValue)
  message.pointee.subject = builder.name(row.subject)
  message.pointee.promised_to_unix_s = row.promisedToUnixSeconds
  message.pointee.promised_days = row.promisedDays
  message.pointee.new_to_unix_s = row.newToUnixSeconds
  message.pointee.new_days = row.newDays
  message.pointee.rescue_node = builder.name(row.rescueNode)
  message.pointee.rescue_to_unix_s = row.rescueToUnixSeconds
  message.pointee.rescue_days = row.rescueDays
  message.pointee.saved = row.isSaved ? 1 : 0
}
