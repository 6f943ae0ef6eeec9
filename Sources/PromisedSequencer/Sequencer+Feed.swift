import PromisedEngine
import PromisedModel
import PromisedWire

// The update feed.
extension Sequencer {
  func perform(_ rows: FeedRows, _ reply: ReplyTo) throws(Refusal) {
    try begin(rows, for: .call(reply))
  }

  /// Decides a batch of the feed, or beside others its first piece where it is more than a turn's
  /// share, and answers when all of it is decided. Refused whole or not at all: what can refuse a
  /// batch is looked at before its first piece is logged.
  func begin(_ rows: FeedRows, for asker: FeedUnderway.Asker) throws(Refusal) {
    finishFeed()
    feedReply.removeAll()
    if isBesideOthers, rows.keys.count > bulkShare, try state.mayTakeInPieces(rows) {
      feedUnderway = FeedUnderway(rows, for: asker)
      try decidePiece()
    } else {
      answer(asker, to: rows, reflecting: try apply(rows))
    }
  }

  /// A batch of the session is under way: nothing else of it is decided before its answer.
  package func hasFeedUnderway(_ session: Session) -> Bool {
    feedUnderway.map { $0.asker.session === session } ?? false
  }

  /// A batch is under way: its pieces belong into one group of the log, so that it is there whole
  /// or not at all after a crash.
  package var hasFeedUnderway: Bool { feedUnderway != nil }

  /// Decides the next piece of the batch under way.
  func resumeFeed() {
    guard let underway = feedUnderway else { return }
    state.beginObservation()
    mustReflect = underway.reflected
    do throws(Refusal) {
      try decidePiece()
    } catch {
      switch underway.asker {
      case .call(let reply): refuse(error, reply)
      case .stream(let stream): end(stream, error)
      }
    }
    mustReflect = 0
  }

  /// Decides the rest of the batch under way: another comes, or its sender has gone.
  func finishFeed() {
    if feedUnderway == nil { return }
    while feedUnderway != nil { resumeFeed() }
    state.beginObservation()
  }

  private func decidePiece() throws(Refusal) {
    guard var underway = feedUnderway else { return }
    // Not there while it is decided: a refusal leaves none.
    feedUnderway = nil
    underway.take(bulkShare, into: &feedPiece)
    underway.reflected = max(underway.reflected, try apply(feedPiece))
    if underway.isDecided {
      answer(underway.asker, to: underway.rows, reflecting: underway.reflected)
      if case .stream(let stream) = underway.asker, underway.endsStream,
        stream.session.stream(stream.id) === stream
      {
        finish(stream)
      }
    } else {
      feedUnderway = underway
    }
  }

  private func answer(
    _ asker: FeedUnderway.Asker, to rows: FeedRows, reflecting position: Position
  ) {
    switch asker {
    case .call(let reply):
      send(reply, reflecting: position) { (encoder, asOf, frames) in
        encoder.encode(feedReply, streamID: reply.streamID, asOf: asOf, into: &frames)
      }
    case .stream(let stream):
      stream.lastSource = rows.source
      stream.lastSequence = feedReply.lastSequence
      _ = send(on: stream, reflecting: position) { (encoder, asOf, frames) in
        encoder.encode(
          feedReply, credit: Limits.applyStreamCredit, streamID: stream.id, asOf: asOf,
          into: &frames)
      }
    }
  }

  /// Decides rows of the feed, logs them, and adds their outcomes to `feedReply`.
  ///
  /// - Returns: the position that the answer reflects.
  private func apply(_ rows: FeedRows) throws(Refusal) -> Position {
    countBulk(rows: rows.keys.count)
    let event = try state.decide(rows, at: now, reply: &feedReply)
    return state.isNeeded(event) ? commit(.fed(event)) : state.observedPosition
  }

  /// Rows of bulk work that a turn does before it looks for who else came: about 50 µs that those
  /// who ask for one thing wait, or half a millisecond where nobody does and a turn's own costs
  /// count.
  private var bulkShare: Int { isBesideOthers ? 128 : 1000 }
  private static var bulkCall: Int { 16 }

  /// The turn has done its share of bulk work.
  package var isTurnFull: Bool { bulkWork >= bulkShare }

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
