import CMemory
import PromisedInvariants

/// Items and their stock per node, for hundreds of millions of positions.
///
/// A bucket is one cache line for four items: keys u64 × 4, attribute index u32 × 4 (0 = none; the
/// highest bit says that the item is special), run start u32 × 4 (0 = none). An item's home bucket is the high product of its hash and the
/// bucket count; items stand in ascending order of their hash over the whole table, so that the
/// order of a scan depends on neither the history nor the size of the table. An insertion moves
/// the following items up to the next empty slot. Items are never removed. A lookup reads one
/// line, seldom two, then one or two of the run.
struct PositionTable: ~Copyable {
  static var slotsPerBucket: Int { 4 }
  private static var spareBuckets: Int { 64 }
  /// Keys that come in the order of their hashes crowd the front of a table that is still growing:
  /// whoever stands further from home than this makes it grow, unless it is all but empty, so that
  /// keys chosen to collide cannot make it grow for ever.
  private static var farFromHome: Int { 256 }
  private static var leastLoad: Int { 32 }

  private var buckets: UnsafeMutableRawPointer
  private(set) var bucketCount: Int
  private(set) var itemCount = 0
  private(set) var positionCount = 0
  private var runs = RunPool()

  init(itemCapacity: Int = 64) {
    bucketCount = Self.buckets(for: itemCapacity)
    buckets = Self.allocate(bucketCount + Self.spareBuckets)
  }

  deinit { buckets.deallocate() }

  /// All buckets, with the spare ones at the end that take what does not fit before them.
  var totalBuckets: Int { bucketCount + Self.spareBuckets }
  var totalSlots: Int { totalBuckets * Self.slotsPerBucket }

  // MARK: Items

  /// The slot of an item, or −1. Expected constant time.
  @inline(__always)
  func find(_ key: UInt64) -> Int {
    var bucket = home(mix(key))
    while bucket < totalBuckets {
      let keys = (buckets + bucket &* 64).assumingMemoryBound(to: UInt64.self)
      for place in 0..<4 {
        let there = keys[place]
        if there == key { return bucket &* 4 &+ place }
        if there == 0 { return -1 }
      }
      bucket &+= 1
    }
    return -1
  }

  /// Has the line read that a search for this item begins with.
  @inline(__always)
  func prefetch(_ key: UInt64) { promised_prefetch(buckets + home(mix(key)) &* 64) }

  /// Has the rows of an item read, when there are some: a run of few rows is one or two lines.
  @inline(__always)
  func prefetchRows(_ slot: Int) {
    let run = wordPointer(slot, 48).pointee
    if run != 0 { runs.prefetch(run) }
  }

  /// The item in a slot, or 0.
  @inline(__always)
  func key(_ slot: Int) -> UInt64 { keyPointer(slot).pointee }

  /// Index of the item's attributes; 0 = none.
  @inline(__always)
  func attribute(_ slot: Int) -> UInt32 { wordPointer(slot, 32).pointee & ~Self.specialBit }

  @inline(__always)
  func setAttribute(_ attribute: UInt32, of slot: Int) {
    let word = wordPointer(slot, 32)
    word.pointee = word.pointee & Self.specialBit | attribute
  }

  private static var specialBit: UInt32 { 1 << 31 }

  /// More than stock and inbound decides what can be claimed of the item in a slot.
  @inline(__always)
  func isSpecial(_ slot: Int) -> Bool { wordPointer(slot, 32).pointee & Self.specialBit != 0 }

  func setSpecial(_ slot: Int, _ isSpecial: Bool) {
    let word = wordPointer(slot, 32)
    word.pointee = isSpecial ? word.pointee | Self.specialBit : word.pointee & ~Self.specialBit
  }

  /// Where a key that is absent goes: the items in `slot..<end` move up by one.
  struct Placement {
    var slot: Int
    var end: Int
  }

  /// The placement of an absent key, or nil when the table must grow first.
  func placement(of key: UInt64) -> Placement? {
    if (itemCount + 1) * 4 > bucketCount * Self.slotsPerBucket * 3 { return nil }
    let hash = mix(key)
    var slot = home(hash) * Self.slotsPerBucket
    while slot < totalSlots {
      let there = self.key(slot)
      if there == 0 || mix(there) > hash { break }
      slot += 1
    }
    var end = slot
    while end < totalSlots && self.key(end) != 0 { end += 1 }
    let isCrowded = end - home(hash) * Self.slotsPerBucket > Self.farFromHome
    if isCrowded && itemCount * Self.leastLoad > totalSlots { return nil }
    return end < totalSlots ? Placement(slot: slot, end: end) : nil
  }

  /// Adds an absent item at its placement, without attributes and rows.
  mutating func insert(_ key: UInt64, at placement: Placement) {
    var slot = placement.end
    while slot > placement.slot {
      keyPointer(slot).pointee = keyPointer(slot - 1).pointee
      wordPointer(slot, 32).pointee = wordPointer(slot - 1, 32).pointee
      wordPointer(slot, 48).pointee = wordPointer(slot - 1, 48).pointee
      slot -= 1
    }
    keyPointer(slot).pointee = key
    wordPointer(slot, 32).pointee = 0
    wordPointer(slot, 48).pointee = 0
    itemCount += 1
  }

  /// Makes room for one more item and more to come. Linear in the table.
  mutating func grow() { rebuild(bucketCount: bucketCount * 2) }

