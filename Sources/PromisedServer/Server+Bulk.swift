/// Bulk work behind everybody else: a batch of the feed or of rows takes as long as hundreds of
/// questions, and who sends one after another does not mind a turn.
///
/// A turn serves the connections that ask for single things, sends what they get, and then does its
/// share of bulk work, at least one piece; connections that have more queue up again. So a question
/// waits for one share at most, bulk work never starves, and no connection's frames pass each other.
extension Server {
  func queueBulk(_ connection: Connection) {
    if connection.isQueuedForBulk { return }
    connection.isQueuedForBulk = true
    bulkQueue.append(connection)
  }

  func serveBulk() {
    if bulkQueue.isEmpty { return }
    flushAll()
    // Who queues up meanwhile has the next turn.
    let queued = bulkQueue.count
    var served = 0
    while served < queued, served == 0 || !sequencer.isTurnFull {
      let connection = bulkQueue[served]
      served += 1
      connection.isQueuedForBulk = false
      if self.connection(connection.reference) === connection { serve(bulk: connection) }
    }
    bulkQueue.removeFirst(served)
    // In memory nothing is waited for.
    if log == nil { release(upTo: sequencer.position) }
  }

  private func serve(bulk connection: Connection) {
    if !connection.isOutOfTurn { return receive(connection) }
    if connection.isClosing { return }
    // At the end what was read is still decided.
    if !isStopping {
      if !connection.isReadable { return }
      if filling.byteCount > Self.fillingLimitBytes { return waitForLog(connection) }
    }
    connection.isOutOfTurn = false
    if connection.partialCount > 0 { decideWaiting(connection) }
    afterStep(connection)
  }
}
