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
  private var bytes: UnsafeMutablePointer<UInt8>
  private var byteCapacity: Int
  private var byteCount = 0
  /// Where each key ends in `bytes`; as many as half the slots.
  private var ends: UnsafeMutablePointer<Int>
  private var slots: UnsafeMutablePointer<UInt64>
  private var mask: Int
  private(set) var count = 0

  init(expecting expected: Int = 16) {
    var size = 32
    while size < expected * 2 { size *= 2 }
    byteCapacity = max(64, expected * 12)
    bytes = .allocate(capacity: byteCapacity)
    ends = .allocate(capacity: size / 2)
    slots = .allocate(capacity: size)
    slots.initialize(repeating: 0, count: size)
    mask = size - 1
  }

  deinit {
    bytes.deallocate()
    ends.deallocate()
    slots.deallocate()
  }

  /// The bytes of a key, valid until the next insertion.
  @inline(__always)
  func key(_ index: Int) -> BorrowedBytes {
    let start = index == 0 ? 0 : ends[index - 1]
    return BorrowedBytes(base: UnsafePointer(bytes + start), count: ends[index] - start)
  }

  /// The number of a key, or −1.
  func find(_ key: BorrowedBytes) -> Int {
    let slot = place(key, hash(key))
    return slots[slot] == 0 ? -1 : number(slot)
  }

  /// The number of a key, which is new if it equals the count before.
  mutating func insert(_ key: BorrowedBytes) -> Int {
    let hashed = hash(key)
    let slot = place(key, hashed)
    if slots[slot] != 0 { return number(slot) }
    invariant(count < Int(UInt32.max) - 1, "fewer keys than slots can number")
    if byteCount + key.count > byteCapacity { growBytes(key.count) }
    if let base = key.base { (bytes + byteCount).update(from: base, count: key.count) }
    byteCount += key.count
    ends[count] = byteCount
    count += 1
    slots[slot] = (hashed >> 32) << 32 | UInt64(count)
    if count * 2 > mask { growSlots() }
    return count - 1
  }

  /// The slot that holds the key, or the free one where it belongs.
  @inline(__always)
  private func place(_ key: BorrowedBytes, _ hashed: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: hashed) & mask
    while slots[slot] != 0 {
      if slots[slot] >> 32 == hashed >> 32, isEqual(self.key(number(slot)), key) { return slot }
      slot = (slot + 1) & mask
    }
    return slot
  }

  @inline(__always)
  private func number(_ slot: Int) -> Int {
    Int(truncatingIfNeeded: slots[slot] & 0xFFFF_FFFF) - 1
  }

  /// Forgets the keys and keeps the memory.
  mutating func removeAll() {
    count = 0
    byteCount = 0
    slots.update(repeating: 0, count: mask + 1)
  }

  @inline(never)
  private mutating func growBytes(_ extra: Int) {
    byteCapacity = byteCapacity * 2 + extra
    let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: byteCapacity)
    grown.update(from: bytes, count: byteCount)
    bytes.deallocate()
    bytes = grown
  }

  @inline(never)
  private mutating func growSlots() {
    let size = (mask + 1) * 2
    let grownEnds = UnsafeMutablePointer<Int>.allocate(capacity: size / 2)
    grownEnds.update(from: ends, count: count)
    ends.deallocate()
    ends = grownEnds
    slots.deallocate()
    slots = .allocate(capacity: size)
    slots.initialize(repeating: 0, count: size)
    mask = size - 1
    for index in 0..<count {
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