  /// Makes room for `items` items and `positions` rows in all without further growth.
  mutating func reserve(items: Int, positions: Int) {
    let wanted = Self.buckets(for: items)
    if wanted > bucketCount { rebuild(bucketCount: wanted) }
    runs.reserve(
      items: max(0, items - itemCount), positions: max(0, positions - positionCount))
  }

  /// The first slot whose item's hash is above `hash`; `totalSlots` when there is none.
  func firstSlot(after hash: UInt64) -> Int {
    var slot = home(hash) * Self.slotsPerBucket
    while slot < totalSlots {
      let there = key(slot)
      if there != 0 && mix(there) > hash { return slot }
      slot += 1
    }
    return slot
  }

  /// The greatest hash of which every item stands before `slot`, which is empty or the end.
  func hash(before slot: Int) -> UInt64 {
    let bucket = slot / Self.slotsPerBucket
    if bucket == 0 { return 0 }
    if bucket >= bucketCount { return .max }
    // An item whose home is a bucket before this one would stand in the first empty slot after it.
    return UInt64(bucketCount).dividingFullWidth((UInt64(bucket), 0)).quotient - 1
  }

  // MARK: Rows

  @inline(__always)
  func rowCount(_ slot: Int) -> Int {
    let run = wordPointer(slot, 48).pointee
    return run == 0 ? 0 : runs.count(run)
  }

  /// The nodes of an item's rows, ascending; valid until a row is added anywhere.
  @inline(__always)
  func nodes(_ slot: Int) -> UnsafeMutablePointer<UInt16> {
    runs.nodes(wordPointer(slot, 48).pointee)
  }

  /// An item's rows in the order of `nodes`; valid until a row is added anywhere.
  @inline(__always)
  func rows(_ slot: Int) -> UnsafeMutablePointer<StockRow> {
    runs.rows(wordPointer(slot, 48).pointee)
  }

  /// The row of an item in a node, or nil; valid until a row is added anywhere.
  @inline(__always)
  func row(_ slot: Int, node: UInt16) -> UnsafeMutablePointer<StockRow>? {
    let run = wordPointer(slot, 48).pointee
    if run == 0 { return nil }
    let place = runs.place(of: node, in: run)
    return place.found ? runs.rows(run) + place.index : nil
  }

  /// The row of an item in a node, added with zeros when it is absent.
  mutating func rowInserting(_ slot: Int, node: UInt16) -> UnsafeMutablePointer<StockRow> {
    var run = wordPointer(slot, 48).pointee
    if run == 0 { run = runs.allocate(capacity: 1) }
    let place = runs.place(of: node, in: run)
    if !place.found {
      run = runs.insert(node, at: place.index, of: run)
      positionCount += 1
    }
    wordPointer(slot, 48).pointee = run
    return runs.rows(run) + place.index
  }

  /// Room for `count` rows of an item in all.
  mutating func reserveRows(_ count: Int, of slot: Int) {
    if count < 1 { return }
    let run = wordPointer(slot, 48).pointee
    wordPointer(slot, 48).pointee =
      run == 0
      ? runs.allocate(capacity: min(count, 65_535)) : runs.reserve(count, in: run)
  }

  // MARK: Places

  @inline(__always)
  private func home(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(bucketCount)).high)
  }

  @inline(__always)
  private func keyPointer(_ slot: Int) -> UnsafeMutablePointer<UInt64> {
    let bucket: Int = slot >> 2
    let keys = buckets.advanced(by: bucket &* 64)
    return keys.assumingMemoryBound(to: UInt64.self) + (slot & 3)
  }

  @inline(__always)
  private func wordPointer(_ slot: Int, _ offset: Int) -> UnsafeMutablePointer<UInt32> {
    let bucket: Int = slot >> 2
    let words = buckets.advanced(by: bucket &* 64 &+ offset)
    return words.assumingMemoryBound(to: UInt32.self) + (slot & 3)
  }

  private mutating func rebuild(bucketCount wanted: Int) {
    var newCount = wanted
    while !rebuilt(bucketCount: newCount) { newCount += newCount / 2 + 1 }
  }

  /// Copies the items in their order; false when the spare buckets are too few.
  private mutating func rebuilt(bucketCount newCount: Int) -> Bool {
    let old = buckets
    let oldCount = bucketCount
    let oldSlots = totalSlots
    bucketCount = newCount
    let target = Self.allocate(totalBuckets)
    var free = 0
    for slot in 0..<oldSlots {
      buckets = old
      let key = key(slot)
      if key == 0 { continue }
      let attribute = wordPointer(slot, 32).pointee
      let run = wordPointer(slot, 48).pointee
      free = max(free, home(mix(key)) * Self.slotsPerBucket)
      if free >= totalSlots {
        target.deallocate()
        bucketCount = oldCount
        return false
      }
      buckets = target
      keyPointer(free).pointee = key
      wordPointer(free, 32).pointee = attribute
      wordPointer(free, 48).pointee = run
      free += 1
    }
    buckets = target
    old.deallocate()
    return true
  }

  /// Two thirds full at `items`.
  private static func buckets(for items: Int) -> Int {
    max(1, (items * 3 / 2 + slotsPerBucket - 1) / slotsPerBucket)
  }

  private static func allocate(_ count: Int) -> UnsafeMutableRawPointer {
    let alignment = HugePages.areWorthwhile(count * 64) ? HugePages.byteCount : 64
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 64, alignment: alignment)
    HugePages.advise(memory, bytes: count * 64)
    memory.initializeMemory(as: UInt64.self, repeating: 0, count: count * 8)
    return memory
  }
}
