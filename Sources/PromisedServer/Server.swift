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
  /// Absent in a sandbox: then everything counts as durable at once.
  let log: LogThread<Store>?
  let jobs: BackgroundJobs<Store>

  var connections: [Connection?] = []
  private var flushQueue: [Connection] = []
  private var events: [TransportEvent] = []
  private let scratch: UnsafeMutableRawBufferPointer
  private static var scratchBytes: Int { 262_144 }

  /// Records decided since the last group was handed to the log thread.
  var filling: LogBatch
  private var isLogBusy = false
  private var needsCertification = false
  private var lastAppendNanoseconds: UInt64 = 0
  private var lastSweepNanoseconds: UInt64 = 0
  /// The tail of the log as it was last made durable.
  private var tail: LogTail?
  /// Groups made durable since the start.
  private(set) var groupCount: UInt64 = 0
  /// What status answers; refreshed once a second, because reading it is a system call.
  private(set) var facts: ServerFacts
  var isDraining = false
  private var isStopping = false
  private var failure: String?

  package init(
    configuration: Configuration, transport: any Transport, clock: any Clock,
    threads: any Threads, residentBytes: @escaping () -> UInt64,
    recovered: consuming RecoveredServer<Store>
  ) {
    self.residentBytes = residentBytes
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
      sequencer.beginBatch(realtime: realtime())
      for event in events { handle(event) }
      collectLogCompletion()
      if let failure { throw .ioFailure(failure) }
      runJobs()
      submitLogWork()
      runSnapshot()
      flushAll()
      sweepStalled()
      if isStopping, finishStopping() { return }
    }
  }

  /// The instant requests are decided at, unless logged time is ahead of it.
  package func realtime() -> UnixMilliseconds {
    configuration.unsafeFixedTime ?? UnixMilliseconds(clock.realtimeMilliseconds())
  }

  private func waitMilliseconds() -> Int32 {
    if jobs.wantsLoopTime { return 0 }
    if needsCertification, !isLogBusy { return 20 }
    return isStopping ? 10 : 200
  }

  private func handle(_ event: TransportEvent) {
    switch event {
    case .accepted(let reference): accept(reference)
    case .readable(let reference):
      if let connection = connection(reference) { receive(connection) }
    case .writable(let reference):
      if let connection = connection(reference) { queueFlush(connection) }
    case .broken(let reference):
      if let connection = connection(reference) { close(connection) }
    case .woken: break
    case .stopRequested: beginStopping()
    }
  }

  // MARK: Connections

  func connection(_ reference: ConnectionReference) -> Connection? {
    let slot = Int(reference.slot)
    guard slot < connections.count, let connection = connections[slot],
      connection.reference == reference
    else { return nil }
    return connection
  }

  private func accept(_ reference: ConnectionReference) {
    let slot = Int(reference.slot)
    while connections.count <= slot { connections.append(nil) }
    if isDraining || isStopping {
      transport.close(reference)
      return
    }
    connections[slot] = Connection(
      reference: reference, session: sequencer.openSession(slot: slot),
      now: clock.monotonicNanoseconds())
  }

  func close(_ connection: Connection) {
    sequencer.closeSession(connection.session)
    connections[Int(connection.reference.slot)] = nil
    transport.close(connection.reference)
  }

  private func receive(_ connection: Connection) {
    guard connection.isReadable, !connection.isClosing else { return }
    if connection.partialCount > 0 {
      receiveBehindPartial(connection)
      return
    }
    switch transport.receive(connection.reference, into: scratch) {
    case .wouldBlock: return
    case .closed: close(connection)
    case .bytes(let count):
      connection.progressAtNanoseconds = clock.monotonicNanoseconds()
      let bytes = UnsafeRawBufferPointer(rebasing: scratch[..<count])
      let consumed = step(connection, bytes)
      if consumed < count, !connection.isClosing {
        connection.keep(UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
      }
      afterStep(connection)
    }
  }

  private func receiveBehindPartial(_ connection: Connection) {
    switch transport.receive(connection.reference, into: scratch) {
    case .wouldBlock: return
    case .closed: close(connection)
    case .bytes(let count):
      connection.progressAtNanoseconds = clock.monotonicNanoseconds()
      connection.partial.append(bytes: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
      let waiting = UnsafeRawBufferPointer(
        rebasing: connection.partial.bytes[connection.partialStart...])
      let consumed = step(connection, waiting)
      connection.partialStart += consumed
      if connection.partialCount == 0 || connection.isClosing {
        connection.dropPartial()
      } else if connection.partialStart > connection.partialCount {
        connection.compact()
      }
      afterStep(connection)
    }
  }

  /// Decides every whole frame in `bytes`; returns how many bytes were used.
  private func step(_ connection: Connection, _ bytes: UnsafeRawBufferPointer) -> Int {
    let outcome = sequencer.receive(bytes, on: connection.session, facts: facts)
    if outcome.closes { connection.isClosing = true }
    for followUp in sequencer.takeFollowUps() { start(followUp) }
    if let path = outcome.httpRequest {
      answerHTTP(path, on: connection)
      connection.isClosing = true
    }
    return outcome.consumed
  }

  private func afterStep(_ connection: Connection) {
    applyBackPressure(connection)
    queueFlush(connection)
  }

  /// Offers again what waited for back-pressure to end.
  private func resume(_ connection: Connection) {
    guard connection.isReadable, connection.partialCount > 0, !connection.isClosing else { return }
    let waiting = UnsafeRawBufferPointer(
      rebasing: connection.partial.bytes[connection.partialStart...])
    connection.partialStart += step(connection, waiting)
    if connection.partialCount == 0 || connection.isClosing { connection.dropPartial() }
    queueFlush(connection)
  }

  /// A peer that does not read its replies, or has too many in flight, is not read from.
  private func applyBackPressure(_ connection: Connection) {
    let readable =
      !connection.isClosing
      && connection.session.pendingOutputBytes < Limits.pendingOutputBytes
      && connection.session.heldCount < Limits.inFlightPerConnection
    if readable != connection.isReadable {
      connection.isReadable = readable
      transport.setInterest(
        connection.reference, readable: readable, writable: connection.isWritableWanted)
      if readable { resume(connection) }
    }
  }

  func queueFlush(_ connection: Connection) {
    if connection.isQueuedForFlush { return }
    connection.isQueuedForFlush = true
    flushQueue.append(connection)
  }

  private func flushAll() {
    for connection in flushQueue {
      connection.isQueuedForFlush = false
      if self.connection(connection.reference) === connection { flush(connection) }
    }
    flushQueue.removeAll(keepingCapacity: true)
  }

  private func flush(_ connection: Connection) {
    while connection.session.ready.count > 0 {
      switch transport.send(connection.reference, connection.session.ready.bytes) {
      case .bytes(let count):
        connection.progressAtNanoseconds = clock.monotonicNanoseconds()
        connection.session.ready.removePrefix(count)
      case .wouldBlock:
        if !connection.isWritableWanted {
          connection.isWritableWanted = true
          transport.setInterest(
            connection.reference, readable: connection.isReadable, writable: true)
        }
        applyBackPressure(connection)
        return
      case .closed:
        close(connection)
        return
      }
    }
    if connection.isWritableWanted {
      connection.isWritableWanted = false
      transport.setInterest(
        connection.reference, readable: connection.isReadable, writable: false)
    }
    if connection.isClosing, connection.session.heldCount == 0 {
      close(connection)
    } else {
      applyBackPressure(connection)
    }
  }

  /// Once a second: peers that stalled in the middle of a frame for 10 s, or left replies unread
  /// for 30 s, are closed.
  private func sweepStalled() {
    let now = clock.monotonicNanoseconds()
    guard now &- lastSweepNanoseconds >= 1_000_000_000 else { return }
    lastSweepNanoseconds = now
    facts.connections = transport.connectionCount
    facts.residentBytes = residentBytes()
    facts.snapshots = jobs.published
    for case .some(let connection) in connections {
      let idle = now &- connection.progressAtNanoseconds
      let isStuckInFrame = connection.partialCount > 0 && connection.isReadable
      let hasUnread = connection.session.ready.count > 0
      if (isStuckInFrame && idle > 10_000_000_000) || (hasUnread && idle > 30_000_000_000) {
        close(connection)
      }
    }
  }

  // MARK: The log

  private func collectLogCompletion() {
    guard let log else {
      // In memory there is nothing to wait for.
      release(upTo: sequencer.position)
      return
    }
    guard let completion = log.takeCompletion() else { return }
    isLogBusy = false
    switch completion {
    case .durable(let tail, let uncertified, let wantsSpare):
      needsCertification = uncertified
      self.tail = tail
      groupCount += 1
      if wantsSpare { jobs.prepareSpare() }
      release(upTo: tail.position)
    case .sealed: sealed = true
    case .failed(let error): failure = "log: \(error)"
    }
  }

  private func release(upTo position: Position) {
    for session in sequencer.markDurable(upTo: position) {
      guard let slot = session.slot, let connection = connections[slot] else { continue }
      applyBackPressure(connection)
      queueFlush(connection)
    }
  }

  private func submitLogWork() {
    guard let log, !isLogBusy else { return }
    let now = clock.monotonicNanoseconds()
    let time = sequencer.now.milliseconds
    if filling.count > 0 {
      let expectedLast = sequencer.position - UInt64(filling.count)
      log.submit(&filling, expectedLast: expectedLast, timeMilliseconds: time)
      lastAppendNanoseconds = now
      isLogBusy = true
    } else if needsCertification, now &- lastAppendNanoseconds > 30_000_000 {
      log.submit(.idleMark(timeMilliseconds: time))
      isLogBusy = true
    }
  }

  // MARK: Work beside the loop

  private func start(_ followUp: FollowUp) {
    switch followUp {
    case .takeSnapshot(let reply): jobs.request(by: reply)
    case .drain:
      isDraining = true
      transport.stopAccepting()
    }
  }

  private func runJobs() {
    for result in jobs.takeResults() {
      switch result {
      case .profiles(let built): sequencer.publish(built)
      case .snapshotPublished: answerSnapshotRequesters(nil)
      case .snapshotFailed(let error):
        if error.isFinal { failure = "snapshot: \(error)" }
        answerSnapshotRequesters("\(error)")
      case .sparePrepared: break
      case .spareFailed(let error):
        if error.isFinal { failure = "log segment: \(error)" }
      }
    }
    if !jobs.isProfileJobRunning, let job = sequencer.nextProfileJob() {
      jobs.start(job)
    }
  }

  private func answerSnapshotRequesters(_ failure: String?) {
    facts.snapshots = jobs.published
    for reply in jobs.takeRequesters() {
      if let failure {
        sequencer.refuseSnapshot(failure, reply)
      } else if let newest = jobs.published.last {
        sequencer.answerSnapshot(newest, milliseconds: jobs.elapsedMilliseconds, reply)
      }
      if let slot = reply.session.slot, let connection = connections[slot] {
        queueFlush(connection)
      }
    }
  }

  /// Begins a snapshot at a group's boundary, and moves a running one on.
  ///
  /// Called right after the records so far were handed to the log thread: then the state stands at
  /// the end of a group, whose digest the completion will bring.
  private func runSnapshot() {
    if jobs.isSnapshotDue(at: sequencer.position), filling.count == 0 {
      if jobs.beginSnapshot(at: sequencer.position, time: sequencer.now) {
        sequencer.beginSnapshot()
      } else {
        answerSnapshotRequesters(nil)
      }
    }
    let chain = tail.flatMap { $0.position == jobs.snapshotPosition ? $0.digest : nil }
    jobs.advanceSnapshot(sequencer, durable: sequencer.durablePosition, chain: chain)
  }

  /// Puts rows before anything is served, as a put without a key would. For a sandbox's start.
  package func put(_ rows: PutRows) throws(Refusal) {
    sequencer.beginBatch(realtime: realtime())
    try sequencer.put(rows)
  }

  /// Builds the first profiles before anything is served. For the start only: it blocks.
  package func buildFirstProfiles() {
    sequencer.beginBatch(realtime: realtime())
    if let job = sequencer.nextProfileJob() { sequencer.publish(job.run()) }
  }

  // MARK: Stopping

  private var sealed = false
  private var isSealing = false

  private func beginStopping() {
    if isStopping { return }
    isStopping = true
    transport.stopAccepting()
  }

  /// Lets the last group land, answers what was decided, seals the log. True when all is done.
  private func finishStopping() -> Bool {
    guard let log else { return true }
    if filling.count > 0 || isLogBusy { return sealed }
    if !isSealing {
      isSealing = true
      isLogBusy = true
      log.submit(.seal(timeMilliseconds: sequencer.now.milliseconds))
    }
    return sealed
  }
}
