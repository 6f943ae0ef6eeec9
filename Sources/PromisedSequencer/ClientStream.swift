import PromisedModel
import PromisedWire

/// A call whose client half is open: messages of it may still come.
final class ClientStream {
  let id: UInt32
  let method: Method
  unowned let session: Session
  /// When the call's time is over, by the loop's monotonic clock.
  let deadline: UInt64
  /// Frames that wait for the disk.
  var waitingCount = 0
  /// The last batch of a streaming feed that was decided.
  var lastSource: Name = .empty
  var lastSequence: UInt64 = 0
  /// The watch of the stream, once it was created.
  var watch: Watch?

  init(id: UInt32, method: Method, session: Session, deadline: UInt64) {
    self.id = id
    self.method = method
    self.session = session
    self.deadline = deadline
  }
}
