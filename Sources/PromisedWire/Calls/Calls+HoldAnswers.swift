import CPromisedMessages
import PromisedModel

extension Call where Answer == HoldAnswer {
  init(holdAnswer method: Method, payload: [UInt8]?) {
    self.init(method, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "HoldResponse", promised__v1__hold_response__unpack) {
        (message) throws(MalformedAnswer) in
        HoldAnswer(
          asOf: AnswerStamp(message.as_of), holdID: message.hold_id, state: message.state,
          owner: message.owner.text, name: message.name.text,
          expiresAtUnixSeconds: message.expires_at_unix_s,
          isReclaimed: message.reclaimed != 0, isRepeated: message.repeated_answer != 0,
          lines: try lines(message), grants: try grants(message),
          shipments: try shipments(message))
      }
    }
  }
}

private func lines(_ message: Promised__V1__HoldResponse) throws(MalformedAnswer) -> [HoldLine] {
  let items = texts(message.n_items, message.items)
  let nodes = texts(message.n_nodes, message.nodes)
  let channels = texts(message.n_channels, message.channels)
  let lengths = [
    nodes.count, channels.count, message.n_quantities, message.n_picked, message.n_shipped,
    message.n_short_, message.n_due_unix_s, message.n_line_flags,
  ]
  guard lengths.allSatisfy({ $0 == items.count }) else {
    throw MalformedAnswer("the line columns differ in length")
  }
  return items.indices.map { row in
    let flags = message.line_flags[row]
    var line = HoldLine(
      item: items[row], node: nodes[row], quantity: message.quantities[row],
      isPool: flags & 1 != 0, dueUnixSeconds: message.due_unix_s[row])
    line.picked = message.picked[row]
    line.shipped = message.shipped[row]
    line.short = message.short_[row]
    line.channel = channels[row]
    line.isBackordered = flags & 2 != 0
    line.isKit = flags & 4 != 0
    line.isComponent = flags & 8 != 0
    return line
  }
}

private func grants(_ message: Promised__V1__HoldResponse) throws(MalformedAnswer) -> [HoldGrant] {
  let lengths = [
    message.n_granted_later, message.n_later_due_unix_s, message.n_backordered,
  ]
  guard lengths.allSatisfy({ $0 == message.n_granted }) else {
    throw MalformedAnswer("the grant columns differ in length")
  }
  return (0..<message.n_granted).map { row in
    HoldGrant(
      granted: message.granted[row], later: message.granted_later[row],
      laterDueUnixSeconds: message.later_due_unix_s[row], backordered: message.backordered[row])
  }
}

private func shipments(
  _ message: Promised__V1__HoldResponse
) throws(MalformedAnswer) -> [HoldShipment] {
  let nodes = texts(message.n_shipment_nodes, message.shipment_nodes)
  let lengths = [
    message.n_shipment_line_counts, message.n_shipment_window_from_unix_s,
    message.n_shipment_window_to_unix_s, message.n_shipment_delivery_days,
    message.n_shipment_ship_by_unix_s, message.n_shipment_confidences, message.n_shipment_levels,
  ]
  guard lengths.allSatisfy({ $0 == nodes.count }) else {
    throw MalformedAnswer("the shipment columns differ in length")
  }
  return nodes.indices.map { row in
    HoldShipment(
      lineCount: Int(message.shipment_line_counts[row]), node: nodes[row],
      windowFromUnixSeconds: message.shipment_window_from_unix_s[row],
      windowToUnixSeconds: message.shipment_window_to_unix_s[row],
      deliveryDay: message.shipment_delivery_days[row],
      shipByUnixSeconds: message.shipment_ship_by_unix_s[row],
      confidence: message.shipment_confidences[row], level: message.shipment_levels[row])
  }
}

extension Call where Answer == ShortfallsAnswer {
  /// A page of allocations that stock has been taken from under.
  ///
  /// - Parameters:
  ///   - item, node, hold: only these; empty and nil = all.
  ///   - pageToken: from the answer before; empty = the beginning.
  ///   - pageSize: 1…10,000.
  public static func shortfalls(
    item: String = "", node: String = "", hold: HoldName? = nil, pageToken: [UInt8] = [],
    pageSize: UInt32 = 1000
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__shortfalls_request__init) {
      builder, message in
      message.pointee.item = builder.text(item)
      message.pointee.node = builder.text(node)
      if case .id(let id)? = hold { message.pointee.hold_id = id }
      if case .name(let name)? = hold { message.pointee.name = builder.text(name) }
      message.pointee.page_token = builder.bytes(pageToken)
      message.pointee.page_size = pageSize
    }
    return Call(.shortfalls, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ShortfallsResponse", promised__v1__shortfalls_response__unpack) {
        (message) throws(MalformedAnswer) in
        ShortfallsAnswer(
          asOf: AnswerStamp(message.as_of), rows: try rows(message),
          shortPositions: message.short_positions, shortUnits: message.short_units,
          nextPageToken: message.next_page_token.array)
      }
    }
  }
}

private func rows(
  _ message: Promised__V1__ShortfallsResponse
) throws(MalformedAnswer) -> [Shortfall] {
  let names = texts(message.n_names, message.names)
  let owners = texts(message.n_owners, message.owners)
  let items = texts(message.n_items, message.items)
  let nodes = texts(message.n_nodes, message.nodes)
  let lengths = [
    names.count, owners.count, items.count, nodes.count, message.n_lines, message.n_units,
    message.n_claimed, message.n_since_unix_s, message.n_next_supply_unix_s,
  ]
  guard lengths.allSatisfy({ $0 == message.n_hold_ids }) else {
    throw MalformedAnswer("the shortfall columns differ in length")
  }
  return (0..<message.n_hold_ids).map { row in
    Shortfall(
      holdID: message.hold_ids[row], name: names[row], owner: owners[row],
      line: Int(message.lines[row]), item: items[row], node: nodes[row],
      units: message.units[row], claimed: message.claimed[row],
      sinceUnixSeconds: message.since_unix_s[row],
      nextSupplyUnixSeconds: message.next_supply_unix_s[row])
  }
}
