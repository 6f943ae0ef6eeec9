import CMemory
import PromisedInvariants

/// Stock of an item in a node. `available_now` = on hand − encumbered − reserved, in one read.
struct StockRow: BitwiseCopyable {
  /// 0…2·10^9.
  var onHand: Int32
  /// Held and allocated units, 0…2·10^9.
  var reserved: Int32
  /// Unfulfillable + researching + in transfer + in processing + withheld, 0…2·10^9.
  var encumbered: Int32

  /// May be negative: a count can fall short of what is reserved.
  @inline(__always)
  var available: Int64 { Int64(onHand) - Int64(encumbered) - Int64(reserved) }
}

/// The rows of each item in one block, addressed in words of 4 bytes:
///
///     word 0        count u16 | capacity u16
///     then          node u16 × capacity, ascending, padded to a word
///     then          {on hand i32, reserved i32, encumbered i32} × capacity
///
/// Released runs wait in a list per capacity. Offset 0 is no run. Pointers are valid until the
/// pool grows.
struct RunPool: ~Copyable {
  private var words = Store<UInt32>(zeroed: 1)
  private var freeHeads = Store<UInt32>(zeroed: 65_537)

  /// Has the first two lines of a run read.
  @inline(__always)
  func prefetch(_ run: UInt32) {
    let start = UnsafeRawPointer(words.base + Int(run))
    promised_prefetch(start)
    promised_prefetch(start + 64)
  }

  @inline(__always)
  func count(_ run: UInt32) -> Int { Int(words.base[Int(run)] & 0xffff) }

  @inline(__always)
  func capacity(_ run: UInt32) -> Int { Int(words.base[Int(run)] >> 16) }

  @inline(__always)
  func nodes(_ run: UInt32) -> UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(words.base + Int(run) + 1).assumingMemoryBound(to: UInt16.self)
  }

  @inline(__always)
  func rows(_ run: UInt32) -> UnsafeMutablePointer<StockRow> {
    UnsafeMutableRawPointer(words.base + Int(run) + 1 + (capacity(run) + 1) / 2)
      .assumingMemoryBound(to: StockRow.self)
  }

  /// The place of a node in a run: where it is, or where it would be inserted.
  @inline(__always)
  func place(of node: UInt16, in run: UInt32) -> (index: Int, found: Bool) {
    let count = count(run)
    let nodes = nodes(run)
    var index = 0
    if count > 32 {
      var high = count
      while index < high {
        let middle = (index + high) / 2
        if nodes[middle] < node { index = middle + 1 } else { high = middle }
      }
    } else {
      while index < count && nodes[index] < node { index += 1 }
    }
    return (index, index < count && nodes[index] == node)
  }

  /// A run with no rows and room for `capacity`, 1…65535.
  mutating func allocate(capacity: Int) -> UInt32 {
    invariant(capacity >= 1 && capacity <= 65_535, "run capacity out of range")
    let free = freeHeads[capacity]
    if free != 0 {
      freeHeads[capacity] = words[Int(free) + 1]
      words[Int(free)] = UInt32(capacity) << 16
      return free
    }
    let start = words.count
    let size = 1 + (capacity + 1) / 2 + 3 * capacity
    invariant(start + size <= Int(UInt32.max), "the run pool is full")
    words.resize(to: start + size)
    words[start] = UInt32(capacity) << 16
    return UInt32(start)
  }

  mutating func release(_ run: UInt32) {
    let capacity = capacity(run)
    words[Int(run) + 1] = freeHeads[capacity]
    freeHeads[capacity] = run
  }

  /// Inserts a row of zeros for a node at its place; answers the run, which may have moved.
  mutating func insert(_ node: UInt16, at index: Int, of run: UInt32) -> UInt32 {
    let count = count(run)
    var target = run
    if count == capacity(run) {
      target = move(run, toCapacity: min(65_535, count < 4 ? count + 1 : count + (count + 1) / 2))
    }
    let nodes = nodes(target)
    let rows = rows(target)
    var place = count
    while place > index {
      nodes[place] = nodes[place - 1]
      rows[place] = rows[place - 1]
      place -= 1
    }
    nodes[index] = node
    rows[index] = StockRow(onHand: 0, reserved: 0, encumbered: 0)
    words[Int(target)] += 1
    return target
  }

  /// Room for `capacity` rows in a run; answers the run, which may have moved.
  mutating func reserve(_ capacity: Int, in run: UInt32) -> UInt32 {
    capacity <= self.capacity(run) ? run : move(run, toCapacity: min(capacity, 65_535))
  }

  /// Makes room for `positions` rows in runs of `items` items without further growth.
  mutating func reserve(items: Int, positions: Int) {
    words.reserve(words.count + positions * 4 + items * 2)
  }

  private mutating func move(_ run: UInt32, toCapacity capacity: Int) -> UInt32 {
    let count = count(run)
    invariant(capacity >= count, "a run is moved to a smaller one")
    let target = allocate(capacity: capacity)
    nodes(target).update(from: nodes(run), count: count)
    rows(target).update(from: rows(run), count: count)
    words[Int(target)] |= UInt32(count)
    release(run)
    return target
  }
}
