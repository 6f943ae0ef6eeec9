import PromisedModel
import PromisedSequencer
import PromisedStorage

/// Group commits, snapshots and profile builds, as the loop drives them.
extension Server {
  // MARK: The log

  func collectLogCompletion() {
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
    case .sealed: isSealed = true
    case .failed(let error): failure = "log: \(error)"
    }
  }

  func release(upTo position: Position) {
    for session in sequencer.markDurable(upTo: position) {
      guard let slot = session.slot, let connection = connections[slot] else { continue }
      applyBackPressure(connection)
      queueFlush(connection)
    }
  }

  /// Watches are told what changed. In memory everything is durable at once, so that what they are
  /// told can leave with this turn.
  func serveWatches() {
    let served = sequencer.serveWatches()
    if served.isEmpty { return }
    if log == nil { release(upTo: sequencer.position) }
    for session in served {
      guard let slot = session.slot, let connection = connections[slot] else { continue }
      queueFlush(connection)
    }
  }

  func submitLogWork() {
    guard let log, !isLogBusy, !sequencer.hasFeedUnderway else { return }
    let now = clock.monotonicNanoseconds()
    let time = sequencer.now.milliseconds
    if filling.count > 0 {
      let expectedLast = sequencer.position - UInt64(filling.count)
      log.submit(&filling, expectedLast: expectedLast, timeMilliseconds: time)
      lastAppendNanoseconds = now
      isLogBusy = true
      resumeAfterLog()
    } else if needsCertification, now &- lastAppendNanoseconds > 30_000_000 {
      log.submit(.idleMark(timeMilliseconds: time))
      isLogBusy = true
    }
  }

  // MARK: Work beside the loop

  func start(_ followUp: FollowUp) {
    switch followUp {
    case .takeSnapshot(let reply): jobs.request(by: reply)
    case .audit(let reply): audit.request(by: reply)
    case .explainPast(let question, let reply): jobs.explain(question, for: reply)
    case .drain:
      isDraining = true
      transport.stopAccepting()
    }
  }

  func runJobs() {
    for result in jobs.takeResults() {
      switch result {
      case .profiles(let built): sequencer.publish(built)
      case .explained(let answers):
        for (reply, answer) in zip(jobs.takePastRequesters(), answers) {
          sequencer.answer(past: answer, reply)
          if let slot = reply.session.slot, let connection = connections[slot] {
            queueFlush(connection)
          }
        }
      case .snapshotPublished: answerSnapshotRequesters(nil)
      case .snapshotFailed(let error):
        sequencer.cancelSnapshot()
        if error.isFinal { failure = "snapshot: \(error)" }
        answerSnapshotRequesters("\(error)")
      case .sparePrepared: break
      case .spareFailed(let error):
        if error.isFinal { failure = "log segment: \(error)" }
      }
    }
    jobs.startPast(durable: sequencer.durablePosition)
    if !jobs.isProfileJobRunning, let job = sequencer.nextProfileJob() {
      jobs.start(job)
    }
  }

  func answerSnapshotRequesters(_ failure: String?) {
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
  func runSnapshot() {
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
}
