import CLinux
import Glibc
import PromisedBytes

/// One connection whose requests are due at fixed instants, encoded before the clock starts.
///
/// While a turn runs it only sends, receives and subtracts: a generator that encodes a batch of a
/// thousand rows meanwhile would charge the server for its own work.
final class TimedLink {
  let socket: Int32
  private var frames = ByteBuffer(capacity: 1 << 16)
  /// Of each request of the turn: where its frame ends, and when it is due after the turn's begin.
  private var ends: [Int] = []
  private var dues: [UInt64] = []
  private var nextStreamID: UInt32 = 1
  private var firstStreamID: UInt32 = 1
  /// Requests that are due and handed over, bytes of them that left, replies that came.
  private var handedOver = 0
  private var sentBytes = 0
  private var answered = 0
  private let input = UnsafeMutablePointer<UInt8>.allocate(capacity: TimedLink.inputBytes)
  private var inputCount = 0

  /// More than the replies to all that may wait.
  private static var inputBytes: Int { 1 << 20 }
  /// A server that is that far behind is measured as such; more would only fill sockets.
  private static var mostWaiting: Int { 4000 }

  init(port: UInt16) { socket = connectedSocket(port: port) }

  deinit {
    close(socket)
    input.deallocate()
  }

  /// Forgets the turn before; all of it was answered.
  func beginTurn() {
    frames.clear()
    ends.removeAll(keepingCapacity: true)
    dues.removeAll(keepingCapacity: true)
    (handedOver, sentBytes, answered) = (0, 0, 0)
    firstStreamID = nextStreamID
  }

  /// Puts a request behind those of the turn; `due` in nanoseconds after its begin, never before
  /// the one added last.
  func add(_ workload: inout PromisedWorkload, connection: Int, index: UInt64, due: UInt64) {
    workload.append(streamID: nextStreamID, connection: connection, index: index, to: &frames)
    ends.append(frames.count)
    dues.append(due)
    nextStreamID &+= 2
  }

  var isAnswered: Bool { answered == dues.count }
  var hasUnsent: Bool { handedOver > 0 && sentBytes < ends[handedOver - 1] }

  /// When the next request is due; nil when none is left, or too many wait.
  var nextDue: UInt64? {
    if handedOver == dues.count || handedOver - answered >= Self.mostWaiting { return nil }
    return dues[handedOver]
  }

  /// Sends what is due at `time` after the turn's begin, as far as the socket takes it.
  func send(dueBy time: UInt64, _ lateness: inout Histogram) {
    while let due = nextDue, due <= time {
      lateness.record(time - due)
      handedOver += 1
    }
    while hasUnsent {
      let rest = UnsafeRawBufferPointer(rebasing: frames.bytes[sentBytes..<ends[handedOver - 1]])
      let count = Glibc.send(socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      if count < 0 {
        if errno != EAGAIN { fail("send: errno \(errno)") }
        return
      }
      sentBytes += count
    }
  }

  /// Takes the replies that are there; a latency counts from when the request was due.
  func receive(since begin: UInt64, _ latencies: inout Histogram) {
    let count = recv(socket, input + inputCount, Self.inputBytes - inputCount, 0)
    if count == 0 { fail("the server closed a connection") }
    if count < 0 { return }
    inputCount += count
    let time = now() - begin
    let bytes = UnsafeRawPointer(input)
    var taken = 0
    while inputCount - taken >= 10 {
      let length = Int(
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: taken, as: UInt32.self)))
      if inputCount - taken < 10 + length { break }
      let id = UInt32(
        bigEndian: bytes.loadUnaligned(fromByteOffset: taken + 4, as: UInt32.self))
      let request = Int(id &- firstStreamID) / 2
      if request >= handedOver { fail("a reply nobody asked for") }
      // A status (field 1) comes first where there is one.
      if length > 0, input[taken + 10] == 0x0a { fail("a request was refused") }
      latencies.record(time - dues[request])
      answered += 1
      taken += 10 + length
    }
    memmove(input, input + taken, inputCount - taken)
    inputCount -= taken
  }
}

/// A connection to an IPv4 address and port.
func connectedSocket(host: String = "127.0.0.1", port: UInt16) -> Int32 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  inet_pton(AF_INET, host, &address.sin_addr)
  let socket = clinux_stream_socket(AF_INET)
  let result = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  if result != 0, errno != EINPROGRESS { fail("connect to \(host):\(port): errno \(errno)") }
  var ready = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
  _ = poll(&ready, 1, 5000)
  clinux_tune_stream(socket)
  return socket
}
