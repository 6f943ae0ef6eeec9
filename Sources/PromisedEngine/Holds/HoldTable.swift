import PromisedInvariants
import PromisedModel

/// One claimed quantity of a hold.
struct HoldLine: BitwiseCopyable {
  var item: UInt64
  var node: UInt16
  var quantity: Int32
}

struct HoldSlot: BitwiseCopyable {
  var id: UInt64
  var expiresAt: Int64
  /// When an ended hold is forgotten; 0 while it lives.
  var forgetAt: Int64
  /// The position of its commit; 0 = not committed.
  var committedAt: UInt64
  var owner: UInt32
  var lines: UInt32
  /// Neighbours in the list the hold is in, as slot + 1; 0 = none.
  var previous: UInt32
  var next: UInt32
  /// The first of its promises, 0 = none.
  var promises: UInt32
  var lineCount: UInt16
  var ownerCount: UInt8
  var state: UInt8
}

/// Holds by id, with their lines and owners in a pool.
///
/// A hold that is held stands in the list of its expiry second; one that ended stands in the list
/// of what will be forgotten, oldest first. A committed hold is in neither.
struct HoldTable: ~Copyable {
  private var index = SlotIndex()
  private var slots = Store<HoldSlot>()
  private var freeSlots = Store<UInt32>()
  private var pool = BlockPool(maximumWords: Limits.linesPerHold * 2)
  private var wheel = Store<UInt32>(zeroed: HoldTable.wheelSeconds)
  private var due = Store<UInt64>()
  /// No hold that is held expires in a second before this one.
  private var firstSecond = Int64.max
  private var forgetFirst: UInt32 = 0
  private var forgetLast: UInt32 = 0
  var heldCount = 0
  private(set) var committedCount = 0

  /// More than the longest hold, so that one turn of the wheel holds every expiry.
  private static var wheelSeconds: Int { 131_072 }

  var count: Int { index.count }
  /// Slots that are or were in use; `isInUse` tells which.
  var slotCount: Int { slots.count }

  // MARK: Reading

  func find(_ id: UInt64) -> Int? { index.find(mix(id)) { slots[$0].id == id } }

  /// Has the line read that a search for this id begins with.
  @inline(__always)
  func prefetch(_ id: UInt64) { index.prefetch(mix(id)) }

  /// The same as of an instant: an ended hold whose time to be forgotten has come is not found, also
  /// before an event has forgotten it.
  func find(_ id: UInt64, at now: Int64) -> Int? {
    guard let slot = find(id) else { return nil }
    let forgetAt = slots[slot].forgetAt
    return forgetAt != 0 && forgetAt <= now ? nil : slot
  }

  func isInUse(_ slot: Int) -> Bool { slots[slot].state != 0 }

  func hold(_ slot: Int) -> HoldSlot { slots[slot] }

  func state(_ slot: Int) -> HoldState {
    guard let state = HoldState(rawValue: slots[slot].state) else {
      invariant(false, "a hold without a state")
      return .released
    }
    return state
  }

  /// Valid until a hold is added.
  func owner(_ slot: Int) -> BorrowedBytes {
    let hold = slots[slot]
    return BorrowedBytes(base: UnsafePointer(pool.bytes(hold.owner)), count: Int(hold.ownerCount))
  }

  /// Valid until a hold is added.
  func lines(_ slot: Int) -> UnsafeMutablePointer<HoldLine> {
    pool.elements(slots[slot].lines, as: HoldLine.self)
  }

  /// The ended hold that is forgotten first.
  var firstEnded: Int? { forgetFirst == 0 ? nil : Int(forgetFirst) - 1 }

  func nextEnded(after slot: Int) -> Int? {
    let next = slots[slot].next
    return next == 0 ? nil : Int(next) - 1
  }

  // MARK: Changing

  /// Adds a hold with room for `lineCount` lines, which the caller writes. Ended holds, which only
  /// a snapshot brings, come in ascending order of `forgetAt`.
  mutating func insert(
    id: UInt64, owner: BorrowedBytes, expiresAt: Int64, state: HoldState, lineCount: Int,
    forgetAt: Int64 = 0, committedAt: UInt64 = 0
  ) -> Int {
    invariant(find(id) == nil, "a hold id is used twice")
    let ownerBlock = pool.allocate(words: BlockPool.words(forBytes: owner.count))
    if let base = owner.base { pool.bytes(ownerBlock).update(from: base, count: owner.count) }
    let lines = pool.allocate(words: max(1, lineCount * 2))
    let hold = HoldSlot(
      id: id, expiresAt: expiresAt, forgetAt: forgetAt, committedAt: committedAt,
      owner: ownerBlock, lines: lines, previous: 0, next: 0, promises: 0,
      lineCount: UInt16(lineCount), ownerCount: UInt8(owner.count), state: state.rawValue)
    let slot: Int
    if freeSlots.count > 0 {
      slot = Int(freeSlots.removeLast())
      slots[slot] = hold
    } else {
      slot = slots.append(hold)
    }
    index.insert(mix(id), slot: slot)
    count(state, by: 1)
    if state == .held { enterWheel(slot) }
    if state == .released || state == .expired { enterForgotten(slot) }
    return slot
  }

