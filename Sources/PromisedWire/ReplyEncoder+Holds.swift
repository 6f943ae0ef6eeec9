import CPromisedMessages
import CProtobufC
import PromisedModel

// Answers about holds.
extension ReplyEncoder {
  @discardableResult
  package func encode(
    _ reply: borrowing HoldReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__HoldResponse()
    promised__v1__hold_response__init(&message)
    message.as_of = at(asOf)
    if reply.items.count > 0 { setLines(reply, &message) }
    if reply.granted.count > 0 { setGrants(reply, &message) }
    message.n_shipment_line_counts = reply.shipmentLineCounts.count
    message.shipment_line_counts = reply.shipmentLineCounts.column.packed
    message.n_shipment_window_from_unix_s = reply.shipmentWindowFromUnixSeconds.count
    message.shipment_window_from_unix_s = reply.shipmentWindowFromUnixSeconds.column.packed
    message.n_shipment_window_to_unix_s = reply.shipmentWindowToUnixSeconds.count
    message.shipment_window_to_unix_s = reply.shipmentWindowToUnixSeconds.column.packed
    message.n_shipment_delivery_days = reply.shipmentDeliveryDays.count
    message.shipment_delivery_days = reply.shipmentDeliveryDays.column.packed
    message.n_shipment_ship_by_unix_s = reply.shipmentShipByUnixSeconds.count
    message.shipment_ship_by_unix_s = reply.shipmentShipByUnixSeconds.column.packed
    message.n_shipment_confidences = reply.shipmentConfidences.count
    message.shipment_confidences = reply.shipmentConfidences.column.packed
    message.n_shipment_levels = reply.shipmentLevels.count
    message.shipment_levels = reply.shipmentLevels.column.packed
    message.n_shipment_nodes = reply.shipmentNodes.count
    message.shipment_nodes = reply.shipmentNodes.column.packedTexts
    message.hold_id = reply.holdID
    message.state = UInt32(reply.state.rawValue)
    message.owner = ProtobufCBinaryData(reply.owner)
    message.name = ProtobufCBinaryData(reply.name)
    message.expires_at_unix_s = reply.expiresAt.seconds
    message.reclaimed = reply.reclaimed ? 1 : 0
    message.repeated_answer = reply.repeated ? 1 : 0
    return send(&message, streamID, &output)
  }

  private func setLines(
    _ reply: borrowing HoldReply, _ message: inout Promised__V1__HoldResponse
  ) {
    message.n_items = reply.items.count
    message.items = reply.items.column.packedTexts
    message.n_nodes = reply.nodes.count
    message.nodes = reply.nodes.column.packedTexts
    message.n_quantities = reply.quantities.count
    message.quantities = reply.quantities.column.packed
    message.n_picked = reply.picked.count
    message.picked = reply.picked.column.packed
    message.n_shipped = reply.shipped.count
    message.shipped = reply.shipped.column.packed
    message.n_short_ = reply.short.count
    message.short_ = reply.short.column.packed
    message.n_due_unix_s = reply.dueUnixSeconds.count
    message.due_unix_s = reply.dueUnixSeconds.column.packed
    message.n_channels = reply.channels.count
    message.channels = reply.channels.column.packedTexts
    message.n_line_flags = reply.flags.count
    message.line_flags = reply.flags.column.packed
  }

  private func setGrants(
    _ reply: borrowing HoldReply, _ message: inout Promised__V1__HoldResponse
  ) {
    message.n_granted = reply.granted.count
    message.granted = reply.granted.column.packed
    message.n_granted_later = reply.later.count
    message.granted_later = reply.later.column.packed
    message.n_later_due_unix_s = reply.laterDueUnixSeconds.count
    message.later_due_unix_s = reply.laterDueUnixSeconds.column.packed
    message.n_backordered = reply.backordered.count
    message.backordered = reply.backordered.column.packed
  }

  @discardableResult
  package func encode(
    _ reply: borrowing ShortfallReply, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__ShortfallsResponse()
    promised__v1__shortfalls_response__init(&message)
    message.as_of = at(asOf)
    message.n_hold_ids = reply.holdIDs.count
    message.hold_ids = reply.holdIDs.column.packed
    message.n_names = reply.names.count
    message.names = reply.names.column.packedTexts
    message.n_owners = reply.owners.count
    message.owners = reply.owners.column.packedTexts
    message.n_lines = reply.lines.count
    message.lines = reply.lines.column.packed
    message.n_items = reply.items.count
    message.items = reply.items.column.packedTexts
    message.n_nodes = reply.nodes.count
    message.nodes = reply.nodes.column.packedTexts
    message.n_units = reply.units.count
    message.units = reply.units.column.packed
    message.n_claimed = reply.claimed.count
    message.claimed = reply.claimed.column.packed
    message.n_since_unix_s = reply.sinceUnixSeconds.count
    message.since_unix_s = reply.sinceUnixSeconds.column.packed
    message.n_next_supply_unix_s = reply.nextSupplyUnixSeconds.count
    message.next_supply_unix_s = reply.nextSupplyUnixSeconds.column.packed
    message.short_positions = reply.shortPositions
    message.short_units = reply.shortUnits
    return reply.nextPageToken.withUnsafeBufferPointer { token in
      message.next_page_token = ProtobufCBinaryData(BorrowedBytes(token))
      return send(&message, streamID, &output)
    }
  }
}
