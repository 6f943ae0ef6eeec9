import PromisedInvariants
import PromisedModel

/// A committed line in the list of its position.
struct AllocationEntry: BitwiseCopyable {
  /// Since when units of it are missing; it says nothing while none are.
  var sinceMilliseconds: Int64
  var slot: UInt32
  /// Neighbours in the list of the position, 0 = none.
  var next: UInt32
  var previous: UInt32
  /// Units of the line that are not there.
  var short: Int32
  var line: UInt16
}

/// Committed lines by position, so that a shortfall finds whom it breaks without a scan.
///
/// The entries of a hold lie together in a block; an entry is named by its place in the pool, 0 is
/// none. Each position's list begins in its breakdown, the latest commit first; lines of one hold
/// stand in descending order. Only lines that claim a stock row are in a list. Pointers are valid
/// until a block is added.
struct AllocationTable: ~Copyable {
  private var pool = BlockPool(maximumWords: Limits.linesPerHold * AllocationTable.entryWords)
  /// Slots of breakdowns where units are missing, in no order.
  private var shortPlaces = Store<UInt32>()
  /// Units missing in all.
  fileprivate(set) var shortUnits: Int64 = 0
  /// Since when which lines are short, from a snapshot that is being read.
  var restored = ShortfallRows()

  static var entryWords: Int { MemoryLayout<AllocationEntry>.stride / 8 }

  /// Positions where units are missing.
  var shortCount: Int { shortPlaces.count }

  @inline(__always)
  func at(_ entry: UInt32) -> UnsafeMutablePointer<AllocationEntry> {
    pool.elements(entry, as: AllocationEntry.self)
  }

  /// The entry of a line in its hold's block.
  static func entry(of line: Int, in block: UInt32) -> UInt32 {
    block + UInt32(line * entryWords)
  }

  /// A block for the lines of a hold, in no list.
  mutating func allocate(_ slot: Int, lineCount: Int) -> UInt32 {
    let block = pool.allocate(words: max(1, lineCount) * Self.entryWords)
    for line in 0..<lineCount {
      at(Self.entry(of: line, in: block)).pointee = AllocationEntry(
        sinceMilliseconds: 0, slot: UInt32(slot), next: 0, previous: 0, short: 0,
        line: UInt16(line))
    }
    return block
  }

  /// Its entries must be in no list.
  mutating func release(_ block: UInt32, lineCount: Int) {
    pool.release(block, words: max(1, lineCount) * Self.entryWords)
  }

  /// Breakdowns where units are missing, by place in no order.
  func shortPlace(_ index: Int) -> Int { Int(shortPlaces[index]) }

  /// Adds a breakdown to those that are short and answers its place, from 1.
  fileprivate mutating func appendShort(_ breakdown: Int) -> UInt32 {
    shortPlaces.append(UInt32(breakdown))
    return UInt32(shortPlaces.count)
  }

  /// Takes the breakdown at a place out; answers the one that took its place, nil = none.
  fileprivate mutating func removeShort(_ place: UInt32) -> Int? {
    let last = shortPlaces.removeLast()
    if Int(place) == shortPlaces.count + 1 { return nil }
    shortPlaces[Int(place) - 1] = last
    return Int(last)
  }
}

extension State {
  // MARK: Index

  /// Enters the lines of a hold that has become committed, whose units are allocated already.
  func indexAllocations(of slot: Int) {
    let count = Int(holds.hold(slot).lineCount)
    let block = allocations.allocate(slot, lineCount: count)
    holds.setAllocations(slot, block)
    for line in 0..<count { link(line, of: slot) }
  }

  /// Takes the lines of a committed hold out; before their units are given back.
  func dropAllocations(of slot: Int) {
    let hold = holds.hold(slot)
    if hold.allocations == 0 { return }
    for line in 0..<Int(hold.lineCount) { unlink(line, of: slot) }
    allocations.release(hold.allocations, lineCount: Int(hold.lineCount))
    holds.setAllocations(slot, 0)
  }

  /// Enters a line in the list of its position, after the commits that are later than its own.
  func link(_ line: Int, of slot: Int) {
    let held = holds.lines(slot)[line]
    if !held.canBeShort { return }
    let place = breakdowns.inserting(item: held.item, node: held.node)
    let entry = AllocationTable.entry(of: line, in: holds.hold(slot).allocations)
    var (previous, next) = (UInt32(0), breakdowns.at(place).pointee.first)
    while next != 0, precedes(next, entry) {
      previous = next
      next = allocations.at(next).pointee.next
    }
    allocations.at(entry).pointee.previous = previous
    allocations.at(entry).pointee.next = next
    if next != 0 { allocations.at(next).pointee.previous = entry }
    if previous == 0 {
      breakdowns.at(place).pointee.first = entry
    } else {
      allocations.at(previous).pointee.next = entry
    }
  }

