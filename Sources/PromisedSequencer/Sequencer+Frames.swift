import PromisedModel
import PromisedWire

/// What became of received bytes.
package struct ReceiveOutcome {
  /// Bytes dealt with; the rest begins an unfinished frame, or waits for back-pressure to end.
  package var consumed = 0
  /// Close once what is ready has left.
  package var closes = false
  package var httpRequest: HTTPRequest?
}

extension Sequencer {
  /// Decides every whole frame in `bytes` and puts the replies into the session.
  ///
  /// Stops early when the peer has too many replies waiting; what is left is offered again later.
  /// Linear in the bytes; client input can change the state only through a decided command.
  package func receive(
    _ bytes: UnsafeRawBufferPointer, on session: Session, facts: ServerFacts
  ) -> ReceiveOutcome {
    var outcome = ReceiveOutcome()
    while session.heldCount < Limits.inFlightPerConnection,
      session.pendingOutputBytes < Limits.pendingOutputBytes
    {
      switch session.scanner.next(bytes, consumed: &outcome.consumed) {
      case .needMore: return outcome
      case .frame(let header, let data):
        if !receive(header, data, on: session, facts: facts) {
          counters.malformedFrames += 1
          outcome.closes = true
          return outcome
        }
      case .oversized(let header, let refusal):
        counters.skippedFrames += 1
        if let refusal { refuse(refusal, header.streamID, on: session) }
      case .http:
        receiveHTTP(bytes, &outcome)
        return outcome
      case .tls, .close:
        counters.malformedFrames += 1
        outcome.consumed = bytes.count
        outcome.closes = true
        return outcome
      }
    }
    return outcome
  }

  private func receiveHTTP(_ bytes: UnsafeRawBufferPointer, _ outcome: inout ReceiveOutcome) {
    switch HTTPRequest.parse(bytes) {
    case .needMore: return
    case .request(let request, let byteCount):
      outcome.consumed = byteCount
      outcome.httpRequest = request
    case .malformed:
      outcome.consumed = bytes.count
      outcome.closes = true
    }
  }

  /// One frame; false when the connection cannot go on.
  private func receive(
    _ header: FrameHeader, _ data: BorrowedBytes, on session: Session, facts: ServerFacts
  ) -> Bool {
    switch session.openStreams.judge(header) {
    case .request:
      answer(header, data, on: session, facts: facts)
      return true
    case .refuse(let refusal):
      refuse(refusal, header.streamID, on: session)
      return true
    case .ignore:
      counters.ignoredFrames += 1
      return true
    case .closeConnection: return false
    }
  }

  private func answer(
    _ header: FrameHeader, _ data: BorrowedBytes, on session: Session, facts: ServerFacts
  ) {
    do throws(Refusal) {
      let envelope = try Envelope(data)
      counters.count(envelope.method)
      // Nothing waits between arrival and decision, so only a deadline that was over when it was
      // sent can have passed.
      if envelope.timeoutNanoseconds < 0 {
        throw Refusal(.deadlinePassed, "the deadline had passed when the request arrived")
      }
      let request = try decoder.decode(envelope, header: header)
      try perform(request, on: session, streamID: header.streamID, facts: facts)
    } catch {
      refuse(error, header.streamID, on: session)
    }
  }

  /// Answers no, reflecting what the refused request saw.
  func refuse(_ refusal: Refusal, _ streamID: UInt32, on session: Session) {
    counters.count(refusal.code)
    respond(streamID, on: session, reflecting: state.observedPosition) { (encoder, frames) in
      encoder.encode(refusal, streamID: streamID, into: &frames)
    }
  }

  /// Encodes a reply where it belongs: ready, or held until `position` is durable.
  func respond(
    _ streamID: UInt32, on session: Session, reflecting position: Position,
    _ encode: (borrowing ReplyEncoder, inout FrameBuffer) -> Void
  ) {
    session.reply(to: streamID, reflecting: position, durable: durablePosition) { frames in
      encode(encoder, &frames)
    }
    if session.heldCount > 0, !session.isWaiting {
      session.isWaiting = true
      waiting.append(session)
    }
  }
}
