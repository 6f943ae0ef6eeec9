import PromisedEngine
import PromisedModel
import PromisedWire

// The update feed.
extension Sequencer {
  func perform(_ rows: FeedRows, _ reply: ReplyTo) throws(Refusal) {
    send(reply, reflecting: try apply(rows)) { (encoder, asOf, frames) in
      encoder.encode(feedReply, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  /// Decides a batch of the feed, logs it, and puts the answer into `feedReply`.
  ///
  /// - Returns: the position that the answer reflects.
  func apply(_ rows: FeedRows) throws(Refusal) -> Position {
    countBulk(rows: rows.keys.count)
    feedReply.removeAll()
    let event = try state.decide(rows, at: now, reply: &feedReply)
    return state.isNeeded(event) ? commit(.fed(event)) : state.observedPosition
  }

  /// Rows of bulk work that a turn does before it looks for who else came: those who ask for one
  /// thing wait for about half a millisecond of it.
  package static var bulkRowsPerTurn: Int { 1000 }
  private static var bulkCall: Int { 16 }

  /// The turn has done its share of bulk work.
  package var isTurnFull: Bool { bulkWork >= Self.bulkRowsPerTurn }

  func countBulk(rows: Int) { bulkWork += rows + Self.bulkCall }

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
