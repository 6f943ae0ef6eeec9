import CPromisedMessages
import PromisedModel

extension Call where Answer == FeedAnswer {
  /// A batch of the update feed; row i has sequence `firstSequence + i`.
  public static func apply(
    source: String, firstSequence: UInt64, _ movements: [Movement]
  ) -> Call {
    var nodes: [String] = []
    var numbers: [String: UInt32] = [:]
    let indexes = movements.map { movement in
      let next = UInt32(nodes.count)
      let index = numbers[movement.node, default: next]
      if index == next {
        numbers[movement.node] = next
        nodes.append(movement.node)
      }
      return index
    }
    let payload = MessageBuilder.encode(promised__v1__apply_request__init) { builder, message in
      message.pointee.source = builder.text(source)
      message.pointee.first_sequence = firstSequence
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(movements.map(\.item))
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(indexes, as: UInt32.self)
      (message.pointee.n_kinds, message.pointee.kinds) =
        builder.column(movements.map(\.type.rawValue), as: UInt32.self)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(movements.map(\.quantity), as: Int64.self)
    }
    let count = movements.count
    return Call(.apply, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ApplyResponse", promised__v1__apply_response__unpack) {
        (message) throws(MalformedAnswer) in
        let outcomes = try column(
          message.n_outcomes, message.outcomes, rows: count, "outcomes")
        return FeedAnswer(
          asOf: AnswerStamp(message.as_of), outcomes: outcomes.map { RowOutcome(number: $0) },
          lastSequence: message.last_sequence)
      }
    }
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
