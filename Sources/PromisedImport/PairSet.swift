import PromisedModel

/// Distinct pairs of an item's and a node's number, each below 2^32 − 1, for finding a row that comes
/// twice.
///
/// Files list positions by item, and items in the order in which they were numbered, so a pair is
/// placed near the item's share of the table: one pass over such a file is one pass over memory
/// instead of a cache miss per row. A pair that finds no free slot in its window of 64 goes to a
/// second table that is hashed without regard to order, which bounds the work for items with
/// thousands of nodes. Nothing is ever removed, so that a free slot in the window proves absence.
struct PairSet: ~Copyable {
  private static var window: Int { 64 }

  private var slots: UnsafeMutablePointer<UInt64>
  private let mask: Int
  /// Slots of an item's share.
  private let stride: Int
  private var overflow = ScatteredSet()

  /// - Parameters:
  ///   - expected: pairs, roughly.
  ///   - firstCount: distinct first numbers, roughly.
  init(expecting expected: Int = 16, firstCount: Int = 16) {
    var size = 128
    while size < expected * 2 { size *= 2 }
    slots = .allocate(capacity: size)
    slots.initialize(repeating: 0, count: size)
    mask = size - 1
    stride = max(1, size / max(1, firstCount))
  }

  deinit { slots.deallocate() }

  /// Whether the pair was not there before. Constant time.
  mutating func insert(_ first: Int, _ second: Int) -> Bool {
    // Never 0, which marks a free slot.
    let value = (UInt64(truncatingIfNeeded: first) << 32 | UInt64(truncatingIfNeeded: second)) &+ 1
    let start = first &* stride
    let spread = Int(truncatingIfNeeded: mix(value))
    for step in 0..<Self.window {
      let slot = (start &+ ((spread &+ step) & (Self.window - 1))) & mask
      if slots[slot] == value { return false }
      if slots[slot] == 0 {
        slots[slot] = value
        return true
      }
    }
    return overflow.insert(value)
  }
}

/// Distinct numbers other than 0: open addressing, at most half full.
private struct ScatteredSet: ~Copyable {
  private var slots: UnsafeMutablePointer<UInt64>
  private var mask = 31
  private var count = 0

  init() {
    slots = .allocate(capacity: 32)
    slots.initialize(repeating: 0, count: 32)
  }

  deinit { slots.deallocate() }

  mutating func insert(_ value: UInt64) -> Bool {
    if !place(value) { return false }
    count += 1
    if count * 2 > mask { grow() }
    return true
  }

  private func place(_ value: UInt64) -> Bool {
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

extension PackedKeys {
  /// Appends a key without a generic call.
  @inline(__always)
  mutating func add(_ key: BorrowedBytes) {
    bytes.append(contentsOf: key.buffer)
    lengths.append(UInt32(truncatingIfNeeded: key.count))
  }
}
