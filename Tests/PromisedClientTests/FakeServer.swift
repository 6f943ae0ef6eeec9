import Glibc
import PromisedClient
import PromisedModel

@testable import PromisedWire

/// What a fake server does with one request.
struct Exchange: ~Copyable {
  var encoder = ReplyEncoder()
  var output = FrameBuffer()
  var streamID: UInt32 = 0
  /// Close the connection instead of sending what is in `output`.
  var hangsUp = false

  /// The position and time of every answer.
  static let asOf = AsOf(position: 77, unixSeconds: 1_797_789_600)

  mutating func refuse(_ refusal: Refusal) {
    _ = encoder.encode(refusal, streamID: streamID, into: &output)
  }

  mutating func answer(_ reply: LoadReply) {
    _ = encoder.encode(reply, streamID: streamID, asOf: Self.asOf, into: &output)
  }

  mutating func answer(_ reply: PutReply) {
    _ = encoder.encode(reply, streamID: streamID, asOf: Self.asOf, into: &output)
  }

  /// A message of a stream.
  mutating func answer(_ reply: borrowing FeedReply, credit: Int) {
    _ = encoder.encode(
      reply, credit: credit, streamID: streamID, asOf: Self.asOf, into: &output)
  }

  mutating func tell(_ reply: borrowing WatchReply) {
    _ = encoder.encode(
      reply, isPoll: false, streamID: streamID, asOf: Self.asOf, into: &output)
  }

  mutating func endStream() { _ = encoder.encodeEnd(streamID: streamID, into: &output) }

  mutating func pong(_ payload: BorrowedBytes) {
    _ = encoder.encode(ping: payload, streamID: streamID, asOf: Self.asOf, into: &output)
  }
}

/// A server on a Unix socket that decodes requests by the real rules and answers by a closure, on
/// its own thread, one connection after another.
final class FakeServer: @unchecked Sendable {
  typealias Answer = (Request, inout Exchange) -> Void

  let path: String
  private let directory: String
  private let listener: Int32
  private let answer: Answer
  private var thread = pthread_t()

  var address: ServiceAddress { .unix(path: path) }

  init(_ answer: @escaping Answer) {
    self.answer = answer
    var template = Array("/tmp/promised-fake-XXXXXX".utf8CString)
    _ = mkdtemp(&template)
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    path = directory + "/s"
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, listen(listener, 16) == 0 else { fatalError("the fake server cannot listen") }
    let box = Unmanaged.passRetained(self)
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<FakeServer>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, box.toOpaque())
  }

  /// Ends the thread; call it when every connection is closed.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    pthread_join(thread, nil)
    close(listener)
    unlink(path)
    rmdir(directory)
  }

  private func run() {
    while true {
      let connection = accept(listener, nil, nil)
      if connection < 0 { return }
      serve(connection)
      close(connection)
    }
  }

  private func serve(_ connection: Int32) {
    var input = FrameBuffer()
    var decoder = RequestDecoder()
    let envelopes = EnvelopeReader()
    var exchange = Exchange()
    var streams: [UInt32: PromisedWire.Method] = [:]
    while true {
      let memory = input.reserve(1 << 16)
      let count = recv(connection, memory, 1 << 16, 0)
      if count <= 0 { return }
      input.commit(count)
      while input.count >= FrameHeader.byteCount, let base = input.bytes.baseAddress {
        let header = FrameHeader(reading: base)
        let size = FrameHeader.byteCount + Int(header.length)
        if input.count < size { break }
        let data = UnsafeRawBufferPointer(
          start: base + FrameHeader.byteCount, count: Int(header.length))
        exchange.streamID = header.streamID
        do throws(Refusal) {
          let bytes = BorrowedBytes(data.assumingMemoryBound(to: UInt8.self))
          if header.type == FrameType.data {
            if header.flags & FrameFlags.noData != 0 {
              exchange.endStream()
            } else if let method = streams[header.streamID] {
              answer(try decoder.decode(method, bytes), &exchange)
            }
          } else {
            let (method, payload) = try request(envelopes, bytes, flags: header.flags)
            if method.row.isStream {
              streams[header.streamID] = method
            } else {
              answer(try decoder.decode(method, payload), &exchange)
            }
          }
        } catch {
          exchange.refuse(error)
        }
        input.removePrefix(size)
        if exchange.hangsUp { return }
      }
      var sent = 0
      while sent < exchange.output.count {
        let bytes = exchange.output.bytes
        let count = send(
          connection, bytes.baseAddress.map { $0 + sent }, bytes.count - sent,
          Int32(truncatingIfNeeded: MSG_NOSIGNAL))
        if count <= 0 { return }
        sent += count
      }
      exchange.output.removeAll()
    }
  }
}

/// The method asked for and its payload. A client may know a method before the service has it
/// built; here it is answered all the same.
private func request(
  _ envelopes: borrowing EnvelopeReader, _ bytes: BorrowedBytes, flags: UInt8
) throws(Refusal) -> (PromisedWire.Method, BorrowedBytes) {
  let refusal: Refusal
  do throws(Refusal) {
    let envelope = try envelopes.read(bytes, flags: flags)
    return (envelope.method, envelope.payload)
  } catch { refusal = error }
  guard refusal.code == .methodNotBuilt,
    let method = PromisedWire.Method.allCases.first(where: {
      refusal.message.hasPrefix($0.fullName + " ")
    })
  else { throw refusal }
  // ttrpc.Request: the third field is the payload.
  var cursor = WireCursor(bytes)
  while let tag = cursor.tag() {
    if tag.number == 3, let payload = cursor.lengthDelimited() { return (method, payload) }
    guard cursor.skipValue(tag.wireType) else { break }
  }
  return (method, .empty)
}

/// Runs a body against a fake server and stops it afterwards.
func withServer(
  timeout seconds: UInt64 = 20, patience: UInt64 = .max, _ answer: @escaping FakeServer.Answer,
  _ body: (Connection) throws -> Void
) throws {
  let server = FakeServer(answer)
  var options = ConnectionOptions()
  options.timeoutNanoseconds = seconds * 1_000_000_000
  options.patienceNanoseconds = patience
  options.firstPauseNanoseconds = 1_000_000
  let connection = Connection(server.address, options: options)
  defer {
    connection.close()
    server.stop()
  }
  try body(connection)
}

/// A value that the server's thread changes and the test reads once the answers are there.
final class Shared<Value>: @unchecked Sendable {
  private var mutex = pthread_mutex_t()
  private var stored: Value

  init(_ value: Value) {
    stored = value
    pthread_mutex_init(&mutex, nil)
  }

  var value: Value { with { $0 } }

  func with<Result>(_ body: (inout Value) -> Result) -> Result {
    pthread_mutex_lock(&mutex)
    defer { pthread_mutex_unlock(&mutex) }
    return body(&stored)
  }
}
