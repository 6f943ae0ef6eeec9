import CLinux
import Glibc
import PromisedInvariants
import PromisedPlatform

package struct LinuxClock: Clock {
  package init() {}

  package func realtimeMilliseconds() -> Int64 {
    let now = read(CLOCK_REALTIME)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }

  package func monotonicNanoseconds() -> UInt64 {
    let now = read(CLOCK_MONOTONIC)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }

  private func read(_ clock: clockid_t) -> timespec {
    var now = timespec()
    clock_gettime(clock, &now)
    return now
  }
}

package struct LinuxThreads: Threads {
  package init() {}

  package func start(_ body: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    // Unpacking messages needs about 1 KB a level; 8 MiB leaves room for everything else.
    pthread_attr_setstacksize(&attributes, 8 << 20)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let box = Unmanaged.passRetained(ThreadBody(body))
    let result = pthread_create(
      &thread, &attributes,
      { argument in
        // Whatever works beside the loop: on a machine with no processor to spare it would else
        // take the loop's whenever it wakes, and all who ask would wait.
        _ = clinux_give_way()
        let body = Unmanaged<ThreadBody>.fromOpaque(argument.unsafelyUnwrapped)
          .takeRetainedValue()
        body.run()
        return nil
      }, box.toOpaque())
    invariant(result == 0, "a thread can be started: \(result)")
    pthread_attr_destroy(&attributes)
  }

  package func makeSignal() -> any Signal { EventSignal() }

  /// Has the calling thread run soon after it wakes, in short turns. For the loop.
  package func takeShortTurns() { _ = clinux_take_short_turns() }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// A semaphore in an eventfd.
private final class EventSignal: Signal {
  private let descriptor = clinux_eventfd(1, 0)

  deinit { close(descriptor) }

  func raise() {
    var one: UInt64 = 1
    _ = Glibc.write(descriptor, &one, 8)
  }

  func wait() {
    var taken: UInt64 = 0
    while Glibc.read(descriptor, &taken, 8) < 0 && errno == EINTR {}
  }
}