  /// Takes a line out of the list of its position; what it was short of is counted no more.
  func unlink(_ line: Int, of slot: Int) {
    let held = holds.lines(slot)[line]
    if !held.canBeShort { return }
    guard let place = breakdowns.find(item: held.item, node: held.node) else {
      return invariant(false, "an allocation without a breakdown")
    }
    let reference = AllocationTable.entry(of: line, in: holds.hold(slot).allocations)
    setShort(reference, 0, in: place)
    let entry = allocations.at(reference).pointee
    if entry.next != 0 { allocations.at(entry.next).pointee.previous = entry.previous }
    if entry.previous == 0 {
      breakdowns.at(place).pointee.first = entry.next
    } else {
      allocations.at(entry.previous).pointee.next = entry.next
    }
    breakdowns.settle(place)
  }

  /// Who gives way first: the latest commit, and of one hold the last line.
  private func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
    let (first, second) = (allocations.at(left).pointee, allocations.at(right).pointee)
    if first.slot == second.slot { return first.line > second.line }
    return holds.hold(Int(first.slot)).committedAt > holds.hold(Int(second.slot)).committedAt
  }

  // MARK: Shortfalls

  /// Looks again at which allocations of a position are covered, after anything that may have
  /// lowered or raised what covers them.
  ///
  /// Allocations are covered by what is fulfillable. What is missing is missing to the latest
  /// commit first, and to picked units last: those are in somebody's hands. Constant time where
  /// nothing is or was short; else it grows with the lines that are.
  func reviewShortfall(token: UInt64, node: UInt16) {
    let slot = positions.find(token)
    guard slot >= 0, let row = positions.row(slot, node: node)?.pointee else { return }
    if row.available >= 0 && allocations.shortCount == 0 { return }
    guard let place = breakdowns.find(item: token, node: node) else { return }
    let parts = breakdowns.at(place).pointee
    // More may be damaged than is on hand.
    let fulfillable = max(0, Int64(row.onHand) - Int64(row.encumbered) + Int64(parts.withheld))
    let missing = max(0, Int64(parts.allocated) - Int64(parts.backordered) - fulfillable)
    if missing == Int64(parts.short), parts.short == 0 { return }
    spread(missing, over: place)
    breakdowns.settle(place)
  }

  /// Names the lines of a position that `missing` units are missing to.
  private func spread(_ missing: Int64, over place: Int) {
    let parts = breakdowns.at(place).pointee
    let unpicked = parts.allocated - parts.backordered - parts.picked
    var left = min(missing, Int64(max(0, unpicked)))
    var leftOfPicked = missing - left
    /// What earlier reviews recorded further down the list.
    var recorded = Int64(parts.short)
    var entry = parts.first
    while entry != 0, left > 0 || leftOfPicked > 0 || recorded > 0 {
      let (line, next) = (line(of: entry), allocations.at(entry).pointee.next)
      recorded -= Int64(allocations.at(entry).pointee.short)
      // For what is backordered no supply was known: nothing is missing to it.
      let taken = line.isBackordered ? 0 : min(left, Int64(line.quantity - line.picked))
      let takenOfPicked = min(leftOfPicked, Int64(line.picked))
      left -= taken
      leftOfPicked -= takenOfPicked
      setShort(entry, Int32(taken + takenOfPicked), in: place)
      entry = next
    }
    invariant(left == 0 && leftOfPicked == 0, "more units are missing than are allocated")
  }

  private func line(of entry: UInt32) -> HoldLine {
    let entry = allocations.at(entry).pointee
    return holds.lines(Int(entry.slot))[Int(entry.line)]
  }

  private func setShort(_ reference: UInt32, _ units: Int32, in place: Int) {
    let entry = allocations.at(reference)
    let before = entry.pointee.short
    if before == units { return }
    if before == 0 { entry.pointee.sinceMilliseconds = appliedTime.milliseconds }
    entry.pointee.short = units
    touch(.hold, holds.hold(Int(entry.pointee.slot)).id)
    allocations.shortUnits += Int64(units) - Int64(before)
    let parts = breakdowns.at(place)
    let short = parts.pointee.short + units - before
    if short > 0, parts.pointee.shortPlace == 0 {
      parts.pointee.shortPlace = allocations.appendShort(place)
    }
    parts.pointee.short = short
    if short == 0 {
      if let moved = allocations.removeShort(parts.pointee.shortPlace) {
        breakdowns.at(moved).pointee.shortPlace = parts.pointee.shortPlace
      }
      parts.pointee.shortPlace = 0
    }
  }
}
