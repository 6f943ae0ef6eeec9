import Glibc
import PromisedBytes
import PromisedModel
import PromisedWire

/// One connection of the hammer: frames out, replies in, matched by their stream.
struct HammerLink {
  let socket: Int32
  private let output = Output()
  private let input = UnsafeMutablePointer<UInt8>.allocate(capacity: HammerLink.inputBytes)
  private var inputCount = 0
  /// Bytes of replies that were lent.
  private var lent = 0
  private var nextStreamID: UInt32 = 1
  /// What waits for its reply, by stream.
  var waiting: [UInt32: Int] = [:]

  /// More than the replies to all that may wait.
  private static var inputBytes: Int { 1 << 20 }

  /// A class, so that a link can stand in an array.
  private final class Output {
    var frames = FrameBuffer(capacity: 1 << 14)
  }

  init(port: UInt16) { socket = connectedSocket(port: port) }

  /// Puts a request behind those that wait to be sent; `tag` comes back with its reply.
  mutating func add<Answer>(_ call: Call<Answer>, tag: Int) {
    guard let payload = call.payload else { fail("a request does not fit a frame") }
    let id = nextStreamID
    nextStreamID &+= 2
    payload.withUnsafeBufferPointer { bytes in
      _ = output.frames.appendRequest(
        streamID: id, method: call.method, payload: bytes, timeoutNano: 0)
    }
    waiting[id] = tag
  }

  /// Sends what is there; waits for room where there is none.
  mutating func send() {
    while output.frames.count > 0 {
      let bytes = output.frames.bytes
      let count = Glibc.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count < 0 {
        if errno != EAGAIN { fail("send: errno \(errno)") }
        var ready = pollfd(fd: socket, events: Int16(POLLOUT | POLLIN), revents: 0)
        _ = poll(&ready, 1, 1000)
        if ready.revents & Int16(POLLOUT) == 0 { return }
        continue
      }
      output.frames.removePrefix(count)
    }
  }

  /// Takes the replies that are there: each with its tag and the data of its frame, which is valid
  /// until the next call.
  mutating func receive() -> [(tag: Int, data: BorrowedBytes)] {
    if lent > 0 {
      memmove(input, input + lent, inputCount - lent)
      inputCount -= lent
      lent = 0
    }
    let count = recv(socket, input + inputCount, Self.inputBytes - inputCount, 0)
    if count == 0 { fail("the server closed a connection") }
    if count < 0 { return [] }
    inputCount += count
    var replies: [(tag: Int, data: BorrowedBytes)] = []
    let bytes = UnsafeRawPointer(input)
    while inputCount - lent >= 10 {
      let length = Int(
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: lent, as: UInt32.self)))
      if inputCount - lent < 10 + length { break }
      let id = UInt32(
        bigEndian: bytes.loadUnaligned(fromByteOffset: lent + 4, as: UInt32.self))
      guard let tag = waiting.removeValue(forKey: id) else { fail("a reply nobody asked for") }
      replies.append((tag, BorrowedBytes(base: input + lent + 10, count: length)))
      lent += 10 + length
    }
    return replies
  }

  /// The same, waiting until there are some.
  mutating func receiveWaiting() -> [(tag: Int, data: BorrowedBytes)] {
    var ready = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    if poll(&ready, 1, 20_000) <= 0 { fail("no answer within 20 s") }
    return receive()
  }

  /// Asks one thing and waits for its answer.
  mutating func ask<Answer>(_ call: Call<Answer>) -> Result<Answer, ServiceRefusal> {
    add(call, tag: -1)
    send()
    while true {
      if let reply = receiveWaiting().first { return HammerLink.read(reply.data, call) }
    }
  }

  static func read<Answer>(
    _ data: BorrowedBytes, _ call: Call<Answer>
  ) -> Result<Answer, ServiceRefusal> {
    do throws(MalformedAnswer) {
      let envelope = try ResponseEnvelope(data)
      if let status = envelope.status, let refusal = try ServiceRefusal.read(status) {
        return .failure(refusal)
      }
      return .success(try call.decode(envelope.payload))
    } catch {
      fail("a malformed answer: \(error.reason)")
    }
  }
}
