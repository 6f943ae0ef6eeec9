import PromisedLinux
import PromisedModel
import PromisedWire

/// What came on a stream and was not taken yet.
final class StreamInbox {
  let streamID: UInt32
  private var messages: [[UInt8]] = []
  private var first = 0
  /// The data of the response that ended the stream with a no.
  private(set) var refusal: [UInt8]?
  private(set) var isEnded = false

  init(streamID: UInt32) { self.streamID = streamID }

  /// Something can be taken, or nothing will come any more.
  var hasNews: Bool { first < messages.count || isEnded }

  func take(_ header: FrameHeader, _ data: UnsafeRawBufferPointer) {
    if header.type == FrameType.response {
      refusal = Array(data)
      isEnded = true
    } else if header.type == FrameType.data {
      if header.flags & FrameFlags.noData == 0 { messages.append(Array(data)) }
      if header.flags & FrameFlags.remoteClosed != 0 { isEnded = true }
    }
  }

  func next() -> [UInt8]? {
    guard first < messages.count else { return nil }
    first += 1
    defer {
      if first == messages.count {
        messages.removeAll(keepingCapacity: true)
        first = 0
      }
    }
    return messages[first - 1]
  }
}

/// An open stream of a connection.
///
///     let stream = try connection.open(.watch)
///     try stream.send(.create(wishes))
///     while let batch = try stream.receive() { try stream.send(.acknowledge(batch.sequence)) }
///
/// It ends with the connection; how to go on is the caller's matter, because only the caller knows
/// what was dealt with.
public final class ServiceStream<Answer: Sendable> {
  private let connection: Connection
  private let method: StreamMethod<Answer>
  private let inbox: StreamInbox

  init(connection: Connection, method: StreamMethod<Answer>, inbox: StreamInbox) {
    self.connection = connection
    self.method = method
    self.inbox = inbox
  }

  deinit { connection.forget(inbox) }

  /// Sends a message. It may stay in memory until `receive` or the connection's `flush`.
  public func send(_ message: StreamMessage<Answer>) throws(ClientError) {
    guard let payload = message.payload else { throw .requestTooLarge(method: method.name) }
    try connection.send(payload, on: inbox)
  }

  /// Says that nothing more will be sent; what was sent is still answered.
  public func finish() throws(ClientError) { try connection.send(nil, on: inbox) }

  /// The next message of the service; nil when it ended the stream and all is well.
  ///
  /// - Throws: `deadline` when none came in time: then it may be asked again.
  public func receive(
    timeoutNanoseconds: UInt64 = 30_000_000_000
  ) throws(ClientError) -> Answer? {
    let deadline = monotonicNanoseconds() &+ timeoutNanoseconds
    while true {
      if let message = inbox.next() { return try decode(message) }
      if let refusal = inbox.refusal { throw refused(refusal) }
      if inbox.isEnded { return nil }
      if monotonicNanoseconds() >= deadline { throw .deadline(method: method.name) }
      try connection.wait(for: inbox, deadline: deadline)
    }
  }

  private func decode(_ message: [UInt8]) throws(ClientError) -> Answer {
    let result = message.withUnsafeBufferPointer { bytes -> Result<Answer, MalformedAnswer> in
      do throws(MalformedAnswer) {
        return .success(try method.decode(BorrowedBytes(bytes)))
      } catch { return .failure(error) }
    }
    switch result {
    case .success(let answer): return answer
    case .failure(let error): throw .malformed(method: method.name, reason: error.reason)
    }
  }

  private func refused(_ data: [UInt8]) -> ClientError {
    data.withUnsafeBufferPointer { bytes in
      do throws(MalformedAnswer) {
        let envelope = try ResponseEnvelope(BorrowedBytes(bytes))
        if let status = envelope.status, let refusal = try ServiceRefusal.read(status) {
          return .refused(refusal)
        }
        return .malformed(method: method.name, reason: "a response without a status")
      } catch { return .malformed(method: method.name, reason: error.reason) }
    }
  }
}

/// The update feed through one stream: batches go out while answers come in.
///
///     let feed = try FeedStream(connection)
///     for batch in batches { try feed.send(source: "wms", firstSequence: batch.first, batch.rows) }
///     let answers = try feed.finish()
public final class FeedStream {
  private let stream: ServiceStream<FeedAnswer>
  /// What the service allows to be unanswered.
  private var credit: UInt32 = 64
  private var answers: [FeedAnswer] = []
  /// Batches sent whose answers have not come.
  public private(set) var unansweredCount: UInt32 = 0

  /// Opens the stream.
  public init(_ connection: Connection) throws(ClientError) {
    stream = try connection.open(.applyStream)
  }

  /// Sends a batch; waits for answers while the service's credit is used up.
  public func send(
    source: String, firstSequence: UInt64, _ movements: [Movement]
  ) throws(ClientError) {
    while unansweredCount >= credit { try takeAnswer() }
    try stream.send(.batch(source: source, firstSequence: firstSequence, movements))
    unansweredCount += 1
  }

  /// The answers that came since the last call, in the order of the batches.
  public func takeAnswers() -> [FeedAnswer] {
    let taken = answers
    answers = []
    return taken
  }

  /// Waits for every answer and ends the stream; the answers not taken before.
  public func finish() throws(ClientError) -> [FeedAnswer] {
    try stream.finish()
    while try stream.receive().map(keep) != nil {}
    return takeAnswers()
  }

  private func takeAnswer() throws(ClientError) {
    guard let answer = try stream.receive() else {
      throw .malformed(method: "ApplyStream", reason: "it ended before all was answered")
    }
    keep(answer)
  }

  private func keep(_ answer: FeedAnswer) {
    answers.append(answer)
    unansweredCount -= 1
    if answer.credit > 0 { credit = answer.credit }
  }
}
