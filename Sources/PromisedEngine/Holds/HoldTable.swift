import PromisedInvariants
import PromisedModel

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
  /// Its lines in the allocation index while it is committed, 0 = none.
  var allocations: UInt32
  /// The caller's own id, 0 = none.
  var name: UInt32
  /// Neighbours among the holds of the owner that are held, as slot + 1; 0 = none.
  var ownerPrevious: UInt32
  var ownerNext: UInt32
  var lineCount: UInt16
  var state: UInt8
  /// `HoldList`: which list it stands in.
  var list: UInt8
}

/// The lists a hold can stand in, at most one at a time.
enum HoldList: UInt8 {
  case none = 0
  /// That of its expiry second.
  case expiry = 1
  /// What is forgotten ten minutes after its end.
  case ended = 2
  /// What left with promises and is kept until their delivery can be told.
  case shipped = 3
}

/// Holds by id and by the caller's name, with their lines, owners and names in a pool.
///
/// A hold that is held stands in the list of its expiry second; one that ended stands in one of two
/// lists of what will be forgotten, oldest first. A committed hold is in none.
struct HoldTable: ~Copyable {
  private var index = SlotIndex()
  private var nameIndex = SlotIndex()
  /// The first hold of each owner in the list of those that are held.
  private var ownerIndex = SlotIndex()
  private var slots = Store<HoldSlot>()
  private var freeSlots = Store<UInt32>()
  private var pool = BlockPool(maximumWords: Limits.linesPerHold * HoldLine.words)
  private var wheel = Store<UInt32>(zeroed: HoldTable.wheelSeconds)
  private var due = Store<UInt64>()
  /// No hold that is held expires in a second before this one.
  private var firstSecond = Int64.max
  private var ended = HoldListEnds()
  private var shipped = HoldListEnds()
  /// Living holds with lines for later.
  var dues = DueHolds()
  var heldCount = 0
  private(set) var committedCount = 0

  /// More than the longest hold, so that one turn of the wheel holds every expiry.
  private static var wheelSeconds: Int { 131_072 }

  var count: Int { index.count }
  /// Slots that are or were in use; `isInUse` tells which.
  var slotCount: Int { slots.count }

  // MARK: Reading

  func find(_ id: UInt64) -> Int? { index.find(mix(id)) { slots[$0].id == id } }

  /// Has the lines read that searches for this id and this owner begin with.
  @inline(__always)
  func prefetch(_ id: UInt64, owner: BorrowedBytes) {
    index.prefetch(mix(id))
    ownerIndex.prefetch(hash(owner))
  }

  /// A hold of an owner that is held, the first of their list; nil = none.
  func firstHeld(of owner: BorrowedBytes) -> Int? {
    ownerIndex.find(hash(owner)) { same(self.owner($0), owner) }
  }

  func nextHeld(after slot: Int) -> Int? {
    let next = slots[slot].ownerNext
    return next == 0 ? nil : Int(next) - 1
  }

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

  /// The hold that bears a caller's name, ended ones too while they are kept.
  func find(name: BorrowedBytes) -> Int? {
    nameIndex.find(hash(name)) { same(self.name($0), name) }
  }

  /// Valid until a hold is added.
  func owner(_ slot: Int) -> BorrowedBytes { text(slots[slot].owner) }

  /// Empty when it has none; valid until a hold is added.
  func name(_ slot: Int) -> BorrowedBytes {
    let block = slots[slot].name
    return block == 0 ? .empty : text(block)
  }

  /// A text in the pool: its length, then its bytes.
  private func text(_ block: UInt32) -> BorrowedBytes {
    let bytes = UnsafePointer(pool.bytes(block))
    return BorrowedBytes(base: bytes + 1, count: Int(bytes.pointee))
  }

  /// Valid until a hold is added.
  func lines(_ slot: Int) -> UnsafeMutablePointer<HoldLine> {
    pool.elements(slots[slot].lines, as: HoldLine.self)
  }

  /// The hold of a list of ended ones that is forgotten first.
  func firstEnded(in list: HoldList) -> Int? {
    let first = list == .shipped ? shipped.first : ended.first
    return first == 0 ? nil : Int(first) - 1
  }

  func nextEnded(after slot: Int) -> Int? {
    let next = slots[slot].next
    return next == 0 ? nil : Int(next) - 1
  }

  // MARK: Changing

