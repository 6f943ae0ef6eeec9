import PromisedBytes
import PromisedPlatform
import PromisedSequencer

/// One peer as the loop sees it: bytes that wait to become frames, and replies that wait to leave.
final class Connection {
  let reference: ConnectionReference
  /// The protocol's side: open streams, replies ready and held.
  let session: Session
  /// The start of a frame whose rest has not arrived; empty most of the time.
  var partial = ByteBuffer(capacity: 16)
  /// The first byte of `partial` not yet consumed.
  var partialStart = 0
  var isReadable = true
  var isWritableWanted = false
  /// Close once everything ready has left.
  var isClosing = false
  /// When bytes last arrived or left, on the monotonic clock; a stalled peer is closed.
  var progressAtNanoseconds: UInt64
  /// Whole frames may wait in `partial`: the turn they came in had done its share of bulk work.
  var isOutOfTurn = false
  /// In the loop's queue of bulk work.
  var isQueuedForBulk = false
  /// In the loop's list of connections with something to flush.
  var isQueuedForFlush = false

  init(reference: ConnectionReference, session: Session, now: UInt64) {
    self.reference = reference
    self.session = session
    progressAtNanoseconds = now
  }

  var partialCount: Int { partial.count - partialStart }

  /// Keeps the bytes of an unfinished frame for the next arrival.
  func keep(_ bytes: UnsafeRawBufferPointer) {
    partial.clear()
    partialStart = 0
    partial.append(bytes: bytes)
  }

  /// Moves what is left of `partial` to its front.
  func compact() {
    var rest = ByteBuffer(capacity: partialCount)
    rest.append(bytes: UnsafeRawBufferPointer(rebasing: partial.bytes[partialStart...]))
    partial = rest
    partialStart = 0
  }

  func dropPartial() {
    // A connection that once carried a large frame gives its memory back.
    partial = ByteBuffer(capacity: 16)
    partialStart = 0
  }
}
