import PromisedEngine
import PromisedModel
import PromisedWire

// Why a promise is what it is, what changed it, and what operators say over it.
extension Sequencer {
  func answer(_ query: ExplainQuery, _ reply: ReplyTo) throws(Refusal) {
    let explanation: Explanation
    switch query {
    case .now(let question): explanation = try state.explain(question, at: now)
    case .token(let token):
      switch try state.explain(token: token) {
      case .live(let live): explanation = live
      case .needsReplay(let position, _):
        if isSandbox {
          throw Refusal(
            .historyNotKept,
            "what the token's decision depends on has changed since, and a sandbox keeps no log")
        }
        followUps.append(
          .explainPast(PastQuestion(token: Array(token.buffer), position: position), reply))
        return
      }
    }
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(explanation, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  func answer(_ query: ChangedQuery, _ reply: ReplyTo) throws(Refusal) {
    var changed = ChangedReply()
    try state.answer(query, at: now, into: &changed)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(changed, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  func answerOverrides(withExpired: Bool, _ reply: ReplyTo) {
    let rows = state.overrides(withExpired: withExpired, at: now)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(overrides: rows, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  func perform(_ command: OverrideCommand, _ reply: ReplyTo) throws(Refusal) {
    if let (outcome, decidedAt) = try state.recall(command.key, at: now) {
      guard outcome.code == OutcomeCode.ok.rawValue else { throw remembered(outcome) }
      return answer(override: outcome.holdID, reflecting: decidedAt, reply)
    }
    do throws(Refusal) {
      let position = commit(try state.decide(command, at: now))
      answer(
        override: command.removesID == 0 ? position : command.removesID, reflecting: position,
        reply)
    } catch {
      try remember(error, under: command.key)
    }
  }

  private func answer(override id: UInt64, reflecting position: Position, _ reply: ReplyTo) {
    send(reply, reflecting: position) { (encoder, asOf, frames) in
      encoder.encode(overrideID: id, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }
}
