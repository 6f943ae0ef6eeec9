import PromisedEngine
import PromisedModel
import PromisedWire

extension Sequencer {
  /// A read must not be older than what the caller has seen.
  func requirePosition(_ minimum: Position) throws(Refusal) {
    if minimum > position {
      throw Refusal(
        .positionNotReached,
        "read.min_position \(minimum) is ahead of the log, which is at \(position)")
    }
  }

  var asOf: AsOf { AsOf(position: position, unixSeconds: now.seconds) }

  func answer(_ query: OfferQuery, _ streamID: UInt32, on session: Session) throws(Refusal) {
    offerReply.removeAll()
    try state.answer(query, at: now, into: &offerReply)
    counters.decidedRows &+= UInt64(offerReply.codes.count)
    let asOf = asOf
    session.reply(to: streamID, reflecting: state.observedPosition, durable: durablePosition) {
      encoder.encode(offerReply, asOf: asOf, streamID: streamID, into: &$0)
    }
    noteWaiting(session)
  }

  func answer(_ query: AvailabilityQuery, _ streamID: UInt32, on session: Session) throws(Refusal) {
    availabilityReply.removeAll()
    try state.answer(query, into: &availabilityReply)
    let asOf = asOf
    session.reply(to: streamID, reflecting: state.observedPosition, durable: durablePosition) {
      encoder.encode(availabilityReply, asOf: asOf, streamID: streamID, into: &$0)
    }
    noteWaiting(session)
  }
}