  /// Adds a hold with room for `lineCount` lines, which the caller writes. Ended holds, which only
  /// a snapshot brings, come in ascending order of `forgetAt`; `list` says where one of them stands.
  mutating func insert(
    id: UInt64, owner: BorrowedBytes, name: BorrowedBytes = .empty, expiresAt: Int64,
    state: HoldState, lineCount: Int, forgetAt: Int64 = 0, committedAt: UInt64 = 0,
    list: HoldList = .ended
  ) -> Int {
    invariant(find(id) == nil, "a hold id is used twice")
    let lines = pool.allocate(words: max(1, lineCount * HoldLine.words))
    let hold = HoldSlot(
      id: id, expiresAt: expiresAt, forgetAt: forgetAt, committedAt: committedAt,
      owner: store(owner), lines: lines, previous: 0, next: 0, promises: 0, allocations: 0,
      name: 0, ownerPrevious: 0, ownerNext: 0, lineCount: UInt16(lineCount), state: state.rawValue,
      list: 0)
    let slot: Int
    if freeSlots.count > 0 {
      slot = Int(freeSlots.removeLast())
      slots[slot] = hold
    } else {
      slot = slots.append(hold)
    }
    index.insert(mix(id), slot: slot)
    if !name.isEmpty { setName(slot, name) }
    count(state, by: 1)
    if state == .held { enterWheel(slot) }
    if state.isEnded { enterForgotten(slot, list) }
    return slot
  }

  func setPromises(_ slot: Int, _ first: UInt32) { slots.at(slot).pointee.promises = first }

  func setAllocations(_ slot: Int, _ block: UInt32) { slots.at(slot).pointee.allocations = block }

  /// Takes a hold's name away, so that another can bear it.
  mutating func dropName(_ slot: Int) {
    let block = slots[slot].name
    if block == 0 { return }
    nameIndex.remove(hash(text(block)), slot: slot)
    release(text: block)
    slots.at(slot).pointee.name = 0
  }

  private mutating func setName(_ slot: Int, _ name: BorrowedBytes) {
    invariant(find(name: name) == nil, "two holds have the same name")
    slots.at(slot).pointee.name = store(name)
    nameIndex.insert(hash(name), slot: slot)
  }

  private mutating func store(_ text: BorrowedBytes) -> UInt32 {
    let block = pool.allocate(words: BlockPool.words(forBytes: text.count + 1))
    let bytes = pool.bytes(block)
    bytes.pointee = UInt8(text.count)
    if let base = text.base { (bytes + 1).update(from: base, count: text.count) }
    return block
  }

  private mutating func release(text block: UInt32) {
    pool.release(block, words: BlockPool.words(forBytes: Int(pool.bytes(block).pointee) + 1))
  }

  /// Moves a hold to another state. `forgetAt` is when an ended one is forgotten; calls for the same
  /// list come in ascending order of it. `committedAt` is the position of a commit.
  mutating func change(
    _ slot: Int, to state: HoldState, forgetAt: Int64, committedAt: UInt64 = 0,
    list: HoldList = .ended
  ) {
    leaveList(slot)
    count(self.state(slot), by: -1)
    count(state, by: 1)
    slots.at(slot).pointee.state = state.rawValue
    slots.at(slot).pointee.forgetAt = 0
    slots.at(slot).pointee.committedAt = committedAt
    if state == .held { enterWheel(slot) }
    if state.isEnded {
      slots.at(slot).pointee.forgetAt = forgetAt
      enterForgotten(slot, list)
    }
  }

  /// States when a hold that is held expires.
  mutating func setExpiry(_ slot: Int, _ expiresAt: Int64) {
    let isHeld = state(slot) == .held
    if isHeld { leaveList(slot) }
    slots.at(slot).pointee.expiresAt = expiresAt
    if isHeld { enterWheel(slot) }
  }

  /// Gives a hold room for `count` lines, which the caller writes; what was there is gone.
  mutating func resizeLines(_ slot: Int, to count: Int) {
    let hold = slots[slot]
    pool.release(hold.lines, words: max(1, Int(hold.lineCount) * HoldLine.words))
    slots.at(slot).pointee.lines = pool.allocate(words: max(1, count * HoldLine.words))
    slots.at(slot).pointee.lineCount = UInt16(count)
  }

