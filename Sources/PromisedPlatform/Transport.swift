/// A connection of a transport: a slot and the generation that tells a reused slot from the one an
/// old event meant.
package struct ConnectionReference: Hashable, Sendable, BitwiseCopyable {
  package let slot: UInt32
  package let generation: UInt32

  package init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }
}

/// What a wait found.
package enum TransportEvent: Sendable, BitwiseCopyable {
  case accepted(ConnectionReference)
  /// Bytes, or the end, can be received.
  case readable(ConnectionReference)
  case writable(ConnectionReference)
  /// The peer is gone or the socket failed; only `close` remains.
  case broken(ConnectionReference)
  /// Somebody called the waker.
  case woken
  /// A stop was asked for (SIGTERM, SIGINT).
  case stopRequested
}

package enum TransferResult: Sendable, BitwiseCopyable {
  case bytes(Int)
  case wouldBlock
  case closed
}

/// Byte streams and their readiness, on one thread: the seam between the loop and the network.
///
/// Level-triggered: a readiness that was not used is told again.
package protocol Transport: AnyObject {
  /// Waits up to `timeoutMilliseconds` (−1 = for ever) and appends what happened.
  func wait(timeoutMilliseconds: Int32, into events: inout [TransportEvent])
  func receive(
    _ connection: ConnectionReference, into buffer: UnsafeMutableRawBufferPointer
  ) -> TransferResult
  func send(_ connection: ConnectionReference, _ bytes: UnsafeRawBufferPointer) -> TransferResult
  /// Which readiness to tell; a connection that must not be read is under back-pressure.
  func setInterest(_ connection: ConnectionReference, readable: Bool, writable: Bool)
  func close(_ connection: ConnectionReference)
  /// Stops accepting; what is connected stays.
  func stopAccepting()
  /// Connections now open.
  var connectionCount: Int { get }
  var waker: any Waker { get }
}

/// Wakes a waiting transport from another thread.
package protocol Waker: Sendable {
  func wake()
}

/// The two clocks. Only the loop reads them; the core is handed instants.
package protocol Clock: Sendable {
  func realtimeMilliseconds() -> Int64
  func monotonicNanoseconds() -> UInt64
}

/// Runs work beside the loop.
package protocol Threads: Sendable {
  /// Starts a thread that ends when `body` returns.
  func start(_ body: @escaping @Sendable () -> Void)
  /// A counting signal for a thread that waits for work.
  func makeSignal() -> any Signal
}

/// A counter that one thread waits on and another raises.
package protocol Signal: Sendable {
  func raise()
  /// Returns after a raise that no other wait has used.
  func wait()
}
