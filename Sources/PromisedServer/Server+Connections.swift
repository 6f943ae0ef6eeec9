import PromisedModel
import PromisedPlatform
import PromisedSequencer

/// Bytes in and out: reading under back-pressure, flushing, closing who stalls.
extension Server {
  func connection(_ reference: ConnectionReference) -> Connection? {
    let slot = Int(reference.slot)
    guard slot < connections.count, let connection = connections[slot],
      connection.reference == reference
    else { return nil }
    return connection
  }

  func accept(_ reference: ConnectionReference) {
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

  func receive(_ connection: Connection) {
    guard connection.isReadable, !connection.isClosing else { return }
    if filling.byteCount > Self.fillingLimitBytes {
      waitForLog(connection)
      return
    }
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

  func receiveBehindPartial(_ connection: Connection) {
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
  func step(_ connection: Connection, _ bytes: UnsafeRawBufferPointer) -> Int {
    facts.connections = transport.connectionCount
    let outcome = sequencer.receive(bytes, on: connection.session, facts: facts)
    if outcome.closes { connection.isClosing = true }
    if !connection.session.isBulk { noteQuestion() }
    connection.isOutOfTurn = outcome.isOutOfTurn
    if outcome.isOutOfTurn { queueBulk(connection) }
    for followUp in sequencer.takeFollowUps() { start(followUp) }
    if let path = outcome.httpRequest {
      answerHTTP(path, on: connection)
      connection.isClosing = true
    }
    return outcome.consumed
  }

  func afterStep(_ connection: Connection) {
    applyBackPressure(connection)
    queueFlush(connection)
  }

  /// Offers again what waited for back-pressure to end.
  func resume(_ connection: Connection) {
    guard connection.isReadable, connection.partialCount > 0, !connection.isClosing else { return }
    if connection.session.isBulk || connection.isOutOfTurn {
      connection.isOutOfTurn = true
      return queueBulk(connection)
    }
    decideWaiting(connection)
  }

  /// Decides what waits in `partial`, as far as it may.
  func decideWaiting(_ connection: Connection) {
    let waiting = UnsafeRawBufferPointer(
      rebasing: connection.partial.bytes[connection.partialStart...])
    connection.partialStart += step(connection, waiting)
    if connection.partialCount == 0 || connection.isClosing { connection.dropPartial() }
    queueFlush(connection)
  }

  func waitForLog(_ connection: Connection) {
    connection.isReadable = false
    transport.setInterest(
      connection.reference, readable: false, writable: connection.isWritableWanted)
    waitingForLog.append(connection)
  }

  func resumeAfterLog() {
    let waiting = waitingForLog
    waitingForLog.removeAll(keepingCapacity: true)
    for connection in waiting where self.connection(connection.reference) === connection {
      applyBackPressure(connection)
    }
  }

  /// A peer that does not read its replies, or has too many in flight, is not read from.
  func applyBackPressure(_ connection: Connection) {
    let readable =
      !connection.isClosing && !isStopping
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

  func flushAll() {
    for connection in flushQueue {
      connection.isQueuedForFlush = false
      if self.connection(connection.reference) === connection { flush(connection) }
    }
    flushQueue.removeAll(keepingCapacity: true)
  }

  func flush(_ connection: Connection) {
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
  func sweepStalled() {
    let now = clock.monotonicNanoseconds()
    guard now &- lastSweepNanoseconds >= 1_000_000_000 else { return }
    lastSweepNanoseconds = now
    facts.residentBytes = residentBytes()
    facts.snapshots = jobs.published
    for case .some(let connection) in connections {
      let idle = now &- connection.progressAtNanoseconds
      let isStuckInFrame =
        connection.partialCount > 0 && connection.isReadable && !connection.isOutOfTurn
      let hasUnread = connection.session.ready.count > 0
      if (isStuckInFrame && idle > 10_000_000_000) || (hasUnread && idle > 30_000_000_000) {
        close(connection)
      }
    }
  }
}
