import PromisedInvariants
import PromisedModel

/// The requests of a connection that wait for an answer, or whose answer waits to be taken.
///
/// A slot is found by the stream id's low bits. Ids grow by two, so that a slot is free again
/// unless a request 4,096 ids ago is still there; then the id is passed over.
struct PendingTable: ~Copyable {
  enum State: UInt8 {
    case free
    case waiting
    case answered
    /// The connection went away before the answer.
    case lost
    /// Nobody wants the answer any more.
    case abandoned
  }

  struct Slot {
    var streamID: UInt32 = 0
    var state = State.free
    /// Of the monotonic clock.
    var deadline: UInt64 = 0
    /// The data of the response frame, owned by the slot.
    var response: UnsafeMutableRawBufferPointer?
  }

  static var capacity: Int { Limits.inFlightPerConnection }

  private let slots: UnsafeMutablePointer<Slot>
  /// Requests without an answer.
  private(set) var waitingCount = 0
  /// Slots in use.
  private(set) var usedCount = 0

  init() {
    slots = .allocate(capacity: Self.capacity)
    slots.initialize(repeating: Slot(), count: Self.capacity)
  }

  deinit {
    for index in 0..<Self.capacity { slots[index].response?.deallocate() }
    slots.deallocate()
  }

  private static func index(_ streamID: UInt32) -> Int {
    Int(streamID >> 1) & (capacity - 1)
  }

  func isFree(_ streamID: UInt32) -> Bool { slots[Self.index(streamID)].state == .free }

  mutating func open(_ streamID: UInt32, deadline: UInt64) {
    let index = Self.index(streamID)
    invariant(slots[index].state == .free, "a stream id takes a free slot")
    slots[index] = Slot(streamID: streamID, state: .waiting, deadline: deadline)
    waitingCount += 1
    usedCount += 1
  }

  /// The slot of a request; nil when it is not, or no longer, pending.
  func slot(_ streamID: UInt32) -> Slot? {
    let slot = slots[Self.index(streamID)]
    return slot.streamID == streamID && slot.state != .free ? slot : nil
  }

  /// Keeps a copy of a response until it is taken.
  mutating func answer(_ streamID: UInt32, _ data: UnsafeRawBufferPointer) {
    let index = Self.index(streamID)
    guard slots[index].streamID == streamID else { return }
    switch slots[index].state {
    case .waiting:
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count, alignment: 16)
      copy.copyMemory(from: data)
      slots[index].response = copy
      slots[index].state = .answered
      waitingCount -= 1
    case .abandoned: free(index)
    case .free, .answered, .lost: break
    }
  }

  /// Gives up waiting; the late answer will be dropped.
  mutating func abandon(_ streamID: UInt32) {
    let index = Self.index(streamID)
    guard slots[index].streamID == streamID, slots[index].state == .waiting else { return }
    slots[index].state = .abandoned
    waitingCount -= 1
  }

  /// Ends a request that was answered or lost.
  mutating func close(_ streamID: UInt32) {
    let index = Self.index(streamID)
    guard slots[index].streamID == streamID, slots[index].state != .free else { return }
    if slots[index].state == .waiting { waitingCount -= 1 }
    free(index)
  }

  /// The connection is gone: nobody waits any more.
  mutating func loseAll() {
    for index in 0..<Self.capacity {
      switch slots[index].state {
      case .waiting: slots[index].state = .lost
      case .abandoned: free(index)
      case .free, .answered, .lost: break
      }
    }
    waitingCount = 0
  }

  private mutating func free(_ index: Int) {
    slots[index].response?.deallocate()
    slots[index] = Slot()
    usedCount -= 1
  }
}
