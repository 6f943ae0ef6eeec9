import Glibc
import PromisedPlatform
import Testing

@testable import PromisedLinux

@Suite("Sockets behind epoll")
struct TransportTests {
  private let transport = LinuxTransport()

  /// Waits until something happens, 10 s at most.
  private func events() -> [TransportEvent] {
    var events: [TransportEvent] = []
    for _ in 0..<100 where events.isEmpty {
      transport.wait(timeoutMilliseconds: 100, into: &events)
    }
    return events
  }

  /// What is ready now, without waiting.
  private func readyNow() -> [TransportEvent] {
    var events: [TransportEvent] = []
    transport.wait(timeoutMilliseconds: 0, into: &events)
    return events
  }

  private func accepted(_ events: [TransportEvent]) throws -> ConnectionReference {
    for event in events { if case .accepted(let connection) = event { return connection } }
    throw Missing()
  }

  private func isReadable(_ events: [TransportEvent], _ wanted: ConnectionReference) -> Bool {
    events.contains { if case .readable(let found) = $0 { found == wanted } else { false } }
  }

  private func isWritable(_ events: [TransportEvent], _ wanted: ConnectionReference) -> Bool {
    events.contains { if case .writable(let found) = $0 { found == wanted } else { false } }
  }

  private func receive(_ connection: ConnectionReference) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 64)
    let result = buffer.withUnsafeMutableBytes { transport.receive(connection, into: $0) }
    if case .bytes(let count) = result { return Array(buffer[..<count]) }
    return nil
  }

  private func listen() throws -> UInt16 { try transport.listenTCP(host: "127.0.0.1", port: 0) }

  @Test("bytes arrive and go back")
  func echo() throws {
    let peer = try #require(Peer(port: try listen()))
    let connection = try accepted(events())
    #expect(transport.connectionCount == 1)
    #expect(receive(connection) == nil)
    peer.write([1, 2, 3])
    #expect(isReadable(events(), connection))
    #expect(receive(connection) == [1, 2, 3])
    let sent = [UInt8]([4, 5]).withUnsafeBytes { transport.send(connection, $0) }
    guard case .bytes(2) = sent else { throw Missing() }
    #expect(peer.read(2) == [4, 5])
    transport.close(connection)
    #expect(transport.connectionCount == 0)
    #expect(peer.read(1) == [])
  }

  @Test("a peer that went away is readable once more, and then closed")
  func end() throws {
    let port = try listen()
    var peer = Peer(port: port)
    let connection = try accepted(events())
    #expect(peer != nil)
    peer = nil
    #expect(isReadable(events(), connection))
    var byte: UInt8 = 0
    let result = withUnsafeMutableBytes(of: &byte) { transport.receive(connection, into: $0) }
    guard case .closed = result else { throw Missing() }
  }

  @Test("a reference to a closed connection means nothing to the next one on its descriptor")
  func generations() throws {
    let port = try listen()
    let first = try #require(Peer(port: port))
    let old = try accepted(events())
    transport.close(old)
    let second = try #require(Peer(port: port))
    let new = try accepted(events())
    // The descriptor is the lowest free one, so it is the same again, if no other test took it.
    #expect(old != new && transport.connectionCount == 1)
    second.write([7])
    _ = events()
    let stale = ConnectionReference(slot: new.slot, generation: new.generation &- 1)
    for reference in [old, stale] {
      #expect(receive(reference) == nil)
      let sent = [UInt8]([9]).withUnsafeBytes { transport.send(reference, $0) }
      guard case .closed = sent else { throw Missing() }
      transport.setInterest(reference, readable: false, writable: false)
      transport.close(reference)
    }
    #expect(transport.connectionCount == 1)
    #expect(isReadable(events(), new))
    #expect(receive(new) == [7])
    withExtendedLifetime(first) {}
  }

  @Test("interest: unread bytes are told again, not told under back-pressure, and told after it")
  func interest() throws {
    let peer = try #require(Peer(port: try listen()))
    let connection = try accepted(events())
    peer.write([1])
    #expect(isReadable(events(), connection))
    #expect(isReadable(readyNow(), connection))
    transport.setInterest(connection, readable: false, writable: false)
    #expect(readyNow().isEmpty)
    transport.setInterest(connection, readable: false, writable: true)
    let writable = readyNow()
    #expect(isWritable(writable, connection) && !isReadable(writable, connection))
    transport.setInterest(connection, readable: true, writable: false)
    let readable = readyNow()
    #expect(isReadable(readable, connection) && !isWritable(readable, connection))
  }

  @Test("a full socket would block, and is writable once the peer has read")
  func backPressure() throws {
    let peer = try #require(Peer(port: try listen()))
    let connection = try accepted(events())
    let chunk = [UInt8](repeating: 5, count: 1 << 16)
    var total = 0
    filling: while total < 1 << 28 {
      switch chunk.withUnsafeBytes({ transport.send(connection, $0) }) {
      case .bytes(let count): total += count
      case .wouldBlock: break filling
      case .closed: throw Missing()
      }
    }
    #expect(total < 1 << 28)
    transport.setInterest(connection, readable: false, writable: true)
    #expect(readyNow().isEmpty)
    #expect(peer.read(total).count == total)
    #expect(isWritable(events(), connection))
  }

  @Test("after stopAccepting nobody new comes in; who is there stays")
  func stopAccepting() throws {
    let port = try listen()
    let peer = try #require(Peer(port: port))
    let connection = try accepted(events())
    transport.stopAccepting()
    #expect(Peer(port: port) == nil)
    peer.write([1])
    #expect(isReadable(events(), connection))
    #expect(receive(connection) == [1])
  }

  @Test("an address that is taken or none is refused with its reason")
  func addresses() throws {
    let port = try listen()
    let taken = #expect(throws: ListenError.self) {
      _ = try transport.listenTCP(host: "127.0.0.1", port: port)
    }
    #expect(taken?.errno == EADDRINUSE && taken?.address == "127.0.0.1:\(port)")
    let none = #expect(throws: ListenError.self) {
      _ = try transport.listenTCP(host: "no address", port: 0)
    }
    #expect(none?.errno == EADDRNOTAVAIL)
  }

  @Test("a Unix socket has mode 0660 and takes the place of one left behind, of nothing else")
  func unixSocket() throws {
    let template = Array("/tmp/promised-XXXXXX\0".utf8)
    let directory = template.withUnsafeBufferPointer { bytes -> String in
      var copy = bytes.map { CChar(bitPattern: $0) }
      return copy.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }
    let path = directory + "/s"
    defer {
      unlink(path)
      unlink(directory + "/file")
      rmdir(directory)
    }
    // What a killed server leaves behind: a file that nobody listens on.
    do {
      let earlier = LinuxTransport()
      try earlier.listenUnix(path: path)
    }
    #expect(Peer(path: path) == nil)
    try transport.listenUnix(path: path)
    var found = stat()
    #expect(lstat(path, &found) == 0 && found.st_mode & 0o777 == 0o660)
    let peer = try #require(Peer(path: path))
    let connection = try accepted(events())
    peer.write([8])
    #expect(isReadable(events(), connection))
    #expect(receive(connection) == [8])

    let file = directory + "/file"
    close(open(file, O_CREAT | O_WRONLY, 0o600))
    let refused = #expect(throws: ListenError.self) { try transport.listenUnix(path: file) }
    #expect(refused?.errno == EEXIST && lstat(file, &found) == 0)
    let long = directory + "/" + String(repeating: "x", count: 200)
    let tooLong = #expect(throws: ListenError.self) { try transport.listenUnix(path: long) }
    #expect(tooLong?.errno == ENAMETOOLONG)
  }

  @Test("a waker ends a wait from another thread, and is told once")
  func waker() {
    let waker = transport.waker
    LinuxThreads().start { waker.wake() }
    var told: [TransportEvent] = []
    // For ever: only the waker ends it.
    transport.wait(timeoutMilliseconds: -1, into: &told)
    #expect(told.count == 1)
    #expect(told.contains { if case .woken = $0 { true } else { false } })
    #expect(readyNow().isEmpty)
  }
}

/// What a test waited for did not come.
struct Missing: Error {}
