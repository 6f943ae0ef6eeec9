import PromisedInvariants
import PromisedLinux
import PromisedModel
import PromisedWire

/// How a connection behaves.
public struct ConnectionOptions: Sendable {
  /// How long a call may take, from `send` or `perform` on.
  public var timeoutNanoseconds: UInt64 = 30_000_000_000
  /// The pause before the first new attempt to reach the service; it doubles up to a second.
  public var firstPauseNanoseconds: UInt64 = 50_000_000
  /// How long `perform` goes on trying to reach a service that is not there; a call's timeout ends
  /// it in any case. A person at a terminal wants to know at once; a service rides out a restart.
  public var patienceNanoseconds: UInt64 = .max

  /// The defaults: 30 s a call.
  public init() {}
}

/// A request that was sent, to be exchanged for its answer.
public struct Ticket<Answer: Sendable> {
  let streamID: UInt32
  let call: Call<Answer>
}

/// A connection to a promised server: blocking, pipelined, one thread at a time.
///
///     let connection = Connection(ServiceAddress.tcp(host: "127.0.0.1", port: 7420))
///     let answer = try connection.perform(.offer(items: ["B0001"], postcodes: ["98109"]))
///
/// Many requests may be on their way at once, and their answers may be taken in any order:
///
///     let first = try connection.send(.inStock(items: ["B0001"]))
///     let second = try connection.send(.availability(items: ["B0001"]))
///     let availability = try connection.receive(second)
///     let inStock = try connection.receive(first)
///
/// It connects with the first request. When the connection is lost, `perform` connects again, with
/// growing pauses until the call's deadline, for calls that are safe to repeat; requests sent by
/// hand fail with `unreachable`, because only the caller knows what should follow.
public final class Connection {
  /// Where the service listens.
  public let address: ServiceAddress
  /// How the connection behaves; may be changed between calls.
  public var options: ConnectionOptions

  private var socket: ClientSocket?
  private var output = FrameBuffer(capacity: 1 << 16)
  private var input = FrameBuffer(capacity: 1 << 16)
  private var pending = PendingTable()
  /// What came on open streams and was not taken, by stream.
  private var inboxes: [UInt32: StreamInbox] = [:]
  private var nextStreamID: UInt32 = 1
  private var lossReason = ""

  /// From here a new connection is made, long before the id would wrap.
  private static var lastStreamID: UInt32 { 0xF000_0000 }
  /// Output is handed to the kernel in pieces of this size, and at the latest when an answer is
  /// waited for.
  private static var flushBytes: Int { 1 << 16 }
  /// A sender is held up when this much waits for the kernel.
  private static var outputLimit: Int { Limits.pendingOutputBytes }

  /// Makes a connection that will be opened by the first request.
  public init(_ address: ServiceAddress, options: ConnectionOptions = ConnectionOptions()) {
    self.address = address
    self.options = options
  }

  /// Requests sent whose answers have not come yet.
  public var inFlightCount: Int { pending.waitingCount }

  /// Sends a request and waits for its answer; connects again and repeats it where that is safe.
  public func perform<Answer>(_ call: Call<Answer>) throws(ClientError) -> Answer {
    let deadline = monotonicNanoseconds() &+ options.timeoutNanoseconds
    let begin = monotonicNanoseconds()
    var pause = options.firstPauseNanoseconds
    while true {
      do throws(ClientError) {
        return try receive(try send(call, deadline: deadline))
      } catch {
        guard case .unreachable = error, call.isRepeatable,
          monotonicNanoseconds() &+ pause < deadline,
          monotonicNanoseconds() &- begin < options.patienceNanoseconds
        else { throw error }
        sleep(nanoseconds: pause)
        pause = min(pause * 2, 1_000_000_000)
      }
    }
  }

  /// Sends a request without waiting. It may stay in memory until `flush` or `receive`.
  public func send<Answer>(_ call: Call<Answer>) throws(ClientError) -> Ticket<Answer> {
    try send(call, deadline: monotonicNanoseconds() &+ options.timeoutNanoseconds)
  }

  private func send<Answer>(
    _ call: Call<Answer>, deadline: UInt64
  ) throws(ClientError) -> Ticket<Answer> {
    guard let payload = call.payload else { throw .requestTooLarge(method: call.name) }
    try rotate(deadline)
    try connect(deadline)
    let streamID = try freeStreamID(deadline)
    let now = monotonicNanoseconds()
    if now >= deadline { throw .deadline(method: call.name) }
    let fits = payload.withUnsafeBufferPointer {
      output.appendRequest(
        streamID: streamID, method: call.method, payload: $0,
        timeoutNano: Int64(clamping: deadline - now))
    }
    if !fits { throw .requestTooLarge(method: call.name) }
    pending.open(streamID, deadline: deadline)
    nextStreamID = streamID + 2
    if output.count >= Self.flushBytes { try push() }
    while output.count > Self.outputLimit {
      try pump(deadline)
      if monotonicNanoseconds() >= deadline { throw .deadline(method: call.name) }
    }
    return Ticket(streamID: streamID, call: call)
  }

