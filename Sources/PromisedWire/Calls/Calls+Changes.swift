import CPromisedMessages
import PromisedModel

extension Call where Answer == HoldAnswer {
  /// Claims units for an owner: all lines or none.
  ///
  /// - Parameters:
  ///   - key: the caller's name for this intent, 1…64 bytes; asking again with it changes nothing.
  ///   - timeToLiveSeconds: 1…86,400; 0 = 600.
  ///   - tokens: of offers, or of one plan, to redeem: their lines are held besides.
  ///   - wantsUpgrade: move the promises to earlier windows when room comes free.
  public static func hold(
    _ lines: [HoldLine], owner: String, key: String, timeToLiveSeconds: UInt64 = 0,
    tokens: [[UInt8]] = [], wantsUpgrade: Bool = false
  ) -> Call {
    var nodes: [String] = []
    var indexes: [UInt32] = []
    for line in lines {
      let index = nodes.firstIndex(of: line.node) ?? nodes.count
      if index == nodes.count { nodes.append(line.node) }
      indexes.append(UInt32(index))
    }
    let payload = MessageBuilder.encode(promised__v1__hold_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.owner = builder.text(owner)
      message.pointee.ttl_s = timeToLiveSeconds
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(lines.map(\.item))
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(indexes, as: UInt32.self)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(lines.map(\.quantity), as: UInt64.self)
      (message.pointee.n_tokens, message.pointee.tokens) = builder.pieces(tokens)
      message.pointee.wants_upgrade = wantsUpgrade ? 1 : 0
    }
    return Call(holdAnswer: .hold, payload: payload)
  }

  /// Makes a hold an allocation. An expired hold is claimed again, or refused.
  public static func commit(holdID: UInt64, owner: String, key: String) -> Call {
    change(.holdCommit, holdID, owner, key)
  }

  /// Gives back what is held or allocated.
  public static func release(holdID: UInt64, owner: String, key: String) -> Call {
    change(.holdRelease, holdID, owner, key)
  }

  /// A hold as it stands, with its lines.
  public static func getHold(_ holdID: UInt64, minimumPosition: UInt64 = 0) -> Call {
    let payload = MessageBuilder.encode(promised__v1__get_hold_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.hold_id = holdID
    }
    return Call(holdAnswer: .holdGet, payload: payload)
  }

  private static func change(
    _ method: Method, _ holdID: UInt64, _ owner: String, _ key: String
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__hold_change_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.owner = builder.text(owner)
      message.pointee.hold_id = holdID
    }
    return Call(holdAnswer: method, payload: payload)
  }

  private init(holdAnswer method: Method, payload: [UInt8]?) {
    self.init(method, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "HoldResponse", promised__v1__hold_response__unpack) {
        (message) throws(MalformedAnswer) in
        let items = texts(message.n_items, message.items)
        let nodes = texts(message.n_nodes, message.nodes)
        guard items.count == nodes.count, items.count == message.n_quantities else {
          throw MalformedAnswer("the line columns differ in length")
        }
        return HoldAnswer(
          asOf: AnswerStamp(message.as_of), holdID: message.hold_id, state: message.state,
          owner: message.owner.text, expiresAtUnixSeconds: message.expires_at_unix_s,
          isReclaimed: message.reclaimed != 0, isRepeated: message.repeated_answer != 0,
          lines: items.indices.map {
            HoldLine(item: items[$0], node: nodes[$0], quantity: message.quantities[$0])
          }, shipments: try shipments(message))
      }
    }
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

extension Call where Answer == LoadAnswer {
  /// Opens a load, or tells where the open load of that id stands.
  package static func beginLoad(_ load: LoadDescription) -> Call {
    let payload = MessageBuilder.encode(promised__v1__begin_load_request__init) {
      builder, message in
      message.pointee.load_id = builder.name(load.id)
      message.pointee.mode = UInt64(load.mode.rawValue)
      message.pointee.chunk_count = UInt64(load.chunkCount)
      message.pointee.force = load.force ? 1 : 0
    }
    return Call(loadAnswer: .beginLoad, payload: payload)
  }

  /// Makes a complete load visible, whole.
  public static func commitLoad(_ id: String) -> Call { end(.commitLoad, id) }

  /// Forgets an open load.
  public static func abortLoad(_ id: String) -> Call { end(.abortLoad, id) }

  private static func end(_ method: Method, _ id: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__load_request__init) { builder, message in
      message.pointee.load_id = builder.text(id)
    }
    return Call(loadAnswer: method, payload: payload)
  }

  private init(loadAnswer method: Method, payload: [UInt8]?) {
    self.init(method, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "LoadResponse", promised__v1__load_response__unpack) { message in
        LoadAnswer(
          asOf: AnswerStamp(message.as_of), nextChunk: message.next_chunk,
          isCommitted: message.committed != 0, positionsChanged: message.positions_changed)
      }
    }
  }
}
