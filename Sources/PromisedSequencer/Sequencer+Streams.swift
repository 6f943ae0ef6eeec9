import PromisedEngine
import PromisedModel
import PromisedWire

// Calls whose client half is open.
extension Sequencer {
  /// Opens a stream on an id that was admitted; the request may carry its first message.
  func open(_ envelope: Envelope, _ streamID: UInt32, on session: Session) throws(Refusal) {
    if session.clientStreams.count >= Limits.streamsPerConnection {
      throw Refusal(
        .streamLimit,
        "\(session.clientStreams.count) streams of this connection are open already; allowed: "
          + "\(Limits.streamsPerConnection)")
    }
    if isDraining {
      throw Refusal(.draining, "the service is draining and opens no streams: ask another")
    }
    // A stream without a time limit of its own has none.
    let deadline =
      envelope.timeoutNano == 0
      ? UInt64.max : uptimeNanoseconds &+ UInt64(envelope.timeoutNano)
    let stream = ClientStream(
      id: streamID, method: envelope.method, session: session, deadline: deadline)
    session.clientStreams.append(stream)
    if !envelope.payload.isEmpty { receive(envelope.payload, on: stream) }
  }

  /// A Data frame on an open id.
  func receive(message: BorrowedBytes, _ header: FrameHeader, on session: Session) {
    guard let stream = session.stream(header.streamID) else {
      // The id of a unary request, or of a stream whose end waits for the disk.
      counters.ignoredFrames += 1
      return
    }
    // Without data means just that; otherwise no bytes are an empty message.
    if header.flags & FrameFlags.noData == 0 { receive(message, on: stream) }
    if header.flags & FrameFlags.remoteClosed != 0, session.stream(header.streamID) === stream {
      if hasFeedUnderway(session) {
        feedUnderway?.endsStream = true
      } else {
        finish(stream)
      }
    }
  }

  private func receive(_ message: BorrowedBytes, on stream: ClientStream) {
    counters.streamMessages += 1
    state.beginObservation()
    mustReflect = 0
    do throws(Refusal) {
      if uptimeNanoseconds >= stream.deadline { throw Self.deadlinePassed() }
      switch try decodeMessage(message, stream) {
      case .feed(let rows): try apply(rows, on: stream)
      case .watch(let control): try perform(control, on: stream)
      default: throw Refusal(.methodNotBuilt, "\(stream.method.fullName) takes no messages")
      }
    } catch {
      end(stream, error)
    }
  }

  private func decodeMessage(
    _ message: BorrowedBytes, _ stream: ClientStream
  ) throws(Refusal) -> Request {
    if stream.method == .applyStream { try requireCredit(stream) }
    return try decoder.decode(stream.method, message)
  }

  static func deadlinePassed() -> Refusal {
    Refusal(.deadlinePassed, "the time that the request gave has run out")
  }

  /// Data that was too long was dropped: its stream has lost a message.
  func endOversized(_ header: FrameHeader, on session: Session) {
    guard let stream = session.stream(header.streamID) else { return }
    state.beginObservation()
    mustReflect = 0
    end(
      stream,
      Refusal(
        .frameTooLarge,
        "a message of \(header.length) bytes; at most \(Limits.frameBytes) are taken"
          + lastApplied(stream)))
  }

  // MARK: Ends

  /// Ends a stream well: everything it asked for was answered before.
  func finish(_ stream: ClientStream) {
    forget(stream)
    _ = stream.session.frame(
      on: stream.id, reflecting: 0, durable: durablePosition, isLast: true
    ) { encoder.encodeEnd(streamID: stream.id, into: &$0) }
    awaitDisk(stream.session)
  }

  /// Ends a stream with a no, behind what it was answered before.
  func end(_ stream: ClientStream, _ refusal: Refusal) {
    counters.count(refusal.code)
    forget(stream)
    _ = stream.session.frame(
      on: stream.id, reflecting: observed(), durable: durablePosition, isLast: true
    ) { encoder.encode(refusal, streamID: stream.id, into: &$0) }
    awaitDisk(stream.session)
  }

  /// The stream takes and says nothing more; its id stays taken until the last frame has left.
  private func forget(_ stream: ClientStream) {
    if let watch = stream.watch {
      watching.remove(watch)
      stream.watch = nil
    }
    stream.session.clientStreams.removeAll { $0 === stream }
  }

  /// The peer is gone: nothing is told any more.
  func closeStreams(of session: Session) {
    session.clientStreams.removeAll()
    if session.watchCount == 0 { return }
    for watch in watching.watches where watch.session === session { watching.remove(watch) }
  }

  /// Sends a frame of a stream that goes on; a frame that would be too large ends it.
  func send(
    on stream: ClientStream, reflecting observed: Position,
    _ encode: (inout ReplyEncoder, AsOf, inout FrameBuffer) -> OutcomeCode
  ) -> Position {
    let asOf = AsOf(position: max(observed, durablePosition), unixSeconds: now.seconds)
    let (code, waitsFor) = stream.session.frame(
      on: stream.id, reflecting: observed, durable: durablePosition, isLast: false
    ) { frames in encode(&encoder, asOf, &frames) }
    if code != .ok {
      counters.count(code)
      forget(stream)
    }
    awaitDisk(stream.session)
    return waitsFor
  }

  // MARK: The feed

  /// A client that sends more than it may would have its batches pile up here.
  private func requireCredit(_ stream: ClientStream) throws(Refusal) {
    if stream.waitingCount < Limits.applyStreamCredit { return }
    throw Refusal(
      .creditExceeded,
      "\(stream.waitingCount) batches wait for their answer; the credit is "
        + "\(Limits.applyStreamCredit)" + lastApplied(stream), key: stream.lastSource)
  }

  private func lastApplied(_ stream: ClientStream) -> String {
    if stream.lastSource.isEmpty { return "" }
    return "; the last sequence applied of \(stream.lastSource) is \(stream.lastSequence)"
  }

  /// The same decision as Apply; the answer leaves when it is durable, in the order of the batches.
  private func apply(_ rows: FeedRows, on stream: ClientStream) throws(Refusal) {
    try requireTakingChanges()
    try begin(rows, for: .stream(stream))
  }
}
