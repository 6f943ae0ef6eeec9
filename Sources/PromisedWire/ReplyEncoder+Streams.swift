import CPromisedMessages
import CProtobufC
import PromisedModel

// Frames of streams, and what watchers are told.
extension ReplyEncoder {
  /// Appends a Data frame that ends a stream well: the server has nothing more to say.
  package func encodeEnd(streamID: UInt32, into output: inout FrameBuffer) -> OutcomeCode {
    output.append(
      FrameHeader(
        length: 0, streamID: streamID, type: FrameType.data,
        flags: FrameFlags.remoteClosed | FrameFlags.noData))
    return .ok
  }

  /// Appends the answer to a batch of a streaming feed as a Data frame.
  package func encode(
    _ reply: borrowing FeedReply, credit: Int, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__ApplyResponse()
    set(&message, reply, asOf)
    message.credit = UInt32(clamping: credit)
    return sendData(&message, streamID, &output)
  }

  /// Appends a batch of a watch: as a Data frame of its stream, or as the answer to a poll.
  package mutating func encode(
    _ reply: borrowing WatchReply, isPoll: Bool, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__WatchBatch()
    promised__v1__watch_batch__init(&message)
    message.as_of = at(asOf)
    message.sequence = reply.sequence
    message.position = reply.place.position
    message.part = UInt64(reply.place.part)
    message.lost = reply.isLost ? 1 : 0
    message.item_keys = ProtobufCBinaryData(
      len: reply.keyBytes.count, data: reply.keyBytes.column.packed)
    message.n_item_key_lengths = reply.keyLengths.count
    message.item_key_lengths = reply.keyLengths.column.packed
    message.n_changed_at = reply.changedAt.count
    message.changed_at = reply.changedAt.column.packed
    message.n_causes = reply.causes.count
    message.causes = reply.causes.column.packed
    message.n_inbound_units = reply.inboundUnits.count
    message.inbound_units = reply.inboundUnits.column.packed
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
    message.n_held = reply.held.count
    message.held = reply.held.column.packed
    message.n_allocated = reply.allocated.count
    message.allocated = reply.allocated.column.packed
    message.n_available_now = reply.availableNow.count
    message.available_now = reply.availableNow.column.packed
    if !reply.crossings.isEmpty {
      builder.reset()
      set(&message, reply.crossings)
    }
    return isPoll ? send(&message, streamID, &output) : sendData(&message, streamID, &output)
  }

  private mutating func set(
    _ message: inout Promised__V1__WatchBatch, _ rows: [Crossing]
  ) {
    (message.n_crossing_thresholds, message.crossing_thresholds) = builder.column(
      rows.map(\.threshold), as: UInt32.self)
    (message.n_crossing_sides, message.crossing_sides) = builder.column(
      rows.map { $0.isBeyond ? 1 : 0 }, as: UInt32.self)
    (message.n_crossing_before, message.crossing_before) = builder.column(
      rows.map(\.before), as: Int64.self)
    (message.n_crossing_after, message.crossing_after) = builder.column(
      rows.map(\.after), as: Int64.self)
    (message.n_crossing_causes, message.crossing_causes) = builder.column(
      rows.map { $0.cause?.rawValue ?? 0 }, as: UInt32.self)
    (message.n_crossing_positions, message.crossing_positions) = builder.column(
      rows.map(\.position), as: UInt64.self)
    (message.n_crossing_constraints, message.crossing_constraints) = builder.column(
      rows.map(\.constraint.rawValue), as: UInt32.self)
    (message.n_crossing_subjects, message.crossing_subjects) = builder.names(rows.map(\.subject))
    (message.n_crossing_reasons, message.crossing_reasons) = builder.texts(rows.map(\.reason))
  }
}
