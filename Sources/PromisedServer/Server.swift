import PromisedBytes
import PromisedInvariants
import PromisedModel
import PromisedPlatform
import PromisedSequencer
import PromisedStorage

/// How the process ends, by the exit codes operators rely on.
package enum ServerExit: Error, Sendable {
  case stopped
  case ioFailure(String)
}

/// The loop: bytes in, decisions, one group commit at a time, replies out when durable.
///
/// Everything that touches the state happens on the thread that calls `run`. The log thread and the
/// background jobs are handed owned values and hand back owned values.
package final class Server<Store: FileStore> {
  let transport: any Transport
  let clock: any Clock
  let threads: any Threads
  let sequencer: Sequencer
  let configuration: Configuration
  let residentBytes: () -> UInt64
  /// Takes a line for the operator's log.
  let say: (String) -> Void
  var audit: AuditSchedule
  var sellThrough = SellThroughSchedule()
  /// Absent in a sandbox: then everything counts as durable at once.
  let log: LogThread<Store>?
  let jobs: BackgroundJobs<Store>

  var connections: [Connection?] = []
  var flushQueue: [Connection] = []
  /// Connections with bulk work, whose turn comes after everybody else's, the longest waiting first.
  var bulkQueue: [Connection] = []
  /// Turns since bytes came of a connection without bulk work; no more than `turnsOfQuestions`.
  var turnsSinceQuestion = 0
  var events: [TransportEvent] = []
  let scratch: UnsafeMutableRawBufferPointer
  static var scratchBytes: Int { 262_144 }
  /// With this much waiting for the log thread nobody is read from, so that a slow disk slows its
  /// callers and does not fill memory. A batch may hold eight times as much.
  static var fillingLimitBytes: Int { LogBatch.maximumByteCount / 8 }
  /// Connections that are not read from until the log thread took what waits.
  var waitingForLog: [Connection] = []

  /// Records decided since the last group was handed to the log thread.
  var filling: LogBatch
  var isLogBusy = false
  var needsCertification = false
  var lastAppendNanoseconds: UInt64 = 0
  var lastSweepNanoseconds: UInt64 = 0
  /// The tail of the log as it was last made durable.
  var tail: LogTail?
  /// Groups made durable since the start.
  var groupCount: UInt64 = 0
  /// What status answers; refreshed once a second, because reading it is a system call.
  var facts: ServerFacts
  var isDraining = false
  var isStopping = false
  var failure: String?
  /// The mark of a clean shutdown is on its way, or written.
  var isSealing = false
  var isSealed = false

  package init(
    configuration: Configuration, transport: any Transport, clock: any Clock,
    threads: any Threads, residentBytes: @escaping () -> UInt64,
    say: @escaping (String) -> Void = { _ in }, recovered: consuming RecoveredServer<Store>
  ) {
    self.residentBytes = residentBytes
    self.say = say
    audit = AuditSchedule(now: clock.monotonicNanoseconds())
    self.configuration = configuration
    self.transport = transport
    self.clock = clock
    self.threads = threads
    sequencer = recovered.sequencer
    tail = recovered.lastTail
    jobs = BackgroundJobs(
      directory: recovered.directory, published: recovered.snapshots, threads: threads,
      waker: transport.waker, clock: clock,
      snapshotEverySeconds: configuration.snapshotEverySeconds)
    facts = ServerFacts(
      dataset: recovered.directory?.label ?? "memory", connections: 0,
      startedAtUnixSeconds: clock.realtimeMilliseconds() / 1000, residentBytes: 0,
      snapshots: recovered.snapshots)
    filling = LogBatch(capacity: 1 << 20)
    scratch = .allocate(byteCount: Self.scratchBytes, alignment: 64)
    if let writer = recovered.takeWriter() {
      log = LogThread(writer: writer, threads: threads, waker: transport.waker)
    } else {
      log = nil
    }
    sequencer.useRecordSink { [unowned self] record in
      if log != nil { filling.append(payload: record) }
    }
  }

  deinit { scratch.deallocate() }

  // MARK: The loop

  /// Serves until a stop is asked for; throws when the disk failed, with nothing acknowledged since.
  package func run() throws(ServerExit) {
    log?.start(on: threads)
    while true {
      events.removeAll(keepingCapacity: true)
      transport.wait(timeoutMilliseconds: waitMilliseconds(), into: &events)
      sequencer.beginTurn(uptimeNanoseconds: clock.monotonicNanoseconds())
      sequencer.beginBatch(realtime: realtime())
      for event in events { handle(event) }
      collectLogCompletion()
      if let failure { throw .ioFailure(failure) }
      serveBulk()
      runJobs()
      submitLogWork()
      runSnapshot()
      runAudit()
      runSellThrough()
      serveWatches()
      flushAll()
      sweepStalled()
      if isStopping, finishStopping() { return }
    }
  }

  /// The instant requests are decided at, unless logged time is ahead of it.
  package func realtime() -> UnixMilliseconds {
    configuration.unsafeFixedTime ?? UnixMilliseconds(clock.realtimeMilliseconds())
  }

  func waitMilliseconds() -> Int32 {
    if !bulkQueue.isEmpty || jobs.wantsLoopTime || audit.wantsLoopTime { return 0 }
    var usual: Int32 = isStopping ? 10 : 200
    if needsCertification, !isLogBusy { usual = 20 }
    if sequencer.isAuditing, !isStopping { usual = 20 }
    if sequencer.isSellThroughDue, !isStopping { usual = 4 }
    guard let wakesAt = sequencer.watchesWakeAt else { return usual }
    let now = clock.monotonicNanoseconds()
    if wakesAt <= now { return 0 }
    return Int32(clamping: min(UInt64(usual), (wakesAt - now + 999_999) / 1_000_000))
  }

  func handle(_ event: TransportEvent) {
    switch event {
    case .accepted(let reference): accept(reference)
    case .readable(let reference):
      guard let connection = connection(reference) else { return }
      if connection.session.isBulk || connection.isOutOfTurn {
        queueBulk(connection)
      } else {
        receive(connection)
      }
    case .writable(let reference):
      if let connection = connection(reference) { queueFlush(connection) }
    case .broken(let reference):
      if let connection = connection(reference) { close(connection) }
    case .woken: break
    case .stopRequested: beginStopping()
    }
  }

  // MARK: Stopping

  func beginStopping() {
    if isStopping { return }
    isStopping = true
    transport.stopAccepting()
    // What was read is decided and answered; nothing more is read, so that the end comes.
    for case .some(let connection) in connections { applyBackPressure(connection) }
  }

  /// Lets the last group land, answers what was decided, seals the log. True when all is done.
  func finishStopping() -> Bool {
    if !bulkQueue.isEmpty { return false }
    guard let log else { return true }
    if filling.count > 0 || isLogBusy { return isSealed }
    if !isSealing {
      isSealing = true
      isLogBusy = true
      log.submit(.seal(timeMilliseconds: sequencer.now.milliseconds))
    }
    return isSealed
  }
}
