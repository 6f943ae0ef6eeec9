import Glibc
import PromisedPlatform
import Synchronization
import Testing

@testable import PromisedLinux

@Suite("Clock, threads, signals")
struct ClockAndThreadTests {
  @Test("monotonic time never goes back, and moves")
  func monotonic() {
    let clock = LinuxClock()
    let first = clock.monotonicNanoseconds()
    var last = first
    var reads = 0
    while last == first || reads < 10_000 {
      let now = clock.monotonicNanoseconds()
      #expect(now >= last)
      last = now
      reads += 1
    }
  }

  @Test("real time is that of the system, in milliseconds")
  func realtime() {
    let before = Int64(time(nil)) - 1
    let milliseconds = LinuxClock().realtimeMilliseconds()
    #expect(milliseconds >= before * 1000 && milliseconds <= (Int64(time(nil)) + 1) * 1000)
  }

  @Test("a signal counts: as many waits return as there were raises")
  func signals() {
    let threads = LinuxThreads()
    let work = threads.makeSignal()
    let done = threads.makeSignal()
    let counter = Counter()
    threads.start {
      for _ in 0..<1000 {
        work.wait()
        counter.add()
      }
      done.raise()
    }
    for _ in 0..<1000 { work.raise() }
    done.wait()
    #expect(counter.value == 1000)
    // Raises before the wait are not lost, and no wait uses two.
    work.raise()
    work.raise()
    work.wait()
    work.wait()
    threads.start { work.raise() }
    work.wait()
  }

  @Test("what works beside the loop gives way to it")
  func givesWay() {
    let threads = LinuxThreads()
    let done = threads.makeSignal()
    let batches = Counter()
    // SCHED_BATCH, a macro that Swift does not see.
    threads.start {
      if sched_getscheduler(0) == 3 { batches.add() }
      // As for the loop: a thread that chose otherwise stays what it is.
      threads.takeShortTurns()
      if sched_getscheduler(0) == 3 { batches.add() }
      done.raise()
    }
    done.wait()
    #expect(sched_getscheduler(0) != 0 || batches.value == 2)
  }

  @Test("threads run beside each other")
  func threads() {
    let threads = LinuxThreads()
    let (there, back) = (threads.makeSignal(), threads.makeSignal())
    let main = pthread_self()
    let other = Counter()
    threads.start {
      there.wait()
      if pthread_equal(main, pthread_self()) == 0 { other.add() }
      back.raise()
    }
    // The thread waits for this one, which goes on.
    there.raise()
    back.wait()
    #expect(other.value == 1)
  }
}

private final class Counter: Sendable {
  private let count = Mutex(0)

  func add() { count.withLock { $0 += 1 } }

  var value: Int { count.withLock { $0 } }
}
