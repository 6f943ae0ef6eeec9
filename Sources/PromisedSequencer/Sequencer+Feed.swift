import PromisedEngine
import PromisedModel
import PromisedWire

// The update feed.
extension Sequencer {
  func perform(_ rows: FeedRows, _ reply: ReplyTo) throws(Refusal) {
    feedReply.removeAll()
    let event = try state.decide(rows, at: now, reply: &feedReply)
    var reflected = state.observedPosition
    if state.isNeeded(event) { reflected = commit(.fed(event)) }
    send(reply, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(feedReply, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  func perform(_ reversal: FeedReversal, _ reply: ReplyTo) throws(Refusal) {
    if let (outcome, decidedAt) = try state.recall(reversal.key, at: now) {
      guard outcome.code == OutcomeCode.ok.rawValue else { throw remembered(outcome) }
      var answer = FeedReversalReply()
      answer.reversedRows = UInt64(clamping: outcome.availableUnits)
      answer.keptRows = UInt64(clamping: outcome.row)
      answer.isRepeated = true
      return sendReversal(answer, reflecting: max(decidedAt, state.observedPosition), reply)
    }
    do throws(Refusal) {
      let event = try state.decide(reversal: reversal)
      let position = commit(.feedReversed(event))
      sendReversal(state.reversalAnswer, reflecting: position, reply)
    } catch {
      try remember(error, under: reversal.key)
    }
  }

  private func sendReversal(
    _ answer: FeedReversalReply, reflecting position: Position, _ reply: ReplyTo
  ) {
    send(reply, reflecting: position) { (encoder, asOf, frames) in
      encoder.encode(answer, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }
}
