import Glibc
import PromisedModel

/// Mixes 64 bits; a bijection, so that different keys never share a hash.
///
/// Source: the finaliser of splitmix64 (Steele, Lea and Flood, 2014).
@inline(__always)
func mix(_ value: UInt64) -> UInt64 {
  var bits = value
  bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
  bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
  return bits ^ (bits >> 31)
}

/// A hash of a key's bytes, the same on every machine and run.
func hash(_ bytes: BorrowedBytes) -> UInt64 {
  var state = mix(UInt64(truncatingIfNeeded: bytes.count) &+ 0x9e37_79b9_7f4a_7c15)
  guard let base = bytes.base else { return state }
  let raw = UnsafeRawPointer(base)
  var offset = 0
  while offset + 8 <= bytes.count {
    let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    state = mix(state ^ word) &+ 0x9e37_79b9_7f4a_7c15
    offset += 8
  }
  var tail: UInt64 = 0
  while offset < bytes.count {
    tail = (tail << 8) | UInt64(base[offset])
    offset += 1
  }
  return mix(state ^ tail)
}

/// Whether two keys have the same bytes.
@inline(__always)
func same(_ left: BorrowedBytes, _ right: BorrowedBytes) -> Bool {
  if left.count != right.count { return false }
  guard let first = left.base, let second = right.base else { return left.count == 0 }
  return memcmp(first, second, left.count) == 0
}

/// A hash of an item in a node.
@inline(__always)
func hash(item: UInt64, node: UInt16) -> UInt64 {
  mix(item &+ (UInt64(node) &+ 1) &* 0x9e37_79b9_7f4a_7c15)
}
