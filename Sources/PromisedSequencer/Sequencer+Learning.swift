import PromisedEngine
import PromisedModel
import PromisedWire

/// What happened, and how promises turned out.
extension Sequencer {
  func perform(
    _ rows: ObservationRows, key: CommandKey, _ reply: ReplyTo
  ) throws(Refusal) {
    var codes: [UInt32] = []
    var reflected: Position
    if let (_, decidedAt) = try state.recall(key, at: now) {
      // The rows were learned once; their fates are those of then, as nothing takes a leg away.
      _ = try state.decide(rows, at: now, codes: &codes)
      reflected = max(decidedAt, state.observedPosition)
    } else {
      let learned = try state.decide(rows, at: now, codes: &codes)
      reflected = state.observedPosition
      if let learned { reflected = commit(.observed(key, learned)) }
    }
    send(reply, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(observed: codes, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  func answer(_ query: PlanQuery, _ reply: ReplyTo) throws(Refusal) {
    planReply.removeAll()
    try state.answer(query, at: now, into: &planReply)
    send(reply, reflecting: max(state.observedPosition, mustReflect)) { (encoder, asOf, frames) in
      encoder.encode(planReply, streamID: reply.streamID, asOf: asOf, into: &frames) {
        (state.network.nodeName($0), state.nodeTitle($0))
      }
    }
  }

  func answer(_ query: AccuracyQuery, _ reply: ReplyTo) throws(Refusal) {
    let rows = try state.answer(query, at: now)
    send(reply, reflecting: max(state.observedPosition, mustReflect)) { (encoder, asOf, frames) in
      encoder.encode(accuracy: rows, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }
}
