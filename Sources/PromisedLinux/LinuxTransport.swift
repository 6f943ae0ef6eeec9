import CLinux
import Glibc
import PromisedInvariants
import PromisedPlatform

/// Why a listener could not be opened.
package struct ListenError: Error, Sendable {
  package let address: String
  package let errno: Int32
}

/// TCP and Unix sockets behind one epoll.
///
/// A connection's slot is its descriptor; its generation counts how often the descriptor was used,
/// so that an event queued for a closed connection is recognised and dropped.
package final class LinuxTransport: Transport {
  private let epoll: Int32
  private let wakeDescriptor: Int32
  private let stopDescriptor: Int32
  private var listeners: [Int32] = []
  private var generations: [UInt32] = []
  private var isOpen: [Bool] = []
  private let found: UnsafeMutablePointer<clinux_event>
  private static let foundCapacity = 256
  /// Set when the process ran out of descriptors: the listeners rest for one short wait, so that
  /// the loop does not spin on a connection it cannot take.
  private var isAcceptingPaused = false
  package private(set) var connectionCount = 0
  package let waker: any Waker

  private enum Tag {
    static let listener: UInt64 = 1 << 62
    static let waker: UInt64 = 2 << 62
    static let stop: UInt64 = 3 << 62
    static let mask: UInt64 = 3 << 62
  }

  /// `stopDescriptor` is `clinux_stop_signals`'s, or −1 when no signal asks to stop.
  package init(stopDescriptor: Int32 = -1) {
    epoll = clinux_epoll_create()
    wakeDescriptor = clinux_eventfd(0, 1)
    invariant(epoll >= 0 && wakeDescriptor >= 0, "epoll and eventfd can be made")
    self.stopDescriptor = stopDescriptor
    waker = EventWaker(descriptor: wakeDescriptor)
    found = .allocate(capacity: Self.foundCapacity)
    watch(wakeDescriptor, clinux_epoll_in, Tag.waker)
    if stopDescriptor >= 0 { watch(stopDescriptor, clinux_epoll_in, Tag.stop) }
  }

  deinit {
    for listener in listeners { Glibc.close(listener) }
    Glibc.close(epoll)
    Glibc.close(wakeDescriptor)
    found.deallocate()
  }

  private func watch(_ descriptor: Int32, _ events: UInt32, _ data: UInt64) {
    let result = clinux_epoll_control(epoll, clinux_epoll_add, descriptor, events, data)
    invariant(result == 0, "a descriptor can be watched: errno \(errno)")
  }

  // MARK: Listening

  /// Listens on `host`:`port` (IPv4 or IPv6 literal; port 0 picks one); returns the bound port.
  package func listenTCP(host: String, port: UInt16) throws(ListenError) -> UInt16 {
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var result: UnsafeMutablePointer<addrinfo>?
    let label = "\(host):\(port)"
    guard getaddrinfo(host, "\(port)", &hints, &result) == 0, let info = result else {
      throw ListenError(address: label, errno: EADDRNOTAVAIL)
    }
    defer { freeaddrinfo(result) }
    let listener = clinux_stream_socket(info.pointee.ai_family)
    guard listener >= 0 else { throw ListenError(address: label, errno: errno) }
    _ = clinux_reuse_address(listener)
    guard bind(listener, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
      listen(listener, 1024) == 0
    else {
      let reason = errno
      Glibc.close(listener)
      throw ListenError(address: label, errno: reason)
    }
    add(listener)
    var bound = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    withUnsafeMutableBytes(of: &bound) { bytes in
      _ = getsockname(
        listener, bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: sockaddr.self),
        &length)
    }
    // The port stands at the same place in sockaddr_in and sockaddr_in6, most significant byte
    // first.
    return withUnsafeBytes(of: &bound) { bytes in
      UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }
  }

  package func listenUnix(path: String) throws(ListenError) {
    let listener = clinux_listen_unix(path)
    guard listener >= 0 else { throw ListenError(address: path, errno: errno) }
    add(listener)
  }

  private func add(_ listener: Int32) {
    listeners.append(listener)
    watch(listener, clinux_epoll_in, Tag.listener | UInt64(UInt32(bitPattern: listener)))
  }

  package func stopAccepting() {
    for listener in listeners { Glibc.close(listener) }
    listeners = []
  }

  // MARK: Readiness

  package func wait(timeoutMilliseconds: Int32, into events: inout [TransportEvent]) {
    let resuming = isAcceptingPaused
    let timeout =
      resuming
      ? (timeoutMilliseconds < 0 ? 100 : min(timeoutMilliseconds, 100)) : timeoutMilliseconds
    let count = clinux_epoll_wait(epoll, found, Int32(Self.foundCapacity), timeout)
    if resuming { setAccepting(true) }
    if count < 0 {
      invariant(errno == EINTR, "epoll_wait fails only when interrupted: errno \(errno)")
      return
    }
    for index in 0..<Int(count) {
      let event = found[index]
      switch event.data & Tag.mask {
      case Tag.listener: accept(Int32(truncatingIfNeeded: event.data), into: &events)
      case Tag.waker:
        drain(wakeDescriptor)
        events.append(.woken)
      case Tag.stop:
        drain(stopDescriptor)
        events.append(.stopRequested)
      default: append(event, to: &events)
      }
    }
  }

  private func append(_ event: clinux_event, to events: inout [TransportEvent]) {
    let connection = ConnectionReference(
      slot: UInt32(truncatingIfNeeded: event.data),
      generation: UInt32(truncatingIfNeeded: event.data >> 32))
    guard isCurrent(connection) else { return }
    if event.events & clinux_epoll_in != 0 {
      events.append(.readable(connection))
    } else if event.events & clinux_epoll_broken != 0 {
      events.append(.broken(connection))
    }
    if event.events & clinux_epoll_out != 0 { events.append(.writable(connection)) }
  }

  /// Empties a waker or a signal descriptor; a signalfd hands out records of 128 bytes.
  private func drain(_ descriptor: Int32) {
    withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { scratch in
      _ = Glibc.read(descriptor, scratch.baseAddress, scratch.count)
    }
  }

  private func accept(_ listener: Int32, into events: inout [TransportEvent]) {
    for _ in 0..<64 {
      let descriptor = clinux_accept(listener)
      if descriptor < 0 {
        let exhausted = [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno)
        if exhausted { setAccepting(false) }
        return
      }
      clinux_tune_stream(descriptor)
      let slot = Int(descriptor)
      while generations.count <= slot {
        generations.append(0)
        isOpen.append(false)
      }
      // 30 bits: the two highest bits of an event's data tell listeners and wakers apart.
      generations[slot] = (generations[slot] &+ 1) & 0x3fff_ffff
      isOpen[slot] = true
      connectionCount += 1
      let connection = ConnectionReference(
        slot: UInt32(descriptor), generation: generations[slot])
      watch(descriptor, clinux_epoll_in, data(connection))
      events.append(.accepted(connection))
    }
  }

  private func setAccepting(_ accepting: Bool) {
    isAcceptingPaused = !accepting
    for listener in listeners {
      _ = clinux_epoll_control(
        epoll, clinux_epoll_modify, listener, accepting ? clinux_epoll_in : 0,
        Tag.listener | UInt64(UInt32(bitPattern: listener)))
    }
  }

  private func data(_ connection: ConnectionReference) -> UInt64 {
    UInt64(connection.generation) << 32 | UInt64(connection.slot)
  }

  private func isCurrent(_ connection: ConnectionReference) -> Bool {
    let slot = Int(connection.slot)
    return slot < generations.count && isOpen[slot] && generations[slot] == connection.generation
  }

  package func setInterest(_ connection: ConnectionReference, readable: Bool, writable: Bool) {
    guard isCurrent(connection) else { return }
    let events = (readable ? clinux_epoll_in : 0) | (writable ? clinux_epoll_out : 0)
    _ = clinux_epoll_control(
      epoll, clinux_epoll_modify, Int32(connection.slot), events, data(connection))
  }

  // MARK: Bytes

  package func receive(
    _ connection: ConnectionReference, into buffer: UnsafeMutableRawBufferPointer
  ) -> TransferResult {
    guard isCurrent(connection) else { return .closed }
    while true {
      let count = recv(Int32(connection.slot), buffer.baseAddress, buffer.count, 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .closed }
      if errno == EINTR { continue }
      return errno == EAGAIN ? .wouldBlock : .closed
    }
  }

  package func send(
    _ connection: ConnectionReference, _ bytes: UnsafeRawBufferPointer
  ) -> TransferResult {
    guard isCurrent(connection) else { return .closed }
    while true {
      let count = Glibc.send(
        Int32(connection.slot), bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count >= 0 { return .bytes(count) }
      if errno == EINTR { continue }
      return errno == EAGAIN ? .wouldBlock : .closed
    }
  }

  package func close(_ connection: ConnectionReference) {
    guard isCurrent(connection) else { return }
    isOpen[Int(connection.slot)] = false
    connectionCount -= 1
    Glibc.close(Int32(connection.slot))
  }
}

/// An eventfd that a waiting epoll watches.
private struct EventWaker: Waker {
  let descriptor: Int32

  func wake() {
    var one: UInt64 = 1
    _ = Glibc.write(descriptor, &one, 8)
  }
}
