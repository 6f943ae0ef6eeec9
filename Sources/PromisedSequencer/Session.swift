import PromisedModel
import PromisedWire

/// The protocol's side of one connection: which streams are open, which replies may leave and which
/// wait for the disk.
///
/// A reply is encoded once, straight into `ready` when everything it saw is durable, else into
/// `held`, from where it moves when its position is. Held replies leave in the order they were
/// decided, so that one position per reply in a queue is enough.
package final class Session {
  /// Frames that may be sent now. The loop sends from the front.
  package var ready = FrameBuffer(capacity: 512)
  private var held = FrameBuffer(capacity: 16)
  private var marks: [HeldReply] = []
  private var firstMark = 0
  /// Streams that wait for their reply; a second request on one of them cannot be answered.
  var streams = OpenStreams()
  var scanner = FrameScanner()
  /// Calls whose client half is open; their ids are among `streams`.
  var clientStreams: [ClientStream] = []
  /// Watches and polls of this session that wait for changes.
  var watchCount = 0
  /// Where the loop finds the connection; set by whoever accepts it.
  package var slot: Int?
  /// What was received of it last had bulk work in it: others are served first.
  package internal(set) var isBulk = false
  /// In the sequencer's list of sessions with held replies.
  var isWaiting = false

  private struct HeldReply {
    let position: Position
    /// Bytes of `held` up to the end of this reply, counted from the session's first held byte.
    let end: Int
    let streamID: UInt32
    let place: Place
  }

  /// What a held frame is to its stream.
  private enum Place: UInt8 {
    /// The only one, or the last.
    case last
    /// More will follow.
    case inside
  }

  /// Bytes of held replies that have already moved to `ready`.
  private var movedBytes = 0
  private var heldBytes = 0

  package init() {}

  /// Replies that wait for the disk.
  package var heldCount: Int { marks.count - firstMark }

  package var pendingOutputBytes: Int { ready.count + held.count }

  /// Encodes the only reply of an open stream where it belongs, and says what the frame says.
  @inline(__always)
  func reply(
    to streamID: UInt32, reflecting position: Position, durable: Position,
    _ encode: (inout FrameBuffer) -> OutcomeCode
  ) -> OutcomeCode {
    if position <= durable {
      streams.close(streamID)
      return encode(&ready)
    }
    let before = held.count
    let code = encode(&held)
    heldBytes += held.count - before
    marks.append(
      HeldReply(position: position, end: heldBytes, streamID: streamID, place: .last))
    return code
  }

  /// Encodes a frame of a stream behind everything of the session that waits, so that a stream's
  /// frames leave in their order. A frame that says no is the stream's last in any case.
  ///
  /// - Returns: what the frame says, and the position it waits for; 0 = it may leave.
  func frame(
    on streamID: UInt32, reflecting position: Position, durable: Position, isLast: Bool,
    _ encode: (inout FrameBuffer) -> OutcomeCode
  ) -> (code: OutcomeCode, waitsFor: Position) {
    if heldCount == 0 && position <= durable {
      let code = encode(&ready)
      if isLast || code != .ok { streams.close(streamID) }
      return (code, 0)
    }
    let before = held.count
    let code = encode(&held)
    heldBytes += held.count - before
    let position = max(position, marks.last?.position ?? 0)
    let closes = isLast || code != .ok
    marks.append(
      HeldReply(
        position: position, end: heldBytes, streamID: streamID, place: closes ? .last : .inside))
    if !closes { stream(streamID)?.waitingCount += 1 }
    return (code, position)
  }

  func stream(_ id: UInt32) -> ClientStream? {
    for stream in clientStreams where stream.id == id { return stream }
    return nil
  }

  /// Moves the replies that `durable` covers to `ready`; true when some did.
  func release(upTo durable: Position) -> Bool {
    var end = movedBytes
    while firstMark < marks.count, marks[firstMark].position <= durable {
      end = marks[firstMark].end
      switch marks[firstMark].place {
      case .last: streams.close(marks[firstMark].streamID)
      case .inside: stream(marks[firstMark].streamID)?.waitingCount -= 1
      }
      firstMark += 1
    }
    let count = end - movedBytes
    if count == 0 { return false }
    ready.append(UnsafeRawBufferPointer(rebasing: held.bytes[..<count]))
    held.removePrefix(count)
    movedBytes = end
    if firstMark == marks.count {
      marks.removeAll(keepingCapacity: true)
      firstMark = 0
      movedBytes = 0
      heldBytes = 0
    } else if firstMark >= 1024 {
      marks.removeFirst(firstMark)
      firstMark = 0
    }
    return true
  }
}
