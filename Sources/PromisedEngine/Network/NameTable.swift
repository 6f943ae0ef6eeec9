import PromisedInvariants
import PromisedModel

/// Names with dense indexes in order of their first insertion; an index never changes or goes away.
///
/// Finding a name allocates nothing: open addressing with linear probing over one byte arena.
/// Borrowed names point into the arena and are valid until the next insertion.
///
/// Not for names that must be removed again.
package struct NameTable: ~Copyable, @unchecked Sendable {
  private var arena: UnsafeMutablePointer<UInt8>
  private var arenaCapacity: Int
  /// `count + 1` offsets into the arena.
  private var offsets: UnsafeMutablePointer<Int>
  private var indexCapacity: Int
  /// Hash in the high 32 bits, index + 1 in the low ones; 0 = free. At most half are taken.
  private var slots: UnsafeMutablePointer<UInt64>
  private var slotMask: Int
  package private(set) var count: Int

  package init() { self.init(slotCount: 16, indexCapacity: 8, arenaCapacity: 128) }

  private init(slotCount: Int, indexCapacity: Int, arenaCapacity: Int) {
    self.arenaCapacity = arenaCapacity
    self.indexCapacity = indexCapacity
    arena = .allocate(capacity: arenaCapacity)
    offsets = .allocate(capacity: indexCapacity + 1)
    offsets[0] = 0
    slots = .allocate(capacity: slotCount)
    slots.initialize(repeating: 0, count: slotCount)
    slotMask = slotCount - 1
    count = 0
  }

  deinit {
    arena.deallocate()
    offsets.deallocate()
    slots.deallocate()
  }

  package func copy() -> NameTable {
    var copy = NameTable(
      slotCount: slotMask + 1, indexCapacity: indexCapacity, arenaCapacity: arenaCapacity)
    copy.arena.update(from: arena, count: offsets[count])
    copy.offsets.update(from: offsets, count: count + 1)
    copy.slots.update(from: slots, count: slotMask + 1)
    copy.count = count
    return copy
  }

  /// The index of a name, or nil. Constant expected time.
  package func index(of key: BorrowedBytes) -> Int? {
    let hash = Self.hash(key)
    var slot = Int(hash) & slotMask
    while true {
      let entry = slots[slot]
      if entry == 0 { return nil }
      if UInt32(truncatingIfNeeded: entry >> 32) == hash {
        let index = Int(UInt32(truncatingIfNeeded: entry)) - 1
        if equals(index, key) { return index }
      }
      slot = (slot + 1) & slotMask
    }
  }

  package func index(of name: Name) -> Int? {
    name.bytes.withUnsafeBufferPointer { index(of: BorrowedBytes($0)) }
  }

  /// The name's index, assigned now if it is new.
  @discardableResult
  package mutating func insert(_ key: BorrowedBytes) -> Int {
    if let index = index(of: key) { return index }
    if count == indexCapacity { growIndexes() }
    if (count + 1) * 2 > slotMask + 1 { growSlots() }
    let start = offsets[count]
    if start + key.count > arenaCapacity { growArena(atLeast: start + key.count) }
    if let base = key.base { (arena + start).update(from: base, count: key.count) }
    offsets[count + 1] = start + key.count
    invariant(count < Int(UInt32.max) - 1, "a name table holds at most 2^32 names")
    place(count, hash: Self.hash(key))
    count += 1
    return count - 1
  }

  @discardableResult
  package mutating func insert(_ name: Name) -> Int {
    name.bytes.withUnsafeBufferPointer { insert(BorrowedBytes($0)) }
  }

  /// The name at an index below `count`; valid until the next insertion.
  package func borrowed(_ index: Int) -> BorrowedBytes {
    invariant(index >= 0 && index < count, "name index out of range")
    return BorrowedBytes(
      base: UnsafePointer(arena + offsets[index]), count: offsets[index + 1] - offsets[index])
  }

  package func name(_ index: Int) -> Name { borrowed(index).name }

  private func equals(_ index: Int, _ key: BorrowedBytes) -> Bool {
    let start = offsets[index]
    guard offsets[index + 1] - start == key.count else { return false }
    guard let base = key.base else { return true }
    for byte in 0..<key.count where arena[start + byte] != base[byte] { return false }
    return true
  }

  /// FNV-1a over the bytes, then a finalizer so that the low bits depend on all of them.
  private static func hash(_ key: BorrowedBytes) -> UInt32 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    if let base = key.base {
      for index in 0..<key.count { hash = (hash ^ UInt64(base[index])) &* 0x100_0000_01b3 }
    }
    hash = (hash ^ (hash >> 32)) &* 0x9e37_79b9_7f4a_7c15
    return UInt32(truncatingIfNeeded: hash >> 32)
  }

  private func place(_ index: Int, hash: UInt32) {
    var slot = Int(hash) & slotMask
    while slots[slot] != 0 { slot = (slot + 1) & slotMask }
    slots[slot] = UInt64(hash) << 32 | UInt64(index + 1)
  }

  private mutating func growSlots() {
    slots.deallocate()
    let slotCount = (slotMask + 1) * 2
    slots = .allocate(capacity: slotCount)
    slots.initialize(repeating: 0, count: slotCount)
    slotMask = slotCount - 1
    for index in 0..<count { place(index, hash: Self.hash(borrowed(index))) }
  }

  private mutating func growIndexes() {
    let grown = UnsafeMutablePointer<Int>.allocate(capacity: indexCapacity * 2 + 1)
    grown.update(from: offsets, count: count + 1)
    offsets.deallocate()
    offsets = grown
    indexCapacity *= 2
  }

  private mutating func growArena(atLeast needed: Int) {
    arenaCapacity = max(arenaCapacity * 2, needed)
    let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: arenaCapacity)
    grown.update(from: arena, count: offsets[count])
    arena.deallocate()
    arena = grown
  }
}
