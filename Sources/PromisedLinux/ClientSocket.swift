import CLinux
import Glibc
import PromisedInvariants

/// A peer that cannot be reached, or was lost.
package struct SocketFailure: Error, Equatable, Sendable {
  /// In words, for people.
  package let reason: String

  package init(_ reason: String) { self.reason = reason }

  init(_ what: String, errno number: Int32) {
    reason = what + ": " + String(cString: strerror(number))
  }
}

/// Nanoseconds of CLOCK_MONOTONIC: for deadlines, never for what is stored.
package func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Waits; a signal may end it early.
package func sleep(nanoseconds: UInt64) {
  var time = timespec(
    tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  nanosleep(&time, nil)
}

/// The client's end of a stream connection over TCP or a Unix socket.
///
/// The descriptor is non-blocking; `wait` blocks until something can be done or a deadline of
/// `monotonicNanoseconds` passes. Closed when it goes away.
package struct ClientSocket: ~Copyable {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { Glibc.close(descriptor) }

  /// Connects to the first address of a host that answers before the deadline.
  package static func tcp(
    host: String, port: String, deadline: UInt64
  ) throws(SocketFailure) -> ClientSocket {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, port, &hints, &list)
    guard result == 0, let first = list else {
      throw SocketFailure("cannot find \(host): " + String(cString: gai_strerror(result)))
    }
    defer { freeaddrinfo(first) }
    var failure = SocketFailure("\(host) has no address")
    var next: UnsafeMutablePointer<addrinfo>? = first
    while let address = next {
      next = address.pointee.ai_next
      do throws(SocketFailure) {
        let socket = try make(address.pointee.ai_family)
        try socket.finishConnecting(
          connect(socket.descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen),
          deadline: deadline)
        _ = clinux_client_no_delay(socket.descriptor)
        return socket
      } catch {
        failure = error
      }
    }
    throw failure
  }

  /// Connects to a Unix socket.
  package static func unix(path: String, deadline: UInt64) throws(SocketFailure) -> ClientSocket {
    let socket = try make(AF_UNIX)
    try socket.finishConnecting(
      clinux_client_connect_unix(socket.descriptor, path, path.utf8.count), deadline: deadline)
    return socket
  }

  private static func make(_ family: Int32) throws(SocketFailure) -> ClientSocket {
    let descriptor = clinux_client_socket(family)
    if descriptor < 0 { throw SocketFailure("no socket", errno: errno) }
    return ClientSocket(descriptor: descriptor)
  }

  private func finishConnecting(_ result: Int32, deadline: UInt64) throws(SocketFailure) {
    if result == 0 { return }
    if errno != EINPROGRESS { throw SocketFailure("cannot connect", errno: errno) }
    while !(try wait(writing: true, deadline: deadline)) {
      if monotonicNanoseconds() >= deadline { throw SocketFailure("no answer in time") }
    }
    var failure: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
    if failure != 0 { throw SocketFailure("cannot connect", errno: failure) }
  }

  /// Waits until bytes can be received or, when `writing`, sent; false when the deadline passed or
  /// a signal came first.
  package func wait(writing: Bool, deadline: UInt64) throws(SocketFailure) -> Bool {
    var entry = pollfd(
      fd: descriptor, events: Int16(POLLIN) | (writing ? Int16(POLLOUT) : 0), revents: 0)
    let now = monotonicNanoseconds()
    let left = deadline > now ? (deadline - now + 999_999) / 1_000_000 : 0
    let result = poll(&entry, 1, Int32(clamping: left))
    if result < 0, errno != EINTR { throw SocketFailure("cannot wait", errno: errno) }
    return result > 0
  }

  /// Sends as many bytes as the kernel takes now.
  package func send(_ bytes: UnsafeRawBufferPointer) throws(SocketFailure) -> Int {
    while true {
      let count = Glibc.send(
        descriptor, bytes.baseAddress, bytes.count, Int32(truncatingIfNeeded: MSG_NOSIGNAL))
      if count >= 0 { return count }
      if errno == EINTR { continue }
      if errno == EAGAIN { return 0 }
      throw SocketFailure("the connection was lost", errno: errno)
    }
  }

  /// Receives the bytes that are there, at most `count`; nil when there are none now.
  package func receive(
    into memory: UnsafeMutableRawPointer, count: Int
  ) throws(SocketFailure) -> Int? {
    while true {
      let received = recv(descriptor, memory, count, 0)
      if received > 0 { return received }
      if received == 0 { throw SocketFailure("the server closed the connection") }
      if errno == EINTR { continue }
      if errno == EAGAIN { return nil }
      throw SocketFailure("the connection was lost", errno: errno)
    }
  }
}
