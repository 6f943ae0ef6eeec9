import PromisedModel
import PromisedWire

/// What became of received bytes.
package struct ReceiveOutcome {
  /// Bytes dealt with; the rest begins an unfinished frame, or waits for back-pressure to end.
  package var consumed = 0
  /// The turn has done its share of bulk work: what is left of the bytes, or of a batch that was
  /// decided in part, has another turn.
  package var isOutOfTurn = false
  /// Close once what is ready has left.
  package var closes = false
  package var httpRequest: HTTPRequest?
}

extension Sequencer {
  /// Decides every whole frame in `bytes` and puts the replies into the session.
  ///
  /// Stops early when the peer has too many replies waiting, and behind the bulk work with which
  /// the turn has done its share; what is left is offered again later. Linear in the bytes.
  package func receive(
    _ bytes: UnsafeRawBufferPointer, on session: Session, facts: borrowing ServerFacts
  ) -> ReceiveOutcome {
    var outcome = ReceiveOutcome()
    let bulkBefore = bulkWork
    defer { if outcome.consumed > 0 { session.isBulk = bulkWork != bulkBefore } }
    if hasFeedUnderway(session) {
      resumeFeed()
      outcome.isOutOfTurn = hasFeedUnderway(session) || !bytes.isEmpty
      return outcome
    }
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
        if bulkWork != bulkBefore && isTurnFull {
          outcome.isOutOfTurn = outcome.consumed < bytes.count || hasFeedUnderway(session)
          return outcome
        }
      case .oversized(let header, let refusal):
        counters.skippedFrames += 1
        if let refusal {
          refuseUnopened(refusal, header.streamID, on: session)
        } else if header.type == FrameType.data {
          endOversized(header, on: session)
        }
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
    _ header: FrameHeader, _ data: BorrowedBytes, on session: Session,
    facts: borrowing ServerFacts
  ) -> Bool {
    switch session.streams.admit(header) {
    case .request:
      answer(header, data, on: session, facts: facts)
      return true
    case .refuse(let refusal):
      refuseUnopened(refusal, header.streamID, on: session)
      return true
    case .data:
      receive(message: data, header, on: session)
      return true
    case .ignore:
      counters.ignoredFrames += 1
      return true
    case .closeConnection: return false
    }
  }

  private func answer(
    _ header: FrameHeader, _ data: BorrowedBytes, on session: Session,
    facts: borrowing ServerFacts
  ) {
    state.beginObservation()
    mustReflect = 0
    let reply = ReplyTo(streamID: header.streamID, session: session)
    do throws(Refusal) {
      let envelope = try envelopes.read(data, flags: header.flags)
      counters.count(envelope.method)
      requestTimeoutNano = envelope.timeoutNano
      // Nothing waits between arrival and decision, so only a deadline that was over when it was
      // sent can have passed.
      if envelope.timeoutNano < 0 {
        throw Refusal(.deadlinePassed, "the deadline had passed when the request arrived")
      }
      if envelope.isStream {
        try open(envelope, header.streamID, on: session)
        return
      }
      try perform(try decoder.decode(envelope.method, envelope.payload), reply, facts: facts)
    } catch {
      refuse(error, reply)
    }
  }

  // MARK: Replies

  /// Answers no, reflecting what the refused request saw.
  func refuse(_ refusal: Refusal, _ reply: ReplyTo) {
    counters.count(refusal.code)
    send(reply, reflecting: max(state.observedPosition, mustReflect)) { (encoder, _, frames) in
      encoder.encode(refusal, streamID: reply.streamID, into: &frames)
    }
  }

  /// Answers no on an id that was never opened, so that nothing can be held for it.
  private func refuseUnopened(_ refusal: Refusal, _ streamID: UInt32, on session: Session) {
    counters.count(refusal.code)
    encoder.encode(refusal, streamID: streamID, into: &session.ready)
  }

  /// Encodes a reply where it belongs: ready, or held until `observed` is durable.
  ///
  /// The position an answer states is one that will be on disk when the answer leaves: what it saw,
  /// or what is durable already. The state between the two did not change what it read.
  @inline(__always)
  func send(
    _ reply: ReplyTo, reflecting observed: Position,
    _ encode: (inout ReplyEncoder, AsOf, inout FrameBuffer) -> OutcomeCode
  ) {
    let asOf = AsOf(position: max(observed, durablePosition), unixSeconds: now.seconds)
    let session = reply.session
    let code = session.reply(
      to: reply.streamID, reflecting: observed, durable: durablePosition
    ) { frames in encode(&encoder, asOf, &frames) }
    if code == .replyTooLarge { counters.count(code) }
    awaitDisk(session)
  }

  /// Has the session looked at when the log has moved on, if something of it waits for that.
  @inline(__always)
  func awaitDisk(_ session: Session) {
    if session.heldCount > 0, !session.isWaiting {
      session.isWaiting = true
      waiting.append(session)
    }
  }
}

/// Where an answer goes.
package struct ReplyTo {
  package let streamID: UInt32
  package let session: Session
}
