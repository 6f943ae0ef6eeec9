import PromisedEngine
import PromisedModel

/// A reader of the changes: a watch with its stream, or a poll that waits.
///
/// It queues nothing. While it has credit it reads from the ring of changes, a frame at a time; what
/// it cannot be told now it reads later, or is told that it is lost.
final class Watch {
  enum Target {
    case stream(ClientStream)
    case poll(ReplyTo)
  }

  let target: Target
  let filter: WatchFilter
  var cursor: ChangeCursor
  /// What the reader asked for is not known any more, and it has not been told.
  var isLost = false
  /// The most items of a frame.
  let items: Int

  /// Frames that may be unacknowledged, how many were sent, and up to which they are dealt with.
  let credit: UInt64
  private(set) var sent: UInt64 = 0
  private(set) var acknowledged: UInt64 = 0
  let onlyCrossings: Bool
  let heartbeatNanoseconds: UInt64
  /// When the last frame was made; a frame that is not full waits a little longer than that.
  var sentAt: UInt64
  /// There was more to tell than the last frame had room for.
  var isFull = false
  /// Since when there is something to tell and no credit; nil = there is credit, or nothing to tell.
  var stalledSince: UInt64?
  /// Its last frame waits for this position to be on disk.
  var waitsFor: Position = 0
  /// When a poll is answered without a change, and when the call's time is over.
  let waitsUntil: UInt64
  let deadline: UInt64

  /// Whose share units are, and since when the filter's group has the nodes it has.
  let channel: UInt16
  var groupSince: Position
  var thresholds: [Threshold] = []
  /// Rows of `thresholds` that have something to tell, each once.
  private(set) var crossedRows: [Int] = []
  /// The last position that a threshold's value saw.
  private(set) var crossingsObserved: Position = 0

  /// Its place in the list of watches.
  var place = 0

  init(
    _ creation: WatchCreation, filter: WatchFilter, channel: UInt16, cursor: ChangeCursor,
    stream: ClientStream, now: UInt64, since: Position
  ) {
    self.channel = channel
    groupSince = since
    target = .stream(stream)
    self.filter = filter
    self.cursor = cursor
    items = Limits.watchItems
    credit = UInt64(creation.credit)
    onlyCrossings = creation.onlyCrossings
    heartbeatNanoseconds = UInt64(creation.heartbeatMilliseconds) * 1_000_000
    sentAt = now
    waitsUntil = .max
    deadline = stream.deadline
  }

  init(
    _ query: WatchPollQuery, filter: WatchFilter, cursor: ChangeCursor, reply: ReplyTo,
    now: UInt64, deadline: UInt64, since: Position
  ) {
    channel = 0
    groupSince = since
    target = .poll(reply)
    self.filter = filter
    self.cursor = cursor
    items = Int(query.items)
    credit = 1
    onlyCrossings = false
    heartbeatNanoseconds = .max
    sentAt = now
    waitsUntil = now + UInt64(query.waitMilliseconds) * 1_000_000
    self.deadline = deadline
  }

  var session: Session {
    switch target {
    case .stream(let stream): stream.session
    case .poll(let reply): reply.session
    }
  }

  // MARK: Credit

  var hasCredit: Bool { sent - acknowledged < credit }

  /// Takes note of a frame that was made; its sequence.
  func nextSequence() -> UInt64 {
    sent += 1
    return sent
  }

  /// - Throws: FIELD_OUT_OF_RANGE for a frame that was never sent.
  func acknowledge(_ sequence: UInt64) throws(Refusal) {
    if sequence > sent {
      throw Refusal(
        .fieldOutOfRange, "sequence is \(sequence); allowed: 0 to \(sent), the last one sent")
    }
    acknowledged = max(acknowledged, sequence)
    if hasCredit { stalledSince = nil }
  }

  // MARK: Crossings

  var hasCrossings: Bool { !crossedRows.isEmpty }

  /// Takes note of what a threshold's value is now.
  func evaluated(_ row: Int, _ value: ThresholdValue, observed: Position) {
    crossingsObserved = max(crossingsObserved, observed)
    thresholds[row].take(value, row: row)
    if thresholds[row].pending != nil, !thresholds[row].isListed {
      thresholds[row].isListed = true
      crossedRows.append(row)
    }
  }

  /// Moves what there is to tell into a reply; from then on it counts as told.
  func takeCrossings(into reply: inout WatchReply) {
    for row in crossedRows {
      thresholds[row].isListed = false
      if let crossing = thresholds[row].takePending() { reply.crossings.append(crossing) }
    }
    crossedRows.removeAll(keepingCapacity: true)
  }
}
