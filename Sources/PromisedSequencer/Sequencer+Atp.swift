import PromisedEngine
import PromisedModel
import PromisedWire

extension Sequencer {
  func answer(_ query: AtpQuery, _ reply: ReplyTo) throws(Refusal) {
    atpReply.removeAll()
    try state.answer(query, at: now, into: &atpReply)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(
        atpReply, horizonDays: query.horizonDays, streamID: reply.streamID, asOf: asOf,
        into: &frames)
    }
  }
}
