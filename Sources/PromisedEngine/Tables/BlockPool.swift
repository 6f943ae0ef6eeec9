import PromisedInvariants

/// Blocks of 8-byte words with a free list per size: lines of holds, owners, command keys.
///
/// A block is named by its offset; 0 is none. Pointers are valid until the pool grows.
struct BlockPool: ~Copyable {
  private var words = Store<UInt64>(zeroed: 1)
  private var freeHeads: Store<UInt32>

  init(maximumWords: Int) { freeHeads = Store(zeroed: maximumWords + 1) }

  static func words(forBytes count: Int) -> Int { max(1, (count + 7) / 8) }

  mutating func allocate(words count: Int) -> UInt32 {
    invariant(count >= 1 && count < freeHeads.count, "block size out of range")
    let free = freeHeads[count]
    if free != 0 {
      freeHeads[count] = UInt32(truncatingIfNeeded: words[Int(free)])
      return free
    }
    let start = words.count
    invariant(start + count <= Int(UInt32.max), "the block pool is full")
    words.resize(to: start + count)
    return UInt32(start)
  }

  mutating func release(_ block: UInt32, words count: Int) {
    invariant(block != 0, "releasing no block")
    words[Int(block)] = UInt64(freeHeads[count])
    freeHeads[count] = block
  }

  @inline(__always)
  func bytes(_ block: UInt32) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(words.base + Int(block)).assumingMemoryBound(to: UInt8.self)
  }

  @inline(__always)
  func elements<Element: BitwiseCopyable>(
    _ block: UInt32, as type: Element.Type
  ) -> UnsafeMutablePointer<Element> {
    UnsafeMutableRawPointer(words.base + Int(block)).assumingMemoryBound(to: type)
  }
}
