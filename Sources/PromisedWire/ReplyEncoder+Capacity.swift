import CPromisedMessages
import CProtobufC
import PromisedModel

// Answers about seller storage: rare, so they may allocate.
extension ReplyEncoder {
  @discardableResult
  package mutating func encode(
    _ reply: AdmissionReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__admit_response__init, streamID, &output) { builder, message in
      message.pointee.as_of = stamp
      message.pointee.plan_id = reply.planID
      message.pointee.state = UInt32(reply.state.rawValue)
      message.pointee.repeated_answer = reply.isRepeated ? 1 : 0
      message.pointee.expires_unix_s = reply.expiresUnixSeconds
      let lines = reply.lines
      (message.pointee.n_outcomes, message.pointee.outcomes) =
        builder.column(lines.map(\.code.rawValue), as: UInt32.self)
      (message.pointee.n_admitted, message.pointee.admitted) =
        builder.column(lines.map(\.admitted), as: UInt64.self)
      (message.pointee.n_fitting, message.pointee.fitting) =
        builder.column(lines.map(\.fitting), as: UInt64.self)
      (message.pointee.n_bindings, message.pointee.bindings) =
        builder.column(lines.map(\.binding.rawValue), as: UInt32.self)
      (message.pointee.n_months, message.pointee.months) =
        builder.column(lines.map(\.month), as: UInt32.self)
      (message.pointee.n_fitting_months, message.pointee.fitting_months) =
        builder.column(lines.map(\.fittingMonth), as: UInt32.self)
      (message.pointee.n_fitting_nodes, message.pointee.fitting_nodes) =
        builder.names(lines.map(\.fittingNode))
      (message.pointee.n_beyond_estimates, message.pointee.beyond_estimates) =
        builder.column(lines.map { $0.isBeyondEstimate ? 1 : 0 }, as: UInt32.self)
      (message.pointee.n_storage_types, message.pointee.storage_types) =
        builder.column(reply.rooms.map(\.storageType), as: UInt32.self)
      (message.pointee.n_room_months, message.pointee.room_months) =
        builder.column(reply.rooms.map(\.month), as: UInt32.self)
      (message.pointee.n_rooms, message.pointee.rooms) =
        builder.column(reply.rooms.map(\.room), as: Int64.self)
    }
  }

  @discardableResult
  package mutating func encode(
    _ reply: PlanStatusReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__inbound_plan_response__init, streamID, &output) {
      builder, message in
      message.pointee.as_of = stamp
      message.pointee.plan_id = reply.plan.id
      message.pointee.state = UInt32(reply.plan.state.rawValue)
      message.pointee.repeated_answer = reply.isRepeated ? 1 : 0
      message.pointee.seller = builder.name(reply.plan.seller)
      var keys = PackedKeys()
      for line in reply.plan.lines { keys.append(line.item.bytes) }
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(keys)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.names(reply.nodeNames)
      let lines = reply.plan.lines
      (message.pointee.n_admitted, message.pointee.admitted) =
        builder.column(lines.map(\.admitted), as: UInt64.self)
      (message.pointee.n_received, message.pointee.received) =
        builder.column(lines.map(\.received), as: UInt64.self)
      (message.pointee.n_open, message.pointee.open) =
        builder.column(reply.open, as: UInt64.self)
      (message.pointee.n_eta_unix_s, message.pointee.eta_unix_s) =
        builder.column(lines.map(\.etaUnixSeconds), as: Int64.self)
    }
  }

  @discardableResult
  package func encode(
    bid id: UInt64, repeated: Bool, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__BidResponse()
    promised__v1__bid_response__init(&message)
    message.as_of = at(asOf)
    message.bid_id = id
    message.repeated_answer = repeated ? 1 : 0
    return send(&message, streamID, &output)
  }

  @discardableResult
  package mutating func encode(
    _ reply: ClearingReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    let clearing = reply.clearing
    return send(promised__v1__clear_response__init, streamID, &output) { builder, message in
      message.pointee.as_of = stamp
      message.pointee.clearing_id = clearing.id
      message.pointee.marketplace = builder.name(clearing.marketplace)
      message.pointee.storage_type = UInt32(clearing.storageType)
      message.pointee.month = clearing.month
      message.pointee.volume_micro_cubic_feet = UInt64(max(0, clearing.volume))
      message.pointee.price = UInt64(max(0, clearing.price))
      message.pointee.cleared_unix_s = clearing.clearedUnixSeconds
      let bids = clearing.bids
      (message.pointee.n_bid_ids, message.pointee.bid_ids) =
        builder.column(bids.map(\.id), as: UInt64.self)
      (message.pointee.n_sellers, message.pointee.sellers) = builder.names(bids.map(\.seller))
      (message.pointee.n_maximum_fees, message.pointee.maximum_fees) =
        builder.column(bids.map(\.maximumFee), as: UInt64.self)
      (message.pointee.n_volumes, message.pointee.volumes) =
        builder.column(bids.map(\.volume), as: UInt64.self)
      (message.pointee.n_minimums, message.pointee.minimums) =
        builder.column(bids.map(\.minimum), as: UInt64.self)
      (message.pointee.n_placed_unix_ms, message.pointee.placed_unix_ms) =
        builder.column(bids.map(\.placedUnixMilliseconds), as: Int64.self)
      (message.pointee.n_granted, message.pointee.granted) =
        builder.column(bids.map(\.granted), as: UInt64.self)
      (message.pointee.n_fees, message.pointee.fees) =
        builder.column(reply.fees, as: UInt64.self)
      (message.pointee.n_credits, message.pointee.credits) =
        builder.column(reply.credits, as: UInt64.self)
      (message.pointee.n_nets, message.pointee.nets) =
        builder.column(reply.nets, as: UInt64.self)
    }
  }

  @discardableResult
  package mutating func encode(
    utilization rows: [UtilizationRow], streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__utilization_response__init, streamID, &output) {
      builder, message in
      message.pointee.as_of = stamp
      var names: [Name] = []
      var places: [UInt32] = []
      // Rows of a node stand together.
      for row in rows {
        if names.last != row.node { names.append(row.node) }
        places.append(UInt32(names.count - 1))
      }
      (message.pointee.n_nodes, message.pointee.nodes) = builder.names(names)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(places, as: UInt32.self)
      (message.pointee.n_storage_types, message.pointee.storage_types) =
        builder.column(rows.map(\.storageType), as: UInt32.self)
      (message.pointee.n_usable, message.pointee.usable) =
        builder.column(rows.map(\.usable), as: Int64.self)
      (message.pointee.n_stored, message.pointee.stored) =
        builder.column(rows.map(\.stored), as: Int64.self)
      (message.pointee.n_inbound, message.pointee.inbound) =
        builder.column(rows.map(\.inbound), as: Int64.self)
      (message.pointee.n_permille, message.pointee.permille) =
        builder.column(rows.map(\.permille), as: UInt64.self)
      (message.pointee.n_bands, message.pointee.bands) =
        builder.column(rows.map(\.band), as: UInt32.self)
    }
  }

  @discardableResult
  package func encode(
    removalPending units: UInt64, repeated: Bool, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__RemoveResponse()
    promised__v1__remove_response__init(&message)
    message.as_of = at(asOf)
    message.pending = units
    message.repeated_answer = repeated ? 1 : 0
    return send(&message, streamID, &output)
  }
}
