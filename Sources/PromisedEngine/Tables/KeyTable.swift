import PromisedInvariants
import PromisedModel

/// Where a key stands in its arena.
struct KeySpan: BitwiseCopyable {
  var offset: UInt64
  var count: UInt64
}

/// Keys to dense indexes in order of first appearance: open addressing over a byte arena.
///
/// Keys are never removed. Borrowed names are valid until the next insertion.
struct KeyTable: ~Copyable {
  private var index = SlotIndex()
  private var spans = Store<KeySpan>()
  private var arena = Store<UInt8>(capacity: 256)

  var count: Int { spans.count }

  /// The index of a key. Expected constant time.
  func find(_ key: BorrowedBytes) -> Int? { find(key, hash: hash(key)) }

  func find(_ key: BorrowedBytes, hash: UInt64) -> Int? {
    index.find(hash) { same(name($0), key) }
  }

  func find(_ key: Name) -> Int? {
    key.bytes.withUnsafeBufferPointer { find(BorrowedBytes($0)) }
  }

  /// The index of a key, which is added when it is new.
  mutating func insert(_ key: BorrowedBytes) -> Int {
    let hash = hash(key)
    if let found = find(key, hash: hash) { return found }
    let span = KeySpan(offset: UInt64(arena.count), count: UInt64(key.count))
    let start = arena.count
    arena.resize(to: start + key.count)
    if let base = key.base { (arena.base + start).update(from: base, count: key.count) }
    let slot = spans.append(span)
    index.insert(hash, slot: slot)
    return slot
  }

  mutating func insert(_ key: Name) -> Int {
    var result = 0
    key.bytes.withUnsafeBufferPointer { result = insert(BorrowedBytes($0)) }
    return result
  }

  func name(_ slot: Int) -> BorrowedBytes {
    let span = spans[slot]
    return BorrowedBytes(
      base: UnsafePointer(arena.base + Int(span.offset)), count: Int(span.count))
  }

  /// Forgets every key and keeps the memory.
  mutating func removeAll() {
    if spans.count == 0 { return }
    index.removeAll()
    spans.removeAll()
    arena.removeAll()
  }
}
