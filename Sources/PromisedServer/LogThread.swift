import PromisedInvariants
import PromisedPlatform
import PromisedStorage
import Synchronization

/// The log's own thread: appends and syncs one group while the loop fills the next.
///
/// One piece of work is in hand at most. The loop submits when nothing is; the thread does it,
/// leaves the completion and wakes the loop. A failure is handed over once and is final: the
/// process then stops acknowledging and exits.
final class LogThread<Store: FileStore>: Sendable {
  enum Work: Sendable {
    /// The batch handed over, behind this position.
    case append(expectedLast: UInt64, timeMilliseconds: Int64)
    /// Certify the last group after 50 ms without another.
    case idleMark(timeMilliseconds: Int64)
    /// The mark of a clean shutdown; the thread ends.
    case seal(timeMilliseconds: Int64)
  }

  enum Completion: Sendable {
    /// Everything up to the tail is on disk.
    case durable(LogTail, needsCertification: Bool, wantsSpare: Bool)
    case sealed
    case failed(StorageError)
  }

  private struct Shared: ~Copyable {
    var batch = LogBatch(capacity: 1 << 20)
    var work: Work?
    var completion: Completion?
  }

  private let shared = Mutex(Shared())
  private let writer: Mutex<LogWriter<Store>>
  private let signal: any Signal
  private let waker: any Waker

  init(writer: consuming LogWriter<Store>, threads: any Threads, waker: any Waker) {
    self.writer = Mutex(writer)
    self.waker = waker
    signal = threads.makeSignal()
  }

  func start(on threads: any Threads) {
    threads.start { self.run() }
  }

  /// Hands `batch` over and gets an empty one back. Only while nothing else is in hand.
  func submit(_ batch: inout LogBatch, expectedLast: UInt64, timeMilliseconds: Int64) {
    shared.withLock { shared in
      invariant(shared.work == nil && shared.completion == nil, "one piece of log work in hand")
      swap(&shared.batch, &batch)
      shared.work = .append(expectedLast: expectedLast, timeMilliseconds: timeMilliseconds)
    }
    batch.clear()
    signal.raise()
  }

  /// Asks for work without records. Only while nothing else is in hand.
  func submit(_ work: Work) {
    shared.withLock { shared in
      invariant(shared.work == nil && shared.completion == nil, "one piece of log work in hand")
      shared.work = work
    }
    signal.raise()
  }

  /// What finished since the last call, if anything did.
  func takeCompletion() -> Completion? {
    shared.withLock { shared in
      let completion = shared.completion
      shared.completion = nil
      return completion
    }
  }

  private func run() {
    var batch = LogBatch(capacity: 1 << 20)
    var isRunning = true
    while isRunning {
      signal.wait()
      // Out of the lock before the disk is waited for: the loop looks for completions meanwhile.
      let work = shared.withLock { shared -> Work? in
        if case .append = shared.work { swap(&shared.batch, &batch) }
        return shared.work
      }
      guard let work else { continue }
      let completion = perform(work, &batch)
      switch completion {
      case .durable: break
      case .sealed, .failed: isRunning = false
      }
      shared.withLock { shared in
        shared.work = nil
        shared.completion = completion
      }
      waker.wake()
    }
  }

  private func perform(_ work: Work, _ batch: inout LogBatch) -> Completion {
    do throws(StorageError) {
      return try writer.withLock { (writer) throws(StorageError) in
        switch work {
        case .append(let expectedLast, let time):
          let outcome = try writer.append(&batch, expectedLast: expectedLast, timeMs: time)
          if case .conflict(let last) = outcome {
            fatalError("the log ends at \(last), not at \(expectedLast)")
          }
          try writer.sync()
        case .idleMark(let time): try writer.idleMark(timeMs: time)
        case .seal(let time):
          try writer.seal(timeMs: time)
          return .sealed
        }
        return .durable(
          writer.tail, needsCertification: writer.needsCertification,
          wantsSpare: writer.wantsSpare)
      }
    } catch {
      return .failed(error)
    }
  }
}