  /// Hands everything to the kernel that it takes without waiting.
  public func flush() throws(ClientError) {
    if !output.isEmpty { try push() }
  }

  /// Whether the answer of a ticket is there, or can no longer come: `receive` will not wait.
  public func isDone<Answer>(_ ticket: Ticket<Answer>) -> Bool {
    pending.slot(ticket.streamID).map { $0.state != .waiting } ?? true
  }

  /// Waits until at least one more answer has come, or nothing is in flight, or the time passed.
  public func waitForAnswers(timeoutNanoseconds: UInt64) throws(ClientError) {
    let before = pending.waitingCount
    let deadline = monotonicNanoseconds() &+ timeoutNanoseconds
    while pending.waitingCount == before, before > 0, monotonicNanoseconds() < deadline {
      try pump(deadline)
    }
  }

  /// The answer of a request, once.
  public func receive<Answer>(_ ticket: Ticket<Answer>) throws(ClientError) -> Answer {
    try flush()
    while true {
      guard let slot = pending.slot(ticket.streamID) else {
        throw .unreachable(address: address.description, reason: lossReason)
      }
      switch slot.state {
      case .answered:
        defer { pending.close(ticket.streamID) }
        return try answer(
          ticket,
          UnsafeRawBufferPointer(
            slot.response ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)))
      case .waiting:
        if monotonicNanoseconds() >= slot.deadline {
          pending.abandon(ticket.streamID)
          throw .deadline(method: ticket.call.name)
        }
        do throws(ClientError) { try pump(slot.deadline) } catch {
          // The slot now says that the request was lost.
        }
      case .lost, .abandoned, .free:
        pending.close(ticket.streamID)
        throw .unreachable(address: address.description, reason: lossReason)
      }
    }
  }

  private func answer<Answer>(
    _ ticket: Ticket<Answer>, _ data: UnsafeRawBufferPointer
  ) throws(ClientError) -> Answer {
    let refusal: ServiceRefusal
    do throws(MalformedAnswer) {
      let envelope = try ResponseEnvelope(BorrowedBytes(data.assumingMemoryBound(to: UInt8.self)))
      guard let status = envelope.status, let found = try ServiceRefusal.read(status) else {
        return try ticket.call.decode(envelope.payload)
      }
      refusal = found
    } catch {
      throw .malformed(method: ticket.call.name, reason: error.reason)
    }
    throw .refused(refusal)
  }

  /// Closes the connection; the next request opens a new one.
  public func close() { lose("the connection was closed") }

  // MARK: - Streams

  /// Opens a stream: its messages go out and come in one after another, beside other calls.
  public func open<Answer>(
    _ method: StreamMethod<Answer>
  ) throws(ClientError) -> ServiceStream<Answer> {
    let deadline = monotonicNanoseconds() &+ options.timeoutNanoseconds
    try rotate(deadline)
    try connect(deadline)
    let streamID = try freeStreamID(deadline)
    _ = output.appendRequest(
      streamID: streamID, method: method.method,
      payload: UnsafeBufferPointer(start: nil, count: 0), timeoutNano: 0)
    nextStreamID = streamID + 2
    let inbox = StreamInbox(streamID: streamID)
    inboxes[streamID] = inbox
    return ServiceStream(connection: self, method: method, inbox: inbox)
  }

  /// Puts a message of a stream on its way; nil ends the client's half.
  func send(_ message: [UInt8]?, on inbox: StreamInbox) throws(ClientError) {
    guard inboxes[inbox.streamID] === inbox else {
      let reason = inbox.isEnded ? "the stream has ended" : lossReason
      throw .unreachable(address: address.description, reason: reason)
    }
    output.appendMessage(streamID: inbox.streamID, message)
    let deadline = monotonicNanoseconds() &+ options.timeoutNanoseconds
    if output.count >= Self.flushBytes { try push() }
    while output.count > Self.outputLimit {
      try pump(deadline)
      if monotonicNanoseconds() >= deadline { throw .deadline(method: "a stream") }
    }
  }

  /// Waits until a stream has something to take, or the time passed.
  func wait(for inbox: StreamInbox, deadline: UInt64) throws(ClientError) {
    try flush()
    if inbox.hasNews { return }
    guard inboxes[inbox.streamID] === inbox else {
      throw .unreachable(address: address.description, reason: lossReason)
    }
    try pump(deadline)
  }

  /// Nothing of the stream is wanted any more.
  func forget(_ inbox: StreamInbox) {
    if inboxes[inbox.streamID] === inbox { inboxes[inbox.streamID] = nil }
  }

  // MARK: - The socket

  private func connect(_ deadline: UInt64) throws(ClientError) {
    if socket != nil { return }
    do throws(SocketFailure) {
      switch address {
      case .tcp(let host, let port):
        socket = try ClientSocket.tcp(host: host, port: String(port), deadline: deadline)
      case .unix(let path): socket = try ClientSocket.unix(path: path, deadline: deadline)
      }
    } catch {
      throw .unreachable(address: address.description, reason: error.reason)
    }
    nextStreamID = 1
    // Answers not yet taken keep their slots, whose ids must not come again on this connection.
    while !pending.isFree(nextStreamID), nextStreamID < UInt32(2 * PendingTable.capacity) {
      nextStreamID += 2
    }
  }

  /// Makes a new connection before the stream ids run out, when everything in flight is answered.
  private func rotate(_ deadline: UInt64) throws(ClientError) {
    guard nextStreamID >= Self.lastStreamID else { return }
    while pending.waitingCount > 0, monotonicNanoseconds() < deadline { try pump(deadline) }
    lose("the stream ids of the connection were used up")
  }

  private func freeStreamID(_ deadline: UInt64) throws(ClientError) -> UInt32 {
    while true {
      var streamID = nextStreamID
      for _ in 0..<PendingTable.capacity {
        if pending.isFree(streamID) { return streamID }
        streamID += 2
      }
      if pending.waitingCount == 0 || monotonicNanoseconds() >= deadline {
        throw .tooManyInFlight
      }
      // Waiting helps only where abandoned requests are answered late.
      let before = pending.usedCount
      try pump(deadline)
      if pending.usedCount == before, pending.waitingCount == 0 { throw .tooManyInFlight }
    }
  }

  /// Waits for the socket once, and moves bytes both ways.
  private func pump(_ deadline: UInt64) throws(ClientError) {
    try moving { (socket) throws(SocketFailure) in
      _ = try socket.wait(writing: !output.isEmpty, deadline: deadline)
    }
    try push()
    try pull()
  }

  private func push() throws(ClientError) {
    try moving { (socket) throws(SocketFailure) in
      while !output.isEmpty {
        let sent = try socket.send(output.bytes)
        if sent == 0 { return }
        output.removePrefix(sent)
      }
    }
  }

  private func pull() throws(ClientError) {
    try moving { (socket) throws(SocketFailure) in
      while true {
        let room = max(1 << 16, missingBytes)
        let memory = input.reserve(room)
        guard let count = try socket.receive(into: memory, count: room) else { return }
        input.commit(count)
        try takeFrames()
        if count < room { return }
      }
    }
  }

  /// How many bytes the frame at the front still lacks.
  private var missingBytes: Int {
    let bytes = input.bytes
    guard let base = bytes.baseAddress, bytes.count >= FrameHeader.byteCount else { return 0 }
    return FrameHeader.byteCount + Int(FrameHeader(reading: base).length) - bytes.count
  }

  private func takeFrames() throws(SocketFailure) {
    while input.count >= FrameHeader.byteCount, let base = input.bytes.baseAddress {
      let header = FrameHeader(reading: base)
      guard header.length <= Limits.frameBytes else {
        throw SocketFailure("the server sent a frame of \(header.length) bytes")
      }
      let size = FrameHeader.byteCount + Int(header.length)
      if input.count < size { return }
      let data = UnsafeRawBufferPointer(
        start: base + FrameHeader.byteCount, count: Int(header.length))
      if let inbox = inboxes[header.streamID] {
        inbox.take(header, data)
        if inbox.isEnded { inboxes[header.streamID] = nil }
      } else if header.type == FrameType.response {
        pending.answer(header.streamID, data)
      }
      input.removePrefix(size)
    }
  }

  /// Runs I/O; a failure ends the connection.
  private func moving(
    _ body: (borrowing ClientSocket) throws(SocketFailure) -> Void
  ) throws(ClientError) {
    guard let socket = socket.take() else {
      throw .unreachable(address: address.description, reason: lossReason)
    }
    do throws(SocketFailure) {
      try body(socket)
    } catch {
      lose(error.reason)
      throw .unreachable(address: address.description, reason: error.reason)
    }
    self.socket = consume socket
  }

  private func lose(_ reason: String) {
    socket = nil
    lossReason = reason
    output.removeAll()
    input.removeAll()
    inboxes.removeAll()
    pending.loseAll()
  }
}
