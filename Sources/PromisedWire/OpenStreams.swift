import PromisedInvariants
import PromisedModel

/// What to do with a whole frame, by its header alone.
package enum StreamVerdict {
  /// A new request. Its stream is open now: `close` it when the reply is written.
  case request
  /// Answer this on the frame's id, which was not opened.
  case refuse(Refusal)
  /// Data on an id that is open: a message of a stream, unless a unary request waits there.
  case data
  /// An unknown type, or Data for a stream that is not open: ignored and counted.
  case ignore
  /// The id of a request that is still unanswered: no answer would be unambiguous, so close.
  case closeConnection
}

/// The streams of one connection that wait for their reply.
///
/// Replies may be held until their log position is durable and leave in any order, so the ids are
/// a set. Ids may arrive unordered and may wrap; only an open id may not come again. Every
/// operation is constant time on average; memory is 4 bytes for each of at most twice the open
/// streams, rounded up to a power of two.
package struct OpenStreams: ~Copyable {
  /// Open addressing with linear probing; 0, which no open stream has, marks an empty slot.
  private var slots: UnsafeMutablePointer<UInt32>
  private var mask: Int
  private let capacity: Int
  /// Streams open now.
  package private(set) var count = 0

  package init(capacity: Int = Limits.inFlightPerConnection) {
    self.capacity = capacity
    mask = 15
    slots = .allocate(capacity: 16)
    slots.initialize(repeating: 0, count: 16)
  }

  deinit { slots.deallocate() }

  /// At the limit of requests in flight: a caller that can, stops reading until one is closed.
  package var isFull: Bool { count >= capacity }

  /// Judges a frame from the client and opens its stream when it is a request to answer.
  package mutating func admit(_ header: FrameHeader) -> StreamVerdict {
    guard header.type == FrameType.request else {
      return header.type == FrameType.data && contains(header.streamID) ? .data : .ignore
    }
    if header.streamID & 1 == 0 {
      return .refuse(
        Refusal(
          .streamIDEven, "stream id \(header.streamID) is even; a client's streams have odd ids"))
    }
    if contains(header.streamID) { return .closeConnection }
    if isFull {
      return .refuse(
        Refusal(
          .tooManyInFlight, "\(count) requests of this connection wait for their reply already"))
    }
    insert(header.streamID)
    return .request
  }

  /// Id 0, which marks empty slots, is never open.
  package func contains(_ streamID: UInt32) -> Bool {
    streamID != 0 && slots[slot(of: streamID)] == streamID
  }

  /// The stream's terminal frame was written: its id may be used again.
  package mutating func close(_ streamID: UInt32) {
    var hole = slot(of: streamID)
    invariant(streamID != 0 && slots[hole] == streamID, "closing a stream that is not open")
    count -= 1
    // Entries behind the hole move up where their own probe passes it, so that no search ends
    // early at the hole.
    var next = (hole + 1) & mask
    while slots[next] != 0 {
      let home = Self.hash(slots[next]) & mask
      if (next &- home) & mask >= (next &- hole) & mask {
        slots[hole] = slots[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    slots[hole] = 0
  }

  private mutating func insert(_ streamID: UInt32) {
    if (count + 1) * 2 > mask + 1 { grow() }
    slots[slot(of: streamID)] = streamID
    count += 1
  }

  private mutating func grow() {
    let old = slots
    let oldCount = mask + 1
    mask = oldCount * 2 - 1
    slots = .allocate(capacity: oldCount * 2)
    slots.initialize(repeating: 0, count: oldCount * 2)
    for index in 0..<oldCount where old[index] != 0 { slots[slot(of: old[index])] = old[index] }
    old.deallocate()
  }

  /// Where the id is, or the empty slot where it would go.
  private func slot(of streamID: UInt32) -> Int {
    var index = Self.hash(streamID) & mask
    while slots[index] != 0, slots[index] != streamID { index = (index + 1) & mask }
    return index
  }

  /// Ids count up by two; a multiplication spreads whatever order they come in.
  private static func hash(_ streamID: UInt32) -> Int {
    Int((streamID >> 1) &* 0x9E37_79B1 >> 7)
  }
}
