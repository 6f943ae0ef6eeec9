import CPromisedMessages
import PromisedModel

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
