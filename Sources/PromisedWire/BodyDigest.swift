/// The digest of a command's body, by which a repeat under the same key is told from another body.
///
/// It is XXH64 (Collet, the XXH64 specification) with the method's number as its seed, over the
/// payload bytes as they came. It is stored with remembered commands, so it must never change.
/// It is not a defence against somebody who wants a collision: both bodies are that client's own.
package func bodyDigest(of bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
  let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    (value << count) | (value >> (64 - count))
  }
  func round(_ accumulator: UInt64, _ lane: UInt64) -> UInt64 {
    rotate(accumulator &+ lane &* prime2, 31) &* prime1
  }
  func word(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  var offset = 0
  var hash: UInt64
  if bytes.count >= 32 {
    var lane1 = seed &+ prime1 &+ prime2
    var lane2 = seed &+ prime2
    var lane3 = seed
    var lane4 = seed &- prime1
    while bytes.count - offset >= 32 {
      lane1 = round(lane1, word(offset))
      lane2 = round(lane2, word(offset + 8))
      lane3 = round(lane3, word(offset + 16))
      lane4 = round(lane4, word(offset + 24))
      offset += 32
    }
    hash = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
    hash = (hash ^ round(0, lane1)) &* prime1 &+ prime4
    hash = (hash ^ round(0, lane2)) &* prime1 &+ prime4
    hash = (hash ^ round(0, lane3)) &* prime1 &+ prime4
    hash = (hash ^ round(0, lane4)) &* prime1 &+ prime4
  } else {
    hash = seed &+ prime5
  }
  hash = hash &+ UInt64(bytes.count)
  while bytes.count - offset >= 8 {
    hash = rotate(hash ^ round(0, word(offset)), 27) &* prime1 &+ prime4
    offset += 8
  }
  if bytes.count - offset >= 4 {
    let half = UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    hash = rotate(hash ^ UInt64(half) &* prime1, 23) &* prime2 &+ prime3
    offset += 4
  }
  while offset < bytes.count {
    hash = rotate(hash ^ UInt64(bytes[offset]) &* prime5, 11) &* prime1
    offset += 1
  }
  hash = (hash ^ (hash >> 33)) &* prime2
  hash = (hash ^ (hash >> 29)) &* prime3
  return hash ^ (hash >> 32)
}
