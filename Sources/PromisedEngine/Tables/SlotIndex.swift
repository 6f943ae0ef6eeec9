import CMemory
import Glibc
import PromisedInvariants

/// Finds the slot of a table by a 64-bit hash: open addressing over 8-byte entries.
///
/// An entry is the upper 32 bits of the hash above slot + 1; zero is empty. The caller compares
/// the full key, because hashes may be equal. Removal shifts the following entries back, so there
/// are no tombstones and a long-lived index does not degrade. At most half full.
struct SlotIndex: ~Copyable {
  private var entries: Store<UInt64>
  private var mask: UInt64
  private(set) var count = 0

  init(capacity: Int = 16) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    entries = Store(zeroed: size)
    mask = UInt64(size - 1)
  }

  /// The slot with this hash for which `matches` holds. Expected constant time.
  @inline(__always)
  func find(_ hash: UInt64, where matches: (Int) -> Bool) -> Int? {
    let tag = hash >> 32
    var place = tag & mask
    while true {
      let entry = entries.base[Int(place)]
      if entry == 0 { return nil }
      if entry >> 32 == tag {
        let slot = Int(entry & 0xffff_ffff) - 1
        if matches(slot) { return slot }
      }
      place = (place &+ 1) & mask
    }
  }

  /// Has the line read that a search for this hash begins with.
  @inline(__always)
  func prefetch(_ hash: UInt64) {
    promised_prefetch(entries.base + Int((hash >> 32) & mask))
  }

  /// Adds a slot whose key is not in the index.
  mutating func insert(_ hash: UInt64, slot: Int) {
    invariant(slot >= 0 && slot < 0xffff_fffe, "slot does not fit the index")
    if (count + 1) * 2 > entries.count { grow() }
    place((hash >> 32) << 32 | UInt64(slot + 1))
    count += 1
  }

  /// Takes out a slot that is in the index.
  mutating func remove(_ hash: UInt64, slot: Int) {
    let wanted = (hash >> 32) << 32 | UInt64(slot + 1)
    var hole = (hash >> 32) & mask
    while entries.base[Int(hole)] != wanted {
      invariant(entries.base[Int(hole)] != 0, "removing a slot that is not indexed")
      hole = (hole &+ 1) & mask
    }
    var next = (hole &+ 1) & mask
    while true {
      let entry = entries.base[Int(next)]
      if entry == 0 { break }
      // An entry may move back only if its home is not after the hole.
      let home = (entry >> 32) & mask
      if (next &- home) & mask >= (next &- hole) & mask {
        entries.base[Int(hole)] = entry
        hole = next
      }
      next = (next &+ 1) & mask
    }
    entries.base[Int(hole)] = 0
    count -= 1
  }

  /// Forgets every slot and keeps the memory. Linear in the capacity.
  mutating func removeAll() {
    memset(entries.base, 0, entries.count * 8)
    count = 0
  }

  var capacity: Int { entries.count }

  private mutating func place(_ entry: UInt64) {
    var place = (entry >> 32) & mask
    while entries.base[Int(place)] != 0 { place = (place &+ 1) & mask }
    entries.base[Int(place)] = entry
  }

  @inline(never)
  private mutating func grow() {
    let size = entries.count * 2
    var old = Store<UInt64>(zeroed: size)
    swap(&old, &entries)
    mask = UInt64(size - 1)
    for index in 0..<old.count where old[index] != 0 { place(old[index]) }
  }
}
