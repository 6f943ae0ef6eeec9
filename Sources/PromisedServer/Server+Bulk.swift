/// Bulk work behind everybody else: a batch of the feed or of rows takes as long as hundreds of
/// questions, and who sends one after another does not mind a turn.
///
/// A turn serves the connections that ask for single things, sends what they get, and then does its
/// share of bulk work, at least one piece; connections that have more queue up again. So a question
/// waits for one share at most, bulk work never starves, and no connection's frames pass each other.
/// A share is small while others ask: a batch of the feed is then decided in pieces, and its
/// connection is the next, so that one batch at most is under way.
extension Server {
  func queueBulk(_ connection: Connection) {
    if connection.isQueuedForBulk { return }
    connection.isQueuedForBulk = true
    if sequencer.hasFeedUnderway(connection.session) {
      bulkQueue.insert(connection, at: 0)
    } else {
      bulkQueue.append(connection)
    }
  }

  /// Somebody who asks for one thing is here while so many turns have passed since the last did.
  static var turnsOfQuestions: Int { 256 }

  func noteQuestion() {
    turnsSinceQuestion = 0
    sequencer.isBesideOthers = true
  }

  func serveBulk() {
    if turnsSinceQuestion < Self.turnsOfQuestions {
      turnsSinceQuestion += 1
    } else {
      sequencer.isBesideOthers = false
    }
    if bulkQueue.isEmpty { return }
    flushAll()
    // Who queues up meanwhile has the next turn.
    var left = bulkQueue.count
    var isFirst = true
    while left > 0, isFirst || !sequencer.isTurnFull {
      let connection = bulkQueue.removeFirst()
      left -= 1
      isFirst = false
      connection.isQueuedForBulk = false
      if self.connection(connection.reference) === connection { serve(bulk: connection) }
    }
    // In memory nothing is waited for.
    if log == nil { release(upTo: sequencer.position) }
  }

  private func serve(bulk connection: Connection) {
    if !connection.isOutOfTurn { return receive(connection) }
    if connection.isClosing { return }
    // At the end what was read is still decided. The log takes nothing while a batch is under way.
    let isUnderway = sequencer.hasFeedUnderway(connection.session)
    if !isStopping && !isUnderway {
      if !connection.isReadable { return }
      if filling.byteCount > Self.fillingLimitBytes { return waitForLog(connection) }
    }
    connection.isOutOfTurn = false
    if connection.partialCount > 0 || isUnderway { decideWaiting(connection) }
    afterStep(connection)
  }
}