  /// The ended hold whose time to be forgotten has come, nil when there is none.
  func forgettable(at now: Int64) -> Int? {
    // Asked for with every event: a list of the two would be allocated each time.
    forgettable(ended, at: now) ?? forgettable(shipped, at: now)
  }

  private func forgettable(_ list: HoldListEnds, at now: Int64) -> Int? {
    if list.first == 0 || slots[Int(list.first) - 1].forgetAt > now { return nil }
    return Int(list.first) - 1
  }

  /// Drops an ended hold; its promises are the caller's business.
  mutating func remove(_ slot: Int) {
    leaveList(slot)
    dropName(slot)
    let hold = slots[slot]
    index.remove(mix(hold.id), slot: slot)
    release(text: hold.owner)
    pool.release(hold.lines, words: max(1, Int(hold.lineCount) * HoldLine.words))
    slots.at(slot).pointee.state = 0
    freeSlots.append(UInt32(slot))
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
    slots.at(slot).pointee.list = HoldList.expiry.rawValue
    slots.at(slot).pointee.previous = 0
    slots.at(slot).pointee.next = first
    if first != 0 { slots.at(Int(first) - 1).pointee.previous = UInt32(slot + 1) }
    wheel[place] = UInt32(slot + 1)
    enterOwner(slot)
  }

  /// Behind the first of the owner's holds, which the index knows.
  private mutating func enterOwner(_ slot: Int) {
    let owner = owner(slot)
    slots.at(slot).pointee.ownerPrevious = 0
    slots.at(slot).pointee.ownerNext = 0
    guard let first = firstHeld(of: owner) else {
      return ownerIndex.insert(hash(owner), slot: slot)
    }
    let next = slots[first].ownerNext
    slots.at(slot).pointee.ownerPrevious = UInt32(first + 1)
    slots.at(slot).pointee.ownerNext = next
    slots.at(first).pointee.ownerNext = UInt32(slot + 1)
    if next != 0 { slots.at(Int(next) - 1).pointee.ownerPrevious = UInt32(slot + 1) }
  }

  private mutating func leaveOwner(_ slot: Int) {
    let hold = slots[slot]
    if hold.ownerNext != 0 {
      slots.at(Int(hold.ownerNext) - 1).pointee.ownerPrevious = hold.ownerPrevious
    }
    if hold.ownerPrevious != 0 {
      slots.at(Int(hold.ownerPrevious) - 1).pointee.ownerNext = hold.ownerNext
      return
    }
    let hash = hash(owner(slot))
    ownerIndex.remove(hash, slot: slot)
    if hold.ownerNext != 0 { ownerIndex.insert(hash, slot: Int(hold.ownerNext) - 1) }
  }

  private mutating func enterForgotten(_ slot: Int, _ list: HoldList) {
    let last = list == .shipped ? shipped.last : ended.last
    slots.at(slot).pointee.list = list.rawValue
    slots.at(slot).pointee.previous = last
    slots.at(slot).pointee.next = 0
    if last != 0 { slots.at(Int(last) - 1).pointee.next = UInt32(slot + 1) }
    if list == .shipped {
      shipped.append(UInt32(slot + 1))
    } else {
      ended.append(UInt32(slot + 1))
    }
  }

  private mutating func leaveList(_ slot: Int) {
    let hold = slots[slot]
    guard let list = HoldList(rawValue: hold.list), list != .none else { return }
    if hold.next != 0 { slots.at(Int(hold.next) - 1).pointee.previous = hold.previous }
    if hold.previous != 0 { slots.at(Int(hold.previous) - 1).pointee.next = hold.next }
    switch list {
    case .none: break
    case .expiry:
      if hold.previous == 0 {
        wheel[place(of: UnixMilliseconds(hold.expiresAt).seconds)] = hold.next
      }
      leaveOwner(slot)
    case .ended: ended.remove(previous: hold.previous, next: hold.next)
    case .shipped: shipped.remove(previous: hold.previous, next: hold.next)
    }
    slots.at(slot).pointee.list = HoldList.none.rawValue
  }
}

/// First and last of a list, as slot + 1; 0 = it is empty.
private struct HoldListEnds {
  var first: UInt32 = 0
  var last: UInt32 = 0

  mutating func append(_ link: UInt32) {
    last = link
    if first == 0 { first = link }
  }

  /// Takes out what stood between two neighbours.
  mutating func remove(previous: UInt32, next: UInt32) {
    if previous == 0 { first = next }
    if next == 0 { last = previous }
  }
}
