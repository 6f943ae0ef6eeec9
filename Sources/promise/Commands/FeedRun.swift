import PromisedClient
import PromisedImport
import PromisedLinux
import PromisedModel
import PromisedWire

/// What became of the rows of a feed file.
struct FeedTally {
  /// Rows by the number of their outcome.
  private(set) var outcomes = [UInt64](repeating: 0, count: 256)
  private(set) var rows: UInt64 = 0

  mutating func count(_ outcome: UInt32) {
    rows += 1
    outcomes[Int(min(outcome, 255))] += 1
  }

  /// Rows that the server refused: those that were taken, that wait, or that it has already are
  /// none.
  var refused: UInt64 {
    var refused: UInt64 = 0
    for outcome in 0..<outcomes.count where !Self.isTaken(UInt32(outcome)) {
      refused += outcomes[outcome]
    }
    return refused
  }

  static func isTaken(_ outcome: UInt32) -> Bool {
    switch OutcomeCode(rawValue: UInt16(truncatingIfNeeded: outcome)) {
    case .ok, .rowParked, .alreadyApplied, .alreadyCounted, .holdNotClaiming: true
    default: false
    }
  }
}

/// Why a feed stops before its end.
enum FeedStop: Error {
  case client(ClientError)
  case file(String)
  case interrupted
}

/// Sends batches, several at a time, each until it is answered: a batch whose answer was lost is
/// sent again, since the server knows its sequence.
final class FeedRun {
  private let connection: Connection
  private let source: String
  private let patience: UInt64
  private var pending: [(batch: FeedBatch, ticket: Ticket<FeedAnswer>?)] = []
  private(set) var tally = FeedTally()
  /// The high-water mark of the last answer.
  private(set) var lastSequence: UInt64
  /// Called with each row that was refused.
  private let reject: (String, UInt32) -> Void
  /// Called while the server does not answer, with the seconds that it is waited for yet.
  private let wait: (UInt64) -> Void

  /// Requests that wait for their answers at a time.
  private static var window: Int { 4 }

  init(
    _ connection: Connection, source: String, position: UInt64, patience: UInt64,
    wait: @escaping (UInt64) -> Void, reject: @escaping (String, UInt32) -> Void
  ) {
    self.connection = connection
    self.source = source
    self.patience = patience
    self.reject = reject
    self.wait = wait
    lastSequence = position
  }

  func send(_ batch: FeedBatch) throws(FeedStop) {
    try land(downTo: Self.window - 1)
    pending.append((batch, nil))
    try launch()
  }

  func finish() throws(FeedStop) { try land(downTo: 0) }

  /// Sends what is pending and was not sent, or was lost.
  private func launch() throws(FeedStop) {
    do throws(ClientError) {
      for index in pending.indices where pending[index].ticket == nil {
        pending[index].ticket = try connection.send(.apply(pending[index].batch.rows))
      }
      try connection.flush()
    } catch {
      try recover(error)
    }
  }

  private func land(downTo count: Int) throws(FeedStop) {
    while pending.count > count {
      guard let ticket = pending[0].ticket else {
        try launch()
        continue
      }
      do throws(ClientError) {
        let answer = try connection.receive(ticket)
        settle(pending.removeFirst().batch, answer)
      } catch {
        try recover(error)
      }
    }
  }

  private func settle(_ batch: FeedBatch, _ answer: FeedAnswer) {
    lastSequence = answer.lastSequence
    for (row, outcome) in answer.outcomes.enumerated() {
      tally.count(outcome.number)
      if !FeedTally.isTaken(outcome.number) { reject(batch.texts[row], outcome.number) }
    }
  }

  /// A lost connection and a refusal of the moment are waited out; what was on its way is sent
  /// again in order.
  private func recover(_ error: ClientError) throws(FeedStop) {
    let isMomentary: Bool
    switch error {
    case .unreachable, .deadline: isMomentary = true
    case .refused(let refusal): isMomentary = refusal.isRetryable
    case .malformed, .requestTooLarge, .tooManyInFlight: isMomentary = false
    }
    if !isMomentary { throw .client(error) }
    // Answers to what was sent behind it would come for the wrong batch.
    connection.close()
    for index in pending.indices {
      if let ticket = pending[index].ticket { _ = try? connection.receive(ticket) }
      pending[index].ticket = nil
    }
    let deadline = monotonicNanoseconds() &+ patience
    while true {
      if ClientProcess.wasInterrupted { throw .interrupted }
      let now = monotonicNanoseconds()
      wait(deadline > now ? (deadline - now) / 1_000_000_000 : 0)
      sleep(nanoseconds: 200_000_000)
      do throws(ClientError) {
        _ = try connection.perform(.ping())
        return
      } catch let failure {
        if monotonicNanoseconds() >= deadline { throw .client(failure) }
      }
    }
  }
}
