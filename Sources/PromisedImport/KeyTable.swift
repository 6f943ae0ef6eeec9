import PromisedBytes
import PromisedInvariants
import PromisedModel

/// A hash of up to a few hundred bytes for the tables of one import; never stored or sent.
@inline(__always)
func hash(_ key: BorrowedBytes) -> UInt64 {
  var value = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: key.count)
  guard let base = key.base else { return value }
  let raw = UnsafeRawPointer(base)
  var index = 0
  while index &+ 8 <= key.count {
    value = mix(value ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    index &+= 8
  }
  var tail: UInt64 = 0
  while index < key.count {
    tail = tail << 8 | UInt64(base[index])
    index &+= 1
  }
  return mix(value ^ tail)
}

@inline(__always)
func mix(_ value: UInt64) -> UInt64 {
  let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
  return product.high ^ product.low
}

/// Distinct keys, numbered from 0 in the order in which they were first seen.
///
/// Open addressing, at most half full; a slot holds the upper hash half and the number, so that a
/// miss rarely touches the keys. Expected O(key length) for each operation.
struct KeyTable: ~Copyable {
  private var keys: ByteBuffer
  private var ends = GrowableColumn<Int>()
  private var slots: UnsafeMutablePointer<UInt64>
  private var mask: Int

  init(expecting expected: Int = 16) {
    var size = 32
    while size < expected * 2 { size *= 2 }
    keys = ByteBuffer(capacity: expected * 12)
    slots = .allocate(capacity: size)
    slots.initialize(repeating: 0, count: size)
    mask = size - 1
  }

  deinit { slots.deallocate() }

  var count: Int { ends.count }

  /// The bytes of a key, valid until the next insertion.
  func key(_ index: Int) -> BorrowedBytes {
    let start = index == 0 ? 0 : ends[index - 1]
    let base = keys.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    return BorrowedBytes(base: base.map { $0 + start }, count: ends[index] - start)
  }

  /// The number of a key, or −1.
  func find(_ key: BorrowedBytes) -> Int {
    let hashed = hash(key)
    var slot = Int(truncatingIfNeeded: hashed) & mask
    while slots[slot] != 0 {
      if slots[slot] >> 32 == hashed >> 32 {
        let index = Int(truncatingIfNeeded: slots[slot] & 0xFFFF_FFFF) - 1
        if isEqual(self.key(index), key) { return index }
      }
      slot = (slot + 1) & mask
    }
    return -1
  }

  /// The number of a key, which is new if it equals the count before.
  mutating func insert(_ key: BorrowedBytes) -> Int {
    let hashed = hash(key)
    var slot = Int(truncatingIfNeeded: hashed) & mask
    while slots[slot] != 0 {
      if slots[slot] >> 32 == hashed >> 32 {
        let index = Int(truncatingIfNeeded: slots[slot] & 0xFFFF_FFFF) - 1
        if isEqual(self.key(index), key) { return index }
      }
      slot = (slot + 1) & mask
    }
    let index = ends.count
    invariant(index < Int(UInt32.max) - 1, "fewer keys than slots can number")
    keys.append(bytes: UnsafeRawBufferPointer(key.buffer))
    ends.append(keys.count)
    slots[slot] = (hashed >> 32) << 32 | UInt64(index + 1)
    if ends.count * 2 > mask { grow() }
    return index
  }

  /// Forgets the keys and keeps the memory.
  mutating func removeAll() {
    keys.clear()
    ends.removeAll()
    slots.update(repeating: 0, count: mask + 1)
  }

  @inline(never)
  private mutating func grow() {
    let size = (mask + 1) * 2
    slots.deallocate()
    slots = .allocate(capacity: size)
    slots.initialize(repeating: 0, count: size)
    mask = size - 1
    for index in 0..<ends.count {
      let hashed = hash(key(index))
      var slot = Int(truncatingIfNeeded: hashed) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = (hashed >> 32) << 32 | UInt64(index + 1)
    }
  }
}

@inline(__always)
func isEqual(_ left: BorrowedBytes, _ right: BorrowedBytes) -> Bool {
  guard left.count == right.count else { return false }
  guard let first = left.base, let second = right.base else { return true }
  if first == second { return true }
  let firstRaw = UnsafeRawPointer(first)
  let secondRaw = UnsafeRawPointer(second)
  var index = 0
  while index &+ 8 <= left.count {
    if firstRaw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      != secondRaw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    {
      return false
    }
    index &+= 8
  }
  while index < left.count {
    if first[index] != second[index] { return false }
    index &+= 1
  }
  return true
}

/// Distinct pairs of numbers below 2^32 − 1, for finding a key that comes twice.
struct PairSet: ~Copyable {
  private var slots: UnsafeMutablePointer<UInt64>
  private var mask: Int
  private(set) var count = 0

  init(expecting expected: Int = 16) {
    var size = 32
    while size < expected * 2 { size *= 2 }
    slots = .allocate(capacity: size)
    slots.initialize(repeating: 0, count: size)
    mask = size - 1
  }

  deinit { slots.deallocate() }

  /// Whether the pair was not there before.
  mutating func insert(_ first: Int, _ second: Int) -> Bool {
    // Never 0, which marks a free slot.
    let value = (UInt64(truncatingIfNeeded: first) << 32 | UInt64(truncatingIfNeeded: second)) &+ 1
    if !place(value) { return false }
    count += 1
    if count * 2 > mask { grow() }
    return true
  }

  @inline(__always)
  private mutating func place(_ value: UInt64) -> Bool {
    var slot = Int(truncatingIfNeeded: mix(value)) & mask
    while slots[slot] != 0 {
      if slots[slot] == value { return false }
      slot = (slot + 1) & mask
    }
    slots[slot] = value
    return true
  }

  @inline(never)
  private mutating func grow() {
    let old = slots
    let oldSize = mask + 1
    slots = .allocate(capacity: oldSize * 2)
    slots.initialize(repeating: 0, count: oldSize * 2)
    mask = oldSize * 2 - 1
    for index in 0..<oldSize where old[index] != 0 { _ = place(old[index]) }
    old.deallocate()
  }
}
