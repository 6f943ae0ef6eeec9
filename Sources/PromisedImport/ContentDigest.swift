import PromisedModel

/// A 128-bit digest of an import's files, which names its load.
///
/// Two lanes fold eight bytes a step by a 64 × 64 → 128 bit multiplication (the low half xor the
/// high half), each lane with its own odd constants; lengths are folded in, so that moving bytes
/// from one file to the next changes the digest. It tells different files apart by accident-proof
/// odds (two loads meet with probability 2^−128), but anybody may build two inputs that collide:
/// it guards against mixing loads up, not against intent. Little-endian on every machine.
struct ContentDigest {
  private var left: UInt64 = 0x243F_6A88_85A3_08D3
  private var right: UInt64 = 0x1319_8A2E_0370_7344

  /// Folds in one number.
  @inline(__always)
  mutating func add(_ word: UInt64) {
    left = Self.fold(left ^ word, 0xD6E8_FEB8_6659_FD93)
    right = Self.fold(right &+ word, 0xA076_1D64_78BD_642F) ^ left
  }

  private static func fold(_ value: UInt64, _ by: UInt64) -> UInt64 {
    // The constant keeps a zero lane from staying zero.
    let product = (value ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: by)
    return product.high ^ product.low
  }

  /// Folds in a file: its bytes, the last word padded with zeros, then its length.
  mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
    let raw = UnsafeRawBufferPointer(bytes)
    var index = 0
    while index + 8 <= raw.count {
      add(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
      index += 8
    }
    var tail: UInt64 = 0
    var shift: UInt64 = 0
    while index < raw.count {
      tail |= UInt64(raw[index]) << shift
      shift += 8
      index += 1
    }
    add(tail)
    add(UInt64(raw.count))
  }

  /// The digest as 32 hexadecimal digits.
  var name: Name {
    var last = self
    last.add(0)
    var digits: [UInt8] = []
    for lane in [last.left, last.right] {
      for step in 0..<16 {
        let nibble = UInt8(truncatingIfNeeded: lane >> UInt64(60 - 4 * step)) & 0xF
        digits.append(nibble < 10 ? 0x30 + nibble : 0x61 + nibble - 10)
      }
    }
    return Name(digits)
  }
}