  func setPromises(_ slot: Int, _ first: UInt32) { slots.at(slot).pointee.promises = first }

  /// Moves a hold to another state. `forgetAt` is when an ended one is forgotten; calls come in
  /// ascending order of it. `committedAt` is the position of a commit.
  mutating func change(
    _ slot: Int, to state: HoldState, forgetAt: Int64, committedAt: UInt64 = 0
  ) {
    let before = self.state(slot)
    leaveList(slot, of: before)
    count(before, by: -1)
    count(state, by: 1)
    slots.at(slot).pointee.state = state.rawValue
    slots.at(slot).pointee.forgetAt = 0
    slots.at(slot).pointee.committedAt = committedAt
    if state == .held { enterWheel(slot) }
    if state == .released || state == .expired {
      slots.at(slot).pointee.forgetAt = forgetAt
      enterForgotten(slot)
    }
  }

  /// Drops the ended holds whose time to be forgotten has come; `dropPromises` gets the first of
  /// each one's promises.
  mutating func forget(at now: Int64, dropPromises: (UInt32) -> Void) {
    while forgetFirst != 0 {
      let slot = Int(forgetFirst) - 1
      if slots[slot].forgetAt > now { return }
      leaveList(slot, of: state(slot))
      let hold = slots[slot]
      index.remove(mix(hold.id), slot: slot)
      pool.release(hold.owner, words: BlockPool.words(forBytes: Int(hold.ownerCount)))
      pool.release(hold.lines, words: max(1, Int(hold.lineCount) * 2))
      if hold.promises != 0 { dropPromises(hold.promises) }
      slots.at(slot).pointee.state = 0
      freeSlots.append(UInt32(slot))
    }
  }

  /// Held holds with `expiresAt <= now`, in order of (expiry, id); valid until the next call.
  mutating func expired(at now: Int64) -> Column<UInt64> {
    due.removeAll()
    let nowSecond = UnixMilliseconds(now).seconds
    if heldCount == 0 || firstSecond > nowSecond { return .empty }
    let start = firstSecond
    let turns = min(nowSecond - start, Int64(Self.wheelSeconds - 1))
    for step in 0...turns {
      var link = wheel[place(of: start + step)]
      // Seconds that are empty from the start on need not be looked at again.
      if link == 0 && firstSecond == start + step { firstSecond += 1 }
      while link != 0 {
        let slot = Int(link) - 1
        if slots[slot].expiresAt <= now { due.append(UInt64(slot)) }
        link = slots[slot].next
      }
    }
    heapSort(due.base, count: due.count) { left, right in
      let (a, b) = (slots[Int(left)], slots[Int(right)])
      return a.expiresAt == b.expiresAt ? a.id < b.id : a.expiresAt < b.expiresAt
    }
    for index in 0..<due.count { due[index] = slots[Int(due[index])].id }
    return Column(base: UnsafePointer(due.base), count: due.count)
  }

  // MARK: Lists

  private mutating func count(_ state: HoldState, by change: Int) {
    if state == .held { heldCount += change }
    if state == .committed { committedCount += change }
  }

  private func place(of second: Int64) -> Int {
    Int(truncatingIfNeeded: second) & (Self.wheelSeconds - 1)
  }

  private mutating func enterWheel(_ slot: Int) {
    let second = UnixMilliseconds(slots[slot].expiresAt).seconds
    firstSecond = heldCount <= 1 ? second : min(firstSecond, second)
    let place = place(of: second)
    let first = wheel[place]
    slots.at(slot).pointee.previous = 0
    slots.at(slot).pointee.next = first
    if first != 0 { slots.at(Int(first) - 1).pointee.previous = UInt32(slot + 1) }
    wheel[place] = UInt32(slot + 1)
  }

  private mutating func enterForgotten(_ slot: Int) {
    slots.at(slot).pointee.previous = forgetLast
    slots.at(slot).pointee.next = 0
    if forgetLast != 0 { slots.at(Int(forgetLast) - 1).pointee.next = UInt32(slot + 1) }
    forgetLast = UInt32(slot + 1)
    if forgetFirst == 0 { forgetFirst = forgetLast }
  }

  private mutating func leaveList(_ slot: Int, of state: HoldState) {
    if state == .committed { return }
    let hold = slots[slot]
    if hold.next != 0 { slots.at(Int(hold.next) - 1).pointee.previous = hold.previous }
    if hold.previous != 0 {
      slots.at(Int(hold.previous) - 1).pointee.next = hold.next
    } else if state == .held {
      wheel[place(of: UnixMilliseconds(hold.expiresAt).seconds)] = hold.next
    } else {
      forgetFirst = hold.next
    }
    if state != .held && hold.next == 0 { forgetLast = hold.previous }
  }
}
